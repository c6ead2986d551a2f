/* yaml_word: what a scalar means to readers of Compose files. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/units.h"
#include "ports/yaml/tree.h"

#define NUMBER_BYTES 64 /* no number that fits has more digits */

static bool is_any(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_null_word(const char *text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    return is_any(text, words, COUNT_OF(words));
}

static bool is_true_word(const char *text)
{
    static const char *const words[] = {"true", "True", "TRUE"};
    return is_any(text, words, COUNT_OF(words));
}

static bool is_false_word(const char *text)
{
    static const char *const words[] = {"false", "False", "FALSE"};
    return is_any(text, words, COUNT_OF(words));
}

/* The text without "_"; false when it is too long for a number or begins with one. */
static bool digits_copy(const char *text, char *digits)
{
    size_t len = 0;
    if (*text == '_') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text != '_') {
            digits[len++] = *text;
        }
        if (len == NUMBER_BYTES) {
            return false;
        }
    }
    digits[len] = '\0';
    return true;
}

/* The base that the beginning says, and how long it is. */
static int base_of(const char *digits, size_t *prefix)
{
    *prefix = 2;
    char letter = digits[0] == '0' ? (char)tolower((unsigned char)digits[1]) : '\0';
    if (letter == 'x' || letter == 'o' || letter == 'b') {
        return letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
    }
    *prefix = digits[0] == '0' && digits[1] != '\0' ? 1 : 0;
    return *prefix == 1 ? 8 : 10;
}

bool yaml_word_integer(const char *text, long long *number)
{
    char digits[NUMBER_BYTES];
    char *end = NULL;
    size_t prefix = 0;
    bool is_minus = *text == '-';
    text += *text == '-' || *text == '+';
    if (!isdigit((unsigned char)*text) || !digits_copy(text, digits)) {
        return false;
    }
    int base = base_of(digits, &prefix);
    if (!isxdigit((unsigned char)digits[prefix])) {
        return false;
    }
    errno = 0;
    *number = strtoll(digits + prefix, &end, base);
    *number = is_minus ? -*number : *number;
    return *end == '\0' && errno == 0;
}

/* A decimal with a point or an exponent: "1.", ".5", "1e3", but no "." alone. */
static bool is_real(const char *digits)
{
    const char *at = digits + (*digits == '-' || *digits == '+');
    size_t whole = strspn(at, "0123456789");
    at += whole;
    size_t places = *at == '.' ? strspn(at + 1, "0123456789") : 0;
    at += *at == '.' ? 1 + places : 0;
    if (whole + places == 0) {
        return false;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        size_t power = strspn(at, "0123456789");
        return power > 0 && at[power] == '\0';
    }
    return *at == '\0';
}

enum yaml_word yaml_word_of(const struct yaml_item *item)
{
    char digits[NUMBER_BYTES];
    long long number = 0;
    if (item->kind != YAML_TREE_SCALAR || (!item->is_plain && !item->is_filled)) {
        return YAML_WORD_TEXT;
    }
    if (is_null_word(item->text)) {
        return item->is_filled ? YAML_WORD_TEXT : YAML_WORD_NULL;
    }
    if (is_true_word(item->text) || is_false_word(item->text)) {
        return YAML_WORD_BOOL;
    }
    if (yaml_word_integer(item->text, &number)) {
        return YAML_WORD_INTEGER;
    }
    return digits_copy(item->text, digits) && is_real(digits) ? YAML_WORD_REAL : YAML_WORD_TEXT;
}

/* The shortest text that reads back as the number, with an exponent from a million on and below a
 * ten thousandth: what Compose puts into a container. */
static void real_print(double number, char *room, size_t room_bytes)
{
    char digits[NUMBER_BYTES];
    int places = 0;
    do {
        (void)snprintf(digits, sizeof digits, "%.*e", places, number);
    } while (strtod(digits, NULL) < number || strtod(digits, NULL) > number ? ++places < 17
                                                                            : false);
    int power = atoi(strchr(digits, 'e') + 1);
    if (power < -4 || power >= 6) {
        (void)snprintf(room, room_bytes, "%s", digits);
    } else {
        (void)snprintf(room, room_bytes, "%.*f", places > power ? places - power : 0, number);
    }
}

static const char *real_text(const char *text, const char *digits, char *room, size_t room_bytes)
{
    char *end = NULL;
    errno = 0;
    unsigned long long whole = strtoull(digits, &end, 10);
    if (digits[0] != '-' && digits[0] != '0' && *end == '\0' && errno == 0) {
        (void)snprintf(room, room_bytes, "%llu", whole);
        return room;
    }
    if (!isfinite(strtod(digits, NULL))) {
        return text;
    }
    real_print(strtod(digits, NULL), room, room_bytes);
    return room;
}

const char *yaml_word_text(const struct yaml_item *item, char *room, size_t room_bytes)
{
    char digits[NUMBER_BYTES];
    long long number = 0;
    if (item->is_filled) {
        return item->text;
    }
    switch (yaml_word_of(item)) {
    case YAML_WORD_BOOL:
        return is_true_word(item->text) ? "true" : "false";
    case YAML_WORD_INTEGER:
        (void)yaml_word_integer(item->text, &number);
        (void)snprintf(room, room_bytes, "%lld", number);
        return room;
    case YAML_WORD_REAL:
        (void)digits_copy(item->text, digits);
        return real_text(item->text, digits, room, room_bytes);
    case YAML_WORD_NULL:
        return "";
    case YAML_WORD_TEXT:
        break;
    }
    return item->text;
}

bool yaml_is_null(const struct yaml_item *item)
{
    return item == NULL || yaml_word_of(item) == YAML_WORD_NULL;
}
