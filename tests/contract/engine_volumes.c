/* engine_volumes: volumes carry their owner, and those of before keep their name. */
#include <stdio.h>

#include "platform/base/text.h"
#include "tests/check.h"
#include "tests/contract/engine_call.h"
#include "tests/contract/engine_parts.h"

#define HASH "io.berth.spec=0123456789abcdef"

static const struct engine_fixture *fixture;

/* A container with one volume; its app is "app", or what `app` says. */
struct made {
    struct parts parts;
    struct engine_mount mount;
    char name[ENGINE_NAME_BYTES], former[ENGINE_NAME_BYTES];
    char label[64];
};

static void made_fill(struct made *made, unsigned n, const char *volume, const char *app)
{
    parts_fill(&made->parts, IMAGE_SLEEPS, n, HASH);
    (void)snprintf(made->name, sizeof made->name, "berth_%s_%s_%s", fixture->node, app, volume);
    (void)snprintf(made->former, sizeof made->former, "berth-%s-%s-%s", fixture->node, app, volume);
    (void)snprintf(made->label, sizeof made->label, "io.berth.app=%s", app);
    made->parts.labels[1] = made->label;
    made->mount = (struct engine_mount){
        .source = made->name, .former = made->former, .target = "/data", .is_volume = true};
    made->parts.spec.mounts = &made->mount;
    made->parts.spec.mount_count = 1;
}

static void check_mounted(const char *id, const char *name)
{
    char found[ENGINE_NAME_BYTES];
    fixture->mounted(fixture->self, id, found, sizeof found);
    CHECK_STR_EQ(found, name);
}

static void check_labels(const char *name, const char *app)
{
    char found[ENGINE_NAME_BYTES];
    char want[ENGINE_NAME_BYTES] = "/";
    if (app != NULL) {
        (void)snprintf(want, sizeof want, "%s/%s", fixture->node, app);
    }
    fixture->volume_labels(fixture->self, name, found, sizeof found);
    CHECK_STR_EQ(found, want);
}

static void a_volume_is_made_with_its_owner(void)
{
    struct made made;
    made_fill(&made, 0, "fresh", "app");
    check_mounted(parts_make(&made.parts), made.name);
    check_labels(made.name, "app");
    parts_clean();
    check_mounted(parts_make(&made.parts), made.name); /* it outlives its containers */
    parts_clean();
}

/* Not started, running or stopped; the directory is the volume's, and not another's. */
static void a_volume_is_found(void)
{
    struct made made;
    struct engine_result result;
    char name[ENGINE_NAME_BYTES + 16];
    made_fill(&made, 0, "found", "app");
    const char *id = parts_make(&made.parts);
    CHECK_INT_EQ(engine_do_find_volume(fixture, id, "/data", &result), 0);
    (void)snprintf(name, sizeof name, "/%s/_data", made.name);
    CHECK(result.path[0] == '/');
    CHECK_CONTAINS(result.path, name);
    CHECK_INT_EQ(engine_do_find_volume(fixture, id, "/dat", &result), ERR_NOT_FOUND);
    CHECK_INT_EQ(engine_do_find_volume(fixture, "no-such-container", "/data", &result),
                 ERR_NOT_FOUND);
    parts_clean();
}

/* App `app` with volume `db-data` and app `app-db` with volume `data`: one name before. */
static void two_apps_have_two_volumes(void)
{
    struct made one;
    struct made two;
    made_fill(&one, 0, "db-data", "app");
    made_fill(&two, 1, "data", "app-db");
    CHECK_STR_EQ(one.former, two.former);
    const char *first = parts_make(&one.parts);
    const char *second = parts_make(&two.parts);
    check_mounted(first, one.name);
    check_mounted(second, two.name);
    check_labels(one.name, "app");
    check_labels(two.name, "app-db");
    parts_clean();
}

/* As a version before left it: no labels, known by the container that mounts it. */
static void a_volume_of_before_keeps_its_name(void)
{
    struct made old;
    struct made next;
    struct made stranger;
    made_fill(&old, 0, "old-data", "app");
    old.mount.source = old.former;
    old.mount.former = NULL;
    fixture->make_volume(fixture->self, old.former);
    check_mounted(parts_make(&old.parts), old.former);
    made_fill(&next, 1, "old-data", "app");
    check_mounted(parts_make(&next.parts), next.former);
    check_labels(next.former, NULL);
    made_fill(&stranger, 2, "data", "app-old"); /* the other app of that name gets its own */
    check_mounted(parts_make(&stranger.parts), stranger.name);
    parts_clean();
}

