/* helper_spawn: posix_spawn, which never runs our code in a copy of the agent. */
#include "ports/linux/helper_spawn.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>

#include "ports/linux/helper.h"

int helper_spawn(const char *executable, const char *path, int fd, pid_t *pid)
{
    char path_variable[512];
    char locale[] = "LC_ALL=C";
    char name[] = "berthd";
    char argument[] = HELPER_ARGUMENT;
    char *const args[] = {name, argument, NULL};
    char *const environment[] = {locale, path_variable, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int used = snprintf(path_variable, sizeof path_variable, "PATH=%s", path);
    if (used < 0 || (size_t)used >= sizeof path_variable) {
        return ENAMETOOLONG;
    }
    sigemptyset(&none);
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) {
        return failure;
    }
    failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(&actions, fd, HELPER_FD);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setpgroup(&attributes, 0);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        if (failure == 0) {
            failure = posix_spawn(pid, executable, &actions, &attributes, args, environment);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failure;
}
