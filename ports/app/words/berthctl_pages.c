/* berthctl_pages: examples and exit statuses of the technician's verbs; not in the program. */
#include "platform/base/units.h"
#include "ports/app/words/exits.h"

#define EXAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct words_page pages[] = {
    {"status", EXAMPLES("status", "status --json"), exits_plain, NULL},
    {"watch", EXAMPLES("watch"), exits_plain, NULL},
    {"events", EXAMPLES("events", "events --after 120 --json"), exits_plain, NULL},
    {"history", EXAMPLES("history web"), exits_plain, NULL},
    {"activate", EXAMPLES("activate web.release --wait", "activate - --force"), exits_swap,
     "The agent checks the release, not this tool. Files that travel with a release stand beside "
     "it, as web.release.files."},
    {"rollback", EXAMPLES("rollback web --wait"), exits_swap, NULL},
    {"init", EXAMPLES("init trust.json"), exits_plain,
     "For a gateway without a fleet: it writes a configuration and the trust document to "
     "/etc/berth, where neither is there, and starts berthd."},
    {"version", EXAMPLES("version"), exits_plain, NULL},
    {"help", EXAMPLES("help", "help activate"), exits_plain, NULL},
};

const struct words_pages pages_berthctl = {&words_berthctl, pages, COUNT_OF(pages)};
