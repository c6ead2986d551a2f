/* values: one judge for each kind. */
#include "ports/app/berth/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/selector.h"
#include "agent/wire/config.h"
#include "agent/wire/duration.h"
#include "agent/wire/trust.h"
#include "platform/base/units.h"
#include "ports/app/berth/rollout_spec.h"
#include "ports/mbedtls/issue.h"

#define PREFIX_LEN_MAX (CONFIG_PATH_BYTES - 16)

/* -- one kind each; what it must be goes into *why ----------------------------------------------
 */

static bool is_duration(const struct words_option *option, const char *value, struct text *why)
{
    char least[32];
    int64_t ms = 0;
    text_append(why, "must be a duration like 15m");
    if (option->least > 0) {
        duration_render(option->least, least, sizeof least);
        text_printf(why, ", at least %s", least);
    }
    return duration_parse(value, &ms) && ms >= option->least && ms <= option->most;
}

static bool is_selector(const struct words_option *option, const char *value, struct text *why)
{
    struct selector selector;
    struct err err;
    (void)option;
    if (strlen(value) >= ROLLOUT_SELECTOR_BYTES) {
        text_printf(why, "must be at most %d characters", ROLLOUT_SELECTOR_BYTES - 1);
        return false;
    }
    bool is_good = selector_parse(value, &selector, &err) == 0;
    text_append(why, is_good ? "" : err.text);
    return is_good;
}

static bool is_label(const struct words_option *option, const char *value, struct text *why)
{
    struct labels labels = {0};
    struct err err;
    (void)option;
    bool is_good = values_label(&labels, value, &err) == 0;
    text_append(why, is_good ? "" : err.text);
    return is_good;
}

static bool is_label_name(const struct words_option *option, const char *value, struct text *why)
{
    (void)option;
    text_printf(why, "must be a label's name of at most %d characters", ROLLOUT_LABEL_BYTES - 1);
    return value[0] != '\0' && strlen(value) < ROLLOUT_LABEL_BYTES;
}

static bool is_size(const struct words_option *option, const char *value, struct text *why)
{
    struct rollout_size size;
    (void)option;
    text_append(why, "must be a number of nodes or a share, like 3 or 10%");
    return rollout_size_parse(value, &size);
}

static bool is_waves(const struct words_option *option, const char *value, struct text *why)
{
    static struct rollout_shape shape; /* large; one command line in a process */
    (void)option;
    shape = (struct rollout_shape){0};
    text_printf(why, "must be at most %d sizes that end with 100%%, like 1,5%%,25%%,100%%",
                ROLLOUT_WAVES_MAX);
    return rollout_waves_parse(value, &shape);
}

static bool is_platform(const struct words_option *option, const char *value, struct text *why)
{
    (void)option;
    text_append(why, "must be linux/ARCH or linux/ARCH/VARIANT, for example linux/arm/v7");
    return strncmp(value, "linux/", 6) == 0 && value[6] != '\0' && strlen(value) < 64;
}

static bool is_host(const struct words_option *option, const char *value, struct text *why)
{
    (void)option;
    text_append(why, "must be a DNS name or an IPv4 address");
    return issue_is_host(value);
}

static bool is_broker(const struct words_option *option, const char *value, struct text *why)
{
    struct fleet_dir dir = {.node_port = FLEET_NODE_PORT, .operator_port = FLEET_OPERATOR_PORT};
    struct err err;
    (void)option;
    bool is_good = values_broker(&dir, value, &err) == 0;
    text_append(why, is_good ? "" : err.text);
    return is_good;
}

static bool is_role(const struct words_option *option, const char *value, struct text *why)
{
    (void)option;
    text_append(why, "must begin with a role: release=, order=, trust= or revoke=");
    return values_role(value) < TRUST_ROLE_COUNT;
}

static bool is_prefix(const struct words_option *option, const char *value, struct text *why)
{
    size_t len = strlen(value);
    bool is_good = len > 1 && len <= PREFIX_LEN_MAX && value[0] == '/' && value[len - 1] != '/';
    (void)option;
    text_append(why, "must be an absolute path without blanks and without '/' at its end");
    for (; is_good && *value != '\0'; value++) {
        is_good = (unsigned char)*value > 0x20 && *value != '"' && *value != '\\' && *value != 0x7f;
    }
    return is_good;
}

bool values_check(const struct words_option *option, const char *value, struct text *complaint)
{
    static const struct {
        enum words_kind kind;
        bool (*is_good)(const struct words_option *option, const char *value, struct text *why);
    } judges[] = {
        {WORDS_DURATION, is_duration}, {WORDS_SELECTOR, is_selector},
        {WORDS_LABEL, is_label},       {WORDS_LABEL_NAME, is_label_name},
        {WORDS_SIZE, is_size},         {WORDS_WAVES, is_waves},
        {WORDS_PLATFORM, is_platform}, {WORDS_HOST, is_host},
        {WORDS_BROKER, is_broker},     {WORDS_ROLE, is_role},
        {WORDS_PREFIX, is_prefix},
    };
    for (size_t i = 0; i < COUNT_OF(judges); i++) {
        if (judges[i].kind == option->kind) {
            return judges[i].is_good(option, value, complaint);
        }
    }
    return true;
}

/* -- read ----------------------------------------------------------------------------------------
 */

int values_label(struct labels *labels, const char *value, struct err *err)
{
    char key[LABEL_BYTES];
    const char *equals = strchr(value, '=');
    if (equals == NULL || (size_t)(equals - value) >= sizeof key) {
        return err_set(err, ERR_USAGE, "a label is written key=value");
    }
    memcpy(key, value, (size_t)(equals - value));
    key[equals - value] = '\0';
    return labels_set(labels, key, equals + 1, err);
}

static bool port_read(const char *text, uint16_t *port)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    *port = (uint16_t)number;
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' && number <= UINT16_MAX;
}

int values_broker(struct fleet_dir *dir, const char *value, struct err *err)
{
    char words[FLEET_HOST_BYTES + 16];
    if (!text_copy(words, sizeof words, value)) {
        return err_set(err, ERR_USAGE, "longer than %zu characters", sizeof words - 1);
    }
    char *first = strchr(words, ':');
    char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    if (second != NULL) {
        *second++ = '\0';
    }
    if (first != NULL) {
        *first++ = '\0';
    }
    if (!issue_is_host(words)) {
        return err_set(err, ERR_USAGE, "the host is neither a DNS name nor an IPv4 address");
    }
    if ((first != NULL && !port_read(first, &dir->node_port)) ||
        (second != NULL && !port_read(second, &dir->operator_port))) {
        return err_set(err, ERR_USAGE, "a port is a number from 1 to 65535");
    }
    if (dir->node_port == dir->operator_port) {
        return err_set(err, ERR_USAGE, "nodes and operators need two ports");
    }
    (void)text_copy(dir->host, sizeof dir->host, words);
    return 0;
}

enum trust_role values_role(const char *value)
{
    for (enum trust_role role = 0; role < TRUST_ROLE_COUNT; role++) {
        size_t len = strlen(trust_role_word(role));
        if (strncmp(value, trust_role_word(role), len) == 0 && value[len] == '=') {
            return role;
        }
    }
    return TRUST_ROLE_COUNT;
}
