/* rollout_options: flags for the common case; everything else stands in a spec. */
#include "ports/app/berth/rollout_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/selector.h"
#include "agent/wire/duration.h"

enum {
    SHAPE_FIRST = 256,
    WAVES,
    SOAK,
    THRESHOLD,
    UNAVAILABLE,
    GROUP_BY,
    PEERS,
    PER_MINUTE,
    ON_FAILURE,
    FAIL_ABOVE,
    OFFLINE_UNTIL
};

static const struct option all_options[] = {
    {"dir", required_argument, NULL, 'd'},
    {"selector", required_argument, NULL, 'l'},
    {"all", no_argument, NULL, 'A'},
    {"spec", required_argument, NULL, 'S'},
    {"force", no_argument, NULL, 'f'},
    {"offline", required_argument, NULL, 'o'},
    {"start-by", required_argument, NULL, 's'},
    {"lost-after", required_argument, NULL, 'a'},
    {"waves", required_argument, NULL, WAVES},
    {"soak", required_argument, NULL, SOAK},
    {"threshold", required_argument, NULL, THRESHOLD},
    {"max-unavailable", required_argument, NULL, UNAVAILABLE},
    {"group-by", required_argument, NULL, GROUP_BY},
    {"peers", required_argument, NULL, PEERS},
    {"per-minute", required_argument, NULL, PER_MINUTE},
    {"on-failure", required_argument, NULL, ON_FAILURE},
    {"fail-above", required_argument, NULL, FAIL_ABOVE},
    {"offline-until", required_argument, NULL, OFFLINE_UNTIL},
    {"json", no_argument, NULL, 'j'},
    {"yes", no_argument, NULL, 'y'},
    {"watch", no_argument, NULL, 'w'},
    {"detach", no_argument, NULL, 'b'},
    {0}};

static const char *name_of(int option)
{
    for (size_t i = 0; i < COUNT_OF(all_options); i++) {
        if (all_options[i].val == option && all_options[i].name != NULL) {
            return all_options[i].name;
        }
    }
    return "";
}

static int duration_option(const char *name, int64_t least, uint64_t *value, struct err *err)
{
    int64_t ms = 0;
    if (!duration_parse(optarg, &ms) || ms < least) {
        return err_set(err, ERR_USAGE, "--%s must be a duration like 15m%s", name,
                       least > 0 ? ", at least 1s" : "");
    }
    *value = (uint64_t)ms;
    return 0;
}

static int share_option(const char *name, const char *text, uint32_t *percent, struct err *err)
{
    char *end = NULL;
    unsigned long value = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 101;
    if (value > 100 || strcmp(end, "%") != 0) {
        return err_set(err, ERR_USAGE, "--%s must be a share like 95%%", name);
    }
    *percent = (uint32_t)value;
    return 0;
}

static int label_option(const char *name, char label[ROLLOUT_LABEL_BYTES], struct err *err)
{
    return optarg[0] != '\0' && text_copy(label, ROLLOUT_LABEL_BYTES, optarg)
               ? 0
               : err_set(err, ERR_USAGE, "--%s must be a label's name of at most %d characters",
                         name, ROLLOUT_LABEL_BYTES - 1);
}

static int size_option(struct rollout_options *options, struct rollout_spec *spec, struct err *err)
{
    struct rollout_size size = {0};
    if (!rollout_size_parse(optarg, &size)) {
        return err_set(err, ERR_USAGE,
                       "--max-unavailable must be a number of nodes or a share, "
                       "like 3 or 10%%");
    }
    spec->max_unavailable = size.count > 0 ? size.count : 1;
    spec->shape.max_unavailable_percent = size.percent;
    options->words.has_unavailable = true;
    return 0;
}

static struct rollout_failure *failure_of(struct rollout_spec *spec)
{
    struct rollout_failure *failure = &spec->shape.failure;
    if (!failure->is_given) {
        rollout_failure_usual(failure);
    }
    return failure;
}

static int action_option(struct rollout_spec *spec, struct err *err)
{
    bool is_known = strcmp(optarg, "pause") == 0 || strcmp(optarg, "continue") == 0 ||
                    strcmp(optarg, "rollback") == 0;
    return is_known && text_copy(failure_of(spec)->action, ROLLOUT_WORD_BYTES, optarg)
               ? 0
               : err_set(err, ERR_USAGE, "--on-failure must be pause, continue or rollback");
}

static int shape_option(struct rollout_options *options, struct rollout_spec *spec, int option,
                        struct err *err)
{
    struct rollout_shape *shape = &spec->shape;
    const char *name = name_of(option);
    uint64_t number = 0;
    switch (option) {
    case WAVES:
        return rollout_waves_parse(optarg, shape)
                   ? 0
                   : err_set(err, ERR_USAGE,
                             "--waves must be at most %d sizes that end with 100%%, like "
                             "1,5%%,25%%,100%%",
                             ROLLOUT_WAVES_MAX);
    case SOAK:
        options->soak = optarg;
        return duration_option(name, 0, &number, err);
    case THRESHOLD:
        options->threshold = optarg;
        return share_option(name, optarg, &(uint32_t){0}, err);
    case UNAVAILABLE:
        return size_option(options, spec, err);
    case GROUP_BY:
        shape->group_max = 1;
        (void)text_copy(shape->group_missing, ROLLOUT_WORD_BYTES, "alone");
        return shape->group_count == ROLLOUT_GROUPS_MAX
                   ? err_set(err, ERR_USAGE, "--group-by: at most %d times", ROLLOUT_GROUPS_MAX)
                   : label_option(name, shape->group_by[shape->group_count++], err);
    case PEERS:
        return label_option(name, shape->peers, err);
    case PER_MINUTE:
        shape->per_minute = (uint32_t)strtoul(optarg, NULL, 10);
        return shape->per_minute > 0 && shape->per_minute <= 1000000
                   ? 0
                   : err_set(err, ERR_USAGE, "--per-minute must be a number from 1 to 1000000");
    case ON_FAILURE:
        return action_option(spec, err);
    case FAIL_ABOVE:
        return share_option(name, optarg, &failure_of(spec)->ratio, err);
    case OFFLINE_UNTIL:
        return duration_option(name, 1000, &shape->offline_until_ms, err);
    default:
        return err_set(err, ERR_USAGE, "no such option");
    }
}

