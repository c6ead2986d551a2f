/* registry: questions, redirects and refusals; see registry_token.c for the login. */
#include "ports/app/berth/registry.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "agent/wire/json.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/registry_challenge.h"

enum {
    REDIRECTS_MAX = 5,
    URL_BYTES = 8192,
    SPEED_LEAST = 16,
    SPEED_SECONDS = 30,
    HERE_TIMEOUT_MS = 2000
};

static bool host_is_here(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           strncmp(host, "localhost:", 10) == 0 || strcmp(host, "localhost") == 0;
}

static bool host_is_hub(const char *host)
{
    return host[0] == '\0' || strcmp(host, "docker.io") == 0 ||
           strcmp(host, "index.docker.io") == 0 || strcmp(host, "registry-1.docker.io") == 0;
}

static bool host_is_plain(const struct registry_settings *settings, const char *host)
{
    for (size_t i = 0; i < settings->plain_host_count; i++) {
        if (strcasecmp(settings->plain_hosts[i], host) == 0) {
            return true;
        }
    }
    return false;
}

int registry_open(struct registry *registry, struct ask *ask,
                  const struct registry_settings *settings, const char *host, const char *path,
                  struct err *err)
{
    bool is_hub = host_is_hub(host);
    const char *scheme = host_is_plain(settings, host) ? "http" : "https";
    *registry = (struct registry){.ask = ask, .settings = settings, .is_here = host_is_here(host)};
    int len = snprintf(registry->path, sizeof registry->path, "%s%s",
                       is_hub && strchr(path, '/') == NULL ? "library/" : "", path);
    (void)snprintf(registry->origin, sizeof registry->origin, "%s://%.140s", scheme,
                   is_hub ? "registry-1.docker.io" : host);
    if (!text_copy(registry->host, sizeof registry->host, is_hub ? "docker.io" : host) || len < 0 ||
        (size_t)len >= sizeof registry->path) {
        return err_set(err, ERR_VALUE, "the name is too long");
    }
    return registry_trust_load(registry->host, settings->ca_file, &registry->trust, err);
}

void registry_close(struct registry *registry)
{
    registry_trust_free(&registry->trust);
    login_forget(&registry->login);
    explicit_bzero(registry->authorization, sizeof registry->authorization);
}

/* -- what is said of an answer ------------------------------------------------------------------
 */

/* The first text among these members, below errors[0] or at the top. */
static const char *words_find(const struct json_place *root)
{
    static const char *const keys[] = {"message", "error_description", "details", "error"};
    struct json_place errors;
    struct json_place first = {0};
    struct json_place member;
    const char *text = "";
    const struct json_place *at = root;
    if (json_member(root, "errors", &errors) && json_next(&errors, &first)) {
        at = &first;
    }
    for (size_t i = 0; text[0] == '\0' && i < COUNT_OF(keys); i++) {
        if (json_member(at, keys[i], &member)) {
            (void)!json_string(&member, &text, NULL);
        }
    }
    return text;
}

void registry_words(const struct ask *ask, char *words, size_t cap)
{
    static const struct json_rules rules = {.bytes_max = 65536};
    struct json_document document;
    char type[64];
    words[0] = '\0';
    (void)curl_answer_header(&ask->answer, "Content-Type", 0, type, sizeof type);
    if (json_parse(span_of(ask->body, ask->body_len), &rules, &document, NULL) == 0) {
        struct json_place root = json_root(&document);
        text_shorten_line(words, cap, span_text(words_find(&root)));
        json_free(&document);
    } else if (strncmp(type, "text/plain", 10) == 0) {
        text_shorten_line(words, cap, span_of(ask->body, ask->body_len));
    }
}

/* True when a token was shown and the answer says that it does not do. */
static bool is_token_refused(const struct registry *registry, char *error, size_t cap)
{
    struct registry_challenge challenge = {0};
    char value[2048];
    if (strstr(registry->authorization, "Bearer ") == NULL ||
        !curl_answer_header(&registry->ask->answer, "WWW-Authenticate", 0, value, sizeof value)) {
        return false;
    }
    registry_challenge_add(&challenge, value);
    return challenge.error[0] != '\0' && text_copy(error, cap, challenge.error);
}

