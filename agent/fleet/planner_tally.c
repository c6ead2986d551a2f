/* planner_tally: what each node adds to a plan, kept; sums, and sets by name.
 *
 * A part is what planner_count would find of one node. It is a function of the node, the rollout
 * and the time, and holds until the roster notes a change of the node or its time comes (`wake`).
 * What depends on more than that (the waves that are open, the operator's control, who is there at
 * all) makes all parts anew: that is rare, and costs as much as planner_count. */
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/planner_private.h"
#include "agent/fleet/planner_tally_private.h"
#include "platform/base/law.h"

#define MINUTE_MS  60000
#define DUES_SPARE 1024

static bool is_staged(const struct turn *turn)
{
    return rollout_shape_is_staged(&turn->rollout->spec->shape);
}

/* -- one node --------------------------------------------------------------------------------- */

/* Asks a note of planner_count what it would write, without writing it. */
static wall_ms wake_of(struct turn *turn, const struct roster_node *node)
{
    wall_ms before = turn->result->wake_at;
    turn->result->wake_at = 0;
    planner_wake_note(turn, node);
    wall_ms wake = turn->result->wake_at;
    turn->result->wake_at = before;
    return wake;
}

static void sample_judge(struct turn *turn, const struct roster_node *node, struct part *part)
{
    struct failure_sample before = turn->sample;
    bool is_canary = part->wave == 0 && turn->result->state.wave_first == 0;
    turn->sample = (struct failure_sample){0};
    bool is_new = planner_sample_note(turn, node, (enum node_condition)part->condition, is_canary);
    const struct failure_sample *sample = &turn->sample;
    part->weight = (uint32_t)(sample->weight + sample->weight_before);
    part->flags |= (sample->finals > 0 ? PART_FINAL : 0u) |
                   (sample->finals_before > 0 ? PART_FINAL_BEFORE : 0u) |
                   (sample->canary > 0 ? PART_CANARY : 0u) | (is_new ? PART_NEW_FAILURE : 0u);
    turn->sample = before;
}

/* planner_condition is asked once: what planner_is_next, planner_condition_of and
 * planner_budgets_node would ask it again is concluded here. */
static void meant_judge(struct turn *turn, const struct roster_node *node,
                        const struct roster_app *app, struct part *part)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    enum node_condition alone = planner_condition(turn->rollout, node, turn->now);
    enum node_condition condition =
        alone == NODE_DONE && turn->has_vanished ? planner_condition_of(turn, node) : alone;
    size_t wave = waves_of(&turn->waves, &turn->result->state, node);
    bool is_in_wave = wave != WAVES_NONE;
    bool is_gone = alone == NODE_DONE ? planner_is_changed_and_gone(turn, node)
                                      : planner_is_gone_long(turn, node);
    bool is_changing = (part->flags & PART_CHANGING) != 0;
    bool holds_slot = alone == NODE_CHANGING || alone == NODE_LOST;
    bool is_next = alone == NODE_PENDING && (is_in_wave || !is_staged(turn));
    part->condition = (uint8_t)condition;
    part->wave = is_in_wave ? (uint8_t)wave : PART_NO_WAVE;
    part->flags |= (alone == NODE_DONE ? PART_DONE : 0u) | (is_gone ? PART_GONE : 0u) |
                   (app != NULL && planner_is_ours(&app->order, spec) ? PART_ORDERED : 0u) |
                   (is_next ? PART_NEXT : 0u) | (holds_slot ? PART_HOLDS_SLOT : 0u) |
                   (alone == NODE_CHANGING ? PART_UNSTEADY : 0u) |
                   (app != NULL && planner_is_back(turn, node) ? PART_BACK : 0u) |
                   (planner_is_failure(spec, condition) ? PART_FAILURE : 0u) |
                   (alone == NODE_CHANGING && !is_changing ? PART_WAITED_FOR : 0u);
    sample_judge(turn, node, part);
}

