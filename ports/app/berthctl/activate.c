/* berthctl activate: hands a signed release to the agent; the agent checks it, not this tool. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/node/control_scan.h"
#include "agent/wire/base64.h"
#include "platform/base/text.h"
#include "ports/app/berthctl/client.h"
#include "ports/app/berthctl/follow.h"
#include "ports/app/berthctl/options.h"

/* Reads the file; what is too large for an agent is refused here already. */
static int file_read(const char *path, uint8_t *data, size_t cap, struct span *content,
                     struct err *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return err_set(err, ERR_IO, "open %s: %s", path, strerror(errno));
    }
    size_t len = fread(data, 1, cap, file);
    bool has_failed = ferror(file) != 0;
    int why = errno;
    bool is_whole = len < cap;
    (void)fclose(file);
    if (has_failed) {
        return err_set(err, ERR_IO, "read %s: %s", path, strerror(why));
    }
    if (!is_whole) {
        return err_set(err, ERR_OVERSIZE, "%s is larger than a release can be (%d bytes)", path,
                       ENVELOPE_BYTES_MAX);
    }
    *content = span_of(data, len);
    return 0;
}

/* The app a release is of, unverified: only to know whom to follow. */
static bool app_read(struct span envelope, char app[NAME_BYTES])
{
    static char text[ENVELOPE_BYTES_MAX + 1];
    static uint8_t memory[ENVELOPE_BYTES_MAX];
    struct arena arena;
    struct span payload;
    struct span extension;
    arena_init(&arena, memory, sizeof memory);
    return scan_member_text(envelope, "payload", text, sizeof text) &&
           base64_decode(text, &arena, &payload, NULL) == 0 &&
           scan_member(payload, "x-berth", &extension) &&
           scan_member_text(extension, "app", app, NAME_BYTES) && app[0] != '\0';
}

static int accepted_print(struct client *client, const char *path, struct follow *follow,
                          uint64_t *after, struct err *err)
{
    struct span answer;
    int rc = client_body(client, &answer, err);
    if (rc != 0) {
        return client_complain(client, path, rc, err);
    }
    *after = follow_accepted(follow, answer);
    printf("%s: accepted; %s is wanted now\n", follow->app[0] != '\0' ? follow->app : "release",
           path);
    (void)fflush(stdout);
    return EXIT_GOOD;
}

int activate_run(const struct options *options)
{
    static uint8_t data[ENVELOPE_BYTES_MAX + 1];
    struct client client;
    struct err err = {0};
    struct follow follow = {0};
    struct span envelope;
    char what[256];
    uint64_t after = 0;
    (void)snprintf(what, sizeof what, "activate %s", options->argument);
    int rc = file_read(options->argument, data, sizeof data, &envelope, &err);
    if (rc != 0) {
        fprintf(stderr, "berthctl: activate: %s\n", err.text);
        return EXIT_FAILED;
    }
    bool has_app = app_read(envelope, follow.app);
    struct client_question question = {
        .method = "POST",
        .target =
            (options->given & OPTION_FORCE) != 0 ? "/v1/activate?force=1" : "/v1/activate?force=0",
        .body = envelope,
    };
    rc = client_ask(&client, options->socket_path, &question, &err);
    int status = rc == 0 && client.status == 202
                     ? accepted_print(&client, options->argument, &follow, &after, &err)
                     : client_complain(&client, what, rc, &err);
    client_close(&client);
    if (status != EXIT_GOOD || (options->given & OPTION_WAIT) == 0) {
        return status;
    }
    if (!has_app) {
        fprintf(stderr, "berthctl: %s: cannot tell its app; follow with berthctl watch\n", what);
        return EXIT_FAILED;
    }
    return follow_run(&follow, options->socket_path, after);
}
