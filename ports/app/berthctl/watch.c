/* berthctl watch: the status live: a table that is redrawn on a terminal, lines elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/app/berthctl/options.h"
#include "ports/app/control/client.h"
#include "ports/app/control/scan.h"
#include "ports/app/control/view.h"
#include "ports/app/screen/screen.h"

#define EVENTS_SHOWN 8
#define EVENT_BYTES  256
#define SCREEN_BYTES 65536
#define STATUS_BYTES 65536

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
    view_events(span_of(line.data, line.len + 1), &text); /* with its newline */
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
    view_status(line, &text);
}

static void screen_draw(const struct screen *screen, bool is_first)
{
    static char bytes[SCREEN_BYTES + EVENTS_SHOWN * EVENT_BYTES + 1024];
    struct screen_drawing drawing;
    struct text text;
    text_init(&text, bytes, sizeof bytes);
    screen_begin(&drawing, &text, is_first);
    screen_lines(&drawing, screen->status);
    screen_lines(&drawing, "\n");
    for (size_t i = 0; i < screen->event_count; i++) {
        screen_lines(&drawing, screen->events[i]);
    }
    screen_end(&drawing);
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
            view_status(line, &text);
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
    bool wants_json = options->is_json;
    struct client_question question = {.method = "GET", .target = "/v1/watch"};
    int rc = client_ask(&client, &options->control, &question, &err);
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
