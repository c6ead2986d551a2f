/* tls_words: what the library's numbers say, for those that a client with files of its own can
 * meet. The library's table of all of them would be 14 KB of the agent. */
#ifndef PORTS_MBEDTLS_TLS_WORDS_H
#define PORTS_MBEDTLS_TLS_WORDS_H

#define TLS_WORDS_BYTES 128

/* The failure of a module and what lay below it, as in "X509 - date tag or value invalid : ASN1 -
 * out of data". A number that has no words is written as such, "-0x7080", to be looked up in
 * mbedtls/error.h. */
const char *tls_words(int rc, char text[TLS_WORDS_BYTES]);

#endif
