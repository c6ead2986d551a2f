/* short: Compose's short forms ("8080:80/udp", "./data:/data:ro") written out. */
#include <stdio.h>

#include "ports/app/berth/compose/compose.h"

static int list_write(struct compose *compose, const struct yaml_item *item,
                      int (*write)(struct compose *, const struct yaml_item *))
{
    const char *separator = "";
    if (item->kind != YAML_TREE_LIST) {
        return compose_fail(compose, item, ERR_VALUE, "%s: must be a list", item->key);
    }
    text_append(compose->out, "[");
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        text_append(compose->out, separator);
        separator = ",";
        int rc = write(compose, step);
        if (rc != 0) {
            return rc;
        }
    }
    text_append(compose->out, "]");
    return 0;
}

static bool is_port(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= 5 && text[0] != '0' && strspn(text, "0123456789") == len;
}

/* [[host_ip:]published:]target[/protocol] */
static int port_short(struct compose *compose, const struct yaml_item *item)
{
    char text[128];
    bool comma = true;
    if (!text_copy(text, sizeof text, item->text)) {
        return compose_fail(compose, item, ERR_VALUE, "a port is too long");
    }
    char *protocol = strchr(text, '/');
    if (protocol != NULL) {
        *protocol++ = '\0';
    }
    char *target = strrchr(text, ':');
    char *published = NULL;
    if (target != NULL) {
        *target++ = '\0';
        published = strrchr(text, ':');
        if (published != NULL) {
            *published++ = '\0';
        }
    }
    const char *host_ip = published != NULL ? text : NULL;
    const char *outside = published != NULL ? published : target != NULL ? text : NULL;
    const char *inside = target != NULL ? target : text;
    if (!is_port(inside) || (outside != NULL && !is_port(outside))) {
        return compose_fail(compose, item, ERR_VALUE,
                            "%.60s: write ports like 8080:80, one by one, without ranges",
                            item->text);
    }
    text_printf(compose->out, "{\"target\":%s", inside);
    if (outside != NULL) {
        text_printf(compose->out, ",\"published\":%s", outside);
    }
    if (host_ip != NULL) {
        compose_key(compose, "host_ip", &comma);
        text_append_json(compose->out, host_ip);
    }
    if (protocol != NULL) {
        compose_key(compose, "protocol", &comma);
        text_append_json(compose->out, protocol);
    }
    text_append(compose->out, "}");
    return 0;
}

static int port_write(struct compose *compose, const struct yaml_item *item)
{
    bool comma = false;
    int rc = 0;
    if (item->kind == YAML_TREE_SCALAR) {
        return port_short(compose, item);
    }
    text_append(compose->out, "{");
    for (const struct yaml_item *step = item->child; rc == 0 && step != NULL; step = step->next) {
        if (step->key == NULL) {
            return compose_fail(compose, item, ERR_VALUE, "a port is a word or a map");
        }
        compose_key(compose, step->key, &comma);
        if (step->kind == YAML_TREE_SCALAR && is_port(step->text)) {
            text_append(compose->out, step->text);
        } else {
            rc = compose_any(compose, step);
        }
    }
    text_append(compose->out, "}");
    return rc;
}

int compose_ports(struct compose *compose, const struct yaml_item *item)
{
    return list_write(compose, item, port_write);
}

