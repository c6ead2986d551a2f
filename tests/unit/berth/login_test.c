/* login: the files and helpers of container clients, and what is wrong in them. */
#include "ports/app/berth/login.h"

#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"

static char dir[] = "/tmp/berth-login-XXXXXX";
static char docker_file[64], podman_file[64];

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
    CHECK_INT_EQ(chmod(path, mode), 0);
}

static void helper_write(const char *name, const char *script)
{
    char path[128];
    char text[1024];
    (void)snprintf(path, sizeof path, "%s/docker-credential-%s", dir, name);
    (void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    write_file(path, text, 0755);
}

static int find(const char *docker, const char *podman, const char *host, const char *path,
                struct login *login, struct err *err)
{
    struct login_places places = {.count = 2};
    (void)snprintf(places.list[0], sizeof places.list[0], "%s", docker_file);
    (void)snprintf(places.list[1], sizeof places.list[1], "%s", podman_file);
    unlink(docker_file);
    unlink(podman_file);
    if (docker != NULL) {
        write_file(docker_file, docker, 0600);
    }
    if (podman != NULL) {
        write_file(podman_file, podman, 0600);
    }
    return login_find(&places, host, path, login, err);
}

/* YTpi is a:b, YzpkOmU= c:d:e. */
static void case_files(void)
{
    static const struct {
        const char *docker, *podman, *host, *path;
        enum login_kind kind;
        const char *user, *secret;
    } rows[] = {{NULL, NULL, "r.example", "web", LOGIN_NONE, "", ""},
                {"{}", "", "r.example", "web", LOGIN_NONE, "", ""},
                {"{\"auths\":{\"r.example\":{\"auth\":\"YTpi\"}}}", NULL, "r.example", "web",
                 LOGIN_PASSWORD, "a", "b"},
                {"{\"auths\":{\"r.example\":{\"auth\":\"YzpkOmU=\"}}}", NULL, "r.example", "web",
                 LOGIN_PASSWORD, "c", "d:e"},
                {"{\"auths\":{\"https://r.example/v1/\":{\"auth\":\"YTpi\"}}}", NULL, "r.example",
                 "web", LOGIN_PASSWORD, "a", "b"},
                {"{\"auths\":{\"r.example:5000\":{\"auth\":\"YTpi\"}}}", NULL, "r.example", "web",
                 LOGIN_NONE, "", ""},
                {"{\"auths\":{\"r.example\":{\"auth\":\"YTpi\"}}}", NULL, "r.example.evil", "web",
                 LOGIN_NONE, "", ""},
                {"{\"auths\":{\"r.example\":{}}}",
                 "{\"auths\":{\"r.example\":{\"auth\":\"YTpi\"}}}", "r.example", "web",
                 LOGIN_PASSWORD, "a", "b"},
                {"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"YTpi\"}}}", NULL,
                 "docker.io", "library/web", LOGIN_PASSWORD, "a", "b"},
                {NULL, "{\"auths\":{\"docker.io\":{\"auth\":\"YTpi\"}}}", "docker.io",
                 "library/web", LOGIN_PASSWORD, "a", "b"},
                {NULL,
                 "{\"auths\":{\"r.example\":{\"auth\":\"YTpi\"},\"r.example/shop\":{\"auth\":"
                 "\"YzpkOmU=\"}}}",
                 "r.example", "shop/web", LOGIN_PASSWORD, "c", "d:e"},
                {NULL,
                 "{\"auths\":{\"r.example\":{\"auth\":\"YTpi\"},\"r.example/shop\":{\"auth\":"
                 "\"YzpkOmU=\"}}}",
                 "r.example", "shopping/web", LOGIN_PASSWORD, "a", "b"},
                {"{\"auths\":{\"r.example\":{\"username\":\"u\",\"password\":\"p\"}}}", NULL,
                 "r.example", "web", LOGIN_PASSWORD, "u", "p"},
                {"{\"auths\":{\"r.example\":{\"auth\":\"YTpi\",\"identitytoken\":\"idt\"}}}", NULL,
                 "r.example", "web", LOGIN_IDENTITY, "a", "idt"},
                {"{\"auths\":{\"r.example\":{\"registrytoken\":\"rt\"}}}", NULL, "r.example", "web",
                 LOGIN_BEARER, "", "rt"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct login login;
        struct err err = {0};
        int rc = find(rows[i].docker, rows[i].podman, rows[i].host, rows[i].path, &login, &err);
        CHECK_STR_EQ(err.text, "");
        CHECK_INT_EQ(rc, 0);
        CHECK_INT_EQ(login.kind, rows[i].kind);
        CHECK_STR_EQ(login.user, rows[i].user);
        CHECK_STR_EQ(login.secret, rows[i].secret);
        CHECK(login.kind == LOGIN_NONE || strncmp(login.from, dir, strlen(dir)) == 0);
    }
}

static void case_helpers(void)
{
    static const struct {
        const char *docker;
        enum login_kind kind;
        const char *user, *secret, *from;
    } rows[] = {
        {"{\"credsStore\":\"good\"}", LOGIN_PASSWORD, "joe", "r.example", "docker-credential-good"},
        {"{\"credsStore\":\"gone\",\"credHelpers\":{\"r.example\":\"good\"}}", LOGIN_PASSWORD,
         "joe", "r.example", "docker-credential-good"},
        {"{\"credsStore\":\"good\",\"credHelpers\":{\"q.example\":\"gone\"}}", LOGIN_PASSWORD,
         "joe", "r.example", "docker-credential-good"},
        {"{\"credsStore\":\"token\"}", LOGIN_IDENTITY, "<token>", "idt", "docker-credential-token"},
        {"{\"credsStore\":\"unknown\",\"auths\":{\"r.example\":{\"auth\":\"YTpi\"}}}",
         LOGIN_PASSWORD, "a", "b", "config.json"}};
    helper_write("good",
                 "read s; [ \"$1\" = get ] || exit 1\n"
                 "echo \"{\\\"ServerURL\\\":\\\"$s\\\",\\\"Username\\\":\\\"joe\\\",\\\"Secret\\\":"
                 "\\\"$s\\\"}\"");
    helper_write("token", "echo '{\"Username\":\"<token>\",\"Secret\":\"idt\"}'");
    helper_write("unknown", "echo 'credentials not found in native keychain'; exit 1");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct login login;
        struct err err = {0};
        CHECK_INT_EQ(find(rows[i].docker, NULL, "r.example", "web", &login, &err), 0);
        CHECK_STR_EQ(err.text, "");
        CHECK_INT_EQ(login.kind, rows[i].kind);
        CHECK_STR_EQ(login.user, rows[i].user);
        CHECK_STR_EQ(login.secret, rows[i].secret);
        CHECK_CONTAINS(login.from, rows[i].from);
    }
}

static void case_faults(void)
{
    static const struct {
        const char *docker, *text;
    } rows[] = {
        {"{", "config.json: line 1"},
        {"{\"auths\":{\"r.example\":{\"auth\":\"!!\"}}}", "config.json: \"auth\" is not"},
        {"{\"auths\":{\"r.example\":{\"auth\":\"Onp6eg==\"}}}", "config.json: \"auth\" is not"},
        {"{\"credsStore\":\"gone\"}", "docker-credential-gone cannot be run: No such file"},
        {"{\"credsStore\":\"../good\"}", "a credential helper cannot be called ../good"},
        {"{\"credsStore\":\"broken\"}", "docker-credential-broken fails: the keyring is locked"},
        {"{\"credsStore\":\"mute\"}", "docker-credential-mute fails: it says nothing"},
        {"{\"credsStore\":\"odd\"}", "the answer of docker-credential-odd is not understood"},
        {"{\"credsStore\":\"much\"}", "docker-credential-much answers more than 65535 bytes"}};
    helper_write("broken", "echo 'the keyring is locked'; exit 3");
    helper_write("mute", "exit 1");
    helper_write("odd", "echo '{\"Username\":\"zzz\",\"Secret\":5}'");
    helper_write("much", "exec head -c 200000 /dev/zero");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct login login;
        struct err err = {0};
        CHECK(find(rows[i].docker, NULL, "r.example", "web", &login, &err) != 0);
        CHECK_CONTAINS(err.text, rows[i].text);
        CHECK(strstr(err.text, "zzz") == NULL);
        CHECK(strncmp(err.text, dir, strlen(dir)) == 0);
    }
}

