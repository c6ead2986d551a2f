/* anchors_test: documents only go forwards, and what was pinned outlives its file. */
#include "ports/app/berthd/anchors.h"

#include <stdlib.h>
#include <unistd.h>

#include "document.h"
#include "platform/base/units.h"
#include "tests/check.h"

#define BLOBS 8

/* A store in memory that answers at once; enough for pins. */
struct fake_blob {
    char name[STORE_NAME_BYTES];
    uint8_t data[8192];
    size_t len; /* 0: none */
};

struct world {
    struct document_keys keys;
    struct fake_blob blobs[BLOBS];
    bool is_read_only;
    char directory[32];
    struct config config;
    struct anchors anchors;
    struct err err;
};

static struct world world;

static struct fake_blob *blob_find(const char *name)
{
    for (size_t i = 0; i < BLOBS; i++) {
        if (world.blobs[i].len > 0 && strcmp(world.blobs[i].name, name) == 0) {
            return &world.blobs[i];
        }
    }
    return NULL;
}

static int fake_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                     struct err *err)
{
    (void)self;
    struct fake_blob *blob = blob_find(name);
    if (blob == NULL || blob->len > cap) {
        return err_set(err, ERR_NOT_FOUND, "no blob");
    }
    memcpy(data, blob->data, blob->len);
    *len = blob->len;
    return 0;
}

static int fake_write(void *self, const char *name, struct span content, store_done done, void *ctx,
                      struct err *err)
{
    struct err failed = {.code = ERR_STORE, .text = "read-only"};
    struct fake_blob *blob = world.blobs;
    (void)self;
    (void)err;
    if (!world.is_read_only) {
        while (blob->len > 0) {
            blob++;
        }
        (void)snprintf(blob->name, sizeof blob->name, "%s", name);
        memcpy(blob->data, content.data, content.len);
        blob->len = content.len;
    }
    done(ctx, world.is_read_only ? &failed : NULL);
    return 0;
}

static int fake_remove(void *self, const char *name, store_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)err;
    struct fake_blob *blob = blob_find(name);
    if (blob != NULL) {
        blob->len = 0;
    }
    done(ctx, NULL);
    return 0;
}

static int fake_list(void *self, store_found found, void *ctx, struct err *err)
{
    (void)self;
    (void)err;
    found(ctx, "app-0", false);
    for (size_t i = 0; i < BLOBS; i++) {
        if (world.blobs[i].len > 0) {
            found(ctx, world.blobs[i].name, true);
        }
    }
    return 0;
}

static void begin(void)
{
    memset(world.blobs, 0, sizeof world.blobs);
    memset(&world.config, 0, sizeof world.config);
    memset(&world.anchors, 0, sizeof world.anchors);
    world.is_read_only = false;
    (void)snprintf(world.directory, sizeof world.directory, "/tmp/anchors-XXXXXX");
    if (mkdtemp(world.directory) == NULL) {
        abort();
    }
    (void)snprintf(world.config.fleet, sizeof world.config.fleet, "f");
    (void)snprintf(world.config.trust_path, CONFIG_PATH_BYTES, "%s/trust", world.directory);
    (void)snprintf(world.config.revoke_path, CONFIG_PATH_BYTES, "%s/revoke", world.directory);
}

static void end(void)
{
    (void)unlink(world.config.trust_path);
    (void)unlink(world.config.revoke_path);
    (void)rmdir(world.directory);
}

static void put(const char *path, struct span content)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content.data, 1, content.len, file) != content.len) {
        abort();
    }
    (void)fclose(file);
}

static void put_trust(unsigned version, const char *fleet, size_t listed, unsigned signers)
{
    put(world.config.trust_path, document_trust(&world.keys, version, fleet, listed, signers));
}

static int load(void)
{
    static const struct store_ops ops = {
        .blob_read = fake_read,
        .blob_write = fake_write,
        .blob_remove = fake_remove,
        .list = fake_list,
    };
    struct anchors_sources sources = {
        .config = &world.config,
        .verify = world.keys.verify,
        .store = {.ops = &ops},
    };
    world.err = (struct err){0};
    return anchors_load(&world.anchors, &sources, &world.err);
}

/* The agent starts again. */
static int reload(void)
{
    memset(&world.anchors, 0, sizeof world.anchors);
    return load();
}

static void first_is_taken_on_its_word(void)
{
    begin();
    CHECK_INT_EQ(load(), ERR_NOT_FOUND);
    CHECK_CONTAINS(world.err.text, world.config.trust_path);
    put_trust(1, "f", 0, 0);
    CHECK_INT_EQ(load(), ERR_UNSIGNED);
    put_trust(1, "f", 0, 2); /* signed, but not by a key it lists */
    CHECK_INT_EQ(load(), ERR_SIGNATURE);
    put_trust(1, "other", 0, 1);
    CHECK_INT_EQ(load(), ERR_VALUE);
    CHECK(blob_find("trust-1") == NULL);
    put_trust(1, "f", 0, 1);
    CHECK_INT_EQ(load(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 1);
    CHECK(blob_find("trust-1") != NULL);
    end();
}

static void pin_outlives_its_file(void)
{
    begin();
    put_trust(1, "f", 0, 1);
    CHECK_INT_EQ(load(), 0);
    CHECK_INT_EQ(unlink(world.config.trust_path), 0);
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 1);
    /* A stranger's first document does not replace it. */
    put_trust(1, "f", 1, 2);
    CHECK_INT_EQ(reload(), 0);
    CHECK_STR_EQ(world.anchors.trust.keys[0].id, world.keys.keys[0].id);
    put_trust(2, "f", 1, 2);
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 1);
    end();
}

