/* docker_render: what the engine is asked for, compared with texts written by hand. */
#include "ports/docker/render.h"

#include "platform/base/units.h"
#include "tests/check.h"

#define STRINGS(...)                                                                               \
    {                                                                                              \
        .items = (const char *const[]){__VA_ARGS__},                                               \
        .count = COUNT_OF(((const char *const[]){__VA_ARGS__}))                                    \
    }

static char data[RENDER_BYTES_MAX];

static const char *rendered(const struct engine_spec *spec)
{
    struct text text;
    text_init(&text, data, sizeof data);
    render_container(spec, &text);
    CHECK(!text.cut);
    return data;
}

static void the_least_container(void)
{
    struct engine_spec spec = {.name = "n", .image = "sha256:ab", .network = "host"};
    CHECK_STR_EQ(rendered(&spec),
                 "{\"Image\":\"sha256:ab\",\"Labels\":{\"io.berth.limits\":\"0 0 0 0 -1\"},"
                 "\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"no\"},\"NetworkMode\":\"host\"}}");
}

static void a_full_container(void)
{
    const struct engine_mount mounts[] = {
        {.source = "/srv/a", .target = "/a", .read_only = true},
        {.source = "data", .target = "/data", .is_volume = true},
    };
    const struct engine_device devices[] = {{"/dev/ttyS0", "/dev/serial", "rw"}};
    const struct engine_ulimit ulimits[] = {{"nofile", 1024, 2048}, {"core", 0, -1}};
    struct engine_spec spec = {
        .name = "berth-node-app-1-web-0",
        .image = "berth/app:1",
        .entrypoint = STRINGS("/bin/web"),
        .command = STRINGS("-p", "80"),
        .environment = STRINGS("A=1", "B=say \"x=y\"\n"),
        .labels = STRINGS("io.berth.node=node", "com.example.a=b=c", "bare"),
        .hosts = STRINGS("db:198.18.0.9"),
        .cap_add = STRINGS("NET_ADMIN"),
        .cap_drop = STRINGS("ALL"),
        .tmpfs = STRINGS("/run", "/tmp:size=1m,mode=1777"),
        .sysctls = STRINGS("net.core.somaxconn=1024"),
        .log_options = STRINGS("max-size=1m"),
        .group_add = STRINGS("20"),
        .mounts = mounts,
        .mount_count = COUNT_OF(mounts),
        .devices = devices,
        .device_count = COUNT_OF(devices),
        .ulimits = ulimits,
        .ulimit_count = COUNT_OF(ulimits),
        .user = "1000:1000",
        .working_dir = "/w",
        .hostname = "h",
        .log_driver = "json-file",
        .stop_signal = "SIGINT",
        .network = "berth-node-app",
        .address = 0xC6120102u,
        .stop_grace_ms = 10001,
        .memory_bytes = 67108864,
        .nano_cpus = 500000000,
        .shm_bytes = 1048576,
        .pids = 64,
        .privileged = true,
        .read_only = true,
        .init = true,
        .tty = true,
    };
    CHECK_STR_EQ(
        rendered(&spec),
        "{\"Image\":\"berth/app:1\",\"Hostname\":\"h\",\"User\":\"1000:1000\",\"WorkingDir\":\"/"
        "w\","
        "\"Tty\":true,\"Entrypoint\":[\"/bin/web\"],\"Cmd\":[\"-p\",\"80\"],"
        "\"Env\":[\"A=1\",\"B=say \\\"x=y\\\"\\u000a\"],"
        "\"Labels\":{\"io.berth.node\":\"node\",\"com.example.a\":\"b=c\",\"bare\":\"\","
        "\"io.berth.limits\":\"67108864 500000000 0 64 134217728\"},"
        "\"StopSignal\":\"SIGINT\",\"StopTimeout\":11,"
        "\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"no\"},\"NetworkMode\":\"berth-node-app\","
        "\"ExtraHosts\":[\"db:198.18.0.9\"],\"CapAdd\":[\"NET_ADMIN\"],\"CapDrop\":[\"ALL\"],"
        "\"GroupAdd\":[\"20\"],\"Tmpfs\":{\"/run\":\"\",\"/tmp\":\"size=1m,mode=1777\"},"
        "\"Sysctls\":{\"net.core.somaxconn\":\"1024\"},"
        "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/a\",\"Target\":\"/a\",\"ReadOnly\":true},"
        "{\"Type\":\"volume\",\"Source\":\"data\",\"Target\":\"/data\"}],"
        "\"Devices\":[{\"PathOnHost\":\"/dev/ttyS0\",\"PathInContainer\":\"/dev/serial\","
        "\"CgroupPermissions\":\"rw\"}],"
        "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":1024,\"Hard\":2048},"
        "{\"Name\":\"core\",\"Soft\":0,\"Hard\":-1}],"
        "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\"}},"
        "\"Memory\":67108864,\"NanoCpus\":500000000,\"ShmSize\":1048576,\"PidsLimit\":64,"
        "\"Privileged\":true,\"ReadonlyRootfs\":true,\"Init\":true},"
        "\"NetworkingConfig\":{\"EndpointsConfig\":{\"berth-node-app\":{\"IPAMConfig\":"
        "{\"IPv4Address\":\"198.18.1.2\"},\"MacAddress\":\"02:42:c6:12:01:02\"}}}}");
}

