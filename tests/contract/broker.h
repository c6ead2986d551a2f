/* broker: a real MQTT broker on a free port of loopback, started and killed by its pid. */
#ifndef TESTS_CONTRACT_BROKER_H
#define TESTS_CONTRACT_BROKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct broker {
    char dir[64]; /* everything it writes; removed by broker_close */
    uint16_t port;
    pid_t pid; /* 0: not running */
    char program[64];
    const char *argv[8];
    char config[96];
};

/* mosquitto: anonymous, forgets everything when it dies, allows nothing outside of `topics`. */
void broker_mosquitto(struct broker *broker, const char *topics);
/* nats-server: MQTT 3.1.1 over JetStream. */
void broker_nats(struct broker *broker);
/* False when the program is not installed. */
bool broker_is_there(const struct broker *broker);

/* Starts it and waits until it takes connections; ends the program when it does not. */
void broker_start(struct broker *broker);
void broker_freeze(struct broker *broker);
void broker_thaw(struct broker *broker);
void broker_kill(struct broker *broker);
/* Kills it and removes its directory. */
void broker_close(struct broker *broker);

#endif
