/* conductor_image: what an image is called here, and whether it is what was signed. */
#include "agent/node/conductor_private.h"

#include <stdio.h>

void image_tag(const struct app *app, const struct digest *release,
               char tag[ENGINE_REFERENCE_BYTES])
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(release, hex);
    (void)snprintf(tag, ENGINE_REFERENCE_BYTES, "berth.local/%s/%s:%s", app->conductor->config.node,
                   app->memory.app, hex);
}

struct engine_wanted image_wanted(const struct app *app, const struct plan *plan,
                                  char tag[ENGINE_REFERENCE_BYTES])
{
    image_tag(app, &plan->digest, tag);
    return (struct engine_wanted){
        .reference = plan->services[0].reference,
        .tag = tag,
        .manifest = plan->services[0].manifest,
        .config = plan->services[0].config,
    };
}

/* An index names images for many platforms: the one that is here may be another's. */
static bool is_of_this_machine(const struct conductor *conductor, const struct engine_image *image)
{
    return (image->proofs & (ENGINE_PROOF_MANIFEST | ENGINE_PROOF_CONFIG)) != 0 ||
           image->arch[0] == '\0' || conductor->about.arch[0] == '\0' ||
           strcmp(image->arch, conductor->about.arch) == 0;
}

int image_check(const struct conductor *conductor, const struct plan *plan,
                const struct engine_image *image, struct err *err)
{
    char found[DIGEST_HEX_BYTES];
    char manifest[DIGEST_HEX_BYTES];
    char config[DIGEST_HEX_BYTES];
    if (plan == NULL || plan->service_count == 0) {
        return 0;
    }
    const struct plan_service *service = &plan->services[0];
    if (image->proofs != 0 && is_of_this_machine(conductor, image)) {
        return 0;
    }
    if (image->proofs != 0) {
        return err_set(err, ERR_DIGEST, "image %s is here for %s, and this node is %s: remove it",
                       service->reference, image->arch, conductor->about.arch);
    }
    if (digest_is_none(&service->config) && digest_is_none(&service->manifest)) {
        return 0;
    }
    digest_render(&image->id, found);
    digest_render(&service->manifest, manifest);
    digest_render(&service->config, config);
    return err_set(err, ERR_DIGEST,
                   "image %s is %.12s here and shows none of the signed digests: its index, "
                   "manifest %.12s, config %.12s",
                   service->reference, found, manifest, config);
}
