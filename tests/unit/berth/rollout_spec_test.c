/* rollout_spec: what is refused, where, and what to do; all of it at once. And what flags mean. */
#include "ports/app/berth/rollout_spec.h"

#include "ports/app/berth/rollout_options.h"
#include "tests/check.h"
#include "tests/unit/words/typed.h"

static struct rollout_spec spec;
static struct rollout_words words;

/* The findings of a spec, as they are printed. */
static char *refusals(const char *text)
{
    static char printed[8192];
    const struct yaml_source source = {.file = "s"};
    struct findings *findings = findings_new();
    struct yaml_item *root = NULL;
    struct err err = {0};
    spec = (struct rollout_spec){.max_unavailable = 1, .offline = "later"};
    words = (struct rollout_words){0};
    printed[0] = '\0';
    int rc = yaml_tree_read(span_text(text), &source, &root, &err);
    if (rc != 0) {
        (void)snprintf(printed, sizeof printed, "%s\n", err.text);
    } else {
        FILE *stream = fmemopen(printed, sizeof printed, "w");
        CHECK_INT_EQ(rollout_spec_read(root, findings, &spec, &words, &err), 0);
        CHECK(stream != NULL && findings_print(findings, stream, &err) == 0);
        (void)fclose(stream);
    }
    yaml_tree_free(root);
    findings_free(findings);
    return printed;
}

