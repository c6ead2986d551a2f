/* release: the signed document that says what an app is, and the plan compiled from it. */
#ifndef AGENT_WIRE_RELEASE_H
#define AGENT_WIRE_RELEASE_H

#include <stdbool.h>

#include "agent/limits.h"
#include "platform/base/arena.h"
#include "platform/base/units.h"
#include "platform/engine.h"
#include "platform/prober.h"
#include "platform/route.h"

#define RELEASE_SCHEMA       1
#define RELEASE_PAYLOAD_TYPE "application/vnd.berth.release.v1+json"
#define PLAN_EXEC_BYTES      128
#define PLAN_PROJECT_BYTES   64 /* of a Compose project's name, with the NUL */
#define PLAN_EXEC_ARGS_MAX   16
/* A tree of files is named by 16 hex digits of what it holds. */
#define TREE_NAME_BYTES 17
/* Of all commands that a service's probes run; a healthcheck's stands there once. */
#define PLAN_WORDS_BYTES 384

/* Kubernetes probe fields and defaults (Probe v1 core), in milliseconds. Where DESIGN gives another
 * default (startup 30 x 2 s, readiness every 5 s, liveness every 10 s, time-out 2 s, 3 failures),
 * that one holds. */
enum plan_probe_kind { PLAN_PROBE_NONE, PLAN_PROBE_HTTP, PLAN_PROBE_TCP, PLAN_PROBE_EXEC };

struct plan_probe {
    enum plan_probe_kind kind;
    uint16_t port;
    int64_t initial_delay_ms;     /* 0 .. 1 h */
    int64_t period_ms;            /* 100 ms .. 1 h */
    int64_t timeout_ms;           /* 100 ms .. 10 min */
    uint16_t success_threshold;   /* 1 for startup and liveness */
    uint16_t failure_threshold;   /* 1 .. 1000 */
    char path[PROBER_PATH_BYTES]; /* HTTP */
    /* EXEC: exec_count argument strings, each with its NUL, from here in the service's words. */
    uint16_t exec_at;
    uint8_t exec_count;
};

#define PLAN_HOLD_MS_MAX MINUTES_MS(10)
_Static_assert(PLAN_HOLD_MS_MAX <= ROUTE_HOLD_MS_MAX, "the route lets them wait as long");

/* Of a service's volumes with a name of their own so many are known to the door; what more there
 * are shows when its container is created. */
#define PLAN_VOLUMES_MAX 8

/* How an old replica is told that it will be stopped. */
enum plan_notice { PLAN_NOTICE_NONE, PLAN_NOTICE_SIGNAL, PLAN_NOTICE_EXEC, PLAN_NOTICE_HTTP };

struct plan_drain_notice {
    enum plan_notice kind;
    char text[PLAN_EXEC_BYTES]; /* SIGNAL: "SIGUSR1"; EXEC: arguments, each with its NUL; HTTP: path
                                 */
    uint8_t exec_count;
    uint16_t port; /* HTTP: POST to it */
};

/* Host powers a service asks for; the node's configuration must allow each for that app. */
#define POWER_PRIVILEGED   1u
#define POWER_HOST_NETWORK 2u
#define POWER_HOST_PATHS   4u
#define POWER_DEVICES      8u
#define POWER_CAPABILITIES 16u
#define POWER_HOST_PID     32u
#define POWER_HOST_IPC     64u
#define POWER_HOST_UTS     128u
#define POWER_HOST_USERNS  256u
#define POWER_HOST_CGROUP  512u  /* the host's cgroups, or a parent among them */
#define POWER_UNCONFINED   1024u /* other confinement than the engine's own */
#define POWER_RUNTIME      2048u /* another runtime than the engine's default */
#define POWER_OOM          4096u /* others are killed before it */
#define POWER_LAST         POWER_OOM

/* Side by side, or the old one stops first. */
enum plan_order { PLAN_START_FIRST, PLAN_STOP_FIRST };

struct plan_service {
    char name[NAME_BYTES];
    char reference[ENGINE_REFERENCE_BYTES]; /* repo@sha256:<index digest> */
    struct digest manifest;                 /* of this node's platform */
    struct digest config;                   /* of this node's platform */
    uint8_t replicas;                       /* 1 .. REPLICAS_MAX */
    enum plan_order order;                  /* "auto" already decided */
    const char *order_reason;               /* static text: why this order */
    bool is_start_first_said;               /* the release itself asks for start-first */
    bool is_data_safe;                      /* two generations may write its data at once */
    struct plan_probe startup, readiness, liveness;
    char words[PLAN_WORDS_BYTES]; /* of the probes that run a command */
    struct plan_drain_notice notice;
    struct route_port ports[ROUTE_PORTS_MAX];
    uint8_t port_count;
    int64_t stop_grace_ms;
    uint64_t memory_bytes; /* limit; 0: none */
    unsigned powers;       /* POWER_* */
    bool has_no_network;   /* nothing can connect to it */
    bool has_seeds;        /* files are brought into a volume before it starts */
    /* A hash of each name that a volume has outside this app; odd: the service writes it. */
    uint64_t volumes[PLAN_VOLUMES_MAX];
    uint8_t volume_count;
    char spec[17]; /* short hash of everything that makes the container; equal: unchanged */
};

