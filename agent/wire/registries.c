/* registries: every fault at once, then the ways to one repository. */
#include "agent/wire/registries.h"

#include <string.h>

#include "agent/wire/base64.h"
#include "agent/wire/json.h"
#include "platform/base/law.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:[]"
#define PATH_CHARACTERS HOST_CHARACTERS "/"
#define MORE_BYTES      48 /* kept free for "; and N more" */

struct faults {
    struct text text;
    size_t count, left_out;
};

/* One registry; strings live as long as the document. */
struct entry {
    const char *username, *password, *identity_token;
    const char *mirrors[REGISTRIES_MIRRORS_MAX];
    size_t mirror_count;
};

static void fault_add(struct faults *faults, const struct err *err)
{
    size_t needed = strlen(err->text) + 2;
    faults->count++;
    if (faults->text.len + needed + MORE_BYTES > faults->text.cap || faults->left_out > 0) {
        faults->left_out++;
        return;
    }
    text_printf(&faults->text, "%s%s", faults->count > 1 ? "; " : "", err->text);
}

/* Records a fault of a place. */
static void fault_at(struct faults *faults, const struct json_place *at, const char *what)
{
    struct err err;
    (void)json_error(at, ERR_VALUE, &err, "%s", what);
    fault_add(faults, &err);
}

static const char *secret_read(const struct json_place *at, struct faults *faults)
{
    const char *value = NULL;
    struct err err;
    if (json_string(at, &value, &err) != 0) {
        fault_add(faults, &err);
        return NULL;
    }
    if (value[0] == '\0') {
        fault_at(faults, at, "is empty; give it, or take the key out");
        return NULL;
    }
    if (strlen(value) > REGISTRIES_SECRET_BYTES) {
        fault_at(faults, at, "has more than 4096 bytes; ask the registry for a shorter one");
        return NULL;
    }
    return value;
}

static void mirror_read(const struct json_place *at, struct entry *entry, struct faults *faults)
{
    const char *value = NULL;
    struct err err;
    if (json_string(at, &value, &err) != 0) {
        fault_add(faults, &err);
    } else if (value[0] == '\0' || value[strspn(value, PATH_CHARACTERS)] != '\0' ||
               strstr(value, "//") != NULL || value[0] == '/' || value[strlen(value) - 1] == '/') {
        fault_at(faults, at, "is no mirror; write host[:port][/path], without https://");
    } else if (strlen(value) >= ENGINE_REFERENCE_BYTES / 2) {
        fault_at(faults, at, "has more than 127 characters; give the mirror a shorter name");
    } else {
        entry->mirrors[entry->mirror_count++] = value;
    }
}

static void mirrors_read(const struct json_place *at, struct entry *entry, struct faults *faults)
{
    struct json_place step = {0};
    if (!json_is_array(at)) {
        fault_at(faults, at, "must be a list of mirrors");
        return;
    }
    if (json_count(at) > REGISTRIES_MIRRORS_MAX) {
        fault_at(faults, at, "has more than 4 mirrors; keep the nearest");
        return;
    }
    while (json_next(at, &step)) {
        mirror_read(&step, entry, faults);
    }
}

static void entry_finish(const struct json_place *at, const struct entry *entry,
                         size_t faults_before, struct faults *faults)
{
    if (faults->count > faults_before) {
        return; /* what follows from a fault is not another */
    }
    if ((entry->username == NULL) != (entry->password == NULL)) {
        fault_at(faults, at,
                 "username and password belong together; give both, or neither of them");
    } else if (entry->username != NULL && entry->identity_token != NULL) {
        fault_at(faults, at, "has both a password and an identityToken; keep one");
    } else if (entry->username == NULL && entry->identity_token == NULL &&
               entry->mirror_count == 0) {
        fault_at(faults, at, "says nothing; give username and password, identityToken, or mirrors");
    }
}

