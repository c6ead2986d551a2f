/* tally.h: counts what happened to every request and says it, in words and in JSON. */
#ifndef TESTS_LOAD_TALLY_H
#define TESTS_LOAD_TALLY_H

#include "options.h"

#include <stdio.h>

/* The ways in which a request can fail, each with its sentence. */
#define FAILURE_KINDS(X)                                                                           \
    X(REFUSED, "refused", "nobody listens there")                                                  \
    X(CONNECT, "connect", "the connection could not be opened otherwise")                          \
    X(RESET, "reset", "the connection was reset")                                                  \
    X(CLOSED, "closed", "closed after our request, before any answer")                             \
    X(TIMEOUT, "timeout", "no complete answer in time")                                            \
    X(STATUS, "status", "an answer, but not 200")                                                  \
    X(SHORT, "short", "the answer ended early")                                                    \
    X(GARBLED, "garbled", "the answer is not what was asked for")

enum failure {
#define FAILURE_ENUM(name, text, sentence) FAILURE_##name,
    FAILURE_KINDS(FAILURE_ENUM)
#undef FAILURE_ENUM
        FAILURE_KINDS_LEN
};

enum { VERSIONS_MAX = 1024, VERSION_SIZE = 40, LATENCY_CELLS = 64 * 32, PRINTED_MAX = 500 };

struct version_count {
    char version[VERSION_SIZE];
    uint64_t count;
};

/* requests = ok + failed. connections counts those that were opened; closed_idle those that the
 * server closed between two requests, before anything was written on them, which is its right. */
struct tally {
    int64_t started_us;
    int64_t stopped_us;
    uint64_t ok;
    uint64_t failed;
    uint64_t failures[FAILURE_KINDS_LEN];
    uint64_t connections;
    uint64_t closed_idle;
    uint64_t said_close;
    uint64_t retried; /* connections whose first packet went out more than once */
    uint64_t hung;    /* requests, answered or not, over HUNG_US */
    int64_t connect_us_max;
    struct version_count versions[VERSIONS_MAX];
    int versions_len;
    uint64_t latency[LATENCY_CELLS];
    int64_t latency_us_max;
    int64_t last_ok_us[TARGETS_MAX];
    int64_t gap_us_max[TARGETS_MAX];
};

/* What is known of a failed request. seconds counts from the start of the run. */
struct failure_note {
    enum failure kind;
    int target;
    bool is_keepalive;
    uint16_t local_port;
    uint64_t answers_before;
    int64_t after_us;
    const char *detail;
};

void tally_init(struct tally *tally, int64_t now_us);

/* A request that took latency_us was answered by `version` ("" when the body does not say). Past
 * VERSIONS_MAX versions, new ones are counted together as "other". */
void tally_ok(struct tally *tally, int target, const char *version, int64_t latency_us,
              int64_t now_us);

/* A connection is open after connect_us. */
void tally_connected(struct tally *tally, int64_t connect_us, bool is_retried);

/* A request failed: counts it and prints one line on stderr (the first 500 of them). */
void tally_failure(struct tally *tally, const struct options *options,
                   const struct failure_note *note, int64_t now_us);

/* The load ends: the time since each target's last success counts as a gap too. */
void tally_stop(struct tally *tally, int targets_len, int64_t now_us);

/* One line of JSON for whoever watches: {"ms":..,"ok":..,"failed":..,"versions":{..}}. */
void tally_write_live(const struct tally *tally, FILE *file, int64_t now_us);

/* The whole result as JSON, one key per line. */
void tally_write_json(const struct tally *tally, const struct options *options, FILE *file);

/* The whole result as one line for a person. */
void tally_write_summary(const struct tally *tally, const struct options *options, FILE *file);

#endif
