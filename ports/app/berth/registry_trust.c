/* registry_trust: files put together; what they hold is judged by the TLS library. */
#include "ports/app/berth/registry_trust.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/files.h"

#define FILE_BYTES_MAX 4194304

static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                      "/etc/ssl/cert.pem"};

static int roots_add(struct registry_trust *trust, const char *path, struct err *err)
{
    char *content = NULL;
    size_t len = 0;
    int rc = file_read(path, FILE_BYTES_MAX, &content, &len, err);
    if (rc != 0) {
        return rc;
    }
    char *longer = realloc(trust->roots, trust->roots_len + len + 2);
    if (longer == NULL) {
        free(content);
        return err_set(err, ERR_MEMORY, "no memory for certificates");
    }
    memcpy(longer + trust->roots_len, content, len);
    trust->roots = longer;
    trust->roots_len += len;
    /* A file without a line break at its end must not spoil the next one's first line. */
    longer[trust->roots_len++] = '\n';
    longer[trust->roots_len] = '\0';
    free(content);
    return 0;
}

static int system_add(struct registry_trust *trust, struct err *err)
{
    const char *named = getenv("SSL_CERT_FILE");
    if (named != NULL && named[0] != '\0') {
        return roots_add(trust, named, err);
    }
    for (size_t i = 0; i < COUNT_OF(bundles); i++) {
        if (access(bundles[i], R_OK) == 0) {
            return roots_add(trust, bundles[i], err);
        }
    }
    return 0;
}

static int ca_add(struct registry_trust *trust, const char *path, struct err *err)
{
    size_t before = trust->roots_len;
    int rc = roots_add(trust, path, err);
    if (rc == 0 && strstr(trust->roots + before, "-----BEGIN CERTIFICATE-----") == NULL) {
        rc = err_set(err, ERR_VALUE, "%s holds no certificate in PEM", path);
    }
    return rc;
}

/* A client certificate needs its key beside it. */
static int own_add(struct registry_trust *trust, const char *certificate, struct err *err)
{
    size_t stem = strlen(certificate) - strlen(".cert");
    int len = snprintf(trust->key, sizeof trust->key, "%.*s.key", (int)stem, certificate);
    if (len < 0 || (size_t)len >= sizeof trust->key ||
        !text_copy(trust->certificate, sizeof trust->certificate, certificate)) {
        return err_set(err, ERR_VALUE, "the path of %s is too long", certificate);
    }
    if (access(trust->key, R_OK) != 0) {
        return err_set(err, ERR_IO, "%s has no readable key %s beside it", certificate, trust->key);
    }
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

int registry_trust_folder(const char *folder, struct registry_trust *trust, struct err *err)
{
    struct dirent **names = NULL;
    int rc = 0;
    int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[768];
        int len = snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        bool fits = len > 0 && (size_t)len < sizeof path;
        if (rc == 0 && fits && ends_with(path, ".crt")) {
            rc = roots_add(trust, path, err);
        } else if (rc == 0 && fits && ends_with(path, ".cert")) {
            rc = own_add(trust, path, err);
        }
        free(names[i]);
    }
    free(names);
    return rc;
}

int registry_trust_load(const char *host, const char *ca_file, struct registry_trust *trust,
                        struct err *err)
{
    static const char *const folders[] = {"/etc/docker/certs.d", "/etc/containers/certs.d"};
    static const char *const own[] = {"docker/certs.d", "containers/certs.d"};
    const char *home = getenv("HOME");
    char path[768];
    *trust = (struct registry_trust){0};
    int rc = system_add(trust, err);
    for (size_t i = 0; rc == 0 && i < COUNT_OF(folders); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folders[i], host);
        rc = registry_trust_folder(path, trust, err);
    }
    for (size_t i = 0; rc == 0 && home != NULL && i < COUNT_OF(own); i++) {
        (void)snprintf(path, sizeof path, "%.400s/.config/%s/%s", home, own[i], host);
        rc = registry_trust_folder(path, trust, err);
    }
    return rc == 0 && ca_file != NULL ? ca_add(trust, ca_file, err) : rc;
}

void registry_trust_free(struct registry_trust *trust)
{
    free(trust->roots);
    *trust = (struct registry_trust){0};
}
