/* control_private: what the files of control share: answers, and the verb that goes on by itself.
 */
#ifndef AGENT_NODE_CONTROL_PRIVATE_H
#define AGENT_NODE_CONTROL_PRIVATE_H

#include "agent/node/control.h"

/* An empty text in control->json. */
struct text control_json(struct control *control);

/* Sends the head of an answer; without `has_length` the body ends with the connection. */
void control_head_send(struct control_peer *peer, int status, const char *type, size_t body_len,
                       bool has_length);

/* Sends a whole answer and finishes the peer. */
void control_answer_send(struct control_peer *peer, int status, const char *type, struct span body);

/* Sends {code, error, remedy} and finishes the peer. */
void control_error_send(struct control_peer *peer, int status, int code, const char *what);

/* Appends JSON (one value, or one a line) as a person can read it: a member a line, indented, but
 * for what holds neither object nor array; ASCII, so that nothing in it moves a terminal. Still
 * JSON. People's tables are drawn by the tools. */
void control_lines(struct span json, struct text *text);

/* Sends what was rendered into control->json, by lines where the peer asked for text, and finishes
 * the peer. ERR_LIMIT when it did not fit; nothing is sent then. */
NODISCARD int control_rendered_send(struct control_peer *peer, const struct text *json,
                                    const char *type, struct err *err);

/* GET /v1/watch: a status, then each event and each change of the status, until the peer leaves. */
NODISCARD int control_watch(struct control_peer *peer, const char *name, struct span body,
                            struct err *err);

#endif
