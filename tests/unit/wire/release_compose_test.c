/* release_compose: the keys of Compose that came later: one row a value, with the power it takes or
 * the refusal. */
#include "agent/wire/release.h"

#include "tests/check.h"
#include "tests/unit/wire/sample.h"

struct row {
    const char *service;
    int code;
    const char *message; /* of a refusal */
    unsigned powers;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sample sample = {.service = rows[i].service};
        struct plan plan = {0};
        struct err err = {0};
        int failures = check_failures_;
        int rc = sample_compile(&sample, &plan, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        if (rows[i].code != 0) {
            CHECK_CONTAINS(err.text, rows[i].message);
        } else {
            CHECK_INT_EQ(plan.services[0].powers, rows[i].powers);
        }
        if (check_failures_ != failures) {
            printf("    %s: %s\n", rows[i].service, err.text);
        }
    }
}

static void case_namespaces(void)
{
    static const struct row rows[] = {
        {",\"pid\":\"host\"", 0, "", POWER_HOST_PID},
        {",\"pid\":\"service:db\"", ERR_VALUE, "services.web.pid: can only be host", 0},
        {",\"pid\":\"\"", ERR_VALUE, "must not be empty", 0},
        {",\"pid\":1", ERR_VALUE, "must be a string", 0},
        {",\"ipc\":\"host\"", 0, "", POWER_HOST_IPC},
        {",\"ipc\":\"private\"", 0, "", 0},
        {",\"ipc\":\"shareable\"", 0, "", 0},
        {",\"ipc\":\"none\"", 0, "", 0},
        {",\"ipc\":\"container:x\"", ERR_VALUE, "host, private, shareable or none", 0},
        {",\"uts\":\"host\"", 0, "", POWER_HOST_UTS},
        {",\"uts\":\"private\"", ERR_VALUE, "can only be host", 0},
        {",\"userns_mode\":\"host\"", 0, "", POWER_HOST_USERNS},
        {",\"userns_mode\":\"keep-id\"", ERR_VALUE, "can only be host", 0},
        {",\"cgroup\":\"host\"", 0, "", POWER_HOST_CGROUP},
        {",\"cgroup\":\"private\"", 0, "", 0},
        {",\"cgroup\":\"shareable\"", ERR_VALUE, "must be host or private", 0},
        {",\"cgroup_parent\":\"site.slice\"", 0, "", POWER_HOST_CGROUP},
        {",\"cgroup_parent\":\"a b\"", ERR_VALUE, "name of a cgroup", 0},
        {",\"runtime\":\"nvidia\"", 0, "", POWER_RUNTIME},
        {",\"runtime\":\"a,b\"", ERR_VALUE, "name of a runtime", 0},
        {",\"network_mode\":\"none\"", 0, "", 0},
        {",\"network_mode\":\"service:db\"", ERR_VALUE, "can only be host or none", 0},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void case_security(void)
{
    static const struct row rows[] = {
        {",\"security_opt\":[\"no-new-privileges:true\"]", 0, "", 0},
        {",\"security_opt\":[\"no-new-privileges=false\"]", 0, "", 0},
        {",\"security_opt\":[\"no-new-privileges\"]", 0, "", 0},
        {",\"security_opt\":[\"no-new-privileges:maybe\"]", ERR_VALUE, "security_opt[0]: must be",
         0},
        {",\"security_opt\":[\"no-new-privilegesx\"]", ERR_VALUE, "must be no-new", 0},
        {",\"security_opt\":[\"apparmor=unconfined\"]", 0, "", POWER_UNCONFINED},
        {",\"security_opt\":[\"apparmor=\"]", ERR_VALUE, "apparmor=NAME", 0},
        {",\"security_opt\":[\"apparmor:unconfined\"]", ERR_VALUE, "apparmor=NAME", 0},
        {",\"security_opt\":[\"label=disable\"]", 0, "", POWER_UNCONFINED},
        {",\"security_opt\":[\"seccomp=unconfined\"]", 0, "", POWER_UNCONFINED},
        {",\"security_opt\":[\"seccomp={}\"]", 0, "", POWER_UNCONFINED},
        {",\"security_opt\":[\"seccomp=./profile.json\"]", ERR_VALUE, "the profile itself", 0},
        {",\"security_opt\":[\"systempaths=unconfined\"]", 0, "", POWER_UNCONFINED},
        {",\"security_opt\":[\"no-new-privileges\",\"\"]", ERR_VALUE,
         "security_opt[1]: must not be", 0},
        {",\"security_opt\":\"x\"", ERR_VALUE, "must be a list of strings", 0},
        {",\"device_cgroup_rules\":[\"c 188:* rmw\"]", 0, "", POWER_DEVICES},
        {",\"device_cgroup_rules\":[\"a *:* m\",\"b 8:0 r\"]", 0, "", POWER_DEVICES},
        {",\"device_cgroup_rules\":[\"d 1:1 r\"]", ERR_VALUE, "must be like c 188:* rmw", 0},
        {",\"device_cgroup_rules\":[\"c1:1 r\"]", ERR_VALUE, "must be like", 0},
        {",\"device_cgroup_rules\":[\"c 1 r\"]", ERR_VALUE, "must be like", 0},
        {",\"device_cgroup_rules\":[\"c :1 r\"]", ERR_VALUE, "must be like", 0},
        {",\"device_cgroup_rules\":[\"c 1: r\"]", ERR_VALUE, "must be like", 0},
        {",\"device_cgroup_rules\":[\"c 1:1 \"]", ERR_VALUE, "must be like", 0},
        {",\"device_cgroup_rules\":[\"c 1:1 rx\"]", ERR_VALUE, "must be like", 0},
        {",\"device_cgroup_rules\":[\"c 1:1\"]", ERR_VALUE, "must be like", 0},
        {",\"oom_score_adj\":-1", 0, "", POWER_OOM},
        {",\"oom_score_adj\":0", 0, "", 0},
        {",\"oom_score_adj\":-1001", ERR_VALUE, "between -1000 and 1000", 0},
        {",\"oom_score_adj\":1000", 0, "", 0},
        {",\"oom_score_adj\":1001", ERR_VALUE, "between -1000 and 1000", 0},
        {",\"oom_kill_disable\":true", 0, "", POWER_OOM},
        {",\"oom_kill_disable\":false", 0, "", 0},
        {",\"cap_add\":[\"ALL\"]", 0, "", POWER_CAPABILITIES},
        {",\"cap_add\":[\"all\"]", ERR_VALUE, "must be a capability", 0},
        {",\"pid\":\"host\",\"ipc\":\"host\",\"runtime\":\"x\"", 0, "",
         POWER_HOST_PID | POWER_HOST_IPC | POWER_RUNTIME},
    };
    check_rows(rows, COUNT_OF(rows));
}

#define LIMIT(text) ",\"deploy\":{\"resources\":{\"limits\":{" text "}}}"
#define BOTH(limit, reserved)                                                                      \
    ",\"deploy\":{\"resources\":{\"limits\":{\"memory\":" limit                                    \
    "},\"reservations\":{\"memory\":" reserved "}}}"
#define GPU           "\"capabilities\":[\"gpu\"]"
#define RESERVE(text) ",\"deploy\":{\"resources\":{\"reservations\":{" text "}}}"

static void case_resources(void)
{
    static const struct row rows[] = {
        {",\"cpu_shares\":2", 0, "", 0},
        {",\"cpu_shares\":1", ERR_VALUE, "between 2 and 262144", 0},
        {",\"cpu_shares\":262145", ERR_VALUE, "between 2 and 262144", 0},
        {",\"cpu_quota\":1000", 0, "", 0},
        {",\"cpu_quota\":999", ERR_VALUE, "between 1000 and", 0},
        {",\"cpu_period\":1000000", 0, "", 0},
        {",\"cpu_period\":999", ERR_VALUE, "between 1000 and 1000000", 0},
        {",\"cpu_quota\":1000" LIMIT("\"cpus\":1"), ERR_VALUE, "limits cpus twice", 0},
        {",\"cpu_period\":1000" LIMIT("\"cpus\":1"), ERR_VALUE, "limits cpus twice", 0},
        {",\"cpuset\":\"0-2,4\"", 0, "", 0},
        {",\"cpuset\":\"-1\"", ERR_VALUE, "processors like 0-2,4", 0},
        {",\"cpuset\":\"0;1\"", ERR_VALUE, "processors like", 0},
        {",\"mem_swappiness\":0", 0, "", 0},
        {",\"mem_swappiness\":100", 0, "", 0},
        {",\"mem_swappiness\":101", ERR_VALUE, "between 0 and 100", 0},
        {",\"mem_swappiness\":-1", ERR_VALUE, "between 0 and 100", 0},
        {",\"memswap_limit\":-1", 0, "", 0},
        {",\"memswap_limit\":-2", ERR_VALUE, "between -1 and", 0},
        {",\"memswap_limit\":\"64M\"" LIMIT("\"memory\":\"64M\""), 0, "", 0},
        {",\"memswap_limit\":\"63M\"" LIMIT("\"memory\":\"64M\""), ERR_VALUE, "at least as much",
         0},
        {",\"memswap_limit\":\"64M\"", ERR_VALUE, "it needs deploy.resources.limits.memory", 0},
        {",\"memswap_limit\":\"x\"", ERR_VALUE, "must be a size", 0},
        {BOTH("\"64M\"", "\"64M\""), 0, "", 0},
        {BOTH("\"64M\"", "\"65M\""), ERR_VALUE, "reserves more memory than its limit", 0},
        {RESERVE("\"memory\":1048576"), 0, "", 0},
        {RESERVE("\"cpus\":1"), ERR_UNKNOWN_KEY, "reserves no processors", 0},
        {RESERVE("\"pids\":1"), ERR_UNKNOWN_KEY, "reserves no processes", 0},
        {RESERVE("\"devices\":[]"), 0, "", 0},
        {RESERVE("\"devices\":[{" GPU ",\"count\":-1}]"), 0, "", POWER_DEVICES},
        {RESERVE("\"devices\":[{" GPU ",\"device_ids\":[\"0\"],\"driver\":\"nvidia\","
                 "\"options\":{\"a\":\"b\"}}]"),
         0, "", POWER_DEVICES},
        {RESERVE("\"devices\":[{" GPU "}]"), ERR_VALUE, "devices[0]: must have one of count", 0},
        {RESERVE("\"devices\":[{" GPU ",\"count\":0}]"), ERR_VALUE, "one of count", 0},
        {RESERVE("\"devices\":[{" GPU ",\"count\":1,\"device_ids\":[\"0\"]}]"), ERR_VALUE,
         "one of count", 0},
        {RESERVE("\"devices\":[{" GPU ",\"count\":-2}]"), ERR_VALUE, "between -1 and", 0},
        {RESERVE("\"devices\":[{\"count\":1}]"), ERR_MISSING, "devices[0].capabilities", 0},
        {RESERVE("\"devices\":[{" GPU ",\"count\":1,\"x\":1}]"), ERR_UNKNOWN_KEY, "[0].x", 0},
        {RESERVE("\"devices\":{}"), ERR_VALUE, "must be a list", 0},
        {RESERVE("\"generic_resources\":[]"), ERR_UNKNOWN_KEY, "a node has none", 0},
        {",\"gpus\":\"all\"", ERR_UNKNOWN_KEY, "deploy.resources.reservations.devices", 0},
        {",\"mem_reservation\":1", ERR_UNKNOWN_KEY, "deploy.resources.reservations", 0},
        {",\"blkio_config\":{\"weight\":10}", 0, "", 0},
        {",\"blkio_config\":{\"weight\":9}", ERR_VALUE, "between 10 and 1000", 0},
        {",\"blkio_config\":{\"weight\":1001}", ERR_VALUE, "between 10 and 1000", 0},
        {",\"blkio_config\":{\"device_read_bps\":[]}", ERR_UNKNOWN_KEY, "not supported", 0},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void case_names(void)
{
    static const struct row rows[] = {
        {",\"domainname\":\"example.org\"", 0, "", 0},
        {",\"domainname\":\"a b\"", ERR_VALUE, "must be one domain name", 0},
        {",\"mac_address\":\"02:42:AC:11:00:0f\"", 0, "", 0},
        {",\"mac_address\":\"02:42:ac:11:00\"", ERR_VALUE, "must be like 02:42", 0},
        {",\"mac_address\":\"02-42-ac-11-00-02\"", ERR_VALUE, "must be like 02:42", 0},
        {",\"mac_address\":\"02:42:ac:11:00:020\"", ERR_VALUE, "must be like 02:42", 0},
        {",\"mac_address\":\"02:42:ac:11:00:02\",\"network_mode\":\"host\"", ERR_VALUE,
         "needs the app's network", 0},
        {",\"mac_address\":\"02:42:ac:11:00:02\",\"network_mode\":\"none\"", ERR_VALUE,
         "needs the app's network", 0},
        {",\"mac_address\":\"02:42:ac:11:00:02\",\"deploy\":{\"replicas\":2}", ERR_VALUE,
         "and one replica", 0},
        {",\"dns\":[\"192.0.2.1\",\"2001:db8::1\"]", 0, "", 0},
        {",\"dns\":[\"router\"]", ERR_VALUE, "dns[0]: must be an address", 0},
        {",\"dns\":\"192.0.2.1\"", ERR_VALUE, "must be a list of strings", 0},
        {",\"dns_search\":[\"lan\",\".\"]", 0, "", 0},
        {",\"dns_search\":[\"a b\"]", ERR_VALUE, "dns_search[0]", 0},
        {",\"dns_opt\":[\"ndots:2\"]", 0, "", 0},
        {",\"dns_opt\":[\"a,b\"]", ERR_VALUE, "like ndots:2", 0},
        {",\"extra_hosts\":[\"a:192.0.2.1\",\"b:2001:db8::1\",\"c:host-gateway\"]", 0, "", 0},
        {",\"extra_hosts\":[\"a:db8\"]", ERR_VALUE, "name:IPv6 address", 0},
        {",\"extra_hosts\":[\"a:host\"]", ERR_VALUE, "name:host-gateway", 0},
        {",\"annotations\":{\"a\":\"b\"}", 0, "", 0},
        {",\"annotations\":[\"a\"]", ERR_VALUE, "must be an object", 0},
        {",\"stop_signal\":\"15\"", 0, "", 0},
        {",\"stop_signal\":\"64\"", 0, "", 0},
        {",\"stop_signal\":\"0\"", ERR_VALUE, "or its number", 0},
        {",\"stop_signal\":\"015\"", ERR_VALUE, "or its number", 0},
        {",\"stop_signal\":\"100\"", ERR_VALUE, "or its number", 0},
        {",\"stop_signal\":\"TERM\"", ERR_VALUE, "or its number", 0},
        {",\"stop_grace_period\":\"1.5s\"", 0, "", 0},
        {",\"logging\":{\"options\":{\"max-size\":\"1m\"}}", 0, "", 0},
        {",\"environment\":{\"TOKENIZER\":\"x\"}", ERR_VALUE, "under x-berth.plain", 0},
        {",\"platform\":\"linux/amd64\"", 0, "", 0},
        {",\"platform\":\"linux/arm/v7\"", ERR_ARCHITECTURE, "this node is linux/amd64", 0},
        {",\"platform\":\"linux/amd\"", ERR_ARCHITECTURE, "this node is linux/amd64", 0},
        {",\"platform\":\"linux/amd64/v3\"", 0, "", 0},
        {",\"platform\":\"windows/amd64\"", ERR_VALUE, "must be like linux/arm64", 0},
        {",\"platform\":\"linux/\"", ERR_VALUE, "must be like linux/arm64", 0},
        {",\"platform\":\"amd64\"", ERR_VALUE, "must be like linux/arm64", 0},
    };
    check_rows(rows, COUNT_OF(rows));
}

/* What goes with having no network, and with what belongs to one container alone. */
static void case_relations(void)
{
    static const struct {
        struct sample sample;
        int code;
        const char *words; /* of the refusal, or of the reason for the order */
    } rows[] = {
        {{.service = ",\"network_mode\":\"none\"" SAMPLE_PORTS}, ERR_VALUE, "network_mode none"},
        {{.service = ",\"network_mode\":\"none\"",
          .extension = ",\"probes\":{\"liveness\":{\"tcpSocket\":{\"port\":1}}}"},
         ERR_VALUE,
         "use exec"},
        {{.service = ",\"network_mode\":\"none\"",
          .extension = ",\"probes\":{\"startup\":{\"httpGet\":{\"port\":1}}}"},
         ERR_VALUE,
         "use exec"},
        {{.service = ",\"network_mode\":\"none\"",
          .extension = ",\"drain\":{\"notify\":{\"http\":{\"path\":\"/\",\"port\":1}}}"},
         ERR_VALUE,
         "use exec"},
        {{.service = ",\"network_mode\":\"none\"",
          .extension = ",\"probes\":{\"readiness\":{\"exec\":{\"command\":[\"x\"]}}}"},
         0,
         "no port"},
        {{.service = ",\"mac_address\":\"02:42:ac:11:00:02\"" SAMPLE_PORTS},
         0,
         "a MAC address of its own"},
        {{.service = ",\"mac_address\":\"02:42:ac:11:00:02\"" SAMPLE_PORTS,
          .extension = ",\"order\":\"start-first\""},
         ERR_VALUE,
         "one mac_address"},
        {{.service = ",\"pid\":\"host\"" SAMPLE_PORTS}, 0, "a namespace with the host"},
        {{.service = ",\"cgroup\":\"host\"" SAMPLE_PORTS}, 0, "a namespace with the host"},
        {{.service = ",\"volumes\":[{\"type\":\"tmpfs\",\"target\":\"/x\"}]" SAMPLE_PORTS},
         0,
         "shares nothing writable"},
        {{.service = ",\"environment\":{\"TOKENIZER\":\"x\",\"A\":\"y\"}" SAMPLE_PORTS,
          .extension = ",\"plain\":[\"A\",\"TOKENIZER\"]"},
         0,
         "publishes a port"},
        {{.service = ",\"environment\":{\"TOKENIZER\":\"x\"}",
          .extension = ",\"plain\":[\"TOKEN\"]"},
         ERR_VALUE,
         "environment.TOKENIZER"},
        {{.extension = ",\"plain\":\"TOKENIZER\""}, ERR_VALUE, "must be a list of strings"},
        {{.extension = ",\"names\":[\"a\",\"b_c.d\"]"}, 0, "no port"},
        {{.extension = ",\"names\":[\"-a\"]"}, ERR_VALUE, "x-berth.names[0]: must be a host name"},
        {{.extension = ",\"names\":[\"a\",\"b c\"]"}, ERR_VALUE, "x-berth.names[1]"},
        {{.extension = ",\"names\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]"},
         0,
         "no port"},
        {{.extension = ",\"names\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]"},
         ERR_VALUE,
         "at most 8 names"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plan plan = {0};
        struct err err = {0};
        int failures = check_failures_;
        int rc = sample_compile(&rows[i].sample, &plan, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_CONTAINS(rc != 0 ? err.text : plan.services[0].order_reason, rows[i].words);
        if (check_failures_ != failures) {
            printf("    row %zu: %s\n", i, err.text);
        }
    }
}

/* One command for the engine and for the agent, and times as the file says them. */
static void case_health(void)
{
    struct sample sample = {
        .service = ",\"healthcheck\":{\"test\":[\"CMD-SHELL\",\"wget -q x || exit 1\"],"
                   "\"interval\":\"30s\",\"timeout\":\"30s\",\"retries\":3,"
                   "\"start_period\":\"1m\",\"start_interval\":\"5s\"}"};
    struct plan plan;
    struct err err = {0};
    CHECK_INT_EQ(sample_compile(&sample, &plan, &err), 0);
    CHECK_STR_EQ(err.text, "");
    const struct plan_service *web = &plan.services[0];
    const char *words = web->words + web->readiness.exec_at;
    CHECK_INT_EQ(web->readiness.kind, PLAN_PROBE_EXEC);
    CHECK_INT_EQ(web->readiness.exec_count, 3);
    CHECK_STR_EQ(words, "/bin/sh");
    CHECK_STR_EQ(words + 8, "-c");
    CHECK_STR_EQ(words + 11, "wget -q x || exit 1");
    CHECK_INT_EQ(web->readiness.period_ms, 30000);
    CHECK_INT_EQ(web->readiness.timeout_ms, 30000);
    CHECK_INT_EQ(web->readiness.failure_threshold, 3);
    CHECK_INT_EQ(web->startup.exec_at, web->readiness.exec_at);
    CHECK_INT_EQ(web->startup.exec_count, 3);
    CHECK_INT_EQ(web->startup.period_ms, 5000);
    CHECK_INT_EQ(web->startup.failure_threshold, 12 + 3);
    /* 15 tries of 30 s, then one of 30 s: longer than the default, which gives way */
    CHECK_INT_EQ(plan.deadline_ms, 16 * 30000);
    sample.top = ",\"swap\":{\"deadline\":\"5m\"}";
    CHECK_INT_EQ(sample_compile(&sample, &plan, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "at least 8m");
}

/* The commands of all probes stand beside each other. */
static void case_words(void)
{
    struct sample sample = {
        .service = ",\"healthcheck\":{\"test\":[\"CMD\",\"h\",\"i\"],\"start_period\":\"1s\"}",
        .extension = ",\"probes\":{\"startup\":{\"exec\":{\"command\":[\"s\"]}},"
                     "\"liveness\":{\"exec\":{\"command\":[\"l\",\"m\"]}}}"};
    struct plan plan;
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    const struct plan_service *web = &plan.services[0];
    CHECK_STR_EQ(web->words + web->readiness.exec_at, "h");
    CHECK_STR_EQ(web->words + web->readiness.exec_at + 2, "i");
    CHECK_STR_EQ(web->words + web->startup.exec_at, "s");
    CHECK_STR_EQ(web->words + web->liveness.exec_at, "l");
    CHECK_STR_EQ(web->words + web->liveness.exec_at + 2, "m");
    CHECK_INT_EQ(web->startup.exec_count, 1);
    CHECK_INT_EQ(web->liveness.exec_count, 2);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"namespaces", case_namespaces},
                                              {"security", case_security},
                                              {"resources", case_resources},
                                              {"names", case_names},
                                              {"relations", case_relations},
                                              {"health", case_health},
                                              {"words", case_words}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
