/* tls_world: everything is made by the openssl command line, and gone at the end. */
#include "tests/contract/tls_world.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"

enum { TURNS_MAX = 3000, ARGS_MAX = 32, PEER_WAIT_MS = 20000 };

/* Starts openssl in the folder with standard output and error in `log`. */
static pid_t openssl_start(const struct tls_world *world, const char *const *args, const char *log)
{
    char *argv[ARGS_MAX + 2] = {0};
    argv[0] = (char *)(uintptr_t) "openssl";
    for (size_t i = 0; args[i] != NULL && i < ARGS_MAX; i++) {
        argv[1 + i] = (char *)(uintptr_t)args[i];
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int fd = chdir(world->folder) == 0 ? open(log, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
        int in = open("/dev/null", O_RDWR);
        if (fd >= 0 && in >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0 &&
            dup2(fd, STDERR_FILENO) >= 0) {
            execvp("openssl", argv);
        }
        _exit(127);
    }
    return pid;
}

static void log_print(const struct tls_world *world, const char *log)
{
    char path[96];
    char line[256];
    tls_world_path(world, log, "", path);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        fputs(line, stdout);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static bool openssl(const struct tls_world *world, const char *const *args)
{
    int status = -1;
    pid_t pid = openssl_start(world, args, "log");
    if (pid <= 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        printf("openssl %s failed:\n", args[0]);
        log_print(world, "log");
        return false;
    }
    return true;
}

static void file_put(const struct tls_world *world, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(path);
        abort();
    }
}

static bool certificate_make(const struct tls_world *world, const char *name, const char *signer,
                             const char *from, const char *to, const char *extensions)
{
    char pem[64], key[64], subject[64], begin[32], end[32], by_pem[64], by_key[64];
    (void)snprintf(pem, sizeof pem, "%s.pem", name);
    (void)snprintf(key, sizeof key, "%s.key", name);
    (void)snprintf(subject, sizeof subject, "/CN=%s", name);
    (void)snprintf(begin, sizeof begin, "%s0101000000Z", from);
    (void)snprintf(end, sizeof end, "%s0101000000Z", to);
    (void)snprintf(by_pem, sizeof by_pem, "%s.pem", signer == NULL ? name : signer);
    (void)snprintf(by_key, sizeof by_key, "%s.key", signer == NULL ? name : signer);
    file_put(world, "extensions", extensions);
    const char *const request[] = {
        "req",    "-new",    "-newkey", "ec",   "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", key,       "-out", "request",  "-subj",
        subject,  "-config", "config",  NULL};
    const char *const sign[] = {"ca",
                                "-batch",
                                "-notext",
                                "-config",
                                "config",
                                "-in",
                                "request",
                                "-out",
                                pem,
                                "-keyfile",
                                by_key,
                                "-startdate",
                                begin,
                                "-enddate",
                                end,
                                "-extfile",
                                "extensions",
                                signer == NULL ? "-selfsign" : "-cert",
                                signer == NULL ? NULL : by_pem,
                                NULL};
    return openssl(world, request) && openssl(world, sign);
}

static bool certificates_make(const struct tls_world *world)
{
    static const struct {
        const char *name, *signer, *from, *to, *extensions;
    } wanted[] = {
#define TLS_CERTIFICATE_(name, signer, from, to, extensions) {name, signer, from, to, extensions},
        TLS_CERTIFICATES(TLS_CERTIFICATE_)
#undef TLS_CERTIFICATE_
    };
    file_put(world, "database", "");
    file_put(world, "serial", "1000\n");
    file_put(world, "config",
             "[req]\ndistinguished_name=names\n[names]\n[ca]\ndefault_ca=own\n[own]\n"
             "database=database\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=policy\n"
             "unique_subject=no\n[policy]\ncommonName=supplied\n");
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        if (!certificate_make(world, wanted[i].name, wanted[i].signer, wanted[i].from, wanted[i].to,
                              wanted[i].extensions)) {
            return false;
        }
    }
    return true;
}

static bool folder_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return rmdir(folder) == 0;
}

