/* house: the ports berthd chooses, opened in order and closed in reverse. */
#ifndef BERTHD_HOUSE_H
#define BERTHD_HOUSE_H

#include "agent/node/conductor.h"
#include "ports/curl/http.h"
#include "ports/docker/docker.h"
#include "ports/linux/clock.h"
#include "ports/linux/files.h"
#include "ports/linux/log.h"
#include "ports/linux/loop.h"
#include "ports/linux/prober.h"
#include "ports/linux/store.h"
#include "ports/linux/worker.h"
#include "ports/nftables/route.h"

/* Zeroed before house_open; must not move until house_close. */
struct house {
    struct linux_loop loop;
    struct linux_clock clock;
    struct linux_log log;
    struct linux_worker worker;
    struct linux_store store;
    struct linux_files files;
    struct linux_prober prober;
    struct nftables_route route;
    struct curl_http *http;
    struct docker *docker;
    struct conductor_ports ports; /* what the conductor runs on */
    unsigned opened;              /* private: how many of them are open */
};

/* Opens loop, clock and log, which everything else, reading the configuration too, may use. */
NODISCARD int house_begin(struct house *house, struct err *err);

/* Opens the rest for this configuration. The engine need not be there. An error says which place
 * failed and what to do; what was opened stays for house_close. */
NODISCARD int house_open(struct house *house, const struct config *config, struct err *err);

/* Closes whatever is open; containers, traffic and the kernel's table stay as they are. Callbacks
 * still pending never come. */
void house_close(struct house *house);

#endif
