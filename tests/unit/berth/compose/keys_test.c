/* keys: the table against the names of the specification, and what each row makes of its key. */
#include "ports/app/berth/compose/keys.h"

#include "platform/base/units.h"
#include "tests/check.h"

/* The names of the Compose specification's JSON schema, object by object. Names only: what becomes
 * of them stands nowhere here. */
static const struct {
    const char *object;
    const char *names;
} specification[] = {
    {"", "version name include services models networks volumes secrets configs"},
    {"services.*",
     "develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent "
     "command configs container_name cpu_count cpu_percent cpu_shares cpu_quota cpu_period "
     "cpu_rt_period cpu_rt_runtime cpus cpuset credential_spec depends_on device_cgroup_rules "
     "devices dns dns_opt dns_search domainname entrypoint env_file label_file environment expose "
     "extends provider external_links extra_hosts gpus group_add healthcheck hostname image init "
     "ipc isolation labels links logging mac_address mem_limit mem_reservation mem_swappiness "
     "memswap_limit network_mode models networks oom_kill_disable oom_score_adj pid pids_limit "
     "platform ports post_start pre_stop privileged profiles pull_policy pull_refresh_after "
     "read_only restart runtime scale security_opt shm_size secrets sysctls stdin_open "
     "stop_grace_period stop_signal storage_opt tmpfs tty ulimits use_api_socket user uts "
     "userns_mode volumes volumes_from working_dir"},
    {"services.*.build",
     "context dockerfile dockerfile_inline entitlements args ssh labels cache_from cache_to "
     "no_cache additional_contexts network provenance sbom pull target shm_size extra_hosts "
     "isolation privileged secrets tags ulimits platforms"},
    {"services.*.blkio_config", "device_read_bps device_read_iops device_write_bps "
                                "device_write_iops weight weight_device"},
    {"services.*.blkio_config.device_read_bps[]", "path rate"},
    {"services.*.blkio_config.device_read_iops[]", "path rate"},
    {"services.*.blkio_config.device_write_bps[]", "path rate"},
    {"services.*.blkio_config.device_write_iops[]", "path rate"},
    {"services.*.blkio_config.weight_device[]", "path weight"},
    {"services.*.credential_spec", "config file registry"},
    {"services.*.depends_on.*", "restart required condition"},
    {"services.*.devices[]", "source target permissions"},
    {"services.*.env_file[]", "path format required"},
    {"services.*.extends", "service file"},
    {"services.*.provider", "type options"},
    {"services.*.gpus[]", "capabilities count device_ids driver options"},
    {"services.*.healthcheck", "disable interval retries test timeout start_period start_interval"},
    {"services.*.logging", "driver options"},
    {"services.*.models.*", "endpoint_var model_var"},
    {"services.*.networks.*", "aliases interface_name ipv4_address ipv6_address link_local_ips "
                              "mac_address driver_opts priority gw_priority"},
    {"services.*.ports[]", "name mode host_ip target published protocol app_protocol"},
    {"services.*.post_start[]", "command user privileged working_dir environment"},
    {"services.*.pre_stop[]", "command user privileged working_dir environment"},
    {"services.*.secrets[]", "source target uid gid mode"},
    {"services.*.configs[]", "source target uid gid mode"},
    {"services.*.ulimits.*", "hard soft"},
    {"services.*.volumes[]", "type source target read_only consistency bind volume tmpfs image"},
    {"services.*.volumes[].bind", "propagation create_host_path recursive selinux"},
    {"services.*.volumes[].volume", "labels nocopy subpath"},
    {"services.*.volumes[].tmpfs", "size mode"},
    {"services.*.volumes[].image", "subpath"},
    {"services.*.develop", "watch"},
    {"services.*.develop.watch[]", "ignore include path action target exec"},
    {"services.*.develop.watch[].exec", "command user privileged working_dir environment"},
    {"services.*.deploy", "mode endpoint_mode replicas labels rollback_config update_config "
                          "resources restart_policy placement"},
    {"services.*.deploy.rollback_config",
     "parallelism delay failure_action monitor max_failure_ratio order"},
    {"services.*.deploy.update_config",
     "parallelism delay failure_action monitor max_failure_ratio order"},
    {"services.*.deploy.resources", "limits reservations"},
    {"services.*.deploy.resources.limits", "cpus memory pids"},
    {"services.*.deploy.resources.reservations", "cpus memory generic_resources devices"},
    {"services.*.deploy.resources.reservations.generic_resources[]", "discrete_resource_spec"},
    {"services.*.deploy.resources.reservations.generic_resources[].discrete_resource_spec",
     "kind value"},
    {"services.*.deploy.resources.reservations.devices[]",
     "capabilities count device_ids driver options"},
    {"services.*.deploy.restart_policy", "condition delay max_attempts window"},
    {"services.*.deploy.placement", "constraints preferences max_replicas_per_node"},
    {"services.*.deploy.placement.preferences[]", "spread"},
    {"include[]", "path env_file project_directory"},
    {"models.*", "name model context_size runtime_flags"},
    {"networks.*",
     "name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels"},
    {"networks.*.ipam", "driver config options"},
    {"networks.*.ipam.config[]", "subnet ip_range gateway aux_addresses"},
    {"networks.*.external", "name"},
    {"volumes.*", "name driver driver_opts external labels"},
    {"volumes.*.external", "name"},
    {"secrets.*", "name environment file external labels driver driver_opts template_driver"},
    {"secrets.*.external", "name"},
    {"configs.*", "name content environment file external labels template_driver"},
    {"configs.*.external", "name"},
};

