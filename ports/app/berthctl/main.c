/* berthctl: the technician's tool: what can be done at a node with no network. What it can be asked
 * stands in ports/app/words/berthctl.c. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "platform/base/units.h"
#include "ports/app/berthctl/options.h"
#include "ports/app/words/help.h"

typedef int verb_function(const struct options *options);

/* In the order of the table; a test holds the two together. */
static const struct {
    const char *name;
    verb_function *run;
} verbs[] = {
    {"status", status_run},   {"watch", watch_run},       {"events", events_run},
    {"history", history_run}, {"activate", activate_run}, {"rollback", rollback_run},
    {"init", init_run},       {"version", version_run},
};

static verb_function *verb_find(const char *name)
{
    size_t at = 0;
    while (at < COUNT_OF(verbs) && strcmp(verbs[at].name, name) != 0) {
        at++;
    }
    assert(at < COUNT_OF(verbs));
    return verbs[at].run;
}

int main(int argc, char **argv)
{
    static struct given given;
    struct options options;
    if (given_read(&words_berthctl, NULL, argc, argv, &given) != 0) {
        help_complain(&given, stderr);
        return EXIT_USAGE;
    }
    if (given.wish == GIVEN_HELP) {
        help_print(&given, NULL, stdout);
        return EXIT_GOOD;
    }
    if (given.wish == GIVEN_VERSION) {
        printf("berthctl " BERTH_VERSION "\n");
        return EXIT_GOOD;
    }
    options_take(&given, &options);
    return verb_find(given.verb->name)(&options);
}
