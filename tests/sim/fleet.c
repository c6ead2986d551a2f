/* fleet: time goes to whatever is next: a message, a machine's event, somebody's deadline. */
#include "tests/sim/fleet.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/sealing.h"

#define TURN_TRACE_BYTES (256 * 1024)
#define SEAT_SPINS_MAX   500
/* An operator looks whether a word was taken. */
#define CONTROLS_MS 2000

static mono_ms clock_of(const struct sim_world *world)
{
    return world->now - world->booted_at + SIM_BOOT_OFFSET_MS;
}

static mono_ms world_time(const struct sim_world *world, mono_ms deadline)
{
    mono_ms at =
        deadline == MONO_NEVER ? MONO_NEVER : deadline - SIM_BOOT_OFFSET_MS + world->booted_at;
    return at > world->now ? at : world->now;
}

wall_ms fleet_wall(const struct fleet *fleet)
{
    const struct clock clock = sim_clock_port((struct sim_world *)&fleet->broker.world);
    bool is_trusted;
    return clock.ops->wall(clock.self, &is_trusted);
}

/* -- the trace ------------------------------------------------------------------------------ */

static void trace_line(struct fleet *fleet, const char *who, const char *line, size_t len)
{
    size_t room = fleet->trace_cap - fleet->trace_len;
    int written =
        snprintf(fleet->trace + fleet->trace_len, room, "%-4s %.*s\n", who, (int)len, line);
    if (written > 0 && (size_t)written < room) {
        fleet->trace_len += (size_t)written;
    } else {
        fleet->trace[fleet->trace_len] = '\0';
    }
}

/* Moves a world's lines of this turn into the one trace. */
static void trace_take(struct fleet *fleet, const char *who, struct sim_world *world, char *lines)
{
    const char *at = lines;
    const char *end;
    if (lines == NULL || world->trace_len == 0) {
        return;
    }
    while ((end = strchr(at, '\n')) != NULL) {
        trace_line(fleet, who, at, (size_t)(end - at));
        at = end + 1;
    }
    sim_world_trace_to(world, lines, TURN_TRACE_BYTES);
}

static void trace_take_all(struct fleet *fleet)
{
    static const char *const names[FLEET_SEATS] = {"c1", "c2"};
    if (fleet->trace == NULL) {
        return;
    }
    trace_take(fleet, "bus", &fleet->broker.world, fleet->broker_trace);
    for (size_t i = 0; i < fleet->node_count; i++) {
        struct fleet_node *node = &fleet->nodes[i];
        trace_take(fleet, node->name, &node->gateway.machine.world, node->trace);
    }
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        trace_take(fleet, names[i], &fleet->seats[i].world, fleet->seats[i].trace);
    }
}

static char *trace_lines(struct fleet *fleet, struct sim_world *world)
{
    char *lines = fleet->trace != NULL ? malloc(TURN_TRACE_BYTES) : NULL;
    if (lines != NULL) {
        sim_world_trace_to(world, lines, TURN_TRACE_BYTES);
    }
    return lines;
}

void fleet_note(struct fleet *fleet, const char *fmt, ...)
{
    char line[512];
    va_list args;
    if (fleet->trace == NULL) {
        return;
    }
    trace_take_all(fleet);
    int at = snprintf(line, sizeof line, "%6lld.%03lld  ", (long long)(fleet->now / 1000),
                      (long long)(fleet->now % 1000));
    va_start(args, fmt);
    (void)vsnprintf(line + at, sizeof line - (size_t)at, fmt, args);
    va_end(args);
    trace_line(fleet, "---", line, strlen(line));
}

/* -- the desk ------------------------------------------------------------------------------- */

static void desk_greet(void *ctx, const char *session, struct link_hello *hello)
{
    (void)ctx;
    (void)snprintf(hello->client_id, sizeof hello->client_id, "operator-%s", session);
}

static void desk_opened(void *ctx, const char *session)
{
    (void)ctx;
    (void)session;
}

static void desk_closed(void *ctx, const struct err *err, bool was_open)
{
    (void)ctx;
    (void)err;
    (void)was_open;
}

static void desk_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    (void)ctx;
    (void)topic;
    (void)payload;
    (void)is_retained;
}

static void saying_told(void *ctx, const struct err *err)
{
    struct fleet_saying *saying = ctx;
    saying->is_sent = false;
    saying->is_heard = err == NULL && !saying->is_changed;
    saying->is_changed = false;
}

