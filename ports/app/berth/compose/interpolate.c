/* interpolate: one pass over the text; what stands in braces is filled in by the same pass. */
#include "ports/app/berth/compose/interpolate.h"

#include <ctype.h>
#include <stdlib.h>

#define LABEL_BEGIN "$(node.label."

/* Literal text is gathered in `literal` and made safe for the node as a whole, because what the
 * node would fill in may come together from two pieces. */
struct filling {
    const struct interpolation *rules;
    struct growing literal;
    struct growing *out;
    bool is_unused; /* only forms are judged: this text is a default that is not needed */
    bool is_invalid;
};

static void text_fill(struct filling *filling, struct span text, size_t depth);

static size_t name_length(struct span text)
{
    size_t len = 0;
    while (len < text.len && (text.data[len] == '_' || isalpha(text.data[len]) ||
                              (len > 0 && isdigit(text.data[len])))) {
        len++;
    }
    return len;
}

static bool starts(struct span text, const char *beginning)
{
    size_t len = strlen(beginning);
    return text.len >= len && memcmp(text.data, beginning, len) == 0;
}

static struct span span_skip(struct span text, size_t len)
{
    return span_of(text.data + len, text.len - len);
}

/* The length of $(node.name) or $(node.label.x) at the beginning, 0 when there is none. */
static size_t reference_length(struct span text)
{
    if (starts(text, "$(node.name)")) {
        return strlen("$(node.name)");
    }
    const uint8_t *end = starts(text, LABEL_BEGIN) ? memchr(text.data, ')', text.len) : NULL;
    return end != NULL ? (size_t)(end - text.data) + 1 : 0;
}

void interpolate_literal(const char *text, struct growing *out)
{
    for (struct span rest = span_text(text); rest.len > 0; rest = span_skip(rest, 1)) {
        bool is_escape =
            starts(rest, "$(") && (starts(rest, "$(node.name)") || starts(rest, LABEL_BEGIN) ||
                                   (rest.data > (const uint8_t *)text && rest.data[-1] == '$'));
        growing_text(out, is_escape ? "$" : "");
        growing_append(out, span_of(rest.data, 1));
    }
}

static void fault_say(struct filling *filling, enum variable_fault fault, struct span name,
                      const char *message)
{
    char *copy = strndup((const char *)name.data, name.len);
    if (copy == NULL) {
        filling->out->is_short = true;
    } else if (filling->rules->fault != NULL) {
        filling->rules->fault(filling->rules->ctx, fault, copy, message);
    }
    free(copy);
}

static void literal_flush(struct filling *filling)
{
    if (filling->rules->is_for_node) {
        interpolate_literal(growing_get(&filling->literal), filling->out);
    } else {
        growing_text(filling->out, growing_get(&filling->literal));
    }
    growing_cut(&filling->literal, 0);
}

/* A variable's value, NULL when it is not set. */
static const char *value_find(struct filling *filling, struct span name)
{
    char *copy = strndup((const char *)name.data, name.len);
    const char *value = NULL;
    if (copy == NULL) {
        filling->out->is_short = true;
    } else {
        value = filling->rules->lookup->find(filling->rules->lookup->ctx, copy);
    }
    free(copy);
    return value;
}

static void variable_fill(struct filling *filling, struct span name)
{
    const char *value = filling->is_unused ? "" : value_find(filling, name);
    if (value == NULL) {
        fault_say(filling, VARIABLE_UNSET, name, "");
    } else if (!filling->is_unused) {
        growing_text(&filling->literal, value);
    }
}

/* Fills in what stands behind an operator; unless it is needed, only its forms are judged. */
static void branch_fill(struct filling *filling, struct span text, bool is_needed, size_t depth)
{
    bool was_unused = filling->is_unused;
    filling->is_unused = was_unused || !is_needed;
    text_fill(filling, text, depth + 1);
    filling->is_unused = was_unused;
}

/* ${NAME:?message}: the message may have variables itself. */
static void required_say(struct filling *filling, struct span name, struct span message,
                         size_t depth)
{
    struct growing text = {.max = INTERPOLATE_BYTES_MAX};
    struct filling inner = {
        .rules = filling->rules, .literal = {.max = INTERPOLATE_BYTES_MAX}, .out = &text};
    text_fill(&inner, message, depth + 1);
    growing_text(&text, growing_get(&inner.literal));
    fault_say(filling, VARIABLE_REQUIRED, name, growing_get(&text));
    filling->is_invalid = filling->is_invalid || inner.is_invalid;
    growing_free(&inner.literal);
    growing_free(&text);
}

