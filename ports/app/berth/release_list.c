/* berth release list: the releases that lie at the broker, and how many nodes run each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/wire/envelope.h"
#include "agent/wire/release.h"
#include "agent/wire/topic.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/verbs.h"

#define MEMORY_BYTES (8 * ENVELOPE_BYTES_MAX)

struct listed {
    struct digest digest;
    char app[NAME_BYTES];
    char version[NAME_BYTES];
    uint64_t sequence;
    size_t node_count;        /* that have proven it */
    char why[ERR_TEXT_BYTES]; /* it cannot be read; empty: it can */
};

struct listing {
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
    struct listed *list;
    size_t count, room;
    bool is_short; /* of memory */
    struct plan plan;
};

/* What it says of itself; whether it is signed is what a node judges. */
static int release_read(struct listing *listing, struct span payload, struct listed *listed,
                        struct err *err)
{
    static const struct release_node node = {.name = "any"};
    struct envelope_parts parts;
    struct arena arena;
    void *memory = malloc(MEMORY_BYTES);
    arena_init(&arena, memory, memory != NULL ? MEMORY_BYTES : 0);
    int rc = envelope_take_apart(payload, &arena, &parts, err);
    rc = rc == 0 ? release_compile(parts.payload, &node, &listing->plan, err) : rc;
    if (rc == 0) {
        (void)snprintf(listed->app, sizeof listed->app, "%s", listing->plan.app);
        (void)snprintf(listed->version, sizeof listed->version, "%s", listing->plan.version);
        listed->sequence = listing->plan.sequence;
    }
    free(memory);
    return rc;
}

static void received(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct listing *listing = ctx;
    struct topic topic;
    struct err err = {0};
    (void)is_retained;
    if (payload.len == 0 || !topic_parse(text, &topic) || topic.kind != TOPIC_RELEASE) {
        return;
    }
    if (listing->count == listing->room) {
        size_t room = listing->room * 2 + 16;
        struct listed *list = realloc(listing->list, room * sizeof *list);
        if (list == NULL) {
            listing->is_short = true;
            return;
        }
        listing->list = list;
        listing->room = room;
    }
    struct listed *listed = &listing->list[listing->count];
    *listed = (struct listed){.app = "?"};
    if (digest_parse(topic.digest, &listed->digest)) {
        listing->count++;
        if (release_read(listing, payload, listed, &err) != 0) {
            memcpy(listed->why, err.text, sizeof listed->why);
        }
    }
}

static void nodes_count(struct listing *listing)
{
    const struct roster *roster = &listing->world.mirror.roster;
    for (size_t i = 0; i < roster->node_count; i++) {
        for (size_t n = 0; n < listing->count; n++) {
            struct listed *listed = &listing->list[n];
            const struct roster_app *app = roster_app_find(roster_at(roster, i), listed->app);
            listed->node_count += app != NULL && digest_is_equal(&app->committed, &listed->digest);
        }
    }
}

/* By app, the newest first. */
static int listed_compare(const void *a, const void *b)
{
    const struct listed *left = a;
    const struct listed *right = b;
    int order = strcmp(left->app, right->app);
    return order != 0 ? order
                      : (left->sequence < right->sequence) - (left->sequence > right->sequence);
}

static void member(const char *before, const char *key, const char *value)
{
    char data[2 * ERR_TEXT_BYTES];
    struct text text;
    text_init(&text, data, sizeof data);
    text_append_json(&text, value);
    printf("%s\"%s\":%s", before, key, data);
}

static void row_json(const struct listed *listed, const char *hex, const char *before)
{
    printf("%s", before);
    member("\n{", "release", hex);
    member(",", "app", listed->app);
    member(",", "version", listed->version);
    printf(",\"sequence\":%" PRIu64 ",\"nodes\":%zu", listed->sequence, listed->node_count);
    member(",", "unreadable", listed->why);
    printf("}");
}

static void list_print(const struct listing *listing, bool is_json)
{
    if (is_json) {
        printf("[");
    } else {
        printf("%-24s  %-12s  %-12s  %-10s  %s\n", "APP", "RELEASE", "SEQUENCE", "VERSION",
               "NODES");
    }
    for (size_t i = 0; i < listing->count; i++) {
        const struct listed *listed = &listing->list[i];
        char hex[DIGEST_HEX_BYTES];
        digest_render(&listed->digest, hex);
        if (is_json) {
            row_json(listed, hex, i == 0 ? "" : ",");
        } else {
            printf("%-24s  %.12s  %-12" PRIu64 "  %-10s  %zu\n", listed->app, hex, listed->sequence,
                   listed->version[0] != '\0' ? listed->version : "-", listed->node_count);
        }
        if (listed->why[0] != '\0') {
            (void)fprintf(stderr, "berth: release list: %.12s cannot be read: %s\n", hex,
                          listed->why);
        }
    }
    printf("%s", is_json ? "\n]\n" : "");
}

static int list_read(struct listing *listing, struct err *err)
{
    char path[PATH_MAX];
    char filter[BUS_TOPIC_BYTES];
    fleet_dir_file(&listing->dir, "keys/trust.json", path);
    (void)snprintf(filter, sizeof filter, "%s%s/release/+", TOPIC_PREFIX, listing->dir.fleet);
    int rc = keyring_trust_load(&listing->session.keyring, path, &listing->trust, err);
    rc = rc == 0 ? rollout_world_open(&listing->world, &listing->dir, &listing->trust,
                                      &listing->session.keyring, err)
                 : rc;
    rc = rc == 0 ? rollout_world_read(&listing->world, &listing->session, WORLD_NODES, err) : rc;
    rc = rc == 0 ? session_read(&listing->session, filter, received, listing, err) : rc;
    if (rc == 0 && listing->is_short) {
        rc = err_set(err, ERR_MEMORY, "no memory for all releases");
    }
    if (rc == 0) {
        nodes_count(listing);
    }
    rollout_world_close(&listing->world);
    return rc;
}

int verb_release_list(struct given *given, struct err *err)
{
    bool is_json = given_has(given, "json");
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = session_start(&listing->session, given_value(given, "dir"), &listing->dir, err);
    if (rc == 0) {
        rc = list_read(listing, err);
        session_close(&listing->session);
    }
    if (rc == 0 && listing->count > 0) {
        qsort(listing->list, listing->count, sizeof listing->list[0], listed_compare);
    }
    if (rc == 0) {
        list_print(listing, is_json);
    }
    free(listing->list);
    free(listing);
    return rc;
}
