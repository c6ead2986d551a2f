/* trials: one allocation of berthd fails, or all from one on until memory is back: at each of a
 * start and of a swap. Judged are the end of the process, its words and the verdict. usage:
 * alloc_trials start|swap BERTHD PRELOAD DIR RELEASE-A RELEASE-B [--step N] [--from N] [--to N]
 *                     [--for N] [--speed N] [--verbose] */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/alloc/agent.h"
#include "tests/alloc/engine.h"

enum { RELEASES = 6, RELEASE_BYTES_MAX = 98304, TEXT_BYTES = 65536, PORT = 8080, READY_MS = 30000 };

/* A swap that meets no failure takes about 3 s of the agent's time; this is its limit. */
enum { SWAP_LIMIT_S = 150 };
/* What nobody need know of: absorbed within this, by a try again or a way around. */
enum { QUIET_MS = 6000 };

struct release {
    char bytes[RELEASE_BYTES_MAX];
    size_t len;
    char hex[65]; /* the digest of its payload */
};

static struct {
    struct agent agent;
    struct release releases[RELEASES];
    unsigned long step, from, to, span, speed;
    bool is_verbose;
    const char *broker_log; /* NULL: there is no broker */
    long broker_from;
    size_t now; /* the release that serves */
    unsigned long tried, struck, exits, refused, kept_old, quiet, broken;
    int64_t longest_ms; /* of the agent's time, for one swap */
} run = {.step = 1, .from = 1, .to = ULONG_MAX, .span = 1, .speed = 10};

static char text[TEXT_BYTES];

static void breach(unsigned long number, const char *what)
{
    const struct alloc_page *page = run.agent.page;
    run.broken++;
    printf("    allocation %lu: %s\n      at", number, what);
    for (size_t i = 0; i < ALLOC_FRAMES && page->frames[i] != 0; i++) {
        printf(" 0x%llx", (unsigned long long)page->frames[i]);
    }
    printf("\n");
    agent_log_print(&run.agent);
    (void)fflush(stdout);
}

/* --- what the agent says of itself --- */

static bool status_get(void)
{
    return agent_ask(&run.agent, "GET", "/v1/status", NULL, 0, text, sizeof text) == 200;
}

static bool status_has(const char *words)
{
    return strstr(text, words) != NULL;
}

static void broker_mark(void)
{
    FILE *file = run.broker_log == NULL ? NULL : fopen(run.broker_log, "r");
    if (file != NULL) {
        (void)fseek(file, 0, SEEK_END);
        run.broker_from = ftell(file);
        fclose(file);
    }
}

/* The broker has greeted somebody since the mark. */
static bool is_connected(void)
{
    char line[512];
    bool is_found = run.broker_log == NULL;
    FILE *file = is_found ? NULL : fopen(run.broker_log, "r");
    if (file != NULL && fseek(file, run.broker_from, SEEK_SET) == 0) {
        while (!is_found && fgets(line, sizeof line, file) != NULL) {
            is_found = strstr(line, "New client connected") != NULL;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return is_found;
}

static bool is_at_rest(void)
{
    return is_connected() && status_get() && status_has("\"settled\":true") &&
           status_has("\"up\":true");
}

/* False when the agent ends, or the limit comes first. */
static bool wait_for_rest(int64_t limit_ms)
{
    int64_t until = machine_ms() + limit_ms;
    while (agent_is_alive(&run.agent) && machine_ms() < until) {
        if (is_at_rest()) {
            return true;
        }
        machine_sleep(20);
    }
    return false;
}

/* What serves: the digest after "committed" in the status that was read last. */
static void committed_copy(char hex[65])
{
    const char *at = strstr(text, "\"committed\":{");
    at = at == NULL ? NULL : strstr(at, "\"release\":\"");
    (void)snprintf(hex, 65, "%.64s", at == NULL ? "" : at + strlen("\"release\":\""));
}

static bool activate(size_t which)
{
    const struct release *release = &run.releases[which];
    fake_engine_forget_images();
    return agent_ask(&run.agent, "POST", "/v1/activate", release->bytes, release->len, text,
                     sizeof text) == 202;
}

/* True when the release serves alone, and nobody says otherwise. */
static bool serves(size_t which)
{
    char hex[65];
    bool are_all = false;
    committed_copy(hex);
    return strcmp(hex, run.releases[which].hex) == 0 && fake_engine_running(hex, &are_all) == 1 &&
           are_all;
}

static size_t next_release(void)
{
    return (run.now + 1) % RELEASES;
}

/* A swap with nothing in its way. */
static bool swap_in_peace(size_t which)
{
    for (int tries = 0; tries < 3; tries++) {
        if (activate(which) || status_has("already")) {
            break;
        }
    }
    machine_sleep(5);
    bool is_good = wait_for_rest(READY_MS) && serves(which);
    run.now = is_good ? which : run.now;
    return is_good;
}

static void state_remove(void)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/state", run.agent.dir);
    DIR *stream = opendir(path);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/state/%s", run.agent.dir, entry->d_name);
        (void)unlink(path); /* a folder, or what is not there, stays */
    }
    if (stream != NULL) {
        closedir(stream);
    }
}

