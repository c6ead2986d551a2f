/* compose: a Compose file into a release's payload, in its one normal form. */
#ifndef PORTS_APP_BERTH_COMPOSE_COMPOSE_H
#define PORTS_APP_BERTH_COMPOSE_COMPOSE_H

#include "agent/wire/release.h"
#include "platform/base/text.h"
#include "ports/app/berth/image.h"
#include "ports/yaml/tree.h"

struct compose {
    const char *path; /* of the file, for messages */
    const struct image_source *images;
    uint64_t sequence, floor; /* 0: as the file says; sequence: else the time in seconds */
    struct text *out;
    struct err *err;
};

/* Writes the payload of the whole file to compose->out. Unknown keys pass through, because the
 * release's own reader refuses them by path; see compose_complain. */
NODISCARD int compose_write(struct compose *compose, const struct yaml_item *root);

/* Turns "services.web.buid: unknown key" of the release's reader into "FILE:12: services...". */
int compose_complain(const char *path, const struct yaml_item *root, int code, struct err *err);

/* -- shared by the files of this converter; each returns 0 or an error with the line -------------
 */

int compose_fail(struct compose *compose, const struct yaml_item *item, int code, const char *fmt,
                 ...) PRINTF_LIKE(4, 5);

/* `comma`: something stands before; writes "," and the key. */
void compose_key(struct compose *compose, const char *key, bool *comma);

/* A scalar as a string, with $$ read as $; a scalar by its YAML type; anything by its YAML type. */
int compose_text(struct compose *compose, const struct yaml_item *item);
int compose_value(struct compose *compose, const struct yaml_item *item);
int compose_any(struct compose *compose, const struct yaml_item *item);

/* A scalar or a list as a list of strings; a map or a list of "key=value" as a map of strings. */
int compose_texts(struct compose *compose, const struct yaml_item *item);
int compose_pairs(struct compose *compose, const struct yaml_item *item);

int compose_ports(struct compose *compose, const struct yaml_item *item);
int compose_volumes(struct compose *compose, const struct yaml_item *item);
int compose_hosts(struct compose *compose, const struct yaml_item *item);
int compose_secrets(struct compose *compose, const struct yaml_item *item);
int compose_command(struct compose *compose, const struct yaml_item *item);
int compose_service(struct compose *compose, const struct yaml_item *service);

#endif
