/* release_relate_edge: mounts, what stands at the root, and the soak and deadline that probes need.
 */
#include "agent/wire/release.h"

#include "tests/check.h"
#include "tests/unit/wire/sample.h"

/* A deadline that no probe of these rows comes near. */
#define LONG ",\"swap\":{\"deadline\":\"24h\"}"

/* A row with a code of 0 is good. */
struct row {
    const char *text;
    int code;
    const char *message;
};

enum part { SERVICE, EXTENSION, TOP, ROOT };

static int compile(enum part part, const char *text, struct plan *plan, struct err *err)
{
    const struct sample sample = {.service = part == SERVICE ? text : NULL,
                                  .extension = part == EXTENSION ? text : NULL,
                                  .top = part == TOP ? text : LONG,
                                  .root = part == ROOT ? text : NULL};
    return sample_compile(&sample, plan, err);
}

static void check_rows(enum part part, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        static struct plan plan;
        struct err err = {0};
        int failures = check_failures_;
        int rc = compile(part, rows[i].text, &plan, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        if (rows[i].code != 0) {
            CHECK_CONTAINS(err.text, rows[i].message);
        }
        if (check_failures_ != failures) {
            printf("    %s: %s\n", rows[i].text, err.text);
        }
    }
}

#define MOUNT(members) ",\"volumes\":[{" members "}]"
#define VOLUME(source) "\"type\":\"volume\",\"source\":\"" source "\",\"target\":\"/x\""

#define BIND(option)                                                                               \
    MOUNT("\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/x\",\"bind\":{" option "}")

