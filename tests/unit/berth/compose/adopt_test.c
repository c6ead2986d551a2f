/* adopt: a file that takes over a running project keeps its volumes' names and says what happens.
 */
#include "platform/base/units.h"
#include "ports/app/berth/compose/render.h"
#include "ports/app/berth/keyring.h"
#include "tests/check.h"

static struct keyring keyring;

struct world {
    struct yaml_item *root;
    struct findings *findings;
    struct plan plan;
    struct text text;
    char out[RENDER_BYTES];
    bool is_read;
};

static struct world *world_new(const char *rest)
{
    struct world *world = calloc(1, sizeof *world);
    char yaml[1024];
    struct err err = {0};
    (void)snprintf(yaml, sizeof yaml, "services:\n  web:\n    image: web\n    %s\n", rest);
    world->findings = findings_new();
    text_init(&world->text, world->out, sizeof world->out);
    CHECK_INT_EQ(yaml_tree_read(span_text(yaml), &(struct yaml_source){.file = "c.yaml"},
                                &world->root, &err),
                 0);
    struct render render = {.root = world->root,
                            .service = yaml_tree_member(world->root, "services")->child,
                            .project = "shop",
                            .verify = &keyring.verify,
                            .findings = world->findings};
    world->is_read = render_plan(&render, &world->text, &world->plan);
    return world;
}

static void world_free(struct world *world)
{
    findings_free(world->findings);
    yaml_tree_free(world->root);
    free(world);
}

static void check_written(const char *rest, const char *json, const char *project)
{
    struct world *world = world_new(rest);
    CHECK(world->is_read);
    CHECK_INT_EQ(findings_count(world->findings, FINDING_REFUSED), 0);
    CHECK_CONTAINS(world->out, json);
    CHECK_CONTAINS(world->out, "\"minAgent\":\"" BERTH_VERSION "\"");
    CHECK_STR_EQ(world->plan.adopt, project);
    world_free(world);
}

static void case_volumes(void)
{
    check_written("volumes: ['d:/d']\nvolumes: {d: }\nx-berth: {adopt: shop}",
                  "\"volumes\":{\"d\":{\"name\":\"shop_d\"}}", "shop");
    check_written("volumes: ['d:/d']\nvolumes: {d: {name: x}}\nx-berth: {adopt: old-1}",
                  "\"volumes\":{\"d\":{\"name\":\"x\"}}", "old-1");
    check_written("volumes: ['d:/d']\nvolumes: {d: {name: shop_d}}\nx-berth: {adopt: shop}",
                  "\"volumes\":{\"d\":{\"name\":\"shop_d\"}}", "shop");
    check_written("volumes: ['d:/d']\nvolumes: {d: {external: true}}\nx-berth: {adopt: o_1}",
                  "\"volumes\":{\"d\":{\"external\":true}}", "o_1");
}

static void check_said(const char *rest, enum finding_level level, const char *path,
                       const char *text)
{
    struct world *world = world_new(rest);
    const struct finding *finding = NULL;
    bool is_there = false;
    for (size_t i = 0; (finding = findings_at(world->findings, i)) != NULL; i++) {
        is_there |= finding->level == level && strcmp(finding->path, path) == 0 &&
                    strstr(finding->text, text) != NULL;
    }
    if (!is_there) {
        printf("    %s: not said at %s: %s\n", rest, path, text);
    }
    CHECK(is_there);
    CHECK_INT_EQ(findings_count(world->findings, FINDING_REFUSED) > 0, level == FINDING_REFUSED);
    world_free(world);
}

static void case_said(void)
{
    check_said("volumes: ['./none:/d']\nx-berth: {adopt: old}", FINDING_REFUSED,
               "services.web.volumes[0]", "which only the node knows");
    check_said("init: true\nx-berth: {adopt: Shop}", FINDING_REFUSED, "x-berth.adopt",
               "must be the name of a Compose project");
    check_said("init: true\nx-berth: {adopt: old}", FINDING_NOTE, "x-berth.adopt",
               "where service web of the Compose project old runs");
    check_said("init: true\n  db: {image: d}\nx-berth: {adopt: old}", FINDING_NOTE, "x-berth.adopt",
               "service db is not in this release");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"volumes", case_volumes}, {"said", case_said}};
    struct err err = {0};
    if (keyring_open(&keyring, &err) != 0) {
        printf("%s\n", err.text);
        return EXIT_FAILURE;
    }
    int rc = check_run(cases, COUNT_OF(cases), argc, argv);
    keyring_close(&keyring);
    return rc;
}
