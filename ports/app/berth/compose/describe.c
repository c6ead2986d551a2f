/* describe: facts of a service from the reader's plan and the container it would create. */
#include "ports/app/berth/compose/describe.h"

#include <stdlib.h>

#include "agent/wire/duration.h"
#include "agent/wire/release_words.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

#define ARENA_BYTES 65536
#define LINE_BYTES  8192

/* Where the readiness gate comes from. */
static const char *gate_from(const struct description *description)
{
    const struct yaml_item *service = description->service;
    const struct yaml_item *health = yaml_tree_member(service, "healthcheck");
    const struct yaml_item *probes =
        yaml_tree_member(yaml_tree_member(service, "x-berth"), "probes");
    if (yaml_tree_member(probes, "readiness") != NULL) {
        return "x-berth.probes.readiness";
    }
    if (description->plan->readiness.kind == PLAN_PROBE_EXEC) {
        return value_is_empty(yaml_tree_member(health, "test")) ? "the image's health check"
                                                                : "healthcheck";
    }
    return "its first published port";
}

/* Is another gate possible that only the image knows? */
static bool is_gate_open(const struct description *description)
{
    const struct yaml_item *health = yaml_tree_member(description->service, "healthcheck");
    return description->image == NULL && value_is_empty(health) &&
           description->plan->readiness.kind != PLAN_PROBE_EXEC &&
           strcmp(gate_from(description), "x-berth.probes.readiness") != 0;
}

static void gate_words(const struct plan_service *plan, struct text *text)
{
    const struct plan_probe *probe = &plan->readiness;
    const char *word = plan->words + probe->exec_at;
    switch (probe->kind) {
    case PLAN_PROBE_HTTP:
        text_printf(text, "HTTP GET %s on port %u answers 2xx or 3xx", probe->path, probe->port);
        break;
    case PLAN_PROBE_TCP:
        text_printf(text, "port %u takes connections", probe->port);
        break;
    case PLAN_PROBE_EXEC:
        for (unsigned i = 0; i < probe->exec_count; i++) {
            text_printf(text, "%s%s", i > 0 ? " " : "", word);
            word += strlen(word) + 1;
        }
        text_append(text, " succeeds");
        break;
    case PLAN_PROBE_NONE:
        text_append(text, "none: it counts as ready when it runs");
        break;
    }
}

static const char *protocol_word(enum route_protocol protocol)
{
    return protocol == ROUTE_TCP ? "tcp" : protocol == ROUTE_UDP ? "udp" : "sctp";
}

static void port_words(const struct route_port *port, struct text *text)
{
    char address[16];
    if (port->host_ip != 0) {
        address_render(port->host_ip, address);
        text_printf(text, "%s:", address);
    }
    text_printf(text, "%u:%u/%s", port->host_port, port->container_port,
                protocol_word(port->protocol));
}

static const char *order_word(const struct plan_service *service)
{
    return service->order == PLAN_START_FIRST ? "start-first" : "stop-first";
}

static const char *image_word(const struct yaml_item *service)
{
    const struct yaml_item *image = yaml_tree_member(service, "image");
    return value_is_null(image) || image->kind != YAML_TREE_SCALAR ? "(built)" : image->text;
}

static void lists_print(const struct description *description, const struct engine_spec *spec,
                        FILE *stream)
{
    const struct plan_service *plan = description->plan;
    for (size_t i = 0; i < plan->port_count; i++) {
        char words[64];
        struct text text;
        text_init(&text, words, sizeof words);
        port_words(&plan->ports[i], &text);
        (void)fprintf(stream, "  port      %s\n", words);
    }
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        (void)fprintf(stream, "  mount     %s%s at %s%s\n",
                      mount->source == NULL ? "tmpfs"
                      : mount->is_volume    ? "volume "
                      : mount->recipe       ? "files of the release"
                                            : "path ",
                      mount->source != NULL && mount->recipe == NULL ? mount->source : "",
                      mount->target, mount->read_only ? ", read only" : "");
    }
    for (size_t i = 0; i < spec->device_count; i++) {
        (void)fprintf(stream, "  device    %s\n", spec->devices[i].host_path);
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((plan->powers & 1u << bit) != 0) {
            (void)fprintf(stream, "  power     %s, which the node's configuration must allow\n",
                          power_word(1u << bit));
        }
    }
}

