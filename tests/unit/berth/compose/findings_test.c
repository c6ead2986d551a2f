/* findings: their order, their two faces, and that none is lost. */
#include "ports/app/berth/compose/findings.h"

#include "platform/base/units.h"
#include "tests/check.h"

static const struct yaml_item second = {.file = "b.yaml", .line = 2};
static const struct yaml_item tenth = {.file = "b.yaml", .line = 10};
static const struct yaml_item other = {.file = "a.yaml", .line = 90};

static char *shown(const struct findings *findings,
                   int (*print)(const struct findings *, FILE *, struct err *))
{
    char *text = NULL;
    size_t len = 0;
    struct err err = {0};
    FILE *stream = open_memstream(&text, &len);
    CHECK_INT_EQ(print(findings, stream, &err), 0);
    (void)fclose(stream);
    return text;
}

static void case_order(void)
{
    struct findings *findings = findings_new();
    findings_add(findings, FINDING_NOTE, &other, "x", NULL, "first said");
    findings_add(findings, FINDING_REFUSED, &tenth, "services.web", "take %s away", "number %d", 7);
    findings_add(findings, FINDING_REFUSED, &second, "p", NULL, "later said");
    findings_add(findings, FINDING_REFUSED, &second, "a", NULL, "last said");
    findings_add(findings, FINDING_REFUSED, &other, NULL, "do", "of the file");
    findings_add(findings, FINDING_REFUSED, NULL, NULL, NULL, "of none");
    findings_add_at(findings, FINDING_REFUSED, ".env", 0, NULL, NULL, "of no line");
    char *text = shown(findings, findings_print);
    CHECK_STR_EQ(text, "of none\n"
                       ".env: of no line\n"
                       "a.yaml:90: of the file; do\n"
                       "b.yaml:2: p: later said\n"
                       "b.yaml:2: a: last said\n"
                       "b.yaml:10: services.web: number 7; take %s away\n"
                       "a.yaml:90: note: x: first said\n");
    free(text);
    CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), 6);
    CHECK_INT_EQ(findings_count(findings, FINDING_NOTE), 1);
    CHECK_STR_EQ(findings_at(findings, 6)->text, "first said");
    CHECK(findings_at(findings, 7) == NULL);
    findings_free(findings);
}

static void case_once(void)
{
    struct findings *findings = findings_new();
    findings_add(findings, FINDING_REFUSED, &second, "p", "r", "same");
    findings_add(findings, FINDING_REFUSED, &second, "q", "r", "same");
    findings_add(findings, FINDING_REFUSED, &second, "p", "r", "same");
    findings_add(findings, FINDING_REFUSED, &second, "p", NULL, "same");
    findings_add(findings, FINDING_NOTE, &second, "p", "r", "same");
    CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), 3);
    CHECK_INT_EQ(findings_count(findings, FINDING_NOTE), 1);
    findings_free(findings);
}

static void case_many(void)
{
    struct findings *findings = findings_new();
    for (size_t line = 1000; line > 0; line--) {
        struct yaml_item item = {.file = "c", .line = line};
        CHECK_INT_EQ(findings_add(findings, FINDING_NOTE, &item, NULL, NULL, "%zu", line), 0);
    }
    CHECK_INT_EQ(findings_count(findings, FINDING_NOTE), 1000);
    for (size_t i = 0; i < 1000; i++) {
        CHECK_INT_EQ(findings_at(findings, i)->line, i + 1);
    }
    findings_free(findings);
}

static void case_faces(void)
{
    struct findings *findings = findings_new();
    char *text = shown(findings, findings_print_json);
    CHECK_STR_EQ(text, "[]\n");
    free(text);
    text = shown(findings, findings_print);
    CHECK_STR_EQ(text, "");
    free(text);
    findings_add(findings, FINDING_REFUSED, &second, "a\"b", "say", "\x1b[1m\n");
    findings_add(findings, FINDING_NOTE, NULL, NULL, NULL, "t");
    text = shown(findings, findings_print);
    CHECK_STR_EQ(text, "b.yaml:2: a\"b: ?[1m?; say\nnote: t\n");
    free(text);
    text = shown(findings, findings_print_json);
    CHECK_STR_EQ(text, "[{\"level\":\"refused\",\"file\":\"b.yaml\",\"line\":2,\"path\":\"a\\\"b\","
                       "\"text\":\"\\u001b[1m\\u000a\",\"remedy\":\"say\"},\n"
                       " {\"level\":\"note\",\"file\":null,\"line\":null,\"path\":null,"
                       "\"text\":\"t\",\"remedy\":null}]\n");
    free(text);
    findings_free(findings);
}

static void case_soften(void)
{
    struct findings *findings = findings_new();
    findings_add(findings, FINDING_REFUSED, &tenth, "a.b.c", NULL, "1");
    findings_add(findings, FINDING_REFUSED, &second, "a.b[0]", NULL, "2");
    findings_add(findings, FINDING_REFUSED, &second, "a.bc", NULL, "3");
    findings_add(findings, FINDING_REFUSED, &second, NULL, NULL, "4");
    findings_add(findings, FINDING_NOTE, &other, "a.b", NULL, "5");
    findings_soften(findings, "a.b");
    char *text = shown(findings, findings_print);
    CHECK_STR_EQ(text, "b.yaml:2: a.bc: 3\nb.yaml:2: 4\na.yaml:90: note: a.b: 5\n"
                       "b.yaml:2: note: a.b[0]: 2\nb.yaml:10: note: a.b.c: 1\n");
    free(text);
    findings_free(findings);
}

/* The device that takes nothing says so. */
static void case_full(void)
{
    struct findings *findings = findings_new();
    struct err err = {0};
    FILE *full = fopen("/dev/full", "we");
    findings_add(findings, FINDING_NOTE, NULL, NULL, NULL, "t");
    CHECK_INT_EQ(findings_print(findings, full, &err), ERR_IO);
    (void)fclose(full);
    CHECK_INT_EQ(findings_status(findings, &err), 0);
    findings_free(findings);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"order", case_order},   {"once", case_once},
                                              {"many", case_many},     {"faces", case_faces},
                                              {"soften", case_soften}, {"full", case_full}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
