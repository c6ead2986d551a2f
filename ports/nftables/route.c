/* nftables_route: calls in a line, the first of them at work. */
#include "ports/nftables/route.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/nftables/firewall.h"
#include "ports/nftables/held.h"
#include "ports/nftables/job.h"
#include "ports/nftables/pool.h"

static void tool_done(void *ctx, const struct err *failure, int status, struct span output);

static void job_free(struct nftables_job *job)
{
    free(job->table);
    free(job);
}

/* Takes the oldest call off the line and answers it. The callback may make further calls. */
static void first_finish(struct nftables_route *route, const struct err *err)
{
    struct nftables_job *job = route->jobs;
    struct route_state state = job->state;
    route_done done = job->done;
    void *ctx = job->ctx;
    route->jobs = job->next;
    route->job_count--;
    route->is_running = false;
    watch_settle(&route->watch, job->kind != JOB_READ);
    job_free(job);
    done(ctx, err, err == NULL ? &state : NULL);
}

/* Goes on with the oldest call until a tool works for it; answers those that are over. */
static void line_advance(struct nftables_route *route)
{
    while (route->jobs != NULL && !route->is_running) {
        struct err err = {0};
        int rc = job_begin(route, route->jobs, tool_done, &err);
        watch_hold(&route->watch);
        if (rc > 0) {
            route->is_running = true;
        } else {
            first_finish(route, rc < 0 ? &err : NULL);
        }
    }
}

static void tool_done(void *ctx, const struct err *failure, int status, struct span output)
{
    struct nftables_route *route = ctx;
    struct err err = {0};
    assert(route->jobs != NULL && route->is_running);
    int rc = job_take(route, route->jobs, failure, status, output, &err);
    route->is_running = false;
    if (rc < 0) {
        first_finish(route, &err);
    }
    line_advance(route);
}

/* Appends the call. When nothing is before it, it begins here, and what fails here never calls
 * back. Owns `table` from here on. */
static int line_add(struct nftables_route *route, const struct nftables_job *prototype,
                    struct err *err)
{
    if (route->job_count == NFTABLES_ROUTE_PENDING_MAX) {
        free(prototype->table);
        return err_set(err, ERR_BUSY, "%d calls of the route are pending",
                       NFTABLES_ROUTE_PENDING_MAX);
    }
    struct nftables_job *job = malloc(sizeof *job);
    if (job == NULL) {
        free(prototype->table);
        return err_set(err, ERR_MEMORY, "no memory for a call of the route");
    }
    *job = *prototype;
    if (route->jobs == NULL) {
        int rc = job_begin(route, job, tool_done, err);
        assert(rc != 0); /* each call runs a tool at least once */
        if (rc < 0) {
            job_free(job);
            return rc;
        }
        watch_hold(&route->watch);
        route->is_running = true;
    }
    struct nftables_job **end = &route->jobs;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = job;
    route->job_count++;
    return 0;
}

static int route_check(void *self, const struct route_table *table, struct err *err)
{
    const struct nftables_route *route = self;
    int rc = ruleset_check(table, err);
    if (rc != 0) {
        return rc;
    }
    if (table->pool != route->pool || table->pool_bits != route->pool_bits) {
        return err_set(err, ERR_VALUE, "the table's pool is not this node's");
    }
    return ruleset_check_size(table, route->node, err);
}

/* What serves is not taken away by a route that came later: only what is new is refused. */
static int route_check_new(void *self, const struct route_table *table, struct err *err)
{
    char words[64];
    struct text where;
    int rc = route_check(self, table, err);
    text_init(&where, words, sizeof words);
    if (rc == 0 && pool_find(table->pool, table->pool_bits, &where)) {
        return err_set(err, ERR_EXISTS, "the pool lies over %s: %s", words,
                       route_obstacle_text(ROUTE_OBSTACLE_POOL));
    }
    return rc;
}

