/* coordinator_names: pieces of files go with the last release at the broker that names them. */
#include "tests/check.h"
#include "tests/sim/sealed.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

enum { KEPT = 24 };

#define HEX8(c)    c c c c c c c c
#define PIECE(c)   HEX8(c) HEX8(c) HEX8(c) HEX8(c) HEX8(c) HEX8(c) HEX8(c) HEX8(c)
#define FILE_OF(c) "\"" c "\":{\"bytes\":5,\"mode\":292,\"pieces\":[\"" PIECE(c) "\"]}"

static struct desk desk;
static struct sealed ended, other; /* of files a and b; of b and c */

static void releases_make(void)
{
    struct sealed_content content = {.app = "web", .sequence = 1};
    content.top = ",\"files\":{" FILE_OF("a") "," FILE_OF("b") "}";
    sealed_release(&content, 1, &ended);
    content.top = ",\"files\":{" FILE_OF("b") "," FILE_OF("c") "}";
    sealed_release(&content, 1, &other);
}

static void hear_release(const struct sealed *made, bool is_there)
{
    char topic[BUS_TOPIC_BYTES];
    char hex[DIGEST_HEX_BYTES];
    digest_render(&made->digest, hex);
    (void)snprintf(topic, sizeof topic, "release/%s", hex);
    desk_hear(&desk, topic, is_there ? sealed_span(made) : span_of(NULL, 0), is_there);
}

static void hear_ended(int number, const struct digest *release)
{
    char id[NAME_BYTES];
    (void)snprintf(id, sizeof id, "web-%02d", number);
    struct rollout_spec spec = desk_spec(id, "web", DESK_WALL + number);
    struct rollout_state state = {.phase = ROLLOUT_ABORTED};
    spec.release = *release;
    memcpy(state.id, spec.id, sizeof state.id);
    desk_hear_state(&desk, &state);
    desk_hear_spec(&desk, &spec);
}

/* Of so many the first is to go; its release has files. */
static void begin(void)
{
    releases_make();
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    hear_ended(0, &ended.digest);
    for (int i = 1; i <= KEPT; i++) {
        const struct digest release = desk_digest((uint8_t)(10 + i));
        hear_ended(i, &release);
    }
    desk_hear_presence(&desk, "gw-00", true);
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk.fence_count, 1); /* in one breath with the question */
}

/* The broker shows the releases that it holds, and their end. */
static void answer(bool has_other)
{
    desk_filters_answer(&desk, NULL);
    hear_release(&ended, true);
    if (has_other) {
        hear_release(&other, true);
    }
    desk_step(&desk, 100); /* the fence comes */
    desk_step(&desk, 100);
}

static size_t cleared(const char *ending)
{
    size_t count = 0;
    for (size_t i = 0; i < desk.publish_count; i++) {
        const struct desk_publish *publish = &desk.publishes[i];
        size_t len = strlen(publish->topic), tail = strlen(ending);
        count += publish->len == 0 && len >= tail &&
                 strcmp(publish->topic + len - tail, ending) == 0;
    }
    return count;
}

static void case_of_one_alone(void)
{
    begin();
    CHECK_INT_EQ(cleared(""), 0); /* nothing before all releases are known */
    answer(true);
    CHECK_INT_EQ(cleared("file/" PIECE("a")), 1);
    CHECK_INT_EQ(cleared("file/" PIECE("b")), 0); /* another release names it */
    CHECK_INT_EQ(cleared("file/" PIECE("c")), 0);
    CHECK_INT_EQ(cleared("web-00/spec"), 1);
    CHECK(desk_index(&desk, "file/" PIECE("a")) < desk_index(&desk, "web-00/spec"));
    CHECK(desk_index(&desk, "web-00/spec") >= 0);
    desk_close(&desk);
}

static void case_of_nobody_else(void)
{
    begin();
    answer(false);
    CHECK_INT_EQ(cleared("file/" PIECE("a")), 1);
    CHECK_INT_EQ(cleared("file/" PIECE("b")), 1);
    desk_close(&desk);
}

/* What went from the broker, and what came to it, since it was read counts. */
static void case_later(void)
{
    begin();
    desk_filters_answer(&desk, NULL);
    hear_release(&ended, true);
    desk_step(&desk, 100);
    hear_release(&other, true);
    hear_release(&other, false);
    desk_step(&desk, 100);
    CHECK_INT_EQ(cleared("file/" PIECE("b")), 1);
    desk_close(&desk);
}

