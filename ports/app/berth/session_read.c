/* session_read: what the broker retains below a filter, whole or not at all. The end is a message
 * of our own, a fence, sent to a topic of the same filter in one breath with the subscription: the
 * broker takes both before any acknowledgement of ours, so a queue that was full for one retained
 * message is full for the fence as well. A fence that comes back proves that nothing was dropped;
 * silence, on a slow link or any other, proves nothing. What all nodes say is asked for at once,
 * and shard by shard where the broker dropped some of that. One fence stands behind all that is
 * asked for in one breath: a second publish may have to wait until the first is acknowledged. */
#include <stdio.h>
#include <string.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/session.h"

/* A broker that hands on nothing for so long hands on nothing more. */
#define STALL_MS SECONDS_MS(15)
/* After so much silence a second fence is sent: when it comes and the first did not, that one was
 * dropped. Messages of one session come in their order. */
#define QUIET_MS 500
/* Where the fence cannot stand in the filter, stragglers are waited for after it. */
#define STRAGGLE_MS 250
/* Shards that are asked for in one breath; halved where the broker's queue does not hold them. */
#define WINDOW 8
/* After so many that did not come whole by themselves no more are asked for. */
#define SHARDS_CUT_MAX 8
#define REMEDY         "raise its queue limit (Mosquitto: max_queued_messages, max_queued_bytes 0)"

_Static_assert(WINDOW + 2 < BUS_PENDING_MAX, "a window and its fences wait at a time");

struct reading {
    struct session *session;
    bool is_exact; /* the one filter is one topic: its message is all there is */
    char filters[WINDOW][BUS_TOPIC_BYTES];
    size_t count;
    char fence[BUS_TOPIC_BYTES], second[BUS_TOPIC_BYTES]; /* in the last of the filters */
    bool is_whole, has_second;                            /* each has come */
    bool has_exact;
    size_t asked, answered; /* calls of the bus */
    struct err failure;     /* of the first that failed */
    mono_ms heard_at;
    size_t messages;
    void (*received)(void *ctx, const char *topic, struct span payload, bool is_retained);
    void *ctx;
};

static void heard(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct reading *reading = ctx;
    reading->heard_at = linux_loop_now();
    if (strchr(topic, '~') != NULL) { /* a fence, ours or another reader's */
        reading->is_whole |= strcmp(topic, reading->fence) == 0;
        reading->has_second |= strcmp(topic, reading->second) == 0;
        return;
    }
    reading->messages++;
    reading->has_exact |= reading->is_exact && strcmp(topic, reading->filters[0]) == 0;
    reading->received(reading->ctx, topic, payload, is_retained);
}

/* Length of "berth/1/<fleet>/". */
static size_t prefix_len(const char *filter)
{
    size_t len = 0;
    for (int levels = 0; levels < 3 && filter[len] != '\0'; len++) {
        levels += filter[len] == '/';
    }
    return len;
}

bool session_fence(const char *filter, uint64_t number, char fence[BUS_TOPIC_BYTES])
{
    char mark[24];
    struct text text;
    bool is_inside = strpbrk(filter, "+#") != NULL;
    (void)snprintf(mark, sizeof mark, "~%016llx", (unsigned long long)number);
    text_init(&text, fence, BUS_TOPIC_BYTES);
    if (!is_inside) {
        text_append_span(&text, span_of(filter, prefix_len(filter)));
        text_append(&text, mark);
        return false;
    }
    for (const char *at = filter; *at != '\0'; at++) {
        if (*at == '+' || *at == '#') {
            text_append(&text, mark);
        } else {
            text_append_span(&text, span_of(at, 1));
        }
    }
    return true;
}

/* -- asking ----------------------------------------------------------------------------------- */

static void answered(void *ctx, const struct err *err)
{
    struct reading *reading = ctx;
    reading->answered++;
    reading->heard_at = linux_loop_now();
    if (err != NULL && reading->failure.code == 0) {
        reading->failure = *err;
    }
}

/* Counts a call of the bus that was made, or keeps why it was not. */
static void asked(struct reading *reading, int rc, const struct err *err)
{
    reading->asked += rc == 0;
    if (rc != 0 && reading->failure.code == 0) {
        reading->failure = *err;
    }
}

static void subscribe(struct reading *reading, const char *filter)
{
    const struct bus *bus = &reading->session->bus;
    struct err err = {0};
    asked(reading, bus->ops->subscribe(bus->self, filter, answered, reading, &err), &err);
}

static void fence_send(struct reading *reading, const char *topic)
{
    const struct bus *bus = &reading->session->bus;
    struct err err = {0};
    asked(reading,
          bus->ops->publish(bus->self, topic, span_text("{}"), false, answered, reading, &err),
          &err);
}

