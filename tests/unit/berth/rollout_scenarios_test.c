/* rollout_scenarios: every key of a spec, over a small fleet, as a trace that a person reads. A
 * scenario is a spec whose comments "#: ..." tell of the fleet and of what happens; its trace lies
 * beside it. BERTH_TRACES_WRITE=1 writes the traces anew: read them before they are kept. */
#include <dirent.h>
#include <stdarg.h>

#include "agent/wire/duration.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/rollout_spec.h"
#include "tests/check.h"
#include "tests/unit/fleet/crowd.h"

#define TRACE_BYTES 65536
#define ACTS_MAX    16

struct act {
    int64_t at_ms;
    char verb[16], node[NODE_NAME_BYTES];
    bool is_done;
};

static struct crowd crowd;
static char trace[TRACE_BYTES];
static struct text line;
static struct act acts[ACTS_MAX];
static size_t act_count;
static int64_t until_ms;
static char ordered[4096], said[ROLLOUT_TEXT_BYTES + 64];

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void say(const char *fmt, ...)
{
    char text[4200];
    long long seconds = (crowd.now - CROWD_START) / 1000;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    text_printf(&line, "%02lld:%02lld:%02lld %s\n", seconds / 3600, seconds / 60 % 60, seconds % 60,
                text);
}

static void judge(struct crowd *at, size_t node, const struct planner_order *planned)
{
    size_t len = strlen(ordered);
    (void)snprintf(ordered + len, sizeof ordered - len, " %s%s", at->nodes[node].name,
                   planned->is_taken_back ? "(back)" : "");
}

/* -- the scenario ----------------------------------------------------------------------------- */

static size_t number_of(const char *word)
{
    return (size_t)strtoul(word, NULL, 10);
}

static void fate_set(const char *node, const char *word)
{
    static const char *const words[] = {"good",   "bad",      "refusing", "fading",
                                        "silent", "claiming", "flapping"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(words[i], word) == 0) {
            crowd.nodes[crowd_index(&crowd, node)].fate = (enum crowd_fate)i;
        }
    }
}

static void labels_put(const char *from, const char *to, const char *name, const char *value)
{
    static char names[8][32];
    static size_t count;
    char *kept = names[count++ % 8];
    (void)text_copy(kept, sizeof names[0], name);
    for (size_t i = number_of(from); i <= number_of(to); i++) {
        char pair[32];
        (void)snprintf(pair, sizeof pair, "p%zu", (i + 1) / 2);
        crowd_label(&crowd.nodes[i - 1], kept, strcmp(value, "PAIR") == 0 ? pair : value);
    }
}

static void directive(char *text)
{
    char *word[6] = {0};
    char *rest = NULL;
    size_t count = 0;
    for (char *at = strtok_r(text, " \n", &rest); at != NULL && count < 6;
         at = strtok_r(NULL, " \n", &rest)) {
        word[count++] = at;
    }
    if (count == 2 && strcmp(word[0], "until") == 0) {
        CHECK(duration_parse(word[1], &until_ms));
    } else if (count == 5 && strcmp(word[0], "label") == 0) {
        labels_put(word[1], word[2], word[3], word[4]);
    } else if (count == 3 && strcmp(word[0], "fate") == 0) {
        fate_set(word[1], word[2]);
    } else if (count >= 3 && strcmp(word[0], "at") == 0 && act_count < ACTS_MAX) {
        struct act *act = &acts[act_count++];
        *act = (struct act){0};
        CHECK(duration_parse(word[1], &act->at_ms));
        (void)text_copy(act->verb, sizeof act->verb, word[2]);
        (void)text_copy(act->node, sizeof act->node, count > 3 ? word[3] : "");
    } else {
        CHECK(count == 2 && strcmp(word[0], "nodes") == 0);
    }
}

static void act_do(const struct act *act)
{
    struct rollout_control *control = &crowd.control;
    say("-- %s%s%s", act->verb, act->node[0] != '\0' ? " " : "", act->node);
    if (strcmp(act->verb, "resume") == 0) {
        crowd_resume(&crowd);
    } else if (strcmp(act->verb, "pause") == 0 || strcmp(act->verb, "abort") == 0) {
        (void)text_copy(control->want, sizeof control->want, act->verb);
    } else if (strcmp(act->verb, "freeze") == 0) {
        int64_t for_ms = 0;
        CHECK(duration_parse(act->node, &for_ms));
        crowd.freeze = (struct freeze){.is_frozen = true,
                                       .serial = crowd.freeze.serial + 1,
                                       .reason = "open day",
                                       .since = crowd.now,
                                       .until = crowd.now + for_ms};
    } else if (strcmp(act->verb, "thaw") == 0) {
        crowd.freeze.is_frozen = false;
    } else if (strcmp(act->verb, "kill") == 0) {
        crowd_kill(&crowd);
    } else if (strcmp(act->verb, "skip") == 0) {
        (void)text_copy(control->skipped[control->skipped_count++], NODE_NAME_BYTES, act->node);
    } else if (strcmp(act->verb, "retry") == 0) {
        struct rollout_retry *retry = &control->retried[control->retried_count++];
        (void)text_copy(retry->node, sizeof retry->node, act->node);
        retry->before = crowd.now;
        crowd.nodes[crowd_index(&crowd, act->node)].fate = CROWD_GOOD;
    } else if (strcmp(act->verb, "offline") == 0 || strcmp(act->verb, "online") == 0) {
        crowd_connect(&crowd, crowd_index(&crowd, act->node), act->verb[1] == 'n');
    } else {
        CHECK(strcmp(act->verb, "override") == 0);
        crowd.nodes[crowd_index(&crowd, act->node)].is_overridden = true;
        crowd.nodes[crowd_index(&crowd, act->node)].version++;
    }
}

