/* admit_test: what the door and the way back refuse, one row a reason, each at both sides of its
 * limit. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

static struct plan offered;

/* Release 1 serves, 2 was before it; 3 is offered, with the port 80. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    offered = *desk_plan(app, 3);
    offered.services[0].ports[offered.services[0].port_count++] =
        (struct route_port){.protocol = ROUTE_TCP, .host_port = 80, .container_port = 8080};
    /* What lies behind a count is nobody's, whatever it is. */
    offered.services[0].ports[1] = (struct route_port){.host_port = 9999};
    app->plans.slots[0].is_used = false;
    (void)desk_plan(app, 1);
    (void)desk_plan(app, 2);
    app->memory.committed = desk_generation(1, 1);
    app->memory.history[0] = desk_generation(2, 2);
    app->memory.wanted = app->memory.committed.release;
    desk.conductor->engine.about.disk_free_bytes = 500ull << 20;
    desk.conductor->engine.about.memory_bytes = 600ull << 20;
    return app;
}

static char refusal[2 * ERR_TEXT_BYTES];

/* What the door says; "in" where it lets the release in. */
static const char *door(struct app *app, bool is_forced)
{
    struct err err = {0};
    int rc = door_check(desk.conductor, app, &offered, is_forced, &err);
    CHECK_INT_EQ(err.code, rc);
    (void)snprintf(refusal, sizeof refusal, "%s%s%s", rc == 0 ? "in" : err_word(rc),
                   rc == 0 ? "" : ": ", rc == 0 ? "" : err.text);
    return refusal;
}

static void open_door(void)
{
    struct app *app = begin();
    CHECK_STR_EQ(door(app, false), "in");
    CHECK_STR_EQ(desk.said, "is tcp 0:80 held\n");
    CHECK_STR_EQ(door(NULL, false), "in");
    desk_close();
}

static void node_not_ready(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    bool *const needed[] = {&conductor->is_started, &conductor->engine.has_about,
                            &conductor->engine.has_list};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        *needed[i] = false;
        CHECK_STR_EQ(door(app, true),
                     "engine-gone: the engine has not answered yet: see that it runs, "
                     "then try again");
        *needed[i] = true;
    }
    conductor->has_lost_memory = true;
    CHECK_STR_EQ(door(app, false), "in"); /* this app's memory is there */
    app->is_lost = true;
    CHECK_CONTAINS(door(app, true), "memory-lost: this node has lost its memory");
    conductor->has_lost_memory = app->is_lost = false;
    conductor->is_store_failing = true;
    CHECK_CONTAINS(door(app, true), "store-failed: the last write to the state directory failed");
    conductor->store_failure = ERR_STATE_FULL;
    CHECK_CONTAINS(door(app, true), "state-full: the state directory's file system is full");
    conductor->is_store_failing = false;
    app->verb.stage = VERB_STORING;
    CHECK_STR_EQ(door(app, true), "busy: another request for app web is being recorded");
    app->verb.stage = VERB_NONE;
    CHECK_STR_EQ(door(app, true), "in");
    desk_close();
}

static void other_app(void)
{
    struct app *app = begin();
    struct app *other = &desk.conductor->apps[1];
    *other = (struct app){.conductor = desk.conductor, .is_used = true};
    (void)text_copy(other->memory.app, NAME_BYTES, "db");
    other->verb.stage = VERB_STORING;
    CHECK_STR_EQ(door(app, true), "busy: a request for app db is being recorded: try again");
    other->verb.stage = VERB_NONE;
    desk.conductor->traffic.blind = other;
    CHECK_STR_EQ(door(app, true),
                 "store-failed: what app db serves cannot be read, so traffic stays as "
                 "it is: activate its release again first");
    desk.conductor->traffic.blind = app; /* what mends it is let in */
    CHECK_STR_EQ(door(app, true), "in");
    desk_close();
}

