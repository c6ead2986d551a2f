/* What berth uses of mbedTLS 3.6, and nothing else: a TLS client, ECDSA, X.509, keys, digests.
 *
 * It replaces include/mbedtls/mbedtls_config.h before the library is built and is installed with
 * its headers, so that the library and its users can never disagree. A line that is not here is
 * off. Everything is built whole; the linker leaves out of a program what that program does not
 * call (the agent writes no certificate, so it carries no certificate writer). */

/* -- the machine --------------------------------------------------------------------- */
#define MBEDTLS_HAVE_ASM       /* long multiplication in the processor's own words: RSA, P-384 */
#define MBEDTLS_HAVE_TIME      /* TLS 1.3 */
#define MBEDTLS_HAVE_TIME_DATE /* a certificate has a beginning and an end */
#define MBEDTLS_FS_IO          /* certificates and keys are read from files, by us and by curl */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY /* calloc can be replaced: a test makes each allocation fail */
#define MBEDTLS_ERROR_C         /* a handshake that fails must say why in words */
#define MBEDTLS_VERSION_C       /* the version we report is asked of the library itself */

/* -- TLS: a client, to brokers and HTTP servers -----------------------------------------
 * No server, no DTLS, no renegotiation (a second handshake in mid-stream is a source of attacks),
 * no session tickets (a node connects rarely; a ticket would be one more secret to keep), no
 * ALPN, no PSK, no CBC suites and therefore no encrypt-then-MAC. */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE /* middle boxes that only know TLS 1.2 */
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED /* TLS 1.2, forward secret only */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED   /* many brokers still hold an RSA certificate */
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET       /* RFC 7627: binds TLS 1.2 keys to the handshake */
#define MBEDTLS_SSL_SERVER_NAME_INDICATION       /* one broker address can serve several names */
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE        /* required by TLS 1.3 */
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES           /* the other side's log says what we refused */

/* A server may fill a record to 16 KiB and rarely accepts to send less; what we send is cut into
 * records of 4 KiB. The second also bounds our certificate chain: ample for EC certificates. */
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4096

/* -- ciphers: the two AEADs that every server has ------------------------------------ */
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES   /* tables in shared read-only pages, not 8 KiB of our memory */
#define MBEDTLS_AES_FEWER_TABLES /* 2 KiB of them instead of 8 */
#define MBEDTLS_AESNI_C          /* x86-64: used where the processor has it, else the tables */
#define MBEDTLS_AESCE_C          /* 64-bit ARM: the same */
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C /* faster and safer than table AES where there is no AES unit */

/* -- digests: no MD5, no SHA-1 ------------------------------------------------------- */
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C /* releases, signatures, TLS */
#define MBEDTLS_SHA384_C /* P-384 certificates, AES-256-GCM suites */
#define MBEDTLS_SHA512_C /* RSA certificates; entropy is collected with it */
#define MBEDTLS_HKDF_C   /* the TLS 1.3 key schedule */

/* -- random numbers ------------------------------------------------------------------ */
#define MBEDTLS_ENTROPY_C /* getrandom(2) */
#define MBEDTLS_CTR_DRBG_C
#define MBEDTLS_ENTROPY_MAX_SOURCES 2

/* -- keys ---------------------------------------------------------------------------- */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_MPI_MAX_SIZE 512 /* bytes: RSA up to 4096 bits */
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED /* our signatures; every TLS 1.3 server has it */
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED /* certificate authorities of companies */
#define MBEDTLS_ECP_NIST_OPTIM           /* reduction made for these primes: several times faster */
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC /* RFC 6979: a weak random source cannot leak the key */
#define MBEDTLS_HMAC_DRBG_C         /* required by the line above */
#define MBEDTLS_RSA_C               /* to verify; we never make an RSA key */
#define MBEDTLS_PKCS1_V15           /* RSA certificates, TLS 1.2 */
#define MBEDTLS_PKCS1_V21           /* RSA-PSS: TLS 1.3 allows no other RSA signature */
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_WRITE_C /* the operator's tool makes keys */
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C /* strict DER: a signature is parsed, written again and compared */
#define MBEDTLS_OID_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PEM_WRITE_C

/* -- certificates -------------------------------------------------------------------- */
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT /* certificates that are signed with RSA-PSS */
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C /* the operator's tool issues node certificates */

/* -- PSA: TLS 1.3 is written on top of it -------------------------------------------- */
#define MBEDTLS_PSA_CRYPTO_C         /* call psa_crypto_init() before a handshake */
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC /* slots when needed, not 32 at start; none stored on disk */
