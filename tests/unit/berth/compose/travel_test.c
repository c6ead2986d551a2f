/* travel: what of the project's folder goes along with a release, and what is refused by name. */
#include "ports/app/berth/compose/travel.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/render.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/release_pieces.h"
#include "tests/check.h"

static struct keyring keyring;
static char dir[] = "/tmp/berth-travel-XXXXXX";

/* What a Compose file made of the folder. */
static struct {
    struct findings *findings;
    struct travel travel;
    struct plan plan;
    bool is_taken;
    char out[RENDER_BYTES];
} world;

static void put(const char *name, const void *data, size_t len, mode_t mode)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    for (char *slash = strchr(path + sizeof dir, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fwrite(data, 1, len, file) == len && fclose(file) == 0);
    CHECK_INT_EQ(chmod(path, mode), 0);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text), 0644);
}

/* A whole folder goes. */
static void take_away(const char *name)
{
    char line[PATH_MAX];
    (void)snprintf(line, sizeof line, "rm -rf '%s/%s'", dir, name);
    CHECK_INT_EQ(system(line), 0);
}

/* `service` is the service's keys, `rest` the file's. */
static void render_file(const char *service, const char *rest)
{
    char yaml[4096];
    struct yaml_item *root = NULL;
    struct err err = {0};
    struct text text;
    findings_free(world.findings);
    travel_close(&world.travel);
    world.findings = findings_new();
    (void)snprintf(yaml, sizeof yaml, "services:\n  web:\n    image: web\n    %s\n%s", service,
                   rest);
    CHECK_INT_EQ(yaml_tree_read(span_text(yaml),
                                &(struct yaml_source){.file = "c.yaml", .dir = dir}, &root, &err),
                 0);
    CHECK_STR_EQ(err.text, "");
    struct render render = {.root = root,
                            .service = yaml_tree_member(root, "services")->child,
                            .project = "shop",
                            .project_dir = dir,
                            .verify = &keyring.verify,
                            .findings = world.findings,
                            .travel = &world.travel};
    text_init(&text, world.out, sizeof world.out);
    world.is_taken = render_plan(&render, &text, &world.plan) &&
                     findings_count(world.findings, FINDING_REFUSED) == 0;
    yaml_tree_free(root);
}

static void check_taken(const char *service, const char *rest, const char *json)
{
    render_file(service, rest);
    if (!world.is_taken) {
        printf("    %s: %s\n", service, findings_at(world.findings, 0)->text);
    }
    CHECK(world.is_taken);
    CHECK_CONTAINS(world.out, json);
}

static void check_refused(const char *service, const char *rest, const char *text)
{
    render_file(service, rest);
    CHECK(!world.is_taken);
    const struct finding *first = findings_at(world.findings, 0);
    CHECK_CONTAINS(first != NULL ? first->text : NULL, text);
    CHECK(first == NULL || first->line > 0);
}

static void case_file(void)
{
    put_text("conf/web.conf", "listen 80\n");
    check_taken("volumes: [./conf/web.conf:/etc/web.conf]", "",
                "{\"type\":\"file\",\"source\":\"conf/web.conf\",\"target\":\"/etc/web.conf\"}");
    CHECK_CONTAINS(world.out, "\"files\":{\"conf/web.conf\":{\"bytes\":10,\"mode\":292,\"pieces\":["
                              "\"f7407318");
    CHECK_CONTAINS(world.out, "\"minAgent\":");
    CHECK_CONTAINS(findings_at(world.findings, 0)->text,
                   "travels with the release (10 bytes); each generation sees its own copy, "
                   "read-only: what the program writes there is refused");
    check_taken("volumes: [./conf/../conf/web.conf:/a:ro, ./conf/web.conf:/b]", "",
                "\"target\":\"/b\"");
    CHECK_INT_EQ(world.travel.count, 1);
    put("conf/run.sh", "#!/bin/sh\n", 10, 0700);
    check_taken("volumes: [./conf:/etc/web:ro]", "",
                "{\"type\":\"file\",\"source\":\"conf\",\"target\":\"/etc/web\"}");
    CHECK_INT_EQ(world.travel.count, 2);
    CHECK_STR_EQ(world.travel.files[0].name, "conf/run.sh");
    CHECK_INT_EQ(world.travel.files[0].mode, 0555);
    CHECK_INT_EQ(world.plan.file_count, 2);
    CHECK_CONTAINS(findings_at(world.findings, 0)->text, "(files: 2, bytes: 20)");
    /* What the program writes is in a volume, of the name that an empty folder's would have. */
    char want[256];
    (void)snprintf(
        want, sizeof want,
        "{\"type\":\"volume\",\"source\":\"dir-conf\",\"target\":\"/etc/web\",\"volume\":{"
        "\"nocopy\":true,\"seed\":\"conf\",\"owner\":\"%u:%u\"}}",
        getuid(), getgid());
    check_taken("volumes: [./conf:/etc/web]", "", want);
    CHECK_CONTAINS(findings_at(world.findings, 0)->text, "is brought into the volume dir-conf");
    take_away("conf");
}

