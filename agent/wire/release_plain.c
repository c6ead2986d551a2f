/* release_plain: a row says of a key where it goes, what it may be, and whose power it takes. */
#include "agent/wire/release_plain.h"

#include <ctype.h>

#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

#define AT(member) offsetof(struct engine_spec, member)
#define TEXT_KEY(key, member, valid, words, powerful, taken)                                       \
    {                                                                                              \
        .name = key, .kind = PLAIN_TEXT, .offset = AT(member), .is_valid = valid,                  \
        .expected = words, .is_power = powerful, .power = taken                                    \
    }
#define LIST_KEY(key, member, valid, words, powerful, taken)                                       \
    {                                                                                              \
        .name = key, .kind = PLAIN_LIST, .offset = AT(member), .is_valid = valid,                  \
        .expected = words, .is_power = powerful, .power = taken                                    \
    }
#define NUMBER_KEY(key, member, from, to)                                                          \
    {                                                                                              \
        .name = key, .kind = PLAIN_NUMBER, .offset = AT(member), .least = from, .most = to         \
    }
#define FLAG_KEY(key, member, taken)                                                               \
    {                                                                                              \
        .name = key, .kind = PLAIN_FLAG, .offset = AT(member), .power = taken                      \
    }

static bool is_host(const char *text)
{
    return strcmp(text, "host") == 0;
}

static bool is_cgroup(const char *text)
{
    return is_host(text) || strcmp(text, "private") == 0;
}

static bool is_ipc(const char *text)
{
    return is_cgroup(text) || strcmp(text, "shareable") == 0 || strcmp(text, "none") == 0;
}

