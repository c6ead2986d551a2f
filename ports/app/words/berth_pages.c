/* berth_pages: examples and exit statuses of the operator's verbs; every example is a command line
 * that the parser takes. */
#include "platform/base/units.h"
#include "ports/app/words/exits.h"

#define EXAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct words_page pages[] = {
    {"release build",
     EXAMPLES("release build compose.yaml -o web.release",
              "release build -o web.release --platform linux/arm/v7 --build compose.yaml"),
     exits_plain,
     "An image's tag is asked for at its registry, once, and the release names its digest. "
     "Without FILE the project is found as Compose finds it."},
    {"release lint", EXAMPLES("release lint compose.yaml", "release lint --json compose.yaml"),
     exits_plain, "Ends with 1 where something is refused: build would not make a release of it."},
    {"release sign", EXAMPLES("release sign web.release --key demo/keys/release.pem"), exits_plain,
     NULL},
    {"release verify", EXAMPLES("release verify web.release --trust demo/keys/trust.json"),
     exits_plain, NULL},
    {"release show", EXAMPLES("release show web.release", "release show --json -"), exits_plain,
     "It is read from standard input where - stands for it."},
    {"release list", EXAMPLES("release list", "release list --json"), exits_plain, NULL},
    {"release publish", EXAMPLES("release publish web.release --dir demo"), exits_plain, NULL},
    {"release revoke",
     EXAMPLES("release revoke web.release --yes",
              "release revoke --dir demo "
              "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"),
     exits_plain, "No list of releases that must never run gets shorter again."},
    {"deploy",
     EXAMPLES("deploy compose.yaml", "deploy compose.yaml --host root@gateway --init",
              "deploy compose.yaml --node gw-1 --dir demo"),
     exits_swap,
     "Without --host and --node it goes to the agent of this machine. With --node the exit "
     "statuses are those of rollout start."},
    {"rollout plan",
     EXAMPLES("rollout plan web.release --all --waves 1,5%,25%,100%",
              "rollout plan web.release -l site=north --json"),
     exits_plain, NULL},
    {"rollout start",
     EXAMPLES("rollout start web.release -l site=north --watch",
              "rollout start web.release --all --yes --waves 1,5%,25%,100% --soak 10m",
              "rollout start web.release --spec grey.yaml --detach"),
     exits_rollout,
     "It coordinates the rollout until its end; interrupted, berth coordinate goes on with it."},
    {"rollout list", EXAMPLES("rollout list", "rollout list --json"), exits_plain, NULL},
    {"rollout history", EXAMPLES("rollout history", "rollout history --json"), exits_plain,
     "The newest 24 that have ended stay at the broker."},
    {"rollout status", EXAMPLES("rollout status", "rollout status --json web-1a2b3c"), exits_plain,
     "Without ID, or for latest, it shows the newest rollout. The beginning or the end of an ID is "
     "enough "
     "where no other has it."},
    {"rollout watch", EXAMPLES("rollout watch", "rollout watch --json web-1a2b3c"), exits_rollout,
     "Without ID it follows the newest rollout. On a terminal it draws in place, elsewhere it "
     "writes a line for each change."},
    {"rollout pause", EXAMPLES("rollout pause latest"), exits_plain, NULL},
    {"rollout resume", EXAMPLES("rollout resume web-1a2b3c"), exits_plain, NULL},
    {"rollout retry", EXAMPLES("rollout retry web-1a2b3c", "rollout retry web-1a2b3c gw-7"),
     exits_plain, NULL},
    {"rollout skip", EXAMPLES("rollout skip web-1a2b3c gw-7 gw-8"), exits_plain, NULL},
    {"rollout undo", EXAMPLES("rollout undo web-1a2b3c --watch"), exits_rollout,
     "A rollout of its own, within the same budgets; it says beforehand who cannot go back."},
    {"rollout abort", EXAMPLES("rollout abort web-1a2b3c", "rollout abort latest --yes"),
     exits_plain,
     "A node that has begun goes on to its verdict; one that is done stays. An aborted rollout "
     "does not go on again."},
    {"rollout freeze",
     EXAMPLES("rollout freeze --reason open-day --for 48h",
              "rollout freeze --reason incident-42 --dir demo"),
     exits_plain,
     "While it holds, rollout start, resume, retry and plan are refused with its owner, its end "
     "and "
     "its reason; rollouts that run begin no further node, and what was not begun is taken back. "
     "Undo, the way back after a failure, pause, abort and what a technician does at a gateway go "
     "on. It ends by the coordinator's clock, after at most 30 days."},
    {"rollout thaw", EXAMPLES("rollout thaw", "rollout thaw --yes"), exits_plain,
     "Any operator may; it asks, because another one's reason may still hold."},
    {"coordinate", EXAMPLES("coordinate --dir demo"), exits_plain,
     "Several may run: one acts, the others wait to take its place."},
    {"node list", EXAMPLES("node list", "node list -l site=north --json"), exits_fleet,
     "Where the fleet has a roll, nodes on it that were never seen, and nodes that are not on it, "
     "are counted and named on standard error."},
    {"node show", EXAMPLES("node show gw-1"), exits_plain, NULL},
    {"node add", EXAMPLES("node add gw-1 --label site=north --label ring=early"), exits_plain,
     NULL},
    {"node enroll", EXAMPLES("node enroll", "node enroll gw-1 gw-2", "node enroll --seen"),
     exits_plain,
     "Once every node is on it: berth keys operators --demand roll, and berth trust publish. It "
     "also puts back what a broker lost of the roll and of this folder's labels."},
    {"node label", EXAMPLES("node label gw-1 ring=late site-", "node label gw-1 --replace a=b"),
     exits_plain, NULL},
    {"node remove", EXAMPLES("node remove gw-1"), exits_plain, NULL},
    {"fleet init",
     EXAMPLES("fleet init demo --fleet demo --broker broker.example",
              "fleet init demo --fleet demo --broker 10.0.0.5:8883:8884 --name broker.lan"),
     exits_plain, NULL},
    {"fleet upgrade", EXAMPLES("fleet upgrade --dir demo"), exits_plain, NULL},
    {"fleet unread", EXAMPLES("fleet unread", "fleet unread --clear"), exits_fleet, NULL},
    {"trust publish", EXAMPLES("trust publish --dir demo"), exits_plain, NULL},
    {"keys new", EXAMPLES("keys new keys --fleet demo", "keys new operator --dir demo"),
     exits_plain, NULL},
    {"keys operators",
     EXAMPLES("keys operators", "keys operators --add ann=ann.pub", "keys operators --demand roll"),
     exits_plain, "It counts from the next berth trust publish on."},
    {"keys trust",
     EXAMPLES("keys trust keys --fleet demo",
              "keys trust keys --fleet demo --role release=a.pub,b.pub:2"),
     exits_plain,
     "Where there is a document it writes the next version, signed by the one before."},
    {"revoke", EXAMPLES("revoke --key revoke.pem -o revoke.json web.release"), exits_plain,
     "berth release revoke does the same at a fleet's broker."},
    {"completion", EXAMPLES("completion bash", "completion zsh"), exits_plain,
     "The packages install it; without them: . <(berth completion bash)"},
    {"help", EXAMPLES("help", "help rollout", "help rollout start"), exits_plain, NULL},
};

const struct words_pages pages_berth = {&words_berth, pages, COUNT_OF(pages)};
