/* registry_token: the login, in the form that the registry asks for: Basic, or a token of the
 * server it names (docs.docker.com/reference/api/registry/auth, OAuth 2 for refresh tokens). */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "agent/wire/base64.h"
#include "agent/wire/json.h"
#include "platform/base/text.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/registry.h"
#include "ports/app/berth/registry_challenge.h"

#define TOKEN_URL_BYTES  2048
#define TOKEN_BODY_BYTES (4 * LOGIN_SECRET_BYTES)

/* application/x-www-form-urlencoded and queries alike: everything but the unreserved is %XX. */
static void encoded_append(struct text *text, const char *value)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *value != '\0'; value++) {
        if (strchr(plain, *value) != NULL) {
            text_printf(text, "%c", *value);
        } else {
            text_printf(text, "%%%02X", (unsigned)(unsigned char)*value);
        }
    }
}

static int basic_render(const struct login *login, char *line, size_t cap, struct err *err)
{
    uint8_t memory[2 * LOGIN_SECRET_BYTES];
    char pair[sizeof login->user + sizeof login->secret];
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    int len = snprintf(pair, sizeof pair, "%s:%s", login->user, login->secret);
    const char *encoded = base64_encode(span_of(pair, (size_t)len), &arena);
    int rc = 0;
    if (encoded == NULL || snprintf(line, cap, "Authorization: Basic %s", encoded) >= (int)cap) {
        line[0] = '\0';
        rc = err_set(err, ERR_VALUE, "the password in %.200s is too long", login->from);
    }
    explicit_bzero(pair, sizeof pair);
    explicit_bzero(memory, sizeof memory);
    return rc;
}

static int bearer_render(struct registry *registry, const char *token, struct err *err)
{
    size_t cap = sizeof registry->authorization;
    if (strpbrk(token, " \t\r\n") != NULL ||
        snprintf(registry->authorization, cap, "Authorization: Bearer %s", token) >= (int)cap) {
        registry->authorization[0] = '\0';
        return err_set(err, ERR_PROTOCOL, "a token is longer than %d bytes, or is none",
                       REGISTRY_TOKEN_BYTES);
    }
    return 0;
}

/* Looked for once, when a login is first asked for. */
static void login_look(struct registry *registry)
{
    const struct login_places *places = registry->settings->places;
    if (!registry->is_login_known && places != NULL &&
        login_find(places, registry->host, registry->path, &registry->login,
                   &registry->login_trouble) == 0) {
        registry->login_trouble.code = 0;
    }
    registry->is_login_known = true;
}

/* A refresh token is exchanged by POST, so that it stands in no log of addresses. */
static void form_render(const struct registry *registry, const char *service, const char *scope,
                        struct text *form)
{
    text_append(form, "grant_type=refresh_token&client_id=berth&service=");
    encoded_append(form, service);
    text_append(form, "&scope=");
    encoded_append(form, scope);
    text_append(form, "&refresh_token=");
    encoded_append(form, registry->login.secret);
}

static void url_render(const struct registry_challenge *challenge, const char *scope,
                       struct text *url)
{
    text_append(url, challenge->realm);
    text_append(url, strchr(challenge->realm, '?') != NULL ? "&" : "?");
    if (challenge->service[0] != '\0') {
        text_append(url, "service=");
        encoded_append(url, challenge->service);
        text_append(url, "&");
    }
    text_append(url, "scope=");
    encoded_append(url, scope);
}

/* The secret goes to the server that the registry names, as its clients do; never without TLS,
 * unless the registry itself is asked without. */
static int realm_check(const struct registry *registry, const struct registry_challenge *challenge,
                       struct err *err)
{
    bool is_secure = strncasecmp(challenge->realm, "https://", 8) == 0;
    bool is_plain = strncasecmp(challenge->realm, "http://", 7) == 0 &&
                    strncmp(registry->origin, "http://", 7) == 0;
    return is_secure || is_plain
               ? 0
               : err_set(err, ERR_PROTOCOL,
                         "the registry %s wants tokens of \"%.100s\", which is no HTTPS address",
                         registry->host, challenge->realm);
}

