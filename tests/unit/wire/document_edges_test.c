/* document_edges_test: every value of a whole sample of each document replaced by others, of other
 * types, of each length, and of numbers up to where it is refused: what is taken and what is said,
 * as document_edges.txt and
 * release_edges.txt have it. `... --write FOLDER` writes them anew. The samples are cut by this
 * file's own reading of JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/config.h"
#include "agent/wire/order.h"
#include "agent/wire/presence.h"
#include "agent/wire/release.h"
#include "agent/wire/report.h"
#include "agent/wire/rollout.h"
#include "agent/wire/trust.h"
#include "platform/base/text.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

enum { PAGE_BYTES = 1 << 19, DOCUMENT_BYTES = 200000, LENGTH_MAX = 520, COUNT_MAX = 140 };

#define H4  "abababab"
#define H64 H4 H4 H4 H4 H4 H4 H4 H4
#define ID1 "11111111"
#define ID2 "22222222"
#define K1  ID1 ID1 ID1 ID1 ID1 ID1 ID1 ID1
#define K2  ID2 ID2 ID2 ID2 ID2 ID2 ID2 ID2

static struct config config;
static struct order order;
static struct report report;
static struct trust trust;
static struct revoked revoked;
static struct presence presence;
static struct claim claim;

#define READER(name, call)                                                                         \
    static int name##_read(struct span text, struct err *err)                                      \
    {                                                                                              \
        return call(text, &name, err);                                                             \
    }

READER(config, config_parse)
READER(order, order_parse)
READER(report, report_parse)
READER(trust, trust_parse)
READER(revoked, revoked_parse)
READER(presence, presence_parse)
READER(claim, claim_parse)

/* The release's own edges; and what it compiles to renders. */
static int release_read(struct span text, struct err *err)
{
    static struct plan plan;
    return release_compile(text, sample_node(), &plan, err);
}

static const struct document {
    const char *name;
    int (*read)(struct span text, struct err *err);
    const char *sample;
} documents[] = {
    {"config", config_read,
     "{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\",\"labels\":{\"zone\":\"north\"},"
     "\"stateDir\":"
     "\"/s\",\"controlDir\":\"/c\",\"engineSocket\":\"/e\",\"trust\":\"/t\",\"revoke\":\"/r\","
     "\"secretsDir\":\"/x\",\"bootRuleset\":\"/b\",\"pool\":\"10.64.0.0/20\",\"power\":{\"web\":["
     "\"devices\"]},\"publishAddress\":\"10.0.0.1\",\"broker\":{\"host\":\"h\",\"port\":8883,"
     "\"name\":"
     "\"n\",\"ca\":\"/ca\",\"cert\":\"/cert\",\"key\":\"/key\"},\"controlUid\":1000}"},
    {"order", order_read,
     "{\"schema\":1,\"id\":\"0123456789abcdef\",\"fleet\":\"plant\",\"node\":\"gw-1\",\"app\":"
     "\"web\","
     "\"epoch\":3,\"gen\":9,\"release\":\"" H64 "\",\"stage\":[\"" H64 "\"],\"before\":\"" H64
     "\",\"hold\":true,\"force\":true,\"startBy\":1764000900000,\"rollout\":\"r-1\",\"issued\":5}"},
    {"report", report_read,
     "{\"schema\":1,\"must\":[],\"fleet\":\"plant\",\"node\":\"gw-1\",\"version\":\"0.1\",\"arch\":"
     "\"arm\",\"labels\":{\"rack\":\"7\"},\"reads\":{\"release\":1,\"order\":1},\"memoryLost\":"
     "true,"
     "\"storeFailed\":true,\"engineUp\":true,\"identity\":\"alone\",\"trustVersion\":1,"
     "\"revokeVersion\":2,\"at\":3,\"timeTrusted\":true,\"apps\":[{\"app\":\"web\",\"phase\":"
     "\"rest\","
     "\"committed\":{\"gen\":4,\"release\":\"" H64
     "\",\"sequence\":5,\"version\":\"2.0\"},\"wanted\":"
     "\"" H64
     "\",\"wantedBy\":\"order\",\"verdict\":\"good\",\"reason\":\"soaked\",\"verdictGen\":4,"
     "\"floor\":6,\"order\":{\"gen\":7,\"epoch\":8,\"id\":\"0123456789abcdef\",\"open\":true,"
     "\"wait\":"
     "\"busy\"},\"outcomes\":[{\"id\":\"0123456789abcdef\",\"outcome\":\"failed\",\"reason\":"
     "\"crashed\"}],\"refused\":\"late\",\"serving\":true,\"health\":\"ready\",\"healthReason\":"
     "\"answered\"}]}"},
    {"trust", trust_read,
     "{\"schema\":1,\"fleet\":\"demo\",\"version\":3,\"keys\":[{\"id\":\"" K1 "\",\"point\":"
     "\"BDExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=\","
     "\"roles\":[\"release\",\"order\",\"trust\",\"revoke\"]},{\"id\":\"" K2 "\",\"point\":"
     "\"BDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=\","
     "\"roles\":[\"release\"]}],\"threshold\":{\"release\":2,\"order\":1,"
     "\"trust\":1,\"revoke\":1}}"},
    {"revoked", revoked_read, "{\"schema\":1,\"version\":3,\"releases\":[\"" H64 "\"]}"},
    {"presence", presence_read,
     "{\"schema\":1,\"session\":\"0123456789abcdef\",\"online\":true,\"since\":5}"},
    {"claim", claim_read,
     "{\"schema\":1,\"must\":[],\"epoch\":3,\"nonce\":\"0123456789abcdef\",\"released\":true,"
     "\"since\":5}"},
};

