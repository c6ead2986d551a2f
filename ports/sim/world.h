/* world: virtual time, one seeded generator and a queue of events; the ground the simulated ports
 * stand on. */
#ifndef PORTS_SIM_WORLD_H
#define PORTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/base/err.h"
#include "platform/base/units.h"

/* Operations a fault can strike. X(NAME, word). Those from PROBE on are no power-cut points. */
#define SIM_OPS(X)                          \
    X(RECORD_WRITE, "record-write")         \
    X(BLOB_WRITE, "blob-write")             \
    X(BLOB_REMOVE, "blob-remove")           \
    X(ENGINE_ABOUT, "engine-about")         \
    X(ENGINE_LIST, "engine-list")           \
    X(ENGINE_INSPECT, "engine-inspect")     \
    X(ENGINE_PULL, "engine-pull")           \
    X(ENGINE_UNTAG, "engine-untag")         \
    X(ENGINE_NETWORK, "engine-network")     \
    X(ENGINE_UNNETWORK, "engine-unnetwork") \
    X(ENGINE_CREATE, "engine-create")       \
    X(ENGINE_START, "engine-start")         \
    X(ENGINE_STOP, "engine-stop")           \
    X(ENGINE_REMOVE, "engine-remove")       \
    X(ENGINE_KEEP, "engine-keep")           \
    X(ENGINE_COMPOSE, "engine-compose")     \
    X(ENGINE_POLICY, "engine-policy")       \
    X(ENGINE_HOLD, "engine-hold")           \
    X(ENGINE_VOLUME, "engine-volume")       \
    X(ENGINE_RESTORE, "engine-restore")     \
    X(ENGINE_RENAME, "engine-rename")       \
    X(ENGINE_SIGNAL, "engine-signal")       \
    X(ENGINE_EXEC, "engine-exec")           \
    X(ENGINE_MORTEM, "engine-post-mortem")  \
    X(ROUTE_APPLY, "route-apply")           \
    X(ROUTE_READ, "route-read")             \
    X(ROUTE_COMMIT, "route-commit")         \
    X(ROUTE_FORGET, "route-forget")         \
    X(ROUTE_CLEAR, "route-clear")           \
    X(PROBE, "probe")                       \
    X(FSYNC, "fsync")

enum sim_op {
#define SIM_OP_ENUM_(name, word) SIM_OP_##name,
    SIM_OPS(SIM_OP_ENUM_) SIM_OP_COUNT
#undef SIM_OP_ENUM_
};

/* What becomes of one operation. X(NAME, word, sentence) */
#define SIM_FATES(X)                                                                     \
    X(GO, "go", "it is carried out and answered")                                        \
    X(FAIL, "fail", "it answers an error and nothing was done")                          \
    X(FAIL_LATE, "fail-late", "it answers an error although it was done")                \
    X(CUT_BEFORE, "cut-before", "the power goes before anything is done")                \
    X(CUT_WITHIN, "cut-within", "the power goes half-way: torn, or done in part")        \
    X(CUT_AFTER, "cut-after", "the power goes when it is done, before it is answered")   \
    X(KILL_BEFORE, "kill-before", "the agent dies before anything is done")              \
    X(KILL_AFTER, "kill-after", "the agent dies when it is done, before it is answered")

enum sim_fate {
#define SIM_FATE_ENUM_(name, word, sentence) SIM_FATE_##name,
    SIM_FATES(SIM_FATE_ENUM_) SIM_FATE_COUNT
#undef SIM_FATE_ENUM_
};

#define SIM_NEVER INT64_MAX

/* Strikes the countdown-th operation from now, and the repeat - 1 after it; countdown 0: never.
 * With lasts_ms it strikes every operation from that one on, for so long (SIM_NEVER: for ever), and
 * repeat says nothing. Of the fates only FAIL and FAIL_LATE can last. */
struct sim_fault {
    uint32_t countdown, repeat;
    enum sim_fate fate;
    int64_t lasts_ms; /* 0: it is counted by operations */
    mono_ms until;    /* set at the first strike of one that lasts */
};

#define SIM_FAULT(nth, times, what)                                                                \
    ((struct sim_fault){.countdown = (nth), .repeat = (times), .fate = (what)})
#define SIM_FAULT_FOR(nth, ms, what)                                                               \
    ((struct sim_fault){.countdown = (nth), .repeat = 1, .fate = (what), .lasts_ms = (ms)})

struct sim_faults {
    struct sim_fault any;              /* counts every power-cut point */
    struct sim_fault of[SIM_OP_COUNT]; /* counts one kind of operation */
    uint32_t count;                    /* power-cut points so far */
    uint32_t strikes;                  /* times one of them struck */
    uint32_t count_of[SIM_OP_COUNT];
};

