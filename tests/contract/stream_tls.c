/* stream_tls: the stream's suite over TLS 1.2 and 1.3, with openssl as the peer. */
#include <signal.h>
#include <stdlib.h>

#include "platform/base/units.h"
#include "ports/linux/helper.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"
#include "tests/contract/tls_world.h"

struct place {
    struct tls_world world;
    struct stream_fixture fixture;
    struct mbedtls_tls *tls;
    const char *version;
};

static void place_pump(void *self)
{
    struct place *place = self;
    tls_world_pump(&place->world);
}

/* The port is a new one each time, and a client keeps its settings: so a new client as well. */
static void place_peer_start(void *self)
{
    struct place *place = self;
    if (place->world.peer > 0) {
        return;
    }
    mbedtls_tls_free(place->tls);
    tls_peer_start(&place->world, "broker", NULL, place->version);
    struct mbedtls_tls_settings settings = tls_settings(&place->world);
    if (mbedtls_tls_new(&settings, &place->tls, NULL) != 0) {
        abort();
    }
    place->fixture.stream = mbedtls_tls_stream(place->tls);
}

static void place_peer_pause(void *self, bool is_paused)
{
    struct place *place = self;
    (void)kill(place->world.peer, is_paused ? SIGSTOP : SIGCONT);
}

static void place_peer_kill(void *self)
{
    struct place *place = self;
    tls_peer_stop(&place->world);
}

static int suite_run(struct place *place, const char *version, int argc, char **argv)
{
    place->version = version;
    place_peer_start(place);
    printf("%s\n", version);
    int status = stream_contract_run(&place->fixture, argc, argv);
    tls_peer_stop(&place->world);
    return status;
}

int main(int argc, char **argv)
{
    static struct place place;
    struct verify verify;
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    if (!tls_world_init(&place.world) || mbedtls_verify_init(&verify, NULL) != 0) {
        return EXIT_FAILURE;
    }
    place.fixture = (struct stream_fixture){
        .pump = place_pump,
        .peer_start = place_peer_start,
        .peer_pause = place_peer_pause,
        .peer_kill = place_peer_kill,
        .self = &place,
    };
    int status = suite_run(&place, "-tls1_2", argc, argv);
    int of_later = suite_run(&place, "-tls1_3", argc, argv);
    mbedtls_tls_free(place.tls);
    bool is_clean = tls_world_close(&place.world);
    return status == EXIT_SUCCESS && is_clean ? of_later : EXIT_FAILURE;
}
