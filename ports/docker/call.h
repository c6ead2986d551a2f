/* Call: one operation of the interface, a chain of requests that ends in one answer. */
#ifndef PORTS_DOCKER_CALL_H
#define PORTS_DOCKER_CALL_H

#include "platform/base/text.h"
#include "ports/docker/buffer.h"
#include "ports/docker/docker.h"
#include "ports/docker/events.h"
#include "ports/docker/refusal.h"
#include "ports/docker/reply.h"

/* What we know how to speak: 1.41 (Docker 20.10) up to here; newer engines speak it too. */
#define API_MINOR_MIN 41
#define API_MINOR_MAX 52

#define DOCKER_PATH_BYTES 1536

/* Deadline of a request whose answer the engine has at hand, and of one that does work. */
#define QUICK_TIMEOUT_MS SECONDS_MS(30)
#define WORK_TIMEOUT_MS  SECONDS_MS(120)

struct docker_call;

/* private to this room. */
struct docker {
    struct loop loop;
    struct http http;
    struct worker worker;
    struct registry registry;
    char socket_path[108];
    int api_minor; /* 0: to be asked before the next request */
    bool is_podman;
    bool has_endless_log; /* its default log is a file without a limit, as far as it says */
    uint64_t memory_bytes, nano_cpus; /* of the machine; 0: not asked yet */
    char data_dir[256];   /* where the engine keeps its data; empty: not asked yet */
    struct docker_events events;
    struct docker_call *calls;
    size_t call_count;
};

/* An answer came, whatever its status; `body` is valid only inside. Must lead to exactly one of
 * docker_call_next, docker_call_finish, docker_call_fail or another wait of the call's own. */
typedef void (*docker_step)(struct docker_call *call, int status, struct span body);
/* A piece of a body with status 200. */
typedef void (*docker_stream)(struct docker_call *call, struct span piece);
typedef void (*docker_expired)(struct docker_call *call);

struct docker_request {
    const char *method;
    const char *path;          /* after the version: "/containers/json?all=1"; copied */
    const char *body;          /* JSON, or NULL; copied */
    const char *registry_auth; /* NULL: none; must live until the next request or the end */
    size_t answer_bytes_max;   /* 0: REPLY_BYTES_MAX */
    int64_t timeout_ms;        /* 0: none */
    int64_t idle_timeout_ms;   /* 0: none */
    docker_step step;
    docker_stream stream;    /* NULL: the body is gathered for the step */
    docker_expired expired;  /* time is up; NULL: the engine counts as gone */
    docker_expired too_long; /* the answer is longer than its bound; NULL: ERR_LIMIT */
};

/* private to this room. */
struct docker_call {
    struct docker *docker;
    struct docker_call *next;
    engine_done done;
    void *ctx;
    struct docker_request request; /* with strings of its own */
    struct buffer answer;
    bool is_overflowing;
    bool is_short;   /* some answer could not be read for want of memory: it ends with ERR_MEMORY */
    bool is_enough;  /* set by a stream: the rest of the body is not read, the step comes at once */
    bool is_retried; /* the version was negotiated anew for this request */
    void (*drop)(void *state); /* frees what state holds; NULL: nothing */
    void *state;               /* of the operation; freed with the call */
};

/* A new call with zeroed state of state_bytes. ERR_BUSY, ERR_MEMORY. */
NODISCARD int docker_call_new(struct docker *docker, size_t state_bytes, engine_done done,
                              void *ctx, struct docker_call **call, struct err *err);

/* Sends the first request. On failure the call is freed and never calls back. */
NODISCARD int docker_call_first(struct docker_call *call, const struct docker_request *request,
                                struct err *err);

/* Sends a further request from a step; a failure finishes the call. */
void docker_call_next(struct docker_call *call, const struct docker_request *request);

/* Answers and frees the call. `answer` may be NULL. Never from inside an interface call. */
void docker_call_finish(struct docker_call *call, const struct engine_answer *answer);
void docker_call_fail(struct docker_call *call, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Fails the call with the engine's own message after "what": 404 is ERR_NOT_FOUND, a full disk
 * ERR_DISK_SPACE, anything else ERR_ENGINE. */
void docker_call_refuse(struct docker_call *call, const char *what, int status, struct span body);

/* The same for a refusal of create or start, whose code refusal_code tells by the engine's words.
 */
void docker_call_refuse_as(struct docker_call *call, enum refusal_call kind, const char *what,
                           int status, struct span body);

/* Frees a call without answering it. */
void docker_call_free(struct docker_call *call);

/* Appends a value to a path or query, percent-encoded. */
void docker_path_value(struct text *path, const char *value);

/* The answer to GET /version, read: sets docker->api_minor. 0, or ERR_ENGINE when the two of us
 * have no version in common. */
NODISCARD int docker_version_read(struct docker *docker, struct span body, struct err *err);

/* Whether a refusal means that the engine has changed its version under us. */
bool docker_version_is_refused(int status, struct span body);

/* Operations of platform/engine.h, by file. */
int docker_about(void *self, engine_done done, void *ctx, struct err *err);
int docker_list(void *self, const char *node, engine_done done, void *ctx, struct err *err);
int docker_list_compose(void *self, engine_done done, void *ctx, struct err *err);
int docker_image_find(void *self, const struct engine_wanted *wanted, engine_done done, void *ctx,
                      struct err *err);
int docker_pull(void *self, const struct engine_wanted *wanted, engine_progress progress,
                engine_done done, void *ctx, struct err *err);
int docker_image_remove(void *self, const char *tag, engine_done done, void *ctx, struct err *err);
int docker_network_ensure(void *self, const struct engine_network *network, engine_done done,
                          void *ctx, struct err *err);
int docker_network_remove(void *self, const char *name, engine_done done, void *ctx,
                          struct err *err);
int docker_create(void *self, const struct engine_spec *spec, engine_done done, void *ctx,
                  struct err *err);
int docker_start(void *self, const char *id, engine_done done, void *ctx, struct err *err);
int docker_stop(void *self, const char *id, int64_t grace_ms, engine_done done, void *ctx,
                struct err *err);
int docker_volume_find(void *self, const char *id, const char *target, engine_done done, void *ctx,
                       struct err *err);
int docker_hold_volumes(void *self, const char *id, const struct engine_holder *holder,
                        engine_done done, void *ctx, struct err *err);
int docker_rename(void *self, const char *id, const char *name, engine_done done, void *ctx,
                  struct err *err);
int docker_remove(void *self, const char *id, engine_done done, void *ctx, struct err *err);
int docker_keep_running(void *self, const char *id, bool keep, engine_done done, void *ctx,
                        struct err *err);
int docker_set_restart(void *self, const char *id, struct engine_restart restart, engine_done done,
                       void *ctx, struct err *err);
int docker_restore(void *self, const char *id, struct engine_restart restart, engine_done done,
                   void *ctx, struct err *err);
int docker_signal(void *self, const char *id, const char *signal, engine_done done, void *ctx,
                  struct err *err);
int docker_exec(void *self, const char *id, const char *const *argv, size_t count,
                int64_t timeout_ms, engine_done done, void *ctx, struct err *err);

int docker_post_mortem(void *self, const char *id, engine_done done, void *ctx, struct err *err);

/* Shared readings. */
void docker_container_read(const cJSON *json, struct engine_container *container);

#endif
