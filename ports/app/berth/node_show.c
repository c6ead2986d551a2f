/* berth node show: everything that the broker holds of one node, stories of failures included. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/wire/json.h"
#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/node_story.h"
#include "ports/app/berth/node_topics.h"
#include "ports/app/berth/node_word.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/verbs.h"

/* Stories of agents before 0.2 lie under their apps' names, and more than there are apps. */
#define STORIES_MAX  (2 * APPS_MAX)
#define JSON_BYTES   (REPORT_BYTES_MAX + 4 * SMALL_BYTES_MAX + STORIES_MAX * (STORY_BYTES_MAX + 64))
#define SHORT_DIGEST 12

struct show {
    char fleet[NAME_BYTES];
    struct trust trust;
    struct mirror mirror;
    struct node_row row;
    struct node_facts facts;
    struct span stories[STORIES_MAX];
    size_t story_count;
    unsigned stories_left_out, orders;
    bool has_shard; /* of the roll: it names the node, or the node is not on it */
    bool is_short;  /* no memory for everything */
};

static struct span copy_of(struct show *show, struct span payload)
{
    char *copy = malloc(payload.len + 1);
    if (copy == NULL) {
        show->is_short = true;
        return span_of(NULL, 0);
    }
    memcpy(copy, payload.data, payload.len);
    copy[payload.len] = '\0';
    return span_of(copy, payload.len);
}

static void story_take(struct show *show, struct span payload)
{
    if (show->story_count == STORIES_MAX || payload.len > STORY_BYTES_MAX) {
        show->stories_left_out++;
        return;
    }
    struct span copy = copy_of(show, payload);
    show->story_count += copy.data != NULL;
    show->stories[show->story_count - (copy.data != NULL)] = copy;
}

static void document_take(void *ctx, const char *name, struct span payload, bool is_retained)
{
    struct show *show = ctx;
    struct mirror_news news;
    enum node_part part;
    (void)is_retained;
    if (payload.len == 0) {
        return;
    }
    mirror_take(&show->mirror, name, payload, (wall_ms)time(NULL) * 1000, &news);
    if (news.answer == MIRROR_HIDDEN) {
        return;
    }
    if (news.answer == MIRROR_OTHER && news.topic.kind == TOPIC_STORY) {
        story_take(show, payload);
    } else if (news.answer != MIRROR_FOREIGN && node_part_of(news.topic.kind, &part)) {
        show->is_short |= !node_row_put(&show->row, &news, payload);
    } else if (news.answer == MIRROR_TAKEN) {
        show->orders++;
    } else {
        (void)fprintf(stderr, "berth: node show: not shown: what the broker holds at ");
        (void)fprintf(stderr, "%.160s%s%.200s\n", name, news.err.code != 0 ? ": " : "",
                      news.err.text);
    }
}

static void line(const char *head, const char *text)
{
    if (text[0] != '\0') {
        printf("    %-12s ", head);
        node_text_print(text, strlen(text));
        printf("\n");
    }
}

static void generation_print(const char *head, const struct report_generation *generation)
{
    char hex[DIGEST_HEX_BYTES];
    if (generation->gen == 0) {
        return;
    }
    digest_render(&generation->release, hex);
    printf("    %-12s %.*s generation %u, sequence %llu", head, SHORT_DIGEST, hex, generation->gen,
           (unsigned long long)generation->sequence);
    if (generation->version[0] != '\0') {
        printf(", version ");
        node_text_print(generation->version, strlen(generation->version));
    }
    printf("\n");
}

static void order_print(const struct report_app *app)
{
    if (app->order_gen == 0) {
        return;
    }
    printf("    %-12s %s (%llu.%llu)", "order", app->order_id, (unsigned long long)app->order_epoch,
           (unsigned long long)app->order_gen);
    if (app->order_wait[0] != '\0') {
        printf(", waits: ");
        node_text_print(app->order_wait, strlen(app->order_wait));
    } else if (app->is_order_open) {
        printf(", under way");
    }
    printf("\n");
}

static void outcomes_print(const struct report_app *app)
{
    for (size_t i = 0; i < app->outcome_count; i++) {
        const struct report_outcome *outcome = &app->outcomes[i];
        printf("    %-12s %s", i == 0 ? "last answer" : "before it", outcome_word(outcome->kind));
        if (outcome->reason[0] != '\0') {
            printf(" (");
            node_text_print(outcome->reason, strlen(outcome->reason));
            printf(")");
        }
        printf(", order %s: %s\n", outcome->id, outcome_sentence(outcome->kind));
    }
}

/* The stories that are about this app. */
static void stories_print(const struct show *show, const char *app)
{
    for (size_t i = 0; i < show->story_count; i++) {
        char name[NAME_BYTES] = "";
        if (node_story_app(show->stories[i], name, NULL) == 0 && strcmp(name, app) == 0) {
            node_story_print(show->stories[i]);
        }
    }
}

