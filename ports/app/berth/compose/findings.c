/* findings: a sorted list that grows, and says so when it cannot. */
#include "ports/app/berth/compose/findings.h"

#include <stdarg.h>
#include <stdlib.h>

#include "platform/base/text.h"

struct findings {
    struct finding *list;
    size_t count, cap;
    bool is_lost; /* one did not fit into memory */
};

struct findings *findings_new(void)
{
    return calloc(1, sizeof(struct findings));
}

static void finding_close(struct finding *finding)
{
    free(finding->file);
    free(finding->path);
    free(finding->text);
    free(finding->remedy);
}

void findings_free(struct findings *findings)
{
    if (findings == NULL) {
        return;
    }
    for (size_t i = 0; i < findings->count; i++) {
        finding_close(&findings->list[i]);
    }
    free(findings->list);
    free(findings);
}

/* NULL stands before every text. */
static int text_compare(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a != NULL) - (b != NULL);
    }
    return strcmp(a, b);
}

static int place_compare(const struct finding *a, const struct finding *b)
{
    if (a->level != b->level) {
        return a->level < b->level ? -1 : 1;
    }
    int order = text_compare(a->file, b->file);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static bool is_same(const struct finding *a, const struct finding *b)
{
    return place_compare(a, b) == 0 && text_compare(a->path, b->path) == 0 &&
           text_compare(a->text, b->text) == 0 && text_compare(a->remedy, b->remedy) == 0;
}

/* Copies a text that may be NULL; false when there is no memory. */
static bool text_keep(const char *text, char **kept)
{
    *kept = text != NULL ? strdup(text) : NULL;
    return text == NULL || *kept != NULL;
}

static bool room_make(struct findings *findings)
{
    if (findings->count < findings->cap) {
        return true;
    }
    size_t cap = findings->cap == 0 ? 16 : findings->cap * 2;
    struct finding *list = reallocarray(findings->list, cap, sizeof *list);
    if (list != NULL) {
        findings->list = list;
        findings->cap = cap;
    }
    return list != NULL;
}

/* Takes the finding over, and puts it behind all that stand at its place or before. */
static void finding_place(struct findings *findings, struct finding *finding)
{
    size_t at = findings->count;
    for (; at > 0 && place_compare(&findings->list[at - 1], finding) >= 0; at--) {
        if (is_same(&findings->list[at - 1], finding)) {
            finding_close(finding);
            return;
        }
    }
    while (at < findings->count && place_compare(&findings->list[at], finding) == 0) {
        at++;
    }
    memmove(&findings->list[at + 1], &findings->list[at],
            (findings->count - at) * sizeof *findings->list);
    findings->list[at] = *finding;
    findings->count++;
}

static int finding_add(struct findings *findings, const struct finding *said, const char *fmt,
                       va_list args)
{
    struct finding finding = {.level = said->level, .line = said->line};
    bool is_kept = text_keep(said->file, &finding.file) && text_keep(said->path, &finding.path) &&
                   text_keep(said->remedy, &finding.remedy) && room_make(findings);
    if (!is_kept || vasprintf(&finding.text, fmt, args) < 0) {
        finding.text = NULL;
        finding_close(&finding);
        findings->is_lost = true;
        return ERR_MEMORY;
    }
    finding_place(findings, &finding);
    return 0;
}

int findings_add(struct findings *findings, enum finding_level level, const struct yaml_item *item,
                 const char *path, const char *remedy, const char *fmt, ...)
{
    const struct finding said = {.level = level,
                                 .file = item != NULL ? (char *)item->file : NULL,
                                 .line = item != NULL ? item->line : 0,
                                 .path = (char *)path,
                                 .remedy = (char *)remedy};
    va_list args;
    va_start(args, fmt);
    int rc = finding_add(findings, &said, fmt, args);
    va_end(args);
    return rc;
}

int findings_add_at(struct findings *findings, enum finding_level level, const char *file,
                    size_t line, const char *path, const char *remedy, const char *fmt, ...)
{
    const struct finding said = {.level = level,
                                 .file = (char *)file,
                                 .line = line,
                                 .path = (char *)path,
                                 .remedy = (char *)remedy};
    va_list args;
    va_start(args, fmt);
    int rc = finding_add(findings, &said, fmt, args);
    va_end(args);
    return rc;
}

static bool is_below(const char *path, const char *above)
{
    size_t len = strlen(above);
    return path != NULL && strncmp(path, above, len) == 0 &&
           (path[len] == '\0' || path[len] == '.' || path[len] == '[');
}

void findings_soften(struct findings *findings, const char *path)
{
    for (size_t i = 0; i < findings->count;) {
        struct finding finding = findings->list[i];
        if (finding.level != FINDING_REFUSED || !is_below(finding.path, path)) {
            i++;
            continue;
        }
        findings->count--;
        memmove(&findings->list[i], &findings->list[i + 1],
                (findings->count - i) * sizeof *findings->list);
        finding.level = FINDING_NOTE;
        finding_place(findings, &finding);
    }
}

int findings_status(const struct findings *findings, struct err *err)
{
    return findings->is_lost ? err_set(err, ERR_MEMORY, "no memory for all that is to be said") : 0;
}

size_t findings_count(const struct findings *findings, enum finding_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++) {
        count += findings->list[i].level == level;
    }
    return count;
}

