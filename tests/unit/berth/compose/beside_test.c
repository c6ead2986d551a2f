/* beside: what stands beside a file, and the names of volumes for what does not. */
#include "ports/app/berth/compose/beside.h"

#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"

static void case_beside(void)
{
    char dir[] = "/tmp/berth-beside-XXXXXX";
    char path[128];
    CHECK(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/empty", dir);
    CHECK_INT_EQ(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/full", dir);
    CHECK_INT_EQ(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/full/x.conf", dir);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fclose(file) == 0);
    CHECK_INT_EQ(beside_look(dir, "nothing"), BESIDE_NOTHING);
    CHECK_INT_EQ(beside_look(dir, "./empty"), BESIDE_EMPTY);
    CHECK_INT_EQ(beside_look(dir, "full"), BESIDE_DIRECTORY);
    CHECK_INT_EQ(beside_look(dir, "./full/x.conf"), BESIDE_FILE);
    CHECK_INT_EQ(beside_look(NULL, "full"), BESIDE_NOTHING);
    CHECK_INT_EQ(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/full", dir);
    CHECK_INT_EQ(rmdir(path), 0);
    (void)snprintf(path, sizeof path, "%s/empty", dir);
    CHECK_INT_EQ(rmdir(path), 0);
    CHECK_INT_EQ(rmdir(dir), 0);
}

static void check_name(const char *relative, const char *name)
{
    char got[64];
    bool is_name = beside_name(relative, got, sizeof got);
    CHECK_STR_EQ(is_name ? got : "none", name);
}

static void case_beside_names(void)
{
    check_name("./data", "dir-data");
    check_name("data/db/", "dir-data-db");
    check_name("./a//./b", "dir-a-b");
    check_name("./a-b", "none"); /* would be a/b's */
    check_name("../a", "none");
    check_name("./a b", "none");
    check_name(".", "none");
    CHECK_STR_EQ(beside_below("/p/shop", "/p/shop/data"), "data");
    CHECK_STR_EQ(beside_below("/p/shop/", "/p/shop/data"), "data");
    CHECK(beside_below("/p/shop", "/p/shopping/data") == NULL);
    CHECK(beside_below("/p/shop", "/p/shop") == NULL);
    CHECK(beside_below("/", "/p") == NULL);
    CHECK(beside_below(NULL, "/p") == NULL);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"look", case_beside}, {"names", case_beside_names}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
