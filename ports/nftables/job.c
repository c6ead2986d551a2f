/* job: the steps of each call, in one table. */
#include "ports/nftables/job.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/nftables/datagrams.h"
#include "ports/nftables/firewall.h"
#include "ports/nftables/pool.h"

#define STEPS_MAX    9
#define SETTINGS_MAX (WORKER_ARGS_MAX - 3)

/* begin: 1 a tool was started, 0 nothing (more) to do here, negative failed. take: its answer. */
struct step {
    int (*begin)(struct nftables_route *route, struct nftables_job *job, worker_done done,
                 struct err *err);
    int (*take)(struct nftables_route *route, struct nftables_job *job, const struct err *failure,
                int status, struct span output, struct err *err);
};

static int tool_run(struct nftables_route *route, enum worker_program program,
                    const char *const *args, size_t count, struct span input, worker_done done,
                    struct err *err)
{
    int rc =
        route->worker.ops->run(route->worker.self, program, args, count, input, done, route, err);
    return rc < 0 ? rc : 1;
}

/* ERR_ROUTE with all of the tool's words on one line: a warning may stand before the cause. */
static int tool_failed(const char *tool, const struct err *failure, int status, struct span output,
                       struct err *err)
{
    if (failure != NULL) {
        return err_set(err, ERR_ROUTE, "%s: %s", tool, failure->text);
    }
    char words[ERR_TEXT_BYTES];
    text_shorten_line(words, sizeof words, output);
    return err_set(err, ERR_ROUTE, "%s ended with %d: %s", tool, status, words);
}

static bool output_has(struct span output, const char *words)
{
    return output.len > 0 && memmem(output.data, output.len, words, strlen(words)) != NULL;
}

static void bridges_remember(struct nftables_route *route, const struct route_table *table)
{
    route->bridge_count = 0;
    for (size_t i = 0; i < table->service_count; i++) {
        const char *bridge = table->services[i].bridge;
        bool is_known = bridge[0] == '\0';
        for (size_t j = 0; j < route->bridge_count && !is_known; j++) {
            is_known = strcmp(route->bridges[j], bridge) == 0;
        }
        if (!is_known) {
            (void)text_copy(route->bridges[route->bridge_count++], BRIDGE_NAME_BYTES, bridge);
        }
    }
}

/* Best effort: what it could not do shows as a caller that is not served, never as no switch. */
static int upkeep_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                        struct err *err)
{
    char settings[SETTINGS_MAX][BRIDGE_SETTING_BYTES];
    const char *args[WORKER_ARGS_MAX] = {"-e", "-q", "-w"};
    size_t count = 3;
    if (job->is_upkept) {
        return 0;
    }
    job->is_upkept = true;
    if (job->kind == JOB_APPLY) {
        bridges_remember(route, job->table);
    }
    if (bridge_needs_forwarding(settings[0])) {
        args[count++] = settings[0];
    }
    for (size_t i = 0; i < route->bridge_count; i++) {
        (void)bridge_open_hairpin(route->bridges[i]);
        if (count < WORKER_ARGS_MAX &&
            bridge_needs_localnet(route->bridges[i], settings[count - 3])) {
            args[count] = settings[count - 3];
            count++;
        }
    }
    return count == 3 ? 0
                      : tool_run(route, WORKER_SYSCTL, args, count, span_of(NULL, 0), done, err);
}

static int upkeep_take(struct nftables_route *route, struct nftables_job *job,
                       const struct err *failure, int status, struct span output, struct err *err)
{
    char setting[BRIDGE_SETTING_BYTES];
    (void)route, (void)failure, (void)status, (void)output, (void)err;
    if (bridge_needs_forwarding(setting)) {
        job->state.obstacle = ROUTE_OBSTACLE_FORWARDING;
    }
    return 0;
}

