/* composed_tree: prints the tree of a Compose project as it was loaded, for another program to
 * compare: scalars as {"s": text, "w": word, "d": folder}, lists as {"l": [...]}, maps as
 * {"m": [[key, value], ...]}. Findings go to stderr. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/app/berth/compose/project.h"

#define LIST_MAX 32

struct list {
    const char *texts[LIST_MAX];
    size_t count;
};

static void list_add(struct list *list, const char *text)
{
    if (list->count < LIST_MAX) {
        list->texts[list->count++] = text;
    }
}

static void text_print(const char *value)
{
    size_t cap = 6 * strlen(value) + 3;
    char *memory = malloc(cap);
    struct text text;
    if (memory == NULL) {
        abort();
    }
    text_init(&text, memory, cap);
    text_append_json(&text, value);
    (void)fputs(memory, stdout);
    free(memory);
}

static void item_print(const struct yaml_item *item)
{
    const char *separator = "";
    if (item->kind == YAML_TREE_SCALAR) {
        char room[64];
        (void)fputs("{\"s\":", stdout);
        text_print(item->is_filled ? item->text : yaml_word_text(item, room, sizeof room));
        printf(",\"w\":%d,\"d\":", (int)yaml_word_of(item));
        text_print(item->dir != NULL ? item->dir : "");
        (void)fputs("}", stdout);
        return;
    }
    (void)fputs(item->kind == YAML_TREE_MAP ? "{\"m\":[" : "{\"l\":[", stdout);
    for (const struct yaml_item *child = item->child; child != NULL; child = child->next) {
        (void)fputs(separator, stdout);
        separator = ",";
        if (item->kind == YAML_TREE_MAP) {
            (void)fputs("[", stdout);
            text_print(child->key);
            (void)fputs(",", stdout);
        }
        item_print(child);
        (void)fputs(item->kind == YAML_TREE_MAP ? "]" : "", stdout);
    }
    (void)fputs("]}", stdout);
}

static const char *env_find(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

static int request_load(const struct project_request *request)
{
    struct findings *findings = findings_new();
    struct project *project = NULL;
    struct err err = {0};
    int rc = findings != NULL ? project_load(request, findings, &project, &err) : ERR_MEMORY;
    if (rc == 0) {
        rc = findings_print(findings, stderr, &err);
        printf("{\"name\":\"%s\",\"tree\":", project->name);
        item_print(project->root);
        printf("}\n");
    }
    if (rc != 0) {
        (void)fprintf(stderr, "composed_tree: %s\n", err.text);
    }
    bool is_refused = rc != 0 || findings_count(findings, FINDING_REFUSED) > 0;
    project_free(project);
    findings_free(findings);
    return is_refused ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"file", required_argument, NULL, 'f'},
                                            {"env-file", required_argument, NULL, 'e'},
                                            {"profile", required_argument, NULL, 'r'},
                                            {"project-name", required_argument, NULL, 'p'},
                                            {"project-directory", required_argument, NULL, 'd'},
                                            {0}};
    struct list files = {.count = 0};
    struct list env_files = {.count = 0};
    struct list profiles = {.count = 0};
    struct project_request request = {.env = env_find};
    int option = 0;
    while ((option = getopt_long(argc, argv, "f:p:", options, NULL)) != -1) {
        if (option == 'f') {
            list_add(&files, optarg);
        } else if (option == 'e') {
            list_add(&env_files, optarg);
        } else if (option == 'r') {
            list_add(&profiles, optarg);
        } else if (option == 'p') {
            request.name = optarg;
        } else if (option == 'd') {
            request.project_dir = optarg;
        } else {
            return 2;
        }
    }
    request.files = files.texts;
    request.file_count = files.count;
    request.env_files = env_files.texts;
    request.env_file_count = env_files.count;
    request.profiles = profiles.texts;
    request.profile_count = profiles.count;
    return request_load(&request);
}
