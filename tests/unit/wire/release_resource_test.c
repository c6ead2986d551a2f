/* release_resource: what a container gets of each resource, at both ends of what it may. */
#include "agent/wire/release.h"
#include "platform/base/units.h"
#include "platform/engine.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

static uint8_t memory[20000];

/* What the engine gets, with nothing else said: "cpus 5 memory 7" ... */
static const char *said(const struct engine_spec *spec, const struct plan *plan)
{
    const struct {
        const char *name;
        int64_t value;
    } parts[] = {{"cpus", (int64_t)spec->nano_cpus},
                 {"memory", (int64_t)spec->memory_bytes},
                 {"planned", (int64_t)plan->services[0].memory_bytes},
                 {"reserved", spec->memory_reserved},
                 {"pids", spec->pids},
                 {"shm", (int64_t)spec->shm_bytes},
                 {"swappiness", spec->swappiness},
                 {"weight", spec->blkio_weight},
                 {"replicas", plan->services[0].replicas - 1}};
    static char text[400];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (parts[i].value != 0) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %lld",
                                     used > 0 ? " " : "", parts[i].name, (long long)parts[i].value);
        }
    }
    for (size_t i = 0; i < spec->ulimit_count; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s %lld %lld", used > 0 ? " " : "",
                             spec->ulimits[i].name, (long long)spec->ulimits[i].soft,
                             (long long)spec->ulimits[i].hard);
    }
    return text;
}

#define LIMIT(text)   ",\"deploy\":{\"resources\":{\"limits\":{" text "}}}"
#define RESERVE(text) ",\"deploy\":{\"resources\":{\"reservations\":{" text "}}}"
#define CPUS          "services.web.deploy.resources.limits.cpus: "
#define PROCESSORS    CPUS "must be a number of processors like 0.5"
#define ULIMITS       "services.web.ulimits"