static int firewall_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                          struct err *err)
{
    struct firewall_command command;
    if (!job->is_firewall_listed) {
        const char *const list[] = {"-w", "-S", FIREWALL_CHAIN};
        return tool_run(route, WORKER_IPTABLES, list, COUNT_OF(list), span_of(NULL, 0), done, err);
    }
    for (unsigned rule = 0; job->kind == JOB_APPLY && rule < FIREWALL_RULE_COUNT; rule++) {
        if ((job->firewall_missing & 1u << rule) != 0) {
            job->firewall_missing &= ~(1u << rule);
            firewall_command((enum firewall_rule)rule, "-I", route->pool, route->pool_bits,
                             &command);
            return tool_run(route, WORKER_IPTABLES, command.args, command.count, span_of(NULL, 0),
                            done, err);
        }
    }
    if (job->kind == JOB_READ && !job->is_policy_listed) {
        const char *const list[] = {"-w", "-S", "FORWARD"};
        job->is_policy_listed = true;
        return tool_run(route, WORKER_IPTABLES, list, COUNT_OF(list), span_of(NULL, 0), done, err);
    }
    return 0;
}

/* The hook lets pass what it is asked; without one it is the policy that tells. */
static void policy_take(struct nftables_job *job, struct span output, bool is_answered)
{
    enum route_obstacle obstacle = firewall_obstacle(output, job->has_firewall);
    bool is_dropped = obstacle == ROUTE_OBSTACLE_POLICY || obstacle == ROUTE_OBSTACLE_HOOK;
    if (job->state.obstacle == ROUTE_OBSTACLE_NONE) {
        job->state.obstacle = obstacle;
    }
    job->state.is_open = is_answered && !is_dropped && (job->state.is_open || !job->has_firewall);
}

static int firewall_take(struct nftables_route *route, struct nftables_job *job,
                         const struct err *failure, int status, struct span output, struct err *err)
{
    bool is_answered = failure == NULL && status == 0;
    (void)err;
    if (job->is_policy_listed) {
        policy_take(job, is_answered ? output : span_of(NULL, 0), is_answered);
        return 0;
    }
    if (job->is_firewall_listed) {
        return 0; /* an insertion: the next read says whether it is there */
    }
    job->is_firewall_listed = true;
    job->has_firewall = is_answered;
    if (is_answered) {
        unsigned found = firewall_find(output, route->pool, route->pool_bits);
        job->firewall_missing = ~found & ((1u << FIREWALL_RULE_COUNT) - 1u);
        job->state.is_open = (found & 1u << FIREWALL_TO_POOL) != 0;
    } else if (failure != NULL && failure->code == ERR_NOT_FOUND) {
        job->state.is_open = true; /* no iptables: nobody made a chain with it */
        job->is_policy_listed = true;
    }
    return 0;
}

static unsigned abilities_of(const struct nftables_route *route, const struct nftables_job *job)
{
    bool is_apply = job->kind == JOB_APPLY;
    return (is_apply && route->timeouts == NFTABLES_HAS ? RULESET_TIMEOUTS : 0) |
           (is_apply && route->holds != NFTABLES_HAS_NOT && !job->is_holdless ? RULESET_HOLDS : 0);
}

/* The text of a job with these abilities. */
static void ruleset_write(const struct nftables_route *route, const struct nftables_job *job,
                          unsigned abilities, struct text *text)
{
    if (job->kind == JOB_CLEAR || job->is_replacing) {
        ruleset_render_removal(route->node, text);
    }
    if (job->kind != JOB_CLEAR) {
        ruleset_render(job->table, route->node, abilities, text);
    }
}

/* Renders into memory of the heap: 112 KiB is too much to keep and too much for a stack. */
static int ruleset_new(struct nftables_route *route, const struct nftables_job *job, char **data,
                       struct span *span, struct err *err)
{
    struct text text;
    *data = malloc(RULESET_BYTES_MAX);
    if (*data == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the ruleset");
    }
    text_init(&text, *data, RULESET_BYTES_MAX);
    ruleset_write(route, job, abilities_of(route, job), &text);
    if (text.cut) { /* what is switched matters more than who waits */
        text_init(&text, *data, RULESET_BYTES_MAX);
        ruleset_write(route, job, abilities_of(route, job) & ~RULESET_HOLDS, &text);
    }
    if (text.cut) {
        free(*data);
        return err_set(err, ERR_LIMIT, "the ruleset is longer than %d bytes", RULESET_BYTES_MAX);
    }
    *span = span_of(text.data, text.len);
    return 0;
}

