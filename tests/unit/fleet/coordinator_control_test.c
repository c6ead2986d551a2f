/* coordinator_control: which word of an operator is taken, and which spec may begin. */
#include "agent/fleet/coordinator_private.h"
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

#define HOUR INT64_C(3600000)

static struct desk desk;

static void open_acting(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 2000);
    desk_answer_all(&desk);
}

static void hear(uint64_t serial, const char *want, const char *pem)
{
    struct rollout_control control = {.id = "web-1", .serial = serial};
    (void)text_copy(control.want, sizeof control.want, want);
    desk_hear_control(&desk, &control, pem);
    desk_run(&desk, 100);
}

/* What the newest published state says was taken. */
static struct rollout_state told(struct rollout_control *taken)
{
    struct rollout_state state = {.id = ""};
    struct desk_publish *publish = desk_find(&desk, "web-1/state");
    CHECK(publish != NULL);
    if (publish != NULL) {
        CHECK_INT_EQ(
            rollout_told_parse(span_of(publish->payload, publish->len), &state, taken, NULL), 0);
    }
    return state;
}

static void check_taken(uint64_t serial, const char *signer, const char *want)
{
    struct rollout_control taken;
    desk_run(&desk, 2000);
    desk_answer_all(&desk);
    struct rollout_state state = told(&taken);
    CHECK_INT_EQ(state.control_serial, serial);
    CHECK_STR_EQ(state.control_signer, signer);
    CHECK_STR_EQ(taken.want, want);
    CHECK_INT_EQ(taken.serial, serial);
}

/* Only the next one; what is not is said once, by name. */
static void case_next(void)
{
    open_acting();
    hear(2, "abort", SEALING_BEN);
    CHECK_CONTAINS(desk.said,
                   "serial 2 by ben is not taken: 0 was taken, and only the next one is");
    unsigned warnings = desk.warnings;
    hear(2, "abort", SEALING_BEN);
    CHECK_INT_EQ(desk.warnings, warnings);
    hear(1, "pause", SEALING_ANN);
    check_taken(1, "ann", "pause");
    hear(1, "abort", SEALING_BEN); /* his tool had read the same serial */
    CHECK_CONTAINS(desk.said, "serial 1 by ben is not taken: 1 by ann was taken");
    hear(2, "run", SEALING_BEN);
    check_taken(2, "ben", "run");
    hear(1, "pause", SEALING_ANN); /* an old word, said again by somebody */
    CHECK_CONTAINS(desk.said, "serial 1 is older than 2, which was taken");
    desk_run(&desk, 2000);
    struct rollout_control restored = {.serial = 0};
    struct desk_publish *publish = desk_find(&desk, "web-1/control");
    CHECK(publish != NULL && /* what was taken lies there again */
          rollout_control_parse(span_of(publish->payload, publish->len), &restored, NULL) == 0);
    CHECK_INT_EQ(restored.serial, 2);
    desk_close(&desk);
}

/* Whoever goes on finds in the state what was taken, and believes a later word of an operator who
 * saw the ones between. */
static void case_goes_on(void)
{
    struct rollout_state state = {
        .id = "web-1", .epoch = 1, .revision = 9, .control_serial = 4, .control_signer = "ann"};
    struct rollout_control taken = {.id = "web-1", .want = "pause", .serial = 4};
    for (uint64_t serial = 4; serial < 8; serial++) {
        struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
        struct rollout_view view;
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_connect(&desk);
        desk_hear(&desk, "rollout/web-1/state", sealing_state(&state, &taken, SEAL_PEM_TRUSTED),
                  true);
        desk_rollout(&desk, &spec);
        struct rollout_control offered = {.id = "web-1", .want = "run", .serial = serial};
        desk_hear_control(&desk, &offered, SEALING_BEN);
        desk_run(&desk, 1000);
        desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
        desk_run(&desk, 3000);
        CHECK(coordinator_is_acting(desk.coordinator));
        CHECK(coordinator_view(desk.coordinator, "web-1", &view));
        CHECK_STR_EQ(view.control->want, serial == 4 ? "pause" : "run");
        CHECK_INT_EQ(view.control->serial, serial);
        desk_close(&desk);
    }
}

/* -- freshness -------------------------------------------------------------------------------- */

static bool begins(wall_ms created, wall_ms allowed, bool is_trusted, wall_ms signed_later)
{
    struct rollout_spec spec = desk_spec("web-1", "web", created);
    struct rollout_control control = {
        .id = "web-1", .want = "run", .serial = 1, .allowed_at = allowed};
    struct rollout_state other = {.id = "db-1", .epoch = 1, .updated = signed_later};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.is_begin_judged = true;
    desk.is_clock_trusted = is_trusted;
    desk_act(&desk);
    wall_ms now = DESK_WALL + desk.now;
    CHECK(created == 0 || now >= DESK_WALL);
    desk_hear_state(&desk, &other);
    if (allowed != 0) {
        desk_hear_control(&desk, &control, SEALING_ANN);
    }
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 1500);
    bool has_begun = desk_count(&desk, "/order/web") > 0;
    struct rollout_control taken;
    CHECK_INT_EQ(told(&taken).is_unbegun, !has_begun);
    CHECK_INT_EQ(strstr(desk.said, "rollout web-1 waits for") != NULL, !has_begun);
    desk_close(&desk);
    return has_begun;
}

