/* state: FNV-1a over what matters, in an order that does not. */
#include "tests/sim/state.h"

#include <string.h>

#include "agent/node/memory.h"
#include "ports/sim/slots.h"

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    return mix(hash, &number, sizeof number);
}

/* What stands behind an address: its release and replica. */
static uint64_t of_address(const struct sim_machine *machine, ipv4 address)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &machine->engine.containers[i];
        if (container->is_used && container->seen.address == address) {
            return mix_number(mix(1, &container->seen.release, sizeof container->seen.release),
                              container->seen.replica);
        }
    }
    return 2;
}

static uint64_t of_table(const struct sim_machine *machine, const struct route_table *table)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < table->service_count; i++) {
        for (size_t j = 0; j < table->services[i].backend_count; j++) {
            sum += of_address(machine, table->services[i].backends[j].address);
        }
    }
    return mix_number(table->service_count, sum);
}

uint64_t state_of_machine(const struct sim_machine *machine)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &machine->engine.containers[i];
        if (container->is_used) {
            const uint64_t facts[] = {container->seen.state, container->seen.keeps_running,
                                      container->was_stopped, container->is_stopping};
            sum += mix(of_address(machine, container->seen.address), facts, sizeof facts);
        }
    }
    const struct sim_route *route = &machine->route;
    uint64_t hash = mix_number(UINT64_C(0xcbf29ce484222325), sum);
    hash = mix_number(hash, route->has_kernel ? of_table(machine, &route->kernel) : 0);
    return mix_number(hash, route->has_boot_file ? of_table(machine, &route->boot_file) : 0);
}

/* The newest whole slot of the record's file, as the medium keeps it. */
static bool newest(const struct sim_machine *machine, struct span *content)
{
    const struct sim_disk *disk = &machine->disk;
    uint64_t sequence = 0;
    bool has = false;
    for (size_t i = 0; i < disk->entry_count; i++) {
        if (disk->entries[i].kept < 0 || strncmp(disk->entries[i].name, "app-0", 5) != 0) {
            continue;
        }
        const struct sim_file *file = &disk->files[disk->entries[i].kept];
        for (size_t slot = 0; (slot + 1) * SIM_SLOT_BYTES <= file->kept_len; slot++) {
            struct sim_slot found =
                sim_slot_decode(span_of(file->kept + slot * SIM_SLOT_BYTES, SIM_SLOT_BYTES));
            if (found.state == SIM_SLOT_WHOLE && (!has || found.sequence > sequence)) {
                has = true;
                sequence = found.sequence;
                *content = found.content;
            }
        }
    }
    return has;
}

uint64_t state_of_memory(const struct sim_machine *machine, uint64_t hash)
{
    struct memory_app memory;
    struct span content;
    struct err err;
    if (!newest(machine, &content) || memory_decode(content, &memory, &err) != 0) {
        return mix_number(hash, 3);
    }
    const uint64_t facts[] = {memory.phase,
                              memory.wanted_by,
                              memory.verdict,
                              memory.reason,
                              memory.attempts,
                              memory.boots,
                              memory.floor,
                              memory.is_forced,
                              memory.candidate.gen != 0,
                              memory.gen_last != memory.committed.gen};
    hash = mix(hash, facts, sizeof facts);
    hash = mix(hash, &memory.wanted, sizeof memory.wanted);
    hash = mix(hash, &memory.committed.release, sizeof memory.committed.release);
    hash = mix(hash, &memory.candidate.release, sizeof memory.candidate.release);
    return mix(hash, &memory.history[0].release, sizeof memory.history[0].release);
}

bool states_add(struct states *states, uint64_t state)
{
    size_t place = state % STATES_MAX;
    if (states->count >= STATES_MAX / 2) {
        return false;
    }
    while (states->seen[place] != 0 && states->seen[place] != state) {
        place = (place + 1) % STATES_MAX;
    }
    if (states->seen[place] == state) {
        return false;
    }
    states->seen[place] = state;
    states->count++;
    return true;
}
