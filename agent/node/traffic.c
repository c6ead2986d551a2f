/* traffic: one call at a time, and what its answer makes known. */
#include "agent/node/traffic.h"

#include "platform/base/law.h"

static void begin(struct traffic *traffic)
{
    LAW(ALWAYS_WATCHING, !traffic->is_busy); /* their answers could not be told apart */
    traffic->is_busy = true;
}

static void end(struct traffic *traffic)
{
    traffic->is_busy = false;
    traffic->is_reading = false;
}

void traffic_read_begin(struct traffic *traffic)
{
    begin(traffic);
    traffic->is_reading = true;
    traffic->reads++;
}

void traffic_apply_begin(struct traffic *traffic)
{
    begin(traffic);
    traffic->table_version = (traffic->table_version + 1) | TABLE_RUNNING;
    traffic->applying.generation = traffic->table_version;
}

void traffic_save_begin(struct traffic *traffic, uint64_t hash)
{
    begin(traffic);
    LAW(NEVER_NEITHER, traffic->is_read);
    traffic->saving.generation = hash;
}

void traffic_refused(struct traffic *traffic, mono_ms now)
{
    end(traffic);
    traffic->at = now + TRAFFIC_RETRY_MS;
}

void traffic_applied(struct traffic *traffic, bool is_done)
{
    end(traffic);
    traffic->is_known = is_done;
    if (is_done) {
        route_table_copy(&traffic->applied, &traffic->applying);
    }
}

void traffic_saved(struct traffic *traffic, bool is_done)
{
    end(traffic);
    if (is_done) {
        route_table_copy(&traffic->boot_table, &traffic->saving);
        traffic->is_boot_known = true;
    }
}

bool traffic_read_failed(struct traffic *traffic)
{
    bool is_first = traffic->read_failures == 0;
    end(traffic);
    traffic->is_known = false;
    traffic->read_failures++;
    if (!traffic->is_read && traffic->read_failures >= TRAFFIC_READ_TRIES) {
        traffic->is_read = true;
        traffic->found = ROUTE_FOUND_RUNNING;
    }
    return is_first;
}

static enum route_found found_by(const struct route_state *state)
{
    if (!state->is_present) {
        return ROUTE_FOUND_NONE;
    }
    return (state->generation & TABLE_RUNNING) != 0 ? ROUTE_FOUND_RUNNING : ROUTE_FOUND_STALE;
}

enum traffic_news traffic_read(struct traffic *traffic, const struct route_state *state)
{
    end(traffic);
    traffic->has_timeouts = state->has_timeouts;
    traffic->read_failures = 0;
    if (!traffic->is_read) {
        traffic->is_read = true;
        traffic->table_version = state->is_present ? state->generation : 0;
        traffic->found = found_by(state);
        return TRAFFIC_NEWS_FIRST;
    }
    if (!traffic->is_known) {
        return TRAFFIC_NEWS_NONE;
    }
    if (!state->is_present || state->is_altered ||
        state->generation != traffic->applied.generation ||
        (!state->is_open && state->obstacle == ROUTE_OBSTACLE_NONE)) {
        traffic->is_known = false;
        return TRAFFIC_NEWS_CHANGED;
    }
    traffic->seen = traffic->reads;
    return TRAFFIC_NEWS_SAME;
}

static bool has_backend(const struct route_table *table, ipv4 address)
{
    for (size_t i = 0; i < table->service_count; i++) {
        for (size_t j = 0; j < table->services[i].backend_count; j++) {
            if (table->services[i].backends[j].address == address) {
                return true;
            }
        }
    }
    return false;
}

bool traffic_may_reach(const struct traffic *traffic, ipv4 address, bool was_routed,
                       bool is_applying)
{
    bool is_held = traffic->is_known ? has_backend(&traffic->applied, address) : was_routed;
    return is_held || (is_applying && has_backend(&traffic->applying, address));
}

bool traffic_is_applied(const struct traffic *traffic)
{
    return traffic->is_known && route_table_is_equal(&traffic->applying, &traffic->applied);
}

bool traffic_is_saved(const struct traffic *traffic)
{
    return traffic->is_boot_known && route_table_is_equal(&traffic->saving, &traffic->boot_table);
}

bool traffic_is_settled(const struct traffic *traffic)
{
    return traffic->is_known && (!traffic->is_busy || traffic->is_reading);
}

mono_ms traffic_deadline(const struct traffic *traffic, bool is_held, mono_ms now)
{
    if (traffic->is_busy || is_held) {
        return MONO_NEVER;
    }
    if (now < traffic->at) {
        return traffic->at;
    }
    return traffic->is_known ? traffic->read_at : MONO_NEVER;
}