/* Asks the kernel once. Where nft cannot be asked nothing is known, and the load tells why. */
static int probe_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                       struct err *err)
{
    const char *const args[] = {"-c", "-f", "-"};
    char data[512];
    struct text text;
    if (route->timeouts != NFTABLES_UNKNOWN || job->is_probed) {
        return 0;
    }
    job->is_probed = true;
    text_init(&text, data, sizeof data);
    ruleset_render_probe(route->node, &text);
    assert(!text.cut);
    return tool_run(route, WORKER_NFT, args, COUNT_OF(args), span_of(text.data, text.len), done,
                    err);
}

static int probe_take(struct nftables_route *route, struct nftables_job *job,
                      const struct err *failure, int status, struct span output, struct err *err)
{
    (void)output, (void)err;
    if (failure == NULL) {
        route->timeouts = status == 0 ? NFTABLES_HAS : NFTABLES_HAS_NOT;
    }
    job->state.has_timeouts = route->timeouts == NFTABLES_HAS;
    return 0;
}

static int load_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                      struct err *err)
{
    const char *const args[] = {"-f", "-"};
    char *data;
    struct span span;
    if (job->is_done) {
        return 0;
    }
    int rc = ruleset_new(route, job, &data, &span, err);
    if (rc != 0) {
        return rc;
    }
    rc = tool_run(route, WORKER_NFT, args, COUNT_OF(args), span, done, err);
    free(data);
    return rc;
}

static bool has_holds(const struct nftables_job *job)
{
    for (size_t i = 0; job->kind == JOB_APPLY && i < job->table->service_count; i++) {
        if (job->table->services[i].hold_ms > 0) {
            return true;
        }
    }
    return false;
}

static int load_take(struct nftables_route *route, struct nftables_job *job,
                     const struct err *failure, int status, struct span output, struct err *err)
{
    bool is_loaded = failure == NULL && status == 0;
    /* A table of our name and another shape, of another version or by another hand: it goes, in the
     * same transaction, at the price of a packet that meets neither. */
    if (!is_loaded && failure == NULL && job->kind == JOB_APPLY && !job->is_replacing) {
        job->is_replacing = true;
        return 0;
    }
    if (!is_loaded && failure == NULL && !job->is_holdless && has_holds(job)) {
        job->is_holdless = true;
        return 0;
    }
    if (has_holds(job) && failure == NULL && route->holds == NFTABLES_UNKNOWN) {
        route->holds = job->is_holdless ? NFTABLES_HAS_NOT : NFTABLES_HAS;
    }
    route->print = job->kind == JOB_CLEAR ? 0 : route->print;
    if (!is_loaded && failure == NULL && route->timeouts == NFTABLES_HAS) {
        route->timeouts = NFTABLES_HAS_NOT; /* in no case is that worth a route */
        return 0;
    }
    job->is_done = true;
    return is_loaded ? 0 : tool_failed("nft", failure, status, output, err);
}

/* The flows of datagrams of backends that are in the table no more, one run for each. */
static int datagrams_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                           struct err *err)
{
    char address[RULESET_ADDRESS_BYTES];
    const char *const args[] = {"-D", "-p", "udp", "-r", address};
    ipv4 backend;
    datagrams_leave(route, job->table);
    if (!datagrams_next(route, &backend)) {
        datagrams_remember(route, job->table);
        return 0;
    }
    ruleset_render_address(backend, address);
    int rc = tool_run(route, WORKER_CONNTRACK, args, COUNT_OF(args), span_of(NULL, 0), done, err);
    if (rc < 0) {
        route->datagrams[route->datagram_count++] = backend; /* for the next apply */
    }
    return rc;
}

