/* roll_book: the roll and the labels that the fleet gives, read to be changed: what an operator
 * signs of nodes, beside what is asked of rollouts. */
#ifndef PORTS_APP_BERTH_ROLL_BOOK_H
#define PORTS_APP_BERTH_ROLL_BOOK_H

#include "agent/fleet/mirror.h"
#include "ports/app/berth/session.h"

/* About 500 KiB: allocate it. Zeroed before roll_book_open; closed also after a failure. */
struct roll_book {
    struct session *session;
    const struct fleet_dir *dir;
    struct trust trust;
    struct mirror mirror;
    struct roll pending[TOPIC_SHARDS]; /* as they are to be; version 0: as they are */
    uint8_t memory[4 * ENVELOPE_BYTES_MAX];
};

/* Knows what the folder keeps of it, and reads the operators' document and the roll at the broker.
 * A shard of the folder whose signer is no operator any more is pending: it is signed again. */
NODISCARD int roll_book_open(struct roll_book *book, struct session *session,
                             const struct fleet_dir *dir, struct err *err);
void roll_book_close(struct roll_book *book);

/* The fleet has a roll: some shard is there, or will be. */
bool roll_book_is_used(const struct roll_book *book);
/* The node's entry, as it will be; NULL: it is not on the roll. */
const struct roll_entry *roll_book_find(const struct roll_book *book, const char *node);
/* Puts it down for the next publish. ERR_LIMIT, ERR_MEMORY. */
NODISCARD int roll_book_set(struct roll_book *book, const char *node, uint32_t labels,
                            struct err *err);
NODISCARD int roll_book_remove(struct roll_book *book, const char *node, struct err *err);

/* Signs what has changed, publishes it, reads it back, and keeps it in the folder; what the broker
 * does not show of the rest is published again. ERR_CONFLICT: a
 * colleague wrote the same shard at this moment; again. ERR_OVERSIZE (names too long for one
 * document), the codes of operators_file_sign and session_publish. */
NODISCARD int roll_book_publish(struct roll_book *book, struct err *err);

/* Signs labels and publishes them at berth/2, and keeps them in the folder (labels/NODE.json). Of a
 * node on the roll its entry is pending afterwards. */
NODISCARD int roll_book_labels(struct roll_book *book, const struct labels_given *given,
                               struct err *err);
/* The labels that this folder gave the node last, whoever may sign now; false: none. */
bool roll_book_labels_kept(struct roll_book *book, const char *node, struct labels_given *given);

#endif
