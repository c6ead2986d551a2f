/* release: what compiles for a node renders for it, within the promised memory and limits. */
#include "agent/wire/release.h"

#include <stdlib.h>

#include "tests/fuzz/target.h"

static void check_plan(const struct plan *plan)
{
    if (plan->service_count > SERVICES_MAX || plan->app[0] == '\0' ||
        plan->floor > plan->sequence) {
        abort();
    }
    for (size_t i = 0; i < plan->service_count; i++) {
        const struct plan_service *service = &plan->services[i];
        if (service->replicas < 1 || service->replicas > REPLICAS_MAX ||
            service->order_reason == NULL || plan->soak_ms < release_soak_min_ms(service)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[65536];
    static const struct release_node node = {.name = "gw1", .arch = "amd64"};
    const struct release_container container = {
        .gen = 1, .replica = 1, .service_address = 1, .network = "n", .secrets_dir = "/s"};
    struct plan plan;
    struct engine_spec spec;
    struct arena arena;
    struct err err = {0};
    if (release_compile(span_of(data, size), &node, &plan, &err) != 0) {
        if (err.code == 0 || err.text[0] == '\0') {
            abort();
        }
        return 0;
    }
    check_plan(&plan);
    for (size_t i = 0; i < plan.service_count; i++) {
        arena_init(&arena, memory, sizeof memory);
        if (release_render(span_of(data, size), &node, plan.services[i].name, &container, &arena,
                           &spec, &err) != 0) {
            abort();
        }
    }
    return 0;
}
