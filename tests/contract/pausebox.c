/* pausebox: the smallest program worth a container: it sleeps, ignores SIGTERM, or ends.
 * usage: pausebox sleep | deaf | family | exit CODE | speak; `family` is deaf with a child; `sleep`
 * ends with 0 at SIGTERM and ignores SIGUSR1; `speak` writes much to one stream and a little to the
 * other and ends with 3. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_term(int signal)
{
    (void)signal;
    _exit(0);
}

static int speak(void)
{
    static const char last[] = "\xff last words\n";
    char line[100];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 60; i++) {
        if (write(STDOUT_FILENO, line, sizeof line) < 0) {
            return 1;
        }
    }
    if (write(STDOUT_FILENO, "\n", 1) < 0) {
        return 1;
    }
    (void)usleep(300000); /* an engine reads the streams side by side */
    return write(STDERR_FILENO, last, sizeof last - 1) < 0 ? 1 : 3;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "sleep";
    if (strcmp(mode, "exit") == 0) {
        return argc > 2 ? atoi(argv[2]) : 0;
    }
    if (strcmp(mode, "speak") == 0) {
        return speak();
    }
    if (strcmp(mode, "family") == 0) {
        pid_t child = fork();
        (void)child;
        mode = "deaf";
    }
    signal(SIGTERM, strcmp(mode, "deaf") == 0 ? SIG_IGN : on_term);
    signal(SIGUSR1, SIG_IGN);
    for (;;) {
        pause();
    }
}
