/* node_story: members are looked for one by one, because an older or newer agent may write others.
 */
#include "ports/app/berth/node_story.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/wire/json.h"

/* Lines of the output that are shown: the last ones. */
#define TAIL_LINES 40

void node_text_print(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char each = (unsigned char)text[i];
        (void)putchar(each == '\t' ? ' ' : each < 0x20 || each == 0x7f ? '?' : each);
    }
}

const char *node_instant(char word[INSTANT_BYTES], int64_t wall)
{
    struct tm parts;
    time_t seconds = (time_t)(wall / 1000);
    if (wall <= 0 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(word, INSTANT_BYTES, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
        (void)snprintf(word, INSTANT_BYTES, "at a time unknown");
    }
    return word;
}

/* "" where there is no such member, or it is no text. */
static const char *text_of(const struct json_place *at, const char *key)
{
    struct json_place member;
    const char *text = "";
    return json_member(at, key, &member) && json_string(&member, &text, NULL) == 0 ? text : "";
}

static bool number_of(const struct json_place *at, const char *key, int64_t *value)
{
    struct json_place member;
    return json_member(at, key, &member) && !json_is_null(&member) &&
           json_integer(&member, -1000000, INT64_C(9007199254740991), value, NULL) == 0;
}

static bool is_set(const struct json_place *at, const char *key)
{
    struct json_place member;
    bool value = false;
    return json_member(at, key, &member) && !json_is_null(&member) &&
           json_boolean(&member, &value, NULL) == 0 && value;
}

static void line_print(const char *head, const char *text)
{
    if (text[0] != '\0') {
        printf("      %-10s ", head);
        node_text_print(text, strlen(text));
        printf("\n");
    }
}

static void end_print(const struct json_place *cause)
{
    const char *state = text_of(cause, "state");
    const char *service = text_of(cause, "service");
    int64_t code = 0, replica = 0;
    bool has_code = number_of(cause, "exitCode", &code);
    printf("      %-10s ", "container");
    node_text_print(service, strlen(service));
    if (number_of(cause, "replica", &replica)) {
        printf(" %lld", (long long)replica);
    }
    if (state[0] != '\0') {
        printf(": ");
        node_text_print(state, strlen(state));
    }
    if (has_code) {
        printf(", exit code %lld", (long long)code);
    }
    printf("%s\n", is_set(cause, "outOfMemory") ? ", out of memory" : "");
    line_print("engine", text_of(cause, "engineError"));
}

static void probes_print(const struct json_place *cause)
{
    struct json_place probes, step = {0};
    while (json_member(cause, "probes", &probes) && json_next(&probes, &step)) {
        const char *probe = text_of(&step, "probe");
        const char *asked = text_of(&step, "asked"), *came = text_of(&step, "came");
        int64_t in_a_row = 0;
        printf("      %-10s ", "probe");
        node_text_print(probe, strlen(probe));
        printf(": ");
        node_text_print(asked, strlen(asked));
        printf(" -> ");
        node_text_print(came, strlen(came));
        if (number_of(&step, "inARow", &in_a_row) && in_a_row > 0) {
            printf(" (%lld in a row)", (long long)in_a_row);
        }
        printf("\n");
    }
}

static void events_print(const struct json_place *story)
{
    struct json_place events, step = {0};
    while (json_member(story, "events", &events) && json_next(&events, &step)) {
        char when[INSTANT_BYTES];
        int64_t wall = 0;
        const char *text = text_of(&step, "text");
        (void)number_of(&step, "wall", &wall);
        printf("      %-10s %s: ", "event", node_instant(when, wall));
        node_text_print(text, strlen(text));
        printf("\n");
    }
}

/* Where the last TAIL_LINES lines begin. */
static const char *tail_of(const char *output)
{
    const char *at = output + strlen(output);
    for (int lines = 0; at > output; at--) {
        lines += at[-1] == '\n' && at[0] != '\0';
        if (lines == TAIL_LINES) {
            return at;
        }
    }
    return output;
}

static void output_print(const struct json_place *cause)
{
    const char *output = text_of(cause, "output");
    const char *tail = tail_of(output);
    line_print("output", text_of(cause, "outputUnread"));
    if (tail[0] != '\0') {
        printf("      %-10s%s\n", "output",
               tail != output || is_set(cause, "outputCut") ? " (its end)" : "");
    }
    while (tail[0] != '\0') {
        size_t len = strcspn(tail, "\n");
        printf("        | ");
        node_text_print(tail, len);
        printf("\n");
        tail += tail[len] == '\n' ? len + 1 : len;
    }
}

static int story_open(struct span story, struct json_document *document, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = STORY_BYTES_MAX};
    return json_parse(story, &rules, document, err);
}

int node_story_app(struct span story, char app[NAME_BYTES], struct err *err)
{
    struct json_document document;
    struct json_place member;
    int rc = story_open(story, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_member(&root, "app", &member)
             ? json_name(&member, app, NAME_BYTES, err)
             : err_set(err, ERR_MISSING, "it does not say which app it is about");
    json_free(&document);
    return rc;
}

void node_story_print(struct span story)
{
    struct json_document document;
    struct json_place cause;
    if (story_open(story, &document, NULL) != 0) {
        return;
    }
    struct json_place root = json_root(&document);
    const char *verdict = text_of(&root, "verdict"), *reason = text_of(&root, "reason");
    int64_t gen = 0;
    (void)number_of(&root, "verdictGen", &gen);
    printf("    %-12s generation %lld: ", "story", (long long)gen);
    node_text_print(verdict, strlen(verdict));
    printf(" (");
    node_text_print(reason, strlen(reason));
    printf(")\n");
    line_print("because", text_of(&root, "sentence"));
    line_print("release", text_of(&root, "release"));
    line_print("order", text_of(&root, "order"));
    line_print("answer", text_of(&root, "outcome"));
    line_print("", text_of(&root, "outcomeReason"));
    if (json_member(&root, "cause", &cause) && json_is_object(&cause)) {
        end_print(&cause);
        probes_print(&cause);
    }
    events_print(&root);
    if (json_member(&root, "cause", &cause) && json_is_object(&cause)) {
        output_print(&cause);
    }
    json_free(&document);
}
