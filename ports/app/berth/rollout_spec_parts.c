/* rollout_spec_parts: waves, ramps, budgets, failures and the nodes that are away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/wire/duration.h"
#include "ports/app/berth/rollout_spec.h"

#define PATH_BYTES 128

/* -- waves ------------------------------------------------------------------------------------ */

static struct rollout_wave_spec *wave_of(struct rollout_reader *reader)
{
    struct rollout_shape *shape = &reader->spec->shape;
    return &shape->waves[shape->wave_count - 1];
}

static void read_selector(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    (void)reader; /* rollout_selector_read reads the three of them together */
    (void)item;
    (void)path;
}

static void read_size(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    (void)rollout_size_read(reader, item, path, &wave_of(reader)->size);
}

static void read_soak(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    (void)rollout_duration_read(reader, item, path, &wave_of(reader)->soak_ms);
}

static void read_threshold(struct rollout_reader *reader, const struct yaml_item *item,
                           const char *path)
{
    (void)rollout_percent_read(reader, item, path, &wave_of(reader)->threshold);
}

static const struct rollout_key wave_keys[] = {
    {"selector", read_selector, NULL},
    {"matchLabels", read_selector, NULL},
    {"matchExpressions", read_selector, NULL},
    {"size", read_size, NULL},
    {"soak", read_soak, NULL},
    {"successThreshold", read_threshold, NULL},
    {"gates", NULL, "it comes with a later version: remove it"},
    {"approval", NULL, "it comes with a later version: remove it"},
};

static bool is_all(const struct rollout_wave_spec *wave)
{
    return wave->selector[0] == '\0' && wave->size.count == 0 &&
           (wave->size.percent == 0 || wave->size.percent == 100);
}

/* Sizes count the waves before them in: one that is smaller adds nobody. */
static void sizes_check(struct rollout_reader *reader, const struct yaml_item *item,
                        const char *path)
{
    const struct rollout_shape *shape = &reader->spec->shape;
    const struct yaml_item *member = item->child;
    uint32_t percent = 0;
    uint32_t count = 0;
    for (size_t i = 0; i < shape->wave_count && member != NULL; i++, member = member->next) {
        const struct rollout_wave_spec *wave = &shape->waves[i];
        char place[PATH_BYTES];
        (void)snprintf(place, sizeof place, "%s[%zu].size", path, i);
        if (wave->selector[0] == '\0' &&
            ((wave->size.percent > 0 && wave->size.percent <= percent) ||
             (wave->size.count > 0 && wave->size.count <= count))) {
            rollout_refuse(reader, member, place, "sizes count the waves before them in",
                           "is not larger than the one before");
        }
        percent = wave->size.percent > percent ? wave->size.percent : percent;
        count = wave->size.count > count ? wave->size.count : count;
    }
}

void rollout_read_waves(struct rollout_reader *reader, const struct yaml_item *item,
                        const char *path)
{
    struct rollout_shape *shape = &reader->spec->shape;
    size_t index = 0;
    reader->words->has_waves = true;
    if (item->kind == YAML_TREE_SCALAR && strcmp(item->text, "none") == 0) {
        return;
    }
    if (item->kind != YAML_TREE_LIST || item->child == NULL) {
        rollout_refuse(reader, item, path, "write - size: 10%; none for one node after the other",
                       "must be a list of waves");
        return;
    }
    for (const struct yaml_item *wave = item->child; wave != NULL; wave = wave->next, index++) {
        char place[PATH_BYTES];
        (void)snprintf(place, sizeof place, "%s[%zu]", path, index);
        if (shape->wave_count == ROLLOUT_WAVES_MAX) {
            rollout_refuse(reader, wave, place, "for many equal waves write parallelism and delay",
                           "there may be at most %d waves", ROLLOUT_WAVES_MAX);
            return;
        }
        shape->waves[shape->wave_count++] = (struct rollout_wave_spec){
            .soak_ms = ROLLOUT_SOAK_UNSAID, .threshold = ROLLOUT_THRESHOLD_UNSAID};
        rollout_map_read(reader, wave, place, wave_keys, COUNT_OF(wave_keys));
        rollout_selector_read(reader, wave, place, wave_of(reader)->selector);
    }
    sizes_check(reader, item, path);
    if (!is_all(wave_of(reader))) {
        rollout_refuse(reader, item, path,
                       "end with - size: 100%; to leave nodes out narrow the target",
                       "the last wave must reach every node of the target");
    }
}

