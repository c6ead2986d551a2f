/* eyes_test: what a hand does is noticed within a second where engine and kernel say so, and as
 * ever where they do not; hints that lie, come late, twice or not at all change no verdict and cost
 * a bounded number of looks. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/node/hints.h"
#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"

#define TRACE_BYTES  (1u << 20)
#define STATUS_BYTES 65536
#define STEP_MS      10
#define NOTICE_MS    1000
#define REST_MS      20000

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_FADING};

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
    char status[STATUS_BYTES];
    size_t traced; /* of the trace, before the deed */
};

static struct sim_eyes *eyes_of(struct story *story, int which)
{
    struct sim_machine *machine = &story->gateway.machine;
    return which == 0 ? &machine->engine.eyes : &machine->route.eyes;
}

static void eyes_open(struct story *story, bool is_open)
{
    eyes_of(story, 0)->is_open = is_open;
    eyes_of(story, 1)->is_open = is_open;
}

static bool settle(struct story *story)
{
    for (int second = 0; second < 300; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

/* V1 serves and rests. */
static struct story *story_open(uint64_t seed)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, seed, &story->releases, used, COUNT_OF(used), "eyes",
                 story->trace, sizeof story->trace);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), 0);
    CHECK(settle(story));
    gateway_run(&story->gateway, REST_MS);
    return story;
}

/* The laws were kept, unless a hand has taken away what serves. */
static void story_close(struct story *story, bool is_lawful)
{
    if (is_lawful) {
        CHECK_STR_EQ(story->gateway.machine.checker.first, "");
        CHECK_INT_EQ(story->gateway.machine.checker.breaches, 0);
    }
    gateway_close(&story->gateway);
    free(story);
}

static struct sim_container *serving(struct story *story)
{
    return sim_hands_serving(&story->gateway.machine);
}

static const char *status(struct story *story)
{
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_status(story->gateway.agent, &text);
    return story->status;
}

static bool is_traced(struct story *story, const char *words)
{
    return strstr(story->trace + story->traced, words) != NULL;
}

/* What a hand does, and what shows that the agent has seen it. */
static void kills(struct story *story)
{
    sim_engine_kill(&story->gateway.machine.engine, serving(story));
}

static bool sees_end(struct story *story)
{
    return is_traced(story, "has ended by itself");
}

static void pauses(struct story *story)
{
    sim_hands_pause(&story->gateway.machine, serving(story));
}

static bool sees_pause(struct story *story)
{
    return strstr(status(story), "\"state\":\"paused\"") != NULL;
}

static void disconnects(struct story *story)
{
    sim_hands_disconnect(&story->gateway.machine, serving(story));
}

static bool sees_disconnect(struct story *story)
{
    return is_traced(story, "is disconnected from its network");
}

static void removes(struct story *story)
{
    sim_engine_remove_by_hand(&story->gateway.machine.engine, serving(story));
}

static bool sees_removal(struct story *story)
{
    return is_traced(story, "create");
}

static void spoils(struct story *story)
{
    sim_hands_rules(&story->gateway.machine);
}

static void flushes(struct story *story)
{
    sim_route_flush(&story->gateway.machine.route);
}

static bool sees_table(struct story *story)
{
    return serving(story) != NULL;
}

static void reloads(struct story *story)
{
    sim_hands_firewall(&story->gateway.machine);
}

static bool sees_firewall(struct story *story)
{
    return story->gateway.machine.route.is_open;
}

static const struct deed {
    const char *name;
    void (*does)(struct story *story);
    bool (*is_seen)(struct story *story);
    bool is_probed; /* a probe may see it before a look does */
} deeds[] = {
    {"kill", kills, sees_end, false},
    {"pause", pauses, sees_pause, true},
    {"disconnect", disconnects, sees_disconnect, true},
    {"remove", removes, sees_removal, true},
    {"rules", spoils, sees_table, false},
    {"flush", flushes, sees_table, false},
    {"firewall", reloads, sees_firewall, false},
};

/* Virtual milliseconds from the deed to the agent's knowing it. */
static int64_t notice(struct story *story, const struct deed *deed)
{
    int64_t after = 0;
    story->traced = strlen(story->trace);
    deed->does(story);
    while (after < 30000 && !deed->is_seen(story)) {
        gateway_run(&story->gateway, STEP_MS);
        after += STEP_MS;
    }
    return after;
}

