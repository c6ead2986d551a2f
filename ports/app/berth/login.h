/* login: who a registry is told we are: what `docker login` and `podman login` left on this
 * machine. */
#ifndef PORTS_APP_BERTH_LOGIN_H
#define PORTS_APP_BERTH_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/base/err.h"

#define LOGIN_PLACES_MAX   6
#define LOGIN_SECRET_BYTES 16384

enum login_kind {
    LOGIN_NONE,     /* nothing is known: ask as anybody may */
    LOGIN_PASSWORD, /* user and secret */
    LOGIN_IDENTITY, /* secret is a refresh token, to be exchanged at the token server */
    LOGIN_BEARER    /* secret is shown to the registry itself */
};

struct login {
    enum login_kind kind;
    char user[256];
    char secret[LOGIN_SECRET_BYTES];
    char from[512]; /* the file, or the helper and the file that names it; "" for LOGIN_NONE */
};

/* Files to look into, the first that knows the registry wins. */
struct login_places {
    char list[LOGIN_PLACES_MAX][512];
    size_t count;
};

/* The places of this process's environment: $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json, else
 * ~/.docker/config.json, $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json
 * ($XDG_CONFIG_HOME). A path that does not fit is left out. */
void login_places_of(const char *(*env)(const char *name), struct login_places *places);

/* Looks for the login of a registry ("reg.example:5000"; "docker.io" for Docker's) and of the path
 * below it, as podman keeps them apart. A file that does not exist is passed over; in one, the
 * credential helper named for the registry comes first, then the store, then what the file says
 * itself. Helpers are run by name from the PATH, without a shell, for at most 30 s. LOGIN_NONE when
 * no place knows it. ERR_SYNTAX, ERR_VALUE, ERR_IO, ERR_TIMEOUT: a place cannot be read; the text
 * names it and never quotes a secret. */
NODISCARD int login_find(const struct login_places *places, const char *host, const char *path,
                         struct login *login, struct err *err);

/* Runs docker-credential-NAME get for `server`; fills user and secret. ERR_NOT_FOUND when it knows
 * none. In login_helper.c. */
NODISCARD int login_helper_ask(const char *name, const char *server, struct login *login,
                               struct err *err);

/* Overwrites the secret. */
void login_forget(struct login *login);

#endif
