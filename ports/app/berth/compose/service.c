/* service: one service; a table says which keys have more than one spelling. */
#include <stdio.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/compose.h"

static int logging_write(struct compose *compose, const struct yaml_item *item)
{
    bool comma = false;
    int rc = 0;
    if (item->kind != YAML_TREE_MAP) {
        return compose_any(compose, item);
    }
    text_append(compose->out, "{");
    for (const struct yaml_item *step = item->child; rc == 0 && step != NULL; step = step->next) {
        compose_key(compose, step->key, &comma);
        rc = strcmp(step->key, "options") == 0 ? compose_pairs(compose, step)
                                               : compose_any(compose, step);
    }
    text_append(compose->out, "}");
    return rc;
}

static const struct {
    const char *key;
    int (*write)(struct compose *compose, const struct yaml_item *item);
} spellings[] = {
    {"command", compose_command},
    {"entrypoint", compose_command},
    {"environment", compose_pairs},
    {"labels", compose_pairs},
    {"sysctls", compose_pairs},
    {"logging", logging_write},
    {"ports", compose_ports},
    {"volumes", compose_volumes},
    {"tmpfs", compose_texts},
    {"devices", compose_texts},
    {"cap_add", compose_texts},
    {"cap_drop", compose_texts},
    {"group_add", compose_texts},
    {"extra_hosts", compose_hosts},
    {"secrets", compose_secrets},
    {"user", compose_text},
    {"hostname", compose_text},
    {"working_dir", compose_text},
    {"stop_signal", compose_text},
    {"restart", compose_text},
    {"stop_grace_period", compose_text},
};

static int member_write(struct compose *compose, const struct yaml_item *item)
{
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        if (strcmp(item->key, spellings[i].key) == 0) {
            return spellings[i].write(compose, item);
        }
    }
    return compose_any(compose, item);
}

static void image_write(struct compose *compose, const struct image *image)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(&image->index, hex);
    text_printf(compose->out, "{\"index\":\"sha256:%s\",\"platforms\":[", hex);
    for (size_t i = 0; i < image->platform_count; i++) {
        const struct image_platform *platform = &image->platforms[i];
        text_append(compose->out, i == 0 ? "{\"arch\":" : ",{\"arch\":");
        text_append_json(compose->out, platform->arch);
        if (platform->variant[0] != '\0') {
            text_append(compose->out, ",\"variant\":");
            text_append_json(compose->out, platform->variant);
        }
        digest_render(&platform->manifest, hex);
        text_printf(compose->out, ",\"manifest\":\"sha256:%s\"", hex);
        digest_render(&platform->config, hex);
        text_printf(compose->out, ",\"config\":\"sha256:%s\"}", hex);
    }
    text_append(compose->out, "]}");
}

static int extension_write(struct compose *compose, const struct yaml_item *extension,
                           const struct image *image)
{
    bool comma = true;
    int rc = 0;
    text_append(compose->out, "{\"image\":");
    image_write(compose, image);
    const struct yaml_item *step = extension != NULL ? extension->child : NULL;
    for (; rc == 0 && step != NULL; step = step->next) {
        if (step->key == NULL || strcmp(step->key, "image") == 0) {
            return compose_fail(compose, step, ERR_VALUE, "x-berth.image is written by build");
        }
        compose_key(compose, step->key, &comma);
        rc = compose_any(compose, step);
    }
    text_append(compose->out, "}");
    return rc;
}

int compose_service(struct compose *compose, const struct yaml_item *service)
{
    const struct yaml_item *name = yaml_tree_member(service, "image");
    struct image image;
    struct err err = {0};
    bool comma = false;
    if (name == NULL || name->kind != YAML_TREE_SCALAR) {
        return compose_fail(compose, service, ERR_MISSING,
                            "services.%.32s.image: missing; build and push the image, then name it",
                            service->key);
    }
    int rc = image_resolve(compose->images, name->text, &image, &err);
    if (rc != 0) {
        image_free(&image);
        return compose_fail(compose, name, rc, "services.%.32s.image: %s", service->key, err.text);
    }
    if (image.note[0] != '\0') {
        (void)fprintf(stderr, "%s:%zu: services.%s.image: %s\n", compose->path, (size_t)name->line,
                      service->key, image.note);
    }
    text_append(compose->out, "{");
    compose_key(compose, "image", &comma);
    text_append_json(compose->out, image.reference);
    for (const struct yaml_item *step = service->child; rc == 0 && step != NULL;
         step = step->next) {
        if (strncmp(step->key, "x-", 2) != 0 && step != name) {
            compose_key(compose, step->key, &comma);
            rc = member_write(compose, step);
        }
    }
    if (rc == 0) {
        compose_key(compose, "x-berth", &comma);
        rc = extension_write(compose, yaml_tree_member(service, "x-berth"), &image);
    }
    image_free(&image);
    text_append(compose->out, "}");
    return rc;
}
