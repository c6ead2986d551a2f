/* docker_faults: engines that answer what a real one only does on a bad day. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/contract/docker_bench.h"

static void an_answer_cut_short_is_a_lost_engine(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/containers/json",
         .answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[{\"Id\":\"",
         .times = 1,
         .after = FAKE_CLOSE},
        {.request = "GET /v1.41/containers/json",
         .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"Id",
         .times = 1,
         .after = FAKE_RESET},
        {.request = "GET /v1.41/containers/json", OK_JSON("[]")},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE_GONE);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE_GONE);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    CHECK_INT_EQ(result.count, 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 0), 3); /* asked anew after each loss */
    bench_close();
}

static void an_endless_answer_is_refused(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/containers/json",
         .answer = "HTTP/1.1 200 OK\r\n\r\n[",
         .repeat = 40u << 20,
         .after = FAKE_CLOSE},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_LIMIT);
    bench_close();
}

static void unreadable_answers_are_errors(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/containers/json", OK_JSON("null"), .times = 1},
        {.request = "GET /v1.41/containers/json", OK_JSON("[{]"), .times = 1},
        {.request = "GET /v1.41/containers/json", OK_JSON("[{\"Id\":\"\"}]"), .times = 1},
        {.request = "GET /v1.41/containers/json", OK_JSON("[{\"Id\":\"a\"}]"), .times = 1},
        {.request = "GET /v1.41/containers/json",
         .status = 500,
         .body = "{\"message\":\"a\\nb \\u0007\"}"},
        {.request = "GET /v1.41/containers/a/json", OK_JSON("[]")},
        {.request = "POST /v1.41/containers/create", .status = 201, .body = "{}"},
    };
    struct engine_spec spec = {.name = "n", .image = "i", .network = "host"};
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    CHECK_INT_EQ(result.count, 0);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE);
    CHECK_CONTAINS(result.text, "about a container");
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE);
    CHECK_STR_EQ(result.text, "list containers: a b");
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), ERR_ENGINE);
    bench_close();
}

static void versions_are_negotiated_again(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /version", VERSION("1.99", "1.44"), .times = 1},
        {.request = "GET /v1.52/containers/json",
         .status = 400,
         .body = ""
                 "{\"message\":\"client version 1.52 is too new. Maximum supported "
                 "is 1.43 there.\"}"},
        {.request = "GET /version", VERSION("1.43", "1.12")},
        {.request = "GET /v1.43/containers/json", OK_JSON("[]")},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 1), 1);
    CHECK_INT_EQ(fake_server_used(&bench.server, 2), 1);
    CHECK_INT_EQ(fake_server_used(&bench.server, 3), 2);
    bench_close();
}

static void an_engine_too_old_or_too_new_is_named(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /version", VERSION("1.40", "1.12"), .times = 1},
        {.request = "GET /version", VERSION("1.99", "1.60"), .times = 1},
        {.request = "GET /version", OK_JSON("{}")},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE);
    CHECK_CONTAINS(result.text, "update the engine");
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE);
    CHECK_CONTAINS(result.text, "update the agent");
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), ERR_ENGINE);
    bench_close();
}

/* Podman 4.3 answers 500 where Docker says 409. */
static void a_taken_name_is_looked_into(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "POST /v1.41/containers/create?name=taken ",
         .status = 500,
         .body = ""
                 "{\"message\":\"the name \\\"taken\\\" already in use\"}"},
        {.request = "GET /v1.41/containers/taken/json",
         .answer =
             "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"Id\":\"abc\",\"Config\":{\"Labels\":"
             "{\"io.berth.node\":\"n\",\"io.berth.spec\":\"s\"}}}",
         .after = FAKE_CLOSE},
    };
    static const char *const ours[] = {"io.berth.node=n", "io.berth.spec=s"};
    static const char *const other[] = {"io.berth.node=n", "io.berth.spec=t"};
    static const char *const foreign[] = {"io.berth.node=m", "io.berth.spec=s"};
    struct engine_spec spec = {.name = "taken", .image = "i", .network = "host"};
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    spec.labels = (struct engine_strings){ours, 2};
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), 0);
    CHECK_STR_EQ(result.id, "abc");
    spec.labels = (struct engine_strings){other, 2};
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), ERR_EXISTS);
    spec.labels = (struct engine_strings){foreign, 2};
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), ERR_EXISTS);
    spec.labels = (struct engine_strings){0};
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), ERR_EXISTS);
    bench_close();
}

