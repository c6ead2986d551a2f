/* dotenv: any bytes as an environment file, plain and raw. */
#include "ports/app/berth/compose/dotenv.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

static const char *shell_find(void *ctx, const char *name)
{
    (void)ctx;
    return name[0] == 'S' ? "shell" : NULL;
}

static void parse(struct span text, bool is_raw)
{
    static const struct lookup shell = {.find = shell_find};
    struct variables variables = {0};
    struct findings *findings = findings_new();
    const struct dotenv dotenv = {
        .file = "e", .is_raw = is_raw, .lookup = &shell, .findings = findings};
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.data[i] == '\n';
    }
    int rc = dotenv_parse(&dotenv, text, &variables, NULL);
    PROMISE(rc == 0 || rc == ERR_LIMIT || rc == ERR_OVERSIZE);
    for (size_t i = 0; i < variables.count; i++) {
        const struct variable *variable = &variables.list[i];
        PROMISE(variable->name[0] != '\0' && strpbrk(variable->name, "=\n ") == NULL);
        PROMISE(variable->line >= 1 && variable->line <= lines);
        PROMISE(!is_raw || strchr(variable->value, '\n') == NULL);
        PROMISE(variables_find(&variables, variable->name) == variable);
    }
    for (size_t i = 0; findings_at(findings, i) != NULL; i++) {
        PROMISE(findings_at(findings, i)->line >= 1 && findings_at(findings, i)->line <= lines);
    }
    variables_free(&variables);
    findings_free(findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(span_of(data, size), false);
    parse(span_of(data, size), true);
    return 0;
}
