/* roster_app: an app in bytes: numbers in as few as they need, and for what many nodes share the
 * number of a word.
 *
 *   app    = length of the rest, name, flags, [order], [report], [unserving since]
 *   order  = what it has in common with others (struct common), id, gen, issued, startBy less
 * issued report = committed, [what was taken], count of outcomes, each: answer and how its id is
 * told
 */
#include <string.h>

#include "platform/base/law.h"

#include "agent/fleet/roster_private.h"

#define ID_DIGITS (ORDER_ID_BYTES - 1)
enum flag {
    FLAG_ORDER = 1 << 0,
    FLAG_ECHOED = 1 << 1,
    FLAG_SENT = 1 << 2,
    FLAG_WAS_THERE = 1 << 3,
    FLAG_REPORTED = 1 << 4,
    FLAG_CHANGING = 1 << 5,
    FLAG_OVERRIDDEN = 1 << 6,
    FLAG_OPEN = 1 << 7,
    FLAG_WAITING = 1 << 8,
    FLAG_SERVING = 1 << 9,
    FLAG_UNSERVING = 1 << 10, /* its instant follows */
    FLAG_TOOK = 1 << 11       /* what it took is not the order that lies there: it follows */
};
/* Behind them two bits: how often it stopped serving. */
#define FALLS_SHIFT     12
#define RESTARTED_SHIFT 14
#define RESTARTS_SHIFT  16
_Static_assert(ROSTER_FALLS_MAX == 3, "two bits");

/* How an order's id is told. */
enum telling {
    TOLD_AS_ORDER, /* the same as that of the order */
    TOLD_AS_TOOK,  /* the same as that which the node took */
    TOLD_IN_HEX,   /* eight bytes follow */
    TOLD_AS_WORD,
    TELLINGS
};

/* What the orders of a rollout have in common. No padding: it is compared byte by byte. */
struct common {
    uint64_t epoch;
    struct digest release, before;
    char rollout[NAME_BYTES];
    uint8_t hold, force;
    uint8_t rest[5]; /* zero */
};
_Static_assert(sizeof(struct common) == 8 + 2 * sizeof(struct digest) + NAME_BYTES + 7,
               "no padding");

struct answer {
    uint32_t kind;
    char reason[REPORT_WORD_BYTES];
};

/* -- bytes ------------------------------------------------------------------------------------ */

