/* dotenv: a walk through the text, one statement at a time; a statement is mostly a line. */
#include "ports/app/berth/compose/dotenv.h"

#include <ctype.h>
#include <stdlib.h>

struct reading {
    const struct dotenv *dotenv;
    struct span rest;
    size_t line; /* of rest's beginning, from 1 */
    size_t from; /* of the statement at hand */
    struct variables *variables;
    struct err *err;
};

static void say(const struct reading *reading, const char *remedy, const char *what)
{
    findings_add_at(reading->dotenv->findings, FINDING_REFUSED, reading->dotenv->file,
                    reading->from, NULL, remedy, "%s", what);
}

static void skip(struct reading *reading, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        reading->line += reading->rest.data[i] == '\n';
    }
    reading->rest = span_of(reading->rest.data + len, reading->rest.len - len);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

static size_t blanks(struct span text)
{
    size_t len = 0;
    while (len < text.len && is_blank(text.data[len])) {
        len++;
    }
    return len;
}

/* Bytes before the end of the line. */
static size_t line_length(struct span text)
{
    const uint8_t *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
    return end != NULL ? (size_t)(end - text.data) : text.len;
}

/* A variable of the lookup first, then of the files read so far: Compose's order. */
static const char *value_find(void *ctx, const char *name)
{
    const struct reading *reading = ctx;
    const struct lookup *lookup = reading->dotenv->lookup;
    const char *value = lookup != NULL ? lookup->find(lookup->ctx, name) : NULL;
    const struct variable *own = value == NULL ? variables_find(reading->variables, name) : NULL;
    return own != NULL ? own->value : value;
}

static void fault_note(void *ctx, enum variable_fault fault, const char *name, const char *message)
{
    const struct reading *reading = ctx;
    const struct yaml_item place = {.file = reading->dotenv->file, .line = reading->from};
    if (fault == VARIABLE_UNSET) {
        findings_add(reading->dotenv->findings, FINDING_REFUSED, &place, NULL,
                     "set it, or put the value in single quotes where a dollar sign is meant",
                     "the variable %s is not set", name);
    } else {
        interpolate_fault(reading->dotenv->findings, &place, NULL, fault, name, message);
    }
}

/* Fills the value in and keeps it; `value` is terminated. */
static int value_keep(struct reading *reading, const char *name, const char *value, bool is_filled)
{
    const struct lookup lookup = {.find = value_find, .ctx = reading};
    const struct interpolation rules = {.lookup = &lookup, .fault = fault_note, .ctx = reading};
    struct growing out = {.max = DOTENV_BYTES_MAX};
    if (is_filled) {
        interpolate_text(&rules, value, &out);
    } else {
        growing_text(&out, value);
    }
    int rc = growing_status(&out, name, reading->err);
    if (rc == 0) {
        rc = variables_set(reading->variables, name, growing_get(&out), reading->dotenv->file,
                           reading->from, reading->err);
    }
    growing_free(&out);
    return rc == 0 ? 0 : err_wrap(reading->err, rc, "%s:%zu", reading->dotenv->file, reading->from);
}

static int span_keep(struct reading *reading, const char *name, struct span value, bool is_filled)
{
    char *text = strndup((const char *)value.data, value.len);
    if (text == NULL) {
        return err_set(reading->err, ERR_MEMORY, "no memory");
    }
    int rc = value_keep(reading, name, text, is_filled);
    free(text);
    return rc;
}

/* What a letter behind a backslash means between double quotes; 0: nothing. */
static char escape_of(uint8_t letter)
{
    static const char letters[] = "abfnrtv";
    static const char meanings[] = "\a\b\f\n\r\t\v";
    const char *at = letter != 0 ? strchr(letters, letter) : NULL;
    return at != NULL ? meanings[at - letters] : letter == '"' || letter == '\\' ? (char)letter : 0;
}

/* Takes the escapes out of a quoted value; "\$" becomes "$$", which is a dollar sign later. */
static char *unescape(struct span value, bool is_double)
{
    char *text = malloc(value.len + 1);
    size_t len = 0;
    for (size_t i = 0; text != NULL && i < value.len; i++) {
        uint8_t next = value.data[i] == '\\' && i + 1 < value.len ? value.data[i + 1] : 0;
        char meant = is_double ? escape_of(next) : next == '\'' ? '\'' : 0;
        if (meant != 0) {
            text[len++] = meant;
            i++;
        } else if (is_double && next == '$') {
            text[len++] = '$';
            text[len++] = '$';
            i++;
        } else {
            text[len++] = (char)value.data[i];
        }
    }
    if (text != NULL) {
        text[len] = '\0';
    }
    return text;
}

/* Where the quote that begins the rest ends, 0 when it does not. */
static size_t quote_end(struct span text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '\\' && i + 1 < text.len) {
            i++;
        } else if (text.data[i] == text.data[0]) {
            return i;
        }
    }
    return 0;
}