bool tls_world_init(struct tls_world *world)
{
    struct err err = {0};
    *world = (struct tls_world){.folder = "/tmp/berth-tls-XXXXXX", .now = TLS_YEAR_2030};
    world->is_trusted = true;
    if (mkdtemp(world->folder) == NULL || !certificates_make(world) ||
        linux_loop_init(&world->loop, &err) != 0) {
        printf("%s\n", err.text);
        (void)folder_remove(world->folder);
        return false;
    }
    struct linux_worker_settings settings = {.loop = linux_loop_interface(&world->loop)};
    if (linux_worker_init(&world->worker, &settings, &err) != 0) {
        printf("%s\n", err.text);
        (void)folder_remove(world->folder);
        return false;
    }
    return true;
}

static size_t watches_count(const struct linux_loop *loop)
{
    size_t count = 0;
    for (size_t i = 0; i < LINUX_LOOP_WATCHES_MAX; i++) {
        count += loop->watches[i].fd >= 0;
    }
    return count;
}

bool tls_world_close(struct tls_world *world)
{
    tls_peer_stop(world);
    linux_worker_close(&world->worker);
    bool is_clean = watches_count(&world->loop) == 0 && world->loop.timers == NULL;
    if (!is_clean) {
        printf("a descriptor or a timer was left in the loop\n");
    }
    linux_loop_close(&world->loop);
    return folder_remove(world->folder) && is_clean;
}

void tls_world_pump(struct tls_world *world)
{
    linux_loop_run_once(&world->loop, 5);
}

void tls_world_path(const struct tls_world *world, const char *name, const char *suffix, char *to)
{
    (void)snprintf(to, 96, "%s/%s%s", world->folder, name, suffix);
}

static void file_copy(const struct tls_world *world, const char *from, const char *to,
                      const char *suffix)
{
    char path[96];
    char text[8192];
    char name[96];
    tls_world_path(world, from, suffix, path);
    FILE *file = fopen(path, "r");
    size_t got = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    text[got] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    (void)snprintf(name, sizeof name, "%s%s", to, suffix);
    file_put(world, name, text);
}

void tls_world_copy(const struct tls_world *world, const char *from, const char *to)
{
    file_copy(world, from, to, ".pem");
    file_copy(world, from, to, ".key");
}

int tls_listen(uint16_t *port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&name, sizeof name) != 0 ||
        listen(fd, 16) != 0 || getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
        perror("listen");
        abort();
    }
    *port = ntohs(name.sin_port);
    return fd;
}

/* The port that the peer says it listens on, 0 while it says nothing; it does not repeat one that
 * it was given. */
