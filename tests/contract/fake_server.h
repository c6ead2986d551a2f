/* fake_server: a unix socket or a loopback port whose answers are written down beforehand, byte by
 * byte. */
#ifndef TESTS_CONTRACT_FAKE_SERVER_H
#define TESTS_CONTRACT_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum fake_after {
    FAKE_KEEP,  /* wait for the next request */
    FAKE_CLOSE, /* close the connection */
    FAKE_RESET, /* break it off: the client sees a reset */
    FAKE_HANG   /* say nothing more and keep it open */
};

/* What is answered to a request whose first line begins with `request`. The first entry that fits
 * and is not used up counts; a request that nothing fits closes the connection. */
struct fake_answer {
    const char *request; /* "GET /version" */
    int status;          /* of an ordinary answer, with its body */
    const char *body;    /* NULL: `answer` is sent as it stands */
    const char *answer;  /* status line, headers, body */
    size_t answer_len;   /* of an answer with NULs; 0: it is a string */
    size_t repeat;       /* bytes of 'x' sent after it */
    size_t piece;        /* sent in pieces of so many bytes, 5 ms apart; 0: at once */
    unsigned times;      /* 0: as often as it is asked for */
    enum fake_after after;
    const char *holds; /* the request must hold this somewhere; NULL: nothing more */
};

#define FAKE_ANSWERS_MAX 16

/* Zeroed before first use; private but for `port`. */
struct fake_server {
    char path[104];
    int port; /* of 127.0.0.1, when started without a folder */
    pid_t child;
    unsigned *used; /* shared with the children: how often each answer was given */
};

/* Answers from a process of its own, on `<folder>/fake.sock`, or on a free port of 127.0.0.1 when
 * folder is NULL, until it is stopped. False with a printed reason. */
bool fake_server_start(struct fake_server *server, const char *folder,
                       const struct fake_answer *answers, size_t count);

/* Cuts every connection. */
void fake_server_stop(struct fake_server *server);

/* How often answer number `at` was given. */
unsigned fake_server_used(const struct fake_server *server, size_t at);

#endif
