/* Post-mortem: how a container ended, then the end of its log, read within limits. */
#include <stdio.h>

#include "ports/docker/call.h"
#include "ports/docker/output.h"

/* Lines asked for, and bytes of the engine's answer read at most (it cuts lines at 16 KiB). */
enum { LOG_LINES = 100, LOG_BYTES_MAX = 2 * 1024 * 1024 };

struct mortem_state {
    char id[ENGINE_ID_BYTES];
    struct engine_post_mortem found;
    struct docker_output output;
    uint64_t read; /* bytes of the log's answer */
};

static void mortem_finish(struct docker_call *call)
{
    struct mortem_state *mortem = call->state;
    mortem->found.output = docker_output_end(&mortem->output);
    mortem->found.is_output_cut |= mortem->output.seen > mortem->output.keep;
    docker_call_finish(call, &(struct engine_answer){.post_mortem = &mortem->found});
}

/* What was read until then is told, and that it is not all. */
static void on_log_late(struct docker_call *call)
{
    struct mortem_state *mortem = call->state;
    mortem->found.is_output_cut = true;
    if (mortem->read == 0) {
        text_shorten_printf(mortem->found.unread, sizeof mortem->found.unread,
                            "the engine did not give its log in time");
    }
    mortem_finish(call);
}

static void on_log_piece(struct docker_call *call, struct span piece)
{
    struct mortem_state *mortem = call->state;
    mortem->read += piece.len;
    docker_output_feed(&mortem->output, piece);
    if (mortem->read >= LOG_BYTES_MAX) {
        mortem->found.is_output_cut = true;
        call->is_enough = true;
    }
}

static void on_log(struct docker_call *call, int status, struct span body)
{
    struct mortem_state *mortem = call->state;
    if (status == 404) {
        docker_call_refuse(call, "read a container's log", status, body);
        return;
    }
    if (status != 200) { /* 501 or 500 with words: its driver keeps nothing that could be read */
        reply_message(body, status, mortem->found.unread, sizeof mortem->found.unread);
    }
    mortem_finish(call);
}

static void on_inspected(struct docker_call *call, int status, struct span body)
{
    struct mortem_state *mortem = call->state;
    struct engine_container seen;
    char path[ENGINE_ID_BYTES + 64];
    if (status != 200) {
        docker_call_refuse(call, "inspect a container", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    docker_container_read(json, &seen);
    if (seen.id[0] == '\0') {
        docker_call_fail(call, ERR_ENGINE, "the engine's answer about a container is unreadable");
        return;
    }
    mortem->found.state = seen.state;
    mortem->found.exit_code = seen.exit_code;
    mortem->found.was_out_of_memory = reply_is_true_at(json, "State.OOMKilled");
    text_shorten_line(mortem->found.error, sizeof mortem->found.error,
                      span_text(reply_text_at(json, "State.Error")));
    mortem->output.is_raw = reply_is_true_at(json, "Config.Tty");
    (void)snprintf(path, sizeof path, "/containers/%s/logs?stdout=1&stderr=1&tail=%d", mortem->id,
                   LOG_LINES);
    docker_call_next(call, &(struct docker_request){
                               .method = "GET",
                               .path = path,
                               .timeout_ms = QUICK_TIMEOUT_MS,
                               .step = on_log,
                               .stream = on_log_piece,
                               .expired = on_log_late,
                           });
}

int docker_post_mortem(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    char path[ENGINE_ID_BYTES + 32];
    int rc = docker_call_new(self, sizeof(struct mortem_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct mortem_state *mortem = call->state;
    mortem->output.keep = ENGINE_OUTPUT_BYTES;
    if (id[0] == '\0' || strspn(id, "0123456789abcdef") != strlen(id) ||
        !text_copy(mortem->id, sizeof mortem->id, id)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "not a container's id: %s", id);
    }
    (void)snprintf(path, sizeof path, "/containers/%s/json", mortem->id);
    return docker_call_first(call,
                             &(struct docker_request){
                                 .method = "GET",
                                 .path = path,
                                 .timeout_ms = QUICK_TIMEOUT_MS,
                                 .step = on_inspected,
                             },
                             err);
}
