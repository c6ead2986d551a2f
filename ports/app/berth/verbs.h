/* verbs: what berth can be asked to do; one file each. */
#ifndef PORTS_APP_BERTH_VERBS_H
#define PORTS_APP_BERTH_VERBS_H

#include "platform/base/err.h"

/* argv[0] is the verb's last word. 0, ERR_USAGE (the usage is then printed), another code, or a
 * positive exit status whose reason the verb has printed. */
int verb_keys_new(int argc, char **argv, struct err *err);
int verb_keys_operators(int argc, char **argv, struct err *err);
int verb_keys_trust(int argc, char **argv, struct err *err);
int verb_release_build(int argc, char **argv, struct err *err);
int verb_release_lint(int argc, char **argv, struct err *err);
int verb_release_sign(int argc, char **argv, struct err *err);
int verb_release_verify(int argc, char **argv, struct err *err);
int verb_release_show(int argc, char **argv, struct err *err);
int verb_fleet_init(int argc, char **argv, struct err *err);
int verb_fleet_upgrade(int argc, char **argv, struct err *err);
int verb_fleet_unread(int argc, char **argv, struct err *err);
int verb_node_add(int argc, char **argv, struct err *err);
int verb_node_label(int argc, char **argv, struct err *err);
int verb_node_remove(int argc, char **argv, struct err *err);
int verb_node_show(int argc, char **argv, struct err *err);
int verb_node_list(int argc, char **argv, struct err *err);
int verb_release_publish(int argc, char **argv, struct err *err);
int verb_release_revoke(int argc, char **argv, struct err *err);
int verb_trust_publish(int argc, char **argv, struct err *err);
int verb_rollout_plan(int argc, char **argv, struct err *err);
int verb_rollout_undo(int argc, char **argv, struct err *err);
int verb_rollout_skip(int argc, char **argv, struct err *err);
int verb_rollout_retry(int argc, char **argv, struct err *err);
int verb_rollout_start(int argc, char **argv, struct err *err);
int verb_rollout_watch(int argc, char **argv, struct err *err);
int verb_rollout_status(int argc, char **argv, struct err *err);
int verb_rollout_list(int argc, char **argv, struct err *err);
int verb_rollout_pause(int argc, char **argv, struct err *err);
int verb_rollout_resume(int argc, char **argv, struct err *err);
int verb_rollout_abort(int argc, char **argv, struct err *err);
int verb_coordinate(int argc, char **argv, struct err *err);
int verb_deploy(int argc, char **argv, struct err *err);
int verb_revoke(int argc, char **argv, struct err *err);

#endif
