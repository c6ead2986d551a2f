/* conductor_status: what the node knows, as JSON for tools. */
#include "agent/node/conductor_private.h"

static void render_digest(struct text *text, const struct digest *digest)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(digest, hex);
    text_printf(text, "\"%s\"", hex);
}

static void render_generation(const struct app *app, const struct generation *generation,
                              struct text *text)
{
    const char *version = "";
    if (generation->gen == 0) {
        text_append(text, "null");
        return;
    }
    for (size_t i = 0; i < PLANS_MAX; i++) {
        const struct plan_slot *slot = &app->plans[i];
        if (slot->is_used && !slot->is_broken &&
            digest_is_equal(&slot->plan.digest, &generation->release)) {
            version = slot->plan.version;
        }
    }
    text_printf(text, "{\"gen\":%u,\"release\":", generation->gen);
    render_digest(text, &generation->release);
    text_printf(text, ",\"sequence\":%llu,\"version\":", (unsigned long long)generation->sequence);
    text_append_json(text, version);
    text_append(text, "}");
}

static void render_replicas(const struct app *app, struct text *text)
{
    for (size_t i = 0, shown = 0; i < app->session.replica_count; i++) {
        const struct replica *replica = &app->session.replicas[i];
        if (!replica->is_present) {
            continue;
        }
        const char *why;
        enum health health = health_of_replica(app, replica, &why);
        text_printf(text,
                    "%s{\"gen\":%u,\"replica\":%u,\"state\":\"%s\",\"ready\":%s,"
                    "\"health\":\"%s\",\"healthReason\":\"%s\",\"routed\":%s,"
                    "\"address\":\"%u.%u.%u.%u\"}",
                    shown++ == 0 ? "" : ",", replica->gen, replica->number,
                    engine_state_word(replica->state), health == HEALTH_READY ? "true" : "false",
                    health_word(health), why, replica->is_routed ? "true" : "false",
                    replica->address >> 24, (replica->address >> 16) & 255u,
                    (replica->address >> 8) & 255u, replica->address & 255u);
    }
}

static const struct plan *loaded_plan(const struct app *app, const struct digest *release)
{
    for (size_t i = 0; i < PLANS_MAX; i++) {
        const struct plan_slot *slot = &app->plans[i];
        if (slot->is_used && !slot->is_broken && digest_is_equal(&slot->plan.digest, release)) {
            return &slot->plan;
        }
    }
    return NULL;
}

/* Of the release before, as the last look found it. */
static const char *previous_image(const struct app *app)
{
    const struct way_back *way = &app->way_back;
    const struct generation *before = &app->memory.history[0];
    if (before->gen == 0) {
        return "none";
    }
    return !way->is_known || !digest_is_equal(&way->release, &before->release) ? "unknown"
           : way->is_gone                                                      ? "gone"
                                                                               : "here";
}

/* What was taken over of a Compose project, and can be gone back to. */
static void render_adopted(const struct app *app, const struct plan *serving, struct text *text)
{
    bool is_named = serving != NULL && serving->service_count > 0;
    if (app->memory.adopted.of == 0) {
        text_append(text, ",\"adopted\":null");
        return;
    }
    text_append(text, ",\"adopted\":{\"project\":");
    text_append_json(text, is_named ? serving->adopt : "");
    text_append(text, ",\"service\":");
    text_append_json(text, is_named ? serving->services[0].name : "");
    text_append(text, "}");
}

