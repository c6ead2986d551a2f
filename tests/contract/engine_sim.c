/* engine_sim: the engine's suite over simulated containers, images and networks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"
#include "ports/sim/hands.h"
#include "ports/sim/machine.h"
#include "tests/contract/engine_contract.h"

#define NODE "gw1"

struct place {
    struct sim_machine machine;
    struct engine_fixture fixture;
    char words[6100]; /* that IMAGE_SPEAKS writes */
};

static void pump(void *self)
{
    struct place *place = self;
    sim_world_run_until(&place->machine.world, place->machine.world.now + 1);
}

static mono_ms now(void *self)
{
    struct place *place = self;
    return place->machine.world.now;
}

static void hide(void *self, bool is_hidden)
{
    struct place *place = self;
    sim_engine_hide(&place->machine.engine, is_hidden);
}

static struct sim_container *find(struct place *place, const char *id)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &place->machine.engine.containers[i];
        if (container->is_used && strcmp(container->seen.id, id) == 0) {
            return container;
        }
    }
    return NULL;
}

static void kill_main(void *self, const char *id)
{
    struct place *place = self;
    sim_engine_kill(&place->machine.engine, find(place, id));
}

static void make_foreign_container(void *self, const char *name)
{
    struct place *place = self;
    struct sim_container *container = &place->machine.engine.containers[SIM_CONTAINERS_MAX - 1];
    container->is_used = true;
    (void)text_copy(container->name, sizeof container->name, name);
    (void)text_copy(container->seen.id, sizeof container->seen.id, "foreign");
}

static void make_foreign_network(void *self, const char *name, const char *bridge, ipv4 subnet)
{
    struct place *place = self;
    struct sim_network *network = &place->machine.engine.networks[SIM_NETWORKS_MAX - 1];
    (void)bridge;
    *network = (struct sim_network){.is_used = true, .subnet = subnet, .prefix_bits = 24};
    (void)text_copy(network->name, sizeof network->name, name);
}

static void make_compose(void *self, const char *project, const char *service, unsigned number)
{
    struct place *place = self;
    const struct engine_restart always = {.kind = ENGINE_RESTART_ALWAYS};
    (void)sim_engine_add_compose(&place->machine.engine, project, service, number, 0, always, 80);
}

static struct sim_volume *volume(struct place *place, const char *name)
{
    for (size_t i = 0; i < SIM_VOLUMES_MAX; i++) {
        struct sim_volume *at = &place->machine.engine.volumes[i];
        if (at->is_used ? strcmp(at->name, name) == 0 : name[0] == '\0') {
            return at;
        }
    }
    return NULL;
}

static void make_volume(void *self, const char *name)
{
    struct sim_volume *made = volume(self, "");
    made->is_used = true;
    (void)text_copy(made->name, sizeof made->name, name);
}

static void volume_labels(void *self, const char *name, char *text, size_t cap)
{
    const struct sim_volume *found = volume(self, name);
    text_shorten_printf(text, cap, found != NULL ? "%s/%s" : "", found != NULL ? found->node : "",
                        found != NULL ? found->app : "");
}

static void mounted(void *self, const char *id, char *text, size_t cap)
{
    text_shorten_printf(text, cap, "%s", find(self, id)->volumes[0]);
}

static void update_by_hand(void *self, const char *id, int which)
{
    sim_hands_update(&((struct place *)self)->machine, find(self, id), which == UPDATE_POLICY);
}

static void rename_by_hand(void *self, const char *id, const char *name)
{
    (void)name;
    sim_hands_rename(&((struct place *)self)->machine, find(self, id));
}

static void disconnect(void *self, const char *id)
{
    sim_hands_disconnect(&((struct place *)self)->machine, find(self, id));
}

static unsigned processes(void *self, const char *id)
{
    struct place *place = self;
    return find(place, id)->seen.state == ENGINE_RUNNING ? 1 : 0;
}

static unsigned syncs(void *self)
{
    struct place *place = self;
    return place->machine.engine.syncs;
}

static void add_image(struct place *place, const char *reference, uint8_t number,
                      const struct sim_app *app, bool is_present)
{
    struct digest config = {{number}};
    struct sim_engine *engine = &place->machine.engine;
    size_t image = sim_engine_add_image(engine, reference, &config, app);
    engine->images[image].is_present = is_present;
    engine->images[image].is_corrupt = strcmp(reference, "corrupt") == 0;
}

static void add_images(struct place *place)
{
    struct sim_app app = sim_app_well();
    add_image(place, "sleeps", 1, &app, true);
    add_image(place, "good", 2, &app, false);
    add_image(place, "corrupt", 3, &app, false);
    add_image(place, "stores", 8, &app, true);
    place->machine.engine.images[place->machine.engine.image_count - 1].volume = "/data";
    app.ignores_term = true;
    add_image(place, "deaf", 4, &app, true);
    app = sim_app_well();
    app.crash_after_ms = 10;
    app.exit_code = 3;
    add_image(place, "fails", 5, &app, true);
    memset(place->words, 'x', sizeof place->words - 1);
    memcpy(place->words + 6000, "\n\xff last words\n", 15);
    place->words[6015] = '\0';
    app.output = place->words;
    add_image(place, "speaks", 6, &app, true);
    app.is_log_unreadable = true;
    add_image(place, "mute", 7, &app, true);
}

int main(int argc, char **argv)
{
    static const char *const seven[] = {SIM_EXEC_EXIT, "7", NULL};
    static const char *const three[] = {SIM_EXEC_EXIT, "3", NULL};
    static const char *const hang[] = {SIM_EXEC_HANG, NULL};
    static const char *const absent[] = {SIM_EXEC_EXIT, "127", NULL};
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL || !sim_machine_init(&place->machine, 1, "app")) {
        return EXIT_FAILURE;
    }
    add_images(place);
    place->machine.engine.eyes = (struct sim_eyes){
        .world = &place->machine.world, .is_open = true, .late_ms = 300, .double_in = 2};
    place->fixture = (struct engine_fixture){
        .engine = sim_engine_port(&place->machine.engine),
        .pump = pump,
        .now = now,
        .hide = hide,
        .kill_main = kill_main,
        .make_foreign_container = make_foreign_container,
        .make_foreign_network = make_foreign_network,
        .make_compose = make_compose,
        .make_volume = make_volume,
        .volume_labels = volume_labels,
        .mounted = mounted,
        .update = update_by_hand,
        .rename = rename_by_hand,
        .disconnect = disconnect,
        .processes = processes,
        .syncs = syncs,
        .node = NODE,
        .tag = "berth/sim:contract",
        .image = {"sleeps", "deaf", "fails", "speaks", "mute", "stores"},
        .registry_image = {"good", "corrupt", "missing"},
        .exec_seven = seven,
        .exec_speaks = three,
        .exec_hang = hang,
        .exec_absent = absent,
        .network = {.name = "berth_" NODE "_app",
                    .node = NODE,
                    .app = "app",
                    .bridge = "sim0",
                    .subnet = 0xC6120800u,
                    .gateway = 0xC6120801u,
                    .prefix_bits = 24},
        .self = place,
    };
    int status = engine_contract_run(&place->fixture, argc, argv);
    sim_machine_close(&place->machine);
    free(place);
    return status;
}
