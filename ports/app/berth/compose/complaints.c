/* complaints: asks the reader again without the piece that it complained of. What contradicts
 * something else has no path of its own: a table says which piece of the two is left out. */
#include "ports/app/berth/compose/complaints.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/cut.h"

#define PATH_BYTES ERR_TEXT_BYTES

struct complaint {
    char path[PATH_BYTES]; /* in the payload as it was; "" when it has none */
    char text[ERR_TEXT_BYTES];
    int rc;
};

struct complaints {
    const struct render *render;
    struct text payload; /* a copy, without what was complained of */
    char service[sizeof "services." + RENDER_APP_BYTES];
    char gone[COMPLAINTS_MAX][PATH_BYTES]; /* as the payload was */
    size_t count;
};

static const struct release_node any_node = {.name = "NODE"};

/* What a release cannot be without is replaced, not left out. */
static const char *const needed[][2] = {{"x-berth.app", "\"app\""}, {"x-berth.sequence", "1"}};

/* Of two settings of a service that exclude each other, what is left out to read on. "/" begins a
 * path at the root. */
static const struct {
    const char *text;
    const char *pieces[3];
} contradictions[] = {
    {"publishes ports and has network_mode", {"network_mode"}},
    {"network_mode host allows one replica", {"deploy.replicas"}},
    {"over the network and has network_mode none", {"network_mode"}},
    {"mac_address needs", {"mac_address"}},
    {"gives two containers one mac_address", {"mac_address"}},
    {"limits cpus twice", {"cpu_quota", "cpu_period"}},
    {"memswap_limit is memory and swap", {"memswap_limit"}},
    {"reserves more memory", {"deploy.resources.reservations"}},
    {"order and x-berth", {"deploy.update_config"}},
    {"two generations write the same data",
     {"x-berth.order", "/x-berth.swap.order", "deploy.update_config"}},
    {"start-first cannot work with network_mode host", {"network_mode"}},
};

/* "a.b" is below "a", and so is "a[1]"; and a path is below itself. */
static bool is_below(const char *path, const char *above)
{
    size_t len = strlen(above);
    return len > 0 && strncmp(path, above, len) == 0 && strchr(".[", path[len]) != NULL;
}

/* Elements that are gone make room: the index that the payload had before. `path` has PATH_BYTES.
 */
static void indexes_restore(const struct complaints *all, char *path)
{
    for (size_t i = 0; i < all->count; i++) {
        const char *gone = all->gone[i];
        const char *bracket = strrchr(gone, '[');
        size_t list = bracket != NULL ? (size_t)(bracket - gone) : 0;
        if (bracket == NULL || strchr(bracket, ']')[1] != '\0' || strncmp(path, gone, list) != 0 ||
            path[list] != '[') {
            continue;
        }
        char *end = NULL;
        unsigned long index = strtoul(path + list + 1, &end, 10);
        if (*end == ']' && index >= strtoul(bracket + 1, NULL, 10)) {
            char rest[PATH_BYTES];
            (void)text_copy(rest, sizeof rest, end);
            text_shorten_printf(path + list, PATH_BYTES - list, "[%lu%s", index + 1, rest);
        }
    }
}

static void complaint_take(const struct err *err, int rc, struct complaint *complaint)
{
    const char *colon = strstr(err->text, ": ");
    bool is_path = colon != NULL && strcspn(err->text, " ") > (size_t)(colon - err->text);
    text_shorten_printf(complaint->path, sizeof complaint->path, "%.*s",
                        is_path ? (int)(colon - err->text) : 0, err->text);
    text_shorten_printf(complaint->text, sizeof complaint->text, "%s",
                        is_path ? colon + 2 : err->text);
    complaint->rc = rc;
}

/* What is missing only because it was left out, or that it was in. */
static bool is_follow_up(const struct complaints *all, const struct complaint *complaint)
{
    for (size_t i = 0; complaint->rc == ERR_MISSING && i < all->count; i++) {
        if (is_below(all->gone[i], complaint->path) || is_below(complaint->path, all->gone[i])) {
            return true;
        }
    }
    return false;
}

/* "services.web.ports: must be ..." becomes a finding at that place of the file, where the service
 * may have another name. */
