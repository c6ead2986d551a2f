/* settings.h: everything the environment can tell the web app, faults included. */
#ifndef TESTS_APPS_SETTINGS_H
#define TESTS_APPS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/* udp_port, crash_after_ms and fail_after_ms are 0 when not asked for. */
struct settings {
    const char *name;
    const char *version;
    uint16_t port;
    uint16_t udp_port;
    int64_t start_delay_ms;
    int64_t crash_after_ms;
    int64_t fail_after_ms;
    int64_t fail_percent;
    bool not_ready;
    bool ignore_term;
    bool ignore_notice;
    bool abrupt_term;
};

/* Reads the environment. False, after a line on stderr that names the variable, when a number is
 * not one or is out of range. The strings live as long as the environment. */
bool settings_read(struct settings *settings);

/* Milliseconds of a clock that never jumps. */
int64_t clock_now_ms(void);

#endif
