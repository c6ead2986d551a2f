/* release_plain: one row a key, with its edges: what the container then has under that member and
 * under no other, which power it takes, and what is refused with which words. The members are
 * listed here once more. */
#include "agent/wire/release_plain.h"

#include "agent/wire/release.h"
#include "platform/base/units.h"
#include "platform/engine.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

#define OF(member) offsetof(struct engine_spec, member)

static const struct member {
    const char *key;
    enum plain_kind kind;
    size_t offset;
} members[] = {
    {"domainname", PLAIN_TEXT, OF(domainname)},
    {"mac_address", PLAIN_TEXT, OF(mac_address)},
    {"runtime", PLAIN_TEXT, OF(runtime)},
    {"cpuset", PLAIN_TEXT, OF(cpuset)},
    {"cgroup_parent", PLAIN_TEXT, OF(cgroup_parent)},
    {"pid", PLAIN_TEXT, OF(pid)},
    {"ipc", PLAIN_TEXT, OF(ipc)},
    {"uts", PLAIN_TEXT, OF(uts)},
    {"userns_mode", PLAIN_TEXT, OF(userns)},
    {"cgroup", PLAIN_TEXT, OF(cgroup)},
    {"annotations", PLAIN_PAIRS, OF(annotations)},
    {"dns", PLAIN_LIST, OF(dns)},
    {"dns_search", PLAIN_LIST, OF(dns_search)},
    {"dns_opt", PLAIN_LIST, OF(dns_options)},
    {"device_cgroup_rules", PLAIN_LIST, OF(device_rules)},
    {"security_opt", PLAIN_LIST, OF(security)},
    {"memswap_limit", PLAIN_NUMBER, OF(memory_swap)},
    {"cpu_shares", PLAIN_NUMBER, OF(cpu_shares)},
    {"cpu_quota", PLAIN_NUMBER, OF(cpu_quota_us)},
    {"cpu_period", PLAIN_NUMBER, OF(cpu_period_us)},
    {"oom_score_adj", PLAIN_NUMBER, OF(oom_score)},
    {"oom_kill_disable", PLAIN_FLAG, OF(oom_kill_disable)},
    {"stdin_open", PLAIN_FLAG, OF(stdin_open)},
};

static uint8_t memory[60000];
static char service[600];

static const char *member_json(const char *key, const char *value)
{
    (void)snprintf(service, sizeof service, ",\"%s\":%s", key, value);
    return service;
}

/* What stands under a member: "" where nothing does, a list with commas. */
static const char *said(const struct engine_spec *spec, const struct member *member, char *into,
                        size_t len)
{
    const char *at = (const char *)spec + member->offset;
    size_t used = 0;
    into[0] = '\0';
    if (member->kind == PLAIN_NUMBER && *(const int64_t *)(const void *)at != 0) {
        (void)snprintf(into, len, "%lld", (long long)*(const int64_t *)(const void *)at);
    } else if (member->kind == PLAIN_FLAG) {
        (void)snprintf(into, len, "%s", *(const bool *)at ? "true" : "");
    } else if (member->kind == PLAIN_TEXT && *(const char *const *)(const void *)at != NULL) {
        (void)snprintf(into, len, "%s", *(const char *const *)(const void *)at);
    } else if (member->kind == PLAIN_LIST || member->kind == PLAIN_PAIRS) {
        const struct engine_strings *list = (const void *)at;
        for (size_t i = 0; i < list->count; i++) {
            used +=
                (size_t)snprintf(into + used, len - used, "%s%s", i > 0 ? "," : "", list->items[i]);
        }
    }
    return into;
}

struct row {
    const char *key, *json;
    const char *want; /* what the member has then; NULL: refused */
    unsigned powers;
    const char *message; /* of the refusal */
};

