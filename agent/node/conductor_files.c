/* conductor_files: the files of releases: what is missing of them, made into trees, and garbage. */
#include "agent/node/conductor_private.h"

#include <stdio.h>

#include "platform/base/law.h"

/* After the disk did not take a piece, or a payload could not be read. */
#define FILES_RETRY_MS SECONDS_MS(10)

static bool is_here(const struct conductor *conductor, const char *name)
{
    const struct files *files = &conductor->ports.files;
    return files->ops->has(files->self, name);
}

/* -- what is missing -------------------------------------------------------------------------- */

struct looking {
    struct app *app;
    unsigned count;
    char first[FILE_NAME_BYTES]; /* the file of the first one */
};

static bool is_among(const struct app *app, const struct digest *piece)
{
    for (size_t i = 0; i < app->missing_count; i++) {
        if (digest_is_equal(&app->missing[i], piece)) {
            return true;
        }
    }
    return false;
}

static void look_at_file(void *ctx, const struct plan_file *file)
{
    struct looking *looking = ctx;
    struct app *app = looking->app;
    for (size_t i = 0; i < file->piece_count; i++) {
        char name[DIGEST_HEX_BYTES];
        digest_render(&file->pieces[i], name);
        if (is_among(app, &file->pieces[i]) || is_here(app->conductor, name)) {
            continue;
        }
        if (looking->count++ == 0) {
            (void)text_copy(looking->first, sizeof looking->first, file->name);
        }
        if (app->missing_count < FILES_ASKED_MAX) {
            app->missing[app->missing_count++] = file->pieces[i];
        }
    }
}

static void look(struct app *app, const struct digest *release)
{
    struct conductor *conductor = app->conductor;
    struct looking looking = {.app = app};
    const struct release_files_sink sink = {.file = look_at_file, .ctx = &looking};
    struct release_node node;
    struct span payload;
    struct err err;
    bool is_new = !digest_is_equal(&app->files_of, release);
    app->files_of = *release;
    app->files_look_at = MONO_NEVER; /* until a piece has come */
    app->missing_count = 0;
    conductor_node_facts(conductor, &node);
    int rc = payload_load(conductor, release, &payload, &err);
    rc = rc == 0 ? release_files(payload, &node, &sink, &err) : rc;
    app->lacks_files = rc != 0 || looking.count > 0;
    if (rc != 0) {
        app->files_look_at = conductor_now(conductor) + FILES_RETRY_MS;
        conductor_warning(conductor, app, "cannot read which files it needs: %s", err.text);
    } else if (looking.count > 0 && is_new) {
        conductor_event(conductor, app, "%u pieces of its files are missing, the first of %s",
                        looking.count, looking.first);
    }
}

/* The release whose files are needed next; NULL: none has any that are not known to be here. */
static const struct digest *release_of_interest(struct app *app)
{
    const struct memory_app *memory = &app->memory;
    const struct digest *wanted = &memory->wanted;
    if (!digest_is_none(&app->files_lost) && memory_remembers(memory, &app->files_lost)) {
        return &app->files_lost;
    }
    const struct plan *plan =
        digest_is_equal(wanted, &memory->committed.release) ? NULL : app_plan(app, wanted);
    return plan != NULL && plan->file_count > 0 ? wanted : NULL;
}

void files_step(struct app *app)
{
    LAW(BOUNDED, app->is_used);
    const struct digest *release = release_of_interest(app);
    if (release == NULL) {
        app->missing_count = 0;
        app->files_look_at = MONO_NEVER;
        app->lacks_files = false;
        app->files_of = (struct digest){0};
        return;
    }
    bool is_due = conductor_now(app->conductor) >= app->files_look_at && app->files_storing == 0;
    if (!digest_is_equal(&app->files_of, release) || is_due) {
        look(app, release);
    }
    if (!app->lacks_files && release == &app->files_lost) {
        app->files_lost = (struct digest){0};
    }
}

size_t conductor_missing_files(const struct conductor *conductor, struct digest *digests,
                               size_t cap)
{
    size_t count = 0;
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        for (size_t j = 0; app->is_used && j < app->missing_count && count < cap; j++) {
            digests[count++] = app->missing[j];
        }
    }
    return count;
}

int conductor_files(struct conductor *conductor, const char *name, struct text *text,
                    struct err *err)
{
    struct app *app = app_of(conductor, name);
    if (app == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no app %s on this node", name);
    }
    files_step(app);
    text_append(text, "{\"missing\":[");
    for (size_t i = 0; i < app->missing_count; i++) {
        char hex[DIGEST_HEX_BYTES];
        digest_render(&app->missing[i], hex);
        text_printf(text, "%s\"%s\"", i > 0 ? "," : "", hex);
    }
    text_append(text, "]}");
    return 0;
}

