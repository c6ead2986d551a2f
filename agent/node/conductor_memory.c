/* conductor_memory: records and payloads between the store and the apps. */
#include "agent/node/conductor_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/base/law.h"

/* After a failed write the document is read again and tried again this much later. */
#define RECORD_RETRY_MS SECONDS_MS(10)
/* A disk that takes longer than this to remember the way back is not waited for. */
#define BACK_PATIENCE_MS SECONDS_MS(1)
/* One that has not answered for so long is said to be slow. */
#define SLOW_MS SECONDS_MS(30)

/* A story waits for the examination of the failed container at most so long. */
#define STORY_PATIENCE_MS SECONDS_MS(60)

static void record_name(const struct app *app, char name[STORE_NAME_BYTES])
{
    (void)snprintf(name, STORE_NAME_BYTES, "app-%u", (unsigned)(app - app->conductor->apps));
}

static void blob_name(const struct digest *release, char name[STORE_NAME_BYTES])
{
    digest_render(release, name);
}

static void note_record(void *ctx, const char *name, bool is_blob)
{
    struct conductor *conductor = ctx;
    unsigned index = 0;
    char tail = '\0';
    if (is_blob) {
        ended_note(conductor, name);
    } else if (sscanf(name, "app-%2u%c", &index, &tail) == 1 && index < APPS_MAX) {
        (void)app_take(conductor, (uint8_t)index);
    }
}

static void read_app(struct app *app)
{
    struct conductor *conductor = app->conductor;
    const struct store *store = &conductor->ports.store;
    uint8_t data[STORE_RECORD_BYTES_MAX];
    char name[STORE_NAME_BYTES];
    size_t len = 0;
    struct err err;
    record_name(app, name);
    int rc = store->ops->record_read(store->self, name, data, sizeof data, &len, &err);
    if (rc == 0) {
        rc = memory_decode(span_of(data, len), &app->memory, &err);
    }
    if (rc == 0 && app->memory.index != (uint8_t)(app - conductor->apps)) {
        rc = err_set(&err, ERR_CORRUPT, "it is the record of place %u", app->memory.index);
    }
    if (rc == 0 && ended_is_over(conductor, &app->memory)) {
        app_drop(app);
    }
    if (rc != 0) {
        app_drop(app);
        if (rc != ERR_NOT_FOUND) {
            conductor->has_lost_memory = true;
            conductor_warning(conductor, NULL, "memory lost: record %s: %s", name, err.text);
        }
    }
}

int memory_start(struct conductor *conductor, struct err *err)
{
    const struct store *store = &conductor->ports.store;
    int rc = store->ops->list(store->self, note_record, conductor, err);
    if (rc != 0) {
        return err_wrap(err, rc, "list the store");
    }
    struct err unread;
    if (!ended_check_start(conductor, &unread)) {
        conductor->has_lost_memory = true;
        conductor_warning(conductor, NULL, "memory lost: %s", unread.text);
    }
    for (size_t i = 0; i < APPS_MAX; i++) {
        if (conductor->apps[i].is_used) {
            read_app(&conductor->apps[i]);
        }
    }
    return 0;
}

int payload_load(struct conductor *conductor, const struct digest *release, struct span *payload,
                 struct err *err)
{
    const struct store *store = &conductor->ports.store;
    char name[STORE_NAME_BYTES];
    size_t len = 0;
    blob_name(release, name);
    int rc = store->ops->blob_read(store->self, name, conductor->payload, sizeof conductor->payload,
                                   &len, err);
    if (rc != 0) {
        return err_wrap(err, rc, "read payload %.12s", name);
    }
    struct digest found;
    *payload = span_of(conductor->payload, len);
    conductor->ports.verify.ops->sha256(conductor->ports.verify.self, *payload, &found);
    if (!digest_is_equal(&found, release)) {
        return err_set(err, ERR_CORRUPT, "payload %.12s is not what its name says", name);
    }
    return 0;
}

bool memory_remembers(const struct memory_app *memory, const struct digest *release)
{
    if (digest_is_equal(release, &memory->wanted) ||
        digest_is_equal(release, &memory->committed.release) ||
        digest_is_equal(release, &memory->candidate.release)) {
        return true;
    }
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        if (memory->history[i].gen != 0 && digest_is_equal(release, &memory->history[i].release)) {
            return true;
        }
    }
    return false;
}

void garbage_note(struct app *app, const struct digest *release)
{
    LAW(BOUNDED, !digest_is_none(release));
    for (size_t i = 0; i < GARBAGE_MAX; i++) {
        if (digest_is_none(&app->garbage[i]) || digest_is_equal(&app->garbage[i], release)) {
            app->garbage[i] = *release;
            return;
        }
    }
    char hex[DIGEST_HEX_BYTES];
    digest_render(release, hex);
    conductor_warning(app->conductor, app,
                      "the image of release %.12s stays: %d others wait to be removed; remove it "
                      "by hand",
                      hex, GARBAGE_MAX);
}

