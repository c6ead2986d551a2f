/* stage: the site is waited for at rest, without a try being spent, and not for ever. */
#include "agent/node/swap.h"

#include "tests/check.h"
#include "tests/unit/node/toy.h"

#define TURNS 3000

static struct toy toy;

static void check_rest(int release)
{
    CHECK(toy_settle(&toy, TURNS));
    CHECK_INT_EQ(toy_serving(&toy), release);
    CHECK_INT_EQ(toy_release(&toy.memory.committed.release), release);
    CHECK_INT_EQ(toy.broken, 0);
}

/* A registry away is waited for at rest: no try is spent, and the wish is honoured when it is back.
 */
static void case_patience(void)
{
    for (int64_t away = 1000; away < 3600000; away *= 3) {
        toy_init(&toy, 2);
        toy_deploy(&toy, 1);
        uint32_t gen = toy.memory.gen_last;
        toy.registry_away_until = toy.now + away;
        toy_want(&toy, 2, false);
        toy_pass(&toy, away / 2 + 500);
        CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
        CHECK_INT_EQ(toy.memory.attempts, 0);
        CHECK_STR_EQ(wish_wait_word(toy.session.wait), "registry");
        check_rest(2);
        CHECK_INT_EQ(toy.memory.gen_last - gen, 1);
        CHECK_INT_EQ(toy.dark_ms, 0);
        CHECK(toy.now < toy.registry_away_until + 61000 + 120000); /* its next pull, and the swap */
    }
}

/* The power goes while it waits, or after the record that began: the wish is still there. */
static void case_patience_through_a_cut(void)
{
    for (int64_t at = 0; at < 20000; at += 900) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        toy.registry_away_until = toy.now + 15000;
        toy_want(&toy, 2, false);
        toy_pass(&toy, at);
        toy_reboot(&toy, at % 1800 == 0, true);
        check_rest(2);
    }
}

/* A record of an agent that began before the images were there. */
static void case_begun_without_its_images(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_PREPARE, TURNS));
    toy_restart_agent(&toy, true);
    toy.registry_away_until = toy.now + 600000;
    toy_pass(&toy, 300000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
    CHECK_INT_EQ(toy.memory.attempts, 0);
    CHECK_INT_EQ(toy_release(&toy.memory.wanted), 2);
    check_rest(2);
    CHECK_INT_EQ(toy.dark_ms, 0);
}

/* Nothing is waited for without an end. */
static void case_patience_ends(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy.registry_away_until = MONO_NEVER;
    toy_want(&toy, 2, false);
    toy_pass(&toy, 86400000 - 120000);
    CHECK_INT_EQ(toy_release(&toy.memory.wanted), 2);
    toy_pass(&toy, 180000);
    check_rest(1);
    CHECK_STR_EQ(verdict_word(toy.memory.verdict), "inconclusive");
    CHECK_STR_EQ(reason_word(toy.memory.reason), "registry-away");
    CHECK_INT_EQ(toy_release(&toy.memory.wanted), 1);
    toy_init(&toy, 1); /* or earlier, by startBy */
    toy_deploy(&toy, 1);
    toy.registry_away_until = MONO_NEVER;
    toy_want(&toy, 2, false);
    toy.memory.is_order_open = true;
    toy.memory.order_id = 77;
    toy_pass(&toy, 60000);
    toy.facts.is_wish_late = true;
    check_rest(1);
    CHECK_INT_EQ(toy.memory.outcomes[0].kind, OUTCOME_EXPIRED);
    CHECK_STR_EQ(order_outcome_reason(&toy.memory.outcomes[0]), "registry-away");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"patience", case_patience},
        {"patience through a cut", case_patience_through_a_cut},
        {"begun without its images", case_begun_without_its_images},
        {"patience ends", case_patience_ends},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
