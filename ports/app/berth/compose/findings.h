/* findings: everything one run has to say about a Compose project, in the order people need it. */
#ifndef PORTS_APP_BERTH_COMPOSE_FINDINGS_H
#define PORTS_APP_BERTH_COMPOSE_FINDINGS_H

#include <stdio.h>

#include "ports/yaml/tree.h"

/* Refused: no release can be built of it. Note: it can, and something is worth knowing. */
enum finding_level { FINDING_REFUSED, FINDING_NOTE };

/* One complaint or note; all texts belong to the findings. */
struct finding {
    enum finding_level level;
    char *file;   /* as the caller named it; NULL: of no file */
    size_t line;  /* from 1; 0: of no line */
    char *path;   /* "services.web.ports[0]"; NULL: of the whole file */
    char *text;   /* what is the case */
    char *remedy; /* what to do; NULL: nothing to do */
};

/* As many as there are, refused ones first, then by file and line; of one place in the order in
 * which they were added. */
struct findings;

/* NULL when there is no memory. findings_free takes NULL. */
struct findings *findings_new(void);
void findings_free(struct findings *findings);

/* Adds one; file and line are the item's, which may be NULL. `path` and `remedy` may be NULL.
 * What already stands there word by word is not added again. ERR_MEMORY: it is lost, and from then
 * on findings_status fails, so callers that add many may ask that once instead. */
int findings_add(struct findings *findings, enum finding_level level, const struct yaml_item *item,
                 const char *path, const char *remedy, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* The same for a place that is no item: a line of an environment file. `file` may be NULL. */
int findings_add_at(struct findings *findings, enum finding_level level, const char *file,
                    size_t line, const char *path, const char *remedy, const char *fmt, ...)
    PRINTF_LIKE(7, 8);

/* Makes notes of all that is refused at a path or below it: of a part that is left out. */
void findings_soften(struct findings *findings, const char *path);

/* 0, or ERR_MEMORY when a finding was lost: then nothing may be built. */
NODISCARD int findings_status(const struct findings *findings, struct err *err);

size_t findings_count(const struct findings *findings, enum finding_level level);

/* By position in the order above; NULL behind the last. Valid until the next one is added. */
const struct finding *findings_at(const struct findings *findings, size_t index);

/* One line each: "FILE:LINE: path: text; remedy", a note with "note: " before its path. Control
 * characters are shown as "?". ERR_IO when the stream does not take it. */
NODISCARD int findings_print(const struct findings *findings, FILE *stream, struct err *err);

/* One array of objects with level ("refused", "note"), file, line, path, text, remedy; what is not
 * known is null. Ends with a line break. */
NODISCARD int findings_print_json(const struct findings *findings, FILE *stream, struct err *err);

#endif
