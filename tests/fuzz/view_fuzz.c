/* view: what people's tables make of any JSON is plain lines, within their buffer. */
#include "ports/app/control/view.h"

#include "ports/app/control/scan.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

static char buf[65536];

static void lines_check(const struct text *text)
{
    PROMISE(text->len < sizeof buf && buf[text->len] == '\0');
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)buf[i];
        PROMISE(c == '\n' || (c >= ' ' && c < 0x7f)); /* no escape reaches a terminal */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const views[])(struct span, struct text *) = {
        view_status, view_events, view_history};
    struct span input = span_of(data, size);
    struct text text;
    struct span value;
    char word[16];
    size_t at = 0;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        text_init(&text, buf, sizeof buf);
        views[i](input, &text);
        lines_check(&text);
        text_init(&text, buf, 64); /* cut, and not beyond */
        views[i](input, &text);
        PROMISE(text.len < 64);
    }
    while (scan_element(input, &at, &value)) {
        PROMISE(value.data >= data && value.data + value.len <= data + size);
        (void)scan_text(value, word, sizeof word);
        PROMISE(memchr(word, '\0', sizeof word) != NULL);
    }
    if (scan_member(input, "app", &value)) {
        PROMISE(value.data >= data && value.data + value.len <= data + size);
    }
    (void)scan_member_integer(input, "gen", 0);
    (void)scan_member_bool(input, "ready");
    return 0;
}
