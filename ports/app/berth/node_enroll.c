/* berth node enroll: puts nodes on the roll, which an operator signs: whoever is not on it is in no
 * rollout once the operators demand it. Puts back what a broker has lost of it, too. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"
#include "ports/app/berth/roll_book.h"
#include "ports/app/berth/verbs.h"

struct enroll_request {
    char *const *nodes;
    size_t node_count;
    bool takes_seen; /* whoever reports, too */
    struct roll_book *book;
    size_t added;
};

/* A node of which the folder has labels gets them, and their number, again. */
static int labels_put(struct enroll_request *request, const char *node, struct err *err)
{
    struct labels_given given;
    const struct roll_entry *entry = roll_book_find(request->book, node);
    uint32_t known = entry != NULL ? entry->labels : 0;
    if (!roll_book_labels_kept(request->book, node, &given) || given.version < known) {
        return 0;
    }
    return roll_book_labels(request->book, &given, err);
}

static int node_put(struct enroll_request *request, const char *node, struct err *err)
{
    int rc = 0;
    if (roll_book_find(request->book, node) == NULL) {
        rc = roll_book_set(request->book, node, 0, err);
        if (rc == 0) {
            printf("%s: on the roll\n", node);
            request->added++;
        }
    }
    return rc == 0 ? labels_put(request, node, err) : rc;
}

/* Those whose bundles were made in this folder. */
static int bundles_put(struct enroll_request *request, struct err *err)
{
    char path[PATH_MAX];
    int rc = 0;
    fleet_dir_file(request->book->dir, "nodes", path);
    DIR *folder = opendir(path);
    for (struct dirent *entry; rc == 0 && folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (text_is_name(entry->d_name, NODE_NAME_BYTES - 1)) {
            rc = node_put(request, entry->d_name, err);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return rc;
}

static void seen_take(void *ctx, const char *name, struct span payload, bool is_retained)
{
    struct enroll_request *request = ctx;
    struct mirror_news news;
    (void)is_retained;
    mirror_take(&request->book->mirror, name, payload, 0, &news);
}

/* Whoever has said something of itself, by what lies at the broker now. */
static int seen_put(struct enroll_request *request, struct err *err)
{
    struct roll_book *book = request->book;
    const struct roster *roster = &book->mirror.roster;
    char filter[BUS_TOPIC_BYTES];
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/node/+/report", book->dir->fleet);
    int rc = session_read(book->session, filter, seen_take, request, err);
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX_2 "%s/node/+/+/report", book->dir->fleet);
    rc = rc == 0 ? session_read_two(book->session, filter, seen_take, request, err) : rc;
    for (size_t i = 0; rc == 0 && i < roster->node_count; i++) {
        rc = node_put(request, roster_at(roster, i)->name, err);
    }
    return rc;
}

static int enroll(struct enroll_request *request, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < request->node_count; i++) {
        rc = node_put(request, request->nodes[i], err);
    }
    if (rc == 0 && request->takes_seen) {
        rc = seen_put(request, err);
    }
    if (rc == 0 && request->node_count == 0) {
        rc = bundles_put(request, err);
    }
    rc = rc == 0 ? roll_book_publish(request->book, err) : rc;
    if (rc == 0) {
        printf("roll: %zu nodes, %zu of them new\n", request->book->mirror.rolls.node_count,
               request->added);
    }
    return rc;
}

static int enroll_run(void *ctx, struct session *session, const struct fleet_dir *dir,
                      struct err *err)
{
    struct enroll_request *request = ctx;
    request->book = calloc(1, sizeof *request->book);
    if (request->book == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = roll_book_open(request->book, session, dir, err);
    rc = rc == 0 ? enroll(request, err) : rc;
    roll_book_close(request->book);
    free(request->book);
    return rc;
}

int verb_node_enroll(struct given *given, struct err *err)
{
    struct enroll_request request = {.nodes = given->arguments,
                                     .node_count = given->argument_count,
                                     .takes_seen = given_has(given, "seen")};
    return session_verb(given, enroll_run, &request, err);
}