/* Seen with 20.10: a container in a crash loop refuses an update every now and then. */
static void a_policy_is_changed_in_the_end(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "POST /v1.41/containers/a/update",
         .status = 500,
         .body = "{\"message\":\"cannot update a stopped container\"}",
         .times = 3},
        {.request = "POST /v1.41/containers/a/update", OK_JSON("{}")},
        {.request = "POST /v1.41/containers/b/update", .status = 500, .body = "{}"},
        {.request = "POST /v1.41/containers/c/update", .status = 404, .body = "{}"},
    };
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_keep(&bench.fixture, "a", true), 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 2), 1);
    CHECK_INT_EQ(engine_do_keep(&bench.fixture, "b", true), ERR_ENGINE);
    CHECK_INT_EQ(engine_do_keep(&bench.fixture, "c", true), ERR_NOT_FOUND);
    CHECK_INT_EQ(fake_server_used(&bench.server, 4), 1);
    bench_close();
}

static void an_engine_that_hangs_delays_only_its_caller(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "POST /v1.41/containers/a/exec", .answer = "", .after = FAKE_HANG},
        {.request = "GET /v1.41/containers/json", OK_JSON("[]")},
    };
    static const char *const argv[] = {"/p", NULL};
    struct engine_result exec = {0};
    struct engine_result result;
    struct err err;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(bench.fixture.engine.ops->exec(bench.fixture.engine.self, "a", argv, 1, 1000,
                                                engine_result_done, &exec, &err),
                 0);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    CHECK_INT_EQ(exec.calls, 0);
    engine_wait(&bench.fixture, &exec);
    CHECK_INT_EQ(exec.code, ERR_ENGINE_GONE); /* that is no answer of the container */
    bench_close();
}

/* The engine begins the command when its time is over: nobody is blamed, and it is ended. */
static void a_command_that_is_begun_late_is_ended(void)
{
    static char running[128];
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "POST /v1.41/containers/c/exec", .status = 201, .body = "{\"Id\":\"e1\"}"},
        {.request = "POST /v1.41/exec/e1/start", .answer = "", .after = FAKE_HANG},
        {.request = "GET /v1.41/exec/e1/json",
         .status = 200,
         .body = "{\"Running\":false,\"ExitCode\":null,\"Pid\":0}",
         .times = 3},
        {.request = "GET /v1.41/exec/e1/json", .status = 200, .body = running},
    };
    static const char *const argv[] = {"/p", NULL};
    struct engine_result exec = {0};
    struct err err;
    int status = 0; /* the container is "c", which a line of any process's cgroups holds */
    pid_t pid = fork();
    if (pid == 0) {
        (void)setpgid(0, 0);
        (void)pause();
        _exit(EXIT_SUCCESS);
    }
    (void)snprintf(running, sizeof running, "{\"Running\":true,\"ExitCode\":null,\"Pid\":%d}",
                   (int)pid);
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(bench.fixture.engine.ops->exec(bench.fixture.engine.self, "c", argv, 1, 300,
                                                engine_result_done, &exec, &err),
                 0);
    engine_wait(&bench.fixture, &exec);
    CHECK_INT_EQ(exec.code, ERR_ENGINE_GONE);
    CHECK_INT_EQ(fake_server_used(&bench.server, 3), 3);
    bench_close();
    (void)alarm(20); /* it sleeps for ever where nobody ends it */
    CHECK_INT_EQ(waitpid(pid, &status, 0), pid);
    (void)alarm(0);
    CHECK(WIFSIGNALED(status));
}

/* Closing with calls under way must leave nothing behind (the sanitizers look) and call nobody. */
/* Commands that hang, as many as are let in, keep the engine from being neither seen nor used. */
static void commands_leave_calls_free(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "POST /v1.41/containers/" ID64 "/exec", .after = FAKE_HANG, .answer = ""},
        {.request = "GET /v1.41/containers/json", OK_JSON("[]")},
    };
    static const char *const argv[] = {"/probe"};
    static struct engine_result execs[DOCKER_PENDING_MAX];
    struct engine_result result;
    size_t let_in = 0;
    int rc = 0;
    struct err err;
    memset(execs, 0, sizeof execs);
    bench_open(answers, COUNT_OF(answers));
    struct engine engine = bench.fixture.engine;
    while (rc == 0 && let_in < COUNT_OF(execs)) {
        rc = engine.ops->exec(engine.self, ID64, argv, 1, 20000, engine_result_done, &execs[let_in],
                              &err);
        let_in += rc == 0 ? 1 : 0;
    }
    CHECK_INT_EQ(rc, ERR_BUSY);
    CHECK_INT_EQ(let_in, DOCKER_PENDING_MAX - 16);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    bench_close();
}

