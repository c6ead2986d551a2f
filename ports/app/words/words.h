/* words: what the programs can be asked, as data: verbs, options, arguments and a sentence each.
 *
 * The parser (given), the help, completion and man pages read these tables and nothing else, so
 * that none of them can say what another does not. The longer texts (pages.h) are tables of their
 * own: a gateway's programs do not carry them. */
#ifndef PORTS_APP_WORDS_H
#define PORTS_APP_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is: checked before a verb runs, and completed by the shell. */
enum words_kind {
    WORDS_FLAG, /* no value */
    WORDS_TEXT,
    WORDS_NUMBER,   /* from `least` to `most` */
    WORDS_DURATION, /* "1m30s", at least `least` milliseconds */
    WORDS_SHARE,    /* "95%" */
    WORDS_CHOICE,   /* one of `choices` */
    WORDS_NAME,     /* of at most `most` characters: a-z, 0-9, '-' inside */
    WORDS_FILE,
    WORDS_FOLDER,
    /* Judged by the program that has them. */
    WORDS_SELECTOR,   /* "site=north,ring!=lab" */
    WORDS_LABEL,      /* "site=north" */
    WORDS_LABEL_NAME, /* "site" */
    WORDS_SIZE,       /* "3" or "10%" */
    WORDS_WAVES,      /* "1,5%,100%" */
    WORDS_PLATFORM,   /* "linux/arm/v7" */
    WORDS_HOST,       /* a DNS name or an IPv4 address */
    WORDS_BROKER,     /* "host:8883:8884" */
    WORDS_ROLE,       /* "release=a.pub,b.pub:2" */
    WORDS_PREFIX,     /* an absolute path without blanks and quotes */
};

struct words_option {
    const char *name;    /* without its dashes; "-l" and "-o" alone have a letter besides */
    char letter;         /* 0: none */
    uint8_t kind;        /* enum words_kind */
    uint8_t times;       /* at most; 0: once */
    const char *value;   /* what stands for its value: "FILE"; NULL for a flag */
    const char *choices; /* "a|b|c" */
    int64_t least, most;
    const char *sentence; /* begins small, ends without a dot */
    bool is_needed;
};

struct words_argument {
    const char *name; /* "FILE" */
    uint8_t kind;     /* enum words_kind */
    uint8_t least;    /* how many there must be */
    uint8_t most;     /* WORDS_MANY: any number */
    int64_t length;   /* of a WORDS_NAME, at most */
};

#define WORDS_MANY      255
#define WORDS_ARGUMENTS 2

struct words_verb {
    const char *name; /* "rollout start"; "" where a program has none */
    const char *sentence;
    struct words_argument arguments[WORDS_ARGUMENTS];
    const struct words_option *const *options; /* ends with NULL; NULL: none */
};

/* Verbs that begin with the same word. */
struct words_family {
    const char *name;  /* "rollout" */
    const char *group; /* the heading it begins, or NULL where it stands under the one before */
    const char *sentence;
};

struct words_program {
    const char *name;
    const char *sentence;
    char section;                   /* of its man page */
    const struct words_verb *verbs; /* in the order of the families */
    size_t verb_count;
    const struct words_family *families; /* NULL: verbs are listed one by one */
    size_t family_count;
    const struct words_option *const *options; /* before or after any verb; ends with NULL */
};

extern const struct words_program words_berth, words_berthctl, words_berthd;

#endif
