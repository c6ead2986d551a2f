/* berth: what the operator's tool can be asked. */
#include "ports/app/words/words.h"

#include "platform/base/units.h"

#define OPTIONS(...) ((const struct words_option *const[]){__VA_ARGS__, NULL})
#define YEAR_MS      INT64_C(31536000000)
#define NUMBER_MOST  INT64_C(9007199254740991) /* of a JSON document */

/* -- options, each once ------------------------------------------------------------------------ */

static const struct words_option help = {"help", 'h', WORDS_FLAG,
                                         .sentence = "show what this does, and end"};
static const struct words_option version = {"version", 0, WORDS_FLAG,
                                            .sentence = "show the version, and end"};

static const struct words_option dir = {"dir", 0, WORDS_FOLDER, .value = "DIR",
                                        .sentence =
                                            "the fleet's folder; else $BERTH_FLEET, else this one"};
static const struct words_option json = {"json", 0, WORDS_FLAG,
                                         .sentence = "write JSON, for programs"};
static const struct words_option yes = {
    "yes", 0, WORDS_FLAG, .sentence = "do not ask; needed where there is no terminal to ask at"};
static const struct words_option force_node = {
    "force", 0, WORDS_FLAG,
    .sentence = "also where the release failed before, or the site chose another"};
static const struct words_option key = {"key", 0,     WORDS_FILE,
                                        8,     "PEM", .sentence = "a private key that signs"};
static const struct words_option key_needed = {
    "key", 0, WORDS_FILE, 8, "PEM", .sentence = "a private key that signs", .is_needed = true};
static const struct words_option selector = {
    "selector", 'l', WORDS_SELECTOR, .value = "SELECTOR",
    .sentence = "the nodes with these labels: site=north,ring!=lab"};

/* What is built of a Compose project. */
static const struct words_option file = {
    "file", 'f', WORDS_FILE, 32, "FILE", .sentence = "a Compose file, the same as an argument"};
static const struct words_option env_file = {
    "env-file", 0, WORDS_FILE, 32, "FILE", .sentence = "variables; else .env beside the file"};
static const struct words_option profile = {
    "profile", 0, WORDS_TEXT, 32, "NAME", .sentence = "take the services of this profile, too"};
static const struct words_option project_name = {"project-name", 0, WORDS_TEXT, .value = "NAME",
                                                 .sentence = "the project's name"};
static const struct words_option project_directory = {
    "project-directory", 0, WORDS_FOLDER, .value = "DIR", .sentence = "what paths are relative to"};
static const struct words_option output_release = {
    "output",         'o', WORDS_FILE, .value = "FILE", .sentence = "the release to write",
    .is_needed = true};
static const struct words_option sequence = {
    "sequence",
    0,
    WORDS_NUMBER,
    .value = "N",
    .least = 1,
    .most = NUMBER_MOST,
    .sentence = "the release's place in its app's line; else the time in seconds"};
static const struct words_option floor_option = {
    "floor",
    0,
    WORDS_NUMBER,
    .value = "N",
    .least = 1,
    .most = NUMBER_MOST,
    .sentence = "once it is proven, no release below this sequence may begin"};
static const struct words_option build = {"build", 0, WORDS_FLAG,
                                          .sentence = "build the images first, with docker build"};
static const struct words_option platform = {
    "platform",     0,
    WORDS_PLATFORM, 8,
    "OS/ARCH",      .sentence = "take only this platform: linux/arm/v7; else all of the index"};
static const struct words_option engine = {"engine", 0, WORDS_FILE, .value = "SOCKET",
                                           .sentence = "ask only this engine, no registry"};
static const struct words_option ca = {"ca", 0, WORDS_FILE, .value = "FILE",
                                       .sentence = "a CA that the registry's certificate is of"};
static const struct words_option patience = {
    "patience",
    0,
    WORDS_NUMBER,
    .value = "SECONDS",
    .least = 1,
    .most = 3600,
    .sentence = "give up on a registry that is slower for so long (30)"};
