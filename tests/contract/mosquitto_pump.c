/* mosquitto_pump: what passes between broker and library, however the bytes are cut; and who may be
 * at the other end of the pair. */
#include "ports/mosquitto/pump.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "platform/bus.h"
#include "ports/mosquitto/pair.h"
#include "tests/check.h"

#define SAID_BYTES (64 * 1024)

/* A stream that gives and takes as much as a test lets it. */
struct fake {
    uint8_t to_give[SAID_BYTES];
    size_t give_len, given, give_step;
    uint8_t taken[SAID_BYTES];
    size_t taken_len, take_step;
};

static struct fake fake;
static struct pump pump;
static int library_fd;

static int fake_read(void *self, void *data, size_t cap, size_t *got, struct err *err)
{
    size_t left = fake.give_len - fake.given;
    (void)self;
    (void)err;
    *got = left < cap ? left : cap;
    *got = *got < fake.give_step ? *got : fake.give_step;
    memcpy(data, fake.to_give + fake.given, *got);
    fake.given += *got;
    return 0;
}

static int fake_write(void *self, struct span bytes, size_t *taken, struct err *err)
{
    (void)self;
    (void)err;
    *taken = bytes.len < fake.take_step ? bytes.len : fake.take_step;
    memcpy(fake.taken + fake.taken_len, bytes.data, *taken);
    fake.taken_len += *taken;
    return 0;
}

static void world_open(void)
{
    static const struct stream_ops ops = {.read = fake_read, .write = fake_write};
    int fds[2];
    memset(&fake, 0, sizeof fake);
    fake.give_step = SAID_BYTES;
    fake.take_step = SAID_BYTES;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
        abort();
    }
    library_fd = fds[1];
    pump_init(&pump, (struct stream){.ops = &ops, .self = NULL}, fds[0]);
}

static void world_close(void)
{
    pump_close(&pump);
    close(library_fd);
}

static void broker_says(const char *bytes, size_t len)
{
    memcpy(fake.to_give + fake.give_len, bytes, len);
    fake.give_len += len;
}

/* Runs the way from the broker until nothing moves; its code. */
static int run_down(void)
{
    size_t moved = 1;
    size_t heard;
    int rc = 0;
    while (rc == 0 && moved > 0) {
        rc = pump_down(&pump, &moved, &heard, NULL);
    }
    return rc;
}

static void run_up(void)
{
    size_t moved = 1;
    while (moved > 0) {
        CHECK_INT_EQ(pump_up(&pump, &moved, NULL), 0);
    }
}

static size_t library_hears(uint8_t *bytes, size_t cap)
{
    ssize_t got = recv(library_fd, bytes, cap, 0);
    return got > 0 ? (size_t)got : 0;
}

static void library_says(const void *bytes, size_t len)
{
    CHECK_INT_EQ(send(library_fd, bytes, len, MSG_NOSIGNAL), len);
}

static void case_every_cut_is_the_same(void)
{
    static const char row[] = "\x20\x03\x00\x00\x00\x30\x04\x00\x01tx\xd0\x00\x40\x02\x00\x01"
                              "\x31\x83\x01\x00\x01t";
    uint8_t heard[256];
    for (size_t step = 1; step < 30; step++) {
        world_open();
        fake.give_step = step;
        broker_says(row, sizeof row - 1);
        fake.give_len += 0x83 - 3; /* the rest of the last packet: zeros */
        CHECK_INT_EQ(run_down(), 0);
        CHECK_INT_EQ(library_hears(heard, sizeof heard), fake.give_len);
        CHECK(memcmp(heard, fake.to_give, fake.give_len) == 0);
        CHECK_INT_EQ(pump.down.frame.body_left, 0);
        world_close();
    }
}

static void case_nothing_of_a_bad_packet_passes(void)
{
    static const char row[] = "\x20\x03\x00\x00\x00\x30\x04\x00\x01tx\x30\xff\xff\xff\x7f";
    uint8_t heard[256];
    for (size_t step = 1; step < 20; step++) {
        world_open();
        fake.give_step = step;
        broker_says(row, sizeof row - 1);
        CHECK_INT_EQ(run_down(), ERR_OVERSIZE);
        CHECK_INT_EQ(library_hears(heard, sizeof heard), 11); /* what came before it */
        world_close();
    }
}

static void case_the_limit_is_exact(void)
{
    struct frame frame = {.is_greeted = true};
    uint8_t header[4] = {0x30, 0, 0, 0};
    size_t passed;
    for (size_t more = 0; more < 2; more++) {
        size_t left = BUS_PACKET_BYTES_MAX - sizeof header + more;
        for (size_t i = 1; i < sizeof header; i++, left >>= 7) {
            header[i] = (uint8_t)((left & 0x7f) | (i < 3 ? 0x80 : 0));
        }
        int rc = frame_admit(&frame, span_of(header, sizeof header), &passed, NULL);
        CHECK_INT_EQ(rc, more == 0 ? 0 : ERR_OVERSIZE);
        frame.body_left = 0;
    }
}

