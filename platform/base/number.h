/* Numbers on a medium: unsigned, little-endian, as wide as the place they have. */
#ifndef PLATFORM_BASE_NUMBER_H
#define PLATFORM_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Writes the low `bytes` (1 to 8) bytes of `value`; what does not fit in them is left out. */
static inline void number_put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Reads `bytes` (1 to 8) bytes. */
static inline uint64_t number_get(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

#endif
