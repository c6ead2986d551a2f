/* given: a command line, read against a program's table: what is wrong with it, all of it. */
#ifndef PORTS_APP_WORDS_GIVEN_H
#define PORTS_APP_WORDS_GIVEN_H

#include "platform/base/err.h"
#include "platform/base/text.h"
#include "ports/app/words/words.h"

#define GIVEN_OPTIONS_MAX     192
#define GIVEN_COMPLAINT_BYTES 4096

enum given_wish { GIVEN_RUN, GIVEN_HELP, GIVEN_VERSION };

struct given_option {
    const struct words_option *option;
    const char *value; /* NULL for a flag */
};

struct given {
    const struct words_program *program;
    enum given_wish wish;
    const struct words_verb *verb;     /* NULL: with GIVEN_HELP the program's, or the family's */
    const struct words_family *family; /* whose help is wanted, or NULL */
    char **arguments;                  /* in their order; ends with NULL */
    size_t argument_count;
    struct given_option options[GIVEN_OPTIONS_MAX]; /* in their order */
    size_t option_count;
    uint64_t asked;   /* private: bit i: the verb has asked for its option i */
    bool has_unknown; /* private: one of the words may be an unknown option's value */
    struct text complaints;
    char complaint_bytes[GIVEN_COMPLAINT_BYTES];
};

/* Judges a value of a kind that only some programs know; false with a sentence in *complaint
 * ("must be ..."). */
typedef bool (*given_check)(const struct words_option *option, const char *value,
                            struct text *complaint);

/* Reads argv (argv[0] is the program's name; its words are reordered in place, and must live as
 * long as *given). `check` may be NULL. 0, or ERR_USAGE with one line for each thing that is wrong
 * in given->complaints; given->verb is then the verb as far as it is known. */
NODISCARD int given_read(const struct words_program *program, given_check check, int argc,
                         char **argv, struct given *given);

/* True when the option was given; the verb's row must have it (asserted). */
bool given_has(struct given *given, const char *name);
/* The value that was given last, or NULL. */
const char *given_value(struct given *given, const char *name);
/* The same of a WORDS_NUMBER; `other` where it was not given. */
uint64_t given_number(struct given *given, const char *name, uint64_t other);
/* The next value of an option that may be given several times; *at begins at 0. NULL at the end. */
const char *given_next(struct given *given, const char *name, size_t *at);
/* Copies all values of one into a list of `most` places; how many. More than that are refused by
 * the table (asserted). */
size_t given_list(struct given *given, const char *name, const char **list, size_t most);

/* Something else that is wrong, found by the verb; given_judge then refuses them all. */
void given_complain(struct given *given, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* 0, or ERR_USAGE when anything was complained of. */
NODISCARD int given_judge(const struct given *given, struct err *err);

/* An option that was given and that the verb has not asked for, or NULL. */
const struct words_option *given_unasked(const struct given *given);

#endif
