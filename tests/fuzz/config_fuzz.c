/* config: what parses has a node, a fleet and a pool that is a network. */
#include "agent/wire/config.h"

#include <stdlib.h>

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct err err = {0};
    int rc = config_parse(span_of(data, size), &config, &err);
    if (rc != 0 ? err.code != rc || err.text[0] == '\0'
                : config.node[0] == '\0' || config.fleet[0] == '\0' || config.pool_bits > 20 ||
                      (config.pool & (UINT32_MAX >> config.pool_bits)) != 0) {
        abort();
    }
    return 0;
}