/* A fence in the last filter; true when it lies in it, and not beside it. */
static bool fence_make(const struct reading *reading, char fence[BUS_TOPIC_BYTES], int *rc,
                       struct err *err)
{
    const struct entropy *entropy = &reading->session->entropy;
    uint64_t number = 0;
    *rc = entropy->ops->fill(entropy->self, &number, sizeof number, err);
    return session_fence(reading->filters[reading->count - 1], number, fence);
}

/* Nothing comes from the loop between the subscriptions and the fence. */
static int ask(struct reading *reading, struct err *err)
{
    int rc = 0;
    bool is_inside = fence_make(reading, reading->fence, &rc, err);
    reading->second[0] = '\0';
    reading->is_whole = reading->has_second = false;
    reading->is_exact = !is_inside;
    reading->asked = reading->answered = 0;
    reading->failure = (struct err){0};
    for (size_t i = 0; rc == 0 && i < reading->count; i++) {
        subscribe(reading, reading->filters[i]);
    }
    if (rc == 0 && !is_inside) {
        subscribe(reading, reading->fence);
    }
    if (rc == 0) {
        fence_send(reading, reading->fence);
    }
    return rc;
}

static void leave(const struct reading *reading)
{
    struct session *session = reading->session;
    const struct bus *bus = &session->bus;
    for (size_t i = 0; session->is_open && !session->is_staying && i < reading->count; i++) {
        (void)bus->ops->unsubscribe(bus->self, reading->filters[i], NULL);
    }
    if (session->is_open && reading->is_exact) {
        (void)bus->ops->unsubscribe(bus->self, reading->fence, NULL);
    }
}

/* -- waiting ---------------------------------------------------------------------------------- */

static bool is_over(const struct reading *reading)
{
    return reading->asked == reading->answered &&
           (reading->failure.code != 0 || reading->is_whole || reading->has_second);
}

/* Of one topic there is nothing that could be dropped. */
static void second_send(struct reading *reading)
{
    int rc = 0;
    reading->heard_at = linux_loop_now();
    if (!reading->is_exact && fence_make(reading, reading->second, &rc, NULL) && rc == 0) {
        fence_send(reading, reading->second);
    }
}

/* A late answer would be taken for the next question's: the session is over. */
static int stalled(struct reading *reading, struct err *err)
{
    struct session *session = reading->session;
    session->bus.ops->close(session->bus.self);
    session->is_open = false;
    return err_set(err, ERR_TIMEOUT,
                   "read %s: the broker stopped after %zu messages and before the end; it may have "
                   "dropped the rest: " REMEDY,
                   reading->filters[0], reading->messages);
}

/* Turns until it is known whether all that was asked for has come. */
static int end_wait(struct reading *reading, struct err *err)
{
    struct session *session = reading->session;
    int64_t stall_ms = session->stall_ms != 0 ? session->stall_ms : STALL_MS;
    int64_t quiet_ms = session->quiet_ms != 0 ? session->quiet_ms : QUIET_MS;
    mono_ms begun = linux_loop_now();
    size_t messages = 0;
    reading->heard_at = begun;
    while (session->is_open && !is_over(reading)) {
        mono_ms now = linux_loop_now();
        mono_ms quiet_at = reading->heard_at + quiet_ms;
        if (reading->messages != messages) {
            messages = reading->messages;
            begun = now; /* of the silence */
        }
        if (now >= begun + stall_ms) {
            return stalled(reading, err);
        }
        if (reading->asked == reading->answered && now >= quiet_at) {
            second_send(reading);
        } else {
            linux_loop_run_once(&session->loop, mono_min(quiet_at > now ? quiet_at - now : quiet_ms,
                                                         begun + stall_ms - now));
        }
    }
    if (!session->is_open) {
        return err_set(err, session->answer.code, "the session ended while reading: %s",
                       session->answer.text);
    }
    return reading->failure.code == 0 ? 0
                                      : err_set(err, reading->failure.code, "read %s: %s",
                                                reading->filters[0], reading->failure.text);
}

static void stragglers_wait(struct reading *reading)
{
    struct session *session = reading->session;
    mono_ms left = STRAGGLE_MS;
    while (session->is_open && left > 0) {
        linux_loop_run_once(&session->loop, left);
        left = reading->heard_at + STRAGGLE_MS - linux_loop_now();
    }
}

/* Asks for all its filters in one breath; on success `is_whole` says whether all has come. */
static int reading_run(struct reading *reading, struct err *err)
{
    int rc = ask(reading, err);
    rc = rc == 0 ? end_wait(reading, err) : rc;
    if (rc == 0 && reading->is_exact && !reading->has_exact) {
        stragglers_wait(reading);
    }
    leave(reading);
    return rc;
}

/* -- shard by shard --------------------------------------------------------------------------- */

/* Where the shard stands in a filter of all nodes at berth/2, or of the roll, at its '+' or '#';
 * NULL: it is neither. */
