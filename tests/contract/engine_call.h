/* engine_call: the engine's asynchronous calls as plain functions for tests. */
#ifndef TESTS_CONTRACT_ENGINE_CALL_H
#define TESTS_CONTRACT_ENGINE_CALL_H

#include "tests/contract/engine_contract.h"

/* What came back, copied. Zeroed before it is handed to a call and in place until `calls` is 1. */
struct engine_result {
    int calls;         /* times the callback came */
    bool is_early;     /* it came from inside the call */
    bool is_unordered; /* progress shrank or came after done */
    int code;          /* 0 or of the err */
    char text[ERR_TEXT_BYTES];
    char id[ENGINE_ID_BYTES];
    char path[512]; /* the same, of volume_find */
    int exit_code;
    uint64_t progress;
    struct engine_image image;
    struct engine_about about;
    struct engine_post_mortem post_mortem;   /* its output points into `output` */
    uint8_t output[ENGINE_OUTPUT_BYTES + 1]; /* with a NUL */
    size_t count;
    struct engine_container containers[16]; /* the first ones */
};

/* Both for the ops; ctx is a struct engine_result. */
void engine_result_done(void *ctx, const struct err *err, const struct engine_answer *answer);
void engine_result_progress(void *ctx, uint64_t bytes);

/* Turns the world until the call has answered or a minute of its time is over. */
void engine_wait(const struct engine_fixture *fixture, struct engine_result *result);

/* Each makes the call, waits, and returns the code of the answer or of the refusal;
 * ERR_INTERNAL when the callback came early, twice or never. */
int engine_do_about(const struct engine_fixture *fixture, struct engine_result *result);
int engine_do_list(const struct engine_fixture *fixture, struct engine_result *result);
int engine_do_create(const struct engine_fixture *fixture, const struct engine_spec *spec,
                     struct engine_result *result);
int engine_do_start(const struct engine_fixture *fixture, const char *id);
int engine_do_stop(const struct engine_fixture *fixture, const char *id, int64_t grace_ms);
int engine_do_remove(const struct engine_fixture *fixture, const char *id);
int engine_do_list_compose(const struct engine_fixture *fixture, struct engine_result *result);
int engine_do_set_restart(const struct engine_fixture *fixture, const char *id,
                          struct engine_restart restart);
int engine_do_hold(const struct engine_fixture *fixture, const char *id);
int engine_do_find_volume(const struct engine_fixture *fixture, const char *id, const char *target,
                          struct engine_result *result);
int engine_do_keep(const struct engine_fixture *fixture, const char *id, bool keep);
int engine_do_restore(const struct engine_fixture *fixture, const char *id,
                      struct engine_restart restart);
int engine_do_signal(const struct engine_fixture *fixture, const char *id, const char *signal);
int engine_do_exec(const struct engine_fixture *fixture, const char *id, const char *const *argv,
                   int64_t timeout_ms, struct engine_result *result);
int engine_do_post_mortem(const struct engine_fixture *fixture, const char *id,
                          struct engine_result *result);
int engine_do_image(const struct engine_fixture *fixture, const char *reference,
                    struct engine_result *result);
int engine_do_pull(const struct engine_fixture *fixture, const char *reference,
                   struct engine_result *result);
int engine_do_image_remove(const struct engine_fixture *fixture, const char *tag);
int engine_do_network(const struct engine_fixture *fixture, const struct engine_network *network);
int engine_do_network_remove(const struct engine_fixture *fixture, const char *name);

#endif
