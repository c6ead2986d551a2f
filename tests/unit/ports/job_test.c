/* job_test: each call of the route over nftables with each answer of each of its tools: what is run
 * after it, and what the caller is told, as answers.txt has it. `job_test --write FILE` writes it
 * anew. */
#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/nftables/route.h"
#include "tests/check.h"

enum { RUNS_MAX = 24, TEXT_BYTES = 1 << 18 };

/* What one run answers. */
static const struct answer {
    const char *word;
    int code; /* it could not be run */
    int status;
    const char *output;
} answers[] = {
    {"ends with 1", 0, 1, "Error: no\nsuch thing"},
    {"ends with 1, nothing there", 0, 1, "0 flow entries have been deleted: 0 flow entries"},
    {"ends with 1, no table", 0, 1, "Error: No such file or directory"},
    {"ends with 1, silent", 0, 1, NULL},
    {"is not there", ERR_NOT_FOUND, 0, "no such program"},
    {"cannot be run", ERR_IO, 0, "input/output error"},
    {"cannot be asked", ERR_BUSY, 0, NULL}, /* refused at once */
    {"has the accept", 0, 0,
     "-N DOCKER-USER\n-A DOCKER-USER -d 198.18.0.0/15 -j ACCEPT\n-A DOCKER-USER -s 198.18.0.0/15 "
     "-m "
     "conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"},
    {"drops first", 0, 0, "-P FORWARD ACCEPT\n-A FORWARD -j DROP\n-A FORWARD -j DOCKER-USER\n"},
    {"ends with 1 from now on", 0, 1, "Error: no"},
    {"is not there from now on", ERR_NOT_FOUND, 0, "no such program"},
};

#define HOOK "\n\t\ttype filter hook"

/* What tools say that are well, by how their line begins. */
static const struct {
    const char *line, *output;
} well[] = {
    {"nft list",
     "table ip berth-n1 { return comment \"generation 7\"" HOOK HOOK HOOK HOOK HOOK HOOK HOOK HOOK HOOK},
    {"iptables -w -S DOCKER-USER", "-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n"},
    {"iptables -w -S FORWARD", "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n"},
};

struct script {
    size_t turn; /* the run that answers otherwise, counted without sysctl's; RUNS_MAX: none */
    const struct answer *answer;
    size_t runs;
    size_t input_lens[RUNS_MAX];
    worker_done done;
    void *ctx;
    char line[256];
    bool is_told;
    const char *listing;     /* what the kernel has; NULL: what is well */
    struct route_state told; /* by the last read */
    size_t loads, removals;
};

/* Before the run that answers otherwise all is as without it, and is not written again. */
static bool is_shown(const struct script *script)
{
    return script->turn == RUNS_MAX || script->runs > script->turn;
}

/* The run under way answers otherwise. */
static bool is_otherwise(const struct script *script)
{
    bool is_lasting = script->answer != NULL && strstr(script->answer->word, "from now on") != NULL;
    return script->runs == script->turn || (is_lasting && script->runs > script->turn);
}

static char page[TEXT_BYTES];
static char golden[TEXT_BYTES];
static struct text out;

static int take(struct script *script, const char *line, worker_done done, void *ctx,
                struct err *err)
{
    CHECK(script->done == NULL);
    (void)text_copy(script->line, sizeof script->line, line);
    bool is_refused =
        script->runs == script->turn && script->answer->code == ERR_BUSY && done != NULL;
    if (is_refused && strncmp(line, "sysctl", 6) != 0) {
        script->runs++;
        text_printf(&out, "  %s: cannot be asked\n", line);
        return err_set(err, ERR_BUSY, "busy");
    }
    script->done = done;
    script->ctx = ctx;
    return 0;
}

