/* condition: every state of the engine in every phase has a row, and each row does what it says. */
#include "agent/node/condition.h"

#include <stdio.h>

#include "tests/check.h"

/* The design's table, written down once more, in its own words: phase by phase, state by state. */
static const struct {
    enum condition condition;
    const char *prepare, *unproven, *rest;
} rows[] = {
    {CONDITION_ABSENT, "make", "back removed-by-hand", "make"},
    {CONDITION_REMOVED, "make", "make", "make"},
    {CONDITION_WAITING, "start", "start", "start"},
    {CONDITION_RUNNING, "let", "let", "let"},
    {CONDITION_ALTERED, "restore", "back altered-by-hand", "restore"},
    {CONDITION_FALLEN, "back crashed", "count crashed", "let"},
    {CONDITION_RESTARTING, "back crashed", "count crashed", "leave"},
    {CONDITION_EXITED, "back crashed", "count crashed", "start"},
    {CONDITION_PAUSED, "wait paused-by-hand", "back-late paused-by-hand", "leave"},
    {CONDITION_DEAD, "remake engine-failed", "remake engine-failed", "remake"},
    {CONDITION_UNWIRED, "remake engine-failed", "remake engine-failed", "remake"},
};

static void case_no_cell_is_undecided(void)
{
    int undecided = 0;
    for (int condition = 0; condition < CONDITION_COUNT; condition++) {
        for (int phase = 0; phase < SWAP_PHASE_COUNT; phase++) {
            struct response response =
                condition_response((enum condition)condition, (enum swap_phase)phase);
            if (response.kind == RESPONSE_UNDECIDED) {
                printf("    undecided: %s in %s\n", condition_word((enum condition)condition),
                       swap_phase_word((enum swap_phase)phase));
                undecided++;
            }
        }
    }
    CHECK_INT_EQ(undecided, 0);
}

static void check_cell(enum condition condition, enum swap_phase phase, const char *said)
{
    struct response response = condition_response(condition, phase);
    char found[64];
    (void)snprintf(found, sizeof found, "%s%s%s", response_word(response.kind),
                   response.reason != REASON_NONE ? " " : "",
                   response.reason != REASON_NONE ? reason_word(response.reason) : "");
    CHECK_STR_EQ(found, said);
}

static void case_every_row(void)
{
    CHECK_INT_EQ(COUNT_OF(rows), CONDITION_COUNT);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_cell(rows[i].condition, SWAP_PREPARE, rows[i].prepare);
        check_cell(rows[i].condition, SWAP_UNPROVEN, rows[i].unproven);
        check_cell(rows[i].condition, SWAP_REST, rows[i].rest);
    }
}

/* An engine that never shows what it was given is not asked for ever; one that does is again. */
static void case_altered(void)
{
    struct replica replica = {0};
    struct engine_container seen = {.state = ENGINE_RUNNING, .id = "1"};
    (void)replica_see(&replica, &seen, 1000, false, 1000);
    CHECK_INT_EQ(condition_of(&replica), CONDITION_RUNNING);
    seen.is_altered = true;
    for (int i = 0; i < RESTORES_MAX; i++) {
        (void)replica_see(&replica, &seen, 1000, false, 1000);
        CHECK_INT_EQ(condition_of(&replica), CONDITION_ALTERED);
        replica.restores++;
    }
    (void)replica_see(&replica, &seen, 1000, false, 1000);
    CHECK_INT_EQ(condition_of(&replica), CONDITION_RUNNING);
    seen.is_altered = false;
    (void)replica_see(&replica, &seen, 1000, false, 1000);
    CHECK_INT_EQ(replica.restores, 0);
    seen.restart.kind = ENGINE_RESTART_ALWAYS;
    (void)replica_see(&replica, &seen, 1000, false, 1000);
    CHECK_INT_EQ(condition_of(&replica), CONDITION_ALTERED);
    CHECK_INT_EQ(replica.policy, ENGINE_RESTART_NO);
    replica.falls = 1;
    CHECK_INT_EQ(condition_of(&replica), CONDITION_FALLEN);
    (void)text_copy(seen.id, sizeof seen.id, "2"); /* made anew: it has what it was given */
    (void)replica_see(&replica, &seen, 1000, false, 1000);
    CHECK(!replica.is_altered);
}