/* Of two that it hears of before it acts only the later one gets an order: whether it begins is
 * judged before the first plan, whichever of them is planned first. */
static void case_later_one_begins(void)
{
    static const char *const ids[] = {"a-1", "b-2"};
    for (size_t later = 0; later < COUNT_OF(ids); later++) {
        const struct rollout_spec old = desk_spec(ids[1 - later], "web", DESK_WALL);
        const struct rollout_spec new = desk_spec(ids[later], "web", DESK_WALL + 1);
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk.is_begin_judged = true;
        desk.is_clock_trusted = true;
        desk_connect(&desk);
        desk_rollout(&desk, &old);
        desk_rollout(&desk, &new);
        desk_node(&desk, "gw-00");
        desk_run(&desk, 1000);
        desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
        desk_run(&desk, 3000);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
        CHECK_STR_EQ(desk_order_of(desk_find(&desk, "/order/web")).rollout, ids[later]);
        desk_close(&desk);
    }
}

static void case_fresh(void)
{
    const wall_ms about = DESK_WALL + 65000; /* when it is looked at, to some seconds */
    CHECK(begins(about, 0, true, 0));
    CHECK(begins(about - HOUR + 20000, 0, true, 0));
    CHECK(!begins(about - HOUR - 20000, 0, true, 0));
    CHECK(begins(about + HOUR - 20000, 0, true, 0)); /* the operator's clock is ahead */
    CHECK(!begins(about + HOUR + 20000, 0, true, 0));
    CHECK(!begins(about - 1000 * HOUR, 0, true, 0));
    /* An operator's resume begins it, and is not for ever. */
    CHECK(begins(about - 1000 * HOUR, about, true, 0));
    CHECK(!begins(about - 1000 * HOUR, about - HOUR - 20000, true, 0));
    /* A clock that nothing vouches for, and one that signed documents prove wrong. */
    CHECK(begins(about, 0, false, 0));
    CHECK(!begins(about, 0, false, about + 2 * HOUR));
    CHECK(begins(about, 0, true, about + 2 * HOUR));
}

/* One that nobody has begun can be ended, and takes nothing with it. */
static void case_abort_unbegun(void)
{
    struct rollout_spec old = desk_spec("web-0", "web", DESK_WALL + 2 * HOUR);
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk.is_begin_judged = true;
    desk_rollout(&desk, &old); /* later than the other: it would take its place */
    desk_node(&desk, "gw-00");
    desk_run(&desk, 2000);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_RUNNING);
    desk_hear_text(&desk, "rollout/web-0/control", "{\"schema\":1,\"want\":\"abort\"}");
    desk_run(&desk, 2000);
    CHECK(coordinator_view(desk.coordinator, "web-0", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_ABORTED);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_RUNNING);
    desk_close(&desk);
}

/* -- two operators at once -------------------------------------------------------------------- */

enum doing { READS, WRITES, LOOKS, DONE };

/* What the verbs do, a step at a time: read what stands, write the next, look whether it was taken.
 */
struct person {
    enum doing doing;
    const char *pem;
    bool is_pausing; /* else skips gw-00 */
    struct rollout_control control;
    struct digest digest;
    unsigned tries;
};

static void person_read(struct person *person)
{
    const struct kept *kept = kept_find(&desk.coordinator->mirror.rollouts, "web-1");
    struct rollout_control taken;
    struct rollout_state state = told(&taken);
    bool is_offered = kept->has_control && kept->offer.control.serial > state.control_serial;
    person->control = is_offered ? kept->offer.control : taken;
    (void)text_copy(person->control.id, NAME_BYTES, "web-1");
    if (person->is_pausing) {
        (void)text_copy(person->control.want, ROLLOUT_WORD_BYTES, "pause");
    } else if (!rollout_is_skipped(&person->control, "gw-00")) {
        size_t at = person->control.skipped_count++;
        (void)text_copy(person->control.skipped[at], NODE_NAME_BYTES, "gw-00");
    }
    person->control.serial = state.control_serial + 1;
    person->doing = WRITES;
}

static void person_step(struct person *person)
{
    struct rollout_control taken;
    if (person->doing == READS) {
        person_read(person);
    } else if (person->doing == WRITES) {
        struct span envelope = sealing_control(&person->control, person->pem);
        seal_digest(sealing_payload(envelope), &person->digest);
        desk_hear(&desk, "rollout/web-1/control", envelope, false);
        person->tries++;
        person->doing = LOOKS;
    } else if (person->doing == LOOKS) {
        struct rollout_state state = told(&taken);
        person->doing = digest_is_equal(&state.control_digest, &person->digest) ? DONE
                        : state.control_serial >= person->control.serial        ? READS
                                                                                : LOOKS;
    }
}

