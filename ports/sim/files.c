/* files: calls that are struck by faults, carried out after a while, and answered. */
#include "ports/sim/files.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"

#define LINE_BYTES 4096

static bool is_name(const char *name, size_t len)
{
    return strlen(name) == len && strspn(name, "0123456789abcdef") == len;
}

const struct sim_kept *sim_files_find(const struct sim_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->list[i].name, name) == 0) {
            return &files->list[i];
        }
    }
    return NULL;
}

static bool files_has(void *self, const char *name)
{
    return sim_files_find(self, name) != NULL;
}

/* -- recipes ---------------------------------------------------------------------------------- */

/* One line of a recipe: all its pieces are here, and as long as they should be. */
static int line_check(const struct sim_files *files, char *line, struct err *err)
{
    char *save = NULL;
    const char *mode = strtok_r(line, " ", &save);
    const char *said = strtok_r(NULL, " ", &save);
    size_t want = said != NULL ? strtoul(said, NULL, 10) : 0;
    size_t bytes = 0;
    for (size_t i = 0; i < (want + FILES_PIECE_BYTES_MAX - 1) / FILES_PIECE_BYTES_MAX; i++) {
        const char *piece = strtok_r(NULL, " ", &save);
        const struct sim_kept *file = piece != NULL ? sim_files_find(files, piece) : NULL;
        if (piece == NULL || !is_name(piece, FILES_PIECE_NAME_BYTES - 1)) {
            return err_set(err, ERR_CORRUPT, "the recipe has too few pieces");
        }
        if (file == NULL) {
            return err_set(err, ERR_NOT_FOUND, "a piece of it is not here");
        }
        bytes += file->len;
    }
    return mode != NULL && save != NULL && save[0] != '\0' && save[0] != '/' && bytes == want
               ? 0
               : err_set(err, ERR_CORRUPT, "its pieces are not those of the release");
}

static int recipe_check(const struct sim_files *files, const struct sim_files_call *call,
                        struct err *err)
{
    char line[LINE_BYTES];
    int rc = 0;
    for (size_t at = 0; at < call->len && rc == 0;) {
        const uint8_t *end = memchr(call->content + at, '\n', call->len - at);
        size_t len = end != NULL ? (size_t)(end - call->content) - at : 0;
        if (end == NULL || len >= sizeof line) {
            return err_set(err, ERR_CORRUPT, "is no recipe");
        }
        memcpy(line, call->content + at, len);
        line[len] = '\0';
        rc = line_check(files, line, err);
        at += len + 1;
    }
    return rc;
}

/* -- calls ------------------------------------------------------------------------------------ */

/* All of it, or with `is_cut` what a cut or an error in the middle leaves. */
static int seed_carry_out(struct sim_files *files, struct sim_files_call *call, bool is_cut)
{
    struct sim_seed_left left = {.more = 0};
    text_init(&left.text, call->left, sizeof call->left);
    uint32_t steps = is_cut ? (uint32_t)sim_random(files->world, SIM_SEED_FILES_MAX) : UINT32_MAX;
    int rc = recipe_check(files, call, &call->err);
    rc = rc == 0 ? sim_seed_bring(files, call, steps, &left, &call->err) : rc;
    call->left_more = left.more;
    return rc;
}

static int carry_out(struct sim_files *files, struct sim_files_call *call)
{
    if (call->kind == SIM_FILES_SEED) {
        return seed_carry_out(files, call, false);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->list[i].name, call->name) != 0) {
            continue;
        }
        if (call->kind == SIM_FILES_REMOVE) {
            free(files->list[i].content);
            files->list[i] = files->list[--files->count];
        }
        return 0;
    }
    int rc = call->kind == SIM_FILES_MAKE ? recipe_check(files, call, &call->err) : 0;
    if (rc != 0 || call->kind == SIM_FILES_REMOVE) {
        return rc;
    }
    if (files->is_full) {
        return err_set(&call->err, ERR_STATE_FULL, "no space left on device");
    }
    struct sim_kept *file = &files->list[files->count++];
    *file = (struct sim_kept){.content = call->content, .len = call->len};
    (void)text_copy(file->name, sizeof file->name, call->name);
    call->content = NULL;
    return 0;
}

