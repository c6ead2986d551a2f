/* mirror_freeze: the fleet's lock as operators ask for it, and as a coordinator has taken it. */
#include <string.h>

#include "agent/fleet/mirror_private.h"

static int fleet_check(const struct mirror *mirror, const char *fleet, struct err *err)
{
    return strcmp(fleet, mirror->fleet) == 0
               ? 0
               : err_set(err, ERR_WRONG_FLEET, "it is a freeze of the fleet %s", fleet);
}

static int freeze_open(struct mirror *mirror, struct span envelope, struct mirror_freeze *read,
                       struct err *err)
{
    struct span payload;
    int rc = mirror_signed_take(mirror, SIGNED_FREEZE, envelope, &payload, &read->digest,
                                read->owner, err);
    rc = rc == 0 ? freeze_parse(payload, &read->freeze, err) : rc;
    return rc == 0 ? fleet_check(mirror, read->freeze.fleet, err) : rc;
}

/* Of what was signed before the last that was taken, each is an old copy. */
static uint64_t taken_serial(const struct mirror *mirror)
{
    return mirror->has_frozen ? mirror->frozen.freeze.serial : 0;
}

static int freeze_set(struct mirror *mirror, struct span envelope, struct err *err)
{
    struct mirror_freeze read = {.owner = ""};
    uint64_t there = mirror->has_freeze ? mirror->freeze.freeze.serial : 0;
    uint64_t taken = taken_serial(mirror);
    int rc = freeze_open(mirror, envelope, &read, err);
    there = taken > there ? taken : there;
    if (rc == 0 && read.freeze.serial < there) {
        rc = err_set(err, ERR_STALE, "serial %llu is older than %llu, which was there before it",
                     (unsigned long long)read.freeze.serial, (unsigned long long)there);
    }
    if (rc != 0) {
        return rc;
    }
    read.bytes = mirror->freeze.bytes;
    mirror->freeze = read;
    mirror->has_freeze = kept_bytes_set(&mirror->freeze.bytes, envelope);
    return mirror->has_freeze ? 0 : err_set(err, ERR_MEMORY, "no memory");
}

int mirror_freeze_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    return freeze_set(mirror, envelope, &news->err);
}

int mirror_freeze_keep(struct mirror *mirror, struct span envelope, struct err *err)
{
    return freeze_set(mirror, envelope, err);
}

/* An owner that puts back what was lost goes on with it: nothing thaws because a broker forgot. */
void mirror_freeze_clear(struct mirror *mirror, struct mirror_news *news)
{
    (void)news;
    mirror->has_freeze = mirror->has_freeze && mirror->is_restating;
}

int mirror_frozen_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    char signer[NAME_BYTES];
    struct frozen read;
    struct span payload;
    struct digest digest;
    const struct frozen *there = &mirror->frozen;
    int rc =
        mirror_signed_take(mirror, SIGNED_FROZEN, envelope, &payload, &digest, signer, &news->err);
    rc = rc == 0 ? frozen_parse(payload, &read, &news->err) : rc;
    rc = rc == 0 ? fleet_check(mirror, read.fleet, &news->err) : rc;
    rc = rc == 0 ? fleet_check(mirror, read.freeze.fleet, &news->err) : rc;
    if (rc != 0) {
        return rc;
    }
    if (mirror->has_frozen && (read.epoch != there->epoch ? read.epoch < there->epoch
                                                          : read.revision < there->revision)) {
        return err_set(&news->err, ERR_STALE, "it is older than the one that was there before it");
    }
    mirror->frozen = read;
    mirror->has_frozen = true;
    return 0;
}

void mirror_frozen_clear(struct mirror *mirror, struct mirror_news *news)
{
    (void)news;
    mirror->has_frozen = false;
}

bool mirror_is_frozen(const struct mirror *mirror, wall_ms now, const struct freeze **freeze,
                      const char **owner)
{
    bool is_taken = mirror->has_frozen && (!mirror->has_freeze || mirror->freeze.freeze.serial <=
                                                                      mirror->frozen.freeze.serial);
    *freeze = is_taken ? &mirror->frozen.freeze : &mirror->freeze.freeze;
    *owner = is_taken ? mirror->frozen.owner : mirror->freeze.owner;
    return (is_taken || mirror->has_freeze) && freeze_holds(*freeze, now, true);
}
