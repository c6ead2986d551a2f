/* settings.c: reads the web app's environment and refuses what makes no sense. */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *text_read(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

static bool number_read(const char *name, int64_t otherwise, int64_t max, int64_t *number)
{
    const char *value = getenv(name);
    *number = otherwise;
    if (value == NULL || value[0] == '\0') {
        return true;
    }
    char *end;
    long long read = strtoll(value, &end, 10);
    if (*end != '\0' || read < 0 || read > max) {
        fprintf(stderr, "web: %s=%s is not a number from 0 to %lld\n", name, value, (long long)max);
        return false;
    }
    *number = read;
    return true;
}

static bool switch_read(const char *name)
{
    return strcmp(text_read(name, "0"), "0") != 0;
}

bool settings_read(struct settings *settings)
{
    const int64_t day_ms = 86400000;
    int64_t port;
    int64_t udp_port;
    *settings = (struct settings){
        .name = text_read("NAME", "web"),
        .version = text_read("VERSION", "0"),
        .not_ready = switch_read("NOT_READY"),
        .ignore_term = switch_read("IGNORE_TERM"),
        .ignore_notice = switch_read("IGNORE_NOTICE"),
        .abrupt_term = switch_read("ABRUPT_TERM"),
    };
    if (!number_read("PORT", 8080, 65535, &port) || !number_read("UDP_PORT", 0, 65535, &udp_port) ||
        !number_read("START_DELAY_MS", 0, day_ms, &settings->start_delay_ms) ||
        !number_read("CRASH_AFTER_MS", 0, day_ms, &settings->crash_after_ms) ||
        !number_read("FAIL_AFTER_MS", 0, day_ms, &settings->fail_after_ms) ||
        !number_read("FAIL_PERCENT", 0, 100, &settings->fail_percent)) {
        return false;
    }
    settings->port = (uint16_t)port;
    settings->udp_port = (uint16_t)udp_port;
    if (strlen(settings->name) > 32 || strlen(settings->version) > 32 ||
        strpbrk(settings->name, " \r\n") != NULL || strpbrk(settings->version, " \r\n") != NULL) {
        fprintf(stderr, "web: NAME and VERSION are one word each, at most 32 characters\n");
        return false;
    }
    return true;
}

int64_t clock_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
