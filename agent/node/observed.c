/* observed: from what happened to what is known. */
#include "agent/node/observed.h"

#include "platform/base/law.h"

static void increase(uint8_t *count)
{
    *count = *count < UINT8_MAX ? (uint8_t)(*count + 1) : UINT8_MAX;
}

static void note_done(struct replica *replica, const struct call_end *end)
{
    LAW(EVIDENCE, end->code == 0);
    switch (end->kind) {
    case ACTION_CREATE:
        replica->is_present = true;
        replica->is_miswired = false;
        replica->has_start_failed = false;
        replica->state = ENGINE_CREATED;
        replica->policy = ENGINE_RESTART_NO;
        replica->is_altered = false;
        replica->restores = 0;
        (void)text_copy(replica->id, sizeof replica->id, end->id);
        break;
    case ACTION_START:
    case ACTION_RESTART:
        replica->state = ENGINE_RUNNING;
        replica->has_start_failed = false;
        replica->is_run_ours = true;
        replica->notified_at = 0;
        replica->is_probed = false;
        break;
    case ACTION_STOP:
        replica->state = ENGINE_EXITED;
        replica->is_probed = false;
        break;
    case ACTION_REMOVE:
        replica->is_present = false;
        replica->is_miswired = false;
        replica->has_start_failed = false;
        replica->is_probed = false;
        break;
    case ACTION_KEEP:
        replica->keeps_running = true;
        replica->policy = ENGINE_RESTART_UNLESS_STOPPED;
        break;
    case ACTION_RESTORE:
        replica->is_altered = false;
        break;
    case ACTION_HOLD:
        replica->is_held = true;
        break;
    case ACTION_RENAME:
        replica->is_misnamed = false;
        break;
    case ACTION_EXAMINE:
        replica->is_examined = true;
        break;
    case ACTION_PULL:
    case ACTION_NETWORK:
    case ACTION_NOTICE:
    case ACTION_FORGET:
    case ACTION_COUNT:
        break;
    }
}

/* Its network is not what it was: both are made again, the first time at once. */
static void note_miswired(struct session_app *session, struct replica *replica,
                          enum action_kind kind, bool is_candidate)
{
    session->is_network_ready = false;
    replica->is_miswired = kind != ACTION_CREATE;
    if (replica->rewirings == 0) {
        replica->start_not_before = 0;
    } else if (is_candidate) {
        session->engine_failures = UINT8_MAX; /* made again once, and no better for it */
    }
    increase(&replica->rewirings);
}

/* The engine refused to create or start it. */
static void note_refusal(struct session_app *session, const struct memory_app *memory,
                         struct replica *replica, const struct call_end *end)
{
    bool is_candidate = replica->gen == memory->candidate.gen;
    replica->has_start_failed = end->kind != ACTION_CREATE;
    if (is_candidate && end->code == ERR_SPEC) {
        session->is_spec_refused = true;
        return;
    }
    session->has_world_fault = true;
    if (is_candidate) {
        increase(&session->engine_failures);
    }
    if (end->code == ERR_WIRING) {
        note_miswired(session, replica, end->kind, is_candidate);
    }
}

static void note_failed(struct session_app *session, const struct memory_app *memory,
                        struct replica *replica, const struct call_end *end, mono_ms now)
{
    LAW(RIGHT_BLAME, end->code != 0);
    enum action_kind kind = end->kind;
    if (kind == ACTION_CREATE && end->code == ERR_NOT_FOUND) {
        session->image_missing_gen = replica->gen;
        session->pull_not_before = now;
        return;
    }
    if (end->code == ERR_NOT_FOUND) { /* somebody removed it: make it anew */
        replica->is_present = false;
        replica->is_probed = false;
        return;
    }
    replica->is_name_taken = kind == ACTION_RENAME || replica->is_name_taken;
    if (kind == ACTION_HOLD || kind == ACTION_RESTORE ||
        (kind == ACTION_REMOVE && replica->is_remaking)) {
        replica->call_not_before = now + CALL_RETRY_MS;
    }
    if (kind == ACTION_CREATE && end->code == ERR_EXISTS) {
        session->is_network_ready = false; /* look again at what is there */
    }
    if (kind == ACTION_START || kind == ACTION_RESTART) {
        replica->was_started = false; /* what it is now is not its own doing */
    }
    if (kind == ACTION_CREATE || kind == ACTION_START || kind == ACTION_RESTART) {
        note_refusal(session, memory, replica, end);
    }
}

/* How it ended is known, or cannot be had: then it is asked again, but not for ever. */
static void note_examined(struct replica *replica, int code)
{
    bool is_open = code != 0 && code != ERR_NOT_FOUND;
    replica->is_examined = !is_open || ++replica->examine_failures >= EXAMINATIONS_MAX;
}

void observed_call_ended(struct session_app *session, const struct memory_app *memory,
                         struct replica *replica, const struct call_end *end, mono_ms now)
{
    LAW(BOUNDED, end->kind < ACTION_COUNT);
    replica->is_busy = false;
    replica->touched = end->list_number;
    if (end->kind == ACTION_EXAMINE) {
        note_examined(replica, end->code);
    } else if (end->code == 0) {
        note_done(replica, end);
    } else {
        note_failed(session, memory, replica, end, now);
    }
    if (!replica->is_probed) {
        replica->probe_epoch++; /* questions under way are about an earlier process */
    }
}

/* What no repetition makes better; all else is trouble of the site, and is waited for. */
static bool is_pull_final(int code)
{
    return code == ERR_SPEC || code == ERR_PULL || code == ERR_DIGEST || code == ERR_DENIED ||
           code == ERR_DISK_SPACE;
}

