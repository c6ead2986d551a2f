/* bus_hostile: peers on loopback that play a broker badly; what they may not do to a session. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/loop.h"
#include "ports/mosquitto/bus.h"
#include "tests/check.h"
#include "tests/contract/bus_call.h"
#include "tests/contract/tcp_stream.h"

#define GROWTH_KIB_MAX 1024
#define MAPPED_KIB_MAX                                                                             \
    (16 * 1024) /* the sanitizers map in large steps; the attack asks for 256 MiB */
#define CONNECTIONS_MAX 4
#define GREETING        "\x20\x03\x00\x00\x00" /* a CONNACK that accepts, MQTT 5 */
#define GREETING_4      "\x20\x02\x00\x00"     /* and 3.1.1 */

struct bytes {
    const char *data;
    size_t len;
};
#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* The peer: what it says on each connection, once it has been greeted. */
struct peer {
    int listen_fd, fd;
    uint16_t port;
    struct bytes says[CONNECTIONS_MAX]; /* NULL: nothing */
    bool is_dripping;                   /* one byte a turn */
    bool is_closing;                    /* when all is said */
    bool answers_pings;
    size_t said;
    int connections;
    int levels[CONNECTIONS_MAX]; /* the protocol level of each CONNECT */
    int pings, goodbyes;
    bool is_greeted;
};

static struct world {
    struct linux_loop linux_loop;
    mono_ms skew; /* how far the bus's clock is ahead */
    struct peer peer;
    struct tcp_stream stream;
    struct mosquitto_bus *bus;
    struct bus_party party;
    char run_dir[64];
} world;

/* A loop whose clock the test can put forward. */
static int skewed_watch(void *self, int fd, unsigned events, loop_ready ready, void *ctx,
                        struct err *err)
{
    struct loop inner = linux_loop_interface(self);
    return inner.ops->watch(inner.self, fd, events, ready, ctx, err);
}

static void skewed_arm(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired,
                       void *ctx)
{
    struct loop inner = linux_loop_interface(self);
    inner.ops->arm(inner.self, timer, due - world.skew, expired, ctx);
}

static void skewed_disarm(void *self, struct loop_timer *timer)
{
    struct loop inner = linux_loop_interface(self);
    inner.ops->disarm(inner.self, timer);
}

static mono_ms skewed_now(void *self)
{
    (void)self;
    return linux_loop_now() + world.skew;
}

static struct loop skewed_loop(void)
{
    static const struct loop_ops ops = {
        .watch = skewed_watch, .arm = skewed_arm, .disarm = skewed_disarm, .now = skewed_now};
    return (struct loop){.ops = &ops, .self = &world.linux_loop};
}

static void peer_drop(struct peer *peer)
{
    if (peer->fd >= 0) {
        close(peer->fd);
        peer->fd = -1;
    }
}

static void peer_accept(struct peer *peer)
{
    int fd = accept4(peer->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        peer_drop(peer);
        peer->fd = fd;
        peer->connections++;
        peer->said = 0;
        peer->is_greeted = false;
    }
}

/* Takes what the client says; packets of these tests arrive whole. */
static void peer_hear(struct peer *peer)
{
    unsigned char buf[4096];
    ssize_t got = recv(peer->fd, buf, sizeof buf, 0);
    if (got > 8 && !peer->is_greeted && peer->connections <= CONNECTIONS_MAX) {
        peer->is_greeted = true;
        peer->levels[peer->connections - 1] = buf[8]; /* 10 length 00 04 MQTT level */
    } else if (got == 2 && buf[0] == 0xc0 && buf[1] == 0) {
        peer->pings++;
        if (peer->answers_pings) {
            (void)send(peer->fd, "\xd0\x00", 2, MSG_NOSIGNAL);
        }
    } else if (got >= 2 && buf[0] == 0xe0) {
        peer->goodbyes++;
    } else if (got == 0) {
        peer_drop(peer);
    }
}

static void peer_say(struct peer *peer)
{
    const struct bytes *says = &peer->says[peer->connections - 1];
    size_t left = says->len - peer->said;
    if (left > 0) {
        ssize_t sent =
            send(peer->fd, says->data + peer->said, peer->is_dripping ? 1 : left, MSG_NOSIGNAL);
        peer->said += sent > 0 ? (size_t)sent : 0;
    } else if (peer->is_closing) {
        peer_drop(peer);
    }
}