/* However their steps fall, both words hold in the end. */
static void case_colleagues(void)
{
    unsigned most = 0;
    for (unsigned seed = 1; seed <= 50; seed++) {
        struct person people[] = {{.pem = SEALING_ANN, .is_pausing = true}, {.pem = SEALING_BEN}};
        struct rollout_control taken;
        uint64_t random = seed * UINT64_C(0x9E3779B97F4A7C15);
        open_acting();
        for (int i = 0; i < 400 && (people[0].doing != DONE || people[1].doing != DONE); i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            unsigned who = (unsigned)(random >> 33) % 3;
            if (who < 2) {
                person_step(&people[who]);
            } else {
                desk_run(&desk, (int64_t)(random >> 40) % 1500);
                desk_answer_all(&desk);
            }
        }
        CHECK_INT_EQ(people[0].doing, DONE);
        CHECK_INT_EQ(people[1].doing, DONE);
        desk_run(&desk, 2000);
        CHECK(told(&taken).control_serial >= 1);
        CHECK_STR_EQ(taken.want, "pause");
        CHECK(rollout_is_skipped(&taken, "gw-00"));
        unsigned tries = people[0].tries + people[1].tries;
        most = tries > most ? tries : most;
        desk_close(&desk);
    }
    CHECK(most > 2); /* some of them had to say it again */
}

/* -- an old copy of a spec -------------------------------------------------------------------- */

static void replay_begin(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.is_begin_judged = true;
    desk.is_clock_trusted = true;
    desk_act(&desk);
}

/* What lies at the broker of a rollout goes: somebody clears it, or it was pruned. */
static void rollout_clear(const char *id)
{
    static const char *const parts[] = {"state", "control", "spec"};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        char topic[BUS_TOPIC_BYTES];
        (void)snprintf(topic, sizeof topic, "rollout/%s/%s", id, parts[i]);
        desk_hear(&desk, topic, span_of(NULL, 0), false);
    }
    desk_run(&desk, 1500);
    desk_answer_all(&desk);
}

static void abort_it(const char *id)
{
    struct rollout_control control = {.want = "abort", .serial = 1};
    (void)text_copy(control.id, sizeof control.id, id);
    desk_hear_control(&desk, &control, SEALING_ANN);
    desk_run(&desk, 2000);
    desk_answer_all(&desk);
    desk_run(&desk, 1500);
    desk_answer_all(&desk);
}

/* Within the hour of its making a spec is fresh, whoever brings it: one that was begun and has
 * ended begins nothing again, nor one before it; here, and at the next process of this place. */
static void case_replayed(void)
{
    for (int is_next = 0; is_next < 2; is_next++) {
        replay_begin();
        const struct rollout_spec old = desk_spec("web-1", "web", DESK_WALL + desk.now);
        const struct rollout_spec ended = desk_spec("web-2", "web", DESK_WALL + desk.now + 1);
        const struct rollout_spec next = desk_spec("web-3", "web", DESK_WALL + desk.now + 2);
        desk_rollout(&desk, &ended);
        desk_node(&desk, "gw-00");
        desk_run(&desk, 1500);
        desk_answer_all(&desk);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
        abort_it("web-2");
        rollout_clear("web-2");
        struct rollout_view view;
        CHECK(!coordinator_view(desk.coordinator, "web-2", &view));
        if (is_next == 1) {
            desk_again(&desk, SEAL_PEM_TRUSTED);
            desk_act(&desk);
            desk_node(&desk, "gw-00");
        }
        size_t before = desk_count(&desk, "/order/web");
        desk_rollout(&desk, &ended);
        desk_run(&desk, 2000);
        desk_answer_all(&desk);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), before);
        CHECK_CONTAINS(desk.said,
                       "rollout web-2 waits for a new rollout: this is an old copy of one that");
        desk_rollout(&desk, &old);
        desk_run(&desk, 2000);
        desk_answer_all(&desk);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), before);
        CHECK(coordinator_view(desk.coordinator, "web-1", &view));
        CHECK_STR_EQ(rollout_phase_word(view.state->phase), "superseded");
        desk_node(&desk, "gw-01");
        desk_rollout(&desk, &next); /* a new one begins */
        desk_run(&desk, 2000);
        CHECK(strstr(desk.said, "rollout web-3 waits") == NULL);
        /* There the order that was taken back at gw-00 is one that changes. */
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), before + (is_next == 1));
        desk_close(&desk);
    }
}

/* One that was begun here and has not ended goes on, though its state is gone and its hour over. */
static void case_goes_on_without_state(void)
{
    replay_begin();
    const struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL + desk.now);
    desk_rollout(&desk, &spec);
    desk_run(&desk, 1500);
    desk_again(&desk, SEAL_PEM_TRUSTED);
    desk.now += 2 * HOUR;
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 1500);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"only the next", case_next},
                                              {"who goes on", case_goes_on},
                                              {"the later one begins", case_later_one_begins},
                                              {"fresh", case_fresh},
                                              {"abort what nobody began", case_abort_unbegun},
                                              {"two operators", case_colleagues},
                                              {"an old copy", case_replayed},
                                              {"without a state", case_goes_on_without_state}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
