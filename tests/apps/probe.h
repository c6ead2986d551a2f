/* probe.h: the web app asks itself: the command of an exec probe in an image without a shell. */
#ifndef TESTS_APPS_PROBE_H
#define TESTS_APPS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* GETs path from 127.0.0.1:port, at most 2 s long. True when the status is 200; otherwise one line
 * on stderr says what came instead. */
bool probe_ask(uint16_t port, const char *path);

/* Sends a datagram from the port `from` to 127.0.0.1:port and prints what comes back within a
 * second; false when nothing does. */
bool probe_datagram(uint16_t port, uint16_t from);

#endif
