/* render: a project into a release's payload, and what the node's own reader says of it. */
#ifndef PORTS_APP_BERTH_COMPOSE_RENDER_H
#define PORTS_APP_BERTH_COMPOSE_RENDER_H

#include "agent/wire/release.h"
#include "ports/app/berth/compose/findings.h"
#include "ports/app/berth/image.h"
#include "ports/yaml/tree.h"

#define RENDER_BYTES     (4 * RELEASE_PAYLOAD_BYTES_MAX)
#define RENDER_APP_BYTES 33 /* a name's, of app and service */

struct render {
    const struct yaml_item *root;    /* the whole project, interpolated and merged */
    const struct yaml_item *service; /* the one to render; NULL: none, which removes the app */
    const struct image *image;       /* its image; NULL: not asked, any digest stands for it */
    const char *project;             /* the project's name */
    const char *project_dir;         /* where relative paths begin; NULL: not looked at */
    const char *version;             /* where x-berth says none; NULL: none */
    uint64_t sequence, floor;        /* 0: as x-berth says; sequence: 1 where it says none */
    bool is_built;                   /* build: needs no note */
    const struct verify *verify;
    struct findings *findings;
    struct travel *travel; /* filled with the files that travel; NULL: nobody keeps them */
};

/* The app's name: x-berth.app, else the project's name with what no name may have as '-'. */
void render_app(const struct yaml_item *root, const char *project, char app[RENDER_APP_BYTES]);

/* The service's name on the node: its own, with what no name may have ("node_red", "Web") made
 * fit. */
void render_service_name(const struct yaml_item *service, char name[RENDER_APP_BYTES]);

/* Judges the keys of the whole project, once. */
void render_check(const struct yaml_item *root, struct findings *findings);

/* Writes the payload into `out` (RENDER_BYTES suffice for every payload that is not refused). What
 * is wrong or worth knowing becomes findings; with a refused one the payload must not be used. */
void render_payload(const struct render *render, struct text *out);

/* The same, and read by the node's reader, whose complaints become findings with file and line
 * (complaints.h). A deadline that the reader lengthens for slow checks is noted. True when the
 * reader took it: then *plan is filled. */
bool render_plan(const struct render *render, struct text *out, struct plan *plan);

/* What the node would create, from a payload that render_plan took; everything in *spec lives in
 * `arena` (64 KiB). */
NODISCARD int render_spec(const struct text *payload, const struct yaml_item *service,
                          struct arena *arena, struct engine_spec *spec, struct err *err);

#endif
