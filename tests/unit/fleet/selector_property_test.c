/* selector_property: whatever is asked of whatever labels, the selector answers as a plain
 * evaluator does that knows no grammar: it is given the requirements, and the selector their text.
 */
#include "agent/fleet/selector.h"
#include "tests/check.h"

#define ROUNDS 100000
#define WANTS  4
#define KEYS   4
#define VALUES 4
#define LABELS 5

static uint64_t state = 1;

static uint32_t below(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % bound;
}

static const char *const keys[KEYS] = {"site", "tier", "berth.io/lab", "x"};
static const char *const values[VALUES] = {"a", "B-1", "c.d", ""};

/* How a requirement is written. */
enum form { EQUAL, NOT_EQUAL, ANY_OF, NONE_OF, EXISTS, ABSENT, FORM_COUNT };

struct want {
    enum form kind;
    uint32_t key, first, count; /* values[first ...] in a ring */
    bool is_spaced, is_doubled; /* how it is written */
};

static void want_write(const struct want *want, struct text *text)
{
    const char *space = want->is_spaced ? " " : "";
    const char *key = keys[want->key];
    switch (want->kind) {
    case EQUAL:
        text_printf(text, "%s%s%s%s%s", key, space, want->is_doubled ? "==" : "=", space,
                    values[want->first]);
        return;
    case NOT_EQUAL:
        text_printf(text, "%s%s!=%s%s", key, space, space, values[want->first]);
        return;
    case ANY_OF:
    case NONE_OF:
        text_printf(text, "%s %s %s(", key, want->kind == ANY_OF ? "in" : "notin", space);
        for (uint32_t i = 0; i < want->count; i++) {
            text_printf(text, "%s%s%s", i == 0 ? "" : ",", space,
                        values[(want->first + i) % VALUES]);
        }
        text_append(text, ")");
        return;
    case EXISTS:
        text_printf(text, "%s%s", key, space);
        return;
    case ABSENT:
    case FORM_COUNT:
        text_printf(text, "!%s%s", space, key);
        return;
    }
}

/* The labels as a map: which value each key has; -1: none. */
static bool want_holds(const struct want *want, const int value_of[KEYS])
{
    int value = value_of[want->key];
    bool is_in = false;
    for (uint32_t i = 0; i < want->count; i++) {
        is_in |= value == (int)((want->first + i) % VALUES);
    }
    return want->kind == EXISTS                          ? value >= 0
           : want->kind == ABSENT                        ? value < 0
           : want->kind == EQUAL || want->kind == ANY_OF ? is_in
                                                         : !is_in;
}

static void case_property(void)
{
    static struct selector selector;
    unsigned matched = 0;
    for (int round = 0; round < ROUNDS && check_failures_ == 0; round++) {
        struct want wants[WANTS];
        const char *names[LABELS];
        const char *texts[LABELS];
        int value_of[KEYS] = {-1, -1, -1, -1};
        char written[512];
        struct text text;
        struct err err = {0};
        uint32_t want_count = below(WANTS + 1);
        uint32_t label_count = below(LABELS + 1);
        bool is_wanted = true;
        text_init(&text, written, sizeof written);
        for (uint32_t i = 0; i < label_count; i++) { /* of one that stands twice the last counts */
            uint32_t key = below(KEYS);
            value_of[key] = (int)below(VALUES);
            names[i] = keys[key];
            texts[i] = values[value_of[key]];
        }
        for (uint32_t i = 0; i < want_count; i++) {
            struct want *want = &wants[i];
            *want = (struct want){.kind = (enum form)below(FORM_COUNT),
                                  .key = below(KEYS),
                                  .first = below(VALUES),
                                  .is_spaced = below(2) == 0,
                                  .is_doubled = below(2) == 0};
            bool is_set = want->kind == ANY_OF || want->kind == NONE_OF;
            want->count = is_set ? 1 + below(VALUES) : 1;
            text_append(&text, i == 0 ? "" : want->is_spaced ? " , " : ",");
            want_write(want, &text);
            is_wanted = is_wanted && want_holds(want, value_of);
        }
        CHECK_INT_EQ(selector_parse(written, &selector, &err), 0);
        bool does_match = selector_matches(&selector, names, texts, label_count);
        if (does_match != is_wanted) {
            printf("    \"%s\"\n", written);
        }
        CHECK(does_match == is_wanted);
        matched += does_match;
    }
    CHECK(matched > ROUNDS / 10 && matched < ROUNDS - ROUNDS / 10); /* it tries both */
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"as a plain evaluator", case_property}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
