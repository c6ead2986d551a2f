/* node_word: the one word that says how a node and its app are, for a person. */
#ifndef PORTS_APP_BERTH_NODE_WORD_H
#define PORTS_APP_BERTH_NODE_WORD_H

#include "ports/app/berth/node_view.h"

/* X(NAME, word, sentence), the worst first: the first that is so is the word. */
#define NODE_WORDS(X)                                                                              \
    X(ADDED, "added", "it was added to the fleet, and the broker has never heard of it")           \
    X(NEVER, "never-seen", "it has a label or an order, and has never been connected")             \
    X(SILENT, "silent", "it is not connected; what it reported last may be long past")             \
    X(UNREAD, "unreadable", "what it reports cannot be read by this version")                      \
    X(STORE, "store-failing", "it cannot write its memory: it begins nothing")                     \
    X(MEMORY, "memory-lost", "its memory was lost: it serves by labels and refuses orders")        \
    X(ENGINE, "engine-gone", "its container engine does not answer")                               \
    X(DOWN, "down", "the app does not answer its probes")                                          \
    X(UNKNOWN, "unknown", "the app serves or not: nothing could be asked")                         \
    X(CHANGING, "changing", "a change is under way")                                               \
    X(OVERRIDDEN, "overridden", "someone at the node wants something else")                        \
    X(EMPTY, "empty", "no app runs")                                                               \
    X(SERVING, "serving", "every replica answers its probes")

enum node_word {
#define NODE_WORD_ENUM_(name, word, sentence) NODE_WORD_##name,
    NODE_WORDS(NODE_WORD_ENUM_) NODE_WORD_COUNT
#undef NODE_WORD_ENUM_
};

/* Of one app; NULL: of the node as a whole, where it has no app. */
enum node_word node_word_of(const struct node_facts *facts, const struct report_app *app);
const char *node_word_text(enum node_word word);
const char *node_word_sentence(enum node_word word);

#endif
