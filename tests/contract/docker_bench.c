/* docker_bench: made in a folder of its own, and removed with it. */
#include "tests/contract/docker_bench.h"

#include <unistd.h>

#include "tests/check.h"

enum { PUMP_MS = 10 };

struct docker_bench bench;

void bench_pump(void *self)
{
    (void)self;
    linux_loop_run_once(&bench.loop, PUMP_MS);
}

static mono_ms bench_now(void *self)
{
    (void)self;
    return linux_loop_now();
}

static int no_sync(void *self, const char *path, worker_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)path;
    (void)done;
    (void)ctx;
    return err_set(err, ERR_BUSY, "nothing of this is ever to be synced");
}

void bench_open(const struct fake_answer *answers, size_t count)
{
    static const struct worker_ops worker_ops = {.sync_filesystem = no_sync};
    struct worker worker = {.ops = &worker_ops};
    struct err err = {0};
    memset(&bench, 0, sizeof bench);
    (void)snprintf(bench.folder, sizeof bench.folder, "/tmp/berth-faults-XXXXXX");
    CHECK(mkdtemp(bench.folder) != NULL);
    CHECK(fake_server_start(&bench.server, bench.folder, answers, count));
    (void)snprintf(bench.socket, sizeof bench.socket, "%s/fake.sock", bench.folder);
    CHECK_INT_EQ(linux_loop_init(&bench.loop, &err), 0);
    struct loop loop = linux_loop_interface(&bench.loop);
    CHECK_INT_EQ(curl_http_new(&loop, &bench.curl, &err), 0);
    struct http http = curl_http_interface(bench.curl);
    CHECK_INT_EQ(docker_engine_new(bench.socket, &loop, &http, &worker, &bench.docker, &err), 0);
    bench.fixture = (struct engine_fixture){
        .engine = docker_engine_interface(bench.docker),
        .pump = bench_pump,
        .now = bench_now,
        .node = "n",
        .tag = "berth/n:web",
    };
}

void bench_close(void)
{
    curl_http_free(bench.curl);
    docker_engine_free(bench.docker);
    linux_loop_close(&bench.loop);
    fake_server_stop(&bench.server);
    CHECK_INT_EQ(rmdir(bench.folder), 0);
}

int bench_run(const struct check_case *cases, size_t count, int argc, char **argv)
{
    struct err err;
    if (curl_http_library_init(&err) != 0) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, count, argc, argv);
    curl_http_library_close();
    return status;
}
