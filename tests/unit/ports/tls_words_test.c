/* tls_words_test: each number has the words of its module, as the library's own table names it, and
 * what has no words is a number to look up. */
#include "ports/mbedtls/tls_words.h"

#include <mbedtls/asn1.h>
#include <mbedtls/cipher.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509.h>
#include <stdbool.h>
#include <string.h>

#include "platform/base/units.h"
#include "tests/check.h"

/* The module's name with what follows it: "X509 - ". */
static size_t module_length(const char *words)
{
    const char *dash = strstr(words, " - ");
    return dash == NULL ? 0 : (size_t)(dash - words) + 3;
}

/* Every number of one module at a time: ours says nothing of a module that the library does not. */
static void modules_are_the_librarys(void)
{
    size_t known = 0;
    for (int number = 1; number <= 0x7fff; number++) {
        bool is_single = (number & 0x7f) == 0 || number < 0x80;
        char ours[TLS_WORDS_BYTES];
        char theirs[1024];
        if (!is_single || tls_words(-number, ours)[0] == '-') {
            continue;
        }
        mbedtls_strerror(-number, theirs, sizeof theirs);
        CHECK(module_length(ours) > 0);
        CHECK_INT_EQ(strncmp(ours, theirs, module_length(ours)), 0);
        known++;
    }
    CHECK_INT_EQ(known, 75);
}

static void two_numbers_are_two_words(void)
{
    char text[TLS_WORDS_BYTES];
    CHECK_STR_EQ(tls_words(MBEDTLS_ERR_X509_INVALID_DATE + MBEDTLS_ERR_ASN1_OUT_OF_DATA, text),
                 "X509 - date is invalid : ASN1 - out of data");
    CHECK_STR_EQ(tls_words(MBEDTLS_ERR_ASN1_OUT_OF_DATA, text), "ASN1 - out of data");
    CHECK_STR_EQ(tls_words(MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, text),
                 "SSL - no protocol version in common");
}

static void unknown_numbers_are_shown(void)
{
    char text[TLS_WORDS_BYTES];
    CHECK_STR_EQ(tls_words(MBEDTLS_ERR_CIPHER_AUTH_FAILED, text), "-0x6300");
    CHECK_STR_EQ(tls_words(MBEDTLS_ERR_PK_INVALID_ALG - 0x7f, text),
                 "PK - algorithm tag or value invalid : -0x007f");
    CHECK_STR_EQ(tls_words(-0x7fff, text), "-0x7f80 : -0x007f");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a module's words are the library's", modules_are_the_librarys},
        {"two numbers are two words", two_numbers_are_two_words},
        {"unknown numbers are shown", unknown_numbers_are_shown},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
