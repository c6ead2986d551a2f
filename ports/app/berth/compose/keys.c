/* keys: looking things up in the table of keys, and judging a whole tree by it. */
#include "ports/app/berth/compose/keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"
#include "ports/app/words/nearest.h"

#define PATH_BYTES 512

const struct key *keys_at(size_t index)
{
    const struct key_page pages[] = {keys_of_top(), keys_of_service(), keys_of_deploy(),
                                     keys_of_berth()};
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        if (index < pages[i].count) {
            return &pages[i].keys[index];
        }
        index -= pages[i].count;
    }
    return NULL;
}

const struct key *keys_find(const char *path)
{
    const struct key *key = NULL;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        if (strcmp(key->path, path) == 0) {
            return key;
        }
    }
    return NULL;
}

/* True when some row begins with the pattern and then `next`. */
static bool has_below(const char *pattern, const char *next)
{
    const struct key *key = NULL;
    size_t len = strlen(pattern);
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        if (strncmp(key->path, pattern, len) == 0 &&
            strncmp(key->path + len, next, strlen(next)) == 0) {
            return true;
        }
    }
    return false;
}

/* The known key beside the pattern that is spelt most like `word`, or NULL. */
static const char *nearest_find(const char *pattern, const char *word)
{
    const struct key *key = NULL;
    const char *best = NULL;
    size_t len = strlen(pattern);
    size_t best_distance = NEAREST_DISTANCE_MAX + 1;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        const char *name = key->path + len + (len > 0);
        bool is_beside = strncmp(key->path, pattern, len) == 0 &&
                         (len == 0 || key->path[len] == '.') && strpbrk(name, ".[*") == NULL;
        size_t distance = is_beside ? nearest_distance(word, name) : best_distance;
        if (distance < best_distance) {
            best = name;
            best_distance = distance;
        }
    }
    return best;
}

