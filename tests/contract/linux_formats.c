/* linux_formats: the pure parts of ports/linux, byte by byte: slots, blobs, HTTP answers. */
#include "ports/linux/http_answer.h"
#include "ports/linux/slots.h"

#include "platform/base/units.h"
#include "tests/check.h"

static void case_slot_round_trip_and_every_bit(void)
{
    uint8_t slot[SLOT_BYTES];
    uint64_t sequence = 0;
    struct span content = {0};
    slot_encode(slot, 0x0102030405060708u, span_text("content"));
    CHECK(slot_decode(slot, &sequence, &content));
    CHECK_INT_EQ(sequence, 0x0102030405060708);
    CHECK(span_is_equal(content, span_text("content")));
    for (size_t bit = 0; bit < 8 * SLOT_BYTES; bit++) {
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!slot_decode(slot, &sequence, &content));
        slot[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    memset(slot, 0, sizeof slot);
    CHECK(!slot_decode(slot, &sequence, &content));
    memset(slot, 0xff, sizeof slot);
    CHECK(!slot_decode(slot, &sequence, &content));
}

/* The bytes on disk are a promise to later versions. */
static void case_slot_bytes_are_fixed(void)
{
    static const uint8_t head[] = {'B', 'S', 'L', '1', 1, 0, 3,    0,    9,    0,
                                   0,   0,   0,   0,   0, 0, 0x62, 0x69, 0x4b, 0x50};
    static const uint8_t blob_head[] = {'B', 'B', 'L', '1', 1,    0,    0,    0,
                                        3,   0,   0,   0,   0x02, 0x7a, 0x9c, 0xc1};
    uint8_t slot[SLOT_BYTES];
    uint8_t blob[BLOB_HEAD_BYTES];
    slot_encode(slot, 9, span_text("abc"));
    CHECK(memcmp(slot, head, sizeof head) == 0);
    CHECK(memcmp(slot + SLOT_HEAD_BYTES, "abc", 4) == 0);
    blob_encode(blob, span_text("abc"));
    CHECK(memcmp(blob, blob_head, sizeof blob_head) == 0);
}

static void case_choice_of_slots(void)
{
    static const struct {
        uint64_t sequences[SLOT_COUNT]; /* 0: not whole */
        bool is_whole;
        size_t newest;
        size_t next;
    } rows[] = {
        {{0, 0}, false, 0, 0},         {{5, 0}, true, 0, 1}, {{0, 5}, true, 1, 0},
        {{5, 6}, true, 1, 0},          {{7, 6}, true, 0, 1}, {{SLOT_SEQUENCE_MAX, 6}, true, 0, 1},
        {{UINT64_MAX, 6}, true, 1, 0}, /* nothing could follow it */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t slots[SLOT_COUNT][SLOT_BYTES];
        for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
            slot_encode(slots[slot], rows[i].sequences[slot], span_text(slot == 0 ? "a" : "b"));
            slots[slot][40] ^= rows[i].sequences[slot] == 0;
        }
        struct slot_choice choice = slots_choose((const uint8_t(*)[SLOT_BYTES])slots);
        CHECK_INT_EQ(choice.is_whole, rows[i].is_whole);
        CHECK_INT_EQ(choice.next, rows[i].next);
        if (choice.is_whole) {
            CHECK_INT_EQ(choice.newest, rows[i].newest);
            CHECK(span_is_equal(choice.content, span_text(rows[i].newest == 0 ? "a" : "b")));
        }
    }
}

static void case_blob_every_cut_and_byte(void)
{
    uint8_t file[BLOB_HEAD_BYTES + 64 + 1] = {0};
    size_t whole = BLOB_HEAD_BYTES + 64;
    struct span content = {0};
    memset(file + BLOB_HEAD_BYTES, 'x', 64);
    blob_encode(file, span_of(file + BLOB_HEAD_BYTES, 64));
    for (size_t len = 0; len <= whole + 1; len++) {
        CHECK_INT_EQ(blob_decode(span_of(file, len), &content), len == whole);
    }
    CHECK_INT_EQ(content.len, 64);
    for (size_t i = 0; i < whole; i++) {
        file[i] ^= 0x80;
        CHECK(!blob_decode(span_of(file, whole), &content));
        file[i] ^= 0x80;
    }
}

