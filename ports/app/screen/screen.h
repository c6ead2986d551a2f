/* screen: text that is drawn anew in place, cut to the terminal. */
#ifndef PORTS_APP_SCREEN_H
#define PORTS_APP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/base/text.h"

/* One drawing into `text`. */
struct screen_drawing {
    struct text *text;
    size_t columns;
    size_t rows; /* left */
};

/* Begins a drawing as large as the terminal on standard output (100 x 40 where that does not say);
 * the first one clears it. */
void screen_begin(struct screen_drawing *drawing, struct text *text, bool is_first);
/* Appends lines so that what stood there before is wiped; they are cut at the edges, because a line
 * that wraps or scrolls would spoil the next drawing. The last row stays free. */
void screen_lines(struct screen_drawing *drawing, const char *lines);
/* Wipes what is below and writes it all. */
void screen_end(const struct screen_drawing *drawing);

/* How many lines screen_lines shows. */
size_t screen_rows(void);

#endif
