/* engine_watch: two questions, each at most once under way. */
#include "agent/node/engine_watch.h"

#include "platform/base/law.h"

#define FAILURES_COUNTED_MAX 8

void engine_watch_hurry(struct engine_watch *watch, mono_ms at)
{
    watch->list_at = mono_min(watch->list_at, at);
}

void engine_watch_put_off_list(struct engine_watch *watch, mono_ms now)
{
    watch->list_at = now + LIST_RETRY_MS;
}

void engine_watch_put_off_about(struct engine_watch *watch, mono_ms now)
{
    watch->about_at = now + LIST_RETRY_MS;
}

void engine_watch_list_asked(struct engine_watch *watch, bool is_active, mono_ms now)
{
    LAW(ALWAYS_WATCHING, !watch->is_listing);
    watch->is_listing = true;
    watch->list_number++;
    watch->list_asked_at = now;
    watch->list_at = now + (is_active ? LIST_ACTIVE_MS : LIST_REST_MS);
}

bool engine_watch_listed(struct engine_watch *watch, uint64_t number)
{
    LAW(EVIDENCE, number <= watch->list_number); /* what was not asked is not known */
    bool is_back = !watch->is_up && watch->failures > 0;
    watch->is_up = true;
    watch->failures = 0;
    return is_back;
}

void engine_watch_told(struct engine_watch *watch, const struct engine_about *about, mono_ms now)
{
    watch->about = *about;
    watch->has_about = true;
    watch->about_at = now + ABOUT_MS;
}

bool engine_watch_failed(struct engine_watch *watch, mono_ms now)
{
    bool is_news = watch->is_up || watch->failures == 0;
    watch->is_up = false;
    watch->failures = (uint8_t)(watch->failures + (watch->failures < FAILURES_COUNTED_MAX));
    LAW(BOUNDED, watch->failures > 0 && watch->failures <= FAILURES_COUNTED_MAX);
    int64_t wait = LIST_RETRY_MS * ((int64_t)1 << (watch->failures - 1));
    watch->list_at = now + (wait < LIST_RETRY_MS_MAX ? wait : LIST_RETRY_MS_MAX);
    watch->about_at = watch->list_at;
    return is_news;
}

bool engine_watch_is_about_due(const struct engine_watch *watch, mono_ms now)
{
    return !watch->is_asking_about && now >= watch->about_at;
}

static bool may_ask_list(const struct engine_watch *watch, bool may_list)
{
    return watch->has_about && may_list && !watch->is_listing;
}

bool engine_watch_is_list_due(const struct engine_watch *watch, bool may_list, mono_ms now)
{
    return may_ask_list(watch, may_list) && now >= watch->list_at;
}

mono_ms engine_watch_deadline(const struct engine_watch *watch, bool may_list)
{
    mono_ms deadline = watch->is_asking_about ? MONO_NEVER : watch->about_at;
    return may_ask_list(watch, may_list) ? mono_min(deadline, watch->list_at) : deadline;
}
