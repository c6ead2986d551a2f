/* berthd: the agent: reads what it was told about itself, opens the house, and turns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/app/berthd/anchors.h"
#include "ports/app/berthd/gate.h"
#include "ports/app/berthd/house.h"
#include "ports/linux/notify.h"
#include "ports/app/berthd/options.h"
#include "ports/app/berthd/reach.h"
#include "ports/app/berthd/self_test.h"
#include "ports/app/berthd/signals.h"
#include "ports/app/berthd/watchdog.h"
#include "ports/linux/helper.h"
#include "ports/linux/sandbox.h"
#include "ports/mbedtls/verify.h"

#define EXIT_USAGE 2

/* Everything berthd has; on the heap because of the control buffers. */
struct agent {
    struct config config;
    struct house house;
    struct anchors anchors;
    struct conductor *conductor;
    struct control control;
    struct linux_server server;
    struct signals signals;
    struct reach reach;
};

static struct anchors_sources sources_of(const struct agent *agent)
{
    return (struct anchors_sources){
        .config = &agent->config,
        .verify = agent->house.ports.verify,
        .store = agent->house.ports.store,
        .log = agent->house.ports.log,
    };
}

static void trust_give(struct agent *agent)
{
    conductor_trust(agent->conductor, &agent->anchors.trust,
                    agent->anchors.has_revoked ? &agent->anchors.revoked : NULL);
}

/* A trust or revoke document from the fleet: what is taken holds from now on. */
static void document_take(void *ctx, bool is_revoke, struct span envelope)
{
    struct agent *agent = ctx;
    struct anchors_sources sources = sources_of(agent);
    struct err err = {0};
    if (anchors_offer(&agent->anchors, &sources, is_revoke, envelope, &err) == 0) {
        trust_give(agent);
    }
}

static int agent_open(struct agent *agent, struct err *err)
{
    char path[CONFIG_PATH_BYTES + 16];
    int rc = house_open(&agent->house, &agent->config, err);
    if (rc != 0) {
        return rc;
    }
    struct loop loop = linux_loop_interface(&agent->house.loop);
    struct anchors_sources sources = sources_of(agent);
    rc = signals_init(&agent->signals, loop, err);
    rc = rc == 0 ? anchors_load(&agent->anchors, &sources, err) : rc;
    if (rc != 0) {
        return rc;
    }
    agent->conductor = conductor_new(&agent->config, &agent->house.ports);
    if (agent->conductor == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to start; free some");
    }
    trust_give(agent);
    control_init(&agent->control, agent->conductor, agent->config.control_uid);
    rc = conductor_start(agent->conductor, err);
    if (rc != 0) {
        return err_wrap(err, rc, "read what is remembered under %s", agent->config.state_dir);
    }
    struct linux_server_user user = gate_user(&agent->control);
    (void)snprintf(path, sizeof path, "%s/control.sock", agent->config.control_dir);
    rc = linux_server_init(&agent->server, loop, path, agent->config.control_uid, &user, err);
    return rc == 0 ? reach_open(&agent->reach, &agent->config, &agent->house, agent->conductor,
                                document_take, agent, err)
                   : rc;
}

/* How long a node that ends waits for the broker to hear it. */
#define LEAVE_MS SECONDS_MS(1)

static void agent_leave(struct agent *agent)
{
    mono_ms until = linux_loop_now() + LEAVE_MS;
    reach_leave(&agent->reach);
    while (!reach_has_left(&agent->reach) && linux_loop_now() < until) {
        linux_loop_run_once(&agent->house.loop, until - linux_loop_now());
    }
}

static void agent_close(struct agent *agent)
{
    linux_server_close(&agent->server);
    reach_close(&agent->reach);
    house_close(&agent->house);
    if (agent->conductor != NULL) {
        conductor_free(agent->conductor);
    }
}

/* SIGHUP: the documents are read again; what they say holds from now on. */
static void agent_reread(struct agent *agent)
{
    const struct log *log = &agent->house.ports.log;
    struct anchors_sources sources = sources_of(agent);
    struct err err = {0};
    agent->signals.is_reread = false;
    if (anchors_load(&agent->anchors, &sources, &err) != 0) {
        log->ops->line(log->self, LOG_LEVEL_ERROR, err.text);
    }
    trust_give(agent);
    log->ops->line(log->self, LOG_LEVEL_INFO, "trust and revoke documents read again");
}

