/* law: assertions that name the law they keep (agent/LAWS.md). They stay on in every build. */
#ifndef PLATFORM_BASE_LAW_H
#define PLATFORM_BASE_LAW_H

/* X(NAME, word): the page's words, in its order. */
#define LAWS(X)                                                                                    \
    X(READY_FIRST, "ready-first")                                                                  \
    X(DURABLE_FIRST, "durable-first")                                                              \
    X(NEVER_NEITHER, "never-neither")                                                              \
    X(ONLY_SIGNED, "only-signed")                                                                  \
    X(BACK_ALONE, "back-alone")                                                                    \
    X(RIGHT_BLAME, "right-blame")                                                                  \
    X(ALWAYS_WATCHING, "always-watching")                                                          \
    X(BOUNDED, "bounded")                                                                          \
    X(SERVES_ALONE, "serves-alone")                                                                \
    X(EVIDENCE, "evidence")                                                                        \
    X(WIRED, "wired")                                                                              \
    X(SAID, "said")                                                                                \
    X(PATIENCE, "patience")                                                                        \
    X(BUDGET, "budget")                                                                            \
    X(HALT, "halt")                                                                                \
    X(ONE_ANSWER, "one-answer")                                                                    \
    X(ONE_SWAP, "one-swap")                                                                        \
    X(ONE_WRITER, "one-writer")                                                                    \
    X(ORDERED_ONLY, "ordered-only")                                                                \
    X(ENDS, "ends")                                                                                \
    X(NODE_LAWS, "node-laws")                                                                      \
    X(BINDS_ITSELF, "binds-itself")

enum law {
#define LAW_ENUM_(name, word) LAW_##name,
    LAWS(LAW_ENUM_) LAW_COUNT
#undef LAW_ENUM_
};

/* A mistake of ours, never of the world: nothing that comes from outside may reach it. A broken law
 * ends the process, which is better than to act on a state that cannot be; containers serve on. */
#define LAW(name, condition) (__builtin_expect(!(condition), 0) ? law_broken(LAW_##name) : (void)0)

/* Says which law and where, as bytes behind this function (addr2line), and aborts. A law takes one
 * small number and one branch at its place. */
void law_broken(enum law law) __attribute__((noreturn, cold, noinline));

const char *law_word(enum law law);

#endif