/* What changed: who is done, what the rollout says. */
static void changes_say(const struct crowd_told *before)
{
    char text[4096] = "";
    for (size_t i = 0; i < crowd.count; i++) {
        const struct crowd_told *now = &crowd.seats[0].told[i];
        size_t len = strlen(text);
        if (now->outcome != OUTCOME_NONE &&
            (now->outcome != before[i].outcome || strcmp(now->order_id, before[i].order_id) != 0)) {
            (void)snprintf(text + len, sizeof text - len, " %s %s", crowd.nodes[i].name,
                           outcome_word(now->outcome));
        }
    }
    if (text[0] != '\0') {
        say(" %s", text);
    }
    if (ordered[0] != '\0') {
        say("order%s", ordered);
    }
    char now[sizeof said];
    (void)snprintf(now, sizeof now, "%s%s%s", rollout_phase_word(crowd.state.phase),
                   crowd.state.waiting[0] != '\0' ? ", waiting for " : "", crowd.state.waiting);
    if (strcmp(now, said) != 0) {
        (void)text_copy(said, sizeof said, now);
        say("%s", said);
    }
}

static void scenario_run(void)
{
    static struct crowd_told before[CROWD_NODES_MAX];
    crowd.judge = judge;
    while (crowd.now < CROWD_START + until_ms && !rollout_phase_is_end(crowd.state.phase)) {
        memcpy(before, crowd.seats[0].told, sizeof before);
        ordered[0] = '\0';
        for (size_t i = 0; i < act_count; i++) {
            if (!acts[i].is_done && crowd.now >= CROWD_START + acts[i].at_ms) {
                acts[i].is_done = true;
                act_do(&acts[i]);
            }
        }
        crowd_tick(&crowd);
        changes_say(before);
    }
    const uint32_t *count = crowd.state.count;
    for (size_t i = 0; i < crowd.state.wave_count; i++) {
        const struct rollout_wave_state *wave = &crowd.state.waves[i];
        text_printf(&line, "wave %zu: %u of %u done, %u failed\n", crowd.state.wave_first + i + 1,
                    wave->done, wave->members, wave->failed);
    }
    text_printf(&line, "end: %s, %u of %u done\n", rollout_phase_word(crowd.state.phase),
                count[NODE_DONE], crowd.state.matched);
}

static void scenario_read(char *content, const char *name)
{
    struct rollout_words words = {0};
    struct err err = {0};
    char path[512];
    size_t nodes = 0;
    const char *at = strstr(content, "#: nodes ");
    CHECK(at != NULL);
    nodes = at != NULL ? number_of(at + 9) : 1;
    crowd_open(&crowd, 7, nodes);
    crowd.work_ms_max = 20000;
    crowd.spec.lost_after_ms = 300000;
    crowd.spec.start_by_ms = 300000;
    (void)snprintf(path, sizeof path, "%s/%s", SCENARIOS, name);
    CHECK_INT_EQ(rollout_spec_load(path, &crowd.spec, &words, &err), 0);
    rollout_spec_complete(&crowd.spec, &words);
    CHECK_INT_EQ(selector_parse(crowd.spec.selector, &crowd.selector, &err), 0);
    act_count = 0;
    until_ms = 7200000;
    for (char *here = strstr(content, "#: "); here != NULL; here = strstr(here + 1, "#: ")) {
        char text[128];
        size_t len = strcspn(here, "\n");
        (void)snprintf(text, sizeof text, "%.*s", (int)(len < 127 ? len : 127), here + 3);
        text[strcspn(text, "\n")] = '\0';
        directive(text);
    }
    for (size_t s = 0; s < CROWD_SEATS; s++) { /* labels are known from the start */
        for (size_t i = 0; i < nodes; i++) {
            crowd.nodes[i].version++;
        }
    }
}

static void trace_check(const char *name)
{
    char path[512];
    char *wanted = NULL;
    size_t len = 0;
    struct err err = {0};
    (void)snprintf(path, sizeof path, "%s/%.*s.trace", SCENARIOS, (int)(strlen(name) - 5), name);
    if (getenv("BERTH_TRACES_WRITE") != NULL) {
        CHECK_INT_EQ(file_write(path, span_of(trace, line.len), 0644, &err), 0);
        return;
    }
    CHECK_INT_EQ(file_read(path, TRACE_BYTES, &wanted, &len, &err), 0);
    if (wanted == NULL || strcmp(wanted, trace) != 0) {
        printf("    %s: the trace is now:\n%s", name, trace);
        CHECK(wanted != NULL && strcmp(wanted, trace) == 0);
    }
    free(wanted);
}

static void one(const char *name)
{
    char path[512];
    char *content = NULL;
    size_t len = 0;
    struct err err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", SCENARIOS, name);
    CHECK_INT_EQ(file_read(path, 65536, &content, &len, &err), 0);
    text_init(&line, trace, sizeof trace);
    said[0] = '\0';
    if (content != NULL) {
        scenario_read(content, name);
        scenario_run();
        trace_check(name);
        crowd_close(&crowd);
    }
    free(content);
}

static int is_spec(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static void case_scenarios(void)
{
    struct dirent **list = NULL;
    int count = scandir(SCENARIOS, &list, is_spec, alphasort);
    CHECK(count >= 20);
    for (int i = 0; i < count; i++) {
        int before = check_failures_;
        one(list[i]->d_name);
        printf("    %s %s\n", check_failures_ == before ? "ok" : "FAILED", list[i]->d_name);
        free(list[i]);
    }
    free(list);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"scenarios", case_scenarios}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
