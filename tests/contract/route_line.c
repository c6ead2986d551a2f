/* How the route over nftables takes the answers of its tools, told by a worker that plays them. */
#include "ports/nftables/route.h"
#include "tests/check.h"

#define ANSWERS_MAX 24

/* What a run of a tool answers; those that nobody scripted end with 0 and no words. */
struct played {
    int code; /* of a failure to run at all */
    int status;
    const char *output;
};

struct player {
    struct played answers[ANSWERS_MAX]; /* by the order of the runs */
    bool is_busy;                       /* refuses every call */
    const char *failing;                /* a tool that ends with 1 whatever was scripted */
    size_t runs;
    char line[ANSWERS_MAX][160];    /* what was run */
    bool has_timeouts[ANSWERS_MAX]; /* in what it was given to read */
    worker_done done;
    void *ctx;
};

static int player_take(struct player *player, const char *name, const char *const *args,
                       size_t count, worker_done done, void *ctx, struct err *err)
{
    struct text text;
    if (player->is_busy || player->runs == ANSWERS_MAX) {
        return err_set(err, ERR_BUSY, "busy");
    }
    text_init(&text, player->line[player->runs], sizeof player->line[0]);
    text_append(&text, name);
    for (size_t i = 0; i < count; i++) {
        text_printf(&text, " %s", args[i]);
    }
    CHECK(player->done == NULL); /* one at a time */
    player->done = done;
    player->ctx = ctx;
    return 0;
}

static int player_run(void *self, enum worker_program program, const char *const *args,
                      size_t count, struct span input, worker_done done, void *ctx, struct err *err)
{
    static const char *const names[] = {"nft", "iptables", "conntrack", "sysctl"};
    struct player *player = self;
    if (player->runs < ANSWERS_MAX) {
        player->has_timeouts[player->runs] =
            input.len > 0 && memmem(input.data, input.len, "ct timeout", 10) != NULL;
    }
    return player_take(self, names[program], args, count, done, ctx, err);
}

static int player_write(void *self, const char *path, struct span content, worker_done done,
                        void *ctx, struct err *err)
{
    const char *const args[] = {path};
    CHECK(content.len > 0);
    return player_take(self, "write", args, 1, done, ctx, err);
}

/* Answers until nothing is pending. */
static void player_play(struct player *player)
{
    while (player->done != NULL) {
        static const struct played failed = {0, 1, "No such thing"};
        const char *line = player->line[player->runs];
        bool is_failing =
            player->failing != NULL && strncmp(line, player->failing, strlen(player->failing)) == 0;
        const struct played *answer = is_failing ? &failed : &player->answers[player->runs];
        player->runs++;
        worker_done done = player->done;
        struct err err = {0};
        if (answer->code != 0) {
            (void)err_set(&err, answer->code, "%s", answer->output);
        }
        player->done = NULL;
        done(player->ctx, answer->code != 0 ? &err : NULL, answer->status,
             answer->output == NULL ? span_of(NULL, 0) : span_text(answer->output));
    }
}

struct answered {
    unsigned calls;
    struct err err;
    struct route_state state;
    struct route *again; /* reads once more from inside the callback */
};

static void answered_done(void *ctx, const struct err *err, const struct route_state *state)
{
    struct answered *answered = ctx;
    answered->calls++;
    answered->err = err == NULL ? (struct err){0} : *err;
    if (state != NULL) {
        answered->state = *state;
    }
    if (answered->again != NULL) {
        struct route *again = answered->again;
        answered->again = NULL;
        CHECK_INT_EQ(again->ops->read(again->self, answered_done, answered, NULL), 0);
    }
}

static const struct worker_ops player_ops = {.run = player_run, .write_file = player_write};

static struct route route_make(struct nftables_route *route, struct player *player)
{
    struct nftables_route_settings settings = {
        .worker = {.ops = &player_ops, .self = player},
        .node = "n1",
        .boot_path = "/var/lib/berth/boot.nft",
        .pool = 0xc6120000u,
        .pool_bits = 15,
    };
    int rc = nftables_route_init(route, &settings, NULL);
    CHECK_INT_EQ(rc, 0);
    return nftables_route_interface(route);
}

