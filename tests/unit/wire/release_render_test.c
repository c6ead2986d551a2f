/* release_render: the container that comes out, and that its hash sees every change. */
#include "agent/wire/release.h"

#include "tests/check.h"
#include "tests/unit/wire/sample.h"

#define FULL                                                                                       \
    SAMPLE_PORTS                                                                                   \
    ",\"command\":[\"serve\",\"\"],\"entrypoint\":[\"/web\"],\"environment\":{\"A\":\"1\","        \
    "\"NODE\":\"$(node.name)/$(node.label.zone)\"},\"user\":\"1000:1000\","                        \
    "\"working_dir\":\"/w\",\"hostname\":\"web\",\"labels\":{\"team\":\"x\"},"                     \
    "\"extra_hosts\":[\"db:10.0.0.1\"],\"group_add\":[\"20\"],\"init\":true,\"tty\":true,"         \
    "\"restart\":\"unless-stopped\",\"stop_signal\":\"SIGINT\",\"stop_grace_period\":\"3s\","      \
    "\"logging\":{\"driver\":\"json-file\",\"options\":{\"max-size\":\"1m\"}},\"volumes\":["       \
    "{\"type\":\"bind\",\"source\":\"/srv\",\"target\":\"/srv\",\"read_only\":true},"              \
    "{\"type\":\"volume\",\"source\":\"data\",\"target\":\"/data\"}],\"tmpfs\":[\"/tmp\"],"        \
    "\"devices\":[\"/dev/ttyS0:/dev/tty9:rw\"],\"secrets\":[\"key.pem\"],"                         \
    "\"cap_add\":[\"NET_ADMIN\"],\"cap_drop\":[\"ALL\"],\"read_only\":true,"                       \
    "\"ulimits\":{\"nofile\":{\"soft\":1,\"hard\":2},\"nproc\":9},\"sysctls\":{\"net.a\":"         \
    "\"1\"},"                                                                                      \
    "\"shm_size\":\"8M\",\"deploy\":{\"replicas\":2,\"resources\":{\"limits\":{\"cpus\":0.25,"     \
    "\"memory\":\"64M\",\"pids\":50}}}"

static uint8_t memory[65536];

static struct engine_spec render(const struct sample *sample)
{
    struct arena arena;
    struct engine_spec spec = {0};
    struct err err = {0};
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(sample_render(sample, &arena, &spec, &err), 0);
    if (err.text[0] != '\0') {
        printf("    error: %s\n", err.text);
    }
    return spec;
}

static bool has(const struct engine_strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->count; i++) {
        if (strcmp(strings->items[i], text) == 0) {
            return true;
        }
    }
    printf("    not there: %s\n", text);
    return false;
}

static void case_identity(void)
{
    struct sample sample = {.service = SAMPLE_PORTS};
    struct engine_spec spec = render(&sample);
    struct plan plan;
    char label[64];
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_STR_EQ(spec.name, "berth_gw1_shop_7_web_2");
    CHECK_STR_EQ(spec.image, "registry.example:5000/shop/web@sha256:" SAMPLE_INDEX);
    CHECK_STR_EQ(spec.network, "berth-gw1-shop");
    CHECK_INT_EQ(spec.address, 0xc6120009);
    CHECK_INT_EQ(spec.labels.count, 7);
    CHECK(has(&spec.labels, "io.berth.node=gw1"));
    CHECK(has(&spec.labels, "io.berth.app=shop"));
    CHECK(has(&spec.labels, "io.berth.service=web"));
    CHECK(has(&spec.labels, "io.berth.gen=7"));
    CHECK(has(&spec.labels, "io.berth.replica=2"));
    CHECK(has(&spec.labels, "io.berth.release="
                            "abababababababababababababababababababababababababababababababab"));
    (void)snprintf(label, sizeof label, "io.berth.spec=%s", plan.services[0].spec);
    CHECK(has(&spec.labels, label));
    CHECK_INT_EQ(spec.hosts.count, 1);
    CHECK_STR_EQ(spec.hosts.items[0], "web:198.18.0.3");
    CHECK_INT_EQ(spec.stop_grace_ms, 10000);
    CHECK_INT_EQ(spec.mount_count, 0);
}

