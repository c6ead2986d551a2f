/* probe: thresholds, periods and gates of the three probes, by Kubernetes' rules. */
#include "agent/node/probe.h"

#include "tests/check.h"

static struct plan_service service_of(bool has_startup, bool has_readiness, bool has_liveness)
{
    struct plan_service service = {.replicas = 1};
    if (has_startup) {
        service.startup = (struct plan_probe){.kind = PLAN_PROBE_HTTP,
                                              .period_ms = 2000,
                                              .success_threshold = 1,
                                              .failure_threshold = 30};
    }
    if (has_readiness) {
        service.readiness = (struct plan_probe){.kind = PLAN_PROBE_TCP,
                                                .period_ms = 5000,
                                                .success_threshold = 1,
                                                .failure_threshold = 3};
    }
    if (has_liveness) {
        service.liveness = (struct plan_probe){.kind = PLAN_PROBE_EXEC,
                                               .period_ms = 10000,
                                               .success_threshold = 1,
                                               .failure_threshold = 3};
    }
    return service;
}

#define BIT(role) (1u << (role))

/* Asks what is due and answers one role; false when it was not due. */
static bool answer(struct probe *probe, const struct plan_service *service, enum probe_role role,
                   bool is_success, mono_ms now)
{
    bool is_due = (probe_due(probe, service, now) & BIT(role)) != 0;
    probe_answer(probe, service, role, is_success ? PROBE_SAID_WELL : PROBE_SAID_BAD, now);
    return is_due;
}

static void case_no_probes(void)
{
    struct plan_service service = service_of(false, false, false);
    struct probe probe;
    probe_begin(&probe, &service, false, 100);
    CHECK(probe.is_ready && probe.is_started && !probe.is_unalive);
    CHECK_INT_EQ(probe_due(&probe, &service, 1000000), 0);
    CHECK(probe_deadline(&probe) == MONO_NEVER);
}

static void case_startup_gates(void)
{
    struct plan_service service = service_of(true, true, true);
    struct probe probe;
    service.startup.initial_delay_ms = 3000;
    probe_begin(&probe, &service, false, 1000);
    CHECK_INT_EQ(probe_deadline(&probe), 4000);
    CHECK_INT_EQ(probe_due(&probe, &service, 3999), 0);
    CHECK_INT_EQ(probe_due(&probe, &service, 4000), BIT(PROBE_STARTUP));
    CHECK_INT_EQ(probe_due(&probe, &service, 4000), 0); /* asked once */
    CHECK(probe_deadline(&probe) == MONO_NEVER);
    probe_answer(&probe, &service, PROBE_STARTUP, PROBE_SAID_BAD, 4500);
    CHECK_INT_EQ(probe_deadline(&probe), 6500);
    CHECK(answer(&probe, &service, PROBE_STARTUP, true, 6500));
    CHECK(probe.is_started && !probe.is_ready);
    CHECK_INT_EQ(probe_due(&probe, &service, 6500), BIT(PROBE_READINESS) | BIT(PROBE_LIVENESS));
    probe_answer(&probe, &service, PROBE_READINESS, PROBE_SAID_WELL, 6501);
    CHECK(probe.is_ready);
}

static void case_startup_fails(void)
{
    struct plan_service service = service_of(true, true, true);
    struct probe probe;
    mono_ms now = 0;
    probe_begin(&probe, &service, false, now);
    for (int i = 1; i <= 30; i++) {
        CHECK(!probe.has_failed_startup);
        CHECK(answer(&probe, &service, PROBE_STARTUP, false, now));
        now += 2000;
    }
    CHECK(probe.has_failed_startup && !probe.is_ready);
    CHECK_INT_EQ(now, 60000);
}

static void case_readiness(void)
{
    struct plan_service service = service_of(false, true, false);
    struct probe probe;
    service.readiness.success_threshold = 2;
    probe_begin(&probe, &service, false, 0);
    CHECK(!probe.is_ready);
    CHECK(answer(&probe, &service, PROBE_READINESS, true, 0) && !probe.is_ready);
    CHECK(answer(&probe, &service, PROBE_READINESS, true, 5000) && probe.is_ready);
    CHECK(!answer(&probe, &service, PROBE_READINESS, false, 9999)); /* not yet */
    static const bool sequence[] = {false, false, true, false, false};
    for (size_t i = 0; i < COUNT_OF(sequence); i++) { /* never three in a row */
        CHECK(answer(&probe, &service, PROBE_READINESS, sequence[i], 10000 + (int64_t)i * 5000));
        CHECK(probe.is_ready);
        CHECK(probe_is_doubtful(&probe) == !sequence[i]);
    }
    CHECK(answer(&probe, &service, PROBE_READINESS, false, 35000) && !probe.is_ready);
    CHECK(answer(&probe, &service, PROBE_READINESS, true, 40000) && !probe.is_ready);
    CHECK(answer(&probe, &service, PROBE_READINESS, true, 45000) && probe.is_ready);
    CHECK(!probe.is_unalive);
}

