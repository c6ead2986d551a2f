/* signals: the three signals of a service, as something the event loop can wait for. */
#ifndef BERTHD_SIGNALS_H
#define BERTHD_SIGNALS_H

#include <stdbool.h>

#include "platform/loop.h"

struct signals {
    struct loop loop;
    int fd;         /* end of the pipe that is read */
    bool is_ended;  /* SIGTERM or SIGINT came */
    bool is_reread; /* SIGHUP came; the reader clears it */
};

/* From now on SIGTERM, SIGINT and SIGHUP only set a flag, in a turn of the loop; SIGPIPE is
 * ignored. Once a process. Children started by exec get the defaults back. ERR_IO. */
NODISCARD int signals_init(struct signals *signals, struct loop loop, struct err *err);

#endif
