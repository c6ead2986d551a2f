/* sealed: releases and orders of any content, signed by the key that is trusted, or another. */
#ifndef TESTS_SIM_SEALED_H
#define TESTS_SIM_SEALED_H

#include "agent/wire/order.h"
#include "agent/wire/trust.h"

#define SEALED_BYTES 32768

struct sealed {
    char data[SEALED_BYTES];
    size_t len;
    struct digest digest; /* of what is signed */
};

/* What a release says beside its pattern: members, each text beginning with a comma; NULL: none. */
struct sealed_content {
    const char *app;
    uint64_t sequence;
    const char *top;       /* of x-berth */
    const char *service;   /* of the one service */
    const char *extension; /* of its x-berth */
    const char *root;      /* beside the services */
    bool is_empty;         /* it has no service: the app is removed */
};

/* The image is that of release v2 (releases.h). `signer`: 1 is trusted; 0: no signature. */
void sealed_release(const struct sealed_content *content, int signer, struct sealed *made);
void sealed_order(const struct order *order, int signer, struct sealed *made);

struct span sealed_span(const struct sealed *made);

#endif