static const struct {
    const char *spec, *text;
} refused[] = {
    {"wave: []\n", "s:1: wave: unknown key; did you mean waves?\n"},
    {"colour: red\n", "s:1: colour: unknown key; check its spelling or remove it\n"},
    {"[]\n", "s:1: must be a map of keys\n"},
    {"gates: []\n", "s:1: gates: is not built yet; it comes with a later version: remove it\n"},
    {"notifications: x\nwindows: x\nstaging: x\ntoken: x\napproval: x\npenalty: x\n",
     "s:1: notifications: is not built yet; it comes with a later version: remove it\n"
     "s:2: windows: is not built yet; it comes with a later version: remove it\n"
     "s:3: staging: is not built yet; it comes with a later version: remove it\n"
     "s:4: token: is not built yet; it comes with a later version: remove it\n"
     "s:5: approval: is not built yet; it comes with a later version: remove it\n"
     "s:6: penalty: is not built yet; it comes with a later version: remove it\n"},
    {"target: {mode: moving}\n", "s:1: target.mode: must be snapshot or continuous\n"},
    {"target: site==\n  north=x=y\n", "s:1: target: selector, at character 13 (\"=x=y\"): "
                                      "expected ',' between requirements, or =, "
                                      "!=, in, notin; write site=north,tier in (a,b),!lab\n"},
    {"target:\n  selector: a=b\n  matchLabels: {a: b}\n",
     "s:2: target: selector conflicts with matchLabels and matchExpressions; keep one of "
     "them\n"},
    {"target:\n  matchExpressions:\n    - {key: a, operator: Near, values: [b]}\n",
     "s:3: target.matchExpressions[0]: operator must be In, NotIn, Exists or DoesNotExist\n"},
    {"target:\n  matchExpressions:\n    - {key: a, operator: In}\n    - {key: b, operator: "
     "Exists, values: [c]}\n    - {operator: Exists}\n",
     "s:3: target.matchExpressions[0]: In takes a list of values\n"
     "s:4: target.matchExpressions[1]: Exists takes no values\n"
     "s:5: target.matchExpressions[2]: must have a key and an operator; write {key: site, "
     "operator: In, values: [a, b]}\n"},
    {"target: {matchLabels: [a]}\n",
     "s:1: target.matchLabels: must be a map of labels; write site: north\n"},
    {"target: {matchLabels: {site: -x-}}\n",
     "s:1: target.matchLabels: selector: \"-x-\" cannot be the value of a label; write "
     "site=north,tier in (a,b),!lab\n"},
    {"waves: 3\n", "s:1: waves: must be a list of waves; write - size: 10%; none for "
                   "one node after the other\n"},
    {"waves: [{size: 10%}]\n",
     "s:1: waves: the last wave must reach every node of the target; end with - size: 100%; to "
     "leave nodes out narrow the target\n"},
    {"waves:\n  - size: 0\n  - size: 101%\n  - {size: 100%, soak: 1d, successThreshold: 95}\n",
     "s:2: waves[0].size: must be a number of nodes from 1 on, or 1% to 100%; write 3 or 10%\n"
     "s:3: waves[1].size: must be a number of nodes from 1 on, or 1% to 100%; write 3 or 10%\n"
     "s:4: waves[2].soak: must be a duration of at most 31 days; write 90s, 10m or 24h; 0s for "
     "none\n"
     "s:4: waves[2].successThreshold: must be a share from 0% to 100%; write 95%\n"},
    {"waves: [{size: 50%}, {size: 20%}, {}]\n",
     "s:1: waves[1].size: is not larger than the one before; sizes count the waves before them "
     "in\n"},
    {"waves: [{gates: x}]\n",
     "s:1: waves[0].gates: is not built yet; it comes with a later version: remove it\n"},
    {"parallelism: 0\n",
     "s:1: parallelism: must be at least 1; for all at once write maxUnavailable: 100%\n"},
    {"parallelism: 2\nwaves: [{}]\n", "s:1: parallelism: conflicts with waves; keep one of them\n"},
    {"delay: 5m\n", "s:1: delay: means nothing by itself; add parallelism, or give each wave a "
                    "soak\n"},
    {"ramp: {baseRatePerMinute: 9, incrementFactor: 1, maximumPerMinute: 3}\n",
     "s:1: ramp.incrementFactor: must be a number from 1.1 to 5\n"
     "s:1: ramp: rateIncreaseCriteria is missing\n"
     "s:1: ramp: maximumPerMinute is smaller than baseRatePerMinute\n"},
    {"maxUnavailable: none\n", "s:1: maxUnavailable: must be a number of nodes from 1 on, or 1% "
                               "to 100%; write 3 or 10%\n"},
    {"budget: {max: 2}\n", "s:1: budget: groupBy is missing; write groupBy: LABEL\n"},
    {"budget: {groupBy: [a, b, c, d, e]}\n",
     "s:1: budget.groupBy: there may be at most 4 labels\n"},
    {"budget: {groupBy: a, missing: maybe, max: 0}\n",
     "s:1: budget.missing: must be alone, together or refuse\n"
     "s:1: budget.max: must be a number from 1 to 1000000\n"},
    {"peers: []\n", "s:1: peers: must be a text; write one value\n"},
    {"dispatch: {perMinute: 0}\n", "s:1: dispatch.perMinute: must be a number from 1 to 1000000\n"},
    {"failure: {action: stop, canary: maybe, ratio: 5, minimum: 0}\n",
     "s:1: failure.action: must be pause, continue or rollback\n"
     "s:1: failure.canary: must be stop or count\n"
     "s:1: failure.ratio: must be a share from 0% to 100%; write 95%\n"
     "s:1: failure.minimum: must be a number from 1 to 1000000\n"},
    {"failure: {classes: {broken: 1, lost: 11}, retries: {lost: 16, overridden: 1}}\n",
     "s:1: failure.classes.broken: is no class of failures; write one of failed, rolled-back, "
     "refused, timed-out, inconclusive, held, lost, overridden, regressed\n"
     "s:1: failure.classes.lost: must be a number from 0 to 10\n"
     "s:1: failure.retries.lost: must be a number from 0 to 15\n"
     "s:1: failure.retries.overridden: a node in it gets no second order; remove it\n"},
    {"offline: never\n", "s:1: offline: must be later, wait, fail or skip\n"},
    {"offline: {policy: later, until: tomorrow}\n",
     "s:1: offline.until: must be a duration of at most 31 days; write 90s, 10m or 24h; 0s for "
     "none\n"},
    {"start: tomorrow\nend: 2026-12-24\n",
     "s:1: start: must be an instant; write 2026-12-24T18:00:00Z, or +01:00 for the Z\n"
     "s:2: end: must be an instant; write 2026-12-24T18:00:00Z, or +01:00 for the Z\n"},
    {"start: 2026-12-24T18:00:00Z\nend: 2026-12-24T18:00:00+01:00\n",
     "s:2: end: is not after start\n"},
    {"startBy: 0s\nlostAfter: 999ms\n", "s:1: startBy: must be at least 1s\n"
                                        "s:2: lostAfter: must be at least 1s\n"},
    {"force: maybe\n", "s:1: force: must be true or false\n"},
    {"force: true\nforce: false\n", "line 2: the key force stands here twice, first in line 1\n"},
};