static int play_run(void *self, enum worker_program program, const char *const *args, size_t count,
                    struct span input, worker_done done, void *ctx, struct err *err)
{
    static const char *const names[] = {"nft", "iptables", "conntrack", "sysctl"};
    char line[256];
    struct text text;
    text_init(&text, line, sizeof line);
    text_append(&text, names[program]);
    for (size_t i = 0; i < count; i++) {
        text_printf(&text, " %s", args[i]);
    }
    if (input.len > 0) {
        bool has_timeouts = memmem(input.data, input.len, "ct timeout", 10) != NULL;
        bool is_removing = memmem(input.data, input.len, "delete table", 12) != NULL;
        bool is_filling = memmem(input.data, input.len, "flush table", 11) != NULL;
        text_printf(&text, "%s%s%s", is_removing ? " < remove" : "", is_filling ? " < fill" : "",
                    has_timeouts ? " < timeouts" : "");
    }
    return take(self, line, done, ctx, err);
}

static int play_write(void *self, const char *path, struct span content, worker_done done,
                      void *ctx, struct err *err)
{
    char line[256];
    bool has_timeouts = memmem(content.data, content.len, "ct timeout", 10) != NULL;
    (void)snprintf(line, sizeof line, "write %s%s", path, has_timeouts ? " < timeouts" : "");
    return take(self, line, done, ctx, err);
}

static void play(struct script *script)
{
    while (script->done != NULL) {
        worker_done done = script->done;
        struct err err = {0};
        struct answer said = {.word = "ok"};
        bool is_counted = strncmp(script->line, "sysctl", 6) != 0; /* as the machine is set up */
        script->done = NULL;
        for (size_t i = 0; i < COUNT_OF(well); i++) {
            if (strncmp(script->line, well[i].line, strlen(well[i].line)) == 0) {
                said.output = well[i].output;
            }
        }
        if (script->listing != NULL && strncmp(script->line, "nft list", 8) == 0) {
            said.output = script->listing;
        }
        script->loads += strncmp(script->line, "nft -f -", 8) == 0;
        script->removals += strstr(script->line, "< remove") != NULL;
        if (is_counted) {
            said = is_otherwise(script) ? *script->answer : said;
            script->runs++;
            if (is_shown(script)) {
                text_printf(&out, "  %s: %s\n", script->line, said.word);
            }
        }
        if (said.code != 0) {
            (void)err_set(&err, said.code, "%s", said.output);
        }
        bool is_run = said.code == 0;
        done(script->ctx, is_run ? NULL : &err, said.status,
             is_run && said.output != NULL ? span_text(said.output) : span_of(NULL, 0));
    }
}

static void told(void *ctx, const struct err *err, const struct route_state *state)
{
    struct script *script = ctx;
    CHECK(!script->is_told);
    script->is_told = true;
    script->told = state != NULL ? *state : (struct route_state){0};
    if (err != NULL) {
        text_printf(&out, "  = %s: %s\n", err_word(err->code), err->text);
    } else if (state != NULL) {
        text_printf(&out, "  = there %d, generation %llu, open %d, %s, timeouts %d\n",
                    state->is_present, (unsigned long long)state->generation, state->is_open,
                    route_obstacle_word(state->obstacle), state->has_timeouts);
    } else {
        text_append(&out, "  = done\n");
    }
}

static struct route_table table;

enum call { APPLY, APPLY_AGAIN, READ, COMMIT, FORGET, CLEAR, CALLS };

static int call_one(struct route *route, enum call call, struct script *script, struct err *err)
{
    switch (call) {
    case APPLY:
    case APPLY_AGAIN:
        return route->ops->apply(route->self, &table, told, script, err);
    case READ:
        return route->ops->read(route->self, told, script, err);
    case COMMIT:
        return route->ops->commit(route->self, &table, told, script, err);
    case FORGET:
        return route->ops->forget(route->self, 0xc6120810u, told, script, err);
    case CLEAR:
    case CALLS:
        break;
    }
    return route->ops->clear(route->self, told, script, err);
}

static void table_make(void)
{
    table = (struct route_table){
        .generation = 7, .pool = 0xc6120000u, .pool_bits = 15, .service_count = 1};
    struct route_service *service = &table.services[0];
    (void)text_copy(service->app, sizeof service->app, "web");
    (void)text_copy(service->service, sizeof service->service, "main");
    service->ports[0] =
        (struct route_port){.protocol = ROUTE_UDP, .host_port = 53, .container_port = 53};
    service->port_count = 1;
    service->backends[0] = (struct route_backend){.address = 0xc6120811u, .weight = 1};
    service->backends[1] = (struct route_backend){.address = 0xc6120812u, .weight = 1};
    service->backend_count = 2;
}

