/* berth: the operator's tool. Its verbs stand in one table. */
#include <stdio.h>
#include <string.h>

#include "platform/base/units.h"
#include "ports/app/berth/verbs.h"
#include "ports/linux/helper.h"

static const struct verb {
    const char *first, *second; /* second: NULL where one word is enough */
    int (*run)(int argc, char **argv, struct err *err);
    const char *arguments;
    const char *purpose;
} verbs[] = {
    {"keys", "new", verb_keys_new, "DIR --fleet NAME | operator [--dir DIR]",
     "make one key a role and the trust document; or a key for one more operator"},
    {"keys", "operators", verb_keys_operators,
     "[--add NAME=PUB]... [--remove NAME]... [--key PEM]... [--version N] [--dir DIR]",
     "show whose keys may ask for a rollout, or write the next version of that"},
    {"keys", "trust", verb_keys_trust,
     "DIR --fleet NAME [--role release=a.pub,b.pub:2]... [--version N] [--key PEM]... "
     "[--reset-epochs] [--force]",
     "write the trust document, or its next version, from public keys"},
    {"release", "build", verb_release_build,
     "FILE... -o FILE [--env-file FILE]... [--profile NAME]... [--sequence N] [--floor N] "
     "[--platform linux/amd64]... [--engine SOCKET] [--ca FILE] [--plain-http HOST] "
     "[--patience SECONDS] [--build]",
     "turn a Compose file into a release, with images by digest"},
    {"release", "lint", verb_release_lint,
     "FILE... [--json] [--env-file FILE]... [--profile NAME]...",
     "say what of a Compose file a node runs, and what it will do; asks nobody"},
    {"release", "sign", verb_release_sign, "FILE --key PEM [--key PEM]... [-o FILE]",
     "add signatures"},
    {"release", "verify", verb_release_verify, "FILE --trust trust.json",
     "check the signatures and the document as a node would"},
    {"release", "show", verb_release_show, "FILE", "say what a release does"},
    {"deploy", NULL, verb_deploy,
     "FILE... [--socket PATH|--host SSH [--sudo]|--node NAME] [--key PEM] [--dir DIR] [--init] "
     "[--force] and all of release build but -o",
     "build, sign and activate a Compose file on one node, and follow it to its verdict"},
    {"fleet", "init", verb_fleet_init,
     "DIR --fleet NAME --broker HOST[:NODEPORT[:OPERATORPORT]] [--name CERTNAME]...",
     "make a fleet: its CA, its keys, its broker's configuration, the operator's certificate"},
    {"fleet", "upgrade", verb_fleet_upgrade, "[--dir DIR]",
     "give a folder of an earlier version its operators' CA and its first operator's key"},
    {"fleet", "unread", verb_fleet_unread, "[--clear] [--json] [--dir DIR]",
     "show the documents at the broker that cannot be read, and why; clear them"},
    {"node", "add", verb_node_add,
     "NAME [--label KEY=VALUE]... [--prefix PATH] [--days N] [--dir DIR]",
     "make a node's certificate and configuration"},
    {"node", "label", verb_node_label,
     "NAME KEY=VALUE... KEY-... [--replace] [--ahead] [--dir DIR]",
     "change what the fleet calls a node"},
    {"node", "remove", verb_node_remove, "NAME [--force] [--dir DIR]",
     "take a node out of the fleet: no rollout waits for it any more"},
    {"node", "show", verb_node_show, "NAME [--json] [--dir DIR]",
     "show everything of one node: what it runs, its last answers, the story of a failure"},
    {"node", "list", verb_node_list, "[-l SELECTOR] [--json] [--dir DIR]",
     "show every node: present or not, and what it runs"},
    {"release", "publish", verb_release_publish, "FILE [--dir DIR]",
     "put a signed release where nodes find it, and print its digest"},
    {"release", "revoke", verb_release_revoke, "[--key PEM]... [--dir DIR] DIGEST|FILE...",
     "add releases to the fleet's list of what must never run"},
    {"trust", "publish", verb_trust_publish, "[--dir DIR]",
     "give the fleet's nodes its trust document, and its coordinators the operators' keys"},
    {"rollout", "plan", verb_rollout_plan,
     "FILE -l SELECTOR|--all [--spec FILE] [the flags of rollout start] [--json] [--dir DIR]",
     "say which node gets a release in which wave, and which would not; does nothing"},
    {"rollout", "start", verb_rollout_start,
     "FILE -l SELECTOR|--all [--spec FILE] [--waves 1,5%,25%,100%] [--soak DURATION] "
     "[--threshold SHARE] [--max-unavailable NODES|SHARE] [--group-by LABEL]... [--peers LABEL] "
     "[--per-minute N] [--on-failure pause|continue|rollback] [--fail-above SHARE] "
     "[--offline later|wait|fail|skip] [--offline-until DURATION] [--force] [--start-by DURATION] "
     "[--lost-after DURATION] [--yes] [--watch] [--detach] [--dir DIR]",
     "bring a signed release to the nodes, one after the other, or in waves"},
    {"rollout", "watch", verb_rollout_watch, "[ID] [--json] [--dir DIR]",
     "follow a rollout, the newest unless named, until it ends or stops"},
    {"rollout", "status", verb_rollout_status, "[ID] [--json] [--dir DIR]",
     "show a rollout and what each node is to it"},
    {"rollout", "list", verb_rollout_list, "[--dir DIR]", "show all rollouts, newest first"},
    {"rollout", "pause", verb_rollout_pause, "ID [--dir DIR]", "give no more orders for now"},
    {"rollout", "resume", verb_rollout_resume, "ID [--dir DIR]",
     "go on, and accept what has failed so far"},
    {"rollout", "skip", verb_rollout_skip, "ID NODE... [--dir DIR]",
     "wait for these nodes no more"},
    {"rollout", "retry", verb_rollout_retry, "ID [NODE...] [--dir DIR]",
     "order again where it failed: at these nodes, or everywhere"},
    {"rollout", "undo", verb_rollout_undo, "ID [--yes] [--watch] [--detach] [--dir DIR]",
     "bring the nodes that it changed back to what ran before; a rollout of its own"},
    {"rollout", "abort", verb_rollout_abort, "ID [--dir DIR]",
     "take back what was not begun, and end"},
    {"coordinate", NULL, verb_coordinate, "[--dir DIR]",
     "coordinate the fleet's live rollouts until told to end"},
    {"revoke", NULL, verb_revoke,
     "--key PEM [--key PEM]... [--fleet NAME] [--version N] -o FILE DIGEST|FILE...",
     "write the signed list of releases that must never run"},
};

