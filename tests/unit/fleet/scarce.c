/* scarce: malloc, calloc and realloc as the objects of the program call them. */
#include "tests/unit/fleet/scarce.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static int left = -1; /* successes before the failure; negative: no failure */
static bool is_for_good, has_failed;
static const char *secret;
static unsigned leaks;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

void scarce_begin(int count)
{
    left = count;
    is_for_good = has_failed = false;
}

void scarce_begin_none(void)
{
    scarce_begin(0);
    is_for_good = true;
}

bool scarce_end(void)
{
    bool answer = has_failed;
    left = -1;
    has_failed = false;
    return answer;
}

static bool is_failing(void)
{
    if (left < 0 || left-- > 0) {
        return false;
    }
    has_failed = true;
    left = is_for_good ? 0 : -1;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return is_failing() ? NULL : __real_realloc(old, size);
}

unsigned scarce_leaks(const char *text)
{
    unsigned answer = leaks;
    secret = text;
    leaks = 0;
    return answer;
}

void __wrap_free(void *memory)
{
    if (memory != NULL && secret != NULL &&
        memmem(memory, malloc_usable_size(memory), secret, strlen(secret)) != NULL) {
        leaks++;
    }
    __real_free(memory);
}
