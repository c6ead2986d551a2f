/* view: the node's status, events and history as people read them. */
#ifndef PORTS_APP_CONTROL_VIEW_H
#define PORTS_APP_CONTROL_VIEW_H

#include "platform/base/text.h"

/* Each takes JSON as the conductor renders it and appends lines of plain ASCII, at most 100 columns
 * where names are of usual length. Members that are not there are shown as "-". */

/* The status object: a line about the node, then a table with one row for each release an app has
 * containers of or remembers as committed, and a line about what is wanted or was decided. */
void view_status(struct span status, struct text *text);

/* Events, one JSON object a line: "#7 23:10:02Z web: candidate is ready", or seconds since boot
 * where the wall clock was not trusted. */
void view_events(struct span lines, struct text *text);

/* The version object of an agent: "berthd 1.2.0". */
void view_version(struct span version, struct text *text);

/* The history object of one app. */
void view_history(struct span history, struct text *text);

/* The sentence that says what a reason's word means, or the word itself when it is unknown. */
const char *view_reason(const char *word);

/* Appends the lines of the member "cause" of an app or a history; nothing where it is null. */
void view_cause(struct span owner, struct text *text);

#endif
