/* help: tables into lines of at most 80 characters. */
#include "ports/app/words/help.h"

#include <string.h>

#define COLUMNS 80

/* A sentence from column `indent` on, where the line has `used` characters already. */
static void sentence_print(const char *sentence, size_t used, size_t indent, FILE *out)
{
    if (used >= indent) {
        (void)fputc('\n', out);
        used = 0;
    }
    for (const char *word = sentence; *word != '\0';) {
        size_t len = strcspn(word, " ");
        if (used > indent && used + 1 + len > COLUMNS) {
            (void)fputc('\n', out);
            used = 0;
        }
        if (used > indent) {
            (void)fputc(' ', out);
            used++;
        }
        (void)fprintf(out, "%*s%.*s", used < indent ? (int)(indent - used) : 0, "", (int)len, word);
        used = (used < indent ? indent : used) + len;
        word += len + (word[len] == ' ');
    }
    (void)fputc('\n', out);
}

static void arguments_append(const struct words_verb *verb, struct text *text)
{
    for (size_t i = 0; i < WORDS_ARGUMENTS && verb->arguments[i].name != NULL; i++) {
        const struct words_argument *argument = &verb->arguments[i];
        const char *more = argument->most > 1 ? "..." : "";
        text_printf(text, argument->least == 0 ? " [%s%s]" : " %s%s", argument->name, more);
    }
}

void help_usage(const struct words_verb *verb, struct text *text)
{
    bool has_options = false;
    arguments_append(verb, text);
    for (size_t i = 0; verb->options != NULL && verb->options[i] != NULL; i++) {
        const struct words_option *option = verb->options[i];
        if (option->is_needed) {
            if (option->letter != 0) {
                text_printf(text, " -%c %s", option->letter, option->value);
            } else {
                text_printf(text, " --%s %s", option->name, option->value);
            }
        } else {
            has_options = true;
        }
    }
    text_append(text, has_options ? " [OPTION...]" : "");
}

void help_option(const struct words_option *option, struct text *text)
{
    if (option->letter != 0) {
        text_printf(text, "-%c, ", option->letter);
    } else {
        text_append(text, "    ");
    }
    text_printf(text, "--%s%s%s", option->name, option->value != NULL ? " " : "",
                option->value != NULL ? option->value : "");
}

static void options_print(const struct words_option *const *list, FILE *out)
{
    for (; list != NULL && *list != NULL; list++) {
        char data[128];
        char sentence[256];
        struct text text;
        text_init(&text, data, sizeof data);
        help_option(*list, &text);
        (void)fprintf(out, "  %s", data);
        text_init(&text, sentence, sizeof sentence);
        text_printf(&text, "%s%s%s%s%s", (*list)->sentence, (*list)->choices != NULL ? ": " : "",
                    (*list)->choices != NULL ? (*list)->choices : "",
                    (*list)->times > 1 ? " (repeatable)" : "",
                    (*list)->is_needed ? " (needed)" : "");
        sentence_print(sentence, strlen(data) + 2, 28, out);
    }
}

static void usage_print(const struct given *given, FILE *out)
{
    char data[256];
    struct text text;
    text_init(&text, data, sizeof data);
    help_usage(given->verb, &text);
    (void)fprintf(out, "usage: %s%s%s%s\n", given->program->name,
                  given->verb->name[0] != '\0' ? " " : "", given->verb->name, data);
}

static void verb_print(const struct given *given, const struct words_pages *pages, FILE *out)
{
    const struct words_verb *verb = given->verb;
    const struct words_page *page = pages != NULL ? words_page_find(pages, verb->name) : NULL;
    usage_print(given, out);
    (void)fprintf(out, "\n%s\n", verb->name[0] != '\0' ? verb->sentence : given->program->sentence);
    if (page != NULL && page->more != NULL) {
        sentence_print(page->more, 0, 0, out);
    }
    (void)fprintf(out, "\noptions:\n");
    options_print(verb->options, out);
    options_print(given->program->options, out);
    if (page == NULL) {
        return;
    }
    (void)fprintf(out, "\nexamples:\n");
    for (size_t i = 0; page->examples[i] != NULL; i++) {
        (void)fprintf(out, "  %s%s%s\n", given->program->name,
                      page->examples[i][0] != '\0' ? " " : "", page->examples[i]);
    }
    (void)fprintf(out, "\nexit status:\n");
    for (const struct words_exit *exit = page->exits; exit->sentence != NULL; exit++) {
        int used = fprintf(out, "  %d", exit->status);
        sentence_print(exit->sentence, (size_t)used, 7, out);
    }
}

