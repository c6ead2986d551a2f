/* verbs: each row of ports/app/words/berth.c has its function here; a test holds the two together.
 */
#include "ports/app/berth/verbs.h"

#include <assert.h>
#include <string.h>

#include "platform/base/units.h"

static const struct {
    const char *name;
    verb_function *run;
} verbs[] = {
    {"keys new", verb_keys_new},
    {"keys operators", verb_keys_operators},
    {"keys trust", verb_keys_trust},
    {"release build", verb_release_build},
    {"release lint", verb_release_lint},
    {"release sign", verb_release_sign},
    {"release verify", verb_release_verify},
    {"release show", verb_release_show},
    {"deploy", verb_deploy},
    {"fleet init", verb_fleet_init},
    {"fleet upgrade", verb_fleet_upgrade},
    {"fleet unread", verb_fleet_unread},
    {"node add", verb_node_add},
    {"node enroll", verb_node_enroll},
    {"node label", verb_node_label},
    {"node remove", verb_node_remove},
    {"node show", verb_node_show},
    {"node list", verb_node_list},
    {"release list", verb_release_list},
    {"release publish", verb_release_publish},
    {"release revoke", verb_release_revoke},
    {"trust publish", verb_trust_publish},
    {"rollout plan", verb_rollout_plan},
    {"rollout start", verb_rollout_start},
    {"rollout watch", verb_rollout_watch},
    {"rollout status", verb_rollout_status},
    {"rollout list", verb_rollout_list},
    {"rollout history", verb_rollout_history},
    {"rollout pause", verb_rollout_pause},
    {"rollout resume", verb_rollout_resume},
    {"rollout skip", verb_rollout_skip},
    {"rollout retry", verb_rollout_retry},
    {"rollout undo", verb_rollout_undo},
    {"rollout abort", verb_rollout_abort},
    {"rollout freeze", verb_rollout_freeze},
    {"rollout thaw", verb_rollout_thaw},
    {"completion", verb_completion},
    {"coordinate", verb_coordinate},
    {"revoke", verb_revoke},
};

verb_function *verb_find(const char *name)
{
    size_t at = 0;
    while (at < COUNT_OF(verbs) && strcmp(verbs[at].name, name) != 0) {
        at++;
    }
    assert(at < COUNT_OF(verbs));
    return verbs[at].run;
}
