/* normal: each form of each key of a service as the payload has it, and what is refused or noted.
 */
#include "ports/app/berth/compose/normal.h"

#include "tests/unit/berth/compose/normal_desk.h"

static void case_process(void)
{
    check_key("command: a 'b c' \"d \\\" e\" f\\ g",
              "\"command\":[\"a\",\"b c\",\"d \\\" e\",\"f g\"]");
    check_key("command: [1, 'x', '']", "\"command\":[\"1\",\"x\",\"\"]");
    check_key("command: []", "\"command\":[]");
    check_key("command: \"\"", "\"command\":[]");
    check_gone("command:", "command");
    check_gone("entrypoint:", "entrypoint");
    check_gone("entrypoint: null", "entrypoint");
    check_gone("entrypoint: ~", "entrypoint");
    check_key("entrypoint: []", "\"entrypoint\":[]");
    check_key("entrypoint: sh -c \"a && b\"", "\"entrypoint\":[\"sh\",\"-c\",\"a && b\"]");
    check_key("entrypoint: '''a b'' \"\" c'", "\"entrypoint\":[\"a b\",\"\",\"c\"]");
    check_refused("command: a 'b", "services.web.command", "no shell");
    check_refused("command: a && b", "services.web.command", "no shell");
    check_refused("command: {a: b}", "services.web.command", "must not be a map");
    check_refused("command: [a, [b]]", "services.web.command[1]", "single value");
    check_key("user: 1000", "\"user\":\"1000\"");
    check_gone("user: ''", "user");
    check_key("init: 'true'", "\"init\":true");
    check_key("tty: yes", "\"tty\":true");
    check_key("stdin_open: false", "\"stdin_open\":false");
    check_refused("init: perhaps", "services.web.init", "neither true nor false");
    check_key("working_dir: /a", "\"working_dir\":\"/a\"");
    check_refused("working_dir: a", "services.web.working_dir", "absolute");
    check_key("hostname: gw-1", "\"hostname\":\"gw-1\"");
    check_refused("hostname: gw_1", "services.web.hostname", "no host name");
    check_key("stop_signal: SIGINT", "\"stop_signal\":\"SIGINT\"");
    check_key("stop_signal: int", "\"stop_signal\":\"SIGINT\"");
    check_key("stop_signal: 2", "\"stop_signal\":\"SIGINT\"");
    check_refused("stop_signal: 'STOP IT'", "services.web.stop_signal", "no signal");
    check_key("stop_grace_period: 1.5s", "\"stop_grace_period\":\"1s500ms\"");
    check_key("stop_grace_period: 1m30s", "\"stop_grace_period\":\"1m30s\"");
    check_key("stop_grace_period: 90s", "\"stop_grace_period\":\"1m30s\"");
    check_refused("stop_grace_period: 10", "services.web.stop_grace_period", "no duration");
    check_refused("stop_grace_period: 2h", "services.web.stop_grace_period", "between");
    check_key("platform: linux/arm/v7", "\"platform\":\"linux/arm/v7\"");
    check_refused("platform: windows/amd64", "services.web.platform", "Linux");
    check_gone("restart: always", "restart");
    check_noted("restart: always", "services.web.restart", "is what the node does");
    check_noted("restart: 'no'", "services.web.restart", "is not followed");
    check_noted("restart: on-failure:3", "services.web.restart", "without a limit");
    check_refused("restart: sometimes", "services.web.restart", "no restart policy");
    check_noted("build: .", "services.web.build", "must have been built");
}

