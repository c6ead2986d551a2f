/* probe_edge: when an answer is evidence, when it is too old, and when nobody can be asked: to the
 * millisecond. */
#include "agent/node/probe.h"

#include "tests/check.h"

/* Readiness every 5 s, three failures; liveness every 10 s; 2 s for an answer. */
static struct plan_service service_of(bool has_readiness, bool has_liveness)
{
    struct plan_service service = {.replicas = 1};
    if (has_readiness) {
        service.readiness = (struct plan_probe){.kind = PLAN_PROBE_TCP,
                                                .period_ms = 5000,
                                                .timeout_ms = 2000,
                                                .success_threshold = 1,
                                                .failure_threshold = 3};
    }
    if (has_liveness) {
        service.liveness = (struct plan_probe){.kind = PLAN_PROBE_TCP,
                                               .period_ms = 10000,
                                               .timeout_ms = 2000,
                                               .success_threshold = 1,
                                               .failure_threshold = 4};
    }
    return service;
}

static void ask(struct probe *probe, const struct plan_service *service, enum probe_said said,
                mono_ms now)
{
    unsigned due = probe_due(probe, service, now);
    for (int role = 0; role < PROBE_ROLES; role++) {
        if ((due & 1u << role) != 0) {
            probe_answer(probe, service, (enum probe_role)role, said, now);
        }
    }
}

/* A good answer counts for its period, its time-out and three seconds. */
static void case_freshness(void)
{
    struct plan_service service = service_of(true, false);
    struct probe probe;
    probe_begin(&probe, &service, false, 1000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 999), EVIDENCE_WELL); /* not due yet */
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 1000), EVIDENCE_OPEN);
    ask(&probe, &service, PROBE_SAID_WELL, 1000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 11000), EVIDENCE_WELL);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 11001), EVIDENCE_OPEN);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 1000, 2000), EVIDENCE_WELL);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 1001, 2000), EVIDENCE_OPEN);
    CHECK(probe_is_proven(&probe, &service, 1000) && !probe_is_proven(&probe, &service, 1001));
    ask(&probe, &service, PROBE_SAID_BAD, 6000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 6000), EVIDENCE_OPEN);
    CHECK(!probe_is_fresh(&probe, &service) && probe_is_doubtful(&probe));
    ask(&probe, &service, PROBE_SAID_WELL, 11000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 11000), EVIDENCE_WELL);
    CHECK(probe_is_fresh(&probe, &service) && !probe_is_doubtful(&probe));
}

/* A question without an answer is silence once its time-out and three seconds are over. */
static void case_silence(void)
{
    struct plan_service service = service_of(true, false);
    struct probe probe;
    probe_begin(&probe, &service, false, 1000);
    CHECK(probe_due(&probe, &service, 1000) != 0);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 6000), EVIDENCE_OPEN);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 6001), EVIDENCE_NONE);
    probe_answer(&probe, &service, PROBE_READINESS, PROBE_SAID_WELL, 7000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 7000), EVIDENCE_WELL);
}

/* What cannot be asked is asked again each second, counts towards no threshold, and is told apart
 * from what answers badly. */
static void case_unasked(void)
{
    struct plan_service service = service_of(true, false);
    struct probe probe;
    probe_begin(&probe, &service, false, 1000);
    ask(&probe, &service, PROBE_SAID_WELL, 1000);
    ask(&probe, &service, PROBE_UNASKED, 6000);
    CHECK_INT_EQ(probe_deadline(&probe), 7000);
    CHECK(probe.is_ready);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 6000), EVIDENCE_NONE);
    CHECK(!probe_is_fresh(&probe, &service) && !probe_is_doubtful(&probe));
    CHECK(!probe_is_reached(&probe, &service, 6000));
    for (mono_ms now = 7000; now < 60000; now += 1000) {
        ask(&probe, &service, PROBE_UNASKED, now);
        CHECK(probe.is_ready);
        CHECK_INT_EQ(probe_is_unreached(&probe, &service, now), now >= 6000 + 15000);
    }
    CHECK(!probe_is_unreached(&probe, &service, 20999));
    ask(&probe, &service, PROBE_SAID_WELL, 60000);
    CHECK(!probe_is_unreached(&probe, &service, 60000));
    CHECK_INT_EQ(probe_deadline(&probe), 65000);
    CHECK(!probe_is_reached(&probe, &service, 60000 + 3000)); /* each was asked again since */
    CHECK(probe_is_reached(&probe, &service, 60000 + 3001));
    /* A shorter period is kept. */
    service.readiness.period_ms = 300;
    probe_begin(&probe, &service, false, 1000);
    ask(&probe, &service, PROBE_UNASKED, 1000);
    CHECK_INT_EQ(probe_deadline(&probe), 1300);
}

