/* engine_docker_world: a real engine with images, a registry and neighbours, for one test run. */
#ifndef TESTS_CONTRACT_ENGINE_DOCKER_WORLD_H
#define TESTS_CONTRACT_ENGINE_DOCKER_WORLD_H

#include <sys/types.h>

#include "tests/contract/engine_contract.h"

#define WORLD_TEXT 256

/* Everything carries the process id in its name. */
struct docker_world {
    char node[32];
    char folder[64];
    char socket[WORLD_TEXT];
    char tag[WORLD_TEXT];
    char image[IMAGE_KINDS][WORLD_TEXT];
    char registry_image[REGISTRY_KINDS][WORLD_TEXT];
    char network[64];
    char bridge[16];
    ipv4 subnet;
    bool has_registry;
    bool is_podman, has_containerd_store;
    pid_t proxy;            /* -1: the engine is hidden */
    char tools[WORLD_TEXT]; /* folder with the scripts `image` and `registry` */
    char pausebox[WORLD_TEXT];
};

/* Builds it; false with a printed reason. docker_world_close must follow either way. */
bool docker_world_open(struct docker_world *world, const char *pausebox, const char *tools);

/* Removes everything, what a failed case left included; false when something resisted. */
bool docker_world_close(struct docker_world *world);

void docker_world_hide(struct docker_world *world, bool is_hidden);
void docker_world_kill_main(struct docker_world *world, const char *id);
bool docker_world_load(struct docker_world *world, char *config, size_t cap);
void docker_world_unload(struct docker_world *world);
void docker_world_make_volume(struct docker_world *world, const char *name);
void docker_world_volume_labels(struct docker_world *world, const char *name, char *text,
                                size_t cap);
void docker_world_mounted(struct docker_world *world, const char *id, char *text, size_t cap);
void docker_world_update(struct docker_world *world, const char *id, int which);
void docker_world_rename(struct docker_world *world, const char *id, const char *name);
void docker_world_disconnect(struct docker_world *world, const char *id);
unsigned docker_world_processes(struct docker_world *world, const char *id);
void docker_world_foreign_container(struct docker_world *world, const char *name);
/* A container of a Compose project, as Compose labels it. */
void docker_world_compose(struct docker_world *world, const char *project, const char *service,
                          unsigned number, bool is_one_run);
void docker_world_foreign_network(struct docker_world *world, const char *name, const char *bridge,
                                  ipv4 subnet);

#endif
