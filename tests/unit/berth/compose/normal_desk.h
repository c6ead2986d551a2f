/* normal_desk: one service of a file rendered, and what is expected of it. */
#ifndef TESTS_UNIT_BERTH_COMPOSE_NORMAL_DESK_H
#define TESTS_UNIT_BERTH_COMPOSE_NORMAL_DESK_H

#include "platform/base/units.h"
#include "ports/app/berth/compose/render.h"
#include "ports/app/berth/keyring.h"
#include "tests/check.h"

static struct keyring keyring;

struct world {
    struct yaml_item *root;
    struct findings *findings;
    struct text text;
    char out[RENDER_BYTES];
};

/* Renders the one service of a file. */
static inline struct world *world_new(const char *yaml, const struct image_facts *facts)
{
    struct world *world = calloc(1, sizeof *world);
    struct image image = {.platform_count = 1, .reference = "r@sha256:0"};
    struct err err = {0};
    world->findings = findings_new();
    text_init(&world->text, world->out, sizeof world->out);
    CHECK_INT_EQ(yaml_tree_read(span_text(yaml), &(struct yaml_source){.file = "c.yaml"},
                                &world->root, &err),
                 0);
    CHECK_STR_EQ(err.text, "");
    if (facts != NULL) {
        image.facts = *facts;
    }
    struct render render = {.root = world->root,
                            .service = yaml_tree_member(world->root, "services")->child,
                            .image = facts != NULL ? &image : NULL,
                            .project = "shop",
                            .verify = &keyring.verify,
                            .findings = world->findings};
    render_payload(&render, &world->text);
    return world;
}

static inline void world_free(struct world *world)
{
    findings_free(world->findings);
    yaml_tree_free(world->root);
    free(world);
}

static inline void service_file(const char *key, char *yaml, size_t cap)
{
    (void)snprintf(yaml, cap, "services:\n  web:\n    image: web\n    %s\n", key);
}

/* The node's own reader takes what is not refused. */
static inline void check_reader(const struct world *world, const char *key)
{
    static char out[RENDER_BYTES];
    struct text text;
    struct plan plan;
    struct findings *findings = findings_new();
    struct render render = {.root = world->root,
                            .service = yaml_tree_member(world->root, "services")->child,
                            .project = "shop",
                            .verify = &keyring.verify,
                            .findings = findings};
    text_init(&text, out, sizeof out);
    if (!render_plan(&render, &text, &plan)) {
        printf("    %s: %s\n", key, findings_at(findings, 0)->text);
        check_failures_++;
    }
    findings_free(findings);
}

/* What a key becomes; nothing may be refused, here or at the node's door. */
static inline void check_key(const char *key, const char *json)
{
    char yaml[4096];
    service_file(key, yaml, sizeof yaml);
    struct world *world = world_new(yaml, NULL);
    if (findings_count(world->findings, FINDING_REFUSED) > 0) {
        printf("    %s: %s\n", key, findings_at(world->findings, 0)->text);
    }
    CHECK_INT_EQ(findings_count(world->findings, FINDING_REFUSED), 0);
    CHECK_CONTAINS(world->out, json);
    check_reader(world, key);
    world_free(world);
}

/* A key that leaves no trace. */
static inline void check_gone(const char *key, const char *name)
{
    char yaml[4096];
    char member[128];
    service_file(key, yaml, sizeof yaml);
    (void)snprintf(member, sizeof member, "\"%s\":", name);
    struct world *world = world_new(yaml, NULL);
    CHECK_INT_EQ(findings_count(world->findings, FINDING_REFUSED), 0);
    if (strstr(world->out, member) != NULL) {
        printf("    %s: %s\n", key, world->out);
        check_failures_++;
    }
    check_reader(world, key);
    world_free(world);
}

static inline void check_finding(const char *key, enum finding_level level, const char *path,
                          const char *text)
{
    char yaml[4096];
    bool is_there = false;
    service_file(key, yaml, sizeof yaml);
    struct world *world = world_new(yaml, NULL);
    const struct finding *finding = NULL;
    for (size_t i = 0; (finding = findings_at(world->findings, i)) != NULL; i++) {
        is_there |= finding->level == level && finding->line >= 4 &&
                    strcmp(finding->path, path) == 0 && strstr(finding->text, text) != NULL;
    }
    if (!is_there) {
        finding = findings_at(world->findings, 0);
        printf("    %s: got %s: %s\n", key, finding != NULL ? finding->path : "",
               finding != NULL ? finding->text : "nothing");
    }
    CHECK(is_there);
    CHECK_INT_EQ(findings_count(world->findings, FINDING_REFUSED) > 0, level == FINDING_REFUSED);
    if (level == FINDING_NOTE) {
        check_reader(world, key);
    }
    world_free(world);
}

static inline void check_refused(const char *key, const char *path, const char *text)
{
    check_finding(key, FINDING_REFUSED, path, text);
}

static inline void check_noted(const char *key, const char *path, const char *text)
{
    check_finding(key, FINDING_NOTE, path, text);
}

/* Runs the cases with a keyring open. */
static inline int desk_run(const struct check_case *cases, size_t count, int argc, char **argv)
{
    struct err err = {0};
    if (keyring_open(&keyring, &err) != 0) {
        printf("%s\n", err.text);
        return EXIT_FAILURE;
    }
    int rc = check_run(cases, count, argc, argv);
    keyring_close(&keyring);
    return rc;
}

#endif
