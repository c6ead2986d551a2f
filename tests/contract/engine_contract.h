/* engine_contract: what every container engine must do, as cases over a fixture. */
#ifndef TESTS_CONTRACT_ENGINE_CONTRACT_H
#define TESTS_CONTRACT_ENGINE_CONTRACT_H

#include "platform/engine.h"

/* What the main process of a container does by itself. */
enum engine_image_kind {
    IMAGE_SLEEPS, /* runs; ends with 0 at SIGTERM; not moved by SIGUSR1 */
    IMAGE_DEAF,   /* runs; ignores SIGTERM */
    IMAGE_FAILS,  /* ends at once with 3 */
    IMAGE_SPEAKS, /* writes 6,000 times 'x' and a line end, "\xff last words" to the other stream,
                     ends with 3 */
    IMAGE_MUTE,   /* ends with 3; nothing can be read of its log */
    IMAGE_STORES, /* runs like IMAGE_SLEEPS; declares a volume, /data */
    IMAGE_KINDS
};

enum engine_registry_kind {
    REGISTRY_GOOD,    /* can be pulled: runs like IMAGE_SLEEPS, and is not on this engine yet */
    REGISTRY_CORRUPT, /* its manifest can be had, a layer's bytes are wrong */
    REGISTRY_MISSING, /* the registry answers, and does not have it */
    REGISTRY_KINDS
};

#define UPDATES       5
#define UPDATE_POLICY (UPDATES - 1)

/* An engine under test. Containers, networks and tags carry names given here, so that several
 * suites may share one engine. */
struct engine_fixture {
    struct engine engine;
    /* One turn of the world: waits a few milliseconds at most, or moves virtual time. */
    void (*pump)(void *self);
    /* The world's clock; no call needs longer than a minute of it. */
    mono_ms (*now)(void *self);
    /* The engine goes away (no connection, the present ones cut) or is back. */
    void (*hide)(void *self, bool is_hidden);
    /* The main process of a container dies without anybody having asked the engine. */
    void (*kill_main)(void *self, const char *id);
    /* Somebody else makes a container, or a network, of that name. They stay until the end. */
    void (*make_foreign_container)(void *self, const char *name);
    void (*make_foreign_network)(void *self, const char *name, const char *bridge, ipv4 subnet);
    /* Somebody's Compose project runs a container, like IMAGE_SLEEPS, `always`; and one more, of
     * its service "run", by `compose run`. They are removed at the end. */
    void (*make_compose)(void *self, const char *project, const char *service, unsigned number);
    /* Somebody makes a volume without labels. It is removed at the end. */
    void (*make_volume)(void *self, const char *name);
    /* "node/app" of a volume's labels, "/" without labels, "" when there is none; "-" is put where
     * the text does not fit. */
    void (*volume_labels)(void *self, const char *name, char *text, size_t cap);
    /* The name of the first volume that a container mounts. */
    void (*mounted)(void *self, const char *id, char *text, size_t cap);
    /* Somebody gives a container another name, or takes it off the fixture's network. */
    void (*rename)(void *self, const char *id, const char *name);
    void (*disconnect)(void *self, const char *id);
    /* Somebody gives it other limits (docker update): memory, processors, shares, processes by
     * `which` from 0, UPDATES in all; or, last, the restart policy on-failure. */
    void (*update)(void *self, const char *id, int which);
    /* Processes that run inside a container now. */
    unsigned (*processes)(void *self, const char *id);
    /* Times that the engine's data was made durable. */
    unsigned (*syncs)(void *self);
    const char *node;
    /* Loads the image REGISTRY_GOOD from an archive, under a name of its own, and gives the digest
     * of its config; unload takes that name away again. NULL: not in this place. */
    bool (*load)(void *self, char *config, size_t cap);
    void (*unload)(void *self);
    /* What this engine never does: tells of a stopped container the address it was made with;
     * tells the bytes of a short pull; shows RESTARTING in a crash loop without back-off; removes
     * a network that a stopped container is made for. */
    bool has_no_address, has_no_bytes, has_no_restarting, keeps_networks;
    const char *mute_words;                     /* of IMAGE_MUTE's log; NULL: Docker's */
    const char *tag;                            /* of ours: "berth/<unique>:contract" */
    const char *image[IMAGE_KINDS];             /* references that resolve */
    const char *registry_image[REGISTRY_KINDS]; /* repo@sha256:...; NULL: not in this place */
    const char *mute_log_driver;                /* for IMAGE_MUTE; NULL: by the image alone */
    const char *const *exec_seven;              /* NULL-ended: ends with 7 */
    const char *const *exec_speaks;             /* writes something and ends with 3 */
    const char *const *exec_hang;               /* never ends */
    const char *const *exec_absent;             /* no such program: 126 or 127 */
    struct engine_network network;              /* of ours, /24, not made yet */
    void *self;
};

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status.
 * Everything the cases made through the engine is gone afterwards. */
int engine_contract_run(const struct engine_fixture *fixture, int argc, char **argv);

#endif