/* The switch has been made, whatever comes of this. */
static int datagrams_take(struct nftables_route *route, struct nftables_job *job,
                          const struct err *failure, int status, struct span output,
                          struct err *err)
{
    (void)route, (void)job, (void)failure, (void)status, (void)output, (void)err;
    return 0;
}

static int table_list(struct nftables_route *route, worker_done done, struct err *err)
{
    char name[RULESET_NODE_CHARS + 16];
    const char *const args[] = {"list", "table", "ip", name};
    (void)snprintf(name, sizeof name, RULESET_TABLE_FMT, route->node);
    return tool_run(route, WORKER_NFT, args, COUNT_OF(args), span_of(NULL, 0), done, err);
}

static int inspect_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                         struct err *err)
{
    (void)err; /* the switch has been made, whatever comes of this */
    if (job->is_inspected || !job->is_done) {
        return 0;
    }
    job->is_inspected = table_list(route, done, NULL) < 0;
    return job->is_inspected ? 0 : 1;
}

/* A load fills our chains anew, and keeps what others have added besides: a chain at a hook, an
 * object. Where that is so the table goes and comes again. */
static int inspect_take(struct nftables_route *route, struct nftables_job *job,
                        const struct err *failure, int status, struct span output, struct err *err)
{
    uint64_t generation;
    bool is_listed = failure == NULL && status == 0 && output.len < WORKER_OUTPUT_BYTES_MAX &&
                     ruleset_find_generation(output, &generation);
    uint64_t print = is_listed ? ruleset_print(output) : 0;
    bool is_clean = !is_listed || (ruleset_has_own_hooks(output) &&
                                   (!route->is_altered || print == route->print));
    (void)err;
    job->is_inspected = is_clean || job->is_replacing;
    if (!job->is_inspected) {
        job->is_replacing = true;
        job->is_done = false;
        return 0;
    }
    route->print = print;
    route->is_altered = false;
    return 0;
}

static int list_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                      struct err *err)
{
    return job->is_done ? 0 : table_list(route, done, err);
}

/* Where apply could not see what it left there, it is what is there now. */
static void print_compare(struct nftables_route *route, struct nftables_job *job,
                          struct span output)
{
    uint64_t print = ruleset_print(output);
    if (route->print == 0) {
        route->print = print;
    }
    job->state.is_altered = print != route->print;
    route->is_altered = route->is_altered || job->state.is_altered;
}

static int list_take(struct nftables_route *route, struct nftables_job *job,
                     const struct err *failure, int status, struct span output, struct err *err)
{
    char words[64];
    struct text where;
    text_init(&where, words, sizeof words);
    job->is_done = true;
    job->state.has_timeouts = route->timeouts == NFTABLES_HAS;
    job->state.lacks_holds = route->holds == NFTABLES_HAS_NOT;
    if (pool_find(route->pool, route->pool_bits, &where)) {
        job->state.obstacle = ROUTE_OBSTACLE_POOL;
    }
    if (failure == NULL && status == 0) {
        job->state.is_present = ruleset_find_generation(output, &job->state.generation);
        print_compare(route, job, output);
        return 0;
    }
    if (failure == NULL && output_has(output, "No such file or directory")) {
        return 0;
    }
    return tool_failed("nft", failure, status, output, err);
}

static int write_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                       struct err *err)
{
    char *data;
    struct span span;
    if (job->is_done) {
        return 0;
    }
    int rc = ruleset_new(route, job, &data, &span, err);
    if (rc != 0) {
        return rc;
    }
    rc =
        route->worker.ops->write_file(route->worker.self, route->boot_path, span, done, route, err);
    free(data);
    return rc < 0 ? rc : 1;
}

static int write_take(struct nftables_route *route, struct nftables_job *job,
                      const struct err *failure, int status, struct span output, struct err *err)
{
    (void)output;
    job->is_done = true;
    if (failure == NULL && status == 0) {
        return 0;
    }
    return err_set(err, ERR_ROUTE, "write %s: %s", route->boot_path,
                   failure != NULL ? failure->text : strerror(status));
}

