/* seal: a verify port for tests: digests and signatures that are the same in every run, and no
 * cryptography at all. The real one is tested where it lives; here only its answers matter. */
#ifndef TESTS_SIM_SEAL_H
#define TESTS_SIM_SEAL_H

#include "platform/sign.h"
#include "platform/verify.h"

/* A signature is the digest of key and message. */
#define SEAL_BYTES DIGEST_BYTES

void seal_digest(struct span data, struct digest *digest);
void seal_sign(const uint8_t key[VERIFY_KEY_BYTES], struct span message, uint8_t seal[SEAL_BYTES]);
struct verify seal_verify_port(void);

/* "seal:<n>" is the private half of the key {4, n}; makes no keys. */
#define SEAL_PEM_TRUSTED  "seal:1"
#define SEAL_PEM_STRANGER "seal:2"
struct sign seal_sign_port(void);

#endif
