/* trials: each calls a port and waits for its answer in the loop. */
#include "ports/app/berthd/trials.h"
#include "ports/app/berthd/registries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ports/app/berthd/known_answers.h"
#include "ports/linux/entropy.h"

#define ANSWER_MS_MAX SECONDS_MS(30)
/* Reserved addresses (RFC 1112, section 4), which nobody has, and the discard service. */
#define TRIAL_POOL      0xf0000000u /* 240.0.0.0 */
#define TRIAL_POOL_BITS 20
#define TRIAL_FIRST     (TRIAL_POOL + ROUTE_OWN_LAST + 1) /* that a container could have */
#define TRIAL_PORT      9
#define TRIAL_NAME      "self-test"

/* Every callback ends here; code 0 is success. */
static void answered(struct self_test *test, const struct err *err)
{
    test->is_answered = true;
    test->answer = err == NULL ? (struct err){0} : *err;
}

/* Waits for the answer of a call that was taken (rc 0). */
static int answer_wait(struct self_test *test, int rc, struct err *err)
{
    mono_ms until = linux_loop_now() + ANSWER_MS_MAX;
    if (rc != 0) {
        return rc;
    }
    while (!test->is_answered && linux_loop_now() < until) {
        linux_loop_run_once(&test->house.loop, until - linux_loop_now());
    }
    test->is_stuck = !test->is_answered;
    if (test->is_stuck) {
        return err_set(err, ERR_TIMEOUT, "no answer in %d s", (int)(ANSWER_MS_MAX / 1000));
    }
    test->is_answered = false;
    if (test->answer.code != 0) {
        *err = test->answer;
    }
    return test->answer.code;
}

int try_sandbox(struct self_test *test, struct err *err)
{
    if (test->sandbox->code != 0) {
        *err = *test->sandbox;
        return err->code;
    }
    text_printf(&test->detail, "no new privileges, few capabilities, system calls filtered");
    return 0;
}

int try_house(struct self_test *test, struct err *err)
{
    int rc = house_begin(&test->house, err);
    rc = rc == 0 ? house_open(&test->house, test->config, err) : rc;
    text_printf(&test->detail, "every part opens; state in %s", test->config->state_dir);
    return rc;
}

int try_entropy(struct self_test *test, struct err *err)
{
    struct entropy entropy = linux_entropy_interface();
    uint8_t first[32];
    uint8_t second[32];
    int rc = entropy.ops->fill(entropy.self, first, sizeof first, err);
    rc = rc == 0 ? entropy.ops->fill(entropy.self, second, sizeof second, err) : rc;
    if (rc == 0 && memcmp(first, second, sizeof first) == 0) {
        return err_set(err, ERR_ENTROPY, "the same 32 bytes came twice");
    }
    text_printf(&test->detail, "random bytes differ");
    return rc;
}

