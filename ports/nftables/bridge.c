/* bridge: one bit in /proc for each bridge, one in /sys for each of its ports. */
#include "ports/nftables/bridge.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#define FORWARDING "net/ipv4/ip_forward"

/* The first character of a small file of the kernel, '\0' when it cannot be read. */
static char switch_read(int dir_fd, const char *path)
{
    char value = '\0';
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return '\0';
    }
    if (read(fd, &value, 1) != 1) {
        value = '\0';
    }
    close(fd);
    return value;
}

static bool switch_set(int dir_fd, const char *path)
{
    int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_written = write(fd, "1", 1) == 1;
    close(fd);
    return is_written;
}

bool bridge_needs_localnet(const char *bridge, char setting[BRIDGE_SETTING_BYTES])
{
    char path[BRIDGE_SETTING_BYTES + 16];
    (void)snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/route_localnet", bridge);
    (void)snprintf(setting, BRIDGE_SETTING_BYTES, "net/ipv4/conf/%s/route_localnet=1", bridge);
    return switch_read(AT_FDCWD, path) == '0';
}

bool bridge_needs_forwarding(char setting[BRIDGE_SETTING_BYTES])
{
    (void)snprintf(setting, BRIDGE_SETTING_BYTES, FORWARDING "=1");
    return switch_read(AT_FDCWD, "/proc/sys/" FORWARDING) == '0';
}

size_t bridge_open_hairpin(const char *bridge)
{
    char path[64];
    size_t refusing = 0;
    struct dirent *entry;
    (void)snprintf(path, sizeof path, "/sys/class/net/%s/brif", bridge);
    DIR *ports = opendir(path);
    if (ports == NULL) {
        return 0;
    }
    while ((entry = readdir(ports)) != NULL) {
        char file[sizeof entry->d_name + 16];
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(file, sizeof file, "%s/hairpin_mode", entry->d_name);
        if (switch_read(dirfd(ports), file) == '0' && !switch_set(dirfd(ports), file)) {
            refusing++;
        }
    }
    closedir(ports);
    return refusing;
}