static void entry_read(const struct json_place *at, struct entry *entry, struct faults *faults)
{
    struct json_place step = {0};
    size_t before = faults->count;
    *entry = (struct entry){0};
    if (at->key[0] == '\0' || at->key[strspn(at->key, HOST_CHARACTERS)] != '\0') {
        fault_at(faults, at, "is no registry; write host[:port], without https:// and path");
    }
    if (!json_is_object(at)) {
        fault_at(faults, at, "must be an object");
        return;
    }
    while (json_next(at, &step)) {
        if (strcmp(step.key, "username") == 0) {
            entry->username = secret_read(&step, faults);
        } else if (strcmp(step.key, "password") == 0) {
            entry->password = secret_read(&step, faults);
        } else if (strcmp(step.key, "identityToken") == 0) {
            entry->identity_token = secret_read(&step, faults);
        } else if (strcmp(step.key, "mirrors") == 0) {
            mirrors_read(&step, entry, faults);
        } else {
            fault_at(faults, &step,
                     "unknown key; known are username, password, identityToken, mirrors");
        }
    }
    entry_finish(at, entry, before, faults);
}

static void registries_read(const struct json_place *at, const char *host, struct entry *found,
                            struct faults *faults)
{
    struct json_place step = {0};
    struct entry entry;
    if (!json_is_object(at)) {
        fault_at(faults, at, "must be an object of registries by host");
        return;
    }
    if (json_count(at) > REGISTRIES_MAX) {
        fault_at(faults, at, "has more than 32 registries; take out those no app uses");
    }
    while (json_next(at, &step)) {
        entry_read(&step, &entry, faults);
        if (host != NULL && strcmp(step.key, host) == 0) {
            *found = entry;
        }
    }
}

static void document_read(const struct json_document *document, const char *host,
                          struct entry *found, struct faults *faults)
{
    struct json_place root = json_root(document);
    struct json_place step = {0};
    struct err err;
    bool has_schema = false;
    bool has_registries = false;
    if (!json_is_object(&root)) {
        fault_at(faults, &root, "must be an object with schema and registries");
        return;
    }
    while (json_next(&root, &step)) {
        if (strcmp(step.key, "schema") == 0) {
            has_schema = true;
            if (json_schema1(&step, NULL, &err) != 0) {
                fault_add(faults, &err);
            }
        } else if (strcmp(step.key, "registries") == 0) {
            has_registries = true;
            registries_read(&step, host, found, faults);
        } else {
            fault_at(faults, &step, "unknown key; known are schema, registries");
        }
    }
    if (!has_schema) {
        fault_at(faults, &root, "schema is missing; write \"schema\": 1");
    }
    if (!has_registries) {
        fault_at(faults, &root, "registries is missing; write \"registries\": {}");
    }
}

/* On success the caller frees the document, in which *found points. */
static size_t faults_find(struct span text, const char *host, struct json_document *document,
                          struct entry *found, struct faults *faults)
{
    static const struct json_rules rules = {.bytes_max = REGISTRIES_BYTES_MAX};
    struct err err;
    *found = (struct entry){0};
    if (json_parse(text, &rules, document, &err) != 0) {
        fault_add(faults, &err);
        return faults->count;
    }
    document_read(document, host, found, faults);
    if (faults->left_out > 0) {
        text_printf(&faults->text, "; and %zu more", faults->left_out);
    }
    return faults->count;
}

size_t registries_check(struct span text, char *said, size_t cap)
{
    LAW(BOUNDED, cap > 0);
    struct json_document document = {0};
    struct entry entry;
    struct faults faults = {0};
    text_init(&faults.text, said, cap);
    size_t count = faults_find(text, NULL, &document, &entry, &faults);
    json_free(&document);
    return count;
}

/* The host of a repository, by the engine's own rule: a first part with a dot, a port, or the name
 * "localhost"; everything else is on the default registry. *rest is what follows it. */
static bool host_of(const char *repository, char *host, size_t cap, const char **rest)
{
    size_t len = strcspn(repository, "/");
    bool is_host = repository[len] == '/' &&
                   (memchr(repository, '.', len) != NULL || memchr(repository, ':', len) != NULL ||
                    (len == 9 && memcmp(repository, "localhost", len) == 0));
    *rest = is_host ? repository + len + 1 : repository;
    if (!is_host) {
        return text_copy(host, cap, REGISTRIES_DEFAULT_HOST);
    }
    if (len >= cap) {
        return false;
    }
    memcpy(host, repository, len);
    host[len] = '\0';
    if (strcmp(host, "index.docker.io") == 0) {
        return text_copy(host, cap, REGISTRIES_DEFAULT_HOST);
    }
    return true;
}

