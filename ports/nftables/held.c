/* held: lines of hexadecimal, addresses in words of this machine's byte order. */
#include "ports/nftables/held.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/base/text.h"

#define STATE_LISTEN 0x0au /* TCP_LISTEN of the kernel */
#define STATE_BOUND  0x07u /* TCP_CLOSE: a datagram socket without a peer */

/* Reads exactly `digits` hexadecimal digits at *at and moves it past them. */
static bool hex_take(struct span line, size_t *at, size_t digits, uint32_t *value)
{
    *value = 0;
    if (line.len < digits || *at > line.len - digits) {
        return false;
    }
    for (size_t end = *at + digits; *at < end; (*at)++) {
        uint8_t c = line.data[*at];
        unsigned digit;
        if (c >= '0' && c <= '9') {
            digit = c - (unsigned)'0';
        } else if (c >= 'A' && c <= 'F') {
            digit = c - (unsigned)'A' + 10u;
        } else {
            return false;
        }
        *value = *value << 4 | digit;
    }
    return true;
}

static bool char_take(struct span line, size_t *at, char c)
{
    if (*at >= line.len || line.data[*at] != (uint8_t)c) {
        return false;
    }
    (*at)++;
    return true;
}

/* "ADDRESS:PORT"; words[] in the order of the address, host byte order. */
static bool socket_take(struct span line, size_t *at, size_t word_count, uint32_t words[4],
                        uint32_t *port)
{
    for (size_t i = 0; i < word_count; i++) {
        if (!hex_take(line, at, 8, &words[i])) {
            return false;
        }
        words[i] = ntohl(words[i]);
    }
    return char_take(line, at, ':') && hex_take(line, at, 4, port);
}

bool held_line(struct span line, bool is_v6, enum route_protocol protocol, ipv4 host_ip,
               uint16_t port)
{
    size_t word_count = is_v6 ? 4 : 1;
    uint32_t words[4] = {0};
    uint32_t peer[4];
    uint32_t line_port;
    uint32_t peer_port;
    uint32_t state;
    const uint8_t *colon = line.len == 0 ? NULL : memchr(line.data, ':', line.len);
    size_t at = colon == NULL ? line.len : (size_t)(colon - line.data) + 1;
    if (!char_take(line, &at, ' ') || !socket_take(line, &at, word_count, words, &line_port) ||
        !char_take(line, &at, ' ') || !socket_take(line, &at, word_count, peer, &peer_port) ||
        !char_take(line, &at, ' ') || !hex_take(line, &at, 2, &state)) {
        return false;
    }
    if (line_port != port || state != (protocol == ROUTE_TCP ? STATE_LISTEN : STATE_BOUND)) {
        return false;
    }
    bool is_any = words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == 0;
    if (is_any) {
        return true;
    }
    if (is_v6 && (words[0] != 0 || words[1] != 0 || words[2] != 0xffffu)) {
        return false;
    }
    ipv4 address = is_v6 ? words[3] : words[0];
    return host_ip == 0 || address == 0 || address == host_ip;
}

bool held_endpoint(struct span line, uint16_t port)
{
    char text[160];
    unsigned state = 0;
    unsigned held = 0;
    text_shorten(text, sizeof text, line);
    return sscanf(text, "%*s %*s %*u %u %*u %u", &state, &held) == 2 && state == STATE_LISTEN &&
           held == port;
}

/* To ask for a socket loads the module where there is one: the container's first one would, too. */
static int sctp_find(uint16_t port, bool *held, struct err *err)
{
    char line[160];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (fd < 0) {
        return err_set(err, ERR_REQUIRES,
                       "this kernel has no SCTP (%s): load its module sctp, or publish TCP",
                       strerror(errno));
    }
    (void)close(fd);
    FILE *file = fopen("/proc/net/sctp/eps", "re");
    if (file == NULL) {
        return 0; /* of a network namespace that began before the module: no endpoint is there */
    }
    while (!*held && fgets(line, sizeof line, file) != NULL) {
        *held = held_endpoint(span_text(line), port);
    }
    (void)fclose(file);
    return 0;
}

static int table_find(const char *path, bool is_v6, enum route_protocol protocol, ipv4 host_ip,
                      uint16_t port, bool *held, struct err *err)
{
    char line[512];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        if (is_v6 && errno == ENOENT) { /* a kernel without IPv6 */
            return 0;
        }
        return err_set(err, ERR_IO, "open %s: %s", path, strerror(errno));
    }
    while (!*held && fgets(line, sizeof line, file) != NULL) {
        *held = held_line(span_text(line), is_v6, protocol, host_ip, port);
    }
    bool is_read = ferror(file) == 0;
    (void)fclose(file);
    return is_read ? 0 : err_set(err, ERR_IO, "%s cannot be read", path);
}

int held_find(enum route_protocol protocol, ipv4 host_ip, uint16_t port, bool *held,
              struct err *err)
{
    static const struct {
        const char *v4, *v6;
    } paths[] = {
        [ROUTE_TCP] = {"/proc/net/tcp", "/proc/net/tcp6"},
        [ROUTE_UDP] = {"/proc/net/udp", "/proc/net/udp6"},
    };
    bool found = false;
    if (protocol == ROUTE_SCTP) {
        *held = false;
        return sctp_find(port, held, err);
    }
    int rc = table_find(paths[protocol].v4, false, protocol, host_ip, port, &found, err);
    if (rc == 0 && !found) {
        rc = table_find(paths[protocol].v6, true, protocol, host_ip, port, &found, err);
    }
    if (rc == 0) {
        *held = found;
    }
    return rc;
}
