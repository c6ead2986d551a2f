/* handover: the agent says what it lacks, and gets that, a few pieces a round. */
#include "ports/app/control/handover.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/limits.h"
#include "agent/node/control_scan.h"
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

/* False: it is not in the folder. */
static bool piece_read(const char *release, const char *hex, uint8_t *data, size_t *len)
{
    char path[PATH_MAX];
    int used = snprintf(path, sizeof path, "%s.files/%s", release, hex);
    FILE *file = used > 0 && (size_t)used < sizeof path ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        return false;
    }
    *len = fread(data, 1, FILE_PIECE_BYTES_MAX, file);
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

int handover_run(const struct control *control, const char *release, const char *app)
{
    static uint8_t data[FILE_PIECE_BYTES_MAX];
    struct round round;
    char what[512];
    size_t len = 0;
    text_shorten_printf(what, sizeof what, "activate %s: its files", release);
    for (size_t sent = 0; sent <= FILES_PIECES_MAX;) {
        int status = round_ask(control, app, &round, what);
        if (status != EXIT_GOOD || round.count == 0) {
            return status;
        }
        for (size_t i = 0; i < round.count && status == EXIT_GOOD; i++, sent++) {
            if (!piece_read(release, round.missing[i], data, &len)) {
                fprintf(
                    stderr,
                    "%s: %s: piece %.12s is not in %s.files: put the folder that was "
                    "built beside the release and activate it again; until then the app waits\n",
                    control->tool, what, round.missing[i], release);
                return EXIT_FAILED;
            }
            status = piece_send(control, span_of(data, len), what);
        }
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    fprintf(stderr, "%s: %s: the agent does not keep what it is given\n", control->tool, what);
    return EXIT_FAILED;
}