/* -- a piece comes ---------------------------------------------------------------------------- */

static void piece_stored(void *ctx, const struct err *err)
{
    struct file_call call = *(struct file_call *)ctx;
    struct app *app = call.app;
    ((struct file_call *)ctx)->app = NULL;
    app->files_storing--;
    app->files_look_at = 0;
    if (err != NULL) {
        app->files_look_at = conductor_now(app->conductor) + FILES_RETRY_MS;
        conductor_warning(app->conductor, app, "cannot store a piece of its files: %s", err->text);
    }
    if (call.done != NULL) {
        call.done(call.ctx, err);
    }
    conductor_touch(app->conductor);
}

/* The app that lacks the piece; nobody asks for it any more. */
static struct app *piece_claim(struct conductor *conductor, const struct digest *piece)
{
    struct app *found = NULL;
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        for (size_t j = 0; app->is_used && j < app->missing_count; j++) {
            if (digest_is_equal(&app->missing[j], piece)) {
                app->missing[j--] = app->missing[--app->missing_count];
                app->files_look_at = 0;
                found = app;
            }
        }
    }
    return found;
}

static int piece_store(struct conductor *conductor, const struct digest *piece, struct span content,
                       conductor_done done, void *ctx, struct err *err)
{
    const struct files *files = &conductor->ports.files;
    char name[DIGEST_HEX_BYTES];
    struct app *app = piece_claim(conductor, piece);
    if (app == NULL) {
        return err_set(err, ERR_NOTHING, "no release here waits for this piece of a file");
    }
    struct file_call *call = conductor->file_calls;
    while (call < conductor->file_calls + FILES_ASKED_MAX && call->app != NULL) {
        call++;
    }
    if (call == conductor->file_calls + FILES_ASKED_MAX) {
        return err_set(err, ERR_BUSY, "other pieces are being stored: try again");
    }
    *call = (struct file_call){.app = app, .done = done, .ctx = ctx};
    digest_render(piece, name);
    int rc = files->ops->put(files->self, name, content, piece_stored, call, err);
    if (rc != 0) {
        call->app = NULL;
        app->files_look_at = conductor_now(conductor) + FILES_RETRY_MS;
        return rc;
    }
    app->files_storing++;
    return 0;
}

int conductor_file(struct conductor *conductor, const struct digest *name, struct span content,
                   conductor_done done, void *ctx, struct err *err)
{
    struct digest piece;
    conductor->ports.verify.ops->sha256(conductor->ports.verify.self, content, &piece);
    if (name != NULL && !digest_is_equal(name, &piece)) {
        conductor_warning(conductor, NULL,
                          "a piece of a file is not what its name says: publish the release again");
        return err_set(err, ERR_DIGEST, "the piece is not what its name says");
    }
    return piece_store(conductor, &piece, content, done, ctx, err);
}

/* -- trees ------------------------------------------------------------------------------------ */

/* The name of the tree that a mount shows, behind the directory of all. */
static void tree_of(const struct conductor *conductor, const struct engine_mount *mount,
                    char tree[FILES_TREE_NAME_BYTES])
{
    const struct files *files = &conductor->ports.files;
    size_t above = strlen(files->ops->directory(files->self)) + 1;
    (void)snprintf(tree, FILES_TREE_NAME_BYTES, "%s", mount->source + above);
}

void files_lose(struct app *app, const struct digest *release)
{
    LAW(ONLY_SIGNED, !digest_is_none(release));
    app->files_lost = *release; /* gone by hand */
}

static void tree_made(void *ctx, const struct err *err)
{
    struct call *call = ctx;
    struct app *app = call->app;
    struct replica *replica = replica_of(call);
    struct err failed;
    if (err == NULL && replica != NULL) {
        if (create_begin(app, replica, call, &failed) != 0) {
            performed(ctx, &failed, NULL);
        }
        return;
    }
    if (err != NULL && (err->code == ERR_NOT_FOUND || err->code == ERR_CORRUPT)) {
        files_lose(app, &call->release);
    }
    (void)err_set(&failed, ERR_STORE, "its files cannot be made: %s", err != NULL ? err->text : "");
    performed(ctx, err != NULL ? &failed : NULL, NULL);
}