static void case_pairs(void)
{
    check_key(
        "environment: {A: 1, B: true, C: '', D: a$b, E: 1.10}",
        "\"environment\":{\"A\":\"1\",\"B\":\"true\",\"C\":\"\",\"D\":\"a$b\",\"E\":\"1.1\"}");
    check_key("environment: [A=1, B=x=y, 'C=']",
              "\"environment\":{\"A\":\"1\",\"B\":\"x=y\",\"C\":\"\"}");
    check_key("environment: [A=1, A=2]", "\"environment\":{\"A\":\"2\"}");
    check_key("environment: {A: , B: 1}", "\"environment\":{\"B\":\"1\"}");
    check_noted("environment: {A: null}", "services.web.environment.A", "left out");
    check_noted("environment: [A]", "services.web.environment[0]", "left out");
    check_key("environment: [A=$(node.name)]", "\"environment\":{\"A\":\"$(node.name)\"}");
    check_refused("environment: [=a]", "services.web.environment[0]", "must not be empty");
    check_refused("environment: {A: [b]}", "services.web.environment.A", "single value");
    check_refused("environment: word", "services.web.environment", "map or a list");
    check_key("labels: [a=b, c]", "\"labels\":{\"a\":\"b\",\"c\":\"\"}");
    check_key("labels: {a: 1, c: }", "\"labels\":{\"a\":\"1\",\"c\":\"\"}");
    check_refused("labels: {io.berth.app: x}", "services.web.labels.io.berth.app", "own");
    check_key("annotations: [a=b]", "\"annotations\":{\"a\":\"b\"}");
    check_key("sysctls: [net.core.somaxconn=1024]",
              "\"sysctls\":{\"net.core.somaxconn\":\"1024\"}");
    check_key("sysctls: {net.core.somaxconn: 1024}",
              "\"sysctls\":{\"net.core.somaxconn\":\"1024\"}");
    check_refused("sysctls: [net.core.somaxconn]", "services.web.sysctls[0]", "needs a value");
    check_key("extra_hosts: {db: 10.0.0.1}", "\"extra_hosts\":[\"db:10.0.0.1\"]");
    check_key("extra_hosts: [db=10.0.0.1, 'e:host-gateway']",
              "\"extra_hosts\":[\"db:10.0.0.1\",\"e:host-gateway\"]");
    check_key("extra_hosts: ['db:::1', 'e=[::2]']", "\"extra_hosts\":[\"db:::1\",\"e:::2\"]");
    check_key("extra_hosts: {db: [10.0.0.1, 10.0.0.2]}",
              "\"extra_hosts\":[\"db:10.0.0.1\",\"db:10.0.0.2\"]");
    check_refused("extra_hosts: [db]", "services.web.extra_hosts[0]", "no address");
    check_key("logging: {driver: local, options: {max-file: 3}}",
              "\"logging\":{\"driver\":\"local\",\"options\":{\"max-file\":\"3\"}}");
    check_key("logging: {options: {max-size: 10m}}",
              "\"logging\":{\"options\":{\"max-size\":\"10m\"}}");
}

