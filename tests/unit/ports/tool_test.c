/* tool: the operator's whole way, verb by verb: keys, build, sign, verify, revoke, and the
 * refusals. */
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/files.h"
#include "tests/check.h"
#include "tests/unit/words/typed.h"

static char dir[] = "/tmp/berth-tool-XXXXXX";

static void check_run_is(const char *line, int code, const char *message)
{
    struct err err;
    int rc = typed_run(line, &err);
    if (rc != code) {
        printf("    %s: %s\n", line, err.text);
    }
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(err.text, message);
}

static void write_text(const char *path, const char *text)
{
    CHECK_INT_EQ(file_write(path, span_text(text), 0644, NULL), 0);
}

static void case_keys(void)
{
    struct stat status;
    check_run_is("keys new k --fleet demo", 0, "");
    CHECK_INT_EQ(stat("k/release.pem", &status), 0);
    CHECK_INT_EQ(status.st_mode & 0777, 0600);
    check_run_is("keys new k --fleet demo", ERR_EXISTS, "k/release.pem");
    check_run_is("keys new k2", ERR_USAGE, "--fleet");
    check_run_is("keys new k2 --fleet Demo", ERR_USAGE, "name");
    check_run_is("keys new other --fleet demo", 0, "");
}

static void case_build(void)
{
    write_text("c.yaml", "name: shop\nservices:\n  web:\n    image: web\n    ports: ['80:80']\n");
    check_run_is("release build c.yaml -o a.release --sequence 3", 0, "");
    check_run_is("release show a.release", 0, "");
    check_run_is("release verify a.release --trust k/trust.json", ERR_UNSIGNED,
                 "a.release: unsigned");
    write_text("bad.yaml", "name: shop\nservices:\n  web:\n    image: web\n    buid: x\n");
    check_run_is("release build bad.yaml -o b.release", ERR_VALUE,
                 "bad.yaml:5: services.web.buid: unknown key");
    write_text("soak.yaml", "name: shop\nservices:\n  web:\n    image: web\n    ports: ['80:80']\n"
                            "x-berth:\n  swap:\n    soak: 1s\n");
    check_run_is("release build soak.yaml -o b.release", ERR_VALUE,
                 "soak.yaml:8: x-berth.swap.soak: 1s is too short");
    CHECK(access("b.release", F_OK) != 0);
    check_run_is("release build c.yaml", ERR_USAGE, "-o");
    check_run_is("release build c.yaml -o x --sequence 0", ERR_USAGE, "--sequence");
}