static int token_ask(struct registry *registry, const struct registry_challenge *challenge,
                     struct err *err)
{
    const struct registry_settings *settings = registry->settings;
    const struct login *login = &registry->login;
    bool is_exchange = login->kind == LOGIN_IDENTITY;
    char basic[2 * LOGIN_SECRET_BYTES];
    char *form_memory = malloc(TOKEN_BODY_BYTES);
    char url_memory[TOKEN_URL_BYTES];
    char scope[512];
    struct text url;
    struct text form;
    const char *headers[] = {is_exchange ? "Content-Type: application/x-www-form-urlencoded"
                                         : basic};
    if (form_memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a token");
    }
    text_init(&url, url_memory, sizeof url_memory);
    text_init(&form, form_memory, TOKEN_BODY_BYTES);
    (void)snprintf(scope, sizeof scope, "repository:%s:pull", registry->path);
    const char *wanted = challenge->scope[0] != '\0' ? challenge->scope : scope;
    int rc = 0;
    if (is_exchange) {
        text_append(&url, challenge->realm);
        form_render(registry, challenge->service, wanted, &form);
    } else {
        url_render(challenge, wanted, &url);
    }
    if (login->kind == LOGIN_PASSWORD) {
        rc = basic_render(login, basic, sizeof basic, err);
    }
    struct curl_ask question = {
        .method = is_exchange ? "POST" : "GET",
        .url = url_memory,
        .headers = headers,
        .header_count = is_exchange || login->kind == LOGIN_PASSWORD ? 1 : 0,
        .body = span_of(form.data, form.len),
        .is_direct = registry->is_here,
        .roots = span_of(registry->trust.roots, registry->trust.roots_len),
        .connect_timeout_ms = settings->connect_timeout_ms,
        .speed_least = settings->speed_least > 0 ? settings->speed_least : 1,
        .speed_seconds = settings->speed_seconds > 0 ? settings->speed_seconds : 30,
        .body_bytes_max = 4 * REGISTRY_TOKEN_BYTES};
    if (rc == 0 && (url.cut || form.cut)) {
        rc = err_set(err, ERR_PROTOCOL, "the address of the token server is too long");
    }
    rc = rc == 0 ? ask_question(registry->ask, &question, err) : rc;
    explicit_bzero(form_memory, TOKEN_BODY_BYTES);
    explicit_bzero(basic, sizeof basic);
    free(form_memory);
    return rc;
}

static int token_read(struct registry *registry, const char *who, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = 4 * REGISTRY_TOKEN_BYTES};
    static const char *const keys[] = {"token", "access_token"};
    const struct ask *ask = registry->ask;
    struct json_document document;
    const char *token = "";
    int rc = json_parse(span_of(ask->body, ask->body_len), &rules, &document, NULL);
    if (rc == 0) {
        struct json_place root = json_root(&document);
        struct json_place member;
        for (int i = 0; i < 2 && token[0] == '\0'; i++) {
            if (json_member(&root, keys[i], &member)) {
                (void)!json_string(&member, &token, NULL);
            }
        }
        rc = token[0] != '\0' ? bearer_render(registry, token, NULL) : ERR_PROTOCOL;
        json_free(&document);
    }
    return rc == 0 ? 0
                   : err_set(err, ERR_PROTOCOL, "%s answers without a token of at most %d bytes",
                             who, REGISTRY_TOKEN_BYTES);
}

static int token_fetch(struct registry *registry, const struct registry_challenge *challenge,
                       struct err *err)
{
    char who[200];
    const char *server = strstr(challenge->realm, "://");
    server = server != NULL ? server + 3 : challenge->realm;
    (void)snprintf(who, sizeof who, "the token server %.*s",
                   (int)(strcspn(server, "/?") < 150 ? strcspn(server, "/?") : 150), server);
    int rc = realm_check(registry, challenge, err);
    if (rc != 0) {
        return rc;
    }
    rc = token_ask(registry, challenge, err);
    if (rc != 0) {
        return err_wrap(err, rc, "%s", who);
    }
    int status = registry->ask->status;
    bool is_refused = status == 400 && registry->login.kind == LOGIN_IDENTITY;
    if (is_refused) {
        registry->ask->status = 401; /* RFC 6749 section 5.2: a refresh token that does not do */
    }
    return status == 200 ? token_read(registry, who, err) : registry_refusal(registry, who, err);
}

int registry_authorize(struct registry *registry, struct err *err)
{
    struct registry_challenge challenge = {0};
    char value[2048];
    for (size_t i = 0; i < 4; i++) {
        if (curl_answer_header(&registry->ask->answer, "WWW-Authenticate", i, value,
                               sizeof value)) {
            registry_challenge_add(&challenge, value);
        }
    }
    login_look(registry);
    if (registry->login.kind == LOGIN_BEARER) {
        return bearer_render(registry, registry->login.secret, err);
    }
    if (challenge.is_bearer) {
        return token_fetch(registry, &challenge, err);
    }
    if (challenge.is_basic && registry->login.kind == LOGIN_PASSWORD) {
        return basic_render(&registry->login, registry->authorization,
                            sizeof registry->authorization, err);
    }
    return 0; /* the 401 says the rest */
}
