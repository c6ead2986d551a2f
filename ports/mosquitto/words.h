/* words: what libmosquitto and a broker's reason codes mean, in our errors and for a person. */
#ifndef PORTS_MOSQUITTO_WORDS_H
#define PORTS_MOSQUITTO_WORDS_H

#include "platform/base/err.h"

/* A result of the library other than success, while doing `what`. Returns the code it sets. */
int words_library(struct err *err, int result, const char *what);

/* Why the broker refused to let us in: the CONNACK reason of that MQTT version (5 or 4). */
int words_refusal(struct err *err, int protocol, unsigned reason);

/* Why an MQTT 5 broker ended a session: the reason of its DISCONNECT. */
int words_farewell(struct err *err, unsigned reason);

/* Why it denied a publish or a subscription of `what`: a reason from 0x80. */
int words_denial(struct err *err, const char *what, unsigned reason);

#endif
