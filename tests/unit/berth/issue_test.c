/* issue: what the fleet's CA writes, read back by the library that will judge it. */
#include "ports/mbedtls/issue.h"

#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <time.h>

#include "platform/base/units.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"

#define DAYS_MS(d) ((int64_t)(d)*86400000)

struct fixture {
    struct mbedtls_issue *issue;
    struct issued ca;
    wall_ms now;
    mbedtls_x509_crt ca_cert, cert;
};

static void fixture_init(struct fixture *fixture)
{
    struct verify verify;
    *fixture = (struct fixture){.now = (wall_ms)time(NULL) * 1000};
    mbedtls_x509_crt_init(&fixture->ca_cert);
    mbedtls_x509_crt_init(&fixture->cert);
    CHECK_INT_EQ(mbedtls_verify_init(&verify, NULL), 0);
    CHECK_INT_EQ(mbedtls_issue_new(&fixture->issue, NULL), 0);
    CHECK_INT_EQ(mbedtls_issue_ca(fixture->issue, "demo-ca", fixture->now, &fixture->ca, NULL), 0);
}

static void fixture_close(struct fixture *fixture)
{
    mbedtls_x509_crt_free(&fixture->ca_cert);
    mbedtls_x509_crt_free(&fixture->cert);
    mbedtls_issue_free(fixture->issue);
}

static void cert_read(const char *pem, mbedtls_x509_crt *cert)
{
    CHECK_INT_EQ(mbedtls_x509_crt_parse(cert, (const unsigned char *)pem, strlen(pem) + 1), 0);
}

/* Flags of MBEDTLS_X509_BADCERT_*: 0 when the CA stands behind a certificate of that name. */
static uint32_t judge(struct fixture *fixture, const char *pem, const char *name)
{
    uint32_t flags = 0;
    mbedtls_x509_crt_free(&fixture->ca_cert);
    mbedtls_x509_crt_free(&fixture->cert);
    cert_read(fixture->ca.cert, &fixture->ca_cert);
    cert_read(pem, &fixture->cert);
    (void)mbedtls_x509_crt_verify(&fixture->cert, &fixture->ca_cert, NULL, name, &flags, NULL,
                                  NULL);
    return flags;
}

static int purpose(const mbedtls_x509_crt *cert, bool is_server)
{
    return is_server
               ? mbedtls_x509_crt_check_extended_key_usage(
                     cert, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH))
               : mbedtls_x509_crt_check_extended_key_usage(
                     cert, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
}

static time_t seconds(const mbedtls_x509_time *time)
{
    struct tm parts = {.tm_year = time->year - 1900,
                       .tm_mon = time->mon - 1,
                       .tm_mday = time->day,
                       .tm_hour = time->hour,
                       .tm_min = time->min,
                       .tm_sec = time->sec};
    return timegm(&parts);
}

