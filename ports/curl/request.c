/* One exchange: what libcurl is asked for, and what it answered in our words. */
#include "ports/curl/request.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_TIMEOUT_MS = 10000 };

static mono_ms request_now(const struct curl_request *request)
{
    return request->loop.ops->now(request->loop.self);
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct curl_request *request = ctx;
    long status = 0;
    request->heard = request_now(request);
    if (request->is_stopped) {
        return CURL_WRITEFUNC_ERROR;
    }
    if (curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK) {
        return CURL_WRITEFUNC_ERROR;
    }
    if (request->piece != NULL &&
        !request->piece(request->ctx, (int)status, span_of(data, size * count))) {
        request->is_stopped = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    static const char name[] = "docker-content-digest:";
    struct curl_request *request = ctx;
    size_t len = size * count;
    size_t from = sizeof name - 1;
    request->heard = request_now(request);
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        request->digest[0] = '\0'; /* a new answer begins: the one before was provisional */
    }
    if (len < from || strncasecmp(data, name, from) != 0) {
        return len;
    }
    size_t end = len;
    while (from < end && (data[from] == ' ' || data[from] == '\t')) {
        from++;
    }
    while (end > from && strchr(" \t\r\n", data[end - 1]) != NULL) {
        end--;
    }
    if (end - from < sizeof request->digest) {
        memcpy(request->digest, data + from, end - from);
        request->digest[end - from] = '\0';
    }
    return len;
}

/* Over TCP only a literal address can be reached without a look-up. */
static int check_host(const struct http_request *asked, struct err *err)
{
    struct in6_addr address;
    char *host = NULL;
    CURLU *url = curl_url();
    if (url == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for an HTTP request");
    }
    CURLUcode code = curl_url_set(url, CURLUPART_URL, asked->url, 0);
    code = code == CURLUE_OK ? curl_url_get(url, CURLUPART_HOST, &host, 0) : code;
    bool is_url = code == CURLUE_OK;
    bool is_literal = is_url && (host[0] == '[' || inet_pton(AF_INET, host, &address) == 1);
    curl_free(host);
    curl_url_cleanup(url);
    if (code == CURLUE_OUT_OF_MEMORY) {
        return err_set(err, ERR_MEMORY, "no memory for an HTTP request");
    }
    if (!is_url) {
        return err_set(err, ERR_VALUE, "not a URL: %s", asked->url);
    }
    if (asked->socket_path == NULL && !is_literal) {
        return err_set(err, ERR_VALUE, "%s: the host must be a literal address", asked->url);
    }
    return 0;
}

static bool add_header(struct curl_request *request, const char *name, const char *value)
{
    char *line = NULL;
    if (asprintf(&line, "%s:%s%s", name, value[0] == '\0' ? "" : " ", value) < 0) {
        return false;
    }
    struct curl_slist *longer = curl_slist_append(request->headers, line);
    explicit_bzero(line, strlen(line)); /* it may be a secret */
    free(line);
    if (longer == NULL) {
        return false;
    }
    request->headers = longer;
    return true;
}

/* libcurl would announce a long body and wait, and guess a content type: neither is wanted. */
static bool set_headers(struct curl_request *request, const struct http_request *asked)
{
    return add_header(request, "Expect", "") &&
           add_header(request, "Content-Type",
                      asked->content_type != NULL ? asked->content_type : "") &&
           (asked->accept == NULL || add_header(request, "Accept", asked->accept)) &&
           (asked->registry_auth == NULL ||
            add_header(request, "X-Registry-Auth", asked->registry_auth)) &&
           curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK;
}

static bool set_target(CURL *easy, const struct http_request *asked)
{
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, asked->url) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, asked->method) == CURLE_OK;
    if (ok && asked->socket_path != NULL) {
        ok = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, asked->socket_path) == CURLE_OK;
    }
    if (ok && (asked->body.len > 0 || strcmp(asked->method, "POST") == 0)) {
        const char *body = asked->body.len > 0 ? (const char *)asked->body.data : "";
        ok = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)asked->body.len) ==
                 CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body) == CURLE_OK;
    }
    return ok;
}

static bool set_manners(struct curl_request *request)
{
    CURL *easy = request->easy;
    /* Refused by a build that has no proxies at all, which is as good. */
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->text) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, request) == CURLE_OK;
}

int curl_request_new(const struct http_request *asked, const struct loop *loop,
                     struct curl_request **request, struct err *err)
{
    int rc = check_host(asked, err);
    if (rc != 0) {
        return rc;
    }
    struct curl_request *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for an HTTP request");
    }
    made->loop = *loop;
    made->timeout_ms = asked->timeout_ms;
    made->idle_timeout_ms = asked->idle_timeout_ms;
    made->easy = curl_easy_init();
    if (made->easy == NULL || !set_manners(made) || !set_target(made->easy, asked) ||
        !set_headers(made, asked)) {
        curl_request_free(made);
        return err_set(err, ERR_MEMORY, "prepare a request to %s", asked->url);
    }
    made->started = made->heard = request_now(made);
    *request = made;
    return 0;
}

void curl_request_free(struct curl_request *request)
{
    if (request->easy != NULL) {
        curl_easy_cleanup(request->easy);
    }
    curl_slist_free_all(request->headers);
    free(request);
}

int curl_request_result(const struct curl_request *request, CURLcode result, struct err *err)
{
    long system_error = 0;
    if (result == CURLE_OK) {
        return 0;
    }
    if (request->is_stopped) {
        return err_set(err, ERR_CANCELLED, "the answer was not wanted to its end");
    }
    if (result == CURLE_OUT_OF_MEMORY) {
        return err_set(err, ERR_MEMORY, "no memory for an HTTP exchange");
    }
    (void)curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &system_error); /* else 0 */
    if (result == CURLE_COULDNT_CONNECT && system_error != 0) {
        return err_set(err, ERR_NETWORK, "connect: %s", strerror((int)system_error));
    }
    if (request->text[0] != '\0') {
        return err_set(err, ERR_NETWORK, "%s", request->text);
    }
    return err_set(err, ERR_NETWORK, "the exchange failed (libcurl %d)", (int)result);
}
