/* release_spec: a container's identity, and the hash of everything that is not identity. */
#include <stdarg.h>
#include <stdio.h>

#include "agent/wire/release_parts.h"
#include "agent/wire/release_plain.h"
#include "agent/wire/release_words.h"
#include "platform/base/law.h"
#include "platform/base/text.h"

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

#define LABELS_OWN     7
#define IDENTITY_BYTES 256

static void hash_bytes(uint64_t *hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        *hash = (*hash ^ bytes[i]) * FNV_PRIME;
    }
}

static void hash_number(uint64_t *hash, uint64_t number)
{
    for (int shift = 0; shift < 64; shift += 8) {
        uint8_t byte = (uint8_t)(number >> shift);
        hash_bytes(hash, &byte, 1);
    }
}

/* A string with its end; absent is not the same as empty. */
static void hash_text(uint64_t *hash, const char *text)
{
    hash_number(hash, text != NULL);
    if (text != NULL) {
        hash_bytes(hash, text, strlen(text) + 1);
    }
}

static void hash_strings(uint64_t *hash, const struct engine_strings *strings)
{
    hash_number(hash, strings->count);
    for (size_t i = 0; i < strings->count; i++) {
        hash_text(hash, strings->items[i]);
    }
}

static void hash_lists(uint64_t *hash, const struct engine_spec *spec)
{
    hash_number(hash, spec->mount_count);
    for (size_t i = 0; i < spec->mount_count; i++) {
        /* The name of before: an upgrade of the agent changes no specification. */
        const struct engine_mount *mount = &spec->mounts[i];
        hash_text(hash, mount->former != NULL ? mount->former : mount->source);
        hash_text(hash, spec->mounts[i].target);
        hash_number(hash,
                    (spec->mounts[i].is_volume ? 1u : 0) | (spec->mounts[i].read_only ? 2u : 0));
    }
    hash_number(hash, spec->device_count);
    for (size_t i = 0; i < spec->device_count; i++) {
        hash_text(hash, spec->devices[i].host_path);
        hash_text(hash, spec->devices[i].container_path);
        hash_text(hash, spec->devices[i].permissions);
    }
    hash_number(hash, spec->ulimit_count);
    for (size_t i = 0; i < spec->ulimit_count; i++) {
        hash_text(hash, spec->ulimits[i].name);
        hash_number(hash, (uint64_t)spec->ulimits[i].soft);
        hash_number(hash, (uint64_t)spec->ulimits[i].hard);
    }
}

/* What a mount says beyond its source, target and mode; nothing leaves no trace. */
static void hash_mount(uint64_t *hash, size_t number, const struct engine_mount *mount)
{
    uint64_t flags = (mount->is_named ? 1u : 0) | (mount->is_external ? 2u : 0) |
                     (mount->no_copy ? 4u : 0) | (mount->makes_path ? 8u : 0) |
                     (mount->source == NULL ? 16u : 0) | (mount->seed != NULL ? 32u : 0) |
                     (mount->options.count > 0 ? 64u : 0);
    if (flags == 0 && mount->propagation == NULL && mount->selinux == NULL) {
        return;
    }
    hash_text(hash, "mount");
    hash_number(hash, number);
    hash_number(hash, flags);
    hash_text(hash, mount->propagation);
    hash_text(hash, mount->selinux);
    hash_number(hash, mount->tmpfs_bytes);
    hash_number(hash, mount->tmpfs_mode);
    if (mount->seed != NULL) {
        hash_text(hash, mount->seed);
        hash_text(hash, mount->owner);
    }
    if (mount->options.count > 0) {
        hash_strings(hash, &mount->options);
    }
}

static void hash_reservation(uint64_t *hash, const struct engine_reservation *reservation)
{
    hash_text(hash, "reservation");
    hash_text(hash, reservation->driver);
    hash_number(hash, (uint64_t)reservation->count);
    hash_strings(hash, &reservation->ids);
    hash_strings(hash, &reservation->capabilities);
    hash_strings(hash, &reservation->options);
}

static void hash_plain(uint64_t *hash, const struct plain_key *key, const struct engine_spec *spec)
{
    const void *member = (const char *)spec + key->offset;
    hash_text(hash, key->name);
    switch (key->kind) {
    case PLAIN_TEXT:
        hash_text(hash, *(const char *const *)member);
        break;
    case PLAIN_LIST:
    case PLAIN_PAIRS:
        hash_strings(hash, member);
        break;
    case PLAIN_NUMBER:
        hash_number(hash, (uint64_t) * (const int64_t *)member);
        break;
    case PLAIN_FLAG:
        break;
    }
}

static void hash_named(uint64_t *hash, const char *name, int64_t number)
{
    if (number != 0) {
        hash_text(hash, name);
        hash_number(hash, (uint64_t)number);
    }
}

