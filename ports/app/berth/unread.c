/* berth fleet unread: what lies at the broker and cannot be read; shown, and cleared. */
#include "ports/app/berth/unread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/node_word.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/verbs.h"

#define SAID_MAX 3

static void line_print(FILE *file, const struct mirror_unread *unread)
{
    char line[BUS_TOPIC_BYTES + ERR_TEXT_BYTES + 4];
    (void)snprintf(line, sizeof line, "%s: %s", unread->topic, unread->reason);
    for (char *at = line; *at != '\0'; at++) {
        bool is_plain = (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f;
        (void)fputc(is_plain ? *at : '?', file);
    }
    (void)fputc('\n', file);
}

void unread_say(const struct mirror *mirror)
{
    size_t count = mirror->unread_count - mirror->foreign_count;
    size_t said = 0;
    if (count == 0) {
        return;
    }
    (void)fprintf(stderr,
                  "berth: %zu document%s at the broker cannot be read (berth fleet unread shows "
                  "and clears them):\n",
                  count, count == 1 ? "" : "s");
    for (size_t i = 0; i < mirror->unread_count && said < SAID_MAX; i++) {
        if (!mirror->unread[i]->is_foreign) {
            (void)fputs("  ", stderr);
            line_print(stderr, mirror->unread[i]);
            said++;
        }
    }
    if (count > said) {
        (void)fprintf(stderr, "  and %zu more\n", count - said);
    }
}

/* -- the verb --------------------------------------------------------------------------------- */

struct unread_request {
    bool is_clearing, is_json;
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
};

static void list_json(const struct mirror *mirror)
{
    char data[2 * (BUS_TOPIC_BYTES + ERR_TEXT_BYTES) + 128];
    struct text text;
    printf("{\"unread\":[");
    for (size_t i = 0; i < mirror->unread_count; i++) {
        text_init(&text, data, sizeof data);
        text_append(&text, i == 0 ? "\n{\"topic\":" : ",\n{\"topic\":");
        text_append_json(&text, mirror->unread[i]->topic);
        text_append(&text, ",\"reason\":");
        text_append_json(&text, mirror->unread[i]->reason);
        text_append(&text, "}");
        printf("%s", text.data);
    }
    printf("\n]}\n");
}

static void list_print(const struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->unread_count; i++) {
        line_print(stdout, mirror->unread[i]);
    }
    if (mirror->unread_count == 0) {
        printf("everything at the broker can be read\n");
    }
}

static int clear(struct unread_request *request, struct err *err)
{
    const struct mirror *mirror = &request->world.mirror;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < mirror->unread_count; i++) {
        rc = session_publish(&request->session, mirror->unread[i]->topic, span_of(NULL, 0), err);
    }
    if (rc == 0) {
        (void)fprintf(stderr, "berth: %zu document%s cleared\n", mirror->unread_count,
                      mirror->unread_count == 1 ? "" : "s");
    }
    return rc;
}

static int unread_read(struct unread_request *request, struct err *err)
{
    char path[PATH_MAX];
    fleet_dir_file(&request->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&request->session.keyring, path, &request->trust, err);
    rc = rc == 0 ? rollout_world_open(&request->world, &request->dir, &request->trust,
                                      &request->session.keyring, err)
                 : rc;
    rc = rc == 0 ? rollout_world_each(&request->world, &request->session, WORLD_ALL,
                                      rollout_world_take, &request->world, err)
                 : rc;
    return rc == 0 && request->world.mirror.is_short ? err_set(err, ERR_MEMORY, "no memory") : rc;
}

static int unread_run(struct unread_request *request, struct err *err)
{
    int rc = unread_read(request, err);
    if (rc == 0 && request->is_json) {
        list_json(&request->world.mirror);
    } else if (rc == 0) {
        list_print(&request->world.mirror);
    }
    size_t count = request->world.mirror.unread_count;
    rc = rc == 0 && request->is_clearing ? clear(request, err) : rc;
    rc = rc == 0 && !request->is_clearing && count > 0 ? FLEET_EXIT_AMISS : rc;
    rollout_world_close(&request->world);
    return rc;
}

int verb_fleet_unread(struct given *given, struct err *err)
{
    struct unread_request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    request->is_clearing = given_has(given, "clear");
    request->is_json = given_has(given, "json");
    int rc = session_start(&request->session, given_value(given, "dir"), &request->dir, err);
    if (rc == 0) {
        rc = unread_run(request, err);
        session_close(&request->session);
    }
    free(request);
    return rc;
}