bool rollout_waves_parse(const char *text, struct rollout_shape *shape)
{
    char copy[256];
    char *rest = NULL;
    if (!text_copy(copy, sizeof copy, text)) {
        return false;
    }
    shape->wave_count = 0;
    if (strcmp(text, "none") == 0) {
        return true;
    }
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        struct rollout_wave_spec wave = {.soak_ms = ROLLOUT_SOAK_UNSAID,
                                         .threshold = ROLLOUT_THRESHOLD_UNSAID};
        if (shape->wave_count == ROLLOUT_WAVES_MAX || !rollout_size_parse(word, &wave.size)) {
            return false;
        }
        shape->waves[shape->wave_count++] = wave;
    }
    return shape->wave_count > 0 && is_all(&shape->waves[shape->wave_count - 1]);
}

/* -- a ramp ----------------------------------------------------------------------------------- */

static void read_base(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    (void)rollout_number_read(reader, item, path, 1, 1000, &reader->spec->shape.ramp.base);
}

static void read_most(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    (void)rollout_number_read(reader, item, path, 1, 1000000, &reader->spec->shape.ramp.most);
}

static bool factor_read(struct rollout_reader *reader, const struct yaml_item *item,
                        const char *path, uint32_t least, uint32_t most, uint32_t scale,
                        uint32_t *value)
{
    char *end = NULL;
    bool is_number = item->kind == YAML_TREE_SCALAR && item->text[0] >= '0' && item->text[0] <= '9';
    double number = is_number ? strtod(item->text, &end) : 0;
    if (!is_number || *end != '\0' || number * scale < least || number * scale > most) {
        rollout_refuse(reader, item, path, NULL, "must be a number from %g to %g",
                       (double)least / scale, (double)most / scale);
        return false;
    }
    *value = (uint32_t)(number * scale + 0.5);
    return true;
}

static void read_factor(struct rollout_reader *reader, const struct yaml_item *item,
                        const char *path)
{
    (void)factor_read(reader, item, path, 1100, 5000, 1000,
                      &reader->spec->shape.ramp.factor_thousandths);
}

static void read_succeeded(struct rollout_reader *reader, const struct yaml_item *item,
                           const char *path)
{
    (void)rollout_number_read(reader, item, path, 1, 1000000, &reader->spec->shape.ramp.every);
}

static void read_notified(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    reader->spec->shape.ramp.is_by_ordered = true;
    read_succeeded(reader, item, path);
}

static void read_criteria(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    static const struct rollout_key keys[] = {{"numberOfSucceededNodes", read_succeeded, NULL},
                                              {"numberOfNotifiedNodes", read_notified, NULL}};
    rollout_map_read(reader, item, path, keys, COUNT_OF(keys));
    if (item->kind == YAML_TREE_MAP && (item->child == NULL || item->child->next != NULL)) {
        rollout_refuse(reader, item, path, NULL,
                       "must have one of numberOfSucceededNodes, numberOfNotifiedNodes");
    }
}

void rollout_read_ramp(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path)
{
    static const struct rollout_key keys[] = {{"baseRatePerMinute", read_base, NULL},
                                              {"incrementFactor", read_factor, NULL},
                                              {"maximumPerMinute", read_most, NULL},
                                              {"rateIncreaseCriteria", read_criteria, NULL}};
    struct rollout_ramp *ramp = &reader->spec->shape.ramp;
    rollout_map_read(reader, item, path, keys, COUNT_OF(keys));
    for (size_t i = 0; i < COUNT_OF(keys) && item->kind == YAML_TREE_MAP; i++) {
        if (yaml_tree_member(item, keys[i].name) == NULL) {
            rollout_refuse(reader, item, path, NULL, "%s is missing", keys[i].name);
        }
    }
    if (ramp->base > 0 && ramp->most > 0 && ramp->most < ramp->base) {
        rollout_refuse(reader, item, path, NULL,
                       "maximumPerMinute is smaller than baseRatePerMinute");
    }
}

/* -- groups ----------------------------------------------------------------------------------- */