static struct part part_judge(struct turn *turn, const struct roster_node *node)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    const struct roster_app *app = roster_app_find(node, spec->app);
    struct part part = {.condition = NODE_CONDITION_COUNT, .wave = PART_NO_WAVE};
    bool is_changing = planner_node_is_changing(node, turn->now);
    bool is_ours = app != NULL && app->order.is_there && strcmp(app->order.rollout, spec->id) == 0;
    part.wake = wake_of(turn, node);
    part.flags = (is_changing ? PART_CHANGING | PART_HOLDS_SLOT : 0u) |
                 (is_changing || !budgets_is_serving(node) ? PART_UNSTEADY : 0u) |
                 (is_ours && planner_is_revocable(spec, node) ? PART_REVOCABLE : 0u) |
                 (is_ours && app->order.issued > turn->now - MINUTE_MS ? PART_RECENT : 0u);
    if (planner_is_meant(turn->rollout, node)) {
        meant_judge(turn, node, app, &part);
    }
    return part;
}

/* -- into the sums and out of them ------------------------------------------------------------ */

static void wave_sum(struct planner_tally *tally, const struct part *part, uint32_t one)
{
    struct tally_wave *wave = &tally->waves[part->wave];
    enum node_condition condition = (enum node_condition)part->condition;
    bool is_failure = (part->flags & PART_FAILURE) != 0;
    wave->members += one;
    wave->done += condition == NODE_DONE ? one : 0;
    wave->failed += is_failure ? one : 0;
    wave->changing += condition == NODE_CHANGING ? one : 0;
    wave->pending += condition == NODE_PENDING ? one : 0;
    wave->offline += condition == NODE_OFFLINE && !is_failure ? one : 0;
    wave->gone += condition == NODE_OVERRIDDEN || condition == NODE_SKIPPED ? one : 0;
    wave->bad += (part->flags & PART_NEW_FAILURE) != 0 ? one : 0;
}

/* `one` is 1, or UINT32_MAX to take it out again: unsigned sums wrap around. */
static void part_sum(struct planner_tally *tally, const struct part *part, uint32_t one)
{
    uint64_t wide = one == 1 ? 1 : UINT64_MAX;
    tally->changing += (part->flags & PART_CHANGING) != 0 ? one : 0;
    if (part->condition == NODE_CONDITION_COUNT) {
        return;
    }
    bool is_done = (part->flags & PART_DONE) != 0;
    tally->matched += one;
    tally->count[part->condition] += one;
    tally->ordered += (part->flags & PART_ORDERED) != 0 ? one : 0;
    tally->waited_for += (part->flags & PART_WAITED_FOR) != 0 ? one : 0;
    tally->with[!is_done] += wide;
    tally->gone[!is_done] += (part->flags & PART_GONE) != 0 ? wide : 0;
    tally->sample.finals += (part->flags & PART_FINAL) != 0 ? one : 0;
    tally->sample.finals_before += (part->flags & PART_FINAL_BEFORE) != 0 ? one : 0;
    tally->sample.canary += (part->flags & PART_CANARY) != 0 ? one : 0;
    tally->sample.weight += (part->flags & PART_FINAL) != 0 ? part->weight * wide : 0;
    tally->sample.weight_before += (part->flags & PART_FINAL_BEFORE) != 0 ? part->weight * wide : 0;
    if (part->wave != PART_NO_WAVE) {
        wave_sum(tally, part, one);
    }
}

