/* setup: two files that are written once, and a service that is started. */
#include "ports/app/control/setup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/limits.h"
#include "ports/app/control/scan.h"
#include "agent/wire/base64.h"
#include "agent/wire/trust.h"
#include "platform/base/text.h"

#define ANSWER_TRIES   300
#define ANSWER_WAIT_US 100000

extern char **environ;

void setup_node_name(const char *host, char *name, size_t cap)
{
    size_t len = 0;
    for (const char *at = host; *at != '\0' && *at != '.' && len + 1 < cap; at++) {
        unsigned char byte = (unsigned char)*at;
        char fits = isalnum(byte) && byte < 0x80 ? (char)tolower(byte) : '-';
        if (fits != '-' || len > 0) {
            name[len++] = fits;
        }
    }
    while (len > 0 && name[len - 1] == '-') {
        len--;
    }
    name[len] = '\0';
    if (len == 0) {
        (void)text_copy(name, cap, "gateway");
    }
}

/* The fleet that a trust document is of; the agent verifies the document, not this tool. */
static bool fleet_read(struct span trust, char fleet[NAME_BYTES])
{
    char text[2 * TRUST_BYTES_MAX];
    uint8_t memory[2 * TRUST_BYTES_MAX];
    struct arena arena;
    struct span payload;
    arena_init(&arena, memory, sizeof memory);
    return scan_member_text(trust, "payload", text, sizeof text) &&
           base64_decode(text, &arena, &payload, NULL) == 0 &&
           scan_member_text(payload, "fleet", fleet, NAME_BYTES) &&
           text_is_name(fleet, NAME_BYTES - 1);
}

static int file_fail(const char *what, const char *path, struct err *err)
{
    return err_set(err, errno == EACCES ? ERR_DENIED : ERR_IO, "%s %s: %s%s", what, path,
                   strerror(errno), errno == EACCES ? "; use sudo" : "");
}

/* Writes a file whole or not at all. */
static int file_make(const char *path, struct span content, struct err *err)
{
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof beside, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof beside) {
        return err_set(err, ERR_USAGE, "%s: the path is too long", path);
    }
    (void)unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return file_fail("create", beside, err);
    }
    bool is_written = write(fd, content.data, content.len) == (ssize_t)content.len;
    is_written = fsync(fd) == 0 && is_written;
    is_written = close(fd) == 0 && is_written;
    if (!is_written || rename(beside, path) != 0) {
        int rc = file_fail("write", path, err);
        (void)unlink(beside);
        return rc;
    }
    return 0;
}

/* True when the file holds exactly these bytes. */
static bool file_is(const char *path, struct span content)
{
    char found[2 * TRUST_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    size_t len = fread(found, 1, sizeof found, file);
    (void)fclose(file);
    return len == content.len && memcmp(found, content.data, len) == 0;
}

static int config_make(const struct setup *setup, const char *fleet, const char *path,
                       struct err *err)
{
    char host[256] = "";
    char name[NODE_NAME_BYTES];
    char document[2 * PATH_MAX];
    char folder[PATH_MAX];
    struct text text;
    (void)gethostname(host, sizeof host - 1);
    setup_node_name(host, name, sizeof name);
    text_init(&text, document, sizeof document);
    text_printf(&text, "{\"schema\": 1, \"node\": \"%s\", \"fleet\": \"%s\"", name, fleet);
    const char *file = strrchr(setup->control.socket_path, '/');
    if (strcmp(setup->control.socket_path, SETUP_SOCKET) != 0 && file != NULL) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(file - setup->control.socket_path),
                       setup->control.socket_path);
        text_append(&text, ", \"controlDir\": ");
        text_append_json(&text, folder);
    }
    if (strcmp(setup->dir, SETUP_DIR) != 0) {
        (void)snprintf(folder, sizeof folder, "%s/trust.json", setup->dir);
        text_append(&text, ", \"trust\": ");
        text_append_json(&text, folder);
    }
    text_append(&text, "}\n");
    if (text.cut) {
        return err_set(err, ERR_USAGE, "%s: the path is too long", setup->dir);
    }
    int rc = file_make(path, span_of(document, text.len), err);
    if (rc == 0) {
        printf("%s: written; this gateway is node %s of fleet %s\n", path, name, fleet);
    }
    return rc;
}

