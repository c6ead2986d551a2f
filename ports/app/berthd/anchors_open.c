/* anchors_open: the payload is read before its signatures, because it says whose they must be. */
#include "ports/app/berthd/anchors_open.h"

#include "agent/wire/base64.h"
#include "agent/wire/envelope.h"
#include "agent/wire/json.h"
#include "platform/base/text.h"

/* The bytes inside an envelope whose signatures nobody has checked yet. */
static int payload_peek(struct span envelope, struct arena *arena, struct span *payload,
                        struct err *err)
{
    static const struct json_rules rules = {.bytes_max = ENVELOPE_BYTES_MAX};
    struct json_document document;
    struct json_place member;
    const char *text = NULL;
    int rc = json_parse(envelope, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    if (!json_member(&root, "payload", &member)) {
        rc = err_set(err, ERR_MISSING, "no payload; give the envelope that berth wrote");
    } else {
        rc = json_string(&member, &text, err);
    }
    rc = rc == 0 ? base64_decode(text, arena, payload, err) : rc;
    json_free(&document);
    return rc;
}

int anchors_check(struct span envelope, enum trust_role role, const struct trust *trust,
                  const struct verify *verify, struct arena arena, struct err *err)
{
    struct span payload;
    struct digest digest;
    return envelope_open(envelope, role, trust, verify, &arena, &payload, &digest, err);
}

int anchors_open_trust(struct span envelope, const struct verify *verify, struct arena arena,
                       struct trust *trust, struct digest *digest, struct err *err)
{
    struct span payload;
    int rc = payload_peek(envelope, &arena, &payload, err);
    rc = rc == 0 ? trust_parse(payload, trust, err) : rc;
    rc = rc == 0 ? anchors_check(envelope, TRUST_ROLE_TRUST, trust, verify, arena, err) : rc;
    if (rc == 0) {
        verify->ops->sha256(verify->self, payload, digest);
    }
    return rc;
}

int anchors_open_revoked(struct span envelope, const struct trust *trust,
                         const struct verify *verify, struct arena arena, struct revoked *revoked,
                         struct digest *digest, struct err *err)
{
    struct span payload;
    int rc =
        trust == NULL ? 0 : anchors_check(envelope, TRUST_ROLE_REVOKE, trust, verify, arena, err);
    rc = rc == 0 ? payload_peek(envelope, &arena, &payload, err) : rc;
    rc = rc == 0 ? revoked_parse(payload, revoked, err) : rc;
    if (rc == 0) {
        verify->ops->sha256(verify->self, payload, digest);
    }
    return rc;
}