static void complaint_report(const struct complaints *all, const struct complaint *complaint)
{
    const struct render *render = all->render;
    char path[2 * PATH_BYTES];
    char before[PATH_BYTES];
    (void)text_copy(before, sizeof before, complaint->path);
    indexes_restore(all, before);
    bool is_of_service = is_below(before, all->service);
    text_shorten_printf(path, sizeof path, "%s%s%s", is_of_service ? "services." : "",
                        is_of_service ? render->service->key : "",
                        before + (is_of_service ? strlen(all->service) : 0));
    (void)findings_add(render->findings, FINDING_REFUSED,
                       path[0] != '\0' ? yaml_tree_find(render->root, path) : NULL,
                       path[0] != '\0' ? path : NULL, NULL, "%s", complaint->text);
}

/* False when it was not there. */
static bool piece_cut(struct complaints *all, const char *path)
{
    const char *otherwise = NULL;
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        otherwise = strcmp(needed[i][0], path) == 0 ? needed[i][1] : otherwise;
    }
    if (all->count == COMPLAINTS_MAX || !cut_path(&all->payload, path, otherwise)) {
        return false;
    }
    char *gone = all->gone[all->count];
    (void)text_copy(gone, PATH_BYTES, path);
    indexes_restore(all, gone);
    all->count++;
    return true;
}

static bool contradiction_cut(struct complaints *all, const struct complaint *complaint)
{
    bool is_cut = false;
    for (size_t i = 0; i < COUNT_OF(contradictions); i++) {
        for (size_t j = 0; j < 3 && strstr(complaint->text, contradictions[i].text) != NULL; j++) {
            const char *piece = contradictions[i].pieces[j];
            char path[PATH_BYTES];
            if (piece != NULL) {
                text_shorten_printf(path, sizeof path, "%s%s%s",
                                    piece[0] == '/' ? "" : all->service, piece[0] == '/' ? "" : ".",
                                    piece + (piece[0] == '/'));
                is_cut |= piece_cut(all, path);
            }
        }
    }
    return is_cut;
}

/* Takes out what the complaint is about; of something missing, what it is missing from. */
static bool complaint_cut(struct complaints *all, struct complaint *complaint)
{
    if (strcmp(complaint->path, all->service) == 0) {
        return contradiction_cut(all, complaint);
    }
    if (piece_cut(all, complaint->path)) {
        return true;
    }
    char *parent = strrchr(complaint->path, '.');
    if (complaint->rc != ERR_MISSING || parent == NULL) {
        return false;
    }
    *parent = '\0';
    return strcmp(complaint->path, all->service) != 0 && piece_cut(all, complaint->path);
}

/* Until the reader is content, or nothing can be taken out any more. */
static bool read_on(struct complaints *all, struct plan *plan)
{
    for (size_t i = 0; i <= COMPLAINTS_MAX; i++) {
        struct err err = {0};
        struct complaint complaint;
        int rc =
            release_compile(span_of(all->payload.data, all->payload.len), &any_node, plan, &err);
        if (rc == 0) {
            return i == 0;
        }
        complaint_take(&err, rc, &complaint);
        if (!is_follow_up(all, &complaint)) {
            complaint_report(all, &complaint);
        }
        if (!complaint_cut(all, &complaint)) {
            return false;
        }
    }
    return false;
}

bool complaints_read(const struct render *render, const struct text *payload, struct plan *plan)
{
    char name[RENDER_APP_BYTES];
    struct complaints *all = calloc(1, sizeof *all);
    char *copy = malloc(payload->len + sizeof "\"app\"");
    bool is_read = false;
    if (all != NULL && copy != NULL && !payload->cut) {
        all->render = render;
        text_init(&all->payload, copy, payload->len + sizeof "\"app\"");
        text_append_span(&all->payload, span_of(payload->data, payload->len));
        if (render->service != NULL) {
            render_service_name(render->service, name);
            text_shorten_printf(all->service, sizeof all->service, "services.%s", name);
        }
        is_read = read_on(all, plan);
    } else if (!payload->cut) {
        (void)findings_add(render->findings, FINDING_REFUSED, NULL, NULL, NULL, "no memory");
    }
    free(copy);
    free(all);
    return is_read;
}