static void own_memory(void)
{
    struct app *app = begin();
    app->memory.floor = 30;
    CHECK_STR_EQ(door(app, false), "in");
    app->memory.floor = 31;
    CHECK_STR_EQ(door(app, true), "below-floor: sequence 30 is below this app's floor 31");
    app->memory.floor = 0;
    app->memory.quarantined[QUARANTINE_MAX - 1] = offered.digest;
    CHECK_STR_EQ(door(app, false),
                 "quarantined: this release failed here before: use --force to try it again");
    CHECK_STR_EQ(door(app, true), "in");
    app->memory.wanted = offered.digest;
    app->memory.committed = desk_generation(3, 1);
    app->plans.slots[1] = (struct plan_slot){.is_used = true, .plan = offered};
    CHECK_STR_EQ(door(app, true), "nothing-to-do: this release already serves");
    app->plans.slots[1].is_broken = true; /* its payload is given back */
    app->plans.slots[1].retry_at = 99000;
    CHECK_STR_EQ(door(app, true), "in");
    app->plans.slots[1].is_broken = false;
    app->memory.wanted.bytes[0] = 2;
    CHECK_STR_EQ(door(app, true), "in");
    desk_close();
}

static void sequences(void)
{
    for (size_t i = 0; i < 2 + HISTORY_MAX; i++) {
        struct app *app = begin();
        struct generation *known = i == 0   ? &app->memory.committed
                                   : i == 1 ? &app->memory.candidate
                                            : &app->memory.history[i - 2];
        *known = desk_generation(7, 7);
        known->sequence = 30;
        CHECK_STR_EQ(door(app, true),
                     "sequence-reused: sequence 30 was used by another release: build "
                     "it with a higher one");
        known->gen = 0; /* none */
        CHECK_STR_EQ(door(app, true), "in");
        known->gen = 7;
        known->sequence = 29;
        CHECK_STR_EQ(door(app, true), "in");
        known->sequence = 30;
        known->release = offered.digest; /* the same one again */
        CHECK_STR_EQ(door(app, true), "in");
        desk_close();
    }
}

static void powers(void)
{
    static const char *const words[] = {"privileged",   "host-network", "host-paths", "devices",
                                        "capabilities", "host-pid",     "host-ipc",   "host-uts",
                                        "host-userns",  "host-cgroup",  "unconfined", "runtime",
                                        "oom"};
    for (unsigned bit = 0; bit < COUNT_OF(words); bit++) {
        char wanted[128];
        struct app *app = begin();
        offered.services[0].powers = 1u << bit;
        (void)snprintf(wanted, sizeof wanted,
                       "host-power-not-allowed: service main asks for %s, which", words[bit]);
        CHECK_CONTAINS(door(app, true), wanted);
        CHECK_CONTAINS(refusal, "does not allow app web");
        struct config *config = &desk.conductor->config;
        config->power_count = 1;
        (void)text_copy(config->powers[0].app, NAME_BYTES, "web");
        config->powers[0].powers = 1u << bit;
        CHECK_STR_EQ(door(app, true), "in");
        config->powers[0].powers = 0x1fffu & ~(1u << bit);
        CHECK_CONTAINS(door(app, true), wanted);
        config->powers[0].powers = 0x1fff;
        config->powers[1] = config->powers[0]; /* behind the count */
        (void)text_copy(config->powers[0].app, NAME_BYTES, "we");
        CHECK_CONTAINS(door(app, true), wanted);
        desk_close();
    }
}

/* A port is one of an address: two differ by protocol, by number, or by two addresses that are both
 * given. */
static void ports(void)
{
    static const struct {
        enum route_protocol protocol;
        ipv4 ours, theirs;
        uint16_t port;
        bool is_same;
    } rows[] = {
        {ROUTE_TCP, 0, 0, 80, true},  {ROUTE_UDP, 0, 0, 80, false}, {ROUTE_TCP, 0, 0, 81, false},
        {ROUTE_TCP, 0, 5, 80, true},  {ROUTE_TCP, 5, 0, 80, true},  {ROUTE_TCP, 5, 5, 80, true},
        {ROUTE_TCP, 5, 6, 80, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int role = 0; role < 3; role++) {
            struct app *app = begin();
            struct app *other = &desk.conductor->apps[1];
            *other = (struct app){.conductor = desk.conductor, .is_used = true};
            (void)text_copy(other->memory.app, NAME_BYTES, "db");
            struct plan *plan = desk_plan(other, 9);
            plan->services[0].ports[plan->services[0].port_count++] = (struct route_port){
                .protocol = rows[i].protocol, .host_ip = rows[i].theirs, .host_port = rows[i].port};
            offered.services[0].ports[0].host_ip = rows[i].ours;
            plan->services[0].ports[1] = offered.services[0].ports[0]; /* behind the count */
            other->memory.committed = role == 0 ? desk_generation(9, 9) : (struct generation){0};
            other->memory.candidate = role == 1 ? desk_generation(9, 9) : (struct generation){0};
            other->memory.wanted = role == 2 ? plan->digest : (struct digest){0};
            CHECK_STR_EQ(door(app, true), rows[i].is_same
                                              ? "port-held: port 80/tcp is published by app "
                                                "db: publish another one"
                                              : "in");
            CHECK_STR_EQ(door(other, true), "in"); /* its own */
            other->is_used = false;
            CHECK_STR_EQ(door(app, true), "in");
            desk_close();
        }
    }
}