static int denied(const struct registry *registry, const char *who, const char *words,
                  struct err *err)
{
    const struct login *login = &registry->login;
    const char *colon = words[0] != '\0' ? ": " : "";
    char error[128];
    if (!registry->is_login_known) { /* it never asked who we are */
        return err_set(err, ERR_DENIED, "%s denies it%s%s", who, colon, words);
    }
    if (registry->login_trouble.code != 0) {
        return err_set(err, ERR_DENIED, "%s wants a login, and it cannot be read: %s", who,
                       registry->login_trouble.text);
    }
    if (login->kind == LOGIN_NONE) {
        return err_set(err, ERR_DENIED,
                       "%s wants a login or has no such image, and nobody is logged in%s%s; run "
                       "'docker login %s'",
                       who, colon, words, registry->host);
    }
    if (login->kind != LOGIN_IDENTITY && is_token_refused(registry, error, sizeof error)) {
        return err_set(err, ERR_DENIED,
                       "%s does not take the token it was given: expired or not valid (%s)%s%s; "
                       "run 'docker login %s' again",
                       who, error, colon, words, registry->host);
    }
    if (registry->ask->status == 403) {
        return err_set(err, ERR_DENIED, "%s gives %.64s (%.200s) no right to read this%s%s", who,
                       login->user[0] != '\0' ? login->user : "this token", login->from, colon,
                       words);
    }
    return err_set(err, ERR_DENIED, "%s refuses the %s%s (%.200s)%s%s; run 'docker login %s' again",
                   who, login->kind == LOGIN_PASSWORD ? "login of " : "token",
                   login->kind == LOGIN_PASSWORD ? login->user : "", login->from, colon, words,
                   registry->host);
}

int registry_refusal(const struct registry *registry, const char *who, struct err *err)
{
    const struct ask *ask = registry->ask;
    char words[200];
    char wait[64];
    registry_words(ask, words, sizeof words);
    const char *colon = words[0] != '\0' ? ": " : "";
    switch (ask->status) {
    case 401:
    case 403:
        return denied(registry, who, words, err);
    case 404:
        return err_set(err, ERR_NOT_FOUND, "%s has no such image%s%s; push it first", who, colon,
                       words);
    case 429:
        (void)curl_answer_header(&ask->answer, "Retry-After", 0, wait, sizeof wait);
        return err_set(err, ERR_REGISTRY, "%s answers 429, too many requests%s%s; try again %s%s%s",
                       who, colon, words, wait[0] == '\0' ? "later" : "after ", wait,
                       wait[0] != '\0' && isdigit((unsigned char)wait[0]) ? " s" : "");
    default:
        return err_set(err, ask->status >= 500 ? ERR_REGISTRY : ERR_PROTOCOL, "%s answers %d%s%s",
                       who, ask->status, colon, words);
    }
}

/* -- one question ---------------------------------------------------------------------------------
 */

/* "https://host:port" of a URL: its length. */
static size_t origin_len(const char *url)
{
    const char *scheme = strstr(url, "://");
    return scheme != NULL ? (size_t)(scheme - url) + 3 + strcspn(scheme + 3, "/?#") : 0;
}

static bool is_own(const struct registry *registry, const char *url)
{
    size_t len = origin_len(url);
    return len == strlen(registry->origin) && strncasecmp(url, registry->origin, len) == 0;
}

static int failure_explain(const struct registry *registry, const char *url, int rc,
                           struct err *err)
{
    char host[200];
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : 7;
    (void)snprintf(host, sizeof host, "%.*s", (int)(origin_len(url) - scheme), url + scheme);
    if (rc == ERR_CERTIFICATE) {
        return err_set(err, rc,
                       "the certificate of %s is not accepted: %s; if its CA is your own, put it "
                       "into /etc/docker/certs.d/%s/ca.crt or name it with --ca",
                       host, err->text, registry->host);
    }
    if (rc == ERR_TLS) {
        return err_set(err, rc, "%s: no TLS: %s; if it speaks plain HTTP, say --plain-http %s",
                       host, err->text, registry->host);
    }
    return err_wrap(err, rc, "%s", host);
}

static int question_ask(struct registry *registry, const char *url, const char *accept,
                        struct err *err)
{
    const struct registry_settings *settings = registry->settings;
    char line[512];
    const char *headers[] = {line, registry->authorization};
    bool owns = is_own(registry, url);
    (void)snprintf(line, sizeof line, "Accept: %s", accept);
    struct curl_ask question = {
        .method = "GET",
        .url = url,
        .headers = headers,
        .header_count = owns && registry->authorization[0] != '\0' ? 2 : 1,
        .is_direct = owns && registry->is_here,
        .roots = span_of(registry->trust.roots, registry->trust.roots_len),
        .certificate =
            owns && registry->trust.certificate[0] != '\0' ? registry->trust.certificate : NULL,
        .key = registry->trust.key,
        .connect_timeout_ms = settings->connect_timeout_ms > 0 ? settings->connect_timeout_ms
                              : registry->is_here              ? HERE_TIMEOUT_MS
                                                               : 0,
        .speed_least = settings->speed_least > 0 ? settings->speed_least : SPEED_LEAST,
        .speed_seconds = settings->speed_seconds > 0 ? settings->speed_seconds : SPEED_SECONDS,
        .body_bytes_max = ASK_BODY_BYTES_MAX};
    int rc = ask_question(registry->ask, &question, err);
    registry->has_tls |= owns && registry->ask->answer.was_secured;
    return rc;
}

