/* sample: the smallest release that runs something. */
#include "tests/unit/wire/sample.h"

#include <stdio.h>

#define PAYLOAD_BYTES 60000

static const char *given(const char *text)
{
    return text != NULL ? text : "";
}

static struct span sample_payload(const struct sample *sample, char payload[PAYLOAD_BYTES])
{
    int len = snprintf(
        payload, PAYLOAD_BYTES,
        "{\"schema\":1,\"x-berth\":{\"app\":\"shop\",\"sequence\":5%s},\"services\":{\"web\":{"
        "\"image\":\"registry.example:5000/shop/web@sha256:" SAMPLE_INDEX "\"%s,"
        "\"x-berth\":{\"image\":{\"index\":\"sha256:" SAMPLE_INDEX "\",\"platforms\":["
        "{\"arch\":\"amd64\",\"manifest\":\"sha256:" SAMPLE_MANIFEST
        "\",\"config\":\"sha256:" SAMPLE_CONFIG "\"}]}%s}}}%s}",
        given(sample->top), given(sample->service), given(sample->extension), given(sample->root));
    return span_of(payload, (size_t)len);
}

const struct release_node *sample_node(void)
{
    static const char *const names[] = {"zone"};
    static const char *const values[] = {"north"};
    static const struct release_node node = {.name = "gw1",
                                             .arch = "amd64",
                                             .label_names = names,
                                             .label_values = values,
                                             .label_count = 1};
    return &node;
}

int sample_compile(const struct sample *sample, struct plan *plan, struct err *err)
{
    static char payload[PAYLOAD_BYTES];
    return release_compile(sample_payload(sample, payload), sample_node(), plan, err);
}

int sample_render(const struct sample *sample, struct arena *arena, struct engine_spec *spec,
                  struct err *err)
{
    static char payload[PAYLOAD_BYTES];
    struct release_container container = {.gen = 7,
                                          .replica = 2,
                                          .address = 0xc6120009,
                                          .service_address = 0xc6120003,
                                          .network = "berth-gw1-shop",
                                          .secrets_dir = "/etc/berth/secrets",
                                          .files_dir = "/f"};
    memset(container.release.bytes, 0xab, DIGEST_BYTES);
    return release_render(sample_payload(sample, payload), sample_node(), "web", &container, arena,
                          spec, err);
}

int sample_files(const struct sample *sample, const struct release_files_sink *sink,
                 struct err *err)
{
    static char payload[PAYLOAD_BYTES];
    return release_files(sample_payload(sample, payload), sample_node(), sink, err);
}