static const struct document release = {
    "release", release_read,
    "{\"schema\":1,\"x-berth\":{\"app\":\"shop\",\"version\":\"2.1\",\"sequence\":5,\"floor\":3,"
    "\"requires\":{\"arch\":[\"amd64\",\"arm/v7\"],\"minAgent\":\"0.1.0\",\"ram\":\"64M\","
    "\"disk\":\"200M\"},\"swap\":{\"order\":\"stop-first\",\"soak\":\"2m\",\"drain\":\"15s\","
    "\"keepWarm\":\"10m\",\"deadline\":\"20m\",\"attempts\":3},\"adopt\":\"old\"},"
    "\"services\":{\"web\":{"
    "\"image\":\"registry.example:5000/shop/web@sha256:" SAMPLE_INDEX "\","
    "\"command\":[\"serve\",\"\"],\"entrypoint\":[\"/web\"],\"environment\":{\"A\":\"1\","
    "\"NODE\":\"$(node.name)/$(node.label.zone)\"},\"user\":\"1000:1000\",\"working_dir\":\"/w\","
    "\"hostname\":\"web\",\"labels\":{\"team\":\"x\"},\"extra_hosts\":[\"db:10.0.0.1\"],"
    "\"group_add\":[\"20\"],\"init\":true,\"tty\":true,\"restart\":\"unless-stopped\","
    "\"stop_signal\":\"SIGINT\",\"stop_grace_period\":\"3s\",\"logging\":{\"driver\":\"json-file\","
    "\"options\":{\"max-size\":\"1m\"}},\"ports\":[{\"target\":8080,\"published\":80,"
    "\"protocol\":\"tcp\",\"host_ip\":\"0.0.0.0\"}],\"volumes\":[{\"type\":\"bind\","
    "\"source\":\"/srv\",\"target\":\"/srv\",\"read_only\":true},{\"type\":\"volume\","
    "\"source\":\"data\",\"target\":\"/data\"}],\"tmpfs\":[\"/tmp\"],"
    "\"devices\":[\"/dev/ttyS0:/dev/tty9:rw\"],\"secrets\":[\"key.pem\"],"
    "\"cap_add\":[\"NET_ADMIN\"],\"cap_drop\":[\"ALL\"],\"privileged\":false,\"read_only\":true,"
    "\"ulimits\":{\"nofile\":{\"soft\":1,\"hard\":2},\"nproc\":9},\"sysctls\":{\"net.a\":\"1\"},"
    "\"shm_size\":\"8M\",\"deploy\":{\"replicas\":2,\"resources\":{\"limits\":{\"cpus\":\"0.25\","
    "\"memory\":\"64M\",\"pids\":50}}},\"x-berth\":{\"image\":{\"index\":\"sha256:" SAMPLE_INDEX
    "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" SAMPLE_MANIFEST
    "\",\"config\":\"sha256:" SAMPLE_CONFIG
    "\"},{\"arch\":\"arm\",\"variant\":\"v7\",\"manifest\":\"sha256:" SAMPLE_CONFIG
    "\",\"config\":\"sha256:" SAMPLE_MANIFEST "\"}]},\"probes\":{\"startup\":{"
    "\"tcpSocket\":{\"port\":8080},\"periodSeconds\":2,\"failureThreshold\":30},\"readiness\":{"
    "\"httpGet\":{\"path\":\"/readyz\",\"port\":8080},\"periodSeconds\":0.5,\"timeoutSeconds\":1,"
    "\"failureThreshold\":3},\"liveness\":{\"exec\":{\"command\":[\"/check\"]}}},"
    "\"drain\":{\"notify\":{\"signal\":\"SIGUSR1\"}},\"order\":\"stop-first\"}}}}"};