static void app_print(const struct show *show, const struct report_app *app)
{
    printf("  app %s: %s\n", app->app, node_word_text(node_word_of(&show->facts, app)));
    generation_print("runs", &app->committed);
    generation_print("candidate", &app->candidate);
    line("phase", app->phase);
    line("wanted by", app->wanted_by);
    line("health", app->health);
    line("", app->health_reason);
    if (app->restarts > 0) {
        printf("    %-12s %u, by itself, since its swap began\n", "restarts", app->restarts);
    }
    line("verdict", app->verdict);
    line("", app->reason);
    order_print(app);
    line("refused", app->refused);
    outcomes_print(app);
    stories_print(show, app->app);
}

static bool has_app(const struct report *report, const char *app)
{
    for (size_t i = 0; i < report->app_count; i++) {
        if (strcmp(report->apps[i].app, app) == 0) {
            return true;
        }
    }
    return false;
}

/* Stories of apps that the node reports no more, or that cannot be read. */
static void rest_print(const struct show *show)
{
    for (size_t i = 0; i < show->story_count; i++) {
        char name[NAME_BYTES] = "";
        struct err err = {0};
        if (node_story_app(show->stories[i], name, &err) != 0) {
            printf("  a story cannot be read: %s\n", err.text);
        } else if (!has_app(&show->facts.report, name)) {
            printf("  app %s: no longer reported\n", name);
            node_story_print(show->stories[i]);
        }
    }
    if (show->stories_left_out > 0) {
        printf("  %u more stories lie there: too many, or too long for one\n",
               show->stories_left_out);
    }
}

static void report_print(const struct report *report)
{
    char when[INSTANT_BYTES];
    printf("  %-14s %s%s\n", "reported", node_instant(when, report->at),
           report->is_time_trusted ? "" : ", by a clock that is not synchronised");
    printf("  %-14s ", "agent");
    node_text_print(report->version, strlen(report->version));
    printf(" on ");
    node_text_print(report->arch, strlen(report->arch));
    printf("; reads release %u, order %u, trust %u\n", report->schema_release, report->schema_order,
           report->schema_trust > 0 ? report->schema_trust : 1);
    printf("  %-14s trust version %llu, revocations %llu\n", "believes",
           (unsigned long long)report->trust_version, (unsigned long long)report->revoke_version);
    printf("  %-14s engine %s, store %s, memory %s\n", "machine",
           report->is_engine_up ? "answers" : "does not answer",
           report->is_store_failing ? "cannot be written" : "is written",
           report->is_memory_lost ? "lost" : "kept");
    if (report->identity[0] != '\0') {
        printf("  %-14s ", "certificate");
        node_text_print(report->identity, strlen(report->identity));
        printf("\n");
    }
}

static enum node_word state_of(const struct node_facts *facts)
{
    enum node_word worst = node_word_of(facts, NULL);
    for (size_t i = 0; i < facts->report.app_count; i++) {
        enum node_word word = node_word_of(facts, &facts->report.apps[i]);
        worst = i == 0 || word < worst ? word : worst;
    }
    return worst;
}

static void show_print(const struct show *show)
{
    const struct node_facts *facts = &show->facts;
    enum node_word word = state_of(facts);
    char when[INSTANT_BYTES];
    printf("%s: %s: %s\n", show->row.name, node_word_text(word), node_word_sentence(word));
    if (facts->has_presence) {
        printf("  %-14s %s\n", facts->presence.is_online ? "connected" : "gone",
               facts->presence.since != 0 ? node_instant(when, facts->presence.since)
                                          : "at a time unknown");
    }
    if (show->row.level != 0) {
        printf("  %-14s berth/%u\n", "speaks", show->row.level);
    }
    if (show->has_shard) {
        printf("  %-14s %s\n", "roll", show->row.is_listed ? "names it" : "does not name it");
    }
    if (show->row.is_unsigned && show->row.part[NODE_LABELS] != NULL) {
        printf("  %-14s the fleet's, signed by nobody\n", "labels");
    }
    if (facts->complaint[0] != '\0') {
        printf("  %-14s ", "unreadable");
        node_text_print(facts->complaint, strlen(facts->complaint));
        printf("\n");
    }
    if (facts->has_report) {
        report_print(&facts->report);
    }
    for (size_t i = 0; i < facts->labels.count; i++) {
        printf("  %-14s %s=%s\n", i == 0 ? "labels" : "", facts->labels.list[i].key,
               facts->labels.list[i].value);
    }
    for (size_t i = 0; i < facts->report.app_count; i++) {
        app_print(show, &facts->report.apps[i]);
    }
    rest_print(show);
}

/* A document that has been through the lint, as it came. */
static void document_json(struct text *text, const char *key, struct span document)
{
    static const struct json_rules rules = {.bytes_max = REPORT_BYTES_MAX};
    if (document.data != NULL && json_lint(document, &rules, NULL) == 0) {
        text_printf(text, ",\"%s\":%s", key, (const char *)document.data);
    }
}

