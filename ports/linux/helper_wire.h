/* helper_wire: the messages between the agent and its helper, one packet each.
 *
 * Both ends are the same program file, so the layout is the compiler's; sizes are checked all the
 * same, because a packet that was cut must not be read past its end. A request is its head, then
 * text_count NUL-terminated strings in text_len bytes, then content_len bytes of content. */
#ifndef PORTS_LINUX_HELPER_WIRE_H
#define PORTS_LINUX_HELPER_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/store.h"
#include "platform/worker.h"

enum helper_op {
    HELPER_RUN,     /* texts: arguments; content: standard input; number: run time in ms, at most */
    HELPER_SYNC,    /* text: a path */
    HELPER_REPLACE, /* text: an absolute path, or with a directory attached a name in it */
    HELPER_SLOT,    /* text: a name in the attached directory; number: offset in the file */
    HELPER_REMOVE,  /* text: a name in the attached directory */
    HELPER_TREE,    /* text: a tree in the attached directory; content: its recipe */
    HELPER_SEED,    /* texts: a tree, a volume's path, and, or not, its owner; content: a recipe of
                     * pieces in the attached directory */
    HELPER_PRUNE,   /* text: a piece or tree in the attached directory, to be removed */
    HELPER_RESOLVE, /* text: a host name; number: time in ms, at most */
    HELPER_PING,    /* nothing: answered at once by a helper that is well */
    HELPER_GIVE_UP, /* number: the id of a lookup, which is ended at once; has no answer itself */
    HELPER_OP_COUNT
};

struct helper_request {
    uint64_t id;
    uint32_t op;
    uint32_t program; /* HELPER_RUN: enum worker_program */
    uint32_t text_count;
    uint32_t text_len;
    uint32_t content_len;
    uint32_t unused;
    int64_t number;
};

/* Followed by output_len bytes of output. */
struct helper_answer {
    uint64_t id;
    int32_t code;   /* 0 or an enum err_code: the call could not be carried out */
    int32_t status; /* of the program, an errno, or an EAI_* number's value */
    uint32_t output_len;
    uint32_t unused;
};

#define HELPER_TEXT_BYTES_MAX 8192
/* The input of a program, or a blob with its head. */
#define HELPER_CONTENT_BYTES_MAX WORKER_INPUT_BYTES_MAX
#define HELPER_REQUEST_BYTES_MAX                                                                   \
    (sizeof(struct helper_request) + HELPER_TEXT_BYTES_MAX + HELPER_CONTENT_BYTES_MAX)
#define HELPER_ANSWER_BYTES_MAX (sizeof(struct helper_answer) + WORKER_OUTPUT_BYTES_MAX)
/* Bytes that the socket must take in one packet, with the kernel's own overhead. */
#define HELPER_SOCKET_BYTES (2 * 131072)

_Static_assert(STORE_BLOB_BYTES_MAX + 64 <= HELPER_CONTENT_BYTES_MAX, "a blob and its head fit");
_Static_assert(HELPER_REQUEST_BYTES_MAX < HELPER_SOCKET_BYTES / 2, "a request fits one packet");

/* A request taken apart; everything points into its packet. */
struct helper_call {
    struct helper_request head;
    char *texts[WORKER_ARGS_MAX + 2]; /* from [1] on; [0] is for the program's name, NULL ends */
    struct span content;
    int dir; /* -1: none attached */
};

/* Takes apart a packet of `len` bytes; `call` is zeroed but for its dir. False for one whose parts
 * do not fill it exactly. */
bool helper_call_decode(unsigned char *packet, size_t len, struct helper_call *call);

/* The same of an answer; *output points into the packet. */
bool helper_answer_decode(const unsigned char *packet, size_t len, struct helper_answer *head,
                          struct span *output);

#endif
