/* deploy_socket: to the agent of this machine, over its control socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/deploy.h"
#include "ports/app/berth/files.h"
#include "ports/app/control/activate.h"
#include "ports/app/control/handover.h"
#include "ports/app/control/setup.h"
#include "ports/linux/loop.h"

static struct control control_of(const struct deploy *deploy)
{
    return (struct control){.tool = DEPLOY_TOOL, .socket_path = deploy->socket};
}

static int gateway_init(const struct deploy *deploy, struct err *err)
{
    struct setup setup = {.control = control_of(deploy), .dir = deploy->config_dir};
    char path[PATH_MAX];
    char *content = NULL;
    size_t len = 0;
    int rc = deploy_trust_path(path, err);
    rc = rc == 0 ? file_read(path, TRUST_BYTES_MAX * 2, &content, &len, err) : rc;
    if (rc != 0) {
        return rc;
    }
    setup.trust = span_of(content, len);
    setup.source = path;
    rc = setup_run(&setup);
    free(content);
    return rc;
}

int deploy_socket_begin(struct deploy *deploy, struct err *err)
{
    static struct client client; /* its answer is read until the release is built */
    static struct span status;
    const struct control control = control_of(deploy);
    const struct client_question question = {.method = "GET", .target = "/v1/status"};
    struct err why = {0};
    int rc = deploy->is_init ? gateway_init(deploy, err) : 0;
    if (rc != 0) {
        return rc;
    }
    rc = client_ask(&client, &control, &question, &why);
    if (rc == 0 && client.status == 200) {
        rc = client_body(&client, &status, &why);
    }
    if (rc != 0 || client.status != 200) {
        rc = client_complain(&client, "ask the agent", rc, &why);
        client_close(&client);
        return rc;
    }
    deploy->build.images.is_for_here = true;
    deploy->build.used = deploy_sequence;
    deploy->build.proven = deploy->is_forced ? NULL : deploy_proven;
    deploy->build.ctx = &status;
    return 0;
}

int deploy_socket_send(const struct deploy *deploy, struct err *err)
{
    struct activate activate = {
        .control = control_of(deploy), .name = "release", .is_forced = deploy->is_forced};
    struct follow follow;
    char *content = NULL;
    size_t len = 0;
    uint64_t after = 0;
    mono_ms began = linux_loop_now();
    int rc = file_read(deploy->release, ENVELOPE_BYTES_MAX, &content, &len, err);
    if (rc != 0) {
        return rc;
    }
    activate.envelope = span_of(content, len);
    rc = activate_ask(&activate, &follow, &after);
    free(content);
    if (rc != EXIT_GOOD) {
        return rc;
    }
    deploy_step("accepted by the agent", began);
    const struct handover handover = {
        .control = activate.control, .release = deploy->release, .app = follow.app};
    rc = handover_run(&handover);
    if (rc != EXIT_GOOD) {
        return rc;
    }
    began = linux_loop_now();
    rc = follow_run(&follow, &activate.control, after);
    deploy_step("followed", began);
    return rc;
}
