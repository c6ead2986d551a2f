/* mirror_signed: what operators and coordinators sign: who they are, and a rollout's spec, control
 * and state. */
#include <string.h>

#include "agent/fleet/mirror_private.h"

/* The same of what operators and coordinators sign. Claims and states are not remembered: each is
 * another one, and is read once. */
int mirror_signed_take(struct mirror *mirror, enum signed_kind kind, struct span envelope,
                       struct span *payload, struct digest *digest, char signer[NAME_BYTES],
                       struct err *err)
{
    struct arena arena;
    arena_init(&arena, mirror->memory, sizeof mirror->memory);
    mirror->verifications++;
    return signed_open(kind, envelope, mirror->trust, &mirror->operators, &mirror->verify, &arena,
                       payload, digest, signer, err);
}

/* A document is of the fleet and of the rollout on whose topic it lies. */
static int place_check(const struct mirror *mirror, const struct mirror_news *news,
                       const char *what, const char *fleet, const char *id, struct err *err)
{
    if (strcmp(fleet, mirror->fleet) != 0) {
        return err_set(err, ERR_WRONG_FLEET, "it is a %s of the fleet %s", what,
                       fleet[0] != '\0' ? fleet : "(not said)");
    }
    return strcmp(id, news->topic.rollout) == 0 ? 0
                                                : err_set(err, ERR_VALUE, "it is the %s of %s",
                                                          what, id[0] != '\0' ? id : "(not said)");
}

/* -- who may ask ------------------------------------------------------------------------------ */

/* A lower version, or another one of the same number, takes no key away and brings none back. */
int mirror_operators_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    struct operators read;
    struct arena arena;
    arena_init(&arena, mirror->memory, sizeof mirror->memory);
    int rc = operators_open(envelope, mirror->trust, &mirror->verify, arena, &read, &news->err);
    if (rc == 0 && read.version < mirror->operators.version) {
        rc = err_set(&news->err, ERR_STALE, "version %llu is older than %llu, which holds",
                     (unsigned long long)read.version,
                     (unsigned long long)mirror->operators.version);
    }
    mirror->operators_echo = rc == 0 ? ECHO_THERE : ECHO_MISSING;
    if (rc == 0 && (read.version > mirror->operators.version || mirror->operators_bytes.len == 0)) {
        news->is_new = read.version > mirror->operators.version;
        if (news->is_new) {
            mirror_operators_set(mirror, &read);
        }
        rc = kept_bytes_set(&mirror->operators_bytes, envelope)
                 ? 0
                 : err_set(&news->err, ERR_MEMORY, "no memory");
    }
    return rc;
}

void mirror_operators_set(struct mirror *mirror, const struct operators *operators)
{
    mirror->operators = *operators;
    mirror_judge_all(mirror);
}

void mirror_operators_clear(struct mirror *mirror, struct mirror_news *news)
{
    (void)news;
    mirror->operators_echo = ECHO_MISSING;
}

/* -- rollouts --------------------------------------------------------------------------------- */

static int place_take(struct mirror *mirror, struct mirror_news *news)
{
    news->rollout = kept_need(&mirror->rollouts, news->topic.rollout);
    mirror->is_short |= news->rollout == NULL;
    return news->rollout != NULL ? 0 : err_set(&news->err, ERR_MEMORY, "no memory");
}

static int spec_open(struct mirror *mirror, struct span envelope, struct rollout_spec *spec,
                     char signer[NAME_BYTES], struct err *err)
{
    struct span payload;
    struct digest digest;
    int rc = mirror_signed_take(mirror, SIGNED_SPEC, envelope, &payload, &digest, signer, err);
    return rc == 0 ? rollout_spec_parse(payload, spec, err) : rc;
}

/* Written once: a second spec of the same rollout changes nothing. */
int mirror_spec_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    char signer[NAME_BYTES];
    struct rollout_spec spec;
    struct selector selector;
    int rc = spec_open(mirror, envelope, &spec, signer, &news->err);
    rc = rc == 0 ? place_check(mirror, news, "spec", spec.fleet, spec.id, &news->err) : rc;
    rc = rc == 0 ? selector_parse(spec.selector, &selector, &news->err) : rc;
    rc = rc == 0 ? place_take(mirror, news) : rc;
    if (rc != 0) {
        return rc;
    }
    struct kept *kept = news->rollout;
    kept->spec_echo = ECHO_THERE;
    if (kept->spec.created != 0) {
        return 0;
    }
    if (!kept_bytes_set(&kept->spec_bytes, envelope)) {
        return err_set(&news->err, ERR_MEMORY, "no memory");
    }
    /* A selector points into itself: it is made where it stays. */
    rc = selector_parse(spec.selector, &kept->selector, &news->err);
    if (rc == 0) {
        kept->spec = spec;
        memcpy(kept->spec_signer, signer, sizeof signer);
    }
    return rc;
}

