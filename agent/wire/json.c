/* json: the lint. It accepts less than any parser does, so that what follows cannot surprise. */
#include "agent/wire/json.h"

#include <string.h>

#include "agent/limits.h"
#include "platform/base/units.h"

struct lint {
    const uint8_t *begin, *at, *end;
    const struct json_rules *rules;
    struct span key; /* of the member being read */
    size_t depth, values;
    struct err *err;
};

static int lint_value(struct lint *lint);

static int lint_fail(struct lint *lint, int code, const char *what)
{
    size_t line = 1;
    size_t column = 1;
    for (const uint8_t *p = lint->begin; p < lint->at; p++) {
        column++;
        if (*p == '\n') {
            line++;
            column = 1;
        }
    }
    return err_set(lint->err, code, "line %zu, column %zu: %s", line, column, what);
}

static bool lint_is_at(const struct lint *lint, uint8_t c)
{
    return lint->at < lint->end && *lint->at == c;
}

static bool lint_is_digit(const struct lint *lint)
{
    return lint->at < lint->end && *lint->at >= '0' && *lint->at <= '9';
}

static void lint_space(struct lint *lint)
{
    while (lint_is_at(lint, ' ') || lint_is_at(lint, '\t') || lint_is_at(lint, '\n') ||
           lint_is_at(lint, '\r')) {
        lint->at++;
    }
}

static int lint_word(struct lint *lint, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(lint->end - lint->at) < len || memcmp(lint->at, word, len) != 0) {
        return lint_fail(lint, ERR_SYNTAX, "expected a value");
    }
    lint->at += len;
    return 0;
}

/* One character of more than one byte: the shortest form, no surrogate, at most U+10FFFF. */
static int lint_utf8(struct lint *lint)
{
    uint8_t first = *lint->at;
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t point = first & (0x3fu >> more);
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (first < 0xc2 || first > 0xf4 || (size_t)(lint->end - lint->at) <= more) {
        return lint_fail(lint, ERR_SYNTAX, "not UTF-8");
    }
    for (size_t i = 1; i <= more; i++) {
        if ((lint->at[i] & 0xc0) != 0x80) {
            return lint_fail(lint, ERR_SYNTAX, "not UTF-8");
        }
        point = point << 6 | (lint->at[i] & 0x3fu);
    }
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return lint_fail(lint, ERR_SYNTAX, "not UTF-8");
    }
    lint->at += more + 1;
    return 0;
}