/* Where a redirect leads. A secure registry does not send us to an insecure server. */
static int redirect_follow(const struct registry *registry, char url[URL_BYTES], struct err *err)
{
    char to[URL_BYTES];
    size_t origin = origin_len(url);
    bool has = curl_answer_header(&registry->ask->answer, "Location", 0, to, sizeof to);
    if (!has || to[0] == '\0') {
        return err_set(err, ERR_PROTOCOL, "the registry %s redirects (%d) and does not say where",
                       registry->host, registry->ask->status);
    }
    bool is_absolute = strncasecmp(to, "http://", 7) == 0 || strncasecmp(to, "https://", 8) == 0;
    bool was_secure = strncasecmp(url, "https:", 6) == 0;
    int len = 0;
    if (is_absolute) {
        len = snprintf(url, URL_BYTES, "%s", to);
    } else if (strncmp(to, "//", 2) == 0) {
        len = snprintf(url + 5 + was_secure + 1, URL_BYTES - 7, "%s", to) + 7;
    } else if (to[0] == '/') {
        len = snprintf(url + origin, URL_BYTES - origin, "%s", to) + (int)origin;
    } else {
        return err_set(err, ERR_PROTOCOL,
                       "the registry %s redirects to \"%.100s\", which is no "
                       "address",
                       registry->host, to);
    }
    if (was_secure && strncasecmp(url, "https:", 6) != 0) {
        return err_set(err, ERR_PROTOCOL,
                       "the registry %s redirects from HTTPS to plain HTTP (%.*s): not followed",
                       registry->host, (int)origin_len(url), url);
    }
    return len < URL_BYTES ? 0
                           : err_set(err, ERR_PROTOCOL,
                                     "the registry %s redirects to an address longer than %d bytes",
                                     registry->host, URL_BYTES - 1);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

int registry_exchange(struct registry *registry, const char *first, const char *accept,
                      struct err *err)
{
    char url[URL_BYTES];
    (void)snprintf(url, sizeof url, "%s", first);
    for (int i = 0; i <= REDIRECTS_MAX; i++) {
        int rc = question_ask(registry, url, accept, err);
        if (rc != 0) {
            return failure_explain(registry, url, rc, err);
        }
        if (!is_redirect(registry->ask->status)) {
            return 0;
        }
        rc = redirect_follow(registry, url, err);
        if (rc != 0) {
            return rc;
        }
    }
    return err_set(err, ERR_PROTOCOL, "the registry %s redirects more than %d times",
                   registry->host, (int)REDIRECTS_MAX);
}

/* On this machine a registry mostly speaks plain HTTP: what is no TLS is asked again without. */
static int plain_retry(struct registry *registry, int rc, char *url, const char *accept,
                       struct err *err)
{
    bool is_tried = strncmp(registry->origin, "http:", 5) == 0;
    bool could_be_plain = rc == ERR_TLS || rc == ERR_NETWORK || rc == ERR_TIMEOUT;
    if (!registry->is_here || is_tried || registry->has_tls || !could_be_plain) {
        return rc;
    }
    char *tail = registry->origin + strlen("http");
    memmove(tail, tail + 1, strlen(tail));
    memmove(url + strlen("http"), url + strlen("https"), strlen(url + strlen("https")) + 1);
    return registry_exchange(registry, url, accept, err);
}

int registry_get(struct registry *registry, const char *kind, const char *version,
                 const char *accept, struct err *err)
{
    char url[1024];
    char who[160];
    (void)snprintf(who, sizeof who, "the registry %s", registry->host);
    int rc = 0;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(url, sizeof url, "%s/v2/%s/%s/%s", registry->origin, registry->path, kind,
                       version);
        rc = registry_exchange(registry, url, accept, err);
        rc = rc != 0 ? plain_retry(registry, rc, url, accept, err) : 0;
        if (rc != 0 || registry->ask->status != 401 || i == 1) {
            break;
        }
        rc = registry_authorize(registry, err);
        if (rc != 0) {
            break;
        }
    }
    if (rc != 0) {
        return rc;
    }
    return registry->ask->status == 200 ? 0 : registry_refusal(registry, who, err);
}
