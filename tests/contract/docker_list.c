/* docker_list: whether a container is called what its labels say, and is on its network, by the
 * names of today and by those of earlier versions. */
#include "ports/docker/call.h"

#include "tests/check.h"

#define LABELS                                                                                     \
    "\"Config\":{\"Labels\":{\"io.berth.node\":\"gw1\",\"io.berth.app\":\"shop\","                 \
    "\"io.berth.gen\":\"7\",\"io.berth.service\":\"web\",\"io.berth.replica\":\"2\"}}"
#define MODE(name, networks)                                                                       \
    "\"HostConfig\":{\"NetworkMode\":\"" name "\"},\"NetworkSettings\":{\"Networks\":" networks "}"

static struct engine_container read_one(const char *members)
{
    struct engine_container container = {0};
    char text[2000];
    bool is_short = false;
    (void)snprintf(text, sizeof text, "{%s," LABELS "}", members);
    REPLY json = reply_parse(span_text(text), &is_short);
    CHECK(json != NULL);
    docker_container_read(json, &container);
    return container;
}

static void a_name_says_what_the_labels_say(void)
{
    static const struct {
        const char *name;
        bool is_misnamed;
    } rows[] = {
        {"\"Name\":\"/berth_gw1_shop_7_web_2\"", false},
        {"\"Name\":\"berth_gw1_shop_7_web_2\"", false},
        {"\"Name\":\"/berth-gw1-shop-7-web-2\"", false},
        {"\"Name\":\"/berth-gw1_shop_7_web_2\"", true},
        {"\"Name\":\"/berth_gw1_shop_7_web_3\"", true},
        {"\"Name\":\"/berth_gw1_shop_7_web_2x\"", true},
        {"\"Name\":\"/eager_shannon\"", true},
        {"\"Name\":\"\"", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct engine_container container = read_one(rows[i].name);
        CHECK_INT_EQ(container.is_misnamed, rows[i].is_misnamed);
    }
}

static void a_network_of_ours_is_connected(void)
{
    static const struct {
        const char *members;
        bool is_detached;
    } rows[] = {
        {MODE("berth_gw1_shop", "{\"berth_gw1_shop\":{}}"), false},
        {MODE("berth_gw1_shop", "{}"), true},
        {MODE("berth_gw1_shop", "{\"bridge\":{}}"), true},
        {MODE("berth-gw1-shop", "{\"berth-gw1-shop\":{}}"), false},
        {MODE("berth-gw1-shop", "{}"), true},
        {MODE("host", "{}"), false},
        {MODE("none", "{}"), false},
        {MODE("berth_gw1_shop", "null"), false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct engine_container container = read_one(rows[i].members);
        CHECK_INT_EQ(container.is_detached, rows[i].is_detached);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a_name_says_what_the_labels_say", a_name_says_what_the_labels_say},
        {"a_network_of_ours_is_connected", a_network_of_ours_is_connected}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
