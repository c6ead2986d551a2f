/* clock: says for the time of a test that somebody keeps this machine's clock right, or takes it
 * back. usage: app_clock keep (prints what was so before) | app_clock restore STATUS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

int main(int argc, char **argv)
{
    struct timex state = {.modes = 0};
    if (argc < 2 || adjtimex(&state) < 0) {
        return EXIT_FAILURE;
    }
    int before = state.status;
    if (argc == 2 && strcmp(argv[1], "keep") == 0) {
        state.status &= ~STA_UNSYNC;
        state.maxerror = 1000; /* microseconds; above 16 s the kernel takes its word back */
        state.esterror = 1000;
        state.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR;
    } else if (argc == 3 && strcmp(argv[1], "restore") == 0) {
        state.status = atoi(argv[2]);
        state.modes = ADJ_STATUS;
    } else {
        return EXIT_FAILURE;
    }
    if (adjtimex(&state) < 0) {
        return EXIT_FAILURE;
    }
    printf("%d\n", before);
    return EXIT_SUCCESS;
}
