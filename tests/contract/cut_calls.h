/* cut_calls: the real calls behind those that cut_calls.c stands in for; CMake wraps the same
 * list. */
#ifndef TESTS_CONTRACT_CUT_CALLS_H
#define TESTS_CONTRACT_CUT_CALLS_H

#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __real_mkdir(const char *path, mode_t mode);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_posix_fadvise(int fd, off_t at, off_t len, int advice);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_mkdir(const char *path, mode_t mode);

/* Removes what is in the folder. */
void cut_folder_empty(const char *path);

#endif
