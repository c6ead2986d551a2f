/* docker_keys: what of a release each key of Compose asks of the engine: one row a key, the text
 * compared with one written by hand after the Engine API. */
#include "ports/docker/render.h"

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

static char data[RENDER_BYTES_MAX];
static uint8_t memory[65536];

static const char *rendered(const struct sample *sample)
{
    struct engine_spec spec;
    struct arena arena;
    struct err err = {0};
    struct text text;
    arena_init(&arena, memory, sizeof memory);
    text_init(&text, data, sizeof data);
    if (sample_render(sample, &arena, &spec, &err) != 0) {
        return err.text[0] != '\0' ? strcpy(data, err.text) : "";
    }
    render_container(&spec, &text);
    CHECK(!text.cut);
    return data;
}

struct row {
    const char *key, *asked;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct sample bare = {0};
    for (size_t i = 0; i < count; i++) {
        struct sample sample = {.service = rows[i].key};
        int failures = check_failures_;
        CHECK_CONTAINS(rendered(&sample), rows[i].asked);
        CHECK(strstr(rendered(&bare), rows[i].asked) == NULL);
        if (check_failures_ != failures) {
            printf("    %s\n", rows[i].key);
        }
    }
}

static void of_the_process(void)
{
    static const struct row rows[] = {
        {",\"entrypoint\":[\"/a\",\"b\"]", "\"Entrypoint\":[\"/a\",\"b\"]"},
        {",\"entrypoint\":[]", "\"Entrypoint\":[]"},
        {",\"command\":[]", "\"Cmd\":[]"},
        {",\"environment\":{\"A\":\"null\"}", "\"Env\":[\"A=null\"]"},
        {",\"user\":\"1000:100\"", "\"User\":\"1000:100\""},
        {",\"working_dir\":\"/w\"", "\"WorkingDir\":\"/w\""},
        {",\"tty\":true", "\"Tty\":true"},
        {",\"stdin_open\":true", "\"OpenStdin\":true"},
        {",\"init\":true", "\"Init\":true"},
        {",\"init\":false", "\"Init\":false"},
        {",\"stop_signal\":\"SIGINT\"", "\"StopSignal\":\"SIGINT\""},
        {",\"stop_signal\":\"2\"", "\"StopSignal\":\"2\""},
        {",\"stop_grace_period\":\"1.5s\"", "\"StopTimeout\":2"},
        {",\"labels\":{\"a\":\"b=c\"}", "\"a\":\"b=c\""},
        {",\"annotations\":{\"a\":\"b\"}", "\"Annotations\":{\"a\":\"b\"}"},
        {",\"logging\":{\"driver\":\"local\"}", "\"LogConfig\":{\"Type\":\"local\"}"},
        {",\"logging\":{\"options\":{\"max-size\":\"1m\"}}",
         "\"LogConfig\":{\"Type\":\"\",\"Config\":{\"max-size\":\"1m\"}}"},
        {",\"healthcheck\":{\"test\":[\"CMD\",\"a\",\"b\"],\"interval\":\"30s\",\"timeout\":\"1."
         "5s\","
         "\"retries\":4,\"start_period\":\"1m\",\"start_interval\":\"5s\"}",
         "\"Healthcheck\":{\"Test\":[\"CMD\",\"a\",\"b\"],\"Interval\":30000000000,"
         "\"Timeout\":1500000000,\"StartPeriod\":60000000000,\"StartInterval\":5000000000,"
         "\"Retries\":4}"},
        {",\"healthcheck\":{\"test\":[\"CMD-SHELL\",\"a || b\"],\"retries\":3}",
         "\"Test\":[\"CMD-SHELL\",\"a || b\"]"},
        {",\"healthcheck\":{\"disable\":true}", "\"Healthcheck\":{\"Test\":[\"NONE\"]}"},
        {",\"healthcheck\":{\"test\":[\"NONE\"]}", "\"Healthcheck\":{\"Test\":[\"NONE\"]}"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void of_the_network(void)
{
    static const struct row rows[] = {
        {",\"hostname\":\"h\"", "\"Hostname\":\"h\""},
        {",\"domainname\":\"d.e\"", "\"Domainname\":\"d.e\""},
        {",\"mac_address\":\"02:42:ac:11:00:02\"",
         ",\"MacAddress\":\"02:42:ac:11:00:02\",\"Labels"},
        {",\"mac_address\":\"02:42:ac:11:00:02\"",
         "{\"IPv4Address\":\"198.18.0.9\"},\"MacAddress\":\"02:42:ac:11:00:02\"}"},
        {",\"network_mode\":\"host\"", "\"NetworkMode\":\"host\""},
        {",\"network_mode\":\"none\"", "\"NetworkMode\":\"none\""},
        {",\"dns\":[\"192.0.2.1\"]", "\"Dns\":[\"192.0.2.1\"]"},
        {",\"dns_search\":[\"lan\"]", "\"DnsSearch\":[\"lan\"]"},
        {",\"dns_opt\":[\"ndots:2\"]", "\"DnsOptions\":[\"ndots:2\"]"},
        {",\"extra_hosts\":[\"a:2001:db8::1\"]", "\"web:198.18.0.3\",\"a:2001:db8::1\"]"},
        {",\"extra_hosts\":[\"a:host-gateway\"]", "\"web:198.18.0.3\",\"a:host-gateway\"]"},
    };
    struct sample none = {.service = ",\"network_mode\":\"none\""};
    struct sample names = {.service = ",\"extra_hosts\":[\"x:10.0.0.1\"]",
                           .extension = ",\"names\":[\"db\",\"store\"]"};
    check_rows(rows, COUNT_OF(rows));
    CHECK(strstr(rendered(&none), "ExtraHosts") == NULL && strstr(data, "IPv4Address") == NULL);
    CHECK_CONTAINS(rendered(&names), "\"ExtraHosts\":[\"web:198.18.0.3\",\"db:198.18.0.3\","
                                     "\"store:198.18.0.3\",\"x:10.0.0.1\"]");
    none.extension = ",\"names\":[\"db\"]";
    CHECK(strstr(rendered(&none), "ExtraHosts") == NULL);
}

#define MOUNT(members) ",\"volumes\":[{" members "}]"

static void of_files(void)
{
    static const struct row rows[] = {
        {",\"read_only\":true", "\"ReadonlyRootfs\":true"},
        {",\"tmpfs\":[\"/t:size=64m,mode=1777\",\"/u\"]",
         "\"Tmpfs\":{\"/t\":\"size=64m,mode=1777\",\"/u\":\"\"}"},
        {MOUNT("\"type\":\"tmpfs\",\"target\":\"/t\""),
         "\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/t\"}]"},
        {MOUNT(
             "\"type\":\"tmpfs\",\"target\":\"/t\",\"read_only\":true,\"tmpfs\":{\"size\":\"64M\","
             "\"mode\":1023}"),
         "{\"Type\":\"tmpfs\",\"Target\":\"/t\",\"ReadOnly\":true,\"TmpfsOptions\":{\"SizeBytes\":"
         "67108864,\"Mode\":1023}}"},
        {MOUNT(
             "\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\",\"volume\":{\"nocopy\":true}"),
         "{\"Type\":\"volume\",\"Source\":\"berth_gw1_shop_d\",\"Target\":\"/d\","
         "\"VolumeOptions\":{\"NoCopy\":true}}"},
        {MOUNT("\"type\":\"bind\",\"source\":\"/s\",\"target\":\"/d\",\"bind\":{\"propagation\":"
               "\"rslave\"}"),
         "{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/d\",\"BindOptions\":{\"Propagation\":"
         "\"rslave\"}}"},
        {MOUNT(
             "\"type\":\"bind\",\"source\":\"/s\",\"target\":\"/d\",\"bind\":{\"create_host_path\":"
             "true}"),
         "\"Binds\":[\"/s:/d:rw\"]}"},
        {MOUNT("\"type\":\"bind\",\"source\":\"/s\",\"target\":\"/d\",\"read_only\":true,\"bind\":{"
               "\"create_host_path\":true,\"selinux\":\"Z\",\"propagation\":\"rshared\"}"),
         "\"Binds\":[\"/s:/d:ro,rshared,Z\"]}"},
        {MOUNT(
             "\"type\":\"bind\",\"source\":\"/s\",\"target\":\"/d\",\"bind\":{\"selinux\":\"z\"}},"
             "{\"type\":\"bind\",\"source\":\"/e\",\"target\":\"/e\""),
         "\"Binds\":[\"/s:/d:rw,z\"],\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/"
         "e\",\"Target\":\"/"
         "e\"}]"},
        {MOUNT(
             "\"type\":\"bind\",\"source\":\"/s\",\"target\":\"/d\",\"bind\":{\"create_host_path\":"
             "false}"),
         "{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/d\"}"},
        {",\"devices\":[\"/dev/a:/dev/b:r\"]",
         "\"Devices\":[{\"PathOnHost\":\"/dev/a\",\"PathInContainer\":\"/dev/b\","
         "\"CgroupPermissions\":\"r\"}]"},
        {",\"device_cgroup_rules\":[\"c 188:* rmw\"]", "\"DeviceCgroupRules\":[\"c 188:* rmw\"]"},
    };
    check_rows(rows, COUNT_OF(rows));
}

/* Two volumes with names of their own, one of them somebody else's, and one without. */
static void of_volumes_with_names(void)
{
    static const char three[] =
        ",\"volumes\":[{\"type\":\"volume\",\"source\":\"a\",\"target\":\"/a\"},"
        "{\"type\":\"volume\",\"source\":\"b\",\"target\":\"/b\"},"
        "{\"type\":\"volume\",\"source\":\"c\",\"target\":\"/c\"}]";
    struct sample sample = {.service = three,
                            .root = ",\"volumes\":{\"a\":{\"name\":\"site-data\"},"
                                    "\"b\":{\"external\":true},\"c\":{\"external\":false}}"};
    struct engine_spec spec;
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(sample_render(&sample, &arena, &spec, NULL), 0);
    CHECK_INT_EQ(spec.mount_count, 3);
    CHECK_STR_EQ(spec.mounts[0].source, "site-data");
    CHECK(spec.mounts[0].is_named && !spec.mounts[0].is_external && spec.mounts[0].former == NULL);
    CHECK_STR_EQ(spec.mounts[1].source, "b");
    CHECK(spec.mounts[1].is_named && spec.mounts[1].is_external && spec.mounts[1].former == NULL);
    CHECK_STR_EQ(spec.mounts[2].source, "berth_gw1_shop_c");
    CHECK(!spec.mounts[2].is_named && !spec.mounts[2].is_external);
    CHECK_CONTAINS(rendered(&sample), "{\"Type\":\"volume\",\"Source\":\"site-data\"");
}

static void of_powers(void)
{
    static const struct row rows[] = {
        {",\"privileged\":true", "\"Privileged\":true"},
        {",\"cap_add\":[\"ALL\"]", "\"CapAdd\":[\"ALL\"]"},
        {",\"cap_drop\":[\"ALL\"]", "\"CapDrop\":[\"ALL\"]"},
        {",\"group_add\":[\"dialout\",\"20\"]", "\"GroupAdd\":[\"dialout\",\"20\"]"},
        {",\"security_opt\":[\"no-new-privileges:true\",\"label=disable\"]",
         "\"SecurityOpt\":[\"no-new-privileges:true\",\"label=disable\"]"},
        {",\"security_opt\":[\"systempaths=unconfined\"]",
         ",\"MaskedPaths\":[],\"ReadonlyPaths\":[]"},
        {",\"security_opt\":[\"systempaths=unconfined\",\"seccomp={\\\"a\\\":1}\"]",
         "\"SecurityOpt\":[\"seccomp={\\\"a\\\":1}\"],\"MaskedPaths\":[],\"ReadonlyPaths\":[]"},
        {",\"pid\":\"host\"", "\"PidMode\":\"host\""},
        {",\"ipc\":\"shareable\"", "\"IpcMode\":\"shareable\""},
        {",\"uts\":\"host\"", "\"UTSMode\":\"host\""},
        {",\"userns_mode\":\"host\"", "\"UsernsMode\":\"host\""},
        {",\"cgroup\":\"private\"", "\"CgroupnsMode\":\"private\""},
        {",\"cgroup_parent\":\"a.slice\"", "\"CgroupParent\":\"a.slice\""},
        {",\"runtime\":\"nvidia\"", "\"Runtime\":\"nvidia\""},
        {",\"sysctls\":{\"net.core.somaxconn\":\"1024\"}",
         "\"Sysctls\":{\"net.core.somaxconn\":\"1024\"}"},
    };
    check_rows(rows, COUNT_OF(rows));
}

#define LIMIT(text)   ",\"deploy\":{\"resources\":{\"limits\":{" text "}}}"
#define RESERVE(text) ",\"deploy\":{\"resources\":{\"reservations\":{" text "}}}"

static void of_resources(void)
{
    static const struct row rows[] = {
        {LIMIT("\"cpus\":\"0.5\""), "\"NanoCpus\":500000000"},
        {LIMIT("\"memory\":\"64M\""), "\"Memory\":67108864"},
        {LIMIT("\"pids\":100"), "\"PidsLimit\":100"},
        {LIMIT("\"pids\":-1"), "\"PidsLimit\":-1"},
        {RESERVE("\"memory\":\"32M\""), "\"MemoryReservation\":33554432"},
        {",\"memswap_limit\":-1", "\"MemorySwap\":-1"},
        {",\"memswap_limit\":\"65M\"" LIMIT("\"memory\":\"64M\""), "\"MemorySwap\":68157440"},
        {",\"memswap_limit\":67108865" LIMIT("\"memory\":\"64M\""), "\"MemorySwap\":67108865"},
        {",\"mem_swappiness\":0", "\"MemorySwappiness\":0"},
        {",\"mem_swappiness\":60", "\"MemorySwappiness\":60"},
        {",\"cpu_shares\":512", "\"CpuShares\":512"},
        {",\"cpu_quota\":50000", "\"CpuQuota\":50000"},
        {",\"cpu_period\":100000", "\"CpuPeriod\":100000"},
        {",\"cpuset\":\"0,2-3\"", "\"CpusetCpus\":\"0,2-3\""},
        {",\"blkio_config\":{\"weight\":300}", "\"BlkioWeight\":300"},
        {",\"shm_size\":\"8M\"", "\"ShmSize\":8388608"},
        {",\"oom_score_adj\":-500", "\"OomScoreAdj\":-500"},
        {",\"oom_kill_disable\":true", "\"OomKillDisable\":true"},
        {",\"ulimits\":{\"nofile\":{\"soft\":1024,\"hard\":-1},\"nproc\":9}",
         "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":1024,\"Hard\":-1},{\"Name\":\"nproc\","
         "\"Soft\":"
         "9,\"Hard\":9}]"},
    };
    check_rows(rows, COUNT_OF(rows));
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"of_the_process", of_the_process},
        {"of_the_network", of_the_network},
        {"of_files", of_files},
        {"of_volumes_with_names", of_volumes_with_names},
        {"of_powers", of_powers},
        {"of_resources", of_resources},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
