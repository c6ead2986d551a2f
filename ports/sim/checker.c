/* checker: what is true of the containers behind the table, before and after each step. */
#include "ports/sim/checker.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/base/text.h"

void sim_checker_init(struct sim_checker *checker, struct sim_world *world,
                      struct sim_engine *engine, struct sim_route *route, const char *app)
{
    memset(checker, 0, sizeof *checker);
    checker->world = world;
    checker->engine = engine;
    checker->route = route;
    checker->serving = -1;
    checker->committed = -1;
    checker->detect_ms = 8000;
    bool fits = text_copy(checker->app, sizeof checker->app, app);
    assert(fits);
    (void)fits;
}

int sim_checker_add(struct sim_checker *checker, const struct sim_release *release)
{
    assert(checker->release_count < SIM_RELEASES_MAX);
    checker->releases[checker->release_count] = *release;
    return (int)checker->release_count++;
}

void sim_checker_revoke(struct sim_checker *checker, const struct digest *release)
{
    for (size_t i = 0; i < checker->release_count; i++) {
        if (memcmp(&checker->releases[i].digest, release, sizeof *release) == 0) {
            checker->releases[i].is_allowed = false;
        }
    }
}

void sim_checker_breach(struct sim_checker *checker, int law, const char *fmt, ...)
{
    char text[SIM_LAW_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (checker->breaches++ == 0) {
        (void)snprintf(checker->first, sizeof checker->first, "law %d at %lld ms: %.200s", law,
                       (long long)checker->world->now, text);
    }
    sim_world_trace(checker->world, "BREACH  law %d: %s", law, text);
}

static int release_of(const struct sim_checker *checker, const struct sim_container *container)
{
    for (size_t i = 0; container != NULL && i < checker->release_count; i++) {
        if (memcmp(&checker->releases[i].digest, &container->seen.release,
                   sizeof container->seen.release) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *word_of(const struct sim_checker *checker, int release)
{
    return release >= 0 ? checker->releases[release].word : "none";
}

static bool is_ours(const struct sim_checker *checker, const struct sim_container *container)
{
    return container->is_used && strcmp(container->seen.app, checker->app) == 0;
}

/* Our container with that address that runs, else any with it. */
static struct sim_container *container_at(const struct sim_checker *checker, ipv4 address)
{
    struct sim_container *found = sim_engine_at(checker->engine, address);
    for (size_t i = 0; found == NULL && i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &checker->engine->containers[i];
        if (is_ours(checker, container) && container->seen.address == address) {
            found = container;
        }
    }
    return found;
}

static bool is_ready_at(const struct sim_checker *checker, ipv4 address)
{
    struct sim_container *container = sim_engine_at(checker->engine, address);
    return container != NULL && sim_container_is_ready(checker->engine, container);
}

/* The app's own service in a table: the one that has a service address, or the first. */
static const struct route_service *service_in(const struct sim_checker *checker,
                                              const struct route_table *table)
{
    const struct route_service *found = NULL;
    for (size_t i = 0; table != NULL && i < table->service_count; i++) {
        const struct route_service *service = &table->services[i];
        if (strcmp(service->app, checker->app) == 0 && (found == NULL || service->address != 0)) {
            found = service;
        }
    }
    return found;
}

static size_t count_ready(const struct sim_checker *checker, const struct route_service *service)
{
    size_t ready = 0;
    for (size_t i = 0; service != NULL && i < service->backend_count; i++) {
        ready += is_ready_at(checker, service->backends[i].address) ? 1 : 0;
    }
    return ready;
}

/* The one release of all backends; -1 when there is none or more than one. */
static int release_behind(const struct sim_checker *checker, const struct route_service *service)
{
    int release = -1;
    for (size_t i = 0; service != NULL && i < service->backend_count; i++) {
        int own = release_of(checker, container_at(checker, service->backends[i].address));
        if (i > 0 && own != release) {
            return -1;
        }
        release = own;
    }
    return release;
}

static bool has_backend(const struct route_service *service, ipv4 address)
{
    for (size_t i = 0; service != NULL && i < service->backend_count; i++) {
        if (service->backends[i].address == address) {
            return true;
        }
    }
    return false;
}

/* It was ready in this life and no call has ended it: not to have noticed yet is no breach. */
static bool was_ready_at(const struct sim_checker *checker, ipv4 address)
{
    const struct sim_container *container = container_at(checker, address);
    return container != NULL && container->was_ready && !container->is_stopping &&
           !container->was_stopped;
}

/* Ready before traffic: who is new behind the table (and was not `known` to be before somebody
 * removed it) is ready; who loses it leaves enough ready. */
static void check_table(struct sim_checker *checker, const struct route_service *from,
                        const struct route_service *known, const struct route_service *to)
{
    for (size_t i = 0; to != NULL && i < to->backend_count; i++) {
        ipv4 address = to->backends[i].address;
        if (!has_backend(known, address) && !is_ready_at(checker, address) &&
            !was_ready_at(checker, address)) {
            sim_checker_breach(checker, 1, "traffic goes to %u.%u which is not ready",
                               (address >> 8) & 255u, address & 255u);
        }
    }
    size_t before = count_ready(checker, from);
    size_t after = count_ready(checker, to);
    int next = release_behind(checker, to);
    size_t wanted = next >= 0 ? checker->releases[next].replicas : before;
    if (checker->committed >= 0 && after < (before < wanted ? before : wanted)) {
        sim_checker_breach(checker, 1, "%zu ready replicas had traffic, %zu have it now", before,
                           after);
    }
}

/* A release serves healthily; when its soak has passed, that is remembered. */
static void note_served(struct sim_checker *checker, const struct route_table *table)
{
    if (checker->world->now < checker->engine->link_down_until) {
        return; /* nothing is shown of any release meanwhile */
    }
    const struct route_service *service = service_in(checker, table);
    int release = release_behind(checker, service);
    if (release >= 0 && count_ready(checker, service) > 0) {
        checker->releases[release].has_served = true;
    }
    bool is_whole = release >= 0 && count_ready(checker, service) == service->backend_count &&
                    service->backend_count >= checker->releases[release].replicas;
    if (release != checker->serving || !is_whole) {
        checker->serving = release;
        checker->served_since = is_whole ? checker->world->now : MONO_NEVER;
    } else if (checker->served_since == MONO_NEVER) {
        checker->served_since = checker->world->now;
    }
    if (release >= 0 && checker->served_since != MONO_NEVER &&
        checker->world->now - checker->served_since >= checker->releases[release].soak_ms) {
        checker->releases[release].has_soaked = true;
    }
}

static void note_serving(struct sim_checker *checker)
{
    /* A table that somebody else removed or changed says nothing about the release. */
    if (!checker->route->is_altered) {
        note_served(checker, checker->route->has_kernel ? &checker->route->kernel : &checker->last);
    }
}

static void saw_table(struct sim_checker *checker, const struct sim_table_change *change)
{
    bool is_boot = checker->world->now == checker->world->booted_at;
    if (change->to == NULL) {
        checker->last = *change->from;
    } else if (!is_boot) {
        const struct route_table *known = change->from != NULL ? change->from : &checker->last;
        check_table(checker, service_in(checker, change->from), service_in(checker, known),
                    service_in(checker, change->to));
        note_served(checker, change->to);
    }
}

static void saw_boot_file(struct sim_checker *checker, const struct route_table *table)
{
    int release = release_behind(checker, service_in(checker, table));
    note_serving(checker);
    if (release < 0 || release == checker->committed) {
        return;
    }
    if (!checker->releases[release].has_soaked) {
        sim_checker_breach(checker, 2, "%s is committed before it has soaked",
                           word_of(checker, release));
    }
    checker->committed = release;
    if (checker->releases[release].floor > checker->floor) {
        checker->floor = checker->releases[release].floor;
    }
    for (size_t i = 0; i < checker->release_count; i++) {
        checker->releases[i].has_soaked = (int)i == release;
    }
}

static void saw_start(struct sim_checker *checker, const struct sim_container *container)
{
    int release = release_of(checker, container);
    if (release < 0 || (!checker->releases[release].is_allowed && release != checker->committed)) {
        sim_checker_breach(checker, 4, "a container of %s is started, which is not allowed to run",
                           word_of(checker, release));
    } else if (release != checker->committed && release != checker->serving &&
               checker->releases[release].sequence < checker->floor) {
        sim_checker_breach(checker, 4, "%s is started, which is below the floor",
                           word_of(checker, release));
    }
}

static void saw_end(struct sim_checker *checker, struct sim_container *container, bool is_removal)
{
    int release = release_of(checker, container);
    const char *verb = is_removal ? "removed" : "stopped";
    bool is_ready = sim_container_is_ready(checker->engine, container);
    note_serving(checker);
    if (is_ready && checker->route->has_kernel &&
        sim_table_has_backend(&checker->route->kernel, container->seen.address)) {
        sim_checker_breach(checker, 1, "a healthy container of %s is %s while it has traffic",
                           word_of(checker, release), verb);
    }
    if (checker->is_calm && !is_removal && is_ready && container->told_at == 0 && release >= 0 &&
        checker->releases[release].is_told && checker->releases[release].has_served) {
        sim_checker_breach(checker, 1, "%s is stopped, and was not told to drain",
                           word_of(checker, release));
    }
    bool is_way_back = release >= 0 && release == checker->committed &&
                       checker->serving >= 0 && checker->serving != release &&
                       !checker->releases[checker->serving].has_soaked;
    if (is_way_back && (is_removal || is_ready)) {
        sim_checker_breach(checker, 2, "%s is %s before %s has soaked", word_of(checker, release),
                           verb, word_of(checker, checker->serving));
    }
}

void sim_checker_saw(void *self, enum sim_sight sight, const void *thing)
{
    struct sim_checker *checker = self;
    const struct sim_container *container = thing;
    bool is_container = sight == SIM_SAW_START || sight == SIM_SAW_STOP ||
                        sight == SIM_SAW_REMOVE || sight == SIM_SAW_CRASH;
    if (is_container && !is_ours(checker, container)) {
        return;
    }
    switch (sight) {
    case SIM_SAW_START:
        saw_start(checker, container);
        break;
    case SIM_SAW_STOP:
    case SIM_SAW_REMOVE:
        saw_end(checker, &checker->engine->containers[container - checker->engine->containers],
                sight == SIM_SAW_REMOVE);
        break;
    case SIM_SAW_CRASH:
        if (checker->failing_since == 0 && checker->route->has_kernel &&
            sim_table_has_backend(&checker->route->kernel, container->seen.address)) {
            checker->failing_since = checker->world->now;
        }
        break;
    case SIM_SAW_TABLE:
        saw_table(checker, thing);
        break;
    case SIM_SAW_BOOT_FILE:
        saw_boot_file(checker, thing);
        break;
    case SIM_SIGHT_COUNT:
        break;
    }
}

void sim_checker_excuse(struct sim_checker *checker, mono_ms until)
{
    if (checker->route != NULL) { /* it is given an app to watch */
        note_serving(checker);    /* what was shown before is shown */
    }
    if (until > checker->excused_until) {
        checker->excused_until = until;
    }
}

void sim_checker_gap(struct sim_checker *checker, int64_t for_ms)
{
    if (checker->served_since != MONO_NEVER) {
        checker->served_since += for_ms;
    }
}

void sim_checker_blind(struct sim_checker *checker, mono_ms until)
{
    checker->blind_until = until;
}

void sim_checker_cut(struct sim_checker *checker)
{
    note_serving(checker);
}

void sim_checker_slept(struct sim_checker *checker, int64_t for_ms)
{
    if (checker->served_since != MONO_NEVER) {
        checker->served_since += for_ms;
    }
    if (checker->failing_since != 0) {
        checker->failing_since += for_ms;
    }
    if (checker->excused_until > checker->world->now - for_ms) {
        checker->excused_until += for_ms;
    }
}

void sim_checker_boot(struct sim_checker *checker)
{
    checker->failing_since = 0;
    checker->served_since = MONO_NEVER;
    memset(&checker->last, 0, sizeof checker->last);
    sim_checker_excuse(checker, checker->world->now + SIM_BOOT_GRACE_MS);
}

/* True when the backend's app itself is what failed, and nobody stopped it. */
static bool is_own_fault(const struct sim_checker *checker, ipv4 backend)
{
    const struct sim_container *container = container_at(checker, backend);
    return container != NULL && !container->is_stopping && !container->was_stopped &&
           (container->seen.state != ENGINE_RUNNING ||
            !sim_container_is_sound(checker->engine, container));
}

void sim_checker_request(struct sim_checker *checker, ipv4 backend, bool is_answered)
{
    mono_ms now = checker->world->now;
    note_serving(checker);
    if (is_answered || checker->committed < 0) {
        checker->failing_since = 0;
        return;
    }
    if (now < checker->excused_until) {
        return;
    }
    if (is_own_fault(checker, backend)) {
        if (checker->failing_since == 0) {
            checker->failing_since = now;
        }
    }
    mono_ms since = checker->failing_since != 0 && checker->failing_since < checker->blind_until
                        ? checker->blind_until
                        : checker->failing_since;
    if (checker->failing_since != 0 && now - since <= checker->detect_ms) {
        return; /* an app that had traffic has failed by itself, just now */
    }
    sim_checker_breach(checker, 3, "a request failed: %s (%s is committed)",
                       backend == 0                              ? "nobody behind the table"
                       : sim_engine_at(checker->engine, backend) ? "the container does not answer"
                                                                 : "no container runs there",
                       word_of(checker, checker->committed));
    sim_checker_excuse(checker, now + 5000); /* one breach, not one for each request */
}

/* What may be left of a candidate that failed: one container, stopped, of which nothing can be
 * reached and which nobody starts again. */
static bool is_evidence(const struct sim_checker *checker, const struct sim_container *container,
                        const struct route_service *service)
{
    int release = release_of(checker, container);
    return (container->seen.state == ENGINE_EXITED || container->seen.state == ENGINE_CREATED) &&
           !container->seen.keeps_running && release >= 0 && release != checker->committed &&
           !has_backend(service, container->seen.address);
}

void sim_checker_rest(struct sim_checker *checker)
{
    const struct route_table *table = checker->route->has_kernel ? &checker->route->kernel : NULL;
    const struct route_service *service = service_in(checker, table);
    size_t present = 0;
    size_t evidence = 0;
    size_t strangers = 0;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &checker->engine->containers[i];
        if (is_ours(checker, container)) {
            present++;
            evidence += is_evidence(checker, container, service) ? 1 : 0;
            strangers += container->seen.state == ENGINE_RUNNING &&
                                 !has_backend(service, container->seen.address)
                             ? 1
                             : 0;
        }
    }
    if (checker->committed < 0) {
        if (evidence > 1 || present > evidence || (service != NULL && service->backend_count > 0)) {
            sim_checker_breach(checker, 3, "nothing was committed, %zu containers are left",
                               present);
        }
        return;
    }
    int release = release_behind(checker, service);
    size_t ready = count_ready(checker, service);
    if (release < 0 || ready != checker->releases[release].replicas ||
        ready != service->backend_count) {
        sim_checker_breach(checker, 3, "at rest %zu of %s are ready (%s is committed)", ready,
                           word_of(checker, release), word_of(checker, checker->committed));
    }
    if (strangers > 0) {
        sim_checker_breach(checker, 3, "at rest %zu containers run that nobody is sent to",
                           strangers);
    }
}

void sim_checker_unattended(struct sim_checker *checker)
{
    const struct route_table *table = checker->route->has_kernel ? &checker->route->kernel : NULL;
    const struct route_service *service = service_in(checker, table);
    if (checker->committed >= 0 && (count_ready(checker, service) == 0 ||
                                    count_ready(checker, service) != service->backend_count)) {
        sim_checker_breach(checker, 9, "without an agent %zu backends of %s serve",
                           count_ready(checker, service), word_of(checker, checker->committed));
    }
}
