/* release_hosts: names in the container's hosts file: those the release gives, and its own second
 * ones. */
#include <ctype.h>

#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

#define NAMES_MAX           8
#define NAME_CHARACTERS_MAX 63

static bool is_host_address(const char *text)
{
    ipv4 address = 0;
    return address_parse(text, &address) || address_is_v6(text) ||
           strcmp(text, "host-gateway") == 0;
}

int release_read_extra_hosts(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    while (json_is_array(at) && json_next(at, &step)) {
        const char *text = NULL;
        int rc = json_string(&step, &text, err);
        if (rc != 0) {
            return rc;
        }
        const char *colon = strchr(text, ':');
        if (colon == NULL || colon == text || !is_host_address(colon + 1)) {
            return json_error(&step, ERR_VALUE, err,
                              "must be name:IPv4 address, name:IPv6 address or name:host-gateway");
        }
    }
    return release_read_strings(at, reading->arena, &reading->spec->hosts, err);
}

/* What may stand in a hosts file and be asked for: Compose lets container_name have '_'. */
static bool is_host_name(const char *text)
{
    size_t len = strnlen(text, NAME_CHARACTERS_MAX + 1);
    if (len == 0 || len > NAME_CHARACTERS_MAX || !isalnum((unsigned char)text[0])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

int release_read_names(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    int rc = release_read_strings(at, reading->arena, &reading->names, err);
    if (rc == 0 && reading->names.count > NAMES_MAX) {
        rc = json_error(at, ERR_VALUE, err, "must be a list of at most %d names", NAMES_MAX);
    }
    for (size_t i = 0; rc == 0 && json_next(at, &step); i++) {
        if (!is_host_name(reading->names.items[i])) {
            rc = json_error(&step, ERR_VALUE, err, "must be a host name of at most %d characters",
                            NAME_CHARACTERS_MAX);
        }
    }
    return rc;
}
