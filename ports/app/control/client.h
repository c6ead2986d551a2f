/* client: one question to berthd over its control socket, as every tool asks it. */
#ifndef PORTS_APP_CONTROL_CLIENT_H
#define PORTS_APP_CONTROL_CLIENT_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/text.h"

/* Exit statuses of the tools that ask; READMEs and the tests know them. */
enum exit_status {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1, /* refused, or the agent was not reached */
    EXIT_USAGE = 2,
    EXIT_WENT_BACK = 3,    /* the release was found bad; the node is back on the old one */
    EXIT_INCONCLUSIVE = 4, /* something else failed, or something else is wanted now */
};

/* Which agent is asked, and by which program: complaints begin with its name. */
struct control {
    const char *tool, *socket_path;
};

/* The longest answer, and the longest line of a watch. */
#define CLIENT_BYTES_MAX 2097152

/* private */
struct client {
    const char *tool; /* of the control that was asked */
    int fd;
    int status; /* of the answer, once client_ask returned */
    char *data; /* bytes received and not yet taken, from `begin` */
    size_t begin, len, cap;
    bool is_at_end;
};

struct client_question {
    const char *method, *target;
    struct span body;
};

/* Connects, asks, and reads the head of the answer; waits as long as the agent takes. The caller
 * calls client_close in any case. ERR_NOT_FOUND (no agent listens), ERR_DENIED, ERR_IO, ERR_SYNTAX
 * (no agent's answer). */
NODISCARD int client_ask(struct client *client, const struct control *control,
                         const struct client_question *question, struct err *err);

/* Reads the rest of the answer; *body is valid until client_close. */
NODISCARD int client_body(struct client *client, struct span *body, struct err *err);

/* Reads the next line, without its newline, valid until the next call; *line is empty, with data
 * NULL, at the end. */
NODISCARD int client_line(struct client *client, struct span *line, struct err *err);

/* True when a whole line is there without waiting. */
bool client_has_line(const struct client *client);

void client_close(struct client *client);

/* Draws the agent's JSON for people (view.h). */
typedef void (*client_view)(struct span json, struct text *text);

/* The whole of a simple verb: asks, and prints the answer or why there is none ("tool: what: why").
 * `view` draws it; NULL: it is printed as it came. Returns an exit_status. */
int client_show(const struct control *control, const char *what, const char *target,
                client_view view);

/* Prints why `what` failed: `err`'s text where the agent was not reached (rc is not 0), else the
 * error and remedy of its answer. Returns EXIT_FAILED. */
int client_complain(struct client *client, const char *what, int rc, struct err *err);

#endif
