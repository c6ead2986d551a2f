/* notify: tells the service manager how far a service is, by sd_notify's protocol and without its
 * library. */
#ifndef PORTS_LINUX_NOTIFY_H
#define PORTS_LINUX_NOTIFY_H

/* Sends `state` ("READY=1") to the datagram socket named by NOTIFY_SOCKET (sd_notify(3): a path, or
 * an abstract name after '@'). Does nothing without one; never blocks, never fails. */
void linux_notify(const char *state);

#endif
