/* stream_contract: bytes both ways, back-pressure both ways, ends, and closing anywhere. */
#include "tests/contract/stream_contract.h"

#include "platform/base/units.h"
#include "tests/check.h"

enum { TURNS_MAX = 4000, LINE_BYTES = 1000, LINES = 210, ALL_BYTES = LINES * LINE_BYTES };
enum { QUIET_TURNS = 40, FLOOD_BYTES_MAX = 64 * 1024 * 1024 };

static struct stream_fixture *fixture;
static bool is_inside_op;

static void seen_opened(void *ctx)
{
    struct stream_seen *seen = ctx;
    CHECK(!is_inside_op);
    CHECK_INT_EQ(seen->closed, 0);
    seen->opened++;
}

static void seen_ready(void *ctx)
{
    struct stream_seen *seen = ctx;
    CHECK(!is_inside_op);
    CHECK_INT_EQ(seen->opened, 1);
    CHECK_INT_EQ(seen->closed, 0);
    seen->ready++;
}

static void seen_closed(void *ctx, const struct err *err)
{
    struct stream_seen *seen = ctx;
    CHECK(!is_inside_op);
    CHECK(err->code < 0 && err->text[0] != '\0');
    seen->closed++;
    seen->code = err->code;
    (void)snprintf(seen->text, sizeof seen->text, "%s", err->text);
}

struct stream_user stream_seen_user(struct stream_seen *seen)
{
    return (struct stream_user){
        .opened = seen_opened, .ready = seen_ready, .closed = seen_closed, .ctx = seen};
}

int stream_open(struct stream stream, const struct stream_user *user, struct err *err)
{
    is_inside_op = true;
    int rc = stream.ops->open(stream.self, user, err);
    is_inside_op = false;
    return rc;
}

int stream_read(struct stream stream, void *data, size_t cap, size_t *got, struct err *err)
{
    is_inside_op = true;
    int rc = stream.ops->read(stream.self, data, cap, got, err);
    is_inside_op = false;
    return rc;
}

int stream_write(struct stream stream, struct span bytes, size_t *taken, struct err *err)
{
    is_inside_op = true;
    int rc = stream.ops->write(stream.self, bytes, taken, err);
    is_inside_op = false;
    return rc;
}

void stream_close(struct stream stream)
{
    is_inside_op = true;
    stream.ops->close(stream.self);
    is_inside_op = false;
}

static void pump(int turns)
{
    for (int i = 0; i < turns; i++) {
        fixture->pump(fixture->self);
    }
}

static bool open_and_wait(struct stream_seen *seen)
{
    struct err err = {0};
    struct stream_user user = stream_seen_user(seen);
    *seen = (struct stream_seen){0};
    fixture->peer_start(fixture->self);
    CHECK_INT_EQ(stream_open(fixture->stream, &user, &err), 0);
    for (int i = 0; i < TURNS_MAX && seen->opened + seen->closed == 0; i++) {
        pump(1);
    }
    CHECK_INT_EQ(seen->opened, 1);
    CHECK_STR_EQ(seen->text, "");
    return seen->opened == 1 && seen->closed == 0;
}

/* Reads what comes until `len` bytes are there, the end, or time is over: 0 or the end's code.
 * Reads only when it was told to. */
static int read_all(struct stream_seen *seen, char *data, size_t len, size_t piece, size_t *len_got)
{
    int heard = -1;
    *len_got = 0;
    for (int i = 0; i < TURNS_MAX && *len_got < len; i++) {
        size_t got = 0;
        struct err err;
        if (seen->ready == heard) {
            pump(1);
            continue;
        }
        heard = seen->ready;
        size_t left = len - *len_got;
        int rc =
            stream_read(fixture->stream, data + *len_got, left < piece ? left : piece, &got, &err);
        if (rc != 0) {
            return rc;
        }
        *len_got += got;
    }
    return 0;
}

static char line_byte(size_t line, size_t at)
{
    return (char)('a' + (line * 7 + at) % 26);
}

static void lines_fill(char *text)
{
    for (size_t i = 0; i < ALL_BYTES; i++) {
        bool is_end = i % LINE_BYTES == LINE_BYTES - 1;
        text[i] = is_end ? '\n' : line_byte(i / LINE_BYTES, i % LINE_BYTES);
    }
}