static void case_lists(void)
{
    check_key("cap_drop: [all]", "\"cap_drop\":[\"ALL\"]");
    check_key("cap_add: [net_admin, SYS_TIME]", "\"cap_add\":[\"NET_ADMIN\",\"SYS_TIME\"]");
    check_refused("cap_add: ['NET ADMIN']", "services.web.cap_add[0]", "no capability");
    check_key("tmpfs: /run", "\"tmpfs\":[\"/run\"]");
    check_key("tmpfs: ['/run:size=64m']", "\"tmpfs\":[\"/run:size=64m\"]");
    check_refused("tmpfs: run", "services.web.tmpfs", "absolute");
    check_key("group_add: [1000, dialout]", "\"group_add\":[\"1000\",\"dialout\"]");
    check_key("dns: 1.1.1.1", "\"dns\":[\"1.1.1.1\"]");
    check_key("dns: ['1.1.1.1', '2606:4700::1111']", "\"dns\":[\"1.1.1.1\",\"2606:4700::1111\"]");
    check_refused("dns: one", "services.web.dns", "by address");
    check_key("security_opt: [no-new-privileges, 'label:disable', seccomp=unconfined]",
              "[\"no-new-privileges:true\",\"label=disable\",\"seccomp=unconfined\"]");
    check_key("security_opt: ['no-new-privileges=true', 'apparmor:unconfined']",
              "[\"no-new-privileges:true\",\"apparmor=unconfined\"]");
    check_refused("security_opt: ['seccomp:./p.json']", "services.web.security_opt[0]", "profile");
    check_key("devices: [/dev/ttyS0]", "\"devices\":[\"/dev/ttyS0:/dev/ttyS0:rwm\"]");
    check_key("devices: ['/dev/a:/dev/b', '/dev/a:rw', '/dev/c:/dev/d:r']",
              "[\"/dev/a:/dev/b:rwm\",\"/dev/a:/dev/a:rw\",\"/dev/c:/dev/d:r\"]");
    check_key("devices: [{source: /dev/a, target: /dev/b, permissions: rw}, {source: /dev/c}]",
              "[\"/dev/a:/dev/b:rw\",\"/dev/c:/dev/c:rwm\"]");
    check_refused("devices: [vendor.com/gpu=0]", "services.web.devices[0]", "CDI");
    check_refused("devices: [ttyS0]", "services.web.devices[0]", "absolute");
    check_key("ipc: host", "\"ipc\":\"host\"");
    check_refused("ipc: 'service:db'", "services.web.ipc", "cannot be joined");
    check_refused("pid: 'container:db'", "services.web.pid", "cannot be joined");
    check_refused("uts: nothing", "services.web.uts", "not known");
    check_gone("pid: ''", "pid");
}

static void case_ports(void)
{
    check_key("ports: ['8080:80']", "\"ports\":[{\"target\":80,\"published\":8080}]");
    check_key("ports: ['127.0.0.1:53:54/udp']", "{\"target\":54,\"published\":53,"
                                                "\"host_ip\":\"127.0.0.1\",\"protocol\":\"udp\"}");
    check_key("ports: ['0.0.0.0:80:80/TCP']", "[{\"target\":80,\"published\":80}]");
    check_key("ports: ['9-11:19-21/sctp']", "{\"target\":20,\"published\":10,\"protocol\":\"sctp\"}"
                                            ",{\"target\":21,\"published\":11,");
    check_key("ports: [{target: 80, published: '8080', protocol: tcp, mode: ingress}]",
              "[{\"target\":80,\"published\":8080}]");
    check_key("ports: [{target: 80, published: 8080-8090}]",
              "[{\"target\":80,\"published\":8080}]");
    check_noted("ports: ['8080-8081:80']", "services.web.ports[0]", "the first is taken");
    check_noted("ports: ['8080-8090:80']", "services.web.ports[0]", "the first is taken");
    check_noted("ports: [{target: 80, published: 80, mode: host}]", "services.web.ports[0]",
                "mode host");
    check_key("ports: ['80:80', '[::]:80:80']", "[{\"target\":80,\"published\":80}]");
    check_noted("ports: ['80:80', '[::]:80:80']", "services.web.ports[1]", "left out");
    check_refused("ports: ['[::1]:80:80']", "services.web.ports[0]", "IPv4 only");
    check_refused("ports: [80]", "services.web.ports[0]", "another one each time");
    check_refused("ports: ['127.0.0.1::80']", "services.web.ports[0]", "another one each time");
    check_refused("ports: ['80-82:90-91']", "services.web.ports[0]", "3 ports of the node");
    check_refused("ports: ['${PORT}:80']", "services.web.ports[0]", "is no port");
    check_refused("ports: ['70000:80']", "services.web.ports[0]", "is no port");
    check_refused("ports: ['80:80/icmp']", "services.web.ports[0]", "no protocol");
    check_refused("ports: ['gateway:80:80']", "services.web.ports[0]", "no IPv4 address");
    check_refused("ports: ['100-116:100-116']", "services.web.ports", "17 ports");
    check_key("ports: ['100-115:100-115']", "\"published\":115");
    check_refused("ports: {a: b}", "services.web.ports", "must be a list");
    check_refused("ports: [{published: 80}]", "services.web.ports[0]", "is no port");
    check_gone("ports: ['80:80']\n    network_mode: host", "ports");
    check_noted("ports: ['80:80']\n    network_mode: host", "services.web.ports", "no effect");
}