/* What nft tells of a table whose hooks are ours. */
#define HOOK   "\n\t\ttype filter hook"
#define LISTED "comment \"generation 3\"" HOOK HOOK HOOK HOOK HOOK HOOK HOOK HOOK HOOK

static const struct route_table empty = {.generation = 3, .pool = 0xc6120000u, .pool_bits = 15};

/* Answers of the steps before nft in an apply; a machine that does not forward has one more. */
static size_t runs_before_nft(const struct player *player)
{
    return strncmp(player->line[0], "sysctl", 6) == 0 ? 2 : 1;
}

static void failing_nft_is_told_in_its_words(void)
{
    static const struct played no_chain = {0, 1, "No chain/target/match by that name."};
    static const struct played refused = {0, 1, "# Warning: old tables\nError: out of cheese\n"};
    struct nftables_route storage;
    struct player player = {.answers = {no_chain, refused, refused, refused, refused}};
    struct answered answered = {0};
    struct route route = route_make(&storage, &player);
    CHECK_INT_EQ(route.ops->apply(route.self, &empty, answered_done, &answered, NULL), 0);
    CHECK_INT_EQ(answered.calls, 0);
    player_play(&player);
    CHECK_INT_EQ(answered.calls, 1);
    CHECK_INT_EQ(answered.err.code, ERR_ROUTE);
    CHECK_STR_EQ(answered.err.text, "nft ended with 1: # Warning: old tables Error: out of cheese");
    /* asked for its abilities, refilled, then replaced */
    CHECK_INT_EQ(player.runs, runs_before_nft(&player) + 3);
    nftables_route_close(&storage);
}

/* The number of the first run from `from` on whose line begins so; ANSWERS_MAX when there is none.
 */
static size_t run_find(const struct player *player, size_t from, const char *line)
{
    while (from < player->runs && strncmp(player->line[from], line, strlen(line)) != 0) {
        from++;
    }
    return from < player->runs ? from : ANSWERS_MAX;
}

/* The kernel is asked once, and what it cannot is in no ruleset; the boot file never has it. */
static void kernel_without_timeouts_gets_none(void)
{
    for (unsigned has = 0; has < 2; has++) {
        struct nftables_route storage;
        struct player player = {.failing = has ? "iptables" : "nft -c"};
        struct answered answered = {0};
        struct route route = route_make(&storage, &player);
        CHECK_INT_EQ(route.ops->apply(route.self, &empty, answered_done, &answered, NULL), 0);
        player_play(&player);
        size_t probe = run_find(&player, 0, "nft -c -f -");
        size_t load = run_find(&player, 0, "nft -f -");
        CHECK(probe < load && load < ANSWERS_MAX && player.has_timeouts[probe]);
        CHECK(player.has_timeouts[load] == (has == 1));
        player.failing = "iptables";
        CHECK_INT_EQ(route.ops->apply(route.self, &empty, answered_done, &answered, NULL), 0);
        CHECK_INT_EQ(route.ops->commit(route.self, &empty, answered_done, &answered, NULL), 0);
        player_play(&player);
        CHECK_INT_EQ(run_find(&player, probe + 1, "nft -c -f -"), ANSWERS_MAX);
        CHECK(player.has_timeouts[run_find(&player, load + 1, "nft -f -")] == (has == 1));
        CHECK(!player.has_timeouts[run_find(&player, 0, "write")]);
        player.answers[player.runs] = (struct played){0, 0, "comment \"generation 5\""};
        CHECK_INT_EQ(route.ops->read(route.self, answered_done, &answered, NULL), 0);
        player_play(&player);
        CHECK(answered.state.is_present && answered.state.has_timeouts == (has == 1));
        CHECK_INT_EQ(answered.calls, 4);
        nftables_route_close(&storage);
    }
}