/* What stands between the braces: a name, an operator, and a text. */
static bool braces_fill(struct filling *filling, struct span inside, size_t depth)
{
    struct span name = span_of(inside.data, name_length(inside));
    struct span rest = span_skip(inside, name.len);
    bool is_colon = starts(rest, ":");
    if (name.len == 0 || depth >= INTERPOLATE_DEPTH_MAX) {
        return false;
    }
    if (rest.len == 0) {
        variable_fill(filling, name);
        return true;
    }
    rest = span_skip(rest, is_colon ? 1 : 0);
    if (rest.len == 0 || strchr("-+?", rest.data[0]) == NULL || rest.data[0] == '\0') {
        return false;
    }
    char operation = (char)rest.data[0];
    rest = span_skip(rest, 1);
    const char *value = filling->is_unused ? NULL : value_find(filling, name);
    bool is_set = value != NULL && !(is_colon && value[0] == '\0');
    if (operation == '+') {
        branch_fill(filling, rest, is_set, depth);
        return true;
    }
    if (operation == '?' && !is_set && !filling->is_unused) {
        required_say(filling, name, rest, depth);
        return true;
    }
    if (is_set) {
        growing_text(&filling->literal, value);
    }
    branch_fill(filling, rest, operation == '-' && !is_set, depth);
    return true;
}

/* The length of "${...}" with what stands in it, 0 when it does not end. */
static size_t braces_length(struct span text)
{
    size_t open = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '$' && i + 1 < text.len && text.data[i + 1] == '{') {
            open++;
            i++;
        } else if (text.data[i] == '}' && --open == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* Keeps the node's reference; a dollar sign before it would make it a text. */
static void reference_keep(struct filling *filling, struct span reference)
{
    const struct growing *literal = &filling->literal;
    if (filling->is_unused) {
        return;
    }
    if (literal->len > 0 && literal->data[literal->len - 1] == '$') {
        fault_say(filling, VARIABLE_AMBIGUOUS, reference, "");
    }
    literal_flush(filling);
    growing_append(filling->out, reference);
}

/* Handles the "$" at the beginning; how many bytes it took. */
static size_t dollar_fill(struct filling *filling, struct span text, size_t depth)
{
    size_t reference = reference_length(text);
    size_t name = name_length(span_skip(text, 1));
    if (starts(text, "${")) {
        size_t len = braces_length(text);
        if (len == 0 || !braces_fill(filling, span_of(text.data + 2, len - 3), depth)) {
            fault_say(filling, VARIABLE_INVALID, len == 0 ? text : span_of(text.data, len), "");
            filling->is_invalid = true;
            return text.len;
        }
        return len;
    }
    if (name > 0) {
        variable_fill(filling, span_of(text.data + 1, name));
        return 1 + name;
    }
    if (reference > 0 && !filling->rules->is_for_node && !filling->is_unused) {
        fault_say(filling, VARIABLE_ELSEWHERE, span_of(text.data, reference), "");
    } else if (reference > 0) {
        reference_keep(filling, span_of(text.data, reference));
        return reference;
    }
    growing_text(&filling->literal, filling->is_unused ? "" : "$");
    return starts(text, "$$") ? 2 : 1;
}

static void text_fill(struct filling *filling, struct span text, size_t depth)
{
    while (text.len > 0 && !filling->is_invalid) {
        const uint8_t *dollar = memchr(text.data, '$', text.len);
        size_t plain = dollar != NULL ? (size_t)(dollar - text.data) : text.len;
        growing_append(&filling->literal, span_of(text.data, filling->is_unused ? 0 : plain));
        text = span_skip(text, plain);
        if (text.len > 0) {
            text = span_skip(text, dollar_fill(filling, text, depth));
        }
    }
}

void interpolate_text(const struct interpolation *interpolation, const char *text,
                      struct growing *out)
{
    struct filling filling = {
        .rules = interpolation, .literal = {.max = INTERPOLATE_BYTES_MAX}, .out = out};
    text_fill(&filling, span_text(text), 0);
    literal_flush(&filling);
    out->is_over = out->is_over || filling.literal.is_over;
    out->is_short = out->is_short || filling.literal.is_short;
    growing_free(&filling.literal);
}
