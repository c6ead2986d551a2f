/* server_socket: the listening unix socket, made so that nobody else can stand in for it. */
#ifndef PORTS_LINUX_SERVER_SOCKET_H
#define PORTS_LINUX_SERVER_SOCKET_H

#include <stdint.h>

#include "platform/base/err.h"

/* As linux_server_init says; *fd is non-blocking and closed on exec. */
NODISCARD int server_socket_open(const char *path, uint32_t owner_uid, int *fd, struct err *err);

#endif
