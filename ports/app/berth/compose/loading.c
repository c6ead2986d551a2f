/* loading: files from the disk, each regular, bounded, and named in what is said of it. */
#include "ports/app/berth/compose/loading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/app/berth/compose/dotenv.h"
#include "ports/app/berth/compose/paths.h"

int loading_no_memory(const struct loading *loading)
{
    return err_set(loading->err, ERR_MEMORY, "no memory");
}

void loading_keys(const struct loading *loading, const struct yaml_item *map, const char *path,
                  const char *const *known)
{
    const struct yaml_item *item = map->kind == YAML_TREE_MAP ? map->child : NULL;
    for (; item != NULL; item = item->next) {
        bool is_known = strncmp(item->key, "x-", 2) == 0;
        for (size_t i = 0; known[i] != NULL; i++) {
            is_known = is_known || strcmp(item->key, known[i]) == 0;
        }
        if (!is_known) {
            findings_add(loading->findings, FINDING_REFUSED, item, path,
                         "check its spelling or remove it", "%s: unknown key", item->key);
        }
    }
}

const char *scope_find(void *ctx, const char *name)
{
    const struct scope *scope = ctx;
    const struct project_request *request = scope->loading->request;
    const struct project *project = scope->loading->project;
    const struct variable *own = NULL;
    if (project->name[0] != '\0' && strcmp(name, "COMPOSE_PROJECT_NAME") == 0) {
        return project->name;
    }
    const char *value = scope->outer != NULL
                            ? scope_find((void *)scope->outer, name)
                            : (request->env != NULL ? request->env(request->ctx, name) : NULL);
    if (value != NULL) {
        return value;
    }
    own = variables_find(scope->outer != NULL ? &scope->variables : &project->variables, name);
    return own != NULL ? own->value : NULL;
}

/* A text that is kept once; NULL without memory or room. */
static const char *text_intern(char **list, size_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(list[i], text) == 0) {
            return list[i];
        }
    }
    if (*count == PROJECT_FILES_MAX || (list[*count] = strdup(text)) == NULL) {
        return NULL;
    }
    return list[(*count)++];
}

const char *loading_dir(struct loading *loading, const char *dir)
{
    struct project *project = loading->project;
    const char *kept = text_intern(project->dirs, &project->dir_count, dir);
    if (kept == NULL) {
        err_set(loading->err, project->dir_count == PROJECT_FILES_MAX ? ERR_LIMIT : ERR_MEMORY,
                "%s: the project has files in more than %d folders", dir, PROJECT_FILES_MAX);
    }
    return kept;
}

static void unread_say(const struct loading *loading, struct naming naming, const char *shown,
                       const char *why)
{
    if (naming.item == NULL) {
        findings_add_at(loading->findings, FINDING_REFUSED, shown, 0, naming.path, NULL, "%s", why);
    } else {
        findings_add(loading->findings, FINDING_REFUSED, naming.item, naming.path, NULL, "%s: %s",
                     shown, why);
    }
}

/* A link out of the project's folder is followed, as Compose does, but not silently. */
static void link_note(const struct loading *loading, const char *path, const char *shown,
                      struct naming naming)
{
    struct stat about;
    char *real = lstat(path, &about) == 0 && S_ISLNK(about.st_mode) ? realpath(path, NULL) : NULL;
    char *dir = real != NULL ? realpath(loading->project->dir, NULL) : NULL;
    size_t len = dir != NULL ? strlen(dir) : 0;
    if (dir != NULL && (strncmp(real, dir, len) != 0 || (real[len] != '/' && len > 1))) {
        findings_add(loading->findings, FINDING_NOTE, naming.item, naming.path, NULL,
                     "%s: is a link to %s, outside the project's folder; that file is read", shown,
                     real);
    }
    free(real);
    free(dir);
}

/* Opens a regular file; -1 after a finding. A pipe or device is never waited for. */
static int regular_open(const struct loading *loading, const char *path, const char *shown,
                        struct naming naming)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool is_link = errno == ENOENT && lstat(path, &about) == 0 && S_ISLNK(about.st_mode);
        unread_say(loading, naming, shown,
                   is_link ? "is a link to a file that is not there" : strerror(errno));
        return -1;
    }
    const char *why = NULL;
    if (fstat(fd, &about) != 0) {
        why = strerror(errno);
    } else if (S_ISDIR(about.st_mode)) {
        why = "is a folder, not a file";
    } else if (!S_ISREG(about.st_mode)) {
        why = "is no regular file";
    } else if (about.st_size > PROJECT_FILE_BYTES_MAX) {
        why = "is longer than 1048576 bytes";
    }
    if (why != NULL) {
        unread_say(loading, naming, shown, why);
        (void)close(fd);
        return -1;
    }
    link_note(loading, path, shown, naming);
    return fd;
}

/* Reads to the end, at most one byte more than is allowed. */
static ssize_t all_read(int fd, char *data)
{
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len <= PROJECT_FILE_BYTES_MAX) {
        got = read(fd, data + len, PROJECT_FILE_BYTES_MAX + 1 - len);
        len += got > 0 ? (size_t)got : 0;
        got = got < 0 && errno == EINTR ? 1 : got;
    }
    return got < 0 ? -1 : (ssize_t)len;
}

