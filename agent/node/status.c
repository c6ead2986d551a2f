/* status: what is told of the node and its apps, as JSON. */
#include "agent/node/facts.h"

#include "agent/node/conductor_private.h"
#include "platform/base/law.h"

static void digest_append(struct text *text, const struct digest *digest)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(digest, hex);
    text_printf(text, "\"%s\"", hex);
}

static void generation_render(const struct facts_generation *fact, struct text *text)
{
    LAW(SAID, fact->version != NULL);
    const struct generation *generation = fact->generation;
    if (generation->gen == 0) {
        text_append(text, "null");
        return;
    }
    text_printf(text, "{\"gen\":%u,\"release\":", generation->gen);
    digest_append(text, &generation->release);
    text_printf(text, ",\"sequence\":%llu,\"version\":", (unsigned long long)generation->sequence);
    text_append_json(text, fact->version);
    text_append(text, "}");
}

static void replica_render(const struct facts_replica *fact, struct text *text)
{
    const struct replica *replica = fact->replica;
    text_printf(text,
                "{\"gen\":%u,\"replica\":%u,\"state\":\"%s\",\"ready\":%s,"
                "\"health\":\"%s\",\"healthReason\":\"%s\",\"routed\":%s,"
                "\"address\":\"%u.%u.%u.%u\"}",
                replica->gen, replica->number, engine_state_word(replica->state),
                fact->health == HEALTH_READY ? "true" : "false", health_word(fact->health),
                fact->why, replica->is_routed ? "true" : "false", replica->address >> 24,
                (replica->address >> 16) & 255u, (replica->address >> 8) & 255u,
                replica->address & 255u);
}

static void adopted_render(const struct facts_app *facts, struct text *text)
{
    if (facts->adopt_project == NULL) {
        text_append(text, ",\"adopted\":null");
        return;
    }
    text_append(text, ",\"adopted\":{\"project\":");
    text_append_json(text, facts->adopt_project);
    text_append(text, ",\"service\":");
    text_append_json(text, facts->adopt_service);
    text_append(text, "}");
}

static void verdict_render(const struct facts_app *facts, struct text *text)
{
    const struct memory_app *memory = facts->memory;
    text_printf(text,
                ",\"wantedBy\":\"%s\",\"floor\":%llu,\"attempts\":%u,\"verdict\":\"%s\","
                "\"verdictGen\":%u,\"reason\":\"%s\",\"soakRemainingMs\":%lld",
                wanted_by_word(memory->wanted_by), (unsigned long long)memory->floor,
                memory->attempts, verdict_word(memory->verdict), memory->verdict_gen,
                reason_word(memory->reason), (long long)facts->soak_remaining_ms);
    text_printf(text, ",\"verdicts\":%u,\"verdictRelease\":", facts->verdicts);
    if (facts->verdict_release == NULL) {
        text_append(text, "null");
    } else {
        digest_append(text, facts->verdict_release);
    }
}

static void handover_render(const struct facts_app *facts, struct text *text)
{
    const struct plan_service *service = facts->handed;
    if (service != NULL) {
        text_printf(text, ",\"order\":\"%s\",\"orderReason\":",
                    service->order == PLAN_START_FIRST ? "start-first" : "stop-first");
        text_append_json(text, service->order_reason != NULL ? service->order_reason : "");
    }
}

void status_app_render(const struct facts_app *facts, struct text *text)
{
    text_append(text, "{\"app\":");
    text_append_json(text, facts->memory->app);
    text_printf(text, ",\"phase\":\"%s\",\"committed\":", swap_phase_word(facts->memory->phase));
    generation_render(&facts->committed, text);
    text_append(text, ",\"candidate\":");
    generation_render(&facts->candidate, text);
    text_append(text, ",\"previous\":");
    generation_render(&facts->history[0], text);
    text_printf(text, ",\"previousImage\":\"%s\"", facts_image_word(facts->previous_image));
    adopted_render(facts, text);
    text_append(text, ",\"wanted\":");
    digest_append(text, &facts->memory->wanted);
    verdict_render(facts, text);
    text_printf(text, ",\"waitsFor\":\"%s\"", wish_wait_word(facts->wait));
    handover_render(facts, text);
    text_append(text, ",\"cause\":");
    cause_render(facts->cause, text, true, 0);
    text_printf(text, ",\"health\":\"%s\",\"healthReason\":\"%s\"", health_word(facts->health),
                facts->health_reason);
    text_append(text, ",\"containers\":[");
    for (size_t i = 0; i < facts->replica_count; i++) {
        text_append(text, i == 0 ? "" : ",");
        replica_render(&facts->replicas[i], text);
    }
    text_append(text, "]}");
}

static const char *bool_word(bool is_so)
{
    return is_so ? "true" : "false";
}

void status_node_render(const struct facts_node *facts, struct text *text)
{
    text_append(text, "{\"schema\":1,\"node\":");
    text_append_json(text, facts->config->node);
    text_printf(text,
                ",\"version\":\"%s\",\"identity\":\"%s\",\"memoryLost\":%s,"
                "\"storeFailed\":%s,\"settled\":%s,"
                "\"engine\":{\"up\":%s,\"version\":",
                facts->version, facts->identity, bool_word(facts->is_memory_lost),
                bool_word(facts->is_store_failing), bool_word(facts->is_settled),
                bool_word(facts->is_engine_up));
    text_append_json(text, facts->engine_version);
    text_printf(text, "},\"route\":{\"obstacle\":\"%s\",\"timeouts\":%s},\"apps\":[",
                facts->obstacle, bool_word(facts->has_timeouts));
}

static void quarantine_render(const struct memory_app *memory, struct text *text)
{
    text_append(text, ",\"quarantined\":[");
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        if (!digest_is_none(&memory->quarantined[i])) {
            text_append(text, i == 0 ? "" : ",");
            digest_append(text, &memory->quarantined[i]);
        }
    }
    text_append(text, "]");
}

void status_history_render(const struct facts_app *facts, struct text *text)
{
    text_append(text, "{\"schema\":1,\"app\":");
    text_append_json(text, facts->memory->app);
    text_append(text, ",\"committed\":");
    generation_render(&facts->committed, text);
    text_append(text, ",\"history\":[");
    for (size_t i = 0; i < HISTORY_MAX && facts->history[i].generation->gen != 0; i++) {
        text_append(text, i == 0 ? "" : ",");
        generation_render(&facts->history[i], text);
    }
    text_printf(text, "],\"previousImage\":\"%s\"", facts_image_word(facts->previous_image));
    quarantine_render(facts->memory, text);
    text_append(text, ",\"cause\":");
    cause_render(facts->cause, text, false, 8);
    text_append(text, "}");
}
