/* roll_file: up to 256 files in a folder. */
#include "ports/app/berth/roll_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ports/app/berth/files.h"
#include "ports/app/berth/identity.h"

static void path_of(const struct fleet_dir *dir, const char *shard, char path[PATH_MAX])
{
    char below[32];
    (void)snprintf(below, sizeof below, "roll/%.2s.json", shard);
    fleet_dir_file(dir, below, path);
}

static int one_take(const char *path, const char *shard,
                    int (*take)(void *ctx, const char *shard, struct span envelope,
                                struct err *err),
                    void *ctx, struct err *err)
{
    char *content = NULL;
    size_t len = 0;
    int rc = file_read(path, ENVELOPE_BYTES_MAX, &content, &len, err);
    if (rc == 0) {
        rc = take(ctx, shard, span_of(content, len), err);
        free(content);
    }
    return rc;
}

int roll_file_each(const struct fleet_dir *dir,
                   int (*take)(void *ctx, const char *shard, struct span envelope, struct err *err),
                   void *ctx, struct err *err)
{
    char path[PATH_MAX];
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < TOPIC_SHARDS; i++) {
        char shard[8];
        (void)snprintf(shard, sizeof shard, "%02x", i & 0xff);
        path_of(dir, shard, path);
        if (access(path, F_OK) == 0) {
            rc = one_take(path, shard, take, ctx, err);
        }
    }
    return rc;
}

int roll_file_keep(const struct fleet_dir *dir, const char *shard, struct span envelope,
                   struct err *err)
{
    char path[PATH_MAX];
    int rc = identity_folder(dir, "roll", err);
    path_of(dir, shard, path);
    return rc == 0 ? file_write(path, envelope, 0644, err) : rc;
}
