/* docker_bench: one port under test, on one fake engine. */
#ifndef TESTS_CONTRACT_DOCKER_BENCH_H
#define TESTS_CONTRACT_DOCKER_BENCH_H

#include "ports/curl/http.h"
#include "ports/docker/docker.h"
#include "ports/linux/loop.h"
#include "tests/check.h"
#include "tests/contract/engine_call.h"
#include "tests/contract/fake_server.h"

#define OK_JSON(text) .status = 200, .body = text
#define VERSION(newest, oldest)                                                                    \
    OK_JSON("{\"ApiVersion\":\"" newest "\",\"MinAPIVersion\":\"" oldest "\"}")
#define VERSION_41                                                                                 \
    {                                                                                              \
        .request = "GET /version", VERSION("1.41", "1.12")                                         \
    }
#define ID64   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "host/web@sha256:" ID64

struct docker_bench {
    struct linux_loop loop;
    struct curl_http *curl;
    struct docker *docker;
    struct fake_server server;
    struct engine_fixture fixture;
    char folder[32];
    char socket[64];
};

extern struct docker_bench bench;

/* A fake engine with these answers, and the port on it; bench_close must follow. */
void bench_open(const struct fake_answer *answers, size_t count);
void bench_close(void);
/* One turn of its loop. */
void bench_pump(void *self);
/* check_run between the start and the end of what HTTP needs. */
int bench_run(const struct check_case *cases, size_t count, int argc, char **argv);

#endif
