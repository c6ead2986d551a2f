/* travel: the files beside the Compose file that travel with a release, read and judged. */
#ifndef PORTS_APP_BERTH_COMPOSE_TRAVEL_H
#define PORTS_APP_BERTH_COMPOSE_TRAVEL_H

#include "agent/limits.h"
#include "platform/verify.h"
#include "ports/app/berth/compose/normal.h"

struct travel_file {
    char name[FILE_NAME_BYTES]; /* its path below the project's folder */
    unsigned mode;
    char *content; /* owned */
    size_t len;
};

/* Sorted by name, each name once. Starts zeroed. */
struct travel {
    struct travel_file files[FILES_MAX];
    size_t count, bytes;
};

void travel_close(struct travel *travel);

/* What was taken of a path. */
struct travel_taken {
    char name[FILE_NAME_BYTES]; /* of the file or folder below the project's folder */
    bool is_folder;
    unsigned uid, gid; /* whose it is here */
    size_t count, bytes;
};

/* Takes the file or all files of the folder that stands at `relative`, seen from `dir`, into
 * normal->travel. Only regular files inside the project's folder, none that looks like a secret,
 * and not more than a release may have; else a refused finding and false. */
bool travel_take(struct normal *normal, const struct yaml_item *item, const char *dir,
                 const char *relative, struct travel_taken *taken);

/* Takes a text as a file of this name. */
bool travel_text(struct normal *normal, const struct yaml_item *item, const char *name,
                 const char *text, unsigned mode);

/* Gives a file that was taken another mode; the last one said holds. */
void travel_mode(struct normal *normal, const char *name, unsigned mode);

/* Writes `,"files":{...}` of x-berth, or nothing where there are none. */
void travel_write(const struct travel *travel, const struct verify *verify, struct text *out);

/* Writes the mount of what was taken under this name, and notes that only new agents read it. */
void travel_mount(struct normal *normal, const char *name, const char *target);

/* The elements of a service's volumes that its configs are (normal_configs.c). */
void configs_write(struct normal *normal);

/* Why a file looks like a key, a password or an environment file; NULL: it does not. */
const char *travel_reason(const char *name, struct span content);

#endif
