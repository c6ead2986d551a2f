/* berthctl: what the technician's tool can be asked. */
#include "platform/base/units.h"
#include "ports/app/words/words.h"

#define OPTIONS(...) ((const struct words_option *const[]){__VA_ARGS__, NULL})
#define APP                                                                                        \
    {                                                                                              \
        {                                                                                          \
            "APP", WORDS_NAME, 1, 1, 32                                                            \
        }                                                                                          \
    }
#define FILE_OR_DASH                                                                               \
    {                                                                                              \
        {                                                                                          \
            "FILE", WORDS_FILE, 1, 1, 0                                                            \
        }                                                                                          \
    }

static const struct words_option help = {"help", 'h', WORDS_FLAG,
                                         .sentence = "show what this does, and end"};
static const struct words_option version = {"version", 0, WORDS_FLAG,
                                            .sentence = "show the tool's version, and end"};
static const struct words_option socket_option = {
    "socket", 0, WORDS_FILE, .value = "PATH",
    .sentence = "where berthd listens (/run/berth/control.sock)"};
static const struct words_option force = {
    "force", 0, WORDS_FLAG, .sentence = "also a release that failed on this node before"};
static const struct words_option wait_option = {
    "wait", 0, WORDS_FLAG, .sentence = "follow it: exit 0 good, 3 went back, 4 inconclusive"};
static const struct words_option json = {"json", 0, WORDS_FLAG,
                                         .sentence = "the agent's own words, for programs"};
static const struct words_option after = {"after",
                                          0,
                                          WORDS_NUMBER,
                                          .value = "N",
                                          .most = JSON_INTEGER_MAX,
                                          .sentence = "only events after this one"};

static const struct words_verb verbs[] = {
    {"status", "show every app, its releases and containers", {{0}}, OPTIONS(&json)},
    {"watch", "show the same live, with what happens", {{0}}, OPTIONS(&json)},
    {"events", "show what happened lately", {{0}}, OPTIONS(&after, &json)},
    {"history", "show what APP has run and could run again", APP, OPTIONS(&json)},
    {"activate", "make the release in FILE the wanted one (-: standard input)", FILE_OR_DASH,
     OPTIONS(&force, &wait_option)},
    {"rollback", "go back to the release before", APP, OPTIONS(&wait_option)},
    {"init", "take releases of these keys, on a gateway that is not set up", FILE_OR_DASH, NULL},
    {"version", "show the tool's and the agent's version", {{0}}, OPTIONS(&json)},
    {"help", "show what a verb does", {{"VERB", WORDS_TEXT, 0, 1, 0}}, NULL},
};

const struct words_program words_berthctl = {
    .name = "berthctl",
    .sentence = "looks at a gateway's apps and changes them, with no network",
    .section = '8',
    .verbs = verbs,
    .verb_count = COUNT_OF(verbs),
    .options = OPTIONS(&socket_option, &help, &version),
};