static void render_app(const struct conductor *conductor, const struct app *app, struct text *text)
{
    static const char *const wanted_words[] = {[WANTED_BY_NOBODY] = "nobody",
                                               [WANTED_BY_OVERRIDE] = "override",
                                               [WANTED_BY_ORDER] = "order"};
    const struct memory_app *memory = &app->memory;
    const struct plan *candidate = loaded_plan(app, &memory->candidate.release);
    const struct plan *serving =
        loaded_plan(app, candidate != NULL ? &candidate->digest : &memory->committed.release);
    text_append(text, "{\"app\":");
    text_append_json(text, memory->app);
    text_printf(text, ",\"phase\":\"%s\",\"committed\":", swap_phase_word(memory->phase));
    render_generation(app, &memory->committed, text);
    text_append(text, ",\"candidate\":");
    render_generation(app, &memory->candidate, text);
    text_append(text, ",\"previous\":");
    render_generation(app, &memory->history[0], text);
    text_printf(text, ",\"previousImage\":\"%s\"", previous_image(app));
    render_adopted(app, serving, text);
    text_append(text, ",\"wanted\":");
    render_digest(text, &memory->wanted);
    text_printf(text,
                ",\"wantedBy\":\"%s\",\"floor\":%llu,\"attempts\":%u,\"verdict\":\"%s\","
                "\"verdictGen\":%u,\"reason\":\"%s\",\"soakRemainingMs\":%lld",
                wanted_words[memory->wanted_by], (unsigned long long)memory->floor,
                memory->attempts, verdict_word(memory->verdict), memory->verdict_gen,
                reason_word(memory->reason),
                (long long)swap_soak_remaining_ms(memory, &app->session, candidate,
                                                  conductor_now(conductor)));
    text_printf(text, ",\"verdicts\":%u,\"verdictRelease\":", app->verdicts);
    if (app->verdicts == 0) {
        text_append(text, "null");
    } else {
        render_digest(text, &app->verdict_of);
    }
    text_printf(text, ",\"waitsFor\":\"%s\"", wish_wait_word(app->session.wait));
    if (serving != NULL && serving->service_count > 0) {
        const struct plan_service *service = &serving->services[0];
        text_printf(text, ",\"order\":\"%s\",\"orderReason\":",
                    service->order == PLAN_START_FIRST ? "start-first" : "stop-first");
        text_append_json(text, service->order_reason != NULL ? service->order_reason : "");
    }
    text_append(text, ",\"cause\":");
    cause_render(app, text, true, 0);
    const char *why;
    enum health health = health_of_app(app, &why);
    text_printf(text, ",\"health\":\"%s\",\"healthReason\":\"%s\"", health_word(health), why);
    text_append(text, ",\"containers\":[");
    render_replicas(app, text);
    text_append(text, "]}");
}

void conductor_status(const struct conductor *conductor, struct text *text)
{
    text_append(text, "{\"schema\":1,\"node\":");
    text_append_json(text, conductor->config.node);
    text_printf(text,
                ",\"version\":\"%s\",\"identity\":\"%s\",\"memoryLost\":%s,"
                "\"storeFailed\":%s,\"settled\":%s,"
                "\"engine\":{\"up\":%s,\"version\":",
                BERTH_VERSION, link_twin_word(conductor->twin),
                conductor->has_lost_memory ? "true" : "false",
                conductor->is_store_failing ? "true" : "false",
                conductor_is_settled(conductor) ? "true" : "false",
                conductor->is_engine_up ? "true" : "false");
    text_append_json(text, conductor->about.version);
    text_printf(text, "},\"route\":{\"obstacle\":\"%s\",\"timeouts\":%s",
                route_obstacle_word(conductor->obstacle),
                conductor->has_timeouts ? "true" : "false");
    text_append(text, "},\"apps\":[");
    for (size_t i = 0, shown = 0; i < APPS_MAX; i++) {
        if (conductor->apps[i].is_used) {
            text_append(text, shown++ == 0 ? "" : ",");
            render_app(conductor, &conductor->apps[i], text);
        }
    }
    text_append(text, "]}");
}

int conductor_history(const struct conductor *conductor, const char *name, struct text *text,
                      struct err *err)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        if (!app->is_used || strcmp(app->memory.app, name) != 0) {
            continue;
        }
        text_append(text, "{\"schema\":1,\"app\":");
        text_append_json(text, name);
        text_append(text, ",\"committed\":");
        render_generation(app, &app->memory.committed, text);
        text_append(text, ",\"history\":[");
        for (size_t j = 0; j < HISTORY_MAX && app->memory.history[j].gen != 0; j++) {
            text_append(text, j == 0 ? "" : ",");
            render_generation(app, &app->memory.history[j], text);
        }
        text_printf(text, "],\"previousImage\":\"%s\"", previous_image(app));
        text_append(text, ",\"quarantined\":[");
        for (size_t j = 0; j < QUARANTINE_MAX; j++) {
            if (!digest_is_none(&app->memory.quarantined[j])) {
                text_append(text, j == 0 ? "" : ",");
                render_digest(text, &app->memory.quarantined[j]);
            }
        }
        text_append(text, "],\"cause\":");
        cause_render(app, text, false, 8);
        text_append(text, "}");
        return 0;
    }
    return err_set(err, ERR_NOT_FOUND, "no app %s on this node", name);
}

void event_render(const struct event *event, struct text *text)
{
    text_printf(text, "{\"event\":%llu,\"at\":%lld,\"wall\":%lld,\"timeTrusted\":%s,\"app\":",
                (unsigned long long)event->number, (long long)event->at, (long long)event->wall,
                event->time_trusted ? "true" : "false");
    text_append_json(text, event->app);
    text_append(text, ",\"text\":");
    text_append_json(text, event->text);
    text_append(text, "}\n");
}

void conductor_events(const struct conductor *conductor, uint64_t after, struct text *text)
{
    const struct events *events = &conductor->events;
    uint64_t first = events_first(events);
    for (uint64_t number = after < first ? first : after + 1; number <= events->last; number++) {
        struct event event;
        events_get(events, number, &event);
        event_render(&event, text);
    }
}
