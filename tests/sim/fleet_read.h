/* fleet_read: the few fields of orders, reports, claims and controls that the fleet's checker looks
 * at, read in a way of its own: what the core reads wrongly it must not read wrongly too. */
#ifndef TESTS_SIM_FLEET_READ_H
#define TESTS_SIM_FLEET_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_READ_BYTES    16384
#define FLEET_READ_OUTCOMES 4

struct read_order {
    char id[17];
    char node[64];
    char rollout[33];
    char release[65], before[65]; /* hex; empty: none */
    uint64_t epoch, gen;
    int64_t issued, start_by;
};

struct read_outcome {
    char id[17];
    char word[32], reason[32];
};

struct read_report {
    char committed[65]; /* hex; empty: none */
    bool is_order_open, is_serving, is_overridden;
    struct read_outcome outcomes[FLEET_READ_OUTCOMES];
    size_t outcome_count;
};

/* What a rollout says of itself. */
struct read_state {
    char phase[16];
    char waiting[201];
    int64_t matched, done, failed, lost, overridden;
};

/* False for what is no such document. */
bool read_order(const char *envelope, size_t len, struct read_order *order);
/* Of the one app that the fleet has; a report without it is all empty. */
bool read_report(const char *text, size_t len, struct read_report *report);
bool read_state(const char *text, size_t len, struct read_state *state);
/* The words of the phases that are an end. */
bool read_is_end(const char *phase);

/* What an envelope holds, its signatures left out; false for what is none. */
bool read_payload(const char *envelope, size_t len, char payload[FLEET_READ_BYTES]);

/* A string or number at the first place that has this key; false when there is none. */
bool read_word(const char *text, const char *key, char *word, size_t cap);
bool read_number(const char *text, const char *key, int64_t *number);

#endif
