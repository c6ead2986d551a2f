/* linux_reach: interfaces by getifaddrs(3), the link's answers by /proc/net/arp. */
#include "ports/linux/reach.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TABLE_BYTES = 65536,
    ENTRY_COMPLETE = 0x2 /* ATF_COM: a hardware address is known */
};

static ipv4 address_of(const struct sockaddr *at)
{
    struct sockaddr_in in;
    memcpy(&in, at, sizeof in);
    return ntohl(in.sin_addr.s_addr);
}

/* 0 when an interface that is up has the address in its network, or nothing can be known. */
static int find_interface(ipv4 address, char why[REACH_WHY_BYTES])
{
    struct ifaddrs *first;
    bool is_up = false;
    int code = ERR_WIRING;
    if (getifaddrs(&first) != 0) {
        return 0;
    }
    (void)snprintf(why, REACH_WHY_BYTES, "no interface has that network");
    for (const struct ifaddrs *at = first; at != NULL && !is_up; at = at->ifa_next) {
        if (at->ifa_addr == NULL || at->ifa_netmask == NULL || at->ifa_addr->sa_family != AF_INET ||
            ((address_of(at->ifa_addr) ^ address) & address_of(at->ifa_netmask)) != 0) {
            continue;
        }
        is_up = (at->ifa_flags & IFF_UP) != 0;
        code = ERR_NETWORK;
        (void)snprintf(why, REACH_WHY_BYTES, "interface %.15s is down", at->ifa_name);
    }
    freeifaddrs(first);
    return is_up ? 0 : code;
}

/* Of a table that was cut the last line is no answer. */
bool reach_is_answered(const char *table, ipv4 address)
{
    const char *end = strchr(table, '\n'); /* the head's */
    while (end != NULL) {
        char text[INET_ADDRSTRLEN];
        unsigned flags;
        struct in_addr at;
        const char *line = end + 1;
        end = strchr(line, '\n');
        if (end != NULL && sscanf(line, "%15s %*s %x", text, &flags) == 2 &&
            inet_pton(AF_INET, text, &at) == 1 && ntohl(at.s_addr) == address) {
            return (flags & ENTRY_COMPLETE) != 0;
        }
    }
    return true;
}

static bool has_neighbour(ipv4 address, char why[REACH_WHY_BYTES])
{
    char *table = malloc(TABLE_BYTES);
    int fd = table != NULL ? open("/proc/net/arp", O_RDONLY | O_CLOEXEC) : -1;
    size_t len = 0;
    ssize_t got = 1;
    while (fd >= 0 && got > 0 && len < TABLE_BYTES - 1) {
        got = read(fd, table + len, TABLE_BYTES - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    bool is_answered = true;
    if (table != NULL) {
        table[len] = '\0';
        is_answered = reach_is_answered(table, address);
    }
    free(table);
    (void)snprintf(why, REACH_WHY_BYTES, "nobody has that address on the link");
    return is_answered;
}

int linux_reach(ipv4 address, char why[REACH_WHY_BYTES])
{
    int code = find_interface(address, why);
    return code != 0 ? code : has_neighbour(address, why) ? 0 : ERR_WIRING;
}
