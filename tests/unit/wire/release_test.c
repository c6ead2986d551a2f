/* release: what a payload compiles to: defaults, every key, and what follows from them. */
#include "agent/wire/release.h"

#include "tests/check.h"
#include "tests/unit/wire/sample.h"

static struct plan compile(const struct sample *sample)
{
    struct plan plan = {0};
    struct err err = {0};
    CHECK_INT_EQ(sample_compile(sample, &plan, &err), 0);
    if (err.text[0] != '\0') {
        printf("    error: %s\n", err.text);
    }
    return plan;
}

static void case_defaults(void)
{
    struct sample sample = {.service = SAMPLE_PORTS};
    struct plan plan = compile(&sample);
    const struct plan_service *web = &plan.services[0];
    struct digest digest;
    CHECK_STR_EQ(plan.app, "shop");
    CHECK_STR_EQ(plan.version, "");
    CHECK_INT_EQ(plan.sequence, 5);
    CHECK_INT_EQ(plan.floor, 0);
    CHECK_INT_EQ(plan.service_count, 1);
    CHECK_INT_EQ(plan.drain_ms, 15000);
    CHECK_INT_EQ(plan.keep_warm_ms, 0);
    CHECK_INT_EQ(plan.deadline_ms, 300000);
    CHECK_INT_EQ(plan.attempts, 3);
    CHECK_INT_EQ(plan.soak_ms, 3 * 5000 + 2000 + 5000);
    CHECK_INT_EQ(plan.soak_ms, release_soak_min_ms(web));
    CHECK_STR_EQ(web->name, "web");
    CHECK_STR_EQ(web->reference, "registry.example:5000/shop/web@sha256:" SAMPLE_INDEX);
    CHECK(digest_parse(SAMPLE_MANIFEST, &digest) && digest_is_equal(&digest, &web->manifest));
    CHECK(digest_parse(SAMPLE_CONFIG, &digest) && digest_is_equal(&digest, &web->config));
    CHECK_INT_EQ(web->replicas, 1);
    CHECK_INT_EQ(web->stop_grace_ms, 10000);
    CHECK_INT_EQ(web->powers, 0);
    CHECK_INT_EQ(web->order, PLAN_START_FIRST);
    CHECK_INT_EQ(web->readiness.kind, PLAN_PROBE_TCP);
    CHECK_INT_EQ(web->readiness.port, 8080);
    CHECK_INT_EQ(web->startup.kind, PLAN_PROBE_NONE);
    CHECK_INT_EQ(web->liveness.kind, PLAN_PROBE_NONE);
    CHECK_INT_EQ(web->notice.kind, PLAN_NOTICE_NONE);
    CHECK_INT_EQ(strlen(web->spec), 16);
}

static void case_top(void)
{
    struct sample sample = {
        .service = SAMPLE_PORTS,
        .top = ",\"version\":\"2.1\",\"floor\":4,\"requires\":{\"arch\":[\"arm/v7\",\"amd64\"],"
               "\"minAgent\":\"0.0.9\",\"ram\":\"64M\",\"disk\":1048576},\"swap\":{\"order\":"
               "\"stop-first\","
               "\"soak\":\"1m\",\"drain\":\"3s\",\"keepWarm\":\"10m\",\"deadline\":\"2m\","
               "\"attempts\":5}"};
    struct plan plan = compile(&sample);
    CHECK_STR_EQ(plan.version, "2.1");
    CHECK_INT_EQ(plan.floor, 4);
    CHECK_INT_EQ(plan.requires_ram_bytes, 64 << 20);
    CHECK_INT_EQ(plan.requires_disk_bytes, 1 << 20);
    CHECK_INT_EQ(plan.soak_ms, 60000);
    CHECK_INT_EQ(plan.drain_ms, 3000);
    CHECK_INT_EQ(plan.keep_warm_ms, 600000);
    CHECK_INT_EQ(plan.deadline_ms, 120000);
    CHECK_INT_EQ(plan.attempts, 5);
    CHECK_INT_EQ(plan.services[0].order, PLAN_STOP_FIRST);
    CHECK_STR_EQ(plan.services[0].order_reason, "the release asks for it");
}

