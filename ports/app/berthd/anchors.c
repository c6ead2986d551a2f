/* anchors: only forwards: a lower version, or another document of the same version, is never taken.
 */
#include "ports/app/berthd/anchors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/app/berthd/anchors_open.h"
#include "ports/app/berthd/file.h"

/* Room for a payload, the encoding that was signed, and signatures. */
#define ARENA_BYTES (4 * ENVELOPE_BYTES_MAX)

struct loading {
    struct anchors *anchors;
    const struct anchors_sources *sources;
    struct arena arena;
    uint8_t *data; /* STORE_BLOB_BYTES_MAX, the document being looked at */
    struct span content;
    uint64_t version; /* of the pin looked for: the highest below `below` */
    uint64_t below;
    const char *kind; /* "trust" or "revoke" */
};

static void say(const struct anchors_sources *sources, enum log_level level, const char *text)
{
    if (sources->log.ops != NULL) {
        sources->log.ops->line(sources->log.self, level, text);
    }
}

static void complain(const struct loading *loading, const char *path, const struct err *err)
{
    char line[LOG_LINE_BYTES_MAX];
    text_shorten_printf(line, sizeof line, "%s document %s is not taken: %s (%s)", loading->kind,
                        path, err->text, err_word(err->code));
    say(loading->sources, LOG_LEVEL_WARNING, line);
}

/* Notes the highest version below `below` that is pinned as "<kind>-<version>". */
static void note_pin(void *ctx, const char *name, bool is_blob)
{
    struct loading *loading = ctx;
    uint64_t version = 0;
    size_t len = strlen(loading->kind);
    char *end = NULL;
    if (!is_blob || strncmp(name, loading->kind, len) != 0 || name[len] != '-' ||
        name[len + 1] < '1' || name[len + 1] > '9') {
        return;
    }
    version = strtoull(name + len + 1, &end, 10);
    if (*end == '\0' && version < loading->below && version > loading->version) {
        loading->version = version;
    }
}

/* Reads the next lower pin into loading->content; false when there is none. */
static bool pin_next(struct loading *loading)
{
    const struct store *store = &loading->sources->store;
    struct err err = {0};
    while (store->ops != NULL) {
        char name[STORE_NAME_BYTES];
        size_t len = 0;
        loading->version = 0;
        if (store->ops->list(store->self, note_pin, loading, &err) != 0 || loading->version == 0) {
            return false;
        }
        loading->below = loading->version;
        (void)snprintf(name, sizeof name, "%s-%" PRIu64, loading->kind, loading->version);
        int rc = store->ops->blob_read(store->self, name, loading->data, STORE_BLOB_BYTES_MAX, &len,
                                       &err);
        if (rc == 0) {
            loading->content = span_of(loading->data, len);
            return true;
        }
        complain(loading, name, &err);
    }
    return false;
}

static void pin_fail(const struct anchors_pin *pin, const struct err *err)
{
    if (err != NULL && pin->log.ops != NULL) {
        char line[LOG_LINE_BYTES_MAX];
        text_shorten_printf(line, sizeof line, "pin a document: %s", err->text);
        pin->log.ops->line(pin->log.self, LOG_LEVEL_WARNING, line);
    }
}

static void pin_removed(void *ctx, const struct err *err)
{
    pin_fail(ctx, err);
}

static void pin_written(void *ctx, const struct err *err)
{
    struct anchors_pin *pin = ctx;
    struct err refused = {0};
    if (err != NULL) {
        pin_fail(pin, err);
    } else if (pin->before[0] != '\0' &&
               pin->store.ops->blob_remove(pin->store.self, pin->before, pin_removed, pin,
                                           &refused) != 0) {
        pin_fail(pin, &refused);
    }
}