static void group_add(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    struct rollout_shape *shape = &reader->spec->shape;
    if (shape->group_count == ROLLOUT_GROUPS_MAX) {
        rollout_refuse(reader, item, path, NULL, "there may be at most %d labels",
                       ROLLOUT_GROUPS_MAX);
        return;
    }
    shape->group_count += rollout_text_read(reader, item, path, shape->group_by[shape->group_count],
                                            ROLLOUT_LABEL_BYTES);
}

static void read_group_by(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    if (item->kind != YAML_TREE_LIST) {
        group_add(reader, item, path);
        return;
    }
    for (const struct yaml_item *label = item->child; label != NULL; label = label->next) {
        group_add(reader, label, path);
    }
}

static void read_group_max(struct rollout_reader *reader, const struct yaml_item *item,
                           const char *path)
{
    (void)rollout_number_read(reader, item, path, 1, 1000000, &reader->spec->shape.group_max);
}

static void read_group_missing(struct rollout_reader *reader, const struct yaml_item *item,
                               const char *path)
{
    static const char *const words[] = {"alone", "together", "refuse"};
    (void)rollout_word_read(reader, item, path, words, COUNT_OF(words),
                            reader->spec->shape.group_missing, ROLLOUT_WORD_BYTES);
}

void rollout_read_budget(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path)
{
    static const struct rollout_key keys[] = {{"groupBy", read_group_by, NULL},
                                              {"max", read_group_max, NULL},
                                              {"missing", read_group_missing, NULL}};
    struct rollout_shape *shape = &reader->spec->shape;
    shape->group_max = 1;
    (void)text_copy(shape->group_missing, ROLLOUT_WORD_BYTES, "alone");
    rollout_map_read(reader, item, path, keys, COUNT_OF(keys));
    if (item->kind == YAML_TREE_MAP && yaml_tree_member(item, "groupBy") == NULL) {
        rollout_refuse(reader, item, path, "write groupBy: LABEL", "groupBy is missing");
    }
}

/* -- failures --------------------------------------------------------------------------------- */

static void read_ratio(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path)
{
    (void)rollout_percent_read(reader, item, path, &reader->spec->shape.failure.ratio);
}

static void read_minimum(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path)
{
    (void)rollout_number_read(reader, item, path, 1, 1000000, &reader->spec->shape.failure.minimum);
}

static void read_canary(struct rollout_reader *reader, const struct yaml_item *item,
                        const char *path)
{
    static const char *const words[] = {"stop", "count"};
    char word[ROLLOUT_WORD_BYTES];
    if (rollout_word_read(reader, item, path, words, COUNT_OF(words), word, sizeof word)) {
        reader->spec->shape.failure.is_canary = strcmp(word, "stop") == 0;
    }
}

static void read_action(struct rollout_reader *reader, const struct yaml_item *item,
                        const char *path)
{
    static const char *const words[] = {"pause", "continue", "rollback"};
    (void)rollout_word_read(reader, item, path, words, COUNT_OF(words),
                            reader->spec->shape.failure.action, ROLLOUT_WORD_BYTES);
}

/* The class of a key, or ROLLOUT_CLASS_COUNT, and refused. */
static enum rollout_class class_of(struct rollout_reader *reader, const struct yaml_item *item,
                                   const char *path)
{
    enum rollout_class class = 0;
    while (class < ROLLOUT_CLASS_COUNT && strcmp(rollout_class_word(class), item->key) != 0) {
        class ++;
    }
    if (class == ROLLOUT_CLASS_COUNT) {
        rollout_refuse(reader, item, path,
                       "write one of failed, rolled-back, refused, timed-out, inconclusive, held, "
                       "lost, overridden, regressed",
                       "is no class of failures");
    }
    return class;
}

static bool is_map(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    if (item->kind != YAML_TREE_MAP) {
        rollout_refuse(reader, item, path, NULL, "must be a map of classes");
    }
    return item->kind == YAML_TREE_MAP;
}

static void read_classes(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path)
{
    const struct yaml_item *member = is_map(reader, item, path) ? item->child : NULL;
    for (; member != NULL; member = member->next) {
        char place[PATH_BYTES];
        text_shorten_printf(place, sizeof place, "%s.%s", path, member->key);
        enum rollout_class class = class_of(reader, member, place);
        if (class != ROLLOUT_CLASS_COUNT) {
            (void)factor_read(reader, member, place, 0, 1000, 100,
                              &reader->spec->shape.failure.weight[class]);
        }
    }
}

