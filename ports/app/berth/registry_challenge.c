/* registry_challenge: schemes and their parameters, taken from left to right. */
#include "ports/app/berth/registry_challenge.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "platform/base/text.h"

enum scheme { SCHEME_OTHER, SCHEME_BASIC, SCHEME_BEARER };

/* RFC 9110 section 5.6.2. */
static size_t token_len(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                      "!#$%&'*+-.^_`|~");
}

/* A token or a quoted string; the end of it. Too long: the value is empty. */
static const char *value_take(const char *at, char *value, size_t cap)
{
    size_t len = 0;
    bool is_quoted = *at == '"';
    size_t plain = is_quoted ? 0 : strcspn(at, " \t,");
    at += is_quoted;
    for (; is_quoted ? *at != '\0' && *at != '"' : plain > 0; at++) {
        if (is_quoted && at[0] == '\\' && at[1] != '\0') {
            at++;
        }
        if (len < cap) {
            value[len] = *at;
        }
        len++;
        plain -= !is_quoted;
    }
    value[len < cap ? len : 0] = '\0';
    return at + (is_quoted && *at == '"');
}

static void parameter_note(struct registry_challenge *challenge, const char *name, size_t len,
                           const char *value)
{
    const struct {
        const char *name;
        char *into;
        size_t cap;
    } known[] = {{"realm", challenge->realm, sizeof challenge->realm},
                 {"service", challenge->service, sizeof challenge->service},
                 {"scope", challenge->scope, sizeof challenge->scope},
                 {"error", challenge->error, sizeof challenge->error}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) == len && strncasecmp(known[i].name, name, len) == 0) {
            (void)!text_copy(known[i].into, known[i].cap, value);
        }
    }
}

void registry_challenge_add(struct registry_challenge *challenge, const char *value)
{
    enum scheme scheme = SCHEME_OTHER;
    char text[1024];
    while (*value != '\0') {
        value += strspn(value, " \t,");
        const char *name = value;
        size_t len = token_len(value);
        value += len;
        const char *after = value + strspn(value, " \t");
        if (len == 0) {
            value += *value != '\0';
        } else if (*after == '=') {
            after++;
            value = value_take(after + strspn(after, " \t"), text, sizeof text);
            if (scheme == SCHEME_BEARER) {
                parameter_note(challenge, name, len, text);
            }
        } else {
            scheme = len == 6 && strncasecmp(name, "Bearer", 6) == 0  ? SCHEME_BEARER
                     : len == 5 && strncasecmp(name, "Basic", 5) == 0 ? SCHEME_BASIC
                                                                      : SCHEME_OTHER;
            challenge->is_basic |= scheme == SCHEME_BASIC;
        }
    }
    challenge->is_bearer = challenge->realm[0] != '\0';
}