static char page[PAGE_BYTES];
static char golden[PAGE_BYTES];
static struct text out;
static char text_of[DOCUMENT_BYTES];

/* One value of a sample: from its first to behind its last character, and its member from its key
 * on. */
struct value {
    size_t at, end, member;
    char path[96];
};

static struct value values[400];
static size_t value_count;

static size_t value_walk(const char *json, size_t at, size_t member, const char *path);

static size_t string_end(const char *json, size_t at)
{
    for (at++; json[at] != '"'; at++) {
        at += json[at] == '\\' ? 1 : 0;
    }
    return at + 1;
}

static size_t inside_walk(const char *json, size_t at, const char *path)
{
    bool is_object = json[at] == '{';
    int index = 0;
    at++;
    while (json[at] != '}' && json[at] != ']') {
        char inner[96];
        size_t member = at;
        if (is_object) {
            size_t end = string_end(json, at);
            (void)snprintf(inner, sizeof inner, "%.60s.%.*s", path, (int)(end - at - 2),
                           json + at + 1);
            at = end + 1;
        } else {
            (void)snprintf(inner, sizeof inner, "%.60s[%d]", path, index++);
        }
        at = value_walk(json, at, member, inner);
        at += json[at] == ',' ? 1 : 0;
    }
    return at + 1;
}

static size_t value_walk(const char *json, size_t at, size_t member, const char *path)
{
    struct value *value = &values[value_count++];
    *value = (struct value){.at = at, .member = member};
    (void)snprintf(value->path, sizeof value->path, "%s", path);
    size_t end = at;
    if (json[at] == '"') {
        end = string_end(json, at);
    } else if (json[at] == '{' || json[at] == '[') {
        end = inside_walk(json, at, path);
    } else {
        end += strcspn(json + at, ",]}");
    }
    value->end = end;
    return end;
}

static char last[ERR_TEXT_BYTES + 64];

/* What comes of the document, without its figures where they are only the length or the number
 * tried. */
static const char *outcome(const struct document *document)
{
    struct err err = {0};
    int rc = document->read(span_text(text_of), &err);
    CHECK(rc == 0 || err.code == rc);
    (void)snprintf(last, sizeof last, "%s%s%.160s", rc == 0 ? "taken" : err_word(rc),
                   rc == 0 ? "" : ": ", rc == 0 ? "" : err.text);
    return last;
}

static void put(const struct document *document, size_t from, size_t to, const char *instead)
{
    struct text text;
    text_init(&text, text_of, sizeof text_of);
    text_append_span(&text, span_of(document->sample, from));
    text_append(&text, instead);
    text_append(&text, document->sample + to);
    CHECK(!text.cut);
}

/* "path: A B C -> outcome": what follows one another with one outcome is one line. */
static char run_names[4096];
static char run_outcome[sizeof last];

static void run_flush(const char *path)
{
    if (run_names[0] != '\0') {
        text_printf(&out, "%s:%s -> %s\n", path, run_names, run_outcome);
    }
    run_names[0] = '\0';
}

static void run_add(const char *path, const char *name, const char *said)
{
    if (strcmp(said, run_outcome) != 0) {
        run_flush(path);
        (void)snprintf(run_outcome, sizeof run_outcome, "%s", said);
    }
    size_t len = strlen(run_names);
    (void)snprintf(run_names + len, sizeof run_names - len, " %s", name);
}