static void read_retries(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path)
{
    const struct yaml_item *member = is_map(reader, item, path) ? item->child : NULL;
    for (; member != NULL; member = member->next) {
        char place[PATH_BYTES];
        text_shorten_printf(place, sizeof place, "%s.%s", path, member->key);
        enum rollout_class class = class_of(reader, member, place);
        if (class == ROLLOUT_CLASS_OVERRIDDEN || class == ROLLOUT_CLASS_REGRESSED) {
            rollout_refuse(reader, member, place, "remove it", "a node in it gets no second order");
        } else if (class != ROLLOUT_CLASS_COUNT) {
            (void)rollout_number_read(reader, member, place, 0, ROLLOUT_RETRIES_MAX,
                                      &reader->spec->shape.failure.retries[class]);
        }
    }
}

void rollout_failure_usual(struct rollout_failure *failure)
{
    rollout_failure_default(failure);
    failure->is_given = true;
    failure->ratio = 5;
    failure->minimum = 3;
    failure->is_canary = true;
}

void rollout_read_failure(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    static const struct rollout_key keys[] = {
        {"ratio", read_ratio, NULL},     {"minimum", read_minimum, NULL},
        {"canary", read_canary, NULL},   {"action", read_action, NULL},
        {"classes", read_classes, NULL}, {"retries", read_retries, NULL}};
    rollout_failure_usual(&reader->spec->shape.failure);
    rollout_map_read(reader, item, path, keys, COUNT_OF(keys));
}

/* -- nodes that are away ---------------------------------------------------------------------- */

static void offline_word(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path)
{
    static const char *const words[] = {"later", "wait", "fail", "skip"};
    (void)rollout_word_read(reader, item, path, words, COUNT_OF(words), reader->spec->offline,
                            ROLLOUT_WORD_BYTES);
}

static void read_until(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path)
{
    (void)rollout_duration_read(reader, item, path, &reader->spec->shape.offline_until_ms);
}

void rollout_read_offline(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    static const struct rollout_key keys[] = {{"policy", offline_word, NULL},
                                              {"until", read_until, NULL}};
    if (item->kind == YAML_TREE_SCALAR) {
        offline_word(reader, item, path);
        return;
    }
    rollout_map_read(reader, item, path, keys, COUNT_OF(keys));
}

/* -- what is left open ------------------------------------------------------------------------ */

#define SOAK_MS        600000
#define SOAK_CANARY_MS 1800000
#define OFFLINE_MS     UINT64_C(1209600000) /* 14 days */

static void grey_take(struct rollout_shape *shape)
{
    static const struct rollout_size sizes[] = {
        {.count = 1}, {.percent = 5}, {.percent = 25}, {.percent = 100}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        shape->waves[i] = (struct rollout_wave_spec){.size = sizes[i],
                                                     .soak_ms = ROLLOUT_SOAK_UNSAID,
                                                     .threshold = ROLLOUT_THRESHOLD_UNSAID};
    }
    shape->wave_count = COUNT_OF(sizes);
}

void rollout_spec_complete(struct rollout_spec *spec, const struct rollout_words *words)
{
    struct rollout_shape *shape = &spec->shape;
    if (!words->has_waves && !rollout_shape_is_staged(shape) && shape->ramp.base == 0) {
        grey_take(shape);
    }
    for (size_t i = 0; i < shape->wave_count; i++) {
        struct rollout_wave_spec *wave = &shape->waves[i];
        bool is_canary = i == 0 && shape->wave_count > 1;
        if (wave->soak_ms == ROLLOUT_SOAK_UNSAID) {
            wave->soak_ms = is_canary ? SOAK_CANARY_MS : SOAK_MS;
        }
        if (wave->threshold == ROLLOUT_THRESHOLD_UNSAID) {
            wave->threshold = 95;
        }
    }
    if (shape->offline_until_ms == 0) {
        shape->offline_until_ms = OFFLINE_MS;
    }
    if (!rollout_shape_is_staged(shape)) {
        return;
    }
    if (!shape->failure.is_given) {
        rollout_failure_usual(&shape->failure);
    }
    if (!words->has_unavailable && shape->parallelism.count > 0) {
        spec->max_unavailable = shape->parallelism.count;
    } else if (!words->has_unavailable) {
        shape->max_unavailable_percent =
            shape->parallelism.percent > 0 ? shape->parallelism.percent : 10;
    }
}