/* Fed in two pieces, cut at every place, an answer reads the same. */
static void case_answer_cut_anywhere(void)
{
    static const char text[] =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nA: b\r\n\r\nbody";
    size_t len = sizeof text - 1;
    for (size_t cut = 0; cut <= len; cut++) {
        struct http_answer answer = {0};
        CHECK_INT_EQ(http_answer_feed(&answer, span_of(text, cut), NULL), 0);
        CHECK_INT_EQ(answer.is_head_whole, cut >= len - 4);
        CHECK_INT_EQ(http_answer_feed(&answer, span_of(text + cut, len - cut), NULL), 0);
        CHECK(answer.is_head_whole);
        CHECK_INT_EQ(answer.status, 204);
        CHECK_INT_EQ(answer.body_bytes, 4);
    }
}

static void case_status_lines(void)
{
    static const struct {
        const char *line;
        int status; /* 0: refused */
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", 200},   {"HTTP/1.0 404\r\n\r\n", 404},
        {"HTTP/1.1 200 \r\n\r\n", 200},     {"HTTP/1.1 101 Switch\r\n\r\n", 101},
        {"HTTP/1.1 599 X\n\n", 599},        {"HTTP/1.1 600 X\r\n\r\n", 0},
        {"HTTP/1.1 099 X\r\n\r\n", 0},      {"HTTP/1.1  200 OK\r\n\r\n", 0},
        {"HTTP/1.1 2000 OK\r\n\r\n", 0},    {"HTTP/1.1 20\r\n\r\n", 0},
        {"HTTP/1.1 -20 OK\r\n\r\n", 0},     {"HTTP/1. 200 OK\r\n\r\n", 0},
        {"HTTP/2 200 OK\r\n\r\n", 0},       {"http/1.1 200 OK\r\n\r\n", 0},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", 0}, {"HTTP/1.1 200OK\r\n\r\n", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_answer answer = {0};
        int rc = http_answer_feed(&answer, span_text(rows[i].line), NULL);
        CHECK_INT_EQ(rc, rows[i].status == 0 ? ERR_PROBE : 0);
        CHECK(rc != 0 || (answer.is_head_whole && answer.status == rows[i].status));
    }
}

static void case_answer_is_bounded(void)
{
    struct http_answer answer = {0};
    char many[1024];
    int rc = 0;
    size_t fed = 0;
    memset(many, 'x', sizeof many);
    CHECK_INT_EQ(http_answer_feed(&answer, span_of(many, 257), NULL), ERR_PROBE);
    answer = (struct http_answer){0};
    CHECK_INT_EQ(http_answer_feed(&answer, span_text("HTTP/1.1 200 OK\r\n"), NULL), 0);
    for (; rc == 0 && fed < 100000; fed += sizeof many) {
        rc = http_answer_feed(&answer, span_of(many, sizeof many), NULL);
    }
    CHECK_INT_EQ(rc, ERR_PROBE);
    CHECK(fed <= HTTP_ANSWER_HEAD_BYTES_MAX + sizeof many);
    CHECK(!answer.is_head_whole);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"slot round trip and every bit", case_slot_round_trip_and_every_bit},
        {"slot bytes are fixed", case_slot_bytes_are_fixed},
        {"choice of slots", case_choice_of_slots},
        {"blob every cut and byte", case_blob_every_cut_and_byte},
        {"answer cut anywhere", case_answer_cut_anywhere},
        {"status lines", case_status_lines},
        {"answer is bounded", case_answer_is_bounded},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