/* What the image declares as a volume is the service's own, and each replica's; the sample's is the
 * second. A mount without a source is none of that. */
static void case_image_volumes(void)
{
    struct sample sample = {
        .service = ",\"volumes\":["
                   "{\"type\":\"volume\",\"source\":\"image-0123456789ab\",\"target\":\"/a\"},"
                   "{\"type\":\"volume\",\"source\":\"image-0123456789a\",\"target\":\"/b\"},"
                   "{\"type\":\"volume\",\"source\":\"image-0123456789aB\",\"target\":\"/c\"},"
                   "{\"type\":\"tmpfs\",\"target\":\"/d\"}]"};
    struct engine_spec spec = render(&sample);
    struct plan plan;
    char name[64];
    CHECK_INT_EQ(spec.mount_count, 4);
    CHECK_STR_EQ(spec.mounts[0].source, "berth_gw1_shop_web_image-0123456789ab_2");
    CHECK(spec.mounts[0].is_of_image && spec.mounts[0].former == NULL);
    CHECK_STR_EQ(spec.mounts[1].source, "berth_gw1_shop_image-0123456789a");
    CHECK(!spec.mounts[1].is_of_image);
    CHECK_STR_EQ(spec.mounts[2].source, "berth_gw1_shop_image-0123456789aB");
    CHECK(!spec.mounts[2].is_of_image && !spec.mounts[3].is_of_image);
    CHECK_STR_EQ(spec.mounts[3].target, "/d");
    CHECK(release_image_volume(sample_node(), "shop", "web", 1, "image-0123456789ab", name,
                               sizeof name));
    CHECK_STR_EQ(name, "berth_gw1_shop_web_image-0123456789ab");
    CHECK(release_image_volume(sample_node(), "shop", "web", 1, "image-0123456789ab", name, 38));
    CHECK(!release_image_volume(sample_node(), "shop", "web", 1, "image-0123456789ab", name, 37));
    CHECK(release_image_volume(sample_node(), "shop", "web", 16, "v", name, sizeof name));
    CHECK_STR_EQ(name, "berth_gw1_shop_web_v_16");
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].order, PLAN_STOP_FIRST);
}

#define VOLUME(target, more)                                                                       \
    "{\"type\":\"volume\",\"source\":\"v\",\"target\":\"" target "\"" more "}"

/* What a volume of that name is to the door: odd where it is written, even where it is read. */
static uint64_t volume_number(const char *name, const char *more)
{
    char root[100];
    char service[200];
    struct plan plan;
    struct sample sample = {.root = root, .service = service};
    (void)snprintf(root, sizeof root, ",\"volumes\":{\"v\":{\"name\":\"%s\"}}", name);
    (void)snprintf(service, sizeof service, ",\"volumes\":[" VOLUME("/v", "%s") "]", more);
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].volume_count, 1);
    return plan.services[0].volumes[0];
}

static void case_volume_numbers(void)
{
    static const char *const names[] = {"a", "b", "ab", "ba", "aa", "abcdefgh", "abcdefgi"};
    uint64_t seen[COUNT_OF(names)];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        seen[i] = volume_number(names[i], "");
        CHECK_INT_EQ(seen[i] % 2, 1);
        CHECK(volume_number(names[i], ",\"read_only\":true") == seen[i] - 1);
        for (size_t j = 0; j < i; j++) {
            CHECK(seen[i] != seen[j]);
        }
    }
    struct sample sample = {
        .root = ",\"volumes\":{\"v\":{\"name\":\"x\"}}",
        .service =
            ",\"volumes\":[" VOLUME("/1", "") "," VOLUME("/2", "") "," VOLUME("/3", "") "," VOLUME(
                "/4",
                "") "," VOLUME("/5",
                               "") "," VOLUME("/6",
                                              "") "," VOLUME("/7",
                                                             "") "," VOLUME("/8",
                                                                            ",\"read_only\":"
                                                                            "true") "," VOLUME("/9",
                                                                                               "") "]"};
    struct plan plan;
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].volume_count, PLAN_VOLUMES_MAX);
    CHECK(plan.services[0].volumes[7] == volume_number("x", ",\"read_only\":true"));
    sample.root = "";
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].volume_count, 0); /* the app's own */
}

