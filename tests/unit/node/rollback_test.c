/* rollback: the way back at any moment after a verdict, whatever became of the release before. */
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

/* How often the release of before was started, and that it is just being stopped, is no reason to
 * let it miss the deadline of the way back. */
static void case_rollback_at_once(void)
{
    for (int64_t after = 0; after < 3000; after += 150) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        uint32_t gen = toy.memory.committed.gen;
        toy.plans[2].keep_warm_ms = 0;
        toy_want(&toy, 2, false);
        for (unsigned i = 0; i < TURNS && toy.memory.committed.gen == gen; i++) {
            toy_turn(&toy);
        }
        struct replica *replica = session_find(&toy.session, gen, 0, 1);
        replica->starts = 10;
        replica->start_not_before = toy.now + 300000;
        replica->probe.running_since = toy.now;
        toy_pass(&toy, after);
        mono_ms began = toy.now;
        toy_want(&toy, 1, false);
        CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
        CHECK(toy.now - began < 20000); /* notice and drain, stop, start, ready */
        check_rest(1);
        CHECK_INT_EQ(toy.memory.verdict, VERDICT_GOOD);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"rollback at once", case_rollback_at_once}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
