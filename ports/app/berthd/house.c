/* house: one list of ports, with how each is opened and closed. */
#include "ports/app/berthd/house.h"

#include <unistd.h>

#include "ports/app/berthd/registries.h"
#include "ports/mbedtls/verify.h"

struct part {
    const char *name; /* for people: where opening failed */
    int (*open)(struct house *house, const struct config *config, struct err *err);
    void (*close)(struct house *house);
};

static int worker_open(struct house *house, const struct config *config, struct err *err)
{
    struct linux_worker_settings settings = {.loop = linux_loop_interface(&house->loop)};
    (void)config;
    return linux_worker_init(&house->worker, &settings, err);
}

static void worker_close(struct house *house)
{
    linux_worker_close(&house->worker);
}

static int store_open(struct house *house, const struct config *config, struct err *err)
{
    int rc = linux_store_init(&house->store, &house->worker, config->state_dir, err);
    house->ports.store = linux_store_interface(&house->store);
    return rc;
}

static void store_close(struct house *house)
{
    linux_store_close(&house->store);
}

static int files_open(struct house *house, const struct config *config, struct err *err)
{
    int rc = linux_files_init(&house->files, &house->worker, config->state_dir, err);
    house->ports.files = linux_files_interface(&house->files);
    return rc;
}

static void files_close(struct house *house)
{
    linux_files_close(&house->files);
}

static int prober_open(struct house *house, const struct config *config, struct err *err)
{
    (void)config;
    (void)err;
    linux_prober_init(&house->prober, linux_loop_interface(&house->loop));
    house->ports.prober = linux_prober_interface(&house->prober);
    return 0;
}

static void prober_close(struct house *house)
{
    linux_prober_close(&house->prober);
}

static int http_open(struct house *house, const struct config *config, struct err *err)
{
    struct loop loop = linux_loop_interface(&house->loop);
    (void)config;
    int rc = curl_http_library_init(err);
    if (rc != 0) {
        return rc;
    }
    rc = curl_http_new(&loop, &house->http, err);
    if (rc != 0) {
        curl_http_library_close();
    }
    return rc;
}

static void http_close(struct house *house)
{
    curl_http_free(house->http);
    curl_http_library_close();
}

static int engine_open(struct house *house, const struct config *config, struct err *err)
{
    struct loop loop = linux_loop_interface(&house->loop);
    struct http http = curl_http_interface(house->http);
    struct worker worker = linux_worker_interface(&house->worker);
    int rc = docker_engine_new(config->engine_socket, &loop, &http, &worker, &house->docker, err);
    if (rc == 0) {
        struct registry registry = registries_interface(config->registries_path);
        docker_engine_use_registry(house->docker, &registry);
        house->ports.engine = docker_engine_interface(house->docker);
    }
    return rc;
}

static void engine_close(struct house *house)
{
    docker_engine_free(house->docker);
}

static int route_open(struct house *house, const struct config *config, struct err *err)
{
    struct nftables_route_settings settings = {
        .worker = linux_worker_interface(&house->worker),
        .node = config->node,
        .boot_path = config->boot_ruleset,
        .pool = config->pool,
        .pool_bits = config->pool_bits,
        .loop = linux_loop_interface(&house->loop),
    };
    int rc = nftables_route_init(&house->route, &settings, err);
    house->ports.route = nftables_route_interface(&house->route);
    return rc;
}

static void route_close(struct house *house)
{
    nftables_route_close(&house->route);
}

static int verify_open(struct house *house, const struct config *config, struct err *err)
{
    (void)config;
    return mbedtls_verify_init(&house->ports.verify, err);
}

static void verify_close(struct house *house)
{
    (void)house; /* it holds nothing */
}

/* Each uses those before it. The worker and the HTTP client are not among them: house_close closes
 * these two first, so that nobody's answer comes to a part that is closed. */
static const struct part parts[] = {
    {"the store (stateDir)", store_open, store_close},
    {"the files of releases (stateDir)", files_open, files_close},
    {"the prober", prober_open, prober_close},
    {"the engine (engineSocket)", engine_open, engine_close},
    {"the route (pool, bootRuleset)", route_open, route_close},
    {"cryptography", verify_open, verify_close},
};

#define OPENED_LOOP   1u
#define OPENED_WORKER 2u
#define OPENED_HTTP   4u
#define OPENED_PART   8u /* and each further bit */

int house_begin(struct house *house, struct err *err)
{
    int rc = linux_loop_init(&house->loop, err);
    if (rc != 0) {
        return err_wrap(err, rc, "open the event loop");
    }
    house->opened |= OPENED_LOOP;
    linux_log_init(&house->log, STDERR_FILENO, LOG_LEVEL_INFO);
    house->ports.log = linux_log_interface(&house->log);
    rc = linux_clock_init(&house->clock, LINUX_CLOCK_BUILD_MS, err);
    house->ports.clock = linux_clock_interface(&house->clock);
    return rc == 0 ? 0 : err_wrap(err, rc, "open the clock");
}

int house_open(struct house *house, const struct config *config, struct err *err)
{
    int rc = worker_open(house, config, err);
    if (rc != 0) {
        return err_wrap(err, rc, "start the helper");
    }
    house->opened |= OPENED_WORKER;
    rc = http_open(house, config, err);
    if (rc != 0) {
        return err_wrap(err, rc, "open the HTTP client");
    }
    house->opened |= OPENED_HTTP;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        rc = parts[i].open(house, config, err);
        if (rc != 0) {
            return err_wrap(err, rc, "open %s", parts[i].name);
        }
        house->opened |= OPENED_PART << i;
    }
    return 0;
}

void house_close(struct house *house)
{
    if ((house->opened & OPENED_WORKER) != 0) {
        worker_close(house);
    }
    if ((house->opened & OPENED_HTTP) != 0) {
        http_close(house);
    }
    for (size_t i = COUNT_OF(parts); i-- > 0;) {
        if ((house->opened & OPENED_PART << i) != 0) {
            parts[i].close(house);
        }
    }
    if ((house->opened & OPENED_LOOP) != 0) {
        linux_loop_close(&house->loop);
    }
    house->opened = 0;
}
