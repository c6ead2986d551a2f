/* storm: many nodes' sessions in one process, protocol only: when each comes back after its broker
 * was lost. usage: storm FOLDER PORT NODE-PREFIX COUNT; FOLDER holds the bundles nodes/PREFIX<i>.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/limits.h"
#include "agent/link/link.h"
#include "ports/linux/clock.h"
#include "ports/linux/entropy.h"
#include "ports/linux/loop.h"
#include "ports/mbedtls/tls.h"
#include "ports/mbedtls/verify.h"
#include "ports/mosquitto/bus.h"
#include "tests/load/storm_tally.h"

#define SESSIONS_MAX 220
#define LIMIT_MS     SECONDS_MS(180)

struct storm_session {
    struct storm *storm;
    char node[NODE_NAME_BYTES];
    char ca[512], cert[512], key[512];
    struct mbedtls_tls *tls;
    struct mosquitto_bus *bus;
    struct link link;
    struct storm_tally tally;
};

struct storm {
    struct linux_loop loop;
    struct linux_clock clock;
    size_t count;
    struct storm_session sessions[SESSIONS_MAX];
};

/* A lookup that is always answered by loopback: names are not what is tested here. */
struct lookup {
    struct storm *storm;
    struct loop_timer timer;
    worker_done done;
    void *ctx;
};

static void lookup_answer(void *ctx)
{
    struct lookup *lookup = ctx;
    worker_done done = lookup->done;
    void *who = lookup->ctx;
    free(lookup);
    done(who, NULL, 0, span_text("127.0.0.1\n"));
}

static int lookup_resolve(void *self, const char *host, worker_done done, void *ctx,
                          struct err *err)
{
    struct storm *storm = self;
    struct loop loop = linux_loop_interface(&storm->loop);
    struct lookup *lookup = calloc(1, sizeof *lookup);
    (void)host;
    if (lookup == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    lookup->done = done;
    lookup->ctx = ctx;
    loop.ops->arm(loop.self, &lookup->timer, loop.ops->now(loop.self), lookup_answer, lookup);
    return 0;
}

static void lookup_forget(void *self, const void *ctx)
{
    (void)self; /* nobody here closes during a lookup */
    (void)ctx;
}

static void greet(void *ctx, const char *session, struct link_hello *hello)
{
    struct storm_session *own = ctx;
    storm_attempt(&own->tally, linux_loop_now());
    (void)snprintf(hello->client_id, sizeof hello->client_id, "%s", own->node);
    (void)snprintf(hello->will_topic, sizeof hello->will_topic, "berth/1/demo/node/%s/presence",
                   own->node);
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
    struct bus bus = mosquitto_bus_interface(own->bus);
    char topic[BUS_TOPIC_BYTES];
    char text[LINK_WILL_BYTES];
    (void)snprintf(topic, sizeof topic, "berth/1/demo/node/%s/presence", own->node);
    (void)snprintf(text, sizeof text, "{\"schema\":1,\"session\":\"%s\",\"online\":true}", session);
    int rc = bus.ops->publish(bus.self, topic, span_text(text), true, told, own, NULL);
    if (rc != 0) {
        printf("%s cannot say that it is there: %s\n", own->node, err_word(rc));
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

static int session_init(struct storm_session *own, const char *folder, uint16_t port,
                        struct err *err)
{
    static const struct worker_ops worker_ops = {.resolve = lookup_resolve,
                                                 .forget = lookup_forget};
    const struct link_user user = {
        .greet = greet, .opened = opened, .closed = closed, .received = received, .ctx = own};
    (void)snprintf(own->ca, sizeof own->ca, "%s/ca.pem", folder);
    (void)snprintf(own->cert, sizeof own->cert, "%s/nodes/%s/cert.pem", folder, own->node);
    (void)snprintf(own->key, sizeof own->key, "%s/nodes/%s/key.pem", folder, own->node);
    const struct mbedtls_tls_settings tls = {
        .loop = linux_loop_interface(&own->storm->loop),
        .worker = {.ops = &worker_ops, .self = own->storm},
        .clock = linux_clock_interface(&own->storm->clock),
        .host = "127.0.0.1",
        .port = port,
        .ca_path = own->ca,
        .cert_path = own->cert,
        .key_path = own->key,
    };
    int rc = mbedtls_tls_new(&tls, &own->tls, err);
    if (rc != 0) {
        return rc;
    }
    const struct mosquitto_bus_settings bus = {
        .loop = tls.loop, .stream = mbedtls_tls_stream(own->tls), .run_dir = folder};
    rc = mosquitto_bus_new(&bus, &own->bus, err);
    if (rc == 0) {
        link_init(&own->link, mosquitto_bus_interface(own->bus), linux_entropy_interface(), &user);
    }
    return rc;
}

static size_t turn(struct storm *storm, bool is_back)
{
    mono_ms now = linux_loop_now();
    mono_ms due = now + 100;
    size_t count = 0;
    for (size_t i = 0; i < storm->count; i++) {
        struct storm_session *own = &storm->sessions[i];
        bool has_ended = own->link.state == LINK_ENDED;
        link_step(&own->link, now);
        if (has_ended) {
            storm_wait(&own->tally, own->link.failures, now, own->link.retry_at);
        }
        due = mono_min(due, link_deadline(&own->link));
        count += is_back ? storm_is_back(&own->tally) : link_is_open(&own->link);
    }
    linux_loop_run_once(&storm->loop, due > now ? due - now : 0);
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
    struct verify verify;
    struct err err = {0};
    int rc = argc == 5 ? 0 : ERR_USAGE;
    storm.count = rc == 0 ? (size_t)strtoul(argv[4], NULL, 10) : 0;
    if (rc != 0 || storm.count == 0 || storm.count > SESSIONS_MAX) {
        (void)fprintf(stderr, "usage: storm FOLDER PORT NODE-PREFIX COUNT (at most %d)\n",
                      SESSIONS_MAX);
        return 2;
    }
    rc = linux_loop_init(&storm.loop, &err);
    rc = rc == 0 ? linux_clock_init(&storm.clock, 0, &err) : rc;
    rc = rc == 0 ? mbedtls_verify_init(&verify, &err) : rc;
    for (size_t i = 0; rc == 0 && i < storm.count; i++) {
        struct storm_session *own = &storm.sessions[i];
        own->storm = &storm;
        (void)snprintf(own->node, sizeof own->node, "%.40s%zu", argv[3], i);
        rc = session_init(own, argv[1], (uint16_t)strtoul(argv[2], NULL, 10), &err);
    }
    if (rc != 0) {
        (void)fprintf(stderr, "storm: %s\n", err.text);
        return EXIT_FAILURE;
    }
    return storm_run(&storm);
}
