/* facts: what there is to say of a node and its apps, filled once; status, history, report and
 * story are rendered from it, and from nothing else. */
#ifndef AGENT_NODE_FACTS_H
#define AGENT_NODE_FACTS_H

#include "agent/node/session.h"
#include "agent/wire/release.h"

struct app;
struct conductor;
struct cause;
struct order_slot;
struct config;

/* A remembered generation, and the version its release gives itself: empty where its payload is not
 * at hand. */
struct facts_generation {
    const struct generation *generation; /* its gen is 0: there is none */
    const char *version;
};

/* Whether the image of the release before is here: X(NAME, word, sentence) */
#define FACTS_IMAGES(X)                                                                            \
    X(NONE, "none", "there is no release before")                                                  \
    X(UNKNOWN, "unknown", "nobody has looked yet")                                                 \
    X(GONE, "gone", "it was removed: there is no way back without a registry")                     \
    X(HERE, "here", "it can be gone back to")

enum facts_image {
#define FACTS_IMAGE_ENUM_(name, word, sentence) FACTS_IMAGE_##name,
    FACTS_IMAGES(FACTS_IMAGE_ENUM_) FACTS_IMAGE_COUNT
#undef FACTS_IMAGE_ENUM_
};

/* A container that is there. */
struct facts_replica {
    const struct replica *replica;
    enum health health;
    const char *why; /* a word: what that rests on */
};

/* One app. Pointers are into the conductor, valid until it is called again. */
struct facts_app {
    const struct memory_app *memory;
    struct facts_generation committed, candidate, history[HISTORY_MAX];
    enum facts_image previous_image;      /* of history[0] */
    const char *adopt_project;            /* taken over: of this Compose project; NULL: nothing */
    const char *adopt_service;            /* and of this service; both empty where unknown */
    const struct plan_service *handed;    /* whose handover is told; NULL: none */
    int64_t soak_remaining_ms;            /* 0: no soak */
    enum wish_wait wait;                  /* what its wish waits for */
    uint32_t verdicts;                    /* given in this session */
    const struct digest *verdict_release; /* of the last of them; NULL: none */
    const struct cause *cause;            /* of the last verdict; NULL: it had none */
    int refused;                          /* code of the last order not even taken; 0: none */
    const struct order_slot *waiting;     /* an order that is not taken yet; NULL: none */
    enum health health;
    const char *health_reason;
    uint32_t restarts; /* of what is committed: session_falls */
    struct facts_replica replicas[OBSERVED_MAX];
    size_t replica_count;
};

/* The node itself. */
struct facts_node {
    const struct config *config;
    const char *version; /* of the agent */
    const char *arch, *engine_version;
    const char *identity; /* alone, suspected, shared */
    uint64_t trust_version, revoke_version;
    bool is_memory_lost, is_store_failing, is_settled, is_engine_up, has_timeouts;
    const char *obstacle; /* between other hosts and the containers: a word */
};

/* Fills all of it; about 2 KiB. */
void facts_of_app(const struct app *app, struct facts_app *facts);
void facts_of_node(const struct conductor *conductor, struct facts_node *facts);

const char *facts_image_word(enum facts_image image);

/* status.c: JSON, as agent/node/README.md has it. */

/* One app of the status. */
void status_app_render(const struct facts_app *facts, struct text *text);
/* The status up to its apps, whose array is open then. */
void status_node_render(const struct facts_node *facts, struct text *text);
/* What an app has run and could run again. */
void status_history_render(const struct facts_app *facts, struct text *text);

#endif
