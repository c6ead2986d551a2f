/* worker_contract_names: host names: found, unknown, never answered, and beside everything else. */
#include <signal.h>

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/contract/fake_names.h"
#include "tests/contract/worker_contract.h"

enum { TURNS_MAX = 3000, LOOKUPS_MAX = 4, PENDING_MAX = 32 };

struct answer {
    int calls;
    int code; /* 0, or of the err */
    int status;
    char output[512];
};

static struct worker_fixture *fixture;
static bool is_inside_call;

static void answered(void *ctx, const struct err *err, int status, struct span output)
{
    struct answer *answer = ctx;
    CHECK(!is_inside_call);
    answer->calls++;
    answer->code = err == NULL ? 0 : err->code;
    answer->status = status;
    (void)snprintf(answer->output, sizeof answer->output, "%.*s", (int)output.len,
                   output.len > 0 ? (const char *)output.data : "");
}

static void pump_until(const int *count, int wanted)
{
    for (int i = 0; i < TURNS_MAX && *count < wanted; i++) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(*count, wanted);
}

static int resolve(struct answer *answer, const char *host)
{
    struct err err;
    *answer = (struct answer){0};
    is_inside_call = true;
    int rc = fixture->worker.ops->resolve(fixture->worker.self, host, answered, answer, &err);
    is_inside_call = false;
    return rc;
}

static void resolve_and_wait(struct answer *answer, const char *host)
{
    CHECK_INT_EQ(resolve(answer, host), 0);
    pump_until(&answer->calls, 1);
}

static void case_addresses(void)
{
    struct answer answer;
    resolve_and_wait(&answer, "192.0.2.7");
    CHECK_INT_EQ(answer.code, 0);
    CHECK_INT_EQ(answer.status, 0);
    CHECK_STR_EQ(answer.output, "192.0.2.7\n");
    resolve_and_wait(&answer, "localhost");
    CHECK_INT_EQ(answer.status, 0);
    CHECK_CONTAINS(answer.output, "127.0.0.1\n");
    resolve_and_wait(&answer, FAKE_NAME_SECOND);
    CHECK_STR_EQ(answer.output, "127.0.0.99\n127.0.0.1\n");
}

static void case_no_more_than_eight(void)
{
    struct answer answer;
    resolve_and_wait(&answer, FAKE_NAME_MANY);
    CHECK_INT_EQ(answer.status, 0);
    CHECK_STR_EQ(answer.output, "127.0.0.10\n127.0.0.11\n127.0.0.12\n127.0.0.13\n"
                                "127.0.0.14\n127.0.0.15\n127.0.0.16\n127.0.0.17\n");
}

/* The second is asked of the real resolver, which refuses it without asking the network. */
static void case_unknown_name(void)
{
    static const char *const names[] = {
        FAKE_NAME_UNKNOWN,
        "a-label-of-more-than-sixty-three-characters-cannot-be-asked-of-any-name-server.test",
        "",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct answer answer;
        resolve_and_wait(&answer, names[i]);
        CHECK_INT_EQ(answer.code, 0);
        CHECK(answer.status > 0);
        CHECK(answer.output[0] != '\0');
    }
}

static void case_beside_a_program(void)
{
    static const char *const args[] = {"hang"};
    struct answer hang = {0};
    struct answer answer;
    CHECK_INT_EQ(fixture->worker.ops->run(fixture->worker.self, WORKER_NFT, args, 1,
                                          span_of(NULL, 0), answered, &hang, NULL),
                 0);
    resolve_and_wait(&answer, "127.0.0.1");
    CHECK_INT_EQ(answer.status, 0);
    CHECK_INT_EQ(hang.calls, 0);
    pump_until(&hang.calls, 1);
    CHECK_INT_EQ(hang.code, ERR_TIMEOUT);
}

/* What is beyond the places waits for one, and nothing but lookups waits with it. */
static void case_no_answer_holds_up_nothing(void)
{
    struct answer hangs[LOOKUPS_MAX];
    struct answer more;
    struct answer sync = {0};
    for (size_t i = 0; i < LOOKUPS_MAX; i++) {
        CHECK_INT_EQ(resolve(&hangs[i], FAKE_NAME_HANGS), 0);
    }
    CHECK_INT_EQ(resolve(&more, "127.0.0.1"), 0);
    CHECK_INT_EQ(fixture->worker.ops->sync_filesystem(fixture->worker.self, fixture->folder,
                                                      answered, &sync, NULL),
                 0);
    pump_until(&sync.calls, 1);
    CHECK_INT_EQ(sync.status, 0);
    CHECK_INT_EQ(hangs[0].calls, 0);
    CHECK_INT_EQ(more.calls, 0);
    for (size_t i = 0; i < LOOKUPS_MAX; i++) {
        pump_until(&hangs[i].calls, 1);
        CHECK_INT_EQ(hangs[i].code, ERR_TIMEOUT);
    }
    pump_until(&more.calls, 1);
    CHECK_INT_EQ(more.code, 0);
    CHECK_STR_EQ(more.output, "127.0.0.1\n");
}