static const struct words_option plain_http = {
    "plain-http", 0, WORDS_TEXT, 8, "HOST[:PORT]", .sentence = "ask this registry without TLS"};

#define PROJECT_OPTIONS &file, &env_file, &profile, &project_name, &project_directory
#define BUILD_OPTIONS                                                                              \
    &sequence, &floor_option, &platform, &engine, &ca, &plain_http, &patience, &build,             \
        PROJECT_OPTIONS

/* deploy */
static const struct words_option socket_option = {
    "socket", 0, WORDS_FILE, .value = "PATH",
    .sentence = "where the agent listens (/run/berth/control.sock)"};
static const struct words_option host = {"host", 0, WORDS_TEXT, .value = "SSH",
                                         .sentence = "the gateway, as ssh knows it"};
static const struct words_option sudo = {"sudo", 0, WORDS_FLAG,
                                         .sentence = "with --host: become root there"};
static const struct words_option node = {
    "node",          0,          WORDS_NAME,
    .value = "NAME", .most = 63, .sentence = "a node of the fleet, by its broker"};
static const struct words_option key_deploy = {
    "key", 0, WORDS_FILE, .value = "PEM",
    .sentence = "what signs; else the fleet's release key, else your local one"};
static const struct words_option init = {
    "init", 0, WORDS_FLAG, .sentence = "make a local key, and have the gateway trust it"};
static const struct words_option config_dir = {
    "config-dir", 0, WORDS_FOLDER, .value = "DIR",
    .sentence = "the agent's configuration, for --init (/etc/berth)"};

/* keys, fleets */
static const struct words_option fleet = {
    "fleet",          0, WORDS_NAME, .value = "NAME", .most = 32, .sentence = "the fleet's name",
    .is_needed = true};
static const struct words_option fleet_new = {
    "fleet",         0,          WORDS_NAME,
    .value = "NAME", .most = 32, .sentence = "the fleet's name, of keys new DIR"};
static const struct words_option add_operator = {"add",
                                                 0,
                                                 WORDS_TEXT,
                                                 .times = 32,
                                                 .value = "NAME=PUB",
                                                 .sentence =
                                                     "name an operator, or give one another key"};
static const struct words_option remove_operator = {"remove",
                                                    0,
                                                    WORDS_NAME,
                                                    .times = 32,
                                                    .value = "NAME",
                                                    .most = 32,
                                                    .sentence = "name that operator no more"};
static const struct words_option fleet_revoke = {
    "fleet",    0,
    WORDS_NAME, .value = "NAME",
    .most = 32, .sentence = "whose list it is; without it agents before 0.2 read it, too"};
static const struct words_option role = {
    "role",
    0,
    WORDS_ROLE,
    8,
    "ROLE=PUB[,PUB][:N]",
    .sentence = "a role's public keys, and how many of them must sign"};
static const struct words_option version_trust = {"version",
                                                  0,
                                                  WORDS_NUMBER,
                                                  .value = "N",
                                                  .least = 1,
                                                  .most = NUMBER_MOST,
                                                  .sentence =
                                                      "the document's version; else the next one"};
static const struct words_option version_revoke = {
    "version",
    0,
    WORDS_NUMBER,
    .value = "N",
    .least = 1,
    .most = NUMBER_MOST,
    .sentence = "the list's version; else the time in seconds"};
static const struct words_option reset_epochs = {
    "reset-epochs", 0, WORDS_FLAG,
    .sentence = "nodes forget the epochs they know: the remedy after a stolen order key"};
static const struct words_option force_trust = {
    "force", 0, WORDS_FLAG, .sentence = "replace what is there, whatever it says"};
static const struct words_option broker = {"broker",
                                           0,
                                           WORDS_BROKER,
                                           .value = "HOST[:NODEPORT[:OPERATORPORT]]",
                                           .sentence = "where the broker is (ports 8883 and 8884)",
                                           .is_needed = true};
