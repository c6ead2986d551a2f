/* mirror_private: the readers of single documents, for the mirror's own files only. */
#ifndef AGENT_FLEET_MIRROR_PRIVATE_H
#define AGENT_FLEET_MIRROR_PRIVATE_H

#include "agent/fleet/mirror.h"

/* mirror_signed.c: each takes an envelope, or what the clearing of its topic means. */
int mirror_signed_take(struct mirror *mirror, enum signed_kind kind, struct span envelope,
                       struct span *payload, struct digest *digest, char signer[NAME_BYTES],
                       struct err *err);
int mirror_operators_take(struct mirror *mirror, struct mirror_news *news, struct span envelope);
void mirror_operators_clear(struct mirror *mirror, struct mirror_news *news);
int mirror_spec_take(struct mirror *mirror, struct mirror_news *news, struct span envelope);
void mirror_spec_clear(struct mirror *mirror, struct mirror_news *news);
int mirror_control_take(struct mirror *mirror, struct mirror_news *news, struct span envelope);
void mirror_control_clear(struct mirror *mirror, struct mirror_news *news);
int mirror_state_take(struct mirror *mirror, struct mirror_news *news, struct span envelope);
void mirror_state_clear(struct mirror *mirror, struct mirror_news *news);

/* mirror_roll.c */
int mirror_labels_take(struct mirror *mirror, struct mirror_news *news, struct span payload);
void mirror_labels_clear(struct mirror *mirror, struct mirror_news *news);
int mirror_roll_take(struct mirror *mirror, struct mirror_news *news, struct span envelope);
void mirror_roll_clear(struct mirror *mirror, struct mirror_news *news);
/* A document about this node was taken or cleared: whether the node is in any rollout. */
void mirror_node_judge(struct mirror *mirror, const struct topic *topic);
void mirror_judge_all(struct mirror *mirror);
/* mirror_freeze.c */
int mirror_freeze_take(struct mirror *mirror, struct mirror_news *news, struct span envelope);
void mirror_freeze_clear(struct mirror *mirror, struct mirror_news *news);
int mirror_frozen_take(struct mirror *mirror, struct mirror_news *news, struct span envelope);
void mirror_frozen_clear(struct mirror *mirror, struct mirror_news *news);

#endif