static void check_taken(const struct row *row)
{
    struct sample sample = {.service = member_json(row->key, row->json)};
    struct engine_spec spec = {0};
    struct plan plan = {.app = ""};
    struct err err = {0};
    struct arena arena;
    char text[300];
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(sample_compile(&sample, &plan, &err), 0);
    CHECK_INT_EQ(plan.services[0].powers, row->powers);
    CHECK_INT_EQ(sample_render(&sample, &arena, &spec, &err), 0);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        bool is_it = strcmp(members[i].key, row->key) == 0;
        CHECK_STR_EQ(said(&spec, &members[i], text, sizeof text), is_it ? row->want : "");
        CHECK(plain_is_said(&release_plain_keys(&(size_t){0})[i], &spec) ==
              (is_it && row->want[0] != '\0'));
    }
}

static void check_refused(const struct row *row)
{
    struct sample sample = {.service = member_json(row->key, row->json)};
    struct plan plan = {.app = ""};
    struct err err = {0};
    CHECK_INT_EQ(sample_compile(&sample, &plan, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, row->message);
    CHECK_CONTAINS(err.text, row->key);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int failures = check_failures_;
        if (rows[i].want != NULL) {
            check_taken(&rows[i]);
        } else {
            check_refused(&rows[i]);
        }
        if (check_failures_ != failures) {
            printf("    at %s: %s\n", rows[i].key, rows[i].json);
        }
    }
}

/* The table has these keys in this order, which is that of a container's hash. */
static void case_keys(void)
{
    size_t count = 0;
    const struct plain_key *keys = release_plain_keys(&count);
    CHECK_INT_EQ(count, COUNT_OF(members));
    for (size_t i = 0; i < count && i < COUNT_OF(members); i++) {
        CHECK_STR_EQ(keys[i].name, members[i].key);
    }
}

static void case_texts(void)
{
    static const struct row rows[] = {
        {"domainname", "\"a.b\"", "a.b", 0, NULL},
        {"domainname", "\"a b\"", NULL, 0, "must be one domain name"},
        {"domainname", "\"a,b\"", NULL, 0, "must be one domain name"},
        {"domainname", "\"\"", NULL, 0, "must not be empty"},
        {"domainname", "1", NULL, 0, "must be a string"},
        {"mac_address", "\"02:42:ac:11:00:02\"", "02:42:ac:11:00:02", 0, NULL},
        {"mac_address", "\"0A:fF:aC:99:00:Fa\"", "0A:fF:aC:99:00:Fa", 0, NULL},
        {"mac_address", "\"02:42:ac:11:00:0\"", NULL, 0, "must be like 02:42:ac:11:00:02"},
        {"mac_address", "\"02:42:ac:11:00:022\"", NULL, 0, "must be like 02:42:ac:11:00:02"},
        {"mac_address", "\"02:42:ac:11:00\"", NULL, 0, "must be like 02:42:ac:11:00:02"},
        {"mac_address", "\"0242ac110002\"", NULL, 0, "must be like 02:42:ac:11:00:02"},
        {"runtime", "\"crun\"", "crun", POWER_RUNTIME, NULL},
        {"runtime", "\"a b\"", NULL, 0, "must be the name of a runtime"},
        {"cpuset", "\"0\"", "0", 0, NULL},
        {"cpuset", "\"0-2,4,9\"", "0-2,4,9", 0, NULL},
        {"cpuset", "\"9\"", "9", 0, NULL},
        {"cpuset", "\",1\"", NULL, 0, "must be processors like 0-2,4"},
        {"cpuset", "\"-1\"", NULL, 0, "must be processors like 0-2,4"},
        {"cpuset", "\"0 1\"", NULL, 0, "must be processors like 0-2,4"},
        {"cpuset", "\"0x1\"", NULL, 0, "must be processors like 0-2,4"},
        {"cgroup_parent", "\"a.slice\"", "a.slice", POWER_HOST_CGROUP, NULL},
        {"cgroup_parent", "\"a,b\"", NULL, 0, "must be the name of a cgroup"},
        {"pid", "\"host\"", "host", POWER_HOST_PID, NULL},
        {"pid", "\"private\"", NULL, 0, "can only be host; without it the container has its own"},
        {"ipc", "\"host\"", "host", POWER_HOST_IPC, NULL},
        {"ipc", "\"private\"", "private", 0, NULL},
        {"ipc", "\"shareable\"", "shareable", 0, NULL},
        {"ipc", "\"none\"", "none", 0, NULL},
        {"ipc", "\"hosts\"", NULL, 0, "must be host, private, shareable or none"},
        {"uts", "\"host\"", "host", POWER_HOST_UTS, NULL},
        {"uts", "\"private\"", NULL, 0, "can only be host; without it the container has its own"},
        {"userns_mode", "\"host\"", "host", POWER_HOST_USERNS, NULL},
        {"userns_mode", "\"private\"", NULL, 0, "can only be host; without it the engine decides"},
        {"cgroup", "\"host\"", "host", POWER_HOST_CGROUP, NULL},
        {"cgroup", "\"private\"", "private", 0, NULL},
        {"cgroup", "\"none\"", NULL, 0, "must be host or private"},
    };
    check_rows(rows, COUNT_OF(rows));
}

