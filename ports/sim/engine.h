/* engine: platform/engine.h over containers that start, serve, fail and stop as their image
 * says. */
#ifndef PORTS_SIM_ENGINE_H
#define PORTS_SIM_ENGINE_H

#include "platform/engine.h"
#include "ports/sim/eyes.h"
#include "ports/sim/world.h"

#define SIM_CONTAINERS_MAX 64
#define SIM_IMAGES_MAX     16
#define SIM_NETWORKS_MAX   16
#define SIM_TAGS_MAX       8
#define SIM_VOLUMES_MAX    32
#define SIM_MOUNTS_MAX     4
#define SIM_TARGET_BYTES   64
#define SIM_CALLS_MAX      64
#define SIM_LISTS_MAX      4 /* pending at once whose content is kept apart */
/* Commands that exec knows: one ends with the code that follows, one never ends; any other asks the
 * app whether it is ready. */
#define SIM_EXEC_EXIT "exit"
#define SIM_EXEC_HANG "hang"
/* The notice before a drain, as a command and as a signal; by HTTP it is any POST. */
#define SIM_EXEC_DRAIN   "drain"
#define SIM_SIGNAL_DRAIN "SIGUSR1"
#define SIM_NODE_BYTES   64
/* What no image of this world has, and what this engine lacks. */
#define SIM_ABSENT_PROGRAM "/no-such-program"
#define SIM_ABSENT_USER    "no-such-user"
#define SIM_ABSENT_SYSCTL  "net.ipv4.no_such_sysctl"
#define SIM_ABSENT_DRIVER  "no-such-driver"

/* How the app in an image behaves, counted from the start of its process; SIM_NEVER where it never
 * does. All zero but for the SIM_NEVERs of sim_app_well is an app that is well at once. */
struct sim_app {
    int64_t listen_after_ms;  /* before: connections are refused */
    int64_t ready_after_ms;   /* before: its probes and requests answer 503 */
    int64_t unready_after_ms; /* from then on 503 */
    int64_t hang_after_ms;    /* from then on nothing is answered */
    int64_t crash_after_ms;   /* it ends by itself with exit_code */
    int64_t stop_ms;          /* how long a polite end takes after the stop signal */
    int exit_code;
    bool ignores_term;
    const char *output;     /* what it writes when it starts; NULL: one line */
    bool is_greedy;         /* its crash is the kernel's, for want of memory */
    bool is_log_unreadable; /* its log driver only sends */
    int status;             /* HTTP status of every answer; 0: 200 or 503; or one of SIM_STATUS_* */
};

#define SIM_STATUS_SILENT  (-1) /* takes the connection and says nothing */
#define SIM_STATUS_FOREIGN (-2) /* answers something that is not HTTP */

/* An app that listens after 100 ms, is ready after 300 and ends politely in 80. */
struct sim_app sim_app_well(void);

struct sim_image {
    char reference[ENGINE_REFERENCE_BYTES]; /* repo@sha256:<index digest> */
    struct digest config;
    struct sim_app app;
    uint64_t size_bytes;
    bool is_in_registry; /* can be pulled */
    bool is_corrupt;     /* a layer's bytes are wrong: the pull fails at its end */
    bool is_present;     /* on this machine */
    bool is_hollow;      /* a cut left its files empty: what runs of it ends at once */
    const char *volume;  /* the path that it declares as a volume; NULL: none */
    int64_t stall_ms;    /* its next pull stands still for so long, without a byte */
    char tags[SIM_TAGS_MAX][ENGINE_REFERENCE_BYTES];
};

struct sim_container {
    bool is_used;
    struct engine_container seen; /* what a list shows */
    char name[ENGINE_NAME_BYTES];
    char node[SIM_NODE_BYTES];
    bool is_compose; /* of a Compose project (seen.app), made by no agent */
    char network[ENGINE_NAME_BYTES];
    uint64_t network_id; /* it was bound to at its first start; 0: not yet */
    int refuses;         /* the code that each start of it is answered with; 0: none */
    char volumes[SIM_MOUNTS_MAX][ENGINE_NAME_BYTES];            /* those it mounts */
    char formers[SIM_MOUNTS_MAX][ENGINE_NAME_BYTES];            /* as the spec says */
    bool is_named[SIM_MOUNTS_MAX], is_external[SIM_MOUNTS_MAX]; /* as the spec says */
    bool is_reader[SIM_MOUNTS_MAX];                             /* named and read-only */
    char targets[SIM_MOUNTS_MAX][SIM_TARGET_BYTES];
    bool is_of_image[SIM_MOUNTS_MAX];
    size_t image;
    mono_ms started_at;
    uint64_t run;      /* grows with each start; tells events of an earlier run */
    bool is_stopping;  /* the stop signal was sent: it takes no new connection */
    bool was_stopped;  /* by a call: unless-stopped leaves it */
    bool was_ready;    /* at some time in this run (kept by sim_container_is_ready) */
    bool crash_due;    /* its time came while it was frozen */
    mono_ms paused_at; /* frozen by hand since; meaningful in PAUSED */
    mono_ms told_at;   /* the notice of a drain reached it in this run; 0: it did not */
    uint32_t crashes;  /* in a row, for the engine's back-off */
};

