/* coordinator_files: the pieces of a live rollout's files are asked for, held, and put again at a
 * broker that does not show them. */
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

#include "agent/wire/release.h"

#define HEX_4  "abababab"
#define HEX_64 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4

static struct desk desk;
static char names[2][DIGEST_HEX_BYTES], topics[2][BUS_TOPIC_BYTES];
static const char *const contents[2] = {"one\n", "number two\n"};

static void piece_name(size_t i)
{
    struct digest digest;
    seal_digest(span_text(contents[i]), &digest);
    digest_render(&digest, names[i]);
    (void)snprintf(topics[i], sizeof topics[i], "file/%s", names[i]);
}

/* A release of two files, and a rollout of it that is begun here. */
static void begin(void)
{
    static char payload[4096];
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    piece_name(0);
    piece_name(1);
    (void)snprintf(
        payload, sizeof payload,
        "{\"schema\":1,\"x-berth\":{\"app\":\"web\",\"sequence\":5,\"files\":{"
        "\"a\":{\"bytes\":4,\"mode\":292,\"pieces\":[\"%s\"]},"
        "\"b\":{\"bytes\":11,\"mode\":292,\"pieces\":[\"%s\"]}}},\"services\":{\"main\":{"
        "\"image\":\"registry.example/web@sha256:" HEX_64
        "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" HEX_64
        "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" HEX_64
        "\",\"config\":\"sha256:" HEX_64 "\"}]}}}}}",
        names[0], names[1]);
    seal_digest(span_text(payload), &spec.release);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    CHECK_INT_EQ(desk_start(&desk, &spec,
                            sealing_of(RELEASE_PAYLOAD_TYPE, span_text(payload), SEAL_PEM_TRUSTED),
                            NULL),
                 0);
}

static size_t asked(size_t piece)
{
    size_t count = 0;
    for (size_t i = 0; i < desk.filter_count; i++) {
        const char *at = strstr(desk.filters[i].filter, topics[piece]);
        count += at != NULL && strlen(at) == strlen(topics[piece]);
    }
    return count;
}

static void act(void)
{
    desk_act(&desk);
    desk_answer_all(&desk);
    desk_filters_answer(&desk, NULL);
    desk_run(&desk, 3000);
}

/* Each once in a session, and again in the next one. */
static void case_asked(void)
{
    begin();
    act();
    CHECK(asked(0) == 1 && asked(1) == 1);
    desk_run(&desk, 30000);
    CHECK(asked(0) == 1 && asked(1) == 1);
    desk_lose(&desk);
    act();
    CHECK(asked(0) == 1 && asked(1) == 1);
    CHECK_INT_EQ(desk_count(&desk, topics[0]), 0); /* it has nothing to put there */
    desk_close(&desk);
}

/* What a name's bytes are is looked at; the right ones are held, and put again where the broker of
 * the next session does not show them. */
static void case_held(void)
{
    begin();
    act();
    desk_hear(&desk, topics[0], span_text(contents[0]), true);
    desk_hear(&desk, topics[0], span_text(contents[1]), true);
    desk_hear(&desk, topics[1], span_text(contents[0]), true); /* not what its name says */
    desk_hear(&desk, topics[1], span_text(""), true);
    desk_run(&desk, 3000);
    CHECK(desk_count(&desk, topics[0]) == 0 && desk_count(&desk, topics[1]) == 0);
    desk_lose(&desk);
    act();
    CHECK_INT_EQ(desk_count(&desk, topics[0]), 1);
    CHECK_INT_EQ(desk_count(&desk, topics[1]), 0);
    const struct desk_publish *publish = desk_find(&desk, topics[0]);
    CHECK(publish != NULL && publish->is_retained && publish->whole_len == strlen(contents[0]) &&
          memcmp(publish->whole, contents[0], publish->whole_len) == 0);
    desk_run(&desk, 30000);
    CHECK_INT_EQ(desk_count(&desk, topics[0]), 1); /* taken: it is there */
    desk_close(&desk);
}

/* One that the broker shows is not put there; one that it did not take is put there again. */
static void case_shown(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    begin();
    act();
    desk_hear(&desk, topics[0], span_text(contents[0]), true);
    desk_hear(&desk, topics[1], span_text(contents[1]), true);
    desk_lose(&desk);
    desk_connect(&desk);
    desk_hear(&desk, topics[0], span_text(contents[0]), true);
    desk_run(&desk, 3000);
    struct desk_publish *claim = desk_find(&desk, "/coordinator");
    CHECK(claim != NULL);
    if (claim != NULL) {
        desk_answer(&desk, claim, NULL);
    }
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, topics[0]), 0);
    CHECK_INT_EQ(desk_count(&desk, topics[1]), 1);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, topics[1]), 1); /* on its way */
    desk_answer(&desk, desk_find(&desk, topics[1]), &denied);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, topics[1]), 2);
    CHECK_INT_EQ(desk_count(&desk, topics[0]), 0);
    desk_close(&desk);
}

/* Of a rollout that is over nothing is asked for, and nothing is held. */
static void case_over(void)
{
    begin();
    act();
    desk_hear(&desk, topics[0], span_text(contents[0]), true);
    desk_hear_text(&desk, "rollout/web-1/control", "{\"schema\":1,\"want\":\"abort\"}");
    desk_run(&desk, 3000);
    desk_answer_all(&desk);
    desk_lose(&desk);
    act();
    CHECK(asked(0) == 0 && asked(1) == 0);
    CHECK_INT_EQ(desk_count(&desk, topics[0]), 0);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"asked", case_asked}, {"held", case_held}, {"shown", case_shown}, {"over", case_over}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
