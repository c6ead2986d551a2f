/* release_health: a Compose healthcheck, which gates readiness where no probe is given. */
#include "agent/wire/release_parts.h"

#define PERIOD_MIN_MS  100
#define PERIOD_MAX_MS  MINUTES_MS(60)
#define TIMEOUT_MAX_MS MINUTES_MS(10)
#define FAILURES_MAX   1000
/* How often is asked during start_period where the release does not say. */
#define START_INTERVAL_MS SECONDS_MS(2)

struct health_reading {
    struct release_reading *release;
    struct plan_probe probe;
    struct engine_strings test;
    int64_t start_period_ms, start_interval_ms;
    bool is_disabled;
};

static const char remedy[] =
    "must be [\"CMD\", \"program\", \"argument\"], [\"CMD-SHELL\", \"line\"] or [\"NONE\"]";

/* What the agent runs is what the engine runs: the words, or the line in the container's shell. */
static int command_read(const struct json_place *at, struct health_reading *health, struct err *err)
{
    const struct engine_strings *test = &health->test;
    struct words words = release_words_of(health->release);
    struct plan_probe *probe = &health->probe;
    bool is_shell = strcmp(test->items[0], "CMD-SHELL") == 0;
    probe->kind = PLAN_PROBE_EXEC;
    probe->exec_at = (uint16_t)words.used;
    probe->exec_count = (uint8_t)(test->count - 1 + (is_shell ? 2 : 0));
    int rc = is_shell ? release_add_word(at, &words, "/bin/sh", err) : 0;
    if (rc == 0 && is_shell) {
        rc = release_add_word(at, &words, "-c", err);
    }
    for (size_t i = 1; rc == 0 && i < test->count; i++) {
        rc = release_add_word(at, &words, test->items[i], err);
    }
    health->release->words_used = words.used;
    return rc;
}

/* The first word says which of the three. */
static int read_test(const struct json_place *at, void *into, struct err *err)
{
    struct health_reading *health = into;
    struct engine_strings *test = &health->test;
    if (!json_is_array(at) || json_count(at) == 0) {
        return json_error(at, ERR_VALUE, err, "%s", remedy);
    }
    int rc = release_read_strings(at, health->release->arena, test, err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(test->items[0], "NONE") == 0) {
        health->is_disabled = true;
        return 0;
    }
    bool is_words = strcmp(test->items[0], "CMD") == 0 && test->count >= 2;
    bool is_line = strcmp(test->items[0], "CMD-SHELL") == 0 && test->count == 2;
    if (!is_words && !is_line) {
        return json_error(at, ERR_VALUE, err, "%s", remedy);
    }
    if (test->count > PLAN_EXEC_ARGS_MAX + 1) {
        return json_error(at, ERR_VALUE, err, "has more than %d words; use CMD-SHELL",
                          PLAN_EXEC_ARGS_MAX);
    }
    return command_read(at, health, err);
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

static int read_start_interval(const struct json_place *at, void *into, struct err *err)
{
    struct health_reading *health = into;
    return release_read_duration(at, PERIOD_MIN_MS, PERIOD_MAX_MS, &health->start_interval_ms, err);
}

static int read_disable(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct health_reading *)into)->is_disabled, err);
}

/* The check that the container is created with. */
static int health_keep(const struct json_place *at, const struct health_reading *health,
                       struct err *err)
{
    static const char *const none[] = {"NONE"};
    struct engine_health *kept = arena_alloc(health->release->arena, sizeof *kept);
    if (kept == NULL) {
        return release_no_room(at, err);
    }
    if (health->is_disabled) {
        kept->test = (struct engine_strings){.items = none, .count = 1};
    } else {
        *kept = (struct engine_health){.test = health->test,
                                       .interval_ms = health->probe.period_ms,
                                       .timeout_ms = health->probe.timeout_ms,
                                       .start_period_ms = health->start_period_ms,
                                       .start_interval_ms = health->start_interval_ms,
                                       .retries = health->probe.failure_threshold};
    }
    health->release->spec->health = kept;
    return 0;
}

/* Compose: failures during start_period do not count. */
static struct plan_probe start_of(const struct health_reading *health)
{
    struct plan_probe start = health->probe;
    int64_t period_ms =
        health->start_interval_ms > 0 ? health->start_interval_ms : START_INTERVAL_MS;
    start.period_ms = period_ms;
    start.failure_threshold = (uint16_t)((health->start_period_ms + period_ms - 1) / period_ms +
                                         health->probe.failure_threshold);
    return start;
}

int release_read_healthcheck(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"test", read_test, NULL, false},
                                           {"interval", read_interval, NULL, false},
                                           {"timeout", read_timeout, NULL, false},
                                           {"retries", read_retries, NULL, false},
                                           {"start_period", read_start_period, NULL, false},
                                           {"start_interval", read_start_interval, NULL, false},
                                           {"disable", read_disable, NULL, false}};
    struct release_reading *reading = into;
    struct health_reading health = {.release = reading,
                                    .probe = {.period_ms = SECONDS_MS(5),
                                              .timeout_ms = SECONDS_MS(2),
                                              .success_threshold = 1,
                                              .failure_threshold = 3}};
    int rc = json_read_object(at, keys, COUNT_OF(keys), &health, err);
    if (rc != 0) {
        return rc;
    }
    if (!health.is_disabled && health.probe.kind == PLAN_PROBE_NONE) {
        return json_error(at, ERR_MISSING, err,
                          "test is missing; the image's own is not looked at");
    }
    if (!health.is_disabled) {
        reading->health = health.probe;
        if (health.start_period_ms > 0) {
            reading->health_start = start_of(&health);
        }
    }
    return health_keep(at, &health, err);
}