static void case_networks(void)
{
    check_key("network_mode: host", "\"network_mode\":\"host\"");
    check_key("network_mode: none", "\"network_mode\":\"none\"");
    check_gone("network_mode: bridge", "network_mode");
    check_noted("network_mode: bridge", "services.web.network_mode", "one bridge network");
    check_refused("network_mode: service:db", "services.web.network_mode", "cannot be shared");
    check_refused("network_mode: container:db", "services.web.network_mode", "cannot be shared");
    check_refused("network_mode: host\n    networks: [default]", "services.web.network_mode",
                  "exclude");
    check_gone("networks: {default: null}", "networks");
    check_refused("networks: [back]", "services.web.networks", "no network back");
    check_noted("networks: [a, b]\nnetworks: {a: , b: }", "services.web.networks", "app's one");
    check_key("container_name: shop_web", "\"names\":[\"shop_web\"]");
    check_key("networks: {default: {aliases: [w, web, www]}}", "\"names\":[\"w\",\"www\"]");
    check_noted("links: ['db:database']\n  db: {image: db}", "services.web.links", "whole app");
    check_refused("links: db", "services.web.links", "must be a list");
    check_key("init: true\n  other: {image: o, links: ['web:shop', 'webbing:no']}",
              "\"names\":[\"shop\"]");
    check_refused("depends_on: {db: {condition: well}}\n  db: {image: db}",
                  "services.web.depends_on", "no condition");
    check_gone("depends_on: {db: {condition: service_started, required: false}}", "depends_on");
    check_gone("expose: [80, 90-95]", "expose");
}

static void case_volumes(void)
{
    check_key("volumes: ['/a:/b:ro', 'd:/d']",
              "[{\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/b\",\"read_only\":true,"
              "\"bind\":{\"create_host_path\":true}},"
              "{\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\"}]");
    check_key("volumes: [{type: volume, source: d, target: /d, read_only: true}]",
              "[{\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\",\"read_only\":true}]");
    check_key("volumes: ['d:/d:nocopy,ro']", "\"read_only\":true,\"volume\":{\"nocopy\":true}}");
    check_key("volumes: ['/a:/b:ro,z,rslave']",
              "\"bind\":{\"propagation\":\"rslave\",\"create_host_path\":true,\"selinux\":\"z\"}");
    check_key("volumes: [{type: bind, source: /a, target: /b}]",
              "\"target\":\"/b\",\"bind\":{\"create_host_path\":true}}");
    check_key("volumes: [{type: bind, source: /a, target: /b, bind: {create_host_path: false}}]",
              "{\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/b\"}");
    check_key("volumes: ['/:/host:ro,rslave']",
              "{\"type\":\"bind\",\"source\":\"/\",\"target\":\"/host\",\"read_only\":true,"
              "\"bind\":{\"propagation\":\"rslave\"}}");
    check_key("volumes: [{type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 01777}}]",
              "{\"type\":\"tmpfs\",\"target\":\"/t\",\"tmpfs\":{\"size\":67108864,\"mode\":1023}}");
    check_key("volumes: ['./a/b:/b']", "{\"type\":\"volume\",\"source\":\"dir-a-b\"");
    check_key("volumes: ['../a:/b']", "{\"type\":\"volume\",\"source\":\"dir-");
    check_noted("volumes: ['./a:/b']", "services.web.volumes[0]", "becomes the volume dir-a");
    check_noted("volumes: [/data]", "services.web.volumes[0]", "has no name");
    check_key("volumes: [/data]", "\"source\":\"image-bd47413b5c03\",\"target\":\"/data\"");
    check_refused("volumes: ['~/a:/b']", "services.web.volumes[0]", "home");
    check_refused("volumes: ['${DATA}:/b']", "services.web.volumes[0]", "no name of a volume");
    check_refused("volumes: ['a:b']", "services.web.volumes[0]", "must be absolute");
    check_refused("volumes: ['a:/b:rx']", "services.web.volumes[0]", "no option");
    check_refused("volumes: ['/a:/']", "services.web.volumes[0]", "must be absolute, below /");
    check_refused("volumes: ['/a/../b:/b']", "services.web.volumes[0]", "cannot be mounted");
    check_refused("volumes: [{type: npipe, source: a, target: /b}]", "services.web.volumes[0]",
                  "npipe");
    check_refused("volumes: [{type: image, source: a, target: /b}]", "services.web.volumes[0]",
                  "image");
    check_key("volumes: ['d:/d']\nvolumes: {d: {name: exact}, e: {name: other}}",
              ",\"volumes\":{\"d\":{\"name\":\"exact\"}}}");
    check_key("volumes: ['d:/d']\nvolumes: {d: {external: true}}",
              ",\"volumes\":{\"d\":{\"external\":true}}}");
    check_key("volumes: ['d:/d']\nvolumes: {d: {name: shop_d}}", "\"target\":\"/d\"}]");
    check_key("secrets: [k, {source: m, target: m, mode: 0400}]", "\"secrets\":[\"k\",\"m\"]");
    check_refused("secrets: [{source: m, target: /etc/m}]", "services.web.secrets[0]",
                  "nowhere else");
    check_refused("secrets: [m]\nsecrets: {k: {file: ./k}}", "services.web.secrets[0]",
                  "no secret m");
}