/* Things an observer is told of as they happen; `thing` is the object concerned. X(NAME, thing) */
#define SIM_SIGHTS(X)                                                        \
    X(START, "container, just started by the agent")                         \
    X(STOP, "container, about to be stopped by the agent")                   \
    X(REMOVE, "container, about to be removed by the agent")                 \
    X(CRASH, "container, whose process is about to end by itself")           \
    X(TABLE, "struct sim_table_change, about to be made")                    \
    X(BOOT_FILE, "route table, just made the one of the next boot")

enum sim_sight {
#define SIM_SIGHT_ENUM_(name, thing) SIM_SAW_##name,
    SIM_SIGHTS(SIM_SIGHT_ENUM_) SIM_SIGHT_COUNT
#undef SIM_SIGHT_ENUM_
};

typedef void (*sim_saw)(void *ctx, enum sim_sight sight, const void *thing);
typedef void (*sim_fire)(void *self, uint64_t arg);

struct sim_event {
    mono_ms at;
    uint64_t order;
    sim_fire fire;
    void *self;
    uint64_t arg;
};

#define SIM_EVENTS_MAX 512
/* The boot-time clock's value when the agent can first run. */
#define SIM_BOOT_OFFSET_MS 4000

/* One world. Private but for `faults`, `now` and the flags, which a test may read and set. */
struct sim_world {
    mono_ms now;         /* since the world began; never goes back */
    mono_ms booted_at;   /* when this boot began */
    uint32_t boots;      /* boots so far, the first included */
    uint32_t answers;    /* given to the agent so far */
    uint32_t agents;     /* lives of the agent so far: answers for an earlier one are dropped */
    int64_t wall_off_ms; /* the wall clock is wrong by so much */
    bool is_wall_wild;   /* nobody vouches for it */
    bool has_power;      /* false: nothing happens until sim_world_boot */
    bool has_agent;      /* false: what the agent calls is ignored until sim_world_agent */
    uint64_t seed, random;
    struct sim_faults faults;
    struct sim_event events[SIM_EVENTS_MAX]; /* heap by (at, order) */
    size_t event_count;
    uint64_t event_order;
    char *trace; /* NULL: none is kept */
    size_t trace_cap, trace_len;
    sim_saw saw;
    void *saw_ctx;
};

/* A world with power and an agent, at its first boot. Every later event follows from `seed` and the
 * calls made. */
void sim_world_init(struct sim_world *world, uint64_t seed);

/* Keeps one line a step in caller-owned memory from now on; what does not fit is dropped. */
void sim_world_trace_to(struct sim_world *world, char *buffer, size_t cap);
void sim_world_trace(struct sim_world *world, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* At most one observer, called inside the steps. */
void sim_world_watch(struct sim_world *world, sim_saw saw, void *ctx);
void sim_world_saw(struct sim_world *world, enum sim_sight sight, const void *thing);

/* Arms fire(self, arg) at `at` (now at the earliest); equal instants in the order of arming. */
void sim_world_at(struct sim_world *world, mono_ms at, sim_fire fire, void *self, uint64_t arg);
/* When the next event is; MONO_NEVER without one. */
mono_ms sim_world_next(const struct sim_world *world);
/* Moves to the next event and fires it; false when there is none. */
bool sim_world_step(struct sim_world *world);
/* Fires everything up to `until` and moves there. */
void sim_world_run_until(struct sim_world *world, mono_ms until);

/* Uniform in 0 .. bound - 1 (bound >= 1); in low .. high; one in `of`. */
uint64_t sim_random(struct sim_world *world, uint64_t bound);
int64_t sim_random_between(struct sim_world *world, int64_t low, int64_t high);
bool sim_random_one_in(struct sim_world *world, uint64_t of);

/* Counts the operation and says what becomes of it. */
enum sim_fate sim_faults_next(struct sim_world *world, enum sim_op op);
bool sim_fate_is_error(enum sim_fate fate);

/* The machine sleeps for so long: everything that was to happen happens so much later. */
void sim_world_sleep(struct sim_world *world, int64_t for_ms);
/* The power goes: nothing that is pending happens. */
void sim_world_cut(struct sim_world *world);
/* The power comes back; the ports are told by sim_machine_boot. */
void sim_world_boot(struct sim_world *world);
/* The agent dies: answers to it are dropped. */
void sim_world_kill(struct sim_world *world);
/* A new agent begins. */
void sim_world_agent(struct sim_world *world);
/* True when a call of the agent has any effect at all. */
bool sim_world_is_live(const struct sim_world *world);

const char *sim_op_word(enum sim_op op);
const char *sim_fate_word(enum sim_fate fate);

#endif
