/* Limits: compared as they work, since engines write "none" in several ways. */
#include "ports/docker/limits.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ports/docker/call.h"

#define NANO           1000000000u
#define PERIOD_US      100000u
#define SHARES_DEFAULT 1024u
#define MUCH           (UINT64_C(1) << 50) /* an update does not pass on -1 */

struct limits {
    uint64_t memory, nano_cpus, shares, pids; /* 0: none */
    int64_t swap;                             /* with the memory; -1: without limit */
};

/* A quota in each period is as much as a number of processors. */
static uint64_t nano_of(uint64_t nano_cpus, uint64_t quota_us, uint64_t period_us)
{
    return nano_cpus != 0 ? nano_cpus : quota_us * NANO / (period_us != 0 ? period_us : PERIOD_US);
}

static uint64_t positive(int64_t number)
{
    return number > 0 ? (uint64_t)number : 0;
}

/* What limits nothing on this machine is none. */
static struct limits effective(const struct docker *docker, struct limits limits)
{
    if (docker->memory_bytes != 0 && limits.memory >= docker->memory_bytes) {
        limits.memory = 0;
    }
    if (docker->nano_cpus != 0 && limits.nano_cpus >= docker->nano_cpus) {
        limits.nano_cpus = 0;
    }
    if (limits.shares == SHARES_DEFAULT) {
        limits.shares = 0;
    }
    return limits;
}

void limits_label(const struct engine_spec *spec, struct text *text)
{
    int64_t swap = spec->memory_swap != 0    ? spec->memory_swap
                   : spec->memory_bytes != 0 ? (int64_t)spec->memory_bytes * 2
                                             : -1;
    text_printf(text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64,
                spec->memory_bytes,
                nano_of(spec->nano_cpus, positive(spec->cpu_quota_us),
                        positive(spec->cpu_period_us)),
                positive(spec->cpu_shares), positive(spec->pids), swap);
}

static bool asked_read(const struct docker *docker, const cJSON *json, struct limits *limits)
{
    const char *at = reply_text_of(reply_at(json, "Config.Labels"), LIMITS_LABEL);
    uint64_t *const numbers[] = {&limits->memory, &limits->nano_cpus, &limits->shares,
                                 &limits->pids};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        char *end;
        *numbers[i] = strtoull(at, &end, 10);
        if (end == at) {
            return false;
        }
        at = end;
    }
    limits->swap = strtoll(at, NULL, 10);
    *limits = effective(docker, *limits);
    return true;
}

static struct limits now_read(const struct docker *docker, const cJSON *json)
{
    struct limits limits = {
        .memory = reply_count_at(json, "HostConfig.Memory"),
        .nano_cpus = nano_of(reply_count_at(json, "HostConfig.NanoCpus"),
                             reply_count_at(json, "HostConfig.CpuQuota"),
                             reply_count_at(json, "HostConfig.CpuPeriod")),
        .shares = reply_count_at(json, "HostConfig.CpuShares"),
        .pids = reply_count_at(json, "HostConfig.PidsLimit"),
    };
    return effective(docker, limits);
}

bool limits_are_kept(const struct docker *docker, const cJSON *json)
{
    struct limits asked;
    struct limits now = now_read(docker, json);
    if (!asked_read(docker, json, &asked)) {
        return true;
    }
    if (docker->is_podman && asked.pids == 0) {
        now.pids = 0; /* it has a limit of its own */
    }
    return now.memory == asked.memory && now.nano_cpus == asked.nano_cpus &&
           now.shares == asked.shares && now.pids == asked.pids;
}

static void put(struct text *text, const char *key, uint64_t number)
{
    text_printf(text, ",\"%s\":%" PRIu64, key, number);
}

/* By the same means as now: an engine refuses a quota beside a number, and the reverse. */
static void put_cpus(const struct docker *docker, const cJSON *json, uint64_t asked,
                     struct text *text)
{
    if (reply_count_at(json, "HostConfig.CpuQuota") == 0) {
        put(text, "NanoCpus", asked != 0 ? asked : docker->nano_cpus);
    } else if (asked == 0) {
        text_append(text, ",\"CpuQuota\":-1");
    } else {
        put(text, "CpuPeriod", PERIOD_US);
        put(text, "CpuQuota", asked / (NANO / PERIOD_US));
    }
}

void limits_render(const struct docker *docker, const cJSON *json, struct text *text)
{
    struct limits asked;
    struct limits now = now_read(docker, json);
    if (!asked_read(docker, json, &asked)) {
        return;
    }
    if (now.memory != asked.memory) {
        put(text, "Memory", asked.memory != 0 ? asked.memory : docker->memory_bytes);
        put(text, "MemorySwap", asked.memory != 0 && asked.swap > 0 ? (uint64_t)asked.swap : MUCH);
    }
    if (now.nano_cpus != asked.nano_cpus) {
        put_cpus(docker, json, asked.nano_cpus, text);
    }
    if (now.shares != asked.shares) {
        put(text, "CpuShares", asked.shares != 0 ? asked.shares : SHARES_DEFAULT);
    }
    if (now.pids != asked.pids && asked.pids != 0) {
        put(text, "PidsLimit", asked.pids);
    } else if (now.pids != asked.pids) {
        text_append(text, ",\"PidsLimit\":-1");
    }
}