/* Not what has ended: that is deleted by address and port, and the client may have come back from
 * the same port by then. */
static const struct {
    const char *protocol, *state; /* NULL: there are none */
} forgotten[] = {{"udp", NULL}, {"tcp", "SYN_SENT"}, {"tcp", "ESTABLISHED"}, {"tcp", "CLOSE_WAIT"}};

static int forget_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                        struct err *err)
{
    char address[RULESET_ADDRESS_BYTES];
    if (job->forgotten == COUNT_OF(forgotten)) {
        return 0;
    }
    const char *const args[] = {"-D",
                                "-r",
                                address,
                                "-p",
                                forgotten[job->forgotten].protocol,
                                "--state",
                                forgotten[job->forgotten].state};
    size_t count = forgotten[job->forgotten].state == NULL ? 5 : 7;
    ruleset_render_address(job->backend, address);
    return tool_run(route, WORKER_CONNTRACK, args, count, span_of(NULL, 0), done, err);
}

static int forget_take(struct nftables_route *route, struct nftables_job *job,
                       const struct err *failure, int status, struct span output, struct err *err)
{
    (void)route;
    job->forgotten++;
    if (failure == NULL && (status == 0 || output_has(output, " 0 flow entries"))) {
        return 0;
    }
    return tool_failed("conntrack", failure, status, output, err);
}

/* Removes each half until iptables says that there is none. */
static int close_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                       struct err *err)
{
    struct firewall_command command;
    for (unsigned rule = 0; rule < FIREWALL_RULE_COUNT; rule++) {
        if ((job->firewall_missing & 1u << rule) != 0) {
            firewall_command((enum firewall_rule)rule, "-D", route->pool, route->pool_bits,
                             &command);
            return tool_run(route, WORKER_IPTABLES, command.args, command.count, span_of(NULL, 0),
                            done, err);
        }
    }
    return 0;
}

static int close_take(struct nftables_route *route, struct nftables_job *job,
                      const struct err *failure, int status, struct span output, struct err *err)
{
    (void)route, (void)output, (void)err;
    job->removals_left--;
    if (failure != NULL || status != 0 || job->removals_left == 0) {
        job->removals_left = JOB_REMOVALS_MAX;
        job->firewall_missing &= job->firewall_missing - 1u; /* the half begun last: the lowest */
    }
    return 0;
}

static const struct step upkeep = {upkeep_begin, upkeep_take};
static const struct step firewall = {firewall_begin, firewall_take};
static const struct step probe = {probe_begin, probe_take};
static const struct step load = {load_begin, load_take};
static const struct step datagrams = {datagrams_begin, datagrams_take};
static const struct step inspect = {inspect_begin, inspect_take};
static const struct step list = {list_begin, list_take};
static const struct step write_boot = {write_begin, write_take};
static const struct step forget = {forget_begin, forget_take};
static const struct step close_firewall = {close_begin, close_take};

static const struct step *const steps[JOB_KIND_COUNT][STEPS_MAX] = {
    [JOB_APPLY] = {&upkeep, &firewall, &probe, &load, &datagrams, &inspect, &load, &inspect},
    [JOB_READ] = {&list, &probe, &firewall, &upkeep},
    [JOB_COMMIT] = {&write_boot},
    [JOB_FORGET] = {&forget},
    [JOB_CLEAR] = {&load, &close_firewall},
};

int job_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
              struct err *err)
{
    while (steps[job->kind][job->step] != NULL) {
        int rc = steps[job->kind][job->step]->begin(route, job, done, err);
        if (rc != 0) {
            return rc;
        }
        job->step++;
    }
    return 0;
}

int job_take(struct nftables_route *route, struct nftables_job *job, const struct err *failure,
             int status, struct span output, struct err *err)
{
    return steps[job->kind][job->step]->take(route, job, failure, status, output, err);
}
