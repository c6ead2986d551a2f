/* scarce: the C library's allocations, of which a chosen one fails: wrapped at the link. */
#ifndef TESTS_UNIT_FLEET_SCARCE_H
#define TESTS_UNIT_FLEET_SCARCE_H

#include <stdbool.h>

/* So many more succeed, and one fails; then there is memory again. */
void scarce_begin(int count);
/* None succeeds any more until scarce_end. */
void scarce_begin_none(void);
/* How often memory was freed in which this text stood, since the call before. */
unsigned scarce_leaks(const char *text);
/* There is memory again. True when one failed since it began. */
bool scarce_end(void);

#endif