static void desk_step(struct fleet_desk *desk)
{
    const struct bus bus = sim_bus_port(&desk->client);
    link_step(&desk->link, clock_of(&desk->world));
    for (size_t i = 0; i < desk->saying_count && link_is_open(&desk->link); i++) {
        struct fleet_saying *saying = &desk->sayings[i];
        if (!saying->is_heard && !saying->is_sent) {
            saying->is_sent =
                bus.ops->publish(bus.self, saying->topic, span_of(saying->payload, saying->len),
                                 true, saying_told, saying, NULL) == 0;
        }
    }
}

static void desk_open(struct fleet *fleet, uint64_t seed)
{
    struct fleet_desk *desk = &fleet->desk;
    const struct link_user user = {.greet = desk_greet,
                                   .opened = desk_opened,
                                   .closed = desk_closed,
                                   .received = desk_received,
                                   .ctx = desk};
    sim_world_init(&desk->world, seed);
    sim_bus_client_init(&desk->client, &fleet->broker, NULL);
    link_init(&desk->link, sim_bus_port(&desk->client), sim_entropy_port(&desk->world), &user);
}

/* While the answer to an older text is under way the new one waits for it. */
struct fleet_saying *fleet_say(struct fleet *fleet, const char *topic, struct span payload)
{
    struct fleet_desk *desk = &fleet->desk;
    struct fleet_saying *saying = NULL;
    for (size_t i = 0; i < desk->saying_count && saying == NULL; i++) {
        bool is_it = strcmp(desk->sayings[i].topic, topic) == 0;
        saying = is_it ? &desk->sayings[i] : NULL;
    }
    if (saying == NULL) {
        assert(desk->saying_count < FLEET_SAYINGS_MAX);
        saying = &desk->sayings[desk->saying_count++];
        (void)snprintf(saying->topic, sizeof saying->topic, "%s", topic);
    }
    assert(payload.len <= sizeof saying->payload);
    memcpy(saying->payload, payload.data, payload.len);
    saying->len = payload.len;
    saying->is_heard = false;
    saying->is_changed = saying->is_sent;
    saying->control = (struct rollout_control){0};
    desk_step(desk);
    return saying;
}

void fleet_say_again(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->desk.saying_count; i++) {
        fleet->desk.sayings[i].is_heard = false;
    }
}

static void control_say(struct fleet *fleet, struct rollout_control *control)
{
    struct topic topic = {.kind = TOPIC_ROLLOUT_CONTROL, .fleet = FLEET_NAME};
    struct rollout_state state = {0};
    char name[BUS_TOPIC_BYTES];
    (void)fleet_state(fleet, control->id, &state);
    control->serial = state.control_serial + 1;
    (void)text_copy(topic.rollout, sizeof topic.rollout, control->id);
    topic_render(&topic, name);
    struct span envelope = sealing_control(control, SEALING_ANN);
    struct fleet_saying *saying = fleet_say(fleet, name, envelope);
    saying->control = *control;
    seal_digest(sealing_payload(envelope), &saying->digest);
}

void fleet_control(struct fleet *fleet, const char *rollout, const char *want, uint32_t accepted)
{
    struct rollout_control control = {.accepted = accepted, .allowed_at = fleet_wall(fleet)};
    (void)text_copy(control.id, sizeof control.id, rollout);
    (void)text_copy(control.want, sizeof control.want, want);
    control_say(fleet, &control);
}

/* What the verbs do: a word that was not taken, because another was, is said again. */
static void controls_check(struct fleet *fleet)
{
    struct rollout_state state;
    for (size_t i = 0; i < fleet->desk.saying_count; i++) {
        struct fleet_saying *saying = &fleet->desk.sayings[i];
        if (saying->control.serial != 0 && saying->is_heard &&
            fleet_state(fleet, saying->control.id, &state) &&
            state.control_serial >= saying->control.serial &&
            !digest_is_equal(&state.control_digest, &saying->digest)) {
            control_say(fleet, &saying->control);
        }
    }
}