static void case_refused(void)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        CHECK_STR_EQ(refusals(refused[i].spec), refused[i].text);
    }
}

/* Every one is reported, not the first. */
static void case_all_at_once(void)
{
    const char *text = refusals("wavs: []\nmaxUnavailable: 0\npeers: {}\noffline: x\nforce: 3\n");
    size_t lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    CHECK_INT_EQ(lines, 5);
}

static void case_expressions(void)
{
    CHECK_STR_EQ(refusals("target:\n  matchLabels: {site: north, tier: 1}\n  matchExpressions:\n"
                          "    - {key: os, operator: In, values: [a, b]}\n"
                          "    - {key: lab, operator: NotIn, values: [x]}\n"
                          "    - {key: up, operator: Exists}\n"
                          "    - {key: old, operator: DoesNotExist}\n"),
                 "");
    CHECK_STR_EQ(spec.selector, "site=north,tier=1,os in (a,b),lab notin (x),up,!old");
}

static void case_instants(void)
{
    static const struct {
        const char *text;
        wall_ms at; /* 0: none */
    } rows[] = {{"2025-11-24T16:00:00Z", 1764000000000},
                {"2025-11-24T17:00:00+01:00", 1764000000000},
                {"2025-11-24T10:30:00-05:30", 1764000000000},
                {"2025-11-24T16:00:00", 0},
                {"2025-11-24 16:00:00Z", 0},
                {"2025-11-24T16:00:00+1:00", 0},
                {"2025-11-24T16:00:00+24:00", 0},
                {"2025-11-24T16:00:00Zx", 0},
                {"", 0},
                {"2025-13-24T16:00:00Z", 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        wall_ms at = 0;
        CHECK(rollout_instant_parse(rows[i].text, &at) == (rows[i].at != 0));
        CHECK_INT_EQ(rows[i].at != 0 ? at : 0, rows[i].at);
    }
}

/* As if it had been typed: what is wrong, by the table or by the verb. */
static int typed(const char *line, struct rollout_options *options, struct err *err)
{
    static struct given given;
    char whole[256];
    *options = (struct rollout_options){0};
    (void)snprintf(whole, sizeof whole, "rollout %s", line);
    return typed_read(&words_berth, whole, &given) != 0
               ? given_judge(&given, err)
               : rollout_options_read(options, &spec, false, &given, err);
}

/* What stands in no flag: a rollout in waves has a budget, a limit of failures and of patience. */
static void case_flags(void)
{
    static struct rollout_options options;
    struct err err = {0};
    CHECK_INT_EQ(typed("start --waves 1,5%,100% --soak 2m --all web.release", &options, &err), 0);
    CHECK_STR_EQ(options.file, "web.release");
    CHECK_INT_EQ(spec.shape.wave_count, 3);
    CHECK_INT_EQ(spec.shape.waves[0].size.count, 1);
    CHECK_INT_EQ(spec.shape.waves[2].size.percent, 100);
    CHECK_INT_EQ(spec.shape.waves[1].soak_ms, 120000);
    CHECK_INT_EQ(spec.shape.waves[1].threshold, 95);
    CHECK_INT_EQ(spec.shape.max_unavailable_percent, 10);
    CHECK(spec.shape.failure.is_given && spec.shape.failure.is_canary);
    CHECK_INT_EQ(spec.shape.offline_until_ms, UINT64_C(1209600000));
    CHECK_INT_EQ(typed("start -l a=b web.release", &options, &err), 0); /* the grey release */
    CHECK_INT_EQ(spec.shape.wave_count, 4);
    CHECK_INT_EQ(spec.shape.waves[0].size.count, 1);
    CHECK_INT_EQ(spec.shape.waves[0].soak_ms, 1800000);
    CHECK_INT_EQ(spec.shape.waves[1].size.percent, 5);
    CHECK_INT_EQ(spec.shape.waves[2].size.percent, 25);
    CHECK_INT_EQ(spec.shape.waves[2].soak_ms, 600000);
    CHECK_INT_EQ(spec.shape.waves[3].size.percent, 100);
    CHECK_INT_EQ(spec.shape.waves[3].threshold, 95);
    CHECK_INT_EQ(spec.shape.max_unavailable_percent, 10);
    CHECK_INT_EQ(spec.shape.failure.ratio, 5);
    CHECK_INT_EQ(spec.shape.failure.minimum, 3);
    CHECK(spec.shape.failure.is_canary);
    CHECK_STR_EQ(spec.shape.failure.action, "pause");
    CHECK_INT_EQ(spec.shape.offline_until_ms, UINT64_C(1209600000));
    CHECK_INT_EQ(typed("start -l a=b --waves none web.release", &options, &err), 0);
    CHECK(!rollout_shape_is_staged(&spec.shape) && !spec.shape.failure.is_given);
    CHECK_INT_EQ(spec.max_unavailable, 1);
    CHECK_INT_EQ(spec.shape.offline_until_ms, UINT64_C(1209600000));
}

static void case_flags_refused(void)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"start --waves 1,5% f",
         "--waves 1,5%: must be at most 16 sizes that end with 100%, like 1,5%,25%,100%\n"},
        {"start --soak 5m f", "--soak is of waves: add --waves 1,5%,25%,100%\n"},
        {"start --max-unavailable 0 f --peers= --soak 5",
         "--max-unavailable 0: must be a number of nodes or a share, like 3 or 10%\n"
         "--peers : must be a label's name of at most 63 characters\n"
         "--soak 5: must be a duration like 15m\n"},
        {"start --on-failure panic f",
         "--on-failure panic: must be one of pause|continue|rollback\n"},
        {"start --fail-above 5 f", "--fail-above 5: must be a share like 95%\n"},
        {"start --per-minute x f", "--per-minute x: must be a number from 1 to 1000000\n"},
        {"start --start-by 5ms f", "--start-by 5ms: must be a duration like 15m, at least 1s\n"},
        {"start --offline x f", "--offline x: must be one of later|wait|fail|skip\n"},
        {"start --spec x --force f",
         "--spec and --force exclude each other: write it in the spec\n"},
        {"start --all -l a=b --soak 1m f", "--soak is of waves: add --waves 1,5%,25%,100%\n"
                                           "-l and --all exclude each other\n"},
        {"start", "FILE is needed\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        static struct rollout_options options;
        struct err err = {0};
        CHECK_INT_EQ(typed(rows[i].line, &options, &err), ERR_USAGE);
        CHECK_STR_EQ(err.text, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"refused", case_refused},
                                              {"all at once", case_all_at_once},
                                              {"expressions", case_expressions},
                                              {"instants", case_instants},
                                              {"flags", case_flags},
                                              {"flags: refused", case_flags_refused}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
