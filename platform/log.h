/* log: one line for a person, written once, at the top of the call chain. */
#ifndef PLATFORM_LOG_H
#define PLATFORM_LOG_H

#define LOG_LINE_BYTES_MAX 1024

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_ops {
    /* Writes one line without a newline, shortened in the middle to LOG_LINE_BYTES_MAX; never
     * blocks, never fails. */
    void (*line)(void *self, enum log_level level, const char *text);
};

struct log {
    const struct log_ops *ops;
    void *self;
};

#endif
