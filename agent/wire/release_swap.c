/* release_swap: the app as a whole: its version, what it requires, how it wants to be swapped. */
#include <stdio.h>

#include "agent/wire/release_parts.h"
#include "platform/base/text.h"

#define LATER "not supported by this version; remove it"

static int read_app(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct release_reading *)into)->plan->app, NAME_BYTES, err);
}

static int read_version(const struct json_place *at, void *into, struct err *err)
{
    struct plan *plan = ((struct release_reading *)into)->plan;
    int rc = json_copy(at, plan->version, sizeof plan->version, err);
    for (const char *p = plan->version; rc == 0 && *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f) {
            rc = json_error(at, ERR_VALUE, err, "must be printable ASCII");
        }
    }
    return rc;
}

/* Compose's own rule for the name of a project, and a label's room. */
static int read_adopt(const struct json_place *at, void *into, struct err *err)
{
    struct plan *plan = ((struct release_reading *)into)->plan;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    int rc = json_copy(at, plan->adopt, sizeof plan->adopt, err);
    if (rc == 0 && (plan->adopt[0] == '\0' || plan->adopt[0] == '_' || plan->adopt[0] == '-' ||
                    plan->adopt[strspn(plan->adopt, letters)] != '\0')) {
        rc = json_error(at, ERR_VALUE, err,
                        "must be the name of a Compose project: a-z, 0-9, '_' and '-', at most 63, "
                        "beginning with a letter or digit");
    }
    return rc;
}

static int read_sequence(const struct json_place *at, void *into, struct err *err)
{
    int64_t sequence = 0;
    int rc = json_integer(at, 1, JSON_INTEGER_MAX, &sequence, err);
    ((struct release_reading *)into)->plan->sequence = (uint64_t)sequence;
    return rc;
}

static int read_floor(const struct json_place *at, void *into, struct err *err)
{
    int64_t lowest = 0;
    int rc = json_integer(at, 0, JSON_INTEGER_MAX, &lowest, err);
    ((struct release_reading *)into)->plan->floor = (uint64_t)lowest;
    return rc;
}

static bool arch_is_same(const char *wanted, const struct release_node *node)
{
    size_t len = strlen(node->arch);
    if (strncmp(wanted, node->arch, len) != 0) {
        return false;
    }
    return wanted[len] == '\0' || (wanted[len] == '/' && node->variant != NULL &&
                                   strcmp(wanted + len + 1, node->variant) == 0);
}

static int read_arch(const struct json_place *at, void *into, struct err *err)
{
    const struct release_node *node = ((struct release_reading *)into)->node;
    struct json_place step = {0};
    bool fits = node->arch == NULL;
    if (!json_is_array(at) || json_count(at) == 0) {
        return json_error(at, ERR_VALUE, err, "must be a list like [\"amd64\", \"arm/v7\"]");
    }
    while (json_next(at, &step)) {
        const char *wanted = NULL;
        int rc = json_string(&step, &wanted, err);
        if (rc != 0) {
            return rc;
        }
        fits = fits || arch_is_same(wanted, node);
    }
    return fits ? 0 : json_error(at, ERR_ARCHITECTURE, err, "this node is %s", node->arch);
}

static bool version_parse(const char *text, unsigned version[3])
{
    char end = '\0';
    return sscanf(text, "%5u.%5u.%5u%c", &version[0], &version[1], &version[2], &end) == 3;
}

static int read_min_agent(const struct json_place *at, void *into, struct err *err)
{
    const struct release_node *node = ((struct release_reading *)into)->node;
    unsigned ours[3] = {0};
    unsigned wanted[3] = {0};
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    if (!version_parse(text, wanted) || !version_parse(BERTH_VERSION, ours)) {
        return json_error(at, ERR_VALUE, err, "must be a version like 0.1.0");
    }
    for (int i = 0; i < 3 && node->arch != NULL; i++) {
        if (ours[i] != wanted[i]) {
            return ours[i] > wanted[i] ? 0
                                       : json_error(at, ERR_REQUIRES, err,
                                                    "this agent is %s; upgrade it", BERTH_VERSION);
        }
    }
    return 0;
}