/* Notes the releases that `next` no longer remembers, so that their images can go. */
static void note_garbage(struct app *app, const struct memory_app *next)
{
    const struct memory_app *memory = &app->memory;
    const struct digest *old[3 + HISTORY_MAX] = {&memory->wanted, &memory->committed.release,
                                                 &memory->candidate.release};
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        old[3 + i] = &memory->history[i].release;
    }
    for (size_t i = 0; i < COUNT_OF(old); i++) {
        if (!digest_is_none(old[i]) && !memory_remembers(next, old[i])) {
            garbage_note(app, old[i]);
        }
    }
}

/* The record gives a verdict: on a candidate, or on a wish that never became one. One that is only
 * put off keeps the verdict before. */
static bool is_verdict(const struct memory_app *memory, const struct memory_app *next)
{
    return next->phase == SWAP_REST &&
           (memory->phase != SWAP_REST ? next->verdict_gen == memory->candidate.gen
                                       : next->verdict_gen != memory->verdict_gen);
}

static void announce(struct app *app, const struct memory_app *next)
{
    const struct memory_app *memory = &app->memory;
    struct conductor *conductor = app->conductor;
    char hex[DIGEST_HEX_BYTES];
    if (memory->phase == SWAP_REST && next->phase == SWAP_PREPARE) {
        digest_render(&next->candidate.release, hex);
        conductor_event(conductor, app, "swap to %.12s begun as generation %u (try %u)", hex,
                        next->candidate.gen, next->attempts);
    } else if (memory->phase == SWAP_PREPARE && next->phase == SWAP_UNPROVEN) {
        conductor_event(conductor, app, "generation %u is ready: traffic is being switched to it",
                        next->candidate.gen);
    } else if (next->boots > memory->boots) {
        conductor_event(conductor, app, "the machine started again while unproven (%u)",
                        next->boots);
    } else if (memory->phase == SWAP_PREPARE && next->phase == SWAP_REST &&
               next->verdict_gen != memory->candidate.gen) {
        conductor_event(conductor, app, "generation %u is put off: its images cannot be had now",
                        memory->candidate.gen);
    } else if (is_verdict(memory, next)) {
        conductor_event(conductor, app, "verdict on generation %u: %s (%s: %s)", next->verdict_gen,
                        verdict_word(next->verdict), reason_word(next->reason),
                        reason_sentence(next->reason));
    }
}

/* A candidate was dropped, or an order could not be followed: worth telling the fleet. */
static bool is_worth_a_story(const struct memory_app *memory, const struct memory_app *next)
{
    const struct order_outcome *outcome = &next->outcomes[0];
    bool is_dropped = is_verdict(memory, next) && next->verdict != VERDICT_GOOD &&
                      next->reason != REASON_REPLACED && next->reason != REASON_INTERRUPTED;
    bool is_answered = outcome->id != memory->outcomes[0].id &&
                       (outcome->kind == OUTCOME_REFUSED || outcome->kind == OUTCOME_EXPIRED);
    return is_dropped || is_answered;
}

static void announce_order(struct app *app, const struct memory_app *next)
{
    const struct memory_app *memory = &app->memory;
    const struct order_outcome *outcome = &next->outcomes[0];
    if (next->order_gen != memory->order_gen || next->order_epoch != memory->order_epoch) {
        conductor_event(app->conductor, app, "order %016llx taken (%llu.%llu)",
                        (unsigned long long)next->order_id, (unsigned long long)next->order_epoch,
                        (unsigned long long)next->order_gen);
    }
    if (outcome->id != memory->outcomes[0].id) {
        conductor_event(app->conductor, app, "order %016llx: %s (%s)",
                        (unsigned long long)outcome->id, outcome_word(outcome->kind),
                        order_outcome_reason(outcome));
    }
}

static void adopt(struct app *app)
{
    LAW(DURABLE_FIRST, app->pending.gen_last >= app->memory.gen_last);
    announce(app, &app->pending);
    adopt_announce(app, &app->pending);
    announce_order(app, &app->pending);
    if (is_worth_a_story(&app->memory, &app->pending)) {
        app->is_story_due = true;
        app->story_until = conductor_now(app->conductor) + STORY_PATIENCE_MS;
    }
    note_garbage(app, &app->pending);
    if (app->pending.reason == REASON_IMAGE_DOUBTED && app->memory.phase == SWAP_PREPARE &&
        app->pending.phase == SWAP_REST) {
        app->doubted = app->memory.candidate.release;
    }
    if (app->memory.phase == SWAP_REST && app->pending.phase == SWAP_PREPARE) {
        app->switched_gen = 0;
    }
    if (is_verdict(&app->memory, &app->pending)) {
        app->verdicts++;
        app->verdict_of =
            app->memory.phase != SWAP_REST ? app->memory.candidate.release : app->memory.wanted;
    }
    observed_record(&app->session, &app->memory, &app->pending);
    app->memory = app->pending;
    app->is_new = false;
}

static mono_ms back_at(const struct app *app)
{
    bool is_waiting = app->is_remembering && app->is_pending_back && !app->is_adopted;
    return is_waiting ? app->remembering_since + BACK_PATIENCE_MS : MONO_NEVER;
}

