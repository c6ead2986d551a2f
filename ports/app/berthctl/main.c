/* berthctl: the technician's tool: what can be done at a node with the cable out. */
#include <stdio.h>
#include <string.h>

#include "ports/app/berthctl/options.h"

const struct verb verbs[] = {
    {"activate", "FILE", OPTION_FORCE | OPTION_WAIT,
     "make the release in FILE the wanted one (-: standard input)", activate_run},
    {"init", "TRUST", 0, "take releases of these keys, on a gateway that is not set up", init_run},
    {"status", NULL, OPTION_JSON, "show every app, its releases and containers", status_run},
    {"watch", NULL, OPTION_JSON, "show the same live, with what happens", watch_run},
    {"history", "APP", OPTION_JSON, "show what APP has run and could run again", history_run},
    {"rollback", "APP", OPTION_WAIT, "go back to the release before", rollback_run},
    {"events", NULL, OPTION_JSON | OPTION_AFTER, "show what happened lately", events_run},
    {"version", NULL, OPTION_JSON, "show the tool's and the agent's version", version_run},
    {0},
};

static void usage_print(FILE *out)
{
    static const struct {
        unsigned option;
        const char *text;
    } options[] = {
        {OPTION_FORCE, " [--force]"},
        {OPTION_WAIT, " [--wait]"},
        {OPTION_JSON, " [--json]"},
        {OPTION_AFTER, " [--after N]"},
    };
    fprintf(out, "usage: berthctl [--socket PATH] VERB ...\n\n");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        int used = fprintf(out, "  %s%s%s", verb->name, verb->argument != NULL ? " " : "",
                           verb->argument != NULL ? verb->argument : "");
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
            if ((verb->may & options[i].option) != 0) {
                used += fprintf(out, "%s", options[i].text);
            }
        }
        fprintf(out, "%*s %s\n", used < 36 ? 36 - used : 0, "", verb->summary);
    }
    fprintf(out, "\n  --force   also a release that failed on this node before\n"
                 "  --wait    follow until the verdict: exit 0 good, 3 went back, 4 inconclusive\n"
                 "  --json    the agent's own words, for programs\n"
                 "  --socket  where berthd listens (default /run/berth/control.sock)\n");
}

int main(int argc, char **argv)
{
    const struct verb *verb = NULL;
    struct options options;
    struct err err = {0};
    if (options_read(argc, argv, &verb, &options, &err) != 0) {
        fprintf(stderr, "berthctl: %s\n\n", err.text);
        usage_print(stderr);
        return EXIT_USAGE;
    }
    if (verb == NULL) {
        usage_print(stdout);
        return EXIT_GOOD;
    }
    return verb->run(&options);
}
