/* berth node list: what each node says of itself, a line an app. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/fleet/selector.h"
#include "platform/base/text.h"
#include "ports/app/berth/node_word.h"
#include "ports/app/berth/unread.h"
#include "ports/app/berth/verbs.h"

#define SHORT_DIGEST 12
#define WORD_BYTES   80
#define LINE_BYTES   65536
#define CALLED_MAX   20

struct list_request {
    const char *path; /* of the fleet's folder */
    struct selector selector;
    bool is_json;
};

static bool is_selected(const struct selector *selector, const char *node,
                        const struct labels *labels)
{
    const char *names[LABELS_MAX + 1];
    const char *values[LABELS_MAX + 1];
    size_t count = labels->count;
    for (size_t i = 0; i < count; i++) {
        names[i] = labels->list[i].key;
        values[i] = labels->list[i].value;
    }
    names[count] = "node";
    values[count] = node;
    return selector_matches(selector, names, values, count + 1);
}

/* What a node wrote may hold anything; a terminal gets what can be printed. */
static const char *word_or_dash(char word[WORD_BYTES], const char *text)
{
    (void)snprintf(word, WORD_BYTES, "%s", text[0] != '\0' ? text : "-");
    for (char *at = word; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f) {
            *at = '?';
        }
    }
    return word;
}

/* The generation that an app's line is about: what serves, or what is to serve first. */
static const struct report_generation *generation_of(const struct report_app *app)
{
    return app->committed.gen != 0 || app->candidate.gen == 0 ? &app->committed : &app->candidate;
}

/* "silent 3 h": since when nothing was heard of it, where the node had said a time. */
static const char *state_of(const struct node_facts *facts, const struct report_app *app,
                            char word[WORD_BYTES])
{
    enum node_word state = node_word_of(facts, app);
    int64_t minutes = ((int64_t)time(NULL) - facts->presence.since / 1000) / 60;
    if (state != NODE_WORD_SILENT || facts->presence.since == 0 || minutes < 0) {
        (void)snprintf(word, WORD_BYTES, "%s", node_word_text(state));
    } else if (minutes < 120) {
        (void)snprintf(word, WORD_BYTES, "silent %d min", (int)minutes);
    } else if (minutes < 48 * 60) {
        (void)snprintf(word, WORD_BYTES, "silent %d h", (int)(minutes / 60));
    } else {
        (void)snprintf(word, WORD_BYTES, "silent %d d", (int)(minutes / 1440));
    }
    return word;
}

static void outcome_print(const struct report_app *app)
{
    const struct report_outcome *last = &app->outcomes[0];
    char reason[WORD_BYTES];
    if (app->outcome_count == 0) {
        printf("-\n");
    } else if (last->reason[0] == '\0') {
        printf("%s\n", outcome_word(last->kind));
    } else {
        printf("%s (%s)\n", outcome_word(last->kind), word_or_dash(reason, last->reason));
    }
}

static void head_print(int width, const char *node, const char *state)
{
    printf("%-*s  %-13s  ", width, node, state);
}

static void app_print(const struct report_app *app)
{
    const struct report_generation *generation = generation_of(app);
    char name[WORD_BYTES], version[WORD_BYTES], phase[WORD_BYTES];
    char hex[DIGEST_HEX_BYTES] = "-";
    if (!digest_is_none(&generation->release)) {
        digest_render(&generation->release, hex);
    }
    printf("%-12s  %-*.*s  %-10s  %-8s  ", word_or_dash(name, app->app), SHORT_DIGEST, SHORT_DIGEST,
           hex, word_or_dash(version, generation->version), word_or_dash(phase, app->phase));
    outcome_print(app);
}

static void row_print(const struct node_row *row, const struct node_facts *facts, int width)
{
    char why[2 * WORD_BYTES], state[WORD_BYTES];
    if (facts->complaint[0] != '\0') {
        (void)fprintf(stderr, "berth: node list: %s: %s\n", row->name,
                      word_or_dash(why, facts->complaint));
    }
    for (size_t i = 0; i < facts->report.app_count; i++) {
        head_print(width, row->name, state_of(facts, &facts->report.apps[i], state));
        app_print(&facts->report.apps[i]);
    }
    if (facts->report.app_count == 0) {
        head_print(width, row->name, state_of(facts, NULL, state));
        printf("%-12s  %-*s  %-10s  %-8s  -\n", "-", SHORT_DIGEST, "-", "-", "-");
    }
}

static void labels_json(const struct labels *labels, struct text *text)
{
    text_append(text, ",\"labels\":{");
    for (size_t i = 0; i < labels->count; i++) {
        text_append(text, i == 0 ? "" : ",");
        text_append_json(text, labels->list[i].key);
        text_append(text, ":");
        text_append_json(text, labels->list[i].value);
    }
    text_append(text, "}");
}

/* The worst word of its apps. */
static enum node_word worst_of(const struct node_facts *facts)
{
    enum node_word worst = node_word_of(facts, NULL);
    for (size_t i = 0; i < facts->report.app_count; i++) {
        enum node_word word = node_word_of(facts, &facts->report.apps[i]);
        worst = i == 0 || word < worst ? word : worst;
    }
    return worst;
}