int trees_make(struct app *app, const struct engine_spec *spec, struct call *call,
               const struct digest *release, bool *is_making, struct err *err)
{
    struct conductor *conductor = app->conductor;
    const struct files *files = &conductor->ports.files;
    *is_making = false;
    for (size_t i = 0; i < spec->mount_count; i++) {
        const char *recipe = spec->mounts[i].recipe;
        char tree[FILES_TREE_NAME_BYTES];
        if (recipe == NULL || spec->mounts[i].is_volume) {
            continue;
        }
        tree_of(conductor, &spec->mounts[i], tree);
        if (!is_here(conductor, tree)) {
            *is_making = true;
            call->release = *release;
            return files->ops->make(files->self, tree, span_text(recipe), tree_made, call, err);
        }
    }
    return 0;
}

/* -- garbage ---------------------------------------------------------------------------------- */

/* Everything that is here, by the first 8 digits of its name; what is needed is struck out, and
 * what begins like it stays as well. */
struct sweep {
    uint64_t keys[FILES_COUNT_MAX];
    size_t count;
    struct conductor *conductor;
    bool is_busy;
    bool is_full; /* more are here: a later sweep sees them when these have gone */
};

static uint64_t key_of(const char *name)
{
    uint64_t key = 0;
    memcpy(&key, name, sizeof key);
    return key;
}

static void sweep_found(void *ctx, const char *name)
{
    struct sweep *sweep = ctx;
    sweep->is_full = sweep->count == FILES_COUNT_MAX;
    if (!sweep->is_full) {
        sweep->keys[sweep->count++] = key_of(name);
    }
}

static void sweep_keep(void *ctx, const char *name)
{
    struct sweep *sweep = ctx;
    uint64_t key = key_of(name);
    for (size_t i = sweep->count; i > 0; i--) {
        if (sweep->keys[i - 1] == key) {
            sweep->keys[i - 1] = sweep->keys[--sweep->count];
        }
    }
}

static void sweep_keep_file(void *ctx, const struct plan_file *file)
{
    for (size_t i = 0; i < file->piece_count; i++) {
        char name[DIGEST_HEX_BYTES];
        digest_render(&file->pieces[i], name);
        sweep_keep(ctx, name);
    }
}

/* False when it cannot be read: then nothing is known to be garbage. */
static bool sweep_release(struct sweep *sweep, const struct digest *release)
{
    const struct release_files_sink sink = {
        .file = sweep_keep_file, .tree = sweep_keep, .ctx = sweep};
    struct release_node node;
    struct span payload;
    struct err err;
    conductor_node_facts(sweep->conductor, &node);
    return digest_is_none(release) ||
           (payload_load(sweep->conductor, release, &payload, &err) == 0 &&
            release_files(payload, &node, &sink, &err) == 0);
}

static bool sweep_app(struct sweep *sweep, const struct memory_app *memory)
{
    bool is_read = sweep_release(sweep, &memory->wanted) &&
                   sweep_release(sweep, &memory->committed.release) &&
                   sweep_release(sweep, &memory->candidate.release);
    for (size_t i = 0; i < HISTORY_MAX && is_read; i++) {
        is_read = memory->history[i].gen == 0 || sweep_release(sweep, &memory->history[i].release);
    }
    return is_read;
}

static void swept(void *ctx, const struct err *err)
{
    if (err != NULL) {
        conductor_warning(ctx, NULL, "cannot remove an old file: %s", err->text);
    }
}

static void sweep_remove(void *ctx, const char *name)
{
    struct sweep *sweep = ctx;
    const struct files *files = &sweep->conductor->ports.files;
    uint64_t key = key_of(name);
    for (size_t i = 0; i < sweep->count && !sweep->is_busy; i++) {
        if (sweep->keys[i] == key) {
            sweep->is_busy =
                files->ops->remove(files->self, name, swept, sweep->conductor, NULL) != 0;
            return;
        }
    }
}

void files_collect(struct conductor *conductor)
{
    const struct files *files = &conductor->ports.files;
    struct sweep sweep = {.conductor = conductor};
    if (files->ops == NULL || !conductor->has_file_garbage || !conductor->engine.has_about ||
        files->ops->list(files->self, sweep_found, &sweep, NULL) != 0) {
        return;
    }
    if (sweep.is_full) {
        conductor_warning(conductor, NULL,
                          "more than %d pieces and trees of files are here: not all that no "
                          "release names is removed",
                          FILES_COUNT_MAX);
    }
    for (size_t i = 0; i < APPS_MAX && sweep.count > 0; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && !sweep_app(&sweep, &app->memory)) {
            return;
        }
    }
    if (sweep.count > 0) {
        (void)files->ops->list(files->self, sweep_remove, &sweep, NULL);
    }
    conductor->has_file_garbage = sweep.is_busy || sweep.is_full; /* the next record goes on */
}
