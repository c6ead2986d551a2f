/* normal_process: what runs in the container, and with which words, flags and numbers. */
#include <ctype.h>
#include <stdio.h>

#include "agent/wire/duration.h"
#include "agent/wire/release_words.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

#define STOP_GRACE_MAX_MS MINUTES_MS(60)

/* One word of a command: no option may carry what looks like a secret. */
static void word_check(struct normal *normal, const struct yaml_item *item, const char *word,
                       const char *next)
{
    char name[128];
    const char *value = strchr(word, '=');
    const char *start = word + strspn(word, "-");
    if (start == word) {
        secret_check(normal, item, NULL, word);
        return;
    }
    size_t len = value != NULL ? (size_t)(value - start) : strlen(start);
    if (len > 0 && len < sizeof name) {
        memcpy(name, start, len);
        name[len] = '\0';
        bool is_next_value = value == NULL && next != NULL && next[0] != '-';
        secret_check(normal, item, name, value != NULL ? value + 1 : is_next_value ? next : "");
    }
}

/* Reads one word of a line as Compose does: blanks part, quotes and backslashes keep together.
 * NULL behind the last; *is_bad where a quote does not end, the word is too long, or a shell would
 * be needed. */
static const char *word_read(const char *at, struct text *word, bool *is_bad)
{
    char quote = '\0';
    bool is_word = false;
    at += strspn(at, " \t\r\n");
    for (; *at != '\0' && (quote != '\0' || strchr(" \t\r\n", *at) == NULL); at++) {
        is_word = true;
        if (*at == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*at == '\'' || *at == '"')) {
            quote = *at;
        } else {
            *is_bad |= quote == '\0' && strchr(";&|<>", *at) != NULL;
            at += *at == '\\' && quote != '\'' && at[1] != '\0';
            text_append_span(word, span_of(at, 1));
        }
    }
    *is_bad |= quote != '\0' || word->cut;
    return is_word ? at : NULL;
}

static void line_write(struct normal *normal, const struct yaml_item *item)
{
    char word[NORMAL_WORD_BYTES];
    char next[NORMAL_WORD_BYTES];
    struct text text;
    struct text peek;
    bool is_bad = false;
    const char *at = item->text;
    text_append(normal->out, "[");
    for (text_init(&text, word, sizeof word); (at = word_read(at, &text, &is_bad)) != NULL;
         text_init(&text, word, sizeof word)) {
        bool is_peek_bad = false;
        text_init(&peek, next, sizeof next);
        json_element(normal->out);
        text_append_json(normal->out, word);
        word_check(normal, item, word, word_read(at, &peek, &is_peek_bad) != NULL ? next : NULL);
    }
    text_append(normal->out, "]");
    if (is_bad) {
        normal_refuse(normal, item, "write a list, as in [\"sh\", \"-c\", \"a && b\"]",
                      "no shell reads this line: a quote does not end, or it has one of ; & | < > "
                      "outside quotes");
    }
}

void write_command(struct normal *normal, const struct yaml_item *item)
{
    size_t index = 0;
    if (value_is_null(item)) {
        return; /* the image's own */
    }
    if (item->kind == YAML_TREE_MAP) {
        normal_refuse(normal, item, "write a line or a list of words", "must not be a map");
        return;
    }
    json_key(normal->out, item->key);
    if (item->kind == YAML_TREE_SCALAR) {
        line_write(normal, item);
        return;
    }
    text_append(normal->out, "[");
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        size_t len = normal_enter_index(normal, index++);
        const char *word = value_text(normal, step);
        if (word != NULL) {
            json_element(normal->out);
            text_append_json(normal->out, word);
            word_check(normal, step, word,
                       step->next != NULL && step->next->kind == YAML_TREE_SCALAR ? step->next->text
                                                                                  : NULL);
        }
        normal_leave(normal, len);
    }
    text_append(normal->out, "]");
}

static void member_write(struct normal *normal, const char *key, const char *text)
{
    json_key(normal->out, key);
    text_append_json(normal->out, text);
}

static bool is_plain_text(struct normal *normal, const struct yaml_item *item, const char *text)
{
    for (; *text != '\0'; text++) {
        if (iscntrl((unsigned char)*text)) {
            normal_refuse(normal, item, NULL, "must not contain control characters");
            return false;
        }
    }
    return true;
}

/* The text of a member that is left out when it is empty; NULL: nothing to write. */
static const char *word_of(struct normal *normal, const struct yaml_item *item)
{
    if (value_is_null(item)) {
        return NULL;
    }
    const char *text = value_text(normal, item);
    return text != NULL && text[0] != '\0' && is_plain_text(normal, item, text) ? text : NULL;
}

