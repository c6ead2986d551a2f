/* uplink: what is to be said is always the present state, said anew in each session; what is heard
 * goes to the conductor. Nothing here waits for an answer with anything else undone. */
#include "agent/node/uplink.h"

#include <stdio.h>
#include <string.h>

#include "agent/wire/presence.h"
#include "platform/base/crc.h"
#include "platform/base/law.h"

static void topic_write(const struct uplink *uplink, enum topic_kind kind, const char *app,
                        const struct digest *digest, char text[BUS_TOPIC_BYTES])
{
    LAW(BOUNDED, kind < TOPIC_KIND_COUNT);
    struct topic topic = {.kind = kind};
    topic.level = topic_is_about_node(kind) ? uplink->level.used : 1;
    memcpy(topic.shard, uplink->shard, sizeof topic.shard);
    memcpy(topic.fleet, uplink->fleet, sizeof topic.fleet);
    memcpy(topic.node, uplink->node, sizeof topic.node);
    (void)text_copy(topic.app, sizeof topic.app, app);
    if (digest != NULL) {
        digest_render(digest, topic.digest);
    }
    topic_render(&topic, text);
}

static void presence_write(const struct uplink *uplink, const char *session, bool is_online,
                           char *data, size_t cap)
{
    struct presence presence = {.is_online = is_online};
    struct text text;
    (void)text_copy(presence.session, sizeof presence.session, session);
    if (is_online) {
        presence.since =
            uplink->ports.clock.ops->wall(uplink->ports.clock.self, &presence.is_time_trusted);
    }
    text_init(&text, data, cap);
    presence_render(&presence, &text);
}

/* -- in ------------------------------------------------------------------------------------- */

static void link_greet(void *ctx, const char *session, struct link_hello *hello)
{
    struct uplink *uplink = ctx;
    (void)level_begin(&uplink->level);
    (void)snprintf(hello->client_id, sizeof hello->client_id, "%s", uplink->node);
    topic_write(uplink, TOPIC_PRESENCE, "", NULL, hello->will_topic);
    presence_write(uplink, session, false, hello->will, sizeof hello->will);
}

static void subscribed(void *ctx, const struct err *err)
{
    struct uplink *uplink = ctx;
    if (err != NULL && err->code != ERR_NETWORK) {
        uplink->ports.log.ops->line(uplink->ports.log.self, LOG_LEVEL_WARNING, err->text);
    }
}

static void subscribe(struct uplink *uplink, enum topic_kind kind)
{
    const struct bus *bus = &uplink->ports.bus;
    char filter[BUS_TOPIC_BYTES];
    struct err err = {0};
    topic_write(uplink, kind, "", NULL, filter);
    if (bus->ops->subscribe(bus->self, filter, subscribed, uplink, &err) != 0) {
        uplink->ports.log.ops->line(uplink->ports.log.self, LOG_LEVEL_WARNING, err.text);
    }
}

/* -- berth/2 ---------------------------------------------------------------------------------- */

/* The node's own presence at berth/2, which comes back where the node may use it. */
static void echo_topic(struct uplink *uplink, char topic[BUS_TOPIC_BYTES])
{
    unsigned used = uplink->level.used;
    uplink->level.used = 2;
    topic_write(uplink, TOPIC_PRESENCE, "", NULL, topic);
    uplink->level.used = used;
}

static void echo_asked(void *ctx, const struct err *err)
{
    struct uplink *uplink = ctx;
    if (err != NULL && err->code == ERR_DENIED) {
        level_denied(&uplink->level);
    }
}

static void echo_ask(struct uplink *uplink)
{
    const struct bus *bus = &uplink->ports.bus;
    char topic[BUS_TOPIC_BYTES];
    echo_topic(uplink, topic);
    (void)bus->ops->subscribe(bus->self, topic, echo_asked, uplink, NULL);
}

