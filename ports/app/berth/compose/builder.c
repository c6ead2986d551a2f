/* builder: Compose's build keys as options of "docker build", and running it. */
#include "ports/app/berth/compose/builder.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

enum option_kind {
    OPTION_WORD,
    OPTION_LIST,
    OPTION_PAIRS,
    OPTION_HOSTS,
    OPTION_FLAG,
    OPTION_EQUALS
};

static const struct {
    const char *key, *option;
    enum option_kind kind;
} options[] = {
    {"target", "--target", OPTION_WORD},
    {"network", "--network", OPTION_WORD},
    {"shm_size", "--shm-size", OPTION_WORD},
    {"isolation", "--isolation", OPTION_WORD},
    {"args", "--build-arg", OPTION_PAIRS},
    {"labels", "--label", OPTION_PAIRS},
    {"additional_contexts", "--build-context", OPTION_PAIRS},
    {"extra_hosts", "--add-host", OPTION_HOSTS},
    {"cache_from", "--cache-from", OPTION_LIST},
    {"cache_to", "--cache-to", OPTION_LIST},
    {"tags", "--tag", OPTION_LIST},
    {"platforms", "--platform", OPTION_LIST},
    {"entitlements", "--allow", OPTION_LIST},
    {"ssh", "--ssh", OPTION_LIST},
    {"no_cache", "--no-cache", OPTION_FLAG},
    {"pull", "--pull", OPTION_FLAG},
    {"provenance", "--provenance", OPTION_EQUALS},
    {"sbom", "--sbom", OPTION_EQUALS},
};

void builder_words_free(struct builder_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->list[i]);
    }
    free(words->list);
    *words = (struct builder_words){0};
}