static unsigned peer_port(const struct tls_world *world, unsigned given)
{
    char path[96];
    char line[256];
    unsigned port = 0;
    tls_world_path(world, "peer-log", "", path);
    FILE *file = fopen(path, "r");
    while (file != NULL && port == 0 && fgets(line, sizeof line, file) != NULL) {
        if (strchr(line, '\n') != NULL) {
            port = strcmp(line, "ACCEPT\n") == 0 ? given : 0;
            (void)sscanf(line, "ACCEPT 127.0.0.1:%u", &port);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return port;
}

void tls_peer_start_at(struct tls_world *world, uint16_t port, const char *certificate,
                       const char *also, const char *version)
{
    char pem[64], key[64], chain[64], address[32];
    tls_peer_stop(world);
    (void)snprintf(pem, sizeof pem, "%s.pem", certificate);
    (void)snprintf(key, sizeof key, "%s.key", certificate);
    (void)snprintf(chain, sizeof chain, "%s.pem", also == NULL ? certificate : also);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", port);
    const char *const args[] = {
        "s_server",    "-accept", address,   "-cert",  pem,       "-key", key,
        "-cert_chain", chain,     "-CAfile", "ca.pem", "-Verify", "2",    "-verify_return_error",
        "-rev",        version,   NULL};
    world->peer = openssl_start(world, args, "peer-log");
    for (int i = 0;
         i < PEER_WAIT_MS / 5 && (world->peer_port = (uint16_t)peer_port(world, port)) == 0; i++) {
        usleep(5000);
    }
    if (world->peer_port == 0) {
        printf("openssl s_server did not start:\n");
        log_print(world, "peer-log");
        abort();
    }
}

void tls_peer_start(struct tls_world *world, const char *certificate, const char *also,
                    const char *version)
{
    tls_peer_start_at(world, 0, certificate, also, version);
}

void tls_peer_stop(struct tls_world *world)
{
    char path[96];
    if (world->peer > 0) {
        (void)kill(world->peer, SIGKILL);
        (void)waitpid(world->peer, NULL, 0);
        world->peer = 0;
        world->peer_port = 0;
        tls_world_path(world, "peer-log", "", path);
        (void)unlink(path);
    }
}

static mono_ms clock_mono(void *self)
{
    (void)self;
    return linux_loop_now();
}

static wall_ms clock_wall(void *self, bool *trusted)
{
    const struct tls_world *world = self;
    *trusted = world->is_trusted;
    return world->now;
}

static wall_ms clock_proven(void *self)
{
    const struct tls_world *world = self;
    return world->past != 0 ? world->past : world->now;
}

struct mbedtls_tls_settings tls_settings(struct tls_world *world)
{
    static const struct clock_ops clock_ops = {
        .mono = clock_mono, .wall = clock_wall, .past = clock_proven};
    tls_world_path(world, "ca", ".pem", world->ca_path);
    tls_world_path(world, "node", ".pem", world->cert_path);
    tls_world_path(world, "node", ".key", world->key_path);
    return (struct mbedtls_tls_settings){
        .loop = linux_loop_interface(&world->loop),
        .worker = linux_worker_interface(&world->worker),
        .clock = {.ops = &clock_ops, .self = world},
        .host = "here.test",
        .port = world->peer_port,
        .ca_path = world->ca_path,
        .cert_path = world->cert_path,
        .key_path = world->key_path,
    };
}

/* The line back, or the code of the end. In TLS 1.3 the peer judges us after we are open. */
static int line_echo(struct tls_world *world, struct stream stream, struct stream_seen *seen)
{
    char answer[8] = "";
    size_t have = 0;
    size_t taken = 0;
    struct err err = {0};
    int rc = stream_write(stream, span_text("ping\n"), &taken, &err);
    for (int i = 0; rc == 0 && i < TURNS_MAX && have < 5; i++) {
        size_t got = 0;
        rc = stream_read(stream, answer + have, 5 - have, &got, &err);
        have += got;
        tls_world_pump(world);
    }
    if (rc != 0) {
        (void)snprintf(seen->text, sizeof seen->text, "%s", err.text);
        return rc;
    }
    return strcmp(answer, "gnip\n") == 0 ? 0 : ERR_INTERNAL;
}

int tls_world_echo(struct tls_world *world, struct mbedtls_tls *tls, struct stream_seen *seen)
{
    struct stream stream = mbedtls_tls_stream(tls);
    struct stream_user user = stream_seen_user(seen);
    struct err err = {0};
    *seen = (struct stream_seen){0};
    int rc = stream_open(stream, &user, &err);
    if (rc != 0) {
        (void)snprintf(seen->text, sizeof seen->text, "%s", err.text);
        return rc;
    }
    for (int i = 0; i < TURNS_MAX && seen->opened + seen->closed == 0; i++) {
        tls_world_pump(world);
    }
    CHECK_INT_EQ(seen->opened + seen->closed, 1);
    rc = seen->opened == 1 ? line_echo(world, stream, seen) : seen->code;
    stream_close(stream);
    return rc;
}

int tls_world_try(struct tls_world *world, const struct mbedtls_tls_settings *settings,
                  struct stream_seen *seen)
{
    struct mbedtls_tls *tls = NULL;
    CHECK_INT_EQ(mbedtls_tls_new(settings, &tls, NULL), 0);
    int rc = tls_world_echo(world, tls, seen);
    mbedtls_tls_free(tls);
    return rc;
}
