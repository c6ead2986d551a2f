/* conductor_claims: what two apps of a node may not both have, held against what the others
 * remember: a volume that both write, and the name of a bridge. */
#include "agent/node/conductor_private.h"

#include "agent/node/address.h"

static bool has_writer(const struct plan *plan, uint64_t volume)
{
    for (size_t i = 0; plan != NULL && i < plan->service_count; i++) {
        for (size_t j = 0; j < plan->services[i].volume_count; j++) {
            if (plan->services[i].volumes[j] == volume) {
                return true;
            }
        }
    }
    return false;
}

static bool app_writes(struct app *app, uint64_t volume)
{
    return has_writer(app_plan(app, &app->memory.committed.release), volume) ||
           has_writer(app_plan(app, &app->memory.candidate.release), volume) ||
           has_writer(app_plan(app, &app->memory.wanted), volume);
}

/* Any number of apps may read a volume; one may write it. */
static int check_volumes(struct app *other, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->service_count; i++) {
        const struct plan_service *service = &plan->services[i];
        for (size_t j = 0; j < service->volume_count; j++) {
            bool is_written = (service->volumes[j] & 1u) != 0;
            if (is_written && app_writes(other, service->volumes[j])) {
                return err_set(err, ERR_EXISTS,
                               "service %s writes a named volume that app %s writes, too: mount it "
                               "read_only in one of them, or give it another name",
                               service->name, other->memory.app);
            }
        }
    }
    return 0;
}

/* The name of a bridge is a hash: 15 characters are too few for two names. */
static int check_bridge(const struct app *other, const struct plan *plan, struct err *err)
{
    const struct config *config = &other->conductor->config;
    char mine[16];
    char theirs[16];
    address_bridge(config, plan->app, mine);
    address_bridge(config, other->memory.app, theirs);
    if (strcmp(mine, theirs) != 0) {
        return 0;
    }
    return err_set(err, ERR_EXISTS,
                   "the bridge of app %s would be %s, as that of app %s is: give it another name",
                   plan->app, mine, other->memory.app);
}

int claims_check(struct conductor *conductor, const struct app *self, const struct plan *plan,
                 struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < APPS_MAX && rc == 0; i++) {
        struct app *other = &conductor->apps[i];
        if (other != self && other->is_used && strcmp(other->memory.app, plan->app) != 0) {
            rc = check_bridge(other, plan, err);
            rc = rc == 0 ? check_volumes(other, plan, err) : rc;
        }
    }
    return rc;
}
