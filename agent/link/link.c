/* link: five states; the only thing it decides is when to open the next session. */
#include "agent/link/link.h"

#include <stdio.h>
#include <string.h>

#include "platform/base/law.h"

int64_t link_backoff_ms(unsigned failures, uint64_t random)
{
    int64_t most = LINK_BACKOFF_CAP_MS;
    if (failures < 16) {
        int64_t grown = (int64_t)LINK_BACKOFF_BASE_MS << (failures > 0 ? failures - 1 : 0);
        most = grown < most ? grown : most;
    }
    return (int64_t)(random % (uint64_t)most);
}

/* Without entropy a constant is no jitter, but the link still works. */
static uint64_t random_take(struct link *link)
{
    uint64_t random = 0x9e3779b97f4a7c15u;
    (void)link->entropy.ops->fill(link->entropy.self, &random, sizeof random, NULL);
    return random;
}

/* What the end of a session, or of an attempt, says of another client with this identity. */
static void twin_judge(struct link *link, bool was_stable)
{
    bool was_short = link->was_open && link->ended_by == ERR_NETWORK &&
                     (link->opened_at == 0 || link->now - link->opened_at < LINK_TWIN_SHORT_MS);
    if (link->ended_by == ERR_TAKEN_OVER) {
        link->twin = LINK_TWIN_KNOWN;
    } else if (was_stable) {
        link->twin = LINK_TWIN_NONE;
    }
    if (!was_short) { /* an attempt that failed says nothing: the broker may be away */
        link->shorts = link->was_open ? 0 : link->shorts;
    } else if (++link->shorts >= LINK_TWIN_SESSIONS && link->twin == LINK_TWIN_NONE) {
        link->twin = LINK_TWIN_SUSPECTED;
    }
}

/* From the first step after the end on, because only steps know the time. */
static void wait_begin(struct link *link)
{
    bool was_stable = link->opened_at != 0 && link->now - link->opened_at >= LINK_STABLE_MS;
    twin_judge(link, was_stable);
    link->failures = was_stable ? 1 : link->failures + 1;
    link->opened_at = 0;
    link->state = LINK_WAITING;
    link->retry_at = link->now + link_backoff_ms(link->failures, random_take(link));
    if (link->ended_by == ERR_TAKEN_OVER) {
        uint64_t half = LINK_TWIN_WAIT_MS / 2;
        link->retry_at = link->now + (int64_t)(half + random_take(link) % half);
    }
}

static void bus_opened(void *ctx)
{
    struct link *link = ctx;
    link->state = LINK_OPEN;
    link->user.opened(link->user.ctx, link->session);
}

static void bus_closed(void *ctx, const struct err *err)
{
    struct link *link = ctx;
    bool was_open = link->state == LINK_OPEN;
    link->state = LINK_ENDED;
    link->ended_by = err->code;
    link->was_open = was_open;
    link->user.closed(link->user.ctx, err, was_open);
}

static void bus_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct link *link = ctx;
    link->user.received(link->user.ctx, topic, payload, is_retained);
}

void link_init(struct link *link, struct bus bus, struct entropy entropy,
               const struct link_user *user)
{
    LAW(BOUNDED, user != NULL);
    memset(link, 0, sizeof *link);
    link->bus = bus;
    link->entropy = entropy;
    link->user = *user;
}

static void open_begin(struct link *link)
{
    struct link_hello hello = {0};
    struct err err = {0};
    const struct bus_user user = {
        .opened = bus_opened, .closed = bus_closed, .received = bus_received, .ctx = link};
    (void)snprintf(link->session, sizeof link->session, "%016llx",
                   (unsigned long long)random_take(link));
    link->user.greet(link->user.ctx, link->session, &hello);
    const struct bus_session session = {
        .client_id = hello.client_id,
        .will_topic = hello.will_topic[0] != '\0' ? hello.will_topic : NULL,
        .will = span_text(hello.will),
        .keepalive_s = LINK_KEEPALIVE_REST_S,
    };
    link->state = LINK_OPENING;
    if (link->bus.ops->open(link->bus.self, &session, &user, &err) != 0) {
        link->state = LINK_ENDED;
        link->ended_by = err.code;
        link->was_open = false;
        link->user.closed(link->user.ctx, &err, false);
    }
}

void link_step(struct link *link, mono_ms now)
{
    link->now = now;
    if (link->state == LINK_OPEN && link->opened_at == 0) {
        link->opened_at = now > 0 ? now : 1;
    }
    if (link->state == LINK_OPEN && link->opened_at != 0 &&
        now - link->opened_at >= LINK_STABLE_MS) {
        link->twin = LINK_TWIN_NONE; /* its end, which is not short, ends the row */
    }
    if (link->state == LINK_ENDED) {
        wait_begin(link);
    }
    if (link->state == LINK_WAITING && now >= link->retry_at) {
        open_begin(link);
    }
}

mono_ms link_deadline(const struct link *link)
{
    switch (link->state) {
    case LINK_WAITING:
        return link->retry_at;
    case LINK_ENDED:
        return link->now;
    case LINK_OPEN:
        return link->opened_at == 0 ? link->now : MONO_NEVER;
    case LINK_OPENING:
    case LINK_STOPPED:
        break;
    }
    return MONO_NEVER;
}

void link_stop(struct link *link)
{
    link->state = LINK_STOPPED;
    link->bus.ops->close(link->bus.self);
}

void link_again(struct link *link)
{
    link->bus.ops->close(link->bus.self);
    link->state = LINK_WAITING;
    link->retry_at = link->now;
    link->opened_at = 0;
}

const char *link_twin_word(enum link_twin twin)
{
    LAW(BOUNDED, twin < LINK_TWIN_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [LINK_TWIN_##name] = word,
        LINK_TWINS(WORD_)
#undef WORD_
    };
    return words[twin];
}

bool link_is_open(const struct link *link)
{
    return link->state == LINK_OPEN;
}
