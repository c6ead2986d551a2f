/* normal_pairs: names with values, written as a map or as a list of NAME=value. */
#include <arpa/inet.h>
#include <stdio.h>

#include "agent/wire/release_words.h"
#include "ports/app/berth/compose/normal.h"

#define NAME_BYTES_MAX 512

struct pair {
    const struct yaml_item *item;
    char name[NAME_BYTES_MAX];
    const char *value; /* NULL: only a name stands there */
    char room[64];     /* for a number's shortest form */
};

/* Takes one element or member apart; false with a finding. `separators`: what may part them. */
static bool pair_read(struct normal *normal, const struct yaml_item *item, const char *separators,
                      struct pair *pair)
{
    pair->item = item;
    pair->value = NULL;
    if (item->key != NULL) {
        bool is_null = value_is_null(item);
        const char *text = is_null ? NULL : value_text(normal, item);
        pair->value = text != NULL ? yaml_word_text(item, pair->room, sizeof pair->room) : NULL;
        if (!text_copy(pair->name, sizeof pair->name, item->key) || (!is_null && text == NULL)) {
            return false;
        }
    } else {
        const char *text = value_text(normal, item);
        if (text == NULL) {
            return false;
        }
        size_t len = strcspn(text, separators);
        if (len >= sizeof pair->name) {
            normal_refuse(normal, item, NULL, "the name is longer than %d characters",
                          NAME_BYTES_MAX - 1);
            return false;
        }
        memcpy(pair->name, text, len);
        pair->name[len] = '\0';
        pair->value = text[len] != '\0' ? text + len + 1 : NULL;
    }
    if (pair->name[0] == '\0' || strchr(pair->name, '=') != NULL) {
        normal_refuse(normal, item, "write NAME: value or NAME=value",
                      "a name must not be empty or contain '='");
        return false;
    }
    return true;
}

