/* document_edges_test: every value of a whole sample of each document replaced by others, of other
 * types, of each length, and of numbers up to where it is refused: what is taken and what is said,
 * as document_edges.txt has it.
 * `... --write FILE` writes it anew. The samples are cut by this file's own reading of JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/config.h"
#include "agent/wire/order.h"
#include "agent/wire/presence.h"
#include "agent/wire/report.h"
#include "agent/wire/rollout.h"
#include "agent/wire/trust.h"
#include "platform/base/text.h"
#include "tests/check.h"

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
     "\"roles\":[\"release\",\"order\",\"trust\",\"revoke\"]},{\"id\":\"" K2
     "\",\"point\":"
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

static struct value values[128];
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

/* Where the outcome changes as the step grows: "0..63 -> taken". */
static void lengths(const struct document *document, const struct value *value)
{
    static char kept[sizeof last];
    static char string[LENGTH_MAX + 8];
    char letter = document->sample[value->end - 2];
    char first = document->sample[value->at + 1];
    int from = 1;
    kept[0] = '\0';
    for (int len = 1; len <= LENGTH_MAX + 1; len++) {
        if (len <= LENGTH_MAX) {
            memset(string, letter, sizeof string);
            string[0] = '"';
            string[1] = first;
            string[len + 1] = '"';
            string[len + 2] = '\0';
            put(document, value->at, value->end, string);
        }
        const char *said = len <= LENGTH_MAX ? outcome(document) : "";
        size_t word = strcspn(said, ":");
        if (len > 1 && (word != strcspn(kept, ":") || strncmp(said, kept, word) != 0)) {
            text_printf(&out, "%s: length %d..%d -> %.*s\n", value->path, from, len - 1,
                        (int)strcspn(kept, "\""), kept);
            from = len;
        }
        (void)snprintf(kept, sizeof kept, "%s", said);
    }
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

static const char *number_outcome(const struct document *document, const struct value *value,
                                  uint64_t number)
{
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, number);
    put(document, value->at, value->end, digits);
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

static void all(void)
{
    text_init(&out, page, sizeof page);
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        const struct document *document = &documents[i];
        value_count = 0;
        (void)value_walk(document->sample, 0, 0, document->name);
        put(document, 0, 0, "");
        text_printf(&out, "%s -> %s\n", document->name, outcome(document));
        for (size_t j = 1; j < value_count; j++) {
            char first = document->sample[values[j].at];
            other_types(document, &values[j]);
            if (first == '"') {
                lengths(document, &values[j]);
            } else if (first >= '0' && first <= '9') {
                numbers(document, &values[j]);
            } else if (first == '[' || first == '{') {
                counts(document, &values[j]);
            }
        }
    }
    CHECK(!out.cut);
}

static void as_written(void)
{
    FILE *file = fopen(DOCUMENT_EDGES, "r");
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
        printf("    document_edges.txt differs from line %d on\n", line);
    }
    CHECK(page[at] == golden[at]);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"as written", as_written}};
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        all();
        FILE *file = fopen(argv[2], "w");
        return file != NULL && fputs(page, file) >= 0 && fclose(file) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
    }
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
