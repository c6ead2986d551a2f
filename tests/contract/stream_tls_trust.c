/* stream_tls_trust: whom a secured stream believes, by which clock, and what it says when not. */
#include <stdlib.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/helper.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"
#include "tests/contract/tls_world.h"

static struct tls_world world;
static const char *const versions[] = {"-tls1_2", "-tls1_3"};

static void clock_set(wall_ms now, bool is_trusted)
{
    world.now = now;
    world.is_trusted = is_trusted;
}

/* A client of that host and name (NULL: the host). */
static int try_name(const char *host, const char *name, struct stream_seen *seen)
{
    struct mbedtls_tls_settings settings = tls_settings(&world);
    settings.host = host;
    settings.name = name;
    return tls_world_try(&world, &settings, seen);
}

static void case_versions(void)
{
    static const char *const words[] = {"TLSv1.2", "TLSv1.3"};
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct mbedtls_tls *tls = NULL;
        struct stream_seen seen = {0};
        struct stream_user user = stream_seen_user(&seen);
        tls_peer_start(&world, "broker", NULL, versions[i]);
        struct mbedtls_tls_settings settings = tls_settings(&world);
        CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
        CHECK_STR_EQ(mbedtls_tls_version(tls), "");
        CHECK_INT_EQ(mbedtls_tls_newest(tls), 0);
        CHECK_INT_EQ(stream_open(mbedtls_tls_stream(tls), &user, NULL), 0);
        while (seen.opened + seen.closed == 0) {
            CHECK_STR_EQ(mbedtls_tls_version(tls), "");
            tls_world_pump(&world);
        }
        CHECK_STR_EQ(mbedtls_tls_version(tls), words[i]);
        CHECK_INT_EQ(mbedtls_tls_newest(tls), TLS_YEAR_2020);
        stream_close(mbedtls_tls_stream(tls));
        CHECK_STR_EQ(mbedtls_tls_version(tls), "");
        mbedtls_tls_free(tls);
    }
}

static void case_wrong_authority(void)
{
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct stream_seen seen;
        tls_peer_start(&world, "stranger", NULL, versions[i]);
        CHECK_INT_EQ(try_name("here.test", NULL, &seen), ERR_CERTIFICATE);
        CHECK_CONTAINS(seen.text, "the broker's certificate was not signed by CA");
        CHECK_CONTAINS(seen.text, "/ca.pem");
    }
}