static void world_pump(void *self)
{
    struct peer *peer = &world.peer;
    (void)self;
    peer_accept(peer);
    if (peer->fd >= 0) {
        peer_hear(peer);
    }
    if (peer->fd >= 0 && peer->is_greeted && peer->connections <= CONNECTIONS_MAX) {
        peer_say(peer);
    }
    linux_loop_run_once(&world.linux_loop, 2);
}

static void world_open(void)
{
    struct err err;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    memset(&world, 0, sizeof world);
    (void)snprintf(world.run_dir, sizeof world.run_dir, "/tmp/berth-hostile.XXXXXX");
    world.peer.fd = -1;
    world.peer.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (mkdtemp(world.run_dir) == NULL || linux_loop_init(&world.linux_loop, &err) != 0 ||
        bind(world.peer.listen_fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(world.peer.listen_fd, 4) != 0 ||
        getsockname(world.peer.listen_fd, (struct sockaddr *)&at, &len) != 0) {
        abort();
    }
    world.peer.port = ntohs(at.sin_port);
    tcp_stream_init(&world.stream, skewed_loop(), world.peer.port);
    struct mosquitto_bus_settings settings = {.loop = skewed_loop(),
                                              .stream = tcp_stream_interface(&world.stream),
                                              .run_dir = world.run_dir};
    if (mosquitto_bus_new(&settings, &world.bus, &err) != 0) {
        abort();
    }
    world.party = (struct bus_party){.bus = mosquitto_bus_interface(world.bus), .pump = world_pump};
}

static void world_close(void)
{
    mosquitto_bus_free(world.bus);
    peer_drop(&world.peer);
    close(world.peer.listen_fd);
    linux_loop_close(&world.linux_loop);
    CHECK_INT_EQ(rmdir(world.run_dir), 0);
}

/* Opens once and waits for its end; the code. */
static int end_of_open(void)
{
    int before = world.party.closed;
    CHECK_INT_EQ(bus_call_open(&world.party, "node", NULL, NULL), 0);
    (void)bus_pump_until(&world.party, &world.party.closed, before + 1);
    bus_pump_for(&world.party, 10);
    CHECK_INT_EQ(world.party.closed, before + 1);
    return world.party.code;
}

static const struct hostile {
    const char *sentence;
    struct bytes says;
    int code;
    bool is_opened, is_closing;
} hostiles[] = {
    {"claims 256 MiB", BYTES(GREETING "\x30\xff\xff\xff\x7f"), ERR_OVERSIZE, true, false},
    {"claims one byte more than allowed", BYTES(GREETING "\x30\xfd\xff\x05"), ERR_OVERSIZE, true,
     false},
    {"greets with 256 MiB", BYTES("\x20\xff\xff\xff\x7f"), ERR_OVERSIZE, false, false},
    {"has a length of five bytes", BYTES(GREETING "\x30\xff\xff\xff\xff\x01"), ERR_PROTOCOL, true,
     false},
    {"has a length with a useless byte", BYTES(GREETING "\x30\x80\x00"), ERR_PROTOCOL, true, false},
    {"sends type 0", BYTES(GREETING "\x00\x00"), ERR_PROTOCOL, true, false},
    {"sends AUTH", BYTES(GREETING "\xf0\x00"), ERR_PROTOCOL, true, false},
    {"sends CONNECT", BYTES(GREETING "\x10\x00"), ERR_PROTOCOL, true, false},
    {"sends SUBSCRIBE", BYTES(GREETING "\x82\x02\x00\x01"), ERR_PROTOCOL, true, false},
    {"pings", BYTES(GREETING "\xc0\x00"), ERR_PROTOCOL, true, false},
    {"answers a ping at length", BYTES(GREETING "\xd0\x01\x00"), ERR_PROTOCOL, true, false},
    {"accepts twice", BYTES(GREETING GREETING), ERR_PROTOCOL, true, false},
    {"publishes with QoS 2", BYTES(GREETING "\x34\x06\x00\x01t\x00\x01\x00"), ERR_PROTOCOL, true,
     false},
    {"publishes with QoS 3", BYTES(GREETING "\x36\x06\x00\x01t\x00\x01\x00"), ERR_PROTOCOL, true,
     false},
    {"sends PUBREL", BYTES(GREETING "\x62\x02\x00\x01"), ERR_PROTOCOL, true, false},
    {"has flags in a PUBACK", BYTES(GREETING "\x41\x02\x00\x01"), ERR_PROTOCOL, true, false},
    {"has a topic longer than its packet", BYTES(GREETING "\x30\x03\x00\x05t"), ERR_PROTOCOL, true,
     false},
    {"has no topic", BYTES(GREETING "\x30\x03\x00\x00\x00"), ERR_PROTOCOL, true, false},
    {"has an empty SUBACK", BYTES(GREETING "\x90\x00"), ERR_PROTOCOL, true, false},
    {"has half a PUBACK", BYTES(GREETING "\x40\x01\x00"), ERR_PROTOCOL, true, false},
    {"closes inside a packet", BYTES(GREETING "\x30\x7f\x00\x01t\x00half"), ERR_NETWORK, true,
     true},
    {"closes inside a header", BYTES(GREETING "\x30\xff"), ERR_NETWORK, true, true},
    {"says that another took over", BYTES(GREETING "\xe0\x02\x8e\x00"), ERR_TAKEN_OVER, true,
     false},
    {"says that this one may not", BYTES(GREETING "\xe0\x02\x87\x00"), ERR_DENIED, true, false},
    {"accepts with reserved flags", BYTES("\x20\x03\x02\x00\x00"), ERR_PROTOCOL, false, false},
    {"accepts in one byte", BYTES("\x20\x01\x00"), ERR_PROTOCOL, false, false},
    {"publishes before it accepts", BYTES("\x30\x04\x00\x01tx"), ERR_PROTOCOL, false, false},
    {"speaks HTTP", BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), ERR_PROTOCOL, false, false},
    {"speaks SSH", BYTES("SSH-2.0-OpenSSH_9.2\r\n"), ERR_PROTOCOL, false, false},
    {"refuses", BYTES("\x20\x03\x00\x87\x00"), ERR_DENIED, false, false},
    {"has no retained messages", BYTES("\x20\x05\x00\x00\x02\x25\x00"), ERR_DENIED, false, false},
};

