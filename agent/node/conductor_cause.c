/* conductor_cause: why a candidate failed: its probes' last answers, how it ended, what it wrote.
 */
#include "agent/node/conductor_private.h"

#include "agent/wire/release_words.h"
#include "platform/base/law.h"
#include "platform/base/text.h"

/* Texts inside a rendered cause; a text needs at most two bytes of JSON for each of its own. */
#define ASKED_BYTES 120
#define CAME_BYTES  180
#define WORDS_BYTES 240
/* Of the output's last line so much is shown where all of it is not. */
#define LINE_BYTES 160

_Static_assert(2 * (PROBE_ROLES * (ASKED_BYTES + CAME_BYTES) + 3 * WORDS_BYTES) + 600 <=
                   CAUSE_BYTES_MAX,
               "a cause fits, whatever its texts are");

static struct cause *cause_of(struct app *app, uint32_t gen)
{
    if (app->cause.gen != gen) {
        app->cause = (struct cause){.gen = gen};
    }
    return &app->cause;
}

static void asked_render(const struct replica *replica, const struct plan_service *service,
                         const struct plan_probe *config, struct text *text)
{
    char address[16] = "127.0.0.1";
    const char *at = service->words + config->exec_at;
    if ((service->powers & POWER_HOST_NETWORK) == 0) {
        address_render(replica->address, address);
    }
    switch (config->kind) {
    case PLAN_PROBE_HTTP:
        text_printf(text, "GET http://%s:%u%s", address, config->port, config->path);
        break;
    case PLAN_PROBE_TCP:
        text_printf(text, "connect to %s:%u", address, config->port);
        break;
    case PLAN_PROBE_EXEC:
        text_append(text, "run");
        for (uint8_t i = 0; i < config->exec_count; i++) {
            text_printf(text, " %s", at);
            at += strlen(at) + 1;
        }
        break;
    case PLAN_PROBE_NONE:
        break;
    }
}

void cause_note_answer(struct app *app, const struct replica *replica, const struct plan *plan,
                       enum probe_role role, const struct err *err)
{
    LAW(BOUNDED, role < PROBE_ROLES);
    const struct plan_service *service = &plan->services[replica->service];
    if (replica->gen != app->memory.candidate.gen || (err == NULL && app->cause.gen == 0)) {
        return;
    }
    struct conductor *conductor = app->conductor;
    struct cause_answer *answer = &cause_of(app, replica->gen)->answers[role];
    bool is_same = answer->service == replica->service && answer->number == replica->number;
    if (err == NULL) {
        answer->bad = is_same ? 0 : answer->bad;
        return;
    }
    char asked[ASKED_BYTES + PLAN_WORDS_BYTES];
    struct text text;
    bool is_trusted = false;
    text_init(&text, asked, sizeof asked);
    asked_render(replica, service, probe_of(service, role), &text);
    answer->bad = is_same ? answer->bad + 1 : 1;
    answer->service = replica->service;
    answer->number = replica->number;
    answer->wall = conductor->ports.clock.ops->wall(conductor->ports.clock.self, &is_trusted);
    text_shorten(answer->asked, sizeof answer->asked, span_of(text.data, text.len));
    text_shorten(answer->came, sizeof answer->came, span_text(err->text));
    (void)text_copy(app->cause.service_name, NAME_BYTES, service->name);
}

int cause_examine(struct app *app, const struct replica *replica, engine_done done,
                  struct call *call, struct err *err)
{
    LAW(EVIDENCE, replica->gen != 0);
    const struct engine *engine = &app->conductor->ports.engine;
    return engine->ops->post_mortem(engine->self, replica->id, done, call, err);
}

/* "exited with 3, out of memory" */
static void end_render(const struct engine_post_mortem *end, struct text *text)
{
    text_printf(text, "%s", engine_state_word(end->state));
    if (end->state != ENGINE_RUNNING && end->state != ENGINE_PAUSED) {
        text_printf(text, " with %d", end->exit_code);
    }
    text_append(text, end->was_out_of_memory ? ", out of memory" : "");
}

/* The last line that is not empty, without its end. */
static struct span last_line(struct span output)
{
    while (output.len > 0 && output.data[output.len - 1] <= ' ') {
        output.len--;
    }
    size_t from = output.len;
    while (from > 0 && output.data[from - 1] != '\n') {
        from--;
    }
    return span_of(output.data + from, output.len - from);
}

static void end_tell(const struct app *app)
{
    const struct cause *cause = &app->cause;
    char how[96];
    char line[LINE_BYTES];
    struct text text;
    text_init(&text, how, sizeof how);
    end_render(&cause->end, &text);
    text_shorten_line(line, sizeof line, last_line(cause->end.output));
    conductor_event(app->conductor, app, "generation %u replica %u %s%s%s%s%s", cause->gen,
                    cause->number, how, cause->end.error[0] != '\0' ? "; the engine said: " : "",
                    cause->end.error, line[0] != '\0' ? "; it wrote last: " : "", line);
}

