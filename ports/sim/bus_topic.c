/* bus_topic: topics and filters, as MQTT 5 has them in sections 1.5.4 and 4.7. */
#include "ports/sim/bus_private.h"

/* Bytes of the UTF-8 character at `at`, 0 when it is none or a control character. */
static size_t character_bytes(const unsigned char *at)
{
    size_t more = at[0] < 0x80 ? 0 : at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : 1;
    if (at[0] < 0x20 || at[0] == 0x7f || (at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return more + 1;
}

static bool text_is_good(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len >= BUS_TOPIC_BYTES) {
        return false;
    }
    for (size_t i = 0; i < len;) {
        size_t bytes = character_bytes((const unsigned char *)text + i);
        if (bytes == 0) {
            return false;
        }
        i += bytes;
    }
    return true;
}

bool sim_bus_topic_is_good(const char *topic)
{
    return text_is_good(topic) && strpbrk(topic, "+#") == NULL;
}

bool sim_bus_filter_is_good(const char *filter)
{
    if (!text_is_good(filter)) {
        return false;
    }
    for (const char *at = filter; (at = strpbrk(at, "+#")) != NULL; at++) {
        bool is_alone = at == filter || at[-1] == '/';
        if (!is_alone || (at[1] != '\0' && (*at == '#' || at[1] != '/'))) {
            return false;
        }
    }
    return true;
}

bool sim_bus_filter_matches(const char *filter, const char *topic)
{
    if (topic[0] == '$' && filter[0] != '$') {
        return false;
    }
    for (;;) {
        if (filter[0] == '#') {
            return true;
        }
        size_t level = strcspn(topic, "/");
        size_t wanted = strcspn(filter, "/");
        bool is_any = wanted == 1 && filter[0] == '+';
        if (!is_any && (level != wanted || strncmp(filter, topic, level) != 0)) {
            return false;
        }
        filter += wanted;
        topic += level;
        if (topic[0] == '\0') { /* "a/#" holds "a" too */
            return filter[0] == '\0' || strcmp(filter, "/#") == 0;
        }
        if (filter[0] == '\0') {
            return false;
        }
        filter++;
        topic++;
    }
}
