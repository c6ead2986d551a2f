/* view: plain tables out of the conductor's JSON. */
#include "ports/app/control/view.h"

#include <inttypes.h>

#include "agent/node/session.h"
#include "ports/app/control/scan.h"

#define DIGEST_SHORT 8
#define CELL_BYTES   96

/* What the containers of one generation add up to. */
struct tally {
    unsigned present, ready, routed;
};

const char *view_reason(const char *word)
{
    static const struct {
        const char *word, *sentence;
    } reasons[] = {
#define REASON_ROW_(name, word, sentence) {word, sentence},
        REASONS(REASON_ROW_)
#undef REASON_ROW_
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (strcmp(word, reasons[i].word) == 0 && reasons[i].sentence[0] != '\0') {
            return reasons[i].sentence;
        }
    }
    return word;
}

static struct tally tally_of(struct span app, int64_t gen)
{
    struct tally tally = {0};
    struct span containers;
    struct span container;
    size_t at = 0;
    if (!scan_member(app, "containers", &containers)) {
        return tally;
    }
    while (scan_element(containers, &at, &container)) {
        if (scan_member_integer(container, "gen", -1) == gen) {
            tally.present++;
            tally.ready += scan_member_bool(container, "ready");
            tally.routed += scan_member_bool(container, "routed");
        }
    }
    return tally;
}

/* "1.2 (4f1d22ab) gen 3" */
static void release_view(struct span generation, struct text *text)
{
    char version[NAME_BYTES];
    char digest[DIGEST_HEX_BYTES];
    (void)scan_member_text(generation, "version", version, sizeof version);
    (void)scan_member_text(generation, "release", digest, sizeof digest);
    text_printf(text, "%s (%.*s) gen %" PRId64, version[0] != '\0' ? version : "-", DIGEST_SHORT,
                digest[0] != '\0' ? digest : "-", scan_member_integer(generation, "gen", 0));
}

static void soak_view(struct span app, struct text *text)
{
    int64_t left = scan_member_integer(app, "soakRemainingMs", 0);
    if (left > 0) {
        text_printf(text, "%" PRId64 " s", (left + 999) / 1000);
    } else {
        text_append(text, "-");
    }
}

/* One row of an app's generations; `name` and `phase` stand in the first row only. */
static bool row_view(struct span app, const char *role, const char *name, const char *phase,
                     struct text *text)
{
    struct span generation;
    char release[CELL_BYTES];
    char soak[24] = "-";
    if (!scan_member(app, role, &generation) || generation.len == 0 || generation.data[0] != '{') {
        return false;
    }
    int64_t gen = scan_member_integer(generation, "gen", 0);
    struct tally tally = tally_of(app, gen);
    struct span candidate;
    bool is_candidate = scan_member(app, "candidate", &candidate) &&
                        scan_member_integer(candidate, "gen", 0) == gen;
    if (strcmp(role, "previous") == 0 && (tally.present == 0 || is_candidate)) {
        return false; /* gone, or shown as the candidate it has become again */
    }
    struct text cell;
    text_init(&cell, release, sizeof release);
    release_view(generation, &cell);
    if (strcmp(role, "candidate") == 0) {
        text_init(&cell, soak, sizeof soak);
        soak_view(app, &cell);
    }
    text_printf(text, "%-16s %-9s %-10s %-30s %2u/%-4u %-8u %s\n", name, phase, role, release,
                tally.ready, tally.present, tally.routed, soak);
    return true;
}

/* An agent of an earlier version does not tell. */
static void health_view(struct span app, struct text *text)
{
    static const struct {
        const char *word, *sentence;
    } healths[] = {
#define HEALTH_ROW_(name, word, sentence) {word, sentence},
        HEALTHS(HEALTH_ROW_)
#undef HEALTH_ROW_
    };
    char word[16];
    char reason[32];
    if (!scan_member_text(app, "health", word, sizeof word)) {
        return;
    }
    (void)scan_member_text(app, "healthReason", reason, sizeof reason);
    text_printf(text, "%16s health: %s (%s)", "", word, reason);
    for (size_t i = 0; i < sizeof healths / sizeof healths[0]; i++) {
        if (strcmp(word, healths[i].word) == 0) {
            text_printf(text, ": %s", healths[i].sentence);
        }
    }
    text_append(text, "\n");
}