static bool is_mac(const char *text)
{
    for (int i = 0; i < 17; i++) {
        if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return text[17] == '\0';
}

static bool is_cpuset(const char *text)
{
    return isdigit((unsigned char)text[0]) && text[strspn(text, "0123456789,-")] == '\0';
}

static bool is_server(const char *text)
{
    ipv4 address = 0;
    return address_parse(text, &address) || address_is_v6(text);
}

/* "c 188:* rmw": a kind, two numbers or stars, what is allowed. */
static bool is_device_rule(const char *text)
{
    if (strchr("acb", text[0]) == NULL || text[0] == '\0' || text[1] != ' ') {
        return false;
    }
    const char *at = text + 2;
    for (int i = 0; i < 2; i++) {
        size_t len = at[0] == '*' ? 1 : strspn(at, "0123456789");
        if (len == 0 || at[len] != (i == 0 ? ':' : ' ')) {
            return false;
        }
        at += len + 1;
    }
    size_t len = strspn(at, "rwm");
    return len > 0 && at[len] == '\0';
}

static bool is_plain_privileges(const char *text)
{
    static const char option[] = "no-new-privileges";
    size_t len = sizeof option - 1;
    if (strncmp(text, option, len) != 0) {
        return false;
    }
    const char *value = text + len;
    return value[0] == '\0' ||
           ((value[0] == '=' || value[0] == ':') &&
            (strcmp(value + 1, "true") == 0 || strcmp(value + 1, "false") == 0));
}

/* A seccomp profile is in the text itself: no file of the operator's is on the node. */
static bool is_security(const char *text)
{
    static const char *const kinds[] = {"apparmor", "label"};
    if (is_plain_privileges(text) || strcmp(text, "systempaths=unconfined") == 0 ||
        strcmp(text, "seccomp=unconfined") == 0 || strncmp(text, "seccomp={", 9) == 0) {
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        size_t len = strlen(kinds[i]);
        if (strncmp(text, kinds[i], len) == 0 && text[len] == '=' && text[len + 1] != '\0') {
            return true;
        }
    }
    return false;
}

static bool is_unconfined(const char *text)
{
    return !is_plain_privileges(text);
}

static bool is_word(const char *text)
{
    return text[strcspn(text, " \t,")] == '\0';
}

static const struct plain_key plain_keys[] = {
    TEXT_KEY("domainname", domainname, is_word, "must be one domain name", NULL, 0),
    TEXT_KEY("mac_address", mac_address, is_mac, "must be like 02:42:ac:11:00:02", NULL, 0),
    TEXT_KEY("runtime", runtime, is_word, "must be the name of a runtime", NULL, POWER_RUNTIME),
    TEXT_KEY("cpuset", cpuset, is_cpuset, "must be processors like 0-2,4", NULL, 0),
    TEXT_KEY("cgroup_parent", cgroup_parent, is_word, "must be the name of a cgroup", NULL,
             POWER_HOST_CGROUP),
    TEXT_KEY("pid", pid, is_host, "can only be host; without it the container has its own", NULL,
             POWER_HOST_PID),
    TEXT_KEY("ipc", ipc, is_ipc, "must be host, private, shareable or none", is_host,
             POWER_HOST_IPC),
    TEXT_KEY("uts", uts, is_host, "can only be host; without it the container has its own", NULL,
             POWER_HOST_UTS),
    TEXT_KEY("userns_mode", userns, is_host, "can only be host; without it the engine decides",
             NULL, POWER_HOST_USERNS),
    TEXT_KEY("cgroup", cgroup, is_cgroup, "must be host or private", is_host, POWER_HOST_CGROUP),
    {.name = "annotations", .kind = PLAIN_PAIRS, .offset = AT(annotations)},
    LIST_KEY("dns", dns, is_server, "must be an address", NULL, 0),
    LIST_KEY("dns_search", dns_search, is_word, "must be one domain name", NULL, 0),
    LIST_KEY("dns_opt", dns_options, is_word, "must be an option like ndots:2", NULL, 0),
    LIST_KEY("device_cgroup_rules", device_rules, is_device_rule, "must be like c 188:* rmw", NULL,
             POWER_DEVICES),
    LIST_KEY("security_opt", security, is_security,
             "must be no-new-privileges:true, apparmor=NAME, label=..., systempaths=unconfined, "
             "seccomp=unconfined or seccomp={the profile itself}",
             is_unconfined, POWER_UNCONFINED),
    NUMBER_KEY("memswap_limit", memory_swap, -1, JSON_INTEGER_MAX),
    NUMBER_KEY("cpu_shares", cpu_shares, 2, 262144),
    NUMBER_KEY("cpu_quota", cpu_quota_us, 1000, JSON_INTEGER_MAX),
    NUMBER_KEY("cpu_period", cpu_period_us, 1000, 1000000),
    {.name = "oom_score_adj",
     .kind = PLAIN_NUMBER,
     .offset = AT(oom_score),
     .power = POWER_OOM,
     .least = -1000,
     .most = 1000},
    FLAG_KEY("oom_kill_disable", oom_kill_disable, POWER_OOM),
    FLAG_KEY("stdin_open", stdin_open, 0)};

const struct plain_key *release_plain_keys(size_t *count)
{
    *count = COUNT_OF(plain_keys);
    return plain_keys;
}

bool plain_is_said(const struct plain_key *key, const struct engine_spec *spec)
{
    const void *member = (const char *)spec + key->offset;
    switch (key->kind) {
    case PLAIN_TEXT:
        return *(const char *const *)member != NULL;
    case PLAIN_LIST:
    case PLAIN_PAIRS:
        return ((const struct engine_strings *)member)->count > 0;
    case PLAIN_NUMBER:
        return *(const int64_t *)member != 0;
    case PLAIN_FLAG:
        return *(const bool *)member;
    }
    return false;
}

static const struct plain_key *key_of(const struct json_place *at)
{
    size_t i = 0;
    while (i + 1 < COUNT_OF(plain_keys) && strcmp(plain_keys[i].name, at->key) != 0) {
        i++;
    }
    return &plain_keys[i];
}

static int text_judge(const struct json_place *at, const struct plain_key *key, const char *text,
                      struct release_reading *reading, struct err *err)
{
    if (key->is_valid != NULL && !key->is_valid(text)) {
        return json_error(at, ERR_VALUE, err, "%s", key->expected);
    }
    if (key->is_power == NULL || key->is_power(text)) {
        reading->service->powers |= key->power;
    }
    return 0;
}

static int list_read(const struct json_place *at, const struct plain_key *key,
                     struct release_reading *reading, struct engine_strings *list, struct err *err)
{
    struct json_place step = {0};
    int rc = release_read_strings(at, reading->arena, list, err);
    for (size_t i = 0; rc == 0 && json_next(at, &step); i++) {
        rc = list->items[i][0] == '\0'
                 ? json_error(&step, ERR_VALUE, err, "must not be empty; remove it")
                 : text_judge(&step, key, list->items[i], reading, err);
    }
    return rc;
}

static int flag_read(const struct json_place *at, const struct plain_key *key,
                     struct release_reading *reading, bool *flag, struct err *err)
{
    int rc = json_boolean(at, flag, err);
    reading->service->powers |= *flag ? key->power : 0;
    return rc;
}

static int number_read(const struct json_place *at, const struct plain_key *key,
                       struct release_reading *reading, int64_t *number, struct err *err)
{
    int rc = 0;
    if (json_is_string(at) && strcmp(at->key, "memswap_limit") == 0) {
        uint64_t bytes = 0;
        rc = release_read_size(at, &bytes, err);
        *number = (int64_t)bytes;
    } else {
        rc = json_integer(at, key->least, key->most, number, err);
    }
    reading->service->powers |= *number < 0 ? key->power : 0;
    return rc;
}

int release_read_plain(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    const struct plain_key *key = key_of(at);
    void *member = (char *)reading->spec + key->offset;
    switch (key->kind) {
    case PLAIN_TEXT: {
        const char **text = member;
        int rc = release_keep_string(at, reading->arena, text, err);
        return rc != 0 ? rc : text_judge(at, key, *text, reading, err);
    }
    case PLAIN_LIST:
        return list_read(at, key, reading, member, err);
    case PLAIN_PAIRS:
        return release_read_pairs(at, reading->arena, member, err);
    case PLAIN_NUMBER:
        return number_read(at, key, reading, member, err);
    case PLAIN_FLAG:
        return flag_read(at, key, reading, member, err);
    }
    return 0;
}
