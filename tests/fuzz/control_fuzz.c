/* control: whatever a peer sends, it gets one whole answer or none yet, and its place is free
 * again. */
#include "agent/node/control.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"
#include "tests/unit/node/control_fake.h"

static struct control control;

/* An answer to anything begins as HTTP and has a body of the length it tells. */
static void answer_check(const struct fake_peer *peer)
{
    const char *end = strstr(peer->sent, "\r\n\r\n");
    const char *length = strstr(peer->sent, "Content-Length: ");
    PROMISE(strncmp(peer->sent, "HTTP/1.1 ", 9) == 0 && end != NULL);
    if (length != NULL && length < end && strncmp(peer->sent + 9, "100", 3) != 0) {
        size_t body = strtoul(length + 16, NULL, 10);
        PROMISE((size_t)(end + 4 - peer->sent) + body == peer->len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fake_peer peer;
    struct span input = span_of(data, size);
    fake_reset();
    fake.refusal = (input_byte(&input) & 1) != 0 ? ERR_BELOW_FLOOR : 0;
    fake_event("web", "ready \x1b[31m");
    control_init(&control, NULL, 1000);
    fake_connect(&peer, &control, (input_byte(&input) & 3) == 3 ? 1001 : 0);
    if (peer.peer == NULL) {
        return 0;
    }
    for (size_t len = 1; len < input.len && !peer.is_finished; len += 1 + len / 3) {
        control_receive(peer.peer, span_of(input.data, len));
    }
    control_receive(peer.peer, input);
    fake_event("web", "late");
    control_step(&control, 1000);
    if (fake.done != NULL) {
        fake.done(fake.done_ctx, NULL);
    }
    if (peer.is_finished) {
        answer_check(&peer);
    }
    control_close(peer.peer);
    for (size_t i = 0; i < CONTROL_PEERS_MAX; i++) {
        PROMISE(control.peers[i].state == CONTROL_PEER_FREE);
    }
    return 0;
}
