/* release_sweep: one release that says everything, rendered into memory of every size, and with
 * every value of it in turn exchanged for one of another kind. */
#include "agent/wire/release.h"

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

static const char whole[] =
    "{\"schema\":1,\"x-berth\":{\"app\":\"shop\",\"version\":\"2.1\",\"sequence\":5,\"floor\":3,"
    "\"requires\":{\"arch\":[\"amd64\",\"arm/v7\"],\"minAgent\":\"0.1.0\",\"ram\":\"64M\","
    "\"disk\":\"200M\"},\"swap\":{\"order\":\"stop-first\",\"soak\":\"2m\",\"drain\":\"15s\","
    "\"keepWarm\":\"10m\",\"deadline\":\"20m\",\"attempts\":3},\"adopt\":\"old\","
    "\"files\":{\"c/a\":{\"bytes\":1,\"mode\":292,\"pieces\":[\"" SAMPLE_INDEX "\"]}}},"
    "\"services\":{\"web\":{"
    "\"image\":\"registry.example:5000/shop/web@sha256:" SAMPLE_INDEX "\","
    "\"command\":[\"serve\",\"\"],\"entrypoint\":[\"/web\"],\"environment\":{\"A\":\"1\","
    "\"NODE\":\"$(node.name)/$(node.label.zone)\"},\"user\":\"1000:1000\",\"working_dir\":\"/w\","
    "\"hostname\":\"web\",\"labels\":{\"team\":\"x\"},\"extra_hosts\":[\"db:10.0.0.1\"],"
    "\"group_add\":[\"20\"],\"init\":true,\"tty\":true,\"restart\":\"unless-stopped\","
    "\"stop_signal\":\"SIGINT\",\"stop_grace_period\":\"3s\",\"logging\":{\"driver\":\"json-file\","
    "\"options\":{\"max-size\":\"1m\"}},\"ports\":[{\"target\":8080,\"published\":80,"
    "\"protocol\":\"tcp\",\"host_ip\":\"0.0.0.0\"}],\"volumes\":[{\"type\":\"bind\","
    "\"source\":\"/srv\",\"target\":\"/srv\",\"read_only\":true},{\"type\":\"volume\","
    "\"source\":\"data\",\"target\":\"/data\",\"volume\":{\"nocopy\":true}},{\"type\":\"tmpfs\","
    "\"target\":\"/t\",\"tmpfs\":{\"size\":\"1M\"}},{\"type\":\"bind\",\"source\":\"/"
    "e\",\"target\":"
    "\"/e\",\"bind\":{\"propagation\":\"slave\"}},"
    "{\"type\":\"file\",\"source\":\"c\",\"target\":\"/c\"},"
    "{\"type\":\"volume\",\"source\":\"d2\",\"target\":\"/d2\"},"
    "{\"type\":\"volume\",\"source\":\"image-0123456789ab\",\"target\":\"/d3\"}],\"tmpfs\":[\"/"
    "tmp\"],"
    "\"devices\":[\"/dev/ttyS0:/dev/tty9:rw\"],\"secrets\":[\"key.pem\"],"
    "\"cap_add\":[\"NET_ADMIN\"],\"cap_drop\":[\"ALL\"],\"privileged\":false,\"read_only\":true,"
    "\"ulimits\":{\"nofile\":{\"soft\":1,\"hard\":2},\"nproc\":9},\"sysctls\":{\"net.a\":\"1\"},"
    "\"domainname\":\"d.e\",\"runtime\":\"runc\",\"cpuset\":\"0-2\",\"cgroup_parent\":\"a.slice\","
    "\"pid\":\"host\",\"ipc\":\"private\",\"annotations\":{\"a\":\"b\"},\"dns\":[\"192.0.2.1\"],"
    "\"dns_search\":[\"lan\"],\"device_cgroup_rules\":[\"c 188:* "
    "rmw\"],\"platform\":\"linux/amd64\","
    "\"security_opt\":[\"label=disable\"],\"memswap_limit\":\"65M\",\"mem_swappiness\":1,"
    "\"oom_score_adj\":-5,\"stdin_open\":true,\"blkio_config\":{\"weight\":30},\"healthcheck\":{"
    "\"test\":[\"CMD-SHELL\",\"a\"],\"interval\":\"1s\",\"retries\":3,\"start_period\":\"1s\"},"
    "\"shm_size\":\"8M\",\"deploy\":{\"replicas\":2,\"resources\":{\"limits\":{\"cpus\":\"0.25\","
    "\"memory\":\"64M\",\"pids\":50}}},\"x-berth\":{\"image\":{\"index\":\"sha256:" SAMPLE_INDEX
    "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" SAMPLE_MANIFEST
    "\",\"config\":\"sha256:" SAMPLE_CONFIG
    "\"},{\"arch\":\"arm\",\"variant\":\"v7\",\"manifest\":\"sha256:" SAMPLE_CONFIG
    "\",\"config\":\"sha256:" SAMPLE_MANIFEST "\"}]},\"probes\":{\"startup\":{"
    "\"tcpSocket\":{\"port\":8080},\"periodSeconds\":2,\"failureThreshold\":30},\"readiness\":{"
    "\"httpGet\":{\"path\":\"/readyz\",\"port\":8080},\"periodSeconds\":0.5,\"timeoutSeconds\":1,"
    "\"failureThreshold\":3},\"liveness\":{\"exec\":{\"command\":[\"/check\"]}}},"
    "\"drain\":{\"notify\":{\"signal\":\"SIGUSR1\"}},\"order\":\"stop-first\",\"names\":[\"a\"]}}},"
    "\"volumes\":{\"data\":{\"name\":\"own\",\"external\":true},\"other\":null}}";