static void case_lists(void)
{
    struct sample sample = {.service = FULL};
    struct engine_spec spec = render(&sample);
    CHECK_INT_EQ(spec.command.count, 2);
    CHECK_STR_EQ(spec.command.items[1], "");
    CHECK_STR_EQ(spec.entrypoint.items[0], "/web");
    CHECK(has(&spec.environment, "A=1") && has(&spec.environment, "NODE=gw1/north"));
    CHECK(has(&spec.labels, "team=x"));
    CHECK_STR_EQ(spec.hosts.items[0], "web:198.18.0.3");
    CHECK_STR_EQ(spec.hosts.items[1], "db:10.0.0.1");
    CHECK_INT_EQ(spec.mount_count, 3);
    CHECK_STR_EQ(spec.mounts[0].source, "/srv");
    CHECK(!spec.mounts[0].is_volume && spec.mounts[0].read_only);
    CHECK_STR_EQ(spec.mounts[1].source, "berth_gw1_shop_data");
    CHECK_STR_EQ(spec.mounts[1].former, "berth-gw1-shop-data");
    CHECK(spec.mounts[1].is_volume && !spec.mounts[1].read_only);
    CHECK_STR_EQ(spec.mounts[2].source, "/etc/berth/secrets/shop/key.pem");
    CHECK_STR_EQ(spec.mounts[2].target, "/run/secrets/key.pem");
    CHECK(spec.mounts[2].read_only && !spec.mounts[2].is_volume);
    CHECK_STR_EQ(spec.devices[0].host_path, "/dev/ttyS0");
    CHECK_STR_EQ(spec.devices[0].container_path, "/dev/tty9");
    CHECK_STR_EQ(spec.devices[0].permissions, "rw");
    CHECK_INT_EQ(spec.ulimit_count, 2);
    CHECK_STR_EQ(spec.ulimits[0].name, "nofile");
    CHECK_INT_EQ(spec.ulimits[0].hard, 2);
    CHECK_INT_EQ(spec.ulimits[1].hard, 9);
    CHECK(has(&spec.sysctls, "net.a=1") && has(&spec.log_options, "max-size=1m"));
    CHECK(has(&spec.tmpfs, "/tmp") && has(&spec.group_add, "20"));
    CHECK(has(&spec.cap_add, "NET_ADMIN") && has(&spec.cap_drop, "ALL"));
}

static void case_scalars(void)
{
    struct sample sample = {.service = FULL};
    struct engine_spec spec = render(&sample);
    CHECK_STR_EQ(spec.user, "1000:1000");
    CHECK_STR_EQ(spec.working_dir, "/w");
    CHECK_STR_EQ(spec.hostname, "web");
    CHECK_STR_EQ(spec.log_driver, "json-file");
    CHECK_STR_EQ(spec.stop_signal, "SIGINT");
    CHECK_INT_EQ(spec.stop_grace_ms, 3000);
    CHECK_INT_EQ(spec.memory_bytes, 64 << 20);
    CHECK_INT_EQ(spec.nano_cpus, 250000000);
    CHECK_INT_EQ(spec.shm_bytes, 8 << 20);
    CHECK_INT_EQ(spec.pids, 50);
    CHECK(spec.init && spec.tty && spec.read_only && !spec.privileged);
    sample.service = ",\"network_mode\":\"host\",\"privileged\":true";
    spec = render(&sample);
    CHECK_STR_EQ(spec.network, "host");
    CHECK_INT_EQ(spec.address, 0);
    CHECK_INT_EQ(spec.hosts.count, 0);
    CHECK(spec.privileged);
}

#define BIND(options)                                                                              \
    ",\"volumes\":[{\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/a\"" options "}]"

