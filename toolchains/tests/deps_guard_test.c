/* deps_guard_test: the stack protector's guard is where the compiler looks for it. Its place at the
 * thread pointer is musl's own (part 3 of struct pthread, "external ABI"): if it moved, functions
 * would compare two zeros. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern uintptr_t __stack_chk_guard; /* of the C library, which keeps a copy in each thread */

/* The compiler puts the guard behind a buffer: the C library's is found there, if it is that one.
 */
__attribute__((noinline)) static bool is_guarded(void)
{
    volatile char buffer[16] = {0};
    uintptr_t near = (uintptr_t)buffer + sizeof buffer;
    bool is_found = false;
    __asm__ volatile("" : "+r"(near) : : "memory"); /* from here on an address like any other */
    for (size_t i = 0; i < 6; i++) {
        uintptr_t word = *(volatile uintptr_t *)(near + i * sizeof word);
        is_found = is_found || word == __stack_chk_guard;
    }
    return is_found;
}

/* As a function with a buffer that is written past its end by one word. */
__attribute__((noinline)) static void overrun(volatile size_t bytes)
{
    char buffer[16];
    for (volatile char *at = buffer; bytes > 0; bytes--) {
        *at++ = 'x';
    }
    __asm__ volatile("" : : "r"(buffer) : "memory");
}

static int status_of(size_t bytes)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        overrun(bytes);
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    return status;
}

int main(void)
{
    int failures = 0;
    if (__stack_chk_guard == 0 || !is_guarded()) {
        printf("FAIL functions compare something else than the C library's guard\n");
        failures++;
    }
    int sound = status_of(16);
    if (!WIFEXITED(sound) || WEXITSTATUS(sound) != 0) {
        printf("FAIL a buffer that is full is no overrun\n");
        failures++;
    }
    int broken = status_of(32);
    if (!WIFSIGNALED(broken)) {
        printf("FAIL an overrun was not noticed: status %x\n", (unsigned)broken);
        failures++;
    }
    printf(failures == 0 ? "ok\n" : "failed\n");
    return failures == 0 ? 0 : 1;
}
