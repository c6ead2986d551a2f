/* berthctl rollback: back to the release before, with no network. */
#include <stdio.h>

#include "platform/base/text.h"
#include "ports/app/berthctl/options.h"
#include "ports/app/control/client.h"
#include "ports/app/control/follow.h"

int rollback_run(const struct options *options)
{
    struct client client;
    struct err err = {0};
    struct follow follow = {0};
    struct span answer;
    char target[64];
    uint64_t after = 0;
    (void)text_copy(follow.app, sizeof follow.app, options->argument);
    (void)snprintf(target, sizeof target, "/v1/rollback/%s", options->argument);
    struct client_question question = {.method = "POST", .target = target};
    int status = EXIT_GOOD;
    int rc = client_ask(&client, &options->control, &question, &err);
    if (rc == 0 && client.status == 202) {
        rc = client_body(&client, &answer, &err);
    }
    if (rc != 0 || client.status != 202) {
        status = client_complain(&client, "rollback", rc, &err);
    } else {
        after = follow_accepted(&follow, answer);
        printf("%s: going back to the release before\n", follow.app);
        (void)fflush(stdout);
    }
    client_close(&client);
    if (status != EXIT_GOOD || !options->is_waiting) {
        return status;
    }
    return follow_run(&follow, &options->control, after);
}
