/* profiles: first the choice, then whoever needs what was not chosen. */
#include "ports/app/berth/compose/profiles.h"

#include "platform/base/units.h"

struct choosing {
    const struct scope *scope;
    struct yaml_item *services;
    struct yaml_item *left; /* a map of those left out */
};

/* True when a list of names with commas has the name. */
static bool is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    while (*list != '\0') {
        list += strspn(list, " ");
        size_t part = strcspn(list, ",");
        size_t end = part;
        while (end > 0 && list[end - 1] == ' ') {
            end--;
        }
        if ((end == len && strncmp(list, name, len) == 0) || (end == 1 && list[0] == '*')) {
            return true;
        }
        list += part + (list[part] == ',');
    }
    return false;
}

static bool is_active(const struct scope *scope, const char *profile)
{
    const struct project_request *request = scope->loading->request;
    for (size_t i = 0; i < request->profile_count; i++) {
        if (strcmp(request->profiles[i], profile) == 0 || strcmp(request->profiles[i], "*") == 0) {
            return true;
        }
    }
    const char *list =
        request->profile_count == 0 ? scope_find((void *)scope, "COMPOSE_PROFILES") : NULL;
    return list != NULL && is_listed(list, profile);
}

static void say(const struct choosing *choosing, enum finding_level level,
                const struct yaml_item *item, const char *service, const char *key,
                const char *remedy, const char *what)
{
    struct growing path = {.max = 65536};
    growing_printf(&path, "services.%s%s%s", service, key != NULL ? "." : "",
                   key != NULL ? key : "");
    findings_add(choosing->scope->loading->findings, level, item, growing_get(&path), remedy, "%s",
                 what);
    growing_free(&path);
}

/* True when the service takes part; what it says of profiles is gathered in `names`. */
static bool is_chosen(const struct choosing *choosing, const struct yaml_item *service,
                      struct growing *names)
{
    const struct yaml_item *profiles = yaml_tree_member(service, "profiles");
    bool is_any = profiles == NULL || profiles->kind != YAML_TREE_LIST || profiles->child == NULL;
    if (profiles != NULL && profiles->kind != YAML_TREE_LIST && !yaml_is_null(profiles)) {
        say(choosing, FINDING_REFUSED, profiles, service->key, "profiles", NULL,
            "must be a list of names");
    }
    for (const struct yaml_item *name = is_any ? NULL : profiles->child; name != NULL;
         name = name->next) {
        if (name->kind != YAML_TREE_SCALAR) {
            say(choosing, FINDING_REFUSED, name, service->key, "profiles", NULL,
                "must be a list of names");
            continue;
        }
        growing_printf(names, "%s%s", names->len > 0 ? ", " : "", name->text);
        is_any = is_any || is_active(choosing->scope, name->text);
    }
    return is_any;
}

static void services_choose(struct choosing *choosing)
{
    for (struct yaml_item *service = choosing->services->child, *next = NULL; service != NULL;
         service = next) {
        struct yaml_item *profiles = yaml_tree_member(service, "profiles");
        struct growing names = {.max = 4096};
        next = service->next;
        if (is_chosen(choosing, service, &names)) {
            if (profiles != NULL) {
                yaml_item_detach(service, profiles);
                yaml_tree_free(profiles);
            }
        } else {
            struct growing text = {.max = 8192};
            growing_printf(&text, "left out: no profile of it is active (%s)", growing_get(&names));
            say(choosing, FINDING_NOTE, service, service->key, NULL,
                "name one with --profile or COMPOSE_PROFILES to take it in", growing_get(&text));
            growing_cut(&text, 0);
            growing_printf(&text, "services.%s", service->key);
            findings_soften(choosing->scope->loading->findings, growing_get(&text));
            growing_free(&text);
            yaml_item_detach(choosing->services, service);
            yaml_item_append(choosing->left, service);
        }
        growing_free(&names);
    }
}

/* -- needs ----------------------------------------------------------------------------------------
 */

/* Says what a service needs and cannot have; true when it cannot. */
static bool need_check(const struct choosing *choosing, const struct yaml_item *service,
                       const struct yaml_item *item, const char *key, const char *name,
                       bool is_required)
{
    bool is_left = yaml_tree_member(choosing->left, name) != NULL;
    struct growing text = {.max = 4096};
    if (yaml_tree_member(choosing->services, name) != NULL) {
        return false;
    }
    growing_printf(&text,
                   is_left ? "needs %s, which is in no active profile%s"
                           : "needs %s, which is no service%s",
                   name, is_required ? "" : "; not required, so left out");
    say(choosing, is_required ? FINDING_REFUSED : FINDING_NOTE, item, service->key, key,
        !is_required ? NULL
        : is_left    ? "make the profile active (--profile), or write required: false"
                     : "check its spelling",
        growing_get(&text));
    growing_free(&text);
    return true;
}