static void every_hostile(bool is_dripping)
{
    for (size_t i = 0; i < COUNT_OF(hostiles); i++) {
        const struct hostile *hostile = &hostiles[i];
        world_open();
        for (size_t j = 0; j < CONNECTIONS_MAX; j++) {
            world.peer.says[j] = hostile->says;
        }
        world.peer.is_dripping = is_dripping;
        world.peer.is_closing = hostile->is_closing;
        int code = end_of_open();
        if (code != hostile->code || world.party.opened != (hostile->is_opened ? 1 : 0)) {
            printf("    a broker that %s\n", hostile->sentence);
        }
        CHECK_STR_EQ(err_word(code), err_word(hostile->code));
        CHECK_INT_EQ(world.party.opened, hostile->is_opened ? 1 : 0);
        CHECK_INT_EQ(world.peer.connections, 1);
        world_close();
    }
}

static void case_every_hostile_broker(void)
{
    every_hostile(false);
}

static void case_every_hostile_broker_byte_by_byte(void)
{
    every_hostile(true);
}

static long status_kib(const char *key)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            kib = strtol(line + strlen(key), NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return kib;
}

static void case_five_bytes_take_no_memory(void)
{
    static const struct bytes attack = BYTES(GREETING "\x30\xff\xff\xff\x7f");
    world_open();
    world.peer.says[0] = (struct bytes){GREETING, sizeof GREETING - 1};
    (void)bus_party_open(&world.party, "node"); /* whatever a session takes is taken */
    world.party.bus.ops->close(world.party.bus.self);
    bus_pump_for(&world.party, 10);
    peer_drop(&world.peer);
    bus_pump_for(&world.party, 10);
    long resident = status_kib("VmHWM:");
    long mapped = status_kib("VmPeak:");
    for (int i = 0; i < 20; i++) {
        world.peer.connections = 0;
        world.peer.says[0] = attack;
        CHECK_INT_EQ(end_of_open(), ERR_OVERSIZE);
    }
    CHECK(resident > 0 && mapped > 0);
    CHECK(status_kib("VmHWM:") - resident < GROWTH_KIB_MAX);
    CHECK(status_kib("VmPeak:") - mapped < MAPPED_KIB_MAX);
    world_close();
}