/* Pins the document that was just taken, and lets go of the one before it. */
static void pin_replace(struct loading *loading, uint64_t version, uint64_t before)
{
    const struct store *store = &loading->sources->store;
    struct anchors_pin *pin = &loading->anchors->pins[strcmp(loading->kind, "trust") == 0 ? 0 : 1];
    char name[STORE_NAME_BYTES];
    struct err err = {0};
    if (store->ops == NULL) {
        return;
    }
    *pin = (struct anchors_pin){.store = *store, .log = loading->sources->log};
    if (before != 0) {
        (void)snprintf(pin->before, sizeof pin->before, "%s-%" PRIu64, loading->kind, before);
    }
    (void)snprintf(name, sizeof name, "%s-%" PRIu64, loading->kind, version);
    if (store->ops->blob_write(store->self, name, loading->content, pin_written, pin, &err) != 0) {
        pin_fail(pin, &err);
    }
}

/* A version and digest against what is in force: 0 to take it, ERR_NOTHING when it is the same. */
static int compare(uint64_t version, const struct digest *digest, bool has_old,
                   uint64_t old_version, const struct digest *old_digest, struct err *err)
{
    if (!has_old || version > old_version) {
        return 0;
    }
    if (version < old_version) {
        return err_set(err, ERR_VERSION,
                       "version %" PRIu64 " is older than version %" PRIu64
                       ", which stays in force; install that one or a newer one",
                       version, old_version);
    }
    return digest_is_equal(digest, old_digest)
               ? ERR_NOTHING
               : err_set(err, ERR_EXISTS,
                         "another document of version %" PRIu64
                         " is in force; give the new one a higher version",
                         version);
}

static int trust_take(struct loading *loading, bool is_pin, struct err *err)
{
    struct anchors *anchors = loading->anchors;
    const struct verify *verify = &loading->sources->verify;
    struct trust trust = {0};
    struct digest digest = {0};
    uint64_t before = anchors->has_trust ? anchors->trust.version : 0;
    int rc = anchors_open_trust(loading->content, verify, loading->arena, &trust, &digest, err);
    if (rc == 0 && strcmp(trust.fleet, loading->sources->config->fleet) != 0) {
        rc = err_set(err, ERR_VALUE, "it is for fleet %s, this node is of fleet %s", trust.fleet,
                     loading->sources->config->fleet);
    }
    if (rc == 0) {
        rc = compare(trust.version, &digest, anchors->has_trust, before, &anchors->trust_digest,
                     err);
    }
    if (rc == 0 && before != 0 && trust.version != before + 1) {
        rc = err_set(err, ERR_VERSION,
                     "version %" PRIu64 " cannot follow version %" PRIu64
                     "; install the versions between them one by one",
                     trust.version, before);
    }
    if (rc == 0 && before != 0) {
        rc = anchors_check(loading->content, TRUST_ROLE_TRUST, &anchors->trust, verify,
                           loading->arena, err);
    }
    if (rc != 0) {
        return rc;
    }
    anchors->trust = trust;
    anchors->trust_digest = digest;
    anchors->has_trust = true;
    if (!is_pin) {
        pin_replace(loading, trust.version, before);
    }
    return 0;
}

/* A pin is of this fleet, and was judged when it came. */
static int revoked_check(const struct loading *loading, const struct revoked *revoked,
                         uint64_t before, struct err *err)
{
    const char *fleet = loading->sources->config->fleet;
    if (revoked->fleet[0] != '\0' && strcmp(revoked->fleet, fleet) != 0) {
        return err_set(err, ERR_WRONG_FLEET, "it is for fleet %s, this node is of fleet %s",
                       revoked->fleet, fleet);
    }
    return revoked->version - before <= REVOKED_JUMP_MAX || revoked->version < before
               ? 0
               : err_set(err, ERR_VERSION,
                         "version %" PRIu64 " is too far above version %" PRIu64
                         ": see who signs with the revoke key, and publish version %" PRIu64,
                         revoked->version, before, before + 1);
}