#define CREATED    .status = 201, .body = "{\"Id\":\"" ID64 "\"}"
#define INFO(text) OK_JSON("{\"DockerRootDir\":\"/\",\"LoggingDriver\":\"" text "\"}")

/* The engine's own log is bounded where it is a file without end, and nothing else is changed. */
static void an_endless_log_is_bounded(void)
{
    static const char bounded[] = "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":"
                                  "\"10m\",\"max-file\":\"3\"}}";
    static const char own[] = "\"LogConfig\":{\"Type\":\"\",\"Config\":{\"tag\":\"x\"}}";
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/info", INFO("local"), .times = 1},
        {.request = "GET /v1.41/info", INFO("json-file")},
        {.request = "POST /v1.41/containers/create", .holds = bounded, CREATED},
        {.request = "POST /v1.41/containers/create", .holds = own, CREATED},
        {.request = "POST /v1.41/containers/create", .holds = "\"Type\":\"json-file\"}", CREATED},
        {.request = "POST /v1.41/containers/create", CREATED},
    };
    static const char *const options[] = {"tag=x"};
    struct engine_spec spec = {.name = "n", .image = "i", .network = "host"};
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), 0); /* nobody asked yet */
    CHECK_INT_EQ(engine_do_about(&bench.fixture, &result), 0);
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 6), 2);
    CHECK_INT_EQ(engine_do_about(&bench.fixture, &result), 0);
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 3), 1);
    spec.log_options = (struct engine_strings){.items = options, .count = 1};
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 4), 1);
    spec = (struct engine_spec){
        .name = "n", .image = "i", .network = "host", .log_driver = "json-file"};
    CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 5), 1);
    CHECK_INT_EQ(fake_server_used(&bench.server, 6), 2);
    bench_close();
}

#define VOLUME(name, labels)                                                                       \
    {                                                                                              \
        .request = "GET /v1.41/volumes/" name " ", OK_JSON("{\"Labels\":" labels "}")              \
    }
#define MOUNTED(name, labels)                                                                      \
    {                                                                                              \
        .request = "GET /v1.41/containers/json", .holds = name "%22",                              \
        OK_JSON("[{\"Id\":\"c\",\"Labels\":" labels "}]")                                          \
    }
#define OF(app) "{\"io.berth.node\":\"n\",\"io.berth.app\":\"" app "\"}"

/* A volume with a name of its own is used as it is there, unless it is another app's. */
static void a_named_volume_is_one_apps(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        VOLUME("ours", OF("a")),
        VOLUME("theirs", OF("b")),
        VOLUME("shared", "null"),
        MOUNTED("shared", OF("b")),
        VOLUME("kept", "{\"com.docker.compose.project\":\"p\"}"),
        MOUNTED("kept", "{\"com.docker.compose.project\":\"p\"}"),
        VOLUME("mixed", "null"),
        {.request = "GET /v1.41/containers/json",
         OK_JSON(
             "[{\"Id\":\"c\",\"Labels\":{}},{\"Id\":\"d\",\"Labels\":" OF("b") "},{\"Id\":\"e\","
                                                                               "\"Labels\":{}}]")},
        {.request = "GET /v1.41/volumes/", .status = 404, .body = "{\"message\":\"none\"}"},
        {.request = "POST /v1.41/volumes/create",
         .holds = "\"Name\":\"fresh\"",
         .status = 201,
         .body = "{}"},
        {.request = "POST /v1.41/containers/create", CREATED},
    };
    static const struct {
        const char *name;
        int code;
        const char *words;
        bool is_external;
    } rows[] = {
        {"ours", 0, "", false},
        {"theirs", ERR_EXISTS, "carries the labels of another app", true},
        {"shared", ERR_EXISTS, "shared is mounted by app b, which can write it", true},
        {"kept", 0, "", true},
        {"mixed", ERR_EXISTS, "mixed is mounted by app b", false},
        {"gone", ERR_ENGINE, "docker volume create gone", true},
        {"fresh", 0, "", false},
    };
    static const char *const labels[] = {"io.berth.node=n", "io.berth.app=a"};
    bench_open(answers, COUNT_OF(answers));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct engine_mount mount = {.source = rows[i].name,
                                     .target = "/d",
                                     .is_volume = true,
                                     .is_named = true,
                                     .is_external = rows[i].is_external};
        struct engine_spec spec = {.name = "n",
                                   .image = "i",
                                   .network = "host",
                                   .labels = {.items = labels, .count = COUNT_OF(labels)},
                                   .mounts = &mount,
                                   .mount_count = 1};
        struct engine_result result;
        CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), rows[i].code);
        if (rows[i].code != 0) {
            CHECK_CONTAINS(result.text, rows[i].words);
        }
    }
    CHECK_INT_EQ(fake_server_used(&bench.server, 10), 1);
    bench_close();
}

