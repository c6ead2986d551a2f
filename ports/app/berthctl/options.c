/* options: reads the command line against the table of verbs. */
#include "ports/app/berthctl/options.h"

#include <string.h>

#include "platform/base/units.h"

static const struct {
    const char *name;
    unsigned option;
} flags[] = {
    {"--force", OPTION_FORCE},
    {"--wait", OPTION_WAIT},
    {"--json", OPTION_JSON},
    {"--after", OPTION_AFTER},
};

static int number_read(const char *text, uint64_t *value, struct err *err)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && number <= (uint64_t)JSON_INTEGER_MAX / 10; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (at == text || *at != '\0') {
        return err_set(err, ERR_USAGE, "--after %s: not a number", text);
    }
    *value = number;
    return 0;
}

static const struct verb *verb_find(const char *name)
{
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0) {
            return verb;
        }
    }
    return NULL;
}

static int flag_read(char **argv, int *at, const struct verb *verb, struct options *options,
                     struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (strcmp(argv[*at], flags[i].name) != 0) {
            continue;
        }
        if (verb == NULL || (verb->may & flags[i].option) == 0) {
            return err_set(err, ERR_USAGE, "%s does not go with %s", flags[i].name,
                           verb == NULL ? "no verb before it" : verb->name);
        }
        options->given |= flags[i].option;
        if (flags[i].option != OPTION_AFTER) {
            return 0;
        }
        if (argv[*at + 1] == NULL) {
            return err_set(err, ERR_USAGE, "--after needs a number");
        }
        return number_read(argv[++*at], &options->after, err);
    }
    return err_set(err, ERR_USAGE, "%s is no option", argv[*at]);
}

static int word_read(const char *word, const struct verb **verb, struct options *options,
                     struct err *err)
{
    if (*verb == NULL) {
        *verb = verb_find(word);
        return *verb != NULL ? 0 : err_set(err, ERR_USAGE, "%s is no verb", word);
    }
    if ((*verb)->argument == NULL || options->argument != NULL) {
        return err_set(err, ERR_USAGE, "%s: one word too many: %s", (*verb)->name, word);
    }
    options->argument = word;
    return 0;
}

int options_read(int argc, char **argv, const struct verb **verb, struct options *options,
                 struct err *err)
{
    *verb = NULL;
    *options =
        (struct options){.control = {.tool = "berthctl", .socket_path = "/run/berth/control.sock"}};
    for (int i = 1; i < argc; i++) {
        int rc = 0;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *verb = NULL;
            return 0;
        }
        if (strcmp(argv[i], "--socket") == 0) {
            if (i + 1 == argc) {
                return err_set(err, ERR_USAGE, "--socket needs a path");
            }
            options->control.socket_path = argv[++i];
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            rc = flag_read(argv, &i, *verb, options, err);
        } else {
            rc = word_read(argv[i], verb, options, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
    if (*verb == NULL) {
        return err_set(err, ERR_USAGE, "say what to do");
    }
    if ((*verb)->argument != NULL && options->argument == NULL) {
        return err_set(err, ERR_USAGE, "%s needs %s", (*verb)->name, (*verb)->argument);
    }
    return 0;
}
