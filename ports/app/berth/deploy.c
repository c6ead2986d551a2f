/* berth deploy: builds, signs, hands over and follows: one command from a Compose file to the
 * verdict of one node. */
#include "ports/app/berth/deploy.h"

#include <errno.h>
#include <getopt.h>
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

enum { DEPLOY_SOCKET = 3000, DEPLOY_HOST, DEPLOY_NODE, DEPLOY_KEY, DEPLOY_DIR, DEPLOY_FORCE };
enum { DEPLOY_INIT = 3100, DEPLOY_SUDO, DEPLOY_CONFIG };

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
    if (rc != 0) {
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
    } else if (rc == 0 && deploy->node == NULL) {
        rc = deploy_socket_begin(deploy, err);
    }
    rc = rc == 0 ? release_make(deploy, err) : rc;
    if (rc == 0) {
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

static int target_check(struct deploy *deploy, struct err *err)
{
    if (deploy->node != NULL && (deploy->host != NULL || deploy->socket != NULL)) {
        return err_set(err, ERR_USAGE,
                       "--node goes by the fleet's broker: leave --socket and "
                       "--host out");
    }
    if (deploy->node != NULL && !text_is_name(deploy->node, NODE_NAME_BYTES - 1)) {
        return err_set(err, ERR_USAGE, "'%.64s' is no node's name; see berth node list",
                       deploy->node);
    }
    if (deploy->host != NULL && (deploy->host[0] == '-' || deploy->host[0] == '\0')) {
        return err_set(err, ERR_USAGE, "--host needs a host as ssh knows it");
    }
    if (deploy->host != NULL && deploy->socket != NULL && !is_plain_path(deploy->socket)) {
        return err_set(err, ERR_USAGE,
                       "--socket: on another host only letters, digits and /._- "
                       "in an absolute path");
    }
    if (deploy->is_sudo && deploy->host == NULL) {
        return err_set(err, ERR_USAGE, "--sudo goes with --host");
    }
    if (deploy->host == NULL && deploy->node == NULL && deploy->socket == NULL) {
        deploy->socket = SETUP_SOCKET;
    }
    return 0;
}

static int option_note(struct deploy *deploy, int option, struct err *err)
{
    switch (option) {
    case DEPLOY_SOCKET:
        deploy->socket = optarg;
        return 0;
    case DEPLOY_HOST:
        deploy->host = optarg;
        return 0;
    case DEPLOY_NODE:
        deploy->node = optarg;
        return 0;
    case DEPLOY_KEY:
        deploy->key = optarg;
        return 0;
    case DEPLOY_DIR:
        deploy->dir = optarg;
        return 0;
    case DEPLOY_CONFIG:
        deploy->config_dir = optarg;
        return 0;
    case DEPLOY_FORCE:
        deploy->is_forced = true;
        return 0;
    case DEPLOY_INIT:
        deploy->is_init = true;
        return 0;
    case DEPLOY_SUDO:
        deploy->is_sudo = true;
        return 0;
    default:
        return release_build_option(&deploy->build, option, err);
    }
}

int verb_deploy(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"socket", required_argument, NULL, DEPLOY_SOCKET},
                                            {"host", required_argument, NULL, DEPLOY_HOST},
                                            {"node", required_argument, NULL, DEPLOY_NODE},
                                            {"key", required_argument, NULL, DEPLOY_KEY},
                                            {"dir", required_argument, NULL, DEPLOY_DIR},
                                            {"config-dir", required_argument, NULL, DEPLOY_CONFIG},
                                            {"force", no_argument, NULL, DEPLOY_FORCE},
                                            {"init", no_argument, NULL, DEPLOY_INIT},
                                            {"sudo", no_argument, NULL, DEPLOY_SUDO},
                                            RELEASE_BUILD_OPTIONS,
                                            {0}};
    struct login_places places;
    struct deploy deploy = {.config_dir = SETUP_DIR};
    int option = 0;
    int rc = 0;
    release_build_init(&deploy.build, &places);
    while (rc == 0 && (option = getopt_long(argc, argv, "f:", options, NULL)) != -1) {
        rc = option_note(&deploy, option, err);
    }
    rc = rc == 0 ? release_build_files(&deploy.build, argc, argv, err) : rc;
    rc = rc == 0 ? target_check(&deploy, err) : rc;
    return rc == 0 ? deploy_run(&deploy, err) : rc;
}
