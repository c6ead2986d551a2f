/* follow_run: prints what happens to one app until its verdict. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "platform/base/text.h"
#include "ports/app/control/follow.h"
#include "ports/app/control/scan.h"
#include "ports/app/control/view.h"

/* An agent that is gone is waited for as long as a service manager takes to start it again. */
enum { AWAY_RETRY_MS = 500, AWAY_TRIES_MAX = 120 };

static void event_print(const struct follow *follow, struct span line)
{
    char app[NAME_BYTES];
    char said[512];
    struct text text;
    (void)scan_member_text(line, "app", app, sizeof app);
    if (app[0] != '\0' && strcmp(app, follow->app) != 0) {
        return;
    }
    text_init(&text, said, sizeof said);
    view_events(span_of(line.data, line.len + 1), &text); /* with its newline */
    (void)fputs(said, stdout);
    (void)fflush(stdout);
}

static int end_print(const struct follow *follow, const struct control *control,
                     enum follow_end end)
{
    const char *why = view_reason(follow->reason);
    switch (end) {
    case FOLLOW_GOOD:
        printf("%s: good: the release serves and is committed\n", follow->app);
        return EXIT_GOOD;
    case FOLLOW_WENT_BACK:
        printf("%s: went back: %s; the release before serves\n", follow->app, why);
        return EXIT_WENT_BACK;
    case FOLLOW_INCONCLUSIVE:
        printf("%s: inconclusive: %s; the release before serves, and berthd may try again\n",
               follow->app, why);
        return EXIT_INCONCLUSIVE;
    case FOLLOW_REPLACED:
        printf("%s: something else is wanted by now; see berthctl status\n", follow->app);
        return EXIT_INCONCLUSIVE;
    case FOLLOW_ON:
        break;
    }
    fprintf(stderr,
            "%s: follow %s: the agent closed the connection before a verdict; the node "
            "goes on by itself: see berthctl watch\n",
            control->tool, follow->app);
    return EXIT_FAILED;
}

/* Prints what happens until the verdict, or until the connection ends. */
static int watch(struct follow *follow, struct client *client, uint64_t after,
                 const struct control *control, enum follow_end *end, struct err *err)
{
    char target[64];
    struct span line;
    (void)snprintf(target, sizeof target, "/v1/watch?after=%" PRIu64, after);
    struct client_question question = {.method = "GET", .target = target};
    int rc = client_ask(client, control, &question, err);
    if (rc != 0 || client->status != 200) {
        return rc;
    }
    /* Events of a turn come before the status that shows their end; print those still waiting. */
    while (*end == FOLLOW_ON || client_has_line(client)) {
        if (client_line(client, &line, err) != 0 || line.data == NULL) {
            break;
        }
        if (scan_member_integer(line, "event", 0) > 0) {
            event_print(follow, line);
        } else if (*end == FOLLOW_ON) {
            *end = follow_step(follow, line);
        }
    }
    return 0;
}

/* An agent that is started again goes on with what it was asked, and numbers its events anew. */
int follow_run(struct follow *follow, const struct control *control, uint64_t after)
{
    const struct timespec pause = {.tv_nsec = AWAY_RETRY_MS * 1000000L};
    enum follow_end end = FOLLOW_ON;
    int away = 0;
    for (;;) {
        struct client client;
        struct err err = {0};
        int rc = watch(follow, &client, after, control, &end, &err);
        bool is_refused = rc == 0 && client.status != 200;
        bool is_over = end != FOLLOW_ON || away >= AWAY_TRIES_MAX;
        int status = is_refused || (rc != 0 && (!follow->has_start || is_over))
                         ? client_complain(&client, "follow", rc, &err)
                         : EXIT_GOOD;
        client_close(&client);
        if (status != EXIT_GOOD) {
            return status;
        }
        if (is_over) {
            return end_print(follow, control, end);
        }
        if (rc == 0) {
            fprintf(stderr, "%s: follow %s: the agent closed the connection; waiting %d s for it\n",
                    control->tool, follow->app, AWAY_RETRY_MS * AWAY_TRIES_MAX / 1000);
        }
        away = rc == 0 ? 0 : away + 1;
        after = 0;
        (void)nanosleep(&pause, NULL);
    }
}
