/* engine_call: one call, one wait, one copied answer. */
#include "tests/contract/engine_call.h"

#include <stdio.h>
#include <string.h>

enum { WAIT_MS_MAX = 60000 };

static bool is_inside_call;

void engine_result_done(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct engine_result *result = ctx;
    result->calls++;
    result->is_early = result->is_early || is_inside_call;
    if (err != NULL) {
        result->code = err->code;
        (void)snprintf(result->text, sizeof result->text, "%s", err->text);
        return;
    }
    result->exit_code = answer->exit_code;
    result->count = answer->container_count;
    for (size_t i = 0; i < answer->container_count && i < COUNT_OF(result->containers); i++) {
        result->containers[i] = answer->containers[i];
    }
    if (answer->id != NULL) {
        (void)snprintf(result->id, sizeof result->id, "%s", answer->id);
        (void)snprintf(result->path, sizeof result->path, "%s", answer->id);
    }
    if (answer->image != NULL) {
        result->image = *answer->image;
    }
    struct span output = answer->post_mortem != NULL ? answer->post_mortem->output : answer->output;
    if (output.len < sizeof result->output) {
        memcpy(result->output, output.data != NULL ? output.data : result->output, output.len);
        result->output[output.len] = '\0';
    }
    if (answer->post_mortem != NULL) {
        result->post_mortem = *answer->post_mortem;
        result->post_mortem.output = span_of(result->output, output.len);
    }
    if (answer->about != NULL) {
        result->about = *answer->about;
    }
}

void engine_result_progress(void *ctx, uint64_t bytes)
{
    struct engine_result *result = ctx;
    result->is_unordered = result->is_unordered || bytes < result->progress || result->calls != 0;
    result->progress = bytes;
}

void engine_wait(const struct engine_fixture *fixture, struct engine_result *result)
{
    mono_ms end = fixture->now(fixture->self) + WAIT_MS_MAX;
    while (result->calls == 0 && fixture->now(fixture->self) < end) {
        fixture->pump(fixture->self);
    }
}

static int settle(const struct engine_fixture *fixture, int rc, const struct err *err,
                  struct engine_result *result)
{
    is_inside_call = false;
    if (rc != 0) {
        (void)snprintf(result->text, sizeof result->text, "%s", err->text);
        return result->calls == 0 ? rc : ERR_INTERNAL;
    }
    engine_wait(fixture, result);
    fixture->pump(fixture->self); /* a second callback would come now */
    if (result->calls != 1 || result->is_early || result->is_unordered) {
        printf("    %d callbacks, early %d, unordered %d\n", result->calls, result->is_early,
               result->is_unordered);
        return ERR_INTERNAL;
    }
    if (result->code != 0) {
        printf("    (%s: %s)\n", err_word(result->code), result->text);
    }
    return result->code;
}

/* The common frame: `call` is the op with `self` first and the callback's arguments last. */
#define DO(result_, op_, ...)                                                                      \
    struct err err;                                                                                \
    struct engine_result *into_ = (result_);                                                       \
    *into_ = (struct engine_result){0};                                                            \
    is_inside_call = true;                                                                         \
    int rc = fixture->engine.ops->op_(fixture->engine.self, __VA_ARGS__ engine_result_done, into_, \
                                      &err);                                                       \
    return settle(fixture, rc, &err, into_)

int engine_do_about(const struct engine_fixture *fixture, struct engine_result *result)
{
    DO(result, about, );
}

int engine_do_list(const struct engine_fixture *fixture, struct engine_result *result)
{
    DO(result, list, fixture->node, );
}

int engine_do_list_compose(const struct engine_fixture *fixture, struct engine_result *result)
{
    DO(result, list_compose, );
}

int engine_do_set_restart(const struct engine_fixture *fixture, const char *id,
                          struct engine_restart restart)
{
    struct engine_result result;
    DO(&result, set_restart, id, restart, );
}

int engine_do_create(const struct engine_fixture *fixture, const struct engine_spec *spec,
                     struct engine_result *result)
{
    DO(result, create, spec, );
}

int engine_do_start(const struct engine_fixture *fixture, const char *id)
{
    struct engine_result result;
    DO(&result, start, id, );
}

int engine_do_stop(const struct engine_fixture *fixture, const char *id, int64_t grace_ms)
{
    struct engine_result result;
    DO(&result, stop, id, grace_ms, );
}

int engine_do_remove(const struct engine_fixture *fixture, const char *id)
{
    struct engine_result result;
    DO(&result, remove, id, );
}

int engine_do_hold(const struct engine_fixture *fixture, const char *id)
{
    struct engine_result result;
    DO(&result, hold_volumes, id, NULL, );
}

int engine_do_find_volume(const struct engine_fixture *fixture, const char *id, const char *target,
                          struct engine_result *result)
{
    DO(result, volume_find, id, target, );
}

int engine_do_keep(const struct engine_fixture *fixture, const char *id, bool keep)
{
    struct engine_result result;
    DO(&result, keep_running, id, keep, );
}

int engine_do_restore(const struct engine_fixture *fixture, const char *id,
                      struct engine_restart restart)
{
    struct engine_result result;
    DO(&result, restore, id, restart, );
}

int engine_do_signal(const struct engine_fixture *fixture, const char *id, const char *signal)
{
    struct engine_result result;
    DO(&result, signal, id, signal, );
}

int engine_do_exec(const struct engine_fixture *fixture, const char *id, const char *const *argv,
                   int64_t timeout_ms, struct engine_result *result)
{
    size_t count = 0;
    while (argv[count] != NULL) {
        count++;
    }
    DO(result, exec, id, argv, count, timeout_ms, );
}

int engine_do_post_mortem(const struct engine_fixture *fixture, const char *id,
                          struct engine_result *result)
{
    DO(result, post_mortem, id, );
}

int engine_do_image(const struct engine_fixture *fixture, const char *reference,
                    struct engine_result *result)
{
    struct engine_wanted wanted = {.reference = reference};
    DO(result, image_find, &wanted, );
}

int engine_do_pull(const struct engine_fixture *fixture, const char *reference,
                   struct engine_result *result)
{
    struct engine_wanted wanted = {.reference = reference, .tag = fixture->tag};
    DO(result, pull, &wanted, engine_result_progress, );
}

int engine_do_image_remove(const struct engine_fixture *fixture, const char *tag)
{
    struct engine_result result;
    DO(&result, image_remove, tag, );
}

int engine_do_network(const struct engine_fixture *fixture, const struct engine_network *network)
{
    struct engine_result result;
    DO(&result, network_ensure, network, );
}

int engine_do_network_remove(const struct engine_fixture *fixture, const char *name)
{
    struct engine_result result;
    DO(&result, network_remove, name, );
}
