/* storm: many nodes' sessions in one process, protocol only: when each comes back after its broker
 * was lost. usage: storm FOLDER PORT NODE-PREFIX COUNT; FOLDER holds the bundles nodes/PREFIX<i>.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/load/sessions.h"
#include "tests/load/storm_tally.h"

#define LIMIT_MS SECONDS_MS(180)

struct storm_session {
    struct session session;
    struct storm_tally tally;
};

struct storm {
    struct sessions shared;
    size_t count;
    struct storm_session sessions[SESSIONS_MAX];
};

static void greet(void *ctx, const char *session, struct link_hello *hello)
{
    struct storm_session *own = ctx;
    storm_attempt(&own->tally, linux_loop_now());
    (void)snprintf(hello->client_id, sizeof hello->client_id, "%s", own->session.node);
    (void)snprintf(hello->will_topic, sizeof hello->will_topic, "berth/1/demo/node/%s/presence",
                   own->session.node);
    (void)snprintf(hello->will, sizeof hello->will,
                   "{\"schema\":1,\"session\":\"%s\",\"online\":false}", session);
}

/* It is back when the broker knows that it is there. */
static void told(void *ctx, const struct err *err)
{
    struct storm_session *own = ctx;
    if (err == NULL) {
        storm_back(&own->tally, linux_loop_now());
    }
}

static void opened(void *ctx, const char *session)
{
    struct storm_session *own = ctx;
    struct bus bus = mosquitto_bus_interface(own->session.bus);
    char topic[BUS_TOPIC_BYTES];
    char text[LINK_WILL_BYTES];
    (void)snprintf(topic, sizeof topic, "berth/1/demo/node/%s/presence", own->session.node);
    (void)snprintf(text, sizeof text, "{\"schema\":1,\"session\":\"%s\",\"online\":true}", session);
    int rc = bus.ops->publish(bus.self, topic, span_text(text), true, told, own, NULL);
    if (rc != 0) {
        printf("%s cannot say that it is there: %s\n", own->session.node, err_word(rc));
    }
}

static void closed(void *ctx, const struct err *err, bool was_open)
{
    struct storm_session *own = ctx;
    (void)err;
    if (was_open) {
        storm_lost(&own->tally, linux_loop_now());
    }
}

static void received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    (void)ctx;
    (void)topic;
    (void)payload;
    (void)is_retained;
}

static size_t turn(struct storm *storm, bool is_back)
{
    mono_ms now = linux_loop_now();
    mono_ms due = now + 100;
    size_t count = 0;
    for (size_t i = 0; i < storm->count; i++) {
        struct storm_session *own = &storm->sessions[i];
        bool has_ended = own->session.link.state == LINK_ENDED;
        link_step(&own->session.link, now);
        if (has_ended) {
            storm_wait(&own->tally, own->session.link.failures, now, own->session.link.retry_at);
        }
        due = mono_min(due, link_deadline(&own->session.link));
        count += is_back ? storm_is_back(&own->tally) : link_is_open(&own->session.link);
    }
    linux_loop_run_once(&storm->shared.loop, due > now ? due - now : 0);
    return count;
}

static int storm_run(struct storm *storm)
{
    static const struct storm_tally *tallies[SESSIONS_MAX];
    mono_ms until = linux_loop_now() + LIMIT_MS;
    while (turn(storm, false) < storm->count) {
        if (linux_loop_now() > until) {
            printf("not all came up\n");
            return EXIT_FAILURE;
        }
    }
    printf("up %zu\n", storm->count);
    (void)fflush(stdout);
    while (turn(storm, true) < storm->count) {
        if (linux_loop_now() > until) {
            printf("not all came back\n");
            return EXIT_FAILURE;
        }
    }
    for (size_t i = 0; i < storm->count; i++) {
        tallies[i] = &storm->sessions[i].tally;
    }
    return storm_judge(tallies, storm->count) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct storm storm;
    struct err err = {0};
    int rc = argc == 5 ? 0 : ERR_USAGE;
    storm.count = rc == 0 ? (size_t)strtoul(argv[4], NULL, 10) : 0;
    if (rc != 0 || storm.count == 0 || storm.count > SESSIONS_MAX) {
        (void)fprintf(stderr, "usage: storm FOLDER PORT NODE-PREFIX COUNT (at most %d)\n",
                      SESSIONS_MAX);
        return 2;
    }
    rc = sessions_init(&storm.shared, &err);
    for (size_t i = 0; rc == 0 && i < storm.count; i++) {
        struct storm_session *own = &storm.sessions[i];
        const struct link_user user = {
            .greet = greet, .opened = opened, .closed = closed, .received = received, .ctx = own};
        (void)snprintf(own->session.node, sizeof own->session.node, "%.40s%zu", argv[3], i);
        rc = session_init(&own->session, &storm.shared, argv[1],
                          (uint16_t)strtoul(argv[2], NULL, 10), &user, &err);
    }
    if (rc != 0) {
        (void)fprintf(stderr, "storm: %s\n", err.text);
        return EXIT_FAILURE;
    }
    return storm_run(&storm);
}
