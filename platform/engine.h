/* engine: containers, images and networks, as a container engine on this machine offers them. */
#ifndef PLATFORM_ENGINE_H
#define PLATFORM_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/base/units.h"

#define ENGINE_ID_BYTES        65
#define ENGINE_NAME_BYTES      160
#define ENGINE_REFERENCE_BYTES 256
#define ENGINE_ARCH_BYTES      16
/* Of the paths that an image declares as volumes so many, with all their NULs, can be held. */
#define ENGINE_IMAGE_VOLUMES_MAX  16
#define ENGINE_IMAGE_VOLUME_BYTES 1024
#define ENGINE_LABEL_BYTES        64
/* Of a container's output so much is told: the last bytes. */
#define ENGINE_OUTPUT_BYTES 4096
/* Of a command's output inside a container so much is told: the last bytes. */
#define ENGINE_EXEC_OUTPUT_BYTES 256
/* Containers that one list returns. */
#define ENGINE_CONTAINERS_MAX 1024
/* Of the ports that the engine itself publishes for a container so many are told. */
#define ENGINE_PUBLISHED_MAX 16

typedef uint32_t ipv4; /* host byte order; 0 is "none" or "any" */

/* What a container does, in the words of the Docker Engine API. X(NAME, word, sentence) */
#define ENGINE_STATES(X)                                                                           \
    X(CREATED, "created", "made and never started")                                                \
    X(RUNNING, "running", "its first process runs")                                                \
    X(RESTARTING, "restarting", "it ended and the engine is about to start it again")              \
    X(PAUSED, "paused", "frozen by hand")                                                          \
    X(EXITED, "exited", "it ended or was stopped")                                                 \
    X(DEAD, "dead", "the engine failed to remove it")

enum engine_state {
#define ENGINE_STATE_ENUM_(name, word, sentence) ENGINE_##name,
    ENGINE_STATES(ENGINE_STATE_ENUM_) ENGINE_STATE_COUNT
#undef ENGINE_STATE_ENUM_
};

/* When the engine starts a container again by itself. X(NAME, word of the Docker Engine API) */
#define ENGINE_RESTARTS(X)                                                                         \
    X(NO, "no")                                                                                    \
    X(ALWAYS, "always")                                                                            \
    X(UNLESS_STOPPED, "unless-stopped")                                                            \
    X(ON_FAILURE, "on-failure")

enum engine_restart_kind {
#define ENGINE_RESTART_ENUM_(name, word) ENGINE_RESTART_##name,
    ENGINE_RESTARTS(ENGINE_RESTART_ENUM_) ENGINE_RESTART_COUNT
#undef ENGINE_RESTART_ENUM_
};

struct engine_restart {
    enum engine_restart_kind kind;
    uint8_t retries; /* ON_FAILURE: at most; 0: without limit */
};

/* A port of the machine that the engine itself publishes. */
struct engine_published {
    bool is_udp; /* else TCP; what is neither is not told */
    uint16_t host_port;
};

/* One container of ours as the engine reports it. The io.berth labels are the truth about what it
 * is; `address` is the fixed address it was created with, running or not. */
struct engine_container {
    char id[ENGINE_ID_BYTES];
    char app[ENGINE_LABEL_BYTES];
    char service[ENGINE_LABEL_BYTES];
    struct digest release; /* none when the label does not parse */
    uint64_t gen;          /* 0 when the label does not parse */
    uint32_t replica;
    char spec[17]; /* short hash of the rendered specification, as given at create */
    enum engine_state state;
    int exit_code;      /* meaningful in EXITED and DEAD */
    ipv4 address;       /* 0 when unknown */
    bool keeps_running; /* the engine restarts it by itself (unless-stopped) */
    uint32_t restarts;  /* restarts by the engine since it was created */
    int64_t started_ms; /* when this run of its process began, by the engine's clock, Unix time;
                         * differs from run to run; 0: it never ran, or the engine does not say */
    bool is_misnamed;   /* its name is not what its labels say: renamed, or a copy of another */
    bool is_detached;   /* the network it was created for is not connected to it any more */
    bool is_altered;    /* somebody has changed its limits (memory, processors, their shares,
                         * processes) since it was created */
    bool has_unnamed_volume; /* it mounts a volume that the engine named by 64 hex digits */
    struct engine_restart restart;
    struct engine_published published[ENGINE_PUBLISHED_MAX];
    uint8_t published_count;
};

/* Where an engine keeps images. X(NAME, word, what an image's id is there) */
#define ENGINE_STORES(X)                                                                           \
    X(CLASSIC, "classic", "the digest of its config")                                              \
    X(CONTAINERD, "containerd", "the digest of its manifest or index")                             \
    X(PODMAN, "podman's", "the digest of its config")

