/* control_fake: stands in for the conductor at the link line. */
#include "control_fake.h"

#include <inttypes.h>
#include <stdio.h>

struct fake_conductor fake;

void fake_reset(void)
{
    fake = (struct fake_conductor){.status = "{\"schema\":1,\"node\":\"n\",\"apps\":[]}"};
}

void fake_event(const char *app, const char *text)
{
    struct event *event = &fake.events[fake.event_count++];
    *event = (struct event){.number = fake.event_count, .at = 1500};
    (void)text_copy(event->app, sizeof event->app, app);
    (void)text_copy(event->text, sizeof event->text, text);
    if (fake.heard != NULL) {
        fake.heard(fake.heard_ctx, event);
    }
}

void conductor_status(const struct conductor *conductor, struct text *text)
{
    (void)conductor;
    text_append(text, fake.status);
    for (size_t i = 0; i < fake.status_pad; i++) {
        text_append(text, " ");
    }
}

int conductor_history(const struct conductor *conductor, const char *app, struct text *text,
                      struct err *err)
{
    (void)conductor;
    if (strcmp(app, "web") != 0) {
        return err_set(err, ERR_NOT_FOUND, "no app %s on this node", app);
    }
    text_append(text, "{\"schema\":1,\"app\":\"web\",\"committed\":{\"gen\":3,\"release\":"
                      "\"aabbccddeeff\",\"sequence\":5,\"version\":\"1.2\"},\"history\":[],"
                      "\"quarantined\":[\"00112233445566\"]}");
    return 0;
}

void conductor_events(const struct conductor *conductor, uint64_t after, struct text *text)
{
    (void)conductor;
    for (size_t i = 0; i < fake.event_count; i++) {
        if (fake.events[i].number > after) {
            event_render(&fake.events[i], text);
        }
    }
}

void event_render(const struct event *event, struct text *text)
{
    text_printf(text,
                "{\"event\":%" PRIu64 ",\"at\":%" PRId64 ",\"app\":\"%s\",\"text\":", event->number,
                event->at, event->app);
    text_append_json(text, event->text);
    text_append(text, "}\n");
}

void conductor_listen(struct conductor *conductor, conductor_heard heard, void *ctx)
{
    (void)conductor;
    fake.heard = heard;
    fake.heard_ctx = ctx;
}

static int asked(conductor_done done, void *ctx, struct err *err)
{
    fake.asked++;
    if (fake.refusal != 0) {
        return err_set(err, fake.refusal, "sequence 3 is below the \"floor\" 5");
    }
    fake.done = done;
    fake.done_ctx = ctx;
    return 0;
}

int conductor_activate(struct conductor *conductor, struct span envelope, bool force,
                       conductor_done done, void *ctx, struct err *err)
{
    (void)conductor;
    fake.was_forced = force;
    (void)snprintf(fake.body, sizeof fake.body, "%.*s", (int)envelope.len,
                   (const char *)envelope.data);
    return asked(done, ctx, err);
}

void conductor_accepted(const struct conductor *conductor, struct accepted *accepted)
{
    (void)conductor;
    *accepted = (struct accepted){.verdicts = 4};
    accepted->release.bytes[0] = 0xab;
}

int conductor_rollback(struct conductor *conductor, const char *app, conductor_done done, void *ctx,
                       struct err *err)
{
    (void)conductor;
    (void)text_copy(fake.app, sizeof fake.app, app);
    return asked(done, ctx, err);
}

int conductor_files(struct conductor *conductor, const char *app, struct text *text,
                    struct err *err)
{
    (void)conductor;
    if (strcmp(app, "web") != 0) {
        return err_set(err, ERR_NOT_FOUND, "no app %s on this node", app);
    }
    text_append(text, "{\"missing\":[\"aa\"]}");
    return 0;
}

int conductor_file(struct conductor *conductor, const struct digest *name, struct span content,
                   conductor_done done, void *ctx, struct err *err)
{
    (void)conductor;
    (void)name;
    (void)snprintf(fake.body, sizeof fake.body, "%.*s", (int)content.len,
                   (const char *)content.data);
    return asked(done, ctx, err);
}

static void peer_send(void *self, struct span bytes)
{
    struct fake_peer *peer = self;
    if (peer->len + bytes.len < sizeof peer->sent) {
        memcpy(peer->sent + peer->len, bytes.data, bytes.len);
        peer->len += bytes.len;
        peer->sent[peer->len] = '\0';
    }
}

static void peer_finish(void *self)
{
    ((struct fake_peer *)self)->is_finished = true;
}

static void peer_keep(void *self)
{
    ((struct fake_peer *)self)->is_kept = true;
}

void fake_connect(struct fake_peer *peer, struct control *control, uint32_t uid)
{
    static const struct control_out_ops ops = {
        .send = peer_send,
        .finish = peer_finish,
        .keep = peer_keep,
    };
    *peer = (struct fake_peer){0};
    peer->peer = control_open(control, uid, (struct control_out){.ops = &ops, .self = peer});
}

void fake_ask(struct fake_peer *peer, const char *request)
{
    control_receive(peer->peer, span_text(request));
}
