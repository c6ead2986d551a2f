/* engine: one table of requests over a table of containers. */
#include "tests/alloc/engine.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/base/units.h"

enum { CONNECTIONS = 64, REQUEST_BYTES = 65536, CONTAINERS = 64, PART_BYTES = 4096 };

struct container {
    bool is_there, is_running;
    unsigned id;
    char name[160], address[32], network[96], policy[32];
    char labels[PART_BYTES], host[PART_BYTES];
};

struct network {
    bool is_there;
    char name[96];
    char body[PART_BYTES]; /* as it was asked for */
};

struct connection {
    int fd;
    size_t len;
    char bytes[REQUEST_BYTES];
};

static struct {
    pthread_mutex_t lock;
    char data_dir[200];
    bool has_image;
    unsigned ids;
    struct container containers[CONTAINERS];
    struct network networks[8];
    int listener, port_listener;
    struct connection connections[CONNECTIONS];
} engine = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define CONFIG_DIGEST "sha256:3333333333333333333333333333333333333333333333333333333333333333"

/* --- answers --- */

static void answer(int fd, int status, const char *body)
{
    char head[160];
    size_t len = status == 204 || status == 304 ? 0 : strlen(body);
    int used = snprintf(head, sizeof head,
                        "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        status, len);
    (void)send(fd, head, (size_t)used, MSG_NOSIGNAL);
    (void)send(fd, body, len, MSG_NOSIGNAL);
}

static void refuse(int fd, int status)
{
    answer(fd, status, "{\"message\":\"no such thing\"}");
}

/* The JSON value of `key` in `text`, an object or a string without its quotes. */
static void value_copy(const char *text, const char *key, char *to, size_t cap)
{
    char quoted[64];
    (void)snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(text, quoted);
    size_t len = 0;
    to[0] = '\0';
    if (at == NULL) {
        return;
    }
    at += strlen(quoted);
    if (*at == '"') {
        at++;
        len = strcspn(at, "\"");
    } else if (*at == '{') {
        int depth = 0;
        do {
            depth += at[len] == '{' ? 1 : at[len] == '}' ? -1 : 0;
            len++;
        } while (depth > 0 && at[len] != '\0');
    }
    (void)snprintf(to, cap, "%.*s", (int)(len < cap ? len : cap - 1), at);
}

static struct container *container_find(const char *what, size_t len)
{
    for (size_t i = 0; i < CONTAINERS; i++) {
        struct container *container = &engine.containers[i];
        char id[72];
        (void)snprintf(id, sizeof id, "%064x", container->id);
        if (container->is_there &&
            ((strlen(id) == len && strncmp(id, what, len) == 0) ||
             (strlen(container->name) == len && strncmp(container->name, what, len) == 0))) {
            return container;
        }
    }
    return NULL;
}

static void container_tell(int fd, const struct container *container)
{
    static char body[3 * PART_BYTES];
    (void)snprintf(
        body, sizeof body,
        "{\"Id\":\"%064x\",\"Name\":\"/%s\",\"Created\":\"2026-01-01T00:00:00Z\","
        "\"RestartCount\":0,\"Config\":{\"Labels\":%s},\"Image\":\"" CONFIG_DIGEST "\","
        "\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"%s\"}},"
        "\"State\":{\"Status\":\"%s\",\"Running\":%s,\"Paused\":false,\"Restarting\":false,"
        "\"OOMKilled\":false,\"Dead\":false,\"Pid\":1,\"ExitCode\":0,\"Error\":\"\","
        "\"StartedAt\":\"2026-01-01T00:00:00Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\"},"
        "\"Mounts\":[],\"NetworkSettings\":{\"Networks\":{\"%s\":{\"NetworkID\":\"%s-id\","
        "\"IPAMConfig\":{\"IPv4Address\":\"%s\"},\"IPAddress\":\"%s\"}}}}",
        container->id, container->name, container->labels[0] ? container->labels : "{}",
        container->policy, container->is_running ? "running" : "exited",
        container->is_running ? "true" : "false", container->network, container->network,
        container->address, container->is_running ? container->address : "");
    answer(fd, 200, body);
}

/* --- requests --- */

struct request {
    const char *method, *path, *body;
    size_t part_len; /* of the value after the place */
    const char *part, *rest;
};

static void containers_list(int fd, const struct request *request)
{
    static char body[CONTAINERS * 128];
    size_t used = 1;
    (void)request;
    (void)strcpy(body, "[");
    for (size_t i = 0; i < CONTAINERS; i++) {
        if (engine.containers[i].is_there) {
            used += (size_t)snprintf(body + used, sizeof body - used, "%s{\"Id\":\"%064x\"}",
                                     used > 1 ? "," : "", engine.containers[i].id);
        }
    }
    (void)strcpy(body + used, "]");
    answer(fd, 200, body);
}

static void container_create(int fd, const struct request *request)
{
    char body[120];
    const char *name = strstr(request->path, "name=");
    struct container *container = engine.containers;
    while (container < engine.containers + CONTAINERS && container->is_there) {
        container++;
    }
    if (name == NULL || container == engine.containers + CONTAINERS) {
        refuse(fd, 500);
        return;
    }
    if (container_find(name + 5, strlen(name + 5)) != NULL) {
        refuse(fd, 409);
        return;
    }
    *container = (struct container){.is_there = true, .id = ++engine.ids};
    (void)snprintf(container->name, sizeof container->name, "%s", name + 5);
    value_copy(request->body, "Labels", container->labels, sizeof container->labels);
    value_copy(request->body, "IPv4Address", container->address, sizeof container->address);
    value_copy(request->body, "NetworkMode", container->network, sizeof container->network);
    (void)strcpy(container->policy, "no");
    (void)snprintf(body, sizeof body, "{\"Id\":\"%064x\",\"Warnings\":[]}", container->id);
    answer(fd, 201, body);
}

static void container_verb(int fd, const struct request *request)
{
    struct container *container = container_find(request->part, request->part_len);
    if (container == NULL) {
        refuse(fd, 404);
    } else if (strcmp(request->method, "DELETE") == 0) {
        container->is_there = false;
        answer(fd, 204, "");
    } else if (strncmp(request->rest, "/json", 5) == 0) {
        container_tell(fd, container);
    } else if (strncmp(request->rest, "/start", 6) == 0 ||
               strncmp(request->rest, "/stop", 5) == 0) {
        bool was_running = container->is_running;
        container->is_running = request->rest[3] == 'a';
        answer(fd, was_running == container->is_running ? 304 : 204, "");
    } else if (strncmp(request->rest, "/update", 7) == 0) {
        value_copy(request->body, "Name", container->policy, sizeof container->policy);
        answer(fd, 200, "{\"Warnings\":[]}");
    } else if (strncmp(request->rest, "/kill", 5) == 0) {
        answer(fd, 204, "");
    } else if (strncmp(request->rest, "/logs", 5) == 0) {
        answer(fd, 200, "");
    } else {
        refuse(fd, 404);
    }
}

static void image_verb(int fd, const struct request *request)
{
    if (strcmp(request->method, "DELETE") == 0) {
        answer(fd, 200, "[]");
    } else if (strstr(request->path, "/tag?") != NULL) {
        answer(fd, 201, "");
    } else if (!engine.has_image) {
        refuse(fd, 404);
    } else {
        answer(fd, 200,
               "{\"Id\":\"" CONFIG_DIGEST "\",\"Architecture\":\"amd64\",\"Os\":\"linux\","
               "\"Size\":1000,\"RepoTags\":[\"a:b\",\"c:d\"],\"Config\":{},"
               "\"RootFS\":{\"Type\":\"layers\",\"Layers\":[\"" CONFIG_DIGEST "\"]}}");
    }
}

/* Nothing came by another name. */
static void images_list(int fd, const struct request *request)
{
    (void)request;
    answer(fd, 200, "[]");
}

static void image_pull(int fd, const struct request *request)
{
    (void)request;
    engine.has_image = true;
    answer(fd, 200,
           "{\"status\":\"Downloading\",\"id\":\"a\",\"progressDetail\":{\"current\":1,"
           "\"total\":2}}\r\n{\"status\":\"Status: Downloaded newer image\"}\r\n");
}

static void network_create(int fd, const struct request *request)
{
    struct network *network = engine.networks;
    while (network->is_there) {
        network++;
    }
    network->is_there = true;
    value_copy(request->body, "Name", network->name, sizeof network->name);
    (void)snprintf(network->body, sizeof network->body, "%s", request->body);
    answer(fd, 201, "{\"Id\":\"x\"}");
}

static void network_verb(int fd, const struct request *request)
{
    static char body[2 * PART_BYTES];
    for (size_t i = 0; i < COUNT_OF(engine.networks); i++) {
        struct network *network = &engine.networks[i];
        if (!network->is_there || strlen(network->name) != request->part_len ||
            strncmp(network->name, request->part, request->part_len) != 0) {
            continue;
        }
        if (strcmp(request->method, "DELETE") == 0) {
            network->is_there = false;
            answer(fd, 204, "");
            return;
        }
        (void)snprintf(body, sizeof body, "{\"Id\":\"%s-id\",%s", network->name, network->body + 1);
        answer(fd, 200, body);
        return;
    }
    refuse(fd, 404);
}

static void version_tell(int fd, const struct request *request)
{
    (void)request;
    answer(fd, 200,
           "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\","
           "\"Components\":[{\"Name\":\"Engine\"}]}");
}

static void info_tell(int fd, const struct request *request)
{
    char body[500];
    (void)request;
    (void)snprintf(body, sizeof body,
                   "{\"DockerRootDir\":\"%s\",\"ServerVersion\":\"20.10.24\","
                   "\"Architecture\":\"x86_64\",\"MemTotal\":8000000000,\"NCPU\":2,"
                   "\"Driver\":\"overlay2\",\"Plugins\":{\"Log\":[\"json-file\",\"local\"]}}",
                   engine.data_dir);
    answer(fd, 200, body);
}

/* The first that begins so. */
static const struct {
    const char *method, *place; /* method "" is any */
    void (*serve)(int fd, const struct request *request);
} table[] = {
    {"", "/version", version_tell},
    {"", "/info", info_tell},
    {"", "/containers/json", containers_list},
    {"", "/containers/create", container_create},
    {"", "/containers/", container_verb},
    {"", "/images/create", image_pull},
    {"", "/images/json", images_list},
    {"", "/images/", image_verb},
    {"", "/networks/create", network_create},
    {"", "/networks/", network_verb},
};

static void request_serve(int fd, const char *method, const char *target, const char *body)
{
    const char *path = strncmp(target, "/v1.", 4) == 0 ? strchr(target + 1, '/') : target;
    for (size_t i = 0; path != NULL && i < COUNT_OF(table); i++) {
        size_t len = strlen(table[i].place);
        if (strncmp(path, table[i].place, len) == 0) {
            struct request request = {
                .method = method, .path = path, .body = body, .part = path + len};
            request.part_len = strcspn(request.part, "/?");
            request.rest = request.part + request.part_len;
            (void)pthread_mutex_lock(&engine.lock);
            table[i].serve(fd, &request);
            (void)pthread_mutex_unlock(&engine.lock);
            return;
        }
    }
    refuse(fd, 404);
}

/* Serves what is whole; false when the connection is to end. */
static bool requests_take(struct connection *connection)
{
    for (;;) {
        char method[16];
        char target[2048];
        connection->bytes[connection->len] = '\0';
        char *end = strstr(connection->bytes, "\r\n\r\n");
        if (end == NULL) {
            return connection->len + 1 < sizeof connection->bytes;
        }
        const char *length = strcasestr(connection->bytes, "content-length:");
        size_t body = length != NULL && length < end ? strtoul(length + 15, NULL, 10) : 0;
        size_t whole = (size_t)(end + 4 - connection->bytes) + body;
        if (whole > connection->len) {
            return whole < sizeof connection->bytes;
        }
        if (sscanf(connection->bytes, "%15s %2047s", method, target) != 2) {
            return false;
        }
        char after = connection->bytes[whole];
        connection->bytes[whole] = '\0';
        request_serve(connection->fd, method, target, end + 4);
        connection->bytes[whole] = after;
        memmove(connection->bytes, connection->bytes + whole, connection->len - whole);
        connection->len -= whole;
    }
}

static void connection_read(struct connection *connection)
{
    ssize_t got = recv(connection->fd, connection->bytes + connection->len,
                       sizeof connection->bytes - 1 - connection->len, 0);
    connection->len += got > 0 ? (size_t)got : 0;
    if (got <= 0 || !requests_take(connection)) {
        close(connection->fd);
        connection->fd = -1;
    }
}

static void connection_accept(void)
{
    int fd = accept(engine.listener, NULL, NULL);
    for (size_t i = 0; fd >= 0 && i < CONNECTIONS; i++) {
        if (engine.connections[i].fd < 0) {
            engine.connections[i].fd = fd;
            engine.connections[i].len = 0;
            return;
        }
    }
    close(fd);
}

static void *serve(void *unused)
{
    (void)unused;
    for (;;) {
        struct pollfd polls[CONNECTIONS + 2];
        for (size_t i = 0; i < CONNECTIONS; i++) {
            polls[i] = (struct pollfd){.fd = engine.connections[i].fd, .events = POLLIN};
        }
        polls[CONNECTIONS] = (struct pollfd){.fd = engine.listener, .events = POLLIN};
        polls[CONNECTIONS + 1] = (struct pollfd){.fd = engine.port_listener, .events = POLLIN};
        (void)poll(polls, CONNECTIONS + 2, -1);
        for (size_t i = 0; i < CONNECTIONS; i++) {
            if (polls[i].fd >= 0 && polls[i].revents != 0) {
                connection_read(&engine.connections[i]);
            }
        }
        if (polls[CONNECTIONS].revents != 0) {
            connection_accept();
        }
        if (polls[CONNECTIONS + 1].revents != 0) { /* a container answers a connection */
            close(accept(engine.port_listener, NULL, NULL));
        }
    }
    return NULL;
}

bool fake_engine_start(const char *path, const char *data_dir, int port)
{
    pthread_t thread;
    int on = 1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    (void)snprintf(engine.data_dir, sizeof engine.data_dir, "%s", data_dir);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        engine.connections[i].fd = -1;
    }
    engine.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    engine.port_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(engine.port_listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(engine.listener, (struct sockaddr *)&address, sizeof address) == 0 &&
           listen(engine.listener, 64) == 0 &&
           bind(engine.port_listener, (struct sockaddr *)&any, sizeof any) == 0 &&
           listen(engine.port_listener, 64) == 0 && pthread_create(&thread, NULL, serve, NULL) == 0;
}

void fake_engine_forget_images(void)
{
    (void)pthread_mutex_lock(&engine.lock);
    engine.has_image = false;
    (void)pthread_mutex_unlock(&engine.lock);
}

int fake_engine_running(const char *release_hex, bool *are_all)
{
    int running = 0;
    *are_all = true;
    (void)pthread_mutex_lock(&engine.lock);
    for (size_t i = 0; i < CONTAINERS; i++) {
        const struct container *container = &engine.containers[i];
        if (container->is_there && container->is_running) {
            running++;
            *are_all = *are_all && strstr(container->labels, release_hex) != NULL;
        }
    }
    (void)pthread_mutex_unlock(&engine.lock);
    return running;
}

void fake_engine_reset(void)
{
    (void)pthread_mutex_lock(&engine.lock);
    memset(engine.containers, 0, sizeof engine.containers);
    memset(engine.networks, 0, sizeof engine.networks);
    engine.has_image = false;
    (void)pthread_mutex_unlock(&engine.lock);
}
