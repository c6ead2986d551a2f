/* image_facts: an image's config read, and the platforms of one image compared. */
#include "ports/app/berth/image_facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/image.h"

static int texts_add(struct image_texts *texts, const char *text, struct err *err)
{
    char **longer = realloc(texts->list, (texts->count + 1) * sizeof *longer);
    char *copy = strdup(text);
    if (longer != NULL) {
        texts->list = longer;
    }
    if (longer == NULL || copy == NULL) {
        free(copy);
        return err_set(err, ERR_MEMORY, "no memory for what the image says");
    }
    texts->list[texts->count++] = copy;
    return 0;
}

/* In byte order, each text once. */
static int texts_insert(struct image_texts *texts, const char *text, struct err *err)
{
    size_t at = 0;
    while (at < texts->count && strcmp(texts->list[at], text) < 0) {
        at++;
    }
    if (at < texts->count && strcmp(texts->list[at], text) == 0) {
        return 0;
    }
    int rc = texts_add(texts, text, err);
    if (rc == 0) {
        char *last = texts->list[texts->count - 1];
        memmove(texts->list + at + 1, texts->list + at,
                (texts->count - 1 - at) * sizeof *texts->list);
        texts->list[at] = last;
    }
    return rc;
}

static void texts_free(struct image_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->list[i]);
    }
    free(texts->list);
    *texts = (struct image_texts){0};
}

static bool texts_are_equal(const struct image_texts *a, const struct image_texts *b)
{
    bool is_equal = a->count == b->count;
    for (size_t i = 0; is_equal && i < a->count; i++) {
        is_equal = strcmp(a->list[i], b->list[i]) == 0;
    }
    return is_equal;
}

/* A member that says something. */
static bool member_find(const struct json_place *object, const char *key, struct json_place *member)
{
    return json_member(object, key, member) && !json_is_null(member);
}

/* "Volumes": {"/data": {}}: the keys. */
static int keys_read(const struct json_place *config, const char *key, struct image_texts *texts,
                     struct err *err)
{
    struct json_place object;
    struct json_place step = {0};
    int rc = 0;
    if (!member_find(config, key, &object)) {
        return 0;
    }
    if (!json_is_object(&object)) {
        return json_error(&object, ERR_VALUE, err, "must be an object");
    }
    while (rc == 0 && json_next(&object, &step)) {
        rc = texts_insert(texts, step.key, err);
    }
    return rc;
}

/* "Cmd": ["serve"]: the elements. */
static int list_read(const struct json_place *config, const char *key, struct image_texts *texts,
                     struct err *err)
{
    struct json_place list;
    struct json_place step = {0};
    const char *text = NULL;
    int rc = 0;
    if (!member_find(config, key, &list)) {
        return 0;
    }
    if (!json_is_array(&list)) {
        return json_error(&list, ERR_VALUE, err, "must be a list");
    }
    while (rc == 0 && json_next(&list, &step)) {
        rc = json_string(&step, &text, err);
        rc = rc == 0 ? texts_add(texts, text, err) : rc;
    }
    return rc;
}

/* "Labels": {"a": "b"}: "a=b". */
static int pairs_read(const struct json_place *config, const char *key, struct image_texts *texts,
                      struct err *err)
{
    struct json_place object;
    struct json_place step = {0};
    const char *text = NULL;
    int rc = 0;
    if (!member_find(config, key, &object)) {
        return 0;
    }
    while (rc == 0 && json_next(&object, &step)) {
        char *pair = NULL;
        rc = json_string(&step, &text, err);
        if (rc == 0 && asprintf(&pair, "%s=%s", step.key, text) < 0) {
            return err_set(err, ERR_MEMORY, "no memory for what the image says");
        }
        rc = rc == 0 ? texts_insert(texts, pair, err) : rc;
        free(pair);
    }
    return rc;
}

static int text_read(const struct json_place *config, const char *key, char **copy, struct err *err)
{
    struct json_place member;
    const char *text = NULL;
    if (!member_find(config, key, &member)) {
        return 0;
    }
    int rc = json_string(&member, &text, err);
    if (rc == 0 && text[0] != '\0') {
        *copy = strdup(text);
        rc = *copy != NULL ? 0 : err_set(err, ERR_MEMORY, "no memory for what the image says");
    }
    return rc;
}

static int number_read(const struct json_place *object, const char *key, int64_t *number,
                       struct err *err)
{
    struct json_place member;
    return member_find(object, key, &member)
               ? json_integer(&member, 0, JSON_INTEGER_MAX, number, err)
               : 0;
}

