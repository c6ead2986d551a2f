/* pausebox: the smallest program worth a container: it sleeps, ignores SIGTERM, or ends.
 * usage: pausebox sleep | deaf | exit CODE; `sleep` ends with 0 at SIGTERM and ignores SIGUSR1. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_term(int signal)
{
    (void)signal;
    _exit(0);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "sleep";
    if (strcmp(mode, "exit") == 0) {
        return argc > 2 ? atoi(argv[2]) : 0;
    }
    signal(SIGTERM, strcmp(mode, "deaf") == 0 ? SIG_IGN : on_term);
    signal(SIGUSR1, SIG_IGN);
    for (;;) {
        pause();
    }
}
