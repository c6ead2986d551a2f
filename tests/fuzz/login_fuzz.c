/* login: other clients' configuration files, whatever they hold: a login that can be used, none, or
 * words that quote no secret. The helpers' place is taken by one that knows every server. */
#include "ports/app/berth/login.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

#define SECRET "hunter2-hunter2"

int login_helper_ask(const char *name, const char *server, struct login *login, struct err *err)
{
    PROMISE(name[0] != '\0' && server[0] != '\0');
    if (name[0] == 'n') {
        return err_set(err, ERR_NOT_FOUND, "unknown");
    }
    if (name[0] == 'f') {
        return err_set(err, ERR_TIMEOUT, "the helper does not answer");
    }
    login->kind = LOGIN_PASSWORD;
    (void)text_copy(login->user, sizeof login->user, "helped");
    return 0;
}

static void login_look(const struct login_places *places, const char *host, const char *path)
{
    static struct login login;
    struct err err = {0};
    int rc = login_find(places, host, path, &login, &err);
    if (rc != 0) {
        PROMISE(err.text[0] != '\0' && strstr(err.text, SECRET) == NULL);
        PROMISE(strstr(err.text, places->list[0]) == err.text);
    } else if (login.kind == LOGIN_NONE) {
        PROMISE(login.secret[0] == '\0' && login.from[0] == '\0');
    } else {
        PROMISE(login.from[0] != '\0');
        PROMISE(login.kind != LOGIN_PASSWORD || login.user[0] != '\0');
        PROMISE(memchr(login.user, '\0', sizeof login.user) != NULL);
        PROMISE(memchr(login.secret, '\0', sizeof login.secret) != NULL);
    }
    login_forget(&login);
    PROMISE(login.secret[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct login_places places = {.count = 1};
    int fd = memfd_create("login", 0);
    PROMISE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(places.list[0], sizeof places.list[0], "/proc/self/fd/%d", fd);
    login_look(&places, "reg.example:5000", "shop/web");
    login_look(&places, "docker.io", "library/nginx");
    (void)close(fd);
    return 0;
}
