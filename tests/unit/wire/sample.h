/* sample: a small good release, with room for what a test adds to it. */
#ifndef TESTS_UNIT_WIRE_SAMPLE_H
#define TESTS_UNIT_WIRE_SAMPLE_H

#include "agent/wire/release.h"

#define SAMPLE_INDEX    "1111111111111111111111111111111111111111111111111111111111111111"
#define SAMPLE_MANIFEST "2222222222222222222222222222222222222222222222222222222222222222"
#define SAMPLE_CONFIG   "3333333333333333333333333333333333333333333333333333333333333333"
#define SAMPLE_PORTS    ",\"ports\":[{\"target\":8080,\"published\":80}]"

/* Members to add, each text beginning with a comma; NULL: none. */
struct sample {
    const char *service;   /* of services.web */
    const char *extension; /* of services.web.x-berth */
    const char *top;       /* of x-berth */
    const char *root;
};

/* Compiles the sample for gw1 (amd64, zone=north). */
int sample_compile(const struct sample *sample, struct plan *plan, struct err *err);

/* Renders its container web: gen 7, replica 2, 198.18.0.9, service address 198.18.0.3. */
int sample_render(const struct sample *sample, struct arena *arena, struct engine_spec *spec,
                  struct err *err);

/* Tells of its files. */
int sample_files(const struct sample *sample, const struct release_files_sink *sink,
                 struct err *err);

const struct release_node *sample_node(void);

#endif
