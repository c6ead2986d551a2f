/* pieces_test: files of releases: what is asked for, what is stored, what is garbage, and what is
 * brought into a volume before its container starts. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

#define HEX_4       "abababab"
#define HEX_64      HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4
#define ZEROES      "00000000000000000000000000000000000000000000000000000000000000"
#define PIECE(byte) byte ZEROES
#define FILE_OF(name, byte)                                                                        \
    "\"" name "\":{\"bytes\":5,\"mode\":292,\"pieces\":[\"" PIECE(byte) "\"]}"
#define RELEASE(files, mounts)                                                                     \
    "{\"schema\":1,\"x-berth\":{\"app\":\"web\",\"sequence\":5,\"files\":{" files                  \
    "}},\"services\":{\"main\":{\"image\":\"registry.example/web@sha256:" HEX_64                   \
    "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" HEX_64                                        \
    "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" HEX_64                          \
    "\",\"config\":\"sha256:" HEX_64 "\"}]}},\"volumes\":[" mounts "]}}}"
#define MOUNT "{\"type\":\"file\",\"source\":\"c\",\"target\":\"/x\"}"
#define SEED(name)                                                                                 \
    "{\"type\":\"volume\",\"source\":\"dir-" name "\",\"target\":\"/" name                         \
    "\",\"volume\":{\"seed\":\"c\"}}"
#define THREE            FILE_OF("c/a", "11") "," FILE_OF("c/b", "22") "," FILE_OF("d", "33")
#define MORE(name, byte) "," FILE_OF(name, byte)
#define TEN                                                                                        \
    FILE_OF("a", "11")                                                                             \
    MORE("b", "11")                                                                                \
    MORE("c", "22")                                                                                \
    MORE("d", "33")                                                                                \
    MORE("e", "44")                                                                                \
    MORE("f", "55") MORE("g", "66") MORE("h", "77") MORE("i", "88") MORE("j", "99")

enum { SHELF_MAX = 16 };

/* The port: what is here, and what is asked of it. */
static struct {
    char here[SHELF_MAX][FILES_PIECE_NAME_BYTES];
    char said[2048];
    int refusal;
    files_done done;
    files_seeded seeded;
    void *ctx;
} shelf;

static void say(const char *verb, const char *what)
{
    size_t len = strlen(shelf.said);
    (void)snprintf(shelf.said + len, sizeof shelf.said - len, "%s %.16s\n", verb, what);
}

static int shelf_take(files_done done, void *ctx, struct err *err)
{
    if (shelf.refusal != 0) {
        return err_set(err, shelf.refusal, "not taken");
    }
    shelf.done = done;
    shelf.ctx = ctx;
    return 0;
}

