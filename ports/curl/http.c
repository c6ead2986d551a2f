/* curl_http: lends libcurl the loop's descriptors and timer, and gives each answer back once. */
#include "ports/curl/http.h"

#include <assert.h>
#include <stdlib.h>

#include "ports/curl/request.h"

enum { IDLE_CONNECTIONS_MAX = 8, REMAKE_MS = 1000 };

struct curl_http {
    struct loop loop;
    CURLM *multi;                  /* NULL: it broke, and there was no memory for another yet */
    CURLMcode broken;              /* what it answered when it broke; CURLM_OK: it works */
    struct curl_request *requests; /* in the order they were started */
    size_t count;
    struct loop_timer timer; /* libcurl's own */
    struct loop_timer turn;  /* due at once: new requests to hand over, or broken ones to end */
};

int curl_http_library_init(struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(err, ERR_MEMORY, "initialise libcurl");
    }
    return 0;
}

void curl_http_library_close(void)
{
    curl_global_cleanup();
}

static mono_ms http_now(const struct curl_http *http)
{
    return http->loop.ops->now(http->loop.self);
}

static void turn_at(struct curl_http *http, mono_ms at);

/* What libcurl answers but OK leaves its exchanges without a timer or a descriptor, so that nobody
 * would come back to them: all are ended, and it is made anew. Not inside its callbacks. */
static void multi_check(struct curl_http *http, CURLMcode code)
{
    if (code != CURLM_OK && http->broken == CURLM_OK) {
        http->broken = code;
        turn_at(http, http_now(http));
    }
}

/* Takes a request out of everything and tells its caller; `result` as libcurl or we saw it. */
static void request_end(struct curl_request *request, const struct err *err)
{
    struct curl_http *http = request->owner;
    struct curl_request **at = &http->requests;
    long status = 0;
    while (*at != request) {
        at = &(*at)->next;
    }
    *at = request->next;
    http->count--;
    http->loop.ops->disarm(http->loop.self, &request->timer);
    if (request->is_added) {
        (void)curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status); /* else 0 */
        multi_check(http, curl_multi_remove_handle(http->multi, request->easy));
    }
    request->done(request->ctx, err, (int)status,
                  err == NULL && request->digest[0] != '\0' ? request->digest : NULL);
    curl_request_free(request);
}

static void request_fail(struct curl_request *request, int code, const char *text)
{
    struct err err;
    err_set(&err, code, "%s", text);
    request_end(request, &err);
}

static void http_reap(struct curl_http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        struct curl_request *request = NULL;
        CURLcode result = message->data.result;
        struct err err;
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        assert(request != NULL); /* set when it was made; asking takes no memory */
        int rc = curl_request_result(request, result, &err);
        request_end(request, rc == 0 ? NULL : &err);
    }
}

static void on_ready(void *ctx, int fd, unsigned events)
{
    struct curl_http *http = ctx;
    int running;
    int flags = ((events & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0) |
                ((events & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    multi_check(http, curl_multi_socket_action(http->multi, fd, flags, &running));
    http_reap(http);
}

static void on_timer(void *ctx)
{
    struct curl_http *http = ctx;
    int running;
    multi_check(http, curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running));
    http_reap(http);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *ctx)
{
    struct curl_http *http = ctx;
    (void)multi;
    if (timeout_ms < 0) {
        http->loop.ops->disarm(http->loop.self, &http->timer);
    } else {
        http->loop.ops->arm(http->loop.self, &http->timer, http_now(http) + timeout_ms, on_timer,
                            http);
    }
    return 0;
}

static mono_ms request_due(const struct curl_request *request)
{
    mono_ms due = MONO_NEVER;
    if (request->timeout_ms > 0) {
        due = request->started + request->timeout_ms;
    }
    if (request->idle_timeout_ms > 0) {
        due = mono_min(due, request->heard + request->idle_timeout_ms);
    }
    return due;
}

/* The idle deadline moves with every byte; the timer is moved only when it goes off. */
static void on_deadline(void *ctx)
{
    struct curl_request *request = ctx;
    struct loop loop = request->owner->loop;
    mono_ms due = request_due(request);
    if (due > loop.ops->now(loop.self)) {
        loop.ops->arm(loop.self, &request->timer, due, on_deadline, request);
        return;
    }
    request_fail(request, ERR_TIMEOUT, "no whole answer in time");
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct curl_http *http = ctx;
    struct curl_request *request = NULL;
    unsigned events = 0;
    (void)socket_ctx;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
        events |= LOOP_READ;
    }
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
        events |= LOOP_WRITE;
    }
    if (http->loop.ops->watch(http->loop.self, fd, events, on_ready, http, NULL) != 0) {
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
        if (request != NULL) {
            request->is_unheard = true;
            turn_at(http, http_now(http));
        }
    }
    return 0;
}

