/* duration: times and sizes as people write them in Compose files. */
#include "agent/wire/duration.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "platform/base/law.h"
#include "platform/base/units.h"

/* So many places of the largest unit still fit 64 bits. */
#define FRACTION_PLACES_MAX 9

/* Digits into a number of at most 2^53 - 1; NULL when there are none or too many. */
static const char *digits_read(const char *text, int64_t *value)
{
    const char *start = text;
    *value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        *value = *value * 10 + (*text - '0');
        if (*value > JSON_INTEGER_MAX) {
            return NULL;
        }
    }
    return text == start ? NULL : text;
}

/* A part of one, ".25" as 25 of 100; without a point 0 of 1. NULL for more than nine places. */
static const char *fraction_read(const char *text, int64_t *value, int64_t *scale)
{
    *value = 0;
    *scale = 1;
    if (*text != '.') {
        return text;
    }
    const char *end = digits_read(text + 1, value);
    if (end == NULL || end - text > 1 + FRACTION_PLACES_MAX) {
        return NULL;
    }
    for (const char *at = text + 1; at < end; at++) {
        *scale *= 10;
    }
    return end;
}

bool duration_parse(const char *text, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"h", 3600000000}, {"ms", 1000}, {"m", 60000000}, {"s", 1000000}, {"us", 1}};
    int64_t total_us = 0;
    int64_t last_us = INT64_MAX;
    if (strcmp(text, "0") == 0) {
        *ms = 0;
        return true;
    }
    do {
        int64_t value = 0;
        int64_t part = 0;
        int64_t scale = 1;
        size_t unit = 0;
        text = digits_read(text, &value);
        text = text != NULL ? fraction_read(text, &part, &scale) : NULL;
        if (text == NULL) {
            return false;
        }
        while (unit < COUNT_OF(units) &&
               strncmp(text, units[unit].name, strlen(units[unit].name)) != 0) {
            unit++;
        }
        if (unit == COUNT_OF(units) || units[unit].us >= last_us ||
            value > DURATION_MS_MAX * 1000 / units[unit].us || part * units[unit].us % scale != 0) {
            return false;
        }
        last_us = units[unit].us;
        total_us += value * last_us + part * last_us / scale;
        text += strlen(units[unit].name);
    } while (*text != '\0');
    if (total_us % 1000 != 0 || total_us / 1000 > DURATION_MS_MAX) {
        return false;
    }
    *ms = total_us / 1000;
    return true;
}

void duration_render(int64_t ms, char *text, size_t cap)
{
    LAW(BOUNDED, cap > 0);
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    size_t used = 0;
    if (ms <= 0) {
        (void)snprintf(text, cap, "0s");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(units) && used < cap; i++) {
        if (ms >= units[i].ms) {
            int wrote = snprintf(text + used, cap - used, "%lld%s", (long long)(ms / units[i].ms),
                                 units[i].name);
            used += wrote > 0 ? (size_t)wrote : 0;
            ms %= units[i].ms;
        }
    }
}

bool size_parse(const char *text, uint64_t *bytes)
{
    static const struct {
        const char *name;
        unsigned shift;
    } units[] = {{"", 0},    {"b", 0},    {"k", 10}, {"kb", 10}, {"kib", 10}, {"m", 20},
                 {"mb", 20}, {"mib", 20}, {"g", 30}, {"gb", 30}, {"gib", 30}};
    int64_t value = 0;
    text = digits_read(text, &value);
    for (size_t i = 0; text != NULL && i < COUNT_OF(units); i++) {
        if (strcasecmp(text, units[i].name) == 0) {
            if (value > JSON_INTEGER_MAX >> units[i].shift) {
                return false;
            }
            *bytes = (uint64_t)value << units[i].shift;
            return true;
        }
    }
    return false;
}

/* The day of the Gregorian calendar, counted from 1 March of year 0: leap days come last then. */
void instant_append(struct text *text, wall_ms at)
{
    int64_t seconds = at / 1000;
    int64_t day = seconds / 86400 + 719468;
    int64_t era = day / 146097;
    int64_t of_era = day - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    int64_t second = seconds % 86400;
    month += month < 10 ? 3 : -9;
    text_printf(text, "%04lld-%02lld-%02lld %02lld:%02lld:%02lld UTC",
                (long long)(year + era * 400 + (month <= 2)), (long long)month, (long long)of_month,
                (long long)(second / 3600), (long long)(second / 60 % 60),
                (long long)(second % 60));
}
