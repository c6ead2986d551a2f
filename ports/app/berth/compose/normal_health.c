/* normal_health: a health check with Compose's defaults, of the file or else of the image. */
#include <stdio.h>

#include "agent/limits.h"
#include "agent/wire/duration.h"
#include "agent/wire/release.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

/* What Compose and the engine mean where nothing is said. */
#define INTERVAL_MS SECONDS_MS(30)
#define TIMEOUT_MS  SECONDS_MS(30)
#define RETRIES     3

/* The reader's bounds. */
#define PERIOD_MIN_MS  100
#define PERIOD_MAX_MS  MINUTES_MS(60)
#define TIMEOUT_MAX_MS MINUTES_MS(10)
#define RETRIES_MAX    1000

#define FIX "write [\"CMD\", \"program\", \"argument\"] or a line for the container's shell"

struct health {
    bool is_disabled, has_test;
    int64_t interval_ms, timeout_ms, start_period_ms, start_interval_ms, retries;
};

static void duration_member(struct normal *normal, const struct yaml_item *map, const char *key,
                            int64_t most_ms, int64_t *ms)
{
    const struct yaml_item *item = yaml_tree_member(map, key);
    size_t len = normal_enter(normal, key);
    int64_t read = 0;
    if (!value_is_null(item) && value_duration(normal, item, 0, most_ms, &read) && read > 0) {
        if (read < PERIOD_MIN_MS) {
            normal_refuse(normal, item, NULL, "must be at least %dms: %s", PERIOD_MIN_MS,
                          item->text);
        } else {
            *ms = read; /* 0: the default, as for the engine */
        }
    }
    normal_leave(normal, len);
}

static void numbers_read(struct normal *normal, const struct yaml_item *item, struct health *health)
{
    const struct yaml_item *retries = yaml_tree_member(item, "retries");
    const struct yaml_item *disable = yaml_tree_member(item, "disable");
    int64_t number = 0;
    duration_member(normal, item, "interval", PERIOD_MAX_MS, &health->interval_ms);
    duration_member(normal, item, "timeout", TIMEOUT_MAX_MS, &health->timeout_ms);
    duration_member(normal, item, "start_period", PERIOD_MAX_MS, &health->start_period_ms);
    duration_member(normal, item, "start_interval", PERIOD_MAX_MS, &health->start_interval_ms);
    size_t len = normal_enter(normal, "retries");
    if (!value_is_null(retries) && value_integer(normal, retries, 0, RETRIES_MAX, &number) &&
        number > 0) {
        health->retries = number;
    }
    normal_leave(normal, len);
    len = normal_enter(normal, "disable");
    if (!value_is_null(disable)) {
        (void)value_bool(normal, disable, &health->is_disabled);
    }
    normal_leave(normal, len);
}

/* With a line the reader keeps the shell's path and its option, each with a NUL. */
#define SHELL_BYTES 11

/* `words` behind CMD or CMD-SHELL, of together `bytes` with their NULs. */
static void room_check(struct normal *normal, const struct yaml_item *item, bool is_shell,
                       size_t words, size_t bytes)
{
    bytes += is_shell ? SHELL_BYTES : 0;
    if (words > PLAN_EXEC_ARGS_MAX || bytes > PLAN_WORDS_BYTES) {
        normal_refuse(normal, item, "put it into a script of the image and name that",
                      "a check has at most %d words of together %d characters; this one has %zu "
                      "of %zu",
                      PLAN_EXEC_ARGS_MAX, PLAN_WORDS_BYTES, words, bytes);
    }
}

/* Writes the list behind "test": as it is, or a line as CMD-SHELL. */
static void test_write(struct normal *normal, const struct yaml_item *item, struct health *health)
{
    size_t words = 0;
    size_t bytes = 0;
    const struct yaml_item *first = item->kind == YAML_TREE_LIST ? item->child : NULL;
    const char *kind = first != NULL && first->kind == YAML_TREE_SCALAR ? first->text : "";
    if (item->kind == YAML_TREE_SCALAR) {
        json_key(normal->out, "test");
        normal->is_new = true;
        text_append(normal->out, "[\"CMD-SHELL\",");
        text_append_json(normal->out, item->text);
        text_append(normal->out, "]");
        room_check(normal, item, true, 1, strlen(item->text) + 1);
        health->has_test = true;
        return;
    }
    if (strcmp(kind, "NONE") == 0) {
        health->is_disabled = true;
        return;
    }
    bool is_shell = strcmp(kind, "CMD-SHELL") == 0;
    if ((!is_shell && strcmp(kind, "CMD") != 0) || first->next == NULL ||
        (is_shell && first->next->next != NULL)) {
        normal_refuse(normal, item, FIX, "must begin with CMD, CMD-SHELL (and one line) or NONE");
        return;
    }
    normal->is_new |= is_shell;
    json_key(normal->out, "test");
    text_append(normal->out, "[");
    for (const struct yaml_item *step = first; step != NULL; step = step->next) {
        const char *word = value_text(normal, step);
        if (word != NULL) {
            json_element(normal->out);
            text_append_json(normal->out, word);
            words += step != first;
            bytes += step != first ? strlen(word) + 1 : 0;
        }
    }
    text_append(normal->out, "]");
    room_check(normal, item, is_shell, words, bytes);
    health->has_test = true;
}

