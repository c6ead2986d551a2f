/* interpolate: each form of the specification, and what stays for the node. */
#include "ports/app/berth/compose/interpolate.h"

#include "agent/wire/release.h"
#include "agent/wire/release_words.h"
#include "platform/base/units.h"
#include "tests/check.h"

static const char *world_find(void *ctx, const char *name)
{
    static const char *const names[] = {"SET", "EMPTY", "REF", "DOLLAR", "_x9", "lower"};
    static const char *const values[] = {"v", "", "$(node.name)", "$", "u", "l"};
    (void)ctx;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return values[i];
        }
    }
    return NULL;
}

static const struct lookup world = {.find = world_find};

/* Findings as "path: text;" one behind the other. */
static void found_join(const struct findings *findings, char *text, size_t cap)
{
    text[0] = '\0';
    for (size_t i = 0; findings_at(findings, i) != NULL; i++) {
        const struct finding *finding = findings_at(findings, i);
        size_t len = strlen(text);
        (void)snprintf(text + len, cap - len, "%s: %s;", finding->path, finding->text);
    }
}

struct row {
    const char *text, *filled, *found;
};

static void rows_check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct findings *findings = findings_new();
        struct yaml_item item = {.key = NULL, .text = strdup(rows[i].text), .is_plain = true};
        struct yaml_item root = {.kind = YAML_TREE_LIST, .child = &item};
        size_t bytes = 10000;
        char found[1024];
        CHECK_INT_EQ(
            interpolate_item(&root, INTERPOLATE_ENVIRONMENT, "", &world, &bytes, findings, NULL),
            0);
        found_join(findings, found, sizeof found);
        CHECK_STR_EQ(item.text, rows[i].filled);
        CHECK_STR_EQ(found, rows[i].found);
        CHECK_INT_EQ(item.is_filled, strchr(rows[i].text, '$') != NULL);
        free(item.text);
        findings_free(findings);
    }
}

static void case_forms(void)
{
    static const struct row rows[] = {
        {"plain", "plain", ""},
        {"$SET", "v", ""},
        {"a${SET}b$SET.c$SETT", "avbv.c", "[0]: the variable SETT is not set;"},
        {"$_x9 $lower", "u l", ""},
        {"${EMPTY}|$EMPTY", "|", ""},
        {"${NONE}", "", "[0]: the variable NONE is not set;"},
        {"$NONE ${OTHER}", " ",
         "[0]: the variable NONE is not set;[0]: the variable OTHER is not set;"},
        {"${SET:-d}${EMPTY:-d}${NONE:-d}", "vdd", ""},
        {"${SET-d}${EMPTY-d}${NONE-d}", "vd", ""},
        {"${NONE-}${NONE:-}", "", ""},
        {"${SET:+r}${EMPTY:+r}${NONE:+r}", "r", ""},
        {"${SET+r}${EMPTY+r}${NONE+r}", "rr", ""},
        {"${SET:?m}${SET?m}${EMPTY?m}", "vv", ""},
        {"${EMPTY:?need it}", "", "[0]: the variable EMPTY must be set: need it;"},
        {"${NONE?need $SET}", "", "[0]: the variable NONE must be set: need v;"},
        {"${NONE:?}", "", "[0]: the variable NONE must be set;"},
        {"${NONE:-a${EMPTY:-b${SET}}c}d", "abvcd", ""},
        {"${SET:-${NONE}}", "v", ""},
        {"${NONE:-${OTHER}}", "", "[0]: the variable OTHER is not set;"},
        {"${NONE:+${OTHER}}", "", ""},
        {"${NONE:-a?b}${NONE-a:-b}${NONE:-a+b}", "a?ba:-ba+b", ""},
        {"${NONE:-{}}", "{}", ""},
        {"${NONE:-a\nb}", "a\nb", ""}};
    rows_check(rows, COUNT_OF(rows));
}

