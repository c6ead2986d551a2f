/* rollout_run: opens, turns, gives the claim back. */
#include "ports/app/berth/rollout_run.h"

#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/begun_file.h"
#include "ports/app/berth/epoch_file.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/interrupt.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/roll_file.h"
#include "ports/app/berth/rollout_freeze.h"

#define LEAVE_MS SECONDS_MS(2)
/* A person who watches sees a change within this. */
#define TURN_MS 250

static int epoch_keep(void *ctx, uint64_t epoch, struct err *err)
{
    const struct rollout_run *run = ctx;
    return epoch_file_keep(&run->dir, run->trust.epoch_base, epoch, err);
}

static int begun_keep(void *ctx, const struct begun *begun, struct err *err)
{
    const struct rollout_run *run = ctx;
    return begun_file_keep(&run->dir, begun, err);
}

static int freeze_keep(void *ctx, struct span envelope, struct err *err)
{
    const struct rollout_run *run = ctx;
    return rollout_freeze_keep(&run->dir, envelope, err);
}

static int operators_keep(void *ctx, struct span envelope, struct err *err)
{
    const struct rollout_run *run = ctx;
    return operators_file_keep(&run->session.keyring, &run->dir, &run->trust, envelope, err);
}

static int roll_keep(void *ctx, const char *shard, struct span envelope, struct err *err)
{
    const struct rollout_run *run = ctx;
    return roll_file_keep(&run->dir, shard, envelope, err);
}

/* A shard that is not believed any more is as if it were not there: an operator signs it again. */
static int roll_kept_take(void *ctx, const char *shard, struct span envelope, struct err *err)
{
    struct rollout_run *run = ctx;
    struct err why = {0};
    int rc = coordinator_roll_seed(run->coordinator, envelope, &why);
    if (rc != 0 && rc != ERR_MEMORY) {
        run->session.log_port.ops->line(run->session.log_port.self, LOG_LEVEL_WARNING, why.text);
    }
    return rc == ERR_MEMORY ? err_set(err, rc, "no memory for the roll's shard %s", shard) : 0;
}

static int coordinator_open(struct rollout_run *run, struct err *err)
{
    char path[PATH_MAX];
    char *pem = NULL, *freeze = NULL;
    struct span freeze_kept = {0};
    struct begun begun = {0};
    size_t len = 0;
    uint64_t epoch = 0;
    const struct coordinator_ports ports = {.clock = run->session.clock_port,
                                            .bus = run->session.bus,
                                            .entropy = run->session.entropy,
                                            .sign = run->session.keyring.sign,
                                            .verify = run->session.keyring.verify,
                                            .log = run->session.log_port};
    fleet_dir_file(&run->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&run->session.keyring, path, &run->trust, err);
    rc = rc == 0 ? operators_file_load(&run->session.keyring, &run->dir, &run->trust,
                                       &run->operators, err)
                 : rc;
    rc = rc == 0 ? epoch_file_load(&run->dir, run->trust.epoch_base, &epoch, err) : rc;
    rc = rc == 0 ? rollout_freeze_load(&run->dir, &freeze, &freeze_kept, err) : rc;
    rc = rc == 0 ? begun_file_load(&run->dir, &begun, err) : rc;
    fleet_dir_file(&run->dir, "keys/order.pem", path);
    rc = rc == 0 ? file_read(path, SIGN_PEM_BYTES_MAX, &pem, &len, err) : rc;
    if (rc != 0) {
        free(freeze);
        begun_close(&begun);
        return rc;
    }
    const struct coordinator_settings settings = {.fleet = run->dir.fleet,
                                                  .order_key_pem = pem,
                                                  .trust = &run->trust,
                                                  .operators = &run->operators,
                                                  .operators_keep = operators_keep,
                                                  .roll_keep = roll_keep,
                                                  .begun_kept = &begun,
                                                  .begun_keep = begun_keep,
                                                  .freeze_kept = freeze_kept,
                                                  .freeze_keep = freeze_keep,
                                                  .epoch_kept = epoch,
                                                  .epoch_keep = epoch_keep,
                                                  .epoch_ctx = run};
    rc = coordinator_new(&settings, &ports, &run->coordinator, err);
    explicit_bzero(pem, len);
    free(pem);
    if (rc == 0) {
        rc = roll_file_each(&run->dir, roll_kept_take, run, err);
        if (rc != 0) {
            coordinator_free(run->coordinator);
        }
    }
    free(freeze);
    begun_close(&begun);
    return rc;
}

int rollout_run_open(struct rollout_run *run, const char *path, struct err *err)
{
    memset(run, 0, sizeof *run);
    int rc = fleet_dir_load(fleet_dir_choose(path), &run->dir, err);
    rc = rc == 0 ? session_open(&run->session, &run->dir, err) : rc;
    if (rc != 0) {
        return rc;
    }
    rc = coordinator_open(run, err);
    if (rc != 0) {
        session_close(&run->session);
    }
    return rc;
}

void rollout_run_close(struct rollout_run *run)
{
    coordinator_free(run->coordinator);
    session_close(&run->session);
}

static void turn_once(struct rollout_run *run, int64_t most_ms)
{
    coordinator_step(run->coordinator);
    mono_ms now = linux_loop_now();
    mono_ms due = coordinator_deadline(run->coordinator);
    int64_t wait = due > now ? due - now : 0;
    linux_loop_run_once(&run->session.loop, wait < most_ms ? wait : most_ms);
}

static void leave(struct rollout_run *run)
{
    mono_ms until = linux_loop_now() + LEAVE_MS;
    coordinator_leave(run->coordinator);
    while (!coordinator_has_left(run->coordinator) && linux_loop_now() < until) {
        turn_once(run, TURN_MS);
    }
}

bool rollout_run_turn(struct rollout_run *run, rollout_turn turn, void *ctx)
{
    struct interrupt interrupt;
    bool is_ended = false;
    interrupt_open(&interrupt, linux_loop_interface(&run->session.loop));
    while (!is_ended && !interrupt.has_come) {
        turn_once(run, TURN_MS);
        is_ended = turn(ctx, run);
    }
    leave(run);
    interrupt_close(&interrupt);
    return is_ended;
}