static int health_read(const struct json_place *config, struct image_health *health,
                       struct err *err)
{
    struct json_place object;
    const struct {
        const char *key;
        int64_t *number;
    } numbers[] = {{"Interval", &health->interval_ns},
                   {"Timeout", &health->timeout_ns},
                   {"StartPeriod", &health->start_period_ns},
                   {"StartInterval", &health->start_interval_ns},
                   {"Retries", &health->retries}};
    if (!member_find(config, "Healthcheck", &object)) {
        return 0;
    }
    int rc = list_read(&object, "Test", &health->test, err);
    for (size_t i = 0; rc == 0 && i < COUNT_OF(numbers); i++) {
        rc = number_read(&object, numbers[i].key, numbers[i].number, err);
    }
    if (rc == 0 && health->test.count > 0 && health->test.list[0][0] != '\0') {
        health->is_disabled = strcmp(health->test.list[0], "NONE") == 0;
        health->is_given = !health->is_disabled;
    }
    return rc;
}

int image_facts_read(const struct json_place *config, struct image_facts *facts, struct err *err)
{
    *facts = (struct image_facts){0};
    int rc = keys_read(config, "Volumes", &facts->volumes, err);
    rc = rc == 0 ? keys_read(config, "ExposedPorts", &facts->ports, err) : rc;
    rc = rc == 0 ? list_read(config, "Entrypoint", &facts->entrypoint, err) : rc;
    rc = rc == 0 ? list_read(config, "Cmd", &facts->cmd, err) : rc;
    rc = rc == 0 ? list_read(config, "Env", &facts->environment, err) : rc;
    rc = rc == 0 ? pairs_read(config, "Labels", &facts->labels, err) : rc;
    rc = rc == 0 ? text_read(config, "User", &facts->user, err) : rc;
    rc = rc == 0 ? text_read(config, "WorkingDir", &facts->directory, err) : rc;
    rc = rc == 0 ? text_read(config, "StopSignal", &facts->stop_signal, err) : rc;
    return rc == 0 ? health_read(config, &facts->health, err) : rc;
}

static bool health_is_equal(const struct image_health *a, const struct image_health *b)
{
    return a->is_given == b->is_given && a->is_disabled == b->is_disabled &&
           a->interval_ns == b->interval_ns && a->timeout_ns == b->timeout_ns &&
           a->start_period_ns == b->start_period_ns &&
           a->start_interval_ns == b->start_interval_ns && a->retries == b->retries &&
           texts_are_equal(&a->test, &b->test);
}

static bool text_is_equal(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* The first thing in which two platforms differ and that decides how a container runs. */
static const char *difference_find(const struct image_facts *a, const struct image_facts *b)
{
    if (!health_is_equal(&a->health, &b->health)) {
        return "health check";
    }
    if (!texts_are_equal(&a->entrypoint, &b->entrypoint)) {
        return "entrypoint";
    }
    if (!texts_are_equal(&a->cmd, &b->cmd)) {
        return "command";
    }
    if (!text_is_equal(a->user, b->user)) {
        return "user";
    }
    return text_is_equal(a->stop_signal, b->stop_signal) ? NULL : "stop signal";
}

int image_facts_join(struct image_facts *facts, const struct image_facts *other,
                     const char *platform, struct err *err)
{
    int rc = 0;
    const char *difference = difference_find(facts, other);
    if (difference != NULL && facts->differs[0] == '\0') {
        (void)snprintf(facts->differs, sizeof facts->differs, "%s of %.64s", difference, platform);
    }
    for (size_t i = 0; rc == 0 && i < other->volumes.count; i++) {
        rc = texts_insert(&facts->volumes, other->volumes.list[i], err);
    }
    for (size_t i = 0; rc == 0 && i < other->ports.count; i++) {
        rc = texts_insert(&facts->ports, other->ports.list[i], err);
    }
    return rc;
}

void image_facts_free(struct image_facts *facts)
{
    texts_free(&facts->volumes);
    texts_free(&facts->ports);
    texts_free(&facts->entrypoint);
    texts_free(&facts->cmd);
    texts_free(&facts->environment);
    texts_free(&facts->labels);
    texts_free(&facts->health.test);
    free(facts->user);
    free(facts->directory);
    free(facts->stop_signal);
    *facts = (struct image_facts){0};
}

bool image_chain(const struct verify *verify, const struct json_place *layers, struct digest *chain)
{
    struct json_place step = {0};
    struct digest layer;
    char hex[DIGEST_HEX_BYTES];
    size_t count = 0;
    for (; json_next(layers, &step); count++) {
        const char *text = "";
        if (json_string(&step, &text, NULL) != 0 || !digest_parse(text, &layer)) {
            return false;
        }
        if (count > 0) {
            char pair[2 * (DIGEST_HEX_BYTES + 8)];
            digest_render(chain, hex);
            int len = snprintf(pair, sizeof pair, "sha256:%s ", hex);
            digest_render(&layer, hex);
            len += snprintf(pair + len, sizeof pair - (size_t)len, "sha256:%s", hex);
            verify->ops->sha256(verify->self, span_of(pair, (size_t)len), &layer);
        }
        *chain = layer;
    }
    return count > 0;
}

void image_free(struct image *image)
{
    image_facts_free(&image->facts);
}