static void case_dollars(void)
{
    static const struct row rows[] = {{"$$SET $${SET}", "$SET ${SET}", ""},
                                      {"$$$SET", "$v", ""},
                                      {"$$$$SET", "$$SET", ""},
                                      {"${NONE:-$$SET}", "$SET", ""},
                                      {"${NONE:-$${SET}}", "${SET}", ""},
                                      {"$1 $ $", "$1 $ $", ""},
                                      {"$(date) $$(date)", "$(date) $(date)", ""},
                                      {"$DOLLAR$DOLLAR", "$$", ""}};
    rows_check(rows, COUNT_OF(rows));
}

static void case_invalid(void)
{
    static const struct row rows[] = {{"${}", "", "[0]: ${} is no variable;"},
                                      {"x${SET", "x", "[0]: ${SET is no variable;"},
                                      {"${1A}", "", "[0]: ${1A} is no variable;"},
                                      {"${SET/a/b}", "", "[0]: ${SET/a/b} is no variable;"},
                                      {"${SET:=d}", "", "[0]: ${SET:=d} is no variable;"},
                                      {"${SET:}", "", "[0]: ${SET:} is no variable;"},
                                      {"${ SET}", "", "[0]: ${ SET} is no variable;"},
                                      {"${SET:-${}}", "v", "[0]: ${} is no variable;"},
                                      {"a$SET${!}$NONE", "av", "[0]: ${!} is no variable;"}};
    rows_check(rows, COUNT_OF(rows));
}

/* What reaches the container is what the node's own reader makes of it. */
static void case_node(void)
{
    static const struct {
        const char *text, *seen;
    } rows[] = {{"$(node.name)", "gw-1"},
                {"a$(node.label.site)b", "anorthb"},
                {"$$(node.name)", "$(node.name)"},
                {"$$$$(node.name)", "$$(node.name)"},
                {"$$(node.label.site)", "$(node.label.site)"},
                {"$$(node.label.", "$(node.label."},
                {"$$(node.label. $(node.name)", "$(node.label. gw-1"},
                {"$$(date) $(date) $$$$(date)", "$(date) $(date) $$(date)"},
                {"$REF", "$(node.name)"},
                {"$DOLLAR$REF", "$$(node.name)"},
                {"$DOLLAR(node.name)", "$(node.name)"},
                {"${NONE:-$(node.name)}", "gw-1"},
                {"${NONE:-$$(node.name)}", "$(node.name)"},
                {"${SET:-$(node.name)}", "v"},
                {"$SET$(node.name)$SET", "vgw-1v"}};
    static const char *const labels[] = {"site"};
    static const char *const words[] = {"north"};
    const struct release_node node = {.name = "gw-1",
                                      .arch = "arm64",
                                      .label_names = labels,
                                      .label_values = words,
                                      .label_count = 1};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct interpolation rules = {.lookup = &world, .is_for_node = true};
        struct growing out = {.max = 1000};
        char memory[4096];
        struct arena arena;
        const char *seen = NULL;
        arena_init(&arena, memory, sizeof memory);
        interpolate_text(&rules, rows[i].text, &out);
        CHECK_INT_EQ(node_substitute(growing_get(&out), &node, &arena, &seen, NULL), 0);
        CHECK_STR_EQ(seen, rows[i].seen);
        growing_free(&out);
    }
    static const struct row ambiguous[] = {
        {"$$$(node.name)", "$$(node.name)",
         "[0]: a dollar sign right before $(node.name) cannot be told from $$(...);"}};
    rows_check(ambiguous, COUNT_OF(ambiguous));
}

/* Keys stay, values of every depth are filled in, and each fault has its path. */
static void case_tree(void)
{
    struct yaml_item *root = NULL;
    struct findings *findings = findings_new();
    size_t bytes = 1000;
    char found[1024];
    CHECK_INT_EQ(yaml_tree_parse(span_text("services:\n  web:\n    labels: {\"$SET\": \"$SET\"}\n"
                                           "    ports: [\"$NONE:80\", {a: '${B}'}]\n"
                                           "x-a: &a ${B}\nx-b: *a\n"),
                                 &root, NULL),
                 0);
    CHECK_INT_EQ(interpolate_tree(root, &world, &bytes, findings, NULL), 0);
    CHECK_STR_EQ(yaml_tree_find(root, "services.web.labels.$SET")->text, "v");
    found_join(findings, found, sizeof found);
    CHECK_STR_EQ(found, "services.web.ports[0]: the variable NONE is not set;"
                        "services.web.ports[1].a: the variable B is not set;"
                        "x-a: the variable B is not set;x-b: the variable B is not set;");
    CHECK_INT_EQ(findings_at(findings, 1)->line, 4);
    findings_free(findings);
    yaml_tree_free(root);
}

