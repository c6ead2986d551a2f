/* helper: packets between agent and helper are read to their end and no further. */
#include "ports/linux/helper_wire.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *packet = malloc(size + 1);
    struct helper_call call = {.dir = -1};
    struct helper_answer head;
    struct span output;
    PROMISE(packet != NULL);
    unsigned char *copy = realloc(packet, size > 0 ? size : 1);
    PROMISE(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    if (helper_call_decode(copy, size, &call)) {
        size_t texts = 0;
        for (size_t i = 1; i <= call.head.text_count; i++) {
            PROMISE((unsigned char *)call.texts[i] >= copy);
            texts += strlen(call.texts[i]) + 1;
        }
        PROMISE(call.texts[call.head.text_count + 1] == NULL && texts == call.head.text_len);
        PROMISE(sizeof call.head + texts + call.content.len == size);
    }
    if (helper_answer_decode(copy, size, &head, &output)) {
        PROMISE(sizeof head + output.len == size);
    }
    free(copy);
    return 0;
}
