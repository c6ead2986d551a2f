/* normal_lists: keys that are one word or a list of words: powers, devices, name servers, tmpfs. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

#include "agent/wire/release_words.h"
#include "ports/app/berth/compose/normal.h"

/* Writes a word or a list of words as a list; `write` gets each that is one, and writes it, changed
 * or not, or refuses it. */
static void list_write(struct normal *normal, const struct yaml_item *item,
                       void (*write)(struct normal *, const struct yaml_item *, const char *))
{
    size_t index = 0;
    if (value_is_null(item)) {
        return;
    }
    if (item->kind == YAML_TREE_MAP) {
        normal_refuse(normal, item, "write a list", "must be a list, not a map");
        return;
    }
    struct json_part part = json_open(normal->out, item->key, '[');
    const struct yaml_item *step = item->kind == YAML_TREE_LIST ? item->child : item;
    const struct yaml_item *end = item->kind == YAML_TREE_LIST ? NULL : item->next;
    for (; step != end; step = step->next) {
        size_t len = item == step ? strlen(normal->path) : normal_enter_index(normal, index++);
        const char *text = value_text(normal, step);
        if (text != NULL && (text[0] != '\0' || item != step)) {
            write(normal, step, text);
        }
        normal_leave(normal, len);
    }
    (void)json_close(normal->out, part);
}

static void element_write(struct normal *normal, const struct yaml_item *item, const char *text)
{
    (void)item;
    json_element(normal->out);
    text_append_json(normal->out, text);
}

/* "no-new-privileges" has a colon, all others an equals sign, whichever the file has. */
static void security_write(struct normal *normal, const struct yaml_item *item, const char *text)
{
    char option[NORMAL_WORD_BYTES];
    bool is_plain = strncmp(text, "no-new-privileges", 17) == 0;
    if (!text_copy(option, sizeof option, text)) {
        normal_refuse(normal, item, NULL, "is longer than %d bytes", NORMAL_WORD_BYTES);
        return;
    }
    char *parting = option + strcspn(option, "=:");
    if (*parting != '\0') {
        *parting = is_plain ? ':' : '=';
    } else if (is_plain) {
        text_shorten_printf(option, sizeof option, "no-new-privileges:true");
    }
    if (strncmp(option, "seccomp=", 8) == 0 && strcmp(option + 8, "unconfined") != 0 &&
        option[8] != '{') {
        normal_refuse(normal, item, "write the profile's JSON behind seccomp=, or unconfined",
                      "the file of a profile does not travel in a release");
        return;
    }
    element_write(normal, item, option);
}

void write_words(struct normal *normal, const struct yaml_item *item)
{
    list_write(normal, item,
               strcmp(item->key, "security_opt") == 0 ? security_write : element_write);
}

void write_group_add(struct normal *normal, const struct yaml_item *item)
{
    list_write(normal, item, element_write);
}

static void server_write(struct normal *normal, const struct yaml_item *item, const char *text)
{
    unsigned char bytes[16];
    if (inet_pton(AF_INET, text, bytes) != 1 && inet_pton(AF_INET6, text, bytes) != 1) {
        normal_refuse(normal, item, "write an address like 192.168.1.1",
                      "a name server is given by address, not by name: %s", text);
        return;
    }
    element_write(normal, item, text);
}

void write_dns(struct normal *normal, const struct yaml_item *item)
{
    list_write(normal, item, server_write);
}

static void capability_write(struct normal *normal, const struct yaml_item *item, const char *text)
{
    char word[64];
    size_t len = strlen(text);
    for (size_t i = 0; i <= len && len < sizeof word; i++) {
        word[i] = (char)toupper((unsigned char)text[i]);
    }
    if (len >= sizeof word || len == 0 ||
        word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] != '\0') {
        normal_refuse(normal, item, "write it like NET_ADMIN or ALL", "is no capability: %s", text);
        return;
    }
    element_write(normal, item, word);
}

void write_capabilities(struct normal *normal, const struct yaml_item *item)
{
    list_write(normal, item, capability_write);
}

static void tmpfs_write(struct normal *normal, const struct yaml_item *item, const char *text)
{
    if (text[0] != '/' || text[1] == '\0' || strstr(text, "..") != NULL) {
        normal_refuse(normal, item, "write it like /run or /run:size=64m,mode=1777",
                      "must begin with an absolute path: %s", text);
        return;
    }
    element_write(normal, item, text);
}

void write_tmpfs(struct normal *normal, const struct yaml_item *item)
{
    list_write(normal, item, tmpfs_write);
}

static bool is_permission(const char *text)
{
    return text[0] != '\0' && strlen(text) <= 3 && text[strspn(text, "rwm")] == '\0';
}

static void device_emit(struct normal *normal, const struct yaml_item *item, const char *source,
                        const char *target, const char *permissions)
{
    char line[NORMAL_WORD_BYTES];
    if (source[0] != '/' && strchr(source, '=') != NULL) {
        normal_refuse(normal, item, "name the device's file, as in /dev/ttyUSB0",
                      "devices of drivers (CDI) are not known on a node: %s", source);
    } else if (!path_is_safe(source) || !path_is_safe(target)) {
        normal_refuse(normal, item, "write it like /dev/ttyS0:/dev/ttyS0:rw",
                      "must be absolute paths of device files: %s", source);
    } else if (!is_permission(permissions)) {
        normal_refuse(normal, item, "use r, w and m", "are no permissions of a device: %s",
                      permissions);
    } else {
        text_shorten_printf(line, sizeof line, "%s:%s:%s", source, target, permissions);
        element_write(normal, item, line);
    }
}

/* "host[:container][:permissions]" */
static void device_short(struct normal *normal, const struct yaml_item *item)
{
    char parts[1024];
    const char *text = value_text(normal, item);
    if (text == NULL) {
        return;
    }
    if (!text_copy(parts, sizeof parts, text)) {
        normal_refuse(normal, item, NULL, "is longer than %zu characters", sizeof parts - 1);
        return;
    }
    char *second = strchr(parts, ':');
    char *third = second != NULL ? strchr(second + 1, ':') : NULL;
    if (second != NULL) {
        *second++ = '\0';
    }
    if (third != NULL) {
        *third++ = '\0';
    }
    if (third == NULL && second != NULL && is_permission(second)) {
        device_emit(normal, item, parts, parts, second);
    } else {
        device_emit(normal, item, parts, second != NULL ? second : parts,
                    third != NULL ? third : "rwm");
    }
}

static const char *text_or(struct normal *normal, const struct yaml_item *map, const char *key,
                           const char *otherwise)
{
    const struct yaml_item *item = yaml_tree_member(map, key);
    const char *text = value_is_null(item) ? otherwise : value_text(normal, item);
    return text != NULL && text[0] != '\0' ? text : otherwise;
}

void write_devices(struct normal *normal, const struct yaml_item *item)
{
    size_t index = 0;
    if (value_is_null(item)) {
        return;
    }
    if (item->kind != YAML_TREE_LIST) {
        normal_refuse(normal, item, "write a list", "must be a list");
        return;
    }
    struct json_part part = json_open(normal->out, item->key, '[');
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        size_t len = normal_enter_index(normal, index++);
        if (step->kind == YAML_TREE_MAP) {
            const char *source = text_or(normal, step, "source", "");
            device_emit(normal, step, source, text_or(normal, step, "target", source),
                        text_or(normal, step, "permissions", "rwm"));
        } else {
            device_short(normal, step);
        }
        normal_leave(normal, len);
    }
    (void)json_close(normal->out, part);
}
