/* freeze: an operator's word that no rollout begins anything for a while, and the coordinators'
 * word on which of them was taken. */
#ifndef AGENT_WIRE_FREEZE_H
#define AGENT_WIRE_FREEZE_H

#include "agent/limits.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "platform/verify.h"

#define FREEZE_REASON_BYTES 161
/* A freeze that nobody thaws ends by itself: what is forgotten does not stop a fleet for good. */
#define FREEZE_MS_MAX     INT64_C(2592000000) /* 30 days */
#define FREEZE_MS_DEFAULT INT64_C(86400000)

/* Signed by an operator, whose name is its owner's. The coordinator takes one whose serial is
 * higher than that of the last one that was taken; a thaw is one with is_frozen false. */
struct freeze {
    char fleet[NAME_BYTES];
    uint64_t serial; /* at least 1 */
    bool is_frozen;
    char reason[FREEZE_REASON_BYTES];
    wall_ms since,
        until; /* until: by the coordinator's trusted clock; at most FREEZE_MS_MAX later */
};

/* What was taken; signed with the order key. Of two the one with the higher (epoch, revision). */
struct frozen {
    char fleet[NAME_BYTES];
    uint64_t epoch, revision;
    char owner[NAME_BYTES];
    struct digest digest; /* of the freeze's payload */
    struct freeze freeze;
};

/* Writing asserts nothing about sizes: look at text->cut. Reading is lenient (SMALL_BYTES_MAX): the
 * lint's codes, ERR_SCHEMA, ERR_MISSING, ERR_VALUE (a serial of 0, a time above FREEZE_MS_MAX), and
 * ERR_UNKNOWN_KEY for a key in `must`. */
void freeze_render(const struct freeze *freeze, struct text *text);
NODISCARD int freeze_parse(struct span text, struct freeze *freeze, struct err *err);
void frozen_render(const struct frozen *frozen, struct text *text);
NODISCARD int frozen_parse(struct span text, struct frozen *frozen, struct err *err);

/* It stands at this time. Where no clock can be trusted it stands until it is thawed. */
bool freeze_holds(const struct freeze *freeze, wall_ms now, bool is_trusted);
/* "ann until 2026-12-01 08:00:00 UTC: REASON", cut where it does not fit. */
void freeze_say(const struct freeze *freeze, const char *owner, struct text *text);

#endif
