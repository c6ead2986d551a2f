/* release_probe: how a container says that it is well, and how it is told that it will go. */
#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"
#include "platform/base/text.h"

#define PERIOD_MIN_MS  100
#define PERIOD_MAX_MS  MINUTES_MS(60)
#define TIMEOUT_MAX_MS MINUTES_MS(10)
#define THRESHOLD_MAX  1000

#define TIMEOUT_DEFAULT_MS          SECONDS_MS(2)
#define STARTUP_PERIOD_DEFAULT_MS   SECONDS_MS(2)
#define READINESS_PERIOD_DEFAULT_MS SECONDS_MS(5)
#define LIVENESS_PERIOD_DEFAULT_MS  SECONDS_MS(10)
#define STARTUP_FAILURES_DEFAULT    30
#define FAILURES_DEFAULT            3

/* A probe and the service whose words its command is among. */
struct probe_reading {
    struct plan_probe *probe;
    struct release_reading *release;
};

static struct plan_probe probe_default(int64_t period_ms, uint16_t failures)
{
    return (struct plan_probe){.period_ms = period_ms,
                               .timeout_ms = TIMEOUT_DEFAULT_MS,
                               .success_threshold = 1,
                               .failure_threshold = failures,
                               .path = "/"};
}

struct words release_words_of(struct release_reading *reading)
{
    return (struct words){reading->service->words, PLAN_WORDS_BYTES, reading->words_used};
}

int release_add_word(const struct json_place *at, struct words *words, const char *word,
                     struct err *err)
{
    size_t len = strlen(word) + 1;
    if (len > words->cap - words->used) {
        return json_error(at, ERR_VALUE, err, "longer than %zu characters; put it into a file",
                          words->cap - 1);
    }
    memcpy(words->data + words->used, word, len);
    words->used += len;
    return 0;
}