/* The first place where the answer is not the reversed question, or `len`. */
static size_t lines_compare(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        size_t at = i % LINE_BYTES;
        char want = at == LINE_BYTES - 1 ? '\n' : line_byte(i / LINE_BYTES, LINE_BYTES - 2 - at);
        if (text[i] != want) {
            return i;
        }
    }
    return len;
}

static void case_small_echo(void)
{
    struct stream_seen seen;
    char answer[16] = "";
    size_t taken = 0;
    size_t got = 0;
    if (!open_and_wait(&seen)) {
        return;
    }
    CHECK_INT_EQ(stream_write(fixture->stream, span_text("hello\n"), &taken, NULL), 0);
    CHECK_INT_EQ(taken, 6);
    CHECK_INT_EQ(read_all(&seen, answer, 6, sizeof answer, &got), 0);
    CHECK_STR_EQ(answer, "olleh\n");
    CHECK_INT_EQ(stream_read(fixture->stream, answer, sizeof answer, &got, NULL), 0);
    CHECK_INT_EQ(got, 0);
    stream_close(fixture->stream);
    CHECK_INT_EQ(seen.closed, 0);
}

/* Writes and reads as the stream says, in pieces that fit nothing. */
static void echo_all(size_t piece)
{
    static char question[ALL_BYTES];
    static char answer[ALL_BYTES];
    struct stream_seen seen;
    size_t sent = 0;
    size_t have = 0;
    int heard = -1;
    lines_fill(question);
    if (!open_and_wait(&seen)) {
        return;
    }
    for (int quiet = 0; quiet < TURNS_MAX / 4 && have < ALL_BYTES; quiet++) {
        size_t taken = 0;
        size_t got = 0;
        if (seen.ready == heard) {
            pump(1);
            continue;
        }
        heard = seen.ready;
        quiet = 0;
        size_t room = ALL_BYTES - have < piece ? ALL_BYTES - have : piece;
        if (stream_read(fixture->stream, answer + have, room, &got, NULL) != 0 ||
            stream_write(fixture->stream, span_of(question + sent, ALL_BYTES - sent), &taken,
                         NULL) != 0) {
            break;
        }
        have += got;
        sent += taken;
    }
    CHECK_INT_EQ(have, ALL_BYTES);
    CHECK_INT_EQ(lines_compare(answer, have), ALL_BYTES);
    stream_close(fixture->stream);
}

static void case_large_echo(void)
{
    echo_all(8192);
}

static void case_large_echo_in_small_pieces(void)
{
    echo_all(333);
}

/* Writes until nothing more goes, and then no `ready` comes, however many turns pass. */
static size_t flood_write(struct stream_seen *seen)
{
    static char block[ALL_BYTES];
    size_t sent = 0;
    size_t taken = 1;
    lines_fill(block);
    for (int quiet = 0; quiet < QUIET_TURNS && sent < FLOOD_BYTES_MAX;) {
        int heard = seen->ready;
        size_t at = sent % ALL_BYTES;
        CHECK_INT_EQ(
            stream_write(fixture->stream, span_of(block + at, ALL_BYTES - at), &taken, NULL), 0);
        sent += taken;
        pump(taken == 0 ? 1 : 0);
        quiet = taken == 0 && seen->ready == heard ? quiet + 1 : 0;
    }
    return sent;
}

static void case_peer_reads_slowly(void)
{
    static char answer[ALL_BYTES];
    struct stream_seen seen;
    if (!open_and_wait(&seen)) {
        return;
    }
    fixture->peer_pause(fixture->self, true);
    size_t sent = flood_write(&seen);
    CHECK(sent > 0 && sent < FLOOD_BYTES_MAX);
    fixture->peer_pause(fixture->self, false);
    sent -= sent % LINE_BYTES; /* a line that was not sent whole is not answered */
    while (sent > 0) {
        size_t part = sent < ALL_BYTES ? sent : ALL_BYTES;
        size_t got = 0;
        CHECK_INT_EQ(read_all(&seen, answer, part, 16384, &got), 0);
        CHECK_INT_EQ(got, part);
        CHECK_INT_EQ(lines_compare(answer, got), part);
        if (got != part) {
            break;
        }
        sent -= part;
    }
    stream_close(fixture->stream);
}

