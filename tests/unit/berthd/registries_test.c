/* registries: a file that others may read is not used, and what changes in it counts at once. */
#include "ports/app/berthd/registries.h"

#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"

static char folder[32];
static char path[64];

static void file_write(const char *text, unsigned mode)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    CHECK_INT_EQ(chmod(path, mode), 0);
}

static int way(struct registry_way *found, struct err *err)
{
    struct registry registry = registries_interface(path);
    return registry.ops->way(registry.self, "host:5000/web", 0, found, err);
}

static void world_open(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/berth-registries-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/registries.json", folder);
}

static void world_close(void)
{
    (void)unlink(path);
    CHECK_INT_EQ(rmdir(folder), 0);
}

#define ONE(user)                                                                                  \
    "{\"schema\":1,\"registries\":{\"host:5000\":{\"username\":\"" user "\",\"password\":\"p\"}}}"

static void it_is_read_at_each_question(void)
{
    static struct registry_way found;
    char said[400];
    struct err err;
    world_open();
    CHECK_INT_EQ(way(&found, &err), 0);
    CHECK_STR_EQ(found.auth, "");
    CHECK_INT_EQ(registries_look(path, said, sizeof said, &err), 0);
    CHECK_CONTAINS(said, "without credentials");
    file_write(ONE("a"), 0600);
    CHECK_INT_EQ(way(&found, &err), 0);
    CHECK_STR_EQ(found.user, "a");
    file_write(ONE("b"), 0400);
    CHECK_INT_EQ(way(&found, &err), 0);
    CHECK_STR_EQ(found.user, "b");
    CHECK_INT_EQ(registries_look(path, said, sizeof said, &err), 0);
    world_close();
}

static void other_modes_are_refused_with_the_remedy(void)
{
    static const unsigned modes[] = {0644, 0640, 0604, 0602, 0660, 0700, 0610, 04600};
    static struct registry_way found;
    char said[400];
    struct err err;
    world_open();
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        file_write(ONE("a"), modes[i]);
        CHECK_INT_EQ(way(&found, &err), ERR_VALUE);
        CHECK_CONTAINS(err.text, "chmod 0600 ");
        CHECK_CONTAINS(err.text, path);
        CHECK_INT_EQ(registries_look(path, said, sizeof said, &err), ERR_VALUE);
    }
    world_close();
}

static void what_is_no_file_is_refused(void)
{
    static struct registry_way found;
    char said[400];
    struct err err;
    world_open();
    CHECK_INT_EQ(mkdir(path, 0600), 0);
    CHECK_INT_EQ(way(&found, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "no regular file");
    CHECK_INT_EQ(rmdir(path), 0);
    file_write("", 0600);
    CHECK_INT_EQ(way(&found, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "is empty");
    file_write("{\"schema\":1,\"registries\":{\"a\":{},\"b\":{}}}", 0600);
    CHECK_INT_EQ(way(&found, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "a: says nothing");
    CHECK_CONTAINS(err.text, "b: says nothing");
    CHECK_INT_EQ(registries_look(path, said, sizeof said, &err), ERR_VALUE);
    world_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"it_is_read_at_each_question", it_is_read_at_each_question},
        {"other_modes_are_refused_with_the_remedy", other_modes_are_refused_with_the_remedy},
        {"what_is_no_file_is_refused", what_is_no_file_is_refused},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
