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
        {"\ttier\t=\ta\t,\tnode", true}, /* space, wherever it may stand */
        {" tier in (a) , node , ! absent ", true},
        {"tier in(a)", true},
        {"tier notin( a , b\t)\t,absent", false},
        {"tier != a", false},
        {"tier=a,tier", true},
        {"tier,tier!=b,tier=a", true},
        {"absent!=", true},
        {"empty!=", false},
        {"empty", true},
        {"tier in ()", false},
        {"empty in ()", true},
        {"tier notin (b),tier in (c,a),node in (gw-1)", true}, /* each has its own values */
        {"tier in (b),tier notin (c)", false},
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

/* What is wrong is said whole: its place, what stands there, and what would have to. */
static void case_texts(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"tier=a, ", "selector, at character 9 (\"\"): expected another requirement after ','"},
        {"tier=a ,\t", "selector, at character 10 (\"\"): expected another requirement after ','"},
        {"a=b c=abcdefghijklmnopqrstuvwxyz", "selector, at character 5 (\"c=abcdefghijklmnopqr\"): "
                                             "expected ',' between requirements, or "
                                             "=, !=, in, notin"},
        {" =a", "selector, at character 2 (\"=a\"): expected the name of a label"},
        {"! ,a", "selector, at character 3 (\",a\"): expected the name of a label"},
        {"tier in a", "selector, at character 9 (\"a\"): expected a list like (a,b)"},
        {"tier in (a;b)", "selector, at character 11 (\";b)\"): expected ',' or ')'"},
        {"tier=-a", "selector: \"-a\" cannot be the value of a label"},
        {"tier in (a,b.)", "selector: \"b.\" cannot be the value of a label"},
        {"a_b/c=d", "selector: \"a_b/c\" cannot be the name of a label"},
    };
    static struct selector selector;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        CHECK(selector_parse(rows[i].text, &selector, &err) != 0);
        CHECK_STR_EQ(err.text, rows[i].says);
    }
}

/* Which characters a name and a value may have, at each place of it. */
static void case_characters(void)
{
    static struct selector selector;
    char text[80];
    for (int c = 1; c < 256; c++) {
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_inner = is_alnum || c == '-' || c == '_' || c == '.';
        (void)snprintf(text, sizeof text, "a%cb=1", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0, is_inner || c == '/' || c == ',');
        (void)snprintf(text, sizeof text, "%cab=1", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0, is_alnum || c == ' ' || c == '\t');
        (void)snprintf(text, sizeof text, "ab%c=1", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0,
                     is_alnum || c == ' ' || c == '\t' || c == '!' || c == '=');
        (void)snprintf(text, sizeof text, "k=a%cb", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0, is_inner || c == ',');
        (void)snprintf(text, sizeof text, "k=%ca", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0,
                     is_alnum || c == ' ' || c == '\t' || c == '=' || c == ',');
        (void)snprintf(text, sizeof text, "k=a%c", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0, is_alnum || c == ' ' || c == '\t');
        bool is_lower = is_alnum && !(c >= 'A' && c <= 'Z');
        (void)snprintf(text, sizeof text, "%c/k=1", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0, is_lower);
        (void)snprintf(text, sizeof text, "a%c/k=1", c);
        CHECK_INT_EQ(selector_parse(text, &selector, NULL) == 0, is_lower || c == '-' || c == '.');
    }
}

static void case_lengths(void)
{
    static struct selector selector;
    char text[2048], name[64], prefix[254];
    struct err err = {0};
    memset(name, 'n', sizeof name);
    memset(prefix, 'p', sizeof prefix);
    for (int over = 0; over < 2; over++) {
        int wanted = over ? ERR_VALUE : 0;
        (void)snprintf(text, sizeof text, "%.*s=1", 63 + over, name);
        CHECK_INT_EQ(selector_parse(text, &selector, &err), wanted);
        (void)snprintf(text, sizeof text, "k=%.*s", 63 + over, name);
        CHECK_INT_EQ(selector_parse(text, &selector, &err), wanted);
        (void)snprintf(text, sizeof text, "a/%.*s", 63 + over, name);
        CHECK_INT_EQ(selector_parse(text, &selector, &err), wanted);
        (void)snprintf(text, sizeof text, "%.*s/k", 253 + over, prefix);
        CHECK_INT_EQ(selector_parse(text, &selector, &err), wanted);
        /* All pieces together, each with its NUL, as long as may be: 254 + 2, then 255 + 1. */
        (void)snprintf(text, sizeof text, "%.*s/kk,%.*s/%.*s", 253, prefix, 252, prefix, 1 + over,
                       name);
        CHECK_INT_EQ(selector_parse(text, &selector, &err), over ? ERR_OVERSIZE : 0);
        (void)snprintf(text, sizeof text, "%.*s/kk,%.*s/k=%.*s", 253, prefix, 200, prefix,
                       51 + over, name);
        CHECK_INT_EQ(selector_parse(text, &selector, &err), over ? ERR_OVERSIZE : 0);
    }
    CHECK_STR_EQ(err.text, "selector: longer than 512 characters");
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
        {"forms", case_forms},           {"words as names", case_words_as_names},
        {"refusals", case_refusals},     {"texts", case_texts},
        {"characters", case_characters}, {"lengths", case_lengths},
        {"limits", case_limits},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