static void case_names(void)
{
    struct stream_seen seen;
    tls_peer_start(&world, "broker", NULL, "-tls1_3");
    CHECK_INT_EQ(try_name("here.test", NULL, &seen), 0);
    CHECK_INT_EQ(try_name("127.0.0.1", NULL, &seen), 0); /* iPAddress */
    CHECK_INT_EQ(try_name("127.0.0.1", "here.test", &seen), 0);
    CHECK_INT_EQ(try_name("localhost", NULL, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "for other names than localhost");
    CHECK_INT_EQ(try_name("here.test", "broker", &seen), ERR_CERTIFICATE); /* its CN, not a SAN */
    CHECK_CONTAINS(seen.text, "for other names than broker");
    tls_peer_start(&world, "elsewhere", NULL, "-tls1_2");
    CHECK_INT_EQ(try_name("127.0.0.1", NULL, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "for other names than 127.0.0.1");
    CHECK_INT_EQ(try_name("127.0.0.1", "elsewhere.test", &seen), 0);
}

static void case_not_for_servers(void)
{
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct stream_seen seen;
        tls_peer_start(&world, "client-only", NULL, versions[i]);
        CHECK_INT_EQ(try_name("here.test", NULL, &seen), ERR_CERTIFICATE);
        CHECK_CONTAINS(seen.text, "key usage");
    }
}

static void case_authority_between(void)
{
    struct stream_seen seen;
    tls_peer_start(&world, "by-sub-ca", "sub-ca", "-tls1_3");
    CHECK_INT_EQ(try_name("here.test", NULL, &seen), 0);
    tls_peer_start(&world, "by-sub-ca", NULL, "-tls1_3");
    CHECK_INT_EQ(try_name("here.test", NULL, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "not signed by CA");
}

/* The table of tls_judge.h, with certificates that are out of their time by the machine's clock
 * too: what the library itself thinks of them must not matter. */
static void case_times(void)
{
    static const struct {
        const char *certificate;
        wall_ms now;
        bool is_trusted;
        int code;
        const char *text;
    } rows[] = {
        {"past", TLS_YEAR_2020 + 1000, true, 0, ""},
        {"past", TLS_YEAR_2020 + 1000, false, 0, ""},
        {"past", TLS_YEAR_2021, true, 0, ""}, /* its last second */
        {"past", TLS_YEAR_2021 + 1000, true, ERR_CERTIFICATE, "expired on 2021-01-01 00:00 UTC"},
        {"past", TLS_YEAR_2030, false, ERR_CERTIFICATE, "expired on 2021-01-01"},
        {"future", TLS_YEAR_2030, true, ERR_CERTIFICATE,
         "the broker's certificate is not valid before 2050-01-01 00:00 UTC: set this machine's "
         "clock (it says 2030-01-01 00:00 UTC)"},
        {"future", TLS_YEAR_2030, false, 0, ""},
        {"future", TLS_YEAR_2050, true, 0, ""},
        {"future", 0, false, 0, ""},
        {"broker", 0, true, ERR_CERTIFICATE, "is not valid before 2020-01-01"},
        {"broker", 0, false, 0, ""},
        {"broker", 2 * TLS_YEAR_2050, false, ERR_CERTIFICATE, "expired on 2049-01-01"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct stream_seen seen;
        tls_peer_start(&world, rows[i].certificate, NULL, versions[i % 2]);
        clock_set(rows[i].now, rows[i].is_trusted);
        int rc = try_name("here.test", NULL, &seen);
        if (rc != rows[i].code) {
            printf("    row %zu: %s\n", i, seen.text);
        }
        CHECK_INT_EQ(rc, rows[i].code);
        CHECK_CONTAINS(seen.text, rows[i].text);
    }
    clock_set(TLS_YEAR_2030, true);
}

/* A real-time clock years ahead that nobody keeps right proves nothing. Where something else has,
 * the message names that time and the clock, not only the certificate. */
static void case_clock_ahead(void)
{
    struct stream_seen seen;
    tls_peer_start(&world, "broker", NULL, "-tls1_3");
    clock_set(2 * TLS_YEAR_2050, false);
    world.past = TLS_YEAR_2030;
    CHECK_INT_EQ(try_name("here.test", NULL, &seen), 0);
    tls_peer_start(&world, "past", NULL, "-tls1_3");
    CHECK_INT_EQ(try_name("here.test", NULL, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "expired on 2021-01-01 00:00 UTC: 2030-01-01 00:00 UTC is taken for "
                              "surely past, and this machine's clock is not synchronised (it says "
                              "2130-01-02 00:00 UTC): renew it; if that time is wrong, "
                              "synchronise the clock");
    clock_set(TLS_YEAR_2020 + 1000, true); /* it was set: that counts */
    CHECK_INT_EQ(try_name("here.test", NULL, &seen), 0);
    clock_set(TLS_YEAR_2030, true);
    CHECK_INT_EQ(try_name("here.test", NULL, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "(this machine's clock says 2030-01-01 00:00 UTC): renew it");
    world.past = 0;
}

/* A chain accepted before the clock was set may have begun later than it is now. */
static void case_set_clock_wins_over_newest(void)
{
    struct mbedtls_tls *tls = NULL;
    struct stream_seen seen;
    struct mbedtls_tls_settings settings = tls_settings(&world);
    clock_set(0, false);
    tls_peer_start(&world, "future", NULL, "-tls1_3");
    uint16_t port = world.peer_port;
    settings.port = port;
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), 0);
    CHECK_INT_EQ(mbedtls_tls_newest(tls), TLS_YEAR_2050);
    clock_set(TLS_YEAR_2030, true);
    tls_peer_start_at(&world, port, "broker", NULL, "-tls1_3");
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), 0);
    CHECK(mbedtls_tls_newest(tls) < TLS_YEAR_2030);
    mbedtls_tls_free(tls);
}

/* What was accepted once proves that its beginning is past. A chain that was refused proves
 * nothing: anybody can write any year. */
static void case_newest_is_remembered(void)
{
    struct mbedtls_tls *tls = NULL;
    struct stream_seen seen;
    struct mbedtls_tls_settings settings = tls_settings(&world);
    uint16_t port = 0;
    clock_set(0, false);
    tls_peer_start(&world, "past", NULL, "-tls1_3");
    settings.port = world.peer_port;
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), 0);
    CHECK_INT_EQ(mbedtls_tls_newest(tls), TLS_YEAR_2020);
    port = world.peer_port;
    tls_peer_start_at(&world, port, "future", NULL, "-tls1_3");
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), 0);
    CHECK_INT_EQ(mbedtls_tls_newest(tls), TLS_YEAR_2050);
    tls_peer_start_at(&world, port, "past", NULL, "-tls1_3");
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "expired on 2021-01-01");
    mbedtls_tls_free(tls);

    settings.name = "elsewhere.test";
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    tls_peer_start_at(&world, port, "future", NULL, "-tls1_2");
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), ERR_CERTIFICATE);
    CHECK_INT_EQ(mbedtls_tls_newest(tls), 0);
    mbedtls_tls_free(tls);
    clock_set(TLS_YEAR_2030, true);
}