static void case_health(void)
{
    check_key("healthcheck: {test: [CMD, /p, 8080]}",
              "\"healthcheck\":{\"test\":[\"CMD\",\"/p\",\"8080\"],\"interval\":\"30s\","
              "\"timeout\":\"30s\",\"retries\":3}");
    check_key("healthcheck: {test: a || exit 1, interval: 1.5s, timeout: 500ms, retries: 5, "
              "start_period: 1m, start_interval: 2s}",
              "{\"test\":[\"CMD-SHELL\",\"a || exit 1\"],\"interval\":\"1s500ms\","
              "\"timeout\":\"500ms\",\"retries\":5,\"start_period\":\"1m\","
              "\"start_interval\":\"2s\"}");
    check_key("healthcheck: {test: [CMD-SHELL, a b]}", "\"test\":[\"CMD-SHELL\",\"a b\"]");
    check_key("healthcheck: {test: [NONE]}", "\"healthcheck\":{\"disable\":true}");
    check_key("healthcheck: {disable: true, interval: 5s}", "\"healthcheck\":{\"disable\":true}");
    check_key("healthcheck: {test: [CMD, a], disable: true}", "\"healthcheck\":{\"disable\":true}");
    check_noted("healthcheck: {interval: 5s}", "services.web.healthcheck", "image's own");
    check_refused("healthcheck: {test: [a, b]}", "services.web.healthcheck.test", "begin with");
    check_refused("healthcheck: {test: [CMD]}", "services.web.healthcheck.test", "begin with");
    check_refused("healthcheck: {test: [CMD-SHELL, a, b]}", "services.web.healthcheck.test",
                  "begin with");
    check_refused("healthcheck: {test: [CMD, a], interval: 50ms}",
                  "services.web.healthcheck.interval", "at least");
    check_refused("healthcheck: {test: [CMD, a], timeout: 11m}", "services.web.healthcheck.timeout",
                  "between");
}

