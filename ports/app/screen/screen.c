/* screen: the few sequences that every terminal knows. */
#include "ports/app/screen/screen.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CLEAR_LINE  "\033[K\n"
#define CURSOR_HOME "\033[H"
#define CLEAR_DOWN  "\033[J"
#define CLEAR_ALL   "\033[2J"

static struct winsize size_read(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        size.ws_col = 100;
        size.ws_row = 40;
    }
    return size;
}

size_t screen_rows(void)
{
    return (size_t)size_read().ws_row - 1;
}

void screen_begin(struct screen_drawing *drawing, struct text *text, bool is_first)
{
    const struct winsize size = size_read();
    *drawing = (struct screen_drawing){.text = text, .columns = size.ws_col, .rows = size.ws_row};
    text_append(text, is_first ? CURSOR_HOME CLEAR_ALL : CURSOR_HOME);
}

void screen_lines(struct screen_drawing *drawing, const char *lines)
{
    for (const char *end; drawing->rows > 1 && (end = strchr(lines, '\n')) != NULL;
         lines = end + 1) {
        size_t len = (size_t)(end - lines);
        text_append_span(drawing->text,
                         span_of(lines, len < drawing->columns ? len : drawing->columns));
        drawing->rows--;
        text_append(drawing->text, CLEAR_LINE);
    }
}

void screen_end(const struct screen_drawing *drawing)
{
    text_append(drawing->text, CLEAR_DOWN);
    (void)fwrite(drawing->text->data, 1, drawing->text->len, stdout);
    (void)fflush(stdout);
}
