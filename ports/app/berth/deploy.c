/* berth deploy: builds, signs, hands over and follows: one command from a Compose file to the
 * verdict of one node. */
#include "ports/app/berth/deploy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/release_pieces.h"
#include "ports/app/berth/release_sign.h"
#include "ports/app/berth/rollout_start.h"
#include "ports/app/berth/verbs.h"
#include "ports/app/control/setup.h"
#include "ports/linux/loop.h"

void deploy_step(const char *what, int64_t since)
{
    printf("%s in %.2f s\n", what, (double)(linux_loop_now() - since) / 1000.0);
    (void)fflush(stdout);
}

/* -- the release -------------------------------------------------------------------------- */

static int release_make(struct deploy *deploy, struct err *err)
{
    struct sign_request sign = {.input = deploy->release,
                                .output = deploy->release,
                                .keys = {deploy->key_path},
                                .key_count = 1,
                                .is_quiet = true};
    mono_ms began = linux_loop_now();
    deploy->build.output = deploy->release;
    deploy->build.shown = "built";
    int rc = release_build_run(&deploy->build, err);
    if (rc != 0 || deploy->build.is_unchanged) {
        return rc;
    }
    deploy_step("built", began);
    began = linux_loop_now();
    rc = release_sign_run(&sign, err);
    if (rc == 0) {
        printf("signed with %s\n", deploy->key_path);
        deploy_step("signed", began);
    }
    return rc;
}

static int release_send(const struct deploy *deploy, struct err *err)
{
    const struct rollout_start_node one = {.dir = deploy->dir,
                                           .file = deploy->release,
                                           .node = deploy->node,
                                           .is_forced = deploy->is_forced};
    mono_ms began = linux_loop_now();
    if (deploy->host != NULL) {
        return deploy_host_send(deploy, err);
    }
    if (deploy->node == NULL) {
        return deploy_socket_send(deploy, err);
    }
    int rc = rollout_start_node(&one, err);
    if (rc >= 0) {
        deploy_step("rolled out", began);
    }
    return rc;
}

/* -- one deployment ----------------------------------------------------------------------- */

static int deploy_steps(struct deploy *deploy, struct err *err)
{
    mono_ms began = linux_loop_now();
    int rc = deploy_key_find(deploy, err);
    if (rc == 0 && deploy->host != NULL) {
        rc = deploy_host_begin(deploy, err);
    } else if (rc == 0) {
        rc = deploy->node != NULL ? deploy_node_begin(deploy, err)
                                  : deploy_socket_begin(deploy, err);
    }
    rc = rc == 0 ? release_make(deploy, err) : rc;
    if (rc == 0 && !deploy->build.is_unchanged) {
        rc = release_send(deploy, err);
        if (rc >= 0) {
            deploy_step(rc == 0 ? "deployed" : "ended", began);
        }
    }
    return rc;
}

static int deploy_run(struct deploy *deploy, struct err *err)
{
    char folder[PATH_MAX];
    char release[PATH_MAX];
    const char *given = getenv("TMPDIR");
    const char *base = given != NULL && given[0] == '/' ? given : "/tmp";
    int len = snprintf(folder, sizeof folder - 16, "%s/berth-deploy.XXXXXX", base);
    if (len < 0 || (size_t)len >= sizeof folder - 16 || mkdtemp(folder) == NULL) {
        return err_set(err, ERR_IO, "make a folder below %s: %s; set TMPDIR", base,
                       strerror(errno));
    }
    (void)snprintf(release, sizeof release, "%.*s/release", (int)(sizeof release - 16), folder);
    deploy->release = release;
    int rc = deploy_steps(deploy, err);
    pieces_remove(release);
    (void)unlink(release);
    (void)rmdir(folder);
    return rc;
}

/* -- the command line --------------------------------------------------------------------- */

/* Words that a shell on the other machine sees: nothing there that it could take for its own. */
static bool is_plain_path(const char *path)
{
    return path[0] == '/' &&
           path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789/._-")] == '\0';
}

static void target_check(struct deploy *deploy, struct given *given)
{
    if (deploy->node != NULL && (deploy->host != NULL || deploy->socket != NULL)) {
        given_complain(given, "--node goes by the fleet's broker: leave --socket and --host out");
    }
    if (deploy->host != NULL && (deploy->host[0] == '-' || deploy->host[0] == '\0')) {
        given_complain(given, "--host needs a host as ssh knows it");
    }
    if (deploy->host != NULL && deploy->socket != NULL && !is_plain_path(deploy->socket)) {
        given_complain(given, "--socket: on another host only letters, digits and /._- in an "
                              "absolute path");
    }
    if (deploy->is_sudo && deploy->host == NULL) {
        given_complain(given, "--sudo goes with --host");
    }
    if (deploy->host == NULL && deploy->node == NULL && deploy->socket == NULL) {
        deploy->socket = SETUP_SOCKET;
    }
}

int verb_deploy(struct given *given, struct err *err)
{
    struct login_places places;
    const char *config_dir = given_value(given, "config-dir");
    struct deploy deploy = {.socket = given_value(given, "socket"),
                            .host = given_value(given, "host"),
                            .node = given_value(given, "node"),
                            .key = given_value(given, "key"),
                            .dir = given_value(given, "dir"),
                            .config_dir = config_dir != NULL ? config_dir : SETUP_DIR,
                            .is_forced = given_has(given, "force"),
                            .is_init = given_has(given, "init"),
                            .is_sudo = given_has(given, "sudo")};
    release_build_init(&deploy.build, &places);
    release_build_given(&deploy.build, given);
    target_check(&deploy, given);
    int rc = given_judge(given, err);
    return rc == 0 ? deploy_run(&deploy, err) : rc;
}
