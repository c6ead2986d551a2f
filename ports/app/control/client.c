/* client: connect, send, read; plain blocking calls, because this tool does one thing at a time. */
#include "ports/app/control/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/control/scan.h"

#define HEAD_BYTES_MAX 8192
/* A table has at most this many times the bytes of its JSON, and its heading. */
#define DRAWN_GROWTH        4
#define DRAWN_HEADING_BYTES 4096

static int client_connect(struct client *client, const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!text_copy(address.sun_path, sizeof address.sun_path, path)) {
        return err_set(err, ERR_USAGE, "the socket's path is longer than %zu bytes",
                       sizeof address.sun_path - 1);
    }
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        return err_set(err, ERR_IO, "make a socket: %s", strerror(errno));
    }
    if (connect(client->fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        return 0;
    }
    if (errno == EACCES || errno == EPERM) {
        return err_set(err, ERR_DENIED,
                       "no permission for %s; use sudo, or set controlUid in berthd.json", path);
    }
    if (errno == ENOENT || errno == ECONNREFUSED) {
        return err_set(
            err, ERR_NOT_FOUND,
            "no agent is listening on %s; start berthd (systemctl start berthd), or name its "
            "socket with --socket",
            path);
    }
    return err_set(err, ERR_IO, "connect to %s: %s", path, strerror(errno));
}

/* Sends everything, unless the agent has answered and closed already: its answer says why. */
static int client_send(struct client *client, struct span bytes, struct err *err)
{
    size_t sent = 0;
    while (sent < bytes.len) {
        ssize_t done = send(client->fd, bytes.data + sent, bytes.len - sent, MSG_NOSIGNAL);
        if (done >= 0) {
            sent += (size_t)done;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return 0;
        } else if (errno != EINTR) {
            return err_set(err, ERR_IO, "send to the agent: %s", strerror(errno));
        }
    }
    return 0;
}

/* Reads once more behind what is there. */
static int client_fill(struct client *client, struct err *err)
{
    if (client->begin > 0) {
        memmove(client->data, client->data + client->begin, client->len - client->begin);
        client->len -= client->begin;
        client->begin = 0;
    }
    if (client->len == client->cap) {
        size_t cap = client->cap == 0 ? 16384 : client->cap * 2;
        char *grown = cap > CLIENT_BYTES_MAX ? NULL : realloc(client->data, cap);
        if (grown == NULL) {
            return err_set(err, ERR_LIMIT, "the agent's answer is too large");
        }
        client->data = grown;
        client->cap = cap;
    }
    ssize_t got = recv(client->fd, client->data + client->len, client->cap - client->len, 0);
    if (got < 0 && errno == EINTR) {
        return 0;
    }
    if (got < 0 && errno != ECONNRESET) {
        return err_set(err, ERR_IO, "read from the agent: %s", strerror(errno));
    }
    client->is_at_end = got <= 0;
    client->len += got > 0 ? (size_t)got : 0;
    return 0;
}

/* Takes one head off the input: "HTTP/1.1 202 Accepted ...". */
static int head_take(struct client *client, struct err *err)
{
    char *end = NULL;
    while (client->len == 0 || (end = memmem(client->data, client->len, "\r\n\r\n", 4)) == NULL) {
        if (client->is_at_end || client->len > HEAD_BYTES_MAX) {
            return err_set(err, ERR_SYNTAX,
                           client->len == 0
                               ? "the agent closed the connection without an answer; it may be "
                                 "starting, stopping, or busy with 16 others: try again"
                               : "what listens there does not answer like berthd");
        }
        int rc = client_fill(client, err);
        if (rc != 0) {
            return rc;
        }
    }
    char *line = client->data;
    if (strncmp(line, "HTTP/1.1 ", 9) != 0 || strspn(line + 9, "0123456789") != 3) {
        return err_set(err, ERR_SYNTAX, "what listens there does not answer like berthd");
    }
    client->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    client->begin = (size_t)(end + 4 - client->data);
    return 0;
}

int client_ask(struct client *client, const struct control *control,
               const struct client_question *question, struct err *err)
{
    char head[512];
    struct text text;
    *client = (struct client){.tool = control->tool, .fd = -1};
    int rc = client_connect(client, control->socket_path, err);
    if (rc != 0) {
        return rc;
    }
    text_init(&text, head, sizeof head);
    text_printf(&text,
                "%s %s HTTP/1.1\r\nHost: berthd\r\nAccept: application/json\r\n"
                "Content-Length: %zu\r\n\r\n",
                question->method, question->target, question->body.len);
    if (text.cut) {
        return err_set(err, ERR_USAGE, "the name is too long");
    }
    rc = client_send(client, span_of(text.data, text.len), err);
    if (rc == 0) {
        rc = client_send(client, question->body, err);
    }
    return rc == 0 ? head_take(client, err) : rc;
}