/* A message that is too long for us is named by its topic, where that came and is one. */
static void case_topic_of_too_much(void)
{
    static const struct {
        struct bytes says;
        const char *said;
    } rows[] = {
        {BYTES(GREETING "\x30\xfd\xff\x05\x00\x03"
                        "a/b"
                        "x"),
         "98305 bytes on a/b (clear what it retains there), at most 98304"},
        {BYTES(GREETING "\x30\xfd\xff\x05\x00\x04"
                        "a/b"),
         "98305 bytes, at most 98304"},
        {BYTES(GREETING "\x30\xfd\xff\x05\x00\x03"
                        "a\nb"),
         "98305 bytes, at most 98304"},
        {BYTES(GREETING "\x30\xfd\xff\x05\x00"), "98305 bytes, at most 98304"},
        {BYTES(GREETING "\x40\xfd\xff\x05\x00\x03"
                        "a/b"),
         "98305 bytes, at most 98304"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        world_open();
        world.peer.says[0] = rows[i].says;
        CHECK_INT_EQ(end_of_open(), ERR_OVERSIZE);
        CHECK_CONTAINS(world.party.text, rows[i].said);
        world_close();
    }
}

static void case_words_of_a_refusal(void)
{
    world_open();
    world.peer.says[0] = (struct bytes)BYTES("\x20\x03\x00\x87\x00");
    CHECK_INT_EQ(end_of_open(), ERR_DENIED);
    CHECK_CONTAINS(world.party.text, "Not authorized");
    world_close();
}

/* The first connection says `first`; the second one must be 3.1.1 and is accepted. */
static void falls_back(struct bytes first, bool is_closing)
{
    world_open();
    world.peer.says[0] = first;
    world.peer.is_closing = is_closing && first.len == 0;
    CHECK_INT_EQ(bus_call_open(&world.party, "node", NULL, NULL), 0);
    for (int i = 0; i < 500 && world.peer.connections < 2; i++) {
        world_pump(NULL);
    }
    world.peer.is_closing = false;
    world.peer.says[1] = (struct bytes)BYTES(GREETING_4);
    (void)bus_pump_until(&world.party, &world.party.opened, 1);
    CHECK_INT_EQ(world.party.closed, 0);
    CHECK_INT_EQ(world.peer.levels[0], 5);
    CHECK_INT_EQ(world.peer.levels[1], 4);
    CHECK_INT_EQ(mosquitto_bus_protocol(world.bus), 4);
    world.party.bus.ops->close(world.party.bus.self);
    bus_pump_for(&world.party, 10);
    /* A broker's word is remembered; a connection that was cut is none. */
    bool is_word = first.len > 0;
    world.peer.says[2] = is_word ? (struct bytes)BYTES(GREETING_4) : (struct bytes)BYTES(GREETING);
    CHECK_INT_EQ(bus_call_open(&world.party, "node", NULL, NULL), 0);
    (void)bus_pump_until(&world.party, &world.party.opened, 2);
    CHECK_INT_EQ(world.peer.levels[2], is_word ? 4 : 5);
    world_close();
}

static void case_falls_back_to_3_1_1(void)
{
    falls_back((struct bytes)BYTES("\x20\x02\x00\x01"), false);
    falls_back((struct bytes)BYTES("\x20\x03\x00\x84\x00"), false);
    falls_back((struct bytes)BYTES("\x20\x02\x00\x84"), false);
    falls_back((struct bytes){NULL, 0}, true);
}

static void case_a_closed_door_is_no_version(void)
{
    world_open();
    world.peer.is_closing = true;
    CHECK_INT_EQ(end_of_open(), ERR_NETWORK);
    CHECK_INT_EQ(world.peer.connections, 2);
    CHECK_INT_EQ(world.peer.levels[1], 4);
    CHECK_INT_EQ(end_of_open(), ERR_NETWORK); /* 3.1.1 was a guess, and not a good one */
    CHECK_INT_EQ(world.peer.levels[2], 5);
    world_close();
    world_open();
    world.peer.says[0] = (struct bytes)BYTES(GREETING);
    world.peer.is_closing = true;
    CHECK_INT_EQ(end_of_open(), ERR_NETWORK);
    CHECK_INT_EQ(world.party.opened, 1);
    CHECK_INT_EQ(end_of_open(), ERR_NETWORK); /* it spoke 5 before: it is only restarting */
    CHECK_INT_EQ(world.peer.connections, 2);
    CHECK_INT_EQ(world.peer.levels[1], 5);
    world_close();
}

static void case_silence_after_connect(void)
{
    world_open();
    CHECK_INT_EQ(bus_call_open(&world.party, "node", NULL, NULL), 0);
    for (int i = 0; i < 500 && !world.peer.is_greeted; i++) {
        world_pump(NULL);
    }
    world.skew = SECONDS_MS(18);
    bus_pump_for(&world.party, 20);
    CHECK_INT_EQ(world.party.closed, 0);
    world.skew = SECONDS_MS(20);
    (void)bus_pump_until(&world.party, &world.party.closed, 1);
    CHECK_INT_EQ(world.party.code, ERR_TIMEOUT);
    CHECK_INT_EQ(world.party.opened, 0);
    CHECK_INT_EQ(world.peer.connections, 1);
    world_close();
}

static void case_a_half_open_link(void)
{
    world_open();
    world.peer.says[0] = (struct bytes)BYTES(GREETING);
    world.peer.answers_pings = true;
    (void)bus_party_open(&world.party, "node");
    world.party.bus.ops->pace(world.party.bus.self, 10);
    for (int i = 1; i <= 3; i++) {
        world.skew += SECONDS_MS(10);
        (void)bus_pump_until(&world.party, &world.peer.pings, i);
        bus_pump_for(&world.party, 20);
    }
    CHECK_INT_EQ(world.party.closed, 0);
    world.peer.answers_pings = false;
    world.skew += SECONDS_MS(10);
    (void)bus_pump_until(&world.party, &world.peer.pings, 4);
    CHECK_INT_EQ(world.party.closed, 0);
    world.skew += SECONDS_MS(10);
    (void)bus_pump_until(&world.party, &world.party.closed, 1);
    CHECK_INT_EQ(world.party.code, ERR_TIMEOUT);
    CHECK_CONTAINS(world.party.text, "ping");
    world_close();
}

/* A broker that goes on talking: it is heard out for two seconds, or until it closes. */
static void case_leaving_waits_for_the_broker(void)
{
    for (int is_prompt = 0; is_prompt < 2; is_prompt++) {
        world_open();
        world.peer.says[0] = (struct bytes)BYTES(GREETING);
        (void)bus_party_open(&world.party, "node");
        world.party.bus.ops->close(world.party.bus.self);
        bus_pump_for(&world.party, 20);
        CHECK_INT_EQ(world.peer.goodbyes, 1);
        (void)send(world.peer.fd, "\x30\x04\x00\x01tx", 6, MSG_NOSIGNAL);
        bus_pump_for(&world.party, 20);
        CHECK(world.stream.fd >= 0);
        if (is_prompt == 1) {
            peer_drop(&world.peer);
        } else {
            world.skew = SECONDS_MS(2);
        }
        for (int i = 0; i < 3000 && world.stream.fd >= 0; i++) {
            world_pump(NULL);
        }
        CHECK(world.stream.fd < 0);
        CHECK_INT_EQ(world.party.closed + world.party.received, 0);
        world_close();
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"every hostile broker", case_every_hostile_broker},
        {"every hostile broker, byte by byte", case_every_hostile_broker_byte_by_byte},
        {"five bytes take no memory", case_five_bytes_take_no_memory},
        {"the topic of too much", case_topic_of_too_much},
        {"words of a refusal", case_words_of_a_refusal},
        {"falls back to 3.1.1", case_falls_back_to_3_1_1},
        {"a closed door is no version", case_a_closed_door_is_no_version},
        {"silence after CONNECT", case_silence_after_connect},
        {"a half-open link", case_a_half_open_link},
        {"leaving waits for the broker", case_leaving_waits_for_the_broker},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
