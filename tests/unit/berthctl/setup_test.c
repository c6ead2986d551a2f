/* setup_test: names of gateways, and that setting one up never replaces what is there. */
#include "ports/app/control/setup.h"

#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/control/activate.h"
#include "tests/check.h"

/* An envelope as far as this tool reads it: {"fleet":"local"}. */
#define TRUST "{\"payload\":\"eyJmbGVldCI6ImxvY2FsIn0=\"}"
#define OTHER "{\"payload\":\"eyJmbGVldCI6Im90aGVyIn0=\"}"

static char folder[64];

static void folder_make(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/setup_test.XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
}

static void folder_remove(void)
{
    static const char *const names[] = {"berthd.json", "trust.json"};
    char path[128];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    CHECK_INT_EQ(rmdir(folder), 0); /* nothing else was left there */
}

static void write_file(const char *name, const char *content)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fputs(content, file) >= 0 && fclose(file) == 0);
}

static void check_file(const char *name, const char *content)
{
    char path[128];
    char found[512] = "";
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    if (file != NULL) {
        (void)!fread(found, 1, sizeof found - 1, file);
        (void)fclose(file);
    }
    CHECK_STR_EQ(found, content);
}

/* No agent answers, and no service manager is found: it ends there at the latest. */
static int run(const char *trust)
{
    const struct setup setup = {.control = {.tool = "test", .socket_path = "/nonexistent/x.sock"},
                                .dir = folder,
                                .trust = span_text(trust),
                                .source = "trust"};
    CHECK_INT_EQ(setenv("PATH", folder, 1), 0);
    return setup_run(&setup);
}

static void names(void)
{
    static const struct {
        const char *host, *name;
    } rows[] = {{"gw-17", "gw-17"},
                {"Gate_7.example.org", "gate-7"},
                {"", "gateway"},
                {"___", "gateway"},
                {"-a-", "a"},
                {"\xc3\xa4"
                 "b",
                 "b"},
                {".example", "gateway"},
                {"9", "9"}};
    char name[64];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        setup_node_name(rows[i].host, name, sizeof name);
        CHECK_STR_EQ(name, rows[i].name);
    }
    setup_node_name("abcdef", name, 4);
    CHECK_STR_EQ(name, "abc");
}

static void made_once(void)
{
    folder_make();
    CHECK_INT_EQ(run(TRUST), EXIT_FAILED); /* no agent, and nothing that starts one */
    check_file("trust.json", TRUST);
    char config[128];
    struct stat before;
    struct stat after;
    (void)snprintf(config, sizeof config, "%s/berthd.json", folder);
    CHECK_INT_EQ(stat(config, &before), 0);
    CHECK_INT_EQ(run(TRUST), EXIT_FAILED); /* again: nothing is written */
    CHECK_INT_EQ(stat(config, &after), 0);
    CHECK(before.st_ino == after.st_ino);
    folder_remove();
}

static void never_replaced(void)
{
    folder_make();
    write_file("trust.json", OTHER);
    CHECK_INT_EQ(run(TRUST), EXIT_FAILED);
    check_file("trust.json", OTHER);
    write_file("berthd.json", "{}");
    CHECK_INT_EQ(run(TRUST), EXIT_FAILED);
    check_file("trust.json", OTHER);
    check_file("berthd.json", "{}");
    folder_remove();
    folder_make();
    write_file("berthd.json", "{}"); /* whose configuration that is, is not known */
    CHECK_INT_EQ(run(TRUST), EXIT_FAILED);
    check_file("berthd.json", "{}");
    char trust[128];
    (void)snprintf(trust, sizeof trust, "%s/trust.json", folder);
    CHECK(access(trust, F_OK) != 0);
    folder_remove();
}

static void no_trust_document(void)
{
    folder_make();
    CHECK_INT_EQ(run("{}"), EXIT_FAILED);
    CHECK_INT_EQ(run(""), EXIT_FAILED);
    folder_remove(); /* it is empty */
}

static void read_whole(void)
{
    uint8_t data[16];
    struct span content;
    struct err err = {0};
    folder_make();
    write_file("trust.json", "0123456789abcde");
    char path[128];
    (void)snprintf(path, sizeof path, "%s/trust.json", folder);
    CHECK_INT_EQ(activate_read(path, data, sizeof data, &content, &err), 0);
    CHECK_INT_EQ(content.len, 15);
    CHECK_INT_EQ(activate_read(path, data, 15, &content, &err), ERR_OVERSIZE);
    CHECK_INT_EQ(activate_read("/nonexistent", data, sizeof data, &content, &err), ERR_IO);
    CHECK(freopen(path, "rb", stdin) != NULL);
    CHECK_INT_EQ(activate_read("-", data, sizeof data, &content, &err), 0);
    CHECK_INT_EQ(content.len, 15);
    CHECK_STR_EQ(activate_name("-"), "standard input");
    folder_remove();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"names", names},
        {"made_once", made_once},
        {"never_replaced", never_replaced},
        {"no_trust_document", no_trust_document},
        {"read_whole", read_whole},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
