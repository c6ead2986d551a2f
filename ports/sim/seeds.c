/* seeds: what is in volumes, and the trees that were brought into them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/sim/files.h"

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

struct sim_seed_volume *sim_seed_volume(struct sim_files *files, const char *path)
{
    for (size_t i = 0; i < files->volume_count; i++) {
        if (strcmp(files->volumes[i].path, path) == 0) {
            return &files->volumes[i];
        }
    }
    assert(files->volume_count < SIM_SEED_VOLUMES_MAX);
    struct sim_seed_volume *volume = &files->volumes[files->volume_count++];
    *volume = (struct sim_seed_volume){.is_done = false};
    (void)text_copy(volume->path, sizeof volume->path, path);
    return volume;
}

struct sim_seed_file *sim_seed_find(struct sim_seed_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (strcmp(tree->files[i].path, path) == 0) {
            return &tree->files[i];
        }
    }
    return NULL;
}

static struct sim_seed_file *file_add(struct sim_seed_tree *tree, const char *path)
{
    struct sim_seed_file *file = sim_seed_find(tree, path);
    if (file == NULL) {
        assert(tree->count < SIM_SEED_FILES_MAX);
        file = &tree->files[tree->count++];
    }
    *file = (struct sim_seed_file){.hash = FNV_BASIS};
    (void)text_copy(file->path, sizeof file->path, path);
    return file;
}

static void file_append(struct sim_seed_file *file, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        file->hash = (file->hash ^ bytes[i]) * FNV_PRIME;
        if (file->len + 1 < sizeof file->head) {
            file->head[file->len] = (char)bytes[i];
        }
        file->len++;
    }
}

static void file_drop(struct sim_seed_tree *tree, struct sim_seed_file *file)
{
    *file = tree->files[--tree->count];
}

void sim_seed_write(struct sim_seed_volume *volume, const char *path, const char *content)
{
    struct sim_seed_file *file = sim_seed_find(&volume->now, path);
    if (content != NULL) {
        file = file_add(&volume->now, path);
        file_append(file, (const uint8_t *)content, strlen(content));
    } else if (file != NULL) {
        file_drop(&volume->now, file);
    }
}

/* The tree that a recipe makes; its pieces are here (recipe_check). */
static void tree_read(const struct sim_files *files, const struct sim_files_call *call,
                      struct sim_seed_tree *tree)
{
    char *recipe = strndup((const char *)call->content, call->len);
    char *save = NULL;
    assert(recipe != NULL);
    *tree = (struct sim_seed_tree){.count = 0};
    (void)text_copy(tree->name, sizeof tree->name, call->name);
    for (char *line = strtok_r(recipe, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char *at = strchr(line, ' ') + 1;
        size_t bytes = strtoul(at, &at, 10);
        const char *words = at;
        struct sim_seed_file *file;
        for (size_t done = 0; done < bytes; done += FILES_PIECE_BYTES_MAX) {
            words += FILES_PIECE_NAME_BYTES;
        }
        file = file_add(tree, words + 1);
        for (; at + 1 < words; at += FILES_PIECE_NAME_BYTES) {
            char name[FILES_PIECE_NAME_BYTES];
            (void)snprintf(name, sizeof name, "%s", at + 1);
            const struct sim_kept *piece = sim_files_find(files, name);
            assert(piece != NULL);
            file_append(file, piece->content, piece->len);
        }
    }
    free(recipe);
}

/* Some tree that was brought holds the file as it is. */
static bool is_ours(struct sim_seed_volume *volume, const struct sim_seed_file *file)
{
    for (size_t i = 0; i < volume->tree_count; i++) {
        const struct sim_seed_file *brought = sim_seed_find(&volume->trees[i], file->path);
        if (brought != NULL && brought->hash == file->hash && brought->len == file->len) {
            return true;
        }
    }
    return false;
}

static void leave(struct sim_seed_left *left, const char *path)
{
    if (left->more > 0 || left->text.len + strlen(path) + 1 >= left->text.cap) {
        left->more++;
    } else {
        text_printf(&left->text, "%s\n", path);
    }
}

static void file_bring(struct sim_seed_volume *volume, const struct sim_seed_file *wanted,
                       struct sim_seed_left *left)
{
    const struct sim_seed_file *there = sim_seed_find(&volume->now, wanted->path);
    if (there != NULL && !is_ours(volume, there)) {
        if (there->hash != wanted->hash || there->len != wanted->len) {
            leave(left, wanted->path);
        }
        return;
    }
    *file_add(&volume->now, wanted->path) = *wanted;
}

static void tree_drop(struct sim_seed_volume *volume, const struct sim_seed_tree *old,
                      struct sim_seed_tree *wanted, struct sim_seed_left *left)
{
    for (size_t i = 0; i < old->count; i++) {
        const char *path = old->files[i].path;
        struct sim_seed_file *there = sim_seed_find(&volume->now, path);
        if (there == NULL || sim_seed_find(wanted, path) != NULL) {
            continue;
        }
        if (is_ours(volume, there)) {
            file_drop(&volume->now, there);
        } else {
            leave(left, path);
        }
    }
}

int sim_seed_bring(struct sim_files *files, const struct sim_files_call *call, uint32_t steps,
                   struct sim_seed_left *left, struct err *err)
{
    struct sim_seed_volume *volume = sim_seed_volume(files, call->volume);
    struct sim_seed_tree wanted;
    if (volume->is_done && strcmp(volume->trees[0].name, call->name) == 0) {
        return 0;
    }
    if (files->is_full) {
        return err_set(err, ERR_STATE_FULL, "no space left on device");
    }
    tree_read(files, call, &wanted);
    volume->is_done = false;
    if (steps == 0) {
        return 0;
    }
    size_t place = 0;
    while (place < volume->tree_count && strcmp(volume->trees[place].name, wanted.name) != 0) {
        place++;
    }
    assert(place < SIM_SEED_TREES_MAX);
    volume->trees[place] = wanted;
    volume->tree_count += place == volume->tree_count;
    for (size_t i = 0; i < wanted.count; i++) {
        if (--steps == 0) {
            return 0;
        }
        file_bring(volume, &wanted.files[i], left);
    }
    for (size_t i = 0; i < volume->tree_count; i++) {
        tree_drop(volume, &volume->trees[i], &wanted, left);
    }
    volume->trees[0] = wanted;
    volume->tree_count = 1;
    volume->is_done = true;
    return 0;
}
