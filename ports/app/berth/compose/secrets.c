/* secrets: what looks like a secret, by its name and by its value. */
#include <ctype.h>
#include <stdio.h>

#include "agent/wire/release_words.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

#define WORD_BYTES 64
#define WORDS_MAX  16
#define NAME_BYTES 256

/* A name taken apart at '_', '-', '.', and where small letters turn into capitals. */
struct words {
    char list[WORDS_MAX][WORD_BYTES];
    size_t count;
};

static void words_split(const char *name, struct words *words)
{
    size_t len = 0;
    words->count = 0;
    for (size_t i = 0;; i++) {
        bool is_end = name[i] == '\0';
        bool is_parting = is_end || !isalnum((unsigned char)name[i]);
        bool is_hump = !is_end && i > 0 && islower((unsigned char)name[i - 1]) &&
                       isupper((unsigned char)name[i]);
        if ((is_parting || is_hump) && len > 0 && words->count < WORDS_MAX) {
            words->list[words->count++][len] = '\0';
            len = 0;
        }
        if (is_end) {
            return;
        }
        if (!is_parting && len < WORD_BYTES - 1 && words->count < WORDS_MAX) {
            words->list[words->count][len++] = (char)toupper((unsigned char)name[i]);
        }
    }
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, word) == 0) {
            return true;
        }
    }
    return false;
}

static bool ends_with_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++) {
        size_t len = strlen(*list);
        size_t all = strlen(word);
        if (all >= len && strcmp(word + all - len, *list) == 0) {
            return true;
        }
    }
    return false;
}

/* Words behind which the name goes on meaning the same: DB_PASS_2, TOKEN_OLD, SECRET_BASE64. */
static bool is_suffix(const char *word)
{
    static const char *const suffixes[] = {"OLD",    "NEW", "DEFAULT", "VALUE", "BASE",
                                           "BASE64", "B64", "HEX",     "RAW",   NULL};
    return word[strspn(word, "0123456789")] == '\0' || is_one_of(word, suffixes);
}

/* The word that says what the value is: the last one, but for suffixes and digits. So a
 * TOKENIZER, a PASSWORD_MIN_LENGTH and a TOKEN_URL are none, and a DB_PASS is one. */
static const char *name_reason(const char *name)
{
    static const char *const exact[] = {"PASS",   "PASSWD",     "PASSWORT",    "PWD",      "PW",
                                        "SECRET", "SECRETS",    "CREDENTIALS", "PSK",      "PIN",
                                        "APIKEY", "CREDENTIAL", "USERPASS",    "HTPASSWD", NULL};
    static const char *const endings[] = {
        "PASSWORD", "PASSWORDS", "PASSWD",    "PASSPHRASE", "PASSCODE", "SECRET", "TOKEN",
        "TOKENS",   "APIKEY",    "SECRETKEY", "PRIVATEKEY", "DBPASS",   NULL};
    static const char *const before_key[] = {
        "API", "PRIVATE", "SECRET", "ACCESS",  "ENCRYPTION", "AUTH",    "SIGNING",  "MASTER",
        "APP", "JWT",     "SSH",    "CRYPT",   "NETWORK",    "SHARED",  "HMAC",     "AES",
        "RSA", "SESSION", "COOKIE", "ACCOUNT", "LICENSE",    "STORAGE", "SECURITY", NULL};
    struct words words;
    words_split(name, &words);
    while (words.count > 0 && is_suffix(words.list[words.count - 1])) {
        words.count--;
    }
    if (words.count == 0) {
        return NULL;
    }
    const char *last = words.list[words.count - 1];
    char *digits = words.list[words.count - 1] + strcspn(last, "0123456789");
    if (digits != last && digits[strspn(digits, "0123456789")] == '\0') {
        *digits = '\0'; /* PASSWORD2 */
    }
    bool is_key = words.count > 1 && strcmp(last, "KEY") == 0 &&
                  is_one_of(words.list[words.count - 2], before_key);
    bool is_shell = words.count == 1 && strcmp(last, "PWD") == 0; /* the working directory */
    return (is_one_of(last, exact) && !is_shell) || ends_with_one_of(last, endings) || is_key
               ? "its name says so"
               : NULL;
}

/* "scheme://user:password@host" */
static bool has_login(const char *value)
{
    for (const char *at = strstr(value, "://"); at != NULL; at = strstr(at + 3, "://")) {
        const char *user = at + 3;
        size_t len = strcspn(user, "/?# \t\r\n'\"");
        const char *sign = memchr(user, '@', len);
        const char *colon = sign != NULL ? memchr(user, ':', (size_t)(sign - user)) : NULL;
        if (colon != NULL && colon + 1 < sign) {
            return true;
        }
    }
    return false;
}

