/* registry_challenge: what a registry that answers 401 wants to be shown (RFC 9110 section 11.6.1,
 * with the parameters of the distribution specification's token flow). */
#ifndef PORTS_APP_BERTH_REGISTRY_CHALLENGE_H
#define PORTS_APP_BERTH_REGISTRY_CHALLENGE_H

#include <stdbool.h>

struct registry_challenge {
    bool is_basic;  /* a name and a password */
    bool is_bearer; /* a token of the server at `realm`, for `service` and `scope` */
    char realm[512], service[256], scope[512];
    char error[128]; /* why a token that was shown does not do: "invalid_token" */
};

/* Adds what one WWW-Authenticate header says; it may hold several challenges, and an answer several
 * such headers. What is not understood or does not fit is left out: a Bearer challenge without a
 * realm is none. */
void registry_challenge_add(struct registry_challenge *challenge, const char *value);

#endif