static void case_patience(void)
{
    struct plan_service both = service_of(true, true), alive = service_of(false, true);
    struct plan_service none = service_of(false, false);
    CHECK_INT_EQ(probe_patience_ms(&both), 15000);
    CHECK_INT_EQ(probe_patience_ms(&alive), 40000);
    CHECK_INT_EQ(probe_patience_ms(&none), 15000);
    CHECK(probe_is_regular(&both) && probe_is_regular(&alive) && !probe_is_regular(&none));
}

/* The worst of all that are asked counts. */
static void case_worst(void)
{
    struct plan_service service = service_of(true, true);
    struct probe probe;
    probe_begin(&probe, &service, false, 1000);
    CHECK_INT_EQ(probe_due(&probe, &service, 1000), 1u << PROBE_READINESS | 1u << PROBE_LIVENESS);
    probe_answer(&probe, &service, PROBE_READINESS, PROBE_SAID_WELL, 1000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 1000), EVIDENCE_OPEN);
    CHECK(!probe_is_proven(&probe, &service, 0));
    probe_answer(&probe, &service, PROBE_LIVENESS, PROBE_UNASKED, 1000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 1000), EVIDENCE_NONE);
    ask(&probe, &service, PROBE_SAID_WELL, 2000);
    CHECK_INT_EQ(probe_evidence(&probe, &service, 0, 2000), EVIDENCE_WELL);
    CHECK(probe_is_proven(&probe, &service, 1000) && !probe_is_proven(&probe, &service, 1001));
}

/* Hurried: what waits is asked at once, what is under way is asked again after its answer, once. */
static void case_hurry(void)
{
    struct plan_service service = service_of(true, true);
    struct probe probe;
    probe_begin(&probe, &service, false, 1000);
    ask(&probe, &service, PROBE_SAID_WELL, 1000);
    probe_hurry(&probe, 3000);
    CHECK_INT_EQ(probe_deadline(&probe), 3000);
    CHECK_INT_EQ(probe_due(&probe, &service, 3000), 1u << PROBE_READINESS | 1u << PROBE_LIVENESS);
    probe_hurry(&probe, 3100);
    probe_answer(&probe, &service, PROBE_READINESS, PROBE_SAID_WELL, 3200);
    CHECK_INT_EQ(probe_deadline(&probe), 3200);
    CHECK_INT_EQ(probe_due(&probe, &service, 3200), 1u << PROBE_READINESS);
    probe_answer(&probe, &service, PROBE_READINESS, PROBE_SAID_WELL, 3300);
    CHECK_INT_EQ(probe_deadline(&probe), 8300);
    probe_hurry(&probe, 9000); /* what is due already is not put off */
    CHECK_INT_EQ(probe_deadline(&probe), 8300);
}

/* The instant of the question that reached a threshold is kept, the first one. */
static void case_failed_at(void)
{
    struct plan_service service = service_of(false, true);
    struct probe probe;
    probe_begin(&probe, &service, false, 0);
    for (mono_ms now = 0; now <= 50000; now += 10000) {
        ask(&probe, &service, PROBE_SAID_BAD, now);
        CHECK_INT_EQ(probe.is_unalive, now >= 30000);
        CHECK_INT_EQ(probe.failed_at, now >= 30000 ? 30000 : 0);
    }
    ask(&probe, &service, PROBE_SAID_WELL, 60000);
    CHECK(!probe.is_unalive);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"freshness", case_freshness}, {"silence", case_silence}, {"unasked", case_unasked},
        {"patience", case_patience},   {"worst", case_worst},     {"hurry", case_hurry},
        {"failed at", case_failed_at},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
