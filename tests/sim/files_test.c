/* files: releases with files on a simulated gateway: waited for, handed over, given back,
 * collected, and cut from power at each step. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"
#include "tests/sim/seal.h"
#include "tests/sim/sealed.h"

#define TRACE_BYTES  (1u << 20)
#define STATUS_BYTES 65536
#define SWAP         ",\"swap\":{\"soak\":\"3s\",\"drain\":\"1s\"}"
#define PROBES                                                                                     \
    ",\"probes\":{\"readiness\":{\"httpGet\":{\"port\":80},\"periodSeconds\":0.5,"                 \
    "\"timeoutSeconds\":0.2,\"failureThreshold\":2}}"
#define SERVICE                                                                                    \
    ",\"ports\":[{\"target\":80,\"published\":8080}],\"stop_grace_period\":\"2s\",\"volumes\":["   \
    "{\"type\":\"file\",\"source\":\"a.conf\",\"target\":\"/etc/a.conf\"}]"

/* The same file of a folder that is brought into a volume, beside one that only this release has.
 */
#define SEEDED                                                                                     \
    ",\"ports\":[{\"target\":80,\"published\":8080}],\"stop_grace_period\":\"2s\",\"volumes\":["   \
    "{\"type\":\"volume\",\"source\":\"dir-d\",\"target\":\"/d\",\"volume\":{\"seed\":\"d\"}}]"
#define FILE_SHAPE "{\"bytes\":%zu,\"mode\":292,\"pieces\":[\"%s\"]}"

struct made {
    struct digest digest;
    const char *content;
};

struct story {
    bool is_seeding;
    struct made made[2]; /* the last two releases, and what their file holds */
    size_t made_count;
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
    char status[STATUS_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2};

static int answer;

static void noted(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 0 : err->code;
}

static struct story *story_open(uint64_t seed)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, seed, &story->releases, used, COUNT_OF(used), "files",
                 story->trace, sizeof story->trace);
    return story;
}