static const struct {
    const char *service;
    const char *want;    /* NULL: refused */
    const char *refusal; /* the whole text */
} rows[] = {
    {"", "", NULL},
    {LIMIT("\"cpus\":0.001"), "cpus 1000000", NULL},
    {LIMIT("\"cpus\":1024"), "cpus 1024000000000", NULL},
    {LIMIT("\"cpus\":\"0.001\""), "cpus 1000000", NULL},
    {LIMIT("\"cpus\":\"0.29\""), "cpus 290000000", NULL},
    {LIMIT("\"cpus\":\"1.005\""), "cpus 1005000000", NULL},
    {LIMIT("\"cpus\":\"4\""), "cpus 4000000000", NULL},
    {LIMIT("\"cpus\":\"4.\""), "cpus 4000000000", NULL},
    {LIMIT("\"cpus\":\"9.999\""), "cpus 9999000000", NULL},
    {LIMIT("\"cpus\":\"1024.000\""), "cpus 1024000000000", NULL},
    {LIMIT("\"cpus\":\"000000000001\""), "cpus 1000000000", NULL},
    {LIMIT("\"cpus\":\"0000000000001\""), NULL, PROCESSORS},
    {LIMIT("\"cpus\":\"1024.001\""), NULL, PROCESSORS},
    {LIMIT("\"cpus\":\"1.0001\""), NULL, PROCESSORS},
    {LIMIT("\"cpus\":\"0\""), NULL, PROCESSORS},
    {LIMIT("\"cpus\":\"1e1\""), NULL, PROCESSORS},
    {LIMIT("\"cpus\":\"-1\""), NULL, PROCESSORS},
    {LIMIT("\"cpus\":\" 1\""), NULL, PROCESSORS},
    {LIMIT("\"cpus\":true"), NULL, CPUS "must be a number"},
    {LIMIT("\"memory\":6291456"), "memory 6291456 planned 6291456", NULL},
    {LIMIT("\"memory\":\"7M\""), "memory 7340032 planned 7340032", NULL},
    {LIMIT("\"memory\":6291455"), NULL,
     "services.web.deploy.resources.limits.memory: the engine needs at least 6 MiB"},
    {RESERVE("\"memory\":1"), "reserved 1", NULL},
    {RESERVE("\"memory\":\"1k\""), "reserved 1024", NULL},
    {RESERVE("\"cpus\":1"), NULL,
     "services.web.deploy.resources.reservations.cpus: a node reserves no processors; remove it"},
    {RESERVE("\"pids\":1"), NULL,
     "services.web.deploy.resources.reservations.pids: a node reserves no processes; remove it"},
    {RESERVE("\"generic_resources\":[]"), NULL,
     "services.web.deploy.resources.reservations.generic_resources: a node has none; remove it"},
    {LIMIT("\"pids\":1"), "pids 1", NULL},
    {LIMIT("\"pids\":2147483647"), "pids 2147483647", NULL},
    {LIMIT("\"pids\":-1"), "pids -1", NULL},
    {LIMIT("\"pids\":0"), NULL,
     "services.web.deploy.resources.limits.pids: must be between 1 and 2147483647, or -1"},
    {LIMIT("\"pids\":-2"), NULL,
     "services.web.deploy.resources.limits.pids: must be between -1 and 2147483647"},
    {",\"shm_size\":1", "shm 1", NULL},
    {",\"shm_size\":\"8M\"", "shm 8388608", NULL},
    {",\"mem_swappiness\":0", "swappiness 1", NULL},
    {",\"mem_swappiness\":100", "swappiness 101", NULL},
    {",\"mem_swappiness\":101", NULL, "services.web.mem_swappiness: must be between 0 and 100"},
    {",\"mem_swappiness\":-1", NULL, "services.web.mem_swappiness: must be between 0 and 100"},
    {",\"blkio_config\":{\"weight\":10}", "weight 10", NULL},
    {",\"blkio_config\":{\"weight\":1000}", "weight 1000", NULL},
    {",\"blkio_config\":{\"weight\":9}", NULL,
     "services.web.blkio_config.weight: must be between 10 and 1000"},
    {",\"blkio_config\":{\"weight\":1001}", NULL,
     "services.web.blkio_config.weight: must be between 10 and 1000"},
    {",\"blkio_config\":{\"device_read_bps\":[]}", NULL,
     "services.web.blkio_config.device_read_bps: not supported by this version; keep weight, or "
     "remove it"},
    {",\"deploy\":{\"replicas\":16}", "replicas 15", NULL},
    {",\"deploy\":{\"replicas\":17}", NULL,
     "services.web.deploy.replicas: must be between 1 and 16"},
    {",\"deploy\":{\"replicas\":0}", NULL,
     "services.web.deploy.replicas: must be between 1 and 16"},
    {",\"ulimits\":{\"a\":0,\"bz\":{\"soft\":1,\"hard\":2},\"c\":-1}", "a 0 0 bz 1 2 c -1 -1",
     NULL},
    {",\"ulimits\":{\"a\":{\"soft\":-1,\"hard\":-1}}", "a -1 -1", NULL},
    {",\"ulimits\":{\"a\":1,\"b\":-2}", NULL,
     ULIMITS ".b: must be between -1 and 9007199254740991"},
    {",\"ulimits\":{\"a\":{\"soft\":1}}", NULL, ULIMITS ".a.hard: missing; it is required"},
    {",\"ulimits\":{\"a\":{\"hard\":1}}", NULL, ULIMITS ".a.soft: missing; it is required"},
    {",\"ulimits\":{\"a\":{\"soft\":-2,\"hard\":1}}", NULL,
     ULIMITS ".a.soft: must be between -1 and 9007199254740991"},
};

static void case_resources(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sample sample = {.service = rows[i].service};
        struct engine_spec spec = {0};
        struct plan plan = {.app = ""};
        struct err err = {0};
        struct arena arena;
        int failures = check_failures_;
        int rc = sample_compile(&sample, &plan, &err);
        CHECK((rc == 0) == (rows[i].want != NULL));
        if (rows[i].want == NULL) {
            CHECK_STR_EQ(err.text, rows[i].refusal);
        } else if (rc == 0) {
            arena_init(&arena, memory, sizeof memory);
            CHECK_INT_EQ(sample_render(&sample, &arena, &spec, &err), 0);
            CHECK_STR_EQ(said(&spec, &plan), rows[i].want);
        }
        if (check_failures_ != failures) {
            printf("    at %s: %s\n", rows[i].service, err.text);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"resources", case_resources}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