static void case_ca(void)
{
    struct fixture fixture;
    char text[256];
    fixture_init(&fixture);
    CHECK_INT_EQ(judge(&fixture, fixture.ca.cert, NULL), 0);
    CHECK(mbedtls_x509_crt_get_ca_istrue(&fixture.cert));
    /* The library counts from one. */
    CHECK_INT_EQ(fixture.cert.private_max_pathlen, ISSUE_CA_PATHLEN + 1);
    CHECK_INT_EQ(mbedtls_x509_crt_check_key_usage(&fixture.cert, MBEDTLS_X509_KU_KEY_CERT_SIGN |
                                                                     MBEDTLS_X509_KU_CRL_SIGN),
                 0);
    CHECK(mbedtls_x509_crt_check_key_usage(&fixture.cert, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0);
    CHECK(mbedtls_x509_dn_gets(text, sizeof text, &fixture.cert.subject) > 0);
    CHECK_STR_EQ(text, "O=berth, CN=demo-ca");
    CHECK_INT_EQ(seconds(&fixture.cert.valid_from), fixture.now / 1000 - 3600);
    CHECK_INT_EQ(seconds(&fixture.cert.valid_to), fixture.now / 1000 - 3600 + 3650 * 86400L);
    CHECK_INT_EQ(fixture.cert.serial.len, 16);
    fixture_close(&fixture);
}

static void case_server(void)
{
    static const char *const names[] = {"broker.example.net", "192.0.2.7", "localhost"};
    struct fixture fixture;
    struct issued server;
    fixture_init(&fixture);
    CHECK_INT_EQ(mbedtls_issue_server(fixture.issue, &fixture.ca, names, COUNT_OF(names),
                                      fixture.now, &server, NULL),
                 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK_INT_EQ(judge(&fixture, server.cert, names[i]), 0);
    }
    CHECK_INT_EQ(judge(&fixture, server.cert, "192.0.2.8"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    CHECK_INT_EQ(judge(&fixture, server.cert, "broker"), MBEDTLS_X509_BADCERT_CN_MISMATCH);
    CHECK(!mbedtls_x509_crt_get_ca_istrue(&fixture.cert));
    CHECK_INT_EQ(purpose(&fixture.cert, true), 0);
    CHECK(purpose(&fixture.cert, false) != 0);
    CHECK_INT_EQ(mbedtls_x509_crt_check_key_usage(&fixture.cert, MBEDTLS_X509_KU_DIGITAL_SIGNATURE),
                 0);
    CHECK_INT_EQ(seconds(&fixture.cert.valid_to) - seconds(&fixture.cert.valid_from), 825 * 86400L);
    issued_wipe(&server);
    CHECK_INT_EQ(server.key[0], 0);
    fixture_close(&fixture);
}

static void case_client(void)
{
    struct fixture fixture;
    struct issued client, other;
    char text[256];
    fixture_init(&fixture);
    CHECK_INT_EQ(mbedtls_issue_client(fixture.issue, &fixture.ca, "gate-17", 825, fixture.now,
                                      &client, NULL),
                 0);
    CHECK_INT_EQ(judge(&fixture, client.cert, "gate-17"), 0);
    CHECK(purpose(&fixture.cert, true) != 0);
    CHECK_INT_EQ(purpose(&fixture.cert, false), 0);
    CHECK(mbedtls_x509_dn_gets(text, sizeof text, &fixture.cert.subject) > 0);
    CHECK_STR_EQ(text, "O=berth, CN=gate-17");
    /* The identifiers lead from the certificate to its CA. */
    CHECK_INT_EQ(fixture.cert.authority_key_id.keyIdentifier.len, 20);
    CHECK_INT_EQ(fixture.cert.authority_key_id.keyIdentifier.len,
                 fixture.ca_cert.subject_key_id.len);
    CHECK(memcmp(fixture.cert.authority_key_id.keyIdentifier.p, fixture.ca_cert.subject_key_id.p,
                 20) == 0);
    /* The same name again is another key and another number. */
    CHECK_INT_EQ(
        mbedtls_issue_client(fixture.issue, &fixture.ca, "gate-17", 825, fixture.now, &other, NULL),
        0);
    CHECK(strcmp(client.key, other.key) != 0);
    cert_read(other.cert, &fixture.cert);
    CHECK(fixture.cert.next != NULL &&
          memcmp(fixture.cert.serial.p, fixture.cert.next->serial.p, 16) != 0);
    fixture_close(&fixture);
}

/* Another CA of the very same name does not stand behind the certificate. */
static void case_other_ca(void)
{
    struct fixture fixture;
    struct issued client, ca;
    struct err err = {0};
    fixture_init(&fixture);
    CHECK_INT_EQ(
        mbedtls_issue_client(fixture.issue, &fixture.ca, "a", 825, fixture.now, &client, NULL), 0);
    CHECK_INT_EQ(mbedtls_issue_ca(fixture.issue, "demo-ca", fixture.now, &ca, NULL), 0);
    CHECK_INT_EQ(judge(&fixture, client.cert, "a"), 0);
    struct issued mixed = fixture.ca;
    memcpy(mixed.key, ca.key, sizeof mixed.key);
    CHECK_INT_EQ(mbedtls_issue_client(fixture.issue, &mixed, "a", 825, fixture.now, &client, &err),
                 ERR_VALUE);
    CHECK_CONTAINS(err.text, "not the key of its certificate");
    CHECK_INT_EQ(mbedtls_issue_client(fixture.issue, &client, "a", 825, fixture.now, &ca, &err),
                 ERR_VALUE);
    fixture.ca = ca;
    CHECK_INT_EQ(mbedtls_issue_ca(fixture.issue, "demo-ca", fixture.now, &fixture.ca, NULL), 0);
    CHECK_INT_EQ(judge(&fixture, client.cert, "a"), MBEDTLS_X509_BADCERT_NOT_TRUSTED);
    fixture_close(&fixture);
}

/* Written anew, a CA stands behind what it issued before, and issues on. */
static void case_ca_again(void)
{
    struct fixture fixture;
    struct issued before, after, again;
    fixture_init(&fixture);
    CHECK_INT_EQ(
        mbedtls_issue_client(fixture.issue, &fixture.ca, "a", 825, fixture.now, &before, NULL), 0);
    CHECK_INT_EQ(mbedtls_issue_ca_again(fixture.issue, &fixture.ca, fixture.now + DAYS_MS(400),
                                        &again, NULL),
                 0);
    CHECK_STR_EQ(again.key, fixture.ca.key);
    CHECK(strcmp(again.cert, fixture.ca.cert) != 0);
    CHECK_INT_EQ(mbedtls_issue_client(fixture.issue, &again, "b", 825, fixture.now, &after, NULL),
                 0);
    CHECK_INT_EQ(judge(&fixture, after.cert, "b"), 0);
    CHECK_INT_EQ(mbedtls_issue_ca_again(fixture.issue, &fixture.ca, fixture.now, &again, NULL), 0);
    fixture.ca = again;
    CHECK_INT_EQ(judge(&fixture, before.cert, "a"), 0);
    CHECK_INT_EQ(judge(&fixture, again.cert, NULL), 0);
    CHECK_INT_EQ(fixture.cert.private_max_pathlen, ISSUE_CA_PATHLEN + 1);
    fixture_close(&fixture);
}

static void case_names_refused(void)
{
    static const char *const bad[] = {
        "",
        "a/b",
        "+",
        "#",
        "a+",
        "A",
        "-",
        "a.b",
        "a,b",
        "a,CN=root",
        "$SYS",
        "\xc3\xa4",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    static const char *const hosts[] = {"",      "a..b", "-a.b",      "a-.b",      "a_b", "*.b",
                                        "1.2.3", "a b",  "1.2.3.4.5", "300.1.1.1", ".",   "a."};
    struct fixture fixture;
    struct issued issued;
    struct err err = {0};
    fixture_init(&fixture);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK_INT_EQ(mbedtls_issue_client(fixture.issue, &fixture.ca, bad[i], 825, fixture.now,
                                          &issued, &err),
                     ERR_VALUE);
        CHECK_INT_EQ(mbedtls_issue_ca(fixture.issue, bad[i], fixture.now, &issued, &err),
                     ERR_VALUE);
    }
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        CHECK(!issue_is_host(hosts[i]));
        CHECK_INT_EQ(mbedtls_issue_server(fixture.issue, &fixture.ca, &hosts[i], 1, fixture.now,
                                          &issued, &err),
                     ERR_VALUE);
    }
    CHECK(issue_is_host("a-1.B.example"));
    CHECK(issue_is_host("10.0.0.1"));
    CHECK_INT_EQ(
        mbedtls_issue_server(fixture.issue, &fixture.ca, hosts, 0, fixture.now, &issued, &err),
        ERR_VALUE);
    fixture_close(&fixture);
}

/* What a CA issues in its last year ends with it; after its end it issues nothing. */
static void case_bounded_by_ca(void)
{
    struct fixture fixture;
    struct issued client;
    struct err err = {0};
    fixture_init(&fixture);
    wall_ms late = fixture.now + DAYS_MS(3650) - DAYS_MS(30);
    CHECK_INT_EQ(mbedtls_issue_client(fixture.issue, &fixture.ca, "a", 825, late, &client, &err),
                 0);
    (void)judge(&fixture, client.cert, "a");
    CHECK_INT_EQ(seconds(&fixture.cert.valid_to), seconds(&fixture.ca_cert.valid_to));
    CHECK_INT_EQ(mbedtls_issue_client(fixture.issue, &fixture.ca, "a", 825,
                                      fixture.now + DAYS_MS(3651), &client, &err),
                 ERR_CERTIFICATE);
    CHECK_INT_EQ(
        mbedtls_issue_client(fixture.issue, &fixture.ca, "a", 0, fixture.now, &client, &err),
        ERR_VALUE);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"ca", case_ca},
                                              {"server", case_server},
                                              {"client", case_client},
                                              {"other_ca", case_other_ca},
                                              {"ca_again", case_ca_again},
                                              {"names_refused", case_names_refused},
                                              {"bounded_by_ca", case_bounded_by_ca}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