static void part_sets(struct planner_tally *tally, const struct turn *turn, const struct part *part,
                      size_t rank)
{
    enum node_condition condition = (enum node_condition)part->condition;
    size_t last = turn->result->state.wave_count - 1;
    bool is_last = part->wave != PART_NO_WAVE && part->wave == last;
    bool is_failure = (part->flags & PART_FAILURE) != 0;
    const bool is_in[TALLY_SETS] = {
        [PLANNER_NEXT] = (part->flags & PART_NEXT) != 0,
        [PLANNER_REVOCABLE] = (part->flags & PART_REVOCABLE) != 0,
        [PLANNER_BACK] = (part->flags & PART_BACK) != 0,
        [TALLY_CHANGING] = condition == NODE_CHANGING,
        [TALLY_BUSY] = condition == NODE_BUSY && (part->flags & PART_CHANGING) != 0,
        [TALLY_STUCK] = condition == NODE_BUSY && (part->flags & PART_CHANGING) == 0,
        [TALLY_OFFLINE] = condition == NODE_OFFLINE,
        [TALLY_FAILED] = is_failure,
        [TALLY_FAILED_NEW] = is_failure && (part->flags & PART_NEW_FAILURE) != 0,
        [TALLY_LAST_MEMBER] = is_last,
        [TALLY_LAST_NOT_DONE] = is_last && condition != NODE_DONE,
        [TALLY_DONE_GONE] = (part->flags & PART_DONE) != 0 && (part->flags & PART_GONE) != 0,
        [TALLY_RECENT] = (part->flags & PART_RECENT) != 0,
    };
    for (size_t i = 0; i < TALLY_SETS; i++) {
        ranks_set(&tally->sets[i], rank, is_in[i]);
    }
}

/* -- groups ----------------------------------------------------------------------------------- */

/* The number of a group, or of those with the same label for peers; 0: none. No memory: the tally
 * is not used. */
static uint32_t group_number(struct planner_tally *tally, size_t label, const char *value)
{
    char key[1 + NODE_NAME_BYTES + ROLLOUT_LABEL_BYTES];
    size_t len = strlen(value);
    key[0] = (char)('0' + label);
    memcpy(key + 1, value, len);
    uint32_t number = words_find(&tally->groups, key, 1 + len);
    number = number != 0 ? number : words_take(&tally->groups, key, 1 + len);
    if (number >= tally->group_cap) {
        size_t cap = 2 * (size_t)number + 64;
        uint32_t *held = realloc(tally->held, cap * sizeof *held);
        if (held == NULL) {
            number = 0;
        } else {
            memset(held + tally->group_cap, 0, (cap - tally->group_cap) * sizeof *held);
            tally->held = held;
            tally->group_cap = cap;
        }
    }
    tally->is_broken |= number == 0;
    return number;
}

static void groups_take(struct planner_tally *tally, const struct rollout_spec *spec,
                        const struct roster_node *node)
{
    uint32_t *own = &tally->group_of[node->rank * tally->group_labels];
    for (size_t i = 0; i < tally->group_labels; i++) {
        bool is_peers = i == spec->shape.group_count;
        const char *value =
            is_peers ? roster_label(node, spec->shape.peers) : budgets_group(spec, i, node);
        own[i] = value != NULL ? group_number(tally, i, value) : 0;
    }
}

static void groups_sum(struct planner_tally *tally, const struct rollout_spec *spec,
                       const struct part *part, size_t rank, uint32_t one)
{
    for (size_t i = 0; i < tally->group_labels; i++) {
        uint32_t number = tally->group_of[rank * tally->group_labels + i];
        uint32_t flag = i == spec->shape.group_count ? PART_UNSTEADY : PART_HOLDS_SLOT;
        if (number != 0 && (part->flags & flag) != 0) {
            tally->held[number] += one;
        }
    }
}

/* Others of the same number who count, with those whom this very plan orders. */
static uint32_t others_held(const struct turn *turn, size_t label, const struct roster_node *node,
                            uint32_t flag)
{
    const struct planner_tally *tally = turn->tally;
    const struct planner_result *result = turn->result;
    size_t labels = tally->group_labels;
    uint32_t number = tally->group_of[node->rank * labels + label];
    uint32_t count = tally->held[number] - ((tally->parts[node->rank].flags & flag) != 0 ? 1 : 0);
    for (size_t i = 0; i < result->order_count; i++) {
        size_t rank = result->orders[i].node;
        count += rank != node->rank && tally->group_of[rank * labels + label] == number &&
                 (tally->parts[rank].flags & flag) == 0;
    }
    return count;
}

