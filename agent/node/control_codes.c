/* control_codes: for every error code, the HTTP status that fits and what a person can do about it.
 */
#include <stddef.h>

#include "agent/node/control.h"

struct answer_row {
    int status;
    const char *remedy;
};

#define ROW(name) [ERR_##name - ERR_BASE_]

static const struct answer_row rows[ERR_END_ - ERR_BASE_] = {
    ROW(INTERNAL) = {500, "this is a defect of berthd; please report it with the agent's log"},
    ROW(MEMORY) = {503, "free memory on the node and try again"},
    ROW(LIMIT) = {422, "make it smaller or ask for less; the limits are in agent/limits.h"},
    ROW(SYNTAX) = {400,
                   "send well-formed input; for a release use the file that berth release sign "
                   "wrote"},
    ROW(DEPTH) = {422, "nest the document less deeply"},
    ROW(DUPLICATE_KEY) = {422, "name every key once"},
    ROW(UNKNOWN_KEY) = {422, "remove the key, or update the agent if a newer one knows it"},
    ROW(VALUE) = {422, "correct the value that is named"},
    ROW(MISSING) = {422, "add the key that is named"},
    ROW(SCHEMA) = {422, "update the agent, or build the document for this agent's version"},
    ROW(OVERSIZE) = {413, "make the document smaller"},
    ROW(UNSIGNED) = {422, "sign the release with berth release sign"},
    ROW(SIGNATURE) = {422,
                      "sign with a key that this node's trust document lists for this role, and "
                      "transfer the file unchanged"},
    ROW(ENCODING) = {422, "sign again with berth release sign"},
    ROW(THRESHOLD) = {422, "have more of the trusted keys sign the document"},
    ROW(PAYLOAD_TYPE) = {422, "give a document of the right kind (for activate: a release)"},
    ROW(DIGEST) = {422, "build the release again; the image is not what was signed"},
    ROW(BELOW_FLOOR) = {409, "activate a release at or above the floor (berthctl status shows it)"},
    ROW(REVOKED) = {409, "activate another release; this one was revoked by its signers"},
    ROW(QUARANTINED) = {409,
                        "it failed on this node before; build a corrected release, or insist with "
                        "berthctl activate --force"},
    ROW(SEQUENCE_REUSED) = {409, "build the release with a higher sequence"},
    ROW(WRONG_APP) = {409, "give a release of this app"},
    ROW(ARCHITECTURE) = {422, "build the release for this node's platform as well"},
    ROW(HOST_POWER) = {403, "allow it for this app under \"power\" in berthd.json, or build the "
                            "release without it"},
    ROW(PORT_HELD) = {409, "stop what holds the port, or publish another one"},
    ROW(DISK_SPACE) = {409, "free space under the engine's data root"},
    ROW(STATE_FULL) = {503, "free space on the file system of the state directory (stateDir in "
                            "berthd.json, /var/lib/berth by default); nothing is changed until it "
                            "can be written"},
    ROW(RAM) = {409, "stop something else, or lower the release's memory limits"},
    ROW(REQUIRES) = {409, "give the node what the release requires, or another release"},
    ROW(BUSY) = {409, "wait until what is under way is done (berthctl watch) and try again"},
    ROW(NOT_FOUND) = {404, "see what there is with berthctl status"},
    ROW(EXISTS) = {409, "remove what is in the way, or use another name"},
    ROW(NOTHING) = {409, "nothing is to be done: it already runs and is wanted"},
    ROW(DENIED) = {403, "use sudo, or set controlUid in berthd.json"},
    ROW(TIMEOUT) = {504, "try again"},
    ROW(CANCELLED) = {503, "try again"},
    ROW(IO) = {500, "see the agent's log for the file or socket that failed"},
    ROW(STORE) = {503, "check the disk under stateDir; nothing is changed until it can be written"},
    ROW(CORRUPT) = {500, "check the disk under stateDir; activate the release again from its file"},
    ROW(VERSION) = {409, "update the agent: this was written by a newer one"},
    ROW(MEMORY_LOST) = {409, "see what serves (berthctl status); clear the state directory and the "
                             "app's containers, then deploy it again"},
    ROW(ENGINE) = {502, "see the engine's log"},
    ROW(ENGINE_GONE) = {503, "start the container engine; the agent goes on by itself"},
    ROW(PULL) = {502, "check the registry and the network, or load the image by hand"},
    ROW(ROUTE) = {500, "check that nft works on this node"},
    ROW(PROBE) = {502, "see why the container is not well"},
    ROW(NETWORK) = {502, "check the network"},
    ROW(ENTROPY) = {503, "wait until the kernel has randomness"},
    ROW(STALE) = {409, "a later order is known already; nothing is to be done"},
    ROW(EPOCH) = {409, "its epoch is implausibly far ahead: see who signs orders with this key"},
    ROW(CONFLICT) = {409, "see that only one coordinator gives orders"},
    ROW(LATE) = {409, "order it again; its startBy has passed"},
    ROW(WRONG_NODE) = {409, "send the order to the node it names"},
    ROW(WRONG_FLEET) = {409, "give a document of this node's fleet"},
    ROW(OVERRIDDEN) = {409, "end the local override, or order with --force"},
    ROW(CERTIFICATE) = {502, "compare the certificates of both sides and the clock"},
    ROW(TLS) = {502, "see the broker's log; both sides need TLS 1.2 or 1.3 and a common suite"},
    ROW(PROTOCOL) = {502, "see that the broker's address names an MQTT broker"},
    ROW(USAGE) = {400, "see the agent's README for what may be asked"},
    ROW(SPEC) = {422, "build a release with what the engine's words name corrected"},
    ROW(REGISTRY) = {503, "check the network and the registry; the agent goes on by itself"},
    ROW(WIRING) = {502, "nothing: the agent creates the container and its network again"},
    ROW(TAKEN_OVER) = {502, "look for another machine with a copy of this one's certificate"},
};

static const struct answer_row *row_of(int code)
{
    static const struct answer_row unknown = {500, "see the agent's log"};
    if (code <= ERR_BASE_ || code >= ERR_END_ || rows[code - ERR_BASE_].remedy == NULL) {
        return &unknown;
    }
    return &rows[code - ERR_BASE_];
}

int control_http_status(int code)
{
    return code == 0 ? 200 : row_of(code)->status;
}

const char *control_remedy(int code)
{
    return row_of(code)->remedy;
}
