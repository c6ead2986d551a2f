/* deed: hands, sites and tired machines, one case a scene. */
#include "tests/sim/deed.h"

#include "ports/sim/hands.h"

/* The table is read each quarter of a minute, and then put back. */
#define TABLE_MENDED_MS 17000
/* At rest the engine is looked at each ten seconds; then remove, create, start, ready, switch. */
#define MADE_ANEW_MS 16000
/* An engine that failed is looked at again no later than this. */
#define LOOK_AGAIN_MS 10000
/* Scenes let go on after 20 s at most; then a probe of each kind. */
#define PAUSED_AT_REST_MS 22000
#define SLOW_CALLS        4
/* So late a probe notices that it cannot ask: each half second one, and its time-out. */
#define PROBE_NOTICE_MS 700
/* A bridge that is up again forwards at once; one client's round more. */
#define LINK_UP_MS 200

/* Whether `op` is needed to notice and mend what a scene of that kind takes away. */
static bool is_needed(enum scene_kind scene, enum sim_op op)
{
    bool is_table = scene == SCENE_FLUSH || scene == SCENE_OLD_TABLE || scene == SCENE_FIREWALL;
    switch ((int)op) {
    case SIM_OP_ROUTE_APPLY:
        return true;
    case SIM_OP_ROUTE_READ:
        return is_table;
    case SIM_OP_ENGINE_ABOUT:
    case SIM_OP_ENGINE_LIST:
    case SIM_OP_ENGINE_NETWORK:
    case SIM_OP_ENGINE_CREATE:
    case SIM_OP_ENGINE_START:
    case SIM_OP_ENGINE_REMOVE:
    case SIM_OP_PROBE:
        return !is_table;
    default:
        return false;
    }
}

/* What is frozen at rest stays so until somebody lets it go on; a candidate's traffic goes back. */
static int64_t pause_grace_ms(struct gateway *gateway, const struct scene *scene)
{
    const struct sim_checker *checker = &gateway->machine.checker;
    const struct sim_container *container = sim_hands_serving(&gateway->machine);
    bool is_committed =
        container != NULL && checker->committed >= 0 &&
        digest_is_equal(&container->seen.release, &checker->releases[checker->committed].digest);
    return is_committed ? PAUSED_AT_REST_MS : scene->number;
}

static int64_t grace_ms(struct gateway *gateway, const struct scene *scene)
{
    switch ((int)scene->kind) {
    case SCENE_ENGINE_RESTART:
        return scene->number + SIM_BOOT_GRACE_MS;
    case SCENE_FLUSH:
    case SCENE_OLD_TABLE:
    case SCENE_FIREWALL:
        return TABLE_MENDED_MS;
    case SCENE_REMOVE_ONE:
    case SCENE_DISCONNECT:
    case SCENE_STOP_PRUNE:
        return MADE_ANEW_MS;
    case SCENE_LINK_DOWN:
        return scene->number + LINK_UP_MS;
    case SCENE_PAUSE:
        return pause_grace_ms(gateway, scene);
    default:
        return 0;
    }
}

static void hand(struct gateway *gateway, enum scene_kind kind)
{
    struct sim_machine *machine = &gateway->machine;
    struct sim_container *container =
        kind == SCENE_PAUSE_NEW ? sim_hands_newest(machine) : sim_hands_serving(machine);
    if (container == NULL) {
        return;
    }
    switch ((int)kind) {
    case SCENE_REMOVE_ONE:
        sim_engine_remove_by_hand(&machine->engine, container);
        break;
    case SCENE_DISCONNECT:
        sim_hands_disconnect(machine, container);
        break;
    case SCENE_STOP_PRUNE:
        sim_hands_stop(machine, container);
        sim_hands_prune(machine);
        break;
    default:
        sim_hands_pause(machine, container);
        break;
    }
}

static void unpause_all(struct gateway *gateway)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        sim_hands_unpause(&gateway->machine, &gateway->machine.engine.containers[i]);
    }
}

static void set_clock(struct sim_world *world, int64_t off_ms, bool is_wild)
{
    world->wall_off_ms = off_ms;
    world->is_wall_wild = is_wild;
    sim_world_trace(world, "clock   off by %lld ms%s", (long long)off_ms,
                    is_wild ? ", and not vouched for" : "");
}

