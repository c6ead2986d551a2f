/* login: the clients' configuration files, read as their owners do. */
#include "ports/app/berth/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/wire/base64.h"
#include "agent/wire/json.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/files.h"

#define FILE_BYTES_MAX 1048576
/* The key under which Docker's own registry has always been kept. */
#define HUB_KEY "https://index.docker.io/v1/"

static const struct json_rules rules = {.bytes_max = FILE_BYTES_MAX, .values_max = 65536};

static void place_add(struct login_places *places, const char *directory, const char *rest)
{
    char *place = places->list[places->count];
    if (directory == NULL || directory[0] == '\0' || places->count == LOGIN_PLACES_MAX) {
        return;
    }
    int len = snprintf(place, sizeof places->list[0], "%s%s", directory, rest);
    places->count += len > 0 && (size_t)len < sizeof places->list[0];
}

void login_places_of(const char *(*env)(const char *name), struct login_places *places)
{
    const char *docker = env("DOCKER_CONFIG");
    const char *config = env("XDG_CONFIG_HOME");
    *places = (struct login_places){0};
    place_add(places, env("REGISTRY_AUTH_FILE"), "");
    if (docker != NULL && docker[0] != '\0') {
        place_add(places, docker, "/config.json");
    } else {
        place_add(places, env("HOME"), "/.docker/config.json");
    }
    place_add(places, env("XDG_RUNTIME_DIR"), "/containers/auth.json");
    if (config != NULL && config[0] != '\0') {
        place_add(places, config, "/containers/auth.json");
    } else {
        place_add(places, env("HOME"), "/.config/containers/auth.json");
    }
}

void login_forget(struct login *login)
{
    explicit_bzero(login, sizeof *login);
}

static bool is_hub(const char *host, size_t len)
{
    static const char *const names[] = {"docker.io", "index.docker.io", "registry-1.docker.io"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strlen(names[i]) == len && strncmp(names[i], host, len) == 0) {
            return true;
        }
    }
    return false;
}

/* How well a key of the file names host/path: 0 not at all, else the longer the better. A key with
 * a scheme is an address: its path says nothing. */
static size_t key_fit(const char *key, const char *host, const char *path)
{
    const char *scheme = strstr(key, "://");
    const char *rest = scheme != NULL ? scheme + 3 : key;
    size_t len = strcspn(rest, "/");
    bool is_host = (strlen(host) == len && strncmp(host, rest, len) == 0) ||
                   (is_hub(host, strlen(host)) && is_hub(rest, len));
    if (!is_host) {
        return 0;
    }
    if (scheme != NULL || rest[len] == '\0' || rest[len + 1] == '\0') {
        return 1;
    }
    const char *below = rest + len + 1;
    size_t below_len = strlen(below);
    bool is_below =
        strncmp(path, below, below_len) == 0 && (path[below_len] == '\0' || path[below_len] == '/');
    return is_below ? 1 + below_len : 0;
}

/* The member whose key names host/path best. */
static bool member_find(const struct json_place *object, const char *host, const char *path,
                        struct json_place *found)
{
    struct json_place step = {0};
    size_t best = 0;
    while (json_is_object(object) && json_next(object, &step)) {
        size_t fit = key_fit(step.key, host, path);
        if (fit > best) {
            best = fit;
            *found = step;
        }
    }
    return best > 0;
}

static const char *text_of(const struct json_place *object, const char *key)
{
    struct json_place member;
    const char *text = "";
    if (json_member(object, key, &member)) {
        (void)!json_string(&member, &text, NULL);
    }
    return text;
}

/* "auth": base64 of user:password. */
static int auth_decode(const char *text, struct login *login, struct err *err)
{
    uint8_t memory[2 * LOGIN_SECRET_BYTES];
    struct arena arena;
    struct span data;
    arena_init(&arena, memory, sizeof memory);
    int rc = base64_decode(text, &arena, &data, NULL);
    const uint8_t *colon = rc == 0 && data.len > 0 ? memchr(data.data, ':', data.len) : NULL;
    size_t user_len = colon != NULL ? (size_t)(colon - data.data) : 0;
    size_t secret_len = colon != NULL ? data.len - user_len - 1 : 0;
    /* Old clients pad the password with NULs. */
    while (secret_len > 0 && colon[secret_len] == '\0') {
        secret_len--;
    }
    if (colon == NULL || user_len == 0 || user_len >= sizeof login->user ||
        secret_len >= sizeof login->secret) {
        explicit_bzero(memory, sizeof memory);
        return err_set(err, ERR_VALUE, "\"auth\" is not the base64 of user:password");
    }
    memcpy(login->user, data.data, user_len);
    login->user[user_len] = '\0';
    memcpy(login->secret, colon + 1, secret_len);
    login->secret[secret_len] = '\0';
    login->kind = LOGIN_PASSWORD;
    explicit_bzero(memory, sizeof memory);
    return 0;
}