static void story_close(struct story *story)
{
    const char *breach = story->gateway.machine.checker.first;
    bool is_gap = story->is_seeding && strncmp(breach, "law 1 ", 6) == 0; /* of the handover */
    CHECK_STR_EQ(is_gap ? "" : breach, "");
    if (check_failures_ > 0 && getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

static void digest_of(const char *content, struct digest *digest)
{
    seal_digest(span_text(content), digest);
}

/* A release of this sequence whose one file, a.conf, holds `content`; the checker knows it. */
static void release_make(struct story *story, uint64_t sequence, const char *content,
                         struct sealed *made)
{
    char top[512];
    char hex[DIGEST_HEX_BYTES];
    struct digest piece;
    digest_of(content, &piece);
    digest_render(&piece, hex);
    if (story->is_seeding) {
        (void)snprintf(top, sizeof top,
                       SWAP ",\"files\":{\"d/a.conf\":" FILE_SHAPE ",\"d/%s\":" FILE_SHAPE "}",
                       strlen(content), hex, content, strlen(content), hex);
    } else {
        (void)snprintf(top, sizeof top, SWAP ",\"files\":{\"a.conf\":" FILE_SHAPE "}",
                       strlen(content), hex);
    }
    const struct sealed_content release = {.app = "web",
                                           .sequence = sequence,
                                           .top = top,
                                           .service = story->is_seeding ? SEEDED : SERVICE,
                                           .extension = PROBES};
    sealed_release(&release, 1, made);
    struct sim_release truth = {.digest = made->digest,
                                .sequence = sequence,
                                .soak_ms = RELEASES_SOAK_MS,
                                .replicas = 1,
                                .is_allowed = true};
    (void)snprintf(truth.word, sizeof truth.word, "f%u", (unsigned)sequence);
    (void)sim_checker_add(&story->gateway.machine.checker, &truth);
    story->made[story->made_count++ % COUNT_OF(story->made)] =
        (struct made){.digest = made->digest, .content = content};
}

/* Asks until the agent is there and takes it. */
static int activate(struct story *story, const struct sealed *made)
{
    struct err err = {0};
    int rc = ERR_BUSY;
    for (int tries = 0; tries < 120 && rc != 0; tries++) {
        if (story->gateway.agent != NULL) {
            rc = conductor_activate(story->gateway.agent, sealed_span(made), false, noted, &answer,
                                    &err);
            if (rc == ERR_NOTHING) {
                return 0;
            }
        }
        gateway_run(&story->gateway, 500);
    }
    return rc;
}

static int hand_over(struct story *story, const struct digest *name, const char *content)
{
    struct err err = {0};
    return conductor_file(story->gateway.agent, name, span_text(content), noted, &answer, &err);
}

static bool is_settled(const struct story *story)
{
    return story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent);
}

/* Whatever runs was started when its volume held its own file. */
static void check_running(const struct story *story)
{
    const struct sim_machine *machine = &story->gateway.machine;
    for (size_t i = 0; story->is_seeding && i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &machine->engine.containers[i];
        for (size_t j = 0; container->is_used && container->seen.state == ENGINE_RUNNING &&
                           machine->files.volume_count > 0 && j < COUNT_OF(story->made);
             j++) {
            if (digest_is_equal(&story->made[j].digest, &container->seen.release)) {
                struct sim_seed_tree now = machine->files.volumes[0].now;
                const struct sim_seed_file *file = sim_seed_find(&now, "a.conf");
                CHECK_STR_EQ(file != NULL ? file->head : "nothing", story->made[j].content);
            }
        }
    }
}

/* Time passes; `content` is handed over whenever the agent lacks something. */
static bool settle(struct story *story, const char *content, int seconds)
{
    for (int turn = 0; turn < 4 * seconds; turn++) {
        struct digest missing[4];
        gateway_run(&story->gateway, 250);
        check_running(story);
        if (story->gateway.agent != NULL && content != NULL &&
            conductor_missing_files(story->gateway.agent, missing, 4) > 0) {
            (void)hand_over(story, NULL, content);
        }
        if (turn > 8 && is_settled(story)) {
            return true;
        }
    }
    return false;
}

static bool serves(const struct story *story, const struct sealed *made)
{
    static struct report report;
    conductor_report(story->gateway.agent, &report);
    return digest_is_equal(&report.apps[0].committed.release, &made->digest);
}

static const char *status(struct story *story)
{
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_status(story->gateway.agent, &text);
    return story->status;
}

static const char *events(struct story *story)
{
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_events(story->gateway.agent, 0, &text);
    return story->status;
}

/* At rest with the wish kept, what serves goes on; named; and it goes on when the piece comes. */
static void case_waits(void)
{
    static struct sealed first, second;
    struct story *story = story_open(1);
    struct digest missing[4];
    struct digest other;
    release_make(story, 50, "one", &first);
    release_make(story, 51, "two", &second);
    CHECK_INT_EQ(activate(story, &first), 0);
    CHECK(settle(story, "one", 60));
    CHECK(serves(story, &first));
    CHECK_INT_EQ(activate(story, &second), 0);
    CHECK(!settle(story, NULL, 60));
    CHECK(serves(story, &first));
    CHECK_CONTAINS(status(story), "\"phase\":\"rest\"");
    CHECK_CONTAINS(status(story), "\"waitsFor\":\"files\"");
    CHECK_CONTAINS(status(story), "\"attempts\":0");
    CHECK_CONTAINS(events(story), "1 pieces of its files are missing, the first of a.conf");
    CHECK_CONTAINS(events(story), "waiting for the files; what serves goes on serving");
    CHECK_INT_EQ(conductor_missing_files(story->gateway.agent, missing, 4), 1);
    CHECK_INT_EQ(hand_over(story, &missing[0], "bad"), ERR_DIGEST);
    CHECK_CONTAINS(events(story), "not what its name says: publish");
    digest_of("bad", &other);
    CHECK_INT_EQ(hand_over(story, &other, "bad"), ERR_NOTHING);
    CHECK_INT_EQ(conductor_missing_files(story->gateway.agent, missing, 4), 1);
    CHECK_INT_EQ(hand_over(story, &missing[0], "two"), 0);
    CHECK_INT_EQ(conductor_missing_files(story->gateway.agent, missing, 4), 0);
    CHECK(settle(story, NULL, 60));
    CHECK(serves(story, &second));
    CHECK_CONTAINS(events(story), "no longer waiting for the files");
    story_close(story);
}

/* The way back needs nobody: what the release before mounted is kept. */
static void case_back(void)
{
    static struct sealed first, second;
    struct story *story = story_open(2);
    struct err err = {0};
    release_make(story, 50, "one", &first);
    release_make(story, 51, "two", &second);
    CHECK(activate(story, &first) == 0 && settle(story, "one", 60));
    CHECK(activate(story, &second) == 0 && settle(story, "two", 60));
    CHECK(serves(story, &second));
    CHECK_INT_EQ(conductor_rollback(story->gateway.agent, "web", noted, &answer, &err), 0);
    CHECK(settle(story, NULL, 60));
    CHECK(serves(story, &first));
    CHECK_INT_EQ(story->gateway.machine.files.count, 4); /* two pieces, two trees */
    story_close(story);
}

/* Garbage is what no remembered release names. */
static void case_collected(void)
{
    static struct sealed made;
    struct story *story = story_open(3);
    char content[16];
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(content, sizeof content, "content %u", i);
        release_make(story, 50 + i, content, &made);
        CHECK(activate(story, &made) == 0 && settle(story, content, 60));
        CHECK(serves(story, &made));
    }
    /* Committed and three before it. */
    CHECK_INT_EQ(story->gateway.machine.files.count, 2 * (1 + HISTORY_MAX));
    story_close(story);
}