int try_clock(struct self_test *test, struct err *err)
{
    const struct clock *clock = &test->house.ports.clock;
    bool is_trusted = false;
    mono_ms before = clock->ops->mono(clock->self);
    linux_loop_run_once(&test->house.loop, 20);
    if (clock->ops->mono(clock->self) <= before) {
        return err_set(err, ERR_INTERNAL, "the boot-time clock stands");
    }
    time_t seconds = (time_t)(clock->ops->wall(clock->self, &is_trusted) / 1000);
    struct tm utc;
    char shown[32] = "";
    if (gmtime_r(&seconds, &utc) != NULL) {
        (void)strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    text_printf(&test->detail, "it goes; wall clock %s, %s", shown,
                is_trusted ? "kept right by somebody"
                           : "kept by nobody: the agent goes by the latest time it knows");
    return 0;
}

int try_crypto(struct self_test *test, struct err *err)
{
    text_printf(&test->detail, "SHA-256 and ECDSA P-256 give the known answers");
    return known_answers_check(&test->house.ports.verify, err);
}

static void store_answered(void *ctx, const struct err *err)
{
    answered(ctx, err);
}

int try_store(struct self_test *test, struct err *err)
{
    static const char content[] = "what is written is read back";
    const struct store *store = &test->house.ports.store;
    char *data = malloc(STORE_BLOB_BYTES_MAX);
    size_t len = 0;
    if (data == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a blob");
    }
    int rc = store->ops->blob_write(store->self, TRIAL_NAME, span_of(content, sizeof content),
                                    store_answered, test, err);
    rc = answer_wait(test, rc, err);
    rc = rc == 0
             ? store->ops->blob_read(store->self, TRIAL_NAME, data, STORE_BLOB_BYTES_MAX, &len, err)
             : rc;
    if (rc == 0 && (len != sizeof content || memcmp(data, content, len) != 0)) {
        rc = err_set(err, ERR_CORRUPT, "read back is not what was written");
    }
    free(data);
    if (rc == 0) {
        rc = store->ops->blob_remove(store->self, TRIAL_NAME, store_answered, test, err);
        rc = answer_wait(test, rc, err);
    }
    text_printf(&test->detail, "written, synced, read back, removed");
    return rc;
}

static void engine_answered(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct self_test *test = ctx;
    answered(test, err);
    if (err == NULL) {
        const struct engine_about *about = answer->about;
        text_printf(&test->detail,
                    "version %s for %s%s%s, %llu MiB memory, %llu MiB free on disk; "
                    "%s image store: an image's id is %s",
                    about->version, about->arch, about->variant[0] == '\0' ? "" : "/",
                    about->variant, (unsigned long long)(about->memory_bytes >> 20),
                    (unsigned long long)(about->disk_free_bytes >> 20),
                    engine_store_word(about->store), engine_store_id(about->store));
    }
}

static void image_answered(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    (void)answer;
    answered(ctx, err);
}

/* Images are looked for by digest over all that the engine has: one that nobody has is not found,
 * and every step of the way there is answered. */
static int images_try(struct self_test *test, struct err *err)
{
    const struct engine *engine = &test->house.ports.engine;
    const struct engine_wanted wanted = {
        .reference = "berth.local/" TRIAL_NAME "@sha256:"
                     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        .config = {.bytes = {0xff}},
    };
    int rc = engine->ops->image_find(engine->self, &wanted, image_answered, test, err);
    rc = answer_wait(test, rc, err);
    if (rc == 0) {
        return err_set(err, ERR_ENGINE, "the engine says that it has an image that nobody made");
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int try_engine(struct self_test *test, struct err *err)
{
    const struct engine *engine = &test->house.ports.engine;
    int rc = engine->ops->about(engine->self, engine_answered, test, err);
    rc = answer_wait(test, rc, err);
    return rc == 0 ? images_try(test, err) : rc;
}

int try_registries(struct self_test *test, struct err *err)
{
    char said[TRIAL_DETAIL_BYTES];
    int rc = registries_look(test->config->registries_path, said, sizeof said, err);
    if (rc == 0) {
        text_append(&test->detail, said);
    }
    return rc;
}

static void route_answered(void *ctx, const struct err *err, const struct route_state *state)
{
    struct self_test *test = ctx;
    answered(test, err);
    if (state != NULL) {
        test->state = *state;
    }
}

#define TRIAL_GENERATION 1

/* One service of two backends, or NULL without memory: the caller frees it. On the heap, for a
 * constant would be as large in the program as a table of 64 services. */
static struct route_table *trial_table_new(void)
{
    struct route_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->generation = TRIAL_GENERATION;
    table->pool = TRIAL_POOL;
    table->pool_bits = TRIAL_POOL_BITS;
    table->service_count = 1;
    struct route_service *service = &table->services[0];
    (void)snprintf(service->app, sizeof service->app, TRIAL_NAME);
    (void)snprintf(service->service, sizeof service->service, TRIAL_NAME);
    service->port_count = 1;
    service->ports[0] = (struct route_port){.protocol = ROUTE_TCP,
                                            .host_ip = TRIAL_FIRST,
                                            .host_port = TRIAL_PORT,
                                            .container_port = TRIAL_PORT};
    service->backend_count = 2;
    for (size_t i = 0; i < service->backend_count; i++) {
        service->backends[i].address = TRIAL_FIRST + 1 + (ipv4)i;
        service->backends[i].weight = 1;
    }
    return table;
}

/* The pool of the trial stands for the one that is tried by itself. */
static int route_reach(const struct route_state *state, struct err *err)
{
    if (state->obstacle != ROUTE_OBSTACLE_NONE && state->obstacle != ROUTE_OBSTACLE_POOL) {
        return err_set(err, ERR_ROUTE, "clients on other hosts: %s",
                       route_obstacle_text(state->obstacle));
    }
    if (!state->is_open) {
        return err_set(err, ERR_ROUTE, "the engine's firewall lets nothing through (iptables)");
    }
    return 0;
}

static int route_work(struct self_test *test, const struct route *route, struct err *err)
{
    struct route_table *table = trial_table_new();
    if (table == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a table");
    }
    int rc = route->ops->apply(route->self, table, route_answered, test, err);
    rc = answer_wait(test, rc, err);
    free(table);
    if (rc == 0) {
        rc = route->ops->read(route->self, route_answered, test, err);
        rc = answer_wait(test, rc, err);
    }
    if (rc == 0 && (!test->state.is_present || test->state.generation != TRIAL_GENERATION)) {
        rc = err_set(err, ERR_ROUTE, "the kernel does not hold the table it took");
    }
    rc = rc == 0 ? route_reach(&test->state, err) : rc;
    struct err ignored;
    int cleared = route->ops->clear(route->self, route_answered, test, rc == 0 ? err : &ignored);
    cleared = answer_wait(test, cleared, rc == 0 ? err : &ignored);
    return rc == 0 ? cleared : rc;
}

int try_route(struct self_test *test, struct err *err)
{
    const struct nftables_route_settings settings = {
        .worker = linux_worker_interface(&test->house.worker),
        .node = TRIAL_NAME,
        .boot_path = test->config->boot_ruleset, /* not written: nothing is committed */
        .pool = TRIAL_POOL,
        .pool_bits = TRIAL_POOL_BITS,
    };
    struct nftables_route own;
    int rc = nftables_route_init(&own, &settings, err);
    if (rc != 0) {
        return rc;
    }
    struct route route = nftables_route_interface(&own);
    rc = route_work(test, &route, err);
    text_printf(&test->detail, "the kernel took a table, showed it, let it go%s",
                test->state.has_timeouts ? "" : "; it has no ct timeout: see Known limits");
    linux_worker_interface(&test->house.worker).ops->forget(&test->house.worker, &own);
    nftables_route_close(&own);
    return rc;
}

int try_pool(struct self_test *test, struct err *err)
{
    const struct route *route = &test->house.ports.route;
    const struct route_table table = {
        .generation = 1, .pool = test->config->pool, .pool_bits = test->config->pool_bits};
    text_printf(&test->detail, "no route of this machine lies in the pool");
    return route->ops->check(route->self, &table, err);
}

static void tool_answered(void *ctx, const struct err *err, int status, struct span output)
{
    struct self_test *test = ctx;
    const char *end = output.len == 0 ? NULL : memchr(output.data, '\n', output.len);
    size_t len = end == NULL ? output.len : (size_t)(end - (const char *)output.data);
    struct err failure;
    answered(test, err);
    if (err == NULL && status != 0) {
        (void)err_set(&failure, ERR_REQUIRES, "exit status %d: %.*s", status,
                      (int)(len < TRIAL_DETAIL_BYTES ? len : TRIAL_DETAIL_BYTES),
                      (const char *)output.data);
        answered(test, &failure);
    }
    text_printf(&test->detail, "%.*s", (int)len, (const char *)output.data);
}

int try_conntrack(struct self_test *test, struct err *err)
{
    static const char *const args[] = {"--version"};
    struct worker worker = linux_worker_interface(&test->house.worker);
    int rc = worker.ops->run(worker.self, WORKER_CONNTRACK, args, COUNT_OF(args), span_of(NULL, 0),
                             tool_answered, test, err);
    return answer_wait(test, rc, err);
}
