/* man: rows of the table as sections of a page. */
#include "ports/app/words/man.h"

#include <ctype.h>
#include <string.h>

#include "ports/app/words/help.h"

/* Text as it is: nothing of it is taken for a request or an escape. */
static void plain(const char *text, FILE *out)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((*at == '.' || *at == '\'') && at == text) {
            (void)fputs("\\&", out);
        }
        if (*at == '\\') {
            (void)fputs("\\e", out);
        } else if (*at == '-') {
            (void)fputs("\\-", out);
        } else {
            (void)fputc(*at, out);
        }
    }
}

static void line(const char *text, FILE *out)
{
    plain(text, out);
    (void)fputc('\n', out);
}

/* "BERTH-ROLLOUT-START": blanks are dashes. */
static void title(const char *program, const char *verb, FILE *out)
{
    (void)fprintf(out, "%s", program);
    if (verb[0] != '\0') {
        (void)fputs("\\-", out);
    }
    for (const char *at = verb; *at != '\0'; at++) {
        (void)fputs(*at == ' ' ? "\\-" : (const char[]){*at, '\0'}, out);
    }
}

static void head(const struct words_program *program, const char *verb, const char *sentence,
                 FILE *out)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s%s%s", program->name, verb[0] != '\0' ? "-" : "", verb);
    for (char *at = name; *at != '\0'; at++) {
        *at = *at == ' ' ? '-' : (char)toupper((unsigned char)*at);
    }
    (void)fprintf(out, ".TH %s %c \"\" \"berth " BERTH_VERSION "\"\n.SH NAME\n", name,
                  program->section);
    title(program->name, verb, out);
    (void)fputs(" \\- ", out);
    line(sentence, out);
}

static void synopsis(const struct words_program *program, const struct words_verb *verb, FILE *out)
{
    char usage[256];
    struct text text;
    text_init(&text, usage, sizeof usage);
    help_usage(verb, &text);
    (void)fprintf(out, ".B %s%s%s\n", program->name, verb->name[0] != '\0' ? " " : "", verb->name);
    if (text.len > 0) {
        line(usage + 1, out);
    }
}

static void options(const struct words_option *const *list, FILE *out)
{
    for (; list != NULL && *list != NULL; list++) {
        char data[128];
        struct text text;
        text_init(&text, data, sizeof data);
        help_option(*list, &text);
        (void)fputs(".TP\n.B ", out);
        plain(data + strspn(data, " "), out);
        (void)fputc('\n', out);
        plain((*list)->sentence, out);
        if ((*list)->choices != NULL) {
            (void)fputs(": ", out);
            plain((*list)->choices, out);
        }
        (void)fputs((*list)->times > 1 ? " (repeatable)" : "", out);
        (void)fputs((*list)->is_needed ? " (needed)\n" : "\n", out);
    }
}

static void examples(const struct words_pages *pages, const struct words_page *page, FILE *out)
{
    (void)fputs(".nf\n", out);
    for (size_t i = 0; page->examples[i] != NULL; i++) {
        plain(pages->program->name, out);
        (void)fputc(' ', out);
        line(page->examples[i], out);
    }
    (void)fputs(".fi\n", out);
}

static void exits(const struct words_page *page, FILE *out)
{
    for (const struct words_exit *exit = page->exits; exit->sentence != NULL; exit++) {
        (void)fprintf(out, ".TP\n.B %d\n", exit->status);
        line(exit->sentence, out);
    }
}

static void body(const struct words_pages *pages, const struct words_verb *verb, const char *level,
                 FILE *out)
{
    const struct words_page *page = words_page_find(pages, verb->name);
    if (page->more != NULL) {
        line(page->more, out);
    }
    if (verb->options != NULL && level[1] == 'H') {
        (void)fputs(".SH OPTIONS\n", out);
    }
    options(verb->options, out);
}

void man_verb(const struct words_pages *pages, const struct words_verb *verb, FILE *out)
{
    const struct words_page *page = words_page_find(pages, verb->name);
    const struct words_program *program = pages->program;
    head(program, verb->name, verb->sentence, out);
    (void)fputs(".SH SYNOPSIS\n", out);
    synopsis(program, verb, out);
    if (page->more != NULL) {
        (void)fputs(".SH DESCRIPTION\n", out);
        line(page->more, out);
    }
    (void)fputs(".SH OPTIONS\n", out);
    options(verb->options, out);
    options(program->options, out);
    (void)fputs(".SH EXIT STATUS\n", out);
    exits(page, out);
    (void)fputs(".SH EXAMPLES\n", out);
    examples(pages, page, out);
    (void)fprintf(out, ".SH SEE ALSO\n.BR %s (%c)\n", program->name, program->section);
}

static void verb_lines(const struct words_program *program, FILE *out)
{
    for (size_t i = 0; i < program->verb_count; i++) {
        (void)fputs(".TP\n.BR ", out);
        title(program->name, program->verbs[i].name, out);
        (void)fprintf(out, " (%c)\n", program->section);
        line(program->verbs[i].sentence, out);
    }
}

static void verb_whole(const struct words_pages *pages, const struct words_verb *verb, FILE *out)
{
    const struct words_page *page = words_page_find(pages, verb->name);
    (void)fprintf(out, ".SS %s\n", verb->name);
    synopsis(pages->program, verb, out);
    (void)fputs(".PP\n", out);
    line(verb->sentence, out);
    if (page->more != NULL) {
        (void)fputs(".PP\n", out);
        line(page->more, out);
    }
    options(verb->options, out);
    (void)fputs(".PP\n", out);
    examples(pages, page, out);
}

/* The statuses of all verbs, each once. */
static void exits_of_all(const struct words_pages *pages, FILE *out)
{
    const struct words_page *longest = &pages->pages[0];
    size_t most = 0;
    for (size_t i = 0; i < pages->count; i++) {
        size_t count = 0;
        while (pages->pages[i].exits[count].sentence != NULL) {
            count++;
        }
        longest = count > most ? &pages->pages[i] : longest;
        most = count > most ? count : most;
    }
    exits(longest, out);
}

void man_program(const struct words_pages *pages, FILE *out)
{
    const struct words_program *program = pages->program;
    head(program, "", program->sentence, out);
    (void)fputs(".SH SYNOPSIS\n", out);
    if (program->verb_count == 1) {
        synopsis(program, &program->verbs[0], out);
        (void)fputs(".SH DESCRIPTION\n", out);
        body(pages, &program->verbs[0], "SH", out);
        options(program->options, out);
        (void)fputs(".SH EXIT STATUS\n", out);
        exits_of_all(pages, out);
        (void)fputs(".SH EXAMPLES\n", out);
        examples(pages, &pages->pages[0], out);
        return;
    }
    (void)fprintf(out, ".B %s\nVERB [ARGUMENT...] [OPTION...]\n.SH VERBS\n", program->name);
    if (program->families != NULL) {
        verb_lines(program, out);
    }
    for (size_t i = 0; program->families == NULL && i < program->verb_count; i++) {
        verb_whole(pages, &program->verbs[i], out);
    }
    (void)fputs(".SH OPTIONS\n", out);
    options(program->options, out);
    if (program->families == NULL) {
        (void)fputs(".SH EXIT STATUS\n", out);
        exits_of_all(pages, out);
    }
}
