/* watchdog: a quarter of the limit may pass untold, half of it at most. */
#include "ports/app/berthd/watchdog.h"

#include <stdlib.h>
#include <unistd.h>

#include "ports/linux/notify.h"

static long long number_of(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;
    long long number = text != NULL ? strtoll(text, &end, 10) : 0;
    return text != NULL && end != text && *end == '\0' && number > 0 ? number : 0;
}

void watchdog_init(struct watchdog *watchdog, mono_ms now)
{
    long long pid = number_of("WATCHDOG_PID");
    bool is_ours = pid == 0 || pid == (long long)getpid();
    *watchdog = (struct watchdog){.limit_ms = is_ours ? number_of("WATCHDOG_USEC") / 1000 : 0,
                                  .told_at = now};
}

void watchdog_step(struct watchdog *watchdog, mono_ms now)
{
    if (watchdog->limit_ms > 0 && now - watchdog->told_at >= watchdog->limit_ms / 4) {
        watchdog->told_at = now;
        linux_notify("WATCHDOG=1");
    }
}

mono_ms watchdog_deadline(const struct watchdog *watchdog)
{
    return watchdog->limit_ms > 0 ? watchdog->told_at + watchdog->limit_ms / 2 : MONO_NEVER;
}