static void net(struct gateway *gateway, const struct scene *scene)
{
    struct sim_machine *machine = &gateway->machine;
    switch ((int)scene->kind) {
    case SCENE_FLUSH:
        sim_route_flush(&machine->route);
        break;
    case SCENE_OLD_TABLE:
        sim_hands_old_table(machine);
        break;
    case SCENE_FIREWALL:
        sim_hands_firewall(machine);
        break;
    case SCENE_HOLD_PORT:
        sim_route_hold(&machine->route, ROUTE_TCP, 0, RELEASES_PORT);
        break;
    case SCENE_LINK_DOWN:
        sim_hands_link_down(machine, scene->number);
        sim_checker_gap(&machine->checker, scene->number - PROBE_NOTICE_MS);
        sim_checker_gap(&machine->beside, scene->number - PROBE_NOTICE_MS);
        break;
    case SCENE_CUT_ASKER:
        machine->prober.cut_off_until = machine->world.now + scene->number;
        sim_checker_blind(&machine->checker, machine->prober.cut_off_until);
        sim_checker_blind(&machine->beside, machine->prober.cut_off_until);
        sim_world_trace(&machine->world, "hand    no probe leaves for %lld ms",
                        (long long)scene->number);
        break;
    default:
        break;
    }
}

static void site(struct gateway *gateway, const struct scene *scene)
{
    struct sim_machine *machine = &gateway->machine;
    switch ((int)scene->kind) {
    case SCENE_ENGINE_RESTART:
        sim_engine_restart(&machine->engine, scene->number);
        break;
    case SCENE_FREEZE:
        sim_engine_freeze(&machine->engine, scene->number);
        break;
    case SCENE_SLOW:
        machine->engine.slow_ms = scene->number;
        /* A fault is noticed, and mended, by as many calls in a row. */
        machine->checker.detect_ms += SLOW_CALLS * scene->number;
        machine->beside.detect_ms += SLOW_CALLS * scene->number;
        break;
    case SCENE_DISK_FULL:
        machine->disk.full_until = machine->world.now + scene->number;
        break;
    case SCENE_CLOCK:
        set_clock(&machine->world, scene->number, true);
        break;
    case SCENE_CLOCK_TRUE:
        set_clock(&machine->world, 0, false);
        break;
    case SCENE_REVOKE:
        gateway_revoke(gateway, scene->release);
        break;
    case SCENE_DISTRUST:
        gateway_distrust(gateway);
        break;
    case SCENE_STALL:
        gateway_image(gateway, scene->release)->stall_ms = scene->number;
        break;
    case SCENE_UNPAUSE:
        unpause_all(gateway);
        break;
    default:
        break;
    }
}

mono_ms deed_do(struct gateway *gateway, const struct scene *scene, enum sim_op op,
                int64_t lasts_ms)
{
    mono_ms now = gateway->machine.world.now;
    int64_t excused_ms = grace_ms(gateway, scene);
    if (excused_ms > 0 && lasts_ms > 0 && is_needed(scene->kind, op)) {
        excused_ms += lasts_ms + LOOK_AGAIN_MS;
    }
    sim_checker_excuse(&gateway->machine.checker, now + excused_ms);
    sim_checker_excuse(&gateway->machine.beside, now + excused_ms);
    switch ((int)scene->kind) {
    case SCENE_REMOVE_ONE:
    case SCENE_DISCONNECT:
    case SCENE_STOP_PRUNE:
    case SCENE_PAUSE:
    case SCENE_PAUSE_NEW:
        hand(gateway, scene->kind);
        break;
    default:
        net(gateway, scene);
        site(gateway, scene);
        break;
    }
    bool has_end = scene->kind == SCENE_ENGINE_RESTART || scene->kind == SCENE_FREEZE ||
                   scene->kind == SCENE_LINK_DOWN || scene->kind == SCENE_CUT_ASKER ||
                   scene->kind == SCENE_DISK_FULL || scene->kind == SCENE_STALL;
    return now + (has_end ? scene->number : 0);
}
