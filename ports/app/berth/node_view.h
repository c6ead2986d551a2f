/* node_view: what the broker holds of each node, gathered in one reading. */
#ifndef PORTS_APP_BERTH_NODE_VIEW_H
#define PORTS_APP_BERTH_NODE_VIEW_H

#include "agent/fleet/mirror.h"
#include "agent/wire/labels.h"
#include "agent/wire/presence.h"
#include "agent/wire/report.h"
#include "ports/app/berth/session.h"

enum node_part { NODE_PRESENCE, NODE_REPORT, NODE_LABELS, NODE_PART_COUNT };

/* One node; the documents as they came, NUL-terminated, NULL where there is none. `unread`: why the
 * mirror did not take one; it counts as none then. */
struct node_row {
    char name[NODE_NAME_BYTES];
    char *part[NODE_PART_COUNT];
    size_t part_len[NODE_PART_COUNT];
    char *unread[NODE_PART_COUNT];
    unsigned level;   /* at which it speaks: berth/1 or berth/2; 0: it has said nothing */
    bool is_listed;   /* the roll names it */
    bool is_unsigned; /* nobody signed its labels */
};

/* Zeroed before use; sorted by name after node_view_read. As many nodes as there is memory for. */
struct node_view {
    char fleet[NAME_BYTES];
    struct node_row *rows;
    size_t count, room;
    uint32_t *places; /* by a hash of the name: index of the row and 1; `place_count` of them */
    size_t place_count;
    bool has_roll; /* the fleet has one: who is not listed does not belong to it */
    bool is_full;  /* no memory for everything that came */
    struct mirror *mirror;
    struct trust trust;
};

/* Reads presence, report and labels of all nodes of the fleet, and beside them the names of those
 * that were added in this folder (nodes/NAME). */
NODISCARD int node_view_read(struct node_view *view, struct session *session,
                             const struct fleet_dir *dir, struct err *err);
/* The row of this name, made where it is not there; NULL: no memory. Found in constant time. */
struct node_row *node_view_row(struct node_view *view, const char *name);
void node_view_free(struct node_view *view);

/* What the mirror made of a document is put into its node's row; false: no memory. */
NODISCARD bool node_row_put(struct node_row *row, const struct mirror_news *news,
                            struct span payload);
/* A presence, a report or labels. */
bool node_part_of(enum topic_kind kind, enum node_part *part);
/* Frees the documents. */
void node_row_free(struct node_row *row);

/* What a row says, parsed; about 16 KiB: keep one. A document that cannot be read counts as none,
 * and `complaint` says why (empty: nothing to complain of). */
struct node_facts {
    bool has_presence, has_report;
    bool is_added_only; /* the folder has its certificate, the broker knows nothing of it */
    struct presence presence;
    struct report report;
    struct labels labels; /* the node's own, overlaid by the fleet's */
    char complaint[ERR_TEXT_BYTES];
};

void node_row_read(const struct node_row *row, struct node_facts *facts);

#endif
