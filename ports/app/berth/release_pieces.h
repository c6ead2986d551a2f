/* release_pieces: the content of files that travel with a release, in the folder beside it. */
#ifndef PORTS_APP_BERTH_RELEASE_PIECES_H
#define PORTS_APP_BERTH_RELEASE_PIECES_H

#include <stdio.h>

#include "ports/app/berth/compose/travel.h"
#include "ports/app/berth/release_file.h"
#include "ports/app/berth/session.h"

/* Behind the name of the release: web.release.files/<64 hex> is a piece. */
#define PIECES_SUFFIX ".files"

struct piece {
    struct digest digest;
    char *content; /* owned */
    size_t len;
};

/* Each piece of a release once. Starts zeroed. */
struct pieces {
    struct piece list[FILES_PIECES_MAX];
    size_t count;
};

/* Writes the pieces of all files into the folder beside the release; what other pieces lie there
 * goes. Without files there is no folder. ERR_IO. */
NODISCARD int pieces_write(const char *release, const struct travel *travel,
                           const struct verify *verify, struct err *err);

/* Reads the pieces that the release names, each what its name says. ERR_NOT_FOUND, ERR_DIGEST name
 * the file and the remedy. The caller closes them, also after a failure. */
NODISCARD int pieces_open(const char *release, const struct release_file *file,
                          const struct verify *verify, struct pieces *pieces, struct err *err);
void pieces_close(struct pieces *pieces);

/* The folder beside `from`, written beside `to` as well. */
NODISCARD int pieces_copy(const struct pieces *pieces, const char *to, struct err *err);

/* Some lie beside the release. */
bool pieces_are_there(const char *release);
/* Removes them with their folder; what else lies there stays. */
void pieces_remove(const char *release);

/* Publishes them, each retained under its digest. */
NODISCARD int pieces_publish(const struct pieces *pieces, const char *fleet,
                             struct session *session, struct err *err);

/* One line for each file that travels: its size, whether it is a program, its name. */
NODISCARD int pieces_list(struct span payload, FILE *stream, struct err *err);

#endif
