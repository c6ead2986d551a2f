/* given: the verb is found first; then each word is an option of it, a value, or an argument. */
#include "ports/app/words/given.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "platform/base/units.h"
#include "ports/app/words/nearest.h"

void given_complain(struct given *given, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    text_shorten_va(line, sizeof line, fmt, args);
    va_end(args);
    text_printf(&given->complaints, "%s\n", line);
}

int given_judge(const struct given *given, struct err *err)
{
    return given->complaints.len == 0 ? 0 : err_set(err, ERR_USAGE, "%s", given->complaints.data);
}

/* -- options ----------------------------------------------------------------------------------- */

/* `len` bytes of a name, or one letter. */
static bool is_called(const struct words_option *option, const char *name, size_t len)
{
    return strlen(option->name) == len && memcmp(option->name, name, len) == 0;
}

static const struct words_option *option_in(const struct words_option *const *list,
                                            const char *word)
{
    bool is_long = word[1] == '-';
    size_t len = is_long ? strcspn(word + 2, "=") : 0;
    for (; list != NULL && *list != NULL; list++) {
        if (is_long ? is_called(*list, word + 2, len)
                    : (*list)->letter != 0 && (*list)->letter == word[1]) {
            return *list;
        }
    }
    return NULL;
}

static const struct words_option *option_find(const struct given *given, const char *word)
{
    const struct words_option *option =
        given->verb != NULL ? option_in(given->verb->options, word) : NULL;
    return option != NULL ? option : option_in(given->program->options, word);
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* True when the option's value is the next word. */
static bool takes_next(const struct words_option *option, const char *word)
{
    return option != NULL && option->kind != WORDS_FLAG &&
           (word[1] == '-' ? strchr(word, '=') == NULL : word[2] == '\0');
}

static void nearest_look(const struct words_option *const *list, const char *word,
                         const char **nearest, size_t *least)
{
    for (; list != NULL && *list != NULL; list++) {
        size_t distance = nearest_distance(word, (*list)->name);
        if (distance < *least) {
            *least = distance;
            *nearest = (*list)->name;
        }
    }
}

static void option_unknown(struct given *given, const char *word)
{
    const char *nearest = NULL;
    size_t least = NEAREST_DISTANCE_MAX + 1;
    char name[64];
    text_shorten(name, sizeof name, span_of(word, strcspn(word, "=")));
    if (given->verb != NULL) {
        nearest_look(given->verb->options, name, &nearest, &least);
    }
    nearest_look(given->program->options, name, &nearest, &least);
    given_complain(
        given, nearest != NULL ? "%s: no such option; did you mean --%s?" : "%s: no such option",
        name, nearest);
}

/* -- values ------------------------------------------------------------------------------------ */

static bool number_read(const char *text, int64_t *number)
{
    *number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && *number <= JSON_INTEGER_MAX / 10; at++) {
        *number = *number * 10 + (*at - '0');
    }
    return at != text && *at == '\0';
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (len > 0 && strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool is_share(const char *value)
{
    char digits[16];
    int64_t number = 0;
    size_t len = strlen(value);
    return len > 1 && value[len - 1] == '%' && len <= 4 &&
           (text_shorten(digits, sizeof digits, span_of(value, len - 1)),
            number_read(digits, &number)) &&
           number <= 100;
}

static void option_judge(struct given *given, given_check check, const struct words_option *option,
                         const char *value)
{
    char bytes[160] = "";
    struct text why;
    int64_t number = 0;
    text_init(&why, bytes, sizeof bytes);
    bool is_good = true;
    switch (option->kind) {
    case WORDS_NUMBER:
        is_good = number_read(value, &number) && number >= option->least && number <= option->most;
        text_printf(&why, "must be a number from %lld to %lld", (long long)option->least,
                    (long long)option->most);
        break;
    case WORDS_CHOICE:
        is_good = is_choice(option->choices, value);
        text_printf(&why, "must be one of %s", option->choices);
        break;
    case WORDS_SHARE:
        is_good = is_share(value);
        text_append(&why, "must be a share like 95%");
        break;
    case WORDS_NAME:
        is_good = text_is_name(value, (size_t)option->most);
        text_printf(&why, "must be a name: at most %d of a-z, 0-9 and '-' inside",
                    (int)option->most);
        break;
    default:
        is_good = check == NULL || check(option, value, &why);
        break;
    }
    if (!is_good) {
        given_complain(given, "--%s %.64s: %s", option->name, value, bytes);
    }
}

static void option_note(struct given *given, given_check check, const struct words_option *option,
                        const char *value)
{
    size_t times = 0;
    for (size_t i = 0; i < given->option_count; i++) {
        times += given->options[i].option == option;
    }
    size_t most = option->times != 0 ? option->times : 1;
    if (option->kind != WORDS_FLAG && times == most) {
        given_complain(given, "--%s: at most %zu time%s", option->name, most, most == 1 ? "" : "s");
    } else if (option->kind == WORDS_FLAG && times > 0) {
        return; /* said twice is said */
    }
    if (given->option_count == GIVEN_OPTIONS_MAX) {
        given_complain(given, "--%s: more than %d options", option->name, GIVEN_OPTIONS_MAX);
        return;
    }
    if (value != NULL) {
        option_judge(given, check, option, value);
    }
    given->options[given->option_count++] = (struct given_option){option, value};
}

/* An option at argv[*at]; its value may be the next word. */
static void option_read(struct given *given, given_check check, char **argv, int *at)
{
    const char *word = argv[*at];
    const struct words_option *option = option_find(given, word);
    const char *value = word[1] == '-' ? strchr(word, '=') : word[2] != '\0' ? word + 1 : NULL;
    if (option == NULL) {
        given->has_unknown = true;
        if (given->family == NULL || given->verb != NULL) { /* else that comes first */
            option_unknown(given, word);
        }
        return;
    }
    if (option->kind == WORDS_FLAG) {
        if (value != NULL) {
            given_complain(given, "--%s takes no value", option->name);
        }
        value = NULL;
    } else if (takes_next(option, word)) {
        value = argv[*at + 1];
        if (value == NULL) {
            given_complain(given, "--%s needs %s", option->name, option->value);
            return;
        }
        (*at)++;
    } else {
        value++; /* after '=' or the letter */
    }
    option_note(given, check, option, value);
}

/* -- verbs ------------------------------------------------------------------------------------- */

/* The next word from *at on that is no option and no value of one; NULL at the end. */
static const char *word_next(const struct given *given, char **argv, int *at)
{
    const struct words_program *program = given->program;
    for (; argv[*at] != NULL; (*at)++) {
        const char *word = argv[*at];
        if (!is_option(word)) {
            return word;
        }
        const struct words_option *option = option_in(program->options, word);
        for (size_t i = 0; option == NULL && i < program->verb_count; i++) {
            option = option_in(program->verbs[i].options, word);
        }
        *at += takes_next(option, word) && argv[*at + 1] != NULL;
    }
    return NULL;
}

static const struct words_verb *verb_find(const struct words_program *program, const char *name)
{
    for (size_t i = 0; i < program->verb_count; i++) {
        if (strcmp(program->verbs[i].name, name) == 0) {
            return &program->verbs[i];
        }
    }
    return NULL;
}

static const struct words_family *family_find(const struct words_program *program, const char *name)
{
    for (size_t i = 0; i < program->family_count; i++) {
        if (strcmp(program->families[i].name, name) == 0) {
            return &program->families[i];
        }
    }
    return NULL;
}

static void nearer(const char *word, const char *name, const char **nearest, size_t *least)
{
    size_t distance = nearest_distance(word, name);
    *nearest = distance < *least ? name : *nearest;
    *least = distance < *least ? distance : *least;
}

static void verb_unknown(struct given *given, const char *first, const char *both)
{
    const struct words_program *program = given->program;
    const char *nearest = NULL;
    size_t least = NEAREST_DISTANCE_MAX + 1;
    for (size_t i = 0; i < program->verb_count; i++) {
        nearer(both, program->verbs[i].name, &nearest, &least);
    }
    for (size_t i = 0; nearest == NULL && given->family == NULL && i < program->verb_count; i++) {
        nearer(first, program->verbs[i].name, &nearest, &least);
    }
    for (size_t i = 0; nearest == NULL && given->family == NULL && i < program->family_count; i++) {
        nearer(first, program->families[i].name, &nearest, &least);
    }
    given_complain(
        given, nearest != NULL ? "%.64s: no such verb; did you mean %s?" : "%.64s: no such verb",
        given->family != NULL ? both : first, nearest);
}

/* Finds the verb; `places` gets where its words stand in argv. */
static void verb_read(struct given *given, char **argv, int places[2])
{
    char both[80];
    int at = 1;
    const char *first = word_next(given, argv, &at);
    if (first != NULL && strcmp(first, "help") == 0) {
        given->wish = GIVEN_HELP;
        at++;
        first = word_next(given, argv, &at);
    }
    if (first == NULL) {
        return;
    }
    places[0] = at++;
    given->verb = verb_find(given->program, first);
    if (given->verb != NULL) {
        return;
    }
    const char *second = word_next(given, argv, &at);
    text_shorten_printf(both, sizeof both, "%s%s%s", first, second != NULL ? " " : "",
                        second != NULL ? second : "");
    places[1] = second != NULL ? at : 0;
    given->verb = verb_find(given->program, both);
    given->family = family_find(given->program, first);
    if (given->verb == NULL && (given->family == NULL || second != NULL)) {
        verb_unknown(given, first, both);
    }
}

/* -- the whole --------------------------------------------------------------------------------- */

static void words_read(struct given *given, given_check check, char **argv, const int places[2])
{
    bool is_over = false; /* "--" was there */
    given->arguments = argv + 1;
    for (int i = 1; argv[i] != NULL; i++) {
        if (i == places[0] || i == places[1]) {
            continue;
        }
        if (!is_over && strcmp(argv[i], "--") == 0) {
            is_over = true;
        } else if (!is_over && is_option(argv[i])) {
            option_read(given, check, argv, &i);
        } else {
            given->arguments[given->argument_count++] = argv[i];
        }
    }
    given->arguments[given->argument_count] = NULL;
}

static void argument_judge(struct given *given, const struct words_argument *argument,
                           const char *word)
{
    if (argument->kind == WORDS_NAME && !text_is_name(word, (size_t)argument->length)) {
        given_complain(given, "'%.64s' is no %s: a name is at most %d of a-z, 0-9 and '-' inside",
                       word, argument->name, (int)argument->length);
    }
}

static void arguments_judge(struct given *given)
{
    size_t at = 0;
    for (size_t i = 0; i < WORDS_ARGUMENTS && given->verb->arguments[i].name != NULL; i++) {
        const struct words_argument *argument = &given->verb->arguments[i];
        size_t count = 0;
        for (;
             at < given->argument_count && (argument->most == WORDS_MANY || count < argument->most);
             at++, count++) {
            argument_judge(given, argument, given->arguments[at]);
        }
        if (count < argument->least) {
            given_complain(given, "%s is needed", argument->name);
        }
    }
    if (at < given->argument_count && !given->has_unknown) {
        given_complain(given, "one word too many: %.64s", given->arguments[at]);
    }
}

static void needed_judge(struct given *given)
{
    const struct words_option *const *list = given->verb->options;
    for (; list != NULL && *list != NULL; list++) {
        bool is_there = !(*list)->is_needed;
        for (size_t i = 0; i < given->option_count; i++) {
            is_there |= given->options[i].option == *list;
        }
        if (!is_there) {
            const char letter[] = {'-', (*list)->letter, '\0'};
            given_complain(given, "%s%s %s is needed", (*list)->letter != 0 ? letter : "--",
                           (*list)->letter != 0 ? "" : (*list)->name, (*list)->value);
        }
    }
}

/* --help and --version are the program's: whatever else there is, they are done. */
static bool is_asked_for(const struct given *given, const char *name)
{
    for (size_t i = 0; i < given->option_count; i++) {
        const struct words_option *option = given->options[i].option;
        if (option->kind == WORDS_FLAG && strcmp(option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

int given_read(const struct words_program *program, given_check check, int argc, char **argv,
               struct given *given)
{
    int places[2] = {0, 0};
    memset(given, 0, sizeof *given);
    given->program = program;
    text_init(&given->complaints, given->complaint_bytes, sizeof given->complaint_bytes);
    assert(argv[argc] == NULL);
    if (program->verb_count == 1) {
        given->verb = program->verbs;
    } else {
        verb_read(given, argv, places);
    }
    if (given->complaints.len > 0) {
        return ERR_USAGE; /* whose options there are is not known */
    }
    words_read(given, check, argv, places);
    if (is_asked_for(given, "help")) {
        given->wish = GIVEN_HELP;
    } else if (is_asked_for(given, "version")) {
        given->wish = GIVEN_VERSION;
    }
    if (given->wish != GIVEN_RUN) {
        return given_judge(given, NULL);
    }
    if (given->verb != NULL) {
        arguments_judge(given);
        needed_judge(given);
    } else if (given->family != NULL) {
        given_complain(given, "%s: say what to do", given->family->name);
    } else if (given->complaints.len == 0) {
        given_complain(given, "say what to do");
    }
    return given_judge(given, NULL);
}

/* -- for verbs --------------------------------------------------------------------------------- */

/* The row's option of this name, noted as asked for. */
static const struct words_option *asked(struct given *given, const char *name)
{
    const struct words_option *const *list = given->verb->options;
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strcmp(list[i]->name, name) == 0) {
            given->asked |= UINT64_C(1) << i;
            return list[i];
        }
    }
    list = given->program->options;
    while (*list != NULL && strcmp((*list)->name, name) != 0) {
        list++;
    }
    assert(*list != NULL); /* a verb asks for what stands in its row */
    return *list;
}

bool given_has(struct given *given, const char *name)
{
    const struct words_option *option = asked(given, name);
    bool has = false;
    for (size_t i = 0; i < given->option_count; i++) {
        has |= given->options[i].option == option;
    }
    return has;
}

const char *given_next(struct given *given, const char *name, size_t *at)
{
    const struct words_option *option = asked(given, name);
    for (; *at < given->option_count; (*at)++) {
        if (given->options[*at].option == option) {
            return given->options[(*at)++].value;
        }
    }
    return NULL;
}

const char *given_value(struct given *given, const char *name)
{
    const char *last = NULL;
    size_t at = 0;
    for (const char *value; (value = given_next(given, name, &at)) != NULL;) {
        last = value;
    }
    return last;
}

uint64_t given_number(struct given *given, const char *name, uint64_t other)
{
    int64_t number = 0;
    const char *value = given_value(given, name);
    return value != NULL && number_read(value, &number) ? (uint64_t)number : other;
}

size_t given_list(struct given *given, const char *name, const char **list, size_t most)
{
    size_t at = 0;
    size_t count = 0;
    for (const char *value; (value = given_next(given, name, &at)) != NULL;) {
        assert(count < most);
        list[count++] = value;
    }
    return count;
}

const struct words_option *given_unasked(const struct given *given)
{
    const struct words_option *const *list = given->verb->options;
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        for (size_t n = 0; n < given->option_count; n++) {
            if (given->options[n].option == list[i] && (given->asked >> i & 1) == 0) {
                return list[i];
            }
        }
    }
    return NULL;
}
