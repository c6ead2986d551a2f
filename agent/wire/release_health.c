/* release_health: a Compose healthcheck, which gates readiness where no probe is given. */
#include "agent/wire/release_parts.h"

#define PERIOD_MIN_MS  100
#define PERIOD_MAX_MS  MINUTES_MS(60)
#define TIMEOUT_MAX_MS MINUTES_MS(10)
#define FAILURES_MAX   1000

struct health_reading {
    struct plan_probe probe;
    int64_t start_period_ms;
    bool is_disabled;
};

/* ["NONE"] or ["CMD", word, ...]: the first word says which. */
static int read_test(const struct json_place *at, void *into, struct err *err)
{
    static const char remedy[] = "needs a shell; write [\"CMD\", \"program\", \"argument\"]";
    struct health_reading *health = into;
    char words[PLAN_EXEC_BYTES];
    uint8_t count = 0;
    if (json_is_string(at)) {
        return json_error(at, ERR_VALUE, err, "%s", remedy);
    }
    int rc = release_read_arguments(at, words, &count, err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(words, "NONE") == 0) {
        health->is_disabled = true;
        return 0;
    }
    if (strcmp(words, "CMD") != 0 || count < 2) {
        return json_error(at, ERR_VALUE, err, "%s", remedy);
    }
    memcpy(health->probe.exec, words + 4, sizeof words - 4);
    health->probe.exec_count = (uint8_t)(count - 1);
    health->probe.kind = PLAN_PROBE_EXEC;
    return 0;
}

static int read_interval(const struct json_place *at, void *into, struct err *err)
{
    struct health_reading *health = into;
    return release_read_duration(at, PERIOD_MIN_MS, PERIOD_MAX_MS, &health->probe.period_ms, err);
}

static int read_timeout(const struct json_place *at, void *into, struct err *err)
{
    struct health_reading *health = into;
    return release_read_duration(at, PERIOD_MIN_MS, TIMEOUT_MAX_MS, &health->probe.timeout_ms, err);
}

static int read_retries(const struct json_place *at, void *into, struct err *err)
{
    int64_t retries = 0;
    int rc = json_integer(at, 1, FAILURES_MAX, &retries, err);
    ((struct health_reading *)into)->probe.failure_threshold = (uint16_t)retries;
    return rc;
}

static int read_start_period(const struct json_place *at, void *into, struct err *err)
{
    struct health_reading *health = into;
    return release_read_duration(at, 0, PERIOD_MAX_MS, &health->start_period_ms, err);
}

static int read_disable(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct health_reading *)into)->is_disabled, err);
}

int release_read_healthcheck(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"test", read_test, NULL, false},
        {"interval", read_interval, NULL, false},
        {"timeout", read_timeout, NULL, false},
        {"retries", read_retries, NULL, false},
        {"start_period", read_start_period, NULL, false},
        {"disable", read_disable, NULL, false},
        {"start_interval", NULL, "write x-berth.probes.startup instead", false}};
    struct release_reading *reading = into;
    struct health_reading health = {.probe = {.period_ms = SECONDS_MS(5),
                                              .timeout_ms = SECONDS_MS(2),
                                              .success_threshold = 1,
                                              .failure_threshold = 3}};
    int rc = json_read_object(at, keys, COUNT_OF(keys), &health, err);
    if (rc != 0) {
        return rc;
    }
    if (health.is_disabled) {
        return 0;
    }
    if (health.probe.kind == PLAN_PROBE_NONE) {
        return json_error(at, ERR_MISSING, err,
                          "test is missing; the image's own is not looked at");
    }
    reading->health = health.probe;
    if (health.start_period_ms > 0) {
        /* Compose: failures during start_period do not count. */
        int64_t tries = (health.start_period_ms + SECONDS_MS(2) - 1) / SECONDS_MS(2) +
                        health.probe.failure_threshold;
        reading->health_start = health.probe;
        reading->health_start.period_ms = SECONDS_MS(2);
        reading->health_start.failure_threshold = (uint16_t)tries;
    }
    return 0;
}