static int content_read(const struct loading *loading, int fd, const char *shown,
                        struct naming naming, char **content, size_t *len)
{
    char *data = malloc(PROJECT_FILE_BYTES_MAX + 2);
    if (data == NULL) {
        return loading_no_memory(loading);
    }
    ssize_t got = all_read(fd, data);
    if (got < 0 || got > PROJECT_FILE_BYTES_MAX) {
        unread_say(loading, naming, shown,
                   got < 0 ? strerror(errno) : "is longer than 1048576 bytes");
        free(data);
        return 0;
    }
    data[got] = '\0';
    *len = (size_t)got;
    *content = data;
    return 0;
}

/* "https://...", "oci://...", "git@host:...": what Compose would fetch. */
static bool is_remote(const char *shown)
{
    size_t scheme = strspn(shown, "abcdefghijklmnopqrstuvwxyz+");
    return (scheme > 1 && strncmp(shown + scheme, ":/", 2) == 0) || strncmp(shown, "git@", 4) == 0;
}

int loading_read(struct loading *loading, const char *path, const char *shown, struct naming naming,
                 char **content, size_t *len, const char **kept)
{
    struct project *project = loading->project;
    *content = NULL;
    *kept = text_intern(project->files, &project->file_count, shown);
    if (*kept == NULL || ++loading->reads > PROJECT_READS_MAX) {
        bool is_short = *kept == NULL && project->file_count < PROJECT_FILES_MAX;
        return is_short ? loading_no_memory(loading)
                        : err_set(loading->err, ERR_LIMIT,
                                  "%s: the project has more than %d files, or names them more than "
                                  "%d times",
                                  shown, PROJECT_FILES_MAX, PROJECT_READS_MAX);
    }
    bool is_stdin = strcmp(path, "-") == 0;
    if (is_remote(shown) && !paths_is_there(path)) {
        bool is_named = naming.item != NULL && naming.item->kind == YAML_TREE_SCALAR;
        unread_say(loading, naming, is_named ? naming.item->text : shown,
                   "is on another machine: fetch it and name the file");
        return 0;
    }
    int fd = is_stdin ? STDIN_FILENO : regular_open(loading, path, shown, naming);
    if (fd < 0) {
        return 0;
    }
    int rc = content_read(loading, fd, shown, naming, content, len);
    if (!is_stdin) {
        (void)close(fd);
    }
    return rc;
}

struct twice_place {
    const struct loading *loading;
    const char *file;
};

static void twice_say(void *ctx, const struct yaml_item *first, size_t line)
{
    const struct twice_place *place = ctx;
    findings_add_at(place->loading->findings, FINDING_REFUSED, place->file, line, first->key,
                    "keep one of them", "the key stands here twice, first in line %zu",
                    first->line);
}

/* "line 12: what" of the parser as a finding at that line. */
static void syntax_say(const struct loading *loading, const char *file, const char *message)
{
    char *end = NULL;
    size_t line = 0;
    if (strncmp(message, "line ", 5) == 0) {
        line = strtoul(message + 5, &end, 10);
        message = strncmp(end, ": ", 2) == 0 ? end + 2 : message;
    }
    findings_add_at(loading->findings, FINDING_REFUSED, file, line, NULL, NULL, "%s", message);
}

int loading_parse(const struct scope *scope, const char *path, const char *shown,
                  struct naming naming, struct yaml_item **root)
{
    struct loading *loading = scope->loading;
    struct twice_place place = {.loading = loading};
    struct err why = {0};
    char *content = NULL;
    size_t len = 0;
    *root = NULL;
    int rc = loading_read(loading, path, shown, naming, &content, &len, &place.file);
    if (rc != 0 || content == NULL) {
        return rc;
    }
    const struct yaml_source source = {
        .file = place.file, .dir = scope->dir, .twice = twice_say, .ctx = &place};
    rc = yaml_tree_read(span_of(content, len), &source, root, &why);
    free(content);
    if (rc == ERR_MEMORY) {
        return loading_no_memory(loading);
    }
    if (rc != 0) {
        syntax_say(loading, place.file, why.text);
    } else if ((*root)->kind != YAML_TREE_MAP) {
        findings_add(loading->findings, FINDING_REFUSED, *root, NULL, NULL,
                     yaml_is_null(*root) ? "the file is empty" : "a Compose file is a map");
        yaml_tree_free(*root);
        *root = NULL;
    }
    return 0;
}

int loading_file(const struct scope *scope, const char *path, const char *shown,
                 struct naming naming, struct yaml_item **root)
{
    const struct lookup lookup = {.find = scope_find, .ctx = (void *)scope};
    int rc = loading_parse(scope, path, shown, naming, root);
    if (rc == 0 && *root != NULL) {
        rc = interpolate_tree(*root, &lookup, &scope->loading->filled_left,
                              scope->loading->findings, scope->loading->err);
    }
    if (rc != 0) {
        yaml_tree_free(*root);
        *root = NULL;
    }
    return rc;
}

int loading_env(struct scope *scope, const char *path, const char *shown, struct naming naming,
                bool is_optional)
{
    struct loading *loading = scope->loading;
    const struct lookup lookup = {.find = scope_find, .ctx = scope};
    struct dotenv dotenv = {.lookup = &lookup, .findings = loading->findings};
    struct variables *variables =
        scope->outer != NULL ? &scope->variables : &loading->project->variables;
    struct stat about;
    char *content = NULL;
    size_t len = 0;
    if (is_optional && (lstat(path, &about) != 0 || S_ISDIR(about.st_mode))) {
        return 0;
    }
    int rc = loading_read(loading, path, shown, naming, &content, &len, &dotenv.file);
    if (rc == 0 && content != NULL) {
        rc = dotenv_parse(&dotenv, span_of(content, len), variables, loading->err);
    }
    free(content);
    return rc;
}