/* A file that travels with a release: its content are these pieces, one after the other. Strings
 * and pieces live as long as what they were read into. */
struct plan_file {
    const char *name; /* its path below the project's folder */
    uint32_t mode;    /* permissions, without owners: the files are root's */
    uint32_t bytes;
    const struct digest *pieces;
    size_t piece_count; /* as many as the bytes make */
};

/* What stays resident of a release: everything the planner needs, about 1 KiB a service. */
struct plan {
    struct digest digest; /* SHA-256 of the payload: the release's name */
    char app[NAME_BYTES];
    char version[NAME_BYTES]; /* for people; may be empty */
    /* The Compose project whose containers of the same service are the release before the app's
     * first one; empty: none. */
    char adopt[PLAN_PROJECT_BYTES];
    uint64_t sequence, floor;
    int64_t soak_ms, drain_ms, keep_warm_ms, deadline_ms;
    bool is_drain_said; /* the release itself asks for it */
    /* In the gap of a stop-first swap new connections wait so long at most, then they are refused;
     * 0: they are refused at once. At most PLAN_HOLD_MS_MAX. */
    int64_t hold_ms;
    uint16_t attempts;
    uint64_t requires_disk_bytes, requires_ram_bytes; /* 0: no requirement */
    struct plan_service services[SERVICES_MAX];
    uint8_t service_count; /* 0: the app is to be removed */
    uint8_t file_count;    /* that travel with it */
};

/* What of this node a release may depend on. Strings outlive the call. */
struct release_node {
    const char *name;
    const char *arch,
        *variant; /* OCI words; NULL: any platform, for tools (the first one listed) */
    const char *const *label_names;
    const char *const *label_values;
    size_t label_count;
    ipv4 publish_address; /* where ports of any address are published; 0: on any */
};

/* Compiles a payload (UTF-8 JSON, at most RELEASE_PAYLOAD_BYTES_MAX) into a plan for this node:
 * lint, strict schema, relations between settings. `payload` is not kept. Digest is not computed
 * here: the caller sets plan->digest. Errors name the JSON path and the remedy: ERR_OVERSIZE,
 * ERR_SYNTAX, ERR_DEPTH, ERR_DUPLICATE_KEY, ERR_UNKNOWN_KEY, ERR_VALUE, ERR_MISSING, ERR_SCHEMA,
 * ERR_ARCHITECTURE (no platform of this node), ERR_REQUIRES. */
NODISCARD int release_compile(struct span payload, const struct release_node *node,
                              struct plan *plan, struct err *err);

/* What makes one container of a release this very container. Strings outlive the call. */
struct release_container {
    uint64_t gen;
    uint32_t replica;        /* from 1 */
    ipv4 address;            /* its own */
    ipv4 service_address;    /* of its service, given to it by hosts entry */
    const char *network;     /* name of the app's network */
    struct digest release;   /* for the label */
    const char *secrets_dir; /* host directory under which secret files stand, or NULL */
    const char *files_dir;   /* host directory under which trees of files stand, or NULL */
};

/* Told of what a payload says of files, in its order; either may be NULL. */
struct release_files_sink {
    void (*file)(void *ctx, const struct plan_file *file);
    void (*tree)(void *ctx, const char *tree); /* the name of one that some service mounts */
    void *ctx;
};

/* Renders the container to create from the same payload and node that compiled. Everything in *spec
 * lives in `arena` (64 KiB suffices for any release; ERR_LIMIT otherwise). Labels io.berth.* are
 * set here. */
NODISCARD int release_render(struct span payload, const struct release_node *node,
                             const char *service, const struct release_container *container,
                             struct arena *arena, struct engine_spec *spec, struct err *err);

/* Tells what files a payload has and what trees of them it mounts. The codes of release_compile. */
NODISCARD int release_files(struct span payload, const struct release_node *node,
                            const struct release_files_sink *sink, struct err *err);

/* A volume that the release names like this stands for a path that the image declares as a volume
 * and no mount covers: "image-" and the first 12 hex digits of the path's SHA-256. */
bool release_is_image_volume(const char *source);

/* The name of such a volume on the node: each replica has its own, the same for every release.
 * False when it does not fit. */
bool release_image_volume(const struct release_node *node, const char *app, const char *service,
                          uint32_t replica, const char *source, char *name, size_t cap);

/* The name of a container on its node: "berth_<node>_<app>_<gen>_<service>_<replica>". False when
 * it does not fit. */
bool release_container_name(const char *node, const char *app, uint64_t gen, const char *service,
                            uint32_t replica, char *name, size_t cap);

/* The soak that lets these probes notice a failure, plus one period: the default and the minimum.
 */
int64_t release_soak_min_ms(const struct plan_service *service);

#endif