/* The node's report is passed on as it came; it has been through the lint. */
static void row_json(const struct node_row *row, const struct node_facts *facts, bool has_roll,
                     struct text *text)
{
    text_printf(text, "{\"node\":\"%s\",\"present\":%s,\"state\":\"%s\"", row->name,
                facts->has_presence && facts->presence.is_online ? "true" : "false",
                node_word_text(worst_of(facts)));
    if (facts->presence.since != 0) {
        text_printf(text, ",\"since\":%lld", (long long)facts->presence.since);
    }
    if (row->level != 0) {
        text_printf(text, ",\"level\":%u", row->level);
    }
    if (has_roll) {
        text_printf(text, ",\"listed\":%s", row->is_listed ? "true" : "false");
    }
    labels_json(&facts->labels, text);
    if (facts->has_report) {
        text_append(text, ",\"report\":");
        text_append(text, row->part[NODE_REPORT]);
    }
    if (facts->complaint[0] != '\0') {
        text_append(text, ",\"complaint\":");
        text_append_json(text, facts->complaint);
    }
    text_append(text, "}");
}

/* -- what is amiss ---------------------------------------------------------------------------- */

/* Names of nodes of which one thing holds: how many, and the first ones. */
struct roll_call {
    size_t count;
    struct text text;
    char names[CALLED_MAX * (NODE_NAME_BYTES + 2) + 8];
};

enum call { CALL_UNSEEN, CALL_STRANGER, CALL_UNREAD, CALL_UNSIGNED, CALL_COUNT };

static void call_note(struct roll_call *call, const char *name)
{
    if (call->count == 0) {
        text_init(&call->text, call->names, sizeof call->names);
    }
    if (call->count < CALLED_MAX) {
        text_printf(&call->text, "%s%s", call->count == 0 ? "" : ", ", name);
    } else if (call->count == CALLED_MAX) {
        text_append(&call->text, " ...");
    }
    call->count++;
}

static bool is_unread(const struct node_row *row)
{
    bool is_it = false;
    for (size_t part = 0; part < NODE_PART_COUNT; part++) {
        is_it |= row->unread[part] != NULL;
    }
    return is_it;
}

static void row_call(const struct node_view *view, const struct node_row *row,
                     const struct node_facts *facts, struct roll_call calls[CALL_COUNT])
{
    bool is_seen = facts->has_presence || facts->has_report;
    if (view->has_roll && row->is_listed != is_seen && !is_unread(row)) {
        call_note(&calls[row->is_listed ? CALL_UNSEEN : CALL_STRANGER], row->name);
    }
    if (row->is_unsigned && row->part[NODE_LABELS] != NULL) {
        call_note(&calls[CALL_UNSIGNED], row->name);
    }
}

/* The exit status. Labels that nobody signed are no fault where that is not demanded. */
static int calls_say(const struct roll_call calls[CALL_COUNT])
{
    static const char *const sentences[CALL_COUNT] = {
        [CALL_UNSEEN] = "on the roll, and never seen",
        [CALL_STRANGER] = "seen, and not on the roll (berth node enroll NODE puts it there)",
        [CALL_UNREAD] = "what lies at the broker of it is not believed",
        [CALL_UNSIGNED] = "the fleet's labels are signed by nobody (berth node label signs them)"};
    int status = 0;
    for (enum call call = 0; call < CALL_COUNT; call++) {
        if (calls[call].count > 0) {
            (void)fprintf(stderr, "berth: %zu node%s: %s: %s\n", calls[call].count,
                          calls[call].count == 1 ? "" : "s", sentences[call], calls[call].names);
            status = call != CALL_UNSIGNED ? FLEET_EXIT_AMISS : status;
        }
    }
    return status;
}

static int view_print(const struct node_view *view, const struct list_request *request,
                      struct node_facts *facts, char *line)
{
    struct roll_call calls[CALL_COUNT] = {{.count = 0}};
    const char *comma = "";
    int width = 4;
    for (size_t i = 0; i < view->count; i++) {
        int len = (int)strlen(view->rows[i].name);
        width = len > width ? len : width;
    }
    if (request->is_json) {
        printf("{\"nodes\":[");
    } else {
        head_print(width, "NODE", "STATE");
        printf("%-12s  %-*s  %-10s  %-8s  %s\n", "APP", SHORT_DIGEST, "RELEASE", "VERSION", "PHASE",
               "LAST OUTCOME");
    }
    for (size_t i = 0; i < view->count; i++) {
        struct text text;
        node_row_read(&view->rows[i], facts);
        if (is_unread(&view->rows[i])) { /* its labels may be what is not believed */
            call_note(&calls[CALL_UNREAD], view->rows[i].name);
        }
        if (!is_selected(&request->selector, view->rows[i].name, &facts->labels)) {
            continue;
        }
        row_call(view, &view->rows[i], facts, calls);
        if (!request->is_json) {
            row_print(&view->rows[i], facts, width);
            continue;
        }
        text_init(&text, line, LINE_BYTES);
        row_json(&view->rows[i], facts, view->has_roll, &text);
        printf("%s\n%s", comma, line);
        comma = ",";
    }
    printf("%s", request->is_json ? "\n]}\n" : "");
    return calls_say(calls);
}

static int list_run(const struct list_request *request, struct err *err)
{
    struct session session;
    struct fleet_dir dir;
    struct node_view view = {0};
    struct node_facts *facts = malloc(sizeof *facts);
    char *line = malloc(LINE_BYTES);
    int rc = facts != NULL && line != NULL ? session_start(&session, request->path, &dir, err)
                                           : err_set(err, ERR_MEMORY, "no memory");
    if (rc == 0) {
        rc = node_view_read(&view, &session, &dir, err);
        session_close(&session);
    }
    if (rc == 0) {
        rc = view_print(&view, request, facts, line);
    }
    node_view_free(&view);
    free(line);
    free(facts);
    return rc;
}

int verb_node_list(struct given *given, struct err *err)
{
    struct list_request request = {.path = given_value(given, "dir"),
                                   .is_json = given_has(given, "json")};
    const char *selector = given_value(given, "selector");
    int rc = selector_parse(selector != NULL ? selector : "", &request.selector, err);
    return rc == 0 ? list_run(&request, err) : rc;
}