static int render_into(struct arena *arena, struct engine_spec *spec, struct err *err)
{
    struct release_container container = {.gen = 7,
                                          .replica = 2,
                                          .address = 0xc6120009,
                                          .service_address = 0xc6120003,
                                          .network = "berth-gw1-shop",
                                          .secrets_dir = "/etc/berth/secrets",
                                          .files_dir = "/f"};
    return release_render(span_text(whole), sample_node(), "web", &container, arena, spec, err);
}

static bool is_at(const struct err *err, const char *place)
{
    size_t len = strlen(place);
    return strncmp(err->text, place, len) == 0 && (err->text[len] == ':' || err->text[len] == '\0');
}

#define WEB "services.web."

/* Who asks for memory, in the order of the document; last what the node adds. */
static const char *const places[] = {"x-berth.files",
                                     "x-berth.files.c/a.pieces",
                                     "x-berth.files.c/a",
                                     "volumes",
                                     "volumes.data",
                                     WEB "image",
                                     WEB "command",
                                     WEB "command[0]",
                                     WEB "command[1]",
                                     WEB "entrypoint",
                                     WEB "entrypoint[0]",
                                     WEB "environment",
                                     WEB "environment.A",
                                     WEB "environment.NODE",
                                     WEB "user",
                                     WEB "working_dir",
                                     WEB "hostname",
                                     WEB "labels",
                                     WEB "labels.team",
                                     WEB "extra_hosts",
                                     WEB "extra_hosts[0]",
                                     WEB "group_add",
                                     WEB "group_add[0]",
                                     WEB "stop_signal",
                                     WEB "logging.driver",
                                     WEB "logging.options",
                                     WEB "logging.options.max-size",
                                     WEB "volumes",
                                     WEB "volumes[0].source",
                                     WEB "volumes[0].target",
                                     WEB "volumes[1].target",
                                     WEB "volumes[2].target",
                                     WEB "volumes[3].source",
                                     WEB "volumes[3].target",
                                     WEB "volumes[4].source",
                                     WEB "volumes[4].target",
                                     WEB "volumes[5].source",
                                     WEB "volumes[5].target",
                                     WEB "volumes[6].source",
                                     WEB "volumes[6].target",
                                     WEB "tmpfs",
                                     WEB "tmpfs[0]",
                                     WEB "devices",
                                     WEB "devices[0]",
                                     WEB "secrets",
                                     WEB "secrets[0]",
                                     WEB "cap_add",
                                     WEB "cap_add[0]",
                                     WEB "cap_drop",
                                     WEB "cap_drop[0]",
                                     WEB "ulimits",
                                     WEB "ulimits.nofile",
                                     WEB "ulimits.nproc",
                                     WEB "sysctls",
                                     WEB "sysctls.net.a",
                                     WEB "healthcheck.test",
                                     WEB "healthcheck.test[0]",
                                     WEB "healthcheck.test[1]",
                                     WEB "healthcheck",
                                     WEB "domainname",
                                     WEB "runtime",
                                     WEB "cpuset",
                                     WEB "cgroup_parent",
                                     WEB "pid",
                                     WEB "ipc",
                                     WEB "annotations",
                                     WEB "annotations.a",
                                     WEB "dns",
                                     WEB "dns[0]",
                                     WEB "dns_search",
                                     WEB "dns_search[0]",
                                     WEB "device_cgroup_rules",
                                     WEB "device_cgroup_rules[0]",
                                     WEB "security_opt",
                                     WEB "security_opt[0]",
                                     WEB "platform",
                                     WEB "x-berth.names",
                                     WEB "x-berth.names[0]",
                                     "the container does not fit into its memory"};

