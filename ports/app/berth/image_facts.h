/* image_facts: what an image says of itself in its config: volumes, ports, health check, command.
 */
#ifndef PORTS_APP_BERTH_IMAGE_FACTS_H
#define PORTS_APP_BERTH_IMAGE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/wire/json.h"
#include "platform/verify.h"

/* Texts of one kind, as the config gives them, each on the heap. `list` may be NULL when count is
 * 0. */
struct image_texts {
    char **list;
    size_t count;
};

/* HEALTHCHECK (OCI image config, Docker's "Healthcheck"). Times are nanoseconds, 0: the image does
 * not say, so that the engine's default holds (interval 30 s, timeout 30 s, start period 0, retries
 * 3). */
struct image_health {
    bool is_given;           /* the image has one; all else is empty when not */
    bool is_disabled;        /* HEALTHCHECK NONE */
    struct image_texts test; /* as in Compose: "CMD", program, ...; or "CMD-SHELL", line */
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    int64_t retries;
};

/* Volumes and ports are those of every chosen platform together; all else is the first chosen
 * platform's, and `differs` names what another platform says differently. */
struct image_facts {
    struct image_texts volumes; /* VOLUME: absolute paths, each once, in byte order */
    struct image_texts ports;   /* EXPOSE: "8080/tcp", each once, in byte order */
    struct image_texts entrypoint, cmd;
    struct image_texts environment;       /* "NAME=VALUE" */
    struct image_texts labels;            /* "NAME=VALUE" */
    char *user, *directory, *stop_signal; /* NULL: the image does not say */
    struct image_health health;
    char differs[128]; /* "healthcheck of arm/v7"; empty: the platforms agree */
};

/* Reads the object that an image's config calls "config" and the engine's inspect "Config" into
 * *facts, which image_facts_free frees, on failure too. A key that is missing, null or empty says
 * nothing. ERR_VALUE names a key of another form, ERR_MEMORY. */
NODISCARD int image_facts_read(const struct json_place *config, struct image_facts *facts,
                               struct err *err);

/* Puts what a further platform says to what is known of the ones before. `platform` is "arm/v7".
 * ERR_MEMORY. */
NODISCARD int image_facts_join(struct image_facts *facts, const struct image_facts *other,
                               const char *platform, struct err *err);

/* Frees what is on the heap and empties it; harmless on zeroed facts. */
void image_facts_free(struct image_facts *facts);

/* The one digest that stands for the layers of an image: the ChainID of OCI image-spec 1.1, config,
 * over "rootfs.diff_ids" (the engine's "RootFS.Layers"). False when `layers` is no list of digests
 * or is empty. */
bool image_chain(const struct verify *verify, const struct json_place *layers,
                 struct digest *chain);

#endif
