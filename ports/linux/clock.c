/* linux_clock: CLOCK_BOOTTIME, CLOCK_REALTIME and the kernel's boot id. */
#include "ports/linux/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "ports/linux/loop.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

static mono_ms clock_mono(void *self)
{
    (void)self;
    return linux_loop_now();
}

static struct wall_reading machine_read(void)
{
    struct timespec now = {0};
    struct timex state = {.modes = 0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (struct wall_reading){
        .wall = (wall_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000,
        .now = linux_loop_now(),
        .is_synchronised = adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0,
    };
}

static wall_ms clock_wall(void *self, bool *trusted)
{
    struct linux_clock *clock = self;
    const struct wall_reading reading = machine_read();
    return wall_look(&clock->wall, &reading, trusted);
}

static wall_ms clock_past_of(void *self)
{
    struct linux_clock *clock = self;
    const struct wall_reading reading = machine_read();
    return wall_past(&clock->wall, &reading);
}

static struct boot_id clock_boot(void *self)
{
    const struct linux_clock *clock = self;
    return clock->boot;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The kernel writes 32 hex digits with hyphens between groups. */
static bool boot_id_parse(const char *text, struct boot_id *boot)
{
    size_t digits = 0;
    for (; *text != '\0' && *text != '\n'; text++) {
        if (*text == '-') {
            continue;
        }
        int value = hex_value(*text);
        if (value < 0 || digits == 2 * sizeof boot->bytes) {
            return false;
        }
        boot->bytes[digits / 2] = (unsigned char)(boot->bytes[digits / 2] << 4 | value);
        digits++;
    }
    return digits == 2 * sizeof boot->bytes;
}

int linux_clock_init(struct linux_clock *clock, wall_ms build, struct err *err)
{
    char text[64];
    memset(clock, 0, sizeof *clock);
    wall_init(&clock->wall, build, linux_loop_now());
    int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(err, ERR_IO, "open %s: %s", BOOT_ID_PATH, strerror(errno));
    }
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    if (!boot_id_parse(text, &clock->boot)) {
        return err_set(err, ERR_IO, "%s holds no boot id", BOOT_ID_PATH);
    }
    return 0;
}

void linux_clock_raise(struct linux_clock *clock, wall_ms proven)
{
    wall_prove(&clock->wall, proven, linux_loop_now());
}

struct clock linux_clock_interface(struct linux_clock *clock)
{
    static const struct clock_ops ops = {
        .mono = clock_mono,
        .wall = clock_wall,
        .past = clock_past_of,
        .boot = clock_boot,
    };
    return (struct clock){.ops = &ops, .self = clock};
}
