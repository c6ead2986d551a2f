/* epoch_file: what a broker that was emptied cannot tell the next coordinator. */
#include "ports/app/berth/epoch_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/wire/json.h"
#include "platform/base/units.h"
#include "ports/app/berth/files.h"

#define DOCUMENT_BYTES 256

struct kept_epoch {
    uint64_t epoch, base;
};

static int read_epoch(const struct json_place *at, void *into, struct err *err)
{
    int64_t epoch = 0;
    int rc = json_integer(at, 0, JSON_INTEGER_MAX, &epoch, err);
    ((struct kept_epoch *)into)->epoch = (uint64_t)epoch;
    return rc;
}

static int read_base(const struct json_place *at, void *into, struct err *err)
{
    int64_t base = 0;
    int rc = json_integer(at, 0, JSON_INTEGER_MAX, &base, err);
    ((struct kept_epoch *)into)->base = (uint64_t)base;
    return rc;
}

static int document_read(struct span text, struct kept_epoch *kept, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = DOCUMENT_BYTES};
    static const struct json_key keys[] = {{"schema", json_schema1, NULL, true},
                                           {"epoch", read_epoch, NULL, true},
                                           {"epochBase", read_base, NULL, true}};
    struct json_document document;
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), kept, err);
    json_free(&document);
    return rc;
}

int epoch_file_load(const struct fleet_dir *dir, uint64_t base, uint64_t *epoch, struct err *err)
{
    struct kept_epoch kept = {0};
    char path[PATH_MAX];
    char *content = NULL;
    size_t len = 0;
    *epoch = 0;
    fleet_dir_file(dir, "coordinator.json", path);
    if (access(path, F_OK) != 0) {
        return 0;
    }
    int rc = file_read(path, DOCUMENT_BYTES, &content, &len, err);
    if (rc == 0) {
        rc = document_read(span_of(content, len), &kept, err);
        free(content);
    }
    if (rc != 0) {
        return err_wrap(err, rc, "%s (remove it if the broker has kept its orders)", path);
    }
    *epoch = kept.base == base ? kept.epoch : 0;
    return 0;
}

int epoch_file_keep(const struct fleet_dir *dir, uint64_t base, uint64_t epoch, struct err *err)
{
    char document[DOCUMENT_BYTES];
    char path[PATH_MAX];
    uint64_t there = 0;
    if (epoch_file_load(dir, base, &there, NULL) == 0 && there >= epoch) {
        return 0;
    }
    int len = snprintf(document, sizeof document,
                       "{\"schema\": 1, \"epoch\": %" PRIu64 ", \"epochBase\": %" PRIu64 "}\n",
                       epoch, base);
    fleet_dir_file(dir, "coordinator.json", path);
    return file_write(path, span_of(document, (size_t)len), 0644, err);
}