enum engine_store {
#define ENGINE_STORE_ENUM_(name, word, sentence) ENGINE_STORE_##name,
    ENGINE_STORES(ENGINE_STORE_ENUM_) ENGINE_STORE_COUNT
#undef ENGINE_STORE_ENUM_
};

/* What the engine is. */
struct engine_about {
    char version[32];
    char arch[ENGINE_ARCH_BYTES]; /* OCI word: amd64, arm64, arm, riscv64 */
    char variant[8];              /* "v7", or empty */
    uint64_t memory_bytes;        /* of the machine */
    uint64_t disk_free_bytes;     /* of the file system that holds the engine's data */
    bool has_restart_backoff;     /* false: unless-stopped would spin; we restart ourselves */
    enum engine_store store;      /* which image store, and so what an image's id is */
};

/* An image that a release was signed for. Strings are the caller's, valid only during the call. */
struct engine_wanted {
    const char *reference; /* repository@sha256:<digest of the index> */
    /* Ours, in a repository of this node (repository:tag): a prune of what nothing names cannot
     * take an image that has it. NULL: it gets none. */
    const char *tag;
    struct digest manifest, config; /* of this node's platform; none: not known */
};

/* The signed digests that the engine itself shows for an image. Any one of them proves it. */
#define ENGINE_PROOF_INDEX    1u /* alone it does not say which platform of it is here */
#define ENGINE_PROOF_MANIFEST 2u
#define ENGINE_PROOF_CONFIG   4u

struct engine_image {
    /* The engine's name of it: the digest of its config, or, on the containerd image store, of its
     * manifest or index. */
    struct digest id;
    unsigned proofs; /* ENGINE_PROOF_*; 0: none */
    char arch[ENGINE_ARCH_BYTES];
    uint64_t size_bytes;
    /* The paths that its config declares as volumes, without a '/' at the end, each with its NUL.
     */
    char volumes[ENGINE_IMAGE_VOLUME_BYTES];
    size_t volume_count;
    bool has_more_volumes; /* there are more than fit here */
};

struct engine_strings {
    const char *const *items;
    size_t count;
};

struct engine_mount {
    const char *source; /* host path, or volume name; NULL: a tmpfs */
    const char *former; /* of a volume: the name that earlier versions gave it; NULL: none */
    const char *target;
    bool is_volume;
    bool read_only;
    bool is_named;    /* a volume whose name the release says: it may be there without our labels */
    bool is_external; /* a named volume that is never made by us */
    bool no_copy;     /* a new volume stays empty: nothing of the image is copied into it */
    bool makes_path;  /* a host path that is not there becomes a directory */
    const char *propagation; /* of a host path: "rslave"; NULL: rprivate */
    const char *selinux;     /* of a host path: "z" or "Z"; NULL: not relabelled */
    uint64_t tmpfs_bytes;    /* 0: no limit of its own */
    uint32_t tmpfs_mode;     /* 0: 01777 */
    bool is_of_image;        /* a volume that the image declares at `target`: see create */
    /* Of a host path that is a tree of files (platform/files.h) or one of its files: what the tree
     * is made of. It is made before create; the engine does not look at it. NULL: no such. Of a
     * volume: of what is brought into it before a start, a tree of the name `seed`; `owner` is
     * "uid:gid", or NULL. */
    const char *recipe, *seed, *owner;
    /* Of a volume: "name=value" for the engine's local driver, which then mounts something of the
     * machine or its network there (type, o, device). One that is there must have the same. */
    struct engine_strings options;
};

struct engine_device {
    const char *host_path;
    const char *container_path;
    const char *permissions; /* "rwm" */
};

/* Devices that a driver of the engine finds (Docker Engine API, DeviceRequest): a GPU. */
struct engine_reservation {
    const char *driver;         /* NULL: any that has the capabilities */
    int64_t count;              /* -1: all there are; 0: those of `ids` */
    struct engine_strings ids;  /* as the driver calls them */
    struct engine_strings capabilities, options; /* options are "name=value" */
};

struct engine_ulimit {
    const char *name;
    int64_t soft, hard;
};

/* What the engine itself asks in the container (Docker Engine API, HealthConfig). */
struct engine_health {
    struct engine_strings test; /* "NONE"; "CMD" and words; "CMD-SHELL" and one line */
    int64_t interval_ms, timeout_ms, start_period_ms;
    int64_t start_interval_ms; /* 0: the engine's; engines before API 1.44 have none */
    uint32_t retries;
};

