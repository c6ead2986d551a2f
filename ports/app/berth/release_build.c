/* berth release build: a Compose file into a release that any node can check and run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/limits.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/compose/compose.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/verbs.h"

#define COMPOSE_BYTES_MAX 1048576
#define PAYLOAD_BYTES     (2 * RELEASE_PAYLOAD_BYTES_MAX)
#define ARENA_BYTES       (4 * ENVELOPE_BYTES_MAX)

struct build_request {
    const char *input, *output;
    uint64_t sequence, floor;
    struct image_source images;
};

static int envelope_write(const struct build_request *request, struct span payload, struct err *err)
{
    struct arena arena;
    struct span envelope;
    void *memory = malloc(ARENA_BYTES);
    arena_init(&arena, memory, memory != NULL ? ARENA_BYTES : 0);
    int rc = envelope_render(RELEASE_PAYLOAD_TYPE, payload, NULL, 0, &arena, &envelope, err);
    if (rc == 0) {
        rc = file_write(request->output, envelope, 0644, err);
    }
    free(memory);
    return rc;
}

/* The payload must pass the same reader that stands at the node's door. */
static int payload_build(const struct build_request *request, const struct yaml_item *root,
                         struct text *text, struct plan *plan, struct err *err)
{
    static const struct release_node node = {.name = "any"};
    struct compose compose = {.path = request->input,
                              .images = &request->images,
                              .sequence = request->sequence,
                              .floor = request->floor,
                              .out = text,
                              .err = err};
    int rc = compose_write(&compose, root);
    if (rc != 0) {
        return rc;
    }
    rc = release_compile(span_of(text->data, text->len), &node, plan, err);
    return rc == 0 ? 0 : compose_complain(request->input, root, rc, err);
}

static int tree_build(const struct build_request *request, const struct yaml_item *root,
                      struct err *err)
{
    struct text text;
    struct plan plan;
    struct digest digest;
    char hex[DIGEST_HEX_BYTES];
    char *memory = malloc(PAYLOAD_BYTES);
    if (memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    text_init(&text, memory, PAYLOAD_BYTES);
    int rc = payload_build(request, root, &text, &plan, err);
    struct span payload = span_of(text.data, text.len);
    if (rc == 0) {
        rc = envelope_write(request, payload, err);
    }
    if (rc == 0) {
        const struct verify *verify = request->images.verify;
        verify->ops->sha256(verify->self, payload, &digest);
        digest_render(&digest, hex);
        printf("%s: release %s of %s, sequence %llu, %zu bytes, not signed yet\n", request->output,
               hex, plan.app, (unsigned long long)plan.sequence, payload.len);
        if (plan.service_count > 0) {
            printf("order: %s, because %s\n",
                   plan.services[0].order == PLAN_START_FIRST ? "start-first" : "stop-first",
                   plan.services[0].order_reason);
        }
    }
    free(memory);
    return rc;
}

static int file_build(const struct build_request *request, struct err *err)
{
    struct yaml_item *root = NULL;
    char *content = NULL;
    size_t len = 0;
    int rc = file_read(request->input, COMPOSE_BYTES_MAX, &content, &len, err);
    if (rc != 0) {
        return rc;
    }
    rc = yaml_tree_parse(span_of(content, len), &root, err);
    free(content);
    if (rc != 0) {
        return err_wrap(err, rc, "%s", request->input);
    }
    rc = tree_build(request, root, err);
    yaml_tree_free(root);
    return rc;
}

static int build_run(struct build_request *request, struct err *err)
{
    struct keyring keyring;
    struct ask *ask = malloc(sizeof *ask);
    if (ask == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = ask_open(ask, err);
    if (rc == 0) {
        rc = keyring_open(&keyring, err);
        if (rc == 0) {
            request->images.ask = ask;
            request->images.verify = &keyring.verify;
            rc = file_build(request, err);
            keyring_close(&keyring);
        }
        ask_close(ask);
    }
    free(ask);
    return rc;
}

static bool number_read(const char *text, uint64_t *number)
{
    char *end = NULL;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number > 0 &&
           *number <= JSON_INTEGER_MAX;
}

static int option_note(struct build_request *request, int option, struct err *err)
{
    switch (option) {
    case 'o':
        request->output = optarg;
        return 0;
    case 's':
        return number_read(optarg, &request->sequence)
                   ? 0
                   : err_set(err, ERR_USAGE, "--sequence must be a number from 1");
    case 'f':
        return number_read(optarg, &request->floor)
                   ? 0
                   : err_set(err, ERR_USAGE, "--floor must be a number from 1");
    default:
        return err_set(err, ERR_USAGE, "no such option");
    }
}

static const char *environment(const char *name)
{
    return getenv(name);
}

int verb_release_build(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"sequence", required_argument, NULL, 's'},
                                            {"floor", required_argument, NULL, 'f'},
                                            IMAGE_OPTIONS,
                                            {0}};
    struct login_places places;
    struct build_request request = {
        .images = {.engine_socket = "/var/run/docker.sock", .registry = {.places = &places}}};
    int option = 0;
    login_places_of(environment, &places);
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        int rc = 0;
        if (!image_option(&request.images, option, optarg, &rc, err)) {
            rc = option_note(&request, option, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
    if (optind + 1 != argc || request.output == NULL) {
        return err_set(err, ERR_USAGE, "one Compose file and -o are needed");
    }
    request.input = argv[optind];
    return build_run(&request, err);
}
