/* load.c: the load generator: one thread, one epoll loop, many clients, every failure counted. */
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { LIVE_US = 200000, LOOK_US = 50000, EVENTS_MAX = 256 };

/* The end of everything, in-flight requests included. */
static const int64_t run_us_max = (SECONDS_MAX + 10) * 1000000ll;

struct load {
    struct crowd crowd;
    struct client *clients;
    int clients_len;
    int signal_fd;
    FILE *live;
    int64_t live_due_us;
    int64_t look_due_us;
};

static int64_t clock_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The clients begin spread over one pace, so that they do not ask in step. */
static bool clients_init(struct load *load, int64_t now_us)
{
    const struct options *options = &load->crowd.options;
    int each = options->new_clients + options->keepalive_clients;
    int count = each * options->targets_len;
    load->clients = calloc((size_t)count, sizeof(load->clients[0]));
    if (load->clients == NULL) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        int64_t due_us = now_us + options->pace_ms * 1000 * i / count;
        client_init(&load->clients[i], i / each, i % each >= options->new_clients, due_us);
    }
    load->clients_len = count;
    return true;
}

static bool live_open(struct load *load)
{
    const char *live = load->crowd.options.live;
    if (live == NULL) {
        return true;
    }
    bool is_fd = live[0] != '\0' && strspn(live, "0123456789") == strlen(live);
    load->live = is_fd ? fdopen(atoi(live), "w") : fopen(live, "w");
    if (load->live == NULL) {
        fprintf(stderr, "load: --live %s: %s\n", live, strerror(errno));
    }
    return load->live != NULL;
}

static bool load_open(struct load *load)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    signal(SIGPIPE, SIG_IGN); /* a live view that ends does not end the load */
    int64_t now_us = clock_now_us();
    load->crowd.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (load->crowd.epoll_fd < 0 || load->signal_fd < 0 ||
        sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ||
        epoll_ctl(load->crowd.epoll_fd, EPOLL_CTL_ADD, load->signal_fd, &event) < 0 ||
        !clients_init(load, now_us)) {
        perror("load: start");
        return false;
    }
    tally_init(&load->crowd.tally, now_us);
    return live_open(load);
}

static void load_stop(struct load *load, int64_t now_us)
{
    if (!load->crowd.is_stopping) {
        load->crowd.is_stopping = true;
        tally_stop(&load->crowd.tally, load->crowd.options.targets_len, now_us);
    }
}

/* What comes with time rather than with an event: the live view, and the reasons to stop. */
static void load_look(struct load *load, int64_t now_us)
{
    const struct options *options = &load->crowd.options;
    if (load->live != NULL && now_us >= load->live_due_us) {
        tally_write_live(&load->crowd.tally, load->live, now_us);
        load->live_due_us = now_us + LIVE_US;
    }
    if (now_us - load->crowd.tally.started_us >= options->run_ms * 1000) {
        load_stop(load, now_us);
    }
    if (options->until_file != NULL && now_us >= load->look_due_us) {
        load->look_due_us = now_us + LOOK_US;
        if (access(options->until_file, F_OK) == 0) {
            load_stop(load, now_us);
        }
    }
}

/* Runs every client whose time has come; returns the next moment something is due. */
static int64_t clients_run(struct load *load, int64_t now_us, int *in_flight)
{
    int64_t next_us = now_us + LOOK_US;
    *in_flight = 0;
    for (int i = 0; i < load->clients_len; i++) {
        struct client *client = &load->clients[i];
        if (client->due_us <= now_us) {
            client_due(client, &load->crowd, now_us);
        }
        *in_flight += client_is_in_flight(client);
        bool has_due = !load->crowd.is_stopping || client->state != CLIENT_RESTING;
        if (has_due && client->due_us < next_us) {
            next_us = client->due_us;
        }
    }
    return next_us;
}

static void events_run(struct load *load, int wait_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(load->crowd.epoll_fd, events, EVENTS_MAX, wait_ms);
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (client == NULL) {
            struct signalfd_siginfo info;
            while (read(load->signal_fd, &info, sizeof(info)) == sizeof(info)) {
                load_stop(load, clock_now_us());
            }
        } else {
            client_event(client, &load->crowd, clock_now_us());
        }
    }
}

static void load_run(struct load *load)
{
    for (;;) {
        int in_flight;
        int64_t now_us = clock_now_us();
        load_look(load, now_us);
        int64_t next_us = clients_run(load, now_us, &in_flight);
        bool is_over = now_us - load->crowd.tally.started_us >= run_us_max;
        if (is_over || (load->crowd.is_stopping && in_flight == 0)) {
            break;
        }
        events_run(load, next_us <= now_us ? 0 : (int)((next_us - now_us + 999) / 1000));
    }
    int64_t now_us = clock_now_us();
    load_stop(load, now_us);
    for (int i = 0; i < load->clients_len; i++) {
        client_close(&load->clients[i], &load->crowd, now_us);
    }
}

static bool result_write(struct load *load)
{
    const struct crowd *crowd = &load->crowd;
    if (load->live != NULL) {
        tally_write_live(&crowd->tally, load->live, crowd->tally.stopped_us);
        fclose(load->live);
    }
    tally_write_summary(&crowd->tally, &crowd->options, stdout);
    if (crowd->options.json == NULL) {
        return true;
    }
    FILE *json = fopen(crowd->options.json, "w");
    if (json == NULL) {
        fprintf(stderr, "load: --json %s: %s\n", crowd->options.json, strerror(errno));
        return false;
    }
    tally_write_json(&crowd->tally, &crowd->options, json);
    return fclose(json) == 0;
}

int main(int argc, char **argv)
{
    struct load *load = calloc(1, sizeof(*load));
    int status = 2;
    if (load != NULL && options_read(&load->crowd.options, argc, argv) && load_open(load)) {
        load_run(load);
        bool is_written = result_write(load);
        const struct tally *tally = &load->crowd.tally;
        status = is_written && tally->failed == 0 && tally->ok > 0 ? 0 : 1;
        free(load->clients);
    }
    free(load);
    return status;
}
