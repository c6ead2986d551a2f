/* release_notice: how an old replica is told, before it is stopped, that it will be. */
#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

static int kind_set(const struct json_place *at, struct plan_drain_notice *notice,
                    enum plan_notice kind, struct err *err)
{
    if (notice->kind != PLAN_NOTICE_NONE) {
        return json_error(at, ERR_VALUE, err, "one notice goes one way: signal, exec or http");
    }
    notice->kind = kind;
    return 0;
}

static int read_signal(const struct json_place *at, void *into, struct err *err)
{
    struct plan_drain_notice *notice = into;
    int rc = kind_set(at, notice, PLAN_NOTICE_SIGNAL, err);
    if (rc == 0) {
        rc = json_copy(at, notice->text, sizeof notice->text, err);
    }
    if (rc == 0 && !signal_is_name(notice->text)) {
        rc = json_error(at, ERR_VALUE, err, "must be the name of a signal, like SIGUSR1");
    }
    if (rc == 0 && strcmp(notice->text, "SIGKILL") == 0) {
        rc = json_error(at, ERR_VALUE, err, "nobody can answer SIGKILL; use SIGUSR1");
    }
    return rc;
}

static int read_command(const struct json_place *at, void *into, struct err *err)
{
    struct plan_drain_notice *notice = into;
    struct words words = {notice->text, sizeof notice->text, 0};
    return release_read_arguments(at, &words, &notice->exec_count, err);
}

static int read_exec(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"command", read_command, NULL, true}};
    int rc = kind_set(at, into, PLAN_NOTICE_EXEC, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_path(const struct json_place *at, void *into, struct err *err)
{
    struct plan_drain_notice *notice = into;
    int rc = json_copy(at, notice->text, sizeof notice->text, err);
    for (const char *p = notice->text; rc == 0 && *p != '\0'; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f) {
            rc =
                json_error(at, ERR_VALUE, err, "must be a path in printable ASCII, without spaces");
        }
    }
    if (rc == 0 && notice->text[0] != '/') {
        rc = json_error(at, ERR_VALUE, err, "must begin with '/'");
    }
    return rc;
}

static int read_port(const struct json_place *at, void *into, struct err *err)
{
    int64_t port = 0;
    int rc = json_integer(at, 1, UINT16_MAX, &port, err);
    ((struct plan_drain_notice *)into)->port = (uint16_t)port;
    return rc;
}

static int read_http(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"path", read_path, NULL, true},
                                           {"port", read_port, NULL, true}};
    int rc = kind_set(at, into, PLAN_NOTICE_HTTP, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_notify(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"signal", read_signal, NULL, false},
                                           {"exec", read_exec, NULL, false},
                                           {"http", read_http, NULL, false}};
    struct plan_drain_notice *notice = &((struct release_reading *)into)->service->notice;
    int rc = json_read_object(at, keys, COUNT_OF(keys), notice, err);
    if (rc == 0 && notice->kind == PLAN_NOTICE_NONE) {
        rc = json_error(at, ERR_MISSING, err, "says not how: signal, exec or http");
    }
    return rc;
}

int release_read_drain(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"notify", read_notify, NULL, true}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}