static int quoted_keep(struct reading *reading, const char *name)
{
    size_t end = quote_end(reading->rest);
    bool is_double = reading->rest.data[0] == '"';
    if (end == 0) {
        say(reading, "end it with the quote it begins with", "the quote does not end");
        skip(reading, reading->rest.len);
        return 0;
    }
    char *text = unescape(span_of(reading->rest.data + 1, end - 1), is_double);
    int rc = text != NULL ? value_keep(reading, name, text, is_double)
                          : err_set(reading->err, ERR_MEMORY, "no memory");
    free(text);
    skip(reading, end + 1);
    return rc;
}

static int plain_keep(struct reading *reading, const char *name)
{
    size_t line = line_length(reading->rest);
    size_t len = line;
    for (size_t i = 0; i + 1 < line; i++) {
        if (reading->rest.data[i] == ' ' && reading->rest.data[i + 1] == '#') {
            len = i;
            break;
        }
    }
    while (len > 0 && is_blank(reading->rest.data[len - 1])) {
        len--;
    }
    int rc = span_keep(reading, name, span_of(reading->rest.data, len), true);
    skip(reading, line);
    return rc;
}

/* A name without a value takes it from the lookup, where that has one. */
static int inherited_keep(struct reading *reading, const char *name)
{
    const struct lookup *lookup = reading->dotenv->lookup;
    const char *value = lookup != NULL ? lookup->find(lookup->ctx, name) : NULL;
    return value != NULL ? value_keep(reading, name, value, false) : 0;
}

static bool is_name_byte(uint8_t byte)
{
    return isalnum(byte) || byte >= 0x80 || (byte != 0 && strchr("_.-[]", byte) != NULL);
}

/* One statement: NAME, NAME=value or NAME: value, with or without "export". */
static int statement_read(struct reading *reading)
{
    if (reading->rest.len > 6 && memcmp(reading->rest.data, "export", 6) == 0 &&
        is_blank(reading->rest.data[6])) {
        skip(reading, 6 + blanks(span_of(reading->rest.data + 6, reading->rest.len - 6)));
    }
    size_t len = 0;
    while (len < reading->rest.len && is_name_byte(reading->rest.data[len])) {
        len++;
    }
    char *name = strndup((const char *)reading->rest.data, len);
    if (name == NULL) {
        return err_set(reading->err, ERR_MEMORY, "no memory");
    }
    skip(reading, len);
    skip(reading, blanks(reading->rest));
    uint8_t next = reading->rest.len > 0 ? reading->rest.data[0] : '\n';
    int rc = 0;
    if (len == 0 || (next != '=' && next != ':' && next != '\n')) {
        say(reading, "write NAME=value; a name has letters, digits, _ . - [ ] and no spaces",
            "this is no NAME=value");
        skip(reading, line_length(reading->rest));
    } else if (next == '\n') {
        rc = inherited_keep(reading, name);
    } else {
        skip(reading, 1);
        skip(reading, blanks(reading->rest));
        bool is_quoted = reading->rest.len > 0 &&
                         (reading->rest.data[0] == '"' || reading->rest.data[0] == '\'');
        rc = is_quoted ? quoted_keep(reading, name) : plain_keep(reading, name);
    }
    free(name);
    return rc;
}

/* One line of a raw file: what stands behind "=" is the value, quotes and dollar signs included. */
static int raw_read(struct reading *reading)
{
    size_t line = line_length(reading->rest);
    struct span text = span_of(reading->rest.data, line);
    text.len -= line > 0 && text.data[line - 1] == '\r';
    const uint8_t *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
    size_t len = equals != NULL ? (size_t)(equals - text.data) : text.len;
    char *name = strndup((const char *)text.data, len);
    int rc = 0;
    if (name == NULL) {
        return err_set(reading->err, ERR_MEMORY, "no memory");
    }
    if (len == 0 || strpbrk(name, " \t") != NULL) {
        say(reading, "write NAME=value", "the name is empty or has a space");
    } else if (equals != NULL) {
        rc = span_keep(reading, name, span_of(equals + 1, text.len - len - 1), false);
    } else {
        rc = inherited_keep(reading, name);
    }
    free(name);
    skip(reading, line);
    return rc;
}

int dotenv_parse(const struct dotenv *dotenv, struct span text, struct variables *variables,
                 struct err *err)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    struct reading reading = {
        .dotenv = dotenv, .rest = text, .line = 1, .variables = variables, .err = err};
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
        reading.from = 1;
        say(&reading, NULL, "a NUL character is not allowed");
        return 0;
    }
    if (text.len >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0) {
        skip(&reading, sizeof mark);
    }
    int rc = 0;
    while (rc == 0 && reading.rest.len > 0) {
        uint8_t byte = reading.rest.data[0];
        reading.from = reading.line;
        if (byte == '\n' || is_blank(byte)) {
            skip(&reading, 1);
        } else if (byte == '#') {
            skip(&reading, line_length(reading.rest));
        } else {
            rc = dotenv->is_raw ? raw_read(&reading) : statement_read(&reading);
        }
    }
    return rc;
}
