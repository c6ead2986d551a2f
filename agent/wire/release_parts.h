/* release_parts: what the files that read a release share; nobody else includes it. */
#ifndef AGENT_WIRE_RELEASE_PARTS_H
#define AGENT_WIRE_RELEASE_PARTS_H

#include "agent/wire/json.h"
#include "agent/wire/release.h"

/* An order somebody wrote down. */
enum order_wish { ORDER_UNSAID, ORDER_AUTO, ORDER_START_FIRST, ORDER_STOP_FIRST };

/* One reading of a release: where each part goes, and facts that are judged together at the end. */
struct release_reading {
    const struct release_node *node;
    struct plan *plan;
    struct plan_service *service; /* the one being read */
    struct engine_spec *spec;     /* its container, without an identity */
    struct arena *arena;          /* for what spec points at */
    struct engine_strings secrets;
    struct digest index; /* of the image reference */
    enum order_wish swap_order, update_order, service_order;
    bool is_data_safe, mounts_writable, is_soak_said, is_deadline_said;
    struct plan_probe health, health_start;
    size_t words_used;           /* of the service's words */
    const char *platform;        /* "arm" or "arm/v7", as the service says; NULL: any */
    struct engine_strings names; /* besides the service's own */
    struct volume_name *volumes; /* that have a name or options of their own */
    size_t volume_count;
    struct plan_file *files; /* that travel with the release */
    size_t file_count;
    const struct release_files_sink *sink; /* NULL: nobody is told */
};

/* A volume of the document of which the release says the name at the engine, or the options. */
struct volume_name {
    const char *key, *name; /* name NULL: the app's own */
    bool is_external;
    struct engine_strings options;
};

/* Readers of single keys (json_read): `into` is the struct release_reading. */
int release_read_image(const struct json_place *at, void *into, struct err *err);
int release_read_platforms(const struct json_place *at, void *into, struct err *err);
int release_read_command(const struct json_place *at, void *into, struct err *err);
int release_read_entrypoint(const struct json_place *at, void *into, struct err *err);
int release_read_environment(const struct json_place *at, void *into, struct err *err);
int release_read_user(const struct json_place *at, void *into, struct err *err);
int release_read_working_dir(const struct json_place *at, void *into, struct err *err);
int release_read_hostname(const struct json_place *at, void *into, struct err *err);
int release_read_labels(const struct json_place *at, void *into, struct err *err);
int release_read_extra_hosts(const struct json_place *at, void *into, struct err *err);
/* Any key of release_plain_keys. */
int release_read_plain(const struct json_place *at, void *into, struct err *err);
int release_read_platform(const struct json_place *at, void *into, struct err *err);
int release_read_swappiness(const struct json_place *at, void *into, struct err *err);
int release_read_blkio(const struct json_place *at, void *into, struct err *err);
int release_read_names(const struct json_place *at, void *into, struct err *err);
int release_read_group_add(const struct json_place *at, void *into, struct err *err);
int release_read_init(const struct json_place *at, void *into, struct err *err);
int release_read_tty(const struct json_place *at, void *into, struct err *err);
int release_read_restart(const struct json_place *at, void *into, struct err *err);
int release_read_stop_signal(const struct json_place *at, void *into, struct err *err);
int release_read_stop_grace(const struct json_place *at, void *into, struct err *err);
int release_read_logging(const struct json_place *at, void *into, struct err *err);
int release_read_volumes(const struct json_place *at, void *into, struct err *err);
int release_read_tmpfs(const struct json_place *at, void *into, struct err *err);
int release_read_devices(const struct json_place *at, void *into, struct err *err);
int release_read_reserved_devices(const struct json_place *at, void *into, struct err *err);
int release_read_secrets(const struct json_place *at, void *into, struct err *err);
int release_read_cap_add(const struct json_place *at, void *into, struct err *err);
int release_read_cap_drop(const struct json_place *at, void *into, struct err *err);
int release_read_privileged(const struct json_place *at, void *into, struct err *err);
int release_read_read_only(const struct json_place *at, void *into, struct err *err);
int release_read_network_mode(const struct json_place *at, void *into, struct err *err);
int release_read_ports(const struct json_place *at, void *into, struct err *err);
int release_read_ulimits(const struct json_place *at, void *into, struct err *err);
int release_read_sysctls(const struct json_place *at, void *into, struct err *err);
int release_read_shm_size(const struct json_place *at, void *into, struct err *err);
int release_read_deploy(const struct json_place *at, void *into, struct err *err);
int release_read_healthcheck(const struct json_place *at, void *into, struct err *err);
int release_read_probes(const struct json_place *at, void *into, struct err *err);
int release_read_drain(const struct json_place *at, void *into, struct err *err);
int release_read_top(const struct json_place *at, void *into, struct err *err); /* x-berth */