/* Each of these is in the container's hash. */
static const char *const changes[] = {
    ",\"command\":[\"a\"]",
    ",\"entrypoint\":[\"a\"]",
    ",\"environment\":{\"a\":\"\"}",
    ",\"user\":\"1\"",
    ",\"working_dir\":\"/1\"",
    ",\"hostname\":\"a\"",
    ",\"labels\":{\"a\":\"\"}",
    ",\"extra_hosts\":[\"a:1.1.1.1\"]",
    ",\"group_add\":[\"1\"]",
    ",\"init\":true",
    ",\"tty\":true",
    ",\"stop_signal\":\"SIGINT\"",
    ",\"stop_grace_period\":\"1s\"",
    ",\"logging\":{\"driver\":\"none\"}",
    ",\"tmpfs\":[\"/a\"]",
    ",\"devices\":[\"/dev/a\"]",
    ",\"devices\":[\"/dev/a:/dev/a:r\"]",
    ",\"secrets\":[\"a\"]",
    ",\"cap_add\":[\"CHOWN\"]",
    ",\"cap_drop\":[\"CHOWN\"]",
    ",\"privileged\":true",
    ",\"read_only\":true",
    ",\"ulimits\":{\"a\":1}",
    ",\"sysctls\":{\"a\":\"\"}",
    ",\"shm_size\":1",
    ",\"network_mode\":\"host\"",
    ",\"volumes\":[{\"type\":\"volume\",\"source\":\"a\",\"target\":\"/a\"}]",
    ",\"volumes\":[{\"type\":\"volume\",\"source\":\"a\",\"target\":\"/"
    "a\",\"read_only\":true}]",
    ",\"deploy\":{\"resources\":{\"limits\":{\"cpus\":1}}}",
    ",\"deploy\":{\"resources\":{\"limits\":{\"pids\":1}}}",
    ",\"deploy\":{\"resources\":{\"limits\":{\"memory\":\"8M\"}}}",
    ",\"deploy\":{\"resources\":{\"limits\":{\"pids\":-1}}}",
    ",\"deploy\":{\"resources\":{\"reservations\":{\"memory\":\"8M\"}}}",
    ",\"network_mode\":\"none\"",
    ",\"domainname\":\"a\"",
    ",\"mac_address\":\"02:42:ac:11:00:02\"",
    ",\"runtime\":\"a\"",
    ",\"cpuset\":\"0\"",
    ",\"cgroup_parent\":\"a\"",
    ",\"pid\":\"host\"",
    ",\"ipc\":\"host\"",
    ",\"ipc\":\"private\"",
    ",\"uts\":\"host\"",
    ",\"userns_mode\":\"host\"",
    ",\"cgroup\":\"host\"",
    ",\"annotations\":{\"a\":\"\"}",
    ",\"dns\":[\"1.1.1.1\"]",
    ",\"dns_search\":[\"a\"]",
    ",\"dns_opt\":[\"a\"]",
    ",\"dns_opt\":[\"a\",\"b\"]",
    ",\"device_cgroup_rules\":[\"a *:* r\"]",
    ",\"security_opt\":[\"label=a\"]",
    ",\"memswap_limit\":-1",
    ",\"cpu_shares\":2",
    ",\"cpu_quota\":1000",
    ",\"cpu_period\":1000",
    ",\"oom_score_adj\":1",
    ",\"oom_score_adj\":-1",
    ",\"oom_kill_disable\":true",
    ",\"stdin_open\":true",
    ",\"mem_swappiness\":0",
    ",\"mem_swappiness\":1",
    ",\"blkio_config\":{\"weight\":10}",
    ",\"volumes\":[{\"type\":\"tmpfs\",\"target\":\"/a\"}]",
    ",\"volumes\":[{\"type\":\"tmpfs\",\"target\":\"/a\",\"tmpfs\":{\"size\":1}}]",
    ",\"volumes\":[{\"type\":\"tmpfs\",\"target\":\"/a\",\"tmpfs\":{\"mode\":1}}]",
    ",\"volumes\":[{\"type\":\"volume\",\"source\":\"a\",\"target\":\"/a\","
    "\"volume\":{\"nocopy\":true}}]",
    BIND(""),
    BIND(",\"bind\":{\"propagation\":\"slave\"}"),
    BIND(",\"bind\":{\"selinux\":\"z\"}"),
    BIND(",\"bind\":{\"selinux\":\"Z\"}"),
    BIND(",\"bind\":{\"create_host_path\":true}")};

