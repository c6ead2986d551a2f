/* release_process: what runs in the container, and what it is told. */
#include <ctype.h>

#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

int release_keep_string(const struct json_place *at, struct arena *arena, const char **kept,
                        struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    for (const char *p = text; *p != '\0'; p++) {
        if (iscntrl((unsigned char)*p)) {
            return json_error(at, ERR_VALUE, err, "must not contain control characters");
        }
    }
    if (text[0] == '\0') {
        return json_error(at, ERR_VALUE, err, "must not be empty; remove it");
    }
    *kept = arena_text(arena, text, strlen(text));
    return *kept != NULL ? 0 : release_no_room(at, err);
}

static int words_read(const struct json_place *at, struct release_reading *reading,
                      struct engine_strings *words, struct err *err)
{
    if (json_is_string(at)) {
        return json_error(at, ERR_VALUE, err,
                          "must be a list of words; no shell takes a line apart here");
    }
    return release_read_strings(at, reading->arena, words, err);
}

int release_read_command(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return words_read(at, reading, &reading->spec->command, err);
}

int release_read_entrypoint(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return words_read(at, reading, &reading->spec->entrypoint, err);
}

/* Whether the service's x-berth.plain has the name of this variable. */
static bool is_declared_plain(const struct json_place *variable)
{
    const struct json_place *service = variable->parent->parent;
    struct json_place extension;
    struct json_place list;
    struct json_place step = {0};
    if (!json_member(service, "x-berth", &extension) || !json_member(&extension, "plain", &list) ||
        !json_is_array(&list)) {
        return false;
    }
    while (json_next(&list, &step)) {
        const char *name = NULL;
        if (json_string(&step, &name, NULL) == 0 && strcmp(name, variable->key) == 0) {
            return true;
        }
    }
    return false;
}

static int variable_read(const struct json_place *at, struct release_reading *reading,
                         const char **pair, struct err *err)
{
    const char *value = NULL;
    struct err inner;
    if (at->key[0] == '\0' || strchr(at->key, '=') != NULL) {
        return json_error(at, ERR_VALUE, err, "a variable's name must not be empty or contain '='");
    }
    if (json_is_null(at)) {
        return json_error(at, ERR_VALUE, err, "needs a value: a node has no shell to take it from");
    }
    int rc = json_string(at, &value, err);
    if (rc != 0) {
        return rc;
    }
    if (value[0] != '\0' && variable_is_secret(at->key) && !is_declared_plain(at)) {
        return json_error(at, ERR_VALUE, err,
                          "looks like a secret; list a file under secrets and read /run/secrets, "
                          "or list the name under x-berth.plain");
    }
    const char *substituted = NULL;
    rc = node_substitute(value, reading->node, reading->arena, &substituted, &inner);
    if (rc != 0) {
        return json_error(at, rc, err, "%s", inner.text);
    }
    size_t key_len = strlen(at->key);
    size_t value_len = strlen(substituted);
    char *joined = arena_alloc(reading->arena, key_len + value_len + 2);
    if (joined == NULL) {
        return release_no_room(at, err);
    }
    memcpy(joined, at->key, key_len);
    joined[key_len] = '=';
    memcpy(joined + key_len + 1, substituted, value_len);
    *pair = joined;
    return 0;
}

int release_read_environment(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object of strings");
    }
    const char **items = arena_alloc(reading->arena, json_count(at) * sizeof *items);
    size_t count = 0;
    if (items == NULL) {
        return release_no_room(at, err);
    }
    while (json_next(at, &step)) {
        int rc = variable_read(&step, reading, &items[count], err);
        if (rc != 0) {
            return rc;
        }
        count++;
    }
    reading->spec->environment = (struct engine_strings){.items = items, .count = count};
    return 0;
}

int release_read_user(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return release_keep_string(at, reading->arena, &reading->spec->user, err);
}

int release_read_working_dir(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int rc = release_keep_string(at, reading->arena, &reading->spec->working_dir, err);
    if (rc == 0 && reading->spec->working_dir[0] != '/') {
        rc = json_error(at, ERR_VALUE, err, "must be an absolute path");
    }
    return rc;
}

int release_read_hostname(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int rc = release_keep_string(at, reading->arena, &reading->spec->hostname, err);
    if (rc == 0 && (!label_is_name(reading->spec->hostname) ||
                    strpbrk(reading->spec->hostname, "/_") != NULL)) {
        rc = json_error(at, ERR_VALUE, err, "must be a host name of at most 63 characters");
    }
    return rc;
}

int release_read_labels(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    while (json_next(at, &step)) {
        if (step.key != NULL && strncmp(step.key, "io.berth.", 9) == 0) {
            return json_error(&step, ERR_VALUE, err, "io.berth. labels are the node's own");
        }
    }
    return release_read_pairs(at, reading->arena, &reading->spec->labels, err);
}

int release_read_group_add(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return release_read_strings(at, reading->arena, &reading->spec->group_add, err);
}

int release_read_init(const struct json_place *at, void *into, struct err *err)
{
    struct engine_spec *spec = ((struct release_reading *)into)->spec;
    int rc = json_boolean(at, &spec->init, err);
    spec->no_init = !spec->init;
    return rc;
}

int release_read_tty(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct release_reading *)into)->spec->tty, err);
}

int release_read_restart(const struct json_place *at, void *into, struct err *err)
{
    const char *word = NULL;
    (void)into;
    int rc = json_string(at, &word, err);
    if (rc == 0 && strcmp(word, "unless-stopped") != 0 && strcmp(word, "always") != 0) {
        rc = json_error(at, ERR_VALUE, err,
                        "a committed service always runs; say unless-stopped or nothing");
    }
    return rc;
}

int release_read_stop_signal(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int rc = release_keep_string(at, reading->arena, &reading->spec->stop_signal, err);
    if (rc == 0 && !signal_is_name(reading->spec->stop_signal) &&
        !signal_is_number(reading->spec->stop_signal)) {
        rc = json_error(at, ERR_VALUE, err,
                        "must be the name of a signal, like SIGTERM, or its number");
    }
    return rc;
}

int release_read_stop_grace(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return release_read_duration(at, 0, MINUTES_MS(60), &reading->service->stop_grace_ms, err);
}

static int read_driver(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return release_keep_string(at, reading->arena, &reading->spec->log_driver, err);
}

static int read_options(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return release_read_pairs(at, reading->arena, &reading->spec->log_options, err);
}

int release_read_logging(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"driver", read_driver, NULL, false},
                                           {"options", read_options, NULL, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}