int mirror_start(struct mirror *mirror, struct span envelope, struct kept **rollout,
                 struct err *err)
{
    struct mirror_news news = {.topic = {.kind = TOPIC_ROLLOUT_SPEC}};
    char signer[NAME_BYTES];
    struct rollout_spec spec;
    int rc = spec_open(mirror, envelope, &spec, signer, err);
    if (rc == 0 && kept_find(&mirror->rollouts, spec.id) != NULL) {
        rc = err_set(err, ERR_EXISTS, "there is a rollout %s already", spec.id);
    }
    if (rc != 0) {
        return rc;
    }
    (void)text_copy(news.topic.rollout, sizeof news.topic.rollout, spec.id);
    rc = mirror_spec_take(mirror, &news, envelope);
    *rollout = news.rollout;
    return rc == 0 ? 0 : err_set(err, rc, "%s", news.err.text);
}

/* What lies there is an offer: whether it is taken is the acting coordinator's to say. */
int mirror_control_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    char signer[NAME_BYTES];
    struct rollout_control control;
    struct span payload;
    struct digest digest;
    int rc =
        mirror_signed_take(mirror, SIGNED_CONTROL, envelope, &payload, &digest, signer, &news->err);
    rc = rc == 0 ? rollout_control_parse(payload, &control, &news->err) : rc;
    rc = rc == 0 ? place_check(mirror, news, "control", control.fleet, control.id, &news->err) : rc;
    rc = rc == 0 ? place_take(mirror, news) : rc;
    if (rc != 0) {
        return rc;
    }
    struct kept *kept = news->rollout;
    kept->control_echo = ECHO_THERE;
    if (kept->has_control && control.serial < kept->control.serial) {
        return err_set(&news->err, ERR_STALE, "serial %llu is older than %llu, which was taken",
                       (unsigned long long)control.serial,
                       (unsigned long long)kept->control.serial);
    }
    kept->has_control = true;
    kept->offer.control = control;
    kept->offer.digest = digest;
    memcpy(kept->offer.signer, signer, sizeof signer);
    return kept_bytes_set(&kept->offer.bytes, envelope)
               ? 0
               : err_set(&news->err, ERR_MEMORY, "no memory");
}

/* One that was written before the one that was read is somebody's copy. */
static bool is_before(const struct rollout_state *a, const struct rollout_state *b)
{
    return a->epoch != b->epoch ? a->epoch < b->epoch : a->revision < b->revision;
}

int mirror_state_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    char signer[NAME_BYTES];
    struct rollout_state state;
    struct rollout_control control;
    struct span payload;
    struct digest digest;
    int rc =
        mirror_signed_take(mirror, SIGNED_STATE, envelope, &payload, &digest, signer, &news->err);
    rc = rc == 0 ? rollout_told_parse(payload, &state, &control, &news->err) : rc;
    rc = rc == 0 ? place_check(mirror, news, "state", state.fleet, state.id, &news->err) : rc;
    rc = rc == 0 ? place_take(mirror, news) : rc;
    if (rc != 0) {
        return rc;
    }
    struct kept *kept = news->rollout;
    if (kept->has_told && is_before(&state, &kept->told)) {
        return err_set(&news->err, ERR_STALE, "it is older than the one that was there before it");
    }
    kept->told = state;
    kept->told_control = control;
    kept->has_told = true;
    kept->is_end_there = rollout_phase_is_end(state.phase);
    return 0;
}

/* What has nothing left at the broker, and is not to be put back there, goes. */
static void place_give_back(struct mirror *mirror, struct mirror_news *news)
{
    struct kept *kept = news->rollout;
    if (kept->spec.created == 0 && !kept->has_control && !kept->has_told) {
        kept_remove(&mirror->rollouts, kept);
        news->rollout = NULL;
    }
}

static bool has_ended(const struct kept *kept)
{
    return !kept_is_live(kept) || (kept->has_told && rollout_phase_is_end(kept->told.phase));
}

void mirror_spec_clear(struct mirror *mirror, struct mirror_news *news)
{
    struct kept *kept = news->rollout;
    kept->spec_echo = ECHO_MISSING;
    if (!mirror->is_restating) {
        kept->spec.created = 0;
        place_give_back(mirror, news);
    } else if (has_ended(kept)) {
        kept_remove(&mirror->rollouts, kept);
        news->rollout = NULL;
    }
}

void mirror_control_clear(struct mirror *mirror, struct mirror_news *news)
{
    struct kept *kept = news->rollout;
    kept->control_echo = ECHO_MISSING;
    if (!mirror->is_restating || kept->spec.created == 0) {
        kept->has_control = false;
    }
    place_give_back(mirror, news);
}

void mirror_state_clear(struct mirror *mirror, struct mirror_news *news)
{
    struct kept *kept = news->rollout;
    memset(&kept->told, 0, sizeof kept->told);
    kept->has_told = kept->is_end_there = false;
    place_give_back(mirror, news);
}
