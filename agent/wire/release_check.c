/* release_check: what follows from several settings together, and what cannot work. */
#include "agent/wire/duration.h"
#include "agent/wire/release_parts.h"

/* A service nobody can ask must at least run for so long. */
#define SOAK_UNPROBED_MS SECONDS_MS(10)

/* From one question to the next: the period, or a time-out that is longer. */
static int64_t probe_step_ms(const struct plan_probe *probe)
{
    return probe->period_ms > probe->timeout_ms ? probe->period_ms : probe->timeout_ms;
}

/* The longest a failure can go unnoticed by this probe. */
static int64_t probe_notice_ms(const struct plan_probe *probe)
{
    return probe->failure_threshold * probe_step_ms(probe) + probe->timeout_ms;
}

int64_t release_soak_min_ms(const struct plan_service *service)
{
    int64_t ready_ms = 0;
    int64_t alive_ms = 0;
    if (service->readiness.kind != PLAN_PROBE_NONE) {
        ready_ms = probe_notice_ms(&service->readiness) + service->readiness.period_ms;
    }
    if (service->liveness.kind != PLAN_PROBE_NONE) {
        alive_ms = service->liveness.initial_delay_ms + probe_notice_ms(&service->liveness) +
                   service->liveness.period_ms;
    }
    int64_t longest_ms = ready_ms > alive_ms ? ready_ms : alive_ms;
    return longest_ms > 0 ? longest_ms : SOAK_UNPROBED_MS;
}

/* The longest a container may take to become ready when every try but the last fails. */
static int64_t service_ready_max_ms(const struct plan_service *service)
{
    int64_t ms = 0;
    if (service->startup.kind != PLAN_PROBE_NONE) {
        ms += service->startup.initial_delay_ms +
              service->startup.failure_threshold * probe_step_ms(&service->startup);
    }
    if (service->readiness.kind != PLAN_PROBE_NONE) {
        ms += service->readiness.initial_delay_ms +
              service->readiness.success_threshold * probe_step_ms(&service->readiness);
    }
    return ms;
}

/* Where no readiness probe is given: the healthcheck, else a connection to the first TCP port. */
static void readiness_default(struct release_reading *reading)
{
    struct plan_service *service = reading->service;
    if (service->readiness.kind != PLAN_PROBE_NONE) {
        return;
    }
    if (reading->health.kind != PLAN_PROBE_NONE) {
        service->readiness = reading->health;
        if (service->startup.kind == PLAN_PROBE_NONE) {
            service->startup = reading->health_start;
        }
        return;
    }
    for (size_t i = 0; i < service->port_count; i++) {
        if (service->ports[i].protocol == ROUTE_TCP) {
            service->readiness = (struct plan_probe){.kind = PLAN_PROBE_TCP,
                                                     .port = service->ports[i].container_port,
                                                     .period_ms = SECONDS_MS(5),
                                                     .timeout_ms = SECONDS_MS(2),
                                                     .success_threshold = 1,
                                                     .failure_threshold = 3};
            return;
        }
    }
}

#define POWERS_OF_NAMESPACES                                                                       \
    (POWER_HOST_PID | POWER_HOST_IPC | POWER_HOST_UTS | POWER_HOST_USERNS | POWER_HOST_CGROUP)

/* DESIGN section 7: what "auto" means. NULL: nothing speaks against start-first. */
static const char *stop_first_reason(const struct release_reading *reading)
{
    unsigned powers = reading->service->powers;
    if ((powers & POWER_HOST_NETWORK) != 0) {
        return "it uses the host's network";
    }
    if ((powers & (POWER_DEVICES | POWER_PRIVILEGED)) != 0) {
        return "it claims devices of the host";
    }
    if ((powers & POWERS_OF_NAMESPACES) != 0) {
        return "it shares a namespace with the host";
    }
    if (reading->spec->mac_address != NULL) {
        return "it has a MAC address of its own";
    }
    if (reading->mounts_writable && !reading->is_data_safe) {
        return "it mounts something writable";
    }
    return reading->service->port_count == 0 ? "it publishes no port" : NULL;
}

static enum order_wish wish_of(const struct release_reading *reading)
{
    return reading->service_order != ORDER_UNSAID  ? reading->service_order
           : reading->swap_order != ORDER_UNSAID   ? reading->swap_order
           : reading->update_order != ORDER_UNSAID ? reading->update_order
                                                   : ORDER_AUTO;
}

static int order_decide(const struct json_place *at, struct release_reading *reading,
                        struct err *err)
{
    struct plan_service *service = reading->service;
    enum order_wish wish = wish_of(reading);
    const char *reason = stop_first_reason(reading);
    if (reading->update_order != ORDER_UNSAID && wish != reading->update_order) {
        return json_error(at, ERR_VALUE, err,
                          "deploy.update_config.order and x-berth disagree; say it once");
    }
    if (wish == ORDER_START_FIRST && reading->mounts_writable && !reading->is_data_safe) {
        return json_error(at, ERR_VALUE, err,
                          "start-first lets two generations write the same data; say sharedData: "
                          "safe in its x-berth, mount read-only, or use stop-first");
    }
    if (wish == ORDER_START_FIRST && reading->spec->mac_address != NULL) {
        return json_error(at, ERR_VALUE, err,
                          "start-first gives two containers one mac_address; use stop-first");
    }
    if (wish == ORDER_START_FIRST && (service->powers & POWER_HOST_NETWORK) != 0) {
        return json_error(at, ERR_VALUE, err,
                          "start-first cannot work with network_mode host: the "
                          "old one would answer the new one's probes");
    }
    bool is_start_first = wish == ORDER_START_FIRST || (wish == ORDER_AUTO && reason == NULL);
    service->is_start_first_said = wish == ORDER_START_FIRST;
    service->is_data_safe = reading->is_data_safe;
    service->order = is_start_first ? PLAN_START_FIRST : PLAN_STOP_FIRST;
    service->order_reason = wish != ORDER_AUTO ? "the release asks for it"
                            : is_start_first   ? "it publishes a port and shares nothing writable"
                                               : reason;
    return 0;
}

