/* engine_made: a container as its specification asks for it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"
#include "ports/sim/engine_private.h"

/* The value of a label in "name=value" strings; "" when it is not there. */
static const char *label_value(const struct engine_spec *spec, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < spec->labels.count; i++) {
        if (strncmp(spec->labels.items[i], name, len) == 0 && spec->labels.items[i][len] == '=') {
            return spec->labels.items[i] + len + 1;
        }
    }
    return "";
}

/* What a real engine refuses only when the container is started. */
static int refusal_of(const struct engine_spec *spec)
{
    bool is_absent = (spec->entrypoint.count > 0 &&
                      strcmp(spec->entrypoint.items[0], SIM_ABSENT_PROGRAM) == 0) ||
                     (spec->user != NULL && strcmp(spec->user, SIM_ABSENT_USER) == 0) ||
                     (spec->sysctls.count > 0 && strncmp(spec->sysctls.items[0], SIM_ABSENT_SYSCTL,
                                                         strlen(SIM_ABSENT_SYSCTL)) == 0);
    return is_absent ? ERR_SPEC : 0;
}

void engine_fill(struct sim_engine *engine, struct sim_container *made,
                 const struct engine_spec *spec)
{
    struct engine_container *seen = &made->seen;
    (void)text_copy(made->name, sizeof made->name, spec->name);
    (void)text_copy(made->network, sizeof made->network, spec->network);
    (void)text_copy(made->node, sizeof made->node, label_value(spec, "io.berth.node"));
    (void)text_copy(seen->app, sizeof seen->app, label_value(spec, "io.berth.app"));
    (void)text_copy(seen->service, sizeof seen->service, label_value(spec, "io.berth.service"));
    (void)text_copy(seen->spec, sizeof seen->spec, label_value(spec, "io.berth.spec"));
    made->refuses = refusal_of(spec);
    (void)digest_parse(label_value(spec, "io.berth.release"), &seen->release);
    seen->gen = strtoull(label_value(spec, "io.berth.gen"), NULL, 10);
    seen->replica = (uint32_t)strtoul(label_value(spec, "io.berth.replica"), NULL, 10);
    for (size_t i = 0, count = 0; i < spec->mount_count && count < SIM_MOUNTS_MAX; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        if (mount->is_volume) {
            made->is_named[count] = mount->is_named;
            made->is_external[count] = mount->is_external;
            made->is_reader[count] = mount->is_named && mount->read_only;
            (void)text_copy(made->volumes[count], ENGINE_NAME_BYTES, mount->source);
            (void)text_copy(made->formers[count++], ENGINE_NAME_BYTES,
                            mount->former != NULL ? mount->former : "");
            (void)text_copy(made->targets[count - 1], SIM_TARGET_BYTES, mount->target);
            made->is_of_image[count - 1] = mount->is_of_image;
        }
    }
    seen->address = spec->address;
    (void)snprintf(seen->id, sizeof seen->id, "%016" PRIx64 "%016" PRIx64 "%032x", engine->serial,
                   engine->world->seed, 0u);
}
