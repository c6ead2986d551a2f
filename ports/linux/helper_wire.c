/* helper_wire: packets taken apart, whoever wrote them. */
#include "ports/linux/helper_wire.h"

#include <string.h>

bool helper_call_decode(unsigned char *packet, size_t len, struct helper_call *call)
{
    if (len < sizeof call->head) {
        return false;
    }
    memcpy(&call->head, packet, sizeof call->head);
    char *text = (char *)packet + sizeof call->head;
    size_t left = len - sizeof call->head;
    if (call->head.text_count > WORKER_ARGS_MAX || call->head.text_len > HELPER_TEXT_BYTES_MAX ||
        call->head.content_len > HELPER_CONTENT_BYTES_MAX ||
        (size_t)call->head.text_len + call->head.content_len != left) {
        return false;
    }
    call->content = span_of(text + call->head.text_len, call->head.content_len);
    size_t text_left = call->head.text_len;
    for (size_t i = 0; i < call->head.text_count; i++) {
        size_t used = strnlen(text, text_left) + 1;
        if (used > text_left) {
            return false;
        }
        call->texts[1 + i] = text;
        text += used;
        text_left -= used;
    }
    return text_left == 0;
}

bool helper_answer_decode(const unsigned char *packet, size_t len, struct helper_answer *head,
                          struct span *output)
{
    if (len < sizeof *head) {
        return false;
    }
    memcpy(head, packet, sizeof *head);
    *output = span_of(packet + sizeof *head, len - sizeof *head);
    return output->len == head->output_len;
}
