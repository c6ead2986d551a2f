/* http_answer: a line at a time, strict about the first and blind to the others. */
#include "ports/linux/http_answer.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1." digit SP 3 digits, then SP and anything, or nothing (RFC 9112 section 4). */
static bool status_parse(const char *line, size_t len, int *status)
{
    if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ' ||
        (len > 12 && line[12] != ' ')) {
        return false;
    }
    for (size_t i = 9; i < 12; i++) {
        if (!is_digit(line[i])) {
            return false;
        }
    }
    *status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return *status >= 100 && *status <= 599;
}

static int line_end(struct http_answer *answer, struct err *err)
{
    size_t len = answer->line_len;
    bool is_cut = len == sizeof answer->line;
    answer->line_len = 0;
    if (len > 0 && !is_cut && answer->line[len - 1] == '\r') {
        len--;
    }
    if (!answer->is_status_read) {
        if (is_cut || !status_parse(answer->line, len, &answer->status)) {
            return err_set(err, ERR_PROBE, "the answer is not HTTP/1");
        }
        answer->is_status_read = true;
        return 0;
    }
    if (len == 0) {
        bool is_interim = answer->status < 200 && answer->status != 101;
        answer->is_status_read = !is_interim;
        answer->is_head_whole = !is_interim;
    }
    return 0;
}

int http_answer_feed(struct http_answer *answer, struct span bytes, struct err *err)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (answer->is_head_whole) {
            answer->body_bytes += bytes.len - i;
            return 0;
        }
        if (++answer->head_bytes > HTTP_ANSWER_HEAD_BYTES_MAX) {
            return err_set(err, ERR_PROBE, "the head of the answer is longer than %d bytes",
                           HTTP_ANSWER_HEAD_BYTES_MAX);
        }
        if (bytes.data[i] == '\n') {
            int rc = line_end(answer, err);
            if (rc != 0) {
                return rc;
            }
        } else if (answer->line_len < sizeof answer->line) {
            answer->line[answer->line_len++] = (char)bytes.data[i];
        } else if (!answer->is_status_read) {
            return err_set(err, ERR_PROBE, "the answer is not HTTP/1");
        }
    }
    return 0;
}
