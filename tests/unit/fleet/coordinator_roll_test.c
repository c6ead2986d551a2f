/* coordinator_roll: the roll is kept when it comes, said again to a broker that does not show it or
 * shows something else, and who is in no rollout is said, once. */
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

static struct desk desk;

static struct roll roll_of(const char *node, uint64_t version)
{
    const struct verify verify = seal_verify_port();
    struct roll roll = {.version = version};
    topic_shard(&verify, node, roll.shard);
    CHECK_INT_EQ(roll_set(&roll, node, 0, NULL), 0);
    return roll;
}

static const char *topic_of(const struct roll *roll)
{
    static char topic[16];
    (void)snprintf(topic, sizeof topic, "roll/%s", roll->shard);
    return topic;
}

static void heard(const struct roll *roll, const char *pem)
{
    desk_hear(&desk, topic_of(roll), sealing_roll(roll, pem), false);
}

static void case_kept(void)
{
    struct roll roll = roll_of("gw-01", 3);
    struct roll older = roll_of("gw-01", 2);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    heard(&roll, SEALING_ANN);
    CHECK_STR_EQ(desk.roll_kept, roll.shard);
    CHECK_INT_EQ(desk.rolls_kept, 1);
    heard(&roll, SEALING_ANN); /* the same */
    heard(&older, SEALING_ANN);
    CHECK_INT_EQ(desk.rolls_kept, 1);
    CHECK_CONTAINS(desk.said, "the roll's shard ");
    CHECK_CONTAINS(desk.said, " is not taken: version 2 of this shard is older");
    desk.is_keep_refused = true;
    roll.version = 4;
    heard(&roll, SEALING_BEN);
    CHECK_CONTAINS(desk.said, "is not kept here: no space");
    roll_free(&roll);
    roll_free(&older);
    desk_close(&desk);
}

/* Over whatever lies there instead, and in a new session; not while it lies there. */
static void case_said_again(void)
{
    struct roll roll = roll_of("gw-01", 3);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    CHECK_INT_EQ(coordinator_roll_seed(desk.coordinator, sealing_roll(&roll, SEALING_ANN), NULL),
                 0);
    CHECK_INT_EQ(coordinator_roll_seed(desk.coordinator, sealing_roll(&roll, "seal:9"), NULL),
                 ERR_SIGNATURE);
    desk_act(&desk);
    CHECK_INT_EQ(desk_count(&desk, topic_of(&roll)), 1); /* the broker showed none */
    desk_answer_all(&desk);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, topic_of(&roll)), 1);
    desk_hear_text(&desk, topic_of(&roll), "{\"schema\":1}");
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, topic_of(&roll)), 2);
    desk_answer_all(&desk);
    desk_hear(&desk, topic_of(&roll), span_of(NULL, 0), false);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, topic_of(&roll)), 3);
    roll_free(&roll);
    desk_close(&desk);
}

static void case_said(void)
{
    struct roll roll = roll_of("gw-01", 1);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    struct operators operators = sealing_operators(2);
    operators.is_demanding[OPERATORS_DEMAND_ROLL] = true;
    coordinator_operators(desk.coordinator, &operators);
    desk_act(&desk);
    heard(&roll, SEALING_ANN);
    desk_node(&desk, "gw-01");
    desk_node(&desk, "ghost");
    desk_run(&desk, 601000);
    CHECK_CONTAINS(desk.said, "1 nodes are in no rollout: the roll does not name them, or their "
                              "labels are not the signed ones: ghost\n");
    desk.said[0] = '\0';
    desk_run(&desk, 601000);
    CHECK(strstr(desk.said, "in no rollout") == NULL); /* it was said */
    struct roll ghost = roll_of("ghost", 1);
    heard(&ghost, SEALING_ANN);
    desk_run(&desk, 2000);
    CHECK_CONTAINS(desk.said, "0 nodes are in no rollout");
    roll_free(&roll);
    roll_free(&ghost);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"kept", case_kept}, {"said again", case_said_again}, {"said", case_said}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