/* Keys that the first version did not have: a release without them keeps its hash. */
static void hash_later(uint64_t *hash, const struct engine_spec *spec)
{
    size_t count = 0;
    const struct plain_key *keys = release_plain_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (plain_is_said(&keys[i], spec)) {
            hash_plain(hash, &keys[i], spec);
        }
    }
    for (size_t i = 0; i < spec->mount_count; i++) {
        hash_mount(hash, i, &spec->mounts[i]);
    }
    for (size_t i = 0; i < spec->reservation_count; i++) {
        hash_reservation(hash, &spec->reservations[i]);
    }
    hash_named(hash, "swappiness", spec->swappiness);
    hash_named(hash, "blkio", spec->blkio_weight);
    hash_named(hash, "reserved", spec->memory_reserved);
}

void release_spec_hash(const struct release_reading *reading, char hash[17])
{
    const struct engine_spec *spec = reading->spec;
    const struct engine_strings *lists[] = {
        &spec->entrypoint, &spec->command,     &spec->environment, &spec->labels,
        &spec->hosts,      &spec->cap_add,     &spec->cap_drop,    &spec->tmpfs,
        &spec->sysctls,    &spec->log_options, &spec->group_add,   &reading->secrets};
    const char *texts[] = {spec->user,       spec->working_dir, spec->hostname,
                           spec->log_driver, spec->stop_signal, spec->network};
    uint64_t state = FNV_BASIS;
    hash_bytes(&state, reading->service->config.bytes, DIGEST_BYTES);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        hash_strings(&state, lists[i]);
    }
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        hash_text(&state, texts[i]);
    }
    hash_lists(&state, spec);
    hash_number(&state, (uint64_t)spec->stop_grace_ms);
    hash_number(&state, spec->memory_bytes);
    hash_number(&state, spec->nano_cpus);
    hash_number(&state, spec->shm_bytes);
    hash_number(&state, (uint64_t)spec->pids);
    hash_number(&state, (spec->privileged ? 1u : 0) | (spec->read_only ? 2u : 0) |
                            (spec->init ? 4u : 0) | (spec->tty ? 8u : 0));
    hash_later(&state, spec);
    (void)snprintf(hash, 17, "%016llx", (unsigned long long)state);
}

/* A formatted string in the arena, or NULL when it does not fit. */
static const char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);

static const char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    char text[ENGINE_REFERENCE_BYTES + IDENTITY_BYTES];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return len < 0 || (size_t)len >= sizeof text ? NULL : arena_text(arena, text, (size_t)len);
}

static int no_room(struct err *err)
{
    return err_set(err, ERR_LIMIT, "the container does not fit into its memory");
}

static int labels_add(struct release_reading *reading, const struct release_container *container,
                      struct err *err)
{
    struct engine_strings *labels = &reading->spec->labels;
    struct arena *arena = reading->arena;
    char release[DIGEST_HEX_BYTES];
    digest_render(&container->release, release);
    const char *own[LABELS_OWN] = {
        arena_printf(arena, "io.berth.node=%s", reading->node->name),
        arena_printf(arena, "io.berth.app=%s", reading->plan->app),
        arena_printf(arena, "io.berth.service=%s", reading->service->name),
        arena_printf(arena, "io.berth.release=%s", release),
        arena_printf(arena, "io.berth.gen=%llu", (unsigned long long)container->gen),
        arena_printf(arena, "io.berth.replica=%u", container->replica),
        arena_printf(arena, "io.berth.spec=%s", reading->service->spec)};
    const char **items = arena_alloc(arena, (labels->count + LABELS_OWN) * sizeof *items);
    if (items == NULL) {
        return no_room(err);
    }
    for (size_t i = 0; i < labels->count; i++) {
        items[i] = labels->items[i];
    }
    for (size_t i = 0; i < LABELS_OWN; i++) {
        if (own[i] == NULL) {
            return no_room(err);
        }
        items[labels->count + i] = own[i];
    }
    *labels = (struct engine_strings){.items = items, .count = labels->count + LABELS_OWN};
    return 0;
}

/* The service address under the service's names, before what the release says itself. */
static int hosts_add(struct release_reading *reading, const struct release_container *container,
                     struct err *err)
{
    struct engine_strings *hosts = &reading->spec->hosts;
    char address[16];
    size_t own = reading->names.count + 1;
    if (container->service_address == 0 || reading->service->powers & POWER_HOST_NETWORK ||
        reading->service->has_no_network) {
        return 0;
    }
    const char **items = arena_alloc(reading->arena, (hosts->count + own) * sizeof *items);
    if (items == NULL) {
        return no_room(err);
    }
    address_render(container->service_address, address);
    for (size_t i = 0; i < own; i++) {
        const char *name = i == 0 ? reading->service->name : reading->names.items[i - 1];
        items[i] = arena_printf(reading->arena, "%s:%s", name, address);
        if (items[i] == NULL) {
            return no_room(err);
        }
    }
    for (size_t i = 0; i < hosts->count; i++) {
        items[own + i] = hosts->items[i];
    }
    *hosts = (struct engine_strings){.items = items, .count = hosts->count + own};
    return 0;
}