void cause_note_end(struct app *app, const struct replica *replica, const struct err *err,
                    const struct engine_answer *answer)
{
    struct cause *cause = cause_of(app, replica->gen);
    const struct plan *plan = app_plan_leaving(app, replica->gen);
    if (!replica->is_examined) {
        return; /* asked again */
    }
    if (cause->is_examined && !replica->is_telling) {
        return;
    }
    cause->is_examined = true;
    cause->service = replica->service;
    cause->number = replica->number;
    if (plan != NULL && replica->service < plan->service_count) {
        (void)text_copy(cause->service_name, NAME_BYTES, plan->services[replica->service].name);
    }
    if (err != NULL) {
        text_shorten(cause->complaint, sizeof cause->complaint, span_text(err->text));
        conductor_warning(app->conductor, app, "cannot tell how generation %u replica %u ended: %s",
                          replica->gen, replica->number, err->text);
        return;
    }
    struct span output = answer->post_mortem->output;
    cause->complaint[0] = '\0';
    cause->end = *answer->post_mortem;
    if (output.len > 0) {
        memcpy(cause->output, output.data, output.len);
    }
    cause->end.output = span_of(cause->output, output.len);
    end_tell(app);
}

bool cause_is_awaited(const struct app *app)
{
    const struct session_app *session = &app->session;
    if (conductor_now(app->conductor) >= app->story_until) {
        return false;
    }
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *replica = &session->replicas[i];
        if (!replica->is_examined && swap_keeps_remains(&app->memory, session, replica)) {
            return true;
        }
    }
    return false;
}

static void put_words(struct text *text, const char *key, size_t cap, const char *words)
{
    char shortened[WORDS_BYTES];
    text_shorten_line(shortened, cap < sizeof shortened ? cap : sizeof shortened, span_text(words));
    text_printf(text, ",\"%s\":", key);
    text_append_json(text, shortened);
}

static void answers_render(const struct cause *cause, struct text *text)
{
    static const char *const words[] = {[PROBE_STARTUP] = "startup",
                                        [PROBE_READINESS] = "readiness",
                                        [PROBE_LIVENESS] = "liveness"};
    const char *separator = "";
    text_append(text, ",\"probes\":[");
    for (int role = 0; role < PROBE_ROLES; role++) {
        const struct cause_answer *answer = &cause->answers[role];
        if (answer->bad > 0) {
            text_printf(text, "%s{\"probe\":\"%s\",\"replica\":%u,\"inARow\":%u,\"wall\":%lld",
                        separator, words[role], answer->number, answer->bad,
                        (long long)answer->wall);
            put_words(text, "asked", ASKED_BYTES, answer->asked);
            put_words(text, "came", CAME_BYTES, answer->came);
            text_append(text, "}");
            separator = ",";
        }
    }
    text_append(text, "]");
}

static size_t json_length(struct span value)
{
    size_t length = 2;
    while (value.len > 0) {
        size_t len = text_character(value);
        uint8_t c = value.data[0];
        length += len == 0 || c == 0 ? 3 : c == '"' || c == '\\' ? 2 : c < 0x20 ? 6 : len;
        len = len == 0 ? 1 : len;
        value = span_of(value.data + len, value.len - len);
    }
    return length;
}

/* The end of the output that fits; what was left out is said. */
static void output_render(const struct engine_post_mortem *end, struct text *text, size_t reserve)
{
    struct span output = end->output;
    size_t used = text->len + reserve + sizeof ",\"outputLeftOut\":4096,\"output\":";
    size_t room = used < text->cap ? text->cap - used : 2;
    size_t length = json_length(output);
    while (length > room && output.len > 0) {
        size_t over = (length - room) / 6 + 1;
        over = over < output.len ? over : output.len;
        output = span_of(output.data + over, output.len - over);
        while (output.len > 0 && (output.data[0] & 0xC0u) == 0x80u) {
            output = span_of(output.data + 1, output.len - 1);
        }
        length = json_length(output);
    }
    text_printf(text, ",\"outputLeftOut\":%zu,\"output\":", end->output.len - output.len);
    text_append_json_span(text, output);
}

static void end_members_render(const struct cause *cause, struct text *text)
{
    const struct engine_post_mortem *end = &cause->end;
    bool is_over = end->state != ENGINE_RUNNING && end->state != ENGINE_PAUSED;
    bool is_known = cause->is_examined && cause->complaint[0] == '\0';
    if (!is_known) {
        text_append(text, ",\"state\":null,\"exitCode\":null,\"outOfMemory\":null");
    } else if (is_over) {
        text_printf(text, ",\"state\":\"%s\",\"exitCode\":%d,\"outOfMemory\":%s",
                    engine_state_word(end->state), end->exit_code,
                    end->was_out_of_memory ? "true" : "false");
    } else {
        text_printf(text, ",\"state\":\"%s\",\"exitCode\":null,\"outOfMemory\":%s",
                    engine_state_word(end->state), end->was_out_of_memory ? "true" : "false");
    }
    put_words(text, "engineError", WORDS_BYTES, end->error);
    put_words(text, "outputUnread", WORDS_BYTES,
              cause->complaint[0] != '\0' ? cause->complaint : end->unread);
    text_printf(text, ",\"outputCut\":%s", end->is_output_cut ? "true" : "false");
}

void cause_render(const struct cause *cause, struct text *text, bool is_brief, size_t reserve)
{
    if (cause == NULL) {
        text_append(text, "null");
        return;
    }
    text_printf(text, "{\"gen\":%u,\"service\":", cause->gen);
    text_append_json(text, cause->service_name);
    text_printf(text, ",\"replica\":%u,\"examined\":%s", cause->number,
                cause->is_examined ? "true" : "false");
    end_members_render(cause, text);
    answers_render(cause, text);
    if (is_brief) {
        char line[LINE_BYTES];
        text_shorten_line(line, sizeof line, last_line(cause->end.output));
        text_append(text, ",\"lastLine\":");
        text_append_json(text, line);
    } else {
        output_render(&cause->end, text, reserve);
    }
    text_append(text, "}");
}
