/* report: writing it; what is empty or zero is left out, a false is written. */
#include "agent/wire/report.h"

#include <string.h>

#include "platform/base/law.h"

static const char *const words[] = {
#define WORD_(name, word, sentence) [OUTCOME_##name] = word,
    OUTCOMES(WORD_)
#undef WORD_
};

const char *outcome_word(enum outcome_kind kind)
{
    return (unsigned)kind < OUTCOME_KIND_COUNT ? words[kind] : "unknown";
}

const char *outcome_sentence(enum outcome_kind kind)
{
    static const char *const sentences[] = {
#define SENTENCE_(name, word, sentence) [OUTCOME_##name] = sentence,
        OUTCOMES(SENTENCE_)
#undef SENTENCE_
    };
    return (unsigned)kind < OUTCOME_KIND_COUNT ? sentences[kind] : "";
}

enum outcome_kind outcome_of(const char *word)
{
    for (enum outcome_kind kind = OUTCOME_NONE; kind < OUTCOME_KIND_COUNT; kind++) {
        if (strcmp(words[kind], word) == 0) {
            return kind;
        }
    }
    return OUTCOME_NONE;
}

static void word_append(struct text *text, const char *key, const char *value)
{
    if (value[0] != '\0') {
        text_printf(text, ",\"%s\":", key);
        text_append_json(text, value);
    }
}

static void number_append(struct text *text, const char *key, uint64_t value)
{
    if (value != 0) {
        text_printf(text, ",\"%s\":%llu", key, (unsigned long long)value);
    }
}

static void flag_append(struct text *text, const char *key, bool value)
{
    text_printf(text, ",\"%s\":%s", key, value ? "true" : "false");
}

static void digest_append(struct text *text, const char *key, const struct digest *digest)
{
    char hex[DIGEST_HEX_BYTES];
    if (!digest_is_none(digest)) {
        digest_render(digest, hex);
        word_append(text, key, hex);
    }
}

static void generation_append(struct text *text, const char *key,
                              const struct report_generation *generation)
{
    if (generation->gen != 0) {
        text_printf(text, ",\"%s\":{\"gen\":%u", key, generation->gen);
        digest_append(text, "release", &generation->release);
        number_append(text, "sequence", generation->sequence);
        word_append(text, "version", generation->version);
        text_append(text, "}");
    }
}

static void order_append(struct text *text, const struct report_app *app)
{
    if (app->order_gen == 0) {
        return;
    }
    text_printf(text, ",\"order\":{\"gen\":%llu", (unsigned long long)app->order_gen);
    number_append(text, "epoch", app->order_epoch);
    word_append(text, "id", app->order_id);
    flag_append(text, "open", app->is_order_open);
    word_append(text, "wait", app->order_wait);
    text_append(text, "}");
}

static void app_append(struct text *text, const struct report_app *app)
{
    text_append(text, "{\"app\":");
    text_append_json(text, app->app);
    word_append(text, "phase", app->phase);
    generation_append(text, "committed", &app->committed);
    generation_append(text, "candidate", &app->candidate);
    digest_append(text, "wanted", &app->wanted);
    word_append(text, "wantedBy", app->wanted_by);
    word_append(text, "verdict", app->verdict);
    word_append(text, "reason", app->reason);
    number_append(text, "verdictGen", app->verdict_gen);
    number_append(text, "floor", app->floor);
    order_append(text, app);
    for (size_t i = 0; i < app->outcome_count; i++) {
        const struct report_outcome *outcome = &app->outcomes[i];
        text_append(text, i == 0 ? ",\"outcomes\":[{" : ",{");
        text_printf(text, "\"id\":\"%s\",\"outcome\":\"%s\"", outcome->id,
                    outcome_word(outcome->kind));
        word_append(text, "reason", outcome->reason);
        text_append(text, "}");
    }
    text_append(text, app->outcome_count > 0 ? "]" : "");
    word_append(text, "refused", app->refused);
    flag_append(text, "serving", app->is_serving);
    number_append(text, "restarts", app->restarts);
    word_append(text, "health", app->health);
    word_append(text, "healthReason", app->health_reason);
    text_append(text, "}");
}

void report_render(const struct report *report, struct text *text)
{
    LAW(BOUNDED, report->app_count <= APPS_MAX && report->label_count <= REPORT_LABELS_MAX);
    text_append(text, "{\"schema\":1,\"must\":[],\"fleet\":");
    text_append_json(text, report->fleet);
    word_append(text, "node", report->node);
    word_append(text, "version", report->version);
    word_append(text, "arch", report->arch);
    text_printf(text, ",\"reads\":{\"release\":%u,\"order\":%u", report->schema_release,
                report->schema_order);
    if (report->schema_trust != 0) {
        text_printf(text, ",\"trust\":%u", report->schema_trust);
    }
    text_append(text, "}");
    text_append(text, ",\"labels\":{");
    for (size_t i = 0; i < report->label_count; i++) {
        text_append(text, i == 0 ? "" : ",");
        text_append_json(text, report->label_names[i]);
        text_append(text, ":");
        text_append_json(text, report->label_values[i]);
    }
    text_append(text, "}");
    flag_append(text, "memoryLost", report->is_memory_lost);
    flag_append(text, "storeFailed", report->is_store_failing);
    flag_append(text, "engineUp", report->is_engine_up);
    word_append(text, "identity", report->identity);
    number_append(text, "trustVersion", report->trust_version);
    number_append(text, "revokeVersion", report->revoke_version);
    text_printf(text, ",\"at\":%lld,\"timeTrusted\":%s,\"apps\":[", (long long)report->at,
                report->is_time_trusted ? "true" : "false");
    for (size_t i = 0; i < report->app_count; i++) {
        text_append(text, i == 0 ? "" : ",");
        app_append(text, &report->apps[i]);
    }
    text_append(text, "]}");
}
