/* engine_end: what an engine tells of a container that has ended, and of a command's output. */
#include <stdio.h>

#include "tests/check.h"
#include "tests/contract/engine_call.h"
#include "tests/contract/engine_parts.h"

enum { SETTLE_MS_MAX = 45000 };

static const struct engine_fixture *fixture;

static const char *made(enum engine_image_kind kind)
{
    struct parts parts;
    parts_fill(&parts, kind, 0, "io.berth.spec=0123456789abcdef");
    return parts_make(&parts);
}

static void wait_for_end(const char *id)
{
    mono_ms end = fixture->now(fixture->self) + SETTLE_MS_MAX;
    while (parts_look(id).state != ENGINE_EXITED && fixture->now(fixture->self) < end) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(parts_look(id).state, ENGINE_EXITED);
}

static void exec_tells_its_output(void)
{
    struct engine_result result;
    const char *id = made(IMAGE_SLEEPS);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    CHECK_INT_EQ(engine_do_exec(fixture, id, fixture->exec_speaks, 20000, &result), 0);
    CHECK_INT_EQ(result.exit_code, 3);
    size_t len = strlen((const char *)result.output);
    CHECK(len > 0 && len <= ENGINE_EXEC_OUTPUT_BYTES && result.output[len - 1] == '\n');
    parts_clean();
}

static void the_end_of_a_failed_container_is_told(void)
{
    static const char last[] = " last words\n"; /* a log may have lost what is no UTF-8 */
    struct engine_result result;
    const char *id = made(IMAGE_SPEAKS);
    CHECK_INT_EQ(engine_do_post_mortem(fixture, id, &result), 0);
    CHECK_INT_EQ(result.post_mortem.state, ENGINE_CREATED);
    CHECK_INT_EQ(result.post_mortem.output.len, 0);
    CHECK(!result.post_mortem.is_output_cut);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    wait_for_end(id);
    CHECK_INT_EQ(engine_do_post_mortem(fixture, id, &result), 0);
    const struct engine_post_mortem *found = &result.post_mortem;
    CHECK_INT_EQ(found->state, ENGINE_EXITED);
    CHECK_INT_EQ(found->exit_code, 3);
    CHECK(!found->was_out_of_memory);
    CHECK_STR_EQ(found->unread, "");
    CHECK_INT_EQ(found->output.len, ENGINE_OUTPUT_BYTES);
    CHECK(found->is_output_cut);
    CHECK(memmem(found->output.data, found->output.len, last, sizeof last - 1) != NULL);
    CHECK_INT_EQ(found->output.data[0], 'x');
    parts_clean();
}

static void the_end_of_a_running_container_is_told(void)
{
    struct engine_result result;
    const char *id = made(IMAGE_SLEEPS);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    CHECK_INT_EQ(engine_do_post_mortem(fixture, id, &result), 0);
    CHECK_INT_EQ(result.post_mortem.state, ENGINE_RUNNING);
    CHECK_STR_EQ(result.post_mortem.unread, "");
    CHECK_INT_EQ(engine_do_remove(fixture, id), 0);
    CHECK_INT_EQ(engine_do_post_mortem(fixture, id, &result), ERR_NOT_FOUND);
    parts_clean();
}

static void a_log_that_cannot_be_read_is_said(void)
{
    struct engine_result result;
    const char *id = made(IMAGE_MUTE);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    wait_for_end(id);
    CHECK_INT_EQ(engine_do_post_mortem(fixture, id, &result), 0);
    CHECK_INT_EQ(result.post_mortem.exit_code, 3);
    CHECK(strstr(result.post_mortem.unread,
                 fixture->mute_words != NULL ? fixture->mute_words : "does not support reading") !=
          NULL);
    CHECK_INT_EQ(result.post_mortem.output.len, 0);
    parts_clean();
}

int engine_end_run(const struct engine_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"exec_tells_its_output", exec_tells_its_output},
        {"the_end_of_a_failed_container_is_told", the_end_of_a_failed_container_is_told},
        {"the_end_of_a_running_container_is_told", the_end_of_a_running_container_is_told},
        {"a_log_that_cannot_be_read_is_said", a_log_that_cannot_be_read_is_said},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
