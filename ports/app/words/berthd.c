/* berthd: what the agent can be asked. */
#include "ports/app/words/words.h"

#define OPTIONS(...) ((const struct words_option *const[]){__VA_ARGS__, NULL})

static const struct words_option help = {"help", 'h', WORDS_FLAG,
                                         .sentence = "show what this does, and end"};
static const struct words_option version = {"version", 0, WORDS_FLAG,
                                            .sentence = "show the version, and end"};
static const struct words_option config = {
    "config", 0, WORDS_FILE, .value = "FILE",
    .sentence = "what this node is told of itself (/etc/berth/berthd.json)"};
static const struct words_option check = {
    "check", 0, WORDS_FLAG,
    .sentence = "read configuration, trust and revoke documents, and say what is wrong"};
static const struct words_option self_test = {
    "self-test", 0, WORDS_FLAG,
    .sentence = "try what this machine must offer; needs no configuration, leaves nothing"};

static const struct words_verb run = {"", "", {{0}}, OPTIONS(&config, &check, &self_test)};

const struct words_program words_berthd = {
    .name = "berthd",
    .sentence = "keeps the apps of a gateway running, and changes them when told",
    .section = '8',
    .verbs = &run,
    .verb_count = 1,
    .options = OPTIONS(&help, &version),
};
