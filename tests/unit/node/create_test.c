/* create_test: a container with the volumes that its image declares: which are kept, under what
 * name, which releases may not have them, and what is said where the image is not known. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

#define HEX_4  "abababab"
#define HEX_64 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4
#define MOUNTS                                                                                     \
    ",\"volumes\":[{\"type\":\"bind\",\"source\":\"/srv\",\"target\":\"/config/\","                \
    "\"read_only\":true},{\"type\":\"bind\",\"source\":\"/etc/x\",\"target\":\"/datum\","          \
    "\"read_only\":true}],\"tmpfs\":[\"/run:size=1m\",\"/tmp\",\"/cached\"]"
#define PAYLOAD                                                                                    \
    "{\"schema\":1,\"x-berth\":{\"app\":\"web\",\"sequence\":5},\"services\":{\"main\":{"          \
    "\"image\":"                                                                                   \
    "\"registry.example/web@sha256:" HEX_64                                                        \
    "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" HEX_64                                        \
    "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" HEX_64                          \
    "\",\"config\":\"sha256:" HEX_64 "\"}]}}" MOUNTS "}}}"

static struct app *app;
static struct call *call;
static struct replica *replica;

/* Paths one after the other, each with its NUL; the last one is empty. */
static struct engine_image image_of(const char *const *paths)
{
    struct engine_image image = {.arch = "amd64"};
    char *at = image.volumes;
    for (; *paths != NULL; paths++) {
        at = stpcpy(at, *paths) + 1;
        image.volume_count++;
    }
    return image;
}

static void begin(uint32_t gen)
{
    app = desk_open();
    (void)desk_plan(app, 1);
    (void)desk_plan(app, 2);
    app->memory.phase = SWAP_PREPARE;
    app->memory.committed = desk_generation(1, 1);
    app->memory.candidate = desk_generation(2, 2);
    replica = session_need(&app->session, gen, 0, gen == 2 ? 2 : 1);
    desk.payload = PAYLOAD;
    desk.sha.bytes[0] = (uint8_t)gen;
    desk.has_images = true;
    call = &desk.conductor->calls.list[0];
    *call = (struct call){.is_used = true,
                          .app = app,
                          .conductor = desk.conductor,
                          .kind = ACTION_CREATE,
                          .gen = gen,
                          .number = replica->number};
}

/* -- what is judged ---------------------------------------------------------------------------- */

struct judgement {
    const char *paths[4];
    bool has_more, is_safe, is_start_first, is_known;
    int code;
    bool has_volumes, is_exclusive;
};

static void judge(const struct judgement *row, int before)
{
    struct err err = {0};
    struct engine_image image = image_of(row->paths);
    begin(2);
    struct plan *plan = &app->plans.slots[1].plan;
    image.has_more_volumes = row->has_more;
    plan->services[0].is_data_safe = row->is_safe;
    plan->services[0].is_start_first_said = row->is_start_first;
    app->memory.candidate.release.bytes[0] = row->is_known ? 2 : 9;
    app->session.has_staged_volumes = app->session.is_staged_exclusive = before != 0;
    CHECK_INT_EQ(volumes_judge(app, plan, &image, &err), row->code);
    CHECK_INT_EQ(app->session.has_staged_volumes, row->has_volumes);
    CHECK_INT_EQ(app->session.is_staged_exclusive, row->is_exclusive);
    if (row->code == ERR_SPEC && row->has_more) {
        CHECK_STR_EQ(err.text, "the image declares more than 16 volumes: mount them");
    } else if (row->code == ERR_SPEC) {
        CHECK_CONTAINS(err.text, "write /data, which the image declares as a volume: say "
                                 "sharedData: safe in x-berth of main");
    }
    desk_close();
}