struct sim_network {
    bool is_used;
    uint64_t id; /* another one each time it is created */
    char name[ENGINE_NAME_BYTES];
    char node[SIM_NODE_BYTES]; /* empty: somebody else's */
    char app[ENGINE_LABEL_BYTES];
    ipv4 subnet;
    unsigned prefix_bits;
};

/* Each volume stands in a directory of its name below that, as _data. */
#define SIM_VOLUMES_DIRECTORY "/sim/volumes"

struct sim_volume {
    bool is_used;
    char name[ENGINE_NAME_BYTES];
    char node[SIM_NODE_BYTES]; /* empty: without labels */
    char app[ENGINE_LABEL_BYTES];
    /* It is empty and points at another one, of this service's replica: */
    char holds[ENGINE_ID_BYTES];
    char service[ENGINE_LABEL_BYTES];
    uint32_t replica;
    char target[SIM_TARGET_BYTES];
};

struct sim_engine_call;
struct sim_engine_list;

struct sim_engine {
    struct sim_world *world;
    struct sim_container containers[SIM_CONTAINERS_MAX];
    struct sim_image images[SIM_IMAGES_MAX];
    size_t image_count;
    struct sim_network networks[SIM_NETWORKS_MAX];
    struct sim_volume volumes[SIM_VOLUMES_MAX];
    struct sim_engine_call *calls; /* SIM_CALLS_MAX, owned */
    struct sim_engine_list *lists; /* SIM_LISTS_MAX, owned */
    uint64_t serial;
    uint64_t runs;
    uint64_t life;  /* grows each time the engine goes away or comes up */
    uint32_t syncs; /* times its data was made durable */
    bool is_up;
    bool has_registry;       /* false: pulls find nobody */
    mono_ms frozen_until;    /* calls are taken, and nothing becomes of them before */
    mono_ms link_down_until; /* nothing reaches a container before */
    int64_t slow_ms;         /* every call takes up to so much longer */
    struct engine_about about;
    struct sim_eyes eyes;
};

/* A running engine without images or containers. False when there is no memory. */
bool sim_engine_init(struct sim_engine *engine, struct sim_world *world);
void sim_engine_close(struct sim_engine *engine);
struct engine sim_engine_port(struct sim_engine *engine);

/* Adds an image that can be pulled and returns its number. */
size_t sim_engine_add_image(struct sim_engine *engine, const char *reference,
                            const struct digest *config, const struct sim_app *app);

/* Somebody's Compose project has this container, which runs and is published by the engine itself:
 * its number in the service, its policy, its port. It serves as the image's app does. */
struct sim_container *sim_engine_add_compose(struct sim_engine *engine, const char *project,
                                             const char *service, uint32_t number, size_t image,
                                             struct engine_restart restart, uint16_t port);

/* The power was cut: nothing runs; the engine's own records are durable. */
void sim_engine_lose(struct sim_engine *engine);
/* The machine boots: the engine comes up after a while and starts what its policies say. */
void sim_engine_boot(struct sim_engine *engine);
/* The engine goes away for down_ms: containers end with it, pending calls answer
 * ERR_ENGINE_GONE. */
void sim_engine_restart(struct sim_engine *engine, int64_t down_ms);

/* The running container that is reached at this address, or NULL. */
struct sim_container *sim_engine_at(struct sim_engine *engine, ipv4 address);
/* The one that is frozen by hand at this address, or NULL: its kernel still takes connections. */
struct sim_container *sim_engine_paused_at(struct sim_engine *engine, ipv4 address);

/* What the container's app does now, in truth. */
bool sim_container_is_listening(struct sim_engine *engine, const struct sim_container *container);
bool sim_container_is_ready(struct sim_engine *engine, struct sim_container *container);
/* The notice of a drain has reached its app. */
void sim_container_tell(struct sim_engine *engine, struct sim_container *container);
/* Its process runs and its app has not begun to fail by itself. */
bool sim_container_is_sound(const struct sim_engine *engine, const struct sim_container *container);

/* It answers nothing and does nothing for so long; containers go on. A caller waits as long as a
 * port waits (half a minute to list, ten minutes for a pull) and is then told ERR_ENGINE_GONE; what
 * it asked for is carried out all the same, later. */
void sim_engine_freeze(struct sim_engine *engine, int64_t for_ms);
/* Someone at the machine removes a container behind everybody's back. */
void sim_engine_remove_by_hand(struct sim_engine *engine, struct sim_container *container);
/* Its process dies by a signal that nobody sent through the engine. */
void sim_engine_kill(struct sim_engine *engine, struct sim_container *container);
/* The engine cannot be reached, or can again; containers go on. Pending calls are lost. */
void sim_engine_hide(struct sim_engine *engine, bool is_hidden);

#endif