/* Reads one service, Compose keys and x-berth. */
int release_read_service(const struct json_place *at, struct release_reading *reading,
                         struct err *err);

/* "auto", "start-first", "stop-first". */
int release_read_order(const struct json_place *at, enum order_wish *wish, struct err *err);

/* A duration within bounds; a size as a string with unit or an integer of bytes. */
int release_read_duration(const struct json_place *at, int64_t least_ms, int64_t most_ms,
                          int64_t *ms, struct err *err);
int release_read_size(const struct json_place *at, uint64_t *bytes, struct err *err);

/* A list of strings, or an object of strings as "key=value", into the arena. */
int release_read_strings(const struct json_place *at, struct arena *arena,
                         struct engine_strings *out, struct err *err);
int release_read_pairs(const struct json_place *at, struct arena *arena, struct engine_strings *out,
                       struct err *err);
int release_no_room(const struct json_place *at, struct err *err);

/* A string kept for the container: not empty, without control characters. */
int release_keep_string(const struct json_place *at, struct arena *arena, const char **kept,
                        struct err *err);

/* The document's own names of volumes, before any service is read. */
int release_read_volume_names(const struct json_place *at, struct release_reading *reading,
                              struct err *err);

/* The files that travel, before any service is read. */
int release_read_files(const struct json_place *at, void *into, struct err *err);

/* What a service mounts of them at `source`, a file's name or that of a folder with files in it:
 * sets the mount's source, below the directory of trees, and the recipe of its tree. */
int release_keep_tree(const struct json_place *at, const struct release_reading *reading,
                      const char *source, struct engine_mount *mount, struct err *err);
/* What is brought into a volume before a start, of a folder of them: sets the mount's seed, and the
 * recipe. */
int release_keep_seed(const struct json_place *at, const struct release_reading *reading,
                      const char *source, struct engine_mount *mount, struct err *err);

/* Room for words, one after the other, each with its NUL. */
struct words {
    char *data;
    size_t cap, used;
};

/* Those of the service being read; what is added is noted in words_used by the caller. */
struct words release_words_of(struct release_reading *reading);

/* Adds one; the same refusal wherever there is no room. */
int release_add_word(const struct json_place *at, struct words *words, const char *word,
                     struct err *err);

/* A list of 1 to PLAN_EXEC_ARGS_MAX words, added. */
int release_read_arguments(const struct json_place *at, struct words *words, uint8_t *count,
                           struct err *err);

/* Decides what depends on several keys of one service: probes by default, order; refuses what
 * contradicts itself. */
int release_check_service(const struct json_place *at, struct release_reading *reading,
                          struct err *err);
/* The same for the whole plan: soak, deadline, floor. */
int release_check_plan(struct release_reading *reading, struct err *err);

/* Short hash of a container without identity: change detection, no security (FNV-1a, 64 bits). */
void release_spec_hash(const struct release_reading *reading, char hash[17]);

/* Gives the container its identity: name, network, address, hosts entry, labels, secrets. */
int release_identify(struct release_reading *reading, const struct release_container *container,
                     struct err *err);

#endif