static int word_add(struct builder_words *words, struct err *err, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static int word_add(struct builder_words *words, struct err *err, const char *fmt, ...)
{
    char *word = NULL;
    va_list args;
    if (words->count + 1 >= words->cap) {
        size_t cap = words->cap == 0 ? 32 : words->cap * 2;
        char **list = reallocarray(words->list, cap, sizeof *list);
        if (list == NULL) {
            return err_set(err, ERR_MEMORY, "no memory");
        }
        words->list = list;
        words->cap = cap;
    }
    va_start(args, fmt);
    int len = vasprintf(&word, fmt, args);
    va_end(args);
    if (len < 0) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    words->list[words->count++] = word;
    words->list[words->count] = NULL;
    return 0;
}

static int pair_add(struct builder_words *words, const char *option, const char *text,
                    struct err *err)
{
    int rc = word_add(words, err, "%s", option);
    return rc == 0 ? word_add(words, err, "%s", text) : rc;
}

/* "NAME=VALUE", "NAME:ADDRESS" or a plain element. */
static int element_add(struct builder_words *words, const char *option, enum option_kind kind,
                       const struct yaml_item *item, struct err *err)
{
    if (item->kind != YAML_TREE_SCALAR) {
        return err_set(err, ERR_VALUE, "%s:%zu: build: must be a single value",
                       item->file != NULL ? item->file : "line", item->line);
    }
    int rc = word_add(words, err, "%s", option);
    if (rc != 0) {
        return rc;
    }
    if (item->key == NULL || kind == OPTION_LIST) {
        return word_add(words, err, "%s", item->key != NULL ? item->key : item->text);
    }
    if (kind == OPTION_PAIRS && value_is_null(item)) {
        return word_add(words, err, "%s", item->key);
    }
    return word_add(words, err, "%s%c%s", item->key, kind == OPTION_HOSTS ? ':' : '=', item->text);
}

static int option_add(struct builder_words *words, const struct yaml_item *item, size_t row,
                      struct err *err)
{
    const char *option = options[row].option;
    bool is_scalar = item->kind == YAML_TREE_SCALAR;
    bool is_true = is_scalar && strcmp(item->text, "true") == 0;
    int rc = 0;
    switch (options[row].kind) {
    case OPTION_FLAG:
        return is_true ? word_add(words, err, "%s", option) : 0;
    case OPTION_EQUALS:
        return is_scalar ? word_add(words, err, "%s=%s", option, item->text) : 0;
    case OPTION_WORD:
        return is_scalar ? pair_add(words, option, item->text, err) : 0;
    case OPTION_LIST:
    case OPTION_PAIRS:
    case OPTION_HOSTS:
        break;
    }
    if (is_scalar) {
        return pair_add(words, option, item->text, err);
    }
    for (const struct yaml_item *step = item->child; rc == 0 && step != NULL; step = step->next) {
        rc = element_add(words, option, options[row].kind, step, err);
    }
    return rc;
}

static const char *text_of(const struct yaml_item *map, const char *key)
{
    const struct yaml_item *item = yaml_tree_member(map, key);
    return value_is_null(item) || item->kind != YAML_TREE_SCALAR ? NULL : item->text;
}

static bool is_elsewhere(const char *path)
{
    return path[0] == '/' || strstr(path, "://") != NULL || strncmp(path, "git@", 4) == 0;
}

/* Everything but the program's first words and the context. */
static int members_add(struct builder_words *words, const struct yaml_item *build, struct err *err)
{
    static const char *const done[] = {"context", "dockerfile", "dockerfile_inline"};
    int rc = 0;
    const struct yaml_item *item = build->kind == YAML_TREE_MAP ? build->child : NULL;
    for (; rc == 0 && item != NULL; item = item->next) {
        bool is_done = strncmp(item->key, "x-", 2) == 0 || value_is_empty(item);
        for (size_t i = 0; i < COUNT_OF(done); i++) {
            is_done |= strcmp(done[i], item->key) == 0;
        }
        for (size_t i = 0; rc == 0 && !is_done && i < COUNT_OF(options); i++) {
            if (strcmp(options[i].key, item->key) == 0) {
                rc = option_add(words, item, i, err);
                is_done = true;
            }
        }
        if (rc == 0 && !is_done) {
            rc = err_set(err, ERR_VALUE,
                         "%s:%zu: build.%s is not passed on; build the image with docker compose "
                         "build, and leave --build out",
                         item->file != NULL ? item->file : "line", item->line, item->key);
        }
    }
    return rc;
}

int builder_words(const struct yaml_item *build, const char *image, const char *dir,
                  const char *host, struct builder_words *words, struct err *err)
{
    const char *context = build->kind == YAML_TREE_SCALAR ? build->text : text_of(build, "context");
    const char *file = text_of(build, "dockerfile");
    *words = (struct builder_words){0};
    context = context != NULL ? context : ".";
    int rc = word_add(words, err, "docker");
    if (rc == 0 && host != NULL) {
        rc = word_add(words, err, "--host");
        rc = rc == 0 ? word_add(words, err, "unix://%s", host) : rc;
    }
    rc = rc == 0 ? word_add(words, err, "build") : rc;
    rc = rc == 0 ? pair_add(words, "--tag", image, err) : rc;
    if (rc == 0 && text_of(build, "dockerfile_inline") != NULL) {
        rc = pair_add(words, "--file", "-", err);
    } else if (rc == 0 && file != NULL) {
        rc = word_add(words, err, "--file");
        if (rc == 0 && (is_elsewhere(file) || is_elsewhere(context))) {
            rc = word_add(words, err, "%s", file);
        } else if (rc == 0) {
            rc = word_add(words, err, "%s/%s/%s", dir, context, file);
        }
    }
    rc = rc == 0 ? members_add(words, build, err) : rc;
    if (rc == 0 && is_elsewhere(context)) {
        rc = word_add(words, err, "%s", context);
    } else if (rc == 0) {
        rc = word_add(words, err, "%s/%s", dir, context);
    }
    if (rc != 0) {
        builder_words_free(words);
    }
    return rc;
}

/* In the child: becomes the program, or ends with 127. */
static _Noreturn void child_become(char **list, int input)
{
    if (input >= 0) {
        (void)dup2(input, STDIN_FILENO);
        (void)close(input);
    }
    (void)execvp(list[0], list);
    _exit(errno == ENOENT ? 127 : 126);
}

static void input_write(int fd, const char *input)
{
    size_t len = strlen(input);
    while (len > 0) {
        ssize_t wrote = write(fd, input, len);
        if (wrote <= 0) {
            return; /* the program has said why by itself */
        }
        input += wrote;
        len -= (size_t)wrote;
    }
}

int builder_run(const struct builder_words *words, const char *input, struct err *err)
{
    int ends[2] = {-1, -1};
    int status = 0;
    if (input != NULL && pipe(ends) != 0) {
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    }
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (ends[1] >= 0) {
            (void)close(ends[1]);
        }
        child_become(words->list, ends[0]);
    }
    if (ends[0] >= 0) {
        (void)close(ends[0]);
        (void)signal(SIGPIPE, SIG_IGN);
        if (pid > 0) {
            input_write(ends[1], input);
        }
        (void)close(ends[1]);
    }
    if (pid < 0) {
        return err_set(err, ERR_MEMORY, "start %s: %s", words->list[0], strerror(errno));
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 0;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 127
               ? err_set(err, ERR_NOT_FOUND,
                         "no program %s is there; install it, or build the image elsewhere and "
                         "leave --build out",
                         words->list[0])
               : err_set(err, ERR_ENGINE, "%s build failed; its own words stand above",
                         words->list[0]);
}

int builder_build(const struct yaml_item *build, const char *image, const char *dir,
                  const char *host, struct err *err)
{
    struct builder_words words;
    int rc = builder_words(build, image, dir, host, &words, err);
    if (rc == 0) {
        rc = builder_run(&words, text_of(build, "dockerfile_inline"), err);
        builder_words_free(&words);
    }
    return rc;
}
