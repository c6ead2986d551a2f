/* berth release show: what a release does, in words. */
#include <stdio.h>

#include "agent/wire/duration.h"
#include "agent/wire/release_words.h"
#include "ports/app/berth/release_file.h"
#include "ports/app/berth/release_pieces.h"
#include "ports/app/berth/verbs.h"

static void probe_print(const char *name, const struct plan_service *service,
                        const struct plan_probe *probe)
{
    char period[32];
    if (probe->kind == PLAN_PROBE_NONE) {
        return;
    }
    duration_render(probe->period_ms, period, sizeof period);
    printf("    %-10s ", name);
    if (probe->kind == PLAN_PROBE_HTTP) {
        printf("GET %s on port %u", probe->path, probe->port);
    } else if (probe->kind == PLAN_PROBE_TCP) {
        printf("connect to port %u", probe->port);
    } else {
        printf("run %s", service->words + probe->exec_at);
    }
    printf(", every %s, %u failures\n", period, probe->failure_threshold);
}

static void ports_print(const struct plan_service *service)
{
    for (size_t i = 0; i < service->port_count; i++) {
        const struct route_port *port = &service->ports[i];
        char address[16];
        address_render(port->host_ip, address);
        printf("    port       %s:%u -> %u/%s\n", port->host_ip == 0 ? "any" : address,
               port->host_port, port->container_port, route_protocol_word(port->protocol));
    }
}

static void service_print(const struct plan_service *service)
{
    printf("  service %s\n    image      %s\n    replicas   %u\n    order      %s: %s\n",
           service->name, service->reference, service->replicas,
           service->order == PLAN_START_FIRST ? "start-first" : "stop-first",
           service->order_reason);
    ports_print(service);
    probe_print("startup", service, &service->startup);
    probe_print("readiness", service, &service->readiness);
    probe_print("liveness", service, &service->liveness);
    if (service->memory_bytes != 0) {
        printf("    memory     %llu MiB\n", (unsigned long long)(service->memory_bytes >> 20));
    }
    for (unsigned power = 1; power <= POWER_LAST; power <<= 1) {
        if ((service->powers & power) != 0) {
            printf("    power      %s: the node's configuration must allow it\n",
                   power_word(power));
        }
    }
}

static void plan_print(const struct release_file *file, const struct plan *plan)
{
    char hex[DIGEST_HEX_BYTES];
    char soak[32], drain[32], warm[32], deadline[32];
    digest_render(&file->digest, hex);
    duration_render(plan->soak_ms, soak, sizeof soak);
    duration_render(plan->drain_ms, drain, sizeof drain);
    duration_render(plan->keep_warm_ms, warm, sizeof warm);
    duration_render(plan->deadline_ms, deadline, sizeof deadline);
    printf("release %s\n  app        %s%s%s\n  sequence   %llu, floor %llu\n", hex, plan->app,
           plan->version[0] != '\0' ? " " : "", plan->version, (unsigned long long)plan->sequence,
           (unsigned long long)plan->floor);
    printf("  swap       soak %s, drain %s, keep warm %s, deadline %s, %u attempts\n", soak, drain,
           warm, deadline, plan->attempts);
    for (size_t i = 0; i < plan->service_count; i++) {
        service_print(&plan->services[i]);
    }
    if (plan->service_count == 0) {
        printf("  no service: the app is removed\n");
    }
    if (file->parts.signature_count == 0) {
        printf("  not signed\n");
    }
    for (size_t i = 0; i < file->parts.signature_count; i++) {
        printf("  signed by  %s (not checked; see 'berth release verify')\n",
               file->parts.signatures[i].key_id);
    }
}

/* -- programs' -------------------------------------------------------------------------------- */

static void member(const char *before, const char *key, const char *value)
{
    char data[2 * ENGINE_REFERENCE_BYTES];
    struct text text;
    text_init(&text, data, sizeof data);
    text_append_json(&text, value);
    printf("%s\"%s\":%s", before, key, data);
}

static void service_json(const struct plan_service *service, const char *before)
{
    printf("%s", before);
    member("{", "name", service->name);
    member(",", "image", service->reference);
    member(",", "order", service->order == PLAN_START_FIRST ? "start-first" : "stop-first");
    printf(",\"replicas\":%u,\"memoryBytes\":%llu,\"powers\":[", service->replicas,
           (unsigned long long)service->memory_bytes);
    const char *comma = "";
    for (unsigned power = 1; power <= POWER_LAST; power <<= 1) {
        if ((service->powers & power) != 0) {
            printf("%s\"%s\"", comma, power_word(power));
            comma = ",";
        }
    }
    printf("]}");
}

static void plan_json(const struct release_file *file, const struct plan *plan)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(&file->digest, hex);
    member("{", "release", hex);
    member(",", "app", plan->app);
    member(",", "version", plan->version);
    printf(",\"sequence\":%llu,\"floor\":%llu,\"soakMs\":%lld,\"drainMs\":%lld,\"deadlineMs\":%lld,"
           "\"attempts\":%u,\"files\":%zu,\"services\":[",
           (unsigned long long)plan->sequence, (unsigned long long)plan->floor,
           (long long)plan->soak_ms, (long long)plan->drain_ms, (long long)plan->deadline_ms,
           plan->attempts, (size_t)plan->file_count);
    for (size_t i = 0; i < plan->service_count; i++) {
        service_json(&plan->services[i], i == 0 ? "" : ",");
    }
    printf("],\"signedBy\":[");
    for (size_t i = 0; i < file->parts.signature_count; i++) {
        member(i == 0 ? "{" : ",{", "keyId", file->parts.signatures[i].key_id);
        printf("}");
    }
    printf("]}\n");
}

int verb_release_show(struct given *given, struct err *err)
{
    struct keyring keyring;
    struct release_file file;
    struct plan plan;
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    rc = release_file_open(&keyring, given->arguments[0], &file, err);
    if (rc == 0) {
        rc = release_file_compile(&file, &plan, err);
    }
    bool is_json = given_has(given, "json");
    if (rc == 0 && is_json) {
        plan_json(&file, &plan);
    } else if (rc == 0) {
        plan_print(&file, &plan);
        rc = pieces_list(file.parts.payload, stdout, err);
    }
    release_file_close(&file);
    keyring_close(&keyring);
    return rc;
}