static void ports_held(void)
{
    struct app *app = begin();
    struct plan_service *service = &offered.services[0];
    desk.is_held = true;
    CHECK_STR_EQ(door(app, true),
                 "port-held: port 80/tcp is held by a process of this host: stop it or "
                 "publish another port");
    service->ports[0].protocol = ROUTE_UDP;
    CHECK_CONTAINS(door(app, true), "port-held: port 80/udp is held");
    desk.refusal = ERR_IO;
    CHECK_STR_EQ(door(app, true), "io: look for port 80/udp: no answer");
    desk.refusal = 0;
    desk.is_held = false;
    service->ports[service->port_count++] =
        (struct route_port){.protocol = ROUTE_TCP, .host_ip = 5, .host_port = 443};
    desk_clear();
    CHECK_STR_EQ(door(app, true), "in");
    CHECK_STR_EQ(desk.said, "is udp 0:80 held\nis tcp 5:443 held\n");
    desk_close();
}

static void room(void)
{
    struct app *app = begin();
    offered.requires_disk_bytes = 500ull << 20;
    offered.requires_ram_bytes = 600ull << 20;
    CHECK_STR_EQ(door(app, true), "in");
    offered.requires_disk_bytes++;
    CHECK_STR_EQ(door(app, true),
                 "disk-too-small: the release requires 500 MiB of disk, the engine's has "
                 "500 MiB free: make room or lower x-berth.requires.disk");
    offered.requires_disk_bytes = 0;
    offered.requires_ram_bytes += 1ull << 20;
    CHECK_STR_EQ(door(app, true),
                 "ram-too-small: the release requires 601 MiB of memory, this machine "
                 "has 600 MiB");
    desk_close();
}

static struct err said_to_person;
static int answers;

static void told(void *ctx, const struct err *err)
{
    CHECK(ctx == &answers);
    answers++;
    said_to_person = err != NULL ? *err : (struct err){0};
}

static const char *back(void)
{
    struct err err = {0};
    int rc = conductor_rollback(desk.conductor, "web", told, &answers, &err);
    (void)snprintf(refusal, sizeof refusal, "%s%s%s", rc == 0 ? "back" : err_word(rc),
                   rc == 0 ? "" : ": ", rc == 0 ? "" : err.text);
    return refusal;
}

static void rollback_taken(void)
{
    struct app *app = begin();
    desk.conductor->is_dirty = false;
    CHECK_STR_EQ(back(), "back");
    CHECK_INT_EQ(app->verb.stage, VERB_READY);
    CHECK_INT_EQ(app->verb.wanted.bytes[0], 2);
    CHECK(app->verb.is_forced && !app->verb.is_order);
    CHECK(desk.conductor->is_dirty);
    CHECK_STR_EQ(back(), "busy: another request for app web is being recorded");
    desk_close();
    app = begin(); /* what is being tried is given up */
    app->memory.phase = SWAP_UNPROVEN;
    app->memory.candidate = desk_generation(3, 3);
    CHECK_STR_EQ(back(), "back");
    CHECK_INT_EQ(app->verb.wanted.bytes[0], 1);
    desk_close();
    app = begin(); /* and what is only wanted */
    app->memory.wanted.bytes[0] = 3;
    CHECK_STR_EQ(back(), "back");
    CHECK_INT_EQ(app->verb.wanted.bytes[0], 1);
    desk_close();
}

