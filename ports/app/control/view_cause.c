/* view_cause: why a candidate failed, as lines for people. */
#include <inttypes.h>

#include "agent/limits.h"
#include "ports/app/control/scan.h"
#include "ports/app/control/view.h"

#define WORDS_BYTES 520

static void words_view(struct span cause, const char *key, const char *what, struct text *text)
{
    char words[WORDS_BYTES];
    (void)scan_member_text(cause, key, words, sizeof words);
    if (words[0] != '\0') {
        text_printf(text, "%16s %s: %s\n", "", what, words);
    }
}

static void end_view(struct span cause, struct text *text)
{
    char service[NAME_BYTES];
    char state[16];
    (void)scan_member_text(cause, "service", service, sizeof service);
    (void)scan_member_text(cause, "state", state, sizeof state);
    if (state[0] == '\0') {
        return;
    }
    text_printf(text, "%16s container %s %" PRId64 " of gen %" PRId64 ": %s", "", service,
                scan_member_integer(cause, "replica", 0), scan_member_integer(cause, "gen", 0),
                state);
    int64_t code = scan_member_integer(cause, "exitCode", -1);
    if (code >= 0) {
        text_printf(text, ", exit code %" PRId64, code);
    }
    text_append(text, scan_member_bool(cause, "outOfMemory") ? ", OUT OF MEMORY\n" : "\n");
}

static void probes_view(struct span cause, struct text *text)
{
    struct span probes;
    struct span probe;
    if (!scan_member(cause, "probes", &probes)) {
        return;
    }
    for (size_t at = 0; scan_element(probes, &at, &probe);) {
        char role[16];
        char asked[WORDS_BYTES];
        char came[WORDS_BYTES];
        (void)scan_member_text(probe, "probe", role, sizeof role);
        (void)scan_member_text(probe, "asked", asked, sizeof asked);
        (void)scan_member_text(probe, "came", came, sizeof came);
        text_printf(text, "%16s %s probe: %s\n%16s   failed %" PRId64 " times in a row: %s\n", "",
                    role, asked, "", scan_member_integer(probe, "inARow", 0), came);
    }
}

/* A JSON string with its lines. What a container wrote must not move the terminal of the reader. */
static void lines_view(struct span string, struct text *text)
{
    size_t i = 1;
    while (i + 1 < string.len) {
        char shown = (char)string.data[i];
        size_t len = 1;
        if (shown == '\\' && string.data[i + 1] == 'u' && i + 6 < string.len) {
            bool is_line = memcmp(string.data + i + 2, "000a", 4) == 0;
            bool is_tab = memcmp(string.data + i + 2, "0009", 4) == 0;
            shown = is_line ? '\n' : is_tab ? '\t' : '?';
            len = 6;
        } else if (shown == '\\') {
            shown = (char)string.data[i + 1];
            len = 2;
        }
        shown = (char)(shown == 0x7F ? '?' : shown);
        text_append_span(text, span_of(&shown, 1));
        i += len;
    }
}

static void output_view(struct span cause, struct text *text)
{
    struct span output;
    if (!scan_member(cause, "output", &output) || output.len <= 2 || output.data[0] != '"') {
        return;
    }
    int64_t left_out = scan_member_integer(cause, "outputLeftOut", 0);
    bool is_cut = left_out > 0 || scan_member_bool(cause, "outputCut");
    text_printf(text, "its output%s:\n", is_cut ? ", the end of it" : "");
    lines_view(output, text);
    text_append(text, text->data[text->len - 1] != '\n' ? "\n" : "");
}

void view_cause(struct span owner, struct text *text)
{
    struct span cause;
    if (!scan_member(owner, "cause", &cause) || cause.len == 0 || cause.data[0] != '{') {
        return;
    }
    end_view(cause, text);
    words_view(cause, "engineError", "the engine said", text);
    probes_view(cause, text);
    words_view(cause, "outputUnread", "its output cannot be read", text);
    words_view(cause, "lastLine", "it wrote last", text);
    output_view(cause, text);
}