static int secret_take(struct login *login, enum login_kind kind, const char *secret,
                       struct err *err)
{
    if (!text_copy(login->secret, sizeof login->secret, secret)) {
        return err_set(err, ERR_VALUE, "a token is longer than %d bytes", LOGIN_SECRET_BYTES - 1);
    }
    login->kind = kind;
    return 0;
}

/* What the file itself says of the registry. */
static int entry_read(const struct json_place *entry, struct login *login, struct err *err)
{
    const char *user = text_of(entry, "username");
    const char *password = text_of(entry, "password");
    int rc = 0;
    if (text_of(entry, "auth")[0] != '\0') {
        rc = auth_decode(text_of(entry, "auth"), login, err);
    } else if (user[0] != '\0' && text_copy(login->user, sizeof login->user, user)) {
        rc = secret_take(login, LOGIN_PASSWORD, password, err);
    }
    if (rc == 0 && text_of(entry, "identitytoken")[0] != '\0') {
        rc = secret_take(login, LOGIN_IDENTITY, text_of(entry, "identitytoken"), err);
    }
    if (rc == 0 && text_of(entry, "registrytoken")[0] != '\0') {
        rc = secret_take(login, LOGIN_BEARER, text_of(entry, "registrytoken"), err);
    }
    return rc;
}

/* A helper that does not know the registry is no failure: the file may. */
static int helper_use(const char *name, const char *server, const char *file, struct login *login,
                      struct err *err)
{
    struct err own = {0};
    int rc = login_helper_ask(name, server, login, &own);
    if (rc == ERR_NOT_FOUND) {
        return 0;
    }
    if (rc != 0) {
        return err_set(err, rc, "%s", own.text);
    }
    text_shorten_printf(login->from, sizeof login->from, "docker-credential-%s (%s)", name, file);
    return 0;
}

static int document_read(const struct json_place *root, const char *file, const char *host,
                         const char *path, struct login *login, struct err *err)
{
    struct json_place object;
    struct json_place entry;
    const char *server = is_hub(host, strlen(host)) ? HUB_KEY : host;
    const char *helper = "";
    int rc = 0;
    if (json_member(root, "credHelpers", &object) && member_find(&object, host, path, &entry)) {
        rc = json_string(&entry, &helper, err);
    } else {
        helper = text_of(root, "credsStore");
    }
    if (rc == 0 && helper[0] != '\0') {
        rc = helper_use(helper, server, file, login, err);
    }
    if (rc == 0 && login->kind == LOGIN_NONE && json_member(root, "auths", &object) &&
        member_find(&object, host, path, &entry)) {
        rc = entry_read(&entry, login, err);
        if (rc == 0 && login->kind != LOGIN_NONE) {
            text_shorten(login->from, sizeof login->from, span_text(file));
        }
    }
    return rc;
}

static int file_look(const char *file, const char *host, const char *path, struct login *login,
                     struct err *err)
{
    struct json_document document;
    char *content = NULL;
    size_t len = 0;
    if (access(file, F_OK) != 0) {
        return 0;
    }
    int rc = file_read(file, FILE_BYTES_MAX, &content, &len, err);
    if (rc != 0 || len == 0) {
        free(content);
        return rc;
    }
    rc = json_parse(span_of(content, len), &rules, &document, err);
    explicit_bzero(content, len);
    free(content);
    if (rc == 0) {
        struct json_place root = json_root(&document);
        rc = document_read(&root, file, host, path, login, err);
        json_free(&document);
    }
    return rc == 0 ? 0 : err_wrap(err, rc, "%s", file);
}

int login_find(const struct login_places *places, const char *host, const char *path,
               struct login *login, struct err *err)
{
    int rc = 0;
    *login = (struct login){0};
    for (size_t i = 0; rc == 0 && login->kind == LOGIN_NONE && i < places->count; i++) {
        rc = file_look(places->list[i], host, path, login, err);
    }
    return rc;
}
