/* step: what the files of the planner share: asking for an action, and for a time to come back. */
#include "agent/node/swap_private.h"
#include "platform/base/law.h"

/* What it makes or starts is named by the record, so that whoever starts after us knows of it. */
static bool is_making(enum action_kind kind)
{
    return kind == ACTION_CREATE || kind == ACTION_START || kind == ACTION_RESTART ||
           kind == ACTION_KEEP;
}

static bool is_named(const struct memory_app *memory, uint32_t gen)
{
    return gen != 0 && (gen == memory->committed.gen || gen == memory->candidate.gen);
}

void step_act(struct step *step, enum action_kind kind, struct replica *replica)
{
    LAW(READY_FIRST, kind != ACTION_STOP || !replica->is_routed);
    LAW(SERVES_ALONE, kind != ACTION_KEEP || replica->gen == step->memory->committed.gen);
    LAW(DURABLE_FIRST, !is_making(kind) || is_named(step->memory, replica->gen));
    LAW(BOUNDED, replica->number > 0 && replica->number <= REPLICAS_MAX);
    if (replica->is_busy || step->decision->action_count >= ACTIONS_MAX) {
        return; /* the end of a call plans again */
    }
    if (step->facts->now < replica->call_not_before) {
        step_wake(step, replica->call_not_before);
        return;
    }
    LAW(BOUNDED, step->decision->action_count < ACTIONS_MAX);
    replica->is_busy = true;
    step->decision->actions[step->decision->action_count++] = (struct action){
        .kind = kind,
        .gen = replica->gen,
        .service = replica->service,
        .number = replica->number,
    };
}

void step_act_gen(struct step *step, enum action_kind kind, uint32_t gen)
{
    LAW(BOUNDED, kind == ACTION_PULL || kind == ACTION_NETWORK);
    if (step->decision->action_count >= ACTIONS_MAX) {
        return;
    }
    if (kind == ACTION_NETWORK) {
        step->session->is_network_busy = true;
    }
    step->decision->actions[step->decision->action_count++] =
        (struct action){.kind = kind, .gen = gen};
}

void step_wake(struct step *step, mono_ms at)
{
    step->decision->wake_at = mono_min(step->decision->wake_at, at);
}

const char *action_word(enum action_kind kind)
{
    LAW(BOUNDED, kind < ACTION_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [ACTION_##name] = word,
        ACTIONS(WORD_)
#undef WORD_
    };
    return words[kind];
}