void fleet_rollout(struct fleet *fleet, const struct rollout_spec *spec)
{
    struct topic topic = {.kind = TOPIC_RELEASE, .fleet = FLEET_NAME};
    char name[BUS_TOPIC_BYTES];
    for (size_t i = 0; i < RELEASE_COUNT; i++) {
        const struct release_made *made = &fleet->releases->made[i];
        if (digest_is_equal(&made->digest, &spec->release)) {
            digest_render(&made->digest, topic.digest);
            topic_render(&topic, name);
            (void)fleet_say(fleet, name, span_of(made->envelope, made->envelope_len));
        }
    }
    topic.kind = TOPIC_ROLLOUT_SPEC;
    memcpy(topic.rollout, spec->id, sizeof topic.rollout);
    topic_render(&topic, name);
    (void)fleet_say(fleet, name, sealing_spec(spec, SEALING_ANN));
}

bool fleet_state(const struct fleet *fleet, const char *rollout, struct rollout_state *state)
{
    struct topic topic = {.kind = TOPIC_ROLLOUT_STATE, .fleet = FLEET_NAME};
    char name[BUS_TOPIC_BYTES];
    struct span payload;
    (void)text_copy(topic.rollout, sizeof topic.rollout, rollout);
    topic_render(&topic, name);
    return sim_broker_retained(&fleet->broker, name, &payload) &&
           rollout_state_parse(sealing_payload(payload), state, NULL) == 0;
}

/* -- coordinators --------------------------------------------------------------------------- */

void fleet_seat_take(struct fleet *fleet, size_t index)
{
    struct fleet_seat *seat = &fleet->seats[index];
    struct operators operators = sealing_operators(1);
    operators.is_demanding[OPERATORS_DEMAND_LABELS] = fleet->are_words_signed;
    operators.is_demanding[OPERATORS_DEMAND_ROLL] = fleet->are_words_signed;
    const struct coordinator_settings settings = {
        .fleet = FLEET_NAME,
        .order_key_pem = SEAL_PEM_TRUSTED,
        .trust = &fleet->releases->trust,
        .audits_always = true,
        .operators = &operators,
    };
    const struct coordinator_ports ports = {
        .clock = sim_clock_port(&seat->world),
        .bus = sim_bus_port(&seat->client),
        .entropy = sim_entropy_port(&seat->world),
        .sign = seal_sign_port(),
        .verify = seal_verify_port(),
        .log = sim_log_port(&seat->world),
    };
    assert(seat->coordinator == NULL);
    int rc = coordinator_new(&settings, &ports, &seat->coordinator, NULL);
    assert(rc == 0);
    (void)rc;
    seat->starts_at = MONO_NEVER;
    seat->answers++; /* it has not looked yet */
}

void fleet_seat_kill(struct fleet *fleet, size_t index, int64_t again_ms)
{
    struct fleet_seat *seat = &fleet->seats[index];
    if (seat->coordinator != NULL) {
        sim_bus_client_kill(&seat->client);
        coordinator_free(seat->coordinator);
        seat->coordinator = NULL;
    }
    seat->starts_at = again_ms == MONO_NEVER ? MONO_NEVER : fleet->now + again_ms;
}

static mono_ms seat_next(const struct fleet_seat *seat)
{
    if (seat->coordinator == NULL) {
        return seat->starts_at;
    }
    return seat->answers != seat->seen
               ? seat->world.now
               : world_time(&seat->world, coordinator_deadline(seat->coordinator));
}

static void seat_turn(struct fleet *fleet, size_t index)
{
    struct fleet_seat *seat = &fleet->seats[index];
    if (seat_next(seat) > fleet->now) {
        seat->idle_steps = 0;
        return;
    }
    if (seat->coordinator == NULL) {
        fleet_seat_take(fleet, index);
    }
    seat->seen = seat->answers;
    coordinator_step(seat->coordinator);
    assert(coordinator_audit_faults(seat->coordinator) == 0); /* what is kept equals a recount */
    seat->idle_steps++;
    if (seat->idle_steps > SEAT_SPINS_MAX) {
        fleet->is_stuck = true;
    }
}

/* -- all together --------------------------------------------------------------------------- */

static void node_open(struct fleet *fleet, const struct fleet_setup *setup, size_t index)
{
    struct fleet_node *node = &fleet->nodes[index];
    struct sim_world *world = &node->gateway.machine.world;
    (void)snprintf(node->name, sizeof node->name, "n%02zu", index + 1);
    gateway_open(&node->gateway, setup->seed * 1000 + index + 1, setup->releases, setup->names,
                 setup->name_count, node->name, NULL, 0);
    node->gateway.speaks_two = ((setup->twos >> index) & 1) != 0;
    gateway_connect(&node->gateway, &node->reach, &fleet->broker);
    node->trace = trace_lines(fleet, world);
}

