/* toy: carries out what the planner asks for, in the order and with the notes of the conductor. */
#include "tests/unit/node/toy.h"

#include <assert.h>
#include <stdio.h>

#include "platform/base/text.h"

struct digest toy_digest(int release)
{
    struct digest digest = {.bytes = {(uint8_t)release}};
    return digest;
}

int toy_release(const struct digest *digest)
{
    return digest->bytes[0];
}

void toy_init(struct toy *toy, uint8_t replicas)
{
    memset(toy, 0, sizeof *toy);
    toy->config.pool = 0xc6120000;
    toy->config.pool_bits = 15;
    (void)text_copy(toy->memory.app, NAME_BYTES, "web");
    for (int i = 1; i <= TOY_RELEASES; i++) {
        struct plan *plan = &toy->plans[i];
        toy->images[i] = (struct toy_image){.ready_ms = 700};
        *plan = (struct plan){.digest = toy_digest(i),
                              .sequence = (uint64_t)i * 10,
                              .soak_ms = 10000,
                              .drain_ms = 2000,
                              .keep_warm_ms = 60000,
                              .deadline_ms = 60000,
                              .attempts = 3,
                              .service_count = 1};
        plan->services[0].replicas = replicas;
        plan->services[0].readiness = (struct plan_probe){.kind = PLAN_PROBE_HTTP,
                                                          .period_ms = 1000,
                                                          .success_threshold = 1,
                                                          .failure_threshold = 3};
        plan->services[0].liveness = plan->services[0].readiness;
        plan->services[0].notice.kind = PLAN_NOTICE_SIGNAL;
    }
    toy->facts =
        (struct swap_facts){.is_engine_up = true, .has_restart_backoff = true, .may_begin = true};
    toy->facts.boot.bytes[0] = 1;
    toy->is_route_known = true;
    toy->session.has_looked = true;
    toy->call_ms = 200;
    toy->record_ms = 10;
    toy->apply_ms = 15;
    toy->now = 1000;
    toy->dark_since = toy->now;
    toy->refused_since = toy->now;
}

struct toy_container *toy_find(struct toy *toy, uint32_t gen, uint8_t number)
{
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        struct toy_container *container = &toy->containers[i];
        if (container->is_present && container->gen == gen && container->number == number) {
            return container;
        }
    }
    return NULL;
}

size_t toy_count(const struct toy *toy, uint32_t gen)
{
    size_t count = 0;
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        count += toy->containers[i].is_present && toy->containers[i].gen == gen ? 1 : 0;
    }
    return count;
}

bool toy_is_alive(const struct toy_container *container)
{
    return container->is_present &&
           (container->state == ENGINE_RUNNING || container->state == ENGINE_PAUSED);
}

bool toy_is_good(const struct toy *toy, const struct toy_container *container)
{
    const struct toy_image *image = &toy->images[container->release];
    int64_t age = toy->now - container->started_at;
    return container->is_present && container->state == ENGINE_RUNNING && image->ready_ms >= 0 &&
           age >= image->ready_ms && (image->unready_ms == 0 || age < image->unready_ms);
}

bool toy_table_has(const struct toy_table *table, ipv4 address)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->backends[i] == address) {
            return true;
        }
    }
    return false;
}

/* Nobody can ask what is on a broken link. */
static bool toy_is_unasked(const struct toy *toy, const struct toy_container *container)
{
    return toy->images[container->release].is_unasked;
}

static const struct generation *generation_of(const struct toy *toy, uint32_t gen)
{
    const struct memory_app *memory = &toy->memory;
    return gen == memory->committed.gen   ? &memory->committed
           : gen == memory->candidate.gen ? &memory->candidate
                                          : NULL;
}

static void create(struct toy *toy, struct replica *replica)
{
    const struct generation *generation = generation_of(toy, replica->gen);
    if (generation == NULL || toy_find(toy, replica->gen, replica->number) != NULL) {
        return;
    }
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        if (!toy->containers[i].is_present) {
            toy->containers[i] = (struct toy_container){
                .is_present = true,
                .gen = replica->gen,
                .number = replica->number,
                .release = toy_release(&generation->release),
                .address = address_replica(&toy->config, toy->memory.index, generation->lane, 0,
                                           replica->number),
                .state = ENGINE_CREATED,
            };
            return;
        }
    }
    assert(false);
}

