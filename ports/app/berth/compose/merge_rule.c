/* merge_rule: which key merges how, and what tells the items of a unique list apart. */
#include <stdio.h>
#include <stdlib.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/merge.h"
#include "ports/app/berth/compose/paths.h"

static const struct {
    const char *pattern; /* "*" is any key */
    enum merge_rule rule;
} rules[] = {
    {"services.*.annotations", MERGE_PAIRS},
    {"services.*.build", MERGE_BUILD},
    {"services.*.build.additional_contexts", MERGE_PAIRS},
    {"services.*.build.args", MERGE_PAIRS},
    {"services.*.build.cache_from", MERGE_TEXTS},
    {"services.*.build.cache_to", MERGE_TEXTS},
    {"services.*.build.extra_hosts", MERGE_HOSTS},
    {"services.*.build.labels", MERGE_PAIRS},
    {"services.*.build.platforms", MERGE_TEXTS},
    {"services.*.build.secrets", MERGE_SECRETS},
    {"services.*.build.tags", MERGE_TEXTS},
    {"services.*.cap_add", MERGE_TEXTS},
    {"services.*.cap_drop", MERGE_TEXTS},
    {"services.*.command", MERGE_REPLACE},
    {"services.*.configs", MERGE_CONFIGS},
    {"services.*.depends_on", MERGE_DEPENDS},
    {"services.*.deploy.labels", MERGE_PAIRS},
    {"services.*.device_cgroup_rules", MERGE_TEXTS},
    {"services.*.devices", MERGE_MOUNTS},
    {"services.*.dns", MERGE_TEXTS},
    {"services.*.dns_opt", MERGE_TEXTS},
    {"services.*.dns_search", MERGE_TEXTS},
    {"services.*.entrypoint", MERGE_REPLACE},
    {"services.*.environment", MERGE_PAIRS},
    {"services.*.env_file", MERGE_TEXTS},
    {"services.*.expose", MERGE_TEXTS},
    {"services.*.external_links", MERGE_TEXTS},
    {"services.*.extra_hosts", MERGE_HOSTS},
    {"services.*.group_add", MERGE_TEXTS},
    {"services.*.healthcheck.test", MERGE_REPLACE},
    {"services.*.label_file", MERGE_TEXTS},
    {"services.*.labels", MERGE_PAIRS},
    {"services.*.links", MERGE_TEXTS},
    {"services.*.logging", MERGE_LOGGING},
    {"services.*.networks", MERGE_NAMES},
    {"services.*.networks.*.aliases", MERGE_TEXTS},
    {"services.*.networks.*.link_local_ips", MERGE_TEXTS},
    {"services.*.ports", MERGE_PORTS},
    {"services.*.profiles", MERGE_TEXTS},
    {"services.*.secrets", MERGE_SECRETS},
    {"services.*.security_opt", MERGE_TEXTS},
    {"services.*.sysctls", MERGE_PAIRS},
    {"services.*.tmpfs", MERGE_TEXTS},
    {"services.*.ulimits.*", MERGE_REPLACE},
    {"services.*.volumes", MERGE_MOUNTS},
    {"services.*.volumes_from", MERGE_TEXTS},
    {"networks.*.labels", MERGE_PAIRS},
    {"volumes.*.labels", MERGE_PAIRS},
    {"secrets.*.labels", MERGE_PAIRS},
    {"configs.*.labels", MERGE_PAIRS},
};

static bool is_match(const char *pattern, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(pattern, ".");
        bool is_any = len == 1 && pattern[0] == '*';
        if (len == 0 ||
            (!is_any && (strncmp(pattern, keys[i], len) != 0 || keys[i][len] != '\0'))) {
            return false;
        }
        pattern += len + (pattern[len] == '.');
    }
    return *pattern == '\0';
}

enum merge_rule merge_rule_of(const char *const *keys, size_t count)
{
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (is_match(rules[i].pattern, keys, count)) {
            return rules[i].rule;
        }
    }
    /* Extensions of others are replaced, as Compose does; ours merges like any map. */
    bool is_extension = count > 0 && strncmp(keys[count - 1], "x-", 2) == 0;
    return is_extension && strcmp(keys[count - 1], "x-berth") != 0 ? MERGE_REPLACE : MERGE_COMMON;
}

static const char *member_text(const struct yaml_item *item, const char *key, const char *otherwise)
{
    const struct yaml_item *member = yaml_tree_member(item, key);
    return member != NULL && member->kind == YAML_TREE_SCALAR && member->text[0] != '\0'
               ? member->text
               : otherwise;
}

/* "source:target:mode": the target is the second part, or the only one. */
static char *mount_key(const struct yaml_item *item)
{
    if (item->kind != YAML_TREE_SCALAR) {
        return paths_clean(member_text(item, "target", ""));
    }
    const char *colon = strchr(item->text, ':');
    const char *target = colon != NULL ? colon + 1 : item->text;
    char *copy = strndup(target, strcspn(target, ":"));
    char *key = copy != NULL ? paths_clean(copy) : NULL;
    free(copy);
    return key;
}

/* "address:published:target/protocol", from the right, an IPv6 address in brackets. */
static char *port_key(const struct yaml_item *item)
{
    char *key = NULL;
    int len = 0;
    if (item->kind != YAML_TREE_SCALAR) {
        len = asprintf(&key, "%s|%s|%s|%s", member_text(item, "host_ip", "0.0.0.0"),
                       member_text(item, "published", ""), member_text(item, "target", ""),
                       member_text(item, "protocol", "tcp"));
        return len >= 0 ? key : NULL;
    }
    char *text = strdup(item->text);
    if (text == NULL) {
        return NULL;
    }
    char *slash = strchr(text, '/');
    char *protocol = slash != NULL ? slash + 1 : text + strlen(text);
    if (slash != NULL) {
        *slash = '\0';
    }
    char *target = strrchr(text, ':');
    char *published = NULL;
    if (target != NULL) {
        *target++ = '\0';
        published = strrchr(text, ':');
        published = published != NULL && strchr(published, ']') == NULL ? published : NULL;
    }
    const char *address = published != NULL ? text : "0.0.0.0";
    if (published != NULL) {
        *published++ = '\0';
    }
    len = asprintf(&key, "%s|%s|%s|%s", address[0] != '\0' ? address : "0.0.0.0",
                   published != NULL ? published
                   : target != NULL  ? text
                                     : "",
                   target != NULL ? target : text, protocol[0] != '\0' ? protocol : "tcp");
    free(text);
    return len >= 0 ? key : NULL;
}

/* Secrets stand below /run/secrets, configs below the root, unless they say more. */
static char *file_key(const struct yaml_item *item, const char *folder)
{
    char *key = NULL;
    const char *target = item->kind == YAML_TREE_SCALAR
                             ? item->text
                             : member_text(item, "target", member_text(item, "source", ""));
    return asprintf(&key, "%s%s", target[0] == '/' ? "" : folder, target) >= 0 ? key : NULL;
}

char *merge_key(enum merge_rule rule, const struct yaml_item *item)
{
    if (rule == MERGE_MOUNTS) {
        return mount_key(item);
    }
    if (rule == MERGE_PORTS) {
        return port_key(item);
    }
    if (rule == MERGE_SECRETS || rule == MERGE_CONFIGS) {
        return file_key(item, rule == MERGE_SECRETS ? "/run/secrets/" : "/");
    }
    /* An environment file may be a map with a path. */
    return strdup(item->kind == YAML_TREE_SCALAR ? item->text : member_text(item, "path", ""));
}