static bool is_group_full(const void *ctx, size_t label, const struct roster_node *node)
{
    const struct turn *turn = ctx;
    return others_held(turn, label, node, PART_HOLDS_SLOT) >= turn->rollout->spec->shape.group_max;
}

static bool has_peers(const void *ctx, const struct roster_node *node)
{
    const struct turn *turn = ctx;
    return others_held(turn, turn->rollout->spec->shape.group_count, node, PART_UNSTEADY) == 0;
}

static uint32_t recent(const void *ctx, wall_ms after, wall_ms *first)
{
    const struct turn *turn = ctx;
    struct ranks *set = &turn->tally->sets[TALLY_RECENT];
    uint32_t count = 0;
    for (size_t i = ranks_next(set, 0); i != RANKS_NONE; i = ranks_next(set, i + 1)) {
        const struct roster_app *app =
            roster_app_find(roster_at(turn->roster, i), turn->rollout->spec->app);
        if (app->order.issued > after) {
            *first = *first == 0 || app->order.issued < *first ? app->order.issued : *first;
            count++;
        } else {
            ranks_set(set, i, false); /* a minute that is over stays over */
        }
    }
    return count;
}

void planner_tally_budgets(struct turn *turn)
{
    turn->budgets.sums = (struct budgets_sums){
        .ctx = turn, .is_group_full = is_group_full, .has_peers = has_peers, .recent = recent};
}

/* -- keeping it ------------------------------------------------------------------------------- */

static void node_take(struct planner_tally *tally, struct turn *turn,
                      const struct roster_node *node, bool is_first)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    struct part *part = &tally->parts[node->rank];
    wall_ms wake = is_first ? 0 : part->wake;
    if (!is_first) {
        part_sum(tally, part, UINT32_MAX);
        groups_sum(tally, spec, part, node->rank, UINT32_MAX);
    }
    groups_take(tally, spec, node);
    *part = part_judge(turn, node);
    part_sum(tally, part, 1);
    groups_sum(tally, spec, part, node->rank, 1);
    part_sets(tally, turn, part, node->rank);
    if (part->wake != 0 && part->wake != wake) {
        tally->is_broken |= !dues_add(&tally->dues, part->wake, node->rank);
    }
    tally->judged++;
}

static bool memory_make(struct planner_tally *tally, const struct turn *turn)
{
    const struct rollout_shape *shape = &turn->rollout->spec->shape;
    size_t nodes = turn->roster->node_count;
    tally->group_labels = shape->group_count + (shape->peers[0] != '\0');
    tally->parts = calloc(nodes + 1, sizeof *tally->parts);
    tally->group_of = calloc((nodes + 1) * (tally->group_labels + 1), sizeof *tally->group_of);
    bool is_made = tally->parts != NULL && tally->group_of != NULL;
    for (size_t i = 0; i < TALLY_SETS && is_made; i++) {
        is_made = ranks_init(&tally->sets[i], nodes);
    }
    return is_made;
}

/* Everything that every part depends on. */
static void base_take(struct planner_tally *tally, const struct turn *turn)
{
    const struct rollout_state *state = &turn->result->state;
    memcpy(tally->rollout, turn->rollout->spec->id, sizeof tally->rollout);
    tally->control = *turn->rollout->control;
    tally->members = turn->roster->members;
    tally->wave_count = state->wave_count;
    tally->wave_first = state->wave_first;
    tally->burst_at = state->burst_at;
    for (size_t i = 0; i < state->wave_count; i++) {
        tally->cuts[i] = state->waves[i].cut;
    }
}

static bool is_control_same(const struct rollout_control *a, const struct rollout_control *b)
{
    bool is_same = a->resumed_at == b->resumed_at && a->skipped_count == b->skipped_count &&
                   a->retried_count == b->retried_count;
    for (size_t i = 0; i < a->skipped_count && is_same; i++) {
        is_same = strcmp(a->skipped[i], b->skipped[i]) == 0;
    }
    for (size_t i = 0; i < a->retried_count && is_same; i++) {
        is_same = a->retried[i].before == b->retried[i].before &&
                  strcmp(a->retried[i].node, b->retried[i].node) == 0;
    }
    return is_same;
}