/* Each state, there or not, fallen or not, wired or not, being made anew or not: one condition. */
static void case_every_state(void)
{
    CHECK_INT_EQ(condition_of(NULL), CONDITION_ABSENT);
    unsigned seen[CONDITION_COUNT] = {0};
    for (int code = 0; code < ENGINE_STATE_COUNT * 32; code++) {
        struct replica replica = {
            .state = (enum engine_state)(code / 32),
            .is_present = (code & 1) != 0,
            .is_altered = (code & 16) != 0,
            .falls = (code & 2) != 0 ? 1 : 0,
            .is_miswired = (code & 4) != 0,
            .is_remaking = (code & 8) != 0,
        };
        enum condition condition = condition_of(&replica);
        CHECK(condition >= 0 && condition < CONDITION_COUNT);
        seen[condition]++;
        CHECK_INT_EQ(condition == CONDITION_ABSENT || condition == CONDITION_REMOVED,
                     !replica.is_present);
        CHECK_INT_EQ(condition == CONDITION_UNWIRED, replica.is_present && replica.is_miswired);
    }
    for (int i = 0; i < CONDITION_COUNT; i++) {
        CHECK(seen[i] > 0);
    }
}

/* A candidate that ends is forgiven once while unproven; a pause until readiness would have failed;
 * a container is made anew once. */
static void case_failures(void)
{
    struct replica replica = {.is_present = true, .state = ENGINE_EXITED, .state_since = 1000};
    mono_ms again = MONO_NEVER;
    for (uint8_t falls = 0; falls <= 3; falls++) {
        replica.falls = falls;
        CHECK_INT_EQ(condition_failure(&replica, SWAP_UNPROVEN, 15000, 2000, &again),
                     falls >= FALLS_MAX ? REASON_CRASHED : REASON_NONE);
        CHECK_INT_EQ(condition_failure(&replica, SWAP_PREPARE, 15000, 2000, &again),
                     falls >= 1 ? REASON_CRASHED : REASON_NONE);
        CHECK_INT_EQ(condition_failure(&replica, SWAP_REST, 15000, 2000, &again), REASON_NONE);
    }
    CHECK(again == MONO_NEVER);
    replica = (struct replica){.is_present = true, .state = ENGINE_PAUSED, .state_since = 1000};
    CHECK_INT_EQ(condition_failure(&replica, SWAP_UNPROVEN, 15000, 15999, &again), REASON_NONE);
    CHECK_INT_EQ(again, 16000);
    CHECK_INT_EQ(condition_failure(&replica, SWAP_UNPROVEN, 15000, 16000, &again),
                 REASON_PAUSED_BY_HAND);
    CHECK_INT_EQ(condition_failure(&replica, SWAP_PREPARE, 15000, 1000000, &again), REASON_NONE);
    replica.state = ENGINE_DEAD;
    CHECK_INT_EQ(condition_failure(&replica, SWAP_UNPROVEN, 15000, 2000, &again), REASON_NONE);
    replica.remakes = 1;
    CHECK_INT_EQ(condition_failure(&replica, SWAP_UNPROVEN, 15000, 2000, &again),
                 REASON_ENGINE_FAILED);
    CHECK_INT_EQ(condition_failure(NULL, SWAP_UNPROVEN, 15000, 2000, &again),
                 REASON_REMOVED_BY_HAND);
    CHECK_INT_EQ(condition_failure(NULL, SWAP_PREPARE, 15000, 2000, &again), REASON_NONE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"no cell is undecided", case_no_cell_is_undecided},
        {"every row", case_every_row},
        {"every state", case_every_state},
        {"altered", case_altered},
        {"failures", case_failures},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
