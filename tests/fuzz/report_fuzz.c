/* report: whatever a node writes stays within the bounds of what is read, and can be said again. */
#include "agent/wire/report.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/presence.h"
#include "tests/fuzz/target.h"

/* What was read may say more than a report of ours may hold, never more than four of them. */
static char first[4 * REPORT_BYTES_MAX];
static char second[4 * REPORT_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct report report, again;
    struct presence presence;
    struct text text;
    if (presence_parse(span_of(data, size), &presence, NULL) == 0 &&
        memchr(presence.session, '\0', sizeof presence.session) == NULL) {
        abort();
    }
    if (report_parse(span_of(data, size), &report, NULL) != 0) {
        return 0;
    }
    text_init(&text, first, sizeof first);
    report_render(&report, &text);
    if (text.cut || report.app_count > APPS_MAX || report.label_count > REPORT_LABELS_MAX) {
        abort();
    }
    if (text.len > REPORT_BYTES_MAX || report_parse(span_of(first, text.len), &again, NULL) != 0) {
        return 0; /* escapes may make it longer, and a label that stands twice is not read */
    }
    text_init(&text, second, sizeof second);
    report_render(&again, &text);
    if (strcmp(first, second) != 0) {
        abort();
    }
    return 0;
}