static bool is_network_asked(const struct plan_probe *probe)
{
    return probe->kind == PLAN_PROBE_HTTP || probe->kind == PLAN_PROBE_TCP;
}

static int check_network(const struct json_place *at, const struct release_reading *reading,
                         struct err *err)
{
    const struct plan_service *service = reading->service;
    bool is_bridged = !service->has_no_network && (service->powers & POWER_HOST_NETWORK) == 0;
    if (service->has_no_network && service->port_count > 0) {
        return json_error(at, ERR_VALUE, err,
                          "publishes ports and has network_mode none; remove one of the two");
    }
    if (service->has_no_network &&
        (is_network_asked(&service->startup) || is_network_asked(&service->readiness) ||
         is_network_asked(&service->liveness) || service->notice.kind == PLAN_NOTICE_HTTP)) {
        return json_error(at, ERR_VALUE, err,
                          "is asked over the network and has network_mode none; use exec");
    }
    if (reading->spec->mac_address != NULL && (!is_bridged || service->replicas > 1)) {
        return json_error(at, ERR_VALUE, err,
                          "mac_address needs the app's network and one replica; remove it");
    }
    return 0;
}

/* What every engine refuses, with words of ours. */
static int check_resources(const struct json_place *at, const struct engine_spec *spec,
                           struct err *err)
{
    if (spec->nano_cpus != 0 && (spec->cpu_quota_us != 0 || spec->cpu_period_us != 0)) {
        return json_error(at, ERR_VALUE, err, "limits cpus twice; remove cpu_quota and cpu_period");
    }
    if (spec->memory_swap > 0 &&
        (spec->memory_bytes == 0 || (uint64_t)spec->memory_swap < spec->memory_bytes)) {
        return json_error(at, ERR_VALUE, err,
                          "memswap_limit is memory and swap together: it needs "
                          "deploy.resources.limits.memory, and at least as much");
    }
    if (spec->memory_bytes != 0 && spec->memory_reserved > 0 &&
        (uint64_t)spec->memory_reserved > spec->memory_bytes) {
        return json_error(at, ERR_VALUE, err, "reserves more memory than its limit");
    }
    return 0;
}

int release_check_service(const struct json_place *at, struct release_reading *reading,
                          struct err *err)
{
    struct plan_service *service = reading->service;
    struct engine_spec *spec = reading->spec;
    bool is_host = (service->powers & POWER_HOST_NETWORK) != 0;
    if (is_host && service->port_count > 0) {
        return json_error(at, ERR_VALUE, err,
                          "publishes ports and has network_mode host; remove one of the two");
    }
    if (is_host && service->replicas > 1) {
        return json_error(at, ERR_VALUE, err, "network_mode host allows one replica");
    }
    spec->stop_grace_ms = service->stop_grace_ms;
    readiness_default(reading);
    int rc = check_network(at, reading, err);
    rc = rc == 0 ? check_resources(at, spec, err) : rc;
    return rc == 0 ? order_decide(at, reading, err) : rc;
}

int release_check_plan(struct release_reading *reading, struct err *err)
{
    struct plan *plan = reading->plan;
    int64_t soak_min_ms = 0;
    int64_t deadline_min_ms = 0;
    char said[32];
    char least[32];
    for (size_t i = 0; i < plan->service_count; i++) {
        int64_t soak_ms = release_soak_min_ms(&plan->services[i]);
        int64_t ready_ms = service_ready_max_ms(&plan->services[i]);
        soak_min_ms = soak_ms > soak_min_ms ? soak_ms : soak_min_ms;
        deadline_min_ms = ready_ms > deadline_min_ms ? ready_ms : deadline_min_ms;
    }
    if (!reading->is_soak_said) {
        plan->soak_ms = soak_min_ms;
    }
    if (!reading->is_deadline_said && plan->deadline_ms < deadline_min_ms) {
        plan->deadline_ms = deadline_min_ms;
    }
    duration_render(plan->soak_ms, said, sizeof said);
    duration_render(soak_min_ms, least, sizeof least);
    if (plan->soak_ms < soak_min_ms) {
        return err_set(err, ERR_VALUE,
                       "x-berth.swap.soak: %s is too short for its probes to notice "
                       "a failure; at least %s",
                       said, least);
    }
    duration_render(plan->deadline_ms, said, sizeof said);
    duration_render(deadline_min_ms, least, sizeof least);
    if (plan->deadline_ms < deadline_min_ms) {
        return err_set(err, ERR_VALUE,
                       "x-berth.swap.deadline: %s ends before its probes may; at "
                       "least %s",
                       said, least);
    }
    return 0;
}