int client_body(struct client *client, struct span *body, struct err *err)
{
    while (!client->is_at_end) {
        int rc = client_fill(client, err);
        if (rc != 0) {
            return rc;
        }
    }
    *body = span_of(client->data + client->begin, client->len - client->begin);
    return 0;
}

bool client_has_line(const struct client *client)
{
    return client->len > client->begin &&
           memchr(client->data + client->begin, '\n', client->len - client->begin) != NULL;
}

int client_line(struct client *client, struct span *line, struct err *err)
{
    while (!client_has_line(client)) {
        if (client->is_at_end) {
            *line = span_of(NULL, 0);
            return 0;
        }
        int rc = client_fill(client, err);
        if (rc != 0) {
            return rc;
        }
    }
    const char *begin = client->data + client->begin;
    const char *end = memchr(begin, '\n', client->len - client->begin);
    *line = span_of(begin, (size_t)(end - begin));
    client->begin += line->len + 1;
    return 0;
}

void client_close(struct client *client)
{
    if (client->fd >= 0) {
        (void)close(client->fd);
    }
    free(client->data);
    *client = (struct client){.fd = -1};
}

int client_complain(struct client *client, const char *what, int rc, struct err *err)
{
    struct span body;
    char code[64];
    char error[ERR_TEXT_BYTES];
    char remedy[256];
    if (rc == 0) {
        rc = client_body(client, &body, err);
    }
    if (rc != 0) {
        fprintf(stderr, "%s: %s: %s\n", client->tool, what, err->text);
        return EXIT_FAILED;
    }
    if (!scan_member_text(body, "code", code, sizeof code)) {
        fprintf(stderr, "%s: %s: the agent answered %d\n", client->tool, what, client->status);
        return EXIT_FAILED;
    }
    (void)scan_member_text(body, "error", error, sizeof error);
    (void)scan_member_text(body, "remedy", remedy, sizeof remedy);
    fprintf(stderr, "%s: %s: refused (%s): %s\n  what to do: %s\n", client->tool, what, code, error,
            remedy);
    return EXIT_FAILED;
}

/* Prints what `view` makes of the answer. */
static int drawn_print(struct span answer, client_view view, struct err *err)
{
    struct text text;
    size_t cap = DRAWN_GROWTH * answer.len + DRAWN_HEADING_BYTES;
    char *drawn = malloc(cap);
    if (drawn == NULL) {
        return err_set(err, ERR_MEMORY, "out of memory; ask with --json");
    }
    text_init(&text, drawn, cap);
    view(answer, &text);
    int rc = text.cut ? ERR_LIMIT : fwrite(drawn, 1, text.len, stdout) != text.len ? ERR_IO : 0;
    free(drawn);
    return rc == ERR_LIMIT ? err_set(err, rc, "the table is too large; ask with --json")
           : rc != 0       ? err_set(err, rc, "write: %s", strerror(errno))
                           : 0;
}

/* Prints the answer, as it came or drawn. */
static int answer_print(struct span answer, client_view view, struct err *err)
{
    if (view != NULL) {
        int rc = drawn_print(answer, view, err);
        if (rc != 0) {
            return rc;
        }
    } else if (fwrite(answer.data, 1, answer.len, stdout) != answer.len) {
        return err_set(err, ERR_IO, "write: %s", strerror(errno));
    }
    return fflush(stdout) == 0 ? 0 : err_set(err, ERR_IO, "write: %s", strerror(errno));
}

int client_show(const struct control *control, const char *what, const char *target,
                client_view view)
{
    struct client client;
    struct span body;
    struct err err = {0};
    int status = EXIT_GOOD;
    struct client_question question = {
        .method = "GET",
        .target = target,
    };
    int rc = client_ask(&client, control, &question, &err);
    if (rc == 0 && client.status == 200) {
        rc = client_body(&client, &body, &err);
    }
    if (rc != 0 || client.status != 200) {
        status = client_complain(&client, what, rc, &err);
    } else if (answer_print(body, view, &err) != 0) {
        fprintf(stderr, "%s: %s: %s\n", control->tool, what, err.text);
        status = EXIT_FAILED;
    }
    client_close(&client);
    return status;
}
