/* tool: the operator's whole way, verb by verb: keys, build, sign, verify, revoke, and the
 * refusals. */
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/verbs.h"
#include "tests/check.h"

#define ARGUMENTS_MAX 16

static char dir[] = "/tmp/berth-tool-XXXXXX";

/* Runs a verb in the test's directory; the arguments are parted by blanks. */
static int run(int (*verb)(int, char **, struct err *), const char *line, struct err *err)
{
    char words[512];
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    char *save = NULL;
    int argc = 0;
    (void)snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &save); word != NULL && argc < ARGUMENTS_MAX;
         word = strtok_r(NULL, " ", &save)) {
        argv[argc++] = word;
    }
    *err = (struct err){0};
    optind = 0;
    opterr = 0;
    return verb(argc, argv, err);
}

static void check_run_is(int (*verb)(int, char **, struct err *), const char *line, int code,
                         const char *message)
{
    struct err err;
    int rc = run(verb, line, &err);
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
    check_run_is(verb_keys_new, "new k --fleet demo", 0, "");
    CHECK_INT_EQ(stat("k/release.pem", &status), 0);
    CHECK_INT_EQ(status.st_mode & 0777, 0600);
    check_run_is(verb_keys_new, "new k --fleet demo", ERR_EXISTS, "k/release.pem");
    check_run_is(verb_keys_new, "new k2", ERR_USAGE, "--fleet");
    check_run_is(verb_keys_new, "new k2 --fleet Demo", ERR_USAGE, "name");
    check_run_is(verb_keys_new, "new other --fleet demo", 0, "");
}

static void case_build(void)
{
    write_text("c.yaml", "name: shop\nservices:\n  web:\n    image: web\n    ports: ['80:80']\n");
    check_run_is(verb_release_build, "build c.yaml -o a.release --sequence 3", 0, "");
    check_run_is(verb_release_show, "show a.release", 0, "");
    check_run_is(verb_release_verify, "verify a.release --trust k/trust.json", ERR_UNSIGNED,
                 "a.release: unsigned");
    write_text("bad.yaml", "name: shop\nservices:\n  web:\n    image: web\n    buid: x\n");
    check_run_is(verb_release_build, "build bad.yaml -o b.release", ERR_VALUE,
                 "bad.yaml:5: services.web.buid: unknown key");
    write_text("soak.yaml", "name: shop\nservices:\n  web:\n    image: web\n    ports: ['80:80']\n"
                            "x-berth:\n  swap:\n    soak: 1s\n");
    check_run_is(verb_release_build, "build soak.yaml -o b.release", ERR_VALUE,
                 "soak.yaml:8: x-berth.swap.soak: 1s is too short");
    CHECK(access("b.release", F_OK) != 0);
    check_run_is(verb_release_build, "build c.yaml", ERR_USAGE, "-o");
    check_run_is(verb_release_build, "build c.yaml -o x --sequence 0", ERR_USAGE, "--sequence");
}

static void case_sign(void)
{
    check_run_is(verb_release_sign, "sign a.release --key k/order.pem -o wrong.release", 0, "");
    check_run_is(verb_release_verify, "verify wrong.release --trust k/trust.json", ERR_SIGNATURE,
                 "wrong.release: bad-signature");
    check_run_is(verb_release_sign, "sign a.release --key k/release.pub -o x", ERR_VALUE,
                 "k/release.pub: not a PEM P-256 private key");
    check_run_is(verb_release_sign, "sign a.release --key k/release.pem", 0, "");
    check_run_is(verb_release_verify, "verify a.release --trust k/trust.json", 0, "");
    check_run_is(verb_release_verify, "verify a.release --trust other/trust.json", ERR_SIGNATURE,
                 "bad-signature");
    check_run_is(verb_release_sign, "sign k/trust.json --key k/release.pem -o x", ERR_PAYLOAD_TYPE,
                 "is no release");
}

static void case_threshold(void)
{
    check_run_is(verb_keys_trust,
                 "trust k --fleet demo --role release=k/release.pub,other/release.pub:2", 0, "");
    check_run_is(verb_release_verify, "verify a.release --trust k/trust.json", ERR_THRESHOLD,
                 "signed by 1 of the 2");
    check_run_is(verb_release_sign, "sign a.release --key other/release.pem", 0, "");
    check_run_is(verb_release_verify, "verify a.release --trust k/trust.json", 0, "");
    check_run_is(verb_keys_trust, "trust k --fleet demo --role release=k/release.pub:2", ERR_VALUE,
                 "threshold.release: cannot be met");
    check_run_is(verb_keys_trust, "trust k --fleet demo --key other/trust.pem", ERR_SIGNATURE,
                 "trust");
}

static void case_revoke(void)
{
    check_run_is(verb_revoke, "revoke --key k/revoke.pem -o rev.json a.release", 0, "");
    check_run_is(verb_revoke, "revoke --key k/revoke.pem -o rev.json nothing", ERR_IO, "nothing");
    check_run_is(verb_revoke, "revoke --key k/revoke.pem a.release", ERR_USAGE, "-o");
    check_run_is(verb_release_show, "show rev.json", ERR_PAYLOAD_TYPE, "revoke");
}

static void files_remove(void)
{
    static const char *const names[] = {"c.yaml",        "bad.yaml", "soak.yaml", "a.release",
                                        "wrong.release", "rev.json", "b.release", "x"};
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
    static const struct check_case cases[] = {{"keys", case_keys},
                                              {"build", case_build},
                                              {"sign", case_sign},
                                              {"threshold", case_threshold},
                                              {"revoke", case_revoke}};
    if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
        return EXIT_FAILURE;
    }
    int rc = check_run(cases, COUNT_OF(cases), argc, argv);
    files_remove();
    return rmdir(dir) == 0 ? rc : EXIT_FAILURE;
}
