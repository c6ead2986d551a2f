/* make: the container that this product makes of a release, on a real engine, without starting it.
 * usage: compose_make SOCKET PAYLOAD IMAGE NETWORK ADDRESS; prints the container's id. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/release.h"
#include "agent/wire/release_words.h"
#include "ports/curl/http.h"
#include "ports/docker/docker.h"
#include "ports/linux/loop.h"
#include "tests/contract/engine_call.h"

enum { PUMP_MS = 20, ARENA_BYTES = 65536 };

static char payload[RELEASE_PAYLOAD_BYTES_MAX + 1];
static uint8_t memory[ARENA_BYTES];

static void pump(void *self)
{
    linux_loop_run_once(self, PUMP_MS);
}

static mono_ms now(void *self)
{
    (void)self;
    return linux_loop_now();
}

static int refuse(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    return EXIT_FAILURE;
}

static int make(const struct engine_fixture *fixture, struct span text, char **argv)
{
    const struct release_node node = {.name = "compare"};
    struct release_container container = {
        .gen = 1, .replica = 1, .network = argv[4], .secrets_dir = "/run/berth-compare"};
    struct engine_result result;
    struct engine_spec spec;
    struct arena arena;
    struct err err;
    arena_init(&arena, memory, sizeof memory);
    if (!address_parse(argv[5], &container.address)) {
        return refuse(argv[5], "not an address");
    }
    container.service_address = container.address + 1;
    if (release_render(text, &node, "web", &container, &arena, &spec, &err) != 0) {
        return refuse("render", err.text);
    }
    spec.image = argv[3];
    if (engine_do_about(fixture, &result) != 0 || engine_do_create(fixture, &spec, &result) != 0) {
        return refuse("create", result.text);
    }
    printf("%s\n", result.id);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct linux_loop own_loop;
    struct worker worker = {0};
    struct curl_http *curl = NULL;
    struct docker *docker = NULL;
    struct err err = {0};
    int status = EXIT_FAILURE;
    FILE *file = argc == 6 ? fopen(argv[2], "re") : NULL;
    if (file == NULL) {
        return refuse("usage", "compose_make SOCKET PAYLOAD IMAGE NETWORK ADDRESS");
    }
    size_t len = fread(payload, 1, sizeof payload, file);
    (void)fclose(file);
    if (linux_loop_init(&own_loop, &err) != 0 || curl_http_library_init(&err) != 0) {
        return refuse("start", err.text);
    }
    struct loop loop = linux_loop_interface(&own_loop);
    if (curl_http_new(&loop, &curl, &err) == 0) {
        struct http http = curl_http_interface(curl);
        if (docker_engine_new(argv[1], &loop, &http, &worker, &docker, &err) == 0) {
            struct engine_fixture fixture = {.engine = docker_engine_interface(docker),
                                             .pump = pump,
                                             .now = now,
                                             .self = &own_loop};
            status = make(&fixture, span_of(payload, len), argv);
        }
    }
    curl_http_free(curl);
    docker_engine_free(docker);
    linux_loop_close(&own_loop);
    curl_http_library_close();
    return status;
}
