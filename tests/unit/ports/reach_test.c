/* reach_test: whose doing silence is: interfaces that are gone or down, and what the link has said.
 */
#include "ports/linux/reach.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "platform/base/units.h"
#include "tests/check.h"

/* The interfaces of the machine, as the C library would tell them. */
int __wrap_getifaddrs(struct ifaddrs **first);
void __wrap_freeifaddrs(struct ifaddrs *first);

struct interface {
    const char *name;
    ipv4 address, mask; /* mask 0: it has no IPv4 address */
    bool is_up;
};

static const struct interface *given;
static size_t given_count;
static bool is_refused;
static int lists_open;

int __wrap_getifaddrs(struct ifaddrs **first)
{
    static struct ifaddrs list[4];
    static struct sockaddr_in addresses[4], masks[4];
    *first = NULL;
    if (is_refused) {
        return -1;
    }
    for (size_t i = given_count; i > 0; i--) {
        const struct interface *interface = &given[i - 1];
        addresses[i] = (struct sockaddr_in){.sin_family = AF_INET,
                                            .sin_addr.s_addr = htonl(interface->address)};
        masks[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(interface->mask)};
        list[i] = (struct ifaddrs){
            .ifa_next = *first,
            .ifa_name = (char *)(uintptr_t)interface->name,
            .ifa_flags = interface->is_up ? IFF_UP : 0,
            .ifa_addr = interface->mask != 0 ? (struct sockaddr *)&addresses[i] : NULL,
            .ifa_netmask = interface->mask != 0 ? (struct sockaddr *)&masks[i] : NULL,
        };
        *first = &list[i];
    }
    lists_open++;
    return 0;
}

void __wrap_freeifaddrs(struct ifaddrs *first)
{
    (void)first;
    lists_open--;
}

/* 203.0.113.0/24 is for documentation: no link of this machine has it in its table. */
#define NET  0xcb007100u
#define MASK 0xffffff00u

struct row {
    const char *what;
    struct interface interfaces[3];
    size_t count;
    ipv4 address;
    const char *why; /* NULL: it can be reached */
};

static void case_interfaces(void)
{
    static const struct row rows[] = {
        {"none at all", {{0}}, 0, NET + 7, "no interface has that network"},
        {"one of another network",
         {{"eth0", 0xc0000201u, MASK, true}},
         1,
         NET + 7,
         "no interface has that network"},
        {"one without an address", {{"tun0", 0, 0, true}}, 1, NET + 7, "no interface has that"},
        {"the right one", {{"br-a", NET + 1, MASK, true}}, 1, NET + 7, NULL},
        {"the right one, down", {{"br-a", NET + 1, MASK, false}}, 1, NET + 7, "br-a is down"},
        {"the right one behind others",
         {{"tun0", 0, 0, true}, {"eth0", 0xc0000201u, MASK, true}, {"br-a", NET + 1, MASK, true}},
         3,
         NET + 7,
         NULL},
        {"one down and one up of the same network",
         {{"br-a", NET + 1, MASK, false}, {"br-b", NET + 2, MASK, true}},
         2,
         NET + 7,
         NULL},
        {"one up, then one down",
         {{"br-b", NET + 2, MASK, true}, {"br-a", NET + 1, MASK, false}},
         2,
         NET + 7,
         NULL},
        {"the last address of the network", {{"br-a", NET + 1, MASK, true}}, 1, NET + 255, NULL},
        {"the first behind it", {{"br-a", NET + 1, MASK, true}}, 1, NET + 256, "no interface"},
        {"one address of its own", {{"lo", NET + 7, 0xffffffffu, true}}, 1, NET + 7, NULL},
        {"a long name",
         {{"an-interface-of-a-long-name", NET + 1, MASK, false}},
         1,
         NET + 7,
         "interface an-interface-of is down"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char why[REACH_WHY_BYTES] = "";
        given = rows[i].interfaces;
        given_count = rows[i].count;
        bool is_reached = linux_reach(rows[i].address, why) == 0;
        if (is_reached != (rows[i].why == NULL)) {
            printf("    %s: %s\n", rows[i].what, why);
        }
        CHECK_INT_EQ(is_reached, rows[i].why == NULL);
        if (rows[i].why != NULL) {
            CHECK_CONTAINS(why, rows[i].why);
        }
        CHECK_INT_EQ(lists_open, 0);
    }
}

/* What cannot be found out is not held against anybody. */
static void case_interfaces_unknown(void)
{
    char why[REACH_WHY_BYTES] = "";
    is_refused = true;
    CHECK_INT_EQ(linux_reach(NET + 7, why), 0);
    is_refused = false;
}

static void case_neighbours(void)
{
    static const char table[] =
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "203.0.113.7      0x1         0x2         02:42:cb:00:71:07     *        br-a\n"
        "203.0.113.8      0x1         0x0         00:00:00:00:00:00     *        br-a\n"
        "203.0.113.9      0x1         0x6         02:42:cb:00:71:09     *        br-a\n"
        "203.0.113.10     0x1         0x4         00:00:00:00:00:00     *        br-a\n"
        "not an address at all\n"
        "203.0.113.300    0x1         0x0         00:00:00:00:00:00     *        br-a\n"
        "203.0.113.80     0x1         0x0         00:00:00:00:00:00     *        br-a";
    static const struct {
        ipv4 address;
        bool is_answered;
    } rows[] = {
        {NET + 7, true},   {NET + 8, false}, {NET + 9, true}, /* a permanent one */
        {NET + 10, false}, {NET + 11, true},                  /* never asked for */
        {NET + 80, true},                                     /* in a last line that was cut */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(reach_is_answered(table, rows[i].address), rows[i].is_answered);
    }
    CHECK(reach_is_answered("", NET + 7));
    CHECK(reach_is_answered("IP address HW type\n", NET + 7));
}

/* Cut anywhere a table is still one: no line that is not whole says that nobody has answered. */
static void case_neighbours_cut(void)
{
    static const char table[] = "head\n203.0.113.8      0x1         0x0         00:00\n";
    for (size_t len = 0; len < sizeof table; len++) {
        char cut[sizeof table];
        memcpy(cut, table, len);
        cut[len] = '\0';
        bool is_whole = len == sizeof table - 1;
        CHECK_INT_EQ(reach_is_answered(cut, NET + 8), !is_whole);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"interfaces", case_interfaces},
        {"interfaces that cannot be known", case_interfaces_unknown},
        {"neighbours", case_neighbours},
        {"neighbours, cut", case_neighbours_cut},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