const struct finding *findings_at(const struct findings *findings, size_t index)
{
    return index < findings->count ? &findings->list[index] : NULL;
}

static void text_show(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        (void)fputc(byte < ' ' || byte == 0x7f ? '?' : byte, stream);
    }
}

static void line_print(const struct finding *finding, FILE *stream)
{
    if (finding->file != NULL) {
        text_show(stream, finding->file);
        if (finding->line > 0) {
            (void)fprintf(stream, ":%zu", finding->line);
        }
        (void)fputs(": ", stream);
    }
    (void)fputs(finding->level == FINDING_NOTE ? "note: " : "", stream);
    if (finding->path != NULL) {
        text_show(stream, finding->path);
        (void)fputs(": ", stream);
    }
    text_show(stream, finding->text);
    if (finding->remedy != NULL) {
        (void)fputs("; ", stream);
        text_show(stream, finding->remedy);
    }
    (void)fputc('\n', stream);
}

static int stream_status(FILE *stream, struct err *err)
{
    return fflush(stream) == 0 && !ferror(stream)
               ? 0
               : err_set(err, ERR_IO, "what was found could not be printed");
}

int findings_print(const struct findings *findings, FILE *stream, struct err *err)
{
    for (size_t i = 0; i < findings->count; i++) {
        line_print(&findings->list[i], stream);
    }
    int rc = findings_status(findings, err);
    return rc == 0 ? stream_status(stream, err) : rc;
}

/* `"name": "value"` or null; false when there is no memory. */
static bool member_print(FILE *stream, const char *name, const char *value)
{
    size_t cap = value != NULL ? 6 * strlen(value) + 3 : 1;
    char *memory = malloc(cap);
    struct text text;
    if (memory == NULL) {
        return false;
    }
    text_init(&text, memory, cap);
    if (value != NULL) {
        text_append_json(&text, value);
    }
    (void)fprintf(stream, "\"%s\":%s", name, value != NULL ? memory : "null");
    free(memory);
    return true;
}

static bool object_print(const struct finding *finding, FILE *stream)
{
    (void)fprintf(stream, "{\"level\":\"%s\",",
                  finding->level == FINDING_REFUSED ? "refused" : "note");
    bool is_whole = member_print(stream, "file", finding->file);
    (void)fprintf(stream, finding->line > 0 ? ",\"line\":%zu," : ",\"line\":null,", finding->line);
    is_whole = is_whole && member_print(stream, "path", finding->path);
    (void)fputc(',', stream);
    is_whole = is_whole && member_print(stream, "text", finding->text);
    (void)fputc(',', stream);
    is_whole = is_whole && member_print(stream, "remedy", finding->remedy);
    (void)fputc('}', stream);
    return is_whole;
}

int findings_print_json(const struct findings *findings, FILE *stream, struct err *err)
{
    const char *separator = "[";
    for (size_t i = 0; i < findings->count; i++) {
        (void)fputs(separator, stream);
        separator = ",\n ";
        if (!object_print(&findings->list[i], stream)) {
            return err_set(err, ERR_MEMORY, "no memory");
        }
    }
    (void)fputs(findings->count == 0 ? "[]\n" : "]\n", stream);
    int rc = findings_status(findings, err);
    return rc == 0 ? stream_status(stream, err) : rc;
}
