/* remains: which container of a failed candidate stays, and until when. */
#include "tests/check.h"

#include "agent/node/swap_private.h"

static struct session_app session;
static struct memory_app memory;
static struct swap_facts facts;
static struct swap_decision decision;
static struct step step = {&memory, &session, &facts, &decision};

/* Generation 2 with three replicas that run and are ready. */
static void begin(void)
{
    memset(&session, 0, sizeof session);
    memset(&memory, 0, sizeof memory);
    memory.candidate.gen = 2;
    memory.phase = SWAP_PREPARE;
    for (uint8_t number = 1; number <= 3; number++) {
        struct replica *replica = session_need(&session, 2, 0, number);
        replica->is_present = true;
        replica->state = ENGINE_RUNNING;
        replica->is_probed = true;
        replica->probe.is_ready = true;
    }
}

static struct replica *number(uint8_t which)
{
    return session_find(&session, 2, 0, which);
}

static void go_back(enum reason reason)
{
    remains_mark(&step);
    memory.phase = SWAP_REST;
    memory.candidate.gen = 0;
    memory.verdict = VERDICT_BAD;
    memory.reason = reason;
    memory.verdict_gen = 2;
}

/* The number that is kept; 0: none. Never two. */
static int kept(void)
{
    int found = 0;
    for (uint8_t i = 1; i <= 3; i++) {
        if (swap_keeps_remains(&memory, &session, number(i))) {
            CHECK_INT_EQ(found, 0);
            found = i;
        }
    }
    return found;
}

static void case_the_most_telling_stays(void)
{
    begin();
    number(2)->probe.is_ready = false;
    go_back(REASON_UNREADY);
    CHECK_INT_EQ(kept(), 2);
    begin();
    number(1)->probe.is_ready = false;
    number(2)->probe.is_unalive = true;
    number(3)->state = ENGINE_EXITED;
    go_back(REASON_CRASHED);
    CHECK_INT_EQ(kept(), 3);
    number(1)->state = number(2)->state = ENGINE_EXITED; /* stopped since: no longer telling */
    CHECK_INT_EQ(kept(), 3);
    number(3)->is_present = false; /* removed by hand */
    CHECK_INT_EQ(kept(), 1);
}

/* Every pair of states: the one that has more to say is marked, of equals the lower number; one
 * that is not there never is, and one of another service or generation takes nothing. */
static void state_give(struct replica *replica, int state)
{
    *replica =
        (struct replica){.gen = replica->gen, .number = replica->number, .is_present = state != 0};
    replica->state = state == 5 ? ENGINE_RESTARTING : state == 6 ? ENGINE_EXITED : ENGINE_RUNNING;
    replica->probe.is_unalive = state == 3;
    replica->probe.has_failed_startup = state == 4;
    replica->is_probed = replica->probe.is_ready = state == 1;
}

static void case_pairs(void)
{
    static const int weights[] = {0, 1, 2, 3, 3, 4, 4}; /* absent, ready, not ready ... */
    for (int first = 0; first < 7; first++) {
        for (int second = 0; second < 7; second++) {
            begin();
            state_give(number(1), first);
            state_give(number(2), second);
            struct replica *third = number(3);
            third->service = 1;
            third->state = ENGINE_EXITED;
            struct replica *other = session_need(&session, 1, 0, 1);
            other->is_present = true;
            other->state = ENGINE_EXITED;
            remains_mark(&step);
            bool is_first = weights[first] > 0 && weights[first] >= weights[second];
            CHECK_INT_EQ(number(1)->is_telling, is_first);
            CHECK_INT_EQ(number(2)->is_telling, weights[second] > 0 && !is_first);
            CHECK(!other->is_telling);
        }
    }
}

/* A new agent knows no marks: one stays all the same, and always the same. */
static void case_without_marks(void)
{
    begin();
    go_back(REASON_CRASHED);
    for (uint8_t i = 1; i <= 3; i++) {
        number(i)->is_telling = false;
        number(i)->state = ENGINE_EXITED;
    }
    CHECK_INT_EQ(kept(), 1);
    number(1)->state = ENGINE_DEAD; /* can only be removed */
    CHECK_INT_EQ(kept(), 2);
}

static void case_until_the_next_swap(void)
{
    static const enum reason none[] = {REASON_ROLLED_BACK, REASON_REPLACED, REASON_INTERRUPTED,
                                       REASON_REVOKED, REASON_IMAGE_DOUBTED};
    begin();
    go_back(REASON_NEVER_READY);
    CHECK_INT_EQ(kept(), 1);
    memory.phase = SWAP_PREPARE;
    CHECK_INT_EQ(kept(), 0);
    memory.phase = SWAP_REST;
    memory.verdict = VERDICT_GOOD; /* of the next one */
    memory.verdict_gen = 3;
    CHECK_INT_EQ(kept(), 0);
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        begin();
        go_back(none[i]);
        CHECK_INT_EQ(kept(), 0);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"the most telling stays", case_the_most_telling_stays},
        {"pairs", case_pairs},
        {"without marks", case_without_marks},
        {"until the next swap", case_until_the_next_swap}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
