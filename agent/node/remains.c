/* remains: of a candidate that failed one container a service stays, stopped, as the evidence. */
#include "agent/node/swap_private.h"

#include "platform/base/law.h"

/* How well a replica shows why the candidate was given up; 0: not at all. */
static unsigned weight_of(const struct replica *replica)
{
    if (!replica->is_present) {
        return 0;
    }
    if (replica->state == ENGINE_EXITED || replica->state == ENGINE_RESTARTING) {
        return 4;
    }
    if (replica->probe.has_failed_startup || replica->probe.is_unalive) {
        return 3;
    }
    return replica_is_ready(replica) ? 1 : 2;
}

/* The one of its service that has most to say; the lowest number of equals. */
static bool is_telling(const struct session_app *session, const struct replica *replica)
{
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *other = &session->replicas[i];
        unsigned weight = weight_of(other);
        if (other->gen == replica->gen && other->service == replica->service &&
            (weight > weight_of(replica) ||
             (weight == weight_of(replica) && other->number < replica->number))) {
            return false;
        }
    }
    return weight_of(replica) > 0;
}

void remains_mark(struct step *step)
{
    LAW(EVIDENCE, step->memory->candidate.gen != 0);
    struct session_app *session = step->session;
    for (size_t i = 0; i < session->replica_count; i++) {
        struct replica *replica = &session->replicas[i];
        replica->is_telling =
            replica->gen == step->memory->candidate.gen && is_telling(session, replica);
    }
}

static bool is_failure(const struct memory_app *memory, uint32_t gen)
{
    return memory->verdict_gen == gen &&
           (memory->verdict == VERDICT_BAD || memory->verdict == VERDICT_INCONCLUSIVE) &&
           memory->reason != REASON_ROLLED_BACK && memory->reason != REASON_REPLACED &&
           memory->reason != REASON_INTERRUPTED && memory->reason != REASON_REVOKED &&
           memory->reason != REASON_IMAGE_DOUBTED; /* its image must go */
}

bool swap_keeps_remains(const struct memory_app *memory, const struct session_app *session,
                        const struct replica *replica)
{
    const struct replica *kept = NULL;
    if (memory->phase != SWAP_REST || replica->gen == memory->committed.gen ||
        !is_failure(memory, replica->gen)) {
        return false;
    }
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *other = &session->replicas[i];
        if (other->gen != replica->gen || other->service != replica->service ||
            !other->is_present || other->state == ENGINE_DEAD) {
            continue;
        }
        bool is_better = kept == NULL || other->is_telling ||
                         (!kept->is_telling && other->number < kept->number);
        kept = is_better ? other : kept;
    }
    return kept == replica;
}
