/* berth release lint: what of a Compose project a node can run, and what it will do; needs no
 * image, engine or network. */
#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/app/berth/compose/describe.h"
#include "ports/app/berth/compose/open.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/verbs.h"

struct lint {
    struct open_request request;
    bool is_json;
    const struct verify *verify;
    struct findings *findings;
    struct opened opened;
    FILE *services; /* what is to be said of each service, kept until the findings are said */
};

/* Renders one service and describes it where the node's reader takes it. */
static int service_lint(struct lint *lint, const struct yaml_item *service, struct err *err)
{
    struct plan *plan = malloc(sizeof *plan);
    char *memory = malloc(RENDER_BYTES);
    struct text text;
    int rc = plan == NULL || memory == NULL ? err_set(err, ERR_MEMORY, "no memory") : 0;
    if (rc == 0) {
        text_init(&text, memory, RENDER_BYTES);
        struct render render = {.root = lint->opened.root,
                                .service = service,
                                .project = lint->opened.name,
                                .project_dir = lint->opened.dir,
                                .verify = lint->verify,
                                .findings = lint->findings};
        struct description description = {.service = service, .payload = &text};
        if (render_plan(&render, &text, plan) && plan->service_count > 0) {
            description.plan = &plan->services[0];
            if (lint->is_json) {
                (void)fputs(ftell(lint->services) > 0 ? "," : "", lint->services);
                rc = describe_print_json(&description, lint->services, err);
            } else {
                rc = describe_print(&description, lint->services, err);
            }
        }
    }
    free(memory);
    free(plan);
    return rc;
}

static int services_lint(struct lint *lint, struct err *err)
{
    const struct yaml_item *services = yaml_tree_member(lint->opened.root, "services");
    int rc = 0;
    if (services == NULL || services->kind != YAML_TREE_MAP) {
        if (findings_count(lint->findings, FINDING_REFUSED) > 0) {
            return 0; /* nothing could be read, and that is said */
        }
        (void)findings_add(lint->findings, FINDING_REFUSED, services, "services",
                           "write at least one service below services:", "is no map of services");
        return 0;
    }
    for (const struct yaml_item *service = services->child; rc == 0 && service != NULL;
         service = service->next) {
        rc = service_lint(lint, service, err);
    }
    if (services->child == NULL) {
        (void)findings_add(lint->findings, FINDING_NOTE, services, "services", NULL,
                           "without services the release removes the app");
    }
    return rc;
}

/* What build would say. */
static const char *verdict(const struct lint *lint)
{
    const struct yaml_item *services = yaml_tree_member(lint->opened.root, "services");
    bool is_several = services != NULL && services->child != NULL && services->child->next != NULL;
    if (findings_count(lint->findings, FINDING_REFUSED) > 0) {
        return "no release can be built of it";
    }
    return is_several ? "a node takes one service an app for now, so give each a file of its own"
                      : "a release can be built of it";
}

static int lint_say(const struct lint *lint, const char *services, struct err *err)
{
    char app[RENDER_APP_BYTES];
    size_t refused = findings_count(lint->findings, FINDING_REFUSED);
    size_t notes = findings_count(lint->findings, FINDING_NOTE);
    render_app(lint->opened.root, lint->opened.name, app);
    if (lint->is_json) {
        char memory[8 * RENDER_APP_BYTES];
        struct text text;
        text_init(&text, memory, sizeof memory);
        text_append_json(&text, app);
        printf("{\"app\":%s,\"findings\":", memory);
        int rc = findings_print_json(lint->findings, stdout, err);
        printf(",\"services\":[%s]}\n", services);
        return rc;
    }
    int rc = findings_print(lint->findings, stdout, err);
    printf("%sapp %s: %zu refused, %zu to note; %s\n", services, app, refused, notes,
           verdict(lint));
    return rc;
}

/* 0, 1 where something is refused, or an error. */
static int lint_run(struct lint *lint, struct err *err)
{
    char *services = NULL;
    size_t len = 0;
    lint->services = open_memstream(&services, &len);
    if (lint->services == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = services_lint(lint, err);
    if (fclose(lint->services) != 0 && rc == 0) {
        rc = err_set(err, ERR_MEMORY, "no memory");
    }
    if (rc == 0) {
        rc = findings_status(lint->findings, err);
    }
    if (rc == 0) {
        rc = lint_say(lint, services, err);
    }
    free(services);
    return rc == 0 && findings_count(lint->findings, FINDING_REFUSED) > 0 ? 1 : rc;
}

static int lint_open(struct lint *lint, struct err *err)
{
    struct keyring keyring;
    lint->findings = findings_new();
    if (lint->findings == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = keyring_open(&keyring, err);
    if (rc == 0) {
        lint->verify = &keyring.verify;
        rc = open_project(&lint->request, lint->findings, &lint->opened, err);
        if (rc == 0) {
            rc = lint_run(lint, err);
        }
        open_close(&lint->opened);
        keyring_close(&keyring);
    }
    findings_free(lint->findings);
    return rc;
}

int verb_release_lint(struct given *given, struct err *err)
{
    struct lint lint = {.is_json = given_has(given, "json")};
    open_given(&lint.request, given);
    int rc = given_judge(given, err);
    return rc == 0 ? lint_open(&lint, err) : rc;
}