static void case_liveness(void)
{
    struct plan_service service = service_of(false, false, true);
    struct probe probe;
    service.liveness.initial_delay_ms = 15000;
    probe_begin(&probe, &service, false, 1000);
    CHECK(probe.is_ready);
    CHECK_INT_EQ(probe_deadline(&probe), 16000);
    for (int i = 0; i < 3; i++) {
        CHECK(!probe.is_unalive);
        CHECK(answer(&probe, &service, PROBE_LIVENESS, false, 16000 + (int64_t)i * 10000));
    }
    CHECK(probe.is_unalive);
    probe_begin(&probe, &service, false, 50000); /* started again */
    CHECK(!probe.is_unalive && probe.lines[PROBE_LIVENESS].failures == 0);
}

/* An initial delay counts from the start of the container, not from the end of its startup. */
static void case_delay_after_startup(void)
{
    struct plan_service service = service_of(true, true, true);
    struct probe probe;
    service.liveness.initial_delay_ms = 9000;
    probe_begin(&probe, &service, false, 0);
    CHECK(answer(&probe, &service, PROBE_STARTUP, true, 4000));
    CHECK_INT_EQ(probe_due(&probe, &service, 8999), BIT(PROBE_READINESS));
    CHECK_INT_EQ(probe_due(&probe, &service, 9000), BIT(PROBE_LIVENESS));
}

static void case_errors_and_strays(void)
{
    struct plan_service service = service_of(false, true, true);
    struct probe probe;
    probe_begin(&probe, &service, false, 0);
    probe_answer(&probe, &service, PROBE_READINESS, PROBE_SAID_WELL, 0); /* nobody asked */
    CHECK(!probe.is_ready);
    for (mono_ms now = 0; now < 50000; now += 10000) {
        CHECK(probe_due(&probe, &service, now) != 0);
        probe_answer(&probe, &service, PROBE_READINESS, PROBE_UNASKED, now);
        probe_answer(&probe, &service, PROBE_LIVENESS, PROBE_UNASKED, now);
    }
    CHECK(!probe.is_unalive);
    CHECK_INT_EQ(probe.lines[PROBE_LIVENESS].failures, 0);
    CHECK_INT_EQ(probe_deadline(&probe), 40000 + UNASKED_RETRY_MS);
}

static void case_presumed(void)
{
    struct plan_service service = service_of(true, true, true);
    struct probe probe;
    probe_begin(&probe, &service, true, 0);
    CHECK(probe.is_ready);
    for (int i = 0; i < 3; i++) { /* ready until the threshold says otherwise */
        CHECK(probe.is_ready);
        CHECK(answer(&probe, &service, PROBE_READINESS, false, (int64_t)i * 5000));
    }
    CHECK(!probe.is_ready);
}

/* The agent cannot know whether a presumed container has finished its startup (it may be a boot):
 * liveness waits for the startup probe as it always does. */
static void case_presumed_still_starts(void)
{
    struct plan_service service = service_of(true, true, true);
    struct probe probe;
    probe_begin(&probe, &service, true, 0);
    for (mono_ms now = 0; now < 58000; now += 1000) {
        unsigned due = probe_due(&probe, &service, now);
        for (int role = 0; role < PROBE_ROLES; role++) {
            if ((due & BIT(role)) != 0) {
                probe_answer(&probe, &service, (enum probe_role)role, PROBE_SAID_BAD, now);
            }
        }
    }
    CHECK(!probe.is_unalive && !probe.has_failed_startup && !probe.is_ready);
    CHECK((probe_due(&probe, &service, 59000) & BIT(PROBE_STARTUP)) != 0);
    probe_answer(&probe, &service, PROBE_STARTUP, PROBE_SAID_WELL, 59000);
    CHECK((probe_due(&probe, &service, 64000) & BIT(PROBE_LIVENESS)) != 0);
}

static void said(struct probe *probe, const struct plan_service *service, enum probe_said what,
                 mono_ms now)
{
    CHECK((probe_due(probe, service, now) & BIT(PROBE_READINESS)) != 0);
    probe_answer(probe, service, PROBE_READINESS, what, now);
}

