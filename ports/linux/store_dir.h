/* store_dir: the store's directory: its lock, its names, and reading one file of it for sure. */
#ifndef PORTS_LINUX_STORE_DIR_H
#define PORTS_LINUX_STORE_DIR_H

#include "platform/store.h"

/* File names: the document's with ".r" for a record and ".b" for a blob. */
#define STORE_FILE_BYTES (STORE_NAME_BYTES + 2)

/* True for a name that a document may have. */
bool store_name_is_good(const char *name);

void store_file_name(char file[STORE_FILE_BYTES], const char *name, bool is_blob);

/* Opens, locks and cleans `directory` as linux_store_init says; returns its descriptor or an error
 * code. */
NODISCARD int store_dir_open(const char *directory, struct err *err);

/* Calls found for each document; files of other names are nobody's. ERR_STORE. */
NODISCARD int store_dir_list(int dir_fd, store_found found, void *ctx, struct err *err);

/* Whence a file is read. From the medium, what another process left in the cache is written out
 * first, and dropped, so that what is read is what a power cut would leave; that waits for the
 * medium, so only records are read so, at the start and after a failed write. */
enum store_source { STORE_FROM_CACHE, STORE_FROM_MEDIUM };

/* Reads a file into buf, up to cap bytes. *len is the bytes read; *is_longer says that the file has
 * more. ERR_NOT_FOUND, ERR_STORE. */
NODISCARD int store_dir_read(int dir_fd, const char *file, enum store_source source, void *buf,
                             size_t cap, size_t *len, bool *is_longer, struct err *err);

#endif