/* Of a list Compose takes the last element of a name. */
static bool is_said_again(const struct yaml_item *item, const char *name)
{
    size_t len = strlen(name);
    for (item = item->key == NULL ? item->next : NULL; item != NULL; item = item->next) {
        if (item->kind == YAML_TREE_SCALAR && strncmp(item->text, name, len) == 0 &&
            (item->text[len] == '=' || item->text[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool is_collection(struct normal *normal, const struct yaml_item *item)
{
    if (item->kind == YAML_TREE_SCALAR) {
        normal_refuse(normal, item, "write a map or a list of NAME=value",
                      "must be a map or a list");
        return false;
    }
    return true;
}

/* Writes all pairs as an object of strings. `judge` looks at each and may refuse to have it
 * written; a pair without a value has "" then. */
static void pairs_write(struct normal *normal, const struct yaml_item *item,
                        bool (*judge)(struct normal *, struct pair *))
{
    struct pair pair;
    size_t index = 0;
    if (value_is_null(item) || !is_collection(normal, item)) {
        return;
    }
    struct json_part part = json_open(normal->out, item->key, '{');
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next, index++) {
        size_t len =
            step->key != NULL ? normal_enter(normal, step->key) : normal_enter_index(normal, index);
        if (pair_read(normal, step, "=", &pair) && !is_said_again(step, pair.name) &&
            judge(normal, &pair)) {
            json_key(normal->out, pair.name);
            text_append_json(normal->out, pair.value != NULL ? pair.value : "");
        }
        normal_leave(normal, len);
    }
    (void)json_close(normal->out, part);
}

static bool variable_judge(struct normal *normal, struct pair *pair)
{
    if (pair->value == NULL) {
        normal_note(normal, pair->item,
                    "%s has no value here, so it is left out, as Compose does; give it one to set "
                    "it",
                    pair->name);
        return false;
    }
    secret_check(normal, pair->item, pair->name, pair->value);
    return true;
}

void write_environment(struct normal *normal, const struct yaml_item *item)
{
    pairs_write(normal, item, variable_judge);
}

static bool label_judge(struct normal *normal, struct pair *pair)
{
    if (strncmp(pair->name, "io.berth.", 9) == 0) {
        normal_refuse(normal, pair->item, "give it another name",
                      "io.berth. labels are the node's own");
        return false;
    }
    secret_check(normal, pair->item, NULL, pair->value != NULL ? pair->value : "");
    return true;
}

void write_pairs(struct normal *normal, const struct yaml_item *item)
{
    pairs_write(normal, item, label_judge);
}

static bool sysctl_judge(struct normal *normal, struct pair *pair)
{
    if (pair->value == NULL || pair->value[0] == '\0') {
        normal_refuse(normal, pair->item, "write it like net.core.somaxconn: 1024",
                      "a kernel parameter needs a value");
        return false;
    }
    return true;
}

void write_sysctls(struct normal *normal, const struct yaml_item *item)
{
    pairs_write(normal, item, sysctl_judge);
}

/* Writes "name:address". */
static void host_write(struct normal *normal, const struct yaml_item *item, const char *name,
                       const char *address)
{
    char plain[64];
    char line[NAME_BYTES_MAX + 64];
    unsigned char bytes[16];
    size_t len = strlen(address);
    bool is_bracketed = address[0] == '[' && len > 2 && address[len - 1] == ']';
    text_shorten_printf(plain, sizeof plain, "%.*s", (int)(is_bracketed ? len - 2 : len),
                        address + is_bracketed);
    if (inet_pton(AF_INET, plain, bytes) != 1 && inet_pton(AF_INET6, plain, bytes) != 1 &&
        strcmp(plain, "host-gateway") != 0) {
        normal_refuse(normal, item, "write NAME:ADDRESS with an IP address or host-gateway",
                      "%s is no address", plain[0] != '\0' ? plain : "nothing");
        return;
    }
    text_shorten_printf(line, sizeof line, "%s:%s", name, plain);
    normal->is_new |= strchr(plain, ':') != NULL;
    json_element(normal->out);
    text_append_json(normal->out, line);
}

void write_extra_hosts(struct normal *normal, const struct yaml_item *item)
{
    struct pair pair;
    size_t index = 0;
    if (value_is_null(item) || !is_collection(normal, item)) {
        return;
    }
    struct json_part part = json_open(normal->out, item->key, '[');
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next, index++) {
        size_t len =
            step->key != NULL ? normal_enter(normal, step->key) : normal_enter_index(normal, index);
        const struct yaml_item *address = step->kind == YAML_TREE_LIST ? step->child : NULL;
        for (; address != NULL; address = address->next) {
            const char *text = value_text(normal, address);
            if (text != NULL && step->key != NULL) {
                host_write(normal, address, step->key, text);
            }
        }
        if (step->kind != YAML_TREE_LIST && pair_read(normal, step, "=:", &pair)) {
            host_write(normal, step, pair.name, pair.value != NULL ? pair.value : "");
        }
        normal_leave(normal, len);
    }
    (void)json_close(normal->out, part);
}

void write_logging(struct normal *normal, const struct yaml_item *item)
{
    const struct yaml_item *driver = yaml_tree_member(item, "driver");
    const struct yaml_item *options = yaml_tree_member(item, "options");
    if (value_is_empty(item)) {
        return;
    }
    if (item->kind != YAML_TREE_MAP) {
        normal_refuse(normal, item, "write driver and options below it", "must be a map");
        return;
    }
    struct json_part part = json_open(normal->out, item->key, '{');
    if (!value_is_null(driver)) {
        size_t len = normal_enter(normal, "driver");
        write_word(normal, driver);
        normal_leave(normal, len);
    }
    if (!value_is_empty(options)) {
        size_t len = normal_enter(normal, "options");
        write_pairs(normal, options);
        normal_leave(normal, len);
    }
    (void)json_close(normal->out, part);
}
