/* stage: makes the images of a release present, with patience: a registry or an engine that is away
 * is waited for at rest, and costs no try. */
#include "agent/node/swap_private.h"

#include "platform/base/law.h"

/* Between two pulls that the site's trouble ended, doubled each time. */
#define PULL_RETRY_MS     1000
#define PULL_RETRY_MS_MAX MINUTES_MS(1)
/* A pull that sees no byte for so long has failed. */
#define STAGING_PROGRESS_MS MINUTES_MS(10)

void stage_failed(struct session_app *session, mono_ms now)
{
    int shift = session->pull_failures < 6 ? session->pull_failures : 6;
    int64_t wait = PULL_RETRY_MS * ((int64_t)1 << shift);
    session->is_staging = false;
    session->pull_not_before = now + (wait < PULL_RETRY_MS_MAX ? wait : PULL_RETRY_MS_MAX);
    if (session->pull_failures < UINT8_MAX) {
        session->pull_failures++;
    }
}

static void pull(struct step *step, uint32_t gen, const struct digest *release)
{
    struct session_app *session = step->session;
    if (step->decision->action_count >= ACTIONS_MAX) {
        return;
    }
    session->is_staging = true;
    session->staging = *release;
    session->staging_progress_at = step->facts->now;
    step_act_gen(step, ACTION_PULL, gen);
}

bool stage_images(struct step *step, uint32_t gen, const struct plan *plan)
{
    struct session_app *session = step->session;
    mono_ms now = step->facts->now;
    if (gen != 0 && session->image_missing_gen == gen &&
        digest_is_equal(&session->staged, &plan->digest)) {
        session->staged = (struct digest){0}; /* it was taken away since */
    }
    if (plan->service_count == 0 || digest_is_equal(&session->staged, &plan->digest)) {
        return true; /* without services the release removes the app: nothing to fetch */
    }
    bool is_under_way = session->is_staging && digest_is_equal(&session->staging, &plan->digest);
    if (is_under_way && now < session->staging_progress_at + STAGING_PROGRESS_MS) {
        step_wake(step, session->staging_progress_at + STAGING_PROGRESS_MS);
    } else if (is_under_way) {
        stage_failed(session, now);
        step_wake(step, session->pull_not_before);
    } else if (!step->facts->is_engine_up) {
        session->wait = WISH_WAIT_ENGINE;
    } else if (now < session->pull_not_before) {
        step_wake(step, session->pull_not_before);
    } else if (session->pull_refusal == 0) {
        pull(step, gen, &plan->digest);
    }
    if (session->pull_failures > 0 && step->facts->is_engine_up) {
        session->wait = WISH_WAIT_REGISTRY;
    }
    return false;
}

static enum reason reason_of(int code)
{
    return code == ERR_DIGEST       ? REASON_WRONG_IMAGE
           : code == ERR_DISK_SPACE ? REASON_DISK_FULL
           : code == ERR_DENIED     ? REASON_REGISTRY_DENIED
           : code == ERR_SPEC       ? REASON_VOLUME_SHARED
                                    : REASON_PULL_FAILED;
}

void stage_follow_wish(struct step *step)
{
    struct session_app *session = step->session;
    const struct digest *wanted = &step->memory->wanted;
    if (!digest_is_equal(&session->wish, wanted)) {
        session->wish = *wanted;
        session->is_wish_found = !session->has_looked;
        session->wished_at = step->facts->now;
        session->pull_failures = 0;
        session->pull_not_before = 0;
        session->pull_refusal = 0;
    }
    session->has_looked = true;
}

bool stage_wanted(struct step *step)
{
    LAW(PATIENCE, step->facts->wanted != NULL);
    struct session_app *session = step->session;
    if (stage_images(step, 0, step->facts->wanted)) {
        return true;
    }
    if (session->pull_refusal == ERR_SPEC) {
        verdict_refuse(step, reason_of(session->pull_refusal)); /* on any node, at any time */
    } else if (session->pull_refusal != 0) {
        verdict_unstaged(step, reason_of(session->pull_refusal));
    }
    return false;
}

bool stage_candidate(struct step *step)
{
    LAW(PATIENCE, step->memory->candidate.gen != 0);
    struct session_app *session = step->session;
    uint32_t gen = step->memory->candidate.gen;
    if (stage_images(step, gen, step->facts->candidate)) {
        return true;
    }
    if (session->pull_refusal != 0) {
        verdict_go_back(step, reason_of(session->pull_refusal));
    } else if (session->wait != WISH_WAIT_NONE) {
        verdict_wait(step);
    }
    return false;
}

void stage_expire(struct step *step)
{
    LAW(PATIENCE, step->memory->phase == SWAP_REST);
    const struct session_app *session = step->session;
    mono_ms limit = session->wished_at + LOCAL_START_BY_MS;
    bool is_late = step->facts->is_wish_late && step->memory->attempts == 0;
    if (is_late || step->facts->now >= limit) {
        verdict_expire(step, session->wait == WISH_WAIT_REGISTRY ? REASON_REGISTRY_AWAY
                             : session->wait == WISH_WAIT_ENGINE ? REASON_ENGINE_AWAY
                             : session->wait == WISH_WAIT_FILES  ? REASON_FILES_AWAY
                                                                 : REASON_NONE);
    } else {
        step_wake(step, limit);
    }
}

const char *wish_wait_word(enum wish_wait wait)
{
    LAW(BOUNDED, wait < WISH_WAIT_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [WISH_WAIT_##name] = word,
        WISH_WAITS(WORD_)
#undef WORD_
    };
    return words[wait];
}
