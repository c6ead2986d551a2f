/* normal_network: networks, namespaces and names: what of the others a service sees. */
#include <ctype.h>
#include <stdio.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"
#include "ports/app/berth/compose/render.h"

/* Words that a namespace may be, by key. */
static const struct {
    const char *key;
    const char *words[5];
    const char *remedy;
} namespaces[] = {
    {"cgroup", {"host", "private"}, "write host or private"},
    {"ipc", {"host", "private", "shareable", "none"}, "write host, private, shareable or none"},
    {"pid", {"host"}, "write host, or remove it"},
    {"uts", {"host"}, "write host, or remove it"},
    {"userns_mode", {"host"}, "write host, or remove it"},
};

void write_namespace(struct normal *normal, const struct yaml_item *item)
{
    const char *text = value_is_null(item) ? NULL : value_text(normal, item);
    if (text == NULL || text[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(namespaces); i++) {
        for (size_t j = 0; strcmp(namespaces[i].key, item->key) == 0 && j < 5; j++) {
            if (namespaces[i].words[j] == NULL) {
                normal_refuse(normal, item, namespaces[i].remedy,
                              strncmp(text, "service:", 8) == 0 ||
                                      strncmp(text, "container:", 10) == 0
                                  ? "another container's namespace cannot be joined: %s"
                                  : "is not known here: %s",
                              text);
                return;
            }
            if (strcmp(namespaces[i].words[j], text) == 0) {
                write_word(normal, item);
                return;
            }
        }
    }
}

void write_network_mode(struct normal *normal, const struct yaml_item *item)
{
    const char *text = value_is_null(item) ? NULL : value_text(normal, item);
    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (strcmp(text, "host") == 0 || strcmp(text, "none") == 0) {
        if (!value_is_empty(yaml_tree_member(normal->service, "networks"))) {
            normal_refuse(normal, item, "remove one of the two",
                          "network_mode and networks exclude each other");
        }
        write_word(normal, item);
    } else if (strcmp(text, "bridge") == 0 || strcmp(text, "default") == 0) {
        normal_note(normal, item, "%s is not joined: the app has one bridge network of its own",
                    text);
    } else if (strncmp(text, "service:", 8) == 0 || strncmp(text, "container:", 10) == 0) {
        normal_refuse(normal, item,
                      "let the two reach each other by name and port, or use network_mode: host "
                      "for both",
                      "another container's network cannot be shared: %s", text);
    } else {
        normal_refuse(normal, item, "write host or none, or remove it", "is not known here: %s",
                      text);
    }
}

static const char *element_name(const struct yaml_item *item)
{
    return item->key != NULL ? item->key : item->kind == YAML_TREE_SCALAR ? item->text : "";
}

void write_networks(struct normal *normal, const struct yaml_item *item)
{
    const struct yaml_item *declared = yaml_tree_member(normal->root, "networks");
    size_t count = 0;
    if (value_is_empty(item)) {
        return;
    }
    if (item->kind == YAML_TREE_SCALAR) {
        normal_refuse(normal, item, "write a list of names", "must be a list or a map");
        return;
    }
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next, count++) {
        const char *name = element_name(step);
        if (strcmp(name, "default") != 0 && yaml_tree_member(declared, name) == NULL) {
            normal_refuse(normal, step, "declare it under networks of the file, or remove it",
                          "no network %s is declared", name);
        }
    }
    if (count > 1) {
        normal_note(normal, item,
                    "%zu networks become the app's one: its services reach each other, whichever "
                    "network they share",
                    count);
    }
}

/* That the services are there is judged where the project is read (profiles.c). */
void write_links(struct normal *normal, const struct yaml_item *item)
{
    const struct yaml_item *step = item->kind == YAML_TREE_LIST ? item->child : NULL;
    if (!value_is_empty(item) && item->kind != YAML_TREE_LIST) {
        normal_refuse(normal, item, "write a list", "must be a list");
    }
    for (; step != NULL; step = step->next) {
        const char *text = value_text(normal, step);
        const char *colon = text != NULL ? strchr(text, ':') : NULL;
        if (colon != NULL) {
            normal_note(normal, step, "%s is a name of %.*s for the whole app", colon + 1,
                        (int)(colon - text), text);
        }
    }
}

