/* crowd_checker: counts again what the planner counted, in its own way. */
#include "tests/sim/crowd_checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/waves.h"

/* Written here again, and not taken from what is checked. */
#define REGRESSED_MS 60000
#define MINUTE       60000
#define WORD_MS      1800000
#define FALLS_MAX    3
#define NEW_RELEASE  2

static struct crowd_checker *watching;

static void breach(struct crowd_checker *checker, char law, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void breach(struct crowd_checker *checker, char law, const char *fmt, ...)
{
    char text[200];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (checker->breaches++ == 0) {
        (void)snprintf(checker->first, sizeof checker->first, "law %c at %lld s: %s", law,
                       (long long)(checker->crowd->now - CROWD_START) / 1000, text);
    }
}

static const struct crowd_told *told_of(const struct crowd *crowd, size_t node)
{
    return &crowd->seats[crowd->acting].told[node];
}

static bool is_forward(const struct crowd *crowd, size_t node)
{
    return crowd->orders[node].is_there && !crowd->orders[node].is_back;
}

static bool is_open(const struct crowd *crowd, size_t node)
{
    return crowd_is_outstanding(crowd, &crowd->seats[crowd->acting], node);
}

static bool is_answered(const struct crowd *crowd, size_t node)
{
    const struct crowd_told *told = told_of(crowd, node);
    return strcmp(told->order_id, crowd->orders[node].order.id) == 0 &&
           told->outcome != OUTCOME_NONE;
}

static bool is_skipped(const struct crowd *crowd, size_t node)
{
    for (size_t i = 0; i < crowd->control.skipped_count; i++) {
        if (strcmp(crowd->control.skipped[i], crowd->nodes[node].name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_retried(const struct crowd *crowd, size_t node)
{
    for (size_t i = 0; i < crowd->control.retried_count; i++) {
        const struct rollout_retry *retry = &crowd->control.retried[i];
        if (crowd->orders[node].order.issued <= retry->before &&
            (retry->node[0] == '\0' || strcmp(retry->node, crowd->nodes[node].name) == 0)) {
            return true;
        }
    }
    return false;
}

/* It changes, as far as the seat can know. */
static bool is_changing(const struct crowd *crowd, size_t node)
{
    const struct crowd_told *told = told_of(crowd, node);
    return is_open(crowd, node) || (told->is_changing && told->is_present &&
                                    crowd_clock(crowd) < told->changing_since + WORD_MS);
}

static bool is_regressed(const struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    wall_ms since = checker->unserving_since[crowd->acting][node];
    return told_of(crowd, node)->is_present && (told_of(crowd, node)->falls >= FALLS_MAX ||
                                                (since != 0 && crowd->now >= since + REGRESSED_MS));
}

/* 1: good, -1: failed, 0: neither, of the node's last order. */
static int answer_of(const struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    const struct crowd_told *told = told_of(crowd, node);
    bool is_excused = is_skipped(crowd, node) || is_retried(crowd, node);
    if (!is_forward(crowd, node)) {
        return 0;
    }
    if (is_answered(crowd, node) && told->outcome == OUTCOME_SUCCEEDED) {
        int regressed = is_skipped(crowd, node) ? 0 : -1;
        if (told->runs != NEW_RELEASE || is_regressed(checker, node)) {
            return told->runs != NEW_RELEASE ? 0 : regressed;
        }
        return told->is_serving || !told->is_present; /* else it is not known yet */
    }
    if (is_answered(crowd, node)) {
        return told->outcome == OUTCOME_OVERRIDDEN || is_excused ? 0 : -1;
    }
    if (!crowd_is_past(crowd, node)) {
        return 0;
    }
    return told->runs == NEW_RELEASE ? 1 : is_excused ? 0 : -1;
}

/* A wave that was reached and watched is over, whatever becomes of it: that counts in c. */
static int64_t soak_of(const struct crowd *crowd, size_t wave)
{
    return (int64_t)crowd->spec.shape.waves[wave].soak_ms -
           llabs(crowd->seats[0].skew_ms - crowd->seats[1].skew_ms);
}

/* -- each law --------------------------------------------------------------------------------- */

static void check_budget(struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    uint32_t percent = crowd->spec.shape.max_unavailable_percent;
    size_t most = percent != 0 ? crowd->count * percent / 100 : crowd->spec.max_unavailable;
    size_t changing = 1;
    for (size_t i = 0; i < crowd->count; i++) {
        changing += i != node && is_changing(crowd, i);
    }
    checker->checked[0]++;
    if (changing > (most > 0 ? most : 1)) {
        breach(checker, 'a', "%s is the %zuth that changes, %zu may", crowd->nodes[node].name,
               changing, most);
    }
}

/* By the clock of each seat: one that was deposed may order once more. */
static bool is_frozen(const struct crowd *crowd)
{
    bool is_it = crowd->freeze.is_frozen;
    for (size_t i = 0; i < CROWD_SEATS; i++) {
        is_it = is_it && crowd->now + crowd->seats[i].skew_ms < crowd->freeze.until;
    }
    return is_it;
}

static void check_node(struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    const struct crowd_told *told = told_of(crowd, node);
    checker->checked[1]++;
    if (!told->is_present || told->runs == NEW_RELEASE || is_open(crowd, node) ||
        told->is_changing || is_skipped(crowd, node) || strcmp(crowd->control.want, "run") != 0 ||
        is_frozen(crowd)) {
        breach(checker, 'b', "%s: present %d, runs %u, open %d, wanted %s, frozen %d",
               crowd->nodes[node].name, told->is_present, told->runs, is_open(crowd, node),
               crowd->control.want, is_frozen(crowd));
    }
}

struct sum {
    uint32_t good, bad, old_bad, all, canary;
};

static void check_failures(struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    const struct rollout_failure *failure = &crowd->spec.shape.failure;
    wall_ms resumed = crowd->control.resumed_at;
    struct sum sum = {0};
    for (size_t i = 0; i < crowd->count; i++) {
        int answer = answer_of(checker, i);
        bool is_new = resumed != 0 && crowd->orders[i].order.issued > resumed;
        uint64_t place = waves_place(crowd->spec.id, crowd->nodes[i].name);
        sum.good += answer > 0 && is_new;
        sum.bad += answer < 0 && is_new;
        sum.old_bad += answer < 0 && !is_new;
        sum.all += answer != 0;
        sum.canary +=
            answer < 0 && crowd->state.wave_first == 0 && place < crowd->state.waves[0].cut;
    }
    uint32_t accepted = crowd->control.accepted;
    uint32_t more = sum.old_bad > accepted ? sum.old_bad - accepted : 0;
    uint32_t bad = sum.bad + more;
    uint32_t finals =
        resumed != 0 ? sum.good + bad : sum.all - (accepted < sum.all ? accepted : sum.all);
    bool is_spent = bad > 0 && finals >= failure->minimum &&
                    (uint64_t)bad * 100 > (uint64_t)failure->ratio * finals;
    bool is_canary = failure->is_canary && !checker->is_passed[0] && sum.canary > 0 && bad > 0;
    checker->checked[2]++;
    if (strcmp(failure->action, "continue") != 0 && (is_spent || is_canary)) {
        breach(checker, 'c', "%s has an order after %u of %u failed%s", crowd->nodes[node].name,
               bad, finals, is_canary ? ", one in the first wave" : "");
    }
}

static const char *label_of(const struct crowd *crowd, size_t node, const char *name)
{
    const struct crowd_node *here = &crowd->nodes[node];
    for (size_t i = 0; i < here->label_count; i++) {
        if (strcmp(here->label_names[i], name) == 0) {
            return here->label_values[i];
        }
    }
    return NULL;
}

static void check_groups(struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    const struct rollout_shape *shape = &crowd->spec.shape;
    for (size_t g = 0; g < shape->group_count; g++) {
        const char *own = label_of(crowd, node, shape->group_by[g]);
        uint32_t held = 1;
        for (size_t i = 0; i < crowd->count && own != NULL; i++) {
            const char *other = label_of(crowd, i, shape->group_by[g]);
            bool is_lost = is_forward(crowd, i) && !is_answered(crowd, i) &&
                           crowd_is_past(crowd, i) && told_of(crowd, i)->runs != NEW_RELEASE &&
                           !is_skipped(crowd, i) && !is_retried(crowd, i);
            held += i != node && other != NULL && strcmp(own, other) == 0 &&
                    (is_changing(crowd, i) || is_lost);
        }
        checker->checked[3] += own != NULL;
        if (held > shape->group_max) {
            breach(checker, 'd', "%s is the %uth of %s %s", crowd->nodes[node].name, held,
                   shape->group_by[g], own);
        }
    }
}

static void check_peers(struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    const char *label = crowd->spec.shape.peers;
    const char *own = label[0] != '\0' ? label_of(crowd, node, label) : NULL;
    for (size_t i = 0; i < crowd->count && own != NULL; i++) {
        const char *other = label_of(crowd, i, label);
        const struct crowd_told *told = told_of(crowd, i);
        checker->checked[4]++;
        if (i != node && other != NULL && strcmp(own, other) == 0 &&
            (!told->is_present || !told->is_serving || is_changing(crowd, i))) {
            breach(checker, 'e', "%s while its peer %s is %s", crowd->nodes[node].name,
                   crowd->nodes[i].name,
                   !told->is_present   ? "away"
                   : !told->is_serving ? "not serving"
                                       : "changing");
        }
    }
}

static void check_rate(struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    uint32_t most = crowd->spec.shape.per_minute;
    uint32_t count = 1;
    for (size_t i = 0; i < crowd->count; i++) {
        count += i != node && crowd->orders[i].is_there &&
                 crowd->orders[i].order.issued > crowd_clock(crowd) - MINUTE;
    }
    checker->checked[5] += most > 0;
    if (most > 0 && count > most) {
        breach(checker, 'f', "%s is the %uth in a minute", crowd->nodes[node].name, count);
    }
}

/* The number of the wave by its cut; there are no selectors here. */
static size_t wave_of(const struct crowd *crowd, size_t node)
{
    uint64_t place = waves_place(crowd->spec.id, crowd->nodes[node].name);
    size_t wave = 0;
    while (wave < crowd->state.wave_count && place >= crowd->state.waves[wave].cut) {
        wave++;
    }
    return wave;
}

static void check_wave(struct crowd_checker *checker, size_t node)
{
    const struct crowd *crowd = checker->crowd;
    size_t wave = wave_of(crowd, node);
    if (crowd->spec.shape.wave_count == 0) {
        return;
    }
    if (wave == crowd->state.wave_count) {
        breach(checker, 'g', "%s is in no wave that is open", crowd->nodes[node].name);
    }
    for (size_t k = 0; k < wave && k < ROLLOUT_WAVES_MAX; k++) {
        checker->checked[6]++;
        if (!checker->is_passed[k] &&
            (checker->reached_since[k] == 0 ||
             crowd->now - checker->reached_since[k] < soak_of(crowd, k))) {
            breach(checker, 'g', "%s of wave %zu, and wave %zu is reached since %lld s",
                   crowd->nodes[node].name, wave + 1, k + 1,
                   checker->reached_since[k] == 0
                       ? -1LL
                       : (long long)(crowd->now - checker->reached_since[k]) / 1000);
        }
        checker->is_passed[k] = true;
    }
}

static void judge(struct crowd *crowd, size_t node, const struct planner_order *planned)
{
    struct crowd_checker *checker = watching;
    if (planned->is_taken_back) {
        bool is_closed = planned->start_by != 0 && planned->start_by <= crowd->now;
        if (!is_open(crowd, node) && !is_closed) { /* it goes back: a change like any other */
            check_budget(checker, node);
            check_groups(checker, node);
        }
        return;
    }
    check_wave(checker, node);
    check_node(checker, node);
    check_budget(checker, node);
    check_failures(checker, node);
    check_groups(checker, node);
    check_peers(checker, node);
    check_rate(checker, node);
}

/* -- what is seen between orders -------------------------------------------------------------- */

/* A wave with nobody who could be done in it is no wave. */
static bool is_reached(struct crowd_checker *checker, size_t wave)
{
    const struct crowd *crowd = checker->crowd;
    uint32_t good = 0;
    uint32_t bad = 0;
    uint32_t open = 0;
    uint32_t members = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        if (wave_of(crowd, i) != wave) {
            continue;
        }
        int answer = answer_of(checker, i);
        bool is_new = crowd->control.resumed_at == 0 ||
                      crowd->orders[i].order.issued > crowd->control.resumed_at;
        bool is_left = !told_of(crowd, i)->is_present && strcmp(crowd->spec.offline, "skip") == 0;
        bool is_gone = is_skipped(crowd, i) || crowd->nodes[i].is_overridden || is_left;
        members += !is_gone || answer > 0;
        good += answer > 0 || (answer == 0 && told_of(crowd, i)->runs == NEW_RELEASE);
        bad += answer < 0 && is_new;
        open += is_forward(crowd, i) && is_open(crowd, i);
    }
    /* Who comes late to a wave that is reached does not open it again. */
    if (members == 0) {
        checker->is_passed[wave] = true; /* it is passed over, and needs no soak */
    }
    return members == 0 || ((open == 0 || checker->reached_since[wave] != 0) && good > 0 &&
                            good * 100 >= crowd->spec.shape.waves[wave].threshold * (good + bad));
}

static void unserving_note(struct crowd_checker *checker)
{
    const struct crowd *crowd = checker->crowd;
    for (size_t s = 0; s < CROWD_SEATS; s++) {
        for (size_t i = 0; i < crowd->count; i++) {
            wall_ms *since = &checker->unserving_since[s][i];
            bool is_serving = crowd->seats[s].told[i].is_serving;
            *since = is_serving ? 0 : *since != 0 ? *since : crowd->now;
        }
    }
}

static void watch(struct crowd *crowd)
{
    struct crowd_checker *checker = watching;
    if (crowd->epoch != checker->epoch) { /* who acts now has begun to hear anew */
        checker->epoch = crowd->epoch;
        memset(checker->unserving_since, 0, sizeof checker->unserving_since);
    }
    unserving_note(checker);
    if (crowd->state.phase == ROLLOUT_PAUSED) {
        return; /* what an operator accepts by resuming does not reach a wave again */
    }
    for (size_t k = 0; k < crowd->state.wave_count; k++) {
        wall_ms *since = &checker->reached_since[k];
        checker->is_passed[k] |= *since != 0 && crowd->now - *since >= soak_of(crowd, k);
        *since = !is_reached(checker, k) ? 0 : *since != 0 ? *since : crowd->now;
    }
}

void crowd_checker_open(struct crowd_checker *checker, struct crowd *crowd)
{
    memset(checker, 0, sizeof *checker);
    checker->crowd = crowd;
    crowd->judge = judge;
    crowd->watch = watch;
    watching = checker;
}

void crowd_checker_end(struct crowd_checker *checker)
{
    const struct rollout_state *state = &checker->crowd->state;
    const struct rollout_waiting *waits = state->waits;
    uint32_t open = 0;
    for (size_t i = 0; i < checker->crowd->count; i++) {
        open += checker->crowd->acting == CROWD_SEATS || is_open(checker->crowd, i);
    }
    checker->checked[7]++;
    checker->checked[8] += open == 0;
    if (state->phase == ROLLOUT_RUNNING && open == 0 &&
        (waits[ROLLOUT_WAIT_BUDGET].count > 0 || waits[ROLLOUT_WAIT_BUSY].count > 0)) {
        breach(checker, 'i', "%s waits by another node's word",
               waits[ROLLOUT_WAIT_BUDGET].count > 0 ? waits[ROLLOUT_WAIT_BUDGET].node
                                                    : waits[ROLLOUT_WAIT_BUSY].node);
    }
    if (!rollout_phase_is_end(state->phase) && strstr(state->waiting, "gw-") == NULL) {
        breach(checker, 'h', "it is %s and waits for \"%s\"", rollout_phase_word(state->phase),
               state->waiting);
    }
}
