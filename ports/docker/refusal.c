/* Refusal: closed lists. What is not in them is trouble of this node or its site, and no release is
 * blamed. */
#include "ports/docker/refusal.h"

#include <ctype.h>
#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/units.h"

/* Trouble of the node comes first: its texts contain pieces of the others. A log option is not in
 * it: an option may be right for one node's default driver and wrong for another's. Nor is a bind
 * mount of the wrong kind: what lies on the host is the node's. */
static const struct refusal_row rows[] = {
    {REFUSAL_PULL, "no space left on device", NULL, ERR_DISK_SPACE, "kernel"},
    {REFUSAL_PULL, "disk quota exceeded", NULL, ERR_DISK_SPACE, "kernel"},
    {REFUSAL_PULL, "toomanyrequests", NULL, ERR_REGISTRY, "registries: 429, whatever else is said"},
    {REFUSAL_PULL, "received unexpected http status: 5", NULL, ERR_REGISTRY, "dockerd"},
    {REFUSAL_PULL, "unexpected status", " 5", ERR_REGISTRY, "containerd, of a token server too"},
    {REFUSAL_PULL, "token", "expired", ERR_REGISTRY, "registries: a login that is to be renewed"},
    {REFUSAL_PULL, "429 too many requests", NULL, ERR_REGISTRY, "containerd, podman"},
    {REFUSAL_PULL, "no basic auth credentials", NULL, ERR_DENIED, "dockerd"},
    {REFUSAL_PULL, "pull access denied", NULL, ERR_DENIED, "dockerd"},
    {REFUSAL_PULL, "unauthorized", NULL, ERR_DENIED, "registries: 401; podman"},
    {REFUSAL_PULL, "access to the resource is denied", NULL, ERR_DENIED, "registries"},
    {REFUSAL_PULL, "denied: ", NULL, ERR_DENIED, "registries: 403"},
    {REFUSAL_PULL, "403 forbidden", NULL, ERR_DENIED, "containerd"},
    {REFUSAL_PULL, "manifest unknown", NULL, ERR_PULL, "registries: 404"},
    {REFUSAL_PULL, "manifest for ", "not found", ERR_PULL, "dockerd"},
    {REFUSAL_PULL, "name unknown", NULL, ERR_PULL, "registries: 404"},
    {REFUSAL_PULL, "repository ", "not found", ERR_PULL, "dockerd"},
    {REFUSAL_PULL, "@sha256:", ": not found", ERR_PULL, "containerd: no such manifest"},
    {REFUSAL_PULL, "blob unknown", NULL, ERR_PULL, "registries: 404"},
    {REFUSAL_PULL, "no matching manifest for", NULL, ERR_PULL, "dockerd: no such platform"},
    {REFUSAL_PULL, "no image found in manifest list", NULL, ERR_PULL, "podman: no such platform"},
    {REFUSAL_PULL, "verification failed", NULL, ERR_PULL, "dockerd: a layer's bytes are wrong"},
    {REFUSAL_PULL, "does not match", "digest", ERR_PULL, "podman"},
    {REFUSAL_PULL, "digest did not match, expected", NULL, ERR_PULL, "podman 5"},
    {REFUSAL_PULL, "failed commit on ref", "unexpected commit digest", ERR_PULL, "containerd"},
    {REFUSAL_PULL, "unsupported media type", NULL, ERR_PULL, "dockerd"},
    {REFUSAL_PULL, "invalid reference format", NULL, ERR_PULL, "dockerd"},

    {REFUSAL_EITHER, "no space left on device", NULL, ERR_DISK_SPACE, "kernel"},
    {REFUSAL_EITHER, "disk quota exceeded", NULL, ERR_DISK_SPACE, "kernel"},
    {REFUSAL_EITHER, "docker-init", NULL, ERR_ENGINE, "dockerd: its init is not installed"},
    {REFUSAL_EITHER, "catatonit", NULL, ERR_ENGINE, "podman: its init is not installed"},
    {REFUSAL_EITHER, "unable to retrieve OCI runtime error", NULL, ERR_ENGINE, "containerd"},
    {REFUSAL_EITHER, "running hook", NULL, ERR_ENGINE, "runc: a hook of the node"},
    {REFUSAL_EITHER, "not supported by your kernel", NULL, ERR_ENGINE, "dockerd"},
    {REFUSAL_EITHER, "bind source path does not exist", NULL, ERR_ENGINE, "dockerd"},
    {REFUSAL_EITHER, "failed to mount local volume", NULL, ERR_ENGINE, "dockerd: driver_opts"},
    {REFUSAL_EITHER, "unknown cap", "CAP_PERFMON", ERR_ENGINE, "engines older than Linux 5.8"},
    {REFUSAL_EITHER, "unknown cap", "CAP_BPF", ERR_ENGINE, "engines older than Linux 5.8"},
    {REFUSAL_EITHER, "unknown cap", "CAP_CHECKPOINT_RESTORE", ERR_ENGINE, "before Linux 5.9"},

    {REFUSAL_START, "container process", "executable file not found in $path", ERR_SPEC, "runc"},
    {REFUSAL_START, "executable file `", "not found in $path", ERR_SPEC, "crun"},
    {REFUSAL_START, "crun: executable file `", "not found: no such file", ERR_SPEC, "crun 1.15"},
    {REFUSAL_START, "caused \"exec: ", "no such file or directory", ERR_SPEC, "runc before 1.0"},
    {REFUSAL_START, "caused \"exec: ", "permission denied", ERR_SPEC, "runc before 1.0"},
    {REFUSAL_START, "caused: exec: ", "no such file or directory", ERR_SPEC, "runc 1.0"},
    {REFUSAL_START, "caused: exec: ", "permission denied", ERR_SPEC, "runc 1.0"},
    {REFUSAL_START, "process: exec: ", "no such file or directory", ERR_SPEC, "runc 1.1"},
    {REFUSAL_START, "process: exec: ", "permission denied", ERR_SPEC, "runc 1.1"},
    {REFUSAL_START, "process: exec /", "no such file or directory", ERR_SPEC, "runc 1.1"},
    {REFUSAL_START, "process: exec /", "permission denied", ERR_SPEC, "runc 1.1"},
    {REFUSAL_START, "container init: exec: ", "no such file or directory", ERR_SPEC, "runc 1.2"},
    {REFUSAL_START, "container init: exec: ", "permission denied", ERR_SPEC, "runc 1.2"},
    {REFUSAL_START, "container init: exec: ", "is a directory", ERR_SPEC, "runc 1.2"},
    {REFUSAL_START, "container init: exec /", "no such file or directory", ERR_SPEC, "runc 1.2"},
    {REFUSAL_START, "container init: exec /", "permission denied", ERR_SPEC, "runc 1.2"},
    {REFUSAL_START, "exec container process", "no such file or directory", ERR_SPEC, "crun"},
    {REFUSAL_START, "exec container process", "permission denied", ERR_SPEC, "crun"},
    {REFUSAL_START, "exec container process", "is a directory", ERR_SPEC, "crun"},
    {REFUSAL_START, "open executable", NULL, ERR_SPEC, "crun"},
    {REFUSAL_START, "executable path not specified", NULL, ERR_SPEC, "crun"},
    {REFUSAL_START, "exec format error", NULL, ERR_SPEC, "the kernel, by runc and crun"},
    {REFUSAL_EITHER, "no command specified", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "no command or entrypoint provided", NULL, ERR_SPEC, "podman"},

    {REFUSAL_EITHER, "unable to find user", NULL, ERR_SPEC, "dockerd; podman"},
    {REFUSAL_EITHER, "unable to find group", NULL, ERR_SPEC, "dockerd; podman"},
    {REFUSAL_EITHER, "no matching entries in passwd file", NULL, ERR_SPEC, "runc; podman"},
    {REFUSAL_EITHER, "no matching entries in group file", NULL, ERR_SPEC, "runc; podman"},
    {REFUSAL_EITHER, "uids and gids must be in range", NULL, ERR_SPEC, "dockerd; podman"},

    {REFUSAL_EITHER, "cannot mkdir", "is not a directory", ERR_SPEC, "dockerd: working directory"},
    {REFUSAL_EITHER, "working directory", "needs to be an absolute path", ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "container init: mkdir /", "not a directory", ERR_SPEC,
     "runc: working directory"},
    {REFUSAL_EITHER, "chdir to cwd", NULL, ERR_SPEC, "runc"},
    {REFUSAL_EITHER, "chdir to `", NULL, ERR_SPEC, "crun"},
    {REFUSAL_EITHER, "workdir", "does not exist on container", ERR_SPEC, "podman"},
    {REFUSAL_EITHER, "workdir", "but is not a directory", ERR_SPEC, "podman"},

    {REFUSAL_EITHER, "/proc/sys/", "no such file or directory", ERR_SPEC, "runc; crun"},
    {REFUSAL_EITHER, "open sysctl ", "no such file or directory", ERR_SPEC, "runc 1.3"},
    {REFUSAL_EITHER, "open sysctl ", "invalid argument", ERR_SPEC, "runc 1.3"},
    {REFUSAL_EITHER, "/proc/sys/", "invalid argument", ERR_SPEC, "runc; crun"},
    {REFUSAL_EITHER, "/proc/sys/", "numerical result out of range", ERR_SPEC, "runc; crun"},
    {REFUSAL_EITHER, "sysctl", "not in a separate kernel namespace", ERR_SPEC, "runc"},
    {REFUSAL_EITHER, "sysctl", "not allowed in host network namespace", ERR_SPEC, "runc"},
    {REFUSAL_EITHER, "sysctl", "is not namespaced", ERR_SPEC, "crun"},
    {REFUSAL_EITHER, "sysctl", "requires a new", ERR_SPEC, "crun"},
    {REFUSAL_EITHER, "sysctl", "namespace set to host", ERR_SPEC, "podman"},
    {REFUSAL_EITHER, "sysctl", "is not allowed", ERR_SPEC, "podman, runc"},
    {REFUSAL_EITHER, "sysctl", "not whitelisted", ERR_SPEC, "dockerd"},

    {REFUSAL_EITHER, "destination can't be '/'", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "mount path must be absolute", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid container path", "must be an absolute path", ERR_SPEC, "podman"},
    {REFUSAL_EITHER, "duplicate mount point", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "duplicate mount destination", NULL, ERR_SPEC, "podman"},
    {REFUSAL_EITHER, "cannot be mounted because it is inside /proc", NULL, ERR_SPEC, "runc"},
    {REFUSAL_EITHER, "/volumes/", "not a directory", ERR_SPEC,
     "runc, crun: a volume onto a file of the image"},
    {REFUSAL_EITHER, "open o_path procfd", "not a directory", ERR_SPEC,
     "runc: a target below a file of the image"},
    {REFUSAL_EITHER, "invalid propagation mode", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid tmpfs option", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "mounting \"tmpfs\"", "invalid argument", ERR_SPEC, "runc"},
    {REFUSAL_EITHER, "mount `tmpfs`", "invalid argument", ERR_SPEC, "crun"},
    {REFUSAL_EITHER, "invalid characters for a local volume name", NULL, ERR_SPEC, "dockerd"},

    {REFUSAL_EITHER, "unknown capability", NULL, ERR_SPEC, "dockerd; podman"},
    {REFUSAL_EITHER, "unknown cap: ", NULL, ERR_SPEC, "crun"},
    {REFUSAL_EITHER, "minimum memory limit", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "minimum memoryswap limit", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "set the memory limit when using memoryswap", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "valid memory swappiness range", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "cpu cfs ", "can not be less than", ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid value", "for cpuset ", ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "shares: invalid argument", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "range of blkio weight", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "range for oom score adj", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "shm size can not be", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid ulimit type", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "wrong rlimit value", NULL, ERR_SPEC, "runc"},
    {REFUSAL_EITHER, "error setting rlimit type", "invalid argument", ERR_SPEC,
     "runc: the soft limit is above the hard one"},
    {REFUSAL_EITHER, "invalid ipc mode", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid cgroup namespace mode", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid --security-opt", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "decoding seccomp profile failed", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid device cgroup rule", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid mac address", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid ip address in add-host", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid environment variable", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "in healthcheck cannot be less than", NULL, ERR_SPEC, "dockerd"},
    {REFUSAL_EITHER, "invalid signal", NULL, ERR_SPEC, "dockerd; podman"},
    {REFUSAL_EITHER, "invalid hostname format", NULL, ERR_SPEC, "dockerd"},

    {REFUSAL_EITHER, "network", "not found", ERR_WIRING, "dockerd; podman"},
    {REFUSAL_EITHER, "could not find bridge", NULL, ERR_WIRING, "dockerd: its interface is gone"},
    {REFUSAL_EITHER, "network", "no such network", ERR_WIRING, "podman"},
    {REFUSAL_EITHER, "network", "already exists in network", ERR_WIRING,
     "dockerd: an endpoint that was left behind"},
    {REFUSAL_EITHER, "does not belong to any of this network", NULL, ERR_WIRING, "dockerd"},
    {REFUSAL_EITHER, "only supported when connecting to networks with user configured subnets",
     NULL, ERR_WIRING, "dockerd"},
    {REFUSAL_EITHER, "no configured subnet contains", NULL, ERR_WIRING, "dockerd 25 and later"},
};

/* `text` contains `piece`, letter case aside. */
static bool has(const char *text, const char *piece)
{
    for (; *text != '\0'; text++) {
        size_t at = 0;
        while (piece[at] != '\0' &&
               tolower((unsigned char)text[at]) == tolower((unsigned char)piece[at])) {
            at++;
        }
        if (piece[at] == '\0') {
            return true;
        }
    }
    return false;
}

static const struct refusal_row *row_of(enum refusal_call call, const char *message)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct refusal_row *row = &rows[i];
        if ((row->call & call) != 0 && has(message, row->piece) &&
            (row->also == NULL || has(message, row->also))) {
            return row;
        }
    }
    return NULL;
}

int refusal_code(enum refusal_call call, int status, const char *message)
{
    const struct refusal_row *row = row_of(call, message);
    return row != NULL ? row->code : status == 404 ? ERR_NOT_FOUND : ERR_ENGINE;
}

int refusal_pull_code(const char *message)
{
    const struct refusal_row *row = row_of(REFUSAL_PULL, message);
    return row != NULL ? row->code : ERR_REGISTRY;
}

const struct refusal_row *refusal_rows(size_t *count)
{
    *count = COUNT_OF(rows);
    return rows;
}
