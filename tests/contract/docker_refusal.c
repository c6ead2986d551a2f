/* docker_refusal: what engines said when they refused, and whom it blames. */
#include "ports/docker/refusal.h"

#include <stdio.h>

#include "platform/base/err.h"
#include "platform/base/units.h"
#include "tests/check.h"

#define SHIM "failed to create shim task: OCI runtime create failed: runc create failed: "
#define RUNC SHIM "unable to start container process: "
#define INIT RUNC "error during container init: "

struct heard {
    enum refusal_call call;
    int status;
    int code;
    const char *message;
};

/* Word for word: dockerd 20.10.24 with runc 1.1.5 where nothing else is said. */
static const struct heard heard[] = {
    /* no such program, or none that can be run */
    {REFUSAL_START, 400, ERR_SPEC,
     RUNC "exec: \"nosuch\": executable file not found in $PATH: unknown"},
    {REFUSAL_START, 400, ERR_SPEC,
     RUNC "exec: \"/bin/nosuch\": stat /bin/nosuch: no such file or directory: unknown"},
    {REFUSAL_START, 400, ERR_SPEC, RUNC "exec: \"/bin/notexec\": permission denied: unknown"},
    {REFUSAL_START, 400, ERR_SPEC, RUNC "exec: \"/bin\": permission denied: unknown"},
    {REFUSAL_START, 400, ERR_SPEC, /* dockerd 28 */
     "failed to create task for container: " INIT
     "exec: \"/entrypoint.sh\": permission denied: unknown"},
    {REFUSAL_START, 400, ERR_SPEC, /* runc 1.0 */
     "OCI runtime create failed: container_linux.go:380: starting container process caused: "
     "exec: \"prep.sh\": executable file not found in $PATH: unknown"},
    {REFUSAL_START, 400, ERR_SPEC, /* runc 1.0-rc */
     "OCI runtime create failed: container_linux.go:345: starting container process caused "
     "\"exec: \\\"/tmp/run.sh\\\": permission denied\": unknown"},
    {REFUSAL_START, 400, ERR_SPEC, RUNC "exec /bin/entrypoint.sh: permission denied: unknown"},
    {REFUSAL_START, 500, ERR_SPEC, /* podman with crun */
     "crun: executable file `nonexistent` not found in $PATH: No such file or directory: OCI "
     "runtime attempted to invoke a command that was not found"},
    {REFUSAL_START, 500, ERR_SPEC, /* podman 5 with crun 1.21 */
     "crun: executable file `/no-such-program` not found: No such file or directory: OCI runtime "
     "attempted to invoke a command that was not found"},
    {REFUSAL_START, 400, ERR_SPEC, /* dockerd 28 with runc 1.3 */
     "failed to create task for container: " INIT
     "open sysctl net.ipv4.no_such_sysctl file: unsafe procfs detected: openat2 "
     "fsmount:fscontext:proc/./sys/net/ipv4/no_such_sysctl: no such file or directory"},
    {REFUSAL_PULL, 500, ERR_REGISTRY,
     "denied: Your authorization token has expired. Reauthenticate and try again."},
    {REFUSAL_PULL, 500, ERR_REGISTRY,
     "failed to copy: httpReadSeeker: failed open: unexpected status code "
     "https://registry/v2/web/manifests/sha256:00: 429 Too Many Requests"},
    {REFUSAL_PULL, 500, ERR_PULL, /* podman 5 */
     "writing blob: storing blob to file \"/var/tmp/container_images_storage1/1\": happened during "
     "read: Digest did not match, expected sha256:6a6a, got sha256:7b7b"},
    {REFUSAL_START, 500, ERR_SPEC,
     "crun: exec container process `/bin/app`: Exec format error: OCI runtime error"},
    {REFUSAL_START, 500, ERR_SPEC,
     "crun: open executable: Permission denied: OCI permission denied"},
    {REFUSAL_START, 500, ERR_SPEC, /* podman with runc */
     "runc: runc create failed: unable to start container process: error during container init: "
     "exec: \"nonexistent\": executable file not found in $PATH: OCI runtime attempted to invoke "
     "a command that was not found"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "No command specified"},

    /* no such user, group or directory */
    {REFUSAL_START, 500, ERR_SPEC,
     "unable to find user nosuch: no matching entries in passwd file"},
    {REFUSAL_START, 500, ERR_SPEC,
     "unable to find group nosuch: no matching entries in group file"},
    {REFUSAL_START, 500, ERR_SPEC,
     "Unable to find group nosuch: no matching entries in group file"},
    {REFUSAL_CREATE, 500, ERR_SPEC, "Cannot mkdir: /file is not a directory"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "the working directory 'rel' is invalid, it needs to be an absolute path"},
    {REFUSAL_START, 500, ERR_SPEC, /* podman 4.3 */
     "workdir \"/srv\" does not exist on container 0123456789ab"},

    /* sysctls */
    {REFUSAL_START, 400, ERR_SPEC,
     INIT "open /proc/sys/net/ipv4/nosuch: no such file or directory: unknown"},
    {REFUSAL_START, 400, ERR_SPEC,
     INIT "write /proc/sys/net/ipv4/ip_forward: invalid argument: unknown"},
    {REFUSAL_START, 400, ERR_SPEC,
     SHIM "sysctl \"net.ipv4.ip_forward\" not allowed in host network namespace: unknown"},
    {REFUSAL_START, 400, ERR_SPEC,
     SHIM "sysctl \"kernel.foo\" is not in a separate kernel namespace: unknown"},
    {REFUSAL_START, 500, ERR_SPEC, /* crun 1.8 */
     "crun: open /proc/sys/net/ipv4/nosuch: No such file or directory: OCI runtime attempted to "
     "invoke a command that was not found"},

    /* mounts, capabilities, limits */
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "invalid mount config for type \"bind\": invalid specification: destination can't be '/'"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "invalid mount config for type \"bind\": invalid mount path: 'rel' mount path must be "
     "absolute"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "Duplicate mount point: /x"},
    {REFUSAL_START, 500, ERR_SPEC, "invalid tmpfs option [\"nosuch\" \"1\"]"},
    {REFUSAL_START, 400, ERR_SPEC,
     INIT "error mounting \"/var/lib/docker/volumes/v/_data\" to rootfs at \"/file\": mount "
          "/var/lib/docker/volumes/v/_data:/file (via /proc/self/fd/6), flags: 0x5000: not a "
          "directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? "
          "Check if the specified host path exists and is the expected type"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "invalid CapAdd: unknown capability: \"CAP_NOSUCH\""},
    {REFUSAL_CREATE, 400, ERR_SPEC, "Minimum memory limit allowed is 6MB"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "Minimum memory limit can not be less than memory reservation limit, see usage"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "Minimum memoryswap limit should be larger than memory limit, see usage"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "You should always set the Memory limit when using Memoryswap limit, see usage"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "Invalid value: 200, valid memory swappiness range is 0-100"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "CPU cfs quota can not be less than 1ms (i.e. 1000)"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "Invalid value x for cpuset cpus: invalid format: x"},
    {REFUSAL_START, 500, ERR_SPEC, "shares: invalid argument"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "Range of blkio weight is from 10 to 1000"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "Invalid value 5000, range for oom score adj is [-1000, 1000]"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "SHM size can not be less than 0"},
    {REFUSAL_START, 500, ERR_SPEC,
     "failed to create shim task: OCI runtime create failed: runc create failed: wrong rlimit "
     "value: RLIMIT_NOSUCH: unknown"},
    {REFUSAL_START, 500, ERR_SPEC,
     INIT "error setting rlimits for ready process: error setting rlimit type 7: invalid argument: "
          "unknown"},
    {REFUSAL_START, 500, ERR_SPEC, "Invalid IPC mode: nosuch"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "invalid cgroup namespace mode: nosuch"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "invalid --security-opt 2: \"nosuch=1\""},
    {REFUSAL_START, 500, ERR_SPEC,
     "Decoding seccomp profile failed: invalid character 'o' in literal null (expecting 'u')"},
    {REFUSAL_START, 500, ERR_SPEC, "invalid device cgroup rule format: 'x'"},
    {REFUSAL_START, 500, ERR_SPEC, "address zz: invalid MAC address"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "invalid IP address in add-host: \"notanip\""},
    {REFUSAL_CREATE, 400, ERR_SPEC, "invalid environment variable: =x"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "Interval in Healthcheck cannot be less than 1ms"},
    {REFUSAL_CREATE, 400, ERR_SPEC,
     "invalid mount config for type \"bind\": invalid propagation mode: nosuch"},
    {REFUSAL_START, 500, ERR_SPEC,
     INIT "error mounting \"/etc/hostname\" to rootfs at \"/busybox/x\": open o_path procfd: open "
          "/var/lib/docker/overlay2/67/merged/busybox/x: not a directory: unknown: Are you trying "
          "to mount a directory onto a file (or vice-versa)?"},
    {REFUSAL_START, 500, ERR_SPEC,
     "failed to create shim task: OCI runtime create failed: runc create failed: sysctl "
     "\"kernel.hostname\" is not allowed as it conflicts with the OCI \"hostname\" field: unknown"},
    {REFUSAL_CREATE, 400, ERR_SPEC, "Invalid signal: NOSUCH"},

    /* trouble of this node */
    {REFUSAL_CREATE, 500, ERR_ENGINE,
     "error looking up logging plugin nosuch: plugin \"nosuch\" not found"},
    {REFUSAL_CREATE, 400, ERR_ENGINE, "unknown log opt 'nosuch' for json-file log driver"},
    {REFUSAL_START, 500, ERR_ENGINE,
     "failed to initialize logging driver: dial tcp 127.0.0.1:1: connect: connection refused"},
    {REFUSAL_CREATE, 400, ERR_ENGINE, "Unknown runtime specified nosuch"},
    {REFUSAL_START, 400, ERR_ENGINE,
     "failed to create shim task: OCI runtime create failed: unable to retrieve OCI runtime error "
     "(open /run/containerd/io.containerd.runtime.v2.task/moby/0/log.json: no such file or "
     "directory): exec: \"kata\": executable file not found in $PATH: unknown"},
    {REFUSAL_START, 500, ERR_ENGINE, "exec: \"docker-init\": executable file not found in $PATH"},
    {REFUSAL_START, 400, ERR_ENGINE,
     INIT "error running hook #0: error running hook: exit status 1, stderr: exec: \"ldconfig\": "
          "executable file not found in $PATH: unknown"},
    {REFUSAL_START, 500, ERR_ENGINE,
     "error gathering device information while adding custom device \"/dev/nosuch\": no such file "
     "or directory"},
    {REFUSAL_CREATE, 400, ERR_ENGINE,
     "invalid mount config for type \"bind\": bind source path does not exist: /nosuchdir"},
    {REFUSAL_START, 500, ERR_ENGINE,
     "could not select device driver \"nvidia\" with capabilities: [[gpu]]"},
    {REFUSAL_START, 500, ERR_ENGINE,
     "error while mounting volume '/var/lib/docker/volumes/v/_data': failed to mount local volume: "
     "mount :/x:/var/lib/docker/volumes/v/_data, data: addr=127.0.0.1,soft: no such device"},
    {REFUSAL_START, 500, ERR_ENGINE, /* the server has a file there */
     "error while mounting volume '/var/lib/docker/volumes/v/_data': failed to mount local volume: "
     "mount :/x:/var/lib/docker/volumes/v/_data, data: addr=127.0.0.1: not a directory"},
    {REFUSAL_START, 400, ERR_ENGINE,
     INIT "error mounting \"/srv/conf\" to rootfs at \"/file\": mount /srv/conf:/file (via "
          "/proc/self/fd/6), flags: 0x5000: not a directory: unknown"},
    {REFUSAL_START, 400, ERR_ENGINE,
     INIT "error setting rlimits for ready process: error setting rlimit type 7: operation not "
          "permitted: unknown"},
    {REFUSAL_CREATE, 400, ERR_ENGINE,
     "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"},
    {REFUSAL_CREATE, 400, ERR_ENGINE,
     "invalid CapAdd: capability not supported by your kernel or not available in the current "
     "environment: \"CAP_BPF\""},
    {REFUSAL_CREATE, 400, ERR_ENGINE,
     "invalid CapAdd: unknown capability: \"CAP_CHECKPOINT_RESTORE\""},
    {REFUSAL_CREATE, 400, ERR_ENGINE, "invalid CapAdd: unknown capability: \"CAP_BPF\""},
    {REFUSAL_CREATE, 400, ERR_ENGINE, "invalid CapAdd: unknown capability: \"CAP_PERFMON\""},
    {REFUSAL_CREATE, 400, ERR_ENGINE,
     "Requested CPUs are not available - requested 77, available: 0-1"},
    {REFUSAL_CREATE, 400, ERR_ENGINE,
     "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"},
    {REFUSAL_START, 500, ERR_ENGINE, "path /tmp is mounted on / but it is not a shared mount"},
    {REFUSAL_START, 500, ERR_ENGINE,
     "could not select device driver \"\" with capabilities: [[gpu]]"},
    {REFUSAL_CREATE, 400, ERR_ENGINE,
     "invalid mount config for type \"bind\": stat /proc/1/root: permission denied"},
    {REFUSAL_START, 500, ERR_ENGINE, "Address already in use"},
    {REFUSAL_START, 500, ERR_ENGINE, "the engine answers 500"},
    {REFUSAL_START, 500, ERR_DISK_SPACE,
     "error creating overlay mount: write /var/lib/docker/x: no space left on device"},

    /* wiring */
    {REFUSAL_START, 404, ERR_WIRING,
     "network 3e5a06c9d1cb935a2140f6dd2c835b9d09fe5eb1aa5ad0ba77378a26df75a462 not found"},
    {REFUSAL_START, 404, ERR_WIRING,
     "failed to set up container networking: network berth-n-web not found"},
    {REFUSAL_START, 500, ERR_WIRING,
     "unable to find network with name or ID berth-n-web: network not found"},
    {REFUSAL_START, 400, ERR_WIRING,
     "Invalid address 10.1.1.1: It does not belong to any of this network's subnets"},
    {REFUSAL_START, 403, ERR_WIRING,
     "endpoint with name berth-n-web-1-web-1 already exists in network berth-n-web"},
    {REFUSAL_CREATE, 404, ERR_WIRING, "network berth-n-web not found"},

    {REFUSAL_CREATE, 404, ERR_NOT_FOUND, "No such image: berth.local/n/web:1"},
    {REFUSAL_START, 404, ERR_NOT_FOUND, "No such container: 0123456789ab"},
};