static void judged(void)
{
    static const struct judgement rows[] = {
        {.paths = {NULL}},
        {.paths = {NULL}, .is_start_first = true},
        {.paths = {"/data"}, .has_volumes = true, .is_exclusive = true},
        {.paths = {"/config", "/data"}, .has_volumes = true, .is_exclusive = true},
        {.paths = {"/config", "/run", "/tmp"}}, /* covered, all of them */
        {.paths = {"/config", "/run", "/tmp"}, .is_start_first = true},
        {.paths = {"/data"}, .is_safe = true, .has_volumes = true},
        {.paths = {"/data"}, .is_safe = true, .is_start_first = true, .has_volumes = true},
        {.paths = {"/tmp", "/data"},
         .is_start_first = true,
         .code = ERR_SPEC,
         .has_volumes = true,
         .is_exclusive = true},
        {.paths = {"/data"},
         .is_start_first = true,
         .is_known = true,
         .has_volumes = true,
         .is_exclusive = true},
        {.paths = {"/tmp"},
         .has_more = true,
         .code = ERR_SPEC,
         .has_volumes = true,
         .is_exclusive = true},
        {.paths = {"/tmp"},
         .has_more = true,
         .is_safe = true,
         .code = ERR_SPEC,
         .has_volumes = true},
        {.paths = {"/tmp"},
         .has_more = true,
         .is_known = true,
         .has_volumes = true,
         .is_exclusive = true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int before = check_failures_;
        judge(&rows[i], 0);
        judge(&rows[i], 1); /* whatever the image before was */
        if (check_failures_ != before) {
            printf("    ... row %zu\n", i);
        }
    }
}

/* A release that ran here, in whatever role, is not refused on the way back. */
static void judged_generations(void)
{
    for (size_t role = 0; role < HISTORY_MAX + 4u; role++) {
        struct err err = {0};
        struct engine_image image = image_of((const char *const[]){"/data", NULL});
        begin(2);
        struct plan *plan = &app->plans.slots[1].plan;
        plan->services[0].is_start_first_said = true;
        app->memory.candidate.release.bytes[0] = 9;
        if (role < HISTORY_MAX) {
            app->memory.history[role] = desk_generation(2, 7);
        } else if (role == HISTORY_MAX) {
            app->memory.committed = desk_generation(2, 7);
        } else if (role == HISTORY_MAX + 1u) {
            app->memory.candidate = desk_generation(2, 7);
        } else if (role == HISTORY_MAX + 2u) {
            app->memory.history[0] = desk_generation(2, 0); /* an empty place */
        }
        CHECK_INT_EQ(volumes_judge(app, plan, &image, &err),
                     role < HISTORY_MAX + 2u ? 0 : ERR_SPEC);
        desk_close();
    }
}

/* A payload that cannot be read or rendered is no permission. */
static void judged_unreadable(void)
{
    static const char *const payloads[] = {NULL, "{", "{\"schema\":1}"};
    for (size_t i = 0; i < COUNT_OF(payloads); i++) {
        struct err err = {0};
        struct engine_image image = image_of((const char *const[]){"/data", NULL});
        begin(2);
        desk.payload = payloads[i];
        struct plan *plan = &app->plans.slots[1].plan;
        CHECK(volumes_judge(app, plan, &image, &err) != 0);
        CHECK(err.text[0] != '\0');
        CHECK(!app->session.is_staged_exclusive);
        /* Nothing to judge by: that its image has volumes is known all the same. */
        CHECK_INT_EQ(volumes_judge(app, NULL, &image, &err), 0);
        CHECK(app->session.has_staged_volumes);
        desk_close();
    }
}

/* -- what is made ------------------------------------------------------------------------------ */

/* Makes the container, its image being known as this one. */
static void make(const struct engine_image *image)
{
    struct err err = {0};
    const struct engine_answer answer = {.image = image};
    desk_clear();
    CHECK_INT_EQ(create_begin(app, replica, call, &err), 0);
    CHECK_INT_EQ(desk.call_count, 1);
    CHECK_CONTAINS(desk.said, "find ");
    desk_answer(0, 0, &answer);
}

static void made_with_volumes(void)
{
    struct engine_image image =
        image_of((const char *const[]){"/config", "/data", "/run", "/cache", "/dat", NULL});
    begin(2);
    app->session.has_staged_volumes = true;
    app->session.staged = app->memory.candidate.release;
    make(&image);
    CHECK_INT_EQ(desk.call_count, 2);
    CHECK_CONTAINS(desk.said, "create berth_gw_web_2_main_2 of ");
    CHECK_CONTAINS(desk.said, "  mount /srv at /config/\n  mount /etc/x at /datum\n");
    /* Each under its own name; the second replica's are its own, too. */
    CHECK_CONTAINS(desk.said, "  image's berth_gw_web_main_image-020000000000_2 at /data\n"
                              "  image's berth_gw_web_main_image-020000000000_2 at /cache\n"
                              "  image's berth_gw_web_main_image-020000000000_2 at /dat\n");
    CHECK(strstr(desk.said, "at /run") == NULL);
    CHECK_STR_EQ(desk.log, "");
    CHECK(replica->address != 0);
    desk_close();
}

/* All of them covered: the release's mounts, and none else. */
static void made_without(void)
{
    static const char *const paths[][3] = {{NULL}, {"/config", "/tmp", NULL}};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct engine_image image = image_of(paths[i]);
        begin(1);
        make(&image);
        CHECK_CONTAINS(desk.said, "at /datum\n");
        CHECK(strstr(desk.said, "image's") == NULL);
        CHECK(strstr(desk.said, "_2") == NULL);
        desk_close();
    }
}

static void made_of_more(void)
{
    struct engine_image image = image_of((const char *const[]){"/data", NULL});
    begin(1);
    image.has_more_volumes = true;
    make(&image);
    CHECK_CONTAINS(desk.said, "  image's berth_gw_web_main_image-010000000000 at /data\n");
    CHECK_CONTAINS(desk.log, "more than 16 volumes: what is written in the others is lost");
    desk_close();
}