static bool is_base_same(const struct planner_tally *tally, const struct turn *turn)
{
    const struct rollout_state *state = &turn->result->state;
    bool is_same = tally->is_made && !tally->is_broken && turn->now >= tally->now &&
                   strcmp(tally->rollout, turn->rollout->spec->id) == 0 &&
                   tally->members == turn->roster->members &&
                   tally->wave_count == state->wave_count &&
                   tally->wave_first == state->wave_first && tally->burst_at == state->burst_at &&
                   is_control_same(&tally->control, turn->rollout->control);
    for (size_t i = 0; i < state->wave_count && is_same; i++) {
        is_same = tally->cuts[i] == state->waves[i].cut;
    }
    return is_same;
}

static void recount(struct planner_tally *tally, struct turn *turn)
{
    planner_tally_forget(tally);
    tally->recounts++;
    if (!memory_make(tally, turn)) {
        tally->is_broken = true;
        return;
    }
    base_take(tally, turn);
    tally->is_made = true;
    turn->has_vanished = false;
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        node_take(tally, turn, roster_at(turn->roster, i), true);
    }
}

/* Who has changed, and whose time has come. */
static void changes_take(struct planner_tally *tally, struct turn *turn)
{
    const uint32_t *numbers;
    size_t count;
    size_t rank;
    if (!is_base_same(tally, turn) || !roster_changes(turn->roster, &numbers, &count)) {
        recount(tally, turn);
        return;
    }
    turn->has_vanished = tally->has_vanished;
    for (size_t i = 0; i < count; i++) {
        node_take(tally, turn, roster_by_number(turn->roster, numbers[i]), false);
    }
    if (tally->dues.count > 2 * turn->roster->node_count + DUES_SPARE) {
        tally->is_broken |= !dues_refill(&tally->dues, tally->parts, turn->roster->node_count);
    }
    while ((rank = dues_take(&tally->dues, turn->now)) != SIZE_MAX) {
        if (tally->parts[rank].wake != 0 && tally->parts[rank].wake <= turn->now) {
            node_take(tally, turn, roster_at(turn->roster, rank), false);
        }
    }
}

/* That many fell silent may be the release, or may be no more: then those are judged anew. */
static void vanished_take(struct planner_tally *tally, struct turn *turn)
{
    const struct ranks *set = &tally->sets[TALLY_DONE_GONE];
    bool has_vanished = planner_has_vanished(turn, tally->with, tally->gone);
    if (has_vanished == tally->has_vanished) {
        return;
    }
    tally->has_vanished = turn->has_vanished = has_vanished;
    for (size_t i = ranks_next(set, 0); i != RANKS_NONE; i = ranks_next(set, i + 1)) {
        node_take(tally, turn, roster_at(turn->roster, i), false);
    }
}

/* False: there is no memory for it. */
static bool tally_take(struct planner_tally *tally, struct turn *turn)
{
    if (turn->roster->node_count > 0) {
        (void)roster_at(turn->roster, 0); /* ranks are true then */
    }
    changes_take(tally, turn);
    if (!tally->is_broken) {
        vanished_take(tally, turn);
    }
    tally->now = turn->now;
    return !tally->is_broken;
}

void planner_tally_take(struct planner_tally *tally, const struct planner_rollout *rollout,
                        const struct roster *roster, wall_ms now)
{
    struct planner_result result;
    struct turn turn = {.rollout = rollout, .roster = roster, .now = now, .result = &result};
    planner_begin(&turn);
    (void)tally_take(tally, &turn);
}

/* -- telling it ------------------------------------------------------------------------------- */

