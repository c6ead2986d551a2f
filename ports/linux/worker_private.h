/* worker_private: a call that waits for the helper, as the two files of linux_worker know it. */
#ifndef PORTS_LINUX_WORKER_PRIVATE_H
#define PORTS_LINUX_WORKER_PRIVATE_H

#include "ports/linux/worker.h"

/* One call: its packet, and who waits for it. */
struct linux_worker_call {
    struct linux_worker_call *next;
    uint64_t id;
    enum worker_lane lane;
    bool is_sent;
    int dir_fd;
    worker_done done;
    void *ctx;
    size_t len;
    unsigned char packet[];
};

#endif