static bool begin_anew(void)
{
    agent_kill(&run.agent);
    fake_engine_reset();
    state_remove();
    agent_start(&run.agent, 0, 0);
    return wait_for_rest(READY_MS) && swap_in_peace(0) && swap_in_peace(1);
}

/* --- the trials --- */

/* An end of its own will says why; anything else is a crash. */
static void exit_judge(unsigned long number)
{
    int status = run.agent.wait_status;
    run.exits++;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_FAILURE) {
        breach(number, WIFSIGNALED(status) ? "killed by a signal" : "ended with another status");
    } else if (!agent_log_has(&run.agent, "memory")) {
        breach(number, "ended without a word of memory");
    }
}

static void memory_named(unsigned long number, int64_t past_ms, int64_t usual_ms)
{
    if (run.agent.page->failed == 0 || agent_log_has(&run.agent, "memory")) {
        return;
    }
    run.quiet++;
    if (past_ms > usual_ms + QUIET_MS) { /* it cost something, and nobody knows what */
        breach(number, "slow without a word of memory");
    }
}

static void start_trial(unsigned long number)
{
    bool was_struck;
    agent_log_mark(&run.agent);
    broker_mark();
    agent_start(&run.agent, number, number + run.span - 1);
    int64_t began = machine_ms();
    while (agent_is_alive(&run.agent) && !is_at_rest() && machine_ms() - began < READY_MS) {
        machine_sleep(3);
        if (run.span > 1 && run.agent.page->failed > 0 && machine_ms() - began > 2000) {
            agent_heal(&run.agent);
        }
    }
    was_struck = run.agent.page->failed > 0;
    run.struck += was_struck;
    if (!agent_is_alive(&run.agent)) {
        exit_judge(number);
        return;
    }
    if (machine_ms() - began >= READY_MS) {
        breach(number, "neither up nor ended");
    } else if (!serves(run.now)) {
        breach(number, "something else serves");
    }
    agent_heal(&run.agent);
    int64_t past = (machine_ms() - began) * (int64_t)run.speed;
    run.longest_ms = past > run.longest_ms ? past : run.longest_ms;
    memory_named(number, past, 3000);
    if (run.is_verbose) {
        printf("    %lu: up, %lld ms\n", number, (long long)past);
    }
    if (!agent_stop(&run.agent)) {
        breach(number, "does not end");
    }
}

static void run_starts(void)
{
    if (!agent_stop(&run.agent)) {
        breach(0, "does not end");
    }
    for (unsigned long n = run.from; n <= run.to; n += run.step) {
        unsigned long before = run.struck;
        start_trial(n);
        run.tried++;
        if (run.struck == before) {
            break; /* a start has no more */
        }
    }
    agent_start(&run.agent, 0, 0);
    if (!wait_for_rest(READY_MS) || !serves(run.now)) {
        breach(0, "after all starts something else serves");
    }
}

/* What came of the wish; the memory is back. */
static void swap_judge(unsigned long number, bool is_accepted, size_t wanted)
{
    if (serves(wanted)) {
        run.now = wanted;
    } else if (!serves(run.now)) {
        breach(number, "neither old nor new serves alone");
    } else if (status_has("\"verdict\":\"bad\"")) {
        breach(number, "the release is blamed");
    } else {
        run.kept_old += is_accepted;
    }
}

