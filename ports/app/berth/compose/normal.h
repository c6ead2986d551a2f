/* normal: one service's keys, in whatever form the file has them, into the payload's one form. */
#ifndef PORTS_APP_BERTH_COMPOSE_NORMAL_H
#define PORTS_APP_BERTH_COMPOSE_NORMAL_H

#include "platform/base/span.h"
#include "platform/base/text.h"
#include "platform/verify.h"
#include "ports/app/berth/compose/findings.h"
#include "ports/app/berth/image_facts.h"
#include "ports/yaml/tree.h"

#define NORMAL_PATH_BYTES 512
#define NORMAL_WORD_BYTES 16384 /* a value of the file; longer ones are refused */
#define VOLUME_KEY_BYTES  65    /* a volume's key in the payload */
#define NORMAL_NAMES_MAX  8     /* second names of a service: agent/wire/README.md, x-berth.names */

struct travel;

/* Where one service is being written. What is wrong or worth knowing becomes a finding at `path`,
 * and the faulty piece is left out, so that one run finds everything; with a refused finding the
 * payload must not be used. */
struct normal {
    const struct yaml_item *root;    /* the whole project */
    const struct yaml_item *service; /* the one being written */
    const struct image_facts *facts; /* of its image; NULL: not asked */
    const char *project;             /* its name */
    const char *adopt;               /* the running project to take over; NULL: none */
    const char *project_dir;         /* where relative paths begin; NULL: none is looked for */
    const char *secrets_app;         /* the app's name, for remedies */
    const struct verify *verify;     /* digests */
    struct findings *findings;
    struct travel *travel; /* files that travel with the release; NULL: none is looked for */
    struct text *out;
    bool is_new; /* something was written that only an agent of this version reads */
    char path[NORMAL_PATH_BYTES]; /* of the value being written: "services.web.ports[0]" */
};

/* A finding at normal->path. `remedy` may be NULL. */
void normal_refuse(struct normal *normal, const struct yaml_item *item, const char *remedy,
                   const char *fmt, ...) PRINTF_LIKE(4, 5);
void normal_note(struct normal *normal, const struct yaml_item *item, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Go one step down and come back: give `normal_leave` what enter returned. */
size_t normal_enter(struct normal *normal, const char *key);
size_t normal_enter_index(struct normal *normal, size_t index);
void normal_leave(struct normal *normal, size_t len);

/* Writes a comma where one is needed and, of a member, its key and colon. */
void json_key(struct text *out, const char *key);
void json_element(struct text *out);
/* An object or list that may stay empty: `json_open` writes key and bracket ('{' or '['),
 * `json_close` the other one, or takes everything back where nothing was written between. */
struct json_part {
    size_t before, empty;
    char bracket;
};
struct json_part json_open(struct text *out, const char *key, char bracket);
/* True when something was written. */
bool json_close(struct text *out, struct json_part part);
/* Takes it back, whatever was written. */
void json_drop(struct text *out, struct json_part part);

/* -- values (value.c) ---------------------------------------------------------------------------
 */

/* Null as YAML 1.1 writes it, without quotes; NULL is null, too. */
bool value_is_null(const struct yaml_item *item);
bool value_is_empty(const struct yaml_item *item); /* null, {} or [] */
/* A scalar that is not null; else a refused finding and NULL. */
const char *value_text(struct normal *normal, const struct yaml_item *item);
/* true, false and what YAML 1.1 and Compose take for them. */
bool value_bool(struct normal *normal, const struct yaml_item *item, bool *is_true);
bool value_integer(struct normal *normal, const struct yaml_item *item, int64_t least, int64_t most,
                   int64_t *number);
/* Compose: "1.5s", "1m30s", "500ms", "1h", "300us"; a plain 0. Milliseconds, rounded up. */
bool value_duration(struct normal *normal, const struct yaml_item *item, int64_t least_ms,
                    int64_t most_ms, int64_t *ms);
/* Compose: "1.5G", "512m", "64kb", "100b", 1024; powers of 1024 whatever the unit. */
bool size_of_text(const char *text, uint64_t *bytes);
bool value_size(struct normal *normal, const struct yaml_item *item, uint64_t *bytes);
/* Processors in thousandths, rounded up with a note. 0: no limit. */
bool value_cpus(struct normal *normal, const struct yaml_item *item, int64_t *thousandths);

/* The member of the service, not null, or NULL. */
const struct yaml_item *service_member(const struct normal *normal, const char *key);

/* -- writers of keys, for the table: each writes `,"key":value`, or findings, or both ------------
 */
typedef void normal_writer(struct normal *normal, const struct yaml_item *item);

normal_writer write_command, write_user, write_working_dir, write_hostname, write_word, write_flag;
normal_writer write_stop_signal, write_stop_grace, write_integer, write_size, write_platform;
normal_writer write_pairs, write_environment, write_sysctls, write_extra_hosts, write_logging;
normal_writer write_words, write_capabilities, write_devices, write_tmpfs, write_group_add;
normal_writer write_namespace, write_network_mode, write_networks, write_links, write_depends_on;
normal_writer write_ports, write_secrets, write_restart, write_ulimits, write_blkio, write_memswap;
normal_writer write_dns, write_build, write_expose;

/* Written once a service, from several keys or from the image: */
void write_volumes(struct normal *normal);
void write_healthcheck(struct normal *normal);
void write_deploy(struct normal *normal);
/* Devices that a driver finds: those of `devices` (of deploy; NULL: none) and of gpus. */
void write_reserved_devices(struct normal *normal, const struct yaml_item *devices);
/* Container name, aliases and links: the elements of x-berth.names, without brackets. */
void write_names(struct normal *normal);
/* The elements of x-berth.plain. */
void write_plain(struct normal *normal);

/* -- volumes with options (normal_options.c) ----------------------------------------------------
 */

/* Under which key a declared volume (NULL: none is) stands in the payload: its own, or one that
 * tells its options. */
void volume_key(const struct normal *normal, const struct yaml_item *volume, const char *key,
                char *name, size_t cap);
/* No name is given, or the one that Compose itself prints. */
bool volume_name_is_usual(const struct normal *normal, const struct yaml_item *name,
                          const char *key);
/* Writes the options of a declared volume, if it has any. */
void write_driver_opts(struct normal *normal, const struct yaml_item *volume);

/* -- secrets (secrets.c) ------------------------------------------------------------------------
 */

/* Why this variable or option looks like a secret, or NULL. */
const char *secret_reason(const char *name, const char *value);
/* x-berth.plain of the service or file names it. */
bool secret_is_plain(const struct normal *normal, const char *name);
/* Reports it, unless x-berth.plain of the service or file names it. */
void secret_check(struct normal *normal, const struct yaml_item *item, const char *name,
                  const char *value);

/* Any YAML as JSON by its YAML types: what berth itself defined (x-berth). */
void write_any(struct normal *normal, const struct yaml_item *item);

#endif
