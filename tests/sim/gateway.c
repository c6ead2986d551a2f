/* gateway: the loop of a program without a program: time goes to the next event or deadline. */
#include "tests/sim/gateway.h"

#include <assert.h>
#include <stdio.h>

#include "tests/sim/seal.h"
#include "tests/sim/state.h"

#define OFF_MS         3000
#define AGENT_DELAY_MS 1500 /* from the boot, or from its death, to the agent's start */
#define ASK_AGAIN_MS   500
#define ASK_LIMIT_MS   60000
#define IDLE_STEPS_MAX 500

static void reach_start(struct gateway *gateway)
{
    struct sim_world *world = &gateway->machine.world;
    const struct uplink_ports ports = {
        .bus = sim_bus_port(&gateway->reach->client),
        .entropy = sim_entropy_port(world),
        .clock = sim_clock_port(world),
        .log = sim_log_port(world),
        .verify = gateway->speaks_two ? seal_verify_port() : (struct verify){0},
    };
    uplink_init(&gateway->reach->uplink, gateway->agent, &gateway->config, &ports);
}

static void agent_start(struct gateway *gateway)
{
    struct sim_machine *machine = &gateway->machine;
    struct conductor_ports ports = {
        .clock = sim_clock_port(&machine->world),
        .store = sim_store_port(&machine->store),
        .files = sim_files_port(&machine->files),
        .engine = sim_engine_port(&machine->engine),
        .route = sim_route_port(&machine->route),
        .prober = sim_prober_port(&machine->prober),
        .verify = seal_verify_port(),
        .log = sim_log_port(&machine->world),
    };
    struct err err = {0};
    gateway->agent_at = MONO_NEVER;
    sim_machine_agent(machine);
    gateway->agent = conductor_new(&gateway->config, &ports);
    assert(gateway->agent != NULL);
    conductor_trust(gateway->agent, &gateway->trust, &gateway->revoked);
    if (conductor_start(gateway->agent, &err) != 0) {
        sim_checker_breach(&machine->checker, 3, "the agent does not start: %s", err.text);
    }
    conductor_step(gateway->agent);
    if (gateway->reach != NULL) {
        reach_start(gateway);
    }
}

static void agent_stop(struct gateway *gateway)
{
    conductor_free(gateway->agent);
    gateway->agent = NULL;
}