size_t roster_number_render(uint64_t number, uint8_t *at)
{
    size_t len = 0;
    while (number >= 0x80) {
        at[len++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    at[len++] = (uint8_t)number;
    return len;
}

uint64_t roster_number_read(const uint8_t **at)
{
    uint64_t number = 0;
    unsigned shift = 0;
    for (; (**at & 0x80) != 0; shift += 7) {
        number |= (uint64_t)(*(*at)++ & 0x7f) << shift;
    }
    return number | (uint64_t) * (*at)++ << shift;
}

static void write_number(struct roster_writer *writer, uint64_t number)
{
    writer->len += roster_number_render(number, writer->bytes + writer->len);
}

static void write_word(struct roster_writer *writer, const void *bytes, size_t len, uint32_t factor,
                       uint32_t rest)
{
    uint32_t id = words_take(writer->words, bytes, len);
    writer->is_short |= id == 0;
    if (id != 0) {
        writer->taken[writer->taken_count++] = id;
    }
    write_number(writer, (uint64_t)id * factor + rest);
}

static const struct word *read_word(struct roster_reader *reader, uint32_t factor, uint32_t *rest)
{
    uint64_t number = roster_number_read(&reader->at);
    uint32_t id = (uint32_t)(number / factor);
    *rest = (uint32_t)(number % factor);
    reader->named[reader->named_count++] = id;
    return words_at(reader->words, id);
}

/* -- ids -------------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(const char *id, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < ID_DIGITS; i++) {
        int digit = digit_of(id[i]);
        if (digit < 0) {
            return false;
        }
        *number = *number << 4 | (unsigned)digit;
    }
    return true;
}

static enum telling telling_of(const char *id, const char *order, const char *took)
{
    uint64_t number;
    return order != NULL && strcmp(id, order) == 0 ? TOLD_AS_ORDER
           : took != NULL && strcmp(id, took) == 0 ? TOLD_AS_TOOK
           : hex_read(id, &number)                 ? TOLD_IN_HEX
                                                   : TOLD_AS_WORD;
}

static void write_id(struct roster_writer *writer, const char *id, enum telling telling)
{
    uint64_t number = 0;
    if (telling == TOLD_IN_HEX && hex_read(id, &number)) {
        memcpy(writer->bytes + writer->len, &number, sizeof number);
        writer->len += sizeof number;
    } else if (telling == TOLD_AS_WORD) {
        write_word(writer, id, strlen(id), 1, 0);
    }
}

static void read_id(struct roster_reader *reader, enum telling telling,
                    const struct roster_app *app, char id[ORDER_ID_BYTES])
{
    uint64_t number;
    uint32_t rest;
    if (telling == TOLD_IN_HEX) {
        memcpy(&number, reader->at, sizeof number);
        reader->at += sizeof number;
        for (size_t i = ID_DIGITS; i-- > 0; number >>= 4) {
            id[i] = "0123456789abcdef"[number & 15];
        }
        id[ID_DIGITS] = '\0';
    } else if (telling == TOLD_AS_WORD) {
        const struct word *word = read_word(reader, 1, &rest);
        memcpy(id, word->bytes, word->len + 1);
    } else {
        memcpy(id, telling == TOLD_AS_ORDER ? app->order.id : app->order_id, ORDER_ID_BYTES);
    }
}

/* -- an app into bytes ------------------------------------------------------------------------ */

static bool has_taken_order(const struct roster_app *app)
{
    const struct roster_order *order = &app->order;
    return order->is_there && app->order_epoch == order->epoch && app->order_gen == order->gen &&
           strcmp(app->order_id, order->id) == 0;
}

static uint32_t flags_of(const struct roster_app *app)
{
    const struct roster_order *order = &app->order;
    uint32_t flags = app->unserving_since != 0 ? FLAG_UNSERVING : 0;
    if (order->is_there) {
        flags |= FLAG_ORDER | (order->is_echoed ? FLAG_ECHOED : 0u) |
                 (order->is_sent ? FLAG_SENT : 0u) | (order->was_there ? FLAG_WAS_THERE : 0u);
    }
    if (app->is_reported) {
        flags |=
            FLAG_REPORTED | (app->is_changing ? FLAG_CHANGING : 0u) |
            (app->is_overridden ? FLAG_OVERRIDDEN : 0u) | (app->is_order_open ? FLAG_OPEN : 0u) |
            (app->is_order_waiting ? FLAG_WAITING : 0u) | (app->is_serving ? FLAG_SERVING : 0u) |
            (has_taken_order(app) ? 0u : FLAG_TOOK) | app->unserving_count << FALLS_SHIFT |
            app->restart_count << RESTARTED_SHIFT | app->restarts << RESTARTS_SHIFT;
    }
    return flags;
}

/* Small numbers of both signs are small numbers. */
static uint64_t folded(int64_t number)
{
    return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

static int64_t unfolded(uint64_t number)
{
    return (int64_t)(number >> 1 ^ ((number & 1) != 0 ? UINT64_MAX : 0));
}

static void write_order(struct roster_writer *writer, const struct roster_order *order)
{
    struct common common = {.epoch = order->epoch,
                            .release = order->release,
                            .before = order->before,
                            .hold = order->hold,
                            .force = order->force};
    enum telling telling = telling_of(order->id, NULL, NULL);
    memcpy(common.rollout, order->rollout, strlen(order->rollout));
    write_word(writer, &common, sizeof common, TELLINGS, telling);
    write_id(writer, order->id, telling);
    write_number(writer, order->gen);
    write_number(writer, (uint64_t)order->issued);
    write_number(writer, order->start_by != 0 ? 1 + folded(order->start_by - order->issued) : 0);
}

/* As far as to the one that answers the order that lies there. */
static size_t outcomes_kept(const struct roster_app *app)
{
    size_t count = 0;
    while (count < app->outcome_count) {
        count++;
        if (app->order.is_there && strcmp(app->outcomes[count - 1].id, app->order.id) == 0) {
            break;
        }
    }
    return count;
}

static void write_report(struct roster_writer *writer, const struct roster_app *app)
{
    const char *order = app->order.is_there ? app->order.id : NULL;
    size_t count = outcomes_kept(app);
    if (digest_is_none(&app->committed)) {
        write_number(writer, 0);
    } else {
        write_word(writer, app->committed.bytes, sizeof app->committed.bytes, 1, 0);
    }
    if (!has_taken_order(app)) {
        enum telling telling = telling_of(app->order_id, order, NULL);
        write_number(writer, app->order_epoch);
        write_number(writer, app->order_gen);
        write_number(writer, telling);
        write_id(writer, app->order_id, telling);
    }
    write_number(writer, count);
    for (size_t i = 0; i < count; i++) {
        const struct report_outcome *outcome = &app->outcomes[i];
        enum telling telling = telling_of(outcome->id, order, app->order_id);
        struct answer answer = {.kind = outcome->kind};
        memcpy(answer.reason, outcome->reason, strlen(outcome->reason));
        write_word(writer, &answer, sizeof answer, TELLINGS, telling);
        write_id(writer, outcome->id, telling);
    }
}

void roster_app_write(struct roster_writer *writer, const struct roster_app *app)
{
    LAW(BOUNDED, app->outcome_count <= REPORT_OUTCOMES_MAX);
    uint8_t length[10];
    write_word(writer, app->app, strlen(app->app), 1, 0);
    write_number(writer, flags_of(app));
    if (app->order.is_there) {
        write_order(writer, &app->order);
    }
    if (app->is_reported) {
        write_report(writer, app);
    }
    if (app->unserving_since != 0) {
        write_number(writer, (uint64_t)app->unserving_since);
    }
    size_t more = roster_number_render(writer->len, length);
    memmove(writer->bytes + more, writer->bytes, writer->len);
    memcpy(writer->bytes, length, more);
    writer->len += more;
}

/* -- bytes into an app ------------------------------------------------------------------------ */

static void read_order(struct roster_reader *reader, uint32_t flags, struct roster_app *app)
{
    struct roster_order *order = &app->order;
    struct common common;
    uint32_t telling;
    const struct word *word = read_word(reader, TELLINGS, &telling);
    memcpy(&common, word->bytes, sizeof common);
    *order = (struct roster_order){.is_there = true,
                                   .is_echoed = (flags & FLAG_ECHOED) != 0,
                                   .is_sent = (flags & FLAG_SENT) != 0,
                                   .was_there = (flags & FLAG_WAS_THERE) != 0,
                                   .epoch = common.epoch,
                                   .release = common.release,
                                   .before = common.before,
                                   .hold = common.hold != 0,
                                   .force = common.force != 0};
    memcpy(order->rollout, common.rollout, sizeof order->rollout);
    read_id(reader, (enum telling)telling, app, order->id);
    order->gen = roster_number_read(&reader->at);
    order->issued = (wall_ms)roster_number_read(&reader->at);
    uint64_t bound = roster_number_read(&reader->at);
    order->start_by = bound != 0 ? order->issued + unfolded(bound - 1) : 0;
}

static void read_report(struct roster_reader *reader, uint32_t flags, struct roster_app *app)
{
    uint32_t rest;
    app->is_reported = true;
    app->is_changing = (flags & FLAG_CHANGING) != 0;
    app->is_overridden = (flags & FLAG_OVERRIDDEN) != 0;
    app->is_order_open = (flags & FLAG_OPEN) != 0;
    app->is_order_waiting = (flags & FLAG_WAITING) != 0;
    app->is_serving = (flags & FLAG_SERVING) != 0;
    app->unserving_count = flags >> FALLS_SHIFT & ROSTER_FALLS_MAX;
    app->restart_count = flags >> RESTARTED_SHIFT & ROSTER_FALLS_MAX;
    app->restarts = flags >> RESTARTS_SHIFT;
    if (*reader->at == 0) {
        reader->at++;
    } else {
        memcpy(app->committed.bytes, read_word(reader, 1, &rest)->bytes,
               sizeof app->committed.bytes);
    }
    if ((flags & FLAG_TOOK) != 0) {
        app->order_epoch = roster_number_read(&reader->at);
        app->order_gen = roster_number_read(&reader->at);
        read_id(reader, (enum telling)roster_number_read(&reader->at), app, app->order_id);
    } else {
        app->order_epoch = app->order.epoch;
        app->order_gen = app->order.gen;
        memcpy(app->order_id, app->order.id, sizeof app->order_id);
    }
    app->outcome_count = (size_t)roster_number_read(&reader->at);
    for (size_t i = 0; i < app->outcome_count; i++) {
        struct report_outcome *outcome = &app->outcomes[i];
        struct answer answer;
        uint32_t telling;
        memcpy(&answer, read_word(reader, TELLINGS, &telling)->bytes, sizeof answer);
        *outcome = (struct report_outcome){.kind = (enum outcome_kind)answer.kind};
        memcpy(outcome->reason, answer.reason, sizeof outcome->reason);
        read_id(reader, (enum telling)telling, app, outcome->id);
    }
}

/* Behind its length; `app` is all zero before. */
void roster_app_read(struct roster_reader *reader, struct roster_app *app)
{
    uint32_t rest;
    const struct word *name = read_word(reader, 1, &rest);
    memcpy(app->app, name->bytes, name->len + 1);
    uint32_t flags = (uint32_t)roster_number_read(&reader->at);
    if ((flags & FLAG_ORDER) != 0) {
        read_order(reader, flags, app);
    }
    if ((flags & FLAG_REPORTED) != 0) {
        read_report(reader, flags, app);
    }
    if ((flags & FLAG_UNSERVING) != 0) {
        app->unserving_since = (wall_ms)roster_number_read(&reader->at);
    }
}