static void what_a_driver_finds_is_asked_for(void)
{
    const struct engine_reservation list[] = {
        {.driver = "nvidia", .count = -1, .capabilities = STRINGS("gpu", "utility")},
        {.ids = STRINGS("0", "GPU-5"), .capabilities = STRINGS("gpu"), .options = STRINGS("a=b")}};
    struct engine_spec spec = {
        .image = "i", .reservations = list, .reservation_count = COUNT_OF(list)};
    CHECK_CONTAINS(rendered(&spec),
                   "\"DeviceRequests\":[{\"Driver\":\"nvidia\",\"Count\":-1,"
                   "\"Capabilities\":[[\"gpu\",\"utility\"]]},{\"DeviceIDs\":[\"0\",\"GPU-5\"],"
                   "\"Capabilities\":[[\"gpu\"]],\"Options\":{\"a\":\"b\"}}]");
}

static void an_empty_list_clears_what_the_image_says(void)
{
    static const char *const none[] = {NULL};
    struct engine_spec spec = {.image = "i", .entrypoint = {.items = none, .count = 0}};
    CHECK_CONTAINS(rendered(&spec), "\"Entrypoint\":[]");
    CHECK(strstr(data, "Cmd") == NULL);
}

static void what_does_not_fit_is_cut(void)
{
    struct engine_spec spec = {.image = "berth/app:1", .network = "host"};
    struct text text;
    size_t whole = strlen(rendered(&spec));
    for (size_t cap = 1; cap <= whole; cap++) {
        text_init(&text, data, cap);
        render_container(&spec, &text);
        CHECK(text.cut);
    }
    text_init(&text, data, whole + 1);
    render_container(&spec, &text);
    CHECK(!text.cut);
}

static void a_network(void)
{
    struct engine_network network = {
        .name = "berth-node-app",
        .node = "node",
        .app = "app",
        .bridge = "br-app",
        .subnet = 0xC6120100u,
        .gateway = 0xC6120101u,
        .prefix_bits = 24,
    };
    struct text text;
    text_init(&text, data, sizeof data);
    render_network(&network, &text);
    CHECK_STR_EQ(data, "{\"Name\":\"berth-node-app\",\"CheckDuplicate\":true,\"Driver\":\"bridge\","
                       "\"IPAM\":{\"Driver\":\"default\",\"Config\":[{\"Subnet\":\"198.18.1.0/24\","
                       "\"Gateway\":\"198.18.1.1\"}]},"
                       "\"Options\":{\"com.docker.network.bridge.name\":\"br-app\"},"
                       "\"Labels\":{\"io.berth.node\":\"node\",\"io.berth.app\":\"app\"}}");
}

static void a_network_of_short_packets(void)
{
    struct engine_network network = {
        .name = "n", .node = "n", .app = "a", .bridge = "b", .mtu = 1428};
    struct text text;
    text_init(&text, data, sizeof data);
    render_network(&network, &text);
    CHECK_CONTAINS(data, "\"Options\":{\"com.docker.network.bridge.name\":\"b\","
                         "\"com.docker.network.driver.mtu\":\"1428\"}");
}

static void a_command(void)
{
    const char *const argv[] = {"/app", "probe", "a \"b\""};
    struct text text;
    text_init(&text, data, sizeof data);
    render_exec(argv, COUNT_OF(argv), &text);
    CHECK_STR_EQ(data, "{\"AttachStdout\":true,\"AttachStderr\":true,"
                       "\"Cmd\":[\"/app\",\"probe\",\"a \\\"b\\\"\"]}");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"the_least_container", the_least_container},
        {"a_full_container", a_full_container},
        {"what_a_driver_finds_is_asked_for", what_a_driver_finds_is_asked_for},
        {"an_empty_list_clears_what_the_image_says", an_empty_list_clears_what_the_image_says},
        {"what_does_not_fit_is_cut", what_does_not_fit_is_cut},
        {"a_network", a_network},
        {"a_network_of_short_packets", a_network_of_short_packets},
        {"a_command", a_command},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