/* The image is looked at unless it is known to declare nothing that is not mounted. */
static void looked_at(void)
{
    for (int known = 0; known < 4; known++) {
        struct err err = {0};
        begin(2);
        app->session.has_staged_volumes = (known & 1) != 0;
        app->session.staged.bytes[0] = (known & 2) != 0 ? 2 : 7;
        desk_clear();
        CHECK_INT_EQ(create_begin(app, replica, call, &err), 0);
        CHECK_INT_EQ(strncmp(desk.said, "create ", 7) == 0, known == 2);
        CHECK_INT_EQ(strncmp(desk.said, "find ", 5) == 0, known != 2);
        desk_close();
    }
}

/* -- what fails -------------------------------------------------------------------------------- */

static void unknown_generation(void)
{
    struct err err = {0};
    begin(2);
    replica->gen = 5;
    CHECK_INT_EQ(create_begin(app, replica, call, &err), ERR_NOT_FOUND);
    CHECK_STR_EQ(err.text, "no release is remembered for generation 5");
    CHECK_INT_EQ(desk.call_count, 0);
    desk_close();
}

/* The look itself refused or failing, the release unreadable after it, the engine refusing then:
 * the call ends, and the replica is not there. */
static void failures(void)
{
    enum { LOOK_REFUSED, LOOK_FAILED, UNREADABLE, CREATE_REFUSED, REPLICA_GONE, FAILURES };
    for (int failure = 0; failure < FAILURES; failure++) {
        struct engine_image image = image_of((const char *const[]){"/data", NULL});
        const struct engine_answer answer = {.image = &image};
        struct err err = {0};
        begin(2);
        desk_clear();
        desk.refusal = failure == LOOK_REFUSED ? ERR_ENGINE : 0;
        CHECK_INT_EQ(create_begin(app, replica, call, &err), desk.refusal);
        if (failure == LOOK_REFUSED) {
            desk_close();
            continue;
        }
        desk.payload = failure == UNREADABLE ? NULL : PAYLOAD;
        desk.refusal = failure == CREATE_REFUSED ? ERR_ENGINE : 0;
        replica->gen = failure == REPLICA_GONE ? 0 : replica->gen;
        desk_answer(0, failure == LOOK_FAILED ? ERR_ENGINE_GONE : 0, &answer);
        CHECK_INT_EQ(desk.call_count, 1); /* nothing is made */
        CHECK(!desk.conductor->calls.list[0].is_used);
        CHECK(!replica->is_present);
        CHECK_INT_EQ(desk.log[0] != '\0', failure != REPLICA_GONE);
        desk_close();
    }
}

/* The same where the image needs no look: it is said at once, and no container is asked for. */
static void unreadable_at_once(void)
{
    struct err err = {0};
    begin(2);
    app->session.staged = app->memory.candidate.release;
    desk.payload = NULL;
    desk_clear();
    CHECK_INT_EQ(create_begin(app, replica, call, &err), ERR_NOT_FOUND);
    CHECK_STR_EQ(desk.said, "");
    CHECK_INT_EQ(replica->address, 0);
    desk.payload = PAYLOAD;
    CHECK_INT_EQ(create_begin(app, replica, call, &err), 0);
    CHECK_CONTAINS(desk.said, "create ");
    desk_close();
}

/* A release that could not be read is read again when its time has come. */
static void read_again(void)
{
    begin(2);
    const struct digest unknown = {.bytes = {7}};
    app->plans.slots[0].is_used = app->plans.slots[1].is_used = false;
    desk.payload = NULL;
    desk.sha = unknown;
    CHECK(app_plan(app, &unknown) == NULL);
    CHECK_CONTAINS(desk.log, "w web: cannot read a release it remembers: ");
    CHECK(app->plans.slots[0].is_broken);
    mono_ms again = app->plans.slots[0].retry_at;
    CHECK(again > desk.now);
    desk.payload = PAYLOAD;
    desk.now = again - 1;
    CHECK(app_plan(app, &unknown) == NULL);
    desk.now = again;
    const struct plan *plan = app_plan(app, &unknown);
    CHECK(plan != NULL && digest_is_equal(&plan->digest, &unknown));
    CHECK(plan != NULL && strcmp(plan->services[0].name, "main") == 0);
    CHECK(!app->plans.slots[1].is_used); /* in its own place */
    desk_close();
}

/* What the engine takes is still under way: the call ends with its answer. */
static void goes_on(void)
{
    struct engine_image image = image_of((const char *const[]){"/data", NULL});
    const struct engine_answer made = {.id = "feed"};
    begin(2);
    make(&image);
    CHECK(desk.conductor->calls.list[0].is_used);
    CHECK(!replica->is_present);
    desk_answer(1, 0, &made);
    CHECK(!desk.conductor->calls.list[0].is_used);
    CHECK(replica->is_present);
    CHECK_STR_EQ(replica->id, "feed");
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"judged", judged},
        {"judged: generations", judged_generations},
        {"judged: unreadable", judged_unreadable},
        {"made with volumes", made_with_volumes},
        {"made without", made_without},
        {"made of more", made_of_more},
        {"looked at", looked_at},
        {"unknown generation", unknown_generation},
        {"failures", failures},
        {"goes on", goes_on},
        {"unreadable at once", unreadable_at_once},
        {"read again", read_again},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
