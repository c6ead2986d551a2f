/* registries: opened, its mode looked at, read, and given to the reader. */
#include "ports/app/berthd/registries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/wire/registries.h"
#include "platform/base/text.h"
#include "ports/app/berthd/file.h"

/* A secret that others can read is none: it is not used until its owner has seen that. */
static int mode_check(const char *path, bool *is_there, struct err *err)
{
    struct stat status;
    *is_there = false;
    if (stat(path, &status) != 0) {
        return errno == ENOENT ? 0
                               : err_set(err, ERR_IO, "registries %s: %s", path, strerror(errno));
    }
    *is_there = true;
    if (!S_ISREG(status.st_mode)) {
        return err_set(err, ERR_VALUE, "registries %s: is no regular file; replace it", path);
    }
    unsigned mode = status.st_mode & 07777u;
    if (mode != 0600 && mode != 0400) {
        return err_set(err, ERR_VALUE, "registries %s: mode %04o lets others in; chmod 0600 %s",
                       path, mode, path);
    }
    return 0;
}

/* *content is in *memory, which the caller clears and frees. */
static int file_open(const char *path, uint8_t **memory, struct span *content, struct err *err)
{
    bool is_there = false;
    *memory = NULL;
    *content = (struct span){0};
    int rc = mode_check(path, &is_there, err);
    if (rc != 0 || !is_there) {
        return rc;
    }
    *memory = calloc(1, REGISTRIES_BYTES_MAX);
    if (*memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to read %s", path);
    }
    rc = file_read(path, *memory, REGISTRIES_BYTES_MAX, content, err);
    if (rc == 0 && content->len == 0) {
        rc = err_set(err, ERR_VALUE, "registries %s: is empty; remove it or fill it", path);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static void file_end(uint8_t *memory)
{
    if (memory != NULL) {
        explicit_bzero(memory, REGISTRIES_BYTES_MAX);
        free(memory);
    }
}

static int way(void *self, const char *repository, size_t number, struct registry_way *found,
               struct err *err)
{
    const char *path = self;
    uint8_t *memory = NULL;
    struct span content;
    int rc = file_open(path, &memory, &content, err);
    if (rc == 0) {
        rc = registries_way(content, repository, number, found, err);
        rc = rc == 0 || rc == ERR_NOT_FOUND ? rc : err_wrap(err, rc, "registries %s", path);
    } else if (rc == ERR_NOT_FOUND) {
        rc = ERR_IO;
    }
    file_end(memory);
    return rc;
}

struct registry registries_interface(const char *path)
{
    static const struct registry_ops ops = {.way = way};
    return (struct registry){.ops = &ops, .self = (void *)(uintptr_t)path};
}

int registries_look(const char *path, char *said, size_t cap, struct err *err)
{
    uint8_t *memory = NULL;
    struct span content;
    int rc = file_open(path, &memory, &content, err);
    if (rc == 0 && memory == NULL) {
        (void)snprintf(said, cap, "no %s: every registry is asked without credentials", path);
    } else if (rc == 0) {
        char faults[REGISTRIES_FAULT_BYTES];
        size_t count = registries_check(content, faults, sizeof faults);
        rc = count > 0 ? err_set(err, ERR_VALUE, "registries %s: %s", path, faults) : 0;
        (void)snprintf(said, cap, "%s is read at each pull", path);
    }
    file_end(memory);
    return rc;
}