static int show_json(const struct show *show, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = STORY_BYTES_MAX};
    const struct node_row *row = &show->row;
    struct text text;
    const char *comma = "";
    char *data = malloc(JSON_BYTES);
    if (data == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    text_init(&text, data, JSON_BYTES);
    text_printf(&text, "{\"node\":\"%s\",\"state\":\"%s\"", row->name,
                node_word_text(state_of(&show->facts)));
    if (show->has_shard) {
        text_printf(&text, ",\"listed\":%s", row->is_listed ? "true" : "false");
    }
    document_json(&text, "presence",
                  span_of(row->part[NODE_PRESENCE], row->part_len[NODE_PRESENCE]));
    document_json(&text, "labels", span_of(row->part[NODE_LABELS], row->part_len[NODE_LABELS]));
    document_json(&text, "report", span_of(row->part[NODE_REPORT], row->part_len[NODE_REPORT]));
    text_append(&text, ",\"stories\":[");
    for (size_t i = 0; i < show->story_count; i++) {
        if (json_lint(show->stories[i], &rules, NULL) == 0) {
            text_printf(&text, "%s%s", comma, (const char *)show->stories[i].data);
            comma = ",";
        }
    }
    text_printf(&text, "],\"storiesLeftOut\":%u", show->stories_left_out);
    if (show->facts.complaint[0] != '\0') {
        text_append(&text, ",\"complaint\":");
        text_append_json(&text, show->facts.complaint);
    }
    text_append(&text, "}");
    printf("%s\n", text.data);
    bool was_cut = text.cut;
    free(data);
    return was_cut ? err_set(err, ERR_LIMIT, "its documents are over %d bytes", (int)JSON_BYTES)
                   : 0;
}

static void show_free(struct show *show)
{
    node_row_free(&show->row);
    mirror_close(&show->mirror);
    for (size_t i = 0; i < show->story_count; i++) {
        free((char *)(uintptr_t)show->stories[i].data);
    }
}

static void word_take(void *ctx, const char *name, struct span payload, bool is_retained)
{
    struct show *show = ctx;
    struct mirror_news news;
    (void)is_retained;
    mirror_take(&show->mirror, name, payload, (wall_ms)time(NULL) * 1000, &news);
}

/* Who may sign, and whether the roll names it: before what is said of it. */
static int words_read(struct show *show, struct session *session, const struct fleet_dir *dir,
                      const char *node, struct err *err)
{
    char shard[TOPIC_SHARD_BYTES], filter[BUS_TOPIC_BYTES];
    topic_shard(&session->keyring.verify, node, shard);
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/operators/#", dir->fleet);
    int rc = session_read(session, filter, word_take, show, err);
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/roll/%s/#", dir->fleet, shard);
    rc = rc == 0 ? session_read(session, filter, word_take, show, err) : rc;
    show->row.is_listed = rolls_find(&show->mirror.rolls, shard, node) != NULL;
    show->has_shard = rolls_at(&show->mirror.rolls, rolls_index(shard)) != NULL;
    return rc;
}

static int documents_read(struct show *show, struct session *session, const struct fleet_dir *dir,
                          const char *node, struct err *err)
{
    char path[PATH_MAX];
    struct operators operators;
    const struct mirror_settings settings = {.fleet = dir->fleet,
                                             .trust = &show->trust,
                                             .operators = &operators,
                                             .verify = session->keyring.verify};
    (void)text_copy(show->row.name, sizeof show->row.name, node);
    fleet_dir_file(dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&session->keyring, path, &show->trust, err);
    rc = rc == 0 ? operators_file_load(&session->keyring, dir, &show->trust, &operators, err) : rc;
    rc = rc == 0 ? mirror_init(&show->mirror, &settings, err) : rc;
    rc = rc == 0 ? words_read(show, session, dir, node, err) : rc;
    return rc == 0 ? node_topics_each(session, dir, node, document_take, show, err) : rc;
}

static int show_run(const char *node, const char *path, bool is_json, struct err *err)
{
    static struct show show; /* about 400 KiB; one in a process */
    struct session session;
    struct fleet_dir dir;
    int rc = session_start(&session, path, &dir, err);
    if (rc != 0) {
        return rc;
    }
    memset(&show, 0, sizeof show);
    rc = documents_read(&show, &session, &dir, node, err);
    session_close(&session);
    node_row_read(&show.row, &show.facts);
    bool is_there = show.row.part[NODE_PRESENCE] != NULL || show.row.part[NODE_REPORT] != NULL ||
                    show.row.part[NODE_LABELS] != NULL || show.story_count + show.orders > 0;
    show.facts.is_added_only = !is_there;
    if (rc == 0 && show.is_short) {
        rc = err_set(err, ERR_MEMORY, "no memory for its documents");
    }
    if (rc == 0 && !is_there && !show.row.is_listed && !node_is_added(&dir, node)) {
        rc = err_set(err, ERR_NOT_FOUND,
                     "no node %s: the broker holds nothing of it, and it was not added in this "
                     "folder (berth node list shows those there are)",
                     node);
    }
    if (rc == 0 && is_json) {
        rc = show_json(&show, err);
    } else if (rc == 0) {
        show_print(&show);
    }
    show_free(&show);
    return rc;
}

int verb_node_show(struct given *given, struct err *err)
{
    return show_run(given->arguments[0], given_value(given, "dir"), given_has(given, "json"), err);
}
