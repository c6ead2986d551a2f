/* law: the last words of a process that has broken one. */
#include "platform/base/law.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

const char *law_word(enum law law)
{
    static const char *const words[] = {
#define WORD_(name, word) [LAW_##name] = word,
        LAWS(WORD_)
#undef WORD_
    };
    return (unsigned)law < LAW_COUNT ? words[law] : "none";
}

void law_broken(enum law law)
{
    intptr_t place = (intptr_t)__builtin_return_address(0) - (intptr_t)law_broken;
    (void)fprintf(stderr, "a law of ours is broken: %s, at law_broken%+lld\n", law_word(law),
                  (long long)place);
    abort();
}
