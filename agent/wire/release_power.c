/* release_power: what a service asks of the host beyond a plain container. */
#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

static int capabilities_read(const struct json_place *at, struct release_reading *reading,
                             struct engine_strings *out, struct err *err)
{
    int rc = release_read_strings(at, reading->arena, out, err);
    for (size_t i = 0; rc == 0 && i < out->count; i++) {
        const char *item = out->items[i];
        if (item[0] == '\0' ||
            item[strspn(item, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] != '\0') {
            rc = json_error(at, ERR_VALUE, err, "item %zu must be a capability, like NET_ADMIN", i);
        }
    }
    return rc;
}

int release_read_cap_add(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int rc = capabilities_read(at, reading, &reading->spec->cap_add, err);
    for (size_t i = 0; rc == 0 && i < reading->spec->cap_add.count; i++) {
        if (capability_is_power(reading->spec->cap_add.items[i])) {
            reading->service->powers |= POWER_CAPABILITIES;
        }
    }
    return rc;
}

int release_read_cap_drop(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return capabilities_read(at, reading, &reading->spec->cap_drop, err);
}

int release_read_privileged(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int rc = json_boolean(at, &reading->spec->privileged, err);
    reading->service->powers |= reading->spec->privileged ? POWER_PRIVILEGED : 0;
    return rc;
}

int release_read_read_only(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct release_reading *)into)->spec->read_only, err);
}

int release_read_network_mode(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    const char *mode = NULL;
    int rc = json_string(at, &mode, err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(mode, "none") == 0) {
        reading->spec->network = "none";
        reading->service->has_no_network = true;
        return 0;
    }
    if (strcmp(mode, "host") != 0) {
        return json_error(at, ERR_VALUE, err,
                          "can only be host or none; without it the app's network is used");
    }
    reading->spec->network = "host";
    reading->service->powers |= POWER_HOST_NETWORK;
    return 0;
}