/* In TLS 1.3 the client is done before the other side has looked at its certificate. */
static void case_peer_refuses_us(void)
{
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct stream_seen seen;
        char cert[96], key[96];
        tls_peer_start(&world, "broker", NULL, versions[i]);
        struct mbedtls_tls_settings settings = tls_settings(&world);
        tls_world_path(&world, "stranger-node", ".pem", cert);
        tls_world_path(&world, "stranger-node", ".key", key);
        settings.cert_path = cert;
        settings.key_path = key;
        CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), ERR_CERTIFICATE);
        CHECK_CONTAINS(seen.text, "the broker refused our certificate (alert 48, unknown CA)");
        CHECK_CONTAINS(seen.text, "stranger-node.pem");
        CHECK_INT_EQ(try_name("here.test", NULL, &seen), 0); /* the peer takes others still */
    }
}

static void case_files_are_read_at_each_open(void)
{
    struct mbedtls_tls *tls = NULL;
    struct stream_seen seen;
    char cert[96], key[96];
    tls_peer_start(&world, "broker", NULL, "-tls1_3");
    struct mbedtls_tls_settings settings = tls_settings(&world);
    tls_world_path(&world, "present", ".pem", cert);
    tls_world_path(&world, "present", ".key", key);
    settings.cert_path = cert;
    settings.key_path = key;
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "read our certificate");
    CHECK_CONTAINS(seen.text, "No such file");
    tls_world_copy(&world, "stranger-node", "present");
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "refused our certificate");
    tls_world_copy(&world, "node", "present");
    CHECK_INT_EQ(tls_world_echo(&world, tls, &seen), 0);
    mbedtls_tls_free(tls);
    CHECK_INT_EQ(unlink(cert), 0);
    CHECK_INT_EQ(unlink(key), 0);
}

static void case_files_that_do_not_fit(void)
{
    struct stream_seen seen;
    char path[96];
    tls_peer_start(&world, "broker", NULL, "-tls1_3");
    struct mbedtls_tls_settings settings = tls_settings(&world);
    tls_world_path(&world, "broker", ".key", path);
    settings.key_path = path;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "is not that of the certificate");
    settings = tls_settings(&world);
    tls_world_path(&world, "config", "", path); /* no PEM at all */
    settings.ca_path = path;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "read the CA");
    settings = tls_settings(&world);
    settings.key_path = path;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), ERR_CERTIFICATE);
    CHECK_CONTAINS(seen.text, "read our key");
}

static const struct check_case cases[] = {
    {"versions", case_versions},
    {"wrong authority", case_wrong_authority},
    {"names", case_names},
    {"not for servers", case_not_for_servers},
    {"authority between", case_authority_between},
    {"times", case_times},
    {"a clock ahead", case_clock_ahead},
    {"a set clock wins", case_set_clock_wins_over_newest},
    {"newest is remembered", case_newest_is_remembered},
    {"peer refuses us", case_peer_refuses_us},
    {"files are read at each open", case_files_are_read_at_each_open},
    {"files that do not fit", case_files_that_do_not_fit},
};

int main(int argc, char **argv)
{
    struct verify verify;
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    if (!tls_world_init(&world) || mbedtls_verify_init(&verify, NULL) != 0) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    return tls_world_close(&world) ? status : EXIT_FAILURE;
}
