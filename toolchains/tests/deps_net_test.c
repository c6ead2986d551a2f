/* The pinned curl, libmosquitto and cJSON do what we need and lack what we asked to leave out. */
#include "tests/check.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <mosquitto.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has_protocol(const curl_version_info_data *info, const char *name)
{
    for (const char *const *protocol = info->protocols; *protocol != NULL; protocol++) {
        if (strcmp(*protocol, name) == 0) {
            return true;
        }
    }
    return false;
}

static void curl_has_what_we_use(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    CHECK(has_protocol(info, "http"));
    CHECK(!has_protocol(info, "https"));
    CHECK((info->features & CURL_VERSION_UNIX_SOCKETS) != 0);
    CHECK((info->features & CURL_VERSION_IPV6) != 0);
    CHECK(!has_protocol(info, "ftp"));
    CHECK(!has_protocol(info, "file"));
    CHECK((info->features & (CURL_VERSION_ASYNCHDNS | CURL_VERSION_NTLM | CURL_VERSION_LIBZ)) == 0);
    CHECK(info->ssl_version == NULL);
}

/* A listening unix socket in a directory of its own, and a child that serves one connection. */
struct server {
    char dir[64];
    struct sockaddr_un address;
    int fd;
    pid_t child;
};

static void server_serve(int listener, const char *answer)
{
    char request[1024];
    int fd = accept(listener, NULL, NULL);
    if (fd < 0 || read(fd, request, sizeof(request)) <= 0 ||
        write(fd, answer, strlen(answer)) != (ssize_t)strlen(answer)) {
        _exit(1);
    }
    close(fd);
    _exit(0);
}

static void server_start(struct server *server, const char *answer)
{
    snprintf(server->dir, sizeof(server->dir), "/tmp/berth-deps-XXXXXX");
    CHECK(mkdtemp(server->dir) != NULL);
    server->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(server->address.sun_path, sizeof(server->address.sun_path), "%s/s", server->dir);
    server->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_INT_EQ(
        bind(server->fd, (const struct sockaddr *)&server->address, sizeof(server->address)), 0);
    CHECK_INT_EQ(listen(server->fd, 4), 0);
    server->child = -1;
    if (answer != NULL) {
        fflush(NULL);
        server->child = fork();
        if (server->child == 0) {
            server_serve(server->fd, answer);
        }
    }
}

static void server_stop(struct server *server)
{
    int status = 0;
    if (server->child > 0) {
        CHECK_INT_EQ(waitpid(server->child, &status, 0), server->child);
        CHECK_INT_EQ(status, 0);
    }
    close(server->fd);
    CHECK_INT_EQ(unlink(server->address.sun_path), 0);
    CHECK_INT_EQ(rmdir(server->dir), 0);
}

static size_t body_take(char *bytes, size_t size, size_t count, void *self)
{
    char *body = self;
    size_t used = strlen(body);
    if (used + size * count < 64) {
        memcpy(body + used, bytes, size * count);
        body[used + size * count] = '\0';
    }
    return size * count;
}

static void curl_speaks_http_over_a_unix_socket(void)
{
    struct server server;
    char body[64] = "";
    long status = 0;
    server_start(&server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
    CURL *curl = curl_easy_init();
    CHECK(curl != NULL);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, server.address.sun_path);
    curl_easy_setopt(curl, CURLOPT_URL, "http://engine/_ping");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    CHECK_INT_EQ(curl_easy_perform(curl), CURLE_OK);
    CHECK_INT_EQ(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status), CURLE_OK);
    CHECK_INT_EQ(status, 200);
    CHECK_STR_EQ(body, "OK");
    curl_easy_cleanup(curl);
    server_stop(&server);
}

static void mosquitto_connects_to_a_unix_path(void)
{
    struct server server;
    char packet[128];
    server_start(&server, NULL);
    CHECK_INT_EQ(mosquitto_lib_init(), MOSQ_ERR_SUCCESS);
    struct mosquitto *client = mosquitto_new("node-1", true, NULL);
    CHECK(client != NULL);
    CHECK_INT_EQ(mosquitto_connect(client, server.address.sun_path, 0, 60), MOSQ_ERR_SUCCESS);
    int fd = accept(server.fd, NULL, NULL);
    ssize_t len = read(fd, packet, sizeof(packet));
    CHECK(len > 8 && packet[0] == 0x10 && memcmp(packet + 4, "MQTT", 4) == 0);
    close(fd);
    mosquitto_destroy(client);
    mosquitto_lib_cleanup();
    server_stop(&server);
}

static void mosquitto_has_no_tls(void)
{
    struct mosquitto *client = mosquitto_new("node-1", true, NULL);
    CHECK_INT_EQ(mosquitto_tls_insecure_set(client, true), MOSQ_ERR_NOT_SUPPORTED);
    mosquitto_destroy(client);
}

static void cjson_refuses_depth(void)
{
    char deep[300];
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    deep[130] = '\0';
    CHECK(cJSON_Parse(deep) == NULL);
    cJSON *root = cJSON_Parse("{\"gen\": 7}");
    CHECK(cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(root, "gen")));
    CHECK(cJSON_GetObjectItemCaseSensitive(root, "GEN") == NULL);
    cJSON_Delete(root);
}

static const struct check_case cases[] = {
    {"curl_has_what_we_use", curl_has_what_we_use},
    {"curl_speaks_http_over_a_unix_socket", curl_speaks_http_over_a_unix_socket},
    {"mosquitto_connects_to_a_unix_path", mosquitto_connects_to_a_unix_path},
    {"mosquitto_has_no_tls", mosquitto_has_no_tls},
    {"cjson_refuses_depth", cjson_refuses_depth},
};

int main(int argc, char **argv)
{
    return check_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