static int table_add(struct nftables_route *route, struct nftables_job *job,
                     const struct route_table *table, struct err *err)
{
    int rc = route_check(route, table, err);
    if (rc != 0) {
        return rc;
    }
    job->table = malloc(sizeof *job->table);
    if (job->table == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a table");
    }
    *job->table = *table;
    return line_add(route, job, err);
}

static int route_apply(void *self, const struct route_table *table, route_done done, void *ctx,
                       struct err *err)
{
    struct nftables_job job = {.kind = JOB_APPLY, .done = done, .ctx = ctx};
    return table_add(self, &job, table, err);
}

static int route_read(void *self, route_done done, void *ctx, struct err *err)
{
    struct nftables_job job = {.kind = JOB_READ, .done = done, .ctx = ctx};
    struct nftables_route *route = self;
    watch_open(&route->watch);
    return line_add(route, &job, err);
}

static int route_commit(void *self, const struct route_table *table, route_done done, void *ctx,
                        struct err *err)
{
    struct nftables_job job = {.kind = JOB_COMMIT, .done = done, .ctx = ctx};
    return table_add(self, &job, table, err);
}

static int route_forget(void *self, ipv4 backend, route_done done, void *ctx, struct err *err)
{
    struct nftables_job job = {.kind = JOB_FORGET, .backend = backend, .done = done, .ctx = ctx};
    return line_add(self, &job, err);
}

static int route_clear(void *self, route_done done, void *ctx, struct err *err)
{
    struct nftables_job job = {.kind = JOB_CLEAR,
                               .firewall_missing = (1u << FIREWALL_RULE_COUNT) - 1u,
                               .removals_left = JOB_REMOVALS_MAX,
                               .done = done,
                               .ctx = ctx};
    struct nftables_route *route = self;
    int rc = line_add(route, &job, err);
    if (rc == 0) {
        route->bridge_count = 0;
    }
    return rc;
}

static int route_is_held(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port,
                         bool *held, struct err *err)
{
    (void)self;
    return held_find(protocol, host_ip, port, held, err);
}

static void route_watch(void *self, route_hint hint, void *ctx)
{
    struct nftables_route *route = self;
    route->watch.hint = hint;
    route->watch.ctx = ctx;
    watch_open(&route->watch);
}

int nftables_route_init(struct nftables_route *route,
                        const struct nftables_route_settings *settings, struct err *err)
{
    struct route_table empty = {.pool = settings->pool, .pool_bits = settings->pool_bits};
    int rc = ruleset_check(&empty, err);
    if (rc != 0) {
        return rc;
    }
    memset(route, 0, sizeof *route);
    route->worker = settings->worker;
    route->pool = settings->pool;
    route->pool_bits = settings->pool_bits;
    route->watch.loop = settings->loop;
    (void)snprintf(route->watch.table, sizeof route->watch.table, "berth-%s", settings->node);
    if (!text_is_name(settings->node, RULESET_NODE_CHARS) ||
        !text_copy(route->node, sizeof route->node, settings->node)) {
        return err_set(err, ERR_VALUE, "the node's name is not a name");
    }
    if (settings->boot_path[0] != '/' ||
        !text_copy(route->boot_path, sizeof route->boot_path, settings->boot_path)) {
        return err_set(err, ERR_VALUE, "the path of the boot file is not absolute or too long");
    }
    return 0;
}

void nftables_route_close(struct nftables_route *route)
{
    while (route->jobs != NULL) {
        struct nftables_job *job = route->jobs;
        route->jobs = job->next;
        job_free(job);
    }
    route->job_count = 0;
    watch_close(&route->watch);
}

struct route nftables_route_interface(struct nftables_route *route)
{
    static const struct route_ops ops = {
        .check = route_check_new,
        .apply = route_apply,
        .read = route_read,
        .commit = route_commit,
        .forget = route_forget,
        .clear = route_clear,
        .is_held = route_is_held,
        .watch = route_watch,
    };
    return (struct route){.ops = &ops, .self = route};
}
