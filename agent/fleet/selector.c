/* selector: one pass over the text; its pieces stay where they are, ended by NULs. */
#include "agent/fleet/selector.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "platform/base/units.h"

#define LABEL_PART_MAX   63
#define LABEL_PREFIX_MAX 253

struct scan {
    const char *start, *at;
    struct selector *selector;
    size_t used; /* of selector->text */
    struct err *err;
};

static int wrong(const struct scan *scan, const char *expected)
{
    return err_set(scan->err, ERR_SYNTAX, "selector, at character %zu (\"%.20s\"): %s",
                   (size_t)(scan->at - scan->start) + 1, scan->at, expected);
}

static void space_skip(struct scan *scan)
{
    while (*scan->at == ' ' || *scan->at == '\t') {
        scan->at++;
    }
}

static bool is_label_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '-' || c == '_' || c == '.';
}

/* Kubernetes: at most 63 of [A-Za-z0-9-_.], beginning and ending alphanumeric. The scan has let
 * nothing else through but the slash. */
static bool is_label_part(const char *text, size_t len)
{
    return len > 0 && len <= LABEL_PART_MAX && isalnum((unsigned char)text[0]) != 0 &&
           isalnum((unsigned char)text[len - 1]) != 0 && memchr(text, '/', len) == NULL;
}

/* A name may have a DNS prefix and a slash before it. */
static bool is_label_name(const char *text, size_t len)
{
    const char *slash = memchr(text, '/', len);
    if (slash == NULL) {
        return is_label_part(text, len);
    }
    size_t prefix = (size_t)(slash - text);
    if (prefix > LABEL_PREFIX_MAX || isalnum((unsigned char)text[0]) == 0) {
        return false; /* none before the slash: that is what stands first then */
    }
    for (size_t i = 0; i < prefix; i++) {
        if (text[i] == '_' || isupper((unsigned char)text[i])) {
            return false;
        }
    }
    return is_label_part(slash + 1, len - prefix - 1);
}

/* Copies len characters behind what was taken before, into text that was cleared. */
static int piece_keep(struct scan *scan, const char *text, size_t len, const char **kept)
{
    struct selector *selector = scan->selector;
    if (scan->used + len + 1 > sizeof selector->text) {
        return err_set(scan->err, ERR_OVERSIZE, "selector: longer than %zu characters",
                       sizeof selector->text);
    }
    *kept = memcpy(selector->text + scan->used, text, len);
    scan->used += len + 1;
    return 0;
}

static int name_take(struct scan *scan, const char **name)
{
    size_t len = 0;
    space_skip(scan);
    while (is_label_character(scan->at[len]) || scan->at[len] == '/') {
        len++;
    }
    if (len == 0) {
        return wrong(scan, "expected the name of a label");
    }
    if (!is_label_name(scan->at, len)) {
        return err_set(scan->err, ERR_VALUE, "selector: \"%.*s\" cannot be the name of a label",
                       (int)len, scan->at);
    }
    int rc = piece_keep(scan, scan->at, len, name);
    scan->at += len;
    return rc;
}

static int value_take(struct scan *scan, struct selector_requirement *requirement)
{
    struct selector *selector = scan->selector;
    size_t len = 0;
    space_skip(scan);
    while (is_label_character(scan->at[len])) {
        len++;
    }
    if (len > 0 && !is_label_part(scan->at, len)) {
        return err_set(scan->err, ERR_VALUE, "selector: \"%.*s\" cannot be the value of a label",
                       (int)len, scan->at);
    }
    if (selector->value_count == SELECTOR_VALUES_MAX) {
        return err_set(scan->err, ERR_OVERSIZE, "selector: more than %d values",
                       SELECTOR_VALUES_MAX);
    }
    int rc = piece_keep(scan, scan->at, len, &selector->values[selector->value_count]);
    scan->at += len;
    selector->value_count += rc == 0;
    requirement->count += rc == 0;
    space_skip(scan);
    return rc;
}

