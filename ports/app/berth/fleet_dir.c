/* fleet_dir: fleet.json, read strictly and written once. */
#include "ports/app/berth/fleet_dir.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/wire/json.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/files.h"
#include "ports/mbedtls/issue.h"

static int host_read(const struct json_place *at, char host[FLEET_HOST_BYTES], struct err *err)
{
    int rc = json_copy(at, host, FLEET_HOST_BYTES, err);
    if (rc == 0 && !issue_is_host(host)) {
        rc = json_error(at, ERR_VALUE, err, "must be a DNS name or an IPv4 address");
    }
    return rc;
}

static int port_read(const struct json_place *at, uint16_t *port, struct err *err)
{
    int64_t number = 0;
    int rc = json_integer(at, 1, UINT16_MAX, &number, err);
    *port = (uint16_t)number;
    return rc;
}

static int read_host(const struct json_place *at, void *into, struct err *err)
{
    return host_read(at, ((struct fleet_dir *)into)->host, err);
}

static int read_name(const struct json_place *at, void *into, struct err *err)
{
    return host_read(at, ((struct fleet_dir *)into)->name, err);
}

static int read_port(const struct json_place *at, void *into, struct err *err)
{
    return port_read(at, &((struct fleet_dir *)into)->node_port, err);
}

static int read_operator_port(const struct json_place *at, void *into, struct err *err)
{
    return port_read(at, &((struct fleet_dir *)into)->operator_port, err);
}

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct fleet_dir *)into)->fleet, NAME_BYTES, err);
}

static int read_broker(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"host", read_host, NULL, true},
                                           {"port", read_port, NULL, true},
                                           {"operatorPort", read_operator_port, NULL, true},
                                           {"name", read_name, NULL, true}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int document_read(struct span text, struct fleet_dir *dir, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = SMALL_BYTES_MAX};
    static const struct json_key keys[] = {{"schema", json_schema1, NULL, true},
                                           {"fleet", read_fleet, NULL, true},
                                           {"broker", read_broker, NULL, true}};
    struct json_document document;
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), dir, err);
    json_free(&document);
    return rc;
}

const char *fleet_dir_choose(const char *dir)
{
    const char *named = getenv("BERTH_FLEET");
    return dir != NULL ? dir : named != NULL && named[0] != '\0' ? named : ".";
}

int fleet_dir_load(const char *path, struct fleet_dir *dir, struct err *err)
{
    struct fleet_dir read = {0};
    char file[PATH_MAX];
    char *content = NULL;
    size_t len = 0;
    if (!text_copy(read.path, sizeof read.path, path)) {
        return err_set(err, ERR_USAGE, "the folder's path is longer than %zu characters",
                       sizeof read.path - 1);
    }
    fleet_dir_file(&read, "fleet.json", file);
    if (access(file, F_OK) != 0) {
        return err_set(err, ERR_NOT_FOUND,
                       "%s: no fleet.json; name a fleet's folder with --dir or BERTH_FLEET, or "
                       "make one with berth fleet init",
                       path);
    }
    int rc = file_read(file, SMALL_BYTES_MAX, &content, &len, err);
    if (rc != 0) {
        return rc;
    }
    rc = document_read(span_of(content, len), &read, err);
    free(content);
    if (rc != 0) {
        return err_wrap(err, rc, "%s", file);
    }
    *dir = read;
    return 0;
}

int fleet_dir_create(const struct fleet_dir *dir, struct err *err)
{
    char document[SMALL_BYTES_MAX];
    char file[PATH_MAX];
    struct text text;
    text_init(&text, document, sizeof document);
    text_printf(&text,
                "{\n  \"schema\": 1,\n  \"fleet\": \"%s\",\n  \"broker\": {\"host\": \"%s\", "
                "\"port\": %u, \"operatorPort\": %u, \"name\": \"%s\"}\n}\n",
                dir->fleet, dir->host, dir->node_port, dir->operator_port, dir->name);
    fleet_dir_file(dir, "fleet.json", file);
    return file_create(file, span_of(document, text.len), 0644, err);
}

void fleet_dir_file(const struct fleet_dir *dir, const char *name, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/%s", dir->path, name);
    assert(len > 0 && len < PATH_MAX);
}
