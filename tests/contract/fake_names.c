/* fake_names: getaddrinfo with answers written down; no test waits for somebody's name server. */
#include "tests/contract/fake_names.h"

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The linker's --wrap names them: it also works where a program is static. */
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);

static int resolve_really(const char *host, const struct addrinfo *hints, struct addrinfo **found)
{
    return __real_getaddrinfo(host, NULL, hints, found);
}

/* 127.0.0.first, and `count` - 1 more: real answers for literal addresses, chained. */
static int answer(int first, int count, const struct addrinfo *hints, struct addrinfo **found)
{
    struct addrinfo **end = found;
    for (int i = 0; i < count; i++) {
        char dotted[32];
        (void)snprintf(dotted, sizeof dotted, "127.0.0.%d", first + i);
        int status = resolve_really(dotted, hints, end);
        if (status != 0) {
            return status;
        }
        end = &(*end)->ai_next;
    }
    return 0;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    (void)service;
    if (strcmp(host, FAKE_NAME_HANGS) == 0) {
        for (;;) {
            pause();
        }
    }
    if (strcmp(host, FAKE_NAME_DIES) == 0) {
        (void)raise(SIGKILL);
    }
    if (strcmp(host, FAKE_NAME_UNKNOWN) == 0) {
        return EAI_NONAME;
    }
    if (strcmp(host, FAKE_NAME_MANY) == 0) {
        return answer(10, 10, hints, found);
    }
    if (strcmp(host, FAKE_NAME_SECOND) == 0) {
        int status = answer(99, 1, hints, found);
        return status != 0 ? status : answer(1, 1, hints, &(*found)->ai_next);
    }
    if (strcmp(host, FAKE_NAME_HERE) == 0) {
        return answer(1, 1, hints, found);
    }
    return resolve_really(host, hints, found);
}