static const struct words_option name = {
    "name", 0, WORDS_HOST, 15, "CERTNAME", .sentence = "another name in the broker's certificate"};
static const struct words_option trust = {
    "trust", 0, WORDS_FILE, .value = "FILE", .sentence = "the trust document", .is_needed = true};
static const struct words_option output_sign = {"output", 'o', WORDS_FILE, .value = "FILE",
                                                .sentence = "write here, and leave FILE as it is"};
static const struct words_option output_list = {
    "output", 'o', WORDS_FILE, .value = "FILE", .sentence = "the list to write", .is_needed = true};

static const struct words_option clear = {"clear", 0, WORDS_FLAG,
                                          .sentence = "and clear them at the broker"};

static const struct words_option demand = {
    "demand",
    0,
    WORDS_TEXT,
    2,
    "labels|roll",
    .sentence = "unsigned labels count for nothing; nodes off the roll are in no rollout"};
static const struct words_option waive = {
    "waive", 0, WORDS_TEXT, 2, "labels|roll", .sentence = "demand that no more"};

/* nodes */
static const struct words_option seen = {"seen", 0, WORDS_FLAG,
                                         .sentence = "also every node that reports"};
static const struct words_option label = {
    "label", 0, WORDS_LABEL, 32, "KEY=VALUE", .sentence = "a label that the node says of itself"};
static const struct words_option prefix = {
    "prefix", 0, WORDS_PREFIX, .value = "PATH",
    .sentence = "where the folder will lie on the gateway (/etc/berth)"};
static const struct words_option days = {"days",
                                         0,
                                         WORDS_NUMBER,
                                         .value = "N",
                                         .least = 1,
                                         .most = 3650,
                                         .sentence = "how long the certificate is good (825)"};
static const struct words_option replace = {
    "replace", 0, WORDS_FLAG, .sentence = "drop the labels that there are, and set these"};
static const struct words_option ahead = {"ahead", 0, WORDS_FLAG,
                                          .sentence = "label a node that comes later"};
static const struct words_option force_remove = {"force", 0, WORDS_FLAG,
                                                 .sentence = "also a node that is connected"};

/* rollouts */
static const struct words_option all = {"all", 0, WORDS_FLAG,
                                        .sentence = "every node of the fleet"};
static const struct words_option spec = {"spec", 0, WORDS_FILE, .value = "FILE",
                                         .sentence = "how it goes, as YAML or JSON"};
static const struct words_option waves = {"waves", 0, WORDS_WAVES, .value = "SIZES",
                                          .sentence =
                                              "the waves (1,5%,25%,100%); none: one by one"};
static const struct words_option soak = {
    "soak",
    0,
    WORDS_DURATION,
    .value = "DURATION",
    .most = YEAR_MS,
    .sentence = "how long a wave is watched before the next opens (10m; the first 30m)"};
static const struct words_option threshold = {
    "threshold", 0, WORDS_SHARE, .value = "SHARE",
    .sentence = "how many of a wave's answers must be good (95%)"};
static const struct words_option max_unavailable = {
    "max-unavailable", 0, WORDS_SIZE, .value = "NODES|SHARE",
    .sentence = "how many change at a time (10%; without waves 1)"};
static const struct words_option group_by = {
    "group-by", 0,       WORDS_LABEL_NAME,
    4,          "LABEL", .sentence = "at most one of those with the same value changes"};
static const struct words_option peers = {
    "peers", 0, WORDS_LABEL_NAME, .value = "LABEL",
    .sentence = "one changes only while all others of the same value serve"};
static const struct words_option per_minute = {"per-minute",
                                               0,
                                               WORDS_NUMBER,
                                               .value = "N",
                                               .least = 1,
                                               .most = 1000000,
                                               .sentence = "at most so many orders a minute"};
