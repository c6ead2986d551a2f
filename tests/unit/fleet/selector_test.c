/* selector: every form matches what Kubernetes would match; what is wrong is refused with its
 * place.
 */
#include "agent/fleet/selector.h"

#include "platform/base/units.h"
#include "tests/check.h"

static bool matches(const char *text)
{
    static const char *const names[] = {"site", "tier", "site", "example.org/rack",
                                        "node", "empty"};
    static const char *const values[] = {"north", "a", "south", "7", "gw-1", ""};
    static struct selector selector;
    struct err err = {0};
    CHECK_INT_EQ(selector_parse(text, &selector, &err), 0);
    return selector_matches(&selector, names, values, COUNT_OF(names));
}

static void case_forms(void)
{
    static const struct {
        const char *text;
        bool is_match;
    } rows[] = {
        {"", true},
        {"  ", true},
        {"tier=a", true},
        {"tier==a", true},
        {" tier = a ", true},
        {"tier=b", false},
        {"tier!=b", true},
        {"tier!=a", false},
        {"absent!=a", true},
        {"absent=a", false},
        {"absent=", false},
        {"empty=", true},
        {"tier in (a,b)", true},
        {"tier in ( b , c )", false},
        {"tier in (b,a)", true},
        {"tier notin (b,c)", true},
        {"tier notin (a)", false},
        {"absent notin (a)", true},
        {"absent in (a)", false},
        {"empty in (,x)", true},
        {"tier", true},
        {"absent", false},
        {"!absent", true},
        {"!tier", false},
        {"! tier", false},
        {"tier=a,node=gw-1", true},
        {"tier=a,node=gw-2", false},
        {"tier=b,node=gw-1", false},
        {"node in (gw-1,gw-2),!absent", true},
        {"example.org/rack=7", true},
        {"example.org/rack=8", false},
        {"site=south", true}, /* of a name that stands twice the last counts */
        {"site=north", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_match = matches(rows[i].text);
        if (is_match != rows[i].is_match) {
            printf("    \"%s\"\n", rows[i].text);
        }
        CHECK_INT_EQ(is_match, rows[i].is_match);
    }
}

/* "in" and "notin" are words only where an operator stands. */
static void case_words_as_names(void)
{
    static struct selector selector;
    static const char *const names[] = {"in", "notin"};
    static const char *const values[] = {"in", "x"};
    struct err err = {0};
    CHECK_INT_EQ(selector_parse("in in (in),notin", &selector, &err), 0);
    CHECK(selector_matches(&selector, names, values, 2));
    CHECK_INT_EQ(selector_parse("in=in,notin!=in", &selector, &err), 0);
    CHECK(selector_matches(&selector, names, values, 2));
}

static void case_refusals(void)
{
    static const struct {
        const char *text;
        int code;
        const char *says;
    } rows[] = {
        {"=a", ERR_SYNTAX, "character 1"},
        {"tier=a,", ERR_SYNTAX, "character 8"},
        {",tier=a", ERR_SYNTAX, "character 1"},
        {"tier=a tier=b", ERR_SYNTAX, "character 8"},
        {"tier in a", ERR_SYNTAX, "character 9"},
        {"tier in (a", ERR_SYNTAX, "character 11"},
        {"tier in (a b)", ERR_SYNTAX, "character 12"},
        {"tier inn (a)", ERR_SYNTAX, "character 6"},
        {"tier>3", ERR_SYNTAX, "character 5"},
        {"!", ERR_SYNTAX, "character 2"},
        {"!tier=a", ERR_SYNTAX, "character 6"},
        {"-tier=a", ERR_VALUE, "-tier"},
        {"tier=a-", ERR_VALUE, "a-"},
        {"Upper.org/rack", ERR_VALUE, "Upper.org/rack"},
        {"a/b/c", ERR_VALUE, "a/b/c"},
        {"/rack", ERR_VALUE, "/rack"},
        {"rack/", ERR_VALUE, "rack/"},
        {"a234567890123456789012345678901234567890123456789012345678901234", ERR_VALUE, "a23"},
    };
    static struct selector selector;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        int rc = selector_parse(rows[i].text, &selector, &err);
        if (rc != rows[i].code) {
            printf("    \"%s\": %s\n", rows[i].text, err.text);
        }
        CHECK_INT_EQ(rc, rows[i].code);
        CHECK_CONTAINS(err.text, rows[i].says);
    }
}

static void repeat(char *text, size_t cap, const char *first, const char *more, size_t count)
{
    struct text out;
    text_init(&out, text, cap);
    text_append(&out, first);
    for (size_t i = 0; i < count; i++) {
        text_append(&out, more);
    }
    CHECK(!out.cut);
}

static void case_limits(void)
{
    static struct selector selector;
    struct err err = {0};
    char text[8192];
    repeat(text, sizeof text, "a", ",a", SELECTOR_REQUIREMENTS_MAX - 1);
    CHECK_INT_EQ(selector_parse(text, &selector, &err), 0);
    repeat(text, sizeof text, "a", ",a", SELECTOR_REQUIREMENTS_MAX);
    CHECK_INT_EQ(selector_parse(text, &selector, &err), ERR_OVERSIZE);
    repeat(text, sizeof text, "a in (a", ",a", SELECTOR_VALUES_MAX - 1);
    CHECK_INT_EQ(selector_parse(strcat(text, ")"), &selector, &err), 0);
    repeat(text, sizeof text, "a in (a", ",a", SELECTOR_VALUES_MAX);
    CHECK_INT_EQ(selector_parse(strcat(text, ")"), &selector, &err), ERR_OVERSIZE);
    repeat(text, sizeof text, "a in (b", ",abcdefghijklmnopqrstuvwxyz0123456789", 40);
    CHECK_INT_EQ(selector_parse(strcat(text, ")"), &selector, &err), ERR_OVERSIZE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"forms", case_forms},
        {"words as names", case_words_as_names},
        {"refusals", case_refusals},
        {"limits", case_limits},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