/* From berth/1: were it taken and handed on, the next session is at berth/2. Nobody keeps it. */
static void trial_send(struct uplink *uplink)
{
    const struct bus *bus = &uplink->ports.bus;
    char topic[BUS_TOPIC_BYTES], text[LINK_WILL_BYTES];
    echo_ask(uplink);
    echo_topic(uplink, topic);
    presence_write(uplink, uplink->link.session, true, text, sizeof text);
    (void)bus->ops->publish(bus->self, topic, span_text(text), false, echo_asked, uplink, NULL);
}

/* Of this session: a twin's, or an earlier one's, proves nothing. */
static void echo_take(struct uplink *uplink, const struct topic *topic, struct span payload)
{
    const struct bus *bus = &uplink->ports.bus;
    char filter[BUS_TOPIC_BYTES];
    size_t len = strlen(uplink->link.session);
    if (topic->level == 2 && strcmp(topic->node, uplink->node) == 0 &&
        memmem(payload.data, payload.len, uplink->link.session, len) != NULL) {
        level_heard(&uplink->level);
        echo_topic(uplink, filter);
        (void)bus->ops->unsubscribe(bus->self, filter, NULL);
    }
}

static void link_opened(void *ctx, const char *session)
{
    struct uplink *uplink = ctx;
    (void)session;
    uplink->session_number++;
    uplink->is_presence_due = true;
    uplink->is_report_due = true;
    uplink->is_report_busy = false;
    uplink->is_story_busy = false;
    uplink->report_not_before = 0;
    uplink->releases.count = 0;
    uplink->files.count = 0;
    subscribe(uplink, TOPIC_TRUST); /* first: what it lists decides about the rest */
    subscribe(uplink, TOPIC_REVOKE);
    subscribe(uplink, TOPIC_ORDER);
    uplink->is_farewell_sent = uplink->is_farewell_told = false;
    uplink->old_next = 0;
    if (uplink->level.used == 2) {
        echo_ask(uplink);
    }
    uplink->ports.log.ops->line(uplink->ports.log.self, LOG_LEVEL_INFO, "the fleet is in reach");
}

static void link_closed(void *ctx, const struct err *err, bool was_open)
{
    struct uplink *uplink = ctx;
    const struct log *log = &uplink->ports.log;
    char line[LOG_LINE_BYTES_MAX];
    bool is_said =
        !was_open && uplink->last.code == err->code && strcmp(uplink->last.text, err->text) == 0;
    uplink->last = *err;
    if (!was_open) {
        echo_asked(uplink, err); /* it may be the will at berth/2 that the broker does not take */
    }
    if (!is_said) { /* what repeats with each try is said once */
        text_shorten_printf(line, sizeof line, "%s: %s (%s)",
                            was_open ? "the link to the fleet ended" : "no way to the fleet",
                            err->text, err_word(err->code));
        log->ops->line(log->self, LOG_LEVEL_WARNING, line);
    }
}

/* Asked for no more. */
static void asked_drop(struct uplink *uplink, struct uplink_asked *asked, size_t at)
{
    const struct bus *bus = &uplink->ports.bus;
    char filter[BUS_TOPIC_BYTES];
    topic_write(uplink, asked->kind, "", &asked->list[at], filter);
    asked->list[at] = asked->list[--asked->count];
    (void)bus->ops->unsubscribe(bus->self, filter, NULL);
}

/* False: it is not what was asked for, and asking again would only bring the same again. */
static bool asked_give(struct uplink *uplink, enum topic_kind kind, const struct digest *digest,
                       struct span payload)
{
    struct err err;
    return kind == TOPIC_RELEASE
               ? conductor_release(uplink->conductor, digest, payload)
               : conductor_file(uplink->conductor, digest, payload, NULL, NULL, &err) != ERR_DIGEST;
}

static void asked_take(struct uplink *uplink, struct uplink_asked *asked, const char *hex,
                       struct span payload)
{
    struct digest digest;
    if (!digest_parse(hex, &digest) || !asked_give(uplink, asked->kind, &digest, payload)) {
        return;
    }
    for (size_t i = 0; i < asked->count; i++) {
        if (digest_is_equal(&asked->list[i], &digest)) {
            asked_drop(uplink, asked, i);
            return;
        }
    }
}