static void depends_check(const struct choosing *choosing, const struct yaml_item *service)
{
    struct yaml_item *needs = yaml_tree_member(service, "depends_on");
    for (struct yaml_item *need = needs != NULL ? needs->child : NULL, *next = NULL; need != NULL;
         need = next) {
        const struct yaml_item *required = yaml_tree_member(need, "required");
        bool is_required = required == NULL || required->kind != YAML_TREE_SCALAR ||
                           strcmp(required->text, "false") != 0;
        const char *name = needs->kind == YAML_TREE_MAP ? need->key : need->text;
        next = need->next;
        /* One that cannot be had is gone in any case, so that it is said once. */
        if (name != NULL && need_check(choosing, service, need, "depends_on", name, is_required)) {
            yaml_item_detach(needs, need);
            yaml_tree_free(need);
        }
    }
}

/* A text that begins with a service's name, up to ':'. */
static void name_check(const struct choosing *choosing, const struct yaml_item *service,
                       const struct yaml_item *item, const char *key, const char *text)
{
    char name[256];
    size_t len = strcspn(text, ":");
    if (len < sizeof name) {
        memcpy(name, text, len);
        name[len] = '\0';
        (void)need_check(choosing, service, item, key, name, true);
    } else {
        say(choosing, FINDING_REFUSED, item, service->key, key, NULL,
            "names a service with a name of more than 255 characters");
    }
}

/* "links: [db:database]", "volumes_from: [db:ro]", "network_mode: service:db". */
static void others_check(const struct choosing *choosing, const struct yaml_item *service)
{
    static const char *const lists[] = {"links", "volumes_from"};
    static const char *const modes[] = {"network_mode", "ipc", "pid"};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct yaml_item *list = yaml_tree_member(service, lists[i]);
        const struct yaml_item *item =
            list != NULL && list->kind == YAML_TREE_LIST ? list->child : NULL;
        for (; item != NULL; item = item->next) {
            if (item->kind == YAML_TREE_SCALAR && strncmp(item->text, "container:", 10) != 0) {
                name_check(choosing, service, item, lists[i], item->text);
            }
        }
    }
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        const struct yaml_item *mode = yaml_tree_member(service, modes[i]);
        if (mode != NULL && mode->kind == YAML_TREE_SCALAR &&
            strncmp(mode->text, "service:", 8) == 0) {
            name_check(choosing, service, mode, modes[i], mode->text + 8);
        }
    }
}

/* A profile that was asked for and that nothing has. */
static void asked_check(const struct choosing *choosing, const struct yaml_item *seen)
{
    const struct project_request *request = choosing->scope->loading->request;
    for (size_t i = 0; i < request->profile_count; i++) {
        if (strcmp(request->profiles[i], "*") != 0 &&
            yaml_tree_member(seen, request->profiles[i]) == NULL) {
            findings_add(choosing->scope->loading->findings, FINDING_NOTE, NULL, "profiles", NULL,
                         "no service has the profile %s", request->profiles[i]);
        }
    }
}

/* All profiles of all services, as a map of their names. */
static int profiles_gather(const struct choosing *choosing, struct yaml_item *seen)
{
    for (const struct yaml_item *service = choosing->services->child; service != NULL;
         service = service->next) {
        const struct yaml_item *profiles = yaml_tree_member(service, "profiles");
        const struct yaml_item *name =
            profiles != NULL && profiles->kind == YAML_TREE_LIST ? profiles->child : NULL;
        for (; name != NULL; name = name->next) {
            struct yaml_item *item = name->kind == YAML_TREE_SCALAR
                                         ? yaml_item_new(name, YAML_TREE_SCALAR, name->text, "")
                                         : NULL;
            if (item != NULL) {
                yaml_item_append(seen, item);
            } else if (name->kind == YAML_TREE_SCALAR) {
                return loading_no_memory(choosing->scope->loading);
            }
        }
    }
    return 0;
}

int profiles_apply(const struct scope *scope, struct yaml_item *root)
{
    struct yaml_item seen = {.kind = YAML_TREE_MAP};
    struct yaml_item left = {.kind = YAML_TREE_MAP};
    struct choosing choosing = {
        .scope = scope, .services = yaml_tree_member(root, "services"), .left = &left};
    if (choosing.services == NULL || choosing.services->kind != YAML_TREE_MAP) {
        return 0;
    }
    int rc = profiles_gather(&choosing, &seen);
    if (rc == 0) {
        asked_check(&choosing, &seen);
        services_choose(&choosing);
    }
    for (const struct yaml_item *service = choosing.services->child; rc == 0 && service != NULL;
         service = service->next) {
        depends_check(&choosing, service);
        others_check(&choosing, service);
    }
    yaml_tree_free(seen.child);
    yaml_tree_free(left.child);
    return rc;
}