/* <secrets_dir>/<app>/<name> on the node is /run/secrets/<name> inside, read-only. */
static int secrets_add(struct release_reading *reading, const struct release_container *container,
                       struct err *err)
{
    struct engine_spec *spec = reading->spec;
    size_t count = spec->mount_count + reading->secrets.count;
    if (reading->secrets.count == 0) {
        return 0;
    }
    if (container->secrets_dir == NULL) {
        return err_set(err, ERR_MISSING,
                       "the release needs secrets and the node has no directory "
                       "of secrets; set secretsDir");
    }
    struct engine_mount *mounts = arena_alloc(reading->arena, count * sizeof *mounts);
    if (mounts == NULL) {
        return no_room(err);
    }
    for (size_t i = 0; i < spec->mount_count; i++) {
        mounts[i] = spec->mounts[i];
    }
    for (size_t i = 0; i < reading->secrets.count; i++) {
        struct engine_mount *mount = &mounts[spec->mount_count + i];
        const char *name = reading->secrets.items[i];
        mount->source = arena_printf(reading->arena, "%s/%s/%s", container->secrets_dir,
                                     reading->plan->app, name);
        mount->target = arena_printf(reading->arena, "/run/secrets/%s", name);
        mount->read_only = true;
        if (mount->source == NULL || mount->target == NULL) {
            return no_room(err);
        }
    }
    spec->mounts = mounts;
    spec->mount_count = count;
    return 0;
}

/* Trees of files stand under the node's directory of them. */
static int trees_place(const struct release_reading *reading,
                       const struct release_container *container, struct engine_mount *mounts,
                       struct err *err)
{
    for (size_t i = 0; i < reading->spec->mount_count; i++) {
        if (mounts[i].recipe == NULL) {
            continue;
        }
        if (mounts[i].is_volume && container->files_dir != NULL) {
            continue; /* it is brought into the volume */
        }
        if (container->files_dir == NULL) {
            return err_set(err, ERR_MISSING,
                           "files travel with the release and this node keeps none");
        }
        mounts[i].source =
            arena_printf(reading->arena, "%s/%s", container->files_dir, mounts[i].source);
        if (mounts[i].source == NULL) {
            return no_room(err);
        }
    }
    return 0;
}

/* Replicas do not share what their image declares as a volume. */
static int mounts_place(struct release_reading *reading, const struct release_container *container,
                        struct err *err)
{
    uint32_t replica = container->replica;
    struct engine_spec *spec = reading->spec;
    struct engine_mount *mounts =
        arena_alloc(reading->arena, (spec->mount_count + 1) * sizeof *mounts);
    if (mounts == NULL) {
        return no_room(err);
    }
    for (size_t i = 0; i < spec->mount_count; i++) {
        mounts[i] = spec->mounts[i];
        if (mounts[i].is_of_image && replica > 1) {
            mounts[i].source = arena_printf(reading->arena, "%s_%u", mounts[i].source, replica);
            mounts[i].former = NULL; /* that one is the first replica's */
            if (mounts[i].source == NULL) {
                return no_room(err);
            }
        }
    }
    spec->mounts = mounts;
    return trees_place(reading, container, mounts, err);
}

bool release_container_name(const char *node, const char *app, uint64_t gen, const char *service,
                            uint32_t replica, char *name, size_t cap)
{
    LAW(BOUNDED, cap > 0);
    int len = snprintf(name, cap, "berth_%s_%s_%llu_%s_%u", node, app, (unsigned long long)gen,
                       service, replica);
    return len > 0 && (size_t)len < cap;
}

int release_identify(struct release_reading *reading, const struct release_container *container,
                     struct err *err)
{
    struct engine_spec *spec = reading->spec;
    char name[ENGINE_NAME_BYTES];
    bool has_address =
        (reading->service->powers & POWER_HOST_NETWORK) == 0 && !reading->service->has_no_network;
    bool fits =
        release_container_name(reading->node->name, reading->plan->app, container->gen,
                               reading->service->name, container->replica, name, sizeof name);
    spec->name = fits ? arena_text(reading->arena, name, strlen(name)) : NULL;
    if (has_address) {
        spec->network = arena_text(reading->arena, container->network, strlen(container->network));
        spec->address = container->address;
    }
    if (spec->name == NULL || spec->network == NULL) {
        return no_room(err);
    }
    int rc = labels_add(reading, container, err);
    if (rc == 0) {
        rc = hosts_add(reading, container, err);
    }
    if (rc == 0) {
        rc = mounts_place(reading, container, err);
    }
    if (rc == 0) {
        rc = secrets_add(reading, container, err);
    }
    return rc;
}