const struct words_verb *help_family_next(const struct words_program *program,
                                          const struct words_family *family, size_t *at)
{
    size_t len = strlen(family->name);
    for (; *at < program->verb_count; (*at)++) {
        const char *name = program->verbs[*at].name;
        if (strncmp(name, family->name, len) == 0 && name[len] == ' ') {
            return &program->verbs[(*at)++];
        }
    }
    return NULL;
}

/* "  build lint sign", below the family's sentence. */
static void family_print(const struct words_program *program, const struct words_family *family,
                         FILE *out)
{
    char data[256] = "";
    struct text text;
    size_t at = 0;
    text_init(&text, data, sizeof data);
    for (const struct words_verb *verb; (verb = help_family_next(program, family, &at)) != NULL;) {
        text_printf(&text, "%s%s", text.len > 0 ? " " : "", strchr(verb->name, ' ') + 1);
    }
    if (family->group != NULL) {
        (void)fprintf(out, "%s\n", family->group);
    }
    int used = fprintf(out, "  %s", family->name);
    sentence_print(family->sentence, (size_t)used, 15, out);
    if (text.len > 0) {
        sentence_print(data, 0, 17, out);
    }
}

static void verb_line(const char *name, const struct words_verb *verb, FILE *out)
{
    char data[160];
    struct text text;
    text_init(&text, data, sizeof data);
    text_printf(&text, "%s", name);
    arguments_append(verb, &text);
    (void)fprintf(out, "  %s", data);
    sentence_print(verb->sentence, strlen(data) + 2, 28, out);
}

static void program_print(const struct words_program *program, FILE *out)
{
    (void)fprintf(out, "%s %s\n\nusage: %s VERB [ARGUMENT...] [OPTION...]\n\n", program->name,
                  program->sentence, program->name);
    for (size_t i = 0; i < program->family_count; i++) {
        family_print(program, &program->families[i], out);
    }
    for (size_t i = 0; program->family_count == 0 && i < program->verb_count; i++) {
        verb_line(program->verbs[i].name, &program->verbs[i], out);
    }
    if (program->family_count == 0) {
        (void)fprintf(out, "\n");
        options_print(program->options, out);
    }
    (void)fprintf(out, "\n%s help VERB says more of one\n", program->name);
}

void help_print(const struct given *given, const struct words_pages *pages, FILE *out)
{
    const struct words_program *program = given->program;
    size_t at = 0;
    if (given->verb != NULL) {
        verb_print(given, pages, out);
        return;
    }
    if (given->family == NULL) {
        program_print(program, out);
        return;
    }
    (void)fprintf(out, "%s %s: %s\n\n", program->name, given->family->name,
                  given->family->sentence);
    for (const struct words_verb *verb;
         (verb = help_family_next(program, given->family, &at)) != NULL;) {
        verb_line(strchr(verb->name, ' ') + 1, verb, out);
    }
    (void)fprintf(out, "\n%s %s VERB --help says more of one\n", program->name,
                  given->family->name);
}

void help_complain(const struct given *given, FILE *out)
{
    const char *line = given->complaints.data;
    const char *verb = given->verb != NULL ? given->verb->name : "";
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        (void)fprintf(out, "%s: %s%s%.*s\n", given->program->name, verb,
                      verb[0] != '\0' ? ": " : "", (int)len, line);
        line += len + (line[len] == '\n');
    }
    if (given->complaints.cut) {
        (void)fprintf(out, "%s: and more\n", given->program->name);
    }
    if (given->verb != NULL) {
        usage_print(given, out);
    }
    const char *whose = given->verb != NULL     ? verb
                        : given->family != NULL ? given->family->name
                                                : "";
    (void)fprintf(out, "%s %s%s--help says more\n", given->program->name, whose,
                  whose[0] != '\0' ? " " : "");
}
