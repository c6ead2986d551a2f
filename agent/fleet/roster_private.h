/* roster_private: what the roster's own files share. */
#ifndef AGENT_FLEET_ROSTER_PRIVATE_H
#define AGENT_FLEET_ROSTER_PRIVATE_H

#include "agent/fleet/roster.h"

#define ROSTER_CHUNK 64 /* nodes that are allocated together */

struct roster_numbers {
    uint32_t *list;
    size_t count, cap;
};

struct roster_table {
    struct words words;
    struct roster_node **chunks;
    size_t chunk_cap;
    struct roster_numbers sorted; /* all nodes; by name as far as `settled` */
    size_t settled;
    uint32_t *slots; /* number + 1 by a hash of the name, open addressing; 0: empty */
    size_t slot_count;
    struct roster_numbers free; /* numbers of nodes that were forgotten */
    struct roster_numbers changes;
    bool is_all_changed; /* there was no memory to note each */
    struct roster_numbers unshown;
    bool is_all_unshown;
};

/* roster_table.c */
/* Memory for something of this node, or a note that it is missing. */
void *roster_resized(struct roster *roster, void *memory, size_t size, const char *node);
void roster_note_short(struct roster *roster, const char *node);
void roster_note_change(struct roster *roster, struct roster_node *node);
void roster_note_unshown(struct roster *roster, struct roster_node *node);
/* It is gone, with its name and its number. */
void roster_forget(struct roster *roster, struct roster_node *node);

/* roster_record.c */
enum roster_labels_kind { ROSTER_LABELS_OWN, ROSTER_LABELS_GIVEN, ROSTER_LABELS_KINDS };
/* Where there is no memory for all of them, the node has none: a part would select wrongly. */
void roster_labels_take(struct roster *roster, struct roster_node *node,
                        enum roster_labels_kind kind, const char *const *names,
                        const char *const *values, size_t count);
/* Appends them from `count` on; the new count. */
size_t roster_labels_list(const struct roster_node *node, enum roster_labels_kind kind,
                          const char **names, const char **values, size_t count);

/* roster_app.c */
/* An app at its longest: thirteen words of 5 bytes, numbers of 10, six ids. */
#define ROSTER_APP_BYTES_MAX 256
#define ROSTER_APP_WORDS_MAX 16

struct roster_writer {
    struct words *words;
    uint8_t bytes[ROSTER_APP_BYTES_MAX];
    size_t len;
    uint32_t taken[ROSTER_APP_WORDS_MAX];
    size_t taken_count;
    bool is_short;
};

struct roster_reader {
    const struct words *words;
    const uint8_t *at;
    uint32_t named[ROSTER_APP_WORDS_MAX];
    size_t named_count;
};

/* As few bytes as it needs, seven bits each; at most 10. */
size_t roster_number_render(uint64_t number, uint8_t *at);
uint64_t roster_number_read(const uint8_t **at);
/* The app into bytes; the words in it are taken. `is_short`: they are not all there. */
void roster_app_write(struct roster_writer *writer, const struct roster_app *app);
/* From behind its length; `app` is all zero before. The words in it are named. */
void roster_app_read(struct roster_reader *reader, struct roster_app *app);

#endif