static void link_received(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct uplink *uplink = ctx;
    struct topic topic;
    (void)is_retained;
    if (payload.len == 0 || !topic_parse(text, &topic) || strcmp(topic.fleet, uplink->fleet) != 0) {
        return; /* cleared, or none of ours: no opinion */
    }
    if (topic.kind == TOPIC_PRESENCE) {
        echo_take(uplink, &topic, payload);
    } else if (topic.kind == TOPIC_ORDER && strcmp(topic.node, uplink->node) == 0) {
        (void)conductor_order(uplink->conductor, topic.app, payload,
                              NULL); /* what it says is reported */
    } else if (topic.kind == TOPIC_RELEASE) {
        asked_take(uplink, &uplink->releases, topic.digest, payload);
    } else if (topic.kind == TOPIC_FILE) {
        asked_take(uplink, &uplink->files, topic.digest, payload);
    } else if ((topic.kind == TOPIC_TRUST || topic.kind == TOPIC_REVOKE) &&
               uplink->ports.document != NULL) {
        uplink->ports.document(uplink->ports.ctx, topic.kind == TOPIC_REVOKE, payload);
    }
}

void uplink_init(struct uplink *uplink, struct conductor *conductor, const struct config *config,
                 const struct uplink_ports *ports)
{
    const struct link_user user = {.greet = link_greet,
                                   .opened = link_opened,
                                   .closed = link_closed,
                                   .received = link_received,
                                   .ctx = uplink};
    memset(uplink, 0, sizeof *uplink);
    uplink->conductor = conductor;
    uplink->ports = *ports;
    uplink->releases = (struct uplink_asked){.kind = TOPIC_RELEASE, .max = UPLINK_WANTED_MAX};
    uplink->files = (struct uplink_asked){.kind = TOPIC_FILE, .max = UPLINK_FILES_MAX};
    memcpy(uplink->fleet, config->fleet, sizeof uplink->fleet);
    memcpy(uplink->node, config->node, sizeof uplink->node);
    level_init(&uplink->level, ports->verify.ops != NULL);
    if (ports->verify.ops != NULL) {
        topic_shard(&ports->verify, uplink->node, uplink->shard);
    }
    link_init(&uplink->link, ports->bus, ports->entropy, &user);
}

/* -- out ------------------------------------------------------------------------------------ */

static int publish(struct uplink *uplink, enum topic_kind kind, const char *app, const char *text,
                   bus_done done)
{
    LAW(BOUNDED, kind < TOPIC_KIND_COUNT);
    const struct bus *bus = &uplink->ports.bus;
    char topic[BUS_TOPIC_BYTES];
    topic_write(uplink, kind, app, NULL, topic);
    return bus->ops->publish(bus->self, topic, span_text(text), true, done, uplink, NULL);
}

static void presence_told(void *ctx, const struct err *err)
{
    struct uplink *uplink = ctx;
    echo_asked(uplink, err);
    uplink->is_presence_due |= err != NULL && link_is_open(&uplink->link);
}

static void presence_tell(struct uplink *uplink)
{
    char text[LINK_WILL_BYTES];
    presence_write(uplink, uplink->link.session, true, text, sizeof text);
    uplink->is_presence_due = publish(uplink, TOPIC_PRESENCE, "", text, presence_told) != 0;
}

static void report_told(void *ctx, const struct err *err)
{
    struct uplink *uplink = ctx;
    uplink->is_report_busy = false;
    uplink->is_report_due |= err != NULL;
}

/* The sum of everything in the report but its instant: what has not changed is not said again. */
static uint32_t report_sum(struct uplink *uplink)
{
    struct text text;
    conductor_report(uplink->conductor, &uplink->report);
    text_init(&text, uplink->text, sizeof uplink->text);
    report_render(&uplink->report, &text);
    uint32_t sum = crc32c(0, text.data, text.len);
    return sum != 0 ? sum : 1;
}