static void case_probes(void)
{
    struct sample sample = {
        .extension =
            ",\"probes\":{\"startup\":{\"httpGet\":{\"port\":81}},\"readiness\":{\"httpGet\":{"
            "\"path\":\"/readyz\",\"port\":8080},\"periodSeconds\":0.25,\"timeoutSeconds\":1.5,"
            "\"initialDelaySeconds\":2,\"successThreshold\":2,\"failureThreshold\":4},"
            "\"liveness\":{\"exec\":{\"command\":[\"/bin/ok\",\"-q\"]}}},"
            "\"drain\":{\"notify\":{\"signal\":\"SIGUSR1\"}}"};
    struct plan plan = compile(&sample);
    const struct plan_service *web = &plan.services[0];
    CHECK_INT_EQ(web->startup.kind, PLAN_PROBE_HTTP);
    CHECK_INT_EQ(web->startup.port, 81);
    CHECK_STR_EQ(web->startup.path, "/");
    CHECK_INT_EQ(web->startup.period_ms, 2000);
    CHECK_INT_EQ(web->startup.failure_threshold, 30);
    CHECK_STR_EQ(web->readiness.path, "/readyz");
    CHECK_INT_EQ(web->readiness.period_ms, 250);
    CHECK_INT_EQ(web->readiness.timeout_ms, 1500);
    CHECK_INT_EQ(web->readiness.initial_delay_ms, 2000);
    CHECK_INT_EQ(web->readiness.success_threshold, 2);
    CHECK_INT_EQ(web->readiness.failure_threshold, 4);
    CHECK_INT_EQ(web->liveness.kind, PLAN_PROBE_EXEC);
    CHECK_INT_EQ(web->liveness.exec_count, 2);
    CHECK_STR_EQ(web->words + web->liveness.exec_at, "/bin/ok");
    CHECK_STR_EQ(web->words + web->liveness.exec_at + 8, "-q");
    CHECK_INT_EQ(web->liveness.period_ms, 10000);
    CHECK_INT_EQ(plan.soak_ms, 3 * 10000 + 2000 + 10000);
    CHECK_INT_EQ(web->notice.kind, PLAN_NOTICE_SIGNAL);
    CHECK_STR_EQ(web->notice.text, "SIGUSR1");
}

static void case_health(void)
{
    struct sample sample = {
        .service = ",\"healthcheck\":{\"test\":[\"CMD\",\"/web\",\"probe\"],\"interval\":\"1s\","
                   "\"timeout\":\"500ms\",\"retries\":2,\"start_period\":\"20s\"}",
        .extension = ",\"drain\":{\"notify\":{\"http\":{\"path\":\"/drain\",\"port\":8080}}}"};
    struct plan plan = compile(&sample);
    const struct plan_service *web = &plan.services[0];
    CHECK_INT_EQ(web->readiness.kind, PLAN_PROBE_EXEC);
    CHECK_INT_EQ(web->readiness.exec_count, 2);
    CHECK_STR_EQ(web->words + web->readiness.exec_at, "/web");
    CHECK_STR_EQ(web->words + web->readiness.exec_at + 5, "probe");
    CHECK_INT_EQ(web->readiness.period_ms, 1000);
    CHECK_INT_EQ(web->readiness.timeout_ms, 500);
    CHECK_INT_EQ(web->readiness.failure_threshold, 2);
    CHECK_INT_EQ(web->startup.kind, PLAN_PROBE_EXEC);
    CHECK_INT_EQ(web->startup.failure_threshold, 12);
    CHECK_INT_EQ(web->notice.kind, PLAN_NOTICE_HTTP);
    CHECK_STR_EQ(web->notice.text, "/drain");
    CHECK_INT_EQ(web->notice.port, 8080);
    sample = (struct sample){.service = ",\"healthcheck\":{\"test\":[\"NONE\"]}"};
    plan = compile(&sample);
    CHECK_INT_EQ(plan.services[0].readiness.kind, PLAN_PROBE_NONE);
    CHECK_INT_EQ(plan.soak_ms, 10000);
}

#define BIND(ro) "{\"type\":\"bind\",\"source\":\"/srv/x\",\"target\":\"/x\",\"read_only\":" ro "}"

