/* bus_contract: what platform/bus.h promises, as cases over any port that implements it. */
#ifndef TESTS_CONTRACT_BUS_CONTRACT_H
#define TESTS_CONTRACT_BUS_CONTRACT_H

#include "tests/contract/bus_call.h"

/* Topics that everybody may use begin with this. */
#define BUS_OPEN_TOPIC "berth-test"

/* Two parties of one broker. A NULL hook leaves its cases out. */
struct bus_fixture {
    struct bus bus, other;
    /* One turn of the world, a few milliseconds at most. */
    void (*pump)(void *self);
    /* The connection of `bus` breaks without a word, as when its process is killed. */
    void (*break_link)(void *self);
    /* The broker takes nothing in and says nothing, until it is killed. */
    void (*freeze)(void *self);
    /* The broker is gone at once; it is there again, at the same place. */
    void (*kill)(void *self);
    void (*revive)(void *self);
    /* Everything `bus` sends and is sent is lost from now on, without a reset; until `mend`. */
    void (*partition)(void *self);
    void (*mend)(void *self);
    /* Both parties may not publish here, and are told so; NULL: nobody is told anything. */
    const char *denied_topic;
    /* A session that another one with its id ends has its will sent, as MQTT wants; nats-server
     * does not, and nobody may rely on it. */
    bool has_will_at_takeover;
    /* It always says so to the one whose session was taken over (MQTT 5, reason 0x8e). */
    bool tells_takeover;
    void *self;
};

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status. */
int bus_contract_run(struct bus_fixture *fixture, int argc, char **argv);

/* bus_contract_end.c: the cases about how sessions end; *count of them. */
const struct check_case *bus_contract_ends(struct bus_fixture *fixture, struct bus_party *party,
                                           struct bus_party *other, size_t *count);

/* bus_contract.c: a topic below BUS_OPEN_TOPIC that no case has used before; valid for 8 calls. */
const char *bus_fresh_topic(const char *leaf);

#endif
