/* words: one table of MQTT reasons, one switch over the library's results. */
#include "ports/mosquitto/words.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <string.h>

int words_library(struct err *err, int result, const char *what)
{
    switch (result) {
    case MOSQ_ERR_NOMEM:
        return err_set(err, ERR_MEMORY, "%s: out of memory", what);
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
        return err_set(err, ERR_VALUE, "%s: not valid in MQTT", what);
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_OVERSIZE_PACKET:
        return err_set(err, ERR_OVERSIZE, "%s: larger than the broker takes", what);
    case MOSQ_ERR_KEEPALIVE:
        return err_set(err, ERR_TIMEOUT, "%s: the broker did not answer a ping", what);
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
    case MOSQ_ERR_DUPLICATE_PROPERTY:
    case MOSQ_ERR_TOPIC_ALIAS_INVALID:
    case MOSQ_ERR_NOT_SUPPORTED:
        return err_set(err, ERR_PROTOCOL, "%s: what the broker sent is not MQTT (%s)", what,
                       mosquitto_strerror(result));
    case MOSQ_ERR_ERRNO:
        return err_set(err, ERR_NETWORK, "%s: %s", what, strerror(errno));
    default:
        return err_set(err, ERR_NETWORK, "%s: %s", what, mosquitto_strerror(result));
    }
}

/* 3.1.1, table 3.1. */
static const char *refusal_words(unsigned reason)
{
    static const char *const words[] = {
        [1] = "it does not speak this version of MQTT",
        [2] = "it does not accept this client id",
        [3] = "it is not available now",
        [4] = "user name or password are wrong",
        [5] = "this client is not authorized; see the broker's list of who may connect",
    };
    return reason < sizeof words / sizeof words[0] && words[reason] != NULL ? words[reason]
                                                                            : "reason unknown";
}

int words_refusal(struct err *err, int protocol, unsigned reason)
{
    if (reason < 0x80) {
        return err_set(err, ERR_DENIED, "the broker refused: %s (code %u)", refusal_words(reason),
                       reason);
    }
    return err_set(err, ERR_DENIED, "the broker refused: %s (MQTT %s, reason 0x%02x)",
                   mosquitto_reason_string((int)reason), protocol == 5 ? "5" : "3.1.1", reason);
}

int words_farewell(struct err *err, unsigned reason)
{
    int code = ERR_NETWORK;
    switch (reason) {
    case MQTT_RC_SESSION_TAKEN_OVER:
        return err_set(err, ERR_TAKEN_OVER,
                       "another client came with this client's id, and the broker gave it the "
                       "session (reason 0x%02x)",
                       reason);
    case MQTT_RC_KEEP_ALIVE_TIMEOUT:
        code = ERR_TIMEOUT;
        break;
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BANNED:
    case MQTT_RC_ADMINISTRATIVE_ACTION:
        code = ERR_DENIED;
        break;
    case MQTT_RC_MALFORMED_PACKET:
    case MQTT_RC_PROTOCOL_ERROR:
        code = ERR_PROTOCOL;
        break;
    default:
        break;
    }
    return err_set(err, code, "the broker ended the session: %s (reason 0x%02x)",
                   mosquitto_reason_string((int)reason), reason);
}

int words_denial(struct err *err, const char *what, unsigned reason)
{
    return err_set(err, ERR_DENIED, "the broker denied the %s: %s (reason 0x%02x); see its ACL",
                   what, mosquitto_reason_string((int)reason), reason);
}