bool key_is_harmless(const struct key *key, const struct yaml_item *item)
{
    char words[64];
    char *save = NULL;
    if (value_is_empty(item)) {
        return true;
    }
    if (key->harmless == NULL || item->kind != YAML_TREE_SCALAR ||
        !text_copy(words, sizeof words, key->harmless)) {
        return item->kind == YAML_TREE_SCALAR && item->text[0] == '\0';
    }
    for (char *word = strtok_r(words, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        if (strcmp(word, item->text) == 0) {
            return true;
        }
    }
    return item->text[0] == '\0';
}

/* One place of the walk: the row's path and the file's. */
struct step {
    const struct yaml_item *root;
    struct findings *findings;
    char pattern[PATH_BYTES], path[PATH_BYTES];
    bool is_unused; /* below a declaration that no service refers to: only spelling counts */
};

static void item_check(struct step *step, const struct yaml_item *item);

static void unknown_report(const struct step *step, const char *pattern,
                           const struct yaml_item *item)
{
    char remedy[128];
    const char *nearest = nearest_find(pattern, item->key);
    if (nearest != NULL) {
        text_shorten_printf(remedy, sizeof remedy, "did you mean %s?", nearest);
    } else {
        text_shorten_printf(remedy, sizeof remedy, "check its spelling or remove it");
    }
    (void)findings_add(step->findings, FINDING_REFUSED, item, step->path, remedy, "unknown key");
}

/* False when nothing below it is to be looked at. */
static bool row_judge(const struct step *step, const struct key *key, const struct yaml_item *item)
{
    if (key->verdict == KEY_HONOURED || step->is_unused) {
        return true;
    }
    if (!key_is_harmless(key, item)) {
        bool is_refused = key->verdict == KEY_REFUSED;
        (void)findings_add(step->findings, is_refused ? FINDING_REFUSED : FINDING_NOTE, item,
                           step->path, is_refused ? key->remedy : NULL, "%s", key->text);
    }
    return false;
}

/* Does any service name this network, volume, secret or config? */
static bool is_referred(const struct yaml_item *root, const char *section, const char *name)
{
    const struct yaml_item *services = yaml_tree_member(root, "services");
    const struct yaml_item *service = services != NULL ? services->child : NULL;
    for (; service != NULL; service = service->next) {
        const struct yaml_item *list = yaml_tree_member(service, section);
        bool is_default = list == NULL && strcmp(section, "networks") == 0 &&
                          strcmp(name, "default") == 0 &&
                          yaml_tree_member(service, "network_mode") == NULL;
        if (is_default) {
            return true;
        }
        const struct yaml_item *item = list != NULL ? list->child : NULL;
        for (; item != NULL; item = item->next) {
            const struct yaml_item *source = yaml_tree_member(item, "source");
            const char *text = item->key != NULL                ? item->key
                               : source != NULL                 ? source->text
                               : item->kind == YAML_TREE_SCALAR ? item->text
                                                                : NULL;
            size_t len = text != NULL ? strcspn(text, ":") : 0;
            if (text != NULL && strlen(name) == len && strncmp(text, name, len) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_declaration(const char *pattern)
{
    return strcmp(pattern, "networks.*") == 0 || strcmp(pattern, "volumes.*") == 0 ||
           strcmp(pattern, "secrets.*") == 0 || strcmp(pattern, "configs.*") == 0;
}

/* A member of a map whose members are keys, or names where the table has "*". */
static void member_check(struct step *step, const struct yaml_item *item, bool is_names)
{
    struct step below = *step;
    struct text pattern = {
        .data = below.pattern, .cap = sizeof below.pattern, .len = strlen(below.pattern)};
    struct text path = {.data = below.path, .cap = sizeof below.path, .len = strlen(below.path)};
    text_append(&pattern, pattern.len > 0 ? "." : "");
    text_append(&pattern, is_names ? "*" : item->key);
    text_append(&path, path.len > 0 ? "." : "");
    text_append(&path, item->key);
    const struct key *key = pattern.cut ? NULL : keys_find(below.pattern);
    if (key == NULL) {
        if (strncmp(item->key, "x-", 2) != 0 || strncmp(step->pattern, "x-", 2) == 0) {
            unknown_report(&below, step->pattern, item);
        }
        return;
    }
    if (is_declaration(below.pattern)) {
        char *section = strdup(below.pattern);
        if (section != NULL) {
            section[strcspn(section, ".")] = '\0';
            below.is_unused = !is_referred(step->root, section, item->key);
            free(section);
        }
    }
    if (row_judge(&below, key, item)) {
        item_check(&below, item);
    }
}

static void elements_check(const struct step *step, const struct yaml_item *list)
{
    size_t index = 0;
    for (const struct yaml_item *item = list->child; item != NULL; item = item->next, index++) {
        struct step below = *step;
        struct text pattern = {
            .data = below.pattern, .cap = sizeof below.pattern, .len = strlen(below.pattern)};
        struct text path = {
            .data = below.path, .cap = sizeof below.path, .len = strlen(below.path)};
        text_append(&pattern, "[]");
        text_printf(&path, "[%zu]", index);
        item_check(&below, item);
    }
}

static void item_check(struct step *step, const struct yaml_item *item)
{
    if (item->kind == YAML_TREE_LIST && has_below(step->pattern, "[].")) {
        elements_check(step, item);
    }
    bool is_names = has_below(step->pattern, ".*");
    bool is_keys = is_names || step->pattern[0] == '\0' || has_below(step->pattern, ".");
    if (item->kind != YAML_TREE_MAP || !is_keys) {
        return;
    }
    for (const struct yaml_item *member = item->child; member != NULL; member = member->next) {
        member_check(step, member, is_names);
    }
}

void keys_check(const struct yaml_item *root, struct findings *findings)
{
    struct step step = {.root = root, .findings = findings};
    item_check(&step, root);
}
