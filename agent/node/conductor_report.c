/* conductor_report: what the node tells the fleet: its report, and the story of a failure. */
#include "agent/node/conductor_private.h"
#include "agent/node/facts.h"
#include "platform/base/law.h"

#include <stdio.h>

/* Schemas this version reads. */
#define SCHEMA_RELEASE 1
#define SCHEMA_ORDER   1
/* Events that a story tells, and the room each takes at most. */
#define STORY_EVENTS_MAX 16
/* Of the story this much is for events when the failed container wrote a lot. */
#define STORY_EVENTS_BYTES 1400

/* One event as JSON at most, and what stands around all of them. */
#define STORY_EVENT_BYTES_MAX (6 * EVENT_TEXT_BYTES + 80)
#define STORY_TAIL_BYTES      64

_Static_assert(STORY_BYTES_MAX > 1024 + CAUSE_BYTES_MAX + STORY_EVENTS_BYTES,
               "a story has room for its cause, whatever that is");

static void generation_fill(const struct facts_generation *fact, struct report_generation *out)
{
    out->gen = fact->generation->gen;
    out->release = fact->generation->release;
    out->sequence = fact->generation->sequence;
    (void)snprintf(out->version, sizeof out->version, "%.*s", (int)sizeof out->version - 1,
                   fact->version);
}

static void outcomes_fill(const struct memory_app *memory, struct report_app *out)
{
    LAW(SAID, out->outcome_count == 0);
    for (size_t i = 0; i < REPORT_OUTCOMES_MAX && memory->outcomes[i].id != 0; i++) {
        const struct order_outcome *outcome = &memory->outcomes[i];
        struct report_outcome *to = &out->outcomes[out->outcome_count++];
        order_id_render(outcome->id, to->id);
        to->kind = outcome->kind;
        (void)text_copy(to->reason, sizeof to->reason, order_outcome_reason(outcome));
    }
}

static void waiting_fill(const struct order_slot *slot, struct report_app *out)
{
    out->order_epoch = slot->order.epoch;
    out->order_gen = slot->order.gen;
    memcpy(out->order_id, slot->order.id, sizeof out->order_id);
    if (slot->is_turned_away) { /* its outcome is not remembered, and is the same at each look */
        struct report_outcome *outcome = &out->outcomes[0];
        out->outcome_count = 1;
        memcpy(outcome->id, slot->order.id, sizeof outcome->id);
        outcome->kind = OUTCOME_REFUSED;
        (void)text_copy(outcome->reason, sizeof outcome->reason, err_word(slot->refusal));
        return;
    }
    out->is_order_open = true;
    (void)text_copy(out->order_wait, sizeof out->order_wait,
                    order_wait_word(slot->wait != ORDER_WAIT_NONE ? slot->wait : ORDER_WAIT_BUSY));
}

/* The order that was taken last, and what its wish waits for. */
static void order_fill(const struct facts_app *facts, struct report_app *out)
{
    const struct memory_app *memory = facts->memory;
    out->order_epoch = memory->order_epoch;
    out->order_gen = memory->order_gen;
    if (memory->order_id != 0) {
        order_id_render(memory->order_id, out->order_id);
    }
    out->is_order_open = memory->is_order_open;
    if (memory->is_order_open && memory->phase == SWAP_REST && facts->wait != WISH_WAIT_RETRY) {
        (void)text_copy(out->order_wait, sizeof out->order_wait, wish_wait_word(facts->wait));
    }
    outcomes_fill(memory, out);
    if (facts->waiting != NULL) {
        waiting_fill(facts->waiting, out);
    }
    if (facts->refused != 0) {
        (void)text_copy(out->refused, sizeof out->refused, err_word(facts->refused));
    }
}

static void app_fill(const struct facts_app *facts, struct report_app *out)
{
    LAW(SAID, facts->memory->app[0] != '\0');
    const struct memory_app *memory = facts->memory;
    memset(out, 0, sizeof *out);
    memcpy(out->app, memory->app, sizeof out->app);
    (void)text_copy(out->phase, sizeof out->phase, swap_phase_word(memory->phase));
    generation_fill(&facts->committed, &out->committed);
    generation_fill(&facts->candidate, &out->candidate);
    out->wanted = memory->wanted;
    (void)text_copy(out->wanted_by, sizeof out->wanted_by, wanted_by_word(memory->wanted_by));
    (void)text_copy(out->verdict, sizeof out->verdict, verdict_word(memory->verdict));
    (void)text_copy(out->reason, sizeof out->reason, reason_word(memory->reason));
    out->verdict_gen = memory->verdict_gen;
    out->floor = memory->floor;
    order_fill(facts, out);
    out->is_serving = facts->health == HEALTH_READY;
    out->restarts = facts->restarts;
    (void)text_copy(out->health, sizeof out->health, health_word(facts->health));
    (void)text_copy(out->health_reason, sizeof out->health_reason, facts->health_reason);
}

