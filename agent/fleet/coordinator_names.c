/* coordinator_names: which releases at the broker name which pieces of files. A piece goes with the
 * last release that names it; so, before the first one goes, all of them are read, once in a
 * session, and those that come later are heard. */
#include "agent/fleet/coordinator_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/release.h"

/* -- the table ---------------------------------------------------------------------------------
 */

static bool is_noted(const struct fleet_names *names, const struct digest *release,
                     const struct digest *piece)
{
    for (size_t i = 0; i < names->count; i++) {
        if (digest_is_equal(&names->list[i].release, release) &&
            (piece == NULL || digest_is_equal(&names->list[i].piece, piece))) {
            return true;
        }
    }
    return false;
}

/* Where the names of one release are noted. */
struct naming {
    struct fleet_names *names;
    const struct digest *release;
};

static void name_add(struct naming *naming, const struct digest *piece)
{
    struct fleet_names *names = naming->names;
    if (is_noted(names, naming->release, piece)) {
        return;
    }
    if (names->count == names->cap) {
        size_t cap = names->cap + FILES_PIECES_MAX;
        struct piece_name *list = realloc(names->list, cap * sizeof *list);
        if (list == NULL) {
            names->is_partial = true;
            return;
        }
        names->list = list;
        names->cap = cap;
    }
    names->list[names->count++] = (struct piece_name){.piece = *piece, .release = *naming->release};
}

static void file_name(void *ctx, const struct plan_file *file)
{
    for (size_t i = 0; i < file->piece_count; i++) {
        name_add(ctx, &file->pieces[i]);
    }
}

static void release_forget(struct fleet_names *names, const struct digest *release)
{
    for (size_t i = names->count; i > 0; i--) {
        if (digest_is_equal(&names->list[i - 1].release, release)) {
            names->list[i - 1] = names->list[--names->count];
        }
    }
}

void coordinator_names_receive(struct coordinator *coordinator, const struct digest *release,
                               struct span payload)
{
    struct fleet_names *names = &coordinator->names;
    struct naming naming = {.names = names, .release = release};
    const struct release_files_sink sink = {.file = file_name, .ctx = &naming};
    if (names->step == NAMES_UNASKED) {
        return;
    }
    if (payload.len == 0) {
        release_forget(names, release);
    } else if (!is_noted(names, release, NULL)) {
        (void)coordinator_release_files(coordinator, payload, release, &sink);
    }
}

/* -- all of them are read ---------------------------------------------------------------------- */

static void names_text(const struct coordinator *coordinator, const char *last,
                       char topic[BUS_TOPIC_BYTES])
{
    const struct topic all = coordinator_topic(coordinator, TOPIC_RELEASE, "");
    struct text text;
    topic_render(&all, topic);
    char *plus = strchr(topic, '+');
    if (last != NULL && plus != NULL) {
        text_init(&text, plus, BUS_TOPIC_BYTES - (size_t)(plus - topic));
        text_printf(&text, "%s%s", last, coordinator->link.session);
    }
}

/* What is not known to be all may not decide what goes. */
static void names_give_up(struct coordinator *coordinator, const char *why)
{
    coordinator->names.is_partial = true;
    coordinator->names.step = NAMES_READ;
    coordinator->is_dirty = true;
    coordinator_say(coordinator, LOG_LEVEL_WARNING,
                    "pieces of files that no release needs stay at the broker: %s", why);
}

static void names_subscribed(void *ctx, const struct err *err)
{
    struct coordinator *coordinator = ctx;
    if (coordinator->names.step == NAMES_ASKED && err != NULL && err->code != ERR_NETWORK) {
        names_give_up(coordinator, err->text);
    }
}

static void fence_sent(void *ctx, const struct err *err)
{
    struct coordinator *coordinator = ctx;
    if (err != NULL && err->code == ERR_DENIED && coordinator->names.step == NAMES_ASKED) {
        names_give_up(coordinator, err->text);
    }
}

static void names_fence(struct coordinator *coordinator)
{
    const struct bus *bus = &coordinator->ports.bus;
    char topic[BUS_TOPIC_BYTES];
    names_text(coordinator, "~", topic);
    (void)bus->ops->publish(bus->self, topic, span_text("{}"), false, fence_sent, coordinator,
                            NULL); /* where it was not taken it does not come: it is given up */
}

static void names_ask(struct coordinator *coordinator)
{
    const struct bus *bus = &coordinator->ports.bus;
    char filter[BUS_TOPIC_BYTES];
    names_text(coordinator, NULL, filter);
    if (bus->ops->subscribe(bus->self, filter, names_subscribed, coordinator, NULL) == 0) {
        coordinator->names.step = NAMES_ASKED;
        coordinator->names.since = coordinator->now;
        names_fence(coordinator);
    }
}

void coordinator_names_fence(struct coordinator *coordinator, const char *topic)
{
    char ours[BUS_TOPIC_BYTES];
    names_text(coordinator, "~", ours);
    if (coordinator->names.step == NAMES_ASKED && strcmp(ours, topic) == 0) {
        coordinator->names.step = NAMES_READ;
        coordinator->is_dirty = true;
    }
}

bool coordinator_names_are_read(struct coordinator *coordinator)
{
    struct fleet_names *names = &coordinator->names;
    if (names->step == NAMES_UNASKED) {
        names_ask(coordinator);
    }
    if (names->step == NAMES_ASKED) {
        mono_ms end = names->since + COORDINATOR_STALL_MS;
        if (coordinator->now >= end) {
            names_give_up(coordinator, "the broker does not show all releases that it holds");
        } else {
            coordinator->wake_at = mono_min(coordinator->wake_at, end);
        }
    }
    return names->step == NAMES_READ;
}

/* -- what goes ---------------------------------------------------------------------------------
 */

static bool is_needed(const struct coordinator *coordinator, const struct piece_name *name)
{
    const struct fleet_names *names = &coordinator->names;
    const struct fleet_pieces *live = &coordinator->pieces;
    for (size_t i = 0; i < names->count; i++) {
        if (digest_is_equal(&names->list[i].piece, &name->piece) &&
            !digest_is_equal(&names->list[i].release, &name->release)) {
            return true;
        }
    }
    for (size_t i = 0; i < live->count; i++) {
        if (digest_is_equal(&live->list[i].digest, &name->piece)) {
            return true; /* of a release that the broker may have lost */
        }
    }
    return false;
}

bool coordinator_names_clear(struct coordinator *coordinator, const struct digest *release)
{
    struct fleet_names *names = &coordinator->names;
    struct topic topic = coordinator_topic(coordinator, TOPIC_FILE, "");
    for (size_t i = names->count; i > 0 && !names->is_partial; i--) {
        const struct piece_name *name = &names->list[i - 1];
        if (!digest_is_equal(&name->release, release)) {
            continue;
        }
        if (!is_needed(coordinator, name)) {
            const struct flight flight = {.piece = name->piece};
            digest_render(&name->piece, topic.digest);
            if (!coordinator_publish(coordinator, &topic, span_of(NULL, 0), &flight)) {
                return false; /* each answer makes a turn */
            }
        }
        names->list[i - 1] = names->list[--names->count];
    }
    return true;
}

void coordinator_names_unsee(struct coordinator *coordinator)
{
    free(coordinator->names.list);
    coordinator->names = (struct fleet_names){.step = NAMES_UNASKED};
}