static bool name_next(const char **at, char name[64])
{
    *at += strspn(*at, " ");
    size_t len = strcspn(*at, " ");
    (void)snprintf(name, 64, "%.*s", (int)len, *at);
    *at += len;
    return len > 0;
}

static void case_specification_is_in_table(void)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(specification); i++) {
        const char *at = specification[i].names;
        char name[64];
        char path[256];
        while (name_next(&at, name)) {
            (void)snprintf(path, sizeof path, "%s%s%s", specification[i].object,
                           specification[i].object[0] != '\0' ? "." : "", name);
            if (keys_find(path) == NULL) {
                printf("    not in the table: %s\n", path);
                check_failures_++;
            }
            count++;
        }
    }
    CHECK(count > 250);
}

static bool is_specified(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(specification); i++) {
        const char *at = specification[i].names;
        char name[64];
        char known[256];
        while (name_next(&at, name)) {
            (void)snprintf(known, sizeof known, "%s%s%s", specification[i].object,
                           specification[i].object[0] != '\0' ? "." : "", name);
            if (strcmp(known, path) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void case_table_is_specified(void)
{
    const struct key *key = NULL;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        size_t len = strlen(key->path);
        bool is_name = strcmp(key->path + len - 2, ".*") == 0;
        CHECK(keys_find(key->path) == key); /* each path stands once */
        CHECK((key->text != NULL) == (key->verdict != KEY_HONOURED));
        CHECK((key->remedy != NULL) == (key->verdict == KEY_REFUSED));
        if (!is_name && strstr(key->path, "x-berth") == NULL && !is_specified(key->path)) {
            printf("    the specification has no %s\n", key->path);
            check_failures_++;
        }
    }
}

/* A file that has the key of a row and nothing else worth a word: "networks.*.driver" becomes
 * "networks: {n: {driver: word}}"; `said` is its path in findings. */
static void file_of_row(const char *path, char *yaml, char *said)
{
    char tail[64] = "";
    size_t depth = 0;
    *yaml = '\0';
    *said = '\0';
    while (*path != '\0') {
        size_t len = strcspn(path, ".[");
        const char *name = *path == '*' ? "n" : path;
        int characters = *path == '*' ? 1 : (int)len;
        (void)sprintf(yaml + strlen(yaml), "{%.*s: ", characters, name);
        (void)sprintf(said + strlen(said), "%s%.*s", said[0] != '\0' ? "." : "", characters, name);
        tail[depth++] = '}';
        path += len;
        if (strncmp(path, "[]", 2) == 0) {
            strcat(yaml, "[");
            strcat(said, "[0]");
            tail[depth++] = ']';
            path += 2;
        }
        path += *path == '.';
    }
    strcat(yaml, "word");
    while (depth > 0) {
        (void)sprintf(yaml + strlen(yaml), "%c", tail[--depth]);
    }
}

static struct findings *judge(const char *yaml)
{
    struct yaml_item *root = NULL;
    struct err err = {0};
    struct findings *findings = findings_new();
    CHECK_INT_EQ(
        yaml_tree_read(span_text(yaml), &(struct yaml_source){.file = "c.yaml"}, &root, &err), 0);
    CHECK_STR_EQ(err.text, "");
    keys_check(root, findings);
    yaml_tree_free(root);
    return findings;
}

/* Is a row above it refused or noted, so that nobody looks below? */
static bool is_shadowed(const char *path)
{
    const struct key *key = NULL;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        size_t len = strlen(key->path);
        if (key->verdict != KEY_HONOURED && strncmp(key->path, path, len) == 0 &&
            (path[len] == '.' || path[len] == '[')) {
            return true;
        }
    }
    return false;
}

/* Declarations count only where a service refers to them. */
static bool is_declared(const char *path)
{
    return strncmp(path, "networks.*.", 11) == 0 || strncmp(path, "volumes.*.", 10) == 0 ||
           strncmp(path, "secrets.*.", 10) == 0 || strncmp(path, "configs.*.", 10) == 0;
}

static void case_every_row(void)
{
    const struct key *key = NULL;
    size_t rows = 0;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++, rows++) {
        char yaml[1024];
        char said[512];
        char file[2048];
        file_of_row(key->path, yaml, said);
        size_t section = strcspn(key->path, ".");
        (void)snprintf(file, sizeof file, "%.*s%s", (int)strlen(yaml) - 1, yaml,
                       is_declared(key->path) ? ", services: {s: {SECTION: [n]}}}" : "}");
        char *place = strstr(file, "SECTION");
        if (place != NULL) {
            char rest[64];
            (void)snprintf(rest, sizeof rest, "%s", place + 7);
            (void)sprintf(place, "%.*s%s", (int)section, key->path, rest);
        }
        struct findings *findings = judge(file);
        const struct finding *finding = findings_at(findings, 0);
        if (is_shadowed(key->path)) {
            CHECK(finding != NULL && strcmp(finding->text, "unknown key") != 0);
        } else if (key->verdict == KEY_HONOURED) {
            CHECK(finding == NULL);
        } else {
            CHECK(finding != NULL &&
                  finding->level == (key->verdict == KEY_REFUSED ? FINDING_REFUSED : FINDING_NOTE));
            CHECK_STR_EQ(finding != NULL ? finding->path : "nothing", said);
            CHECK_STR_EQ(finding != NULL ? finding->text : "nothing", key->text);
            CHECK_INT_EQ(finding != NULL ? finding->line : 0, 1);
        }
        if (check_failures_ > 0) {
            printf("    %s\n    %s\n", key->path, file);
            findings_free(findings);
            return;
        }
        findings_free(findings);
    }
    CHECK(rows > 300);
}