static int files_make(const struct setup *setup, struct err *err)
{
    char config[PATH_MAX];
    char trust[PATH_MAX];
    char fleet[NAME_BYTES];
    if (strlen(setup->dir) > PATH_MAX - 64) {
        return err_set(err, ERR_USAGE, "%s: the path is too long", setup->dir);
    }
    (void)snprintf(config, sizeof config, "%s/berthd.json", setup->dir);
    (void)snprintf(trust, sizeof trust, "%s/trust.json", setup->dir);
    if (!fleet_read(setup->trust, fleet)) {
        return err_set(err, ERR_SYNTAX, "%s is no trust document", setup->source);
    }
    bool has_config = access(config, F_OK) == 0;
    bool has_trust = access(trust, F_OK) == 0;
    if (has_trust && !file_is(trust, setup->trust)) {
        return err_set(err, ERR_EXISTS,
                       "this gateway trusts other keys already (%s); sign with the release key of "
                       "those (--key)",
                       trust);
    }
    if (has_config) {
        return has_trust ? 0
                         : err_set(err, ERR_EXISTS,
                                   "%s is there and %s is not; put the fleet's trust document "
                                   "there, or move the configuration away and try again",
                                   config, trust);
    }
    if (mkdir(setup->dir, 0700) != 0 && errno != EEXIST) {
        return file_fail("make", setup->dir, err);
    }
    int rc = has_trust ? 0 : file_make(trust, setup->trust, err);
    if (rc == 0 && !has_trust) {
        printf("%s: written; releases signed with those keys run here\n", trust);
    }
    return rc == 0 ? config_make(setup, fleet, config, err) : rc;
}

static bool agent_answers(const struct setup *setup)
{
    static const struct client_question question = {.method = "GET", .target = "/v1/version"};
    struct client client;
    struct err unread = {0};
    bool answers =
        client_ask(&client, &setup->control, &question, &unread) == 0 && client.status == 200;
    client_close(&client);
    return answers;
}

/* Asks the service manager; what it prints goes to standard error. */
static bool service_start(void)
{
    char program[] = "systemctl";
    char verb[] = "start";
    char unit[] = "berthd.service";
    char *const argv[] = {program, verb, unit, NULL};
    pid_t pid = 0;
    int status = 0;
    if (posix_spawnp(&pid, program, NULL, NULL, argv, environ) != 0) {
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int agent_start(const struct setup *setup, struct err *err)
{
    if (agent_answers(setup)) {
        return 0;
    }
    bool is_started = service_start();
    for (int tries = 0; is_started && tries < ANSWER_TRIES; tries++) {
        if (agent_answers(setup)) {
            printf("berthd: started\n");
            return 0;
        }
        (void)usleep(ANSWER_WAIT_US);
    }
    return err_set(err, ERR_NOT_FOUND,
                   is_started ? "berthd was started and does not answer on %s; see journalctl -u "
                                "berthd, or berthd --check --config %s/berthd.json"
                              : "no agent answers on %s, and systemctl does not start it; start "
                                "berthd --config %s/berthd.json, and try again",
                   setup->control.socket_path, setup->dir);
}

int setup_run(const struct setup *setup)
{
    struct err err = {0};
    int rc = files_make(setup, &err);
    (void)fflush(stdout);
    rc = rc == 0 ? agent_start(setup, &err) : rc;
    (void)fflush(stdout);
    if (rc != 0) {
        fprintf(stderr, "%s: init: %s\n", setup->control.tool, err.text);
        return EXIT_FAILED;
    }
    return EXIT_GOOD;
}
