/* seal: four 64-bit mixes side by side make something of a digest's size. */
#include "tests/sim/seal.h"

#include <string.h>

#define MIXES 4

struct mix {
    uint64_t state[MIXES];
};

static void mix_init(struct mix *mix)
{
    for (size_t i = 0; i < MIXES; i++) {
        mix->state[i] = 0xCBF29CE484222325u + 0x9E3779B97F4A7C15u * i;
    }
}

static void mix_add(struct mix *mix, struct span data)
{
    for (size_t i = 0; i < data.len; i++) {
        for (size_t j = 0; j < MIXES; j++) {
            uint64_t state = (mix->state[j] ^ data.data[i]) * 0x100000001B3u;
            mix->state[j] = state ^ (state >> (29 + j));
        }
    }
}

static void mix_end(const struct mix *mix, uint8_t bytes[DIGEST_BYTES])
{
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        bytes[i] = (uint8_t)(mix->state[i / 8] >> (8 * (i % 8)));
    }
}

void seal_digest(struct span data, struct digest *digest)
{
    struct mix mix;
    mix_init(&mix);
    mix_add(&mix, data);
    mix_end(&mix, digest->bytes);
}

void seal_sign(const uint8_t key[VERIFY_KEY_BYTES], struct span message, uint8_t seal[SEAL_BYTES])
{
    struct mix mix;
    mix_init(&mix);
    mix_add(&mix, span_of(key, VERIFY_KEY_BYTES));
    mix_add(&mix, message);
    mix_end(&mix, seal);
}

static void sha256(void *self, struct span data, struct digest *digest)
{
    (void)self;
    seal_digest(data, digest);
}

static int signature(void *self, const uint8_t key[VERIFY_KEY_BYTES], struct span message,
                     struct span seal, struct err *err)
{
    uint8_t wanted[SEAL_BYTES];
    (void)self;
    seal_sign(key, message, wanted);
    if (!span_is_equal(seal, span_of(wanted, sizeof wanted))) {
        return err_set(err, ERR_SIGNATURE, "the signature does not fit");
    }
    return 0;
}

struct verify seal_verify_port(void)
{
    static const struct verify_ops ops = {.sha256 = sha256, .signature = signature};
    return (struct verify){.ops = &ops, .self = NULL};
}

static int key_new(void *self, char pem[SIGN_PEM_BYTES_MAX], struct err *err)
{
    (void)self;
    (void)pem;
    return err_set(err, ERR_NOT_FOUND, "a seal's keys are given");
}

static int key_public(void *self, const char *pem, uint8_t key[VERIFY_KEY_BYTES], struct err *err)
{
    (void)self;
    if (strncmp(pem, "seal:", 5) != 0 || pem[5] < '0' || pem[5] > '9' || pem[6] != '\0') {
        return err_set(err, ERR_VALUE, "\"%s\" is no key of a seal", pem);
    }
    memset(key, 0, VERIFY_KEY_BYTES);
    key[0] = 4;
    key[1] = (uint8_t)(pem[5] - '0');
    return 0;
}

static int sign_message(void *self, const char *pem, struct span message,
                        uint8_t der[SIGN_DER_BYTES_MAX], size_t *len, struct err *err)
{
    uint8_t key[VERIFY_KEY_BYTES];
    int rc = key_public(self, pem, key, err);
    if (rc == 0) {
        seal_sign(key, message, der);
        *len = SEAL_BYTES;
    }
    return rc;
}

struct sign seal_sign_port(void)
{
    static const struct sign_ops ops = {
        .key_new = key_new, .key_public = key_public, .signature = sign_message};
    return (struct sign){.ops = &ops, .self = NULL};
}
