/* sessions.c: a link with TLS and MQTT as berthd has them. */
#include "tests/load/sessions.h"

#include <stdio.h>
#include <stdlib.h>

#include "ports/linux/entropy.h"
#include "ports/mbedtls/verify.h"

/* A lookup that is always answered by loopback: names are not what is tested here. */
struct lookup {
    struct sessions *sessions;
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
    struct sessions *sessions = self;
    struct loop loop = linux_loop_interface(&sessions->loop);
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

int sessions_init(struct sessions *sessions, struct err *err)
{
    int rc = linux_loop_init(&sessions->loop, err);
    rc = rc == 0 ? linux_clock_init(&sessions->clock, 0, err) : rc;
    return rc == 0 ? mbedtls_verify_init(&sessions->verify, err) : rc;
}

int session_init(struct session *session, struct sessions *sessions, const char *folder,
                 uint16_t port, const struct link_user *user, struct err *err)
{
    static const struct worker_ops worker_ops = {.resolve = lookup_resolve,
                                                 .forget = lookup_forget};
    (void)snprintf(session->ca, sizeof session->ca, "%s/ca.pem", folder);
    (void)snprintf(session->cert, sizeof session->cert, "%s/nodes/%s/cert.pem", folder,
                   session->node);
    (void)snprintf(session->key, sizeof session->key, "%s/nodes/%s/key.pem", folder, session->node);
    const struct mbedtls_tls_settings tls = {
        .loop = linux_loop_interface(&sessions->loop),
        .worker = {.ops = &worker_ops, .self = sessions},
        .clock = linux_clock_interface(&sessions->clock),
        .host = "127.0.0.1",
        .port = port,
        .ca_path = session->ca,
        .cert_path = session->cert,
        .key_path = session->key,
    };
    int rc = mbedtls_tls_new(&tls, &session->tls, err);
    if (rc != 0) {
        return rc;
    }
    const struct mosquitto_bus_settings bus = {
        .loop = tls.loop, .stream = mbedtls_tls_stream(session->tls), .run_dir = folder};
    rc = mosquitto_bus_new(&bus, &session->bus, err);
    if (rc == 0) {
        link_init(&session->link, mosquitto_bus_interface(session->bus), linux_entropy_interface(),
                  user);
    }
    return rc;
}
