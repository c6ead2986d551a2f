/* release_words: the small words of a release: addresses, label names, powers, paths, signals. */
#ifndef AGENT_WIRE_RELEASE_WORDS_H
#define AGENT_WIRE_RELEASE_WORDS_H

#include <stdbool.h>

#include "platform/base/arena.h"
#include "platform/base/err.h"
#include "platform/engine.h"

struct release_node;

/* Dotted decimal of four numbers without leading zeros; false for anything else. */
bool address_parse(const char *text, ipv4 *address);
/* Whether this looks like an IPv6 address: the engine reads it. */
bool address_is_v6(const char *text);
void address_render(ipv4 address, char text[16]);

/* Kubernetes' label keys: 1 to 63 letters, digits, '-', '_', '.', '/'; ends alphanumeric. */
bool label_is_name(const char *text);

/* POWER_* of a word like "host-network"; 0: no power. */
unsigned power_of(const char *word);
/* The word of a single POWER_*. */
const char *power_word(unsigned power);

/* True for an absolute path without "..", ':' or control characters: safe in an engine's mount. */
bool path_is_safe(const char *text);

/* True for the name of a volume or of a secret's file: at most 64 letters, digits, '-', '_', '.'.
 */
bool volume_is_name(const char *text);

/* True for the name of a signal: SIGTERM, SIGUSR1, SIGRTMIN+3. */
bool signal_is_name(const char *text);

/* True for the number of a signal, 1 to 64. */
bool signal_is_number(const char *text);

/* True for a capability that the engine does not give to every container. */
bool capability_is_power(const char *text);

/* Replaces $(node.name) and $(node.label.x) by this node's words; "$$(" stands for "$(" and other
 * texts stay. A node without architecture (a tool's) has no labels and gives empty words. The
 * result lives in the arena. ERR_VALUE names a label the node does not have; ERR_LIMIT. */
NODISCARD int node_substitute(const char *text, const struct release_node *node,
                              struct arena *arena, const char **result, struct err *err);

/* True for a variable whose name says that its value is a secret (PASSWORD, TOKEN, ...); one that
 * ends in _FILE names a file and is none. */
bool variable_is_secret(const char *name);

#endif
