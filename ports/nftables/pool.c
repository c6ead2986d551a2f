/* pool: the kernel's main table of routes, a line each, addresses in its own byte order. */
#include "ports/nftables/pool.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ports/nftables/ruleset.h"

#define ROUTES        "/proc/net/route"
#define ROUTE_REFUSES 0x200u /* RTF_REJECT */
#define PIECE_BITS    8u

static unsigned bits_of(uint32_t mask)
{
    return mask == 0 ? 0 : (unsigned)__builtin_popcount(mask);
}

bool pool_line(struct span line, ipv4 pool, unsigned pool_bits, struct text *route)
{
    char words[160];
    char link[32];
    unsigned destination = 0;
    unsigned mask = 0;
    unsigned flags = 0;
    if (line.len >= sizeof words) {
        return false;
    }
    memcpy(words, line.data, line.len);
    words[line.len] = '\0';
    if (sscanf(words, "%31s %8x %*8x %8x %*u %*u %*u %8x", link, &destination, &flags, &mask) !=
        4) {
        return false;
    }
    ipv4 net = ntohl(destination);
    uint32_t both = ntohl(mask) & UINT32_MAX << (32u - pool_bits);
    bool is_app = strncmp(link, "berth-", 6) == 0;
    if (is_app || (flags & ROUTE_REFUSES) != 0 || bits_of(mask) < PIECE_BITS ||
        ((net ^ pool) & both) != 0) {
        return false;
    }
    char address[RULESET_ADDRESS_BYTES];
    ruleset_render_address(net, address);
    text_printf(route, "%s/%u of %s", address, bits_of(mask), link);
    return true;
}

bool pool_find(ipv4 pool, unsigned pool_bits, struct text *route)
{
    char line[256];
    bool is_found = false;
    FILE *file = fopen(ROUTES, "re");
    if (file == NULL) {
        return false;
    }
    while (!is_found && fgets(line, sizeof line, file) != NULL) {
        is_found = pool_line(span_of(line, strcspn(line, "\n")), pool, pool_bits, route);
    }
    (void)fclose(file);
    return is_found;
}