static void other_types(const struct document *document, const struct value *value)
{
    static const char *const others[] = {"null", "true",  "7",  "-1", "1.5",
                                         "\"\"", "\"x\"", "[]", "{}"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        put(document, value->at, value->end, others[i]);
        run_add(value->path, others[i], outcome(document));
    }
    run_flush(value->path);
    if (document->sample[value->member] == '"' && value->member != value->at) {
        bool is_last = document->sample[value->end] == '}';
        bool is_first = document->sample[value->member - 1] == '{';
        put(document, value->member - (is_last && !is_first ? 1 : 0),
            value->end + (is_last ? 0 : 1), "");
        run_add(value->path, "absent", outcome(document));
        run_flush(value->path);
        char twice[128];
        (void)snprintf(twice, sizeof twice, "\"later\":1,");
        put(document, value->member, value->member, twice);
        run_add(value->path, "beside an unknown key", outcome(document));
        run_flush(value->path);
    }
}

/* Each of these instead of the first character, and of the last. */
static void characters(const struct document *document, const struct value *value)
{
    static const char *const letters[] = {"/", " ", ".",       "-",   "_",       "A",
                                          "0", ":", "\\u0000", "\\n", "\xc3\xa9"};
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        for (int is_front = 0; is_front < 2; is_front++) {
            char name[16];
            size_t at =
                is_front ? value->at + 1 : value->end - 2; /* instead of the first, or the last */
            put(document, at, at + 1, letters[i]);
            (void)snprintf(name, sizeof name, is_front ? "%s*" : "*%s", letters[i]);
            run_add(value->path,
                    letters[i][0] == '\\' || (letters[i][0] & 0x80) != 0
                        ? (is_front ? "odd*" : "*odd")
                        : name,
                    outcome(document));
        }
    }
    run_flush(value->path);
}

static const char *length_outcome(const struct document *document, const struct value *value,
                                  int len)
{
    static char string[LENGTH_MAX + 8];
    memset(string, document->sample[value->end - 2], sizeof string);
    string[0] = '"';
    string[1] = document->sample[value->at + 1];
    string[len + 1] = '"';
    string[len + 2] = '\0';
    put(document, value->at, value->end, string);
    return outcome(document);
}

/* Where the outcome changes as it grows: each length near those that are likely, and, where two of
 * these differ, each between them. */
static void lengths(const struct document *document, const struct value *value)
{
    static char kept[sizeof last];
    int from = 1;
    int step = 1;
    (void)snprintf(kept, sizeof kept, "%s", length_outcome(document, value, 1));
    for (int len = 2; len <= LENGTH_MAX; len += step) {
        bool is_near = (len & (len - 1)) == 0 || ((len + 1) & len) == 0 || len < 9;
        step = is_near || len % 100 > 97 ? 1 : 3;
        const char *said = length_outcome(document, value, len);
        size_t word = strcspn(said, ":");
        if (word == strcspn(kept, ":") && strncmp(said, kept, word) == 0) {
            continue;
        }
        int end = len - 1;
        while (end > from && strncmp(length_outcome(document, value, end), kept, 12) != 0) {
            end--;
        }
        text_printf(&out, "%s: length %d..%d -> %.*s\n", value->path, from, end,
                    (int)strcspn(kept, "\""), kept);
        from = end + 1;
        (void)snprintf(kept, sizeof kept, "%s", length_outcome(document, value, from));
        len = from;
    }
    text_printf(&out, "%s: length %d.. -> %.*s\n", value->path, from, (int)strcspn(kept, "\""),
                kept);
    characters(document, value);
}

/* In a text, like "10s", its first figure is replaced. */
static const char *number_outcome(const struct document *document, const struct value *value,
                                  uint64_t number)
{
    char digits[32];
    size_t at = value->at + (document->sample[value->at] == '"' ? 1 : 0);
    size_t end = at + strspn(document->sample + at, "0123456789");
    (void)snprintf(digits, sizeof digits, "%" PRIu64, number);
    put(document, at, end, digits);
    return outcome(document);
}