static void a_volume_of_before_without_containers_is_taken(void)
{
    struct made made;
    made_fill(&made, 0, "lone", "app");
    fixture->make_volume(fixture->self, made.former);
    check_mounted(parts_make(&made.parts), made.former);
    parts_clean();
}

static void a_volume_of_two_apps_is_refused(void)
{
    struct made mine;
    struct made theirs;
    struct made next;
    struct engine_result result;
    made_fill(&mine, 0, "sh-data", "app");
    made_fill(&theirs, 1, "data", "app-sh");
    mine.mount.source = theirs.mount.source = mine.former;
    mine.mount.former = theirs.mount.former = NULL;
    fixture->make_volume(fixture->self, mine.former);
    (void)parts_make(&mine.parts);
    (void)parts_make(&theirs.parts);
    made_fill(&next, 2, "sh-data", "app");
    CHECK_INT_EQ(engine_do_create(fixture, &next.parts.spec, &result), ERR_EXISTS);
    CHECK(strstr(result.text, mine.former) != NULL);
    parts_clean();
}

/* A name that the release says: used as it is, by one app. */
static void named_fill(struct made *made, unsigned n, const char *volume, const char *app)
{
    made_fill(made, n, volume, app);
    made->mount.former = NULL;
    made->mount.is_named = true;
}

static void a_named_volume_is_used_by_its_name(void)
{
    struct made made;
    named_fill(&made, 0, "site", "app");
    (void)snprintf(made.name, sizeof made.name, "site-%s", fixture->node);
    fixture->make_volume(fixture->self, made.name);
    check_mounted(parts_make(&made.parts), made.name);
    check_labels(made.name, NULL);
    parts_clean();
    named_fill(&made, 0, "made", "app");
    check_mounted(parts_make(&made.parts), made.name);
    check_labels(made.name, "app");
    parts_clean();
}

static void a_named_volume_belongs_to_one_app(void)
{
    struct made one;
    struct made two;
    struct engine_result result;
    named_fill(&one, 0, "one", "app");
    named_fill(&two, 1, "one", "other");
    (void)snprintf(one.name, sizeof one.name, "one-%s", fixture->node);
    (void)snprintf(two.name, sizeof two.name, "one-%s", fixture->node);
    fixture->make_volume(fixture->self, one.name);
    check_mounted(parts_make(&one.parts), one.name);
    CHECK_INT_EQ(engine_do_create(fixture, &two.parts.spec, &result), ERR_EXISTS);
    CHECK(strstr(result.text, two.name) != NULL);
    parts_clean();
}

/* Readers beside each other and beside one writer; what a reader makes is nobody's. */
static void a_named_volume_has_one_writer_and_readers(void)
{
    struct made reader;
    struct made writer;
    struct made second;
    struct engine_result result;
    named_fill(&reader, 0, "one", "reader");
    named_fill(&writer, 1, "one", "writer");
    named_fill(&second, 2, "one", "second");
    (void)snprintf(reader.name, sizeof reader.name, "read-%s", fixture->node);
    (void)text_copy(writer.name, sizeof writer.name, reader.name);
    (void)text_copy(second.name, sizeof second.name, reader.name);
    reader.mount.read_only = true;
    check_mounted(parts_make(&reader.parts), reader.name);
    check_labels(reader.name, NULL);
    check_mounted(parts_make(&writer.parts), reader.name);
    CHECK_INT_EQ(engine_do_create(fixture, &second.parts.spec, &result), ERR_EXISTS);
    CHECK(strstr(result.text, reader.name) != NULL);
    second.mount.read_only = true;
    check_mounted(parts_make(&second.parts), reader.name);
    parts_clean();
    named_fill(&writer, 1, "two", "writer"); /* with the labels of who made it */
    check_mounted(parts_make(&writer.parts), writer.name);
    check_labels(writer.name, "writer");
    named_fill(&reader, 0, "two", "reader");
    (void)text_copy(reader.name, sizeof reader.name, writer.name);
    CHECK_INT_EQ(engine_do_create(fixture, &reader.parts.spec, &result), ERR_EXISTS);
    reader.mount.read_only = true;
    check_mounted(parts_make(&reader.parts), writer.name);
    parts_clean();
}

static void an_external_volume_is_not_made(void)
{
    struct made made;
    struct engine_result result;
    named_fill(&made, 0, "absent", "app");
    made.mount.is_external = true;
    CHECK_INT_EQ(engine_do_create(fixture, &made.parts.spec, &result), ERR_ENGINE);
    CHECK(strstr(result.text, made.name) != NULL);
    fixture->make_volume(fixture->self, made.name);
    check_mounted(parts_make(&made.parts), made.name);
    parts_clean();
}

