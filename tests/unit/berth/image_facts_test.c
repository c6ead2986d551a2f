/* image_facts: what an image's config says, in the words of OCI and of the engine. */
#include "ports/app/berth/image_facts.h"

#include "platform/base/units.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"

static const struct json_rules rules = {.bytes_max = 65536};

static int read_text(const char *text, struct image_facts *facts, struct err *err)
{
    struct json_document document;
    int rc = json_parse(span_text(text), &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = image_facts_read(&root, facts, err);
    json_free(&document);
    return rc;
}

static void case_whole(void)
{
    static const char config[] =
        "{\"User\":\"1000:1000\",\"ExposedPorts\":{\"9000/udp\":{},\"8080/tcp\":{}},"
        "\"Env\":[\"PATH=/bin\",\"MODE=a=b\"],\"Entrypoint\":[\"/"
        "run.sh\"],\"Cmd\":[\"serve\",\"\"],"
        "\"Volumes\":{\"/var/lib/z\":{},\"/data\":{}},\"WorkingDir\":\"/srv\","
        "\"Labels\":{\"org.opencontainers.image.version\":\"1.2\"},\"StopSignal\":\"SIGINT\","
        "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"wget -q localhost || exit 1\"],"
        "\"Interval\":10000000000,\"Timeout\":3000000000,\"StartPeriod\":5000000000,"
        "\"StartInterval\":500000000,\"Retries\":4}}";
    struct image_facts facts;
    struct err err;
    CHECK_INT_EQ(read_text(config, &facts, &err), 0);
    CHECK_INT_EQ(facts.volumes.count, 2);
    CHECK_STR_EQ(facts.volumes.list[0], "/data");
    CHECK_STR_EQ(facts.volumes.list[1], "/var/lib/z");
    CHECK_INT_EQ(facts.ports.count, 2);
    CHECK_STR_EQ(facts.ports.list[0], "8080/tcp");
    CHECK_INT_EQ(facts.entrypoint.count, 1);
    CHECK_INT_EQ(facts.cmd.count, 2);
    CHECK_STR_EQ(facts.cmd.list[1], "");
    CHECK_STR_EQ(facts.environment.list[1], "MODE=a=b");
    CHECK_STR_EQ(facts.labels.list[0], "org.opencontainers.image.version=1.2");
    CHECK_STR_EQ(facts.user, "1000:1000");
    CHECK_STR_EQ(facts.directory, "/srv");
    CHECK_STR_EQ(facts.stop_signal, "SIGINT");
    CHECK(facts.health.is_given && !facts.health.is_disabled);
    CHECK_STR_EQ(facts.health.test.list[1], "wget -q localhost || exit 1");
    CHECK_INT_EQ(facts.health.interval_ns, 10000000000);
    CHECK_INT_EQ(facts.health.timeout_ns, 3000000000);
    CHECK_INT_EQ(facts.health.start_period_ns, 5000000000);
    CHECK_INT_EQ(facts.health.start_interval_ns, 500000000);
    CHECK_INT_EQ(facts.health.retries, 4);
    image_facts_free(&facts);
}

/* Missing, null and empty say nothing; what was read before a fault is freed. */
static void case_little_and_wrong(void)
{
    static const char *const little[] = {
        "{}",
        "{\"Cmd\":null,\"Entrypoint\":null,\"Volumes\":null,\"Healthcheck\":null,\"User\":\"\","
        "\"Labels\":null,\"Env\":null,\"ExposedPorts\":null,\"StopSignal\":null}",
        "{\"Healthcheck\":{}}", "{\"Healthcheck\":{\"Test\":[]}}",
        "{\"Healthcheck\":{\"Test\":[\"\"]}}"};
    static const char *const wrong[] = {
        "{\"Volumes\":{\"/a\":{}},\"Cmd\":\"serve\"}",
        "{\"Volumes\":[\"/a\"]}",
        "{\"Cmd\":[\"a\",1]}",
        "{\"User\":5}",
        "{\"Labels\":{\"a\":1}}",
        "{\"Healthcheck\":{\"Test\":[\"CMD\",\"a\"],\"Interval\":\"30s\"}}",
        "{\"Healthcheck\":{\"Retries\":-1}}"};
    struct image_facts facts;
    struct err err;
    for (size_t i = 0; i < COUNT_OF(little); i++) {
        CHECK_INT_EQ(read_text(little[i], &facts, &err), 0);
        CHECK(!facts.health.is_given && !facts.health.is_disabled);
        CHECK(facts.user == NULL && facts.cmd.count == 0 && facts.volumes.count == 0);
        image_facts_free(&facts);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK_INT_EQ(read_text(wrong[i], &facts, &err), ERR_VALUE);
        image_facts_free(&facts);
    }
}

static void case_none(void)
{
    struct image_facts facts;
    CHECK_INT_EQ(read_text("{\"Healthcheck\":{\"Test\":[\"NONE\"]}}", &facts, NULL), 0);
    CHECK(!facts.health.is_given && facts.health.is_disabled);
    image_facts_free(&facts);
}

static void case_join(void)
{
    struct image_facts facts;
    struct image_facts other;
    CHECK_INT_EQ(read_text("{\"Volumes\":{\"/b\":{}},\"Cmd\":[\"x\"]}", &facts, NULL), 0);
    CHECK_INT_EQ(read_text("{\"Volumes\":{\"/b\":{}},\"Cmd\":[\"x\"]}", &other, NULL), 0);
    CHECK_INT_EQ(image_facts_join(&facts, &other, "arm64", NULL), 0);
    CHECK_STR_EQ(facts.differs, "");
    image_facts_free(&other);
    CHECK_INT_EQ(read_text("{\"Volumes\":{\"/a\":{}},\"ExposedPorts\":{\"1/tcp\":{}},"
                           "\"Cmd\":[\"y\"]}",
                           &other, NULL),
                 0);
    CHECK_INT_EQ(image_facts_join(&facts, &other, "arm/v7", NULL), 0);
    CHECK_STR_EQ(facts.differs, "command of arm/v7");
    CHECK_INT_EQ(facts.volumes.count, 2);
    CHECK_STR_EQ(facts.volumes.list[0], "/a");
    CHECK_INT_EQ(facts.ports.count, 1);
    CHECK_STR_EQ(facts.cmd.list[0], "x");
    image_facts_free(&other);
    image_facts_free(&facts);
}

#define D1      "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2      "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define CHAIN12 "sha256:9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5"

/* The chain of two was computed with sha256sum over "D1 D2". */
static void case_chain(void)
{
    struct verify verify;
    static const struct {
        const char *layers, *chain;
    } rows[] = {{"[\"" D1 "\"]", D1},
                {"[\"" D1 "\",\"" D2 "\"]", CHAIN12},
                {"[]", NULL},
                {"[\"x\"]", NULL},
                {"[1]", NULL}};
    CHECK_INT_EQ(mbedtls_verify_init(&verify, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_document document;
        struct digest chain = {{0}};
        struct digest want = {{0}};
        CHECK_INT_EQ(json_parse(span_text(rows[i].layers), &rules, &document, NULL), 0);
        struct json_place root = json_root(&document);
        CHECK_INT_EQ(image_chain(&verify, &root, &chain), rows[i].chain != NULL);
        if (rows[i].chain != NULL) {
            CHECK(digest_parse(rows[i].chain, &want) && digest_is_equal(&chain, &want));
        }
        json_free(&document);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"whole", case_whole},
                                              {"little_and_wrong", case_little_and_wrong},
                                              {"none", case_none},
                                              {"join", case_join},
                                              {"chain", case_chain}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
