/* Never run for its result: it calls for as much of each library as the programs do, so that the
 * linker map of this program says what each library costs. */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <mosquitto.h>
#include <psa/crypto.h>
#include <stdio.h>

#define USE(function) ((void (*)(void))(function))

/* Volatile: the compiler must not see that nobody calls them. */
static void (*const volatile used[])(void) = {
    /* the agent's TLS session, signatures and digests */
    USE(psa_crypto_init),
    USE(mbedtls_entropy_func),
    USE(mbedtls_ctr_drbg_seed),
    USE(mbedtls_ctr_drbg_random),
    USE(mbedtls_ssl_config_defaults),
    USE(mbedtls_ssl_conf_authmode),
    USE(mbedtls_ssl_conf_ca_chain),
    USE(mbedtls_ssl_conf_own_cert),
    USE(mbedtls_ssl_conf_rng),
    USE(mbedtls_ssl_conf_verify),
    USE(mbedtls_ssl_setup),
    USE(mbedtls_ssl_set_hostname),
    USE(mbedtls_ssl_set_bio),
    USE(mbedtls_ssl_handshake),
    USE(mbedtls_ssl_read),
    USE(mbedtls_ssl_write),
    USE(mbedtls_ssl_get_bytes_avail),
    USE(mbedtls_ssl_close_notify),
    USE(mbedtls_x509_crt_parse_file),
    USE(mbedtls_x509_crt_verify_info),
    USE(mbedtls_pk_parse_keyfile),
    USE(mbedtls_pk_parse_public_key),
    USE(mbedtls_pk_verify),
    USE(mbedtls_sha256),
    USE(mbedtls_strerror),
    /* the engine's API and downloads */
    USE(curl_global_init),
    USE(curl_easy_init),
    USE(curl_easy_setopt),
    USE(curl_easy_getinfo),
    USE(curl_easy_strerror),
    USE(curl_easy_cleanup),
    USE(curl_slist_append),
    USE(curl_slist_free_all),
    USE(curl_multi_init),
    USE(curl_multi_setopt),
    USE(curl_multi_add_handle),
    USE(curl_multi_socket_action),
    USE(curl_multi_info_read),
    USE(curl_multi_remove_handle),
    USE(curl_multi_cleanup),
    /* the bus */
    USE(mosquitto_lib_init),
    USE(mosquitto_new),
    USE(mosquitto_int_option),
    USE(mosquitto_will_set_v5),
    USE(mosquitto_connect_bind_v5),
    USE(mosquitto_connect_v5_callback_set),
    USE(mosquitto_disconnect_v5_callback_set),
    USE(mosquitto_message_v5_callback_set),
    USE(mosquitto_publish_v5_callback_set),
    USE(mosquitto_subscribe_v5_callback_set),
    USE(mosquitto_subscribe_v5),
    USE(mosquitto_unsubscribe_v5),
    USE(mosquitto_publish_v5),
    USE(mosquitto_socket),
    USE(mosquitto_loop_read),
    USE(mosquitto_loop_write),
    USE(mosquitto_loop_misc),
    USE(mosquitto_want_write),
    USE(mosquitto_disconnect_v5),
    USE(mosquitto_destroy),
    /* documents */
    USE(cJSON_ParseWithLengthOpts),
    USE(cJSON_GetObjectItemCaseSensitive),
    USE(cJSON_Delete),
};

int main(void)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
        count += used[i] != NULL;
    }
    printf("%zu functions\n", count);
    return count == sizeof(used) / sizeof(used[0]) ? 0 : 1;
}
