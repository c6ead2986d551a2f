/* values: kinds of values that only berth's verbs take: judged before a verb runs, and read. */
#ifndef PORTS_APP_BERTH_VALUES_H
#define PORTS_APP_BERTH_VALUES_H

#include "agent/wire/labels.h"
#include "agent/wire/trust.h"
#include "ports/app/berth/fleet_dir.h"
#include "ports/app/words/given.h"

/* For given_read. */
bool values_check(const struct words_option *option, const char *value, struct text *complaint);

/* "site=north" into a set of labels. ERR_USAGE, and labels_set's codes. */
NODISCARD int values_label(struct labels *labels, const char *value, struct err *err);
/* HOST[:NODEPORT[:OPERATORPORT]] into the folder's host and ports. ERR_USAGE. */
NODISCARD int values_broker(struct fleet_dir *dir, const char *value, struct err *err);
/* The role of "release=a.pub,b.pub:2"; TRUST_ROLE_COUNT for none. */
enum trust_role values_role(const char *value);

#endif
