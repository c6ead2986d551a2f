/* release: one reading of the payload gives both the plan and the container to create. */
#include "agent/wire/release.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/release_parts.h"
#include "platform/base/law.h"
#include "platform/base/text.h"

/* What a container may need of the arena before its identity is added; the rest of the 64 KiB that
 * release_render promises is for the identity. */
#define CONTAINER_BYTES_MAX 57344

struct services_reading {
    struct release_reading *reading;
    const char *wanted; /* service whose container is kept, or NULL */
    struct engine_spec *kept;
};

static int service_read(const struct json_place *at, struct release_reading *reading,
                        struct err *err)
{
    struct plan *plan = reading->plan;
    if (plan->service_count == SERVICES_MAX) {
        return json_error(at, ERR_VALUE, err,
                          "this version runs one service an app; make each service an app");
    }
    reading->service = &plan->services[plan->service_count];
    if (!text_is_name(at->key, NAME_BYTES - 1)) {
        return json_error(at, ERR_VALUE, err,
                          "a service is named by 1 to 32 characters a-z, 0-9 and '-'");
    }
    (void)text_copy(reading->service->name, NAME_BYTES, at->key);
    int rc = release_read_service(at, reading, err);
    if (rc == 0) {
        rc = release_check_service(at, reading, err);
    }
    if (rc == 0) {
        release_spec_hash(reading, reading->service->spec);
        plan->service_count++;
    }
    return rc;
}

static int read_services(const struct json_place *at, void *into, struct err *err)
{
    struct services_reading *services = into;
    struct json_place step = {0};
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object of services");
    }
    while (json_next(at, &step)) {
        struct release_reading reading = *services->reading;
        struct engine_spec spec = {0};
        size_t used = reading.arena->used;
        bool is_wanted = services->wanted != NULL && strcmp(services->wanted, step.key) == 0;
        reading.spec = &spec;
        int rc = service_read(&step, &reading, err);
        if (rc != 0) {
            return rc;
        }
        if (is_wanted) {
            *services->kept = spec;
            *services->reading = reading;
            services->reading->spec = services->kept;
        } else {
            reading.arena->used = used;
        }
    }
    return 0;
}

static int read_name(const struct json_place *at, void *into, struct err *err)
{
    const char *name = NULL;
    (void)into;
    return json_string(at, &name, err);
}

static int read_top(const struct json_place *at, void *into, struct err *err)
{
    return release_read_top(at, ((struct services_reading *)into)->reading, err);
}

static int read_volumes(const struct json_place *at, void *into, struct err *err)
{
    return release_read_volume_names(at, ((struct services_reading *)into)->reading, err);
}

static int read_external(const struct json_place *at, void *into, struct err *err)
{
    bool is_external = false;
    (void)into;
    int rc = json_boolean(at, &is_external, err);
    if (rc == 0 && !is_external) {
        rc = json_error(at, ERR_VALUE, err, "must be true: secrets stand on the node");
    }
    return rc;
}

static int read_secrets(const struct json_place *at, void *into, struct err *err)
{
    static const char remedy[] =
        "a secret never travels in a release: put the file into the node's "
        "secrets directory and say external: true";
    static const struct json_key keys[] = {{"external", read_external, NULL, true},
                                           {"file", NULL, remedy, false},
                                           {"environment", NULL, remedy, false}};
    struct json_place step = {0};
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object");
    }
    while (json_next(at, &step)) {
        int rc = json_read_object(&step, keys, COUNT_OF(keys), into, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int document_read(struct span payload, struct services_reading *services, struct err *err)
{
    static const char *const decimal_keys[] = {"cpus", "initialDelaySeconds", "periodSeconds",
                                               "timeoutSeconds", NULL};
    static const struct json_rules rules = {.bytes_max = RELEASE_PAYLOAD_BYTES_MAX,
                                            .decimal_keys = decimal_keys};
    static const struct json_key keys[] = {
        {"schema", json_schema1, NULL, true},
        {"name", read_name, NULL, false},
        {"x-berth", read_top, NULL, true},
        {"volumes", read_volumes, NULL, false}, /* their names before the services */
        {"services", read_services, NULL, true},
        {"secrets", read_secrets, NULL, false},
        {"version", NULL, "obsolete in Compose; remove it", false},
        {"networks", NULL, "each app has one network of its own; remove it", false},
        {"configs", NULL, "mount the file (type file) where the program reads it; remove it",
         false},
        {"include", NULL, "not supported by this version; write one file", false}};
    struct json_document document;
    int rc = json_parse(payload, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), services, err);
    json_free(&document);
    if (rc == 0) {
        rc = release_check_plan(services->reading, err);
    }
    return rc;
}

/* Reads the payload into `plan`, with room of its own for what the containers need. */
static int payload_read(struct span payload, const struct release_node *node, struct plan *plan,
                        const struct release_files_sink *sink, struct err *err)
{
    struct arena arena;
    uint8_t *memory = malloc(CONTAINER_BYTES_MAX);
    if (memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to compile a release");
    }
    arena_init(&arena, memory, CONTAINER_BYTES_MAX);
    struct release_reading reading = {.node = node, .plan = plan, .arena = &arena, .sink = sink};
    struct services_reading services = {.reading = &reading};
    int rc = document_read(payload, &services, err);
    free(memory);
    return rc;
}

int release_compile(struct span payload, const struct release_node *node, struct plan *plan,
                    struct err *err)
{
    LAW(BOUNDED, node->label_count == 0 || node->label_names != NULL);
    struct plan read = {0};
    int rc = payload_read(payload, node, &read, NULL, err);
    if (rc == 0) {
        *plan = read;
    }
    return rc;
}

int release_files(struct span payload, const struct release_node *node,
                  const struct release_files_sink *sink, struct err *err)
{
    struct plan read = {0};
    return payload_read(payload, node, &read, sink, err);
}

int release_render(struct span payload, const struct release_node *node, const char *service,
                   const struct release_container *container, struct arena *arena,
                   struct engine_spec *spec, struct err *err)
{
    struct plan plan = {0};
    struct engine_spec kept = {0};
    struct release_reading reading = {.node = node, .plan = &plan, .arena = arena};
    struct services_reading services = {.reading = &reading, .wanted = service, .kept = &kept};
    int rc = document_read(payload, &services, err);
    if (rc != 0) {
        return rc;
    }
    if (reading.spec == NULL) {
        return err_set(err, ERR_NOT_FOUND, "the release has no service %.32s", service);
    }
    rc = release_identify(&reading, container, err);
    if (rc == 0) {
        *spec = kept;
    }
    return rc;
}
