/* adopt_test: containers of ours without a record: which generation is looked after, and which
 * container says nothing. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

enum { PLACE = 3 };

static struct engine_container listed[8];
static size_t listed_count;
static struct app *place;

/* An app "db" ran in place 3; its releases 4 and 5, with two replicas each, can be read. */
static void begin(void)
{
    (void)desk_open();
    desk.conductor->engine.about_at = MONO_NEVER;
    desk.conductor->traffic.found = ROUTE_FOUND_NONE;
    place = &desk.conductor->apps[PLACE];
    (void)text_copy(place->memory.app, NAME_BYTES, "db");
    desk_plan(place, 4)->services[0].replicas = 2;
    desk_plan(place, 5)->services[0].replicas = 2;
    place->memory.app[0] = '\0';
    memset(listed, 0, sizeof listed);
    listed_count = 0;
}

/* Replica `number` of generation `gen`, in lane 1 (even) or 2, of the release of the same name. */
static struct engine_container *list_add(uint64_t gen, uint32_t number)
{
    struct engine_container *container = &listed[listed_count++];
    uint8_t lane = gen % 2 == 0 ? 1 : 2;
    *container = (struct engine_container){
        .gen = gen,
        .replica = number,
        .state = ENGINE_RUNNING,
        .address = address_replica(&desk.conductor->config, PLACE, lane, 0, (uint8_t)number),
        .release.bytes = {(uint8_t)gen},
    };
    (void)snprintf(container->id, sizeof container->id, "id-%u-%u", (unsigned)gen, number);
    (void)text_copy(container->app, sizeof container->app, "db");
    (void)text_copy(container->service, sizeof container->service, "main");
    return container;
}

static void look(void)
{
    desk_clear();
    desk.conductor->engine.list_at = 0;
    observe_step(desk.conductor);
    CHECK_INT_EQ(desk.call_count, 1);
    desk_answer(0, 0,
                &(struct engine_answer){.containers = listed, .container_count = listed_count});
}

static void is_adopted(uint32_t gen, uint32_t gen_last)
{
    const struct generation *committed = &place->memory.committed;
    CHECK(place->is_used && place->is_lost && !place->is_new);
    CHECK_STR_EQ(place->memory.app, "db");
    CHECK_INT_EQ(place->memory.index, PLACE);
    CHECK(desk.conductor->has_lost_memory);
    CHECK_INT_EQ(committed->gen, gen);
    CHECK_INT_EQ(committed->release.bytes[0], gen);
    CHECK_INT_EQ(committed->sequence, 10 * gen);
    CHECK_INT_EQ(committed->lane, gen == 0 ? 0 : gen % 2 == 0 ? 1 : 2);
    CHECK_INT_EQ(place->memory.wanted.bytes[0], gen);
    CHECK_INT_EQ(place->memory.gen_last, gen_last);
}

static void one_generation(void)
{
    begin();
    desk.conductor->is_dirty = false;
    list_add(4, 1);
    list_add(4, 2);
    look();
    is_adopted(4, 4);
    CHECK_STR_EQ(desk.log, "w db: memory lost: containers without a record\n");
    CHECK_INT_EQ(place->session.replica_count, 2);
    CHECK(place->session.is_observed && desk.conductor->is_dirty);
    CHECK(!desk.conductor->apps[0].is_lost);
    list_add(5, 1); /* what comes later changes nothing of it */
    list_add(5, 2);
    look();
    is_adopted(4, 4);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

/* A complete generation before an incomplete one, then the older; whatever the engine names first.
 */
static void which_generation(void)
{
    static const struct {
        int replicas_4, replicas_5;
        uint32_t adopted;
    } rows[] = {{2, 2, 4}, {1, 2, 5}, {2, 1, 4}, {1, 1, 4}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int is_first = 0; is_first < 2; is_first++) {
            begin();
            for (uint32_t turn = 0; turn < 2; turn++) {
                uint64_t gen = (turn == 0) == (is_first == 0) ? 4 : 5;
                int replicas = gen == 4 ? rows[i].replicas_4 : rows[i].replicas_5;
                for (int number = 1; number <= replicas; number++) {
                    list_add(gen, (uint32_t)number);
                }
            }
            look();
            is_adopted(rows[i].adopted, 5);
            desk_close();
        }
    }
}

/* Completeness is of its own app's containers, whoever else has as many. */
static void whole_of_its_own(void)
{
    begin();
    list_add(4, 1);
    (void)text_copy(list_add(4, 2)->app, NAME_BYTES, "web");
    list_add(5, 1);
    list_add(5, 2);
    look();
    is_adopted(5, 5);
    desk_close();
}

/* Its payload is not there: nothing is known but that it is ours; with it, it is taken up. */
static void unreadable(void)
{
    begin();
    place->plans.slots[0].is_broken = true;
    place->plans.slots[0].retry_at = MONO_NEVER;
    list_add(4, 1);
    look();
    is_adopted(0, 4);
    CHECK_STR_EQ(desk.log, "w db: memory lost: containers without a record\n");
    place->plans.slots[0].is_broken = false;
    look();
    is_adopted(4, 4);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

/* A release that is another app's is not this one's, whatever the label says. */
static void of_another_app(void)
{
    begin();
    (void)text_copy(place->plans.slots[0].plan.app, NAME_BYTES, "web");
    list_add(4, 1);
    list_add(4, 2);
    list_add(5, 1);
    look();
    is_adopted(5, 5);
    desk_close();
}

static void says_nothing(void)
{
    enum { BELOW, BETWEEN, GEN, NO_RELEASE, TAKEN, KNOWN, ROWS };
    for (int row = 0; row < ROWS; row++) {
        begin();
        struct engine_container *container = list_add(4, 1);
        struct app *web = &desk.conductor->apps[0];
        switch (row) {
        case BELOW:
            container->address = desk.conductor->config.pool + 16;
            break;
        case BETWEEN:
            container->address = address_gateway(&desk.conductor->config, PLACE);
            break;
        case GEN:
            container->gen = (uint64_t)UINT32_MAX + 1;
            break;
        case NO_RELEASE:
            container->release = (struct digest){0};
            break;
        case TAKEN: /* by an app that has a record */
            container->address = address_replica(&desk.conductor->config, 0, 1, 0, 1);
            break;
        default:
            (void)text_copy(container->app, NAME_BYTES, "web");
            break;
        }
        look();
        CHECK(!place->is_used && !web->is_lost);
        CHECK(!desk.conductor->has_lost_memory);
        CHECK_STR_EQ(web->memory.app, "web");
        CHECK_INT_EQ(web->memory.gen_last, 0);
        CHECK_INT_EQ(web->memory.committed.gen, 0);
        CHECK_STR_EQ(desk.log, "");
        desk_close();
    }
    begin();
    list_add(UINT32_MAX, 1)->release.bytes[0] = 4; /* the last number there is */
    look();
    CHECK_INT_EQ(place->memory.gen_last, UINT32_MAX);
    CHECK_INT_EQ(place->memory.committed.gen, UINT32_MAX);
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"one generation", one_generation},     {"which generation", which_generation},
        {"whole of its own", whole_of_its_own}, {"unreadable", unreadable},
        {"of another app", of_another_app},     {"says nothing", says_nothing},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
