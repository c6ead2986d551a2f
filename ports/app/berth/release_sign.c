/* berth release sign: adds signatures to a release, after reading it as a node will. */
#include "ports/app/berth/release_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/files.h"
#include "ports/app/berth/release_file.h"
#include "ports/app/berth/release_pieces.h"
#include "ports/app/berth/verbs.h"

/* What is signed can be sent: the files are there, beside the signed release, too. */
static int pieces_keep(const struct keyring *keyring, const struct sign_request *request,
                       const struct release_file *file, struct err *err)
{
    struct pieces *pieces = malloc(sizeof *pieces);
    if (pieces == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = pieces_open(request->input, file, &keyring->verify, pieces, err);
    if (rc == 0 && request->output != request->input) {
        rc = pieces_copy(pieces, request->output, err);
    }
    pieces_close(pieces);
    free(pieces);
    return rc;
}

static int file_sign(const struct keyring *keyring, const struct sign_request *request,
                     struct release_file *file, struct err *err)
{
    struct plan plan;
    struct span envelope;
    char hex[DIGEST_HEX_BYTES];
    int rc = release_file_compile(file, &plan, err);
    if (rc != 0) {
        return err_wrap(err, rc, "%s", request->input);
    }
    rc = keyring_sign(keyring, RELEASE_PAYLOAD_TYPE, file->parts.payload, file->parts.signatures,
                      file->parts.signature_count, request->keys, request->key_count, &file->arena,
                      &envelope, err);
    rc = rc == 0 ? pieces_keep(keyring, request, file, err) : rc;
    if (rc == 0) {
        rc = file_write(request->output, envelope, 0644, err);
    }
    if (rc == 0) {
        digest_render(&file->digest, hex);
        if (!request->is_quiet) {
            printf("%s: release %s of %s, signed\n", request->output, hex, plan.app);
        }
    }
    return rc == 0 && plan.file_count > 0 && !request->is_quiet
               ? pieces_list(file->parts.payload, stdout, err)
               : rc;
}

int release_sign_run(const struct sign_request *request, struct err *err)
{
    struct keyring keyring;
    struct release_file file;
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    rc = release_file_open(&keyring, request->input, &file, err);
    if (rc == 0) {
        rc = file_sign(&keyring, request, &file, err);
    }
    release_file_close(&file);
    keyring_close(&keyring);
    return rc;
}

int verb_release_sign(struct given *given, struct err *err)
{
    struct sign_request request = {.input = given->arguments[0]};
    const char *output = given_value(given, "output");
    if (output == NULL && strcmp(request.input, "-") == 0) {
        return err_set(err, ERR_USAGE, "from standard input -o FILE is needed");
    }
    request.output = output != NULL ? output : request.input;
    request.key_count = given_list(given, "key", request.keys, KEYRING_FILES_MAX);
    return release_sign_run(&request, err);
}
