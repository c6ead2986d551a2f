/* session_read: what the broker retains below a filter, whole. The end is a message of our own,
 * published to a topic of the same filter after the broker has taken the subscription: it stands
 * behind everything that was retained. Silence proves nothing on a slow link. */
#include <stdio.h>
#include <string.h>

#include "platform/base/text.h"
#include "ports/app/berth/session.h"

/* A broker that hands on nothing for so long hands on nothing more. */
#define STALL_MS SECONDS_MS(15)
/* Where the fence cannot stand in the filter, stragglers are waited for after it. */
#define STRAGGLE_MS 250

struct reading {
    struct session *session;
    const char *exact; /* the filter, where it is one topic: its message is all there is; or NULL */
    char fence[BUS_TOPIC_BYTES];
    bool is_over;
    bool has_exact;
    mono_ms heard_at;
    size_t messages;
    void (*received)(void *ctx, const char *topic, struct span payload, bool is_retained);
    void *ctx;
};

static void heard(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct reading *reading = ctx;
    reading->heard_at = linux_loop_now();
    if (strcmp(topic, reading->fence) == 0) {
        reading->is_over = true;
        return;
    }
    reading->messages++;
    reading->has_exact |= reading->exact != NULL && strcmp(topic, reading->exact) == 0;
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

/* Turns until the end came; a broker that stalls before it has kept something back. */
static int end_wait(struct reading *reading, const char *filter, struct err *err)
{
    struct session *session = reading->session;
    int64_t stall_ms = session->stall_ms != 0 ? session->stall_ms : STALL_MS;
    reading->heard_at = linux_loop_now();
    while (session->is_open && !reading->is_over) {
        mono_ms left = reading->heard_at + stall_ms - linux_loop_now();
        if (left <= 0) {
            return err_set(err, ERR_TIMEOUT,
                           "read %s: the broker stopped after %zu messages and before the end; it "
                           "may have dropped the rest (Mosquitto: max_queued_messages 0)",
                           filter, reading->messages);
        }
        linux_loop_run_once(&session->loop, left);
    }
    return session->is_open ? 0
                            : err_set(err, session->answer.code,
                                      "the session ended while reading: %s", session->answer.text);
}

static int stragglers_wait(struct reading *reading)
{
    struct session *session = reading->session;
    mono_ms left = STRAGGLE_MS;
    while (session->is_open && left > 0) {
        linux_loop_run_once(&session->loop, left);
        left = reading->heard_at + STRAGGLE_MS - linux_loop_now();
    }
    return 0;
}

static int reading_run(struct reading *reading, const char *filter, struct err *err)
{
    struct session *session = reading->session;
    uint64_t number = 0;
    int rc = session->entropy.ops->fill(session->entropy.self, &number, sizeof number, err);
    if (rc != 0) {
        return rc;
    }
    bool is_inside = session_fence(filter, number, reading->fence);
    reading->exact = is_inside ? NULL : filter;
    rc = session_subscribe(session, filter, err);
    rc = rc == 0 && !is_inside ? session_subscribe(session, reading->fence, err) : rc;
    rc = rc == 0 ? session_tell(session, reading->fence, span_text("{}"), false, err) : rc;
    rc = rc == 0 ? end_wait(reading, filter, err) : rc;
    rc = rc == 0 && !is_inside && !reading->has_exact ? stragglers_wait(reading) : rc;
    if (session->is_open && !is_inside) {
        (void)session->bus.ops->unsubscribe(session->bus.self, reading->fence, NULL);
    }
    return rc;
}

int session_read(struct session *session, const char *filter,
                 void (*received)(void *ctx, const char *topic, struct span payload,
                                  bool is_retained),
                 void *ctx, struct err *err)
{
    struct reading reading = {.session = session, .received = received, .ctx = ctx};
    session->received = heard;
    session->ctx = &reading;
    int rc = reading_run(&reading, filter, err);
    session->received = NULL;
    session->ctx = NULL;
    return rc != 0 ? rc : session->bus.ops->unsubscribe(session->bus.self, filter, err);
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
