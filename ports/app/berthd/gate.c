/* gate: adapters, one line each. */
#include "ports/app/berthd/gate.h"

static void gate_send(void *self, struct span bytes)
{
    linux_server_send(self, bytes);
}

static void gate_finish(void *self)
{
    linux_server_finish(self);
}

static void gate_keep(void *self)
{
    linux_server_keep(self);
}

static void *gate_opened(void *ctx, struct linux_server_peer *peer, uint32_t uid)
{
    static const struct control_out_ops ops = {
        .send = gate_send,
        .finish = gate_finish,
        .keep = gate_keep,
    };
    return control_open(ctx, uid, (struct control_out){.ops = &ops, .self = peer});
}

static void gate_received(void *named, struct span input)
{
    control_receive(named, input);
}

static void gate_closed(void *named)
{
    control_close(named);
}

static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: "
                           "application/json\r\nConnection: close\r\n\r\n"
                           "{\"code\":\"busy\",\"error\":\"all places for control connections are "
                           "taken\",\"remedy\":\"end "
                           "other berthctl watch or --wait, then try again\"}\n";

struct linux_server_user gate_user(struct control *control)
{
    return (struct linux_server_user){
        .opened = gate_opened,
        .received = gate_received,
        .closed = gate_closed,
        .ctx = control,
        .input_bytes_max = CONTROL_REQUEST_BYTES_MAX + 1,
        .full = span_text(full),
    };
}
