/* berthctl watch: the status live: a table that is redrawn on a terminal, lines elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/node/control_scan.h"
#include "agent/node/control_view.h"
#include "ports/app/berthctl/client.h"
#include "ports/app/berthctl/options.h"

#define EVENTS_SHOWN 8
#define EVENT_BYTES  256
#define SCREEN_BYTES 65536
#define STATUS_BYTES 65536
#define CLEAR_LINE   "\033[K\n"
#define CURSOR_HOME  "\033[H"
#define CLEAR_DOWN   "\033[J"
#define CLEAR_ALL    "\033[2J"

/* What the screen shows. */
struct screen {
    char status[STATUS_BYTES];
    char events[EVENTS_SHOWN][EVENT_BYTES]; /* oldest first */
    size_t event_count;
};

static void event_view(struct span line, char *target, size_t cap)
{
    struct text text;
    text_init(&text, target, cap);
    control_view_events(span_of(line.data, line.len + 1), &text); /* with its newline */
}

static void screen_event(struct screen *screen, struct span line)
{
    if (screen->event_count == EVENTS_SHOWN) {
        memmove(screen->events[0], screen->events[1], sizeof screen->events - EVENT_BYTES);
        screen->event_count--;
    }
    event_view(line, screen->events[screen->event_count++], EVENT_BYTES);
}

static void screen_status(struct screen *screen, struct span line)
{
    struct text text;
    text_init(&text, screen->status, sizeof screen->status);
    control_view_status(line, &text);
}

/* Columns and rows of the terminal. */
static struct winsize screen_size(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        size.ws_col = 100;
        size.ws_row = 40;
    }
    return size;
}

/* Appends lines so that what stood there before is wiped; they are cut at the edges, because a line
 * that wraps or scrolls would spoil the next drawing. *rows counts down to the last but one row. */
static void lines_append(struct text *text, const char *lines, size_t columns, size_t *rows)
{
    for (const char *end; *rows > 1 && (end = strchr(lines, '\n')) != NULL; lines = end + 1) {
        size_t len = (size_t)(end - lines);
        text_append_span(text, span_of(lines, len < columns ? len : columns));
        (*rows)--;
        text_append(text, CLEAR_LINE);
    }
}

static void screen_draw(const struct screen *screen, bool is_first)
{
    static char bytes[SCREEN_BYTES + EVENTS_SHOWN * EVENT_BYTES + 1024];
    struct winsize size = screen_size();
    size_t rows = size.ws_row;
    struct text text;
    text_init(&text, bytes, sizeof bytes);
    text_append(&text, is_first ? CURSOR_HOME CLEAR_ALL : CURSOR_HOME);
    lines_append(&text, screen->status, size.ws_col, &rows);
    lines_append(&text, "\n", size.ws_col, &rows);
    for (size_t i = 0; i < screen->event_count; i++) {
        lines_append(&text, screen->events[i], size.ws_col, &rows);
    }
    text_append(&text, CLEAR_DOWN);
    (void)fwrite(text.data, 1, text.len, stdout);
    (void)fflush(stdout);
}

/* On a terminal: everything that came at once is one drawing. */
static int screen_follow(struct client *client, struct err *err)
{
    static struct screen screen;
    bool is_first = true;
    struct span line;
    for (;;) {
        int rc = client_line(client, &line, err);
        if (rc != 0 || line.data == NULL) {
            return rc;
        }
        if (scan_member_integer(line, "event", 0) > 0) {
            screen_event(&screen, line);
        } else {
            screen_status(&screen, line);
        }
        if (!client_has_line(client)) {
            screen_draw(&screen, is_first);
            is_first = false;
        }
    }
}

/* Elsewhere: the agent's own lines, as JSON or as text. */
static int lines_follow(struct client *client, bool wants_json, struct err *err)
{
    static char status[STATUS_BYTES];
    char event[EVENT_BYTES];
    struct text text;
    struct span line;
    bool is_first = true;
    for (;;) {
        int rc = client_line(client, &line, err);
        if (rc != 0 || line.data == NULL) {
            return rc;
        }
        if (wants_json) {
            (void)fwrite(line.data, 1, line.len + 1, stdout);
        } else if (scan_member_integer(line, "event", 0) > 0) {
            event_view(line, event, sizeof event);
            (void)fputs(event, stdout);
        } else if (is_first) {
            text_init(&text, status, sizeof status);
            control_view_status(line, &text);
            (void)fputs(status, stdout);
        }
        is_first = false;
        if (fflush(stdout) != 0) {
            return err_set(err, ERR_IO, "write: %s", strerror(errno));
        }
    }
}

int watch_run(const struct options *options)
{
    struct client client;
    struct err err = {0};
    bool wants_json = (options->given & OPTION_JSON) != 0;
    struct client_question question = {.method = "GET", .target = "/v1/watch"};
    int rc = client_ask(&client, options->socket_path, &question, &err);
    if (rc == 0 && client.status == 200) {
        rc = !wants_json && isatty(STDOUT_FILENO) ? screen_follow(&client, &err)
                                                  : lines_follow(&client, wants_json, &err);
        if (rc == 0) {
            rc = err_set(&err, ERR_IO,
                         "the agent closed the connection; the containers go on "
                         "without it");
        }
    }
    int status = client_complain(&client, "watch", rc, &err);
    client_close(&client);
    return status;
}
