/* fleet_read: searches for keys in text that our own programs wrote; no JSON in general. */
#include "tests/sim/fleet_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *find(const char *text, const char *key)
{
    char quoted[48];
    int len = snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(text, quoted);
    return at != NULL ? at + len : NULL;
}

bool read_word(const char *text, const char *key, char *word, size_t cap)
{
    const char *at = find(text, key);
    const char *end = at != NULL && *at == '"' ? strchr(at + 1, '"') : NULL;
    word[0] = '\0';
    if (end == NULL || (size_t)(end - at) > cap) {
        return false;
    }
    memcpy(word, at + 1, (size_t)(end - at - 1));
    word[end - at - 1] = '\0';
    return true;
}

bool read_number(const char *text, const char *key, int64_t *number)
{
    const char *at = find(text, key);
    *number = at != NULL ? strtoll(at, NULL, 10) : 0;
    return at != NULL;
}

static bool read_flag(const char *text, const char *key)
{
    const char *at = find(text, key);
    return at != NULL && strncmp(at, "true", 4) == 0;
}

static bool base64_read(const char *text, char *into, size_t cap)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int count = 0;
    size_t len = 0;
    for (; *text != '\0' && *text != '=' && *text != '"'; text++) {
        const char *letter = strchr(letters, *text);
        if (letter == NULL || len + 1 >= cap) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(letter - letters);
        count += 6;
        if (count >= 8) {
            count -= 8;
            into[len++] = (char)(bits >> count & 255u);
        }
    }
    into[len] = '\0';
    return true;
}

static bool text_take(const char *data, size_t len, char text[FLEET_READ_BYTES])
{
    if (len >= FLEET_READ_BYTES) {
        return false;
    }
    memcpy(text, data, len);
    text[len] = '\0';
    return true;
}

bool read_payload(const char *envelope, size_t len, char payload[FLEET_READ_BYTES])
{
    char text[FLEET_READ_BYTES];
    if (!text_take(envelope, len, text)) {
        return false;
    }
    const char *at = find(text, "payload");
    return at != NULL && *at == '"' && base64_read(at + 1, payload, FLEET_READ_BYTES);
}

bool read_order(const char *envelope, size_t len, struct read_order *order)
{
    char payload[FLEET_READ_BYTES];
    int64_t epoch, gen;
    memset(order, 0, sizeof *order);
    if (!read_payload(envelope, len, payload)) {
        return false;
    }
    bool is_whole = read_word(payload, "id", order->id, sizeof order->id) &&
                    read_word(payload, "node", order->node, sizeof order->node) &&
                    read_number(payload, "epoch", &epoch) && read_number(payload, "gen", &gen) &&
                    read_number(payload, "issued", &order->issued);
    order->epoch = is_whole ? (uint64_t)epoch : 0;
    order->gen = is_whole ? (uint64_t)gen : 0;
    (void)read_number(payload, "startBy", &order->start_by);
    (void)read_word(payload, "rollout", order->rollout, sizeof order->rollout);
    (void)read_word(payload, "release", order->release, sizeof order->release);
    (void)read_word(payload, "before", order->before, sizeof order->before);
    return is_whole;
}

static void outcomes_read(const char *at, struct read_report *report)
{
    const char *end = strchr(at, ']');
    while (report->outcome_count < FLEET_READ_OUTCOMES && end != NULL) {
        struct read_outcome *outcome = &report->outcomes[report->outcome_count];
        char entry[256];
        at = strchr(at, '{');
        const char *close = at != NULL ? strchr(at, '}') : NULL;
        if (at == NULL || close == NULL || close > end || (size_t)(close - at) >= sizeof entry) {
            return;
        }
        memcpy(entry, at, (size_t)(close - at));
        entry[close - at] = '\0';
        (void)read_word(entry, "id", outcome->id, sizeof outcome->id);
        (void)read_word(entry, "outcome", outcome->word, sizeof outcome->word);
        (void)read_word(entry, "reason", outcome->reason, sizeof outcome->reason);
        report->outcome_count++;
        at = close;
    }
}

bool read_report(const char *data, size_t len, struct read_report *report)
{
    char text[FLEET_READ_BYTES];
    char word[32];
    memset(report, 0, sizeof *report);
    if (!text_take(data, len, text)) {
        return false;
    }
    const char *apps = find(text, "apps");
    if (apps == NULL) {
        return true;
    }
    const char *committed = find(apps, "committed");
    if (committed != NULL) {
        (void)read_word(committed, "release", report->committed, sizeof report->committed);
    }
    const char *outcomes = find(apps, "outcomes");
    if (outcomes != NULL) {
        outcomes_read(outcomes, report);
    }
    report->is_serving = read_flag(apps, "serving");
    report->is_order_open = read_flag(apps, "open");
    report->is_overridden =
        read_word(apps, "wantedBy", word, sizeof word) && strcmp(word, "override") == 0;
    return true;
}

bool read_state(const char *data, size_t len, struct read_state *state)
{
    char text[FLEET_READ_BYTES];
    memset(state, 0, sizeof *state);
    if (!read_payload(data, len, text)) {
        return false;
    }
    const char *counts = find(text, "counts");
    (void)read_word(text, "waiting", state->waiting, sizeof state->waiting);
    return counts != NULL && read_word(text, "phase", state->phase, sizeof state->phase) &&
           read_number(text, "matched", &state->matched) &&
           read_number(counts, "done", &state->done) &&
           read_number(counts, "failed", &state->failed) &&
           read_number(counts, "lost", &state->lost) &&
           read_number(counts, "overridden", &state->overridden);
}

bool read_is_end(const char *phase)
{
    static const char *const ends[] = {"succeeded", "finished", "aborted", "superseded"};
    bool is_end = false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        is_end |= strcmp(phase, ends[i]) == 0;
    }
    return is_end;
}