_Static_assert(REPORT_LABELS_MAX >= CONFIG_LABELS_MAX, "every label of the node is reported");

static void labels_fill(const struct config *config, struct report *report)
{
    LAW(BOUNDED, config->label_count <= REPORT_LABELS_MAX);
    for (size_t i = 0; i < config->label_count; i++) {
        (void)text_copy(report->label_names[i], sizeof report->label_names[i],
                        config->label_names[i]);
        (void)text_copy(report->label_values[i], sizeof report->label_values[i],
                        config->label_values[i]);
        report->label_count++;
    }
}

/* Orders for apps that this node has never had, as long as they wait. */
static void newcomers_fill(const struct conductor *conductor, struct report *report)
{
    for (size_t i = 0; i < APPS_MAX && report->app_count < APPS_MAX; i++) {
        const struct order_slot *slot = &conductor->orders.list[i];
        bool is_known = false;
        for (size_t j = 0; j < report->app_count; j++) {
            is_known |= strcmp(report->apps[j].app, slot->order.app) == 0;
        }
        if (slot->is_used && !is_known) {
            struct report_app *out = &report->apps[report->app_count++];
            memcpy(out->app, slot->order.app, sizeof out->app);
            (void)text_copy(out->phase, sizeof out->phase, swap_phase_word(SWAP_REST));
            waiting_fill(slot, out);
        }
    }
}

static void node_fill(const struct facts_node *facts, struct report *report)
{
    memcpy(report->fleet, facts->config->fleet, sizeof report->fleet);
    memcpy(report->node, facts->config->node, sizeof report->node);
    (void)text_copy(report->version, sizeof report->version, facts->version);
    (void)text_copy(report->arch, sizeof report->arch, facts->arch);
    labels_fill(facts->config, report);
    report->is_memory_lost = facts->is_memory_lost;
    report->is_store_failing = facts->is_store_failing;
    report->is_engine_up = facts->is_engine_up;
    (void)text_copy(report->identity, sizeof report->identity, facts->identity);
    report->trust_version = facts->trust_version;
    report->revoke_version = facts->revoke_version;
    report->schema_release = SCHEMA_RELEASE;
    report->schema_order = SCHEMA_ORDER;
    report->schema_trust = TRUST_SCHEMA_MAX;
}

void conductor_report(const struct conductor *conductor, struct report *report)
{
    struct facts_node node;
    struct facts_app facts;
    memset(report, 0, sizeof *report);
    facts_of_node(conductor, &node);
    node_fill(&node, report);
    for (size_t i = 0; i < APPS_MAX; i++) {
        if (conductor->apps[i].is_used && !conductor->apps[i].is_new) {
            facts_of_app(&conductor->apps[i], &facts);
            app_fill(&facts, &report->apps[report->app_count++]);
        }
    }
    newcomers_fill(conductor, report);
}

static void story_event_render(const struct event *event, struct text *text)
{
    text_printf(text, "{\"wall\":%lld,\"timeTrusted\":%s,\"text\":", (long long)event->wall,
                event->time_trusted ? "true" : "false");
    text_append_json(text, event->text);
    text_append(text, "}");
}

void conductor_note_twin(struct conductor *conductor, enum link_twin twin)
{
    static const char remedy[] = "look for a copy of its key, such as a cloned SD card, and add "
                                 "that machine under a name of its own";
    if (twin == conductor->twin) {
        return;
    }
    conductor->twin = twin;
    if (twin == LINK_TWIN_KNOWN) {
        conductor_warning(conductor, NULL,
                          "another client uses this node's identity: each takes the session from "
                          "the other; %s",
                          remedy);
    } else if (twin == LINK_TWIN_SUSPECTED) {
        conductor_warning(conductor, NULL,
                          "%d sessions in a row ended soon after they began: perhaps another "
                          "client uses this node's identity; %s",
                          LINK_TWIN_SESSIONS, remedy);
    } else {
        conductor_event(conductor, NULL,
                        "the session stands: no other client uses this node's "
                        "identity any more");
    }
    conductor_touch(conductor);
}