static void forget(const struct answer *answer)
{
    is_inside_call = true;
    fixture->worker.ops->forget(fixture->worker.self, answer);
    is_inside_call = false;
}

/* Its place is free long before its time is over, which is when `kept` answers. */
static void case_forgotten_gives_its_place_up(void)
{
    struct answer kept;
    struct answer gone;
    struct answer more;
    for (int i = 0; i < 2 * PENDING_MAX; i++) {
        CHECK_INT_EQ(resolve(&gone, FAKE_NAME_HANGS), 0);
        for (int turn = 0; turn < i % LOOKUPS_MAX; turn++) {
            fixture->pump(fixture->self); /* some have been sent, some have not */
        }
        forget(&gone);
    }
    CHECK_INT_EQ(resolve(&kept, FAKE_NAME_HANGS), 0);
    resolve_and_wait(&more, "127.0.0.1");
    CHECK_STR_EQ(more.output, "127.0.0.1\n");
    CHECK_INT_EQ(kept.calls, 0);
    pump_until(&kept.calls, 1);
    CHECK_INT_EQ(kept.code, ERR_TIMEOUT);
    CHECK_INT_EQ(gone.calls, 0);
}

/* One `ctx` may have asked several; what others have asked stands. */
static void case_forgotten_many_at_once(void)
{
    struct answer gone;
    struct answer kept;
    struct answer more;
    for (int i = 0; i < PENDING_MAX - 1; i++) {
        CHECK_INT_EQ(resolve(&gone, FAKE_NAME_HANGS), 0);
    }
    CHECK_INT_EQ(resolve(&kept, "127.0.0.2"), 0);
    CHECK_INT_EQ(resolve(&more, "127.0.0.3"), ERR_BUSY);
    forget(&gone);
    pump_until(&kept.calls, 1);
    CHECK_STR_EQ(kept.output, "127.0.0.2\n");
    CHECK_INT_EQ(gone.calls + more.calls, 0);
    resolve_and_wait(&more, "127.0.0.3");
    CHECK_STR_EQ(more.output, "127.0.0.3\n");
}

static void case_asker_dies(void)
{
    struct answer answer;
    resolve_and_wait(&answer, FAKE_NAME_DIES);
    CHECK_INT_EQ(answer.code, ERR_IO);
    resolve_and_wait(&answer, "127.0.0.1");
    CHECK_INT_EQ(answer.code, 0);
}

static void case_helper_dies(void)
{
    struct answer answer;
    CHECK_INT_EQ(resolve(&answer, FAKE_NAME_HANGS), 0);
    for (int i = 0; i < 20; i++) {
        fixture->pump(fixture->self);
    }
    fixture->kill_helper(fixture->self);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.code, ERR_IO);
    resolve_and_wait(&answer, "127.0.0.1");
    CHECK_INT_EQ(answer.status, 0);
}

/* Forgets from inside an answer, as an owner does who closes there. */
static void answered_and_forgot(void *ctx, const struct err *err, int status, struct span output)
{
    struct answer *pair = ctx;
    answered(&pair[0], err, status, output);
    fixture->worker.ops->forget(fixture->worker.self, &pair[1]);
}

static void case_forgotten_does_not_answer(void)
{
    struct answer pair[2] = {{0}};
    struct answer other;
    CHECK_INT_EQ(resolve(&pair[1], "127.0.0.1"), 0);
    CHECK_INT_EQ(resolve(&other, "127.0.0.1"), 0);
    forget(&pair[1]);
    pump_until(&other.calls, 1);
    resolve_and_wait(&other, "127.0.0.1");
    CHECK_INT_EQ(pair[1].calls, 0);
    CHECK_INT_EQ(fixture->worker.ops->resolve(fixture->worker.self, FAKE_NAME_HANGS,
                                              answered_and_forgot, &pair[0], NULL),
                 0);
    CHECK_INT_EQ(resolve(&pair[1], FAKE_NAME_HANGS), 0);
    for (int i = 0; i < 20; i++) {
        fixture->pump(fixture->self);
    }
    fixture->kill_helper(fixture->self);
    pump_until(&pair[0].calls, 1);
    CHECK_INT_EQ(pair[0].code, ERR_IO);
    resolve_and_wait(&other, "127.0.0.1");
    CHECK_INT_EQ(pair[1].calls, 0);
}

int worker_contract_names_run(struct worker_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"names: addresses", case_addresses},
        {"names: no more than eight", case_no_more_than_eight},
        {"names: unknown name", case_unknown_name},
        {"names: beside a program", case_beside_a_program},
        {"names: no answer holds up nothing", case_no_answer_holds_up_nothing},
        {"names: the one who asks dies", case_asker_dies},
        {"names: the helper dies", case_helper_dies},
        {"names: forgotten does not answer", case_forgotten_does_not_answer},
        {"names: forgotten gives its place up", case_forgotten_gives_its_place_up},
        {"names: forgotten, many at once", case_forgotten_many_at_once},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