/* What a verb says goes into a file of the test's directory. */
static void check_output_has(const char *line, int code, const char *words)
{
    static char said[16384];
    struct err err;
    (void)fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    FILE *file = fopen("said", "w+");
    CHECK(kept >= 0 && file != NULL && dup2(fileno(file), STDOUT_FILENO) >= 0);
    int rc = typed_run(line, &err);
    (void)fflush(stdout);
    CHECK(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    (void)fclose(file);
    (void)unlink("said");
    CHECK_INT_EQ(rc, code);
    CHECK_CONTAINS(said, words);
}

/* Without any x-berth: what is chosen is said, with where it comes from. */
static void case_shortest(void)
{
    write_text("plain.yaml", "services:\n  node_red:\n    image: web:1.4\n    ports: ['80:80']\n");
    check_output_has("release build plain.yaml -o p.release --project-name my_shop", 0,
                     "version 1.4, from the image's tag; sequence 1");
    check_output_has("release build plain.yaml -o p.release --project-name my_shop", 0,
                     "app my-shop, from --project-name; ");
    check_output_has("release build c.yaml -o p.release", 0,
                     "app shop, from the file's name; version 111111111111, from the image's "
                     "digest; sequence 1");
    check_output_has("release show p.release", 0, "shop 111111111111");
    check_output_has("release build plain.yaml -o p.release", 0,
                     "service node-red: web:1.4\n  handover  start-first, because");
    check_output_has("release build plain.yaml -o p.release", 0,
                     "gate      port 80 takes connections (its first published port)\n");
    write_text("two.yaml", "services: {a: {image: web}, b: {image: web}}\n");
    check_run_is("release build two.yaml -o q.release", ERR_VALUE,
                 "a node takes one service an app for now, and the file has 2 (a, b)");
    write_text("gone.yaml", "services:\n  a:\n    image: gone\n");
    check_run_is("release build gone.yaml -o q.release", ERR_NOT_FOUND,
                 "gone.yaml:3: services.a.image: image gone");
    /* Faults of the file are said before any image is asked. */
    write_text("both.yaml", "services:\n  a:\n    image: gone\n    buid: x\n    cap_drp: [all]\n");
    check_run_is("release build both.yaml -o q.release", ERR_VALUE,
                 "2 findings refuse it; nothing is built");
    CHECK(access("q.release", F_OK) != 0);
}

static void case_lint(void)
{
    check_output_has("release lint c.yaml", 0,
                     "app shop: 0 refused, 0 to note; a release can be built of it\n");
    check_output_has("release lint c.yaml --json", 0, "{\"app\":\"shop\",\"findings\":[");
    check_output_has(
        "release lint c.yaml --json", 0,
        "\"services\":[{\"name\":\"web\",\"image\":\"web\",\"order\":\"start-first\","
        "\"reason\":\"it publishes a port and shares nothing writable\",\"gate\":\"port 80 "
        "takes connections\",\"gateFrom\":\"its first published port\","
        "\"gateMayBeImages\":true,\"replicas\":1,\"ports\":[\"80:80/tcp\"],");
    check_output_has("release lint both.yaml", 1,
                     "both.yaml:4: services.a.buid: unknown key; did you mean build?\n"
                     "both.yaml:5: services.a.cap_drp: unknown key; did you mean cap_drop?\n");
    check_output_has("release lint two.yaml", 0, "one service an app for now");
    check_output_has("release lint soak.yaml", 1,
                     "soak.yaml:8: x-berth.swap.soak: 1s is too short");
    check_output_has("release lint plain.yaml", 0,
                     "plain.yaml:2: note: services.node_red: is called node-red on a node");
    write_text("slow.yaml",
               "services:\n  a:\n    image: web\n    healthcheck: {test: x, start_period: "
               "10m, timeout: 1m}\n");
    check_output_has("release lint slow.yaml", 0, "so a swap ends after that, not after 5m");
    check_run_is("release lint c.yaml --nothing", ERR_USAGE, "no such option");
    check_run_is("release lint nothing.yaml", 1, "");
}

static void case_sign(void)
{
    check_run_is("release sign a.release --key k/order.pem -o wrong.release", 0, "");
    check_run_is("release verify wrong.release --trust k/trust.json", ERR_SIGNATURE,
                 "wrong.release: bad-signature");
    check_run_is("release sign a.release --key k/release.pub -o x", ERR_VALUE,
                 "k/release.pub: not a PEM P-256 private key");
    check_run_is("release sign a.release --key k/release.pem", 0, "");
    check_run_is("release verify a.release --trust k/trust.json", 0, "");
    check_run_is("release verify a.release --trust other/trust.json", ERR_SIGNATURE,
                 "bad-signature");
    check_run_is("release sign k/trust.json --key k/release.pem -o x", ERR_PAYLOAD_TYPE,
                 "is no release");
}

/* "-" is standard input, where a file is read. */
static void case_standard_input(void)
{
    CHECK(freopen("a.release", "r", stdin) != NULL);
    check_run_is("release verify - --trust k/trust.json", 0, "");
    CHECK(freopen("a.release", "r", stdin) != NULL);
    check_run_is("release show -", 0, "");
    check_output_has("release show a.release --json", 0, ",\"sequence\":3,\"floor\":0,");
    check_output_has("release show a.release --json", 0, "\"app\":\"shop\"");
    check_run_is("release sign - --key k/release.pem", ERR_USAGE, "-o FILE is needed");
    CHECK(freopen("/dev/null", "r", stdin) != NULL);
    check_run_is("release show -", ERR_SYNTAX, "");
}

static void case_threshold(void)
{
    check_run_is("keys trust k --fleet demo --role release=k/release.pub,other/release.pub:2", 0,
                 "");
    check_run_is("release verify a.release --trust k/trust.json", ERR_THRESHOLD,
                 "signed by 1 of the 2");
    check_run_is("release sign a.release --key other/release.pem", 0, "");
    check_run_is("release verify a.release --trust k/trust.json", 0, "");
    check_run_is("keys trust k --fleet demo --role release=k/release.pub:2", ERR_VALUE,
                 "threshold.release: cannot be met");
    check_run_is("keys trust k --fleet demo --key other/trust.pem", ERR_SIGNATURE, "trust");
}

static void case_revoke(void)
{
    check_run_is("revoke --key k/revoke.pem -o rev.json a.release", 0, "");
    check_run_is("revoke --key k/revoke.pem -o rev.json nothing", ERR_IO, "nothing");
    check_run_is("revoke --key k/revoke.pem a.release", ERR_USAGE, "-o");
    check_run_is("release show rev.json", ERR_PAYLOAD_TYPE, "revoke");
}

static void files_remove(void)
{
    static const char *const names[] = {"c.yaml",        "bad.yaml", "soak.yaml", "a.release",
                                        "wrong.release", "rev.json", "b.release", "x",
                                        "plain.yaml",    "two.yaml", "gone.yaml", "both.yaml",
                                        "slow.yaml",     "p.release"};
    static const char *const dirs[] = {"k", "other", "k2"};
    static const char *const words[] = {"release", "order", "trust", "revoke"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)unlink(names[i]);
    }
    for (size_t i = 0; i < COUNT_OF(dirs); i++) {
        char path[64];
        for (size_t j = 0; j < COUNT_OF(words); j++) {
            (void)snprintf(path, sizeof path, "%s/%s.pem", dirs[i], words[j]);
            (void)unlink(path);
            (void)snprintf(path, sizeof path, "%s/%s.pub", dirs[i], words[j]);
            (void)unlink(path);
        }
        (void)snprintf(path, sizeof path, "%s/trust.json", dirs[i]);
        (void)unlink(path);
        (void)rmdir(dirs[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"keys", case_keys},           {"build", case_build},
        {"shortest", case_shortest},   {"lint", case_lint},
        {"sign", case_sign},           {"standard input", case_standard_input},
        {"threshold", case_threshold}, {"revoke", case_revoke}};
    if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
        return EXIT_FAILURE;
    }
    int rc = check_run(cases, COUNT_OF(cases), argc, argv);
    files_remove();
    return rmdir(dir) == 0 ? rc : EXIT_FAILURE;
}