/* X-Registry-Auth: base64url (RFC 4648 section 5) of the engine's AuthConfig. */
static int auth_render(const struct entry *entry, const char *host, struct registry_way *way,
                       struct err *err)
{
    char json[REGISTRY_AUTH_BYTES * 3 / 4];
    uint8_t memory[REGISTRY_AUTH_BYTES + 64];
    struct arena arena;
    struct text text;
    if (entry->username == NULL && entry->identity_token == NULL) {
        return 0;
    }
    text_init(&text, json, sizeof json);
    text_append(&text, "{");
    if (entry->identity_token != NULL) {
        text_append(&text, "\"identitytoken\":");
        text_append_json(&text, entry->identity_token);
    } else {
        text_append(&text, "\"username\":");
        text_append_json(&text, entry->username);
        text_append(&text, ",\"password\":");
        text_append_json(&text, entry->password);
    }
    text_append(&text, ",\"serveraddress\":");
    text_append_json(&text, host);
    text_append(&text, "}");
    arena_init(&arena, memory, sizeof memory);
    const char *encoded = text.cut ? NULL : base64_encode(span_of(json, text.len), &arena);
    if (encoded == NULL || !text_copy(way->auth, sizeof way->auth, encoded)) {
        return err_set(err, ERR_LIMIT, "the credentials for %s are too long for the engine", host);
    }
    for (char *at = way->auth; *at != '\0'; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    text_shorten_line(way->user, sizeof way->user,
                      span_text(entry->username != NULL ? entry->username : "identity token"));
    return 0;
}

/* The credentials of a mirror stand under its own host. */
static int mirror_way(struct span text, const char *mirror, const char *rest, bool is_default,
                      struct registry_way *way, struct err *err)
{
    struct json_document document = {0};
    struct faults faults = {0};
    struct entry entry;
    char ignored[MORE_BYTES];
    char host[ENGINE_REFERENCE_BYTES];
    struct text name;
    text_init(&name, way->repository, sizeof way->repository);
    text_append(&name, mirror);
    text_append(&name, "/");
    if (is_default && strchr(rest, '/') == NULL) {
        text_append(&name, "library/");
    }
    text_append(&name, rest);
    if (name.cut) {
        return err_set(err, ERR_LIMIT, "mirror %s makes the name of %s longer than %d characters",
                       mirror, rest, ENGINE_REFERENCE_BYTES - 1);
    }
    size_t len = strcspn(mirror, "/");
    memcpy(host, mirror, len); /* shorter than a reference: looked at when it was read */
    host[len] = '\0';
    text_init(&faults.text, ignored, sizeof ignored);
    (void)faults_find(text, host, &document, &entry, &faults);
    int rc = auth_render(&entry, host, way, err);
    json_free(&document);
    return rc;
}

int registries_way(struct span text, const char *repository, size_t number,
                   struct registry_way *way, struct err *err)
{
    struct json_document document = {0};
    struct faults faults = {0};
    struct entry entry = {0};
    char said[REGISTRIES_FAULT_BYTES];
    char host[ENGINE_REFERENCE_BYTES];
    const char *rest = NULL;
    int rc = 0;
    *way = (struct registry_way){0};
    text_init(&faults.text, said, sizeof said);
    if (!host_of(repository, host, sizeof host, &rest)) {
        return err_set(err, ERR_LIMIT, "a repository's name is too long: %s", repository);
    }
    if (text.len > 0 && faults_find(text, host, &document, &entry, &faults) > 0) {
        rc = err_set(err, ERR_VALUE, "%s", said);
    } else if (number > entry.mirror_count) {
        rc = err_set(err, ERR_NOT_FOUND, "%zu ways lead to %s", entry.mirror_count + 1, repository);
    } else if (number < entry.mirror_count) {
        rc = mirror_way(text, entry.mirrors[number], rest,
                        strcmp(host, REGISTRIES_DEFAULT_HOST) == 0, way, err);
    } else if (!text_copy(way->repository, sizeof way->repository, repository)) {
        rc = err_set(err, ERR_LIMIT, "a repository's name is too long: %s", repository);
    } else {
        rc = auth_render(&entry, host, way, err);
    }
    json_free(&document);
    return rc;
}