/* A container to create. Everything is owned by the caller and valid only during the call. Absent
 * strings are NULL, absent numbers 0. Variables are "NAME=value", hosts "name:address", labels and
 * sysctls and log options "name=value". */
struct engine_spec {
    const char *name;  /* berth_<node>_<app>_<gen>_<service>_<n> */
    const char *image; /* reference that resolves on this node, or the image's config digest */
    struct engine_strings entrypoint, command, environment, labels, hosts, cap_add, cap_drop, tmpfs;
    /* Neither driver nor options of the log: where the engine's own is a file without end
     * (json-file), it is bounded, 3 of 10 MB; any other engine's is left. */
    struct engine_strings sysctls, log_options, group_add;
    const struct engine_mount *mounts;
    size_t mount_count;
    const struct engine_device *devices;
    size_t device_count;
    const struct engine_reservation *reservations;
    size_t reservation_count;
    const struct engine_ulimit *ulimits;
    size_t ulimit_count;
    const char *user, *working_dir, *hostname, *log_driver, *stop_signal;
    const char *network; /* name of the app's network, "host" or "none" */
    ipv4 address;        /* its fixed address there; 0 with the other two */
    int64_t stop_grace_ms;
    uint64_t memory_bytes, nano_cpus, shm_bytes;
    int64_t pids; /* -1: without limit */
    bool privileged, read_only, init, tty;
    bool no_init; /* without one even where the engine gives one to every container */

    /* Annotations are "name=value"; device rules and security options as `docker run` reads them.
     */
    struct engine_strings annotations, dns, dns_search, dns_options, device_rules, security;
    const char *domainname, *mac_address, *runtime, *cpuset, *cgroup_parent;
    const char *pid, *ipc, *uts, *userns, *cgroup; /* whose namespace: "host", "private" ... */
    int64_t memory_reserved, memory_swap;          /* bytes; of the latter -1: without limit */
    int64_t swappiness;                            /* 1 more than the percentage; 0: the engine's */
    int64_t cpu_shares, cpu_quota_us, cpu_period_us, blkio_weight, oom_score;
    bool stdin_open, oom_kill_disable;
    const struct engine_health *health; /* NULL: the image's own */
};

/* A bridge network of one app. Containers on it reach each other; nothing is published by the
 * engine itself. */
struct engine_network {
    const char *name;   /* berth_<node>_<app> */
    const char *former; /* the name that earlier versions gave it; NULL: none */
    const char *node;   /* io.berth.node label */
    const char *app;    /* io.berth.app label */
    const char *bridge; /* interface name, at most 15 characters */
    ipv4 subnet, gateway;
    unsigned prefix_bits;
    unsigned mtu; /* of its interfaces; 0: of the way out of this machine when it is made (the
                   * smallest of its default routes), else the engine's */
};

/* Whose volumes those of a container are to be. */
struct engine_holder {
    const char *node, *app, *service;
    uint32_t replica;
};

/* What is left to say of a container, running or not. */
struct engine_post_mortem {
    enum engine_state state;
    int exit_code; /* of its last process; meaningful in EXITED and DEAD, and in CREATED when
                      a start was refused */
    bool was_out_of_memory;     /* the kernel killed a process of it for want of memory */
    char error[ERR_TEXT_BYTES]; /* the engine's words about its last start; empty: none */
    /* The last bytes of both streams in the order the engine gives them, whatever they are. */
    struct span output;
    bool is_output_cut;          /* there was more before */
    char unread[ERR_TEXT_BYTES]; /* why the output cannot be read at all; empty: it was read */
};

/* Parts of an answer; only those that belong to the call are set, and all of it is valid only
 * inside the callback. */
struct engine_answer {
    const struct engine_container *containers; /* list */
    size_t container_count;
    size_t left_out; /* list: so many more carry the label, and not the name their labels say */
    const struct engine_about *about; /* about */
    const struct engine_image *image; /* image_find, pull */
    const char *id;     /* create; network_ensure: the name it has; volume_find: a path */
    int exit_code;      /* exec */
    struct span output; /* exec: the last ENGINE_EXEC_OUTPUT_BYTES it wrote */
    const struct engine_post_mortem *post_mortem;
};

/* err is NULL on success. Codes: ERR_ENGINE_GONE (no answer, connection refused or lost),
 * ERR_ENGINE (it answered with an error; the text says which), ERR_NOT_FOUND, ERR_EXISTS, ERR_PULL,
 * ERR_DIGEST, ERR_DISK_SPACE, ERR_TIMEOUT, ERR_LIMIT; of create and start ERR_SPEC and ERR_WIRING.
 */
