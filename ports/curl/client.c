/* curl_client: libcurl's easy interface, and its failures in our words. */
#include "ports/curl/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "platform/base/text.h"

enum { CONNECT_TIMEOUT_MS = 10000, BODY_STEP_BYTES = 16384 };

struct curl_client {
    CURL *easy;
};

/* One exchange under way. */
struct exchange {
    CURL *easy;
    const struct curl_ask *ask;
    struct curl_answer *answer;
    size_t body_cap;
    bool is_stopped, is_body_too_long, are_headers_too_long, is_out_of_memory;
    char text[CURL_ERROR_SIZE];
};

int curl_client_new(struct curl_client **client, struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
        return err_set(err, ERR_MEMORY, "no memory for an HTTP client");
    }
    struct curl_client *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->easy = curl_easy_init();
    }
    if (made == NULL || made->easy == NULL) {
        free(made);
        curl_global_cleanup();
        return err_set(err, ERR_MEMORY, "no memory for an HTTP client");
    }
    *client = made;
    return 0;
}

void curl_client_free(struct curl_client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->easy);
        curl_global_cleanup();
        free(client);
    }
}

void curl_answer_free(struct curl_answer *answer)
{
    free(answer->body);
    free(answer->headers);
    *answer = (struct curl_answer){0};
}

static bool body_grow(struct exchange *exchange, size_t more)
{
    struct curl_answer *answer = exchange->answer;
    size_t wanted = answer->body_len + more + 1;
    if (wanted <= exchange->body_cap) {
        return true;
    }
    size_t cap = 2 * exchange->body_cap;
    cap = cap < wanted ? wanted + BODY_STEP_BYTES : cap;
    char *longer = realloc(answer->body, cap);
    exchange->is_out_of_memory = longer == NULL;
    if (longer != NULL) {
        answer->body = longer;
        exchange->body_cap = cap;
    }
    return longer != NULL;
}

static size_t body_collect(struct exchange *exchange, const char *data, size_t len)
{
    struct curl_answer *answer = exchange->answer;
    exchange->is_body_too_long = len > exchange->ask->body_bytes_max - answer->body_len;
    if (exchange->is_body_too_long || !body_grow(exchange, len)) {
        return CURL_WRITEFUNC_ERROR;
    }
    memcpy(answer->body + answer->body_len, data, len);
    answer->body_len += len;
    answer->body[answer->body_len] = '\0';
    return len;
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;
    const struct curl_ask *ask = exchange->ask;
    size_t len = size * count;
    long status = 0;
    if (ask->piece == NULL) {
        return body_collect(exchange, data, len);
    }
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status); /* else 0 */
    exchange->is_stopped = !ask->piece(ask->ctx, (int)status, span_of(data, len));
    return exchange->is_stopped ? CURL_WRITEFUNC_ERROR : len;
}

/* Only the final answer's headers are kept: a status line begins them again. */
static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;
    struct curl_answer *answer = exchange->answer;
    size_t len = size * count;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        answer->headers_len = 0;
    }
    exchange->are_headers_too_long = len > CURL_CLIENT_HEADER_BYTES_MAX - answer->headers_len;
    if (exchange->are_headers_too_long) {
        return CURL_WRITEFUNC_ERROR;
    }
    char *longer = realloc(answer->headers, answer->headers_len + len + 1);
    if (longer == NULL) {
        exchange->is_out_of_memory = true;
        return CURL_WRITEFUNC_ERROR;
    }
    answer->headers = longer;
    memcpy(longer + answer->headers_len, data, len);
    answer->headers_len += len;
    longer[answer->headers_len] = '\0';
    return len;
}

bool curl_answer_header(const struct curl_answer *answer, const char *name, size_t n, char *value,
                        size_t cap)
{
    size_t name_len = strlen(name);
    const char *line = answer->headers != NULL ? answer->headers : "";
    value[0] = '\0';
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        bool is_it =
            len > name_len && line[name_len] == ':' && strncasecmp(line, name, name_len) == 0;
        if (is_it && n-- == 0) {
            const char *from = line + name_len + 1;
            const char *end = line + len;
            from += strspn(from, " \t");
            while (end > from && strchr(" \t\r", end[-1]) != NULL) {
                end--;
            }
            if (from > end || (size_t)(end - from) >= cap) {
                return false;
            }
            memcpy(value, from, (size_t)(end - from));
            value[end - from] = '\0';
            return true;
        }
        line += len + (line[len] == '\n');
    }
    return false;
}

static bool set_tls(CURL *easy, const struct curl_ask *ask)
{
    struct curl_blob roots = {(void *)(uintptr_t)ask->roots.data, ask->roots.len, CURL_BLOB_NOCOPY};
    bool ok =
        ask->roots.len == 0 || curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &roots) == CURLE_OK;
    if (ok && ask->certificate != NULL) {
        ok = curl_easy_setopt(easy, CURLOPT_SSLCERT, ask->certificate) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_SSLKEY, ask->key) == CURLE_OK;
    }
    return ok &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
}