/* Readiness that nobody answers must not keep the loop busy. */
static void case_user_reads_slowly(void)
{
    struct stream_seen seen;
    char answer[8];
    size_t taken = 0;
    size_t got = 0;
    if (!open_and_wait(&seen)) {
        return;
    }
    CHECK_INT_EQ(stream_write(fixture->stream, span_text("abcdefgh\n"), &taken, NULL), 0);
    pump(QUIET_TURNS);
    CHECK(seen.ready >= 1 && seen.ready <= 3);
    CHECK_INT_EQ(read_all(&seen, answer, 1, 1, &got), 0);
    pump(QUIET_TURNS);
    for (int i = 1; i < 4; i++) {
        int heard = seen.ready;
        CHECK_INT_EQ(stream_read(fixture->stream, answer + i, 1, &got, NULL), 0);
        CHECK_INT_EQ(got, 1);
        CHECK_INT_EQ(seen.ready, heard);
        pump(QUIET_TURNS);
        CHECK_INT_EQ(seen.ready, heard + 1); /* bytes are left: told again, once */
    }
    CHECK(memcmp(answer, "hgfe", 4) == 0);
    stream_close(fixture->stream);
}

static void case_end_comes_after_the_last_byte(void)
{
    struct stream_seen seen;
    char answer[64] = "";
    size_t taken = 0;
    size_t got = 0;
    struct err err = {0};
    if (!open_and_wait(&seen)) {
        return;
    }
    CHECK_INT_EQ(stream_write(fixture->stream, span_text("last\nCLOSE\n"), &taken, NULL), 0);
    pump(QUIET_TURNS);
    int rc = read_all(&seen, answer, sizeof answer, 2, &got);
    CHECK_INT_EQ(rc, ERR_NETWORK);
    CHECK_STR_EQ(answer, "tsal\n");
    pump(QUIET_TURNS);
    CHECK_INT_EQ(seen.closed, 0); /* read has told it */
    CHECK_INT_EQ(stream_read(fixture->stream, answer, sizeof answer, &got, &err), ERR_NETWORK);
    CHECK_INT_EQ(stream_write(fixture->stream, span_text("x"), &taken, &err), ERR_NETWORK);
    stream_close(fixture->stream);
}

static void case_peer_dies(void)
{
    struct stream_seen seen;
    char answer[64];
    size_t taken = 0;
    size_t got = 0;
    if (!open_and_wait(&seen)) {
        return;
    }
    CHECK_INT_EQ(stream_write(fixture->stream, span_text("x\n"), &taken, NULL), 0);
    CHECK_INT_EQ(read_all(&seen, answer, 2, 2, &got), 0);
    fixture->peer_kill(fixture->self);
    pump(QUIET_TURNS);
    CHECK_INT_EQ(read_all(&seen, answer, sizeof answer, sizeof answer, &got), ERR_NETWORK);
}

/* Writing into a dead connection takes nothing or something, and the end shows in read. */
static void case_peer_dies_under_a_writer(void)
{
    struct stream_seen seen;
    char answer[64];
    size_t taken = 0;
    size_t got = 0;
    int heard = 0;
    if (!open_and_wait(&seen)) {
        return;
    }
    fixture->peer_kill(fixture->self);
    for (int i = 0; i < QUIET_TURNS; i++) {
        CHECK_INT_EQ(stream_write(fixture->stream, span_text("x\n"), &taken, NULL), 0);
        pump(1);
        heard = seen.ready;
    }
    CHECK(heard > 0);
    CHECK_INT_EQ(read_all(&seen, answer, sizeof answer, sizeof answer, &got), ERR_NETWORK);
    CHECK_INT_EQ(seen.closed, 0);
}

