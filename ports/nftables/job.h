/* job: one call of the route as a list of steps, each a run of one tool; private to this room. */
#ifndef PORTS_NFTABLES_JOB_H
#define PORTS_NFTABLES_JOB_H

#include "ports/nftables/route.h"

enum nftables_job_kind { JOB_APPLY, JOB_READ, JOB_COMMIT, JOB_FORGET, JOB_CLEAR, JOB_KIND_COUNT };

/* The accept stands twice at most where two agents raced; more is left to whoever put it there. */
#define JOB_REMOVALS_MAX 4

/* Steps look at what is known and still to do, never at how they came here. */
struct nftables_job {
    enum nftables_job_kind kind;
    size_t step;
    struct route_table *table; /* owned; apply and commit */
    ipv4 backend;              /* forget */
    size_t forgotten;          /* kinds of connections */
    route_done done;
    void *ctx;
    struct route_state state;
    unsigned firewall_missing; /* halves of the accept to be inserted or removed */
    unsigned removals_left;    /* of the half removed now */
    bool has_firewall;         /* there is a DOCKER-USER chain */
    bool is_replacing;         /* the table could not be refilled */
    bool is_holdless;          /* nor with those who wait */
    bool is_probed;
    bool is_upkept, is_firewall_listed, is_policy_listed, is_inspected, is_done;
    struct nftables_job *next;
};

/* Begins the job's next run of a tool: 1 when one was started, 0 when the job is complete; negative
 * when it failed. Steps with nothing to do are passed over. */
NODISCARD int job_begin(struct nftables_route *route, struct nftables_job *job, worker_done done,
                        struct err *err);

/* Takes the answer of the run begun last; negative when the job failed by it. */
NODISCARD int job_take(struct nftables_route *route, struct nftables_job *job,
                       const struct err *failure, int status, struct span output, struct err *err);

#endif