/* A full disk takes no piece; it is tried again, and goes on where there is room. */
static void case_full(void)
{
    static struct sealed made;
    struct story *story = story_open(4);
    release_make(story, 50, "one", &made);
    story->gateway.machine.files.is_full = true;
    CHECK_INT_EQ(activate(story, &made), 0);
    CHECK(!settle(story, "one", 60));
    CHECK_CONTAINS(status(story), "\"waitsFor\":\"files\"");
    CHECK_CONTAINS(events(story), "cannot store a piece of its files: no space left");
    story->gateway.machine.files.is_full = false;
    CHECK(settle(story, "one", 60));
    CHECK(serves(story, &made));
    story_close(story);
}

/* After a day without its files the wish ends, and says why. */
static void case_away(void)
{
    static struct sealed first, second;
    struct story *story = story_open(8);
    release_make(story, 50, "one", &first);
    release_make(story, 51, "two", &second);
    CHECK(activate(story, &first) == 0 && settle(story, "one", 60));
    CHECK_INT_EQ(activate(story, &second), 0);
    gateway_run(&story->gateway, 86400000 - 600000);
    CHECK_CONTAINS(status(story), "\"waitsFor\":\"files\"");
    CHECK(settle(story, NULL, 1200));
    CHECK_CONTAINS(status(story), "\"files-away\"");
    CHECK(serves(story, &first));
    CHECK_INT_EQ(hand_over(story, NULL, "two"), ERR_NOTHING);
    story_close(story);
}

/* What somebody took out of the state directory is asked for again when a container needs it. */
static void case_taken_away(void)
{
    static struct sealed made;
    struct story *story = story_open(5);
    struct gateway *gateway = &story->gateway;
    release_make(story, 50, "one", &made);
    CHECK(activate(story, &made) == 0 && settle(story, "one", 60));
    sim_files_close(&gateway->machine.files);
    sim_engine_remove_by_hand(&gateway->machine.engine, sim_hands_serving(&gateway->machine));
    CHECK(settle(story, "one", 120));
    CHECK(serves(story, &made));
    CHECK_INT_EQ(gateway->machine.files.count, 2);
    gateway->machine.checker.first[0] = '\0'; /* a hand took it out of service */
    story_close(story);
}

/* What the container of that release finds in its volume: its own file, and nothing of another. */
static void check_volume(struct story *story, const char *content)
{
    struct sim_files *files = &story->gateway.machine.files;
    CHECK_INT_EQ(files->volume_count, 1);
    struct sim_seed_tree *now = &files->volumes[0].now;
    const struct sim_seed_file *file = sim_seed_find(now, "a.conf");
    CHECK_STR_EQ(file != NULL ? file->head : "nothing", content);
    CHECK(sim_seed_find(now, content) != NULL);
    CHECK_INT_EQ(now->count, 2);
    CHECK_INT_EQ(files->volumes[0].tree_count, 1);
}

