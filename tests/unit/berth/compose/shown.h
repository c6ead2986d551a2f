/* shown: a tree as one line, so that a test can compare it: {a: 1, b: [x, 'quoted']}. */
#ifndef TESTS_UNIT_BERTH_COMPOSE_SHOWN_H
#define TESTS_UNIT_BERTH_COMPOSE_SHOWN_H

#include <stdio.h>
#include <stdlib.h>

#include "ports/app/berth/compose/findings.h"

static inline void item_show(const struct yaml_item *item, FILE *out)
{
    const char *separator = "";
    if (item->tag != YAML_TAG_NONE) {
        (void)fputs(item->tag == YAML_TAG_RESET ? "!reset " : "!override ", out);
    }
    if (item->kind == YAML_TREE_SCALAR) {
        bool is_word = item->is_plain || item->is_filled;
        (void)fprintf(out, is_word ? "%s" : "'%s'", yaml_is_null(item) ? "~" : item->text);
        return;
    }
    (void)fputs(item->kind == YAML_TREE_MAP ? "{" : "[", out);
    for (const struct yaml_item *child = item->child; child != NULL; child = child->next) {
        (void)fprintf(out, "%s", separator);
        if (child->key != NULL) {
            (void)fprintf(out, "%s: ", child->key);
        }
        separator = ", ";
        item_show(child, out);
    }
    (void)fputs(item->kind == YAML_TREE_MAP ? "}" : "]", out);
}

/* The caller frees the line. */
static inline char *tree_show(const struct yaml_item *item)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (item != NULL) {
        item_show(item, out);
    }
    (void)fclose(out);
    return text;
}

/* All findings as they are printed, without what is to be done; the caller frees the text. */
static inline char *findings_show(const struct findings *findings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    for (size_t i = 0; findings_at(findings, i) != NULL; i++) {
        const struct finding *finding = findings_at(findings, i);
        (void)fprintf(out, "%s:%zu: %s%s: %s\n", finding->file != NULL ? finding->file : "-",
                      finding->line, finding->level == FINDING_NOTE ? "note: " : "",
                      finding->path != NULL ? finding->path : "-", finding->text);
    }
    (void)fclose(out);
    return text;
}

#endif