/* The engine carries out one call; false: it refused. */
static bool carry_out(struct toy *toy, const struct action *action, struct replica *replica)
{
    struct toy_container *container = toy_find(toy, action->gen, action->number);
    const struct generation *generation = generation_of(toy, action->gen);
    struct toy_image *image =
        &toy->images[generation != NULL ? toy_release(&generation->release) : 0];
    bool is_ok = true;
    if (action->kind == ACTION_CREATE) {
        is_ok = image->create_fails == 0;
        image->create_fails -= is_ok ? 0 : 1;
        if (is_ok) {
            create(toy, replica);
        }
    } else if (container == NULL) {
        is_ok = action->kind == ACTION_REMOVE || action->kind == ACTION_FORGET ||
                action->kind == ACTION_EXAMINE;
    } else if (action->kind == ACTION_START || action->kind == ACTION_RESTART) {
        is_ok = image->start_fails == 0;
        image->start_fails -= is_ok ? 0 : 1;
        if (is_ok) {
            container->state = ENGINE_RUNNING;
            container->started_at = toy->now;
        }
    } else if (action->kind == ACTION_STOP) {
        container->state = ENGINE_EXITED;
    } else if (action->kind == ACTION_REMOVE) {
        container->is_present = false;
    } else if (action->kind == ACTION_KEEP) {
        container->keeps_running = true;
    }
    return is_ok;
}

/* A call on a generation as a whole ends. */
static void finish_gen(struct toy *toy, const struct action *action)
{
    struct session_app *session = &toy->session;
    if (action->kind == ACTION_NETWORK) {
        observed_network_ended(session, &toy->memory, true, toy->now);
        return;
    }
    struct digest release = session->staging;
    struct toy_image *image = &toy->images[toy_release(&release)];
    const struct generation *missing = generation_of(toy, session->image_missing_gen);
    bool is_missing = missing != NULL && digest_is_equal(&missing->release, &release);
    int code = toy->now < toy->registry_away_until ? ERR_TIMEOUT
               : image->pull_fails > 0             ? ERR_PULL
                                                   : 0;
    image->pull_fails -= code == ERR_PULL ? 1 : 0;
    if (observed_is_staging(session, &release)) {
        observed_pull_ended(session, &toy->memory, &release, code, is_missing, toy->now);
    }
}

static void finish(struct toy *toy, struct toy_call *call)
{
    struct session_app *session = &toy->session;
    struct action action = call->action;
    call->is_used = false;
    if (action.kind == ACTION_PULL || action.kind == ACTION_NETWORK) {
        finish_gen(toy, &action);
        return;
    }
    struct replica *replica = session_find(session, action.gen, action.service, action.number);
    struct replica gone = {.gen = action.gen, .number = action.number};
    bool is_ok = carry_out(toy, &action, replica != NULL ? replica : &gone);
    if (replica != NULL) {
        struct call_end end = {
            .kind = action.kind, .code = is_ok ? 0 : ERR_ENGINE, .id = "c", .list_number = 0};
        observed_call_ended(session, &toy->memory, replica, &end, toy->now);
    }
}

void toy_end_calls(struct toy *toy, bool are_kept)
{
    for (size_t i = 0; i < TOY_CALLS; i++) {
        if (toy->calls[i].is_used && are_kept) {
            finish(toy, &toy->calls[i]);
        }
        toy->calls[i].is_used = false;
    }
}

/* Containers do by themselves what their image says. */
static void live(struct toy *toy)
{
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        struct toy_container *container = &toy->containers[i];
        int64_t crash_ms = toy->images[container->release].crash_ms;
        if (container->is_present && container->state == ENGINE_RUNNING && crash_ms > 0 &&
            toy->now >= container->started_at + crash_ms) {
            if (container->keeps_running) {
                container->restarts++;
                container->started_at = toy->now;
            } else {
                container->state = ENGINE_EXITED;
            }
        }
    }
}

/* As the conductor tells it from the number of the table it finds. */
static bool is_assumed_routed(const struct toy *toy, uint32_t gen)
{
    const struct memory_app *memory = &toy->memory;
    ipv4 committed = address_replica(&toy->config, 0, memory->committed.lane, 0, 1);
    if (!toy->is_presuming || !toy->is_table_of_boot) {
        return toy->is_presuming;
    }
    return gen == (memory->committed.gen != 0 && toy_table_has(&toy->kernel, committed)
                       ? memory->committed.gen
                       : memory->history[0].gen);
}

static void observe(struct toy *toy)
{
    struct session_app *session = &toy->session;
    if (toy->is_list_old) {
        return;
    }
    for (size_t i = 0; i < session->replica_count; i++) {
        struct replica *replica = &session->replicas[i];
        if (!replica->is_busy && toy_find(toy, replica->gen, replica->number) == NULL) {
            replica_miss(replica, toy->now);
        }
    }
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        const struct toy_container *container = &toy->containers[i];
        struct replica *replica = container->is_present
                                      ? session_need(session, container->gen, 0, container->number)
                                      : NULL;
        if (replica == NULL || replica->is_busy) {
            continue;
        }
        struct engine_container seen = {
            .state = container->state,
            .address = container->address,
            .keeps_running = container->keeps_running,
            .restarts = container->restarts,
            .started_ms = container->started_at,
        };
        (void)replica_see(replica, &seen, toy->now, false, toy->now);
        if (!session->is_observed) {
            observed_found(replica, is_assumed_routed(toy, replica->gen), false);
        }
    }
    const struct generation *previous = &toy->memory.history[0];
    observed_listed(session, toy->is_presuming && toy->is_table_of_boot && previous->gen != 0 &&
                                 is_assumed_routed(toy, previous->gen));
}

