/* bus_call: callbacks that count, and that fail the case when they come from inside a call. */
#include "tests/contract/bus_call.h"

#include "platform/base/crc.h"
#include "platform/base/text.h"
#include "tests/check.h"

enum { TURNS_MAX = 4000, KEEPALIVE_S = 20 };

static int calls_depth;

static void fire_once(void (**hook)(struct bus_party *), struct bus_party *party)
{
    void (*fire)(struct bus_party *) = *hook;
    *hook = NULL;
    if (fire != NULL) {
        fire(party);
    }
}

static void was_opened(void *ctx)
{
    struct bus_party *party = ctx;
    CHECK_INT_EQ(calls_depth, 0);
    party->opened++;
    fire_once(&party->when_opened, party);
}

static void was_closed(void *ctx, const struct err *err)
{
    struct bus_party *party = ctx;
    CHECK_INT_EQ(calls_depth, 0);
    CHECK(err != NULL && err->code < 0 && err->text[0] != '\0');
    party->closed++;
    party->code = err->code;
    (void)snprintf(party->text, sizeof party->text, "%s", err->text);
    fire_once(&party->when_closed, party);
}

static void was_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct bus_party *party = ctx;
    CHECK_INT_EQ(calls_depth, 0);
    if (party->received < BUS_HEARD_MAX) {
        struct bus_heard *heard = &party->heard[party->received];
        (void)text_copy(heard->topic, sizeof heard->topic, topic);
        heard->len = payload.len;
        heard->crc = crc32c(0, payload.data, payload.len);
        heard->is_retained = is_retained;
        size_t shown = payload.len < sizeof heard->head ? payload.len : sizeof heard->head - 1;
        if (shown > 0) {
            memcpy(heard->head, payload.data, shown);
        }
        heard->head[shown] = '\0';
    }
    party->received++;
    fire_once(&party->when_received, party);
}

static void was_answered(void *ctx, const struct err *err)
{
    struct bus_answer *answer = ctx;
    CHECK_INT_EQ(calls_depth, 0);
    answer->calls++;
    answer->code = err == NULL ? 0 : err->code;
    answer->closed_before = answer->party->closed;
    (void)snprintf(answer->text, sizeof answer->text, "%s", err == NULL ? "" : err->text);
    fire_once(&answer->when_done, answer->party);
}

void bus_party_begin(struct bus_party *party)
{
    party->bus.ops->close(party->bus.self);
    bus_pump_for(party, 4);
    *party = (struct bus_party){.bus = party->bus, .pump = party->pump, .self = party->self};
}

int bus_call_open(struct bus_party *party, const char *id, const char *will_topic, const char *will)
{
    static const struct bus_user user = {
        .opened = was_opened, .closed = was_closed, .received = was_received};
    struct bus_user mine = user;
    char id_copy[128];
    char topic_copy[BUS_TOPIC_BYTES];
    char will_copy[128];
    struct err err;
    mine.ctx = party;
    (void)text_copy(id_copy, sizeof id_copy, id);
    (void)text_copy(topic_copy, sizeof topic_copy, will_topic != NULL ? will_topic : "");
    (void)text_copy(will_copy, sizeof will_copy, will != NULL ? will : "");
    struct bus_session session = {.client_id = id_copy,
                                  .will_topic = will_topic != NULL ? topic_copy : NULL,
                                  .will = span_text(will_copy),
                                  .keepalive_s = KEEPALIVE_S};
    calls_depth++;
    int rc = party->bus.ops->open(party->bus.self, &session, &mine, &err);
    calls_depth--;
    memset(id_copy, 'x', sizeof id_copy - 1); /* it was copied */
    memset(topic_copy, 'x', sizeof topic_copy - 1);
    memset(will_copy, 'x', sizeof will_copy - 1);
    return rc;
}

bool bus_party_open_with_will(struct bus_party *party, const char *id, const char *will_topic,
                              const char *will)
{
    int before = party->opened;
    CHECK_INT_EQ(bus_call_open(party, id, will_topic, will), 0);
    bool is_open = bus_pump_until(party, &party->opened, before + 1);
    if (!is_open) {
        printf("    not opened: %s\n", party->text);
    }
    return is_open;
}

bool bus_party_open(struct bus_party *party, const char *id)
{
    return bus_party_open_with_will(party, id, NULL, NULL);
}

int bus_call_publish(struct bus_party *party, const char *topic, struct span payload,
                     bool is_retained, struct bus_answer *answer)
{
    struct err err;
    char copy[BUS_TOPIC_BYTES + 8];
    uint8_t *bytes = malloc(payload.len + 1);
    (void)text_copy(copy, sizeof copy, topic);
    if (bytes == NULL) {
        abort();
    }
    if (payload.len > 0) {
        memcpy(bytes, payload.data, payload.len);
    }
    *answer = (struct bus_answer){.party = party, .when_done = answer->when_done};
    calls_depth++;
    int rc = party->bus.ops->publish(party->bus.self, copy, span_of(bytes, payload.len),
                                     is_retained, was_answered, answer, &err);
    calls_depth--;
    memset(copy, 'x', sizeof copy - 1);
    memset(bytes, 'x', payload.len);
    free(bytes);
    return rc;
}

int bus_call_subscribe(struct bus_party *party, const char *filter, struct bus_answer *answer)
{
    struct err err;
    *answer = (struct bus_answer){.party = party, .when_done = answer->when_done};
    calls_depth++;
    int rc = party->bus.ops->subscribe(party->bus.self, filter, was_answered, answer, &err);
    calls_depth--;
    return rc;
}

int bus_say(struct bus_party *party, const char *topic, const char *text, bool is_retained)
{
    struct bus_answer answer = {0};
    int rc = bus_call_publish(party, topic, span_text(text), is_retained, &answer);
    if (rc == 0) {
        (void)bus_pump_until(party, &answer.calls, 1);
    }
    return rc != 0 ? rc : answer.code;
}

int bus_hear(struct bus_party *party, const char *filter)
{
    struct bus_answer answer = {0};
    int rc = bus_call_subscribe(party, filter, &answer);
    if (rc == 0) {
        (void)bus_pump_until(party, &answer.calls, 1);
    }
    return rc != 0 ? rc : answer.code;
}

bool bus_pump_until(struct bus_party *party, const int *counter, int want)
{
    for (int i = 0; i < TURNS_MAX && *counter < want; i++) {
        party->pump(party->self);
    }
    CHECK_INT_EQ(*counter, want);
    return *counter == want;
}

void bus_pump_for(struct bus_party *party, int turns)
{
    for (int i = 0; i < turns; i++) {
        party->pump(party->self);
    }
}

const struct bus_heard *bus_heard_on(const struct bus_party *party, const char *topic)
{
    for (int i = 0; i < party->received && i < BUS_HEARD_MAX; i++) {
        if (strcmp(party->heard[i].topic, topic) == 0) {
            return &party->heard[i];
        }
    }
    return NULL;
}
