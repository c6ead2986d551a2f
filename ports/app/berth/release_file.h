/* release_file: a release on disk, which is an envelope, signed or not yet. */
#ifndef PORTS_APP_BERTH_RELEASE_FILE_H
#define PORTS_APP_BERTH_RELEASE_FILE_H

#include "agent/wire/release.h"
#include "ports/app/berth/keyring.h"

struct release_file {
    char *content;
    size_t len;
    void *memory;
    struct arena arena;
    struct envelope_parts parts;
    struct digest digest; /* of the payload: the release's name */
};

/* Reads a file and takes its envelope apart; nothing is verified. ERR_PAYLOAD_TYPE when it is no
 * release. The caller closes it, also after a failure. */
NODISCARD int release_file_open(const struct keyring *keyring, const char *path,
                                struct release_file *file, struct err *err);
void release_file_close(struct release_file *file);

/* Compiles the payload as a tool does: for any platform, with no labels. */
NODISCARD int release_file_compile(const struct release_file *file, struct plan *plan,
                                   struct err *err);

/* What a node does at its door: enough signatures of the release role, then the document. `path` is
 * for complaints, which say the code's word as well. */
NODISCARD int release_file_verify(const struct keyring *keyring, const char *path,
                                  const struct trust *trust, struct release_file *file,
                                  struct plan *plan, struct err *err);

#endif
