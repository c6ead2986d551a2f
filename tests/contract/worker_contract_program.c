/* worker_contract_program: an obedient program, in the place of nft and sysctl. */
#include "tests/contract/worker_contract.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* From the byte args[0] on, where there is one. */
static int do_cat(char **args)
{
    char buf[4096];
    ssize_t got;
    if (args[0] != NULL && lseek(STDIN_FILENO, atol(args[0]), SEEK_SET) < 0) {
        return EXIT_FAILURE;
    }
    while ((got = read(STDIN_FILENO, buf, sizeof buf)) > 0) {
        if (write(STDOUT_FILENO, buf, (size_t)got) != got) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}

static int do_args(char **args)
{
    for (; *args != NULL; args++) {
        printf("[%s]", *args);
    }
    return EXIT_SUCCESS;
}

static int do_environment(char **args)
{
    (void)args;
    for (char **at = environ; *at != NULL; at++) {
        printf("%.*s;", (int)strcspn(*at, "="), *at);
    }
    return EXIT_SUCCESS;
}

static int do_both(char **args)
{
    (void)args;
    fputs("out ", stdout);
    fflush(stdout);
    fputs("err", stderr);
    return 7;
}

static int do_signal(char **args)
{
    return raise(atoi(args[0]));
}

static int do_flood(char **args)
{
    for (long left = atol(args[0]); left > 0; left--) {
        putchar('x');
    }
    return fflush(stdout) == 0 ? 3 : EXIT_FAILURE;
}

/* Tells its process id in the file args[0], and waits to be killed. */
static int do_hang(char **args)
{
    if (args[0] != NULL) {
        FILE *file = fopen(args[0], "w");
        if (file == NULL) {
            return EXIT_FAILURE;
        }
        fprintf(file, "%ld\n", (long)getpid());
        fclose(file);
    }
    for (;;) {
        pause();
    }
}

/* Appends args[1] to the file args[0], twice with a pause between. */
static int do_append(char **args)
{
    const struct timespec pause_time = {.tv_nsec = 30000000};
    int fd = open(args[0], O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (int i = 0; i < 2; i++) {
        if (write(fd, args[1], strlen(args[1])) < 0) {
            return EXIT_FAILURE;
        }
        nanosleep(&pause_time, NULL);
    }
    return close(fd);
}

/* Ends at once and leaves a child behind that keeps the output open; tells its id. */
static int do_orphan(char **args)
{
    (void)args;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        return do_hang((char *[]){NULL});
    }
    printf("%ld", (long)pid);
    return EXIT_SUCCESS;
}

int worker_contract_program(int argc, char **argv)
{
    static const struct {
        const char *verb;
        int (*run)(char **args);
    } verbs[] = {
        {"cat", do_cat},       {"args", do_args},   {"environment", do_environment},
        {"both", do_both},     {"flood", do_flood}, {"signal", do_signal},
        {"append", do_append}, {"hang", do_hang},   {"orphan", do_orphan},
    };
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].verb) == 0) {
            return verbs[i].run(argv + 2);
        }
    }
    return 64;
}