static void verdict_view(struct span app, struct text *text)
{
    char verdict[32];
    char reason[64];
    char wanted[DIGEST_HEX_BYTES];
    char serving[DIGEST_HEX_BYTES] = "";
    char trying[DIGEST_HEX_BYTES] = "";
    struct span generation;
    (void)scan_member_text(app, "verdict", verdict, sizeof verdict);
    (void)scan_member_text(app, "reason", reason, sizeof reason);
    if (verdict[0] != '\0' && strcmp(verdict, "none") != 0) {
        text_printf(text, "%16s last verdict: %s (%s)\n", "", verdict, view_reason(reason));
        view_cause(app, text);
    }
    if (scan_member(app, "committed", &generation)) {
        (void)scan_member_text(generation, "release", serving, sizeof serving);
    }
    if (scan_member(app, "candidate", &generation)) {
        (void)scan_member_text(generation, "release", trying, sizeof trying);
    }
    if (scan_member_text(app, "wanted", wanted, sizeof wanted) &&
        strspn(wanted, "0") < strlen(wanted) && strcmp(wanted, serving) != 0 &&
        strcmp(wanted, trying) != 0) {
        text_printf(text, "%16s wanted: %.*s, tried %" PRId64 " times, not running\n", "",
                    DIGEST_SHORT, wanted, scan_member_integer(app, "attempts", 0));
    }
}

/* What cannot be done is not offered. */
static void way_back_view(struct span app, struct text *text)
{
    char image[16] = "";
    char project[PLAN_PROJECT_BYTES];
    char service[NAME_BYTES];
    struct span adopted;
    if (scan_member(app, "adopted", &adopted) && adopted.len > 0 && adopted.data[0] == '{') {
        (void)scan_member_text(adopted, "project", project, sizeof project);
        (void)scan_member_text(adopted, "service", service, sizeof service);
        text_printf(text,
                    "%16s taken over, and can be gone back to: service %s of the Compose "
                    "project %s\n",
                    "", service, project);
    }
    if (scan_member_text(app, "previousImage", image, sizeof image) && strcmp(image, "gone") == 0) {
        text_printf(text,
                    "%16s no way back: the image of the release before is gone; load it "
                    "(docker load), or activate that release while its registry can be reached\n",
                    "");
    }
}

static void app_view(struct span app, struct text *text)
{
    static const char *const roles[] = {"candidate", "committed", "previous"};
    char name[NAME_BYTES];
    char phase[16];
    bool has_row = false;
    (void)scan_member_text(app, "app", name, sizeof name);
    (void)scan_member_text(app, "phase", phase, sizeof phase);
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        has_row |= row_view(app, roles[i], has_row ? "" : name, has_row ? "" : phase, text);
    }
    if (!has_row) {
        text_printf(text, "%-16s %-9s nothing runs\n", name, phase);
    }
    health_view(app, text);
    verdict_view(app, text);
    way_back_view(app, text);
}

static void obstacle_view(struct span status, struct text *text)
{
    char word[16] = "";
    struct span route;
    if (!scan_member(status, "route", &route) ||
        !scan_member_text(route, "obstacle", word, sizeof word)) {
        return;
    }
    for (int i = ROUTE_OBSTACLE_NONE + 1; i < ROUTE_OBSTACLE_COUNT; i++) {
        if (strcmp(word, route_obstacle_word((enum route_obstacle)i)) == 0) {
            text_printf(text, "OTHER HOSTS: %s\n", route_obstacle_text((enum route_obstacle)i));
        }
    }
}

static void node_view(struct span status, struct text *text)
{
    char name[NODE_NAME_BYTES];
    char version[32];
    char engine_version[64] = "";
    struct span engine;
    bool is_up = false;
    (void)scan_member_text(status, "node", name, sizeof name);
    (void)scan_member_text(status, "version", version, sizeof version);
    if (scan_member(status, "engine", &engine)) {
        is_up = scan_member_bool(engine, "up");
        (void)scan_member_text(engine, "version", engine_version, sizeof engine_version);
    }
    text_printf(text, "node %s   berthd %s   engine %s\n", name, version,
                is_up ? engine_version : "does not answer");
    if (scan_member_bool(status, "memoryLost")) {
        text_append(text,
                    "MEMORY LOST: what runs was found by its labels; activate a release to go "
                    "on from it\n");
    }
    if (scan_member_bool(status, "storeFailed")) {
        text_append(text, "STORE FAILED: nothing is changed until the disk can be written again\n");
    }
    obstacle_view(status, text);
}

