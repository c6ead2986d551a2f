/* node_word: from what a node reports to a word; the worst that holds is said. */
#include "ports/app/berth/node_word.h"

#include <string.h>

static bool is_phase(const struct report_app *app, const char *phase)
{
    return strcmp(app->phase, phase) == 0;
}

static enum node_word app_word(const struct report_app *app)
{
    bool is_committed = app->committed.gen != 0;
    bool is_changing = is_phase(app, "prepare") || is_phase(app, "unproven");
    if (!is_committed) {
        return is_changing ? NODE_WORD_CHANGING : NODE_WORD_EMPTY;
    }
    if (!app->is_serving) {
        return strcmp(app->health, "unknown") == 0 ? NODE_WORD_UNKNOWN : NODE_WORD_DOWN;
    }
    if (is_changing) {
        return NODE_WORD_CHANGING;
    }
    return strcmp(app->wanted_by, "override") == 0 ? NODE_WORD_OVERRIDDEN : NODE_WORD_SERVING;
}

enum node_word node_word_of(const struct node_facts *facts, const struct report_app *app)
{
    const struct report *report = &facts->report;
    if (facts->is_added_only) {
        return NODE_WORD_ADDED;
    }
    if (!facts->has_presence && !facts->has_report) {
        return facts->complaint[0] != '\0' ? NODE_WORD_UNREAD : NODE_WORD_NEVER;
    }
    if (!facts->has_presence || !facts->presence.is_online) {
        return NODE_WORD_SILENT;
    }
    if (!facts->has_report) {
        return NODE_WORD_UNREAD;
    }
    if (report->is_store_failing) {
        return NODE_WORD_STORE;
    }
    if (report->is_memory_lost) {
        return NODE_WORD_MEMORY;
    }
    if (!report->is_engine_up) {
        return NODE_WORD_ENGINE;
    }
    return app != NULL ? app_word(app) : NODE_WORD_EMPTY;
}

const char *node_word_text(enum node_word word)
{
    static const char *const words[] = {
#define WORD_(name, word, sentence) [NODE_WORD_##name] = word,
        NODE_WORDS(WORD_)
#undef WORD_
    };
    return words[word];
}

const char *node_word_sentence(enum node_word word)
{
    static const char *const sentences[] = {
#define SENTENCE_(name, word, sentence) [NODE_WORD_##name] = sentence,
        NODE_WORDS(SENTENCE_)
#undef SENTENCE_
    };
    return sentences[word];
}
