/* deploy_status: what the status of an agent says of the app that is deployed. */
#include <string.h>

#include "ports/app/control/scan.h"
#include "ports/app/berth/deploy.h"

/* The app's part of the document. */
static bool app_find(const struct span *status, const char *app, struct span *found)
{
    struct span apps;
    char name[NAME_BYTES];
    if (!scan_member(*status, "apps", &apps)) {
        return false;
    }
    for (size_t at = 0; scan_element(apps, &at, found);) {
        if (scan_member_text(*found, "app", name, sizeof name) && strcmp(name, app) == 0) {
            return true;
        }
    }
    return false;
}

/* The highest one that it has. */
uint64_t deploy_sequence(void *ctx, const char *app)
{
    static const char *const roles[] = {"committed", "candidate", "previous"};
    struct span found;
    struct span generation;
    int64_t most = 0;
    if (!app_find(ctx, app, &found)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        int64_t sequence = scan_member(found, roles[i], &generation)
                               ? scan_member_integer(generation, "sequence", 0)
                               : 0;
        most = sequence > most ? sequence : most;
    }
    return (uint64_t)most;
}

bool deploy_proven(void *ctx, const char *app, uint64_t *sequence, struct digest *digest)
{
    struct span found;
    struct span committed;
    char hex[DIGEST_HEX_BYTES];
    char wanted[DIGEST_HEX_BYTES];
    char phase[32];
    char health[32];
    if (!app_find(ctx, app, &found) || !scan_member(found, "committed", &committed) ||
        !scan_member_text(committed, "release", hex, sizeof hex) ||
        !scan_member_text(found, "phase", phase, sizeof phase) ||
        !scan_member_text(found, "health", health, sizeof health) ||
        !scan_member_text(found, "wanted", wanted, sizeof wanted)) {
        return false;
    }
    int64_t number = scan_member_integer(committed, "sequence", 0);
    *sequence = (uint64_t)number;
    /* One that is not ready is deployed again: its containers are made anew. */
    return number > 0 && digest_parse(hex, digest) && strcmp(phase, "rest") == 0 &&
           strcmp(health, "ready") == 0 && (wanted[0] == '\0' || strcmp(wanted, hex) == 0);
}