/* The hash changes with each of the changes, and not with what is outside the container. */
static void case_hash(void)
{
    static const struct sample same[] = {{.service = ",\"deploy\":{\"replicas\":2}"},
                                         {.service = SAMPLE_PORTS},
                                         {.top = ",\"version\":\"2\""},
                                         {.extension = ",\"names\":[\"a\"]"},
                                         {.service = ",\"stdin_open\":false"},
                                         {.service = ",\"healthcheck\":{\"test\":[\"CMD\",\"a\"]}"},
                                         {.service = ",\"healthcheck\":{\"disable\":true}"},
                                         {.service = ",\"platform\":\"linux/amd64\""},
                                         {.service = ",\"init\":false"}};
    char seen[COUNT_OF(changes) + 1][17];
    struct sample sample = {0};
    struct plan plan;
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    memcpy(seen[0], plan.services[0].spec, 17);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct err err = {0};
        sample.service = changes[i];
        CHECK_INT_EQ(sample_compile(&sample, &plan, &err), 0);
        memcpy(seen[i + 1], plan.services[0].spec, 17);
        for (size_t j = 0; j <= i; j++) {
            if (strcmp(seen[j], seen[i + 1]) == 0) {
                printf("    same hash: %s %s\n", changes[i], err.text);
            }
            CHECK(strcmp(seen[j], seen[i + 1]) != 0);
        }
    }
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        CHECK_INT_EQ(sample_compile(&same[i], &plan, NULL), 0);
        CHECK_STR_EQ(plan.services[0].spec, seen[0]);
    }
}

/* A volume's name at the engine, and who makes it, belong to the container. */
static void case_hash_volumes(void)
{
    static const char *const roots[] = {"", ",\"volumes\":{\"a\":{\"name\":\"x\"}}",
                                        ",\"volumes\":{\"a\":{\"name\":\"y\"}}",
                                        ",\"volumes\":{\"a\":{\"name\":\"x\",\"external\":true}}",
                                        ",\"volumes\":{\"a\":{\"name\":\"berth_gw1_shop_a\"}}"};
    char seen[COUNT_OF(roots)][17];
    struct sample sample = {
        .service = ",\"volumes\":[{\"type\":\"volume\",\"source\":\"a\",\"target\":\"/a\"}]"};
    struct plan plan;
    for (size_t i = 0; i < COUNT_OF(roots); i++) {
        sample.root = roots[i];
        CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
        memcpy(seen[i], plan.services[0].spec, 17);
        for (size_t j = 0; j < i; j++) {
            CHECK(strcmp(seen[j], seen[i]) != 0);
        }
    }
    sample.root = ",\"volumes\":{\"a\":null}";
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_STR_EQ(plan.services[0].spec, seen[0]);
}

/* The hash outlives the agent: another version that hashed otherwise would create every container
 * anew. Each part of the container is in it, at its place. */
static void case_hash_stays(void)
{
    struct sample sample = {.service = FULL};
    struct plan plan;
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_STR_EQ(plan.services[0].spec, "6f3f27193f78ad97");
    sample.service = ",\"network_mode\":\"host\",\"privileged\":true,\"ulimits\":{\"core\":{"
                     "\"soft\":-1,\"hard\":7}},\"logging\":{\"driver\":\"none\"},\"user\":\"0\"";
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_STR_EQ(plan.services[0].spec, "98c2003ebc670208");
    sample.service = "";
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_STR_EQ(plan.services[0].spec, "b59a167a5ba8e8b8");
    sample.service =
        ",\"mem_swappiness\":7,\"blkio_config\":{\"weight\":30},\"pid\":\"host\","
        "\"dns\":[\"1.1.1.1\"],\"cpu_shares\":5,\"stdin_open\":true,\"volumes\":[{"
        "\"type\":\"volume\",\"source\":\"a\",\"target\":\"/a\",\"volume\":{"
        "\"nocopy\":true}},{\"type\":\"tmpfs\",\"target\":\"/t\",\"tmpfs\":{\"size\":5,"
        "\"mode\":7}},{\"type\":\"bind\",\"source\":\"/b\",\"target\":\"/b\",\"bind\":{"
        "\"propagation\":\"slave\",\"selinux\":\"z\",\"create_host_path\":true}}],"
        "\"deploy\":{\"resources\":{\"reservations\":{\"memory\":\"8M\"}}}";
    CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
    CHECK_STR_EQ(plan.services[0].spec, "dd3fd3e4c3a4897b");
}

