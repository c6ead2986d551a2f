/* options.c: reads the load generator's command line. */
#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: load --target ADDR:PORT [--target ADDR:PORT ...] [--new N] [--keepalive N]\n"
    "            [--seconds S] [--until-file PATH] [--pace-ms M] [--path /] [--timeout-ms 5000]\n"
    "            [--local-addr ADDR] [--ports FIRST-LAST] [--json FILE] [--live FD|FILE]\n"
    "            [--any-body]\n"
    "N clients per target open a connection for each request; N more keep theirs alive.\n"
    "Stops after S seconds (590 at most), when PATH exists, or on SIGTERM or SIGINT.\n"
    "Exit status: 0 nothing failed, 1 something did (or nothing was answered), 2 usage.\n";

static bool number_read(const char *name, const char *text, int64_t min, int64_t max,
                        int64_t *number)
{
    char *end;
    long long read = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || read < min || read > max) {
        fprintf(stderr, "load: --%s takes a number from %lld to %lld, not \"%s\"\n", name,
                (long long)min, (long long)max, text);
        return false;
    }
    *number = read;
    return true;
}

static bool count_read(const char *name, const char *text, int *count)
{
    int64_t number;
    if (!number_read(name, text, 0, CLIENTS_MAX, &number)) {
        return false;
    }
    *count = (int)number;
    return true;
}

static bool target_read(struct options *options, const char *text)
{
    const char *colon = strrchr(text, ':');
    int64_t port;
    char address[INET_ADDRSTRLEN];
    if (colon == NULL || (size_t)(colon - text) >= sizeof(address) ||
        options->targets_len == TARGETS_MAX) {
        fprintf(stderr, "load: --target takes ADDR:PORT, at most %d times\n", TARGETS_MAX);
        return false;
    }
    struct target *target = &options->targets[options->targets_len];
    memcpy(address, text, (size_t)(colon - text));
    address[colon - text] = '\0';
    if (!number_read("target", colon + 1, 1, 65535, &port) ||
        inet_pton(AF_INET, address, &target->address.sin_addr) != 1) {
        fprintf(stderr, "load: \"%s\" is not an IPv4 address and port\n", text);
        return false;
    }
    target->address.sin_family = AF_INET;
    target->address.sin_port = htons((uint16_t)port);
    snprintf(target->name, sizeof(target->name), "%s", text);
    options->targets_len++;
    return true;
}

static bool local_read(struct options *options, const char *text)
{
    options->local.sin_family = AF_INET;
    if (inet_pton(AF_INET, text, &options->local.sin_addr) != 1) {
        fprintf(stderr, "load: --local-addr \"%s\" is not an IPv4 address\n", text);
        return false;
    }
    return true;
}

static bool ports_read(struct options *options, const char *text)
{
    char first[8];
    int64_t from, to;
    const char *dash = strchr(text, '-');
    if (dash == NULL || (size_t)(dash - text) >= sizeof(first)) {
        fprintf(stderr, "load: --ports takes FIRST-LAST, not \"%s\"\n", text);
        return false;
    }
    snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
    if (!number_read("ports", first, 1, 65535, &from) ||
        !number_read("ports", dash + 1, from, 65535, &to)) {
        return false;
    }
    options->port_first = (uint16_t)from;
    options->port_last = (uint16_t)to;
    return true;
}

static bool option_take(struct options *options, int letter, const char *text)
{
    int64_t seconds;
    switch (letter) {
    case 't':
        return target_read(options, text);
    case 'n':
        return count_read("new", text, &options->new_clients);
    case 'k':
        return count_read("keepalive", text, &options->keepalive_clients);
    case 's':
        if (!number_read("seconds", text, 1, SECONDS_MAX, &seconds)) {
            return false;
        }
        options->run_ms = seconds * 1000;
        return true;
    case 'm':
        return number_read("pace-ms", text, 0, 60000, &options->pace_ms);
    case 'o':
        return number_read("timeout-ms", text, 1, 600000, &options->timeout_ms);
    case 'l':
        return local_read(options, text);
    case 'r':
        return ports_read(options, text);
    case 'p':
        options->path = text;
        return text[0] == '/' && strlen(text) < 256;
    case 'u':
        options->until_file = text;
        return true;
    case 'j':
        options->json = text;
        return true;
    case 'v':
        options->live = text;
        return true;
    case 'a':
        options->any_body = true;
        return true;
    default:
        return false;
    }
}

bool options_read(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"target", required_argument, NULL, 't'},     {"new", required_argument, NULL, 'n'},
        {"keepalive", required_argument, NULL, 'k'},  {"seconds", required_argument, NULL, 's'},
        {"until-file", required_argument, NULL, 'u'}, {"pace-ms", required_argument, NULL, 'm'},
        {"path", required_argument, NULL, 'p'},       {"timeout-ms", required_argument, NULL, 'o'},
        {"local-addr", required_argument, NULL, 'l'}, {"ports", required_argument, NULL, 'r'},
        {"json", required_argument, NULL, 'j'},       {"live", required_argument, NULL, 'v'},
        {"any-body", no_argument, NULL, 'a'},         {NULL, 0, NULL, 0},
    };
    *options = (struct options){
        .run_ms = SECONDS_MAX * 1000,
        .pace_ms = 10,
        .timeout_ms = 5000,
        .path = "/",
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "", names, NULL)) >= 0) {
        if (!option_take(options, letter, optarg)) {
            fputs(usage, stderr);
            return false;
        }
    }
    int clients = options->new_clients + options->keepalive_clients;
    if (optind != argc || options->targets_len == 0 || clients == 0 ||
        clients * options->targets_len > CLIENTS_MAX) {
        fprintf(stderr, "%sBetween 1 and %d clients in all.\n", usage, CLIENTS_MAX);
        return false;
    }
    return true;
}
