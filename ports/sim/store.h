/* store: platform/store.h on the simulated disk, by a slot scheme of its own. */
#ifndef PORTS_SIM_STORE_H
#define PORTS_SIM_STORE_H

#include "platform/store.h"
#include "ports/sim/disk.h"

#define SIM_STORE_PENDING_MAX 8

enum sim_store_kind { SIM_STORE_RECORD, SIM_STORE_BLOB, SIM_STORE_REMOVE };

struct sim_store_call {
    bool is_used;
    enum sim_store_kind kind;
    enum sim_fate fate;
    uint32_t agent;  /* whose answer it is */
    uint64_t serial; /* tells it from earlier calls in its place */
    char name[STORE_NAME_BYTES];
    uint8_t *content; /* owned */
    size_t len;
    store_done done;
    void *ctx;
    struct err err;
};

/* What the port knows of one record's file while the agent lives. */
struct sim_record {
    char name[STORE_NAME_BYTES];
    int newest;        /* slot of the newest whole generation; -1: none */
    uint64_t sequence; /* its number */
    bool is_confirmed; /* the newest slot was synced in this life, not only seen */
    bool is_suspect;   /* a write failed: read again before it is trusted */
};

struct sim_store {
    struct sim_world *world;
    struct sim_disk *disk;
    struct sim_store_call calls[SIM_STORE_PENDING_MAX];
    struct sim_record records[STORE_RECORDS_MAX];
    size_t record_count;
    uint64_t serial;
    mono_ms busy_until; /* calls are carried out one after the other */
    uint32_t budget;    /* disk steps left before the power goes; UINT32_MAX: it stays */
    uint32_t writes;    /* successful durable writes, for counting */
};

void sim_store_init(struct sim_store *store, struct sim_world *world, struct sim_disk *disk);

/* A new agent opens the store: forgets what was known; calls still pending are
 * carried out or not, by seed, and never answered. */
void sim_store_open(struct sim_store *store);

/* Drops pending calls and their memory. */
void sim_store_close(struct sim_store *store);

struct store sim_store_port(struct sim_store *store);

#endif
