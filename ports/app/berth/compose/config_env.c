/* config_env: a config whose content is a variable gets it as its content. */
#include "ports/app/berth/compose/config_env.h"

#include <stdint.h>

#include "platform/base/text.h"

static int config_fill(const struct scope *scope, struct yaml_item *config)
{
    const struct yaml_item *name = yaml_tree_member(config, "environment");
    char path[256];
    if (name == NULL || name->kind != YAML_TREE_SCALAR || yaml_is_null(name)) {
        return 0;
    }
    const char *value = scope_find((void *)(uintptr_t)scope, name->text);
    if (value == NULL) {
        text_shorten_printf(path, sizeof path, "configs.%s.environment", config->key);
        findings_add(scope->loading->findings, FINDING_REFUSED, name, path,
                     "set it in the environment or in .env", "the variable %s is not set",
                     name->text);
        return 0;
    }
    struct yaml_item *content = yaml_item_new(name, YAML_TREE_SCALAR, "content", value);
    if (content == NULL) {
        return loading_no_memory(scope->loading);
    }
    content->is_filled = true;
    yaml_item_append(config, content);
    return 0;
}

int config_env_apply(const struct scope *scope, struct yaml_item *root)
{
    const struct yaml_item *configs = yaml_tree_member(root, "configs");
    int rc = 0;
    if (configs == NULL || configs->kind != YAML_TREE_MAP) {
        return 0;
    }
    for (struct yaml_item *config = configs->child; rc == 0 && config != NULL;
         config = config->next) {
        rc = config->kind == YAML_TREE_MAP ? config_fill(scope, config) : 0;
    }
    return rc;
}