static void rollback_refused(void)
{
    struct app *app = begin();
    struct err err = {0};
    CHECK_INT_EQ(conductor_rollback(desk.conductor, "w", told, &answers, &err), ERR_NOT_FOUND);
    CHECK_STR_EQ(err.text, "no app w on this node");
    app->memory.floor = 20;
    CHECK_STR_EQ(back(), "back");
    app->verb.stage = VERB_NONE;
    app->memory.floor = 21;
    CHECK_STR_EQ(back(),
                 "below-floor: the release before has sequence 20, below this app's floor 21");
    app->memory.wanted.bytes[0] = 3; /* what serves may be kept, whatever the floor */
    CHECK_STR_EQ(back(), "back");
    app->verb.stage = VERB_NONE;
    app->memory.wanted = app->memory.committed.release;
    app->memory.floor = 0;
    desk.conductor->revoked.count = 1;
    desk.conductor->revoked.digests[0].bytes[0] = 2;
    CHECK_STR_EQ(back(), "revoked: the release before was revoked");
    desk.conductor->revoked.digests[0].bytes[0] = 1;
    CHECK_STR_EQ(back(), "back");
    app->verb.stage = VERB_NONE;
    app->memory.wanted.bytes[0] = 3;
    CHECK_STR_EQ(back(), "revoked: the release before was revoked");
    app->memory.committed.gen = 0;
    CHECK_STR_EQ(back(), "not-found: app web has nothing before to go back to");
    app->memory.committed.gen = 1;
    app->memory.wanted = app->memory.committed.release;
    app->memory.history[0].gen = 0;
    CHECK_STR_EQ(back(), "not-found: app web has nothing before to go back to");
    desk.conductor->engine.has_list = false;
    CHECK_CONTAINS(back(), "engine-gone: ");
    desk_close();
}

/* The release before must fit as one that is activated must; what serves already is asked nothing.
 */
static void rollback_without_room(void)
{
    for (int is_going_on = 0; is_going_on < 2; is_going_on++) {
        struct app *app = begin();
        struct app *other = &desk.conductor->apps[1];
        *other = (struct app){.conductor = desk.conductor, .is_used = true};
        (void)text_copy(other->memory.app, NAME_BYTES, "db");
        app->memory.wanted.bytes[0] = is_going_on ? 3 : 1;
        other->verb.stage = VERB_STORING;
        CHECK_STR_EQ(back(), is_going_on
                                 ? "back"
                                 : "busy: a request for app db is being recorded: try again");
        other->verb.stage = VERB_NONE;
        app->verb.stage = VERB_NONE;
        desk.refusal = ERR_LIMIT;
        if (is_going_on) {
            CHECK_STR_EQ(back(), "back");
        } else {
            CHECK_CONTAINS(back(), "over-limit: ");
        }
        desk_close();
    }
}

/* A new app takes the first free place, as many as the pool has room for. */
static void new_apps(void)
{
    (void)begin();
    struct app *made = NULL;
    struct err err = {0};
    uint8_t apps = address_apps(&desk.conductor->config);
    CHECK_INT_EQ(apps, APPS_MAX);
    for (uint8_t i = 1; i < apps; i++) {
        char name[] = {'n', (char)('a' + i), '\0'};
        CHECK_INT_EQ(app_new(desk.conductor, name, &made, &err), 0);
        CHECK(made == &desk.conductor->apps[i]);
        CHECK(made->is_used && made->is_new && made->conductor == desk.conductor);
        CHECK_INT_EQ(made->memory.index, i);
        CHECK(made->session.is_observed && made->session.has_looked);
        CHECK_STR_EQ(made->memory.app, name);
        CHECK(app_of(desk.conductor, name) == made);
    }
    CHECK_INT_EQ(app_new(desk.conductor, "x", &made, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "this node's address pool has room for 16 apps, and none of them has");
    CHECK(app_of(desk.conductor, "x") == NULL);
    desk.conductor->apps[3].is_used = false;
    CHECK(app_of(desk.conductor, "nd") == NULL);
    CHECK_INT_EQ(app_new(desk.conductor, "x", &made, &err), 0);
    CHECK(made == &desk.conductor->apps[3]);
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"open door", open_door},
        {"node not ready", node_not_ready},
        {"other app", other_app},
        {"own memory", own_memory},
        {"sequences", sequences},
        {"powers", powers},
        {"ports", ports},
        {"ports held", ports_held},
        {"room", room},
        {"rollback taken", rollback_taken},
        {"rollback refused", rollback_refused},
        {"rollback without room", rollback_without_room},
        {"new apps", new_apps},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