/* The last events of this app and of the node itself, oldest first: as many of the newest as fit
 * `room` bytes, and how many of those the node still holds were left out. */
static void events_render(const struct conductor *conductor, const char *app, size_t room,
                          struct text *text)
{
    const struct events *events = &conductor->events;
    char data[STORY_EVENT_BYTES_MAX];
    struct text one;
    struct event event;
    uint64_t numbers[STORY_EVENTS_MAX];
    size_t count = 0;
    unsigned left_out = 0;
    bool is_full = false;
    for (uint64_t number = events->last; number >= events_first(events); number--) {
        events_get(events, number, &event);
        if (event.app[0] != '\0' && strcmp(event.app, app) != 0) {
            continue;
        }
        text_init(&one, data, sizeof data);
        story_event_render(&event, &one);
        is_full = is_full || count == STORY_EVENTS_MAX || one.len + 1 > room;
        if (is_full) {
            left_out++;
            continue;
        }
        room -= one.len + 1;
        numbers[count++] = number;
    }
    text_printf(text, ",\"eventsLeftOut\":%u,\"events\":[", left_out);
    while (count > 0) {
        events_get(events, numbers[--count], &event);
        story_event_render(&event, text);
        text_append(text, count > 0 ? "," : "");
    }
    text_append(text, "]");
}

/* What was decided of which release, and what became of the order. */
static void decided_render(const struct memory_app *memory, struct text *text)
{
    const struct order_outcome *outcome = &memory->outcomes[0];
    char hex[DIGEST_HEX_BYTES];
    digest_render(&memory->quarantined[0], hex);
    text_printf(text, ",\"verdict\":\"%s\",\"verdictGen\":%u,\"reason\":\"%s\",\"sentence\":",
                verdict_word(memory->verdict), memory->verdict_gen, reason_word(memory->reason));
    text_append_json(text, reason_sentence(memory->reason));
    if (memory->verdict == VERDICT_BAD) {
        text_printf(text, ",\"release\":\"%s\"", hex);
    }
    if (outcome->id != 0) {
        text_printf(text, ",\"order\":\"%016llx\",\"outcome\":\"%s\",\"outcomeReason\":\"%s\"",
                    (unsigned long long)outcome->id, outcome_word(outcome->kind),
                    order_outcome_reason(outcome));
    }
}

static void story_render(const struct conductor *conductor, const struct app *app,
                         struct text *text)
{
    struct facts_node node;
    struct facts_app facts;
    facts_of_node(conductor, &node);
    facts_of_app(app, &facts);
    text_append(text, "{\"schema\":1,\"node\":");
    text_append_json(text, node.config->node);
    text_append(text, ",\"app\":");
    text_append_json(text, facts.memory->app);
    decided_render(facts.memory, text);
    text_append(text, ",\"cause\":");
    cause_render(facts.cause, text, false, STORY_EVENTS_BYTES);
    size_t used = text->len + STORY_TAIL_BYTES;
    events_render(conductor, facts.memory->app, used < text->cap ? text->cap - used : 0, text);
    text_append(text, "}");
}

bool conductor_story(struct conductor *conductor, char name[NAME_BYTES], struct text *text)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (app->is_used && app->is_story_due && !cause_is_awaited(app)) {
            app->is_story_due = false;
            memcpy(name, app->memory.app, NAME_BYTES);
            story_render(conductor, app, text);
            return true;
        }
    }
    return false;
}

size_t conductor_place(const struct conductor *conductor, const char *name)
{
    size_t place = 0;
    while (place < APPS_MAX && (!conductor->apps[place].is_used ||
                                strcmp(conductor->apps[place].memory.app, name) != 0)) {
        place++;
    }
    return place;
}

void conductor_story_again(struct conductor *conductor, const char *name)
{
    struct app *app = app_of(conductor, name);
    if (app != NULL) {
        app->is_story_due = true;
    }
}

bool conductor_is_changing(const struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && (app->memory.phase != SWAP_REST || app->is_remembering)) {
            return true;
        }
    }
    return false;
}