static struct sim_files_call *call_of(struct sim_files *files, uint64_t arg)
{
    struct sim_files_call *call = &files->calls[arg % SIM_FILES_PENDING_MAX];
    return call->is_used && call->serial == arg / SIM_FILES_PENDING_MAX ? call : NULL;
}

static void call_free(struct sim_files_call *call)
{
    free(call->content);
    *call = (struct sim_files_call){.is_used = false};
}

static void answer(void *self, uint64_t arg)
{
    struct sim_files *files = self;
    struct sim_files_call *call = call_of(files, arg);
    if (call == NULL) {
        return;
    }
    struct sim_files_call held = *call;
    call_free(call);
    if (held.agent == files->world->agents) {
        sim_world_trace(files->world, "files   %.16s %s", held.name,
                        held.err.code != 0 ? held.err.text : "durable");
        files->world->answers++;
        if (held.kind == SIM_FILES_SEED) {
            held.seeded(held.ctx, held.err.code != 0 ? &held.err : NULL, held.left, held.left_more);
            return;
        }
        held.done(held.ctx, held.err.code != 0 ? &held.err : NULL);
    }
}

static void act(void *self, uint64_t arg)
{
    struct sim_files *files = self;
    struct sim_files_call *call = call_of(files, arg);
    struct sim_world *world = files->world;
    if (call == NULL || call->agent != world->agents) {
        return;
    }
    enum sim_fate fate = call->fate;
    /* A cut within it leaves all of it, which is not yet answered, or nothing. */
    bool is_lost = fate == SIM_FATE_CUT_WITHIN && sim_random(world, 2) == 0;
    if (call->kind == SIM_FILES_SEED && (fate == SIM_FATE_FAIL || fate == SIM_FATE_CUT_WITHIN)) {
        (void)seed_carry_out(files, call, true);
        is_lost = true;
    }
    if (fate == SIM_FATE_FAIL) {
        (void)err_set(&call->err, ERR_STORE, "input/output error");
    } else if (!is_lost && carry_out(files, call) == 0 && fate == SIM_FATE_FAIL_LATE) {
        (void)err_set(&call->err, ERR_STORE, "input/output error");
    }
    if (fate == SIM_FATE_CUT_WITHIN || fate == SIM_FATE_CUT_AFTER) {
        sim_world_cut(world);
        return;
    }
    if (fate == SIM_FATE_KILL_AFTER) {
        sim_world_kill(world);
    }
    sim_world_at(world, world->now + sim_random_between(world, 0, 2), answer, files, arg);
}

static int begin(struct sim_files *files, struct sim_files_call *wanted, const char *name,
                 struct span content, struct err *err)
{
    struct sim_world *world = files->world;
    size_t place = 0;
    if (!sim_world_is_live(world)) {
        return 0;
    }
    while (place < SIM_FILES_PENDING_MAX && files->calls[place].is_used) {
        place++;
    }
    if (place == SIM_FILES_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "too many files are pending");
    }
    wanted->fate = sim_faults_next(world, wanted->kind == SIM_FILES_REMOVE ? SIM_OP_BLOB_REMOVE
                                                                           : SIM_OP_BLOB_WRITE);
    if (wanted->fate == SIM_FATE_CUT_BEFORE) {
        sim_world_cut(world);
        return 0;
    }
    if (wanted->fate == SIM_FATE_KILL_BEFORE) {
        sim_world_kill(world);
        return 0;
    }
    struct sim_files_call *call = &files->calls[place];
    *call = *wanted;
    call->is_used = true;
    call->agent = world->agents;
    call->serial = ++files->serial;
    call->len = content.len;
    call->content = malloc(content.len + 1);
    assert(call->content != NULL);
    if (content.len > 0) {
        memcpy(call->content, content.data, content.len);
    }
    (void)text_copy(call->name, sizeof call->name, name);
    sim_world_trace(world, "files   %.16s, %zu bytes", name, content.len);
    sim_world_at(world, world->now + sim_random_between(world, 1, 8), act, files,
                 call->serial * SIM_FILES_PENDING_MAX + place);
    return 0;
}