static void each_text_blames_the_right_one(void)
{
    for (size_t i = 0; i < COUNT_OF(heard); i++) {
        int code = refusal_code(heard[i].call, heard[i].status, heard[i].message);
        if (code != heard[i].code) {
            printf("    %s: read as %s\n", heard[i].message, err_word(code));
        }
        CHECK_INT_EQ(code, heard[i].code);
    }
}

/* No row is hidden behind an earlier one, and each says where its text comes from. */
static void each_row_can_be_reached(void)
{
    char message[512];
    size_t count;
    const struct refusal_row *rows = refusal_rows(&count);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(message, sizeof message, "x %s y %s z", rows[i].piece,
                       rows[i].also != NULL ? rows[i].also : "");
        if (refusal_code(rows[i].call, 500, message) != rows[i].code) {
            printf("    row %zu: %s\n", i, message);
        }
        CHECK_INT_EQ(refusal_code(rows[i].call, 500, message), rows[i].code);
        CHECK(rows[i].source != NULL && rows[i].source[0] != '\0');
    }
}

/* Word for word. */
static const struct {
    int code;
    const char *message;
} pulls[] = {
    {ERR_REGISTRY,
     "Get \"http://127.0.0.1:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection "
     "refused"},
    {ERR_REGISTRY, "Get \"https://registry.site/v2/\": dial tcp: lookup registry.site on "
                   "192.168.65.1:53: no such host"},
    {ERR_REGISTRY, "Get \"https://registry.site/v2/\": dial tcp: lookup registry.site: Temporary "
                   "failure in name resolution"},
    {ERR_REGISTRY,
     "Get https://registry-1.docker.io/v2/: net/http: request canceled while waiting for "
     "connection (Client.Timeout exceeded while awaiting headers)"},
    {ERR_REGISTRY, "Get \"https://registry.site/v2/\": net/http: TLS handshake timeout"},
    {ERR_REGISTRY, "received unexpected HTTP status: 503 Service Unavailable"},
    {ERR_REGISTRY, "failed to resolve reference \"registry.site/web@sha256:ab\": failed to fetch "
                   "anonymous token: unexpected status: 503 Service Unavailable"},
    {ERR_REGISTRY, "failed to resolve reference \"registry.site/web@sha256:ab\": failed to do "
                   "request: Head \"https://registry.site/v2/web/manifests/sha256:ab\": dial tcp "
                   "10.0.0.1:443: i/o timeout"},
    {ERR_REGISTRY,
     "toomanyrequests: You have reached your pull rate limit. You may increase the limit "
     "by authenticating and upgrading"},
    {ERR_REGISTRY, "Get https://registry-1.docker.io/v2/web/manifests/sha256:ab: EOF"},
    {ERR_REGISTRY, "unexpected EOF"},
    {ERR_REGISTRY, "read tcp 10.0.0.2:40000->10.0.0.1:443: read: connection reset by peer"},
    {ERR_REGISTRY, "dial tcp 10.0.0.1:443: connect: no route to host"},
    {ERR_REGISTRY, "dial tcp 10.0.0.1:443: connect: network is unreachable"},
    {ERR_REGISTRY, "something that nobody has seen yet"},
    {ERR_DENIED,
     "Head \"https://registry.site/v2/web/manifests/sha256:ab\": no basic auth credentials"},
    {ERR_DENIED,
     "pull access denied for web, repository does not exist or may require 'docker login': "
     "denied: requested access to the resource is denied"},
    {ERR_DENIED, "unauthorized: authentication required"},
    {ERR_PULL, "manifest unknown: manifest unknown"},
    {ERR_PULL, "manifest for 127.0.0.1:5000/web@sha256:ab not found: manifest unknown"},
    {ERR_PULL, "failed to resolve reference \"registry.site/web@sha256:ab\": "
               "registry.site/web@sha256:ab: not found"},
    {ERR_PULL, "no matching manifest for linux/arm64/v8 in the manifest list entries"},
    {ERR_PULL, "filesystem layer verification failed for digest sha256:ab"},
    {ERR_DISK_SPACE, "failed to register layer: write /bin/x: no space left on device"},
};

static void a_pull_that_may_succeed_later_is_told_apart(void)
{
    for (size_t i = 0; i < COUNT_OF(pulls); i++) {
        int code = refusal_pull_code(pulls[i].message);
        if (code != pulls[i].code) {
            printf("    %s: read as %s\n", pulls[i].message, err_word(code));
        }
        CHECK_INT_EQ(code, pulls[i].code);
    }
}

static void a_program_is_blamed_only_at_the_start(void)
{
    CHECK_INT_EQ(refusal_code(REFUSAL_CREATE, 500, "exec format error"), ERR_ENGINE);
    CHECK_INT_EQ(refusal_code(REFUSAL_START, 500, "exec format error"), ERR_SPEC);
    CHECK_INT_EQ(refusal_code(REFUSAL_START, 500, ""), ERR_ENGINE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"each_text_blames_the_right_one", each_text_blames_the_right_one},
        {"each_row_can_be_reached", each_row_can_be_reached},
        {"a_pull_that_may_succeed_later_is_told_apart",
         a_pull_that_may_succeed_later_is_told_apart},
        {"a_program_is_blamed_only_at_the_start", a_program_is_blamed_only_at_the_start},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
