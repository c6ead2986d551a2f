/* rollout_spec: how a rollout goes over its fleet, as a person writes it: a YAML or JSON file, or
 * flags. Everything that is wrong is said at once, each with its line, its path and what to do. */
#ifndef PORTS_APP_BERTH_ROLLOUT_SPEC_H
#define PORTS_APP_BERTH_ROLLOUT_SPEC_H

#include "agent/wire/rollout.h"
#include "ports/app/berth/compose/findings.h"

#define ROLLOUT_SPEC_BYTES_MAX 65536

/* What a spec has said itself. */
struct rollout_words {
    bool has_target, has_unavailable, has_waves;
};

/* Reads a spec's tree into what of `spec` it names; the rest is left alone. Whatever is refused
 * stands in `findings`. ERR_MEMORY. */
NODISCARD int rollout_spec_read(const struct yaml_item *root, struct findings *findings,
                                struct rollout_spec *spec, struct rollout_words *words,
                                struct err *err);

/* The same of a file ("-": standard input); what is refused is printed to standard error, and
 * ERR_VALUE says how much it was. */
NODISCARD int rollout_spec_load(const char *path, struct rollout_spec *spec,
                                struct rollout_words *words, struct err *err);

/* What a rollout leaves open, when all of it was read: the grey release. Waves of 1 node, 5 %, 25 %
 * and 100 %, unless it says `waves`, `parallelism` or `ramp`; soaks and thresholds, what stops it,
 * maxUnavailable (10 %), how long it waits for nodes that are away (14 days). `waves: none` is one
 * node after the other, stopped at the first failure. */
void rollout_spec_complete(struct rollout_spec *spec, const struct rollout_words *words);

/* What stops a rollout in waves that says nothing else: more than 5 % after three answers, any in
 * the first wave; it pauses. */
void rollout_failure_usual(struct rollout_failure *failure);

/* "3" or "5%"; at least 1, at most 100 %. */
bool rollout_size_parse(const char *text, struct rollout_size *size);
/* "1,5%,100%", or "none"; false for a list that is empty, too long, or does not end with all nodes.
 */
bool rollout_waves_parse(const char *text, struct rollout_shape *shape);
/* "2026-12-24T18:00:00Z", or with +01:00 in the place of Z. */
bool rollout_instant_parse(const char *text, wall_ms *at);

/* Not said yet: of a wave's soak and threshold, until rollout_spec_complete. */
#define ROLLOUT_SOAK_UNSAID      UINT64_MAX
#define ROLLOUT_THRESHOLD_UNSAID UINT32_MAX

/* rollout_spec_parts.c: a member of the spec each. */
struct rollout_reader {
    struct findings *findings;
    struct rollout_spec *spec;
    struct rollout_words *words;
};

struct rollout_key {
    const char *name;
    /* NULL: it is refused by name, with the remedy. */
    void (*read)(struct rollout_reader *reader, const struct yaml_item *item, const char *path);
    const char *remedy;
};

/* Gives each member to the reader of its key; others are refused, with the nearest. */
void rollout_map_read(struct rollout_reader *reader, const struct yaml_item *item, const char *path,
                      const struct rollout_key *keys, size_t count);
void rollout_refuse(struct rollout_reader *reader, const struct yaml_item *item, const char *path,
                    const char *remedy, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* False, and refused, where it is none. */
bool rollout_text_read(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path, char *text, size_t cap);
bool rollout_number_read(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path, uint32_t least, uint32_t most, uint32_t *number);
bool rollout_duration_read(struct rollout_reader *reader, const struct yaml_item *item,
                           const char *path, uint64_t *ms);
bool rollout_size_read(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path, struct rollout_size *size);
bool rollout_word_read(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path, const char *const *words, size_t count, char *word,
                       size_t cap);
/* "5%" or "5": a share. */
bool rollout_percent_read(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path, uint32_t *percent);
/* selector, matchLabels and matchExpressions of a map, put together and tried. */
void rollout_selector_read(struct rollout_reader *reader, const struct yaml_item *map,
                           const char *path, char selector[ROLLOUT_SELECTOR_BYTES]);
/* Of a place where the text is meant. */
void rollout_selector_check(struct rollout_reader *reader, const struct yaml_item *item,
                            const char *path, const char *selector);

void rollout_read_target(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path);
void rollout_read_waves(struct rollout_reader *reader, const struct yaml_item *item,
                        const char *path);
void rollout_read_ramp(struct rollout_reader *reader, const struct yaml_item *item,
                       const char *path);
void rollout_read_budget(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path);
void rollout_read_failure(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path);
void rollout_read_offline(struct rollout_reader *reader, const struct yaml_item *item,
                          const char *path);

#endif
