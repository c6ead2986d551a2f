/* options: a table of words, each one mode. */
#include "ports/app/berthd/options.h"

#include <string.h>

#include "ports/app/berthd/file.h"
#include "ports/app/words/words.h"

/* A gateway on the factory line has not been told who it is. */
static const char factory[] = "{\"schema\": 1, \"node\": \"unnamed\", \"fleet\": \"none\"}";

static const struct {
    const char *word;
    enum mode mode;
} modes[] = {
    {"--check", MODE_CHECK},
    {"--self-test", MODE_SELF_TEST},
    {"--version", MODE_VERSION},
    {"--help", MODE_HELP},
    {"-h", MODE_HELP},
};

static bool mode_find(const char *word, enum mode *mode)
{
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        if (strcmp(word, modes[i].word) == 0) {
            *mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

bool options_read(int argc, char **argv, struct options *options)
{
    *options = (struct options){.config_path = "/etc/berth/berthd.json"};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            options->config_path = argv[++i];
            options->is_config_given = true;
        } else if (!mode_find(argv[i], &options->mode)) {
            return false;
        }
    }
    return true;
}

static void option_print(const struct words_option *option, FILE *out)
{
    fprintf(out, "  --%-9s  %-4s  %s\n", option->name, option->value != NULL ? option->value : "",
            option->sentence);
}

void usage_print(FILE *out)
{
    fprintf(out, "berthd %s\n\nusage: berthd [OPTION...]\n\n", words_berthd.sentence);
    for (size_t i = 0; words_berthd.verbs[0].options[i] != NULL; i++) {
        option_print(words_berthd.verbs[0].options[i], out);
    }
    for (size_t i = 0; words_berthd.options[i] != NULL; i++) {
        option_print(words_berthd.options[i], out);
    }
}

int options_config(const struct options *options, struct config *config, struct err *err)
{
    static uint8_t data[CONFIG_BYTES_MAX];
    const char *path = options->config_path;
    struct span text;
    int rc = file_read(path, data, sizeof data, &text, err);
    if (rc == ERR_NOT_FOUND && options->mode == MODE_SELF_TEST && !options->is_config_given) {
        return config_parse(span_text(factory), config, err);
    }
    if (rc == ERR_NOT_FOUND) {
        return err_set(err, rc,
                       "%s is not there; write it (agent/wire/README.md has an example), or name "
                       "another with --config",
                       path);
    }
    rc = rc == 0 ? config_parse(text, config, err) : rc;
    return rc == 0 ? 0 : err_wrap(err, rc, "%s", path);
}