/* Probes are asked and answered at once. */
static void ask_probes(struct toy *toy)
{
    for (size_t i = 0; i < toy->session.replica_count; i++) {
        struct replica *replica = &toy->session.replicas[i];
        const struct toy_container *container = toy_find(toy, replica->gen, replica->number);
        if (!replica->is_present || replica->state != ENGINE_RUNNING || container == NULL ||
            container->release == 0) {
            continue;
        }
        const struct plan_service *service = &toy->plans[container->release].services[0];
        if (!replica->is_probed) {
            observed_asking(
                replica, service,
                observed_is_presumed(&toy->session, &toy->memory, replica, &toy->facts.boot),
                toy->now);
        }
        unsigned due = probe_due(&replica->probe, service, toy->now);
        int64_t unalive_ms = toy->images[container->release].unalive_ms;
        bool is_alive = unalive_ms == 0 || toy->now < container->started_at + unalive_ms;
        for (int role = 0; role < PROBE_ROLES; role++) {
            if ((due & (1u << role)) != 0) {
                bool is_well = role == PROBE_LIVENESS ? is_alive : toy_is_good(toy, container);
                probe_answer(&replica->probe, service, (enum probe_role)role,
                             toy_is_unasked(toy, container) ? PROBE_UNASKED
                             : is_well                      ? PROBE_SAID_WELL
                                                            : PROBE_SAID_BAD,
                             toy->now);
            }
        }
    }
}

static void mark_routed(struct toy *toy)
{
    for (size_t i = 0; i < toy->session.replica_count; i++) {
        struct replica *replica = &toy->session.replicas[i];
        bool is_held = toy->is_route_known ? toy_table_has(&toy->kernel, replica->address)
                                           : replica->was_routed;
        bool is_coming = toy->is_applying && toy_table_has(&toy->applying, replica->address);
        observed_routed(replica, is_held || is_coming, toy->now);
    }
}

static bool is_equal(const struct toy_table *a, const struct toy_table *b)
{
    return a->count == b->count && (a->wait_until == 0) == (b->wait_until == 0) &&
           memcmp(a->backends, b->backends, a->count * sizeof(ipv4)) == 0;
}

static void build(const struct toy *toy, struct toy_table *table)
{
    table->count = 0;
    for (uint8_t n = 1; n <= REPLICAS_MAX; n++) {
        for (size_t i = 0; i < toy->session.replica_count; i++) {
            const struct replica *replica = &toy->session.replicas[i];
            if (replica->number == n && replica->is_wished &&
                replica->gen == toy->session.wish_gen) {
                table->backends[table->count++] = replica->address;
            }
        }
    }
    bool is_waiting = toy->session.wish_gen != 0 && toy->session.hold_until > toy->now &&
                      (table->count == 0 || !toy->session.is_hold_up);
    table->wait_until = is_waiting ? toy->session.hold_until : 0;
}

static void build_boot(const struct toy *toy, struct toy_table *table)
{
    const struct generation *committed = &toy->memory.committed;
    const struct plan *plan = &toy->plans[toy_release(&committed->release)];
    table->count = 0;
    table->wait_until = 0;
    for (uint8_t n = 1; committed->gen != 0 && n <= plan->services[0].replicas; n++) {
        table->backends[table->count++] =
            address_replica(&toy->config, toy->memory.index, committed->lane, 0, n);
    }
}

static void route(struct toy *toy)
{
    struct toy_table wished;
    struct toy_table boot;
    if (toy->is_applying) {
        return;
    }
    build(toy, &wished);
    build_boot(toy, &boot);
    bool is_settled = toy->is_route_known && is_equal(&wished, &toy->kernel);
    if (!is_settled) {
        toy->applying = wished;
        toy->is_applying = true;
        toy->apply_at = toy->now + toy->apply_ms;
    } else if (!toy->is_remembering) {
        toy->boot = boot;
    }
    (void)observed_settled(&toy->session, is_settled, is_equal(&boot, &toy->boot));
    mark_routed(toy);
}

static void adopt(struct toy *toy)
{
    observed_record(&toy->session, &toy->memory, &toy->pending);
    toy->memory = toy->pending;
}

