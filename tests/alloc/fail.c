/* fail: preloaded into berthd; allocations of a chosen range fail, and time runs faster. */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/alloc/page.h"

/* glibc's own, by which its callers are not led back here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct alloc_page *page;
static struct timespec began[2];
static _Thread_local int is_inside;

static int clock_place(clockid_t clock)
{
    return clock == CLOCK_BOOTTIME ? 0 : clock == CLOCK_MONOTONIC ? 1 : -1;
}

__attribute__((constructor)) static void page_open(void)
{
    void *frames[1];
    const char *path = getenv(ALLOC_PAGE_VARIABLE);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    (void)syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &began[0]);
    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &began[1]);
    (void)backtrace(frames, 1); /* loads what it needs */
    void *mapped = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    page = mapped == MAP_FAILED ? NULL : mapped;
}

/* Where the program's file begins in memory: the first line of its map. */
static uint64_t program_base(void)
{
    static uint64_t base;
    char line[64] = "";
    if (base == 0) {
        int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, line, sizeof line - 1) > 0) {
            base = strtoull(line, NULL, 16);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return base;
}

static void frames_keep(void)
{
    void *frames[ALLOC_FRAMES + 2];
    int count = backtrace(frames, ALLOC_FRAMES + 2);
    for (int i = 2; i < count; i++) {
        page->frames[i - 2] = (uint64_t)(uintptr_t)frames[i] - program_base();
    }
}

static int is_failing(void)
{
    if (page == NULL || is_inside) {
        return 0;
    }
    uint64_t number = ++page->count;
    if (page->from == 0 || number < page->from || number > page->to) {
        return 0;
    }
    is_inside = 1;
    if (page->failed++ == 0) {
        frames_keep();
    }
    is_inside = 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return is_failing() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return is_failing() ? NULL : __libc_realloc(old, size);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int place = clock_place(clock);
    int rc = (int)syscall(SYS_clock_gettime, clock, now);
    if (rc == 0 && page != NULL && place >= 0) {
        int64_t past = (int64_t)(now->tv_sec - began[place].tv_sec) * 1000000000 + now->tv_nsec -
                       began[place].tv_nsec;
        past *= (int64_t)page->speed;
        past += began[place].tv_nsec;
        now->tv_sec = began[place].tv_sec + past / 1000000000;
        now->tv_nsec = past % 1000000000;
    }
    return rc;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int wait_ms)
{
    int64_t speed = page == NULL ? 1 : (int64_t)page->speed;
    int wait = wait_ms <= 0 ? wait_ms : (int)((wait_ms + speed - 1) / speed);
    return (int)syscall(SYS_epoll_pwait, fd, events, most, wait, NULL, 8);
}