static void next_is_signed_by_the_one_before(void)
{
    begin();
    put_trust(1, "f", 0, 1);
    CHECK_INT_EQ(load(), 0);
    put_trust(3, "f", 1, 3); /* a version was left out */
    CHECK_INT_EQ(load(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 1);
    put_trust(2, "f", 1, 1); /* not by its own */
    CHECK_INT_EQ(load(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 1);
    put_trust(2, "f", 1, 3);
    CHECK_INT_EQ(load(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 2);
    CHECK(blob_find("trust-1") == NULL && blob_find("trust-2") != NULL);
    put_trust(1, "f", 0, 1); /* back to the old file */
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 2);
    CHECK_STR_EQ(world.anchors.trust.keys[0].id, world.keys.keys[1].id);
    end();
}

static void damaged_pin(void)
{
    begin();
    put_trust(1, "f", 0, 1);
    CHECK_INT_EQ(load(), 0);
    blob_find("trust-1")->data[40] ^= 1;
    CHECK_INT_EQ(reload(), 0); /* the file is still there */
    CHECK_INT_EQ(unlink(world.config.trust_path), 0);
    world.blobs[1].len = 0;
    CHECK_INT_EQ(reload(), ERR_NOT_FOUND);
    CHECK(!world.anchors.has_trust);
    end();
}

static void read_only_disk(void)
{
    begin();
    world.is_read_only = true;
    put_trust(1, "f", 0, 1);
    CHECK_INT_EQ(load(), 0);
    CHECK(world.anchors.has_trust);
    CHECK(blob_find("trust-1") == NULL);
    end();
}

static void revoked_only_grows(void)
{
    struct digest digest;
    begin();
    put_trust(1, "f", 0, 1);
    put(world.config.revoke_path, document_revoked(&world.keys, 1, 'a', 2));
    CHECK_INT_EQ(load(), 0);
    CHECK(!world.anchors.has_revoked);
    put(world.config.revoke_path, document_revoked(&world.keys, 2, 'b', 1));
    CHECK_INT_EQ(load(), 0);
    CHECK(world.anchors.has_revoked);
    CHECK(
        digest_parse("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", &digest));
    CHECK(revoked_has(&world.anchors.revoked, &digest));
    put(world.config.revoke_path, document_revoked(&world.keys, 1, 'a', 1));
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.revoked.version, 2);
    CHECK_INT_EQ(unlink(world.config.revoke_path), 0);
    CHECK_INT_EQ(reload(), 0);
    CHECK(revoked_has(&world.anchors.revoked, &digest));
    /* Still in force once the keys that signed it have gone. */
    put_trust(2, "f", 1, 3);
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.trust.version, 2);
    CHECK(revoked_has(&world.anchors.revoked, &digest));
    end();
}

/* Another fleet's list is none of ours, and no document takes away the versions that could follow.
 */
static void revoked_is_bounded(void)
{
    const unsigned long long jump = REVOKED_JUMP_MAX;
    begin();
    put_trust(1, "f", 0, 1);
    put(world.config.revoke_path, document_revoked_of(&world.keys, "\"fleet\":\"g\",", 1, 'a', 1));
    CHECK_INT_EQ(load(), 0);
    CHECK(!world.anchors.has_revoked);
    put(world.config.revoke_path, document_revoked_of(&world.keys, "", jump + 1, 'a', 1));
    CHECK_INT_EQ(reload(), 0);
    CHECK(!world.anchors.has_revoked);
    put(world.config.revoke_path,
        document_revoked_of(&world.keys, "\"fleet\":\"f\",", jump, 'a', 1));
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.revoked.version, jump);
    put(world.config.revoke_path, document_revoked_of(&world.keys, "", 2 * jump, 'b', 1));
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.revoked.version, 2 * jump);
    put(world.config.revoke_path, document_revoked_of(&world.keys, "", 9007199254740991, 'b', 1));
    CHECK_INT_EQ(reload(), 0);
    CHECK_INT_EQ(world.anchors.revoked.version, 2 * jump);
    end();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"first_is_taken_on_its_word", first_is_taken_on_its_word},
        {"pin_outlives_its_file", pin_outlives_its_file},
        {"next_is_signed_by_the_one_before", next_is_signed_by_the_one_before},
        {"damaged_pin", damaged_pin},
        {"read_only_disk", read_only_disk},
        {"revoked_only_grows", revoked_only_grows},
        {"revoked_is_bounded", revoked_is_bounded},
    };
    document_keys_open(&world.keys);
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    document_keys_close(&world.keys);
    return status;
}
