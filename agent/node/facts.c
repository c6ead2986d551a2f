/* facts: the one place that gathers what is told of an app and of the node. */
#include "agent/node/facts.h"

#include "agent/node/conductor_private.h"
#include "platform/base/law.h"

static struct facts_generation generation_of(const struct app *app,
                                             const struct generation *generation)
{
    const struct plan *plan =
        generation->gen != 0 ? plans_find(&app->plans, &generation->release) : NULL;
    return (struct facts_generation){generation, plan != NULL ? plan->version : ""};
}

/* Of the release before, as the last look found it. */
static enum facts_image previous_image(const struct app *app)
{
    const struct way_back *way = &app->way_back;
    const struct generation *before = &app->memory.history[0];
    if (before->gen == 0) {
        return FACTS_IMAGE_NONE;
    }
    if (!way->is_known || !digest_is_equal(&way->release, &before->release)) {
        return FACTS_IMAGE_UNKNOWN;
    }
    return way->is_gone ? FACTS_IMAGE_GONE : FACTS_IMAGE_HERE;
}

static void replicas_fill(const struct app *app, struct facts_app *facts)
{
    LAW(BOUNDED, app->session.replica_count <= OBSERVED_MAX);
    facts->replica_count = 0;
    for (size_t i = 0; i < app->session.replica_count; i++) {
        const struct replica *replica = &app->session.replicas[i];
        if (replica->is_present) {
            struct facts_replica *fact = &facts->replicas[facts->replica_count++];
            fact->replica = replica;
            fact->health = health_of_replica(app, replica, &fact->why);
        }
    }
}

/* What was taken over of a Compose project, and can be gone back to; by which plan what serves, or
 * is tried, is handed over. */
static void handover_fill(const struct app *app, const struct plan *serving,
                          struct facts_app *facts)
{
    bool is_named = serving != NULL && serving->service_count > 0;
    if (app->memory.adopted.of != 0) {
        facts->adopt_project = is_named ? serving->adopt : "";
        facts->adopt_service = is_named ? serving->services[0].name : "";
    } else {
        facts->adopt_project = facts->adopt_service = NULL;
    }
    facts->handed = is_named ? &serving->services[0] : NULL;
}

static const struct cause *cause_told(const struct app *app)
{
    const struct cause *cause = &app->cause;
    bool is_of_verdict = cause->gen != 0 && cause->gen == app->memory.verdict_gen;
    return is_of_verdict && app->memory.verdict != VERDICT_GOOD ? cause : NULL;
}

void facts_of_app(const struct app *app, struct facts_app *facts)
{
    const struct memory_app *memory = &app->memory;
    const struct plan *candidate = plans_find(&app->plans, &memory->candidate.release);
    const struct plan *serving =
        candidate != NULL ? candidate : plans_find(&app->plans, &memory->committed.release);
    LAW(SAID, app->is_used);
    facts->memory = memory;
    facts->committed = generation_of(app, &memory->committed);
    facts->candidate = generation_of(app, &memory->candidate);
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        facts->history[i] = generation_of(app, &memory->history[i]);
    }
    facts->previous_image = previous_image(app);
    handover_fill(app, serving, facts);
    facts->soak_remaining_ms =
        swap_soak_remaining_ms(memory, &app->session, candidate, conductor_now(app->conductor));
    facts->wait = app->session.wait;
    facts->verdicts = app->verdicts;
    facts->verdict_release = app->verdicts != 0 ? &app->verdict_of : NULL;
    facts->cause = cause_told(app);
    facts->refused = app->refused;
    facts->waiting = orders_find(&app->conductor->orders, memory->app);
    facts->health = health_of_app(app, &facts->health_reason);
    facts->restarts = session_falls(&app->session, memory->committed.gen);
    replicas_fill(app, facts);
}

void facts_of_node(const struct conductor *conductor, struct facts_node *facts)
{
    *facts = (struct facts_node){
        .config = &conductor->config,
        .version = BERTH_VERSION,
        .arch = conductor->engine.about.arch,
        .engine_version = conductor->engine.about.version,
        .identity = link_twin_word(conductor->twin),
        .trust_version = conductor->trust.version,
        .revoke_version = conductor->revoked.version,
        .is_memory_lost = conductor->has_lost_memory,
        .is_store_failing = conductor->is_store_failing,
        .is_settled = conductor_is_settled(conductor),
        .is_engine_up = conductor->engine.is_up,
        .has_timeouts = conductor->traffic.has_timeouts,
        .obstacle = route_obstacle_word(conductor->traffic.obstacle),
    };
}

const char *facts_image_word(enum facts_image image)
{
    LAW(BOUNDED, image < FACTS_IMAGE_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [FACTS_IMAGE_##name] = word,
        FACTS_IMAGES(WORD_)
#undef WORD_
    };
    return words[image];
}
