/* order: what parses is rendered to text that parses to the same order. */
#include "agent/wire/order.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct order order;
    struct order again;
    char first[ORDER_BYTES_MAX];
    char second[ORDER_BYTES_MAX];
    struct text text;
    if (order_parse(span_of(data, size), &order, NULL) != 0) {
        return 0;
    }
    text_init(&text, first, sizeof first);
    order_render(&order, &text);
    if (text.cut || order.epoch == 0 || order.gen == 0 || order.stage_count > ORDER_STAGE_MAX ||
        order_parse(span_of(first, text.len), &again, NULL) != 0) {
        abort();
    }
    text_init(&text, second, sizeof second);
    order_render(&again, &text);
    if (strcmp(first, second) != 0) {
        abort();
    }
    return 0;
}
