/* Version: which Docker Engine API the two of us speak, and who the other one is. */
#include <stdio.h>

#include "ports/docker/call.h"

/* "1.41" -> 41; -1 for anything else. */
static int minor_of(const char *version)
{
    int minor = 0;
    if (strncmp(version, "1.", 2) != 0 || version[2] == '\0') {
        return -1;
    }
    for (const char *at = version + 2; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || minor > 9999) {
            return -1;
        }
        minor = minor * 10 + (*at - '0');
    }
    return minor;
}

static bool is_podman(const cJSON *version)
{
    const cJSON *component;
    cJSON_ArrayForEach(component, reply_at(version, "Components"))
    {
        if (strstr(reply_text_at(component, "Name"), "Podman") != NULL) {
            return true;
        }
    }
    return false;
}

int docker_version_read(struct docker *docker, struct span body, struct err *err)
{
    bool is_short = false;
    REPLY json = reply_parse(body, &is_short);
    int newest = minor_of(reply_text_at(json, "ApiVersion"));
    int oldest = minor_of(reply_text_at(json, "MinAPIVersion"));
    if (is_short) {
        return err_set(err, ERR_MEMORY, "no memory to read the engine's version");
    }
    if (newest < 0) {
        return err_set(err, ERR_ENGINE, "the engine does not say which API it speaks");
    }
    if (newest < API_MINOR_MIN || oldest > API_MINOR_MAX) {
        return err_set(err, ERR_ENGINE,
                       "the engine speaks API 1.%d to 1.%d, this agent 1.%d to 1.%d: update %s",
                       oldest < 0 ? 0 : oldest, newest, API_MINOR_MIN, API_MINOR_MAX,
                       newest < API_MINOR_MIN ? "the engine" : "the agent");
    }
    docker->api_minor = newest < API_MINOR_MAX ? newest : API_MINOR_MAX;
    docker->is_podman = is_podman(json);
    return 0;
}

/* "client version 1.52 is too new. Maximum supported API version is 1.41" */
bool docker_version_is_refused(int status, struct span body)
{
    char message[ERR_TEXT_BYTES];
    if (status != 400) {
        return false;
    }
    reply_message(body, status, message, sizeof message);
    return strstr(message, "client version") != NULL;
}