/* Each of the 17 places of a MAC address holds what belongs there. */
static void case_mac(void)
{
    static const char good[] = "02:42:ac:11:00:02";
    for (size_t i = 0; i < sizeof good - 1; i++) {
        char json[32];
        struct row row = {"mac_address", json, NULL, 0, "must be like 02:42:ac:11:00:02"};
        (void)snprintf(json, sizeof json, "\"%s\"", good);
        json[i + 1] = good[i] == ':' ? '0' : 'g';
        check_rows(&row, 1);
    }
}

static void case_lists(void)
{
    static const struct row rows[] = {
        {"annotations", "{\"a\":\"1\",\"b\":\"\"}", "a=1,b=", 0, NULL},
        {"annotations", "{}", "", 0, NULL},
        {"annotations", "[]", NULL, 0, "must be an object of strings"},
        {"dns", "[\"1.1.1.1\",\"fd00::1\"]", "1.1.1.1,fd00::1", 0, NULL},
        {"dns", "[]", "", 0, NULL},
        {"dns", "[\"1.1.1\"]", NULL, 0, "dns[0]: must be an address"},
        {"dns", "[\"1.1.1.1\",\"a\"]", NULL, 0, "dns[1]: must be an address"},
        {"dns", "[\"\"]", NULL, 0, "dns[0]: must not be empty; remove it"},
        {"dns", "[1]", NULL, 0, "must be a string"},
        {"dns_search", "[\"a.b\",\"c\"]", "a.b,c", 0, NULL},
        {"dns_search", "[\"a\",\"b c\"]", NULL, 0, "dns_search[1]: must be one domain name"},
        {"dns_opt", "[\"ndots:2\"]", "ndots:2", 0, NULL},
        {"dns_opt", "[\"a,b\"]", NULL, 0, "dns_opt[0]: must be an option like ndots:2"},
        {"security_opt", "[\"label=a\",\"no-new-privileges\"]", "label=a,no-new-privileges",
         POWER_UNCONFINED, NULL},
        {"security_opt", "[\"no-new-privileges:true\"]", "no-new-privileges:true", 0, NULL},
        {"security_opt", "[\"no-new-privileges:false\"]", "no-new-privileges:false", 0, NULL},
        {"security_opt", "[\"no-new-privileges=true\"]", "no-new-privileges=true", 0, NULL},
        {"security_opt", "[\"no-new-privileges;true\"]", NULL, 0, "security_opt[0]: must be"},
        {"security_opt", "[\"no-new-privileges:truer\"]", NULL, 0, "security_opt[0]: must be"},
        {"security_opt", "[\"no-new-privileges:\"]", NULL, 0, "security_opt[0]: must be"},
        {"security_opt", "[\"seccomp={\\\"a\\\":1}\"]", "seccomp={\"a\":1}", POWER_UNCONFINED,
         NULL},
        {"security_opt", "[\"seccomp=\"]", NULL, 0, "seccomp={the profile itself}"},
        {"security_opt", "[\"seccomp=unconfinedx\"]", NULL, 0, "seccomp=unconfined or"},
        {"security_opt", "[\"systempaths=unconfinedx\"]", NULL, 0, "systempaths=unconfined,"},
        {"security_opt", "[\"apparmor=a\"]", "apparmor=a", POWER_UNCONFINED, NULL},
        {"security_opt", "[\"apparmor\"]", NULL, 0, "apparmor=NAME"},
        {"security_opt", "[\"apparmors=a\"]", NULL, 0, "apparmor=NAME"},
        {"security_opt", "[\"label=\"]", NULL, 0, "label=..."},
        {"security_opt", "[\"label:a\"]", NULL, 0, "label=..."},
    };
    check_rows(rows, COUNT_OF(rows));
}