/* The node fills in environments only: elsewhere the same letters stay, and that is said. */
static void case_elsewhere(void)
{
    struct yaml_item *root = NULL;
    struct findings *findings = findings_new();
    size_t bytes = 1000;
    char found[1024];
    CHECK_INT_EQ(yaml_tree_parse(span_text("x-e: &e {A: $(node.name), B: $$(node.name)}\n"
                                           "services:\n  web:\n    environment: *e\n"
                                           "    command: [$$(node.name), '$(node.label.x)', $REF]\n"
                                           "    labels: {a: \"${NONE:-$(node.name)}\"}\n"
                                           "  two:\n    environment: [A=$(node.name)]\n"
                                           "environment: {A: $$(node.name)}\n"),
                                 &root, NULL),
                 0);
    CHECK_INT_EQ(interpolate_tree(root, &world, &bytes, findings, NULL), 0);
    found_join(findings, found, sizeof found);
    CHECK_STR_EQ(found,
                 "services.web.command[1]: $(node.label.x) stays as it is: the node fills it in in "
                 "values of environment only;services.web.labels.a: $(node.name) stays as it is: "
                 "the node fills it in in values of environment only;");
    CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), 0);
    CHECK_STR_EQ(yaml_tree_find(root, "services.web.environment.A")->text, "$(node.name)");
    CHECK_STR_EQ(yaml_tree_find(root, "services.web.environment.B")->text, "$$(node.name)");
    CHECK_STR_EQ(yaml_tree_find(root, "services.two.environment[0]")->text, "A=$(node.name)");
    CHECK_STR_EQ(yaml_tree_find(root, "services.web.command[0]")->text, "$(node.name)");
    CHECK_STR_EQ(yaml_tree_find(root, "services.web.command[1]")->text, "$(node.label.x)");
    CHECK_STR_EQ(yaml_tree_find(root, "services.web.command[2]")->text, "$(node.name)");
    CHECK_STR_EQ(yaml_tree_find(root, "services.web.labels.a")->text, "$(node.name)");
    CHECK_STR_EQ(yaml_tree_find(root, "environment.A")->text, "$(node.name)");
    findings_free(findings);
    yaml_tree_free(root);
}

static void case_bounds(void)
{
    for (size_t extra = 0; extra < 2; extra++) {
        struct findings *findings = findings_new();
        struct err err = {0};
        size_t bytes = 8 - extra;
        struct yaml_item item = {.text = strdup("${SET}1234567"), .file = "c", .line = 3};
        struct yaml_item root = {.kind = YAML_TREE_LIST, .child = &item};
        CHECK_INT_EQ(interpolate_tree(&root, &world, &bytes, findings, &err),
                     extra == 0 ? 0 : ERR_OVERSIZE);
        CHECK(extra == 0 || strcmp(err.text, "c:3: [0]: longer than 7 bytes") == 0);
        CHECK_INT_EQ(bytes, extra == 0 ? 0 : 7);
        free(item.text);
        findings_free(findings);
    }
    for (size_t depth = INTERPOLATE_DEPTH_MAX; depth <= INTERPOLATE_DEPTH_MAX + 1; depth++) {
        char text[8 * INTERPOLATE_DEPTH_MAX] = "";
        for (size_t i = 0; i < depth; i++) {
            (void)strcat(text, "${N:-");
        }
        for (size_t i = 0; i < depth; i++) {
            (void)strcat(text, "}");
        }
        const struct row row = {
            text, "", depth == INTERPOLATE_DEPTH_MAX ? "" : "[0]: ${N:-} is no variable;"};
        rows_check(&row, 1);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"forms", case_forms},  {"dollars", case_dollars}, {"invalid", case_invalid},
        {"node", case_node},    {"tree", case_tree},       {"elsewhere", case_elsewhere},
        {"bounds", case_bounds}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