static void identity_view(struct span status, struct text *text)
{
    char identity[16];
    (void)scan_member_text(status, "identity", identity, sizeof identity);
    if (strcmp(identity, "shared") == 0) {
        text_append(text, "IDENTITY SHARED: another client uses this node's identity; look for a "
                          "copy of its key, such as a cloned SD card\n");
    } else if (strcmp(identity, "suspected") == 0) {
        text_append(text, "the link ends again and again soon after it began: perhaps another "
                          "client uses this node's identity\n");
    }
}

void view_status(struct span status, struct text *text)
{
    struct span apps;
    struct span app;
    size_t at = 0;
    node_view(status, text);
    identity_view(status, text);
    if (!scan_member(status, "apps", &apps) || !scan_element(apps, &at, &app)) {
        text_append(text, "no app yet; begin with: berthctl activate FILE\n");
        return;
    }
    text_printf(text, "\n%-16s %-9s %-10s %-30s %-7s %-8s %s\n", "APP", "PHASE", "ROLE", "RELEASE",
                "READY", "TRAFFIC", "SOAK");
    do {
        app_view(app, text);
    } while (scan_element(apps, &at, &app));
}

static void time_view(struct span event, struct text *text)
{
    int64_t wall = scan_member_integer(event, "wall", 0);
    if (scan_member_bool(event, "timeTrusted") && wall > 0) {
        int64_t second = wall / 1000 % 86400;
        text_printf(text, "%02d:%02d:%02dZ", (int)(second / 3600), (int)(second / 60 % 60),
                    (int)(second % 60));
    } else {
        int64_t at = scan_member_integer(event, "at", 0);
        text_printf(text, "+%" PRId64 ".%03ds", at / 1000, (int)(at % 1000));
    }
}

void view_events(struct span lines, struct text *text)
{
    struct span line;
    size_t at = 0;
    while (scan_line(lines, &at, &line)) {
        char app[NAME_BYTES];
        char said[EVENT_TEXT_BYTES];
        (void)scan_member_text(line, "app", app, sizeof app);
        (void)scan_member_text(line, "text", said, sizeof said);
        text_printf(text, "#%-4" PRId64 " ", scan_member_integer(line, "event", 0));
        time_view(line, text);
        text_printf(text, " %s: %s\n", app[0] != '\0' ? app : "node", said);
    }
}

void view_version(struct span version, struct text *text)
{
    char word[32];
    (void)scan_member_text(version, "version", word, sizeof word);
    text_printf(text, "berthd %s\n", word[0] != '\0' ? word : "-");
}

static void history_row(struct span generation, const char *role, struct text *text)
{
    char release[CELL_BYTES];
    struct text cell;
    if (generation.len == 0 || generation.data[0] != '{') {
        return;
    }
    text_init(&cell, release, sizeof release);
    release_view(generation, &cell);
    text_printf(text, "%-10s %-30s sequence %" PRId64 "\n", role, release,
                scan_member_integer(generation, "sequence", 0));
}

void view_history(struct span history, struct text *text)
{
    char app[NAME_BYTES];
    char digest[DIGEST_HEX_BYTES];
    struct span list;
    struct span item;
    (void)scan_member_text(history, "app", app, sizeof app);
    text_printf(text, "app %s\n", app);
    if (scan_member(history, "committed", &item)) {
        history_row(item, "committed", text);
    }
    if (scan_member(history, "history", &list)) {
        const char *role = "previous";
        for (size_t at = 0; scan_element(list, &at, &item); role = "older") {
            history_row(item, role, text);
        }
    }
    way_back_view(history, text);
    if (scan_member(history, "quarantined", &list)) {
        for (size_t at = 0; scan_element(list, &at, &item);) {
            (void)scan_text(item, digest, sizeof digest);
            text_printf(text,
                        "%-10s %.*s: failed here; only berthctl activate --force tries it again\n",
                        "bad", DIGEST_SHORT, digest);
        }
    }
    view_cause(history, text);
}