/* A probe that promised too much costs the ability, not the route. */
static void refused_timeouts_are_left_out(void)
{
    static const struct played refused = {0, 1, "Error: Operation not supported"};
    struct nftables_route storage;
    struct player player = {.failing = "iptables"};
    struct answered answered = {0};
    struct route route = route_make(&storage, &player);
    CHECK_INT_EQ(route.ops->apply(route.self, &empty, answered_done, &answered, NULL), 0);
    size_t load = runs_before_nft(&player) + 1;
    player.answers[load] = player.answers[load + 1] = refused;
    player.answers[load + 3].output = LISTED;
    player_play(&player);
    CHECK_INT_EQ(answered.err.code, 0);
    CHECK(player.has_timeouts[load + 1] && !player.has_timeouts[load + 2]);
    CHECK_INT_EQ(player.runs, load + 4);
    nftables_route_close(&storage);
}

/* What apply left is listed: with a hook too many the table goes, once, and comes again; what could
 * not be listed is what the next read sees. */
static void table_is_looked_at_after_its_load(void)
{
    static const struct {
        struct played first, second;
        size_t loads;
        bool is_altered; /* at a read that lists LISTED */
    } rows[] = {
        {{0, 0, LISTED}, {0, 0, NULL}, 1, false},
        {{0, 0, LISTED HOOK}, {0, 0, LISTED}, 2, false},
        {{0, 0, LISTED "\n\tflags dormant"}, {0, 0, LISTED}, 2, false},
        {{0, 0, LISTED HOOK}, {0, 0, LISTED HOOK}, 2, true},
        {{0, 1, "Error"}, {0, 0, NULL}, 1, false},
        {{ERR_IO, 0, "the helper died"}, {0, 0, NULL}, 1, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct nftables_route storage;
        struct player player = {.failing = "iptables"};
        struct answered answered = {0};
        struct route route = route_make(&storage, &player);
        CHECK_INT_EQ(route.ops->apply(route.self, &empty, answered_done, &answered, NULL), 0);
        size_t listed = runs_before_nft(&player) + 2;
        player.answers[listed] = rows[i].first;
        player.answers[listed + 2] = rows[i].second;
        player_play(&player);
        CHECK_INT_EQ(answered.err.code, 0);
        CHECK_INT_EQ(player.runs, listed - 1 + 2 * rows[i].loads);
        player.answers[player.runs].output = LISTED;
        CHECK_INT_EQ(route.ops->read(route.self, answered_done, &answered, NULL), 0);
        player_play(&player);
        CHECK_INT_EQ(answered.state.is_altered, rows[i].is_altered);
        nftables_route_close(&storage);
    }
}

/* Flows of datagrams to backends that left, and to no others; a failure there is no failed switch.
 */
static void datagrams_are_moved(void)
{
    static struct route_table table;
    struct nftables_route storage;
    struct player player = {.failing = "iptables"};
    struct answered answered = {0};
    struct route route = route_make(&storage, &player);
    table = empty;
    table.service_count = 1;
    memcpy(table.services[0].app, "dns", 4);
    memcpy(table.services[0].service, "dns", 4);
    table.services[0].ports[0] = (struct route_port){ROUTE_UDP, 0, 53, 53};
    table.services[0].port_count = 1;
    table.services[0].backends[0] = (struct route_backend){0xc6120802u, 1};
    table.services[0].backends[1] = (struct route_backend){0xc6120803u, 1};
    table.services[0].backend_count = 2;
    CHECK_INT_EQ(route.ops->apply(route.self, &table, answered_done, &answered, NULL), 0);
    player_play(&player);
    CHECK_INT_EQ(run_find(&player, 0, "conntrack"), ANSWERS_MAX);
    table.services[0].backends[0].address = 0xc6120804u;
    player.failing = "conntrack";
    CHECK_INT_EQ(route.ops->apply(route.self, &table, answered_done, &answered, NULL), 0);
    player_play(&player);
    size_t moved = run_find(&player, 0, "conntrack -D -p udp -r 198.18.8.2");
    CHECK_INT_EQ(moved, player.runs - 2); /* behind it only what looks at the table */
    CHECK(run_find(&player, 0, "conntrack") == moved);
    CHECK_INT_EQ(answered.err.code, 0);
    CHECK_INT_EQ(answered.calls, 2);
    nftables_route_close(&storage);
}

static void nothing_to_forget_is_success(void)
{
    static const struct {
        struct played answer;
        int code;
    } rows[] = {
        {{0, 1, "conntrack v1.4.7: 0 flow entries have been deleted.\n"}, 0},
        {{0, 0, "conntrack v1.4.7: 2 flow entries have been deleted.\n"}, 0},
        {{0, 1, "conntrack v1.4.7: Operation failed: no permission\n"}, ERR_ROUTE},
        {{ERR_NOT_FOUND, 0, "conntrack is not installed"}, ERR_ROUTE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct nftables_route storage;
        struct player player = {.answers = {rows[i].answer}};
        struct answered answered = {0};
        struct route route = route_make(&storage, &player);
        CHECK_INT_EQ(route.ops->forget(route.self, 0xc6120802u, answered_done, &answered, NULL), 0);
        player_play(&player);
        CHECK_INT_EQ(answered.calls, 1);
        CHECK_INT_EQ(answered.err.code, rows[i].code);
        CHECK_STR_EQ(player.line[0], "conntrack -D -r 198.18.8.2 -p udp");
        if (rows[i].code == 0) { /* open connections, and not what has ended */
            CHECK_INT_EQ(player.runs, 4);
            CHECK_STR_EQ(player.line[2], "conntrack -D -r 198.18.8.2 -p tcp --state ESTABLISHED");
        }
        nftables_route_close(&storage);
    }
}

static void machine_without_iptables_is_open(void)
{
    struct nftables_route storage;
    struct player player = {.answers = {{0, 0, "return comment \"generation 5\""},
                                        {0, 0, NULL},
                                        {ERR_NOT_FOUND, 0, "iptables is not installed"}}};
    struct answered answered = {0};
    struct route route = route_make(&storage, &player);
    CHECK_INT_EQ(route.ops->read(route.self, answered_done, &answered, NULL), 0);
    player_play(&player);
    CHECK_INT_EQ(answered.err.code, 0);
    CHECK(answered.state.is_present && answered.state.is_open);
    CHECK_INT_EQ(answered.state.generation, 5);
    CHECK_STR_EQ(player.line[0], "nft list table ip berth-n1");
    CHECK_STR_EQ(player.line[1], "nft -c -f -"); /* before anything was applied */
    CHECK(answered.state.has_timeouts);
    nftables_route_close(&storage);
}

static void busy_worker_is_told_at_once(void)
{
    struct nftables_route storage;
    struct player player = {.is_busy = true};
    struct answered answered = {0};
    struct route route = route_make(&storage, &player);
    CHECK_INT_EQ(route.ops->apply(route.self, &empty, answered_done, &answered, NULL), ERR_BUSY);
    CHECK_INT_EQ(route.ops->commit(route.self, &empty, answered_done, &answered, NULL), ERR_BUSY);
    CHECK_INT_EQ(route.ops->read(route.self, answered_done, &answered, NULL), ERR_BUSY);
    CHECK_INT_EQ(answered.calls, 0);
    player.is_busy = false;
    CHECK_INT_EQ(route.ops->commit(route.self, &empty, answered_done, &answered, NULL), 0);
    player_play(&player);
    CHECK_INT_EQ(answered.calls, 1);
    CHECK_INT_EQ(answered.err.code, 0);
    nftables_route_close(&storage);
}

static void failure_does_not_stop_the_line(void)
{
    struct nftables_route storage;
    struct player player = {.answers = {{0, 28, NULL}, {ERR_IO, 0, "the helper died"}}};
    struct answered answered[3] = {{0}};
    struct route route = route_make(&storage, &player);
    CHECK_INT_EQ(route.ops->commit(route.self, &empty, answered_done, &answered[0], NULL), 0);
    CHECK_INT_EQ(route.ops->forget(route.self, 1, answered_done, &answered[1], NULL), 0);
    CHECK_INT_EQ(route.ops->commit(route.self, &empty, answered_done, &answered[2], NULL), 0);
    player_play(&player);
    CHECK_STR_EQ(answered[0].err.text, "write /var/lib/berth/boot.nft: No space left on device");
    CHECK_INT_EQ(answered[0].err.code, ERR_ROUTE);
    CHECK_STR_EQ(answered[1].err.text, "conntrack: the helper died");
    CHECK_INT_EQ(answered[2].calls, 1);
    CHECK_INT_EQ(answered[2].err.code, 0);
    nftables_route_close(&storage);
}

static void callback_may_call_again(void)
{
    struct nftables_route storage;
    struct player player = {.answers = {{0, 0, NULL}, {0, 1, "No such file or directory"}}};
    struct route route = route_make(&storage, &player);
    struct answered answered = {.again = &route, .state = {.is_present = true}};
    CHECK_INT_EQ(route.ops->commit(route.self, &empty, answered_done, &answered, NULL), 0);
    player_play(&player);
    CHECK_INT_EQ(answered.calls, 2);
    CHECK(!answered.state.is_present);
    nftables_route_close(&storage);
}

static void clear_ends_where_removal_never_fails(void)
{
    struct nftables_route storage;
    struct player player = {.is_busy = false}; /* every -D "succeeds" */
    struct answered answered = {0};
    struct route route = route_make(&storage, &player);
    CHECK_INT_EQ(route.ops->clear(route.self, answered_done, &answered, NULL), 0);
    player_play(&player);
    CHECK_INT_EQ(answered.calls, 1);
    CHECK_INT_EQ(player.runs, 1 + 2 * 4);
    CHECK_STR_EQ(player.line[1], "iptables -w -D DOCKER-USER -d 198.18.0.0/15 -j ACCEPT");
    nftables_route_close(&storage);
}

static void settings_are_checked(void)
{
    static const struct nftables_route_settings rows[] = {
        {.node = "N 1", .boot_path = "/x", .pool = 0xc6120000u, .pool_bits = 15},
        {.node = "", .boot_path = "/x", .pool = 0xc6120000u, .pool_bits = 15},
        {.node = "n1", .boot_path = "x", .pool = 0xc6120000u, .pool_bits = 15},
        {.node = "n1", .boot_path = "/x", .pool = 0xc6120001u, .pool_bits = 15},
        {.node = "n1", .boot_path = "/x", .pool = 0xc6120000u, .pool_bits = 0},
    };
    struct route_table table = empty;
    struct nftables_route storage;
    struct player player = {.is_busy = true};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(nftables_route_init(&storage, &rows[i], NULL), ERR_VALUE);
    }
    struct route route = route_make(&storage, &player);
    table.pool_bits = 16;
    CHECK_INT_EQ(route.ops->apply(route.self, &table, answered_done, NULL, NULL), ERR_VALUE);
    nftables_route_close(&storage);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"failing_nft_is_told_in_its_words", failing_nft_is_told_in_its_words},
        {"kernel_without_timeouts_gets_none", kernel_without_timeouts_gets_none},
        {"refused_timeouts_are_left_out", refused_timeouts_are_left_out},
        {"table_is_looked_at_after_its_load", table_is_looked_at_after_its_load},
        {"datagrams_are_moved", datagrams_are_moved},
        {"nothing_to_forget_is_success", nothing_to_forget_is_success},
        {"machine_without_iptables_is_open", machine_without_iptables_is_open},
        {"busy_worker_is_told_at_once", busy_worker_is_told_at_once},
        {"failure_does_not_stop_the_line", failure_does_not_stop_the_line},
        {"callback_may_call_again", callback_may_call_again},
        {"clear_ends_where_removal_never_fails", clear_ends_where_removal_never_fails},
        {"settings_are_checked", settings_are_checked},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
