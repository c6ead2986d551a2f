/* watch: a netlink socket in the kernel's group of nftables. It costs nothing while nobody changes
 * anything. */
#include "ports/nftables/watch.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOOK           "DOCKER-USER"
#define DATAGRAM_BYTES 8192
/* Datagrams read in one turn; the rest wait, or are lost, which is told, too. */
#define DATAGRAMS_MAX 64

/* Of a table's, chain's, rule's, set's and element's messages (linux/netfilter/nf_tables.h): the
 * first attribute names the table, and of a rule the second, of a chain the third names the chain.
 */
enum { ATTRIBUTE_TABLE = 1, ATTRIBUTE_RULE_CHAIN = 2, ATTRIBUTE_CHAIN = 3 };

/* Messages and attributes begin at words. */
static size_t aligned(size_t len)
{
    return (len + 3u) & ~(size_t)3u;
}

static bool is_word(struct span value, const char *word)
{
    size_t len = strlen(word) + 1;
    return value.len == len && memcmp(value.data, word, len) == 0;
}

/* The attributes after the family's header. */
static bool attributes_read(struct span rest, const char *table)
{
    while (rest.len >= sizeof(struct nlattr)) {
        struct nlattr head;
        memcpy(&head, rest.data, sizeof head);
        if (head.nla_len < sizeof head || head.nla_len > rest.len) {
            return true;
        }
        struct span value = span_of(rest.data + sizeof head, head.nla_len - sizeof head);
        unsigned type = head.nla_type & (unsigned)NLA_TYPE_MASK;
        if ((type == ATTRIBUTE_TABLE && is_word(value, table)) ||
            ((type == ATTRIBUTE_RULE_CHAIN || type == ATTRIBUTE_CHAIN) && is_word(value, HOOK))) {
            return true;
        }
        size_t step = aligned(head.nla_len);
        rest = step >= rest.len ? span_of(NULL, 0) : span_of(rest.data + step, rest.len - step);
    }
    return false;
}

bool watch_read(struct span datagram, const char *table)
{
    while (datagram.len > 0) {
        struct nlmsghdr head;
        size_t skip = aligned(sizeof head) + aligned(sizeof(struct nfgenmsg));
        if (datagram.len < sizeof head) {
            return true;
        }
        memcpy(&head, datagram.data, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > datagram.len) {
            return true;
        }
        if (head.nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES && head.nlmsg_len >= skip &&
            attributes_read(span_of(datagram.data + skip, head.nlmsg_len - skip), table)) {
            return true;
        }
        size_t step = aligned(head.nlmsg_len);
        datagram = step >= datagram.len ? span_of(NULL, 0)
                                        : span_of(datagram.data + step, datagram.len - step);
    }
    return false;
}

static void on_said(void *ctx, int fd, unsigned events);

void watch_close(struct nftables_watch *watch)
{
    if (watch->fd_plus_one != 0) {
        int fd = watch->fd_plus_one - 1;
        (void)watch->loop.ops->watch(watch->loop.self, fd, 0, on_said, watch, NULL);
        (void)close(fd);
        watch->fd_plus_one = 0;
    }
}

/* True when something was said that may concern us. */
static bool said_take(struct nftables_watch *watch)
{
    _Alignas(struct nlmsghdr) uint8_t data[DATAGRAM_BYTES];
    bool is_reason = false;
    for (int i = 0; i < DATAGRAMS_MAX && watch->fd_plus_one != 0; i++) {
        ssize_t len = recv(watch->fd_plus_one - 1, data, sizeof data, MSG_TRUNC);
        if (len > 0) {
            is_reason = is_reason || (size_t)len > sizeof data ||
                        watch_read(span_of(data, (size_t)len), watch->table);
        } else if (len < 0 && errno == ENOBUFS) {
            is_reason = true; /* the kernel had more to say than room for it */
        } else if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        } else {
            watch_close(watch);
        }
    }
    return is_reason;
}

static void on_said(void *ctx, int fd, unsigned events)
{
    struct nftables_watch *watch = ctx;
    (void)fd;
    (void)events;
    bool is_reason = said_take(watch);
    if (is_reason && watch->is_busy) {
        watch->is_owed = true;
    } else if (is_reason && watch->hint != NULL) {
        watch->hint(watch->ctx);
    }
}

void watch_open(struct nftables_watch *watch)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = 1u << (NFNLGRP_NFTABLES - 1)};
    if (watch->fd_plus_one != 0 || watch->hint == NULL || watch->loop.ops == NULL) {
        return;
    }
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
    if (fd < 0) {
        return;
    }
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        watch->loop.ops->watch(watch->loop.self, fd, LOOP_READ, on_said, watch, NULL) != 0) {
        (void)close(fd);
        return;
    }
    watch->fd_plus_one = fd + 1;
}

void watch_hold(struct nftables_watch *watch)
{
    watch->is_busy = true;
}

void watch_settle(struct nftables_watch *watch, bool has_changed)
{
    bool is_reason = said_take(watch) || watch->is_owed;
    watch->is_busy = false;
    watch->is_owed = false;
    if (is_reason && !has_changed && watch->hint != NULL) {
        watch->hint(watch->ctx);
    }
}
