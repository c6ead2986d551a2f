/* slots: a record's two slots, and a blob, as a medium may give them back; the checksums are made
 * to fit where the first byte says so, so that what lies behind them is met, too. */
#include "ports/linux/slots.h"

#include "platform/base/crc.h"
#include "platform/base/number.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

static void slot_mend(uint8_t *slot)
{
    memcpy(slot, "BSL1", 4);
    memset(slot + 16, 0, 4);
    number_put(slot + 16, crc32c(0, slot, SLOT_BYTES), 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t slots[SLOT_COUNT][SLOT_BYTES] = {{0}};
    struct span input = span_of(data, size);
    unsigned how = input_byte(&input);
    struct span content = {0};
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        struct span piece = input_piece(&input);
        memcpy(slots[i], piece.len > 0 ? piece.data : (const uint8_t *)"",
               piece.len < SLOT_BYTES ? piece.len : SLOT_BYTES);
        if ((how >> i & 1) != 0) {
            slot_mend(slots[i]);
        }
    }
    struct slot_choice choice = slots_choose((const uint8_t(*)[SLOT_BYTES])slots);
    PROMISE(choice.next < SLOT_COUNT);
    if (choice.is_whole) {
        const uint8_t *from = slots[choice.newest];
        PROMISE(choice.sequence < choice.sequence + 1);
        PROMISE(choice.next != choice.newest && choice.content.len <= STORE_RECORD_BYTES_MAX);
        PROMISE(choice.content.data >= from &&
                choice.content.data + choice.content.len <= from + SLOT_BYTES);
    }
    if (blob_decode(input, &content)) {
        PROMISE(content.len + BLOB_HEAD_BYTES == input.len);
    }
    return 0;
}
