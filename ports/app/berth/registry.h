/* registry: one repository of one registry, asked by the distribution API (OCI
 * distribution-spec 1.1, Docker Registry HTTP API V2), with whatever login this machine has for it.
 */
#ifndef PORTS_APP_BERTH_REGISTRY_H
#define PORTS_APP_BERTH_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/base/err.h"
#include "ports/app/berth/login.h"
#include "ports/app/berth/registry_trust.h"

#define REGISTRY_PLAIN_HOSTS_MAX 8
#define REGISTRY_TOKEN_BYTES     16384

struct ask;

/* What an operator says of registries; zeroed: nothing. */
struct registry_settings {
    const char *ca_file;                               /* --ca */
    const char *plain_hosts[REGISTRY_PLAIN_HOSTS_MAX]; /* --plain-http HOST[:PORT] */
    size_t plain_host_count;
    const struct login_places *places; /* NULL: nobody is logged in anywhere */
    int speed_least, speed_seconds;    /* of an answer, see curl_client.h; 0: 16 B/s over 30 s */
    int64_t connect_timeout_ms;        /* 0: 10 s */
};

struct registry {
    struct ask *ask;
    const struct registry_settings *settings;
    char host[128];   /* as the reference names it; "docker.io" where it names none */
    char path[256];   /* "library/web" */
    char origin[160]; /* "https://registry-1.docker.io" */
    bool is_here;     /* on this machine: also by plain HTTP ... */
    bool has_tls;     /* ... unless it was seen to speak TLS */
    struct registry_trust trust;
    struct login login;
    struct err login_trouble; /* code 0: none */
    bool is_login_known;
    char authorization[REGISTRY_TOKEN_BYTES + 64]; /* header line; empty: none */
};

/* Readies to ask; nothing is sent yet. `host` "" is Docker's registry, where a path without '/' is
 * below "library/". The caller closes, on failure too. registry_trust_load's codes, ERR_VALUE. */
NODISCARD int registry_open(struct registry *registry, struct ask *ask,
                            const struct registry_settings *settings, const char *host,
                            const char *path, struct err *err);
void registry_close(struct registry *registry);

/* GETs /v2/PATH/KIND/VERSION; the body, of at most ASK_BODY_BYTES_MAX bytes, is in ask->body. Logs
 * in where the registry wants it, follows at most five redirects, and shows the login to no other
 * server. The text says whose fault it is, what was said, and what to do:
 * ERR_DENIED (a login is missing or refused, or has no right), ERR_NOT_FOUND, ERR_REGISTRY (too
 * many requests, or the registry fails), ERR_PROTOCOL (an answer that is none), ERR_CERTIFICATE,
 * ERR_TLS, ERR_TIMEOUT, ERR_NETWORK, ERR_OVERSIZE. */
NODISCARD int registry_get(struct registry *registry, const char *kind, const char *version,
                           const char *accept, struct err *err);

/* -- shared by registry*.c -------------------------------------------------------------------- */

/* One exchange with redirects followed; the answer is in registry->ask. */
NODISCARD int registry_exchange(struct registry *registry, const char *url, const char *accept,
                                struct err *err);

/* Sets registry->authorization for what the answer in registry->ask asks for. */
NODISCARD int registry_authorize(struct registry *registry, struct err *err);

/* What the server says in its body of an error, on one line; "" when it says nothing. */
void registry_words(const struct ask *ask, char *words, size_t cap);

/* The error that a status other than 200 means; `who` is the server ("the registry reg.example").
 */
int registry_refusal(const struct registry *registry, const char *who, struct err *err);

#endif