static bool multi_make(struct curl_http *http)
{
    http->multi = curl_multi_init();
    if (http->multi != NULL &&
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) == CURLM_OK &&
        curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) == CURLM_OK &&
        curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) == CURLM_OK &&
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX) ==
            CURLM_OK) {
        return true;
    }
    (void)curl_multi_cleanup(http->multi);
    http->multi = NULL;
    return false;
}

static struct curl_request *request_added(const struct curl_http *http)
{
    struct curl_request *request = http->requests;
    while (request != NULL && !request->is_added) {
        request = request->next;
    }
    return request;
}

/* Ends what the broken one had, and makes another. */
static void multi_remake(struct curl_http *http)
{
    struct curl_request *request;
    int code = http->broken == CURLM_OUT_OF_MEMORY ? ERR_MEMORY : ERR_NETWORK;
    const char *why = curl_multi_strerror(http->broken);
    while ((request = request_added(http)) != NULL) {
        request_fail(request, code, why);
    }
    if (http->multi != NULL) {
        (void)curl_multi_cleanup(http->multi); /* it has nothing left that could keep it */
    }
    http->loop.ops->disarm(http->loop.self, &http->timer);
    http->broken = multi_make(http) ? CURLM_OK : CURLM_OUT_OF_MEMORY;
    if (http->broken != CURLM_OK) {
        turn_at(http, http_now(http) + REMAKE_MS);
    }
}

static struct curl_request *request_to_turn(const struct curl_http *http)
{
    struct curl_request *request = http->requests;
    while (request != NULL && request->is_added && !request->is_unheard) {
        request = request->next;
    }
    return request;
}

/* libcurl may not be called from its own callbacks, so a request started there waits for this. */
static void on_turn(void *ctx)
{
    struct curl_http *http = ctx;
    struct curl_request *request;
    if (http->broken != CURLM_OK) {
        multi_remake(http);
    }
    while ((request = request_to_turn(http)) != NULL) {
        if (request->is_unheard) {
            request_fail(request, ERR_NETWORK, "the event loop has no room for a connection");
        } else if (http->multi == NULL ||
                   curl_multi_add_handle(http->multi, request->easy) != CURLM_OK) {
            request_fail(request, ERR_MEMORY, "no memory to hand a request to libcurl");
        } else {
            request->is_added = true;
        }
    }
}

static void turn_at(struct curl_http *http, mono_ms at)
{
    http->loop.ops->arm(http->loop.self, &http->turn, at, on_turn, http);
}

static int http_start(void *self, const struct http_request *asked, http_piece piece,
                      http_done done, void *ctx, struct err *err)
{
    struct curl_http *http = self;
    struct curl_request *request = NULL;
    assert(done != NULL);
    if (http->count >= HTTP_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "%d HTTP exchanges are under way", HTTP_PENDING_MAX);
    }
    int rc = curl_request_new(asked, &http->loop, &request, err);
    if (rc != 0) {
        return rc;
    }
    request->owner = http;
    request->piece = piece;
    request->done = done;
    request->ctx = ctx;
    struct curl_request **at = &http->requests;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = request;
    http->count++;
    if (request_due(request) != MONO_NEVER) {
        http->loop.ops->arm(http->loop.self, &request->timer, request_due(request), on_deadline,
                            request);
    }
    turn_at(http, http_now(http));
    return 0;
}

int curl_http_new(const struct loop *loop, struct curl_http **http, struct err *err)
{
    struct curl_http *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the HTTP client");
    }
    made->loop = *loop;
    if (!multi_make(made)) {
        curl_http_free(made);
        return err_set(err, ERR_MEMORY, "make the HTTP client");
    }
    *http = made;
    return 0;
}

void curl_http_free(struct curl_http *http)
{
    if (http == NULL) {
        return;
    }
    while (http->requests != NULL) {
        struct curl_request *request = http->requests;
        http->requests = request->next;
        http->loop.ops->disarm(http->loop.self, &request->timer);
        if (request->is_added) {
            (void)curl_multi_remove_handle(http->multi, request->easy); /* all goes now */
        }
        curl_request_free(request);
    }
    if (http->multi != NULL) {
        (void)curl_multi_cleanup(http->multi);
    }
    http->loop.ops->disarm(http->loop.self, &http->timer);
    http->loop.ops->disarm(http->loop.self, &http->turn);
    free(http);
}

struct http curl_http_interface(struct curl_http *http)
{
    static const struct http_ops ops = {.start = http_start};
    return (struct http){.ops = &ops, .self = http};
}