static int revoked_take(struct loading *loading, bool is_pin, struct err *err)
{
    struct anchors *anchors = loading->anchors;
    struct revoked revoked = {0};
    struct digest digest = {0};
    uint64_t before = anchors->has_revoked ? anchors->revoked.version : 0;
    int rc =
        anchors_open_revoked(loading->content, is_pin ? NULL : &anchors->trust,
                             &loading->sources->verify, loading->arena, &revoked, &digest, err);
    if (rc == 0 && !is_pin) {
        rc = revoked_check(loading, &revoked, before, err);
    }
    if (rc == 0) {
        rc = compare(revoked.version, &digest, anchors->has_revoked, before,
                     &anchors->revoked_digest, err);
    }
    if (rc != 0) {
        return rc;
    }
    anchors->revoked = revoked;
    anchors->revoked_digest = digest;
    anchors->has_revoked = true;
    if (!is_pin) {
        pin_replace(loading, revoked.version, before);
    }
    return 0;
}

/* The pinned document first, then the file; *err holds why the file was not taken, if it was not.
 */
static int kind_load(struct loading *loading, const char *kind, const char *path, bool has_one,
                     int (*take)(struct loading *, bool, struct err *), struct err *err)
{
    bool is_there = has_one;
    loading->kind = kind;
    loading->below = UINT64_MAX;
    while (!is_there && pin_next(loading)) {
        struct err pin_err = {0};
        is_there = take(loading, true, &pin_err) == 0;
        if (!is_there) {
            complain(loading, "pinned on this node", &pin_err);
        }
    }
    if (path[0] == '\0') {
        return is_there ? 0 : err_set(err, ERR_NOT_FOUND, "no %s document is configured", kind);
    }
    int rc = file_read(path, loading->data, ENVELOPE_BYTES_MAX, &loading->content, err);
    rc = rc == 0 ? take(loading, false, err) : err_wrap(err, rc, "%s document", kind);
    if (rc != 0 && rc != ERR_NOTHING) {
        complain(loading, path, err);
    }
    return rc == ERR_NOTHING ? 0 : rc;
}

int anchors_load(struct anchors *anchors, const struct anchors_sources *sources, struct err *err)
{
    struct loading loading = {.anchors = anchors, .sources = sources};
    struct err revoke_err = {0};
    uint8_t *memory = malloc(STORE_BLOB_BYTES_MAX + ARENA_BYTES);
    if (memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to read the trust document");
    }
    loading.data = memory;
    arena_init(&loading.arena, memory + STORE_BLOB_BYTES_MAX, ARENA_BYTES);
    int rc = kind_load(&loading, "trust", sources->config->trust_path, anchors->has_trust,
                       trust_take, err);
    if (anchors->has_trust) {
        rc = 0; /* what is in force stays; the file's fault was logged */
        if (kind_load(&loading, "revoke", sources->config->revoke_path, anchors->has_revoked,
                      revoked_take, &revoke_err) != 0 &&
            sources->config->revoke_path[0] != '\0' && !anchors->has_revoked) {
            say(sources, LOG_LEVEL_WARNING, "no revoke document is in force");
        }
    }
    free(memory);
    return rc == 0 ? 0
                   : err_wrap(err, rc,
                              "no trust document: put the fleet's trust.json at %s (berth keys new "
                              "makes the first one)",
                              sources->config->trust_path);
}

int anchors_offer(struct anchors *anchors, const struct anchors_sources *sources, bool is_revoke,
                  struct span envelope, struct err *err)
{
    struct loading loading = {.anchors = anchors,
                              .sources = sources,
                              .content = envelope,
                              .kind = is_revoke ? "revoke" : "trust"};
    uint8_t *memory = malloc(ARENA_BYTES);
    if (memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to read a %s document", loading.kind);
    }
    arena_init(&loading.arena, memory, ARENA_BYTES);
    int rc = is_revoke ? revoked_take(&loading, false, err) : trust_take(&loading, false, err);
    free(memory);
    if (rc != 0 && rc != ERR_NOTHING) {
        complain(&loading, "from the fleet", err);
    }
    return rc;
}