/* A release that an order names stays, and so do its pieces. */
static void case_wanted(void)
{
    struct order order = {.id = "00000000000000aa",
                          .fleet = "sim",
                          .node = "gw-00",
                          .app = "web",
                          .epoch = 1,
                          .gen = 1,
                          .release = desk_digest(200),
                          .issued = 7};
    for (int is_before = 0; is_before < 2; is_before++) {
        releases_make();
        *(is_before ? &order.before : &order.release) = ended.digest;
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
        for (int i = 0; i <= KEPT; i++) {
            hear_ended(i, &ended.digest);
        }
        desk_hear_presence(&desk, "gw-00", true);
        desk_step(&desk, 100);
        answer(false);
        CHECK_INT_EQ(cleared("web-00/spec"), 1);
        CHECK_INT_EQ(cleared("file/" PIECE("a")), 0);
        desk_close(&desk);
    }
}

/* A live rollout's pieces stay, also where the broker has lost its release. */
static void case_live(void)
{
    struct rollout_spec live = desk_spec("db-1", "db", DESK_WALL);
    begin();
    live.release = other.digest;
    struct err err = {0};
    CHECK_INT_EQ(desk_start(&desk, &live, sealed_span(&other), &err), 0);
    desk_step(&desk, 100);
    answer(false);
    CHECK_INT_EQ(cleared("file/" PIECE("a")), 1);
    CHECK_INT_EQ(cleared("file/" PIECE("b")), 0);
    desk_close(&desk);
}

/* A broker that does not show the end: the rollout goes all the same, no piece does, and it is
 * said. */
static void case_kept_back(void)
{
    begin();
    (void)text_copy(desk.fences_lost, sizeof desk.fences_lost, "berth/1/sim/rel");
    answer(false);
    CHECK_INT_EQ(cleared(""), 0);
    desk_run(&desk, 20000);
    CHECK_INT_EQ(cleared("web-00/spec"), 1);
    CHECK_INT_EQ(cleared("file/" PIECE("a")), 0);
    CHECK_CONTAINS(desk.said, "stay at the broker");
    desk_close(&desk);
}

/* A session that ends in the middle: the next one begins again, what is put back to the broker
 * first. */
static void case_cut(void)
{
    begin();
    desk_filters_answer(&desk, NULL);
    hear_release(&ended, true);
    desk_lose(&desk);
    desk_act(&desk);
    for (int i = 0; i < 2 * KEPT; i++) {
        desk_answer_all(&desk);
        desk_step(&desk, 100);
    }
    CHECK_INT_EQ(cleared(""), 0);
    answer(true);
    CHECK_INT_EQ(cleared("file/" PIECE("a")), 1);
    CHECK_INT_EQ(cleared("file/" PIECE("b")), 0);
    desk_close(&desk);
}

/* One of a live rollout that somebody takes away, who knew of no release with it, comes again. */
static void case_taken(void)
{
    struct sealed_content content = {.app = "web", .sequence = 1};
    struct rollout_spec live = desk_spec("web-1", "web", DESK_WALL);
    struct digest piece;
    struct err err = {0};
    char hex[DIGEST_HEX_BYTES], topic[BUS_TOPIC_BYTES], top[256];
    seal_digest(span_text("hello"), &piece);
    digest_render(&piece, hex);
    (void)snprintf(topic, sizeof topic, "file/%s", hex);
    (void)snprintf(top, sizeof top,
                   ",\"files\":{\"a\":{\"bytes\":5,\"mode\":292,\"pieces\":[\"%s\"]}}", hex);
    content.top = top;
    sealed_release(&content, 1, &other);
    live.release = other.digest;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    CHECK_INT_EQ(desk_start(&desk, &live, sealed_span(&other), &err), 0);
    desk_step(&desk, 100);
    desk_answer_all(&desk);
    desk_hear(&desk, topic, span_text("hello"), true);
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk_count(&desk, topic), 0);
    desk_hear(&desk, topic, span_of(NULL, 0), false);
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk_count(&desk, topic), 1);
    CHECK_INT_EQ(cleared(topic), 0);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"of one alone", case_of_one_alone}, {"of nobody else", case_of_nobody_else},
        {"later", case_later},               {"wanted", case_wanted},
        {"live", case_live},                 {"kept back", case_kept_back},
        {"cut", case_cut},                   {"taken", case_taken},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