static void report_tell(struct uplink *uplink, mono_ms now)
{
    struct text text;
    uint32_t sum = report_sum(uplink);
    uplink->is_report_due |= sum != uplink->report_sum;
    if (!uplink->is_report_due) {
        return;
    }
    uplink->report.at =
        uplink->ports.clock.ops->wall(uplink->ports.clock.self, &uplink->report.is_time_trusted);
    text_init(&text, uplink->text, sizeof uplink->text);
    report_render(&uplink->report, &text);
    if (publish(uplink, TOPIC_REPORT, "", uplink->text, report_told) == 0) {
        uplink->is_report_due = false;
        uplink->is_report_busy = true;
        uplink->report_sum = sum;
        uplink->report_not_before = now + UPLINK_REPORT_GAP_MS;
    }
}

static void story_told(void *ctx, const struct err *err)
{
    struct uplink *uplink = ctx;
    /* What is not allowed now is not allowed a moment later: no more stories in this session. */
    uplink->is_story_busy = err != NULL && err->code == ERR_DENIED;
    if (err != NULL) {
        conductor_story_again(uplink->conductor, uplink->story_app);
    }
}

static void story_tell(struct uplink *uplink)
{
    struct text text;
    text_init(&text, uplink->text, STORY_BYTES_MAX);
    if (!conductor_story(uplink->conductor, uplink->story_app, &text)) {
        return;
    }
    char place[2] = {
        "0123456789abcdef"[conductor_place(uplink->conductor, uplink->story_app) % APPS_MAX]};
    if (publish(uplink, TOPIC_STORY, place, uplink->text, story_told) == 0) {
        uplink->is_story_busy = true;
    } else {
        conductor_story_again(uplink->conductor, uplink->story_app);
    }
}

static bool is_among(const struct digest *digests, size_t count, const struct digest *digest)
{
    for (size_t i = 0; i < count; i++) {
        if (digest_is_equal(&digests[i], digest)) {
            return true;
        }
    }
    return false;
}

/* What was asked for and is missed no more, as when its order was replaced, makes room. */
static void asked_ask(struct uplink *uplink, struct uplink_asked *asked,
                      const struct digest *missing, size_t count)
{
    const struct bus *bus = &uplink->ports.bus;
    char filter[BUS_TOPIC_BYTES];
    for (size_t i = asked->count; i > 0; i--) {
        if (!is_among(missing, count, &asked->list[i - 1])) {
            asked_drop(uplink, asked, i - 1);
        }
    }
    for (size_t i = 0; i < count && asked->count < asked->max; i++) {
        if (is_among(asked->list, asked->count, &missing[i])) {
            continue;
        }
        topic_write(uplink, asked->kind, "", &missing[i], filter);
        if (bus->ops->subscribe(bus->self, filter, subscribed, uplink, NULL) == 0) {
            asked->list[asked->count++] = missing[i];
        }
    }
}

static void documents_ask(struct uplink *uplink)
{
    struct digest missing[APPS_MAX];
    size_t count = conductor_missing(uplink->conductor, missing, APPS_MAX);
    asked_ask(uplink, &uplink->releases, missing, count);
    count = conductor_missing_files(uplink->conductor, missing, APPS_MAX);
    asked_ask(uplink, &uplink->files, missing, count);
}

/* -- from one level to the other -------------------------------------------------------------- */

/* Presence, report and stories. */
#define OLD_COUNT (2 + APPS_MAX)

static void old_told(void *ctx, const struct err *err)
{
    struct uplink *uplink = ctx;
    uplink->are_old_gone |=
        uplink->old_next == OLD_COUNT && (err == NULL || err->code != ERR_NETWORK);
}

/* What a node said at berth/1 hides what it says at berth/2: it goes first, and once. */
static void old_clear(struct uplink *uplink)
{
    static const enum topic_kind kinds[] = {TOPIC_PRESENCE, TOPIC_REPORT};
    while (uplink->old_next < OLD_COUNT) {
        size_t place = uplink->old_next - COUNT_OF(kinds);
        bool is_story = uplink->old_next >= COUNT_OF(kinds);
        char app[2] = {is_story ? "0123456789abcdef"[place] : '\0'};
        uplink->level.used = 1;
        int rc =
            publish(uplink, is_story ? TOPIC_STORY : kinds[uplink->old_next], app, "", old_told);
        uplink->level.used = 2;
        if (rc != 0) {
            return; /* the next step goes on */
        }
        uplink->old_next++;
    }
    uplink->is_presence_due = uplink->is_report_due = true; /* now they are seen */
}