void write_depends_on(struct normal *normal, const struct yaml_item *item)
{
    static const char *const words[] = {"service_started", "service_healthy",
                                        "service_completed_successfully"};
    const struct yaml_item *step = item->kind != YAML_TREE_SCALAR ? item->child : NULL;
    if (!value_is_null(item) && item->kind == YAML_TREE_SCALAR) {
        normal_refuse(normal, item, "write a list of services", "must be a list or a map");
    }
    for (; step != NULL; step = step->next) {
        const struct yaml_item *condition = yaml_tree_member(step, "condition");
        bool is_known = condition == NULL || condition->kind != YAML_TREE_SCALAR;
        for (size_t i = 0; !is_known && i < COUNT_OF(words); i++) {
            is_known = strcmp(condition->text, words[i]) == 0;
        }
        if (!is_known) {
            normal_refuse(normal, condition,
                          "write service_started, service_healthy or "
                          "service_completed_successfully",
                          "is no condition: %s", condition->text);
        }
    }
}

/* -- second names -------------------------------------------------------------------------------
 */

struct names {
    struct normal *normal;
    const char *list[NORMAL_NAMES_MAX];
    size_t count;
};

/* As the node's reader takes it: what may stand in a hosts file. */
static bool is_host_name(const char *text)
{
    size_t len = strlen(text);
    return isalnum((unsigned char)text[0]) && len <= 63 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

static void name_add(struct names *names, const struct yaml_item *item, const char *name)
{
    struct normal *normal = names->normal;
    char service[RENDER_APP_BYTES];
    render_service_name(normal->service, service);
    bool is_there = strcmp(name, service) == 0;
    for (size_t i = 0; i < names->count && i < NORMAL_NAMES_MAX; i++) {
        is_there |= strcmp(names->list[i], name) == 0;
    }
    if (is_there) {
        return;
    }
    if (!is_host_name(name)) {
        normal_refuse(normal, item, "use letters, digits, '-', '_' and '.', at most 63",
                      "is no name for a host: %s", name);
        return;
    }
    if (++names->count > NORMAL_NAMES_MAX) {
        normal_refuse(normal, item, "remove some aliases", "a service has at most %d second names",
                      NORMAL_NAMES_MAX);
        return;
    }
    names->list[names->count - 1] = name;
    json_element(normal->out);
    text_append_json(normal->out, name);
}

static void aliases_add(struct names *names, const struct yaml_item *networks)
{
    const struct yaml_item *network =
        networks != NULL && networks->kind == YAML_TREE_MAP ? networks->child : NULL;
    for (; network != NULL; network = network->next) {
        const struct yaml_item *list = yaml_tree_member(network, "aliases");
        const struct yaml_item *alias =
            list != NULL && list->kind == YAML_TREE_LIST ? list->child : NULL;
        for (; alias != NULL; alias = alias->next) {
            const char *name = value_text(names->normal, alias);
            if (name != NULL) {
                name_add(names, alias, name);
            }
        }
    }
}

/* "db:database" of another service's links. */
static void links_add(struct names *names, const struct yaml_item *service)
{
    const struct yaml_item *links = yaml_tree_member(service, "links");
    const struct yaml_item *link =
        links != NULL && links->kind == YAML_TREE_LIST ? links->child : NULL;
    size_t len = strlen(names->normal->service->key);
    for (; link != NULL; link = link->next) {
        if (link->kind == YAML_TREE_SCALAR &&
            strncmp(link->text, names->normal->service->key, len) == 0 && link->text[len] == ':') {
            name_add(names, link, link->text + len + 1);
        }
    }
}

void write_names(struct normal *normal)
{
    struct names names = {.normal = normal};
    if (is_host_name(normal->service->key)) {
        name_add(&names, normal->service, normal->service->key);
    }
    const struct yaml_item *services = yaml_tree_member(normal->root, "services");
    const struct yaml_item *own = service_member(normal, "container_name");
    const struct yaml_item *given =
        yaml_tree_member(yaml_tree_member(normal->service, "x-berth"), "names");
    const struct yaml_item *step =
        given != NULL && given->kind == YAML_TREE_LIST ? given->child : NULL;
    for (; step != NULL; step = step->next) {
        const char *name = value_text(normal, step);
        if (name != NULL) {
            name_add(&names, step, name);
        }
    }
    const char *name = own != NULL ? value_text(normal, own) : NULL;
    if (name != NULL && name[0] != '\0') {
        name_add(&names, own, name);
    }
    aliases_add(&names, yaml_tree_member(normal->service, "networks"));
    for (step = services != NULL ? services->child : NULL; step != NULL; step = step->next) {
        links_add(&names, step);
    }
}