static const char *value_reason(const char *value)
{
    static const char *const beginnings[] = {"ghp_",  "gho_", "github_pat_", "glpat-",   "xoxb-",
                                             "xoxp-", "AKIA", "eyJhbGci",    "sk_live_", NULL};
    if (strstr(value, "PRIVATE KEY-----") != NULL) {
        return "it holds a private key";
    }
    if (has_login(value)) {
        return "it holds a user's password in an address";
    }
    for (size_t i = 0; beginnings[i] != NULL; i++) {
        size_t len = strlen(beginnings[i]);
        if (strncmp(value, beginnings[i], len) == 0 && strlen(value) >= len + 16) {
            return "it begins like a token";
        }
    }
    return NULL;
}

/* Values that give nothing away: yes and no, a path of a file, a word of the node. */
static bool is_plain_value(const char *value)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "none", NULL};
    size_t len = strlen(value);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcasecmp(words[i], value) == 0) {
            return true;
        }
    }
    return len == 0 || strncmp(value, "/run/secrets/", 13) == 0 ||
           (strncmp(value, "$(node.", 7) == 0 && strchr(value, ')') == value + len - 1);
}

const char *secret_reason(const char *name, const char *value)
{
    size_t len = name != NULL ? strlen(name) : 0;
    const char *reason = value_reason(value);
    bool is_file = len > 5 && strcasecmp(name + len - 5, "_FILE") == 0;
    if (reason != NULL || len == 0 || is_file || is_plain_value(value)) {
        return reason;
    }
    return name_reason(name);
}

static bool is_listed(const struct yaml_item *extension, const char *name)
{
    const struct yaml_item *list = yaml_tree_member(extension, "plain");
    const struct yaml_item *item =
        list != NULL && list->kind == YAML_TREE_LIST ? list->child : list;
    for (; name != NULL && item != NULL; item = item->next) {
        if (item->kind == YAML_TREE_SCALAR && strcmp(item->text, name) == 0) {
            return true;
        }
        if (item == list) {
            break;
        }
    }
    return false;
}

bool secret_is_plain(const struct normal *normal, const char *name)
{
    return is_listed(yaml_tree_member(normal->service, "x-berth"), name) ||
           is_listed(yaml_tree_member(normal->root, "x-berth"), name);
}

void secret_check(struct normal *normal, const struct yaml_item *item, const char *name,
                  const char *value)
{
    char remedy[1024];
    char file[NAME_BYTES];
    const char *reason = secret_reason(name, value);
    /* What has no name of its own is named by its place. */
    const char *called = name != NULL ? name : item->key != NULL ? item->key : "command";
    if (reason == NULL || secret_is_plain(normal, called)) {
        return;
    }
    size_t len = 0;
    for (; called[len] != '\0' && len < sizeof file - 1; len++) {
        file[len] = (char)tolower((unsigned char)called[len]);
    }
    file[len] = '\0';
    text_shorten_printf(
        remedy, sizeof remedy,
        "a release is read by every node and the broker: put the value into the file %s/%s of each "
        "node's secrets directory (with the node's own set-up, where 500 nodes get their keys), "
        "list %s under secrets and have the program read /run/secrets/%s (%s_FILE, where it knows "
        "that); or, if it is none, say x-berth.plain: [%s]",
        normal->secrets_app, file, file, file, called, called);
    normal_refuse(normal, item, remedy, "%s looks like a secret: %s", called, reason);
}

void write_plain(struct normal *normal)
{
    const struct yaml_item *environment = service_member(normal, "environment");
    const struct yaml_item *item = environment != NULL ? environment->child : NULL;
    for (; item != NULL; item = item->next) {
        char name[NAME_BYTES];
        const char *text = item->key != NULL ? item->key : item->text;
        size_t len = item->key != NULL ? strlen(text) : text != NULL ? strcspn(text, "=") : 0;
        if (len == 0 || len >= sizeof name) {
            continue;
        }
        memcpy(name, text, len);
        name[len] = '\0';
        const char *value = item->key != NULL ? item->text : text + len + (text[len] == '=');
        /* The node's reader guesses, too, and by the name alone. */
        if (variable_is_secret(name) && value != NULL && value[0] != '\0') {
            json_element(normal->out);
            text_append_json(normal->out, name);
        }
    }
}