static int check(struct sim_files *files, const char *name, bool is_piece, size_t len, size_t most,
                 struct err *err)
{
    if (!is_name(name, (is_piece ? FILES_PIECE_NAME_BYTES : FILES_TREE_NAME_BYTES) - 1)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no name of a piece or tree", name);
    }
    if (len > most) {
        return err_set(err, ERR_OVERSIZE, "%zu bytes, at most %zu", len, most);
    }
    return files->count >= SIM_FILES_MAX ? err_set(err, ERR_LIMIT, "too many files") : 0;
}

static int files_put(void *self, const char *piece, struct span content, files_done done, void *ctx,
                     struct err *err)
{
    struct sim_files_call call = {.kind = SIM_FILES_PUT, .done = done, .ctx = ctx};
    int rc = check(self, piece, true, content.len, FILES_PIECE_BYTES_MAX, err);
    return rc != 0 ? rc : begin(self, &call, piece, content, err);
}

static int files_make(void *self, const char *tree, struct span recipe, files_done done, void *ctx,
                      struct err *err)
{
    struct sim_files_call call = {.kind = SIM_FILES_MAKE, .done = done, .ctx = ctx};
    int rc = check(self, tree, false, recipe.len, FILES_RECIPE_BYTES_MAX, err);
    return rc != 0 ? rc : begin(self, &call, tree, recipe, err);
}

static int files_seed(void *self, const struct files_seed *seed, files_seeded done, void *ctx,
                      struct err *err)
{
    struct sim_files_call call = {.kind = SIM_FILES_SEED, .seeded = done, .ctx = ctx};
    int rc = check(self, seed->tree, false, seed->recipe.len, FILES_RECIPE_BYTES_MAX, err);
    if (rc == 0 &&
        (seed->volume[0] != '/' || !text_copy(call.volume, sizeof call.volume, seed->volume))) {
        rc = err_set(err, ERR_VALUE, "\"%s\" is no volume", seed->volume);
    }
    return rc != 0 ? rc : begin(self, &call, seed->tree, seed->recipe, err);
}

static int files_remove(void *self, const char *name, files_done done, void *ctx, struct err *err)
{
    struct sim_files_call call = {.kind = SIM_FILES_REMOVE, .done = done, .ctx = ctx};
    int rc = check(self, name, strlen(name) == FILES_PIECE_NAME_BYTES - 1, 0, 0, err);
    return rc == ERR_LIMIT || rc == 0 ? begin(self, &call, name, span_of(NULL, 0), err) : rc;
}

static int files_list(void *self, files_found found, void *ctx, struct err *err)
{
    const struct sim_files *files = self;
    (void)err;
    for (size_t i = 0; i < files->count; i++) {
        found(ctx, files->list[i].name);
    }
    return 0;
}

static const char *files_directory(void *self)
{
    (void)self;
    return SIM_FILES_DIRECTORY;
}

void sim_files_init(struct sim_files *files, struct sim_world *world)
{
    memset(files, 0, sizeof *files);
    files->world = world;
}

void sim_files_lose(struct sim_files *files)
{
    for (size_t i = 0; i < SIM_FILES_PENDING_MAX; i++) {
        call_free(&files->calls[i]);
    }
}

void sim_files_close(struct sim_files *files)
{
    sim_files_lose(files);
    for (size_t i = 0; i < files->count; i++) {
        free(files->list[i].content);
    }
    files->count = 0;
}

struct files sim_files_port(struct sim_files *files)
{
    static const struct files_ops ops = {.has = files_has,
                                         .put = files_put,
                                         .make = files_make,
                                         .seed = files_seed,
                                         .remove = files_remove,
                                         .list = files_list,
                                         .directory = files_directory};
    return (struct files){.ops = &ops, .self = files};
}
