/* coordinator_claim: a lease: renewed while it is seen, and nothing is published without it. */
#include "agent/fleet/coordinator_private.h"
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

static struct desk desk;

/* Each third of T, with a beat that grows. */
static void case_renews(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 3000);
    desk_act(&desk);
    desk.is_silent = true; /* renewals are noted, and not echoed */
    size_t before = desk_count(&desk, "/coordinator");
    uint64_t beat = desk.coordinator->claim.beat;
    mono_ms sent = desk.coordinator->beat_at;
    desk_run(&desk, sent + 999 - desk.now);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), before);
    desk_run(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), before + 1);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).beat, beat + 1);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).beat, beat + 2);
    desk_close(&desk);
}

/* Without an echo for T: not one order more, and the fleet is read again. To the millisecond. */
static void case_lapses(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    for (int over = 0; over < 2; over++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        desk_rollout(&desk, &spec);
        desk_run(&desk, 1000);
        desk.is_silent = true;
        size_t filters = desk.filter_count;
        mono_ms end = desk.coordinator->lease_from + 2000;
        desk_run(&desk, end - 1 + over - desk.now);
        desk_node(&desk, "gw-00");
        desk_step(&desk, 1);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), over == 0 ? 1 : 0);
        desk_run(&desk, 1000);
        CHECK(!coordinator_is_acting(desk.coordinator));
        CHECK_CONTAINS(desk.said, "has not shown this coordinator's claim");
        CHECK(desk.filter_count > filters);
        size_t published = desk.publish_count;
        desk_run(&desk, 500); /* the filters are not answered: nothing is claimed, either */
        CHECK_INT_EQ(desk.publish_count, published);
        desk_filters_answer(&desk, NULL);
        desk_run(&desk, 1000);
        CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 2);
        desk_close(&desk);
    }
}

/* The machine slept, with an echo in its buffers: what it hears first says nothing about now. */
static void case_sleeps(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_run(&desk, 1000);
    desk.is_silent = true;
    desk_run(&desk, 700); /* a renewal is on its way */
    struct desk_publish *renewal = desk_find(&desk, "/coordinator");
    CHECK(desk_claim_of(renewal).beat > desk.coordinator->beat_echoed);
    desk.now += 600000;
    desk_answer(&desk, renewal, NULL);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 0);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK(!coordinator_is_acting(desk.coordinator));
    CHECK(!coordinator_is_informed(desk.coordinator));
    desk_close(&desk);
}

static void rival_hear(uint64_t beat)
{
    const struct claim claim = {.epoch = 7, .beat = beat, .nonce = "0000000000000007"};
    desk_hear(&desk, "coordinator", sealing_claim(&claim, SEAL_PEM_TRUSTED), false);
}

/* A rival lives by what it says anew; what was said before, and is said again by somebody, is no
 * life. Then this one goes on, above it. */
static void case_rival(void)
{
    for (int is_copy = 0; is_copy < 2; is_copy++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        rival_hear(1);
        for (uint64_t beat = 2; beat < 12; beat++) {
            desk_run(&desk, 700);
            rival_hear(is_copy == 1 ? 1 : beat);
            desk_filters_answer(&desk, NULL);
        }
        CHECK_INT_EQ(strstr(desk.said, "has not renewed its claim") != NULL, is_copy);
        CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, is_copy == 1 ? 8 : 1);
        desk_run(&desk, 7000);
        CHECK_CONTAINS(desk.said, "has not renewed its claim");
        desk_close(&desk);
    }
}

/* Who comes while somebody acts waits: for its farewell, or until it has not renewed for three
 * leases. A claim below what was ordered is no reason to wait: nobody acts by it any more. */
static void case_comes_later(void)
{
    enum { ENDS_BY_WORD, ENDS_BY_SILENCE, ENDED_LONG_AGO, COUNT };
    const struct order order = {.id = "00000000000000aa",
                                .fleet = "sim",
                                .node = "gw-00",
                                .app = "web",
                                .epoch = 9,
                                .gen = 1,
                                .issued = DESK_WALL};
    for (int end = 0; end < COUNT; end++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_connect(&desk);
        if (end == ENDED_LONG_AGO) {
            desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
        }
        rival_hear(1);
        for (uint64_t beat = 2; beat < 16; beat++) {
            desk_run(&desk, 700);
            CHECK_INT_EQ(desk_count(&desk, "/coordinator") > 0, end == ENDED_LONG_AGO);
            rival_hear(beat);
        }
        if (end == ENDS_BY_WORD) {
            desk_hear_claim(&desk, 7, "0000000000000007", true);
        }
        desk_run(&desk, 5900);
        CHECK_INT_EQ(desk_count(&desk, "/coordinator") > 0, end != ENDS_BY_SILENCE);
        desk_run(&desk, 200);
        desk_filters_answer(&desk, NULL);
        desk_run(&desk, 1000);
        CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch,
                     end == ENDED_LONG_AGO ? 10 : 8);
        desk_close(&desk);
    }
}

/* What is not signed by an order key is no claim: nobody yields, and nobody takes its epoch up. */
static void case_forged(void)
{
    const struct claim claim = {.epoch = 99, .beat = 1, .nonce = "ffffffffffffffff"};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_hear(&desk, "coordinator", sealing_payload(sealing_claim(&claim, SEALING_ANN)), false);
    desk_hear(&desk, "coordinator", sealing_claim(&claim, SEAL_PEM_STRANGER), false);
    desk_hear(&desk, "coordinator", sealing_claim(&claim, SEALING_ANN), false);
    desk_run(&desk, 5000);
    CHECK(coordinator_is_acting(desk.coordinator));
    CHECK_INT_EQ(coordinator_epoch(desk.coordinator), 1);
    CHECK_CONTAINS(desk.said, "a claim is ignored: the claim is not signed");
    CHECK_CONTAINS(desk.said, "a claim is ignored: the claim is not believed");
    desk_close(&desk);
}

/* The claim has a place of its own: however much else is on its way, it is renewed. */
static void case_own_place(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    char node[NODE_NAME_BYTES];
    spec.max_unavailable = 64;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    for (int i = 0; i < 40; i++) {
        (void)snprintf(node, sizeof node, "gw-%02d", i);
        desk_node(&desk, node);
    }
    desk_rollout(&desk, &spec);
    desk_run(&desk, 10000); /* no answer to anything but renewals */
    CHECK_INT_EQ(coordinator_places(desk.coordinator), 0);
    CHECK(coordinator_is_acting(desk.coordinator));
    CHECK_INT_EQ(desk.coordinator->claim.epoch, 1);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"renews", case_renews},
                                              {"lapses", case_lapses},
                                              {"sleeps", case_sleeps},
                                              {"rival", case_rival},
                                              {"comes later", case_comes_later},
                                              {"forged", case_forged},
                                              {"a place of its own", case_own_place}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