/* One call; true when the run that was to answer otherwise came about. */
static bool one(enum call call, size_t turn, const struct answer *answer)
{
    static const struct worker_ops ops = {.run = play_run, .write_file = play_write};
    static const char *const words[] = {"apply",  "apply again", "read",
                                        "commit", "forget",      "clear"};
    static struct nftables_route self;
    struct script script = {.turn = RUNS_MAX, .answer = answer};
    struct err err = {0};
    struct nftables_route_settings settings = {
        .worker = {.ops = &ops, .self = &script},
        .node = "n1",
        .boot_path = "/var/lib/berth/boot.nft",
        .pool = 0xc6120000u,
        .pool_bits = 15,
    };
    table_make();
    CHECK_INT_EQ(nftables_route_init(&self, &settings, &err), 0);
    struct route route = nftables_route_interface(&self);
    if (call == APPLY_AGAIN) { /* a backend of datagrams has left since */
        struct text kept = out;
        CHECK_INT_EQ(call_one(&route, APPLY, &script, &err), 0);
        play(&script);
        out = kept;
        out.data[out.len] = '\0';
        table.services[0].backend_count = 1;
        script.is_told = false;
        script.runs = 0;
    }
    script.turn = turn;
    if (answer != NULL) {
        text_printf(&out, "%s, run %zu %s\n", words[call], turn + 1, answer->word);
    } else {
        text_printf(&out, "%s\n", words[call]);
    }
    int rc = call_one(&route, call, &script, &err);
    if (rc != 0) {
        text_printf(&out, "  = at once: %s: %s\n", err_word(rc), err.text);
    }
    play(&script);
    CHECK(script.is_told == (rc == 0));
    nftables_route_close(&self);
    return script.runs > turn;
}

/* All of them; what did not come about is not written. */
static void all(void)
{
    text_init(&out, page, sizeof page);
    for (int call = 0; call < CALLS; call++) {
        (void)one((enum call)call, RUNS_MAX, NULL);
        bool is_there = true;
        for (size_t turn = 0; is_there; turn++) {
            for (size_t i = 0; i < COUNT_OF(answers); i++) {
                struct text kept = out;
                is_there = one((enum call)call, turn, &answers[i]);
                if (!is_there) {
                    out = kept;
                    out.data[out.len] = '\0';
                    break;
                }
            }
        }
    }
    CHECK(!out.cut);
}

static void as_written(void)
{
    char setting[BRIDGE_SETTING_BYTES];
    if (bridge_needs_forwarding(setting)) {
        printf("    skipped: this machine does not forward, which every read would name\n");
        return;
    }
    FILE *file = fopen(JOB_ANSWERS, "r");
    size_t len = file != NULL ? fread(golden, 1, sizeof golden - 1, file) : 0;
    golden[len] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    all();
    int line = 1;
    size_t at = 0;
    for (; page[at] != '\0' && page[at] == golden[at]; at++) {
        line += page[at] == '\n' ? 1 : 0;
    }
    if (page[at] != golden[at]) {
        printf("    answers.txt differs from line %d on\n", line);
    }
    CHECK(page[at] == golden[at]);
}

/* -- several calls, one after the other ---------------------------------------------------------
 */

static struct nftables_route several;

static void several_begin(struct route *route, struct script *script)
{
    static const struct worker_ops ops = {.run = play_run, .write_file = play_write};
    struct nftables_route_settings settings = {.worker = {.ops = &ops, .self = script},
                                               .node = "n1",
                                               .boot_path = "/b",
                                               .pool = 0xc6120000u,
                                               .pool_bits = 15};
    *script = (struct script){.turn = SIZE_MAX};
    text_init(&out, page, sizeof page);
    table_make();
    CHECK_INT_EQ(nftables_route_init(&several, &settings, NULL), 0);
    *route = nftables_route_interface(&several);
}