static bool shelf_has(void *self, const char *name)
{
    (void)self;
    for (size_t i = 0; i < SHELF_MAX; i++) {
        if (strcmp(shelf.here[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int shelf_put(void *self, const char *piece, struct span content, files_done done, void *ctx,
                     struct err *err)
{
    (void)self;
    (void)content;
    say("put", piece);
    return shelf_take(done, ctx, err);
}

static int shelf_make(void *self, const char *tree, struct span recipe, files_done done, void *ctx,
                      struct err *err)
{
    (void)self;
    (void)tree;
    say("make", (const char *)recipe.data);
    return shelf_take(done, ctx, err);
}

static int shelf_seed(void *self, const struct files_seed *seed, files_seeded done, void *ctx,
                      struct err *err)
{
    (void)self;
    say("seed", seed->volume);
    shelf.seeded = done;
    return shelf_take(NULL, ctx, err);
}

static int shelf_remove(void *self, const char *name, files_done done, void *ctx, struct err *err)
{
    (void)self;
    say("remove", name);
    return shelf_take(done, ctx, err);
}

static int shelf_list(void *self, files_found found, void *ctx, struct err *err)
{
    (void)self;
    (void)err;
    for (size_t i = 0; i < SHELF_MAX; i++) {
        if (shelf.here[i][0] != '\0') {
            found(ctx, shelf.here[i]);
        }
    }
    return 0;
}

static const char *shelf_directory(void *self)
{
    (void)self;
    return "/f";
}

static void shelf_answer(int code)
{
    struct err err;
    if (code != 0) {
        (void)err_set(&err, code, "told %s", err_word(code));
    }
    shelf.said[0] = '\0';
    shelf.done(shelf.ctx, code != 0 ? &err : NULL);
}

static void lay(size_t place, const char *name)
{
    (void)text_copy(shelf.here[place], sizeof shelf.here[place], name);
}

/* Nothing serves; release 2 is wanted, of which `payload` says which files it has. */
static struct app *begin(const char *payload)
{
    static const struct files_ops ops = {.has = shelf_has,
                                         .put = shelf_put,
                                         .make = shelf_make,
                                         .seed = shelf_seed,
                                         .remove = shelf_remove,
                                         .list = shelf_list,
                                         .directory = shelf_directory};
    struct app *app = desk_open();
    memset(&shelf, 0, sizeof shelf);
    desk.conductor->ports.files.ops = &ops;
    desk_plan(app, 2)->file_count = 3;
    app->memory.wanted.bytes[0] = 2;
    desk.payload = payload;
    desk.sha.bytes[0] = 2;
    return app;
}

static const char *missing(const struct app *app)
{
    static char out[64];
    out[0] = '\0';
    for (size_t i = 0; i < app->missing_count; i++) {
        char hex[DIGEST_HEX_BYTES];
        digest_render(&app->missing[i], hex);
        (void)snprintf(out + strlen(out), sizeof out - strlen(out), "%.2s ", hex);
    }
    return out;
}

/* -- what is missing --------------------------------------------------------------------------- */

static void asked_for(void)
{
    struct app *app = begin(RELEASE(THREE, MOUNT));
    files_step(app);
    CHECK_STR_EQ(missing(app), "11 22 33 ");
    CHECK(app->lacks_files && app->files_look_at == MONO_NEVER);
    CHECK_STR_EQ(desk.log, "i web: 3 pieces of its files are missing, the first of c/a\n");
    lay(0, PIECE("11"));
    files_step(app); /* until one has come it is not looked again */
    CHECK_STR_EQ(missing(app), "11 22 33 ");
    app->files_look_at = desk.now;
    files_step(app);
    CHECK_STR_EQ(missing(app), "22 33 ");
    app->files_look_at = desk.now;
    app->files_storing = 1; /* one is on its way to the disk */
    lay(1, PIECE("22"));
    files_step(app);
    CHECK_STR_EQ(missing(app), "22 33 ");
    app->files_storing = 0;
    lay(2, PIECE("33"));
    files_step(app);
    CHECK_STR_EQ(missing(app), "");
    CHECK(!app->lacks_files);
    app->missing_count = 1;
    app->memory.committed.release = app->memory.wanted; /* it serves */
    files_step(app);
    CHECK(app->missing_count == 0 && digest_is_none(&app->files_of));
    desk_close();
}

/* No more than fit are asked for at a time; one that two files share is asked for once. */
static void asked_for_at_most(void)
{
    struct app *app = begin(RELEASE(TEN, MOUNT));
    files_step(app);
    CHECK_STR_EQ(missing(app), "11 22 33 44 55 66 77 88 ");
    CHECK_INT_EQ(app->missing_count, FILES_ASKED_MAX);
    CHECK_CONTAINS(desk.log, "9 pieces of its files are missing, the first of a\n");
    struct digest digests[FILES_ASKED_MAX + 1];
    CHECK_INT_EQ(conductor_missing_files(desk.conductor, digests, 3), 3);
    CHECK_INT_EQ(digests[2].bytes[0], 0x33);
    CHECK_INT_EQ(conductor_missing_files(desk.conductor, digests, FILES_ASKED_MAX + 1), 8);
    app->is_used = false;
    CHECK_INT_EQ(conductor_missing_files(desk.conductor, digests, 3), 0);
    desk_close();
}

static void not_readable(void)
{
    struct app *app = begin(NULL);
    files_step(app);
    CHECK(app->lacks_files);
    CHECK_INT_EQ(app->files_look_at, 11000);
    CHECK_CONTAINS(desk.log, "w web: cannot read which files it needs: ");
    desk.payload = RELEASE(THREE, MOUNT);
    desk.now = 10999;
    files_step(app);
    CHECK_STR_EQ(missing(app), "");
    desk.now = 11000;
    files_step(app);
    CHECK_STR_EQ(missing(app), "11 22 33 ");
    desk_close();
}

/* What was made and is gone is asked for while its release is remembered. */
static void lost(void)
{
    struct app *app = begin(RELEASE(THREE, MOUNT));
    const struct digest release = {.bytes = {5}};
    app->memory.committed.release = app->memory.wanted;
    app->memory.history[0] = desk_generation(5, 1);
    files_lose(app, &release);
    desk.sha = release;
    files_step(app);
    CHECK_STR_EQ(missing(app), "11 22 33 ");
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {PIECE("11"), PIECE("22"), PIECE("33")};
        lay(i, names[i]);
    }
    app->files_look_at = 0;
    files_step(app);
    CHECK(digest_is_none(&app->files_lost) && !app->lacks_files);
    files_lose(app, &release);
    app->memory.history[0] = (struct generation){.gen = 0};
    memset(&shelf.here, 0, sizeof shelf.here);
    files_step(app);
    CHECK_STR_EQ(missing(app), "");
    desk_close();
}

static void shown(void)
{
    char out[1024];
    struct text text;
    struct err err = {0};
    (void)begin(RELEASE(FILE_OF("a", "11") MORE("b", "22"), MOUNT));
    text_init(&text, out, sizeof out);
    CHECK_INT_EQ(conductor_files(desk.conductor, "db", &text, &err), ERR_NOT_FOUND);
    CHECK_STR_EQ(err.text, "no app db on this node");
    CHECK_INT_EQ(conductor_files(desk.conductor, "web", &text, &err), 0);
    CHECK_STR_EQ(out, "{\"missing\":[\"" PIECE("11") "\",\"" PIECE("22") "\"]}");
    desk_close();
}

/* -- a piece comes ----------------------------------------------------------------------------- */

static int stored_code;
static unsigned stored_count;

static void stored(void *ctx, const struct err *err)
{
    CHECK(ctx == &stored_code);
    stored_code = err != NULL ? err->code : 0;
    stored_count++;
}

static int give(uint8_t byte, struct err *err)
{
    desk.sha = (struct digest){.bytes = {byte}};
    shelf.said[0] = '\0';
    return conductor_file(desk.conductor, NULL, span_text("12345"), stored, &stored_code, err);
}

static void came(void)
{
    struct err err = {0};
    struct app *app = begin(RELEASE(THREE, MOUNT));
    files_step(app);
    app->files_look_at = 5;
    CHECK_INT_EQ(give(0x99, &err), ERR_NOTHING);
    CHECK_STR_EQ(err.text, "no release here waits for this piece of a file");
    CHECK_STR_EQ(shelf.said, "");
    CHECK_INT_EQ(give(0x11, &err), 0);
    CHECK_STR_EQ(shelf.said, "put 1100000000000000\n");
    CHECK_STR_EQ(missing(app), "33 22 ");
    CHECK(app->files_storing == 1 && app->files_look_at == 0);
    CHECK_INT_EQ(give(0x11, &err), ERR_NOTHING); /* it has come */
    desk.conductor->is_dirty = false;
    app->files_look_at = 7;
    shelf_answer(0);
    CHECK(app->files_storing == 0 && app->files_look_at == 0 && desk.conductor->is_dirty);
    CHECK(stored_count == 1 && stored_code == 0);
    CHECK(desk.conductor->file_calls[0].app == NULL);
    CHECK_INT_EQ(give(0x33, &err), 0);
    shelf_answer(ERR_STATE_FULL);
    CHECK(stored_count == 2 && stored_code == ERR_STATE_FULL);
    CHECK_INT_EQ(app->files_look_at, 11000);
    CHECK_CONTAINS(desk.log, "w web: cannot store a piece of its files: told state-full\n");
    shelf.refusal = ERR_BUSY;
    CHECK_INT_EQ(give(0x22, &err), ERR_BUSY);
    CHECK(desk.conductor->file_calls[0].app == NULL && app->files_storing == 0);
    CHECK_INT_EQ(app->files_look_at, 11000);
    CHECK_INT_EQ(stored_count, 2);
    desk_close();
}

static void came_misnamed(void)
{
    struct err err = {0};
    const struct digest name = {.bytes = {0x11}};
    struct app *app = begin(RELEASE(THREE, MOUNT));
    files_step(app);
    desk.sha = (struct digest){.bytes = {0x22}};
    CHECK_INT_EQ(conductor_file(desk.conductor, &name, span_text("x"), NULL, NULL, &err),
                 ERR_DIGEST);
    CHECK_CONTAINS(desk.log, "w a piece of a file is not what its name says: publish the release "
                             "again\n");
    CHECK_STR_EQ(shelf.said, "");
    desk.sha = name;
    CHECK_INT_EQ(conductor_file(desk.conductor, &name, span_text("x"), NULL, NULL, &err), 0);
    shelf_answer(0); /* nobody waits */
    CHECK_INT_EQ(app->files_storing, 0);
    desk_close();
}

static void came_all_at_once(void)
{
    struct err err = {0};
    struct app *app = begin(RELEASE(THREE, MOUNT));
    for (size_t i = 0; i < FILES_ASKED_MAX; i++) {
        app->missing[0].bytes[0] = 0x11;
        app->missing_count = 1;
        CHECK_INT_EQ(give(0x11, &err), 0);
    }
    app->missing_count = 1;
    app->missing[0].bytes[0] = 0x11;
    CHECK_INT_EQ(give(0x11, &err), ERR_BUSY);
    CHECK_STR_EQ(err.text, "other pieces are being stored: try again");
    CHECK_INT_EQ(app->files_storing, FILES_ASKED_MAX);
    desk_close();
}

/* -- garbage ----------------------------------------------------------------------------------- */

/* What a remembered release names stays; of one that cannot be read nothing is known to be garbage.
 */
static void swept(void)
{
    enum { SO, UNREAD, NO_APP, REFUSED, NO_ABOUT, NO_GARBAGE, ROWS };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin(row == UNREAD ? NULL : RELEASE(THREE, MOUNT));
        lay(0, PIECE("11"));
        lay(1, PIECE("99"));
        lay(2, PIECE("33"));
        lay(3, "0123456789abcdef");
        app->is_used = row != NO_APP;
        shelf.refusal = row == REFUSED ? ERR_BUSY : 0;
        desk.conductor->engine.has_about = row != NO_ABOUT;
        desk.conductor->has_file_garbage = row != NO_GARBAGE;
        files_collect(desk.conductor);
        CHECK_STR_EQ(shelf.said, row == SO ? "remove 9900000000000000\nremove 0123456789abcdef\n"
                                 : row == NO_APP
                                     ? "remove 1100000000000000\nremove 9900000000000000\n"
                                       "remove 3300000000000000\nremove 0123456789abcdef\n"
                                 : row == REFUSED ? "remove 9900000000000000\n"
                                                  : "");
        CHECK(desk.conductor->has_file_garbage ==
              (row != SO && row != NO_APP && row != NO_GARBAGE));
        if (row == SO) {
            shelf_answer(0);
            CHECK_STR_EQ(desk.log, "");
            shelf_answer(ERR_IO);
            CHECK_STR_EQ(desk.log, "w cannot remove an old file: told io\n");
        }
        desk_close();
    }
}

/* The files of every generation that is remembered stay, not only of what is wanted. */
static void swept_not(void)
{
    for (int row = 0; row < 4; row++) {
        struct app *app = begin(RELEASE(THREE, MOUNT));
        const struct generation generation = desk_generation(2, 1);
        app->memory.wanted = (struct digest){{0}};
        app->memory.committed = row == 0 ? generation : app->memory.committed;
        app->memory.candidate = row == 1 ? generation : app->memory.candidate;
        app->memory.history[HISTORY_MAX - 1] =
            row == 2 ? generation : app->memory.history[HISTORY_MAX - 1];
        lay(0, PIECE("11"));
        desk.conductor->has_file_garbage = true;
        files_collect(desk.conductor);
        CHECK_STR_EQ(shelf.said, row == 3 ? "remove 1100000000000000\n" : "");
        CHECK(!desk.conductor->has_file_garbage);
        desk_close();
    }
}

/* -- what is brought into volumes -------------------------------------------------------------- */

static struct call *call;
static struct replica *replica;

/* Release 2 is the candidate, generation 2, or serves as generation 1; its container is there. */
static struct app *begin_seeds(const char *payload, uint32_t gen)
{
    struct app *app = begin(payload);
    app->plans.slots[0].plan.services[0].has_seeds = true;
    app->memory.phase = SWAP_PREPARE;
    app->memory.candidate = desk_generation(gen == 2 ? 2 : 9, 2);
    app->memory.committed = desk_generation(gen == 1 ? 2 : 8, 1);
    replica = session_need(&app->session, gen, 0, 1);
    replica->is_present = replica->is_busy = true;
    replica->state = ENGINE_CREATED;
    (void)text_copy(replica->id, sizeof replica->id, "feed");
    call = &desk.conductor->calls.list[0];
    *call = (struct call){.is_used = true,
                          .app = app,
                          .conductor = desk.conductor,
                          .kind = ACTION_START,
                          .gen = gen,
                          .number = 1};
    return app;
}

static void seed_answer(int code, const char *left, size_t more)
{
    struct err err;
    if (code != 0) {
        (void)err_set(&err, code, "told %s", err_word(code));
    }
    shelf.seeded(shelf.ctx, code != 0 ? &err : NULL, left, more);
}

static const struct engine_answer place = {.id = "/v/place"};

/* Volume after volume, and then the start. */
static void seeded(void)
{
    struct err err = {0};
    struct app *app = begin_seeds(RELEASE(THREE, SEED("a") "," SEED("b")), 2);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    CHECK_STR_EQ(desk.said, "volume of feed at /a\n");
    desk_answer(0, 0, &place);
    CHECK_STR_EQ(shelf.said, "seed /v/place\n");
    seed_answer(0, "", 0);
    CHECK_STR_EQ(desk.log, "");
    CHECK_STR_EQ(desk.said, "volume of feed at /a\nvolume of feed at /b\n");
    desk_answer(1, 0, &place);
    seed_answer(0, "a\nb\n", 2);
    CHECK_STR_EQ(desk.log, "i web: left as the app or a person wrote them, not replaced by the "
                           "release: a, b and 2 more\n");
    CHECK_CONTAINS(desk.said, "at /b\nstart feed\n");
    CHECK(call->is_used && replica->is_busy);
    desk_answer(2, 0, NULL);
    CHECK(!call->is_used && !replica->is_busy);
    CHECK_INT_EQ(replica->state, ENGINE_RUNNING);
    desk_close();
}

static void not_seeded_ends(const char *log)
{
    CHECK(!call->is_used && !replica->is_busy);
    CHECK_CONTAINS(desk.log, log);
    CHECK(strstr(desk.said, "start feed") == NULL);
    desk_close();
}

/* A candidate does not start without its files, whichever step fails. */
static void candidate_not_seeded(void)
{
    struct err err = {0};
    static const char in_vain[] = "its volume cannot get its files: ";
    struct app *app = begin_seeds(RELEASE(THREE, SEED("a")), 2);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    desk_answer(0, ERR_ENGINE, NULL);
    not_seeded_ends(in_vain);
    app = begin_seeds(RELEASE(THREE, SEED("a")), 2);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    shelf.refusal = ERR_BUSY;
    desk_answer(0, 0, &place);
    not_seeded_ends("its volume cannot get its files: not taken");
    app = begin_seeds(RELEASE(THREE, SEED("a")), 2);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    desk.payload = NULL;
    desk_answer(0, 0, &place);
    not_seeded_ends(in_vain);
    static const int codes[] = {ERR_STATE_FULL, ERR_NOT_FOUND, ERR_CORRUPT};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        app = begin_seeds(RELEASE(THREE, SEED("a")), 2);
        CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
        desk_answer(0, 0, &place);
        seed_answer(codes[i], "", 0);
        CHECK_INT_EQ(app->files_lost.bytes[0], i > 0 ? 2 : 0); /* gone by hand */
        not_seeded_ends(in_vain);
    }
    app = begin_seeds(RELEASE(THREE, SEED("a") "," SEED("b")), 2);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    desk_answer(0, 0, &place);
    desk.refusal = ERR_ENGINE; /* the second volume, or the start */
    seed_answer(0, "", 0);
    not_seeded_ends("not taken");
    app = begin_seeds(RELEASE(THREE, SEED("a")), 2);
    desk.payload = NULL;
    CHECK(start_begin(app, replica, call, &err) != 0);
    CHECK_STR_EQ(desk.said, "");
    desk_close();
}

/* What was proven starts with what is there. */
static void proven_not_seeded(void)
{
    struct err err = {0};
    struct app *app = begin_seeds(RELEASE(THREE, SEED("a") "," SEED("b")), 1);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    desk_answer(0, ERR_ENGINE, NULL);
    CHECK_STR_EQ(desk.log, "w web: its volume cannot get its files: told engine-failed; it starts "
                           "with what is there\n");
    CHECK_STR_EQ(desk.said, "volume of feed at /a\nvolume of feed at /b\n");
    desk_answer(1, 0, &place);
    desk.refusal = ERR_ENGINE;
    seed_answer(ERR_STORE, "", 0);
    CHECK(!call->is_used && !replica->is_busy);
    desk_close();
    app = begin_seeds(NULL, 1);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    CHECK_STR_EQ(desk.said, "start feed\n");
    desk_close();
}

/* The container, or its place here, went while its volume was looked for. */
static void gone_meanwhile(void)
{
    struct err err = {0};
    struct app *app = begin_seeds(RELEASE(THREE, SEED("a")), 2);
    CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
    desk_answer(0, ERR_NOT_FOUND, NULL);
    CHECK(!call->is_used && !replica->is_busy && shelf.said[0] == '\0');
    CHECK(strstr(desk.log, "its volume") == NULL);
    desk_close();
    for (int step = 0; step < 2; step++) {
        app = begin_seeds(RELEASE(THREE, SEED("a")), 2);
        CHECK_INT_EQ(start_begin(app, replica, call, &err), 0);
        if (step == 1) {
            desk_answer(0, 0, &place);
        }
        app->session.replica_count = 0;
        if (step == 0) {
            desk_answer(0, 0, &place);
            CHECK_STR_EQ(shelf.said, "");
        } else {
            seed_answer(0, "", 0);
        }
        CHECK(!call->is_used);
        CHECK_STR_EQ(desk.said, "volume of feed at /a\n");
        desk_close();
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"asked for", asked_for},
        {"asked for at most", asked_for_at_most},
        {"not readable", not_readable},
        {"lost", lost},
        {"shown", shown},
        {"came", came},
        {"came misnamed", came_misnamed},
        {"came all at once", came_all_at_once},
        {"swept", swept},
        {"swept not", swept_not},
        {"seeded", seeded},
        {"candidate not seeded", candidate_not_seeded},
        {"proven not seeded", proven_not_seeded},
        {"gone meanwhile", gone_meanwhile},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