static const struct words_option on_failure = {"on-failure",
                                               0,
                                               WORDS_CHOICE,
                                               .value = "WHAT",
                                               .choices = "pause|continue|rollback",
                                               .sentence =
                                                   "what happens when too many fail (pause)"};
static const struct words_option fail_above = {"fail-above", 0, WORDS_SHARE, .value = "SHARE",
                                               .sentence = "too many is more than this share (5%)"};
static const struct words_option offline = {"offline",
                                            0,
                                            WORDS_CHOICE,
                                            .value = "WHAT",
                                            .choices = "later|wait|fail|skip",
                                            .sentence =
                                                "what becomes of nodes that are not there (later)"};
static const struct words_option offline_until = {"offline-until",
                                                  0,
                                                  WORDS_DURATION,
                                                  .value = "DURATION",
                                                  .least = 1000,
                                                  .most = YEAR_MS,
                                                  .sentence =
                                                      "how long they are waited for (336h)"};
static const struct words_option start_by = {
    "start-by",
    0,
    WORDS_DURATION,
    .value = "DURATION",
    .least = 1000,
    .most = YEAR_MS,
    .sentence = "a node that has not begun by then does not begin (15m)"};
static const struct words_option lost_after = {"lost-after",
                                               0,
                                               WORDS_DURATION,
                                               .value = "DURATION",
                                               .least = 1000,
                                               .most = YEAR_MS,
                                               .sentence =
                                                   "a node that is silent for so long is lost"};
static const struct words_option reason = {
    "reason",         0, WORDS_TEXT, .value = "TEXT", .sentence = "why; who is refused reads it",
    .is_needed = true};
static const struct words_option freeze_for = {"for",
                                               0,
                                               WORDS_DURATION,
                                               .value = "DURATION",
                                               .least = 1000,
                                               .most = 30 * INT64_C(86400000),
                                               .sentence = "how long it holds (24h)"};
static const struct words_option watch = {"watch", 0, WORDS_FLAG, .sentence = "show how it goes"};
static const struct words_option detach = {
    "detach", 0, WORDS_FLAG, .sentence = "only publish it; a coordinator goes on with it"};

#define SPEC_OPTIONS                                                                               \
    &selector, &all, &spec, &waves, &soak, &threshold, &max_unavailable, &group_by, &peers,        \
        &per_minute, &on_failure, &fail_above, &offline, &offline_until, &start_by, &lost_after,   \
        &force_node

/* -- verbs ------------------------------------------------------------------------------------- */

#define ONE(word, kind)                                                                            \
    {                                                                                              \
        {                                                                                          \
            word, kind, 1, 1, 0                                                                    \
        }                                                                                          \
    }
#define SOME(word, kind)                                                                           \
    {                                                                                              \
        {                                                                                          \
            word, kind, 1, WORDS_MANY, 0                                                           \
        }                                                                                          \
    }
#define ANY(word, kind)                                                                            \
    {                                                                                              \
        {                                                                                          \
            word, kind, 0, WORDS_MANY, 0                                                           \
        }                                                                                          \
    }
#define ONE_NODE                                                                                   \
    {                                                                                              \
        {                                                                                          \
            "NODE", WORDS_NAME, 1, 1, 63                                                           \
        }                                                                                          \
    }
#define ONE_ROLLOUT                                                                                \
    {                                                                                              \
        {                                                                                          \
            "ID", WORDS_NAME, 1, 1, 32                                                             \
        }                                                                                          \
    }
#define MAYBE_ROLLOUT                                                                              \
    {                                                                                              \
        {                                                                                          \
            "ID", WORDS_NAME, 0, 1, 32                                                             \
        }                                                                                          \
    }
#define ROLLOUT_NODES(how_many)                                                                    \
    {                                                                                              \
        {"ID", WORDS_NAME, 1, 1, 32},                                                              \
        {                                                                                          \
            "NODE", WORDS_NAME, how_many, WORDS_MANY, 63                                           \
        }                                                                                          \
    }