typedef void (*engine_done)(void *ctx, const struct err *err, const struct engine_answer *answer);
/* Bytes of this pull seen so far; only grows. */
typedef void (*engine_progress)(void *ctx, uint64_t bytes);

/* Something may have happened to a container or network of this node. It may come late, twice, for
 * nothing or not at all: a reason to look, and never a fact. */
typedef void (*engine_hint)(void *ctx);

/* All calls but watch are asynchronous: one that fails (ERR_LIMIT, ERR_BUSY above 64 pending) never
 * calls back, one that succeeds calls back exactly once, later. Every call may be repeated: what is
 * already so is success. Calls on different containers run beside each other; none waits for a
 * slow stop or pull. Nothing is ever read from or changed on containers, images or networks that
 * do not carry the node's label or our tag, but for containers of a Compose project that a release
 * takes over: those are listed, started, stopped, given a restart policy, and never removed. */
struct engine_ops {
    int (*about)(void *self, engine_done done, void *ctx, struct err *err);
    /* All containers labelled io.berth.node=<node>, running or not. Where they are more than
     * ENGINE_CONTAINERS_MAX, those first whose name is what their labels say; ERR_LIMIT with the
     * remedy where these are more. */
    int (*list)(void *self, const char *node, engine_done done, void *ctx, struct err *err);
    /* All containers of Compose projects, running or not, but those of one run (`compose run`) and
     * ours: `app` is the project, `service` its service, `replica` the number in it; what only our
     * labels say is empty. */
    int (*list_compose)(void *self, engine_done done, void *ctx, struct err *err);
    /* Looks for an image on this engine, by its reference, by what a mirror or another tag calls
     * it, and by every signed digest over all images: one that came by a load has no reference.
     * It is tagged, never fetched. ERR_NOT_FOUND: it is not here. */
    int (*image_find)(void *self, const struct engine_wanted *wanted, engine_done done, void *ctx,
                      struct err *err);
    /* Makes the image present, tags it and makes it durable on disk (syncfs) before done. Already
     * here (as image_find looks): only tagged and synced. Whether it is what was signed is the
     * caller's to judge, by its proofs.
     * However an error is reported: ERR_PULL (the registry does not have it, or not for this
     * machine, or other bytes), ERR_DENIED (not for this node), ERR_DISK_SPACE; these no repetition
     * mends. ERR_REGISTRY: the registry cannot be reached or breaks off, which passes. ERR_TIMEOUT:
     * no byte for ten minutes. `progress` may be NULL. */
    int (*pull)(void *self, const struct engine_wanted *wanted, engine_progress progress,
                engine_done done, void *ctx, struct err *err);
    /* Removes the tag and, when nothing else refers to it, the image. In use: success, kept. */
    int (*image_remove)(void *self, const char *tag, engine_done done, void *ctx, struct err *err);
    /* Creates the network, or checks that one of that name has this subnet and label (ERR_EXISTS
     * otherwise); one that is there keeps its MTU. Where there is none, one of the former name that
     * carries this node's and this app's label is the network, and keeps its name. */
    int (*network_ensure)(void *self, const struct engine_network *network, engine_done done,
                          void *ctx, struct err *err);
    int (*network_remove)(void *self, const char *name, engine_done done, void *ctx,
                          struct err *err);
    /* Creates, does not start; restart policy "no". A container of that name that is ours with the
     * same spec label: success with its id; any other: ERR_EXISTS. ERR_NOT_FOUND: no such image.
     * ERR_SPEC: refused because of what is asked for (no such program or user in the image, a bad
     * sysctl or mount ...), so that any node would; a closed list, the same on every engine.
     * Trouble of this node (a log driver, device or runtime it lacks) is ERR_ENGINE. ERR_WIRING:
     * the network is not there. */
    /* A volume that is not there is made with the labels io.berth.node and io.berth.app of the
     * spec; one with other labels: ERR_EXISTS. But one of the former name is mounted instead,
     * untouched, when it is this app's: by its labels; or, as earlier versions set none, because
     * every container that mounts it is this app's, or none mounts it. Mounted by this app and by
     * others: ERR_EXISTS with the remedy. Mounted by others alone it is theirs. No copies.
     * A named volume is used by exactly its name. Whoever mounts it read-only takes it whosever it
     * is, and makes it without labels. Whoever can write it takes it with no labels or with this
     * app's: ERR_EXISTS where it carries another's, or where containers of another app of ours that
     * can write mount it. One that is external and not there: ERR_ENGINE.
     * A mount that is_of_image and would be made new: the volume that hold_volumes has noted for
     * this node, app, service, replica and target is mounted instead, by its name. */
    int (*create)(void *self, const struct engine_spec *spec, engine_done done, void *ctx,
                  struct err *err);
    /* ERR_NOT_FOUND: no such container. ERR_SPEC as for create: some of it only a start shows.
     * ERR_WIRING: it is bound to a network that is gone or another by now; no start will ever
     * succeed, it must be removed and created again. After a refusal its state and exit code mean
     * nothing. */
    int (*start)(void *self, const char *id, engine_done done, void *ctx, struct err *err);
    /* Sends the stop signal, kills after grace_ms; below 0 the container's own. Blocks the engine's
     * answer, never the loop. */
    int (*stop)(void *self, const char *id, int64_t grace_ms, engine_done done, void *ctx,
                struct err *err);
    /* Notes in the engine, durably, each volume of this container (of ours) that the engine named
     * by 64 hex digits, for the creates to come; what was noted for a target stays. Without such
     * volumes, or not there: success. The container itself is not changed. `holder`, used during
     * the call only: for whom, where the container is not ours; NULL: as its own labels say. */
    int (*hold_volumes)(void *self, const char *id, const struct engine_holder *holder,
                        engine_done done, void *ctx, struct err *err);
    /* Where the volume stands that this container (of ours) mounts at `target`: the absolute path
     * of its directory on this machine is the answer's `id`. ERR_NOT_FOUND: no such container, or
     * it mounts no volume there. ERR_ENGINE: the volume is not one that the engine keeps itself. */
    int (*volume_find)(void *self, const char *id, const char *target, engine_done done, void *ctx,
                       struct err *err);
    /* Gives it this name. ERR_EXISTS: another container has it. ERR_NOT_FOUND. */
    int (*rename)(void *self, const char *id, const char *name, engine_done done, void *ctx,
                  struct err *err);
    /* Kills if needed and removes; volumes stay. Not there: success. */
    int (*remove)(void *self, const char *id, engine_done done, void *ctx, struct err *err);
    /* true: unless-stopped; false: no restart by the engine. */
    int (*keep_running)(void *self, const char *id, bool keep, engine_done done, void *ctx,
                        struct err *err);
    /* Gives it this restart policy, running or not. */
    int (*set_restart)(void *self, const char *id, struct engine_restart restart, engine_done done,
                       void *ctx, struct err *err);
    /* Gives it, running or not, the limits that it was created with and this restart policy; it
     * runs on. Where it was created without a limit it gets one that limits nothing on this
     * machine. */
    int (*restore)(void *self, const char *id, struct engine_restart restart, engine_done done,
                   void *ctx, struct err *err);
    /* signal: "SIGUSR1". Not running: success. */
    int (*signal)(void *self, const char *id, const char *signal, engine_done done, void *ctx,
                  struct err *err);
    /* Runs argv inside, no terminal; exit_code and the end of its output in the answer. ERR_TIMEOUT
     * means only that the engine said, in time, that the command still ran after timeout_ms or had
     * ended later. An engine that says nothing, late, or that it could not run the command, has
     * another code (ERR_ENGINE_GONE, ERR_ENGINE, ERR_NOT_FOUND): that is no answer of the
     * container. ERR_CONFLICT: the container does not run (it ended, or is paused); the list tells
     * which. */
    int (*exec)(void *self, const char *id, const char *const *argv, size_t count,
                int64_t timeout_ms, engine_done done, void *ctx, struct err *err);
    /* How a container ended and the last ENGINE_OUTPUT_BYTES of its output, from a bounded number
     * of lines: reading is bounded in bytes and time, however much it wrote. A log that this engine
     * cannot read (driver "none", one that only sends) is no error: `unread` says why. */
    int (*post_mortem)(void *self, const char *id, engine_done done, void *ctx, struct err *err);
    /* From now on hint(ctx) is called, never from inside a call, when the engine says that a
     * container or network of that node has started, ended, been paused, renamed, changed, removed,
     * connected or disconnected, by whomever. What brings the hints breaks with the engine, costs
     * no pending call, and is opened again by itself, at last once a minute. Replaces the watch of
     * before; hint NULL: there is none any more. ERR_MEMORY, ERR_LIMIT (the node's name). */
    int (*watch)(void *self, const char *node, engine_hint hint, void *ctx, struct err *err);
};

struct engine {
    const struct engine_ops *ops;
    void *self;
};

const char *engine_restart_word(enum engine_restart_kind kind);
const char *engine_state_word(enum engine_state state);
const char *engine_store_word(enum engine_store store);
const char *engine_store_id(enum engine_store store); /* "the digest of its config" */

#endif
