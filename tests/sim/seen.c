/* seen: the status as berthctl shows it; only the lines that are new. */
#include "tests/sim/seen.h"

#include <string.h>

#include "ports/app/control/view.h"

/* Whether `text` has that line. */
static bool has_line(const char *text, const char *line, size_t len)
{
    for (const char *at = text; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
        at += *at == '\n' ? 1 : 0;
        if (strncmp(at, line, len) == 0 && (at[len] == '\n' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

/* The line without the blanks in its columns; of the node's own only what it says of the engine. */
static void trace_line(struct sim_world *world, const char *line, size_t len)
{
    const char *engine = strncmp(line, "node ", 5) == 0 ? strstr(line, "engine ") : NULL;
    len -= engine != NULL ? (size_t)(engine - line) : 0;
    line = engine != NULL ? engine : line;
    char shown[256];
    size_t count = 0;
    for (size_t i = 0; i < len && count < sizeof shown - 1; i++) {
        bool is_blank = line[i] == ' ' && (count == 0 || shown[count - 1] == ' ');
        if (!is_blank) {
            shown[count++] = line[i];
        }
    }
    shown[count] = '\0';
    sim_world_trace(world, "view    %s", shown);
}

void seen_trace(struct seen *seen, const struct conductor *agent, struct sim_world *world)
{
    char json[2 * SEEN_BYTES];
    char now[SEEN_BYTES];
    struct text status;
    struct text view;
    if (world->trace == NULL || agent == NULL) {
        return;
    }
    text_init(&status, json, sizeof json);
    conductor_status(agent, &status);
    text_init(&view, now, sizeof now);
    view_status(span_of(status.data, status.len), &view);
    size_t len;
    for (const char *line = now; *line != '\0'; line += len + (line[len] == '\n' ? 1 : 0)) {
        len = strcspn(line, "\n");
        if (len > 0 && !has_line(seen->text, line, len)) {
            trace_line(world, line, len);
        }
    }
    memcpy(seen->text, now, sizeof seen->text);
}
