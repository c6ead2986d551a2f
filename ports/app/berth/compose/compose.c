/* compose: the file as a whole. */
#include "ports/app/berth/compose/compose.h"

#include <stdio.h>
#include <time.h>

static bool is_dropped(const char *key)
{
    return strcmp(key, "version") == 0 || strcmp(key, "x-berth") == 0 ||
           strcmp(key, "services") == 0 || strcmp(key, "name") == 0 || strncmp(key, "x-", 2) == 0;
}

static int extension_write(struct compose *compose, const struct yaml_item *root)
{
    const struct yaml_item *extension = yaml_tree_member(root, "x-berth");
    const struct yaml_item *name = yaml_tree_member(root, "name");
    const struct yaml_item *said = yaml_tree_member(extension, "sequence");
    bool comma = false;
    int rc = 0;
    text_append(compose->out, "{");
    if (yaml_tree_member(extension, "app") == NULL && name != NULL) {
        compose_key(compose, "app", &comma);
        rc = compose_text(compose, name);
    }
    if (compose->sequence != 0 || said == NULL) {
        uint64_t sequence = compose->sequence != 0 ? compose->sequence : (uint64_t)time(NULL);
        compose_key(compose, "sequence", &comma);
        text_printf(compose->out, "%llu", (unsigned long long)sequence);
    }
    if (compose->floor != 0) {
        compose_key(compose, "floor", &comma);
        text_printf(compose->out, "%llu", (unsigned long long)compose->floor);
    }
    const struct yaml_item *item = extension != NULL ? extension->child : NULL;
    for (; rc == 0 && item != NULL; item = item->next) {
        bool is_overridden = item->key == NULL ||
                             (strcmp(item->key, "sequence") == 0 && compose->sequence != 0) ||
                             (strcmp(item->key, "floor") == 0 && compose->floor != 0);
        if (!is_overridden) {
            compose_key(compose, item->key, &comma);
            rc = compose_any(compose, item);
        }
    }
    text_append(compose->out, "}");
    return rc;
}

static int services_write(struct compose *compose, const struct yaml_item *services)
{
    bool comma = false;
    if (services == NULL || services->kind != YAML_TREE_MAP) {
        return compose_fail(compose, services, ERR_MISSING, "services: must be a map of services");
    }
    text_append(compose->out, "{");
    for (const struct yaml_item *item = services->child; item != NULL; item = item->next) {
        compose_key(compose, item->key, &comma);
        int rc = compose_service(compose, item);
        if (rc != 0) {
            return rc;
        }
    }
    text_append(compose->out, "}");
    return 0;
}

int compose_write(struct compose *compose, const struct yaml_item *root)
{
    bool comma = true;
    if (root->kind != YAML_TREE_MAP) {
        return compose_fail(compose, root, ERR_VALUE, "a Compose file is a map");
    }
    text_append(compose->out, "{\"schema\":1,\"x-berth\":");
    int rc = extension_write(compose, root);
    if (rc == 0) {
        text_append(compose->out, ",\"services\":");
        rc = services_write(compose, yaml_tree_member(root, "services"));
    }
    for (const struct yaml_item *item = root->child; rc == 0 && item != NULL; item = item->next) {
        if (!is_dropped(item->key)) {
            compose_key(compose, item->key, &comma);
            rc = compose_any(compose, item);
        }
    }
    text_append(compose->out, "}");
    if (rc == 0 && (compose->out->cut || compose->out->len > RELEASE_PAYLOAD_BYTES_MAX)) {
        rc = err_set(compose->err, ERR_OVERSIZE, "%s: the release is over %d bytes", compose->path,
                     RELEASE_PAYLOAD_BYTES_MAX);
    }
    return rc;
}

int compose_complain(const char *path, const struct yaml_item *root, int code, struct err *err)
{
    const struct yaml_item *item = yaml_tree_find(root, err->text);
    return err_wrap(err, code, "%s:%zu", path, item->line);
}