static const char *shard_place(const char *filter)
{
    static const char node[] = "node/";
    static const char roll[] = "roll/+";
    const char *below = filter + prefix_len(filter);
    bool is_two = strncmp(filter, TOPIC_PREFIX_2, sizeof TOPIC_PREFIX_2 - 1) == 0;
    if (strcmp(below, roll) == 0) {
        return below + sizeof roll - 2;
    }
    if (!is_two || strncmp(below, node, sizeof node - 1) != 0) {
        return NULL;
    }
    below += sizeof node - 1;
    return below[0] == '#' || (below[0] == '+' && below[1] == '/') ? below : NULL;
}

/* What ends with the shard gets a '#', so that a fence has room in it. */
static void shard_filter(const char *filter, unsigned shard, char text[BUS_TOPIC_BYTES])
{
    const char *place = shard_place(filter);
    (void)snprintf(text, BUS_TOPIC_BYTES, "%.*s%02x%s", (int)(place - filter), filter,
                   shard & 0xffu, place[1] == '\0' ? "/#" : place + 1);
}

struct shards {
    bool is_cut[TOPIC_SHARDS];
    unsigned cut_count;
    unsigned read; /* of all */
    unsigned window;
    bool has_tried; /* the next one by itself: what was on its way may have taken its room */
};

/* The next of them in one breath; what did not come whole comes again in smaller pieces. */
static int window_read(struct reading *reading, struct shards *shards, const char *filter,
                       struct err *err)
{
    unsigned left = TOPIC_SHARDS - shards->read;
    unsigned count = shards->window < left ? shards->window : left;
    reading->count = count;
    for (unsigned i = 0; i < count; i++) {
        shard_filter(filter, shards->read + i, reading->filters[i]);
    }
    int rc = reading_run(reading, err);
    if (rc == 0 && !reading->is_whole && count > 1) {
        shards->window = count / 2;
        return 0;
    }
    if (rc == 0 && !reading->is_whole && !shards->has_tried) {
        shards->has_tried = true;
        return 0;
    }
    if (rc == 0 && !reading->is_whole) {
        shards->is_cut[shards->read] = true;
        shards->cut_count++;
    }
    shards->read += count;
    shards->has_tried = false;
    return rc;
}

static int cut_say(const struct shards *shards, const char *filter, struct err *err)
{
    char names[SHARDS_CUT_MAX * 3 + 1];
    struct text text;
    text_init(&text, names, sizeof names);
    for (unsigned i = 0; i < TOPIC_SHARDS; i++) {
        if (shards->is_cut[i]) {
            text_printf(&text, " %02x", i);
        }
    }
    return err_set(err, ERR_LIMIT,
                   "read %s: incomplete: the broker dropped documents of shard%s%s%s: " REMEDY,
                   filter, shards->cut_count == 1 ? "" : "s", names,
                   shards->read < TOPIC_SHARDS ? ", and was not asked for more" : "");
}

static int shards_read(struct reading *reading, const char *filter, struct err *err)
{
    struct shards shards = {.window = WINDOW};
    bool was_staying = reading->session->is_staying;
    int rc = 0;
    reading->session->is_staying = false;
    while (rc == 0 && shards.read < TOPIC_SHARDS && shards.cut_count < SHARDS_CUT_MAX) {
        rc = window_read(reading, &shards, filter, err);
    }
    reading->session->is_staying = was_staying;
    return rc == 0 && shards.cut_count > 0 ? cut_say(&shards, filter, err) : rc;
}

static int filter_read(struct reading *reading, const char *filter, struct err *err)
{
    reading->count = 1;
    (void)text_copy(reading->filters[0], sizeof reading->filters[0], filter);
    int rc = reading_run(reading, err);
    if (rc != 0 || reading->is_whole) {
        return rc;
    }
    if (shard_place(filter) != NULL) {
        return shards_read(reading, filter, err);
    }
    return err_set(err, ERR_LIMIT,
                   "read %s: incomplete: the broker dropped documents after the first %zu: " REMEDY,
                   filter, reading->messages);
}

int session_read(struct session *session, const char *filter,
                 void (*received)(void *ctx, const char *topic, struct span payload,
                                  bool is_retained),
                 void *ctx, struct err *err)
{
    struct reading reading = {.session = session, .received = received, .ctx = ctx};
    session->received = heard;
    session->ctx = &reading;
    int rc = filter_read(&reading, filter, err);
    session->received = NULL;
    session->ctx = NULL;
    return rc;
}

int session_read_two(struct session *session, const char *filter,
                     void (*received)(void *ctx, const char *topic, struct span payload,
                                      bool is_retained),
                     void *ctx, struct err *err)
{
    int rc = session_read(session, filter, received, ctx, err);
    if (rc != ERR_DENIED) {
        return rc;
    }
    if (!session->is_two_denied) {
        (void)fprintf(stderr,
                      "berth: the broker denies berth/2 to operators: nodes that speak there "
                      "are not seen; its rights are older than this tool (berth fleet "
                      "upgrade)\n");
    }
    session->is_two_denied = true;
    *err = (struct err){0};
    return 0;
}
