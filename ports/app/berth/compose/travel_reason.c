/* travel_reason: files that look like a key, a password or an environment file. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "ports/app/berth/compose/travel.h"

#define LINE_BYTES 1024
#define STEM_BYTES 256

static const char *name_reason(const char *base)
{
    static const char *const keys[] = {
        "*.key",    "*.p12",      "*.pfx",  "*.jks",  "*.keystore", "id_rsa",  "id_dsa",
        "id_ecdsa", "id_ed25519", "*.kdbx", ".netrc", ".htpasswd",  ".pgpass", "htpasswd"};
    char stem[STEM_BYTES];
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (fnmatch(keys[i], base, 0) == 0) {
            return "its name says that it holds keys or passwords";
        }
    }
    if (strcmp(base, ".env") == 0 || strncmp(base, ".env.", 5) == 0) {
        return "it is an environment file";
    }
    if (!text_copy(stem, sizeof stem, base)) {
        return NULL;
    }
    char *dot = strrchr(stem, '.');
    if (dot != NULL && dot != stem) {
        *dot = '\0';
    }
    return secret_reason(stem, "x");
}

/* What stands behind "name:" or "name =", without quotes; empty: nothing that gives a value away.
 */
static const char *value_take(char *text)
{
    char *end = text + strlen(text);
    text += strspn(text, " \t");
    while (end > text && isspace((unsigned char)end[-1])) {
        *--end = '\0';
    }
    if ((*text == '"' || *text == '\'') && end > text + 1 && end[-1] == *text) {
        end[-1] = '\0';
        text++;
    }
    return strchr("$!<{[|>&*%/#;", *text) != NULL ? "" : text;
}

/* "password: geheim", "API_TOKEN=abc": a setting whose name says that its value is a secret. */
static const char *line_reason(char *line)
{
    char *at = line + strspn(line, " \t-\"'");
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    char *after = at + len;
    after += strspn(after, "\"'");
    after += strspn(after, " \t");
    if (len == 0 || (*after != ':' && *after != '=')) {
        return NULL;
    }
    const char *value = value_take(after + 1);
    at[len] = '\0';
    return value[0] != '\0' ? secret_reason(at, value) : NULL;
}

static const char *content_reason(struct span content)
{
    char line[LINE_BYTES];
    for (size_t at = 0; at < content.len;) {
        const uint8_t *end = memchr(content.data + at, '\n', content.len - at);
        size_t len = end != NULL ? (size_t)(end - content.data) - at : content.len - at;
        size_t kept = len < sizeof line - 1 ? len : sizeof line - 1;
        memcpy(line, content.data + at, kept);
        line[kept] = '\0';
        if (line[strspn(line, " \t")] != '#' && line[strspn(line, " \t")] != ';') {
            const char *reason = secret_reason(NULL, line);
            reason = reason != NULL ? reason : line_reason(line);
            if (reason != NULL) {
                return reason;
            }
        }
        at += len + 1;
    }
    return NULL;
}

const char *travel_reason(const char *name, struct span content)
{
    const char *slash = strrchr(name, '/');
    const char *reason = name_reason(slash != NULL ? slash + 1 : name);
    bool is_binary = content.len > 0 && memchr(content.data, '\0', content.len) != NULL;
    return reason != NULL || is_binary ? reason : content_reason(content);
}