static void complete(struct toy *toy)
{
    for (size_t i = 0; i < TOY_CALLS; i++) {
        if (toy->calls[i].is_used && toy->now >= toy->calls[i].at) {
            finish(toy, &toy->calls[i]);
        }
    }
    if (toy->is_applying && toy->now >= toy->apply_at) {
        laws_check_table(toy, &toy->applying);
        toy->kernel = toy->applying;
        toy->is_applying = false;
        toy->is_route_known = true;
        mark_routed(toy);
    }
    if (toy->is_remembering && toy->now >= toy->record_at) {
        toy->is_remembering = false;
        if (toy->record_fails == 0) {
            adopt(toy);
        } else {
            toy->record_fails--;
            observed_world_fault(&toy->session, &toy->memory);
        }
    }
}

static void perform(struct toy *toy, const struct swap_decision *decision)
{
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct action *action = &decision->actions[i];
        size_t place = 0;
        while (place < TOY_CALLS && toy->calls[place].is_used) {
            place++;
        }
        assert(place < TOY_CALLS);
        bool is_hanging =
            action->kind == toy->hang_kind && action->gen == toy->memory.candidate.gen;
        toy->calls[place] = (struct toy_call){
            true, *action, toy->now + toy->call_ms + (is_hanging ? toy->hang_ms : 0)};
        toy->counts[action->kind]++;
        if (action->kind == ACTION_NOTICE && toy->order_of_notice == 0) {
            toy->order_of_notice = toy->turns;
        } else if (action->kind == ACTION_STOP && toy->order_of_stop == 0) {
            toy->order_of_stop = toy->turns;
        }
    }
    if (decision->is_remembering) {
        uint8_t data[STORE_RECORD_BYTES_MAX];
        size_t len = 0;
        memory_encode(&decision->next, data, &len);
        int rc = memory_decode(span_of(data, len), &toy->pending, NULL);
        assert(rc == 0);
        toy->is_remembering = true;
        toy->record_at = toy->now + toy->record_ms;
        toy->records++;
    }
}

static const struct plan *plan_of(const struct toy *toy, const struct digest *digest)
{
    int release = toy_release(digest);
    return release == 0 ? NULL : &toy->plans[release];
}

static mono_ms plan_step(struct toy *toy)
{
    struct swap_decision decision;
    struct swap_facts *facts = &toy->facts;
    const struct memory_app *memory = &toy->memory;
    facts->now = toy->now;
    facts->committed = plan_of(toy, &memory->committed.release);
    facts->candidate = plan_of(toy, &memory->candidate.release);
    facts->previous = plan_of(toy, &memory->history[0].release);
    facts->wanted = plan_of(toy, &memory->wanted);
    facts->left = plan_of(toy, &toy->session.left);
    facts->is_wanted_revoked = toy->revoked != 0 && toy_release(&memory->wanted) == toy->revoked;
    facts->is_candidate_revoked =
        toy->revoked != 0 && toy_release(&memory->candidate.release) == toy->revoked;
    facts->lists.asked = toy->turns;
    facts->lists.seen = toy->is_list_old ? 0 : toy->turns;
    facts->tables.asked = toy->turns;
    facts->tables.seen = toy->is_route_known && !toy->is_applying ? toy->turns : 0;
    session_prune(&toy->session, memory);
    swap_step(memory, &toy->session, facts, &decision);
    laws_check_decision(toy, &decision);
    perform(toy, &decision);
    bool is_idle = decision.action_count == 0 && !decision.is_remembering;
    toy->idle_spins = is_idle && decision.wake_at <= toy->now ? toy->idle_spins + 1 : 0;
    return decision.wake_at;
}

/* When the world next changes by itself. */
static mono_ms next_event(const struct toy *toy)
{
    mono_ms next = toy->now + 500; /* the engine is listed again */
    for (size_t i = 0; i < TOY_CALLS; i++) {
        next = toy->calls[i].is_used ? mono_min(next, toy->calls[i].at) : next;
    }
    next = toy->is_applying ? mono_min(next, toy->apply_at) : next;
    return toy->is_remembering ? mono_min(next, toy->record_at) : next;
}

void toy_turn(struct toy *toy)
{
    mono_ms wake = MONO_NEVER;
    toy->turns++;
    complete(toy);
    live(toy);
    observe(toy);
    ask_probes(toy);
    if (toy->turns == 1 || !toy->is_route_known) {
        mark_routed(toy);
    }
    if (!toy->is_remembering) {
        wake = plan_step(toy);
    }
    bool was_settled = toy->session.is_route_settled;
    route(toy);
    if (toy->session.is_route_settled != was_settled) {
        wake = toy->now; /* as the conductor does */
    }
    laws_check_world(toy);
    mono_ms next = mono_min(next_event(toy), wake);
    toy->now = next > toy->now ? next : toy->now + 1;
}