static void agent_run(struct agent *agent)
{
    struct watchdog watchdog;
    watchdog_init(&watchdog, linux_loop_now());
    while (!agent->signals.is_ended) {
        if (agent->signals.is_reread) {
            agent_reread(agent);
        }
        conductor_step(agent->conductor);
        mono_ms now = linux_loop_now();
        control_step(&agent->control, now);
        reach_step(&agent->reach, now);
        mono_ms due =
            mono_min(conductor_deadline(agent->conductor), control_deadline(&agent->control));
        due = mono_min(due, reach_deadline(&agent->reach));
        watchdog_step(&watchdog, now);
        due = mono_min(due, watchdog_deadline(&watchdog));
        linux_loop_run_once(&agent->house.loop, due > now ? due - now : 0);
    }
}

static int agent_main(const struct config *config, const struct err *sandbox)
{
    const struct log *log;
    char line[LOG_LINE_BYTES_MAX];
    struct err err = {0};
    struct agent *agent = calloc(1, sizeof *agent);
    if (agent == NULL) {
        fprintf(stderr, "berthd: no memory to start; free some\n");
        return EXIT_FAILURE;
    }
    agent->config = *config;
    agent->server.fd = -1;
    int rc = house_begin(&agent->house, &err);
    rc = rc == 0 ? agent_open(agent, &err) : rc;
    if (rc == 0) {
        log = &agent->house.ports.log;
        if (sandbox->code != 0) {
            text_shorten_printf(line, sizeof line, "less confined than it should be: %s",
                                sandbox->text);
            log->ops->line(log->self, LOG_LEVEL_WARNING, line);
        }
        (void)snprintf(line, sizeof line,
                       "berthd " BERTH_VERSION " is node %s of fleet %s; trust version %llu",
                       config->node, config->fleet,
                       (unsigned long long)agent->anchors.trust.version);
        log->ops->line(log->self, LOG_LEVEL_INFO, line);
        linux_notify("READY=1");
        agent_run(agent);
        linux_notify("STOPPING=1");
        agent_leave(agent);
        log->ops->line(log->self, LOG_LEVEL_INFO,
                       "berthd ends; containers and traffic stay as they are");
    } else {
        fprintf(stderr, "berthd: %s (%s)\n", err.text, err_word(rc));
    }
    agent_close(agent);
    free(agent);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int check_main(const struct config *config)
{
    static struct anchors anchors;
    struct linux_log log;
    struct anchors_sources sources = {.config = config};
    struct err err = {0};
    linux_log_init(&log, STDERR_FILENO, LOG_LEVEL_INFO);
    sources.log = linux_log_interface(&log);
    int rc = mbedtls_verify_init(&sources.verify, &err);
    rc = rc == 0 ? anchors_load(&anchors, &sources, &err) : rc;
    if (rc != 0) {
        fprintf(stderr, "berthd: %s (%s)\n", err.text, err_word(rc));
        return EXIT_FAILURE;
    }
    printf("node %s of fleet %s: trust version %llu with %zu keys, %zu releases revoked\n",
           config->node, config->fleet, (unsigned long long)anchors.trust.version,
           anchors.trust.key_count, anchors.revoked.count);
    return EXIT_SUCCESS;
}

/* What needs a configuration. The sandbox comes before the first file is opened: what it forbids
 * shows at the start, not when a document is read again. */
static int configured_main(const struct options *options)
{
    static struct config config;
    struct err sandbox = {0};
    struct err err = {0};
    if (options->mode != MODE_CHECK) {
        sandbox.code = sandbox_enter(SANDBOX_AGENT, &sandbox);
    }
    int rc = options_config(options, &config, &err);
    if (rc != 0) {
        fprintf(stderr, "berthd: %s (%s)\n", err.text, err_word(rc));
        return EXIT_FAILURE;
    }
    return options->mode == MODE_CHECK       ? check_main(&config)
           : options->mode == MODE_SELF_TEST ? self_test_main(&config, &sandbox)
                                             : agent_main(&config, &sandbox);
}

int main(int argc, char **argv)
{
    struct options options;
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        int confined = sandbox_enter(SANDBOX_HELPER, NULL);
        (void)confined; /* what this kernel lacks, the agent has said */
        return helper_main(HELPER_FD);
    }
    if (!options_read(argc, argv, &options)) {
        usage_print(stderr);
        return EXIT_USAGE;
    }
    if (options.mode == MODE_HELP) {
        usage_print(stdout);
        return EXIT_SUCCESS;
    }
    if (options.mode == MODE_VERSION) {
        printf("berthd " BERTH_VERSION "\n");
        return EXIT_SUCCESS;
    }
    return configured_main(&options);
}