static void swap_trial(unsigned long number, int64_t usual_ms)
{
    size_t wanted = next_release();
    agent_log_mark(&run.agent);
    agent_fail(&run.agent, number, number + run.span - 1);
    int64_t began = machine_ms();
    bool is_accepted = activate(wanted);
    bool is_named = strcasestr(text, "memory") != NULL;
    run.refused += !is_accepted;
    if (run.span > 1) {
        machine_sleep(500);
        agent_heal(&run.agent);
    }
    machine_sleep(5);
    bool is_rest = wait_for_rest(SWAP_LIMIT_S * 1000 / (int64_t)run.speed);
    int64_t past = (machine_ms() - began) * (int64_t)run.speed;
    bool was_struck = run.agent.page->failed > 0;
    run.struck += was_struck;
    agent_heal(&run.agent);
    if (!agent_is_alive(&run.agent)) {
        exit_judge(number);
        agent_start(&run.agent, 0, 0);
        is_rest = wait_for_rest(READY_MS);
    }
    if (!is_rest) {
        breach(number, "no rest within the limit");
        is_rest = wait_for_rest(READY_MS);
    }
    run.longest_ms = past > run.longest_ms ? past : run.longest_ms;
    swap_judge(number, is_accepted, wanted);
    if (!is_named) {
        memory_named(number, past, usual_ms);
    }
    if (run.is_verbose) {
        printf("    %lu: %s, %lld ms\n", number, run.now == wanted ? "new" : "old",
               (long long)past);
        if (past > usual_ms + QUIET_MS) {
            agent_log_print(&run.agent);
        }
    }
    if (!swap_in_peace(next_release())) {
        breach(number, "the next swap is not good");
        if (!begin_anew()) {
            breach(number, "cannot begin anew");
        }
    }
}

static void run_swaps(void)
{
    int64_t began = machine_ms();
    uint64_t count = run.agent.page->count;
    if (!swap_in_peace(next_release())) {
        breach(0, "a swap in peace is not good");
        return;
    }
    unsigned long whole = (unsigned long)(run.agent.page->count - count);
    int64_t usual = (machine_ms() - began) * (int64_t)run.speed;
    printf("    a swap in peace: %lu allocations, %lld ms of the agent's time\n", whole,
           (long long)usual);
    for (unsigned long n = run.from; n <= run.to && n <= whole; n += run.step) {
        swap_trial(n, usual);
        run.tried++;
    }
}

static bool release_read(const char *dir, size_t which)
{
    struct release *release = &run.releases[which];
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%zu.release", dir, which + 1);
    FILE *file = fopen(path, "r");
    release->len = file == NULL ? 0 : fread(release->bytes, 1, sizeof release->bytes, file);
    if (file != NULL) {
        fclose(file);
    }
    (void)snprintf(path, sizeof path, "%s/%zu.hex", dir, which + 1);
    file = fopen(path, "r");
    bool is_named = file != NULL && fscanf(file, "%64s", release->hex) == 1;
    if (file != NULL) {
        fclose(file);
    }
    return release->len > 0 && is_named;
}

static bool options_read(int argc, char **argv)
{
    static const struct {
        const char *word;
        unsigned long *value;
    } words[] = {{"--step", &run.step},
                 {"--from", &run.from},
                 {"--to", &run.to},
                 {"--for", &run.span},
                 {"--speed", &run.speed}};
    for (int i = 5; i < argc; i++) {
        bool is_known = strcmp(argv[i], "--verbose") == 0;
        run.is_verbose = run.is_verbose || is_known;
        if (i + 1 < argc && strcmp(argv[i], "--broker") == 0) {
            run.broker_log = argv[++i];
            continue;
        }
        for (size_t j = 0; j < sizeof words / sizeof words[0]; j++) {
            if (i + 1 < argc && strcmp(argv[i], words[j].word) == 0) {
                *words[j].value = strtoul(argv[++i], NULL, 10);
                is_known = *words[j].value > 0;
                break;
            }
        }
        if (!is_known) {
            return false;
        }
    }
    return argc >= 5;
}

int main(int argc, char **argv)
{
    char socket_path[220];
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool is_good = options_read(argc, argv);
    for (size_t i = 0; i < RELEASES && is_good; i++) {
        is_good = release_read(argv[4], i);
    }
    if (!is_good) {
        fprintf(stderr, "see trials.c for the usage\n");
        return 2;
    }
    (void)snprintf(socket_path, sizeof socket_path, "%s/engine.sock", argv[4]);
    if (!agent_init(&run.agent, argv[2], argv[3], argv[4], (unsigned)run.speed) ||
        !fake_engine_start(socket_path, argv[4], PORT) || !begin_anew()) {
        printf("    the world does not begin\n%s\n", text);
        agent_log_print(&run.agent);
        agent_kill(&run.agent);
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "start") == 0) {
        run_starts();
    } else {
        run_swaps();
    }
    (void)agent_stop(&run.agent);
    printf("    %s: %lu trials, %lu struck, %lu ended the agent, %lu refused, %lu kept the old, "
           "%lu without a word; longest %lld ms of the agent's time\n",
           argv[1], run.tried, run.struck, run.exits, run.refused, run.kept_old, run.quiet,
           (long long)run.longest_ms);
    printf("%lu passed, %lu failed\n",
           run.tried - (run.broken < run.tried ? run.broken : run.tried), run.broken);
    return run.broken == 0 && run.struck > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