static mono_ms slow_at(const struct app *app)
{
    bool is_waiting = app->is_remembering && !app->is_slow_said;
    return is_waiting ? app->remembering_since + SLOW_MS : MONO_NEVER;
}

mono_ms memory_hurry_at(const struct app *app)
{
    return mono_min(back_at(app), slow_at(app));
}

void memory_hurry(struct app *app)
{
    if (conductor_now(app->conductor) >= slow_at(app)) {
        app->is_slow_said = true;
        conductor_warning(app->conductor, app,
                          "the disk under the state directory has not answered a write for %d s: "
                          "what serves is looked after, nothing new is begun until it answers",
                          (int)(SLOW_MS / 1000));
    }
    if (conductor_now(app->conductor) >= back_at(app)) {
        app->is_adopted = true;
        adopt(app);
        conductor_warning(app->conductor, app, "the disk is slow: gone back before it remembers");
    }
}

/* The store fails as long as it owes somebody a record. */
static void mark_store(struct conductor *conductor)
{
    bool was_failing = conductor->is_store_failing;
    conductor->is_store_failing = false;
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        conductor->is_store_failing |= app->is_used && app->is_owed;
    }
    if (was_failing && !conductor->is_store_failing) {
        conductor_event(conductor, NULL, "the store works again");
    }
}

static void record_written(void *ctx, const struct err *err)
{
    LAW(DURABLE_FIRST, ((struct app *)ctx)->is_remembering);
    struct app *app = ctx;
    struct conductor *conductor = app->conductor;
    bool is_verb = app->verb.stage == VERB_RECORDING;
    app->is_remembering = false;
    app->is_owed = err != NULL;
    if (err == NULL) {
        if (!app->is_adopted) {
            adopt(app);
        }
    } else {
        conductor_world_fault(conductor);
        conductor->store_failure = err->code;
        conductor_warning(conductor, app, "cannot remember: %s", err->text);
        app->record_retry_at = conductor_now(conductor) + RECORD_RETRY_MS;
        if (app->is_pending_back && !app->is_adopted) {
            adopt(app); /* going back does not need a disk */
        }
    }
    if (is_verb) {
        verb_finish(app, err);
    }
    mark_store(conductor);
    if (err == NULL) {
        memory_collect(conductor);
    }
    conductor_touch(conductor);
}

void memory_remember(struct app *app, const struct memory_app *next, bool is_going_back)
{
    LAW(DURABLE_FIRST, !app->is_remembering);
    LAW(BOUNDED, next->index == (uint8_t)(app - app->conductor->apps));
    const struct store *store = &app->conductor->ports.store;
    uint8_t data[STORE_RECORD_BYTES_MAX];
    char name[STORE_NAME_BYTES];
    size_t len = 0;
    struct err err;
    app->pending = *next;
    app->is_pending_back = is_going_back;
    app->is_remembering = true;
    app->is_adopted = false;
    app->is_slow_said = false;
    app->remembering_since = conductor_now(app->conductor);
    record_name(app, name);
    memory_encode(next, data, &len);
    int rc =
        store->ops->record_write(store->self, name, span_of(data, len), record_written, app, &err);
    if (rc != 0) {
        record_written(app, &err);
    }
}

struct collecting {
    struct conductor *conductor;
    struct digest found[STORE_BLOBS_MAX];
    size_t count;
};

static void note_blob(void *ctx, const char *name, bool is_blob)
{
    struct collecting *collecting = ctx;
    if (is_blob && collecting->count < STORE_BLOBS_MAX &&
        digest_parse(name, &collecting->found[collecting->count])) {
        collecting->count++;
    }
}

static void blob_removed(void *ctx, const struct err *err)
{
    struct conductor *conductor = ctx;
    if (err != NULL) {
        conductor_warning(conductor, NULL, "cannot remove an old payload: %s", err->text);
    }
}

void memory_collect(struct conductor *conductor)
{
    const struct store *store = &conductor->ports.store;
    struct collecting collecting = {.conductor = conductor};
    struct err err;
    bool is_changing = conductor->has_lost_memory || conductor->is_store_failing;
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        is_changing =
            is_changing ||
            (app->is_used && (app->verb.stage != VERB_NONE || app->memory.phase != SWAP_REST));
    }
    if (is_changing || store->ops->list(store->self, note_blob, &collecting, &err) != 0) {
        return;
    }
    for (size_t i = 0; i < collecting.count; i++) {
        bool is_needed = false;
        for (size_t j = 0; j < APPS_MAX; j++) {
            const struct app *app = &conductor->apps[j];
            is_needed =
                is_needed || (app->is_used && memory_remembers(&app->memory, &collecting.found[i]));
        }
        if (!is_needed && !orders_is_needed(&conductor->orders, &collecting.found[i])) {
            char name[STORE_NAME_BYTES];
            blob_name(&collecting.found[i], name);
            if (store->ops->blob_remove(store->self, name, blob_removed, conductor, &err) != 0) {
                return; /* busy: the next record tries again */
            }
            conductor->has_file_garbage = true;
        }
    }
    files_collect(conductor);
}
