/* completion: each script finds the verb in the words typed so far, then offers what its row has.
 *
 * The names of words_kind decide what a value is completed with; a file is the shells' own default.
 */
#include "ports/app/words/completion.h"

#include <string.h>

/* -- the tables, walked ------------------------------------------------------------------------ */

/* The words of verbs that may follow `verb`: the first words, or the second ones of a family. */
static void words_print(const struct words_program *program, const char *verb, const char *between,
                        FILE *out)
{
    const char *before = "";
    size_t len = strlen(verb);
    for (size_t i = 0; i < program->verb_count; i++) {
        const char *name = program->verbs[i].name;
        const char *word = len == 0 ? name : name + len + 1;
        size_t size = strcspn(word, " ");
        bool is_below = len == 0 || (strncmp(name, verb, len) == 0 && name[len] == ' ');
        bool is_again =
            i > 0 && len == 0 && strncmp(program->verbs[i - 1].name, name, size) == 0 &&
            (program->verbs[i - 1].name[size] == ' ' || program->verbs[i - 1].name[size] == '\0');
        if (is_below && !is_again && size > 0) {
            (void)fprintf(out, "%s%.*s", before, (int)size, word);
            before = between;
        }
    }
}

/* Everything that counts as the verb, so far: 'rollout' and 'rollout start'. */
static void prefixes_print(const struct words_program *program, const char *between, FILE *out)
{
    const char *before = "";
    for (size_t i = 0; i < program->family_count; i++) {
        (void)fprintf(out, "%s'%s'", before, program->families[i].name);
        before = between;
    }
    for (size_t i = 0; i < program->verb_count; i++) {
        if (program->family_count == 0 || strchr(program->verbs[i].name, ' ') != NULL) {
            (void)fprintf(out, "%s'%s'", before, program->verbs[i].name);
            before = between;
        }
    }
}

static bool is_verb(const struct words_program *program, const char *name)
{
    bool is = false;
    for (size_t i = 0; i < program->verb_count; i++) {
        is |= strcmp(program->verbs[i].name, name) == 0;
    }
    return is;
}

static const char *kind_word(const struct words_option *option)
{
    switch ((enum words_kind)option->kind) {
    case WORDS_FILE:
        return "file";
    case WORDS_FOLDER:
    case WORDS_PREFIX:
        return "folder";
    case WORDS_CHOICE:
        return "choice";
    case WORDS_FLAG:
        return "flag";
    case WORDS_TEXT:
    case WORDS_NUMBER:
    case WORDS_DURATION:
    case WORDS_SHARE:
    case WORDS_NAME:
    case WORDS_SELECTOR:
    case WORDS_LABEL:
    case WORDS_LABEL_NAME:
    case WORDS_SIZE:
    case WORDS_WAVES:
    case WORDS_PLATFORM:
    case WORDS_HOST:
    case WORDS_BROKER:
    case WORDS_ROLE:
        break;
    }
    return "text";
}

static void choices_print(const struct words_option *option, FILE *out)
{
    for (const char *at = option->choices; *at != '\0'; at++) {
        (void)fputc(*at == '|' ? ' ' : *at, out);
    }
}

/* A sentence inside quotes: without what a shell or zsh's own grammar would take for its own. */
static void sentence_print(const char *sentence, FILE *out)
{
    for (; *sentence != '\0'; sentence++) {
        char c = *sentence;
        (void)fputc(c == '\'' ? '`' : c == '[' ? '(' : c == ']' ? ')' : c == ':' ? ';' : c, out);
    }
}

/* -- bash -------------------------------------------------------------------------------------- */

static void bash_options(const struct words_option *const *list, FILE *out)
{
    for (; list != NULL && *list != NULL; list++) {
        (void)fprintf(out, " --%s", (*list)->name);
    }
}

static void bash_values(const struct words_verb *verb, FILE *out)
{
    for (size_t i = 0; verb->options != NULL && verb->options[i] != NULL; i++) {
        const struct words_option *option = verb->options[i];
        if (option->kind == WORDS_FLAG) {
            continue;
        }
        (void)fprintf(out, "    '%s --%s'", verb->name, option->name);
        if (option->letter != 0) {
            (void)fprintf(out, "|'%s -%c'", verb->name, option->letter);
        }
        (void)fprintf(out, ") kind=%s", kind_word(option));
        if (option->choices != NULL) {
            (void)fputs(" words='", out);
            choices_print(option, out);
            (void)fputc('\'', out);
        }
        (void)fputs(" ;;\n", out);
    }
}

