/* docker_uplink: routes and interfaces as files of a directory of our own. */
#include "ports/docker/uplink.h"

#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"

static char dir[] = "/tmp/berth-uplink-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void link_put(const char *name, const char *mtu)
{
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/mtu", name);
    put(path, mtu);
}

static unsigned mtu_of(const char *routes)
{
    char path[200];
    put("route", routes);
    (void)snprintf(path, sizeof path, "%s/route", dir);
    return uplink_mtu(path, dir);
}

#define HEAD           "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
#define BY(name)       name "\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
#define LAN(name)      name "\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
#define HALF(name)     name "\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
#define REFUSING(name) name "\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"
#define DOWN(name)     name "\t00000000\t00000000\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"

static void the_smallest_of_the_ways_out_counts(void)
{
    link_put("eth0", "1500\n");
    link_put("wwan0", "1428\n");
    link_put("wg0", "1280\n");
    link_put("odd0", "none\n");
    link_put("lo", "65536\n");
    static const struct {
        const char *routes;
        unsigned mtu;
    } rows[] = {
        {HEAD, 0},
        {HEAD BY("eth0"), 1500},
        {HEAD BY("eth0") BY("wwan0"), 1428},
        {HEAD BY("wwan0") BY("eth0"), 1428},
        {HEAD BY("eth0") LAN("wg0"), 1500},
        {HEAD BY("eth0") HALF("wg0"), 1500},
        {HEAD BY("eth0") REFUSING("wg0"), 1500},
        {HEAD BY("eth0") DOWN("wg0"), 1500},
        {HEAD BY("gone0"), 0},
        {HEAD BY("odd0"), 0},
        {HEAD BY("lo"), 0},
        {HEAD BY("odd0") BY("eth0"), 1500},
        {HEAD BY("../eth0"), 0},
        {"", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(mtu_of(rows[i].routes), rows[i].mtu);
    }
    CHECK_INT_EQ(uplink_mtu("/nowhere/route", dir), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"the_smallest_of_the_ways_out_counts", the_smallest_of_the_ways_out_counts}};
    char command[64];
    CHECK(mkdtemp(dir) != NULL);
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command) == 0 ? status : 1;
}