static void case_outside(void)
{
    char link_path[128];
    put_text("conf/a", "x");
    put_text("../berth-travel-outside", "x");
    check_refused("volumes: [../berth-travel-outside:/a:ro]", "", "leads out of the folder");
    check_refused("volumes: [.:/app:ro]", "", "is the whole folder");
    (void)snprintf(link_path, sizeof link_path, "%s/conf/link", dir);
    CHECK_INT_EQ(symlink("a", link_path), 0);
    check_refused("volumes: [./conf:/a:ro]", "", "conf/link is no regular file");
    CHECK_INT_EQ(unlink(link_path), 0);
    CHECK_INT_EQ(symlink("/etc/passwd", link_path), 0);
    check_refused("volumes: [./conf/link:/a:ro]", "", "leads out of the folder");
    CHECK_INT_EQ(unlink(link_path), 0);
    CHECK_INT_EQ(mkfifo(link_path, 0600), 0);
    check_refused("volumes: [./conf:/a:ro]", "", "conf/link is no regular file");
    take_away("conf");
    take_away("../berth-travel-outside");
}

static void case_limits(void)
{
    static char data[1048577];
    char name[64];
    memset(data, 'x', sizeof data);
    put("conf/f", data, 65536, 0644);
    check_taken("volumes: [./conf/f:/f:ro]", "", "\"bytes\":65536");
    put("conf/f", data, 65537, 0644);
    check_taken("volumes: [./conf/f:/f:ro]", "", "\"bytes\":65537");
    put("conf/f", data, 1048576, 0644);
    check_taken("volumes: [./conf/f:/f:ro]", "", "\"bytes\":1048576");
    put("conf/f", data, 1048577, 0644);
    check_refused("volumes: [./conf/f:/f:ro]", "", "conf/f has 1048577 bytes; 1048576 travel");
    put("conf/f", data, 1048575, 0644);
    put("conf/g", data, 1, 0644);
    check_taken("volumes: [./conf:/f:ro]", "", "\"bytes\":1048575");
    put("conf/g", data, 2, 0644);
    check_refused("volumes: [./conf:/f:ro]", "", "conf/g is more than can travel with a release");
    take_away("conf");
    for (int i = 0; i < 64; i++) {
        (void)snprintf(name, sizeof name, "conf/f%02d", i);
        put_text(name, "x");
    }
    check_taken("volumes: [./conf:/f:ro]", "", "conf/f63");
    put_text("conf/f64", "x");
    check_refused("volumes: [./conf:/f:ro]", "", "conf/f64 is more than can travel with a release");
    take_away("conf");
}

static void check_reason(const char *name, const char *content, bool is_secret)
{
    const char *reason = travel_reason(name, span_text(content));
    if ((reason != NULL) != is_secret) {
        printf("    %s, \"%s\": %s\n", name, content, reason != NULL ? reason : "no reason");
        check_failures_++;
    }
}

static void case_reasons(void)
{
    static const char *const names[] = {".env",     "a/.env.prod",  "tls/server.key", "id_rsa",
                                        "x/passwd", "password.txt", "api_token",      ".htpasswd",
                                        "a.p12",    "secrets.yaml"};
    static const char *const plain[] = {"mosquitto.conf", "ca.pem",      "server.crt",    "keys.md",
                                        "keyboard.conf",  "environment", "tokenizer.json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        check_reason(names[i], "x\n", true);
    }
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        check_reason(plain[i], "x\n", false);
    }
    check_reason("a", "-----BEGIN PRIVATE KEY-----\n", true);
    check_reason("a", "x: 1\nmqtt:\n  password: geheim\n", true);
    check_reason("a", "\"password\": \"geheim\"", true);
    check_reason("a", "API_TOKEN = abc\r\n", true);
    check_reason("a", "url: mqtt://u:geheim@broker\n", true);
    check_reason("a", "password: ${PASSWORD}\n", false);
    check_reason("a", "password: !secret mqtt\n", false);
    check_reason("a", "password:\n  x: 1\n", false);
    check_reason("a", "password: \"\"\n", false);
    check_reason("a", "# password: geheim\n", false);
    check_reason("a", "password_file /mosquitto/passwords\n", false);
    check_reason("a", "password: /run/secrets/mqtt\n", false);
    check_reason("a", "allow_anonymous true\nlistener 1883\n", false);
}