static void bash_verbs(const struct words_program *program, FILE *out)
{
    (void)fputs("    '') words='", out);
    words_print(program, "", " ", out);
    bash_options(program->options, out);
    (void)fputs("' ;;\n", out);
    for (size_t i = 0; i < program->family_count; i++) {
        (void)fprintf(out, "    '%s') words='", program->families[i].name);
        words_print(program, program->families[i].name, " ", out);
        (void)fputs(" --help' ;;\n", out);
    }
}

static void bash_print(const struct words_program *program, FILE *out)
{
    const char *name = program->name;
    (void)fprintf(out,
                  "# bash completion of %s\n_%s()\n{\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    local verb='' kind='' words='' i\n"
                  "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "        case \"$verb${verb:+ }${COMP_WORDS[i]}\" in\n        ",
                  name, name);
    prefixes_print(program, "|", out);
    (void)fputs(") verb=\"$verb${verb:+ }${COMP_WORDS[i]}\" ;;\n        esac\n    done\n"
                "    case \"$verb\" in\n",
                out);
    if (!is_verb(program, "")) {
        bash_verbs(program, out);
    }
    for (size_t i = 0; i < program->verb_count; i++) {
        (void)fprintf(out, "    '%s') words='", program->verbs[i].name);
        bash_options(program->verbs[i].options, out);
        bash_options(program->options, out);
        (void)fputs("' ;;\n", out);
    }
    (void)fputs("    esac\n    case \"$verb $prev\" in\n", out);
    for (size_t i = 0; i < program->verb_count; i++) {
        bash_values(&program->verbs[i], out);
    }
    (void)fprintf(out,
                  "    esac\n    case \"$kind\" in\n"
                  "    folder) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); return ;;\n"
                  "    choice) ;;\n"
                  "    ?*) COMPREPLY=(); return ;;\n"
                  "    '') [[ $cur == -* || $words != ' '* ]] || { COMPREPLY=(); return; } ;;\n"
                  "    esac\n"
                  "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                  "}\ncomplete -o bashdefault -o default -F _%s %s\n",
                  name, name);
}

/* -- zsh --------------------------------------------------------------------------------------- */

static void zsh_option(const struct words_option *option, FILE *out)
{
    static const char *const values[][2] = {
        {"file", ":_files"}, {"folder", ":_files -/"}, {"text", ":"}, {"choice", ":("}};
    (void)fprintf(out, " \\\n            '%s--%s%s[", option->times > 1 ? "*" : "", option->name,
                  option->value != NULL ? "=" : "");
    sentence_print(option->sentence, out);
    (void)fputc(']', out);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(values[i][0], kind_word(option)) == 0) {
            (void)fputc(':', out);
            sentence_print(option->value, out);
            (void)fputs(values[i][1], out);
        }
    }
    if (option->choices != NULL) {
        choices_print(option, out);
        (void)fputc(')', out);
    }
    (void)fputc('\'', out);
    if (option->letter != 0) {
        (void)fprintf(out, " \\\n            '-%c%s'", option->letter,
                      option->value != NULL ? ":value:_files" : "");
    }
}

static void zsh_arguments(const struct words_program *program, const struct words_verb *verb,
                          FILE *out)
{
    const struct words_option *const *lists[] = {verb->options, program->options};
    (void)fprintf(out, "    '%s')\n        _arguments", verb->name);
    for (size_t i = 0; i < 2; i++) {
        for (const struct words_option *const *list = lists[i]; list != NULL && *list != NULL;
             list++) {
            zsh_option(*list, out);
        }
    }
    (void)fputs(verb->arguments[0].kind == WORDS_FILE ? " \\\n            '*:file:_files' ;;\n"
                                                      : " \\\n            '*: :' ;;\n",
                out);
}

static void zsh_described(const struct words_program *program, const char *verb, FILE *out)
{
    size_t len = strlen(verb);
    (void)fprintf(out, "    '%s')\n        list=(", verb);
    for (size_t i = 0; len == 0 && i < program->family_count; i++) {
        (void)fprintf(out, "\n            '%s:", program->families[i].name);
        sentence_print(program->families[i].sentence, out);
        (void)fputc('\'', out);
    }
    for (size_t i = 0; i < program->verb_count && (len > 0 || program->family_count == 0); i++) {
        const struct words_verb *row = &program->verbs[i];
        if (len == 0 || (strncmp(row->name, verb, len) == 0 && row->name[len] == ' ')) {
            (void)fprintf(out, "\n            '%s:", row->name + (len > 0 ? len + 1 : 0));
            sentence_print(row->sentence, out);
            (void)fputc('\'', out);
        }
    }
    (void)fputs(")\n        _describe verb list ;;\n", out);
}