static void case_a_refusal_stays_outside(void)
{
    uint8_t heard[16];
    world_open();
    broker_says("\x20\x03\x00\x87\x00", 5);
    CHECK_INT_EQ(run_down(), 0);
    CHECK(pump_is_refused(&pump));
    CHECK_INT_EQ(pump.down.frame.reason, 0x87);
    CHECK_INT_EQ(library_hears(heard, sizeof heard), 0);
    world_close();
}

static void case_a_ping_goes_between_packets(void)
{
    static const uint8_t packet[] = {0x30, 6, 0, 1, 't', 'a', 'b', 'c'};
    static const uint8_t ping[] = {0xc0, 0};
    for (size_t cut = 0; cut <= sizeof packet; cut++) {
        /* a header that is not whole has not left yet: the ping goes before it */
        bool is_inside = cut >= 2 && cut < sizeof packet;
        size_t want = cut < 2 ? 0 : sizeof packet;
        world_open();
        library_says(packet, cut);
        run_up();
        pump.is_ping_wanted = true;
        run_up();
        CHECK(pump.is_ping_wanted == is_inside);
        library_says(packet + cut, sizeof packet - cut);
        run_up();
        CHECK(!pump.is_ping_wanted);
        CHECK_INT_EQ(fake.taken_len, sizeof packet + sizeof ping);
        CHECK(memcmp(fake.taken + want, ping, sizeof ping) == 0);
        world_close();
    }
}

static void case_a_slow_stream_holds_the_library_up(void)
{
    static uint8_t large[40 * 1024] = {0x32, 0xfd, 0xbf, 0x02};
    size_t moved;
    world_open();
    for (size_t i = 4; i < sizeof large; i++) {
        large[i] = (uint8_t)(i * 13);
    }
    fake.take_step = 0;
    library_says(large, sizeof large);
    run_up();
    CHECK(pump.up.len <= PIPE_BYTES && pump.up.len > PIPE_BYTES / 2);
    CHECK_INT_EQ(fake.taken_len, 0);
    fake.take_step = 777;
    for (int i = 0; i < 200; i++) {
        CHECK_INT_EQ(pump_up(&pump, &moved, NULL), 0);
    }
    CHECK_INT_EQ(fake.taken_len, sizeof large);
    CHECK(memcmp(fake.taken, large, sizeof large) == 0);
    world_close();
}

static int socket_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    CHECK_INT_EQ(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static int connect_ourselves(void *ctx, const char *path, struct err *err)
{
    char dir[128];
    struct stat about;
    int *fd = ctx;
    (void)err;
    (void)snprintf(dir, sizeof dir, "%.*s", (int)(strlen(path) - 2), path);
    CHECK_INT_EQ(stat(dir, &about), 0);
    CHECK_INT_EQ(about.st_mode & 07777, 0700);
    *fd = socket_to(path);
    return 0;
}

static int connect_another(void *ctx, const char *path, struct err *err)
{
    pid_t child = fork();
    (void)ctx;
    (void)err;
    if (child == 0) {
        (void)socket_to(path);
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    return 0;
}

static int connect_nobody(void *ctx, const char *path, struct err *err)
{
    (void)ctx;
    (void)path;
    (void)err;
    return 0;
}

static int connect_fails(void *ctx, const char *path, struct err *err)
{
    (void)ctx;
    return err_set(err, ERR_MEMORY, "%s", path);
}

static void case_the_pair_is_with_ourselves(void)
{
    static const struct {
        pair_connect connect;
        int code;
    } peers[] = {{connect_ourselves, 0},
                 {connect_another, ERR_NETWORK},
                 {connect_nobody, ERR_IO},
                 {connect_fails, ERR_MEMORY}};
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        char dir[] = "/tmp/berth-pair.XXXXXX";
        int ours = -1;
        int theirs = -1;
        struct err err;
        CHECK(mkdtemp(dir) != NULL);
        CHECK_INT_EQ(pair_make(dir, peers[i].connect, &theirs, &ours, &err), peers[i].code);
        CHECK(peers[i].code == 0 ? ours >= 0 : ours < 0);
        CHECK_INT_EQ(rmdir(dir), 0); /* nothing is left in it */
        if (ours >= 0) {
            close(ours);
            close(theirs);
        }
    }
    int fd = -1;
    CHECK_INT_EQ(pair_make("/nowhere", connect_nobody, NULL, &fd, NULL), ERR_IO);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"every cut is the same", case_every_cut_is_the_same},
        {"nothing of a bad packet passes", case_nothing_of_a_bad_packet_passes},
        {"the limit is exact", case_the_limit_is_exact},
        {"a refusal stays outside", case_a_refusal_stays_outside},
        {"a ping goes between packets", case_a_ping_goes_between_packets},
        {"the pair is with ourselves", case_the_pair_is_with_ourselves},
        {"a slow stream holds the library up", case_a_slow_stream_holds_the_library_up},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
