/* normal_options: volumes with options, devices that a driver finds: as the payload has them. */
#include "ports/app/berth/compose/normal.h"

#include "tests/unit/berth/compose/normal_desk.h"

#define NFS "driver_opts: {type: nfs, o: 'addr=10.0.0.1,rw', device: ':/x'}"

/* A volume that is mounted from elsewhere is named after what is mounted. */
static void case_options(void)
{
    check_key("volumes: ['d:/d']\nvolumes: {d: {driver: local, " NFS "}}",
              "{\"type\":\"volume\",\"source\":\"d-a0f919f6\",\"target\":\"/d\"}");
    check_key("volumes: ['d:/d']\nvolumes: {d: {" NFS "}}",
              ",\"volumes\":{\"d-a0f919f6\":{\"driver_opts\":{\"type\":\"nfs\","
              "\"o\":\"addr=10.0.0.1,rw\",\"device\":\":/x\"}}}");
    check_key("volumes: ['d:/d']\nvolumes: {d: {driver_opts: {device: ':/x', "
              "o: 'addr=10.0.0.1,rw', type: nfs}}}",
              "\"d-a0f919f6\"");
    check_key("volumes: ['d:/d']\nvolumes: {d: {name: shop_d, " NFS "}}", "\"d-a0f919f6\"");
    check_key("volumes: ['d:/d']\nvolumes: {d: {name: nas, " NFS "}}",
              ",\"volumes\":{\"d\":{\"name\":\"nas\",\"driver_opts\":{");
    check_key("volumes: ['d:/d']\nvolumes: {d: {driver_opts: {size: 5}}}", "{\"size\":\"5\"}");
    check_gone("volumes: ['d:/d']\nvolumes: {d: {driver_opts: {}}}", "driver_opts");
    check_gone("volumes: ['e:/d']\nvolumes: {e: {}, d: {" NFS "}}", "driver_opts");
    check_noted("volumes: ['d:/d']\nvolumes: {d: {" NFS "}}", "volumes.d.driver_opts",
                "power host-paths");
    check_refused("volumes: ['d:/d']\nvolumes: {d: {driver_opts: [type=nfs]}}",
                  "volumes.d.driver_opts", "must be a map");
    check_refused("volumes: ['d:/d']\nvolumes: {d: {external: true, " NFS "}}", "volumes.d",
                  "conflict");
    check_refused("volumes: ['d:/d']\nvolumes: {d: {driver_opts: {type: cifs, device: //nas/x, "
                  "o: 'username=u,password=kugel4blitz'}}}",
                  "volumes.d.driver_opts.o", "password looks like a secret");
    check_key("volumes: ['d:/d']\nvolumes: {d: {driver_opts: {type: none, o: bind, "
              "device: /srv}}}",
              "\"device\":\"/srv\"");
    check_refused("volumes: ['d:/d']\nvolumes: {d: {driver_opts: {type: none, o: bind, "
                  "device: ./x}}}",
                  "volumes.d.driver_opts.device", "folder of this machine");
}

#define DEVICES(text) "deploy: {resources: {reservations: {devices: " text "}}}"
#define RESERVED      "services.web.deploy.resources.reservations.devices"

static void case_reserved(void)
{
    check_key(DEVICES("[{driver: nvidia, count: all, capabilities: [gpu]}]"),
              "\"reservations\":{\"devices\":[{\"capabilities\":[\"gpu\"],\"count\":-1,"
              "\"driver\":\"nvidia\"}]}");
    check_key(DEVICES("[{count: '2', capabilities: [gpu, utility]}]"),
              "[{\"capabilities\":[\"gpu\",\"utility\"],\"count\":2}]");
    check_key(DEVICES("[{count: -1, capabilities: [gpu]}]"), "\"count\":-1");
    check_key(DEVICES("[{capabilities: [gpu]}]"), "\"count\":-1");
    check_key(DEVICES("[{device_ids: ['0', 3], capabilities: [tpu], options: {a: 1}}]"),
              "[{\"capabilities\":[\"tpu\"],\"device_ids\":[\"0\",\"3\"],"
              "\"options\":{\"a\":\"1\"}}]");
    check_key("gpus: all", "\"devices\":[{\"capabilities\":[\"gpu\"],\"count\":-1}]");
    check_key("gpus: [{driver: amd, count: 1, capabilities: [x]}]",
              "[{\"capabilities\":[\"x\",\"gpu\"],\"count\":1,\"driver\":\"amd\"}]");
    check_key("gpus: all\n    mem_reservation: 8m\n    " DEVICES("[{capabilities: [tpu]}]"),
              "\"reservations\":{\"memory\":\"8388608\",\"devices\":[{\"capabilities\":"
              "[\"tpu\"],\"count\":-1},{\"capabilities\":[\"gpu\"],\"count\":-1}]}");
    check_gone("gpus: []", "devices");
    check_gone(DEVICES("null"), "reservations");
    check_noted("gpus: all", "services.web.gpus", "does not start");
    check_noted(DEVICES("[{capabilities: [gpu]}]"), RESERVED, "power devices");
    check_refused("gpus: some", "services.web.gpus", "must be a list");
    check_refused("gpus: [gpu]", "services.web.gpus[0]", "must be a map");
    check_refused(DEVICES("[{driver: x}]"), RESERVED "[0].capabilities", "no capability");
    check_refused(DEVICES("[{count: 0, capabilities: [gpu]}]"), RESERVED "[0].count", "from 1");
    check_refused(DEVICES("[{count: 1, device_ids: [a], capabilities: [gpu]}]"),
                  RESERVED "[0].count", "conflicts with device_ids");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"options", case_options},
                                              {"reserved", case_reserved}};
    return desk_run(cases, COUNT_OF(cases), argc, argv);
}
