/* reach: opens the parts in order; what they do is the uplink's. */
#include "ports/app/berthd/reach.h"

#include <string.h>

#include "ports/linux/entropy.h"

#define TIME_RECORD "clock"
/* A machine whose clock nobody keeps right writes what it knows this often, while it knows more. */
#define TIME_SAVE_MS MINUTES_MS(60)

static void time_load(struct reach *reach)
{
    const struct store *store = &reach->house->ports.store;
    uint8_t data[STORE_RECORD_BYTES_MAX];
    size_t len = 0;
    wall_ms saved = 0;
    if (store->ops->record_read(store->self, TIME_RECORD, data, sizeof data, &len, NULL) != 0 ||
        len != sizeof saved) {
        return; /* none yet, or damaged: the build's own date holds */
    }
    memcpy(&saved, data, sizeof saved);
    reach->saved_time = saved;
    linux_clock_raise(&reach->house->clock, saved);
}

static void time_saved(void *ctx, const struct err *err)
{
    struct reach *reach = ctx;
    if (err != NULL) {
        reach->saved_time = 0; /* tried again with the next hour */
    }
}

/* Only where the clock is not trusted is it worth the flash: such a machine would else begin at the
 * build date again, and take certificates for not yet valid. */
static void time_step(struct reach *reach, mono_ms now)
{
    const struct clock *clock = &reach->house->ports.clock;
    const struct store *store = &reach->house->ports.store;
    bool is_trusted = false;
    linux_clock_raise(&reach->house->clock, mbedtls_tls_newest(reach->tls));
    if (now < reach->save_at) {
        return;
    }
    reach->save_at = now + TIME_SAVE_MS;
    wall_ms wall = clock->ops->wall(clock->self, &is_trusted);
    if (is_trusted || wall <= reach->saved_time) {
        return;
    }
    if (store->ops->record_write(store->self, TIME_RECORD, span_of(&wall, sizeof wall), time_saved,
                                 reach, NULL) == 0) {
        reach->saved_time = wall;
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
