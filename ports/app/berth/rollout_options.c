/* rollout_options: flags for the common case; everything else stands in a spec. */
#include "ports/app/berth/rollout_options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/selector.h"
#include "agent/wire/duration.h"

/* -- values, judged by the table -----------------------------------------------------------------
 */

static void duration_take(struct given *given, const char *name, uint64_t *value)
{
    const char *text = given_value(given, name);
    int64_t ms = 0;
    if (text != NULL && duration_parse(text, &ms)) {
        *value = (uint64_t)ms;
    }
}

static uint32_t share_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static void size_take(struct rollout_options *options, struct rollout_spec *spec,
                      struct given *given)
{
    const char *text = given_value(given, "max-unavailable");
    struct rollout_size size = {0};
    if (text != NULL && rollout_size_parse(text, &size)) {
        spec->max_unavailable = size.count > 0 ? size.count : 1;
        spec->shape.max_unavailable_percent = size.percent;
        options->words.has_unavailable = true;
    }
}

static struct rollout_failure *failure_of(struct rollout_spec *spec)
{
    struct rollout_failure *failure = &spec->shape.failure;
    if (!failure->is_given) {
        rollout_failure_usual(failure);
    }
    return failure;
}

static void shape_take(struct rollout_options *options, struct rollout_spec *spec,
                       struct given *given)
{
    struct rollout_shape *shape = &spec->shape;
    const char *waves = given_value(given, "waves");
    const char *peers = given_value(given, "peers");
    const char *action = given_value(given, "on-failure");
    const char *above = given_value(given, "fail-above");
    size_t at = 0;
    bool is_good = waves == NULL || rollout_waves_parse(waves, shape);
    assert(is_good); /* values_check has seen it */
    options->words.has_waves = waves != NULL;
    options->soak = given_value(given, "soak");
    options->threshold = given_value(given, "threshold");
    size_take(options, spec, given);
    for (const char *label; (label = given_next(given, "group-by", &at)) != NULL;) {
        shape->group_max = 1;
        (void)text_copy(shape->group_missing, ROLLOUT_WORD_BYTES, "alone");
        (void)text_copy(shape->group_by[shape->group_count++], ROLLOUT_LABEL_BYTES, label);
    }
    (void)text_copy(shape->peers, ROLLOUT_LABEL_BYTES, peers != NULL ? peers : "");
    shape->per_minute = (uint32_t)given_number(given, "per-minute", 0);
    if (action != NULL) {
        (void)text_copy(failure_of(spec)->action, ROLLOUT_WORD_BYTES, action);
    }
    if (above != NULL) {
        failure_of(spec)->ratio = share_of(above);
    }
    duration_take(given, "offline-until", &shape->offline_until_ms);
}

/* What a spec says too. */
static void spec_options_take(struct rollout_options *options, struct rollout_spec *spec,
                              struct given *given)
{
    const char *offline = given_value(given, "offline");
    spec->force = given_has(given, "force");
    if (offline != NULL) {
        (void)text_copy(spec->offline, sizeof spec->offline, offline);
    }
    duration_take(given, "start-by", &spec->start_by_ms);
    duration_take(given, "lost-after", &spec->lost_after_ms);
    shape_take(options, spec, given);
}

/* The last option that a spec's file would say, or NULL. */
static const char *said_twice(const struct given *given)
{
    static const char *const others[] = {"dir", "selector", "all",    "spec",
                                         "yes", "watch",    "detach", "json"};
    const char *last = NULL;
    for (size_t i = 0; i < given->option_count; i++) {
        bool is_other = false;
        for (size_t n = 0; n < COUNT_OF(others); n++) {
            is_other |= strcmp(given->options[i].option->name, others[n]) == 0;
        }
        last = is_other ? last : given->options[i].option->name;
    }
    return last;
}

static int spec_take(struct rollout_options *options, struct rollout_spec *spec, struct err *err)
{
    bool has_selector = spec->selector[0] != '\0';
    if (options->spec_file == NULL) {
        return 0;
    }
    int rc = rollout_spec_load(options->spec_file, spec, &options->words, err);
    if (rc == 0 && options->words.has_target && (has_selector || options->is_all)) {
        return err_set(err, ERR_USAGE, "the spec has a target: leave out -l and --all");
    }
    return rc;
}

/* A soak and a threshold are those of every wave. */
static void waves_take(const struct rollout_options *options, struct rollout_spec *spec)
{
    struct rollout_shape *shape = &spec->shape;
    int64_t soak = 0;
    for (size_t i = 0; i < shape->wave_count; i++) {
        if (options->soak != NULL && duration_parse(options->soak, &soak)) {
            shape->waves[i].soak_ms = (uint64_t)soak;
        }
        if (options->threshold != NULL) {
            shape->waves[i].threshold = share_of(options->threshold);
        }
    }
}

/* What goes with what. */
static void together_judge(const struct rollout_options *options, const struct rollout_spec *spec,
                           struct given *given)
{
    const char *flag = said_twice(given);
    bool is_of_waves = options->soak != NULL || options->threshold != NULL;
    if (options->spec_file != NULL && flag != NULL) {
        given_complain(given, "--spec and --%s exclude each other: write it in the spec", flag);
    } else if (is_of_waves && given_value(given, "waves") == NULL) {
        given_complain(given, "--%s is of waves: add --waves 1,5%%,25%%,100%%",
                       options->soak != NULL ? "soak" : "threshold");
    }
    if (options->is_all && spec->selector[0] != '\0') {
        given_complain(given, "-l and --all exclude each other");
    }
}

int rollout_options_read(struct rollout_options *options, struct rollout_spec *spec, bool is_plan,
                         struct given *given, struct err *err)
{
    const char *selector = given_value(given, "selector");
    struct selector parsed;
    *spec = (struct rollout_spec){
        .max_unavailable = 1, .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT, .offline = "later"};
    options->path = given_value(given, "dir");
    options->file = given->arguments[0];
    options->spec_file = given_value(given, "spec");
    options->is_all = given_has(given, "all");
    options->is_json = is_plan && given_has(given, "json");
    options->is_confirmed = !is_plan && given_has(given, "yes");
    options->is_watched = !is_plan && given_has(given, "watch");
    options->is_detached = !is_plan && given_has(given, "detach");
    (void)text_copy(spec->selector, sizeof spec->selector, selector != NULL ? selector : "");
    spec_options_take(options, spec, given);
    together_judge(options, spec, given);
    int rc = given_judge(given, err);
    rc = rc == 0 ? spec_take(options, spec, err) : rc;
    if (rc != 0) {
        return rc;
    }
    waves_take(options, spec);
    rollout_spec_complete(spec, &options->words);
    rc = selector_parse(spec->selector, &parsed, err);
    return rc == 0 ? 0 : err_wrap(err, ERR_USAGE, "the spec's target");
}
