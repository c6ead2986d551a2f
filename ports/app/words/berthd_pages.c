/* berthd_pages: examples and exit statuses of the agent; not in the program. */
#include "platform/base/units.h"
#include "ports/app/words/exits.h"

#define EXAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct words_page pages[] = {
    {"", EXAMPLES("--config /etc/berth/berthd.json", "--check", "--self-test"), exits_plain,
     "It is started by the system. SIGTERM ends it and leaves every container and all traffic as "
     "they are; SIGHUP has it read the trust and revoke documents again."},
};

const struct words_pages pages_berthd = {&words_berthd, pages, COUNT_OF(pages)};
