/* known_answers: cryptography tried on answers that everybody knows, against a compiler or a
 * processor that computes wrongly. */
#ifndef BERTHD_KNOWN_ANSWERS_H
#define BERTHD_KNOWN_ANSWERS_H

#include "platform/verify.h"

/* The digest of "abc" (FIPS 180-4's example) and the signature of "sample" (RFC 6979, appendix
 * A.2.5) are right; the same signature of another message is not. ERR_DIGEST, ERR_SIGNATURE. */
NODISCARD int known_answers_check(const struct verify *verify, struct err *err);

#endif
