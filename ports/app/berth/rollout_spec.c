/* rollout_spec: a tree, a table of keys, and what is wrong with it. */
#include "ports/app/berth/rollout_spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/wire/duration.h"
#include "ports/app/berth/files.h"
#include "ports/app/words/nearest.h"

#define PATH_BYTES 128
#define LATER      "it comes with a later version: remove it"

/* -- single values ---------------------------------------------------------------------------- */

bool rollout_size_parse(const char *text, struct rollout_size *size)
{
    char *end = NULL;
    unsigned long number = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    bool is_share = end != NULL && strcmp(end, "%") == 0;
    if (number == 0 || number > 1000000000 || (!is_share && *end != '\0') ||
        (is_share && number > 100)) {
        return false;
    }
    *size = is_share ? (struct rollout_size){.percent = (uint32_t)number}
                     : (struct rollout_size){.count = (uint32_t)number};
    return true;
}

bool rollout_instant_parse(const char *text, wall_ms *at)
{
    struct tm parts = {0};
    int hours = 0;
    int minutes = 0;
    char sign = '+';
    char rest = '\0';
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (end == NULL || strlen(text) > 25) {
        return false;
    }
    if (strcmp(end, "Z") != 0 && (strlen(end) != 6 || (end[0] != '+' && end[0] != '-') ||
                                  sscanf(end, "%c%2d:%2d%c", &sign, &hours, &minutes, &rest) != 3 ||
                                  hours > 23 || minutes > 59)) {
        return false;
    }
    wall_ms offset = ((wall_ms)hours * 60 + minutes) * 60000;
    *at = (wall_ms)timegm(&parts) * 1000 - (sign == '-' ? -offset : offset);
    return *at > 0;
}

void rollout_refuse(struct rollout_reader *reader, const struct yaml_item *item, const char *path,
                    const char *remedy, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    text_shorten_va(text, sizeof text, fmt, args);
    va_end(args);
    (void)findings_add(reader->findings, FINDING_REFUSED, item, path[0] != '\0' ? path : NULL,
                       remedy, "%s", text);
}

bool rollout_text_read(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path, char *text, size_t cap)
{
    char room[64];
    if (item->kind != YAML_TREE_SCALAR || yaml_is_null(item)) {
        rollout_refuse(reader, item, path, "write one value", "must be a text");
        return false;
    }
    if (!text_copy(text, cap, yaml_word_text(item, room, sizeof room))) {
        rollout_refuse(reader, item, path, NULL, "is longer than %zu characters", cap - 1);
        return false;
    }
    return true;
}