static bool set_target(CURL *easy, const struct curl_ask *ask)
{
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, ask->url) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    if (ok && ask->socket_path != NULL) {
        ok = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, ask->socket_path) == CURLE_OK;
    }
    if (ok && (ask->socket_path != NULL || ask->is_direct)) {
        ok = curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    }
    if (ok && ask->body.len > 0) {
        ok = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.len) ==
                 CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)ask->body.data) == CURLE_OK;
    }
    return ok && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method) == CURLE_OK;
}

static bool set_limits(CURL *easy, const struct curl_ask *ask)
{
    long connect_ms =
        ask->connect_timeout_ms > 0 ? (long)ask->connect_timeout_ms : (long)CONNECT_TIMEOUT_MS;
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)ask->speed_least) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)ask->speed_seconds) == CURLE_OK;
}

static bool set_sinks(CURL *easy, struct exchange *exchange)
{
    return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->text) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK;
}

static int lines_make(const struct curl_ask *ask, struct curl_slist **lines, struct err *err)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; list != NULL && i < ask->header_count; i++) {
        struct curl_slist *longer = curl_slist_append(list, ask->headers[i]);
        if (longer == NULL) {
            curl_slist_free_all(list);
        }
        list = longer;
    }
    *lines = list;
    return list != NULL ? 0 : err_set(err, ERR_MEMORY, "no memory for an HTTP request");
}

/* What went wrong, by libcurl's code; its own words where it has some. */
static int failure_code(CURLcode result)
{
    switch ((int)result) {
    case CURLE_OUT_OF_MEMORY:
        return ERR_MEMORY;
    case CURLE_PEER_FAILED_VERIFICATION:
        return ERR_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
        return ERR_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_URL_MALFORMAT:
        return ERR_VALUE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* what answers does not speak HTTP/1.1 */
    case CURLE_WEIRD_SERVER_REPLY:
        return ERR_PROTOCOL;
    default:
        return ERR_NETWORK;
    }
}

static int exchange_fail(const struct exchange *exchange, CURLcode result, struct err *err)
{
    const struct curl_ask *ask = exchange->ask;
    const char *words = exchange->text[0] != '\0' ? exchange->text : curl_easy_strerror(result);
    long system_error = 0;
    long proxy_status = 0;
    if (exchange->is_body_too_long) {
        return err_set(err, ERR_OVERSIZE, "the answer is longer than %zu bytes",
                       ask->body_bytes_max);
    }
    if (exchange->are_headers_too_long) {
        return err_set(err, ERR_OVERSIZE, "the answer's headers are longer than %d bytes",
                       CURL_CLIENT_HEADER_BYTES_MAX);
    }
    if (exchange->is_out_of_memory) {
        return err_set(err, ERR_MEMORY, "no memory for an answer");
    }
    if (exchange->is_stopped) {
        return err_set(err, ERR_CANCELLED, "the answer was not wanted to its end");
    }
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status); /* else 0 */
    if (proxy_status >= 300) {
        return err_set(err, ERR_NETWORK, "the proxy answers %ld%s", proxy_status,
                       proxy_status == 407 ? ": it wants a login, http://USER:PASSWORD@PROXY" : "");
    }
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &system_error); /* else 0 */
    if (result == CURLE_COULDNT_CONNECT && system_error != 0) {
        return err_set(err, ERR_NETWORK, "connect: %s", strerror((int)system_error));
    }
    if (result == CURLE_PARTIAL_FILE || result == CURLE_GOT_NOTHING || result == CURLE_RECV_ERROR) {
        return err_set(err, ERR_NETWORK, "the answer was cut in the middle: %s", words);
    }
    return err_set(err, failure_code(result), "%s", words);
}

int curl_client_ask(struct curl_client *client, const struct curl_ask *ask,
                    struct curl_answer *answer, struct err *err)
{
    struct exchange exchange = {.easy = client->easy, .ask = ask, .answer = answer};
    struct curl_slist *lines = NULL;
    long status = 0;
    *answer = (struct curl_answer){0};
    int rc = lines_make(ask, &lines, err);
    if (rc != 0) {
        return rc;
    }
    curl_easy_reset(client->easy);
    CURLcode result = CURLE_OUT_OF_MEMORY;
    if (set_target(client->easy, ask) && set_tls(client->easy, ask) &&
        set_limits(client->easy, ask) && set_sinks(client->easy, &exchange) &&
        curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, lines) == CURLE_OK) {
        result = curl_easy_perform(client->easy);
    }
    curl_slist_free_all(lines);
    curl_off_t secured = 0;
    (void)curl_easy_getinfo(client->easy, CURLINFO_APPCONNECT_TIME_T, &secured); /* else 0 */
    answer->was_secured = secured > 0;
    if (result == CURLE_OK &&
        curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK) {
        answer->status = (int)status;
        return 0;
    }
    rc = exchange_fail(&exchange, result, err);
    bool was_secured = answer->was_secured;
    curl_answer_free(answer);
    answer->was_secured = was_secured;
    return rc;
}
