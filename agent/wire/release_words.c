/* release_words: what single words of a release may look like. */
#include "agent/wire/release_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/wire/release.h"
#include "platform/base/text.h"

#define VALUE_BYTES_MAX            8192
#define VOLUME_NAME_CHARACTERS_MAX 64

bool address_parse(const char *text, ipv4 *address)
{
    ipv4 read = 0;
    for (int i = 0; i < 4; i++) {
        unsigned part = 0;
        int digits = 0;
        bool is_padded = text[0] == '0' && isdigit((unsigned char)text[1]);
        for (; isdigit((unsigned char)*text) && digits < 4; text++, digits++) {
            part = part * 10 + (unsigned)(*text - '0');
        }
        if (digits == 0 || digits > 3 || is_padded || part > 255 || *text != (i < 3 ? '.' : '\0')) {
            return false;
        }
        text += i < 3;
        read = read << 8 | part;
    }
    *address = read;
    return true;
}

bool address_is_v6(const char *text)
{
    size_t len = strnlen(text, 46);
    const char *colon = strchr(text, ':');
    return len >= 2 && len < 46 && strspn(text, "0123456789abcdefABCDEF:.") == len &&
           colon != NULL && strchr(colon + 1, ':') != NULL;
}

void address_render(ipv4 address, char text[16])
{
    (void)snprintf(text, 16, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                   address & 255);
}

bool label_is_name(const char *text)
{
    size_t len = strnlen(text, 64);
    if (len == 0 || len > 63 || !isalnum((unsigned char)text[0]) ||
        !isalnum((unsigned char)text[len - 1])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_./", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static const struct {
    const char *word;
    unsigned power;
} power_words[] = {{"privileged", POWER_PRIVILEGED},
                   {"host-network", POWER_HOST_NETWORK},
                   {"host-paths", POWER_HOST_PATHS},
                   {"devices", POWER_DEVICES},
                   {"capabilities", POWER_CAPABILITIES},
                   {"host-pid", POWER_HOST_PID},
                   {"host-ipc", POWER_HOST_IPC},
                   {"host-uts", POWER_HOST_UTS},
                   {"host-userns", POWER_HOST_USERNS},
                   {"host-cgroup", POWER_HOST_CGROUP},
                   {"unconfined", POWER_UNCONFINED},
                   {"runtime", POWER_RUNTIME},
                   {"oom", POWER_OOM}};

unsigned power_of(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(power_words); i++) {
        if (strcmp(power_words[i].word, word) == 0) {
            return power_words[i].power;
        }
    }
    return 0;
}

const char *power_word(unsigned power)
{
    for (size_t i = 0; i < COUNT_OF(power_words); i++) {
        if (power_words[i].power == power) {
            return power_words[i].word;
        }
    }
    return "unknown";
}

bool path_is_safe(const char *text)
{
    if (text[0] != '/') {
        return false;
    }
    for (const char *p = text; *p != '\0'; p++) {
        bool is_dots = strncmp(p, "/..", 3) == 0 && (p[3] == '/' || p[3] == '\0');
        if (is_dots || *p == ':' || (unsigned char)*p < 0x20 || *p == 0x7f) {
            return false;
        }
    }
    return true;
}

bool volume_is_name(const char *text)
{
    size_t len = strnlen(text, VOLUME_NAME_CHARACTERS_MAX + 1);
    if (len == 0 || len > VOLUME_NAME_CHARACTERS_MAX || !isalnum((unsigned char)text[0])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

bool signal_is_name(const char *text)
{
    size_t len = strnlen(text, 17);
    if (len < 5 || len > 16 || strncmp(text, "SIG", 3) != 0) {
        return false;
    }
    for (const char *p = text + 3; *p != '\0'; p++) {
        if (!isupper((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '+' && *p != '-') {
            return false;
        }
    }
    return true;
}

bool signal_is_number(const char *text)
{
    size_t len = strspn(text, "0123456789");
    int number = len > 0 && len < 3 && text[len] == '\0' ? atoi(text) : 0;
    return text[0] != '0' && number >= 1 && number <= 64;
}

bool capability_is_power(const char *text)
{
    /* Docker's default set; to add one of these back after dropping ALL is no power. */
    static const char *const given[] = {"CHOWN",   "DAC_OVERRIDE", "FSETID",           "FOWNER",
                                        "MKNOD",   "NET_RAW",      "SETGID",           "SETUID",
                                        "SETFCAP", "SETPCAP",      "NET_BIND_SERVICE", "SYS_CHROOT",
                                        "KILL",    "AUDIT_WRITE"};
    text += strncmp(text, "CAP_", 4) == 0 ? 4 : 0;
    for (size_t i = 0; i < COUNT_OF(given); i++) {
        if (strcmp(text, given[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* The node's word for what stands between the brackets; NULL when it has none. */
static const char *word_of(const char *name, const struct release_node *node)
{
    if (strcmp(name, "node.name") == 0) {
        return node->name != NULL ? node->name : "";
    }
    for (size_t i = 0; i < node->label_count; i++) {
        if (strcmp(node->label_names[i], name + strlen("node.label.")) == 0) {
            return node->label_values[i];
        }
    }
    return node->arch == NULL ? "" : NULL;
}

/* Handles one "$(...)" at *at; moves *at behind it. */
static int reference_append(const char **at, const struct release_node *node, struct text *out,
                            struct err *err)
{
    char name[80];
    const char *end = strchr(*at, ')');
    size_t len = end == NULL ? 0 : (size_t)(end - *at - 2);
    bool is_ours =
        end != NULL && len < sizeof name &&
        (strncmp(*at, "$(node.name)", 12) == 0 || strncmp(*at, "$(node.label.", 13) == 0);
    if (!is_ours) {
        text_append(out, "$(");
        *at += 2;
        return 0;
    }
    memcpy(name, *at + 2, len);
    name[len] = '\0';
    const char *word = word_of(name, node);
    if (word == NULL) {
        return err_set(err, ERR_VALUE, "this node has no label %s; set it or change the release",
                       name + strlen("node.label."));
    }
    text_append(out, word);
    *at = end + 1;
    return 0;
}

int node_substitute(const char *text, const struct release_node *node, struct arena *arena,
                    const char **result, struct err *err)
{
    if (strstr(text, "$(") == NULL) {
        *result = arena_text(arena, text, strlen(text));
        return *result != NULL ? 0 : err_set(err, ERR_LIMIT, "the release is too large");
    }
    char value[VALUE_BYTES_MAX];
    struct text out;
    text_init(&out, value, sizeof value);
    while (*text != '\0') {
        int rc = 0;
        if (strncmp(text, "$$(", 3) == 0) {
            text_append(&out, "$(");
            text += 3;
        } else if (strncmp(text, "$(", 2) == 0) {
            rc = reference_append(&text, node, &out, err);
        } else {
            text_append_span(&out, span_of(text++, 1));
        }
        if (rc != 0) {
            return rc;
        }
    }
    *result = out.cut ? NULL : arena_text(arena, value, out.len);
    return *result != NULL ? 0 : err_set(err, ERR_LIMIT, "the value is too long");
}

bool variable_is_secret(const char *name)
{
    static const char *const words[] = {"PASSWORD", "SECRET", "TOKEN", "PRIVATE_KEY", "API_KEY"};
    size_t len = strlen(name);
    if (len >= 5 && strcasecmp(name + len - 5, "_FILE") == 0) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcasestr(name, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}