#define OPTIONS(name, options)                                                                     \
    {                                                                                              \
        .request = "GET /v1.41/volumes/" name " ",                                                 \
        OK_JSON("{\"Labels\":" OF("a") ",\"Options\":" options "}")                                \
    }

/* What is mounted in a volume follows from its options: one with others is not taken for it. */
static void a_volume_has_the_options_of_the_release(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        OPTIONS("same", "{\"device\":\":/x\",\"type\":\"nfs\"}"),
        OPTIONS("other", "{\"device\":\":/y\",\"type\":\"nfs\"}"),
        OPTIONS("fewer", "{\"type\":\"nfs\"}"),
        OPTIONS("more", "{\"device\":\":/x\",\"type\":\"nfs\",\"o\":\"ro\"}"),
        OPTIONS("none", "null"),
        {.request = "GET /v1.41/volumes/", .status = 404, .body = "{\"message\":\"none\"}"},
        {.request = "POST /v1.41/volumes/create",
         .holds = "\"DriverOpts\":{\"type\":\"nfs\",\"device\":\":/x\"}}",
         .status = 201,
         .body = "{}"},
        {.request = "POST /v1.41/containers/create", CREATED},
    };
    static const struct {
        const char *name;
        int code;
    } rows[] = {{"same", 0},           {"other", ERR_EXISTS}, {"fewer", ERR_EXISTS},
                {"more", ERR_EXISTS}, {"none", ERR_EXISTS},  {"fresh", 0}};
    static const char *const labels[] = {"io.berth.node=n", "io.berth.app=a"};
    static const char *const options[] = {"type=nfs", "device=:/x"};
    bench_open(answers, COUNT_OF(answers));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct engine_mount mount = {.source = rows[i].name,
                                     .target = "/d",
                                     .is_volume = true,
                                     .options = {.items = options, .count = COUNT_OF(options)}};
        struct engine_spec spec = {.name = "n",
                                   .image = "i",
                                   .network = "host",
                                   .labels = {.items = labels, .count = COUNT_OF(labels)},
                                   .mounts = &mount,
                                   .mount_count = 1};
        struct engine_result result;
        CHECK_INT_EQ(engine_do_create(&bench.fixture, &spec, &result), rows[i].code);
        if (rows[i].code != 0) {
            CHECK_CONTAINS(result.text, "other options than driver_opts has: remove it with docker");
        }
    }
    CHECK_INT_EQ(fake_server_used(&bench.server, 7), 1);
    bench_close();
}

static void closing_drops_what_is_under_way(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /version", .answer = "", .after = FAKE_HANG},
    };
    struct engine_spec spec = {.name = "n", .image = "i", .network = "host"};
    struct engine_result list = {0};
    struct engine_result create = {0};
    struct engine ours;
    struct err err;
    bench_open(answers, COUNT_OF(answers));
    ours = bench.fixture.engine;
    CHECK_INT_EQ(ours.ops->list(ours.self, "n", engine_result_done, &list, &err), 0);
    bench_pump(NULL);
    CHECK_INT_EQ(ours.ops->create(ours.self, &spec, engine_result_done, &create, &err), 0);
    bench_close();
    CHECK_INT_EQ(list.calls, 0);
    CHECK_INT_EQ(create.calls, 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"an_answer_cut_short_is_a_lost_engine", an_answer_cut_short_is_a_lost_engine},
        {"an_endless_answer_is_refused", an_endless_answer_is_refused},
        {"unreadable_answers_are_errors", unreadable_answers_are_errors},
        {"versions_are_negotiated_again", versions_are_negotiated_again},
        {"an_engine_too_old_or_too_new_is_named", an_engine_too_old_or_too_new_is_named},
        {"a_taken_name_is_looked_into", a_taken_name_is_looked_into},
        {"a_policy_is_changed_in_the_end", a_policy_is_changed_in_the_end},
        {"an_engine_that_hangs_delays_only_its_caller",
         an_engine_that_hangs_delays_only_its_caller},
        {"a_command_that_is_begun_late_is_ended", a_command_that_is_begun_late_is_ended},
        {"commands_leave_calls_free", commands_leave_calls_free},
        {"an_endless_log_is_bounded", an_endless_log_is_bounded},
        {"a_volume_has_the_options_of_the_release", a_volume_has_the_options_of_the_release},
        {"a_named_volume_is_one_apps", a_named_volume_is_one_apps},
        {"closing_drops_what_is_under_way", closing_drops_what_is_under_way},
    };
    return bench_run(cases, COUNT_OF(cases), argc, argv);
}
