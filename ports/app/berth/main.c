/* berth: the operator's tool. What it can be asked stands in ports/app/words/berth.c. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "platform/base/units.h"
#include "ports/app/berth/values.h"
#include "ports/app/berth/verbs.h"
#include "ports/app/words/help.h"
#include "ports/linux/helper.h"

static int verb_run(struct given *given)
{
    struct err err = {0};
    int rc = verb_find(given->verb->name)(given, &err);
    if (rc == ERR_USAGE) {
        if (given->complaints.len == 0) {
            given_complain(given, "%s", err.text);
        }
        help_complain(given, stderr);
    } else if (rc < 0) {
        (void)fprintf(stderr, "berth: %s: %s\n", given->verb->name, err.text);
    }
    return rc >= 0 ? rc : rc == ERR_USAGE ? 2 : 1;
}

int main(int argc, char **argv)
{
    static struct given given;
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    if (given_read(&words_berth, values_check, argc, argv, &given) != 0) {
        help_complain(&given, stderr);
        return 2;
    }
    if (given.wish == GIVEN_HELP) {
        help_print(&given, &pages_berth, stdout);
        return 0;
    }
    if (given.wish == GIVEN_VERSION) {
        printf("berth %s\n", BERTH_VERSION);
        return 0;
    }
    return verb_run(&given);
}