int release_read_arguments(const struct json_place *at, struct words *words, uint8_t *count,
                           struct err *err)
{
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) == 0 || json_count(at) > PLAN_EXEC_ARGS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of 1 to %d words",
                          PLAN_EXEC_ARGS_MAX);
    }
    while (json_next(at, &step)) {
        const char *word = NULL;
        int rc = json_string(&step, &word, err);
        if (rc == 0) {
            rc = release_add_word(at, words, word, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
    *count = (uint8_t)json_count(at);
    return 0;
}

static int port_read(const struct json_place *at, uint16_t *port, struct err *err)
{
    int64_t value = 0;
    if (json_is_string(at)) {
        return json_error(at, ERR_VALUE, err, "must be a number; named ports do not exist here");
    }
    int rc = json_integer(at, 1, UINT16_MAX, &value, err);
    *port = (uint16_t)value;
    return rc;
}

static int request_path_read(const struct json_place *at, char *path, size_t cap, struct err *err)
{
    int rc = json_copy(at, path, cap, err);
    for (const char *p = path; rc == 0 && *p != '\0'; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f) {
            rc =
                json_error(at, ERR_VALUE, err, "must be a path in printable ASCII, without spaces");
        }
    }
    if (rc == 0 && path[0] != '/') {
        rc = json_error(at, ERR_VALUE, err, "must begin with '/'");
    }
    return rc;
}

static int handler_set(const struct json_place *at, const struct probe_reading *reading,
                       enum plan_probe_kind kind, struct err *err)
{
    struct plan_probe *probe = reading->probe;
    if (probe->kind != PLAN_PROBE_NONE) {
        return json_error(at, ERR_VALUE, err, "one probe asks in one way; make up your mind");
    }
    probe->kind = kind;
    return 0;
}

static int read_port(const struct json_place *at, void *into, struct err *err)
{
    return port_read(at, &((struct probe_reading *)into)->probe->port, err);
}

static int read_path(const struct json_place *at, void *into, struct err *err)
{
    return request_path_read(at, ((struct probe_reading *)into)->probe->path, PROBER_PATH_BYTES,
                             err);
}

static int read_command(const struct json_place *at, void *into, struct err *err)
{
    struct probe_reading *reading = into;
    struct plan_probe *probe = reading->probe;
    struct words words = release_words_of(reading->release);
    probe->exec_at = (uint16_t)words.used;
    int rc = release_read_arguments(at, &words, &probe->exec_count, err);
    reading->release->words_used = words.used;
    return rc;
}

static int read_http(const struct json_place *at, void *into, struct err *err)
{
    static const char later[] = "not supported by this version; remove it";
    static const struct json_key keys[] = {{"path", read_path, NULL, false},
                                           {"port", read_port, NULL, true},
                                           {"scheme", NULL, later, false},
                                           {"host", NULL, later, false},
                                           {"httpHeaders", NULL, later, false}};
    int rc = handler_set(at, into, PLAN_PROBE_HTTP, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_tcp(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"port", read_port, NULL, true}};
    int rc = handler_set(at, into, PLAN_PROBE_TCP, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_exec(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"command", read_command, NULL, true}};
    int rc = handler_set(at, into, PLAN_PROBE_EXEC, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_delay(const struct json_place *at, void *into, struct err *err)
{
    return json_thousandths(at, 0, PERIOD_MAX_MS,
                            &((struct probe_reading *)into)->probe->initial_delay_ms, err);
}

static int read_period(const struct json_place *at, void *into, struct err *err)
{
    return json_thousandths(at, PERIOD_MIN_MS, PERIOD_MAX_MS,
                            &((struct probe_reading *)into)->probe->period_ms, err);
}

static int read_timeout(const struct json_place *at, void *into, struct err *err)
{
    return json_thousandths(at, PERIOD_MIN_MS, TIMEOUT_MAX_MS,
                            &((struct probe_reading *)into)->probe->timeout_ms, err);
}

static int threshold_read(const struct json_place *at, uint16_t *threshold, struct err *err)
{
    int64_t value = 0;
    int rc = json_integer(at, 1, THRESHOLD_MAX, &value, err);
    *threshold = (uint16_t)value;
    return rc;
}

static int read_success(const struct json_place *at, void *into, struct err *err)
{
    return threshold_read(at, &((struct probe_reading *)into)->probe->success_threshold, err);
}

static int read_failure(const struct json_place *at, void *into, struct err *err)
{
    return threshold_read(at, &((struct probe_reading *)into)->probe->failure_threshold, err);
}

static int probe_read(const struct json_place *at, struct release_reading *release,
                      struct plan_probe *probe, bool is_readiness, struct err *err)
{
    static const char later[] = "not supported by this version; remove it";
    static const struct json_key keys[] = {{"httpGet", read_http, NULL, false},
                                           {"tcpSocket", read_tcp, NULL, false},
                                           {"exec", read_exec, NULL, false},
                                           {"initialDelaySeconds", read_delay, NULL, false},
                                           {"periodSeconds", read_period, NULL, false},
                                           {"timeoutSeconds", read_timeout, NULL, false},
                                           {"successThreshold", read_success, NULL, false},
                                           {"failureThreshold", read_failure, NULL, false},
                                           {"grpc", NULL, later, false},
                                           {"terminationGracePeriodSeconds", NULL, later, false}};
    struct probe_reading reading = {.probe = probe, .release = release};
    int rc = json_read_object(at, keys, COUNT_OF(keys), &reading, err);
    if (rc == 0 && probe->kind == PLAN_PROBE_NONE) {
        rc = json_error(at, ERR_MISSING, err, "says not how to ask: httpGet, tcpSocket or exec");
    }
    if (rc == 0 && !is_readiness && probe->success_threshold != 1) {
        rc = json_error(at, ERR_VALUE, err, "successThreshold must be 1 here");
    }
    return rc;
}

static int read_startup(const struct json_place *at, void *into, struct err *err)
{
    struct plan_service *service = ((struct release_reading *)into)->service;
    service->startup = probe_default(STARTUP_PERIOD_DEFAULT_MS, STARTUP_FAILURES_DEFAULT);
    return probe_read(at, into, &service->startup, false, err);
}

static int read_readiness(const struct json_place *at, void *into, struct err *err)
{
    struct plan_service *service = ((struct release_reading *)into)->service;
    service->readiness = probe_default(READINESS_PERIOD_DEFAULT_MS, FAILURES_DEFAULT);
    return probe_read(at, into, &service->readiness, true, err);
}

static int read_liveness(const struct json_place *at, void *into, struct err *err)
{
    struct plan_service *service = ((struct release_reading *)into)->service;
    service->liveness = probe_default(LIVENESS_PERIOD_DEFAULT_MS, FAILURES_DEFAULT);
    return probe_read(at, into, &service->liveness, false, err);
}

int release_read_probes(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"startup", read_startup, NULL, false},
                                           {"readiness", read_readiness, NULL, false},
                                           {"liveness", read_liveness, NULL, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}