/* The last number of the same outcome as `low`, which `high` has not. */
static uint64_t edge(const struct document *document, const struct value *value, uint64_t low,
                     uint64_t high)
{
    static char kept[sizeof last];
    (void)snprintf(kept, sizeof kept, "%.12s", number_outcome(document, value, low));
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (strncmp(number_outcome(document, value, middle), kept, 12) == 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void numbers(const struct document *document, const struct value *value)
{
    uint64_t from = 0;
    uint64_t at = 0;
    for (int bit = 0; bit <= 63; bit++) {
        uint64_t next = UINT64_C(1) << bit;
        static char one[sizeof last];
        (void)snprintf(one, sizeof one, "%s", number_outcome(document, value, at));
        if (strncmp(number_outcome(document, value, next), one, 12) != 0) {
            uint64_t end = edge(document, value, at, next);
            text_printf(&out, "%s: %" PRIu64 "..%" PRIu64 " -> %.*s\n", value->path, from, end,
                        (int)strcspn(one, "\""), one);
            from = end + 1;
        }
        at = next;
    }
    text_printf(&out, "%s: %" PRIu64 ".. -> %s\n", value->path, from,
                number_outcome(document, value, at));
}

/* As many elements, or members, as there may be; each another by its last two letters. */
static void counts(const struct document *document, const struct value *value)
{
    static char list[DOCUMENT_BYTES];
    static char kept[sizeof last];
    const char *inner = document->sample + value->at + 1;
    size_t len = value->end - value->at - 2;
    bool is_object = document->sample[value->at] == '{';
    size_t end = is_object ? (size_t)(strchr(inner, ':') - inner) : len;
    if (len < 4 || inner[0] != '"' || strchr("\"", inner[end - 1]) == NULL || len > 80) {
        return;
    }
    int from = 1;
    kept[0] = '\0';
    for (int count = 1; count <= COUNT_MAX + 1; count++) {
        struct text text;
        text_init(&text, list, sizeof list);
        text_append(&text, is_object ? "{" : "[");
        for (int i = 0; i < count; i++) {
            text_printf(&text, "%s%.*s%02x%.*s", i > 0 ? "," : "", (int)end - 3, inner, (unsigned)i,
                        (int)(len - end + 1), inner + end - 1);
        }
        text_append(&text, is_object ? "}" : "]");
        put(document, value->at, value->end, list);
        const char *said = count <= COUNT_MAX ? outcome(document) : "";
        if (count > 1 && strncmp(said, kept, 12) != 0) {
            text_printf(&out, "%s: count %d..%d -> %s\n", value->path, from, count - 1, kept);
            from = count;
        }
        (void)snprintf(kept, sizeof kept, "%s", said);
    }
}

static void one(const struct document *document)
{
    value_count = 0;
    (void)value_walk(document->sample, 0, 0, document->name);
    CHECK(value_count <= COUNT_OF(values));
    put(document, 0, 0, "");
    text_printf(&out, "%s -> %s\n", document->name, outcome(document));
    for (size_t j = 1; j < value_count; j++) {
        char first = document->sample[values[j].at];
        other_types(document, &values[j]);
        char second = document->sample[values[j].at + 1];
        if (first == '"') {
            lengths(document, &values[j]);
        }
        if (first == '"' && second >= '0' && second <= '9' && values[j].end - values[j].at < 26) {
            numbers(document, &values[j]);
        } else if (first >= '0' && first <= '9') {
            numbers(document, &values[j]);
        } else if (first == '[' || first == '{') {
            counts(document, &values[j]);
        }
    }
}

static void all(bool is_release)
{
    text_init(&out, page, sizeof page);
    if (is_release) {
        one(&release);
    }
    for (size_t i = 0; !is_release && i < COUNT_OF(documents); i++) {
        one(&documents[i]);
    }
    CHECK(!out.cut);
}

static void same(const char *path, bool is_release)
{
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(golden, 1, sizeof golden - 1, file) : 0;
    golden[len] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    all(is_release);
    int line = 1;
    size_t at = 0;
    for (; page[at] != '\0' && page[at] == golden[at]; at++) {
        line += page[at] == '\n' ? 1 : 0;
    }
    if (page[at] != golden[at]) {
        printf("    %s differs from line %d on\n", path, line);
    }
    CHECK(page[at] == golden[at]);
}

static void small_documents(void)
{
    same(EDGES "/document_edges.txt", false);
}

static void releases(void)
{
    same(EDGES "/release_edges.txt", true);
}

static bool write_one(const char *folder, const char *name, bool is_release)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    all(is_release);
    FILE *file = fopen(path, "w");
    return file != NULL && fputs(page, file) >= 0 && fclose(file) == 0;
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"small documents", small_documents},
        {"releases", releases},
    };
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        return write_one(argv[2], "document_edges.txt", false) &&
                       write_one(argv[2], "release_edges.txt", true)
                   ? EXIT_SUCCESS
                   : EXIT_FAILURE;
    }
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