static int spec_load(const struct description *description, struct arena *arena,
                     struct engine_spec *spec, struct err *err)
{
    void *memory = malloc(ARENA_BYTES);
    if (memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    arena_init(arena, memory, ARENA_BYTES);
    int rc = render_spec(description->payload, description->service, arena, spec, err);
    if (rc != 0) {
        free(memory);
    }
    return rc;
}

int describe_print(const struct description *description, FILE *stream, struct err *err)
{
    const struct plan_service *plan = description->plan;
    struct engine_spec spec = {0};
    struct arena arena;
    char words[LINE_BYTES];
    struct text text;
    int rc = spec_load(description, &arena, &spec, err);
    if (rc != 0) {
        return rc;
    }
    text_init(&text, words, sizeof words);
    gate_words(plan, &text);
    (void)fprintf(stream, "service %s: %s\n", plan->name, image_word(description->service));
    (void)fprintf(stream, "  handover  %s, because %s\n", order_word(plan), plan->order_reason);
    if (plan->readiness.kind == PLAN_PROBE_NONE) {
        (void)fprintf(stream, "  gate      %s", words);
    } else {
        (void)fprintf(stream, "  gate      %s (%s)", words, gate_from(description));
    }
    (void)fprintf(stream, "%s\n",
                  is_gate_open(description) ? ", unless the image has a health check" : "");
    if (plan->replicas > 1) {
        (void)fprintf(stream, "  replicas  %u\n", plan->replicas);
    }
    lists_print(description, &spec, stream);
    free(arena.data);
    return ferror(stream) != 0 ? err_set(err, ERR_IO, "cannot write") : 0;
}

static void string_print(FILE *stream, const char *before, const char *value)
{
    char words[LINE_BYTES];
    struct text text;
    text_init(&text, words, sizeof words);
    text_append_json(&text, value);
    (void)fprintf(stream, "%s%s", before, text.cut ? "null" : words);
}

static void lists_print_json(const struct description *description, const struct engine_spec *spec,
                             FILE *stream)
{
    const struct plan_service *plan = description->plan;
    const char *comma = "";
    (void)fputs(",\"ports\":[", stream);
    for (size_t i = 0; i < plan->port_count; i++) {
        char words[64];
        struct text text;
        text_init(&text, words, sizeof words);
        port_words(&plan->ports[i], &text);
        string_print(stream, i > 0 ? "," : "", words);
    }
    (void)fputs("],\"mounts\":[", stream);
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        string_print(stream, i > 0 ? ",{\"source\":" : "{\"source\":",
                     mount->source != NULL ? mount->source : "");
        string_print(stream, ",\"target\":", mount->target);
        (void)fprintf(stream, ",\"volume\":%s,\"readOnly\":%s}",
                      mount->is_volume ? "true" : "false", mount->read_only ? "true" : "false");
    }
    (void)fputs("],\"devices\":[", stream);
    for (size_t i = 0; i < spec->device_count; i++) {
        string_print(stream, i > 0 ? "," : "", spec->devices[i].host_path);
    }
    (void)fputs("],\"powers\":[", stream);
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((plan->powers & 1u << bit) != 0) {
            string_print(stream, comma, power_word(1u << bit));
            comma = ",";
        }
    }
    (void)fputs("]", stream);
}

int describe_print_json(const struct description *description, FILE *stream, struct err *err)
{
    const struct plan_service *plan = description->plan;
    struct engine_spec spec = {0};
    struct arena arena;
    char words[LINE_BYTES];
    struct text text;
    int rc = spec_load(description, &arena, &spec, err);
    if (rc != 0) {
        return rc;
    }
    text_init(&text, words, sizeof words);
    gate_words(plan, &text);
    string_print(stream, "{\"name\":", plan->name);
    string_print(stream, ",\"image\":", image_word(description->service));
    string_print(stream, ",\"order\":", order_word(plan));
    string_print(stream, ",\"reason\":", plan->order_reason);
    string_print(stream, ",\"gate\":", words);
    string_print(stream, ",\"gateFrom\":",
                 plan->readiness.kind == PLAN_PROBE_NONE ? "nothing" : gate_from(description));
    (void)fprintf(stream, ",\"gateMayBeImages\":%s,\"replicas\":%u",
                  is_gate_open(description) ? "true" : "false", plan->replicas);
    lists_print_json(description, &spec, stream);
    (void)fputs("}", stream);
    free(arena.data);
    return ferror(stream) != 0 ? err_set(err, ERR_IO, "cannot write") : 0;
}