bool rollout_number_read(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path, uint32_t least, uint32_t most, uint32_t *number)
{
    long long value = 0;
    if (item->kind != YAML_TREE_SCALAR || !yaml_word_integer(item->text, &value) ||
        value < (long long)least || value > (long long)most) {
        rollout_refuse(reader, item, path, NULL, "must be a number from %u to %u", least, most);
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

bool rollout_duration_read(struct rollout_reader *reader, const struct yaml_item *item,
                           const char *path, uint64_t *ms)
{
    int64_t value = 0;
    if (item->kind != YAML_TREE_SCALAR || !duration_parse(item->text, &value)) {
        rollout_refuse(reader, item, path, "write 90s, 10m or 24h; 0s for none",
                       "must be a duration of at most 31 days");
        return false;
    }
    *ms = (uint64_t)value;
    return true;
}

bool rollout_size_read(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path, struct rollout_size *size)
{
    if (item->kind != YAML_TREE_SCALAR || !rollout_size_parse(item->text, size)) {
        rollout_refuse(reader, item, path, "write 3 or 10%",
                       "must be a number of nodes from 1 on, or 1%% to 100%%");
        return false;
    }
    return true;
}

bool rollout_percent_read(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path, uint32_t *percent)
{
    char *end = NULL;
    bool is_scalar = item->kind == YAML_TREE_SCALAR && item->text[0] >= '0' && item->text[0] <= '9';
    unsigned long value = is_scalar ? strtoul(item->text, &end, 10) : 0;
    if (!is_scalar || strcmp(end, "%") != 0 || value > 100) {
        rollout_refuse(reader, item, path, "write 95%", "must be a share from 0%% to 100%%");
        return false;
    }
    *percent = (uint32_t)value;
    return true;
}

bool rollout_word_read(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path, const char *const *words, size_t count, char *word,
                       size_t cap)
{
    char listed[128] = "";
    struct text text;
    text_init(&text, listed, sizeof listed);
    for (size_t i = 0; i < count; i++) {
        if (item->kind == YAML_TREE_SCALAR && strcmp(item->text, words[i]) == 0) {
            return text_copy(word, cap, words[i]);
        }
        text_printf(&text, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
    }
    rollout_refuse(reader, item, path, NULL, "must be %s", listed);
    return false;
}

/* -- maps ------------------------------------------------------------------------------------- */

static void unknown_refuse(struct rollout_reader *reader, const struct yaml_item *member,
                           const char *path, const struct rollout_key *keys, size_t count)
{
    char remedy[128] = "check its spelling or remove it";
    size_t best = NEAREST_DISTANCE_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = nearest_distance(member->key, keys[i].name);
        if (distance < best && keys[i].read != NULL) {
            best = distance;
            text_shorten_printf(remedy, sizeof remedy, "did you mean %s?", keys[i].name);
        }
    }
    rollout_refuse(reader, member, path, remedy, "unknown key");
}

void rollout_map_read(struct rollout_reader *reader, const struct yaml_item *item, const char *path,
                      const struct rollout_key *keys, size_t count)
{
    if (item->kind != YAML_TREE_MAP) {
        rollout_refuse(reader, item, path, NULL, "must be a map of keys");
        return;
    }
    for (const struct yaml_item *member = item->child; member != NULL; member = member->next) {
        const struct rollout_key *key = NULL;
        char place[PATH_BYTES];
        text_shorten_printf(place, sizeof place, "%s%s%s", path, path[0] != '\0' ? "." : "",
                            member->key);
        for (size_t i = 0; i < count; i++) {
            key = strcmp(keys[i].name, member->key) == 0 ? &keys[i] : key;
        }
        if (key == NULL) {
            unknown_refuse(reader, member, place, keys, count);
        } else if (key->read == NULL) {
            rollout_refuse(reader, member, place, key->remedy, "is not built yet");
        } else {
            key->read(reader, member, place);
        }
    }
}

/* -- the top ---------------------------------------------------------------------------------- */

static void read_parallelism(struct rollout_reader *reader, const struct yaml_item *item,
                             const char *path)
{
    if (strcmp(item->kind == YAML_TREE_SCALAR ? item->text : "", "0") == 0) {
        rollout_refuse(reader, item, path, "for all at once write maxUnavailable: 100%",
                       "must be at least 1");
        return;
    }
    (void)rollout_size_read(reader, item, path, &reader->spec->shape.parallelism);
}

static void read_delay(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path)
{
    (void)rollout_duration_read(reader, item, path, &reader->spec->shape.delay_ms);
}

static void read_unavailable(struct rollout_reader *reader, const struct yaml_item *item,
                             const char *path)
{
    struct rollout_size size = {0};
    if (rollout_size_read(reader, item, path, &size)) {
        reader->spec->max_unavailable = size.count > 0 ? size.count : 1;
        reader->spec->shape.max_unavailable_percent = size.percent;
        reader->words->has_unavailable = true;
    }
}

static void read_peers(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path)
{
    (void)rollout_text_read(reader, item, path, reader->spec->shape.peers, ROLLOUT_LABEL_BYTES);
}

static void read_per_minute(struct rollout_reader *reader, const struct yaml_item *item,
                            const char *path)
{
    (void)rollout_number_read(reader, item, path, 1, 1000000, &reader->spec->shape.per_minute);
}

static void read_dispatch(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    static const struct rollout_key keys[] = {{"perMinute", read_per_minute, NULL}};
    rollout_map_read(reader, item, path, keys, COUNT_OF(keys));
}

static void instant_read(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path, wall_ms *at)
{
    if (item->kind != YAML_TREE_SCALAR || !rollout_instant_parse(item->text, at)) {
        rollout_refuse(reader, item, path, "write 2026-12-24T18:00:00Z, or +01:00 for the Z",
                       "must be an instant");
    }
}

static void read_start(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path)
{
    instant_read(reader, item, path, &reader->spec->shape.start_at);
}

static void read_end(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    instant_read(reader, item, path, &reader->spec->shape.end_at);
}

static void patience_read(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path, uint64_t *ms)
{
    if (rollout_duration_read(reader, item, path, ms) && *ms < 1000) {
        rollout_refuse(reader, item, path, NULL, "must be at least 1s");
    }
}

static void read_start_by(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path)
{
    patience_read(reader, item, path, &reader->spec->start_by_ms);
}

static void read_lost_after(struct rollout_reader *reader, const struct yaml_item *item,
                            const char *path)
{
    patience_read(reader, item, path, &reader->spec->lost_after_ms);
}

static void read_force(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path)
{
    if (yaml_word_of(item) != YAML_WORD_BOOL) {
        rollout_refuse(reader, item, path, NULL, "must be true or false");
        return;
    }
    reader->spec->force = item->text[0] == 't' || item->text[0] == 'T';
}

static const struct rollout_key top_keys[] = {
    {"target", rollout_read_target, NULL},
    {"waves", rollout_read_waves, NULL},
    {"parallelism", read_parallelism, NULL},
    {"delay", read_delay, NULL},
    {"ramp", rollout_read_ramp, NULL},
    {"maxUnavailable", read_unavailable, NULL},
    {"budget", rollout_read_budget, NULL},
    {"peers", read_peers, NULL},
    {"dispatch", read_dispatch, NULL},
    {"failure", rollout_read_failure, NULL},
    {"offline", rollout_read_offline, NULL},
    {"start", read_start, NULL},
    {"end", read_end, NULL},
    {"startBy", read_start_by, NULL},
    {"lostAfter", read_lost_after, NULL},
    {"force", read_force, NULL},
    {"gates", NULL, LATER},
    {"approval", NULL, LATER},
    {"notifications", NULL, LATER},
    {"windows", NULL, LATER},
    {"staging", NULL, LATER},
    {"token", NULL, LATER},
    {"penalty", NULL, LATER},
};

static const struct yaml_item *at(const struct yaml_item *root, const char *key)
{
    const struct yaml_item *item = yaml_tree_member(root, key);
    return item != NULL ? item : root;
}

/* What two keys say together. */
static void relations_check(struct rollout_reader *reader, const struct yaml_item *root)
{
    const struct rollout_shape *shape = &reader->spec->shape;
    bool is_sized = shape->parallelism.count > 0 || shape->parallelism.percent > 0;
    if (is_sized && yaml_tree_member(root, "waves") != NULL) {
        rollout_refuse(reader, at(root, "parallelism"), "parallelism", "keep one of them",
                       "conflicts with waves");
    }
    if (shape->delay_ms > 0 && !is_sized && yaml_tree_member(root, "parallelism") == NULL) {
        rollout_refuse(reader, at(root, "delay"), "delay",
                       "add parallelism, or give each wave a soak", "means nothing by itself");
    }
    if (shape->ramp.base > 0 && is_sized) {
        rollout_refuse(reader, at(root, "ramp"), "ramp", "keep one of them",
                       "conflicts with parallelism");
    }
    if (shape->start_at != 0 && shape->end_at != 0 && shape->end_at <= shape->start_at) {
        rollout_refuse(reader, at(root, "end"), "end", NULL, "is not after start");
    }
}

int rollout_spec_read(const struct yaml_item *root, struct findings *findings,
                      struct rollout_spec *spec, struct rollout_words *words, struct err *err)
{
    struct rollout_reader reader = {.findings = findings, .spec = spec, .words = words};
    rollout_map_read(&reader, root, "", top_keys, COUNT_OF(top_keys));
    if (root->kind == YAML_TREE_MAP) {
        relations_check(&reader, root);
    }
    return findings_status(findings, err);
}

/* -- a file ----------------------------------------------------------------------------------- */

static int stdin_read(char **content, size_t *len, struct err *err)
{
    char *bytes = malloc(ROLLOUT_SPEC_BYTES_MAX + 1);
    if (bytes == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    *len = fread(bytes, 1, ROLLOUT_SPEC_BYTES_MAX + 1, stdin);
    if (*len > ROLLOUT_SPEC_BYTES_MAX) {
        free(bytes);
        return err_set(err, ERR_OVERSIZE, "standard input: longer than %d bytes",
                       ROLLOUT_SPEC_BYTES_MAX);
    }
    *content = bytes;
    return 0;
}

static int tree_take(const char *path, struct span content, struct rollout_spec *spec,
                     struct rollout_words *words, struct err *err)
{
    const struct yaml_source source = {.file = path};
    struct findings *findings = findings_new();
    struct yaml_item *root = NULL;
    if (findings == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = yaml_tree_read(content, &source, &root, err);
    if (rc != 0) {
        rc = err_wrap(err, rc, "%s", path);
    } else {
        rc = rollout_spec_read(root, findings, spec, words, err);
    }
    size_t count = findings_count(findings, FINDING_REFUSED);
    rc = rc == 0 ? findings_print(findings, stderr, err) : rc;
    if (rc == 0 && count > 0) {
        rc = err_set(err, ERR_VALUE, "%s: %zu %s of the spec %s refused, see above", path, count,
                     count == 1 ? "part" : "parts", count == 1 ? "is" : "are");
    }
    yaml_tree_free(root);
    findings_free(findings);
    return rc;
}

int rollout_spec_load(const char *path, struct rollout_spec *spec, struct rollout_words *words,
                      struct err *err)
{
    char *content = NULL;
    size_t len = 0;
    bool is_stdin = strcmp(path, "-") == 0;
    int rc = is_stdin ? stdin_read(&content, &len, err)
                      : file_read(path, ROLLOUT_SPEC_BYTES_MAX, &content, &len, err);
    if (rc == 0) {
        rc = tree_take(is_stdin ? "standard input" : path, span_of(content, len), spec, words, err);
        free(content);
    }
    return rc;
}
