/* traffic: what is known of the kernel's table and of the boot file, and which of the three calls
 * on them is under way. Calls nothing: the conductor does. */
#ifndef AGENT_NODE_TRAFFIC_H
#define AGENT_NODE_TRAFFIC_H

#include "platform/clock.h"
#include "platform/route.h"

/* What the kernel's table was when the agent started, and so whom traffic may be reaching. */
enum route_found {
    ROUTE_FOUND_NONE,    /* no table: nobody */
    ROUTE_FOUND_RUNNING, /* one that an agent applied in this boot: whoever is alive */
    ROUTE_FOUND_BOOT,    /* the boot file's, for what is committed now: the committed release */
    ROUTE_FOUND_STALE    /* the boot file's from before the last verdict: the previous release */
};

/* A table applied by a running agent is numbered with this bit set; the boot file's carries the
 * hash of what it forwards, so that after a boot one can tell for which releases it was written. */
#define TABLE_RUNNING (UINT64_C(1) << 63)
/* A call that failed is made again after this. */
#define TRAFFIC_RETRY_MS 1000
/* Tries to learn at the start what the kernel forwards; then the worst is assumed. */
#define TRAFFIC_READ_TRIES 5

struct app;

/* All zero: nothing is known. */
struct traffic {
    bool is_read;            /* the kernel was asked at least once */
    bool is_known;           /* `applied` is what the kernel holds */
    bool is_stale;           /* apply it again although it is the same */
    bool is_busy;            /* an apply, read or save is under way */
    bool is_reading;         /* and it is a read, which changes nothing */
    bool is_boot_known;      /* `boot_table` is what the boot file holds */
    bool has_timeouts;       /* the kernel forgets ended connections soon */
    bool lacks_holds;        /* it cannot let new ones wait, which was said */
    const struct app *blind; /* nobody can say what its traffic is: no table is made; or NULL */
    enum route_found found;
    enum route_obstacle obstacle; /* between other hosts and the containers, as read last */
    const struct app *stale_app;  /* whose release before the boot file serves; NULL: unknown */
    const struct app *stale;      /* the one that is tried for it; NULL but inside route_identify */
    uint32_t read_failures;
    uint64_t reads;         /* of the kernel's table, as they begin */
    uint64_t seen;          /* the last that found it as it was applied */
    uint64_t table_version; /* as the kernel told first, then of the last table applied */
    struct route_table applied, applying, boot_table, saving;
    struct route_table checking; /* of the door */
    mono_ms at, read_at;         /* no call before; the next read */
};

/* A call begins, and only where none is under way. An apply numbers `applying`; a save gives
 * `saving` that number. */
void traffic_read_begin(struct traffic *traffic);
void traffic_apply_begin(struct traffic *traffic);
void traffic_save_begin(struct traffic *traffic, uint64_t hash);

/* A call was refused at once, or failed: it is made again after a while. */
void traffic_refused(struct traffic *traffic, mono_ms now);
/* An apply ended; a failed one leaves open which table the kernel holds. */
void traffic_applied(struct traffic *traffic, bool is_done);
void traffic_saved(struct traffic *traffic, bool is_done);
/* A read failed: what cannot be seen is put there again. True for the first in a row. */
bool traffic_read_failed(struct traffic *traffic);

/* What a read says of the kernel's table. */
enum traffic_news {
    TRAFFIC_NEWS_FIRST,   /* the first of this session: `found` says whose table it is */
    TRAFFIC_NEWS_SAME,    /* it is the one applied last */
    TRAFFIC_NEWS_CHANGED, /* somebody has changed it: it is put back */
    TRAFFIC_NEWS_NONE     /* one of ours is on its way anyway */
};
enum traffic_news traffic_read(struct traffic *traffic, const struct route_state *state);

/* Whether traffic may reach this address: by the table that holds, before the first of ours is
 * confirmed by what was so before, and while one is applied by either. */
bool traffic_may_reach(const struct traffic *traffic, ipv4 address, bool was_routed,
                       bool is_applying);
/* The kernel, the boot file hold what `applying`, `saving` wish. */
bool traffic_is_applied(const struct traffic *traffic);
bool traffic_is_saved(const struct traffic *traffic);
/* What the kernel holds is known, and nothing is about to change it. */
bool traffic_is_settled(const struct traffic *traffic);
/* When to look again; `is_held`: a record under way decides first. MONO_NEVER: an answer comes. */
mono_ms traffic_deadline(const struct traffic *traffic, bool is_held, mono_ms now);

#endif