/* A good answer is evidence until the next one is bad, or cannot be had. */
static void case_latest_counts(void)
{
    struct plan_service service = service_of(false, true, false);
    struct probe probe;
    service.readiness.period_ms = 500;
    service.readiness.timeout_ms = 200;
    probe_begin(&probe, &service, false, 1000);
    CHECK(probe_is_fresh(&probe, &service));
    said(&probe, &service, PROBE_SAID_WELL, 1000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 1400), EVIDENCE_WELL);
    said(&probe, &service, PROBE_SAID_BAD, 1500);
    CHECK(probe.is_ready); /* the threshold is three */
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 1500), EVIDENCE_OPEN);
    CHECK(!probe_is_fresh(&probe, &service));
    said(&probe, &service, PROBE_SAID_WELL, 2000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 2000), EVIDENCE_WELL);
    CHECK(probe_is_fresh(&probe, &service));
    said(&probe, &service, PROBE_UNASKED, 2500);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 2500), EVIDENCE_NONE);
    CHECK(!probe_is_fresh(&probe, &service));
}

/* Whoever can be asked again is reached only when everybody else was asked again as well. */
static void case_reached_again(void)
{
    struct plan_service service = service_of(false, true, false);
    struct probe probe;
    service.readiness.period_ms = 500;
    service.readiness.timeout_ms = 200;
    probe_begin(&probe, &service, false, 1000);
    said(&probe, &service, PROBE_SAID_WELL, 1000);
    CHECK(probe_is_reached(&probe, &service, 1000));
    said(&probe, &service, PROBE_UNASKED, 1500);
    CHECK(!probe_is_reached(&probe, &service, 1500));
    said(&probe, &service, PROBE_SAID_BAD, 2000);
    CHECK(!probe_is_reached(&probe, &service, 2000 + UNASKED_RETRY_MS + 200));
    CHECK(probe_is_reached(&probe, &service, 2001 + UNASKED_RETRY_MS + 200));
}

/* When the question was asked that made it fail: a look at the engine is older or newer. */
static void case_failed_at(void)
{
    struct plan_service service = service_of(false, false, true);
    struct probe probe;
    probe_begin(&probe, &service, true, 0);
    for (mono_ms now = 0; now < 50000; now += 10000) {
        CHECK((probe_due(&probe, &service, now) & BIT(PROBE_LIVENESS)) != 0);
        probe_answer(&probe, &service, PROBE_LIVENESS, PROBE_SAID_BAD, now);
    }
    CHECK(probe.is_unalive);
    CHECK_INT_EQ(probe.failed_at, 20000);
}

/* What finds no place to be asked waits a moment and is asked again, as of when it was due; after
 * two seconds it has waited long enough. */
static void case_queued(void)
{
    struct plan_service service = service_of(false, true, true);
    struct probe probe;
    probe_begin(&probe, &service, false, 1000);
    CHECK_INT_EQ(probe_due(&probe, &service, 1000), BIT(PROBE_READINESS) | BIT(PROBE_LIVENESS));
    CHECK(probe_queue(&probe, PROBE_READINESS, 1000));
    CHECK_INT_EQ(probe_deadline(&probe), 1020);
    CHECK_INT_EQ(probe_due(&probe, &service, 1019), 0);
    CHECK_INT_EQ(probe_due(&probe, &service, 1020), BIT(PROBE_READINESS));
    CHECK(probe_queue(&probe, PROBE_READINESS, 2999));
    CHECK_INT_EQ(probe_due(&probe, &service, 3019), BIT(PROBE_READINESS));
    CHECK(!probe_queue(&probe, PROBE_READINESS, 3000));
    CHECK_INT_EQ(probe_due(&probe, &service, 9000), 0); /* it counts as asked */
    probe_answer(&probe, &service, PROBE_READINESS, PROBE_SAID_WELL, 3001);
    CHECK(probe.is_ready);
    CHECK_INT_EQ(probe_due(&probe, &service, 9000), BIT(PROBE_READINESS));
    CHECK(probe_queue(&probe, PROBE_READINESS, 10999)); /* as of 9000 */
    CHECK(!probe_queue(&probe, PROBE_READINESS, 11000));
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"no probes", case_no_probes},
        {"startup gates", case_startup_gates},
        {"startup fails", case_startup_fails},
        {"readiness", case_readiness},
        {"liveness", case_liveness},
        {"delay after startup", case_delay_after_startup},
        {"errors and strays", case_errors_and_strays},
        {"presumed ready", case_presumed},
        {"presumed, still starting", case_presumed_still_starts},
        {"the latest answer counts", case_latest_counts},
        {"reached again", case_reached_again},
        {"failed at", case_failed_at},
        {"queued", case_queued},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