/* Exactly as much memory as there is: a sanitizer sees one byte more. What does not fit is said at
 * its place, and nothing behind it is read. */
static void case_memory_of_every_size(void)
{
    struct arena arena;
    struct engine_spec spec;
    struct err err = {0};
    size_t place = 0;
    uint8_t *memory = malloc(65536);
    arena_init(&arena, memory, 65536);
    CHECK_INT_EQ(render_into(&arena, &spec, &err), 0);
    CHECK_STR_EQ(err.text, "");
    size_t need = arena.used;
    free(memory);
    CHECK(need > 1000 && need < 65536);
    for (size_t size = 0; size < need && check_failures_ == 0; size++) {
        memory = malloc(size + (size == 0));
        arena_init(&arena, memory, size);
        CHECK_INT_EQ(render_into(&arena, &spec, &err), ERR_LIMIT);
        free(memory);
        if (place + 1 < COUNT_OF(places) && !is_at(&err, places[place])) {
            place++;
        }
        CHECK(is_at(&err, places[place]));
        if (check_failures_ > 0) {
            printf("    with %zu of %zu bytes, behind %s: %s\n", size, need, places[place],
                   err.text);
        }
    }
    CHECK_INT_EQ(place, COUNT_OF(places) - 1);
}

/* Where the value that begins at `from` ends. */
static size_t value_end(const char *text, size_t from)
{
    size_t at = from;
    int depth = 0;
    do {
        if (text[at] == '"') {
            at++;
            while (text[at] != '"') {
                at++;
            }
        }
        depth += text[at] == '{' || text[at] == '[';
        depth -= text[at] == '}' || text[at] == ']';
        at++;
    } while (depth > 0 || (text[from] != '"' && text[from] != '{' && text[from] != '[' &&
                           strchr(",}]", text[at]) == NULL));
    return at;
}

/* Refused with a cause, or, where the other kind will do as well, a plan. */
static void case_every_value_of_another_kind(void)
{
    static const char *const others[] = {
        "null", "true", "-1",     "1.5",  "99999999999", "\"\"",         "\"x\"",
        "[]",   "{}",   "[null]", "[[]]", "[\"\"]",      "{\"a\":null}", "\"a b:c/../d\""};
    static char payload[sizeof whole + 64];
    struct plan plan;
    int refused = 0;
    int taken = 0;
    bool is_inside = false; /* of a string */
    for (size_t at = 1; at < sizeof whole - 2; at++) {
        is_inside = is_inside != (whole[at - 1] == '"');
        bool is_value = whole[at - 1] == ':' || whole[at - 1] == '[' ||
                        (whole[at - 1] == ',' && whole[at] != '"');
        if (is_inside || !is_value || strchr("\"{[0123456789tf", whole[at]) == NULL) {
            continue;
        }
        size_t end = value_end(whole, at);
        for (size_t i = 0; i < COUNT_OF(others) && end < sizeof whole; i++) {
            struct err err = {0};
            int len = snprintf(payload, sizeof payload, "%.*s%s%s", (int)at, whole, others[i],
                               whole + end);
            int rc = release_compile(span_of(payload, (size_t)len), sample_node(), &plan, &err);
            CHECK(rc == 0 || (rc == err.code && err.text[0] != '\0'));
            refused += rc != 0;
            taken += rc == 0;
        }
    }
    printf("    %d refused, %d taken\n", refused, taken);
    CHECK(refused > 800 && taken > 0 && taken < refused / 4);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"memory of every size", case_memory_of_every_size},
        {"every value of another kind", case_every_value_of_another_kind},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