static void an_image_tells_its_volumes(void)
{
    struct engine_result result;
    CHECK_INT_EQ(engine_do_image(fixture, fixture->image[IMAGE_STORES], &result), 0);
    CHECK_INT_EQ(result.image.volume_count, 1);
    CHECK_STR_EQ(result.image.volumes, "/data");
    CHECK(!result.image.has_more_volumes);
    CHECK_INT_EQ(engine_do_image(fixture, fixture->image[IMAGE_SLEEPS], &result), 0);
    CHECK_INT_EQ(result.image.volume_count, 0);
}

/* Number `n`, of the image that declares /data; without a volume of the release there, or with one
 * that stands for what the image declares. */
static void stores_fill(struct made *made, unsigned n, const char *volume)
{
    made_fill(made, n, volume, "app");
    made->parts.spec.image = fixture->image[IMAGE_STORES];
    made->parts.spec.mount_count = volume[0] != '\0' ? 1 : 0;
    made->mount.is_of_image = true;
}

static void unnamed_of(const char *id, char name[ENGINE_NAME_BYTES])
{
    CHECK(parts_look(id).has_unnamed_volume);
    fixture->mounted(fixture->self, id, name, ENGINE_NAME_BYTES);
    CHECK_INT_EQ(strlen(name), 64);
}

static void what_was_noted_is_mounted_again(void)
{
    struct made first;
    struct made second;
    struct made next;
    struct made other;
    char noted[ENGINE_NAME_BYTES];
    char later[ENGINE_NAME_BYTES];
    stores_fill(&first, 1, "");
    const char *id = parts_make(&first.parts);
    unnamed_of(id, noted);
    CHECK_INT_EQ(engine_do_hold(fixture, id), 0);
    CHECK_INT_EQ(engine_do_hold(fixture, id), 0);
    stores_fill(&second, 2, "");
    id = parts_make(&second.parts);
    unnamed_of(id, later);
    CHECK(strcmp(noted, later) != 0);
    CHECK_INT_EQ(engine_do_hold(fixture, id), 0); /* the first one stays what is noted */
    stores_fill(&other, 3, "kept");
    other.parts.labels[5] = "io.berth.replica=2"; /* not its own */
    check_mounted(parts_make(&other.parts), other.name);
    parts_clean();
    stores_fill(&next, 3, "fresh-of-image");
    id = parts_make(&next.parts);
    check_mounted(id, noted);
    CHECK(parts_look(id).has_unnamed_volume);
    parts_clean();
}

/* Only what stands for a volume of the image, and what has none of its own name. */
static void what_was_noted_is_for_the_image_alone(void)
{
    struct made plain;
    stores_fill(&plain, 1, "plain");
    plain.mount.is_of_image = false;
    check_mounted(parts_make(&plain.parts), plain.name);
    CHECK_INT_EQ(engine_do_hold(fixture, "no-such-container"), 0);
    const char *id = parts_make(&plain.parts);
    CHECK(!parts_look(id).has_unnamed_volume);
    CHECK_INT_EQ(engine_do_hold(fixture, id), 0);
    parts_clean();
}

int engine_volumes_run(const struct engine_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a_volume_is_made_with_its_owner", a_volume_is_made_with_its_owner},
        {"a_volume_is_found", a_volume_is_found},
        {"two_apps_have_two_volumes", two_apps_have_two_volumes},
        {"a_volume_of_before_keeps_its_name", a_volume_of_before_keeps_its_name},
        {"a_volume_of_before_without_containers", a_volume_of_before_without_containers_is_taken},
        {"a_volume_of_two_apps_is_refused", a_volume_of_two_apps_is_refused},
        {"a_named_volume_is_used_by_its_name", a_named_volume_is_used_by_its_name},
        {"a_named_volume_belongs_to_one_app", a_named_volume_belongs_to_one_app},
        {"a_named_volume_has_one_writer_and_readers", a_named_volume_has_one_writer_and_readers},
        {"an_external_volume_is_not_made", an_external_volume_is_not_made},
        {"an_image_tells_its_volumes", an_image_tells_its_volumes},
        {"what_was_noted_is_mounted_again", what_was_noted_is_mounted_again},
        {"what_was_noted_is_for_the_image_alone", what_was_noted_is_for_the_image_alone},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