static int set_take(struct scan *scan, struct selector_requirement *requirement)
{
    space_skip(scan);
    if (*scan->at != '(') {
        return wrong(scan, "expected a list like (a,b)");
    }
    do {
        scan->at++;
        int rc = value_take(scan, requirement);
        if (rc != 0) {
            return rc;
        }
    } while (*scan->at == ',');
    if (*scan->at != ')') {
        return wrong(scan, "expected ',' or ')'");
    }
    scan->at++;
    return 0;
}

/* True when the word stands here and is not only the beginning of a longer one. */
static bool word_take(struct scan *scan, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(scan->at, word, len) != 0 || is_label_character(scan->at[len])) {
        return false;
    }
    scan->at += len;
    return true;
}

static bool sign_take(struct scan *scan, const char *sign)
{
    size_t len = strlen(sign);
    if (strncmp(scan->at, sign, len) != 0) {
        return false;
    }
    scan->at += len;
    return true;
}

static int operator_take(struct scan *scan, struct selector_requirement *requirement)
{
    space_skip(scan);
    if (sign_take(scan, "!=")) {
        requirement->kind = SELECTOR_NOT_IN;
        return value_take(scan, requirement);
    }
    if (sign_take(scan, "==") || sign_take(scan, "=")) {
        requirement->kind = SELECTOR_IN;
        return value_take(scan, requirement);
    }
    if (word_take(scan, "in")) {
        requirement->kind = SELECTOR_IN;
        return set_take(scan, requirement);
    }
    if (word_take(scan, "notin")) {
        requirement->kind = SELECTOR_NOT_IN;
        return set_take(scan, requirement);
    }
    requirement->kind = SELECTOR_EXISTS;
    return 0;
}

static int requirement_take(struct scan *scan)
{
    struct selector *selector = scan->selector;
    if (selector->requirement_count == SELECTOR_REQUIREMENTS_MAX) {
        return err_set(scan->err, ERR_OVERSIZE, "selector: more than %d requirements",
                       SELECTOR_REQUIREMENTS_MAX);
    }
    struct selector_requirement *requirement =
        &selector->requirements[selector->requirement_count++];
    requirement->first = selector->value_count;
    if (sign_take(scan, "!")) {
        requirement->kind = SELECTOR_ABSENT;
        return name_take(scan, &requirement->name);
    }
    int rc = name_take(scan, &requirement->name);
    return rc != 0 ? rc : operator_take(scan, requirement);
}

int selector_parse(const char *text, struct selector *selector, struct err *err)
{
    struct scan scan = {.start = text, .at = text, .selector = selector, .err = err};
    memset(selector, 0, sizeof *selector);
    space_skip(&scan);
    while (*scan.at != '\0') {
        int rc = requirement_take(&scan);
        if (rc != 0) {
            return rc;
        }
        space_skip(&scan);
        if (*scan.at == '\0') {
            break;
        }
        if (*scan.at != ',') {
            return wrong(&scan, "expected ',' between requirements, or =, !=, in, notin");
        }
        scan.at++;
        space_skip(&scan);
        if (*scan.at == '\0') {
            return wrong(&scan, "expected another requirement after ','");
        }
    }
    return 0;
}

static bool requirement_holds(const struct selector *selector,
                              const struct selector_requirement *requirement, const char *value)
{
    bool is_listed = false;
    for (size_t i = 0; value != NULL && i < requirement->count; i++) {
        is_listed = is_listed || strcmp(selector->values[requirement->first + i], value) == 0;
    }
    switch (requirement->kind) {
    case SELECTOR_IN:
        return is_listed;
    case SELECTOR_NOT_IN:
        return !is_listed;
    case SELECTOR_EXISTS:
        return value != NULL;
    case SELECTOR_ABSENT:
        return value == NULL;
    case SELECTOR_UNREAD:
        break;
    }
    return false;
}

bool selector_matches(const struct selector *selector, const char *const *names,
                      const char *const *values, size_t count)
{
    for (size_t i = 0; i < selector->requirement_count; i++) {
        const struct selector_requirement *requirement = &selector->requirements[i];
        const char *value = NULL;
        for (size_t j = 0; j < count; j++) {
            value = strcmp(names[j], requirement->name) == 0 ? values[j] : value;
        }
        if (!requirement_holds(selector, requirement, value)) {
            return false;
        }
    }
    return true;
}
