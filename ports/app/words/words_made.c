/* words_made: writes all that is made of the tables into a folder: man pages, and a completion for
 * each shell. Built and run by the machine that builds. usage: words_made DIR */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ports/app/words/completion.h"
#include "ports/app/words/man.h"

static char dir[3072];
static int failures;

/* DIR/NAME; the folder of the name is made. */
static FILE *file_begin(const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%.*s", dir, (int)strcspn(name, "/"), name);
    (void)mkdir(path, 0755);
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        failures++;
    }
    return file;
}

static void file_end(FILE *file)
{
    failures += ferror(file) != 0;
    failures += fclose(file) != 0;
}

static void man_make(const struct words_pages *pages)
{
    const struct words_program *program = pages->program;
    char name[96];
    (void)snprintf(name, sizeof name, "man%c/%s.%c", program->section, program->name,
                   program->section);
    FILE *file = file_begin(name);
    if (file != NULL) {
        man_program(pages, file);
        file_end(file);
    }
    for (size_t i = 0; program->families != NULL && i < program->verb_count; i++) {
        int at = snprintf(name, sizeof name, "man%c/%s-", program->section, program->name);
        (void)snprintf(name + at, sizeof name - (size_t)at, "%s.%c", program->verbs[i].name,
                       program->section);
        for (char *blank; (blank = strchr(name, ' ')) != NULL;) {
            *blank = '-';
        }
        file = file_begin(name);
        if (file != NULL) {
            man_verb(pages, &program->verbs[i], file);
            file_end(file);
        }
    }
}

static void completion_make(const struct words_program *program)
{
    static const struct {
        const char *shell, *name;
    } shells[] = {{"bash", "bash/%s"}, {"zsh", "zsh/_%s"}, {"fish", "fish/%s.fish"}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        char name[96];
        size_t before = strcspn(shells[i].name, "%");
        (void)snprintf(name, sizeof name, "%.*s%s%s", (int)before, shells[i].name, program->name,
                       shells[i].name + before + 2);
        FILE *file = file_begin(name);
        if (file != NULL) {
            failures += !completion_print(program, shells[i].shell, file);
            file_end(file);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct words_pages *const all[] = {&pages_berth, &pages_berthctl, &pages_berthd};
    if (argc != 2 || strlen(argv[1]) >= sizeof dir) {
        (void)fprintf(stderr, "usage: words_made DIR\n");
        return 2;
    }
    (void)snprintf(dir, sizeof dir, "%s", argv[1]);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        man_make(all[i]);
        completion_make(all[i]->program);
    }
    return failures == 0 ? 0 : 1;
}
