/* probing: every way to ask a container, with every kind of answer, from the release to the
 * verdict. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/sim/gateway.h"
#include "tests/sim/sealed.h"

#define TRACE_BYTES (1u << 20)
#define PORT        ",\"ports\":[{\"target\":80,\"published\":8080}]"
#define TIMES       ",\"periodSeconds\":0.5,\"timeoutSeconds\":0.2,\"failureThreshold\":2"
#define READY(way)  ",\"probes\":{\"readiness\":{" way TIMES "}}"
#define BESIDE      "},\"readiness\":{\"tcpSocket\":{\"port\":80}" TIMES "}}"
#define START(way)  ",\"probes\":{\"startup\":{" way TIMES BESIDE
#define ALIVE(way)  ",\"probes\":{\"liveness\":{" way TIMES BESIDE

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static void noted(void *ctx, const struct err *err)
{
    (void)ctx;
    CHECK(err == NULL);
}

/* The verdict on a release with these probes, and its reason, once the deadline of 10 s has passed.
 */
static void check_verdict(const char *probes, int status, const char *verdict, const char *reason)
{
    static const enum release_name used[] = {RELEASE_V1, RELEASE_V2};
    static struct sealed made;
    static struct report report;
    struct story *story = calloc(1, sizeof *story);
    struct err err = {0};
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 19, &story->releases, used, COUNT_OF(used), "probing",
                 story->trace, sizeof story->trace);
    for (size_t i = 0; i < story->gateway.machine.engine.image_count; i++) {
        story->gateway.machine.engine.images[i].app.status = status;
    }
    gateway_run(&story->gateway, 3000);
    const struct sealed_content content = {
        .app = "db",
        .sequence = 1,
        .service = PORT,
        .extension = probes,
        .top = ",\"swap\":{\"soak\":\"3s\",\"deadline\":\"10s\",\"attempts\":1,\"drain\":\"1s\"}"};
    sealed_release(&content, 1, &made);
    int rc = conductor_activate(story->gateway.agent, sealed_span(&made), false, noted, NULL, &err);
    CHECK_INT_EQ(rc, 0);
    if (rc != 0) {
        printf("    %s\n", err.text);
    }
    for (int i = 0; i < 120; i++) {
        gateway_run(&story->gateway, 500);
        conductor_report(story->gateway.agent, &report);
        if (report.app_count > 0 && report.apps[0].verdict_gen != 0) {
            break;
        }
    }
    if (strcmp(report.apps[0].verdict, verdict) != 0 ||
        strcmp(report.apps[0].reason, reason) != 0) {
        printf("    %s, status %d:\n", probes, status);
    }
    CHECK_STR_EQ(report.apps[0].verdict, verdict);
    CHECK_STR_EQ(report.apps[0].reason, reason);
    if (getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

#define EXEC(code) "\"exec\":{\"command\":[\"exit\",\"" code "\"]}"
#define HTTP       "\"httpGet\":{\"port\":80}"
#define TCP        "\"tcpSocket\":{\"port\":80}"

/* A command says "well" by ending with 0, and by nothing else. */
static void test_exec(void)
{
    check_verdict(READY(EXEC("0")), 0, "good", "soaked");
    check_verdict(READY(EXEC("1")), 0, "bad", "deadline");
    check_verdict(READY(EXEC("255")), 0, "bad", "deadline");
    check_verdict(START(EXEC("0")), 0, "good", "soaked");
    check_verdict(START(EXEC("3")), 0, "bad", "never-ready");
    check_verdict(READY("\"exec\":{\"command\":[\"hang\"]}"), 0, "bad", "deadline");
}

/* HTTP says "well" by a status from 200 to 399. */
static void test_http(void)
{
    check_verdict(READY(HTTP), 0, "good", "soaked");
    check_verdict(READY(HTTP), 200, "good", "soaked");
    check_verdict(READY(HTTP), 399, "good", "soaked");
    check_verdict(READY(HTTP), 400, "bad", "deadline");
    check_verdict(READY(HTTP), 199, "bad", "deadline");
    check_verdict(READY(HTTP), SIM_STATUS_SILENT, "bad", "deadline");
    check_verdict(READY(HTTP), SIM_STATUS_FOREIGN, "bad", "deadline");
    check_verdict(START(HTTP), 503, "bad", "never-ready");
}

/* TCP says "well" by taking the connection, whatever the app would answer. */
static void test_tcp(void)
{
    check_verdict(READY(TCP), 503, "good", "soaked");
    check_verdict(ALIVE(TCP), 503, "good", "soaked");
}

static const struct check_case cases[] = {
    {"exec", test_exec},
    {"http", test_http},
    {"tcp", test_tcp},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