static void several_call(struct route *route, struct script *script, enum call call)
{
    script->is_told = false;
    script->loads = script->removals = 0;
    CHECK_INT_EQ(call_one(route, call, script, NULL), 0);
    play(script);
    CHECK(script->is_told);
}

#define TABLE(what)                                                                                \
    "table ip berth-n1 { return comment \"generation 7\"" HOOK HOOK HOOK HOOK HOOK HOOK HOOK HOOK HOOK what

/* A table that another hand has changed since the last apply is said by every read, and replaced by
 * the next apply; what apply could not see, and what clear left, is nobody's change. */
static void changed_by_another(void)
{
    static const struct {
        enum call call;
        const char *listing;
        bool is_altered;
        size_t loads, removals;
    } rows[] = {
        {READ, TABLE("a"), false, 0, 0},  /* nothing is known yet */
        {READ, TABLE("b"), true, 0, 0},   /* since the read before */
        {APPLY, TABLE("a"), false, 1, 0}, /* as it was known */
        {READ, TABLE("a"), false, 0, 0},
        {READ, TABLE("b"), true, 0, 0},
        {READ, TABLE("a"), false, 0, 0},
        {APPLY, TABLE("b"), false, 2, 1}, /* another than was known, and a read had seen it */
        {READ, TABLE("b"), false, 0, 0},
        {APPLY, TABLE("c"), false, 1, 0}, /* another, and no read had */
        {READ, TABLE("c"), false, 0, 0},
        {CLEAR, TABLE("c"), false, 1, 1},
        {READ, TABLE("d"), false, 0, 0},
        {READ, TABLE("c"), true, 0, 0},
        {APPLY, "", false, 1, 0}, /* it cannot be seen */
        {READ, TABLE("e"), false, 0, 0},
    };
    struct route route;
    struct script script;
    several_begin(&route, &script);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int failures = check_failures_;
        script.listing = rows[i].listing;
        several_call(&route, &script, rows[i].call);
        CHECK(rows[i].call != READ || script.told.is_altered == rows[i].is_altered);
        CHECK_INT_EQ(script.loads, rows[i].loads);
        CHECK_INT_EQ(script.removals, rows[i].removals);
        if (check_failures_ != failures) {
            printf("    at call %zu\n", i);
        }
    }
    nftables_route_close(&several);
}

/* Each bridge of the table applied last is known once, whoever stands on it. */
static void bridges_of_the_table(void)
{
    static const struct {
        const char *bridges[4];
        size_t count;
        const char *known[4];
    } rows[] = {
        {{"berth-1", "", "berth-2", "berth-1"}, 2, {"berth-1", "berth-2"}},
        {{"", "", "", ""}, 0, {NULL}},
        {{"berth-3", "berth-3", "berth-3", "berth-3"}, 1, {"berth-3"}},
        {{"", "berth-4", "berth-5", "berth-6"}, 3, {"berth-4", "berth-5", "berth-6"}},
    };
    struct route route;
    struct script script;
    several_begin(&route, &script);
    table.service_count = 4;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t k = 0; k < 4; k++) {
            struct route_service *service = &table.services[k];
            (void)snprintf(service->app, sizeof service->app, "a%zu", k);
            (void)text_copy(service->service, sizeof service->service, "main");
            (void)text_copy(service->bridge, sizeof service->bridge, rows[i].bridges[k]);
        }
        several_call(&route, &script, APPLY);
        several_call(&route, &script, READ);
        CHECK_INT_EQ(several.bridge_count, rows[i].count);
        for (size_t k = 0; k < several.bridge_count && k < rows[i].count; k++) {
            CHECK_STR_EQ(several.bridges[k], rows[i].known[k]);
        }
    }
    nftables_route_close(&several);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"as written", as_written},
                                              {"changed by another", changed_by_another},
                                              {"bridges of the table", bridges_of_the_table}};
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        all();
        FILE *file = fopen(argv[2], "w");
        return file != NULL && fputs(page, file) >= 0 && fclose(file) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
    }
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
