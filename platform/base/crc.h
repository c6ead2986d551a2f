/* CRC-32C: tells a whole slot from a torn one. Not a defence against an attacker. */
#ifndef PLATFORM_BASE_CRC_H
#define PLATFORM_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli, RFC 3720 section 12.1) of len bytes; `crc` is 0 at the start or the result
 * of the bytes before. crc32c(0, "123456789", 9) is 0xE3069283. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

#endif