static void case_mounts(void)
{
    static const struct row rows[] = {
        {MOUNT(VOLUME("a.-_9")), 0, ""},
        {MOUNT(VOLUME("")), ERR_VALUE, "name of a volume"},
        {MOUNT(VOLUME("-a")), ERR_VALUE, "name of a volume"},
        {MOUNT(VOLUME("a+")), ERR_VALUE, "name of a volume"},
        {MOUNT("\"type\":\"bind\",\"source\":\"/\",\"target\":\"/x\""), 0, ""},
        {MOUNT("\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/\""), ERR_VALUE, "below /"},
        {MOUNT("\"type\":\"bind\",\"source\":\"a\",\"target\":\"/x\""), ERR_VALUE,
         "an absolute path"},
        {MOUNT("\"type\":\"bind\",\"source\":\"/a/..\",\"target\":\"/x\""), ERR_VALUE, "'..'"},
        {MOUNT("\"type\":\"bind\",\"source\":\"/..a\",\"target\":\"/x\""), 0, ""},
        {MOUNT("\"type\":\"npipe\",\"source\":\"/a\",\"target\":\"/x\""), ERR_VALUE,
         "must be bind, volume, tmpfs or file"},
        {MOUNT("\"type\":\"tmpfs\",\"source\":\"/a\",\"target\":\"/x\""), ERR_VALUE,
         "a tmpfs has no source"},
        {MOUNT("\"type\":\"bind\",\"target\":\"/x\""), ERR_MISSING, "source"},
        {MOUNT("\"type\":\"bind\",\"source\":\"/a\""), ERR_MISSING, "target"},
        {",\"volumes\":[{" VOLUME("a") "},{" VOLUME("b") "}]", ERR_VALUE,
         "two mounts have the same target"},
        {MOUNT("\"type\":\"tmpfs\",\"target\":\"/x\""), 0, ""},
        {MOUNT("\"type\":\"tmpfs\",\"target\":\"/x\",\"tmpfs\":{\"mode\":4095}"), 0, ""},
        {MOUNT("\"type\":\"tmpfs\",\"target\":\"/x\",\"tmpfs\":{\"mode\":4096}"), ERR_VALUE,
         "between 0 and 4095"},
        {MOUNT("\"type\":\"tmpfs\",\"target\":\"/x\",\"tmpfs\":{\"size\":\"x\"}"), ERR_VALUE,
         "size"},
        {MOUNT("\"type\":\"tmpfs\",\"target\":\"/x\",\"volume\":{}"), ERR_VALUE,
         "volume: belongs to a mount of type volume"},
        {MOUNT(VOLUME("a") ",\"bind\":{}"), ERR_VALUE, "belongs to a mount of type bind"},
        {MOUNT(VOLUME("a") ",\"tmpfs\":{}"), ERR_VALUE, "belongs to a mount of type tmpfs"},
        {MOUNT(VOLUME("a") ",\"volume\":{\"subpath\":\"x\"}"), ERR_UNKNOWN_KEY,
         "volume of its own"},
        {MOUNT(VOLUME("a") ",\"volume\":{\"labels\":{}}"), ERR_UNKNOWN_KEY, "the node's own"},
        {MOUNT(VOLUME("a") ",\"volume\":{\"nocopy\":1}"), ERR_VALUE, "must be true or false"},
        {BIND("\"propagation\":\"rshared\""), 0, ""},
        {BIND("\"propagation\":\"rbind\""), ERR_VALUE, "one of them after r"},
        {BIND("\"selinux\":\"z\""), 0, ""},
        {BIND("\"selinux\":\"x\""), ERR_VALUE, "must be z or Z"},
        {BIND("\"create_host_path\":\"yes\""), ERR_VALUE, "must be true or false"},
        {BIND("\"recursive\":\"enabled\""), ERR_UNKNOWN_KEY, "not supported"},
        {",\"volumes\":{}", ERR_VALUE, "must be a list of mounts"},
        {",\"tmpfs\":[\"/a\"]", 0, ""},
        {",\"tmpfs\":[\"/a\",\"/\"]", ERR_VALUE, "item 1 must begin with an absolute path"},
        {",\"tmpfs\":[\"a\"]", ERR_VALUE, "item 0 must begin with an absolute path"},
        {",\"tmpfs\":[\"/a/../b\"]", ERR_VALUE, "item 0 must begin with an absolute path"},
        {",\"devices\":[\"/dev/x\"]", 0, ""},
        {",\"devices\":[\"/dev/x:/dev/y\"]", 0, ""},
        {",\"devices\":[\"/dev/x:/dev/y:mwr\"]", 0, ""},
        {",\"devices\":[\"/dev/x:/dev/y:\"]", ERR_VALUE, "/dev/ttyS0"},
        {",\"devices\":[\"/dev/x:y\"]", ERR_VALUE, "/dev/ttyS0"},
        {",\"devices\":[\"x\"]", ERR_VALUE, "/dev/ttyS0"},
        {",\"devices\":[1]", ERR_VALUE, "must be a string"},
        {",\"devices\":{}", ERR_VALUE, "must be a list of strings"},
        {",\"secrets\":[\"a\",\"b\"]", 0, ""},
        {",\"secrets\":[\"a\",\"b\",\"a\"]", ERR_VALUE, "item 2 stands twice"},
        {",\"secrets\":[\"\"]", ERR_VALUE, "item 0 must be a plain file name"},
        {",\"secrets\":{}", ERR_VALUE, "must be a list of strings"},
    };
    check_rows(SERVICE, rows, COUNT_OF(rows));
}

