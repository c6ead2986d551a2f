/* ruleset_private: the pieces of a ruleset that have a file of their own; private to this room. */
#ifndef PORTS_NFTABLES_RULESET_PRIVATE_H
#define PORTS_NFTABLES_RULESET_PRIVATE_H

#include "ports/nftables/ruleset.h"

/* What the chains are rendered from. */
struct rules {
    const struct route_table *table;
    unsigned abilities;                   /* RULESET_TIMEOUTS, RULESET_HOLDS */
    char pool[RULESET_ADDRESS_BYTES + 4]; /* "198.18.0.0/15" */
};

#define CHAIN_BEGIN "\tchain %s {\n"
#define CHAIN_END   "\t}\n"
#define RULE        "\t\t"

/* ruleset_choose.c: the rules of `choose`, and before them the chains these go to. */
void ruleset_choose_chains(const struct rules *rules, struct text *text);
void ruleset_choose_rules(const struct rules *rules, struct text *text);
/* The rules of `refuse`: what has no backend. */
void ruleset_refuse_rules(const struct rules *rules, struct text *text);

/* ruleset_answers.c: the rules of `answers` and `stray` (filter), and of `pick-up` (nat, after
 * routing), and the chains the latter go to. */
void ruleset_pick_up_chains(const struct rules *rules, struct text *text);
void ruleset_pick_up_rules(const struct rules *rules, struct text *text);
void ruleset_answer_rules(const struct rules *rules, struct text *text);
void ruleset_stray_rules(const struct rules *rules, struct text *text);

/* ruleset_hold.c: the sets of those who wait, for a declaration of the table; their elements, as
 * commands behind it; the rules of `hold`, and of the chains at the hooks that jump to it. Without
 * one that waits all are empty. */
void ruleset_hold_sets(const struct rules *rules, struct text *text);
void ruleset_hold_elements(const struct rules *rules, const char *node, struct text *text);
void ruleset_hold_rules(const struct rules *rules, struct text *text);
void ruleset_hold_hook_rules(const struct rules *rules, struct text *text);

/* ruleset_sources.c: the rules of `postrouting`. */
void ruleset_sources_rules(const struct rules *rules, struct text *text);

/* Appends "a.b.c.d". */
void ruleset_append_address(ipv4 address, struct text *text);

#endif
