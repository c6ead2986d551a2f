/* value: single values as Compose reads them: yes and no, numbers, durations, sizes. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "agent/wire/duration.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

bool value_is_null(const struct yaml_item *item)
{
    return yaml_is_null(item);
}

bool value_is_empty(const struct yaml_item *item)
{
    return value_is_null(item) || (item->kind != YAML_TREE_SCALAR && item->child == NULL);
}

const char *value_text(struct normal *normal, const struct yaml_item *item)
{
    if (item->kind != YAML_TREE_SCALAR) {
        normal_refuse(normal, item, "write one word or number", "must be a single value, not a %s",
                      item->kind == YAML_TREE_LIST ? "list" : "map");
        return NULL;
    }
    if (value_is_null(item)) {
        normal_refuse(normal, item, "give it a value or remove it", "has no value");
        return NULL;
    }
    return item->text;
}

bool value_bool(struct normal *normal, const struct yaml_item *item, bool *is_true)
{
    static const char *const words[][2] = {
        {"true", "false"}, {"yes", "no"}, {"on", "off"}, {"y", "n"}, {"1", "0"}};
    const char *text = value_text(normal, item);
    for (size_t i = 0; text != NULL && i < COUNT_OF(words); i++) {
        if (strcasecmp(text, words[i][0]) == 0 || strcasecmp(text, words[i][1]) == 0) {
            *is_true = strcasecmp(text, words[i][0]) == 0;
            return true;
        }
    }
    if (text != NULL) {
        normal_refuse(normal, item, "write true or false", "is neither true nor false: %s", text);
    }
    return false;
}

bool value_integer(struct normal *normal, const struct yaml_item *item, int64_t least, int64_t most,
                   int64_t *number)
{
    const char *text = value_text(normal, item);
    char *end = NULL;
    if (text == NULL) {
        return false;
    }
    size_t digits = strspn(text + (text[0] == '-'), "0123456789");
    *number = digits > 0 && digits < 18 ? strtoll(text, &end, 10) : 0;
    if (end == NULL || *end != '\0' || *number < least || *number > most) {
        normal_refuse(normal, item, NULL, "must be a whole number from %lld to %lld: %s",
                      (long long)least, (long long)most, text);
        return false;
    }
    return true;
}

/* Digits with a fraction, times `unit`; NULL when there are none or too many. */
static const char *decimal_read(const char *text, int64_t unit, int64_t *value)
{
    const char *start = text;
    int64_t whole = 0;
    double part = 0;
    double place = 0.1;
    for (; *text >= '0' && *text <= '9'; text++) {
        whole = whole * 10 + (*text - '0');
        if (whole > INT64_MAX / 16 / unit) {
            return NULL;
        }
    }
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9'; text++) {
            part += (*text - '0') * place;
            place /= 10;
        }
    }
    *value = whole * unit + (int64_t)(part * (double)unit + 0.5);
    return text == start || (text == start + 1 && *start == '.') ? NULL : text;
}

static bool duration_read(const char *text, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"h", INT64_C(3600000000000)},
                 {"ms", 1000000},
                 {"m", INT64_C(60000000000)},
                 {"s", 1000000000},
                 {"us", 1000},
                 {"\xc2\xb5s", 1000},
                 {"ns", 1},
                 {"d", INT64_C(86400000000000)}};
    int64_t total = 0;
    if (strcmp(text, "0") == 0) {
        *ms = 0;
        return true;
    }
    do {
        int64_t value = 0;
        size_t unit = 0;
        const char *end = text + strspn(text, "0123456789.");
        while (unit < COUNT_OF(units) &&
               strncmp(end, units[unit].name, strlen(units[unit].name)) != 0) {
            unit++;
        }
        if (unit == COUNT_OF(units) || decimal_read(text, units[unit].ns, &value) != end ||
            total > INT64_MAX / 4) {
            return false;
        }
        total += value;
        text = end + strlen(units[unit].name);
    } while (*text != '\0');
    *ms = (total + 999999) / 1000000;
    return true;
}

bool value_duration(struct normal *normal, const struct yaml_item *item, int64_t least_ms,
                    int64_t most_ms, int64_t *ms)
{
    const char *text = value_text(normal, item);
    char least[32];
    char most[32];
    if (text == NULL) {
        return false;
    }
    if (!duration_read(text, ms)) {
        normal_refuse(normal, item, "write it like 1m30s, 1.5s or 500ms",
                      "is no duration with a unit: %s", text);
        return false;
    }
    if (*ms < least_ms || *ms > most_ms) {
        duration_render(least_ms, least, sizeof least);
        duration_render(most_ms, most, sizeof most);
        normal_refuse(normal, item, NULL, "must be between %s and %s: %s", least, most, text);
        return false;
    }
    return true;
}

bool size_of_text(const char *text, uint64_t *bytes)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {{"", 1},
                 {"b", 1},
                 {"k", 1 << 10},
                 {"kb", 1 << 10},
                 {"kib", 1 << 10},
                 {"m", 1 << 20},
                 {"mb", 1 << 20},
                 {"mib", 1 << 20},
                 {"g", 1 << 30},
                 {"gb", 1 << 30},
                 {"gib", 1 << 30},
                 {"t", INT64_C(1) << 40},
                 {"tb", INT64_C(1) << 40},
                 {"tib", INT64_C(1) << 40}};
    const char *end = text + strspn(text, "0123456789.");
    const char *unit = end + strspn(end, " ");
    for (size_t i = 0; end != text && i < COUNT_OF(units); i++) {
        int64_t value = 0;
        if (strcasecmp(unit, units[i].name) == 0) {
            bool is_read = decimal_read(text, units[i].bytes, &value) == end;
            *bytes = (uint64_t)value;
            return is_read && value <= JSON_INTEGER_MAX;
        }
    }
    return false;
}

bool value_size(struct normal *normal, const struct yaml_item *item, uint64_t *bytes)
{
    const char *text = value_text(normal, item);
    if (text != NULL && !size_of_text(text, bytes)) {
        normal_refuse(normal, item, "write it like 512m, 1.5g or a number of bytes",
                      "is no size: %s", text);
        return false;
    }
    return text != NULL;
}

bool value_cpus(struct normal *normal, const struct yaml_item *item, int64_t *thousandths)
{
    const char *text = value_text(normal, item);
    int64_t billionths = 0;
    if (text == NULL) {
        return false;
    }
    const char *end = decimal_read(text, 1000000000, &billionths);
    if (end == NULL || *end != '\0' || billionths > INT64_C(1024000000000)) {
        normal_refuse(normal, item, "write it like 0.5 or 2", "is no number of processors: %s",
                      text);
        return false;
    }
    *thousandths = (billionths + 999999) / 1000000;
    if (billionths % 1000000 != 0) {
        normal_note(normal, item, "is rounded up to %lld.%03lld processors",
                    (long long)(*thousandths / 1000), (long long)(*thousandths % 1000));
    }
    return true;
}
