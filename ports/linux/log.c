/* linux_log: one write a line, and never a wait for it. */
#include "ports/linux/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/base/text.h"

static size_t prefix_render(const struct linux_log *log, enum log_level level, char *buf,
                            size_t cap)
{
    static const char *const words[] = {
        [LOG_LEVEL_ERROR] = "error",
        [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_DEBUG] = "debug",
    };
    static const char *const priorities[] = {
        [LOG_LEVEL_ERROR] = "<3>",
        [LOG_LEVEL_WARNING] = "<4>",
        [LOG_LEVEL_INFO] = "<6>",
        [LOG_LEVEL_DEBUG] = "<7>",
    };
    int used;
    if (log->is_journal) {
        used = snprintf(buf, cap, "%s", priorities[level]);
    } else {
        struct timespec now = {0};
        struct tm utc = {0};
        (void)clock_gettime(CLOCK_REALTIME, &now);
        (void)gmtime_r(&now.tv_sec, &utc);
        used = snprintf(buf, cap, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %-7s ", utc.tm_year + 1900,
                        utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                        now.tv_nsec / 1000000, words[level]);
    }
    return used > 0 && (size_t)used < cap ? (size_t)used : 0;
}

static void log_line(void *self, enum log_level level, const char *text)
{
    const struct linux_log *log = self;
    char line[LOG_LINE_BYTES_MAX + 64];
    if ((unsigned)level > (unsigned)log->most) {
        return;
    }
    size_t len = prefix_render(log, level, line, 64);
    text_shorten(line + len, LOG_LINE_BYTES_MAX, span_text(text));
    for (; line[len] != '\0'; len++) {
        unsigned char byte = (unsigned char)line[len];
        line[len] = (char)(byte < 0x20 || byte == 0x7f ? '?' : byte);
    }
    line[len++] = '\n';
    /* A pipe that polls writable takes a whole line without blocking (PIPE_BUF). */
    struct pollfd room = {.fd = log->fd, .events = POLLOUT};
    if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0) {
        ssize_t written = write(log->fd, line, len);
        (void)written;
    }
}

/* systemd names the stream by device and inode; a child may have been redirected since. */
static bool fd_is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device = 0;
    uintmax_t inode = 0;
    struct stat state;
    return stream != NULL && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
           fstat(fd, &state) == 0 && state.st_dev == device && state.st_ino == inode;
}

void linux_log_init(struct linux_log *log, int fd, enum log_level most)
{
    *log = (struct linux_log){.fd = fd, .most = most, .is_journal = fd_is_journal(fd)};
}

struct log linux_log_interface(struct linux_log *log)
{
    static const struct log_ops ops = {.line = log_line};
    return (struct log){.ops = &ops, .self = log};
}