/* What the image says stands where the file says nothing, and volumes of it get names. */
static void case_image(void)
{
    char cmd[] = "CMD";
    char program[] = "/ok";
    char data[] = "/data/"; /* an image may say so */
    char log[] = "/log";
    char *test[] = {cmd, program};
    char *volumes[] = {data, log};
    const struct image_facts facts = {.volumes = {.list = volumes, .count = 2},
                                      .health = {.is_given = true,
                                                 .test = {.list = test, .count = 2},
                                                 .interval_ns = 5000000000,
                                                 .retries = 2}};
    struct world *world =
        world_new("services: {web: {image: web, tmpfs: ['/log:size=1m']}}", &facts);
    CHECK_CONTAINS(world->out, "\"healthcheck\":{\"test\":[\"CMD\",\"/ok\"],\"interval\":\"5s\","
                               "\"timeout\":\"30s\",\"retries\":2}");
    CHECK_CONTAINS(world->out, "\"volumes\":[{\"type\":\"volume\",\"source\":\"image-bd47413b5c03\""
                               ",\"target\":\"/data\"}]");
    CHECK_INT_EQ(findings_count(world->findings, FINDING_REFUSED), 0);
    CHECK_INT_EQ(findings_count(world->findings, FINDING_NOTE), 1);
    world_free(world);
    world = world_new("services: {web: {image: web, volumes: ['d:/data', './l:/log'], healthcheck: "
                      "{retries: 7}}}",
                      &facts);
    CHECK_CONTAINS(world->out, "\"test\":[\"CMD\",\"/ok\"],\"interval\":\"5s\",\"timeout\":\"30s\","
                               "\"retries\":7}");
    CHECK(strstr(world->out, "image-") == NULL);
    world_free(world);
    world = world_new("services: {web: {image: web, healthcheck: {disable: true}}}", &facts);
    CHECK_CONTAINS(world->out, "\"healthcheck\":{\"disable\":true}");
    world_free(world);
}

static void case_resources(void)
{
    check_key("mem_limit: 1.5G", "\"limits\":{\"memory\":\"1610612736\"}");
    check_key("deploy: {resources: {limits: {cpus: 0.50, memory: 64M, pids: 5}}}",
              "{\"cpus\":\"0.500\",\"memory\":\"67108864\",\"pids\":5}");
    check_key("cpus: 2\n    pids_limit: 9", "\"limits\":{\"cpus\":\"2.000\",\"pids\":9}");
    check_gone("cpus: 0\n    pids_limit: -1\n    mem_limit: 0", "limits");
    check_key("mem_limit: 512m\n    deploy: {resources: {limits: {memory: 536870912}}}",
              "\"memory\":\"536870912\"");
    check_refused("mem_limit: 512m\n    deploy: {resources: {limits: {memory: 1g}}}",
                  "services.web.mem_limit", "another value");
    check_refused("scale: 2\n    deploy: {replicas: 3}", "services.web.scale", "another value");
    check_key("scale: 2", "\"replicas\":2");
    check_refused("deploy: {replicas: 17}", "services.web.deploy.replicas", "from 1 to 16");
    check_refused("mem_limit: 1x", "services.web.mem_limit", "no size");
    check_refused("mem_limit: 1m", "services.web.mem_limit", "6 MiB");
    check_noted("cpus: 0.3333", "services.web.cpus", "rounded up to 0.334");
    check_key("mem_reservation: 8m", "\"reservations\":{\"memory\":\"8388608\"}");
    check_key("shm_size: 64m", "\"shm_size\":\"67108864\"");
    check_key("ulimits: {nofile: {soft: 10, hard: -1}, nproc: 9}",
              "{\"nofile\":{\"soft\":10,\"hard\":-1},\"nproc\":{\"soft\":9,\"hard\":9}}");
    check_refused("ulimits: {NoFile: 5}", "services.web.ulimits.NoFile", "no name");
    check_refused("ulimits: {nofile: {soft: 5}}", "services.web.ulimits.nofile", "soft and hard");
    check_key("cpu_shares: 512", "\"cpu_shares\":512");
    check_key("oom_kill_disable: false", "\"oom_kill_disable\":false");
    check_key("oom_score_adj: -500", "\"oom_score_adj\":-500");
    check_refused("mem_swappiness: 101", "services.web.mem_swappiness", "from 0 to 100");
    check_key("blkio_config: {weight: 300}", "\"blkio_config\":{\"weight\":300}");
    check_refused("memswap_limit: 1g", "services.web.memswap_limit", "limit of memory");
    check_key("memswap_limit: -1\n    mem_limit: 64m", "\"memswap_limit\":-1");
    check_refused("cpus: 1\n    cpu_quota: 50000", "services.web.cpus", "limit the same");
    check_key("deploy: {update_config: {order: stop-first}}",
              "\"update_config\":{\"order\":\"stop-first\"}");
    check_refused("deploy: {update_config: {order: first}}",
                  "services.web.deploy.update_config.order", "no order");
}

