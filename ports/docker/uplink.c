/* Uplink: the kernel's routes, a line each, and a file an interface. */
#include "ports/docker/uplink.h"

#include <stdio.h>
#include <string.h>

#define ROUTE_UP      0x1u   /* RTF_UP */
#define ROUTE_REFUSES 0x200u /* RTF_REJECT */

bool uplink_line(struct span line, char name[UPLINK_NAME_BYTES])
{
    char words[160];
    unsigned destination = 0;
    unsigned mask = 0;
    unsigned flags = 0;
    if (line.len >= sizeof words) {
        return false;
    }
    memcpy(words, line.data, line.len);
    words[line.len] = '\0';
    if (sscanf(words, "%31s %8x %*8x %8x %*u %*u %*u %8x", name, &destination, &flags, &mask) !=
        4) {
        return false;
    }
    return destination == 0 && mask == 0 && (flags & (ROUTE_UP | ROUTE_REFUSES)) == ROUTE_UP &&
           strchr(name, '/') == NULL;
}

/* 0 where it cannot be read, or is none. */
static unsigned link_mtu(const char *links, const char *name)
{
    char path[256];
    unsigned mtu = 0;
    int len = snprintf(path, sizeof path, "%s/%s/mtu", links, name);
    FILE *file = len > 0 && (size_t)len < sizeof path ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return 0;
    }
    int count = fscanf(file, "%6u", &mtu);
    (void)fclose(file);
    return count == 1 && mtu >= UPLINK_MTU_MIN && mtu <= UPLINK_MTU_MAX ? mtu : 0;
}

unsigned uplink_mtu(const char *routes, const char *links)
{
    char line[256];
    unsigned smallest = 0;
    FILE *file = fopen(routes, "re");
    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        char name[UPLINK_NAME_BYTES];
        unsigned mtu = 0;
        if (uplink_line(span_of(line, strcspn(line, "\n")), name)) {
            mtu = link_mtu(links, name);
        }
        if (mtu != 0 && (smallest == 0 || mtu < smallest)) {
            smallest = mtu;
        }
    }
    (void)fclose(file);
    return smallest;
}
