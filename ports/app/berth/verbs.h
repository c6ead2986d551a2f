/* verbs: what berth can be asked to do; one file each. */
#ifndef PORTS_APP_BERTH_VERBS_H
#define PORTS_APP_BERTH_VERBS_H

#include "platform/base/err.h"
#include "ports/app/words/given.h"

/* `given` is judged by the verb's row of ports/app/words/berth.c. 0, ERR_USAGE (the usage is then
 * printed), another code, or a positive exit status whose reason the verb has printed. */
int verb_keys_new(struct given *given, struct err *err);
int verb_keys_operators(struct given *given, struct err *err);
int verb_keys_trust(struct given *given, struct err *err);
int verb_release_build(struct given *given, struct err *err);
int verb_release_lint(struct given *given, struct err *err);
int verb_release_sign(struct given *given, struct err *err);
int verb_release_verify(struct given *given, struct err *err);
int verb_release_show(struct given *given, struct err *err);
int verb_fleet_init(struct given *given, struct err *err);
int verb_fleet_upgrade(struct given *given, struct err *err);
int verb_fleet_unread(struct given *given, struct err *err);
int verb_node_add(struct given *given, struct err *err);
int verb_node_enroll(struct given *given, struct err *err);
int verb_node_label(struct given *given, struct err *err);
int verb_node_remove(struct given *given, struct err *err);
int verb_node_show(struct given *given, struct err *err);
int verb_node_list(struct given *given, struct err *err);
int verb_release_list(struct given *given, struct err *err);
int verb_release_publish(struct given *given, struct err *err);
int verb_release_revoke(struct given *given, struct err *err);
int verb_trust_publish(struct given *given, struct err *err);
int verb_rollout_plan(struct given *given, struct err *err);
int verb_rollout_undo(struct given *given, struct err *err);
int verb_rollout_skip(struct given *given, struct err *err);
int verb_rollout_retry(struct given *given, struct err *err);
int verb_rollout_start(struct given *given, struct err *err);
int verb_rollout_watch(struct given *given, struct err *err);
int verb_rollout_status(struct given *given, struct err *err);
int verb_rollout_history(struct given *given, struct err *err);
int verb_rollout_list(struct given *given, struct err *err);
int verb_rollout_pause(struct given *given, struct err *err);
int verb_rollout_resume(struct given *given, struct err *err);
int verb_rollout_freeze(struct given *given, struct err *err);
int verb_rollout_thaw(struct given *given, struct err *err);
int verb_rollout_abort(struct given *given, struct err *err);
int verb_completion(struct given *given, struct err *err);
int verb_coordinate(struct given *given, struct err *err);
int verb_deploy(struct given *given, struct err *err);
int verb_revoke(struct given *given, struct err *err);

typedef int verb_function(struct given *given, struct err *err);

/* The verb of a row; every row has one (asserted). */
verb_function *verb_find(const char *name);

#endif