static int read_ram(const struct json_place *at, void *into, struct err *err)
{
    return release_read_size(at, &((struct release_reading *)into)->plan->requires_ram_bytes, err);
}

static int read_disk(const struct json_place *at, void *into, struct err *err)
{
    return release_read_size(at, &((struct release_reading *)into)->plan->requires_disk_bytes, err);
}

static int read_requires(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"arch", read_arch, NULL, false},   {"minAgent", read_min_agent, NULL, false},
        {"ram", read_ram, NULL, false},     {"disk", read_disk, NULL, false},
        {"compatible", NULL, LATER, false}, {"app", NULL, LATER, false},
        {"minSequence", NULL, LATER, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_order(const struct json_place *at, void *into, struct err *err)
{
    return release_read_order(at, &((struct release_reading *)into)->swap_order, err);
}

static int read_soak(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    reading->is_soak_said = true;
    return release_read_duration(at, 0, MINUTES_MS(24 * 60), &reading->plan->soak_ms, err);
}

static int read_drain(const struct json_place *at, void *into, struct err *err)
{
    struct plan *plan = ((struct release_reading *)into)->plan;
    plan->is_drain_said = true;
    return release_read_duration(at, 0, MINUTES_MS(60), &plan->drain_ms, err);
}

static int read_hold(const struct json_place *at, void *into, struct err *err)
{
    struct plan *plan = ((struct release_reading *)into)->plan;
    return release_read_duration(at, 0, PLAN_HOLD_MS_MAX, &plan->hold_ms, err);
}

static int read_keep_warm(const struct json_place *at, void *into, struct err *err)
{
    struct plan *plan = ((struct release_reading *)into)->plan;
    return release_read_duration(at, 0, MINUTES_MS(24 * 60), &plan->keep_warm_ms, err);
}

static int read_deadline(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct plan *plan = reading->plan;
    reading->is_deadline_said = true;
    return release_read_duration(at, SECONDS_MS(1), MINUTES_MS(24 * 60), &plan->deadline_ms, err);
}

static int read_attempts(const struct json_place *at, void *into, struct err *err)
{
    int64_t attempts = 0;
    int rc = json_integer(at, 1, 100, &attempts, err);
    ((struct release_reading *)into)->plan->attempts = (uint16_t)attempts;
    return rc;
}

static int read_swap(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"order", read_order, NULL, false},
                                           {"soak", read_soak, NULL, false},
                                           {"drain", read_drain, NULL, false},
                                           {"hold", read_hold, NULL, false},
                                           {"keepWarm", read_keep_warm, NULL, false},
                                           {"deadline", read_deadline, NULL, false},
                                           {"attempts", read_attempts, NULL, false},
                                           {"maxSurge", NULL, LATER, false},
                                           {"maxUnavailable", NULL, LATER, false},
                                           {"steps", NULL, LATER, false},
                                           {"link", NULL, LATER, false},
                                           {"confirm", NULL, LATER, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

int release_read_top(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"app", read_app, NULL, true},
                                           {"version", read_version, NULL, false},
                                           {"sequence", read_sequence, NULL, true},
                                           {"floor", read_floor, NULL, false},
                                           {"requires", read_requires, NULL, false},
                                           {"swap", read_swap, NULL, false},
                                           {"adopt", read_adopt, NULL, false},
                                           {"files", release_read_files, NULL, false}};
    struct plan *plan = ((struct release_reading *)into)->plan;
    plan->drain_ms = SECONDS_MS(15);
    plan->hold_ms = SECONDS_MS(30);
    plan->keep_warm_ms = 0; /* two sets in memory are a choice */
    plan->deadline_ms = SECONDS_MS(300);
    plan->attempts = ATTEMPTS_DEFAULT;
    int rc = json_read_object(at, keys, COUNT_OF(keys), into, err);
    if (rc == 0 && plan->floor > plan->sequence) {
        rc = json_error(at, ERR_VALUE, err,
                        "the floor %llu is above the sequence %llu; the release would bar itself",
                        (unsigned long long)plan->floor, (unsigned long long)plan->sequence);
    }
    return rc;
}