void gateway_open(struct gateway *gateway, uint64_t seed, const struct releases *releases,
                  const enum release_name *names, size_t count, const char *node, char *trace,
                  size_t trace_cap)
{
    char text[128];
    struct err err = {0};
    memset(gateway, 0, sizeof *gateway);
    bool has_memory = sim_machine_init(&gateway->machine, seed, RELEASES_APP);
    assert(has_memory);
    (void)has_memory;
    if (trace != NULL) {
        sim_world_trace_to(&gateway->machine.world, trace, trace_cap);
    }
    gateway->releases = releases;
    gateway->trust = releases->trust;
    gateway->revoked = releases->revoked;
    bool is_two = false;
    for (size_t i = 0; i < GATEWAY_APPS; i++) {
        gateway->words[i] = (struct gateway_word){
            .gateway = gateway, .asked = ASKED_NOTHING, .promised = ASKED_NOTHING};
    }
    for (size_t i = 0; i < count; i++) {
        is_two = is_two || release_is_beside(names[i]);
    }
    if (is_two) {
        sim_machine_beside(&gateway->machine, RELEASES_BESIDE);
    }
    (void)snprintf(text, sizeof text, "{\"schema\":1,\"node\":\"%s\",\"fleet\":\"sim\"}", node);
    if (config_parse(span_text(text), &gateway->config, &err) != 0) {
        printf("%s\n", err.text);
        assert(false);
    }
    releases_install(releases, names, count, &gateway->machine);
    sim_clients_add(&gateway->machine.clients, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    sim_clients_add(&gateway->machine.clients, ROUTE_TCP, SIM_NODE_ADDRESS, RELEASES_PORT);
    if (is_two) {
        sim_clients_add_to(&gateway->machine.clients, &gateway->machine.beside, ROUTE_TCP,
                           SIM_NODE_ADDRESS, RELEASES_BESIDE_PORT);
    }
    sim_clients_start(&gateway->machine.clients);
    agent_start(gateway);
}

void gateway_close(struct gateway *gateway)
{
    agent_stop(gateway);
    sim_machine_close(&gateway->machine);
}

void gateway_connect(struct gateway *gateway, struct gateway_reach *reach,
                     struct sim_broker *broker)
{
    gateway->reach = reach;
    sim_bus_client_init(&reach->client, broker, &gateway->machine.world.answers);
    reach_start(gateway);
}

/* The power went or the agent died in the last call: what follows from it. */
static void gateway_aftermath(struct gateway *gateway)
{
    struct sim_world *world = &gateway->machine.world;
    if (!world->has_power) {
        if (gateway->reach != NULL) {
            sim_bus_client_cut(&gateway->reach->client);
        }
        agent_stop(gateway);
        uint64_t state = state_of_machine(&gateway->machine);
        gateway->cuts++;
        if (gateway->cut_off_ms != 0) {
            gateway->machine.engine.has_registry = false;
            gateway->registry_at = world->now + OFF_MS + gateway->cut_off_ms;
        }
        sim_machine_boot(&gateway->machine, OFF_MS);
        if (gateway->cuts == 1) {
            gateway->cut_state = state_of_memory(&gateway->machine, state);
        }
        gateway->agent_at = gateway->is_unattended ? MONO_NEVER : world->now + AGENT_DELAY_MS;
    } else if (!world->has_agent && gateway->agent != NULL) {
        if (gateway->reach != NULL) {
            sim_bus_client_kill(&gateway->reach->client);
        }
        agent_stop(gateway);
        gateway->kills++;
        gateway->agent_at = world->now + AGENT_DELAY_MS;
    }
}

/* World time of the agent's deadline. */
static mono_ms agent_deadline(const struct gateway *gateway)
{
    const struct sim_world *world = &gateway->machine.world;
    if (gateway->agent == NULL) {
        return gateway->agent_at;
    }
    mono_ms deadline = conductor_deadline(gateway->agent);
    if (gateway->reach != NULL) {
        deadline = mono_min(deadline, uplink_deadline(&gateway->reach->uplink));
    }
    if (deadline == MONO_NEVER) {
        return MONO_NEVER;
    }
    mono_ms at = deadline - SIM_BOOT_OFFSET_MS + world->booted_at;
    return at > world->now ? at : world->now;
}

/* One turn of the agent, as its program makes it. */
static void agent_step(struct gateway *gateway)
{
    struct sim_world *world = &gateway->machine.world;
    gateway->answers = world->answers;
    conductor_step(gateway->agent);
    gateway_aftermath(gateway);
    if (gateway->agent != NULL && gateway->reach != NULL) {
        uplink_step(&gateway->reach->uplink, world->now - world->booted_at + SIM_BOOT_OFFSET_MS);
        gateway_aftermath(gateway);
    }
    seen_trace(&gateway->seen, gateway->agent, world);
}

/* Something came from the broker, and the agent has not looked yet. */
static bool has_news(const struct gateway *gateway)
{
    const struct sim_world *world = &gateway->machine.world;
    return gateway->reach != NULL && gateway->agent != NULL &&
           (gateway->answers != world->answers || !world->has_agent || !world->has_power);
}

mono_ms gateway_next(const struct gateway *gateway)
{
    const struct sim_world *world = &gateway->machine.world;
    return has_news(gateway) ? world->now
                             : mono_min(agent_deadline(gateway), sim_world_next(world));
}

void gateway_turn(struct gateway *gateway, mono_ms until)
{
    struct sim_world *world = &gateway->machine.world;
    mono_ms before = world->now;
    if (has_news(gateway)) {
        gateway_aftermath(gateway);
        if (gateway->agent != NULL) {
            agent_step(gateway);
        }
        return;
    }
    if (gateway->registry_at != 0 && world->now >= gateway->registry_at) {
        gateway->registry_at = 0;
        gateway->returns++;
        gateway->machine.engine.has_registry = true;
        sim_world_trace(world, "engine  the registry is in reach again");
    }
    mono_ms deadline = agent_deadline(gateway);
    mono_ms next = sim_world_next(world);
    if (mono_min(deadline, next) > until) {
        world->now = until;
        gateway->idle_steps = 0;
        return;
    }
    bool is_due = deadline <= next;
    if (is_due) {
        world->now = deadline;
    } else {
        (void)sim_world_step(world);
    }
    gateway_aftermath(gateway);
    if (gateway->agent != NULL && (is_due || gateway->answers != world->answers)) {
        agent_step(gateway);
    } else if (gateway->agent == NULL && world->now >= gateway->agent_at) {
        agent_start(gateway);
        gateway_aftermath(gateway);
    }
    gateway->idle_steps = is_due && world->now == before ? gateway->idle_steps + 1 : 0;
    if (gateway->idle_steps == IDLE_STEPS_MAX) {
        sim_checker_breach(&gateway->machine.checker, 8, "the agent spins");
        world->now++;
        gateway->idle_steps = 0;
    }
}

void gateway_cut(struct gateway *gateway)
{
    sim_world_cut(&gateway->machine.world);
    gateway_aftermath(gateway);
}

void gateway_kill(struct gateway *gateway)
{
    sim_world_kill(&gateway->machine.world);
    gateway_aftermath(gateway);
}

void gateway_run(struct gateway *gateway, int64_t for_ms)
{
    mono_ms until = gateway->machine.world.now + for_ms;
    while (gateway->machine.world.now < until) {
        gateway_turn(gateway, until);
    }
}

static void told(void *ctx, const struct err *err)
{
    struct gateway_word *word = ctx;
    struct gateway *gateway = word->gateway;
    if (err == NULL) {
        word->promised = word->asked;
        word->open = 0;
    }
    sim_world_trace(&gateway->machine.world, "person  is told: %s",
                    err == NULL ? "done" : err->text);
}

/* Asks `verb` once; ERR_BUSY while nobody is there to hear it. */
static int ask_once(struct gateway *gateway, const struct release_made *made, struct err *err)
{
    int asked = made != NULL ? (int)(made - gateway->releases->made) : ASKED_ROLLBACK;
    bool is_beside = made != NULL && release_is_beside((enum release_name)asked);
    struct gateway_word *word = &gateway->words[is_beside ? 1 : 0];
    int rc = ERR_BUSY;
    if (gateway->agent == NULL) {
        return rc;
    }
    if (made != NULL) {
        struct span envelope = span_of(made->envelope, made->envelope_len);
        rc = conductor_activate(gateway->agent, envelope, false, told, word, err);
    } else {
        rc = conductor_rollback(gateway->agent, RELEASES_APP, told, word, err);
    }
    if (rc == 0) {
        word->asked = asked;
        word->open |= UINT64_C(1) << asked;
    }
    gateway_aftermath(gateway);
    if (gateway->agent != NULL) {
        conductor_step(gateway->agent);
        gateway_aftermath(gateway);
    }
    return rc;
}

static int ask(struct gateway *gateway, const struct release_made *made)
{
    struct sim_world *world = &gateway->machine.world;
    mono_ms until = world->now + ASK_LIMIT_MS;
    struct err err = {0};
    int rc = ERR_BUSY;
    while (world->now < until) {
        uint32_t cuts = gateway->cuts;
        rc = ask_once(gateway, made, &err);
        bool is_early = rc == ERR_BUSY || rc == ERR_ENGINE_GONE || rc == ERR_STORE;
        if (!is_early || gateway->cuts != cuts) {
            break;
        }
        gateway_run(gateway, ASK_AGAIN_MS);
    }
    sim_world_trace(world, "person  %s%s: %s%s%s", made != NULL ? "activates " : "rolls back",
                    made != NULL ? made->word : "", rc == 0 ? "taken" : err_word(rc),
                    rc == 0 ? "" : ": ", rc == 0 ? "" : err.text);
    return rc;
}

int gateway_activate(struct gateway *gateway, enum release_name name)
{
    return ask(gateway, &gateway->releases->made[name]);
}

int gateway_rollback(struct gateway *gateway)
{
    return ask(gateway, NULL);
}

int gateway_rollback_once(struct gateway *gateway)
{
    struct err err = {0};
    int rc = ask_once(gateway, NULL, &err);
    sim_world_trace(&gateway->machine.world, "person  rolls back: %s",
                    rc == 0 ? "taken" : err.text);
    return rc;
}

void gateway_revoke(struct gateway *gateway, enum release_name name)
{
    const struct digest *digest = &gateway->releases->made[name].digest;
    struct revoked *revoked = &gateway->revoked;
    assert(revoked->count < COUNT_OF(revoked->digests));
    revoked->digests[revoked->count++] = *digest;
    revoked->version++;
    sim_checker_revoke(&gateway->machine.checker, digest);
    sim_world_trace(&gateway->machine.world, "person  revokes %s", release_word(name));
    if (gateway->agent != NULL) {
        conductor_trust(gateway->agent, NULL, revoked);
        conductor_step(gateway->agent);
        gateway_aftermath(gateway);
    }
}

void gateway_distrust(struct gateway *gateway)
{
    gateway->trust.version++;
    for (size_t i = 0; i < gateway->trust.key_count; i++) {
        gateway->trust.keys[i].roles = 0;
    }
    sim_world_trace(&gateway->machine.world, "person  no key is trusted any more");
    if (gateway->agent != NULL) {
        conductor_trust(gateway->agent, &gateway->trust, NULL);
        conductor_step(gateway->agent);
        gateway_aftermath(gateway);
    }
}

struct sim_image *gateway_image(struct gateway *gateway, enum release_name name)
{
    struct sim_engine *engine = &gateway->machine.engine;
    const char *reference = gateway->releases->made[name].reference;
    size_t i = 0;
    while (i < engine->image_count - 1 && strcmp(engine->images[i].reference, reference) != 0) {
        i++;
    }
    return &engine->images[i];
}
