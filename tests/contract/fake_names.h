/* fake_names: a resolver with a few names of its own, linked in the C library's place. */
#ifndef TESTS_CONTRACT_FAKE_NAMES_H
#define TESTS_CONTRACT_FAKE_NAMES_H

/* Linking fake_names.c replaces getaddrinfo in a test program, and so in the helper that this
 * program becomes. Other names are asked of the real one. */
#define FAKE_NAME_HANGS   "hangs.test"   /* no answer, ever */
#define FAKE_NAME_DIES    "dies.test"    /* kills the process that asks */
#define FAKE_NAME_UNKNOWN "unknown.test" /* EAI_NONAME */
#define FAKE_NAME_MANY    "many.test"    /* ten addresses: 127.0.0.10 to 127.0.0.19 */
#define FAKE_NAME_SECOND  "second.test"  /* 127.0.0.99, where nobody listens, then 127.0.0.1 */
#define FAKE_NAME_HERE    "here.test"    /* 127.0.0.1 */

#endif