static void image_test_write(struct normal *normal, const struct image_health *image,
                             struct health *health)
{
    size_t bytes = 0;
    normal->is_new |= strcmp(image->test.list[0], "CMD-SHELL") == 0;
    json_key(normal->out, "test");
    text_append(normal->out, "[");
    for (size_t i = 0; i < image->test.count; i++) {
        json_element(normal->out);
        text_append_json(normal->out, image->test.list[i]);
        bytes += i > 0 ? strlen(image->test.list[i]) + 1 : 0;
    }
    text_append(normal->out, "]");
    room_check(normal, normal->service, strcmp(image->test.list[0], "CMD-SHELL") == 0,
               image->test.count - 1, bytes);
    health->has_test = true;
}

static int64_t image_ms(int64_t ns, int64_t otherwise_ms)
{
    int64_t ms = ns / 1000000;
    return ms <= 0 ? otherwise_ms : ms < PERIOD_MIN_MS ? PERIOD_MIN_MS : ms;
}

static void duration_write(struct normal *normal, const char *key, int64_t ms)
{
    char text[32];
    duration_render(ms, text, sizeof text);
    json_key(normal->out, key);
    text_append_json(normal->out, text);
}

static void numbers_write(struct normal *normal, const struct health *health)
{
    duration_write(normal, "interval", health->interval_ms);
    duration_write(normal, "timeout", health->timeout_ms);
    json_key(normal->out, "retries");
    text_printf(normal->out, "%lld", (long long)health->retries);
    if (health->start_period_ms > 0) {
        duration_write(normal, "start_period", health->start_period_ms);
    }
    if (health->start_interval_ms > 0) {
        normal->is_new = true;
        duration_write(normal, "start_interval", health->start_interval_ms);
    }
}

/* The image's times stand where it has a check; the file's override them one by one. */
static struct health defaults_of(const struct image_health *image)
{
    bool has = image != NULL;
    return (struct health){.interval_ms =
                               has ? image_ms(image->interval_ns, INTERVAL_MS) : INTERVAL_MS,
                           .timeout_ms = has ? image_ms(image->timeout_ns, TIMEOUT_MS) : TIMEOUT_MS,
                           .start_period_ms = has ? image_ms(image->start_period_ns, 0) : 0,
                           .start_interval_ms = has ? image_ms(image->start_interval_ns, 0) : 0,
                           .retries = has && image->retries > 0 ? image->retries : RETRIES};
}

/* The image's check where it has one that runs, or NULL. */
static const struct image_health *image_health_of(const struct normal *normal)
{
    const struct image_health *image = normal->facts != NULL ? &normal->facts->health : NULL;
    return image != NULL && image->is_given && !image->is_disabled && image->test.count > 1 ? image
                                                                                            : NULL;
}

void write_healthcheck(struct normal *normal)
{
    const struct yaml_item *item = service_member(normal, "healthcheck");
    const struct yaml_item *test = yaml_tree_member(item, "test");
    const struct image_health *image = image_health_of(normal);
    struct health health = defaults_of(image);
    size_t len = normal_enter(normal, "healthcheck");
    struct json_part part = json_open(normal->out, "healthcheck", '{');
    numbers_read(normal, item, &health);
    size_t above = normal_enter(normal, "test");
    if (!value_is_empty(test)) {
        test_write(normal, test, &health);
    } else if (image != NULL) {
        image_test_write(normal, image, &health);
    }
    normal_leave(normal, above);
    if (health.is_disabled || !health.has_test) {
        json_drop(normal->out, part);
        if (health.is_disabled) {
            json_key(normal->out, "healthcheck");
            text_append(normal->out, "{\"disable\":true}");
        } else if (item != NULL && normal->facts != NULL && value_is_empty(test)) {
            normal_note(normal, item, "has no test, and the image has none: nothing is checked");
        } else if (item != NULL && value_is_empty(test)) {
            normal_note(normal, item, "has no test; the image's own is asked");
        }
    } else {
        numbers_write(normal, &health);
        text_append(normal->out, "}");
    }
    normal_leave(normal, len);
}
