/* Units: time on two clocks, and the limits of numbers that cross a document. */
#ifndef PLATFORM_BASE_UNITS_H
#define PLATFORM_BASE_UNITS_H

#include <stdint.h>

/* Milliseconds on the boot-time clock: never goes back, counts suspend, starts near 0 at boot. */
typedef int64_t mono_ms;

/* Milliseconds since 1970 by the wall clock; may jump; trusted only where a flag says so. */
typedef int64_t wall_ms;

/* "No such time": later than any deadline. */
#define MONO_NEVER INT64_MAX

/* Largest integer a JSON document may carry exactly (RFC 8259 section 6). */
#define JSON_INTEGER_MAX 9007199254740991LL

static inline mono_ms mono_min(mono_ms a, mono_ms b)
{
    return a < b ? a : b;
}

#define SECONDS_MS(s)   ((int64_t)(s)*1000)
#define MINUTES_MS(m)   ((int64_t)(m)*60000)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