/* source:target[:ro|rw] */
static int volume_write(struct compose *compose, const struct yaml_item *item)
{
    char text[1024];
    if (item->kind != YAML_TREE_SCALAR) {
        return compose_any(compose, item);
    }
    if (!text_copy(text, sizeof text, item->text)) {
        return compose_fail(compose, item, ERR_VALUE, "a volume is too long");
    }
    char *target = strchr(text, ':');
    if (target == NULL) {
        return compose_fail(compose, item, ERR_VALUE,
                            "%.80s: give the volume a name: name:/path; what "
                            "may be lost belongs under tmpfs",
                            item->text);
    }
    *target++ = '\0';
    char *mode = strchr(target, ':');
    if (mode != NULL) {
        *mode++ = '\0';
    }
    if (mode != NULL && strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0) {
        return compose_fail(compose, item, ERR_VALUE, "%.80s: the mode must be ro or rw",
                            item->text);
    }
    if (text[0] == '.' || text[0] == '~') {
        return compose_fail(
            compose, item, ERR_VALUE,
            "%.80s: a node has no such directory; write an absolute path of the node", item->text);
    }
    text_printf(compose->out, "{\"type\":\"%s\",\"source\":", text[0] == '/' ? "bind" : "volume");
    text_append_json(compose->out, text);
    text_append(compose->out, ",\"target\":");
    text_append_json(compose->out, target);
    text_append(compose->out, mode != NULL && mode[1] == 'o' ? ",\"read_only\":true}" : "}");
    return 0;
}

int compose_volumes(struct compose *compose, const struct yaml_item *item)
{
    return list_write(compose, item, volume_write);
}

static int host_write(struct compose *compose, const struct yaml_item *item)
{
    char text[512];
    if (item->kind != YAML_TREE_SCALAR) {
        return compose_fail(compose, item, ERR_VALUE, "must be name:address");
    }
    if (item->key != NULL) {
        (void)snprintf(text, sizeof text, "%s:%s", item->key, item->text);
    } else {
        (void)snprintf(text, sizeof text, "%s", item->text);
        char *equals = strchr(text, '=');
        if (equals != NULL) {
            *equals = ':';
        }
    }
    text_append_json(compose->out, text);
    return 0;
}

int compose_hosts(struct compose *compose, const struct yaml_item *item)
{
    struct yaml_item list = *item;
    list.kind = item->kind == YAML_TREE_MAP ? YAML_TREE_LIST : item->kind;
    return list_write(compose, &list, host_write);
}

static int secret_write(struct compose *compose, const struct yaml_item *item)
{
    const struct yaml_item *source = yaml_tree_member(item, "source");
    if (item->kind == YAML_TREE_SCALAR) {
        return compose_text(compose, item);
    }
    if (source == NULL || item->child->next != NULL) {
        return compose_fail(compose, item, ERR_VALUE,
                            "a secret is a name; it stands under /run/secrets with that name");
    }
    return compose_text(compose, source);
}

int compose_secrets(struct compose *compose, const struct yaml_item *item)
{
    return list_write(compose, item, secret_write);
}

/* One line into words, as a shell would without expanding anything: blanks, quotes, backslash. */
int compose_command(struct compose *compose, const struct yaml_item *item)
{
    char word[2048];
    struct text text;
    const char *separator = "";
    const char *at = item->text;
    if (item->kind != YAML_TREE_SCALAR) {
        return compose_texts(compose, item);
    }
    text_append(compose->out, "[");
    for (at += strspn(at, " \t\n"); *at != '\0'; at += strspn(at, " \t\n")) {
        char quote = '\0';
        text_init(&text, word, sizeof word);
        for (; *at != '\0' && (quote != '\0' || strchr(" \t\n", *at) == NULL); at++) {
            if (*at == quote) {
                quote = '\0';
            } else if (quote == '\0' && (*at == '\'' || *at == '"')) {
                quote = *at;
            } else {
                at += *at == '\\' && quote != '\'' && at[1] != '\0';
                text_append_span(&text, span_of(at, 1));
            }
        }
        if (quote != '\0' || text.cut) {
            return compose_fail(compose, item, ERR_VALUE,
                                "%s: a quote does not end, or it is too long", item->key);
        }
        struct yaml_item piece = {.kind = YAML_TREE_SCALAR, .text = word, .line = item->line};
        text_append(compose->out, separator);
        separator = ",";
        int rc = compose_text(compose, &piece);
        if (rc != 0) {
            return rc;
        }
    }
    text_append(compose->out, "]");
    return 0;
}