static void usage_print(FILE *file)
{
    (void)fprintf(file, "usage:\n");
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        (void)fprintf(file, "  berth %s%s%s %s\n      %s\n", verbs[i].first,
                      verbs[i].second != NULL ? " " : "",
                      verbs[i].second != NULL ? verbs[i].second : "", verbs[i].arguments,
                      verbs[i].purpose);
    }
    (void)fprintf(file, "  berth --version\n");
}

static const struct verb *verb_find(int argc, char **argv)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (argc > 1 && strcmp(argv[1], verbs[i].first) == 0 &&
            (verbs[i].second == NULL || (argc > 2 && strcmp(argv[2], verbs[i].second) == 0))) {
            return &verbs[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("berth %s\n", BERTH_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage_print(stdout);
        return 0;
    }
    const struct verb *verb = verb_find(argc, argv);
    if (verb == NULL) {
        usage_print(stderr);
        return 2;
    }
    const char *second = verb->second != NULL ? verb->second : "";
    const char *space = verb->second != NULL ? " " : "";
    int skip = verb->second != NULL ? 2 : 1;
    int rc = verb->run(argc - skip, argv + skip, &err);
    if (rc >= 0) {
        return rc;
    }
    (void)fprintf(stderr, "berth: %s%s%s: %s\n", verb->first, space, second, err.text);
    if (rc == ERR_USAGE) {
        (void)fprintf(stderr, "usage: berth %s%s%s %s\n", verb->first, space, second,
                      verb->arguments);
    }
    return rc == ERR_USAGE ? 2 : 1;
}