static void case_busy_while_open(void)
{
    struct stream_seen seen;
    struct stream_seen other = {0};
    struct stream_user user = stream_seen_user(&other);
    if (!open_and_wait(&seen)) {
        return;
    }
    CHECK_INT_EQ(stream_open(fixture->stream, &user, NULL), ERR_BUSY);
    stream_close(fixture->stream);
    CHECK_INT_EQ(stream_open(fixture->stream, &user, NULL), 0);
    CHECK_INT_EQ(stream_open(fixture->stream, &user, NULL), ERR_BUSY);
    stream_close(fixture->stream);
    pump(QUIET_TURNS);
    CHECK_INT_EQ(other.opened + other.closed + other.ready, 0);
    CHECK_INT_EQ(seen.closed, 0);
}

static void case_not_open(void)
{
    char byte;
    size_t got = 0;
    size_t taken = 0;
    struct err err = {0};
    stream_close(fixture->stream);
    CHECK_INT_EQ(stream_read(fixture->stream, &byte, 1, &got, &err), ERR_NETWORK);
    CHECK_INT_EQ(stream_write(fixture->stream, span_text("x"), &taken, &err), ERR_NETWORK);
    stream_close(fixture->stream);
}

/* Closes at every moment on the way to an open connection: after so many turns. */
static void case_close_on_the_way(void)
{
    fixture->peer_start(fixture->self);
    for (int turns = 0; turns < 14; turns++) {
        struct stream_seen seen = {0};
        struct stream_user user = stream_seen_user(&seen);
        CHECK_INT_EQ(stream_open(fixture->stream, &user, NULL), 0);
        pump(turns);
        stream_close(fixture->stream);
        struct stream_seen after = seen;
        pump(3);
        CHECK_INT_EQ(seen.opened + seen.ready + seen.closed,
                     after.opened + after.ready + after.closed);
        CHECK_INT_EQ(seen.closed, 0);
    }
    case_small_echo();
}

/* Users that close, and open again, inside their callbacks. */
struct acrobat {
    struct stream_seen seen;
    int rounds;
    bool is_on_ready;
};

static void acrobat_again(struct acrobat *acrobat);

static void acrobat_opened(void *ctx)
{
    struct acrobat *acrobat = ctx;
    size_t taken = 0;
    acrobat->seen.opened++;
    if (acrobat->is_on_ready) {
        CHECK_INT_EQ(stream_write(fixture->stream, span_text("x\n"), &taken, NULL), 0);
        return;
    }
    acrobat_again(acrobat);
}

static void acrobat_ready(void *ctx)
{
    struct acrobat *acrobat = ctx;
    acrobat->seen.ready++;
    acrobat_again(acrobat);
}

static void acrobat_closed(void *ctx, const struct err *err)
{
    struct acrobat *acrobat = ctx;
    printf("    closed: %s\n", err->text);
    acrobat->seen.closed++;
}

static void acrobat_again(struct acrobat *acrobat)
{
    struct stream_user user = {
        .opened = acrobat_opened, .ready = acrobat_ready, .closed = acrobat_closed, .ctx = acrobat};
    stream_close(fixture->stream);
    if (acrobat->rounds-- > 0) {
        CHECK_INT_EQ(stream_open(fixture->stream, &user, NULL), 0);
    }
}

static void case_close_and_open_inside_callbacks(void)
{
    for (int i = 0; i < 2; i++) {
        struct acrobat acrobat = {.rounds = 3, .is_on_ready = i == 1};
        fixture->peer_start(fixture->self);
        acrobat_again(&acrobat);
        for (int turn = 0; turn < TURNS_MAX && acrobat.rounds >= 0; turn++) {
            pump(1);
        }
        CHECK_INT_EQ(acrobat.seen.opened, 3);
        CHECK_INT_EQ(acrobat.seen.closed, 0);
        stream_close(fixture->stream);
    }
}

int stream_contract_run(struct stream_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"small echo", case_small_echo},
        {"large echo", case_large_echo},
        {"large echo in small pieces", case_large_echo_in_small_pieces},
        {"peer reads slowly", case_peer_reads_slowly},
        {"user reads slowly", case_user_reads_slowly},
        {"end comes after the last byte", case_end_comes_after_the_last_byte},
        {"peer dies", case_peer_dies},
        {"peer dies under a writer", case_peer_dies_under_a_writer},
        {"busy while open", case_busy_while_open},
        {"not open", case_not_open},
        {"close on the way", case_close_on_the_way},
        {"close and open inside callbacks", case_close_and_open_inside_callbacks},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
