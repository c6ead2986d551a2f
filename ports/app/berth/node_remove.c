/* berth node remove: a node leaves the fleet: what the broker holds of it is cleared, its bundle is
 * put aside, so that no rollout waits for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/confirm.h"
#include "ports/app/berth/node_topics.h"
#include "ports/app/berth/roll_book.h"
#include "ports/app/berth/verbs.h"

struct remove_request {
    const char *node;
    bool is_forced;
};

/* nodes/NAME becomes removed/NAME, so that the name can be added again with another key. */
static int bundle_put_aside(const struct fleet_dir *dir, const char *node, struct err *err)
{
    char below[NODE_NAME_BYTES + 16];
    char from[PATH_MAX], to[PATH_MAX], folder[PATH_MAX];
    if (!node_is_added(dir, node)) {
        return 0;
    }
    fleet_dir_file(dir, "removed", folder);
    (void)snprintf(below, sizeof below, "nodes/%s", node);
    fleet_dir_file(dir, below, from);
    (void)snprintf(below, sizeof below, "removed/%s", node);
    fleet_dir_file(dir, below, to);
    for (int i = 2; access(to, F_OK) == 0 && i < 1000; i++) {
        (void)snprintf(below, sizeof below, "removed/%.63s.%d", node, i);
        fleet_dir_file(dir, below, to);
    }
    if ((mkdir(folder, 0700) != 0 && errno != EEXIST) || rename(from, to) != 0) {
        return err_set(err, ERR_IO, "put %s aside: %s", from, strerror(errno));
    }
    printf("its certificate lies in %s now; it stays valid: to keep it out, add\n"
           "  user %s\n  topic deny berth/1/%s/#\n  topic deny berth/2/%s/#\n"
           "to the broker's acl-nodes and send the broker SIGHUP\n",
           to, node, dir->fleet, dir->fleet);
    return 0;
}

static bool is_order(const char *name)
{
    struct topic topic;
    return topic_parse(name, &topic) && topic.kind == TOPIC_ORDER;
}

/* Orders last: the order of a node that is there a coordinator would put back. */
static int topics_clear(const struct node_topics *topics, struct session *session, struct err *err)
{
    int rc = 0;
    for (int are_orders = 0; are_orders < 2; are_orders++) {
        for (size_t i = 0; rc == 0 && i < topics->count; i++) {
            if (is_order(topics->names[i]) == (are_orders == 1)) {
                rc = session_publish(session, topics->names[i], span_of(NULL, 0), err);
            }
        }
    }
    return rc;
}

/* Before its labels are cleared: what the roll says a node has, coordinators keep. */
static int roll_leave(const struct remove_request *request, struct session *session,
                      const struct fleet_dir *dir, struct err *err)
{
    struct roll_book *book = calloc(1, sizeof *book);
    if (book == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = roll_book_open(book, session, dir, err);
    rc = rc == 0 ? roll_book_remove(book, request->node, err) : rc;
    rc = rc == 0 ? roll_book_publish(book, err) : rc;
    roll_book_close(book);
    free(book);
    return rc;
}

static int remove_run(void *ctx, struct session *session, const struct fleet_dir *dir,
                      struct err *err)
{
    const struct remove_request *request = ctx;
    struct node_topics topics = {0};
    int rc = node_topics_read(&topics, session, dir, request->node, err);
    if (rc == 0 && topics.count == 0 && !node_is_added(dir, request->node)) {
        rc = err_set(err, ERR_NOT_FOUND,
                     "no node %s: the broker holds nothing of it, and it was "
                     "not added in this folder",
                     request->node);
    }
    if (rc == 0 && topics.is_online && !request->is_forced) {
        rc = err_set(err, ERR_BUSY,
                     "%s is connected: it would report again; stop its agent first, or --force",
                     request->node);
    }
    rc = rc == 0 ? roll_leave(request, session, dir, err) : rc;
    rc = rc == 0 ? topics_clear(&topics, session, err) : rc;
    if (rc == 0) {
        printf("%s: removed, %zu documents cleared at the broker\n", request->node, topics.count);
        rc = bundle_put_aside(dir, request->node, err);
    }
    node_topics_free(&topics);
    return rc;
}

int verb_node_remove(struct given *given, struct err *err)
{
    struct remove_request request = {.node = given->arguments[0],
                                     .is_forced = given_has(given, "force")};
    int rc = confirm(given_has(given, "yes"), err, "Take node %s out of the fleet?", request.node);
    return rc == 0 ? session_verb(given, remove_run, &request, err) : rc;
}