static void check_secret(const char *name, const char *value, bool is_secret)
{
    bool got = secret_reason(name, value) != NULL;
    if (got != is_secret) {
        printf("    %s=%s\n", name != NULL ? name : "", value);
    }
    CHECK_INT_EQ(got, is_secret);
}

static void case_secrets(void)
{
    static const char *const secret[] = {"DB_PASS",
                                         "MYSQL_ROOT_PASSWORD",
                                         "POSTGRES_PASSWORD",
                                         "API_TOKEN",
                                         "JWT_SECRET",
                                         "PASSWORD",
                                         "dbPassword",
                                         "ADMIN_PWD",
                                         "PASSWORD2",
                                         "TOKEN_OLD",
                                         "AWS_SECRET_ACCESS_KEY",
                                         "NETWORK_KEY",
                                         "APIKEY",
                                         "WIFI_PSK",
                                         "DBPASS",
                                         "INFLUXDB_TOKEN",
                                         "SECRET_KEY",
                                         "SECRET_KEY_BASE",
                                         "mqtt.password",
                                         "PASS"};
    static const char *const plain[] = {
        "TOKENIZER",   "PASSWORD_MIN_LENGTH", "TOKEN_URL",   "SECRET_NAME", "DB_PASSWORD_FILE",
        "PWD",         "PUBLIC_KEY",          "COMPASS",     "BYPASS",      "KEYBOARD",
        "TOKEN_TTL",   "PASSWORD_POLICY",     "KEY_ID",      "MONKEY",      "PASSENGERS",
        "AUTH_METHOD", "TOKENS_PER_MINUTE",   "PRIMARY_KEY", "TZ",          "AWS_ACCESS_KEY_ID"};
    for (size_t i = 0; i < COUNT_OF(secret); i++) {
        check_secret(secret[i], "geheim", true);
        check_secret(secret[i], "", false);
    }
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        check_secret(plain[i], "geheim", false);
    }
    check_secret("ALLOW_EMPTY_PASSWORD", "yes", false);
    check_secret("DB_PASS", "/run/secrets/db", false);
    check_secret("DB_PASS", "$(node.label.pass)", false);
    check_secret("URL", "postgres://app:geheim@db/app", true);
    check_secret("URL", "postgres://app@db/app", false);
    check_secret("URL", "http://db:80/?q=a@b", false);
    check_secret("CERT", "-----BEGIN EC PRIVATE KEY-----\nMHc", true);
    check_secret(NULL, "ghp_0123456789abcdef0123", true);
    check_refused("environment: {DB_PASS: geheim}", "services.web.environment.DB_PASS",
                  "looks like a secret");
    check_refused("environment: [DB_PASS=geheim]", "services.web.environment[0]", "secret");
    check_refused("command: [redis-server, --requirepass, geheim, --auth-token=x]",
                  "services.web.command[3]", "auth-token looks like a secret");
    check_refused("command: run --password geheim", "services.web.command", "password looks");
    check_gone("command: run --password", "x");
    check_key("environment: {DB_PASS: geheim}\n    x-berth: {plain: [DB_PASS]}",
              "\"DB_PASS\":\"geheim\"");
    check_key("environment: {DB_PASS: geheim}\nx-berth: {plain: [DB_PASS]}",
              "\"DB_PASS\":\"geheim\"");
    check_key("environment: {PASSWORD_MIN_LENGTH: 8, TZ: x}",
              "\"plain\":[\"PASSWORD_MIN_LENGTH\"]");
}