void fleet_open(struct fleet *fleet, const struct fleet_setup *setup)
{
    memset(fleet, 0, sizeof *fleet);
    fleet->releases = setup->releases;
    fleet->are_words_signed = setup->are_words_signed;
    fleet->trace = setup->trace;
    fleet->trace_cap = setup->trace_cap;
    sim_broker_init(&fleet->broker, setup->seed * 1000);
    fleet->broker_trace = trace_lines(fleet, &fleet->broker.world);
    fleet->node_count = setup->nodes;
    for (size_t i = 0; i < setup->nodes; i++) {
        node_open(fleet, setup, i);
    }
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        struct fleet_seat *seat = &fleet->seats[i];
        sim_world_init(&seat->world, setup->seed * 1000 + 900 + i);
        seat->trace = trace_lines(fleet, &seat->world);
        sim_bus_client_init(&seat->client, &fleet->broker, &seat->answers);
        seat->starts_at = MONO_NEVER;
    }
    desk_open(fleet, setup->seed * 1000 + 990);
}

void fleet_close(struct fleet *fleet)
{
    trace_take_all(fleet);
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        fleet_seat_kill(fleet, i, MONO_NEVER);
        free(fleet->seats[i].trace);
    }
    for (size_t i = 0; i < fleet->node_count; i++) {
        struct fleet_node *node = &fleet->nodes[i];
        sim_bus_client_kill(&node->reach.client);
        gateway_close(&node->gateway);
        free(node->trace);
    }
    sim_bus_client_kill(&fleet->desk.client);
    sim_broker_close(&fleet->broker);
    free(fleet->broker_trace);
}

static mono_ms fleet_next(const struct fleet *fleet)
{
    mono_ms at = sim_broker_next(&fleet->broker);
    for (size_t i = 0; i < fleet->node_count; i++) {
        at = mono_min(at, fleet->nodes[i].next);
    }
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        at = mono_min(at, seat_next(&fleet->seats[i]));
    }
    at = mono_min(at, world_time(&fleet->desk.world, link_deadline(&fleet->desk.link)));
    return at > fleet->now ? at : fleet->now;
}

static void clock_set(struct sim_world *world, mono_ms now)
{
    world->now = world->now < now ? now : world->now; /* one that boots is ahead */
}

/* Between two turns only the broker changes when a node is next. */
static void node_turn(struct fleet_node *node, mono_ms at)
{
    const struct sim_world *world = &node->gateway.machine.world;
    bool is_told =
        node->gateway.answers != world->answers || !world->has_agent || !world->has_power;
    if (node->next > at && !is_told) {
        return;
    }
    node->next = gateway_next(&node->gateway);
    while (node->next <= at) {
        gateway_turn(&node->gateway, at);
        node->next = gateway_next(&node->gateway);
    }
}

static void fleet_turn(struct fleet *fleet, mono_ms at)
{
    fleet->now = at;
    if (at >= fleet->controls_at + CONTROLS_MS) {
        fleet->controls_at = at;
        controls_check(fleet);
    }
    for (size_t i = 0; i < fleet->node_count; i++) {
        clock_set(&fleet->nodes[i].gateway.machine.world, at);
    }
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        clock_set(&fleet->seats[i].world, at);
    }
    clock_set(&fleet->desk.world, at);
    sim_broker_run_until(&fleet->broker, at);
    for (size_t i = 0; i < fleet->node_count; i++) {
        node_turn(&fleet->nodes[i], at);
    }
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        seat_turn(fleet, i);
    }
    desk_step(&fleet->desk);
    trace_take_all(fleet);
}

void fleet_run(struct fleet *fleet, int64_t for_ms)
{
    mono_ms until = fleet->now + for_ms;
    for (size_t i = 0; i < fleet->node_count; i++) {
        fleet->nodes[i].next = gateway_next(&fleet->nodes[i].gateway);
    }
    while (fleet->now < until && !fleet->is_stuck) {
        fleet_turn(fleet, mono_min(fleet_next(fleet), until));
    }
}