static void case_order(void)
{
    static const struct {
        struct sample sample;
        enum plan_order order;
        const char *reason;
        unsigned powers;
    } rows[] = {
        {{.service = SAMPLE_PORTS}, PLAN_START_FIRST, "publishes a port", 0},
        {{0}, PLAN_STOP_FIRST, "no port", 0},
        {{.service = SAMPLE_PORTS ",\"volumes\":[" BIND("true") "]"},
         PLAN_START_FIRST,
         "publishes",
         POWER_HOST_PATHS},
        {{.service = SAMPLE_PORTS ",\"volumes\":[" BIND("false") "]"},
         PLAN_STOP_FIRST,
         "writable",
         POWER_HOST_PATHS},
        {{.service = SAMPLE_PORTS ",\"volumes\":[" BIND("false") "]",
          .extension = ",\"sharedData\":\"safe\",\"order\":\"start-first\""},
         PLAN_START_FIRST,
         "asks for it",
         POWER_HOST_PATHS},
        {{.service = SAMPLE_PORTS
          ",\"volumes\":[{\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\"}]"},
         PLAN_STOP_FIRST,
         "writable",
         0},
        {{.service = SAMPLE_PORTS ",\"devices\":[\"/dev/ttyS0\"]"},
         PLAN_STOP_FIRST,
         "devices",
         POWER_DEVICES},
        {{.service = SAMPLE_PORTS ",\"privileged\":true"},
         PLAN_STOP_FIRST,
         "devices",
         POWER_PRIVILEGED},
        {{.service = ",\"network_mode\":\"host\""},
         PLAN_STOP_FIRST,
         "host's network",
         POWER_HOST_NETWORK},
        {{.service = SAMPLE_PORTS ",\"cap_add\":[\"CHOWN\"],\"cap_drop\":[\"ALL\"]"},
         PLAN_START_FIRST,
         "publishes",
         0},
        {{.service = SAMPLE_PORTS ",\"cap_add\":[\"NET_ADMIN\"]"},
         PLAN_START_FIRST,
         "publishes",
         POWER_CAPABILITIES},
        {{.service = SAMPLE_PORTS ",\"deploy\":{\"update_config\":{\"order\":\"stop-first\"}}"},
         PLAN_STOP_FIRST,
         "asks for it",
         0},
        {{.service = SAMPLE_PORTS, .top = ",\"swap\":{\"order\":\"auto\"}"},
         PLAN_START_FIRST,
         "publishes",
         0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plan plan = compile(&rows[i].sample);
        CHECK_INT_EQ(plan.services[0].order, rows[i].order);
        CHECK_CONTAINS(plan.services[0].order_reason, rows[i].reason);
        CHECK_INT_EQ(plan.services[0].powers, rows[i].powers);
    }
}

static void case_empty(void)
{
    static const char text[] =
        "{\"schema\":1,\"x-berth\":{\"app\":\"shop\",\"sequence\":9},\"services\":{}}";
    struct plan plan;
    CHECK_INT_EQ(release_compile(span_text(text), sample_node(), &plan, NULL), 0);
    CHECK_INT_EQ(plan.service_count, 0);
    CHECK_INT_EQ(plan.soak_ms, 0); /* nobody needs any time to be noticed */
    static const char soaked[] =
        "{\"schema\":1,\"x-berth\":{\"app\":\"shop\",\"sequence\":9,\"swap\":{"
        "\"soak\":\"0s\",\"deadline\":\"1s\"}},\"services\":{}}";
    CHECK_INT_EQ(release_compile(span_text(soaked), sample_node(), &plan, NULL), 0);
    CHECK_INT_EQ(plan.soak_ms, 0);
    CHECK_INT_EQ(plan.deadline_ms, 1000);
}

static int arch_compile(const char *arch, const char *variant, struct plan *plan)
{
    char text[2000];
    struct release_node node = {.name = "gw1", .arch = arch, .variant = variant};
    int len = snprintf(
        text, sizeof text,
        "{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":1},\"services\":{\"s\":{\"image\":"
        "\"r@sha256:" SAMPLE_INDEX "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" SAMPLE_INDEX
        "\","
        "\"platforms\":[{\"arch\":\"arm64\",\"manifest\":\"%064d\",\"config\":\"%064d\"},"
        "{\"arch\":\"arm\",\"variant\":\"v6\",\"manifest\":\"%064d\",\"config\":\"%064d\"},"
        "{\"arch\":\"arm\",\"variant\":\"v7\",\"manifest\":\"%064d\",\"config\":\"%064d\"}]}}}}}",
        1, 1, 6, 6, 7, 7);
    return release_compile(span_of(text, (size_t)len), &node, plan, NULL);
}

static void case_platform(void)
{
    struct plan plan;
    CHECK_INT_EQ(arch_compile("arm64", NULL, &plan), 0);
    CHECK_INT_EQ(plan.services[0].manifest.bytes[31], 1);
    CHECK_INT_EQ(arch_compile("arm64", "v8", &plan), 0);
    CHECK_INT_EQ(arch_compile("arm", "v7", &plan), 0);
    CHECK_INT_EQ(plan.services[0].manifest.bytes[31], 7);
    CHECK_INT_EQ(arch_compile("arm", "v6", &plan), 0);
    CHECK_INT_EQ(plan.services[0].manifest.bytes[31], 6);
    CHECK_INT_EQ(arch_compile("arm", "v5", &plan), ERR_ARCHITECTURE);
    CHECK_INT_EQ(arch_compile("amd64", NULL, &plan), ERR_ARCHITECTURE);
    CHECK_INT_EQ(arch_compile(NULL, NULL, &plan), 0);
    CHECK_INT_EQ(plan.services[0].manifest.bytes[31], 1);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"defaults", case_defaults}, {"top", case_top},
                                              {"probes", case_probes},     {"health", case_health},
                                              {"order", case_order},       {"empty", case_empty},
                                              {"platform", case_platform}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