static const char *first_name(const struct turn *turn, enum tally_set set)
{
    size_t rank = ranks_next(&turn->tally->sets[set], 0);
    return rank != RANKS_NONE ? roster_at(turn->roster, rank)->name : "";
}

static void wait_tell(struct turn *turn, enum rollout_wait wait, enum tally_set set)
{
    struct rollout_waiting *waiting = &turn->result->state.waits[wait];
    waiting->count = (uint32_t)turn->tally->sets[set].count;
    if (waiting->count > 0) {
        (void)text_copy(waiting->node, sizeof waiting->node, first_name(turn, set));
    }
}

static void current_tell(struct turn *turn)
{
    const struct ranks *set = &turn->tally->sets[TALLY_CHANGING];
    struct rollout_state *state = &turn->result->state;
    for (size_t i = ranks_next(set, 0);
         i != RANKS_NONE && state->current_count < ROLLOUT_CURRENT_MAX;
         i = ranks_next(set, i + 1)) {
        (void)text_copy(state->current[state->current_count++], NODE_NAME_BYTES,
                        roster_at(turn->roster, i)->name);
    }
}

static void failure_tell(struct turn *turn)
{
    const struct planner_tally *tally = turn->tally;
    bool is_new = tally->sets[TALLY_FAILED_NEW].count > 0;
    size_t rank = ranks_next(&tally->sets[is_new ? TALLY_FAILED_NEW : TALLY_FAILED], 0);
    if (rank != RANKS_NONE) {
        planner_note_failure(turn, roster_at(turn->roster, rank),
                             (enum node_condition)tally->parts[rank].condition, is_new);
    }
}

static void waves_tell(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    for (size_t i = 0; i < state->wave_count; i++) {
        const struct tally_wave *wave = &turn->tally->waves[i];
        struct planner_wave *more = &turn->wave[i];
        state->waves[i].members = wave->members;
        state->waves[i].done = wave->done;
        state->waves[i].failed = wave->failed;
        state->waves[i].changing = wave->changing;
        more->pending = wave->pending;
        more->offline = wave->offline;
        more->gone = wave->gone;
        more->bad = wave->bad;
    }
    if (state->wave_count > 0) { /* of the others nobody is asked by name */
        struct planner_wave *last = &turn->wave[state->wave_count - 1];
        (void)text_copy(last->node, sizeof last->node, first_name(turn, TALLY_LAST_NOT_DONE));
        (void)text_copy(last->member, sizeof last->member, first_name(turn, TALLY_LAST_MEMBER));
    }
}

void planner_tally_count(struct turn *turn)
{
    struct planner_tally *tally = turn->tally;
    struct rollout_state *state = &turn->result->state;
    if (!tally_take(tally, turn)) {
        turn->tally = NULL;
        turn->others = turn->changing = planner_changing(turn->roster, turn->now);
        planner_count(turn);
        return;
    }
    state->matched = tally->matched;
    memcpy(state->count, tally->count, sizeof state->count);
    turn->others = tally->changing;
    turn->changing = tally->changing + tally->waited_for;
    turn->ordered = tally->ordered;
    turn->sample = tally->sample;
    turn->has_new_failure = tally->sets[TALLY_FAILED_NEW].count > 0;
    wait_tell(turn, ROLLOUT_WAIT_CHANGING, TALLY_CHANGING);
    wait_tell(turn, ROLLOUT_WAIT_BUSY, TALLY_BUSY);
    wait_tell(turn, ROLLOUT_WAIT_STUCK, TALLY_STUCK);
    wait_tell(turn, ROLLOUT_WAIT_OFFLINE, TALLY_OFFLINE);
    current_tell(turn);
    failure_tell(turn);
    if (is_staged(turn)) {
        waves_tell(turn);
    }
    planner_wake_at(turn, dues_first(&tally->dues, tally->parts));
}

size_t planner_tally_walk(const struct planner_tally *tally, enum planner_set set, size_t from)
{
    LAW(BUDGET, set < PLANNER_SETS);
    return ranks_next(&tally->sets[set], from);
}