bool observed_is_staging(const struct session_app *session, const struct digest *release)
{
    return session->is_staging && digest_is_equal(release, &session->staging);
}

void observed_pull_ended(struct session_app *session, const struct memory_app *memory,
                         const struct digest *release, int code, bool is_missing, mono_ms now)
{
    bool is_wish = digest_is_equal(release, &memory->wanted) &&
                   !digest_is_equal(release, &memory->committed.release);
    LAW(PATIENCE, observed_is_staging(session, release));
    if (code == 0) {
        session->is_staging = false;
        session->staged = *release;
        session->pull_failures = 0;
        session->image_missing_gen = is_missing ? 0 : session->image_missing_gen;
        return;
    }
    session->has_world_fault = session->has_world_fault || memory->phase != SWAP_REST;
    if (is_pull_final(code) && is_wish) {
        session->is_staging = false;
        session->pull_refusal = code;
    } else {
        stage_failed(session, now);
    }
}

void observed_network_ended(struct session_app *session, const struct memory_app *memory,
                            bool is_made, mono_ms now)
{
    session->is_network_busy = false;
    session->is_network_ready = is_made;
    if (!is_made) {
        session->has_world_fault = true;
        session->network_not_before = now + CALL_RETRY_MS;
        if (memory->phase != SWAP_REST) {
            increase(&session->engine_failures);
        }
    }
}

void observed_engine_failed(struct session_app *session)
{
    session->has_world_fault = true;
    increase(&session->engine_failures);
}

void observed_world_fault(struct session_app *session, const struct memory_app *memory)
{
    session->has_world_fault = session->has_world_fault || memory->phase != SWAP_REST;
}

void observed_record(struct session_app *session, const struct memory_app *memory,
                     const struct memory_app *next)
{
    LAW(ONLY_SIGNED, next->floor >= memory->floor); /* only-signed: the floor never falls */
    if (next->reason == REASON_IMAGE_DOUBTED && memory->phase == SWAP_PREPARE &&
        next->phase == SWAP_REST) {
        session->staged = (struct digest){0};
    }
    if (memory->phase == SWAP_REST && next->phase == SWAP_PREPARE) {
        session_begin_swap(session);
    }
    if (next->boots > memory->boots) {
        session->is_switched = false;
        session->soak_since = 0;
        session->route_from = 0;
        session->waits_seen = 0;
        session->prepared_from = 0;
    }
    session->pull_refusal = 0; /* the record holds what came of it */
    session->is_route_settled = false;
    session->is_boot_settled = false;
}

void observed_found(struct replica *replica, bool is_assumed_routed, bool is_maybe_anew)
{
    LAW(EVIDENCE, replica->is_present);
    replica->was_routed = is_assumed_routed;
    replica->probe_epoch += is_maybe_anew ? 1 : 0;
}

void observed_listed(struct session_app *session, bool is_boot_stale)
{
    if (!session->is_observed) {
        session->is_boot_stale = is_boot_stale;
    }
    session->is_observed = true;
}

bool observed_detached(struct session_app *session, struct replica *replica, bool is_away)
{
    LAW(WIRED, replica->is_present);
    bool is_news = !replica->is_miswired;
    if (is_news) {
        replica->is_miswired = true;
        session->is_network_ready = false;
    }
    if (is_away) {
        replica->address = 0; /* no traffic goes to where it will not stay */
    }
    return is_news;
}

void observed_engine_back(struct session_app *session)
{
    for (size_t i = 0; i < session->replica_count; i++) {
        struct replica *replica = &session->replicas[i];
        if (replica->is_probed && !replica_is_ready(replica)) {
            replica->is_probed = false;
            replica->probe_epoch++;
        }
    }
}

void observed_routed(struct replica *replica, bool is_routed, mono_ms now)
{
    bool was_routed = replica->is_routed;
    replica->is_routed = is_routed && replica->address != 0;
    if (replica->is_routed) {
        replica->was_routed = true;
    } else if (was_routed) {
        replica->unrouted_at = now;
    }
}

bool observed_settled(struct session_app *session, bool is_route, bool is_boot)
{
    bool is_news = session->is_route_settled != is_route || session->is_boot_settled != is_boot;
    session->is_route_settled = is_route;
    session->is_boot_settled = is_boot;
    return is_news;
}

void observed_rerouted(struct session_app *session)
{
    session->soak_since = 0;
    session->is_route_settled = false;
}

bool observed_is_presumed(const struct session_app *session, const struct memory_app *memory,
                          const struct replica *replica, const struct boot_id *boot)
{
    bool is_same_boot = memcmp(&memory->boot, boot, sizeof memory->boot) == 0;
    if (!replica->was_routed || replica->probe_epoch != 0) {
        return false;
    }
    return replica->gen == memory->committed.gen ||
           (session->is_boot_stale && replica->gen == memory->history[0].gen) ||
           (memory->phase == SWAP_UNPROVEN && replica->gen == memory->candidate.gen &&
            is_same_boot);
}

void observed_asking(struct replica *replica, const struct plan_service *service, bool is_presumed,
                     mono_ms now)
{
    LAW(EVIDENCE, !replica->is_probed && replica->is_present && replica->state == ENGINE_RUNNING);
    replica->is_probed = true;
    probe_begin(&replica->probe, service, is_presumed, now);
    replica->probe_epoch++;
}

void observed_unasked(struct replica *replica)
{
    replica->is_probed = false;
}
