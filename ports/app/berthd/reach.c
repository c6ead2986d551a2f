/* reach: opens the parts in order; what they do is the uplink's. */
#include "ports/app/berthd/reach.h"

#include <string.h>

#include "ports/linux/entropy.h"

#define TIME_RECORD "clock"
/* What is proven of the time is looked at this often, and written when it has moved so far: by
 * uptime alone on machines whose clock nobody keeps right, on others once a day. */
#define TIME_SAVE_MS         MINUTES_MS(60)
#define TIME_SAVE_TRUSTED_MS (24 * MINUTES_MS(60))

/* The record. One of before had the bare time, which may be what an unsynchronised clock said: it
 * proves nothing. */
struct saved_time {
    uint32_t version, unused;
    wall_ms proven;
};

#define SAVED_TIME_VERSION 2

static void time_load(struct reach *reach)
{
    const struct store *store = &reach->house->ports.store;
    uint8_t data[STORE_RECORD_BYTES_MAX];
    size_t len = 0;
    struct saved_time saved;
    if (store->ops->record_read(store->self, TIME_RECORD, data, sizeof data, &len, NULL) != 0 ||
        len != sizeof saved) {
        return; /* none yet, damaged, or not proven: the build's own date holds */
    }
    memcpy(&saved, data, sizeof saved);
    if (saved.version == SAVED_TIME_VERSION) {
        reach->saved_time = saved.proven;
        linux_clock_raise(&reach->house->clock, saved.proven);
    }
}

static void time_saved(void *ctx, const struct err *err)
{
    struct reach *reach = ctx;
    if (err != NULL) {
        reach->saved_time = 0; /* tried again with the next hour */
    }
}

/* Machines without a clock would else begin at the build date again, and take certificates for not
 * yet valid. What was saved and proved wrong since is replaced at once. */
static void time_step(struct reach *reach, mono_ms now)
{
    const struct clock *clock = &reach->house->ports.clock;
    const struct store *store = &reach->house->ports.store;
    struct saved_time saved = {.version = SAVED_TIME_VERSION};
    bool is_trusted = false;
    if (mbedtls_tls_newest(reach->tls) != reach->newest) {
        reach->newest = mbedtls_tls_newest(reach->tls);
        linux_clock_raise(&reach->house->clock, reach->newest);
        reach->save_at = now; /* proof is rare: it must not be lost with a power cut */
    }
    if (now < reach->save_at) {
        return;
    }
    reach->save_at = now + TIME_SAVE_MS;
    (void)clock->ops->wall(clock->self, &is_trusted);
    saved.proven = clock_past(clock);
    int64_t moved = saved.proven - reach->saved_time;
    if (moved >= 0 && moved < (is_trusted ? TIME_SAVE_TRUSTED_MS : TIME_SAVE_MS)) {
        return;
    }
    if (store->ops->record_write(store->self, TIME_RECORD,
                                 span_of((const void *)&saved, sizeof saved), time_saved, reach,
                                 NULL) == 0) {
        reach->saved_time = saved.proven;
    }
}

static int parts_open(struct reach *reach, const struct config *config, struct err *err)
{
    struct house *house = reach->house;
    const struct config_broker *broker = &config->broker;
    const struct mbedtls_tls_settings tls = {
        .loop = linux_loop_interface(&house->loop),
        .worker = linux_worker_interface(&house->worker),
        .clock = house->ports.clock,
        .host = broker->host,
        .port = broker->port,
        .name = broker->name,
        .ca_path = broker->ca_path,
        .cert_path = broker->cert_path,
        .key_path = broker->key_path,
    };
    int rc = mbedtls_tls_new(&tls, &reach->tls, err);
    if (rc != 0) {
        return rc;
    }
    const struct mosquitto_bus_settings bus = {
        .loop = tls.loop,
        .stream = mbedtls_tls_stream(reach->tls),
        .run_dir = config->state_dir, /* nobody else can enter it */
    };
    return mosquitto_bus_new(&bus, &reach->bus, err);
}

int reach_open(struct reach *reach, const struct config *config, struct house *house,
               struct conductor *conductor, uplink_document document, void *ctx, struct err *err)
{
    reach->house = house;
    if (config->broker.host[0] == '\0') {
        return 0;
    }
    int rc = parts_open(reach, config, err);
    if (rc != 0) {
        return err_wrap(err, rc, "open the way to the fleet (broker)");
    }
    const struct uplink_ports ports = {
        .bus = mosquitto_bus_interface(reach->bus),
        .entropy = linux_entropy_interface(),
        .clock = house->ports.clock,
        .log = house->ports.log,
        .document = document,
        .ctx = ctx,
        .verify = house->ports.verify,
    };
    time_load(reach);
    uplink_init(&reach->uplink, conductor, config, &ports);
    reach->is_open = true;
    return 0;
}

void reach_close(struct reach *reach)
{
    if (reach->is_open) {
        uplink_stop(&reach->uplink);
    }
    if (reach->bus != NULL) {
        mosquitto_bus_free(reach->bus);
    }
    if (reach->tls != NULL) {
        mbedtls_tls_free(reach->tls);
    }
    *reach = (struct reach){0};
}

void reach_step(struct reach *reach, mono_ms now)
{
    if (reach->is_open) {
        time_step(reach, now);
        uplink_step(&reach->uplink, now);
    }
}

mono_ms reach_deadline(const struct reach *reach)
{
    return reach->is_open ? mono_min(uplink_deadline(&reach->uplink), reach->save_at) : MONO_NEVER;
}

void reach_leave(struct reach *reach)
{
    if (reach->is_open) {
        uplink_leave(&reach->uplink);
    }
}

bool reach_has_left(const struct reach *reach)
{
    return !reach->is_open || uplink_has_left(&reach->uplink);
}