void write_word(struct normal *normal, const struct yaml_item *item)
{
    const char *text = word_of(normal, item);
    if (text != NULL) {
        member_write(normal, item->key, text);
    }
}

void write_user(struct normal *normal, const struct yaml_item *item)
{
    write_word(normal, item);
}

void write_working_dir(struct normal *normal, const struct yaml_item *item)
{
    const char *text = word_of(normal, item);
    if (text != NULL && text[0] != '/') {
        normal_refuse(normal, item, "write it from /", "must be an absolute path: %s", text);
    } else if (text != NULL) {
        member_write(normal, item->key, text);
    }
}

void write_hostname(struct normal *normal, const struct yaml_item *item)
{
    const char *text = word_of(normal, item);
    if (text != NULL && (!label_is_name(text) || strpbrk(text, "/_") != NULL)) {
        normal_refuse(normal, item, "use letters, digits, '-' and '.', at most 63",
                      "is no host name: %s", text);
    } else if (text != NULL) {
        member_write(normal, item->key, text);
    }
}

void write_flag(struct normal *normal, const struct yaml_item *item)
{
    bool is_true = false;
    if (!value_is_null(item) && value_bool(normal, item, &is_true)) {
        json_key(normal->out, item->key);
        text_append(normal->out, is_true ? "true" : "false");
    }
}

/* "INT", "SIGINT" and "2" are one signal. */
void write_stop_signal(struct normal *normal, const struct yaml_item *item)
{
    static const struct {
        const char *number, *name;
    } numbers[] = {{"1", "SIGHUP"},   {"2", "SIGINT"},   {"3", "SIGQUIT"},  {"6", "SIGABRT"},
                   {"9", "SIGKILL"},  {"10", "SIGUSR1"}, {"12", "SIGUSR2"}, {"14", "SIGALRM"},
                   {"15", "SIGTERM"}, {"28", "SIGWINCH"}};
    char name[32];
    const char *text = word_of(normal, item);
    if (text == NULL) {
        return;
    }
    text_shorten_printf(name, sizeof name, "%s%s", strncasecmp(text, "SIG", 3) == 0 ? "" : "SIG",
                        text);
    for (char *at = name; *at != '\0'; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (strcmp(text, numbers[i].number) == 0) {
            text_shorten_printf(name, sizeof name, "%s", numbers[i].name);
        }
    }
    if (!signal_is_name(name) || isdigit((unsigned char)name[3])) {
        normal_refuse(normal, item, "write a name like SIGTERM", "is no signal: %s", text);
        return;
    }
    member_write(normal, item->key, name);
}

void write_stop_grace(struct normal *normal, const struct yaml_item *item)
{
    char text[32];
    int64_t ms = 0;
    if (!value_is_null(item) && value_duration(normal, item, 0, STOP_GRACE_MAX_MS, &ms)) {
        duration_render(ms, text, sizeof text);
        member_write(normal, item->key, text);
    }
}

void write_restart(struct normal *normal, const struct yaml_item *item)
{
    const char *text = word_of(normal, item);
    if (text == NULL) {
        return;
    }
    if (strcmp(text, "always") == 0 || strcmp(text, "unless-stopped") == 0) {
        normal_note(normal, item,
                    "%s is what the node does: a service that ends is started again, with growing "
                    "pauses",
                    text);
    } else if (strcmp(text, "no") == 0 || strcmp(text, "false") == 0) {
        normal_note(normal, item,
                    "no is not followed: the node starts a service again whenever it ends, with "
                    "growing pauses; what is to run once does not fit yet");
    } else if (strncmp(text, "on-failure", 10) == 0) {
        normal_note(normal, item,
                    "%s is not followed: the node starts a service again whenever it ends, also "
                    "without failure, with growing pauses and without a limit",
                    text);
    } else {
        normal_refuse(normal, item, "write always, unless-stopped, on-failure or \"no\"",
                      "is no restart policy: %s", text);
    }
}

void write_platform(struct normal *normal, const struct yaml_item *item)
{
    const char *text = word_of(normal, item);
    if (text != NULL && (strncmp(text, "linux/", 6) != 0 || text[6] == '\0')) {
        normal_refuse(normal, item, "write it like linux/arm64", "nodes run Linux: %s", text);
    } else if (text != NULL) {
        member_write(normal, item->key, text);
    }
}

void write_build(struct normal *normal, const struct yaml_item *item)
{
    normal_note(normal, item,
                "the image must have been built and must be where build looks for it; or say "
                "--build");
}

void write_expose(struct normal *normal, const struct yaml_item *item)
{
    if (!value_is_empty(item) && item->kind != YAML_TREE_LIST) {
        normal_refuse(normal, item, "write a list of ports", "must be a list");
    }
}
