/* activate: reads the file, asks, and keeps what the answer says for whoever follows. */
#include "ports/app/control/activate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ports/app/control/scan.h"
#include "agent/wire/base64.h"

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

const char *activate_name(const char *path)
{
    return is_standard_input(path) ? "standard input" : path;
}

int activate_read(const char *path, uint8_t *data, size_t cap, struct span *content,
                  struct err *err)
{
    const char *name = activate_name(path);
    FILE *file = is_standard_input(path) ? stdin : fopen(path, "rb");
    if (file == NULL) {
        return err_set(err, ERR_IO, "open %s: %s", path, strerror(errno));
    }
    size_t len = fread(data, 1, cap, file);
    bool has_failed = ferror(file) != 0;
    int why = errno;
    if (file != stdin) {
        (void)fclose(file);
    }
    if (has_failed) {
        return err_set(err, ERR_IO, "read %s: %s", name, strerror(why));
    }
    if (len == cap) {
        return err_set(err, ERR_OVERSIZE, "%s is larger than a release can be (%d bytes)", name,
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

int activate_ask(const struct activate *activate, struct follow *follow, uint64_t *after)
{
    struct client client;
    struct err err = {0};
    struct span answer;
    char what[256];
    const struct client_question question = {
        .method = "POST",
        .target = activate->is_forced ? "/v1/activate?force=1" : "/v1/activate?force=0",
        .body = activate->envelope,
    };
    *follow = (struct follow){0};
    if (!app_read(activate->envelope, follow->app)) {
        follow->app[0] = '\0';
    }
    (void)snprintf(what, sizeof what, "activate %s", activate->name);
    int status = EXIT_GOOD;
    int rc = client_ask(&client, &activate->control, &question, &err);
    if (rc == 0 && client.status == 202) {
        rc = client_body(&client, &answer, &err);
    }
    if (rc != 0 || client.status != 202) {
        status = client_complain(&client, what, rc, &err);
    } else {
        *after = follow_accepted(follow, answer);
    }
    client_close(&client);
    return status;
}
