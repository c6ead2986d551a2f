/* sandbox: after its start a process keeps only what its work needs of the kernel. */
#ifndef PORTS_LINUX_SANDBOX_H
#define PORTS_LINUX_SANDBOX_H

#include "platform/base/err.h"

/* The agent listens, waits on many descriptors, and starts the helper; the helper runs the network
 * tools. What a process may not do its children may not either, so the agent's list holds the
 * helper's. */
enum sandbox_role { SANDBOX_AGENT, SANDBOX_HELPER };

/* Takes from this process and from every program it starts, for good:
 *   - privileges gained by starting a program (no_new_privs);
 *   - capabilities: CAP_NET_ADMIN and CAP_NET_RAW stay, CAP_CHOWN (the agent's socket, the helper's
 *     files in volumes), of the agent CAP_KILL (commands inside containers that take too long, of
 *     whatever user), and CAP_DAC_OVERRIDE, which is in effect in the helper only: it brings files
 *     into volumes that are other users';
 *   - system calls that are not in the role's list: they fail with EPERM, and the kernel's audit
 *     log names them (SECCOMP_FILTER_FLAG_LOG). clone3 fails with ENOSYS, which makes the C library
 *     use clone, whose flags can be looked at; new namespaces are refused, and so are sockets other
 *     than unix, IPv4, IPv6 and netlink.
 * Root stays root: it may do with its own files what it could, but the agent not with other users'.
 * Call it with one thread, after the last privileged step of the start. May be
 * repeated: filters add up.
 *
 * ERR_REQUIRES: this kernel (or emulator) lacks a part; the text names it, everything else is in
 * force, and the caller says so once and goes on. ERR_DENIED: the kernel refused a part it has. */
NODISCARD int sandbox_enter(enum sandbox_role role, struct err *err);

/* In a child of the helper, before it becomes a network tool: of the capabilities only
 * CAP_NET_ADMIN and CAP_NET_RAW stay. */
void sandbox_tool(void);

#endif