/* A kind, a blank, two numbers or stars with a colon between, a blank, one right or more. */
static void case_device_rules(void)
{
    static const char *const good[] = {"c 1:3 r", "b 8:* rwm", "a *:* m", "c *:12 w", "c 188:0 mr"};
    static const char *const bad[] = {"",         "c",        "c ",        "d 1:3 r", " c 1:3 r",
                                      "cb 1:3 r", "c1:3 r",   "c  1:3 r",  "c 1 3 r", "c :3 r",
                                      "c 1: r",   "c 1:3",    "c 1:3 ",    "c 1:3:r", "c 1:3  r",
                                      "c 1:3 x",  "c 1:3 rx", "c 1:3 r w", "c **:3 r"};
    char json[64];
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct row row = {"device_cgroup_rules", json, good[i], POWER_DEVICES, NULL};
        (void)snprintf(json, sizeof json, "[\"%s\"]", good[i]);
        check_rows(&row, 1);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct row row = {"device_cgroup_rules", json, NULL, 0,
                          i == 0 ? "must not be empty" : "must be like c 188:* rmw"};
        (void)snprintf(json, sizeof json, "[\"%s\"]", bad[i]);
        check_rows(&row, 1);
    }
}

static void case_numbers(void)
{
    static const struct row rows[] = {
        {"memswap_limit", "-2", NULL, 0, "must be between -1 and 9007199254740991"},
        {"memswap_limit", "-1", "-1", 0, NULL},
        {"memswap_limit", "0", "", 0, NULL},
        {"memswap_limit", "\"-1\"", NULL, 0, "must be a size like 64M"},
        {"cpu_shares", "1", NULL, 0, "must be between 2 and 262144"},
        {"cpu_shares", "2", "2", 0, NULL},
        {"cpu_shares", "262144", "262144", 0, NULL},
        {"cpu_shares", "262145", NULL, 0, "must be between 2 and 262144"},
        {"cpu_shares", "\"2\"", NULL, 0, "must be an integer"},
        {"cpu_quota", "999", NULL, 0, "must be between 1000 and 9007199254740991"},
        {"cpu_quota", "1000", "1000", 0, NULL},
        {"cpu_quota", "9007199254740991", "9007199254740991", 0, NULL},
        {"cpu_period", "999", NULL, 0, "must be between 1000 and 1000000"},
        {"cpu_period", "1000", "1000", 0, NULL},
        {"cpu_period", "1000000", "1000000", 0, NULL},
        {"cpu_period", "1000001", NULL, 0, "must be between 1000 and 1000000"},
        {"oom_score_adj", "-1001", NULL, 0, "must be between -1000 and 1000"},
        {"oom_score_adj", "-1000", "-1000", POWER_OOM, NULL},
        {"oom_score_adj", "-1", "-1", POWER_OOM, NULL},
        {"oom_score_adj", "0", "", 0, NULL},
        {"oom_score_adj", "1", "1", 0, NULL},
        {"oom_score_adj", "1000", "1000", 0, NULL},
        {"oom_score_adj", "1001", NULL, 0, "must be between -1000 and 1000"},
        {"oom_kill_disable", "true", "true", POWER_OOM, NULL},
        {"oom_kill_disable", "false", "", 0, NULL},
        {"oom_kill_disable", "1", NULL, 0, "must be true or false"},
        {"stdin_open", "true", "true", 0, NULL},
        {"stdin_open", "false", "", 0, NULL},
        {"stdin_open", "null", NULL, 0, "must be true or false"},
    };
    check_rows(rows, COUNT_OF(rows));
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"keys", case_keys},   {"texts", case_texts},        {"mac", case_mac},
        {"lists", case_lists}, {"rules", case_device_rules}, {"numbers", case_numbers}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
