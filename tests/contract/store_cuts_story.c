/* store_cuts_story: opens, writes, reads, compares. */
#include "tests/contract/store_cuts_story.h"

#include "platform/base/units.h"

enum { TURNS_MAX = 400 };

static char big[CUT_BIG_BYTES + 1];
static const struct cut_step story[CUT_STEPS] = {
    {false, "app", "one"},     {true, "release", "payload"}, {false, "app", "two"},
    {true, "large", big},      {false, "other", "first"},    {true, "release", "changed"},
    {true, "release", NULL},   {true, "next", big},          {false, "app", "three"},
    {true, "large", NULL},     {true, "fresh", "reused"},    {true, "fresh", "reused"},
    {false, "other", "second"}};
static const struct cut_step documents[CUT_DOCUMENTS] = {
    {false, "app", NULL},  {false, "other", NULL}, {true, "release", NULL},
    {true, "large", NULL}, {true, "next", NULL},   {true, "fresh", NULL}};

static const char *const nothing = "not-found";
static const struct cut_port *port;
static struct store store;
static bool is_open;

void cut_story_begin(const struct cut_port *given)
{
    port = given;
    memset(big, 'b', CUT_BIG_BYTES);
}

const struct cut_step *cut_story_step(size_t step)
{
    return &story[step];
}

int cut_store_open(void)
{
    struct err err = {.text = ""};
    int rc = port->open(port->self, cut_folder(), &store, &err);
    is_open = rc == 0;
    return rc;
}

void cut_store_close(void)
{
    if (is_open) {
        port->close(port->self);
        is_open = false;
    }
}

static void ended(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 0 : err->code;
}

int cut_step_run(const struct cut_step *step)
{
    int code = 1;
    struct err err;
    int rc =
        step->content == NULL ? store.ops->blob_remove(store.self, step->name, ended, &code, &err)
        : step->is_blob ? store.ops->blob_write(store.self, step->name, span_text(step->content),
                                                ended, &code, &err)
                        : store.ops->record_write(store.self, step->name, span_text(step->content),
                                                  ended, &code, &err);
    for (int i = 0; rc == 0 && code == 1 && i < TURNS_MAX; i++) {
        port->pump(port->self);
    }
    CHECK(rc != 0 || code != 1);
    return rc != 0 ? rc : code;
}

/* The document's content, or the word of the error; valid until the next call. */
static const char *document_get(size_t d)
{
    static char text[STORE_BLOB_BYTES_MAX + 1];
    const struct cut_step *document = &documents[d];
    size_t len = 0;
    struct err err;
    int rc = (document->is_blob ? store.ops->blob_read : store.ops->record_read)(
        store.self, document->name, text, sizeof text - 1, &len, &err);
    text[rc == 0 ? len : 0] = '\0';
    return rc == 0 ? text : err_word(rc);
}

struct cut_picture cut_picture_due(size_t steps)
{
    struct cut_picture due;
    for (size_t d = 0; d < CUT_DOCUMENTS; d++) {
        due.is[d] = nothing;
        for (size_t i = 0; i < steps; i++) {
            if (strcmp(story[i].name, documents[d].name) == 0) {
                due.is[d] = story[i].content != NULL ? story[i].content : nothing;
            }
        }
    }
    return due;
}

static void counted(void *ctx, const char *name, bool is_blob)
{
    (void)name;
    (void)is_blob;
    ++*(size_t *)ctx;
}

bool cut_picture_read(const struct cut_picture *one, const struct cut_picture *other,
                      struct cut_picture *told)
{
    size_t listed = 0;
    size_t there = 0;
    struct err err;
    for (size_t d = 0; d < CUT_DOCUMENTS; d++) {
        const char *got = document_get(d);
        told->is[d] = strcmp(got, one->is[d]) == 0     ? one->is[d]
                      : strcmp(got, other->is[d]) == 0 ? other->is[d]
                                                       : NULL;
        if (told->is[d] == NULL) {
            printf("    %s is \"%.20s\", neither \"%.20s\" nor \"%.20s\"\n", documents[d].name, got,
                   one->is[d], other->is[d]);
            return false;
        }
        there += told->is[d] != nothing;
    }
    bool is_good = store.ops->list(store.self, counted, &listed, &err) == 0 && listed == there;
    if (!is_good) {
        printf("    %zu listed, %zu there\n", listed, there);
    }
    return is_good;
}