static int offline_option(struct rollout_spec *spec, struct err *err)
{
    bool is_known = strcmp(optarg, "later") == 0 || strcmp(optarg, "wait") == 0 ||
                    strcmp(optarg, "fail") == 0 || strcmp(optarg, "skip") == 0;
    return is_known && text_copy(spec->offline, sizeof spec->offline, optarg)
               ? 0
               : err_set(err, ERR_USAGE, "--offline must be later, wait, fail or skip");
}

/* What a spec says too. */
static int spec_option(struct rollout_options *options, struct rollout_spec *spec, int option,
                       struct err *err)
{
    options->flag = name_of(option);
    switch (option) {
    case 'f':
        spec->force = true;
        return 0;
    case 'o':
        return offline_option(spec, err);
    case 's':
        return duration_option("start-by", 1000, &spec->start_by_ms, err);
    case 'a':
        return duration_option("lost-after", 1000, &spec->lost_after_ms, err);
    default:
        return shape_option(options, spec, option, err);
    }
}

static int option_read(struct rollout_options *options, struct rollout_spec *spec, bool is_plan,
                       int option, struct err *err)
{
    switch (option) {
    case 'd':
        options->path = optarg;
        return 0;
    case 'l':
        return text_copy(spec->selector, sizeof spec->selector, optarg)
                   ? 0
                   : err_set(err, ERR_USAGE, "-l: at most %d characters",
                             ROLLOUT_SELECTOR_BYTES - 1);
    case 'A':
        options->is_all = true;
        return 0;
    case 'S':
        options->spec_file = optarg;
        return 0;
    case 'j':
        options->is_json = true;
        return is_plan ? 0 : err_set(err, ERR_USAGE, "--json: of rollout plan, status and watch");
    case 'y':
        options->is_confirmed = true;
        return 0;
    case 'w':
        options->is_watched = true;
        return is_plan ? err_set(err, ERR_USAGE, "a plan does nothing to watch") : 0;
    case 'b':
        options->is_detached = true;
        return is_plan ? err_set(err, ERR_USAGE, "a plan does nothing to detach from") : 0;
    default:
        return spec_option(options, spec, option, err);
    }
}

static int spec_take(struct rollout_options *options, struct rollout_spec *spec, struct err *err)
{
    bool has_selector = spec->selector[0] != '\0';
    if (options->spec_file == NULL) {
        return 0;
    }
    if (options->flag != NULL) {
        return err_set(err, ERR_USAGE, "--spec and --%s exclude each other: write it in the spec",
                       options->flag);
    }
    int rc = rollout_spec_load(options->spec_file, spec, &options->words, err);
    if (rc == 0 && options->words.has_target && (has_selector || options->is_all)) {
        return err_set(err, ERR_USAGE, "the spec has a target: leave out -l and --all");
    }
    return rc;
}

/* A soak and a threshold are those of every wave. */
static int waves_take(const struct rollout_options *options, struct rollout_spec *spec,
                      struct err *err)
{
    struct rollout_shape *shape = &spec->shape;
    int64_t soak = 0;
    if ((options->soak != NULL || options->threshold != NULL) && shape->wave_count == 0) {
        return err_set(err, ERR_USAGE, "--%s is of waves: add --waves 1,5%%,25%%,100%%",
                       options->soak != NULL ? "soak" : "threshold");
    }
    for (size_t i = 0; i < shape->wave_count; i++) {
        if (options->soak != NULL && duration_parse(options->soak, &soak)) {
            shape->waves[i].soak_ms = (uint64_t)soak;
        }
        if (options->threshold != NULL) {
            shape->waves[i].threshold = (uint32_t)strtoul(options->threshold, NULL, 10);
        }
    }
    return 0;
}

int rollout_options_read(struct rollout_options *options, struct rollout_spec *spec, bool is_plan,
                         int argc, char **argv, struct err *err)
{
    struct selector selector;
    int option = 0;
    *spec = (struct rollout_spec){
        .max_unavailable = 1, .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT, .offline = "later"};
    while ((option = getopt_long(argc, argv, "l:", all_options, NULL)) != -1) {
        int rc = option_read(options, spec, is_plan, option, err);
        if (rc != 0) {
            return rc;
        }
    }
    if (optind + 1 != argc) {
        return err_set(err, ERR_USAGE, "one signed release is needed");
    }
    options->file = argv[optind];
    int rc = spec_take(options, spec, err);
    rc = rc == 0 ? waves_take(options, spec, err) : rc;
    if (rc != 0) {
        return rc;
    }
    rollout_spec_complete(spec, &options->words);
    if (options->is_all && spec->selector[0] != '\0') {
        return err_set(err, ERR_USAGE, "-l and --all exclude each other");
    }
    rc = selector_parse(spec->selector, &selector, err);
    return rc == 0 ? 0 : err_wrap(err, ERR_USAGE, "-l");
}
