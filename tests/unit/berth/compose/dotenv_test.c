/* dotenv: what Compose 2.26 makes of each line of an environment file. */
#include "ports/app/berth/compose/dotenv.h"

#include "platform/base/units.h"
#include "tests/check.h"

static const char *shell_find(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "SHELL_SAYS") == 0 ? "hi" : NULL;
}

struct row {
    const char *text;
    const char *variables; /* "NAME=value;" each */
    const char *found;     /* "LINE: text;" each */
};

static void rows_check(const struct row *rows, size_t count, bool is_raw)
{
    static const struct lookup shell = {.find = shell_find};
    for (size_t i = 0; i < count; i++) {
        struct variables variables = {0};
        struct findings *findings = findings_new();
        const struct dotenv dotenv = {
            .file = ".env", .is_raw = is_raw, .lookup = &shell, .findings = findings};
        char text[1024] = "";
        CHECK_INT_EQ(dotenv_parse(&dotenv, span_text(rows[i].text), &variables, NULL), 0);
        for (size_t at = 0; at < variables.count; at++) {
            size_t len = strlen(text);
            (void)snprintf(text + len, sizeof text - len, "%s=%s;", variables.list[at].name,
                           variables.list[at].value);
        }
        CHECK_STR_EQ(text, rows[i].variables);
        text[0] = '\0';
        for (size_t at = 0; findings_at(findings, at) != NULL; at++) {
            size_t len = strlen(text);
            (void)snprintf(text + len, sizeof text - len, "%zu: %s;",
                           findings_at(findings, at)->line, findings_at(findings, at)->text);
        }
        CHECK_STR_EQ(text, rows[i].found);
        variables_free(&variables);
        findings_free(findings);
    }
}

static void case_statements(void)
{
    static const struct row rows[] = {
        {"", "", ""},
        {"\n\n  \n# only\n", "", ""},
        {"A=1\nB = 2\nC: 3\nexport D=4\n  E=5\n#c\nF=6 # c\nG=7#c\n",
         "A=1;B=2;C=3;D=4;E=5;F=6;G=7#c;", ""},
        {"A=1\r\nB=2\r\n", "A=1;B=2;", ""},
        {"\xef\xbb\xbf"
         "A=1",
         "A=1;", ""},
        {"A=\nB=\"\"\nC= \nD=''\n", "A=;B=;C=;D=;", ""},
        {"A=#c\nB= #c\nC=x #c\nD=x\t#c\n", "A=#c;B=#c;C=x;D=x\t#c;", ""},
        {"A=a=b\nB==c\nC=a:b\nD:x=1\n", "A=a=b;B==c;C=a:b;D=x=1;", ""},
        {"A=x   \nB=\"  y  \"\n", "A=x;B=  y  ;", ""},
        {"A=1\nA=2\n", "A=2;", ""},
        {"A=1;B=2\n", "A=1;B=2;", ""},
        {"A=x\\\nB=\\n\n", "A=x\\;B=\\n;", ""},
        {"A\nSHELL_SAYS\nexport SHELL_SAYS\n", "SHELL_SAYS=hi;", ""},
        {"export=3\nexportB=4\n", "export=3;exportB=4;", ""},
        {"a.b=1\na[0]=2\na-b=3\n1A=4\n\xc3\xa9=5\n", "a.b=1;a[0]=2;a-b=3;1A=4;\xc3\xa9=5;", ""},
        {"A=x\"y\"\n", "A=x\"y\";", ""},
        {"A=\"a\" B=2\n", "A=a;B=2;", ""}};
    rows_check(rows, COUNT_OF(rows), false);
}

static void case_values(void)
{
    static const struct row rows[] = {
        {"A=1\nB=$A ${A}x\nC=\"$A\"\nD='$A'\n", "A=1;B=1 1x;C=1;D=$A;", ""},
        {"A=\"8 # c\" # d\nB=2\n", "A=8 # c;B=2;", ""},
        {"A=\"m\nl\"\nB='m\nl'\nC=${NONE:-d}\n", "A=m\nl;B=m\nl;C=d;", ""},
        {"A=\"x\\ny\\tz\\\"q\\\\w\\$A\"\nE='it\\'s'\n", "A=x\ny\tz\"q\\w$A;E=it's;", ""},
        {"A=$$x\nB=\"$$x\"\nC=$1\nD=$(ls)\nE=`x`\n", "A=$x;B=$x;C=$1;D=$(ls);E=`x`;", ""},
        {"A=$SHELL_SAYS\nSHELL_SAYS=own\nB=$SHELL_SAYS\n", "A=hi;SHELL_SAYS=own;B=hi;", ""},
        {"A=$(node.name)\n", "A=$(node.name);",
         "1: $(node.name) stays as it is: the node fills it in in values of environment only;"}};
    rows_check(rows, COUNT_OF(rows), false);
}

static void case_faults(void)
{
    static const struct row rows[] = {
        {"A=1\nB=$NONE\nC=2\n", "A=1;B=;C=2;", "2: the variable NONE is not set;"},
        {"A=${NONE?m}\n", "A=;", "1: the variable NONE must be set: m;"},
        {"A=${X\nB=1\n", "A=;B=1;", "1: ${X is no variable;"},
        {"\nA b=1\nC=2\n", "C=2;", "2: this is no NAME=value;"},
        {"=1\n", "", "1: this is no NAME=value;"},
        {"A!=1\n", "", "1: this is no NAME=value;"},
        {"B=1\nA=\"x\nC=2\n", "B=1;", "2: the quote does not end;"},
        {"A='x\n", "", "1: the quote does not end;"},
        {"A='a''b'\nC=1", "A=a;C=1;", "1: this is no NAME=value;"}};
    rows_check(rows, COUNT_OF(rows), false);
    struct findings *findings = findings_new();
    struct variables variables = {0};
    const struct dotenv dotenv = {.file = ".env", .findings = findings};
    CHECK_INT_EQ(dotenv_parse(&dotenv, span_of("A=\0", 3), &variables, NULL), 0);
    CHECK_STR_EQ(findings_at(findings, 0)->text, "a NUL character is not allowed");
    findings_free(findings);
}

static void case_raw(void)
{
    static const struct row rows[] = {
        {"A=\"1\" # c\n  B='$x' \n#c\n\nC=\r\nD\nSHELL_SAYS\nE=a=b\n",
         "A=\"1\" # c;B='$x' ;C=;SHELL_SAYS=hi;E=a=b;", ""},
        {"A b=1\n=2\nC=3\n", "C=3;",
         "1: the name is empty or has a space;2: the name is empty or has a space;"}};
    rows_check(rows, COUNT_OF(rows), true);
}

static void case_bounds(void)
{
    struct variables variables = {0};
    struct err err = {0};
    char name[16];
    for (int i = 0; i < VARIABLES_MAX; i++) {
        (void)snprintf(name, sizeof name, "A%d", i);
        CHECK_INT_EQ(variables_set(&variables, name, "", NULL, 0, &err), 0);
    }
    CHECK_INT_EQ(variables_set(&variables, "A7", "again", NULL, 0, &err), 0);
    CHECK_INT_EQ(variables_set(&variables, "B", "", NULL, 0, &err), ERR_LIMIT);
    CHECK_STR_EQ(err.text, "more than 4096 variables");
    variables_free(&variables);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"statements", case_statements},
                                              {"values", case_values},
                                              {"faults", case_faults},
                                              {"raw", case_raw},
                                              {"bounds", case_bounds}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