static const struct words_verb verbs[] = {
    {"release build", "turn a Compose file into a release, with images by digest",
     ANY("FILE", WORDS_FILE), OPTIONS(&output_release, BUILD_OPTIONS)},
    {"release lint", "say what of a Compose file a node runs, and what it will do; asks no one",
     ANY("FILE", WORDS_FILE), OPTIONS(&json, PROJECT_OPTIONS)},
    {"release sign", "add signatures", ONE("FILE", WORDS_FILE), OPTIONS(&key_needed, &output_sign)},
    {"release verify", "check the signatures and the document as a node would",
     ONE("FILE", WORDS_FILE), OPTIONS(&trust)},
    {"release show", "say what a release does", ONE("FILE", WORDS_FILE), OPTIONS(&json)},
    {"release list",
     "show the releases at the broker, and how many nodes run each",
     {{0}},
     OPTIONS(&json, &dir)},
    {"release publish", "put a signed release where nodes find it, and print its digest",
     ONE("FILE", WORDS_FILE), OPTIONS(&dir)},
    {"release revoke", "add releases to the fleet's list of what must never run",
     SOME("DIGEST|FILE", WORDS_FILE), OPTIONS(&key, &yes, &dir)},
    {"deploy", "build, sign and activate a Compose file on one node, and follow it",
     ANY("FILE", WORDS_FILE),
     OPTIONS(&socket_option, &host, &sudo, &node, &key_deploy, &dir, &init, &config_dir,
             &force_node, BUILD_OPTIONS)},
    {"rollout plan", "say which node gets a release in which wave, and which not; does nothing",
     ONE("FILE", WORDS_FILE), OPTIONS(SPEC_OPTIONS, &json, &dir)},
    {"rollout start", "bring a signed release to the nodes, in waves", ONE("FILE", WORDS_FILE),
     OPTIONS(SPEC_OPTIONS, &yes, &watch, &detach, &dir)},
    {"rollout list", "show all rollouts, the newest first", {{0}}, OPTIONS(&json, &dir)},
    {"rollout history",
     "show those that have ended: how, how many nodes, when, by whose word",
     {{0}},
     OPTIONS(&json, &dir)},
    {"rollout status", "show a rollout, and what each node is to it", MAYBE_ROLLOUT,
     OPTIONS(&json, &dir)},
    {"rollout watch", "follow a rollout until it ends or stops", MAYBE_ROLLOUT,
     OPTIONS(&json, &dir)},
    {"rollout pause", "give no more orders for now", ONE_ROLLOUT, OPTIONS(&dir)},
    {"rollout resume", "go on, and accept what has failed so far", ONE_ROLLOUT, OPTIONS(&dir)},
    {"rollout retry", "order again where it failed: at these nodes, or everywhere",
     ROLLOUT_NODES(0), OPTIONS(&dir)},
    {"rollout skip", "wait for these nodes no more", ROLLOUT_NODES(1), OPTIONS(&dir)},
    {"rollout undo", "bring the nodes that it changed back to what ran before", ONE_ROLLOUT,
     OPTIONS(&yes, &watch, &detach, &dir)},
    {"rollout abort", "take back what was not begun, and end", ONE_ROLLOUT, OPTIONS(&yes, &dir)},
    {"rollout freeze",
     "begin nothing in the whole fleet for a while; pause, abort and undo work",
     {{0}},
     OPTIONS(&reason, &freeze_for, &dir)},
    {"rollout thaw", "end a freeze before its time", {{0}}, OPTIONS(&yes, &dir)},
    {"coordinate", "coordinate the fleet's live rollouts until told to end", {{0}}, OPTIONS(&dir)},
    {"node list",
     "show every node: present or not, and what it runs",
     {{0}},
     OPTIONS(&selector, &json, &dir)},
    {"node show", "show all of one node: what it runs, its last answers, a failure's story",
     ONE_NODE, OPTIONS(&json, &dir)},
    {"node add", "make a node's certificate and configuration", ONE_NODE,
     OPTIONS(&label, &prefix, &days, &dir)},
    {"node enroll",
     "put nodes on the fleet's roll: those named, or those added in this folder",
     {{"NODE", WORDS_NAME, 0, WORDS_MANY, 63}},
     OPTIONS(&seen, &dir)},
    {"node label",
     "change what the fleet calls a node: KEY=VALUE sets, KEY- removes",
     {{"NODE", WORDS_NAME, 1, 1, 63}, {"KEY=VALUE|KEY-", WORDS_TEXT, 0, WORDS_MANY, 0}},
     OPTIONS(&replace, &ahead, &dir)},
    {"node remove", "take a node out of the fleet: no rollout waits for it any more", ONE_NODE,
     OPTIONS(&force_remove, &yes, &dir)},
    {"fleet init", "make a fleet: its CAs, its keys, its broker's configuration",
     ONE("DIR", WORDS_FOLDER), OPTIONS(&fleet, &broker, &name)},
    {"fleet upgrade",
     "give a folder of an earlier version its operators' CA and first operator",
     {{0}},
     OPTIONS(&dir)},
    {"fleet unread",
     "show the documents at the broker that cannot be read, and why",
     {{0}},
     OPTIONS(&clear, &json, &dir)},
    {"trust publish",
     "give nodes the trust document, and coordinators the operators' keys",
     {{0}},
     OPTIONS(&dir)},
    {"keys new", "make one key a role, and the trust document; or a key for one more operator",
     ONE("DIR|operator", WORDS_FOLDER), OPTIONS(&fleet_new, &dir)},
    {"keys operators",
     "show whose keys may ask for a rollout, or write that document's next version",
     {{0}},
     OPTIONS(&add_operator, &remove_operator, &demand, &waive, &key, &version_trust, &json, &dir)},
    {"keys trust", "write the trust document, or its next version, from public keys",
     ONE("DIR", WORDS_FOLDER),
     OPTIONS(&fleet, &role, &version_trust, &key, &reset_epochs, &yes, &force_trust)},
    {"revoke", "write the signed list of releases that must never run, without a broker",
     SOME("DIGEST|FILE", WORDS_FILE),
     OPTIONS(&key_needed, &fleet_revoke, &version_revoke, &output_list)},
    {"help", "show what a verb does", ANY("VERB", WORDS_TEXT), NULL},
    {"completion", "write what a shell needs to complete command lines: bash, zsh or fish",
     ONE("SHELL", WORDS_TEXT), NULL},
};

static const struct words_family families[] = {
    {"release", "Releases", "make a release of a Compose file, sign it, publish it, revoke it"},
    {"deploy", NULL, "a Compose file to its verdict on one node, in one command"},
    {"rollout", "Rollouts", "bring a release to the nodes, in waves; watch, stop, undo it"},
    {"coordinate", NULL, "go on with the live rollouts until told to end"},
    {"node", "Nodes", "add, label, look at and remove nodes"},
    {"fleet", "Fleets and keys", "a fleet's folder: CAs, keys, the broker's configuration"},
    {"trust", NULL, "whose signatures the nodes believe"},
    {"keys", NULL, "role keys and the trust document, as files"},
    {"revoke", NULL, "what must never run, as a file"},
    {"help", "More", "of a verb: what it takes, examples, exit statuses"},
    {"completion", NULL, "of command lines, for bash, zsh and fish"},
};

const struct words_program words_berth = {
    .name = "berth",
    .sentence = "brings signed releases to a fleet of gateways, in waves",
    .section = '1',
    .verbs = verbs,
    .verb_count = COUNT_OF(verbs),
    .families = families,
    .family_count = COUNT_OF(families),
    .options = OPTIONS(&help, &version),
};
