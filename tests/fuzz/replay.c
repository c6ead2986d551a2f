/* replay: every seed of a corpus, cut at every length and with every byte changed in turn. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/target.h"

#define SEED_BYTES_MAX 8192

static unsigned long runs;

/* A copy of exactly this size, so that a sanitizer sees one byte too many. */
static void run_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void seed_run(uint8_t *seed, size_t size)
{
    static const uint8_t changes[] = {0x00, 0x01, '"', '{', ']', '9', '\\', 0xff};
    run_copy(seed, size);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t byte = seed[cut];
        run_copy(seed, cut);
        for (size_t i = 0; i < sizeof changes; i++) {
            seed[cut] = changes[i];
            run_copy(seed, size);
        }
        seed[cut] = byte;
    }
}

static int file_run(const char *name)
{
    static uint8_t seed[SEED_BYTES_MAX];
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", FUZZ_CORPUS, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 1;
    }
    size_t size = fread(seed, 1, sizeof seed, file);
    (void)fclose(file);
    seed_run(seed, size);
    return 0;
}

int main(void)
{
    DIR *dir = opendir(FUZZ_CORPUS);
    struct dirent *entry = NULL;
    int seeds = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            seeds++;
            if (file_run(entry->d_name) != 0) {
                printf("cannot read %s\n", entry->d_name);
                return EXIT_FAILURE;
            }
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    printf("%d seeds, %lu inputs\n", seeds, runs);
    return seeds > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
