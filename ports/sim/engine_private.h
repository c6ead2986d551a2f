/* engine_private: what the simulated engine's containers and its calls share. */
#ifndef PORTS_SIM_ENGINE_PRIVATE_H
#define PORTS_SIM_ENGINE_PRIVATE_H

#include "ports/sim/engine.h"

/* What a list showed when the engine took it: what ends meanwhile is not in it. */
struct sim_engine_list {
    struct engine_container shown[SIM_CONTAINERS_MAX];
    size_t count;
};

/* One call of the port. Strings of a create are taken into `made` at once. */
struct sim_engine_call {
    bool is_used;
    enum sim_op op;
    enum sim_fate fate;
    uint32_t agent;
    uint64_t serial;
    char text[ENGINE_REFERENCE_BYTES]; /* id, reference, name or node */
    char tag[ENGINE_REFERENCE_BYTES];  /* pull, find; the signal */
    struct digest config;              /* pull, find: what was signed */
    struct sim_container made;         /* create */
    struct sim_network network;        /* network_ensure */
    int64_t limit_ms;                  /* grace or time-out */
    bool keep;
    bool is_slow;  /* the effect is not complete: engine_finish completes it */
    uint64_t life; /* of the engine that took it */
    uint64_t run;  /* stop: the run that is to end */
    enum { SIM_EXEC_ASKS, SIM_EXEC_ENDS, SIM_EXEC_HANGS, SIM_EXEC_TELLS } exec;
    int exit_code; /* exec, stop */
    mono_ms taken_at;
    uint64_t bytes;
    engine_progress progress;
    engine_done done;
    void *ctx;
    struct err err;
};

/* Starts a process in the container. */
void container_run(struct sim_engine *engine, struct sim_container *container);
/* Its process ends with that code; nothing else changes. */
void container_end(struct sim_engine *engine, struct sim_container *container, int exit_code);
void container_free(struct sim_container *container);
struct sim_container *container_of(struct sim_engine *engine, const char *id);
/* A name for people: app/service.gen.replica. */
const char *container_label(const struct sim_container *container, char label[64]);
bool container_is_running(const struct sim_container *container);

struct sim_image *image_of(struct sim_engine *engine, const char *reference);

/* The one agent of this world has the one node of it. */
int engine_watch(void *self, const char *node, engine_hint hint, void *ctx, struct err *err);

/* engine_volumes.c */

/* Each volume of the container is there and its app's; false with the call's error set. */
bool engine_settle_volumes(struct sim_engine *engine, struct sim_engine_call *call);
/* A path that the image declares and nothing is mounted at gets a volume of the engine's naming. */
void engine_add_unnamed(struct sim_engine *engine, struct sim_container *made,
                        const struct sim_image *image);
bool engine_is_unnamed(const char *name);
/* Notes the volumes of a container that have no name of ours. */
/* One line for a call on a container. */
void trace_call(struct sim_engine *engine, const struct sim_engine_call *call);
void engine_find_volume(struct sim_engine *engine, struct sim_engine_call *call);
void engine_hold_volumes(struct sim_engine *engine, const struct sim_engine_call *call);

/* engine_made.c: what a create asks for. */
void engine_fill(struct sim_engine *engine, struct sim_container *made,
                 const struct engine_spec *spec);

/* engine_effect.c: carries out what the call asks; errors go to call->err. When it takes longer,
 * sets is_slow and returns how much longer in ms, and engine_finish completes it. */
int64_t engine_effect(struct sim_engine *engine, struct sim_engine_call *call);
void engine_finish(struct sim_engine *engine, struct sim_engine_call *call);
/* Answers a post-mortem. */
void engine_answer_mortem(struct sim_engine *engine, struct sim_engine_call *call);
/* The power goes half-way through it: some of it is done. */
void engine_half(struct sim_engine *engine, struct sim_engine_call *call);

#endif