static void case_root(void)
{
    static const struct row rows[] = {
        {",\"name\":\"shop\"", 0, ""},
        {",\"name\":1", ERR_VALUE, "must be a string"},
        {",\"volumes\":{\"a\":null,\"b\":{}}", 0, ""},
        {",\"volumes\":{\"a\":null,\"b\":{\"driver\":\"x\"}}", ERR_UNKNOWN_KEY,
         "volumes.b.driver: make the volume on the node"},
        {",\"volumes\":{\"a\":{\"labels\":{}}}", ERR_UNKNOWN_KEY, "set external: true"},
        {",\"volumes\":{\"a\":{\"driver_opts\":{}}}", 0, ""},
        {",\"volumes\":{\"a\":{\"driver_opts\":{\"type\":\"nfs\"}}}", 0, ""},
        {",\"volumes\":{\"a\":{\"driver_opts\":{\"type\":\"nfs\"}},\"b\":{\"name\":\"a\"}}", 0, ""},
        {",\"volumes\":{\"a\":{\"driver_opts\":{\"type\":1}}}", ERR_VALUE,
         "volumes.a.driver_opts.type: must be a string"},
        {",\"volumes\":{\"a\":{\"driver_opts\":[]}}", ERR_VALUE, "must be an object of strings"},
        {",\"volumes\":{\"a\":{\"external\":true,\"driver_opts\":{\"type\":\"nfs\"}}}", ERR_VALUE,
         "external and driver_opts conflict"},
        {",\"volumes\":{\"a\":1}", ERR_VALUE, "volumes.a: must be an object"},
        {",\"volumes\":{\"a\":{\"external\":true},\"b\":{\"name\":\"c\"}}", 0, ""},
        {",\"volumes\":{\"a b\":{\"external\":true,\"name\":\"c\"}}", 0, ""},
        {",\"volumes\":{\"a b\":{\"external\":true}}", ERR_VALUE, "set name"},
        {",\"volumes\":{\"a\":{\"external\":1}}", ERR_VALUE, "must be true or false"},
        {",\"volumes\":{\"a\":{\"name\":\"x/y\"}}", ERR_VALUE, "volumes.a.name: must be the name"},
        {",\"volumes\":{\"a\":{\"name\":\"x\"},\"b\":{\"name\":\"x\"}}", ERR_VALUE,
         "volumes.b: has the name of a"},
        {",\"volumes\":{\"a\":{\"name\":\"b\"},\"b\":{\"external\":true}}", ERR_VALUE,
         "volumes.b: has the name of a"},
        {",\"volumes\":[]", ERR_VALUE, "must be an object"},
        {",\"secrets\":{\"a\":{\"external\":true}}", 0, ""},
        {",\"secrets\":{\"a\":{\"external\":false}}", ERR_VALUE, "must be true"},
        {",\"secrets\":{\"a\":{\"external\":1}}", ERR_VALUE, "must be true or false"},
        {",\"secrets\":{\"a\":{}}", ERR_MISSING, "external"},
        {",\"secrets\":[]", ERR_VALUE, "must be an object"},
        {",\"include\":[]", ERR_UNKNOWN_KEY, "write one file"},
    };
    check_rows(ROOT, rows, COUNT_OF(rows));
}

/* The shortest soak that lets each probe notice a failure, by the numbers of the probe. */
static void case_soak(void)
{
    static const struct {
        const char *probes;
        int64_t soak_ms, deadline_ms;
    } rows[] = {
        /* 3 x 5 s + 2 s, and a period more; one success after 0 s */
        {"\"readiness\":{\"tcpSocket\":{\"port\":1}}", 22000, 5000},
        /* a time-out longer than the period sets the pace */
        {"\"readiness\":{\"tcpSocket\":{\"port\":1},\"timeoutSeconds\":7}", 3 * 7000 + 7000 + 5000,
         7000},
        {"\"readiness\":{\"tcpSocket\":{\"port\":1},\"initialDelaySeconds\":60,"
         "\"successThreshold\":4}",
         22000, 80000},
        {"\"liveness\":{\"tcpSocket\":{\"port\":1},\"initialDelaySeconds\":60}",
         60000 + 32000 + 10000, 1000},
        {"\"liveness\":{\"tcpSocket\":{\"port\":1}},\"readiness\":{\"tcpSocket\":{\"port\":1},"
         "\"periodSeconds\":20}",
         82000, 20000},
        {"\"startup\":{\"tcpSocket\":{\"port\":1},\"initialDelaySeconds\":5,"
         "\"failureThreshold\":10},\"readiness\":{\"tcpSocket\":{\"port\":1}}",
         22000, 30000},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char extension[400], top[200];
        struct sample sample = {.extension = extension, .top = top};
        struct plan plan = {.app = ""};
        (void)snprintf(extension, sizeof extension, ",\"probes\":{%s}", rows[i].probes);
        for (int below = 0; below < 2; below++) {
            (void)snprintf(top, sizeof top, ",\"swap\":{\"soak\":\"%lldms\"}",
                           (long long)rows[i].soak_ms - below);
            CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), below == 0 ? 0 : ERR_VALUE);
            if (rows[i].deadline_ms > 1000) {
                (void)snprintf(top, sizeof top, ",\"swap\":{\"deadline\":\"%lldms\"}",
                               (long long)rows[i].deadline_ms - below);
                CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), below == 0 ? 0 : ERR_VALUE);
            }
        }
        top[0] = '\0';
        CHECK_INT_EQ(sample_compile(&sample, &plan, NULL), 0);
        CHECK_INT_EQ(plan.soak_ms, rows[i].soak_ms);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"mounts", case_mounts}, {"root", case_root}, {"soak", case_soak}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