static void zsh_print(const struct words_program *program, FILE *out)
{
    (void)fprintf(out,
                  "#compdef %s\n"
                  "local verb='' word\nlocal -a list\n"
                  "for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
                  "    case \"$verb${verb:+ }$word\" in\n    ",
                  program->name);
    prefixes_print(program, "|", out);
    (void)fputs(") verb=\"$verb${verb:+ }$word\" ;;\n    esac\ndone\ncase \"$verb\" in\n", out);
    if (!is_verb(program, "")) {
        zsh_described(program, "", out);
    }
    for (size_t i = 0; i < program->family_count; i++) {
        if (!is_verb(program, program->families[i].name)) {
            zsh_described(program, program->families[i].name, out);
        }
    }
    for (size_t i = 0; i < program->verb_count; i++) {
        zsh_arguments(program, &program->verbs[i], out);
    }
    (void)fputs("esac\n", out);
}

/* -- fish -------------------------------------------------------------------------------------- */

static void fish_option(const struct words_program *program, const char *verb,
                        const struct words_option *option, FILE *out)
{
    (void)fprintf(out, "complete -c %s -n '__%s_is \"%s\"' -l %s", program->name, program->name,
                  verb, option->name);
    if (option->letter != 0) {
        (void)fprintf(out, " -s %c", option->letter);
    }
    if (option->choices != NULL) {
        (void)fputs(" -x -a '", out);
        choices_print(option, out);
        (void)fputc('\'', out);
    } else if (option->kind != WORDS_FLAG) {
        const char *kind = kind_word(option);
        (void)fputs(strcmp(kind, "file") == 0     ? " -r -F"
                    : strcmp(kind, "folder") == 0 ? " -x -a '(__fish_complete_directories)'"
                                                  : " -x",
                    out);
    }
    (void)fputs(" -d '", out);
    sentence_print(option->sentence, out);
    (void)fputs("'\n", out);
}

static void fish_word(const struct words_program *program, const char *verb, const char *word,
                      const char *sentence, FILE *out)
{
    (void)fprintf(out, "complete -c %s -n '__%s_is \"%s\"' -f -a %s -d '", program->name,
                  program->name, verb, word);
    sentence_print(sentence, out);
    (void)fputs("'\n", out);
}

static void fish_verb(const struct words_program *program, const struct words_verb *verb, FILE *out)
{
    char family[32] = "";
    const char *blank = strchr(verb->name, ' ');
    if (blank != NULL) {
        (void)snprintf(family, sizeof family, "%.*s", (int)(blank - verb->name), verb->name);
        fish_word(program, family, blank + 1, verb->sentence, out);
    } else if (program->family_count == 0 && verb->name[0] != '\0') {
        fish_word(program, "", verb->name, verb->sentence, out);
    }
    for (size_t i = 0; verb->options != NULL && verb->options[i] != NULL; i++) {
        fish_option(program, verb->name, verb->options[i], out);
    }
    if (verb->arguments[0].name != NULL && verb->arguments[0].kind == WORDS_FILE) {
        (void)fprintf(out, "complete -c %s -n '__%s_is \"%s\"' -F\n", program->name, program->name,
                      verb->name);
    }
}

static void fish_print(const struct words_program *program, FILE *out)
{
    const char *name = program->name;
    (void)fprintf(out,
                  "# fish completion of %s\n"
                  "function __%s_is\n    set -l verb ''\n"
                  "    for word in (commandline -opc)[2..-1]\n"
                  "        switch (string trim \"$verb $word\")\n            case ",
                  name, name);
    prefixes_print(program, " ", out);
    (void)fprintf(out,
                  "\n                set verb (string trim \"$verb $word\")\n        end\n    end\n"
                  "    test \"$verb\" = \"$argv[1]\"\nend\ncomplete -c %s -f\n",
                  name);
    for (size_t i = 0; i < program->family_count; i++) {
        fish_word(program, "", program->families[i].name, program->families[i].sentence, out);
    }
    for (size_t i = 0; i < program->verb_count; i++) {
        fish_verb(program, &program->verbs[i], out);
    }
    for (size_t i = 0; program->options[i] != NULL; i++) {
        const struct words_option *option = program->options[i];
        (void)fprintf(out, "complete -c %s -l %s%s -d '", name, option->name,
                      option->kind == WORDS_FLAG ? "" : " -r -F");
        sentence_print(option->sentence, out);
        (void)fputs("'\n", out);
    }
}

bool completion_print(const struct words_program *program, const char *shell, FILE *out)
{
    static const struct {
        const char *shell;
        void (*print)(const struct words_program *program, FILE *out);
    } shells[] = {{"bash", bash_print}, {"zsh", zsh_print}, {"fish", fish_print}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].print(program, out);
            return true;
        }
    }
    return false;
}