static void farewell_told(void *ctx, const struct err *err)
{
    (void)err;
    ((struct uplink *)ctx)->is_farewell_told = true;
}

/* A polite end sends no will: the old level is told that this session is over. */
static void level_change(struct uplink *uplink)
{
    char text[LINK_WILL_BYTES];
    if (!uplink->is_farewell_sent) {
        presence_write(uplink, uplink->link.session, false, text, sizeof text);
        uplink->is_farewell_sent = publish(uplink, TOPIC_PRESENCE, "", text, farewell_told) == 0;
    } else if (uplink->is_farewell_told) {
        if (uplink->is_story_busy) {
            conductor_story_again(uplink->conductor, uplink->story_app);
        }
        uplink->ports.log.ops->line(uplink->ports.log.self, LOG_LEVEL_INFO,
                                    uplink->level.next == 2
                                        ? "the broker has berth/2 for this node"
                                        : "the broker has no berth/2 for this node: berth/1");
        link_again(&uplink->link);
    }
}

/* False while this session is to end. */
static bool level_turn(struct uplink *uplink, mono_ms now)
{
    switch (level_step(&uplink->level, now)) {
    case LEVEL_CHANGE:
        level_change(uplink);
        return false;
    case LEVEL_TRY:
        trial_send(uplink);
        break;
    case LEVEL_STAY:
        break;
    }
    if (uplink->level.is_proven && !uplink->are_old_gone && uplink->old_next < OLD_COUNT) {
        old_clear(uplink);
    }
    return true;
}

static void pace_set(struct uplink *uplink)
{
    unsigned pace =
        conductor_is_changing(uplink->conductor) ? LINK_PACE_UNPROVEN_S : LINK_KEEPALIVE_REST_S;
    if (pace != uplink->pace_s) {
        uplink->pace_s = pace;
        uplink->ports.bus.ops->pace(uplink->ports.bus.self, pace);
    }
}

void uplink_step(struct uplink *uplink, mono_ms now)
{
    link_step(&uplink->link, now);
    conductor_note_twin(uplink->conductor, uplink->link.twin);
    pace_set(uplink);
    if (!link_is_open(&uplink->link) || uplink->is_leaving || !level_turn(uplink, now)) {
        return;
    }
    if (uplink->is_presence_due) {
        presence_tell(uplink);
    }
    documents_ask(uplink);
    if (uplink->level.used == 2 && !uplink->level.is_proven) {
        return; /* what is said now may be heard by nobody */
    }
    if (!uplink->is_story_busy) {
        story_tell(uplink);
    }
    if (!uplink->is_report_busy && now >= uplink->report_not_before) {
        report_tell(uplink, now);
    }
}

mono_ms uplink_deadline(const struct uplink *uplink)
{
    mono_ms deadline = link_deadline(&uplink->link);
    if (link_is_open(&uplink->link) && !uplink->is_leaving) {
        deadline = mono_min(deadline, level_deadline(&uplink->level));
    }
    bool is_late = link_is_open(&uplink->link) && !uplink->is_report_busy &&
                   uplink->report_not_before > uplink->link.now;
    return is_late ? mono_min(deadline, uplink->report_not_before) : deadline;
}

static void leave_told(void *ctx, const struct err *err)
{
    (void)err;
    ((struct uplink *)ctx)->has_left = true;
}

void uplink_leave(struct uplink *uplink)
{
    char text[LINK_WILL_BYTES];
    presence_write(uplink, uplink->link.session, false, text, sizeof text);
    uplink->is_leaving = true;
    uplink->has_left =
        !link_is_open(&uplink->link) || publish(uplink, TOPIC_PRESENCE, "", text, leave_told) != 0;
}

bool uplink_has_left(const struct uplink *uplink)
{
    return uplink->has_left;
}

void uplink_stop(struct uplink *uplink)
{
    link_stop(&uplink->link);
}