static void deeds_are_noticed_within_a_second(void)
{
    for (size_t i = 0; i < COUNT_OF(deeds); i++) {
        int64_t worst[2] = {0, 0};
        for (uint64_t seed = 0; seed < 4; seed++) {
            bool is_open = seed % 2 == 0;
            struct story *story = story_open(21 + seed / 2);
            eyes_open(story, is_open);
            gateway_run(&story->gateway,
                        1700 * (int64_t)(seed / 2)); /* anywhere between two looks */
            int64_t after = notice(story, &deeds[i]);
            worst[is_open] = after > worst[is_open] ? after : worst[is_open];
            story_close(story, false);
        }
        printf("    %-10s noticed after at most %5lld ms, without hints %5lld ms\n", deeds[i].name,
               (long long)worst[1], (long long)worst[0]);
        CHECK(worst[1] < NOTICE_MS);
        CHECK(deeds[i].is_probed ||
              worst[0] > NOTICE_MS); /* else the hints were not what was seen here */
    }
}

static unsigned looks(const struct story *story)
{
    return story->gateway.machine.world.faults.count_of[SIM_OP_ENGINE_LIST] +
           story->gateway.machine.world.faults.count_of[SIM_OP_ROUTE_READ];
}

/* Lies for so long, one of each kind every 20 ms. */
static void lie(struct story *story, int64_t for_ms)
{
    for (int64_t at = 0; at < for_ms; at += 2 * STEP_MS) {
        sim_eyes_see(eyes_of(story, 0));
        sim_eyes_see(eyes_of(story, 1));
        gateway_run(&story->gateway, 2 * STEP_MS);
    }
}

/* Ten minutes of rest, and ten of 60,000 lies. */
static void a_flood_of_lies_is_bounded(void)
{
    unsigned count[2];
    for (int is_lying = 0; is_lying < 2; is_lying++) {
        struct story *story = story_open(7);
        eyes_open(story, true);
        unsigned before = looks(story);
        size_t traced = strlen(story->trace);
        if (is_lying) {
            lie(story, 600000);
            CHECK(eyes_of(story, 0)->told > 28000);
        } else {
            gateway_run(&story->gateway, 600000);
        }
        count[is_lying] = looks(story) - before;
        CHECK(strstr(story->trace + traced, "create") == NULL); /* nothing came of them */
        CHECK_CONTAINS(status(story), "\"verdict\":\"good\"");
        story_close(story, true);
    }
    printf("    looks in ten minutes: %u at rest, %u under lies\n", count[0], count[1]);
    CHECK(count[1] <= count[0] + 2 * (HINTS_BURST + 600000 / HINTS_PAUSE_MS + 1));
}

/* Swaps to a release that is well and to one that is not, with hints of every unkindness: the
 * verdict and the release that serves are what they are without any. */
static void hints_change_no_verdict(void)
{
    static const enum release_name wishes[] = {RELEASE_V2, RELEASE_FADING};
    for (size_t i = 0; i < COUNT_OF(wishes); i++) {
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct story *story = story_open(40 + seed);
            for (int which = 0; which < 2; which++) {
                struct sim_eyes *eyes = eyes_of(story, which);
                eyes->is_open = seed > 0;
                eyes->lost_in = (uint32_t)(seed % 3);
                eyes->double_in = (uint32_t)(seed % 2);
                eyes->late_ms = (int64_t)seed * 900;
            }
            CHECK_INT_EQ(gateway_activate(&story->gateway, wishes[i]), 0);
            lie(story, 30000);
            CHECK(settle(story));
            CHECK_CONTAINS(status(story), i == 0 ? "\"verdict\":\"good\"" : "\"verdict\":\"bad\"");
            const struct sim_container *container = serving(story);
            enum release_name kept = i == 0 ? RELEASE_V2 : RELEASE_V1;
            CHECK(container != NULL &&
                  digest_is_equal(&container->seen.release, &story->releases.made[kept].digest));
            story_close(story, true);
        }
    }
}

/* The agent that is killed hears nothing any more, and the next one watches for itself. */
static void the_next_agent_watches_again(void)
{
    struct story *story = story_open(3);
    eyes_open(story, true);
    sim_world_kill(&story->gateway.machine.world);
    gateway_run(&story->gateway, REST_MS);
    CHECK(settle(story));
    gateway_run(&story->gateway, REST_MS + 3000);
    CHECK(notice(story, &deeds[1]) < NOTICE_MS);
    story_close(story, false);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"deeds are noticed within a second", deeds_are_noticed_within_a_second},
        {"a flood of lies is bounded", a_flood_of_lies_is_bounded},
        {"hints change no verdict", hints_change_no_verdict},
        {"the next agent watches again", the_next_agent_watches_again},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