/* Four hex digits after "\u"; -1 when they are not there. */
static int32_t lint_hex4(struct lint *lint)
{
    int32_t unit = 0;
    if (lint->end - lint->at < 6 || lint->at[0] != '\\' || lint->at[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < 6; i++) {
        uint8_t c = lint->at[i];
        if (c >= '0' && c <= '9') {
            unit = unit * 16 + (c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            unit = unit * 16 + ((c | 0x20) - 'a' + 10);
        } else {
            return -1;
        }
    }
    lint->at += 6;
    return unit;
}

static int lint_escape(struct lint *lint)
{
    if (lint->end - lint->at < 2) {
        return lint_fail(lint, ERR_SYNTAX, "the string does not end");
    }
    if (lint->at[1] != 'u') {
        if (strchr("\"\\/bfnrt", lint->at[1]) == NULL || lint->at[1] == '\0') {
            return lint_fail(lint, ERR_SYNTAX, "no such escape");
        }
        lint->at += 2;
        return 0;
    }
    int32_t unit = lint_hex4(lint);
    if (unit < 0) {
        return lint_fail(lint, ERR_SYNTAX, "\\u needs four hex digits");
    }
    if (unit == 0) {
        return lint_fail(lint, ERR_SYNTAX, "a NUL character is not allowed");
    }
    if (unit >= 0xd800 && unit <= 0xdfff) {
        int32_t low = unit <= 0xdbff ? lint_hex4(lint) : -1;
        if (low < 0xdc00 || low > 0xdfff) {
            return lint_fail(lint, ERR_SYNTAX, "half of a surrogate pair");
        }
    }
    return 0;
}

static int lint_string(struct lint *lint, struct span *content)
{
    if (!lint_is_at(lint, '"')) {
        return lint_fail(lint, ERR_SYNTAX, "expected a string in double quotes");
    }
    const uint8_t *start = ++lint->at;
    while (lint->at < lint->end && *lint->at != '"') {
        int rc = 0;
        if (*lint->at < 0x20) {
            rc = lint_fail(lint, ERR_SYNTAX, "a control character must be escaped");
        } else if (*lint->at == '\\') {
            rc = lint_escape(lint);
        } else if (*lint->at >= 0x80) {
            rc = lint_utf8(lint);
        } else {
            lint->at++;
        }
        if (rc != 0) {
            return rc;
        }
    }
    if (lint->at >= lint->end) {
        return lint_fail(lint, ERR_SYNTAX, "the string does not end");
    }
    *content = span_of(start, (size_t)(lint->at - start));
    lint->at++;
    return 0;
}

static bool lint_is_decimal_key(const struct lint *lint)
{
    const char *const *key = lint->rules->decimal_keys;
    for (; key != NULL && *key != NULL; key++) {
        if (span_is_equal(lint->key, span_text(*key))) {
            return true;
        }
    }
    return false;
}

static int lint_fraction(struct lint *lint)
{
    size_t places = 0;
    for (lint->at++; lint_is_digit(lint); lint->at++) {
        places++;
    }
    if (places == 0) {
        return lint_fail(lint, ERR_SYNTAX, "a decimal point needs digits after it");
    }
    if (!lint_is_decimal_key(lint)) {
        return lint_fail(lint, ERR_VALUE, "this number must be an integer");
    }
    if (places > 3) {
        return lint_fail(lint, ERR_VALUE, "at most three decimal places");
    }
    return 0;
}

static int lint_number(struct lint *lint)
{
    bool is_negative = lint_is_at(lint, '-');
    int64_t value = 0;
    lint->at += is_negative;
    if (!lint_is_digit(lint)) {
        return lint_fail(lint, ERR_SYNTAX, "expected a value");
    }
    bool is_zero = *lint->at == '0';
    const uint8_t *start = lint->at;
    for (; lint_is_digit(lint); lint->at++) {
        value = value * 10 + (*lint->at - '0');
        if (value > JSON_INTEGER_MAX) {
            return lint_fail(lint, ERR_VALUE, "the number is beyond 2^53 - 1");
        }
    }
    if (is_zero && lint->at - start > 1) {
        return lint_fail(lint, ERR_SYNTAX, "a number must not begin with 0");
    }
    if (lint_is_at(lint, '.')) {
        int rc = lint_fraction(lint);
        if (rc != 0) {
            return rc;
        }
    } else if (is_negative && value == 0) {
        return lint_fail(lint, ERR_VALUE, "minus zero is not an integer");
    }
    if (lint_is_at(lint, 'e') || lint_is_at(lint, 'E')) {
        return lint_fail(lint, ERR_VALUE, "write the number without an exponent");
    }
    return 0;
}

/* Members or elements up to the closing bracket; the opening one is behind us. */
static int lint_items(struct lint *lint, uint8_t close)
{
    lint_space(lint);
    if (lint_is_at(lint, close)) {
        lint->at++;
        return 0;
    }
    for (;;) {
        int rc = 0;
        struct span key = {0};
        lint_space(lint);
        if (close == '}') {
            rc = lint_string(lint, &key);
            if (rc != 0) {
                return rc;
            }
            lint_space(lint);
            if (!lint_is_at(lint, ':')) {
                return lint_fail(lint, ERR_SYNTAX, "expected a colon");
            }
            lint->at++;
        }
        lint->key = key;
        rc = lint_value(lint);
        if (rc != 0) {
            return rc;
        }
        lint_space(lint);
        if (lint_is_at(lint, close)) {
            lint->at++;
            return 0;
        }
        if (!lint_is_at(lint, ',')) {
            return lint_fail(lint, ERR_SYNTAX, "expected a comma or a closing bracket");
        }
        lint->at++;
    }
}

static int lint_value(struct lint *lint)
{
    struct span ignored;
    lint_space(lint);
    if (lint->at >= lint->end) {
        return lint_fail(lint, ERR_SYNTAX, "the text ends too early");
    }
    size_t most = lint->rules->values_max > 0 ? lint->rules->values_max : JSON_VALUES_MAX;
    if (++lint->values > most) {
        return lint_fail(lint, ERR_OVERSIZE, "too many values");
    }
    switch (*lint->at) {
    case '{':
    case '[': {
        uint8_t close = *lint->at == '{' ? '}' : ']';
        if (++lint->depth > JSON_DEPTH_MAX) {
            return lint_fail(lint, ERR_DEPTH, "nested too deeply");
        }
        lint->at++;
        int rc = lint_items(lint, close);
        lint->depth--;
        return rc;
    }
    case '"':
        return lint_string(lint, &ignored);
    case 't':
        return lint_word(lint, "true");
    case 'f':
        return lint_word(lint, "false");
    case 'n':
        return lint_word(lint, "null");
    default:
        return lint_number(lint);
    }
}

int json_lint(struct span text, const struct json_rules *rules, struct err *err)
{
    if (text.len > rules->bytes_max) {
        return err_set(err, ERR_OVERSIZE, "%zu bytes; at most %zu are allowed", text.len,
                       rules->bytes_max);
    }
    struct lint lint = {.rules = rules, .err = err};
    if (text.len > 0) {
        lint.begin = lint.at = text.data;
        lint.end = text.data + text.len;
    }
    int rc = lint_value(&lint);
    if (rc != 0) {
        return rc;
    }
    lint_space(&lint);
    if (lint.at != lint.end) {
        return lint_fail(&lint, ERR_SYNTAX, "something follows the end of the document");
    }
    return 0;
}
