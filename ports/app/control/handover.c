/* handover: the agent says what it lacks, and gets that, a few pieces a round. */
#include "ports/app/control/handover.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/limits.h"
#include "ports/app/control/scan.h"
#include "platform/base/text.h"
#include "ports/app/control/client.h"

#define HEX_LEN (DIGEST_HEX_BYTES - 1)

struct round {
    char missing[FILES_ASKED_MAX][DIGEST_HEX_BYTES];
    size_t count;
};

/* The strings of 64 hex digits in a list. */
static void round_read(struct span list, struct round *round)
{
    round->count = 0;
    for (size_t at = 0; at + HEX_LEN + 2 <= list.len && round->count < FILES_ASKED_MAX; at++) {
        char *hex = round->missing[round->count];
        struct digest digest;
        if (list.data[at] != '"') {
            continue;
        }
        memcpy(hex, list.data + at + 1, HEX_LEN);
        hex[HEX_LEN] = '\0';
        if (digest_parse(hex, &digest)) {
            round->count++;
            at += HEX_LEN + 1;
        }
    }
}

static int round_ask(const struct control *control, const char *app, struct round *round,
                     const char *what)
{
    struct client client;
    struct err err = {0};
    struct span answer;
    struct span list;
    char target[64];
    (void)snprintf(target, sizeof target, "/v1/files/%s", app);
    const struct client_question question = {.method = "GET", .target = target};
    int rc = client_ask(&client, control, &question, &err);
    bool is_old = rc == 0 && client.status == 404; /* an agent without files lacks none */
    rc = rc == 0 && client.status == 200 ? client_body(&client, &answer, &err) : rc;
    int status = EXIT_GOOD;
    round->count = 0;
    if (rc != 0 || (client.status != 200 && !is_old)) {
        status = client_complain(&client, what, rc, &err);
    } else if (!is_old && scan_member(answer, "missing", &list)) {
        round_read(list, round);
    }
    client_close(&client);
    return status;
}

/* False: it is not in the stream. Its form: see handover.h. */
static bool piece_find(struct span given, const char *hex, struct span *piece)
{
    while (given.len >= HEX_LEN + 4) {
        const uint8_t *head = given.data + HEX_LEN;
        size_t len = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        *piece = span_of(head + 4, len);
        if (len > given.len - HEX_LEN - 4) {
            return false; /* it broke off */
        }
        if (memcmp(given.data, hex, HEX_LEN) == 0) {
            return true;
        }
        given = span_of(piece->data + len, given.len - HEX_LEN - 4 - len);
    }
    return false;
}

/* False: it is not in the folder. */
static bool piece_read(const char *release, const char *hex, struct span *piece)
{
    static uint8_t data[FILE_PIECE_BYTES_MAX];
    char path[PATH_MAX];
    int used = snprintf(path, sizeof path, "%s.files/%s", release, hex);
    FILE *file = used > 0 && (size_t)used < sizeof path ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        return false;
    }
    *piece = span_of(data, fread(data, 1, sizeof data, file));
    bool is_read = ferror(file) == 0;
    (void)fclose(file);
    return is_read;
}

static int piece_send(const struct control *control, struct span content, const char *what)
{
    struct client client;
    struct err err = {0};
    const struct client_question question = {
        .method = "POST", .target = "/v1/file", .body = content};
    int rc = client_ask(&client, control, &question, &err);
    int status =
        rc == 0 && client.status == 202 ? EXIT_GOOD : client_complain(&client, what, rc, &err);
    client_close(&client);
    return status;
}

static int round_send(const struct handover *handover, const struct round *round, const char *what)
{
    int status = EXIT_GOOD;
    for (size_t i = 0; i < round->count && status == EXIT_GOOD; i++) {
        struct span piece;
        const char *hex = round->missing[i];
        bool is_given = handover->given.data != NULL;
        if (is_given ? piece_find(handover->given, hex, &piece)
                     : piece_read(handover->release, hex, &piece)) {
            status = piece_send(&handover->control, piece, what);
        } else if (is_given) {
            fprintf(stderr,
                    "%s: %s: piece %.12s did not come with the release: give it again; until then "
                    "the app waits\n",
                    handover->control.tool, what, hex);
            return EXIT_FAILED;
        } else {
            fprintf(stderr,
                    "%s: %s: piece %.12s is not in %s.files: put the folder that was built beside "
                    "the release and activate it again; until then the app waits\n",
                    handover->control.tool, what, hex, handover->release);
            return EXIT_FAILED;
        }
    }
    return status;
}

int handover_run(const struct handover *handover)
{
    struct round round;
    char what[512];
    text_shorten_printf(what, sizeof what, "activate %s: its files", handover->release);
    for (size_t sent = 0; sent <= FILES_PIECES_MAX; sent += round.count) {
        int status = round_ask(&handover->control, handover->app, &round, what);
        if (status == EXIT_GOOD && round.count > 0) {
            status = round_send(handover, &round, what);
        }
        if (status != EXIT_GOOD || round.count == 0) {
            return status;
        }
    }
    fprintf(stderr, "%s: %s: the agent does not keep what it is given\n", handover->control.tool,
            what);
    return EXIT_FAILED;
}