static void check_unknown(const char *yaml, const char *path, const char *remedy)
{
    struct findings *findings = judge(yaml);
    const struct finding *finding = findings_at(findings, 0);
    CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), 1);
    CHECK_STR_EQ(finding != NULL ? finding->text : "nothing", "unknown key");
    CHECK_STR_EQ(finding != NULL ? finding->path : "nothing", path);
    CHECK_STR_EQ(finding != NULL ? finding->remedy : "nothing", remedy);
    findings_free(findings);
}

static void case_unknown(void)
{
    check_unknown("{services: {web: {buid: x}}}", "services.web.buid", "did you mean build?");
    check_unknown("{services: {web: {enviroment: {}}}}", "services.web.enviroment",
                  "did you mean environment?");
    check_unknown("{services: {web: {working-dir: /}}}", "services.web.working-dir",
                  "did you mean working_dir?");
    check_unknown("{services: {web: {zebra: x}}}", "services.web.zebra",
                  "check its spelling or remove it");
    check_unknown("{service: {}}", "service", "did you mean services?");
    check_unknown("{services: {web: {ports: [{targett: 80}]}}}", "services.web.ports[0].targett",
                  "did you mean target?");
    check_unknown("{services: {web: {healthcheck: {intervall: 5s}}}}",
                  "services.web.healthcheck.intervall", "did you mean interval?");
    check_unknown("{x-berth: {sequense: 1}}", "x-berth.sequense", "did you mean sequence?");
    check_unknown("{networks: {n: {drivr: x}}}", "networks.n.drivr", "did you mean driver?");
}

static void check_silent(const char *yaml)
{
    struct findings *findings = judge(yaml);
    const struct finding *finding = findings_at(findings, 0);
    CHECK_STR_EQ(finding != NULL ? finding->path : "", "");
    findings_free(findings);
}

/* What asks for nothing, what "docker compose config" writes by itself, and what is nobody's. */
static void case_silent(void)
{
    check_silent("{networks: {default: null}, volumes: {data: {name: p_data}}}");
    check_silent("{networks: {default: {name: p_default, ipam: {}, driver: bridge}}, services: {a: "
                 "{networks: [other]}}}");
    check_silent("{services: {a: {deploy: {placement: {}, resources: {}}}}}");
    check_silent("{services: {a: {volumes: [{type: bind, source: /a, target: /b, bind: "
                 "{create_host_path: true}}, {type: volume, volume: {}}]}}}");
    check_silent("{services: {a: {use_api_socket: false, configs: [], external_links: }}}");
    check_silent("{x-other: {b: 1}, services: {a: {x-y: 1, environment: {buid: 1}}}}");
    check_silent("{volumes: {big: {driver: nfs}}, services: {a: {volumes: ['small:/s']}}}");
    check_silent("{services: {a: {networks: {default: null}, pull_policy: missing}}}");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"specification_is_in_table", case_specification_is_in_table},
        {"table_is_specified", case_table_is_specified},
        {"every_row", case_every_row},
        {"unknown", case_unknown},
        {"silent", case_silent}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
