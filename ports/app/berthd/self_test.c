/* self_test: a table of trials, one line each. */
#include "ports/app/berthd/self_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ports/app/berthd/trials.h"

struct trial {
    const char *name;
    int (*run)(struct self_test *test, struct err *err);
    const char *remedy;
};

/* Each uses what those before it have shown: without the house nothing further is tried. */
static const struct trial trials[] = {
    {"sandbox", try_sandbox,
     "build the kernel with CONFIG_SECCOMP_FILTER; the agent runs without it, less confined"},
    {"parts", try_house, NULL},
    {"entropy", try_entropy, "give the kernel a source of randomness"},
    {"clock", try_clock, "look at the kernel's log: the timer of this board"},
    {"cryptography", try_crypto, "this program or this processor is broken: install it anew"},
    {"store", try_store, "make stateDir writable for root, on a medium that can be synced"},
    {"engine", try_engine, "start the engine, or name its socket as engineSocket"},
    {"registries", try_registries, "mend the file; until then nothing is pulled"},
    {"route", try_route, "install nftables and iptables; kernel: nf_tables, nft_nat, nft_numgen"},
    {"pool", try_pool, NULL},
    {"conntrack", try_conntrack,
     "install conntrack: UDP flows and drained clients are moved by it"},
};
#define TRIAL_HOUSE 1

static bool trial_run(struct self_test *test, const struct trial *trial)
{
    char detail[TRIAL_DETAIL_BYTES];
    struct err err = {0};
    text_init(&test->detail, detail, sizeof detail);
    test->is_answered = false;
    int rc = trial->run(test, &err);
    if (rc == 0) {
        printf("ok   %s: %s\n", trial->name, detail);
    } else {
        printf("FAIL %s: %s (%s)%s%s\n", trial->name, err.text, err_word(rc),
               trial->remedy == NULL ? "" : "; ", trial->remedy == NULL ? "" : trial->remedy);
    }
    (void)fflush(stdout);
    return rc == 0;
}

int self_test_main(const struct config *config, const struct err *sandbox)
{
    size_t passed = 0;
    size_t failed = 0;
    bool was_there = access(config->state_dir, F_OK) == 0;
    struct self_test *test = calloc(1, sizeof *test);
    if (test == NULL) {
        fprintf(stderr, "berthd: no memory to start; free some\n");
        return EXIT_FAILURE;
    }
    test->config = config;
    test->sandbox = sandbox;
    printf("berthd " BERTH_VERSION ": self-test of node %s\n", config->node);
    for (size_t i = 0; i < COUNT_OF(trials); i++) {
        bool is_good = trial_run(test, &trials[i]);
        passed += is_good ? 1 : 0;
        failed += is_good ? 0 : 1;
        if (test->is_stuck || (!is_good && i == TRIAL_HOUSE)) {
            printf("self-test: the rest needs this and was not tried\n");
            break;
        }
    }
    house_close(&test->house);
    free(test);
    if (!was_there) {
        (void)rmdir(config->state_dir);
    }
    printf("self-test: %zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