static const char *const *variables;

static const char *variable(const char *name)
{
    for (size_t i = 0; variables[i] != NULL; i += 2) {
        if (strcmp(variables[i], name) == 0) {
            return variables[i + 1];
        }
    }
    return NULL;
}

static void case_places(void)
{
    static const char *const home[] = {"HOME", "/h", "XDG_RUNTIME_DIR", "/run/u", NULL};
    static const char *const all[] = {
        "HOME",    "/h", "DOCKER_CONFIG", "/d", "XDG_CONFIG_HOME", "/x", "REGISTRY_AUTH_FILE",
        "/a.json", NULL};
    struct login_places places;
    variables = home;
    login_places_of(variable, &places);
    CHECK_INT_EQ(places.count, 3);
    CHECK_STR_EQ(places.list[0], "/h/.docker/config.json");
    CHECK_STR_EQ(places.list[1], "/run/u/containers/auth.json");
    CHECK_STR_EQ(places.list[2], "/h/.config/containers/auth.json");
    variables = all;
    login_places_of(variable, &places);
    CHECK_INT_EQ(places.count, 3);
    CHECK_STR_EQ(places.list[0], "/a.json");
    CHECK_STR_EQ(places.list[1], "/d/config.json");
    CHECK_STR_EQ(places.list[2], "/x/containers/auth.json");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"files", case_files},
                                              {"helpers", case_helpers},
                                              {"faults", case_faults},
                                              {"places", case_places}};
    char path[4096];
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    const char *before = getenv("PATH");
    (void)snprintf(path, sizeof path, "%s:%s", dir, before != NULL ? before : "/usr/bin:/bin");
    (void)snprintf(docker_file, sizeof docker_file, "%s/config.json", dir);
    (void)snprintf(podman_file, sizeof podman_file, "%s/auth.json", dir);
    setenv("PATH", path, 1);
    int failed = check_run(cases, COUNT_OF(cases), argc, argv);
    static const char *const left[] = {"config.json", "auth.json", "good", "token", "unknown",
                                       "broken",      "mute",      "odd",  "much"};
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        (void)snprintf(path, sizeof path, "%s/%s%s", dir, i < 2 ? "" : "docker-credential-",
                       left[i]);
        unlink(path);
    }
    rmdir(dir);
    return failed;
}