/* A swap and its way back each bring their own, before the start; what somebody wrote stays. */
static void case_seeds(void)
{
    static struct sealed first, second;
    struct story *story = story_open(6);
    struct err err = {0};
    story->is_seeding = true;
    release_make(story, 50, "one", &first);
    release_make(story, 51, "two", &second);
    CHECK(activate(story, &first) == 0 && settle(story, "one", 60));
    check_volume(story, "one");
    CHECK(activate(story, &second) == 0 && settle(story, "two", 60));
    CHECK(serves(story, &second));
    check_volume(story, "two");
    CHECK_INT_EQ(conductor_rollback(story->gateway.agent, "web", noted, &answer, &err), 0);
    CHECK(settle(story, NULL, 60));
    CHECK(serves(story, &first));
    check_volume(story, "one");
    CHECK(strstr(events(story), "left as the app") == NULL);
    sim_seed_write(&story->gateway.machine.files.volumes[0], "a.conf", "mine");
    story->made_count = 0;
    story->made[0] = story->made[1] = (struct made){.content = "mine"};
    CHECK(activate(story, &second) == 0 && settle(story, "two", 60));
    CHECK_STR_EQ(sim_seed_find(&story->gateway.machine.files.volumes[0].now, "a.conf")->head,
                 "mine");
    CHECK_CONTAINS(events(story),
                   "left as the app or a person wrote them, not replaced by the release: a.conf");
    story_close(story);
}

/* Turns until the container with traffic is that release's. */
static bool runs(struct story *story, const struct sealed *made, const char *content)
{
    for (int i = 0; i < 400; i++) {
        struct digest missing[4];
        const struct sim_container *serving = sim_hands_serving(&story->gateway.machine);
        if (serving != NULL && digest_is_equal(&serving->seen.release, &made->digest)) {
            return true;
        }
        gateway_run(&story->gateway, 50);
        if (conductor_missing_files(story->gateway.agent, missing, 4) > 0) {
            (void)hand_over(story, NULL, content);
        }
    }
    return false;
}

/* Where its volume cannot get its files a candidate does not start, and nobody is blamed; what was
 * proven starts in any case. */
static void case_seed_full(void)
{
    static struct sealed first, second;
    struct story *story = story_open(7);
    struct gateway *gateway = &story->gateway;
    story->is_seeding = true;
    release_make(story, 50, "one", &first);
    release_make(story, 51, "two", &second);
    CHECK(activate(story, &first) == 0 && settle(story, "one", 60));
    CHECK(activate(story, &second) == 0 && runs(story, &second, "two"));
    gateway->machine.files.is_full = true;
    sim_engine_remove_by_hand(&gateway->machine.engine, sim_hands_serving(&gateway->machine));
    story->made[0].content = "two"; /* the old one begins with what is there */
    CHECK(runs(story, &first, NULL));
    CHECK_CONTAINS(events(story), "its volume cannot get its files: no space left");
    CHECK_CONTAINS(events(story), "it starts with what is there");
    CHECK_CONTAINS(events(story), "verdict on generation 2: inconclusive (removed-by-hand");
    gateway->machine.files.is_full = false;
    CHECK(settle(story, "two", 180)); /* it is tried again */
    CHECK(serves(story, &second));
    check_volume(story, "two");
    story_close(story);
}

/* The power goes at the n-th operation of all that follows the wish. */
static void cut_at(uint32_t n, enum sim_fate fate, bool is_seeding)
{
    static struct sealed first, second;
    struct story *story = story_open(100 + n);
    story->is_seeding = is_seeding;
    release_make(story, 50, "one", &first);
    release_make(story, 51, "two", &second);
    CHECK(activate(story, &first) == 0 && settle(story, "one", 60));
    story->gateway.machine.world.faults.any = SIM_FAULT(n, 1, fate);
    CHECK_INT_EQ(activate(story, &second), 0);
    bool is_there = settle(story, "two", 180) && serves(story, &second);
    if (!is_there && is_settled(story)) { /* cut before the wish was durable, or while unproven */
        CHECK(serves(story, &first));
        CHECK_INT_EQ(activate(story, &second), 0);
        is_there = settle(story, "two", 180) && serves(story, &second);
    }
    CHECK(is_there);
    if (is_seeding) {
        check_volume(story, "two");
    }
    if (check_failures_ > 0) {
        printf("    cut %u, fate %d\n%s\n", n, (int)fate, status(story));
    }
    story_close(story);
}

static void case_cuts(void)
{
    for (uint32_t n = 1; n <= 24 && check_failures_ == 0; n++) {
        for (int is_seeding = 0; is_seeding < 2; is_seeding++) {
            cut_at(n, SIM_FATE_CUT_WITHIN, is_seeding);
            cut_at(n, SIM_FATE_CUT_AFTER, is_seeding);
            cut_at(n, SIM_FATE_KILL_AFTER, is_seeding);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"waits", case_waits}, {"back", case_back},           {"collected", case_collected},
        {"full", case_full},   {"away", case_away},           {"taken_away", case_taken_away},
        {"seeds", case_seeds}, {"seed_full", case_seed_full}, {"cuts", case_cuts}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