static void check_agent(const char *key, const char *agent)
{
    char yaml[4096];
    char member[64];
    service_file(key, yaml, sizeof yaml);
    struct world *world = world_new(yaml, NULL);
    (void)snprintf(member, sizeof member, "\"minAgent\":\"%s\"", agent != NULL ? agent : "");
    bool is_there = strstr(world->out, agent != NULL ? member : "minAgent") != NULL;
    if (is_there != (agent != NULL)) {
        printf("    %s: %s\n", key, world->out);
    }
    CHECK_INT_EQ(is_there, agent != NULL);
    world_free(world);
}

/* What the agent must be follows from what is written, not from what the file mentions. */
static void case_agent(void)
{
    static const char *const every[] = {
        "restart: always",
        "ports: ['80:80/udp']",
        "healthcheck: {test: [CMD, /ok]}",
        "mem_limit: 64m",
        "networks: {default: null}",
        "dns: []",
        "pid:",
        "environment: {A: b}",
        "volumes: ['d:/d', {type: bind, source: /a, target: /b, bind: {create_host_path: "
        "false}}]",
        "cap_drop: [all]",
        "volumes: ['d:/d']\nvolumes: {d: {name: shop_d}, e: {name: e}}",
        "annotations: {}"};
    static const char *const new[] = {"dns: 1.1.1.1",
                                      "container_name: x",
                                      "ports: ['80:80/sctp']",
                                      "healthcheck: {test: /ok}",
                                      "volumes: [{type: tmpfs, target: /t}]",
                                      "volumes: ['d:/d:nocopy']",
                                      "environment: {TOKEN_URL: x}",
                                      "extra_hosts: ['a=::1']",
                                      "mem_reservation: 8m",
                                      "volumes: ['d:/d']\nvolumes: {d: {name: exact}}",
                                      "networks: {default: {aliases: [w]}}",
                                      "volumes: ['/a:/b:ro']",
                                      "volumes: ['/:/host:ro']",
                                      "volumes: ['/a:/b:rslave']",
                                      "gpus: all",
                                      "volumes: ['d:/d']\nvolumes: {d: {driver_opts: {size: 5}}}",
                                      "annotations: [a=b]"};
    for (size_t i = 0; i < COUNT_OF(every); i++) {
        check_agent(every[i], NULL);
    }
    for (size_t i = 0; i < COUNT_OF(new); i++) {
        check_agent(new[i], BERTH_VERSION);
    }
    check_agent("init: true\nx-berth: {requires: {minAgent: 9.0.0, ram: 1m}}", "9.0.0");
    check_agent("dns: 1.1.1.1\nx-berth: {requires: {minAgent: 9.0.0}}", "9.0.0");
    check_agent("dns: 1.1.1.1\nx-berth: {requires: {minAgent: 0.0.1, ram: 1m}}", BERTH_VERSION);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"process", case_process}, {"pairs", case_pairs},       {"lists", case_lists},
        {"ports", case_ports},     {"networks", case_networks}, {"volumes", case_volumes},
        {"health", case_health},   {"image", case_image},       {"resources", case_resources},
        {"secrets", case_secrets}, {"agent", case_agent}};
    return desk_run(cases, COUNT_OF(cases), argc, argv);
}
