/* options.h: what the load generator was asked to do. */
#ifndef TESTS_LOAD_OPTIONS_H
#define TESTS_LOAD_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { TARGETS_MAX = 8, CLIENTS_MAX = 1024, SECONDS_MAX = 590 };

struct target {
    struct sockaddr_in address;
    char name[32];
};

/* What takes longer than this has been retransmitted for: it hung, whatever came of it. */
enum { HUNG_US = 2500000 };

/* local.sin_family is 0 when the kernel chooses. until_file, json and live are NULL when not asked
 * for. new_clients and keepalive_clients are per target. */
struct options {
    struct target targets[TARGETS_MAX];
    int targets_len;
    int new_clients;
    int keepalive_clients;
    int64_t run_ms;
    int64_t pace_ms;
    int64_t timeout_ms;
    const char *path;
    const char *until_file;
    const char *json;
    const char *live;
    struct sockaddr_in local;
    uint16_t port_first, port_last; /* 0, 0: the kernel chooses */
    bool any_body;
};

/* Reads the command line. False, after usage or the reason on stderr, when it makes no sense. */
bool options_read(struct options *options, int argc, char **argv);

#endif
