/* interpolate: any text with any variables; what is meant as it stands reaches the container so. */
#include "agent/wire/release.h"
#include "agent/wire/release_words.h"
#include "ports/app/berth/compose/interpolate.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

#define MEMORY_BYTES 262144

static const char *world_find(void *ctx, const char *name)
{
    PROMISE(name[0] != '\0');
    return name[0] == 'A' ? "" : name[0] == 'B' ? ctx : NULL;
}

static void fault_count(void *ctx, enum variable_fault fault, const char *name, const char *message)
{
    PROMISE(fault <= VARIABLE_ELSEWHERE && name[0] != '\0' && message != NULL);
    ++*(size_t *)ctx;
}

/* The node reads an escaped text back as the text. */
static void literal_check(const char *text, char *memory)
{
    static const struct release_node node = {.name = "n", .arch = "x"};
    struct growing out = {.max = MEMORY_BYTES};
    struct arena arena;
    const char *seen = NULL;
    interpolate_literal(text, &out);
    arena_init(&arena, memory, MEMORY_BYTES);
    if (out.len < 1000 && node_substitute(growing_get(&out), &node, &arena, &seen, NULL) == 0) {
        PROMISE(strcmp(seen, text) == 0);
    }
    growing_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    size_t faults = 0;
    unsigned how = input_byte(&input);
    struct span value = input_piece(&input);
    char *variable = strndup((const char *)value.data, value.len);
    char *text = strndup((const char *)input.data, input.len);
    char *memory = malloc(MEMORY_BYTES);
    PROMISE(variable != NULL && text != NULL && memory != NULL);
    const struct lookup lookup = {.find = world_find, .ctx = variable};
    const struct interpolation rules = {
        .lookup = &lookup, .is_for_node = (how & 1) != 0, .fault = fault_count, .ctx = &faults};
    struct growing out = {.max = MEMORY_BYTES};
    interpolate_text(&rules, text, &out);
    PROMISE(out.len <= out.max && strlen(growing_get(&out)) == out.len);
    PROMISE(strchr(text, '$') != NULL || (faults == 0 && strcmp(growing_get(&out), text) == 0));
    literal_check(text, memory);
    growing_free(&out);
    free(variable);
    free(text);
    free(memory);
    return 0;
}
