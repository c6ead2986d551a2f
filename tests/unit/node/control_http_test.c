/* control_http_test: the request parser, split at every byte and fed with what is no request. */
#include "agent/node/control_http.h"
#include "platform/base/units.h"
#include "tests/check.h"

static int parse(const char *text, size_t len, struct control_http *http, bool *whole)
{
    struct err err;
    *http = (struct control_http){0};
    return control_http_step(http, span_of(text, len), whole, &err);
}

static int parse_text(const char *text)
{
    struct control_http http;
    bool whole = false;
    int rc = parse(text, strlen(text), &http, &whole);
    return rc == 0 && !whole ? ERR_NOTHING : rc;
}

static void every_split(void)
{
    static const char text[] = "POST /v1/activate?force=1 HTTP/1.1\r\nHost: x\r\n"
                               "Accept: application/json, text/plain;q=0.5\r\n"
                               "content-length:  5 \r\n\r\nhello";
    size_t len = sizeof text - 1;
    for (size_t cut = 0; cut <= len; cut++) {
        struct control_http http = {0};
        struct err err;
        bool whole = true; /* whatever it was */
        char *part = malloc(cut + 1); /* that ends where the allocation ends */
        memcpy(part + 1, text, cut);
        CHECK_INT_EQ(control_http_step(&http, span_of(part + 1, cut), &whole, &err), 0);
        CHECK(whole == (cut == len));
        free(part);
        CHECK_INT_EQ(control_http_step(&http, span_of(text, len), &whole, &err), 0);
        CHECK(whole);
        CHECK_STR_EQ(http.method, "POST");
        CHECK_STR_EQ(http.path, "/v1/activate");
        CHECK_STR_EQ(http.query, "force=1");
        CHECK(http.wants_text);
        CHECK(span_is_equal(control_http_body(&http, span_of(text, len)), span_text("hello")));
    }
}

static void byte_by_byte(void)
{
    static const char text[] = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
    struct control_http http = {0};
    struct err err;
    bool whole = false;
    for (size_t len = 0; len < sizeof text; len++) {
        CHECK(!whole);
        CHECK_INT_EQ(control_http_step(&http, span_of(text, len), &whole, &err), 0);
    }
    CHECK(whole);
    CHECK(!http.wants_text);
    CHECK_INT_EQ(http.body_len, 0);
}

static void garbage(void)
{
    static const char *const bad[] = {
        "\r\n\r\n",
        "get / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET x HTTP/1.1\r\n\r\n",
        "GET /%2e HTTP/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
        "GET /?a=\"b HTTP/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "GET\r\n\r\n",
        "LONGMETHOD / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\n\n",
        "GET / HTTP/1.1\rX",
        "GET / HTTP/1.1\r\nNoColon\r\n\r\n",
        "GET / HTTP/1.1\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\nSpace : x\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nExpect: miracles\r\n\r\n",
        "GET / HTTP/1.1\r\nA: \x01\r\n\r\n",
        "GET / HTTP/1.1\r\nA: \xc3\xa4\r\n\r\n",
        "\x16\x03\x01",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int rc = parse_text(bad[i]);
        if (rc != ERR_SYNTAX) {
            printf("    case %zu gives %s: %s\n", i, err_word(rc), bad[i]);
        }
        CHECK_INT_EQ(rc, ERR_SYNTAX);
    }
    struct control_http http;
    bool whole;
    CHECK_INT_EQ(parse("GET /\0 HTTP/1.1\r\n\r\n", 20, &http, &whole), ERR_SYNTAX);
}

static void pipelining_is_refused(void)
{
    CHECK_INT_EQ(parse_text("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"), ERR_SYNTAX);
    CHECK_INT_EQ(parse_text("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabc"), ERR_SYNTAX);
}

/* A request whose head is exactly `head_len` bytes. */
static int parse_head_of(size_t head_len)
{
    static char text[2 * CONTROL_HEAD_BYTES_MAX];
    static const char first[] = "GET / HTTP/1.1\r\nA: ";
    memset(text, 'x', head_len);
    memcpy(text, first, sizeof first - 1);
    memcpy(text + head_len - 4, "\r\n\r\n", 4);
    struct control_http http;
    bool whole = false;
    int rc = parse(text, head_len, &http, &whole);
    return rc == 0 && !whole ? ERR_NOTHING : rc;
}

static void bounds(void)
{
    char text[256];
    CHECK_INT_EQ(parse_head_of(CONTROL_HEAD_BYTES_MAX), 0);
    CHECK_INT_EQ(parse_head_of(CONTROL_HEAD_BYTES_MAX + 1), ERR_OVERSIZE);
    (void)snprintf(text, sizeof text, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n",
                   ENVELOPE_BYTES_MAX);
    CHECK_INT_EQ(parse_text(text), ERR_NOTHING);
    (void)snprintf(text, sizeof text, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n",
                   ENVELOPE_BYTES_MAX + 1);
    CHECK_INT_EQ(parse_text(text), ERR_OVERSIZE);
    CHECK_INT_EQ(parse_text("POST / HTTP/1.1\r\n"
                            "Content-Length: 99999999999999999999999999999999\r\n\r\n"),
                 ERR_OVERSIZE);
    struct control_http http;
    bool whole;
    (void)snprintf(text, sizeof text, "GET /%0*d HTTP/1.1\r\n\r\n", CONTROL_PATH_BYTES - 2, 0);
    CHECK_INT_EQ(parse(text, strlen(text), &http, &whole), 0);
    (void)snprintf(text, sizeof text, "GET /%0*d HTTP/1.1\r\n\r\n", CONTROL_PATH_BYTES - 1, 0);
    CHECK_INT_EQ(parse(text, strlen(text), &http, &whole), ERR_SYNTAX);
}

static int query_number(const char *query, uint64_t *value)
{
    struct control_http http = {0};
    struct err err;
    (void)snprintf(http.query, sizeof http.query, "%s", query);
    return control_http_number(&http, "after", 7, value, &err);
}

static void query_numbers(void)
{
    uint64_t value = 0;
    CHECK_INT_EQ(query_number("", &value), 0);
    CHECK_INT_EQ(value, 7);
    CHECK_INT_EQ(query_number("x=1&after=12&y=2", &value), 0);
    CHECK_INT_EQ(value, 12);
    CHECK_INT_EQ(query_number("afterwards=1", &value), 0);
    CHECK_INT_EQ(value, 7);
    CHECK_INT_EQ(query_number("after=", &value), ERR_VALUE);
    CHECK_INT_EQ(query_number("after", &value), ERR_VALUE);
    CHECK_INT_EQ(query_number("after=1a", &value), ERR_VALUE);
    CHECK_INT_EQ(query_number("after=99999999999999999999", &value), ERR_VALUE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"every_split", every_split}, {"byte_by_byte", byte_by_byte},
        {"garbage", garbage},         {"pipelining_is_refused", pipelining_is_refused},
        {"bounds", bounds},           {"query_numbers", query_numbers},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
