/* notify: tells the service manager how far the agent is, by sd_notify's protocol and without its
 * library. */
#ifndef BERTHD_NOTIFY_H
#define BERTHD_NOTIFY_H

/* Sends `state` ("READY=1") to the datagram socket named by NOTIFY_SOCKET (sd_notify(3): a path, or
 * an abstract name after '@'). Does nothing without one; never blocks, never fails. */
void notify_send(const char *state);

#endif
