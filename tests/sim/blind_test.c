/* blind: an agent that has not seen the engine's list, or cannot read what a running app is, takes
 * nothing from traffic and nothing from the boot file. Cases differ in what is damaged and in what
 * the engine answers; the judgement is the same. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/sim/gateway.h"

#define SETTLE_SECONDS_MAX 300
#define BLIND_MS           60000
#define FOR_EVER           1000000
#define TRACE_BYTES        (1u << 20)

struct blind {
    struct releases releases;
    struct gateway gateway;
    struct route_table boot_file; /* as it was before */
    unsigned asked, refused;
    char trace[TRACE_BYTES];
};

static bool settle(struct blind *blind)
{
    for (int second = 0; second < SETTLE_SECONDS_MAX; second++) {
        gateway_run(&blind->gateway, 1000);
        if (blind->gateway.agent != NULL && conductor_is_settled(blind->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static struct blind *blind_open(void)
{
    static const enum release_name used[] = {RELEASE_V1, RELEASE_V2};
    struct blind *blind = calloc(1, sizeof *blind);
    if (blind == NULL) {
        abort();
    }
    releases_make(&blind->releases);
    gateway_open(&blind->gateway, 11, &blind->releases, used, COUNT_OF(used), "blind", blind->trace,
                 sizeof blind->trace);
    CHECK_INT_EQ(gateway_activate(&blind->gateway, RELEASE_V1), 0);
    CHECK(settle(blind));
    blind->boot_file = blind->gateway.machine.route.boot_file;
    CHECK_INT_EQ(blind->boot_file.service_count, 1);
    return blind;
}

static void list_fails(struct blind *blind, uint32_t times)
{
    struct sim_faults *faults = &blind->gateway.machine.world.faults;
    faults->of[SIM_OP_ENGINE_LIST] =
        (struct sim_fault){.countdown = times > 0, .repeat = times, .fate = SIM_FATE_FAIL};
}

/* Runs for so long and asks the app's port as a client on this machine does. */
static void serve(struct blind *blind, int64_t for_ms)
{
    struct sim_route *route = &blind->gateway.machine.route;
    struct sim_engine *engine = &blind->gateway.machine.engine;
    for (int64_t at = 0; at < for_ms; at += 50) {
        gateway_run(&blind->gateway, 50);
        ipv4 backend = sim_route_choose(route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
        bool is_answered = backend != 0 && sim_engine_at(engine, backend) != NULL;
        blind->asked++;
        blind->refused += is_answered ? 0 : 1;
    }
}

static void blind_close(struct blind *blind)
{
    const struct sim_machine *machine = &blind->gateway.machine;
    CHECK(blind->asked >= BLIND_MS / 50);
    CHECK_INT_EQ(blind->refused, 0);
    CHECK(route_table_is_equal(&machine->route.boot_file, &blind->boot_file));
    CHECK_INT_EQ(machine->checker.breaches, 0);
    if (machine->checker.breaches > 0) {
        printf("    %s\n", machine->checker.first);
    }
    if (getenv("TRACE") != NULL) {
        printf("%s", blind->trace);
    }
    gateway_close(&blind->gateway);
    free(blind);
}

static struct sim_file *file_of(struct blind *blind, const char *name)
{
    struct sim_disk *disk = &blind->gateway.machine.disk;
    for (size_t i = 0; i < disk->entry_count; i++) {
        if (strncmp(disk->entries[i].name, name, strlen(name)) == 0) {
            return &disk->files[disk->entries[i].seen];
        }
    }
    CHECK(!"the file is there");
    abort();
}

/* Turns bits of the file's end over; a second time it is whole again. */
static void file_turn(struct sim_file *file)
{
    file->seen[file->seen_len - 1] ^= 1;
    file->kept[file->kept_len - 1] ^= 1;
}

static void record_spoil(struct blind *blind)
{
    struct sim_file *file = file_of(blind, "app-0");
    memset(file->seen, 0x5a, file->seen_len);
    memset(file->kept, 0x5a, file->kept_len);
}

/* Nobody's record: as if the state directory had been emptied. */
static void record_lose(struct blind *blind)
{
    struct sim_disk *disk = &blind->gateway.machine.disk;
    (void)file_of(blind, "app-0");
    for (size_t i = 0; i < disk->entry_count; i++) {
        if (strncmp(disk->entries[i].name, "app-0", 5) == 0) {
            (void)text_copy(disk->entries[i].name, sizeof disk->entries[i].name, "lost");
        }
    }
}

static struct sim_file *payload_of(struct blind *blind)
{
    char name[DIGEST_HEX_BYTES];
    digest_render(&blind->releases.made[RELEASE_V1].digest, name);
    return file_of(blind, name);
}

static void agent_dies(struct blind *blind)
{
    sim_world_kill(&blind->gateway.machine.world);
    gateway_run(&blind->gateway, 1);
}

/* The machine boots: until its engine and containers are up nobody can serve. */
static void machine_boots(struct blind *blind)
{
    gateway_cut(&blind->gateway);
    gateway_run(&blind->gateway, SIM_BOOT_GRACE_MS + 3000);
}

static void test_damaged_record_no_list(void)
{
    struct blind *blind = blind_open();
    record_spoil(blind);
    list_fails(blind, FOR_EVER);
    agent_dies(blind);
    serve(blind, BLIND_MS);
    CHECK_INT_EQ(gateway_activate(&blind->gateway, RELEASE_V2), ERR_ENGINE_GONE);
    list_fails(blind, 0);
    serve(blind, BLIND_MS);
    CHECK_INT_EQ(gateway_activate(&blind->gateway, RELEASE_V2), ERR_MEMORY_LOST);
    blind_close(blind);
}

static void test_damaged_record_no_list_after_boot(void)
{
    struct blind *blind = blind_open();
    record_spoil(blind);
    list_fails(blind, FOR_EVER);
    machine_boots(blind);
    serve(blind, BLIND_MS);
    list_fails(blind, 0);
    serve(blind, BLIND_MS);
    blind_close(blind);
}

static void test_no_record_no_list(void)
{
    struct blind *blind = blind_open();
    list_fails(blind, FOR_EVER);
    record_lose(blind);
    agent_dies(blind);
    serve(blind, BLIND_MS);
    CHECK_INT_EQ(gateway_activate(&blind->gateway, RELEASE_V2), ERR_ENGINE_GONE);
    list_fails(blind, 0);
    serve(blind, BLIND_MS);
    CHECK_INT_EQ(gateway_activate(&blind->gateway, RELEASE_V2), ERR_MEMORY_LOST);
    blind_close(blind);
}

static void test_good_record_no_list(void)
{
    struct blind *blind = blind_open();
    list_fails(blind, FOR_EVER);
    agent_dies(blind);
    serve(blind, BLIND_MS);
    list_fails(blind, 0);
    serve(blind, BLIND_MS);
    CHECK(settle(blind));
    blind_close(blind);
}

static void test_engine_away(void)
{
    struct blind *blind = blind_open();
    record_spoil(blind);
    sim_engine_hide(&blind->gateway.machine.engine, true);
    agent_dies(blind);
    serve(blind, BLIND_MS);
    sim_engine_hide(&blind->gateway.machine.engine, false);
    serve(blind, BLIND_MS);
    blind_close(blind);
}

/* Containers run, and what they are stands in a payload that cannot be read. */
static void test_damaged_record_and_payload(void)
{
    struct blind *blind = blind_open();
    record_spoil(blind);
    file_turn(payload_of(blind));
    agent_dies(blind);
    serve(blind, BLIND_MS);
    machine_boots(blind);
    serve(blind, BLIND_MS);
    blind_close(blind);
}

/* The medium gives the payload after all: the app is looked after from then on. */
static void test_payload_comes_back(void)
{
    struct blind *blind = blind_open();
    record_spoil(blind);
    file_turn(payload_of(blind));
    agent_dies(blind);
    serve(blind, BLIND_MS);
    file_turn(payload_of(blind));
    serve(blind, BLIND_MS);
    CHECK(settle(blind));
    blind_close(blind);
}

static void test_good_record_no_payload(void)
{
    struct blind *blind = blind_open();
    file_turn(payload_of(blind));
    agent_dies(blind);
    serve(blind, BLIND_MS);
    machine_boots(blind);
    serve(blind, BLIND_MS);
    blind_close(blind);
}

static const struct check_case cases[] = {
    {"a damaged record and no list", test_damaged_record_no_list},
    {"a damaged record and no list after a boot", test_damaged_record_no_list_after_boot},
    {"no record and no list", test_no_record_no_list},
    {"a good record and no list", test_good_record_no_list},
    {"a damaged record and no engine", test_engine_away},
    {"a damaged record and payload", test_damaged_record_and_payload},
    {"a payload comes back", test_payload_comes_back},
    {"a good record and no payload", test_good_record_no_payload},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