static void case_errors(void)
{
    struct release_container container = {.network = "n"};
    struct sample sample = {.service = ",\"secrets\":[\"a\"]"};
    struct engine_spec spec = {.name = "untouched"};
    struct arena arena;
    uint8_t little[200];
    arena_init(&arena, little, sizeof little);
    CHECK_INT_EQ(sample_render(&sample, &arena, &spec, NULL), ERR_LIMIT);
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(
        release_render(span_text("{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":1},"
                                 "\"services\":{}}"),
                       sample_node(), "web", &container, &arena, &spec, NULL),
        ERR_NOT_FOUND);
    CHECK_STR_EQ(spec.name, "untouched");
}

/* With a byte too little anywhere it is refused, and nothing is left half: what fits is all of it.
 */
static void case_short(void)
{
    struct sample sample = {.service = FULL};
    const struct engine_spec full = render(&sample);
    struct engine_spec spec = {.name = "untouched"};
    struct arena arena;
    size_t cap = 0;
    int rc = 0;
    do {
        arena_init(&arena, memory, cap++);
        rc = sample_render(&sample, &arena, &spec, NULL);
        CHECK(rc == 0 || rc == ERR_LIMIT);
        CHECK(rc == 0 || strcmp(spec.name, "untouched") == 0);
    } while (rc != 0 && cap < sizeof memory);
    CHECK_INT_EQ(rc, 0);
    CHECK(cap > 1000);
    const struct engine_strings *got[] = {&spec.environment, &spec.hosts, &spec.labels,
                                          &spec.sysctls,     &spec.tmpfs, &spec.log_options};
    const struct engine_strings *want[] = {&full.environment, &full.hosts, &full.labels,
                                           &full.sysctls,     &full.tmpfs, &full.log_options};
    for (size_t i = 0; i < COUNT_OF(got); i++) {
        CHECK_INT_EQ(got[i]->count, want[i]->count);
        for (size_t j = 0; j < got[i]->count; j++) {
            CHECK(got[i]->items[j] != NULL && got[i]->items[j][0] != '\0');
        }
    }
    CHECK_INT_EQ(spec.mount_count, full.mount_count);
    CHECK_INT_EQ(spec.device_count, full.device_count);
    CHECK_INT_EQ(spec.ulimit_count, full.ulimit_count);
}

/* One value so large that everything after it would fit without it: it is missed all the same. */
static void case_short_of_one(void)
{
    enum { LARGE = 6000 };
    static const char *const members[][2] = {{"environment\":{\"A\":", "}"},
                                             {"labels\":{\"a\":", "}"},
                                             {"annotations\":{\"a\":", "}"},
                                             {"command\":[", "]"},
                                             {"entrypoint\":[", "]"}};
    static char value[LARGE + 1], service[LARGE + 64];
    memset(value, 'x', LARGE);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        struct sample sample = {.service = service};
        struct engine_spec spec = {0};
        struct arena arena;
        size_t cap = 0;
        (void)snprintf(service, sizeof service, ",\"%s\"%s\"%s", members[i][0], value,
                       members[i][1]);
        do {
            cap += 64;
            arena_init(&arena, memory, cap);
        } while (sample_render(&sample, &arena, &spec, NULL) != 0 && cap < sizeof memory);
        const struct engine_strings *lists[] = {&spec.environment, &spec.labels, &spec.annotations,
                                                &spec.command, &spec.entrypoint};
        bool is_there = false;
        for (size_t j = 0; j < lists[i]->count; j++) {
            is_there |= lists[i]->items[j] != NULL && strlen(lists[i]->items[j]) >= LARGE;
        }
        CHECK(is_there);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"identity", case_identity},
                                              {"image volumes", case_image_volumes},
                                              {"lists", case_lists},
                                              {"volume numbers", case_volume_numbers},
                                              {"scalars", case_scalars},
                                              {"hash", case_hash},
                                              {"hash volumes", case_hash_volumes},
                                              {"hash stays", case_hash_stays},
                                              {"errors", case_errors},
                                              {"short", case_short},
                                              {"short of one", case_short_of_one}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
