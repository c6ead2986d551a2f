/* store_private: what the calls of the simulated store and its files share. */
#ifndef PORTS_SIM_STORE_PRIVATE_H
#define PORTS_SIM_STORE_PRIVATE_H

#include "ports/sim/slots.h"
#include "ports/sim/store.h"

#define RECORD_SUFFIX ".rec"
#define BLOB_SUFFIX   ".blob"
#define TEMPORARY     ".new" /* never a document's name: those do not start with a dot */
#define BUDGET_NONE   UINT32_MAX

void store_file_name(char target[SIM_DISK_NAME_BYTES], const char *name, const char *suffix);

/* Slot `number` of a record's file as it is seen now. */
struct sim_slot store_read_slot(const struct sim_store *store, int file, int number);

/* Finds the newest whole slot anew; it counts as unconfirmed. */
void store_look_at_record(const struct sim_store *store, int file, struct sim_record *record);

/* The port's notes on a record whose file is there; NULL when there are too many. */
struct sim_record *store_record_of(struct sim_store *store, const char *name, int file);

/* What is seen in the newest slot may never have reached the medium (a sync that failed, then a new
 * agent): writes the same bytes again and syncs, before the other slot is touched. */
int store_confirm(struct sim_store *store, int file, struct sim_record *record, struct err *err);

/* Each carries one call out, as far as store->budget lasts (then ERR_CANCELLED). */
int store_write_record(struct sim_store *store, const char *name, struct span content,
                       struct err *err);
int store_write_blob(struct sim_store *store, const char *name, struct span content,
                     struct err *err);
int store_remove_blob(struct sim_store *store, const char *name, struct err *err);

/* How many disk steps the call will take: where the power can go within it. */
uint32_t store_count_steps(struct sim_store *store, const struct sim_store_call *call);

#endif