static void case_plain(void)
{
    put_text("conf/web.conf", "password: geheim\n");
    check_refused("volumes: [./conf/web.conf:/a:ro]", "",
                  "conf/web.conf looks like a secret: its name says so");
    CHECK_CONTAINS(findings_at(world.findings, 0)->remedy, "x-berth.plain: [conf/web.conf]");
    check_taken("volumes: [./conf/web.conf:/a:ro]", "x-berth: {plain: [conf/web.conf]}\n",
                "\"files\":{");
    check_taken("x-berth: {plain: [web.conf]}\n    volumes: [./conf/web.conf:/a:ro]", "",
                "\"files\":{");
    take_away("conf");
}

static void case_configs(void)
{
    put_text("conf/web.conf", "listen 80\n");
    check_taken("configs: [site]", "configs: {site: {file: ./conf/web.conf}}\n",
                "{\"type\":\"file\",\"source\":\"conf/web.conf\",\"target\":\"/site\"}");
    check_taken("configs: [{source: site, target: /etc/x, mode: 0440}]",
                "configs: {site: {content: \"a=1\"}}\n",
                "{\"type\":\"file\",\"source\":\".configs/site\",\"target\":\"/etc/x\"}");
    CHECK_CONTAINS(world.out, "\".configs/site\":{\"bytes\":3,\"mode\":288,");
    check_taken("configs: [{source: site, target: x, uid: \"103\", mode: 0440}]",
                "configs: {site: {content: \"a=1\"}}\n", "\"target\":\"/x\"");
    CHECK_CONTAINS(world.out, "\"mode\":292");
    check_refused("configs: [site]", "", "there is no config site");
    check_refused("configs: [site]", "configs: {site: {external: true}}\n", "has no content");
    check_refused("configs: [{source: site, target: /../x}]", "configs: {site: {content: a}}\n",
                  "cannot be mounted");
    check_refused("configs: [{source: site, mode: rw}]", "configs: {site: {content: a}}\n",
                  "is no file mode");
    check_refused("configs: [site]", "configs: {site: {file: ./conf}}\n", "conf is a folder");
    check_refused("configs: [site]", "configs: {site: {content: \"password: x\"}}\n", "a secret");
    take_away("conf");
}

/* What is not there, or empty, is a volume, as before. */
static void case_nothing(void)
{
    check_taken("volumes: [./data:/data]", "", "{\"type\":\"volume\",\"source\":\"dir-data\"");
    CHECK_INT_EQ(world.travel.count, 0);
    CHECK(strstr(world.out, "\"files\"") == NULL);
}

static bool is_there(const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

/* The folder beside the release holds its pieces and no others. */
static void case_pieces(void)
{
    static char data[70000];
    char release[128];
    struct err err = {0};
    (void)snprintf(release, sizeof release, "%s/web.release", dir);
    put("conf/f", data, sizeof data, 0644);
    put("conf/g", data, 65536, 0644);
    check_taken("volumes: [./conf:/f:ro]", "", "\"files\":{");
    CHECK_INT_EQ(pieces_write(release, &world.travel, &keyring.verify, &err), 0);
    CHECK(is_there("web.release.files/"
                   "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31"));
    CHECK_INT_EQ(system("test $(ls /tmp/berth-travel-*/web.release.files | wc -l) = 2"), 0);
    put_text("conf/f", "small");
    put_text("conf/g", "small");
    check_taken("volumes: [./conf:/f:ro]", "", "\"files\":{");
    CHECK_INT_EQ(pieces_write(release, &world.travel, &keyring.verify, &err), 0);
    CHECK_INT_EQ(system("test $(ls /tmp/berth-travel-*/web.release.files | wc -l) = 1"), 0);
    travel_close(&world.travel);
    CHECK_INT_EQ(pieces_write(release, &world.travel, &keyring.verify, &err), 0);
    CHECK(!is_there("web.release.files"));
    take_away("conf");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"file", case_file},       {"outside", case_outside},
                                              {"limits", case_limits},   {"reasons", case_reasons},
                                              {"plain", case_plain},     {"configs", case_configs},
                                              {"nothing", case_nothing}, {"pieces", case_pieces}};
    struct err err = {0};
    if (mkdtemp(dir) == NULL || keyring_open(&keyring, &err) != 0) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    findings_free(world.findings);
    travel_close(&world.travel);
    keyring_close(&keyring);
    take_away("");
    return status;
}
