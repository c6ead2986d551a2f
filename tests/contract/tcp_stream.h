/* tcp_stream: platform/stream.h as plain TCP to a port of loopback, for tests of what rides on it.
 */
#ifndef TESTS_CONTRACT_TCP_STREAM_H
#define TESTS_CONTRACT_TCP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/loop.h"
#include "platform/stream.h"

struct tcp_stream {
    struct loop loop;
    uint16_t port; /* may be changed while it is closed */
    int fd;        /* -1: closed */
    bool is_connected, is_blocked;
    struct stream_user user;
    struct loop_timer failure; /* what failed inside open is told later */
    struct err err;
};

void tcp_stream_init(struct tcp_stream *stream, struct loop loop, uint16_t port);
struct stream tcp_stream_interface(struct tcp_stream *stream);
/* The cable: nothing more comes or goes, and this side is told ERR_NETWORK. */
void tcp_stream_break(struct tcp_stream *stream);

#endif
