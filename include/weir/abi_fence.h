/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
#ifndef WEIR_ABI_FENCE_H
#define WEIR_ABI_FENCE_H

/*
 * What lies in the fence's maps: between the daemon and its programs (bpf/fence), and no reader's business. It
 * changes without notice: programs and daemon come together, and are told by a fingerprint.
 */

#include "weir/abi.h"

/* That word: an enum weir_policy, and with WEIR_POLICY_CUSTOM what it is made of. */
#define WEIR_FENCE_POLICY(word) ((word) & 0xff)
#define WEIR_FENCE_ALLOWS	0x100 /* what no rule is about */
/* Which of the sets in `rules` and `peers`; with WEIR_POLICY_AGENT_SOCKET_ONLY which unix socket. */
#define WEIR_FENCE_SET(word)	((word) >> 16)

/* What each policy but "open" denies: 192.0.2.87 port 9, which nobody has (RFC 5737). */
#define WEIR_CANARY_ADDRESS 0xc0000257U
#define WEIR_CANARY_PORT    9

/* The fence's settings, record 0 of `fence`: for the daemon alone, as what follows. */
#define WEIR_FENCE_LEVELS 8
#define WEIR_FENCE_PORTS  8
struct weir_fence_node {
	/* Where fenced containers lie: of each, how far below the top of cgroup2. From above. */
	weir_u32 n_levels;
	weir_u32 levels[WEIR_FENCE_LEVELS];
	weir_u32 n_ports;
	weir_u32 ports[WEIR_FENCE_PORTS]; /* of the agent */
	/* Whoever is fenced is so by deny-agent-tcp: what is not about these ports is nobody's business. */
	weir_u32 ports_only;
	/* What weir_tag looks for, while the daemon reads it: a listener, by its inode and its maker. */
	weir_u32 wanted_socket, wanted_uid;
	weir_u32 wanted_level; /* of the group */
	weir_u64 wanted_cgroup; /* that it was made in, or below; 0: anywhere */
	weir_u64 wanted_ino, wanted_dev;
	weir_u32 tier, at_most; /* enum weir_tier: what the programs come to, and what they might */
	/* Tier 3: the daemon that lives, in the initial pid namespace, 0: none; and where the pins are. */
	weir_u32 guard_tgid, guard_mount_ns;
	weir_u64 guard_dev;
	weir_u64 programs; /* fingerprint of the programs attached; another: they get replaced */
};

/* On a socket: which of those that have a name in `sockets` it is; 0: none. */
struct weir_tag {
	weir_u32 socket;
};

/* Key of `peers`: a set of rules may reach this socket. */
struct weir_peer_key {
	weir_u32 set, socket;
};

/* How a socket with a name is known. */
enum weir_socket_way {
	WEIR_SOCKET_BY_FD, /* whoever has it open has said so, */
	WEIR_SOCKET_BY_PATH, /* or where it is bound, and it is looked for there; */
	WEIR_SOCKET_CONFIGURED, /* or the configuration has */
};

/* Value of `sockets`, by its name: so a tag means the same to the next daemon. */
#define WEIR_SOCKETS_MAX 64
struct weir_socket_name {
	char bytes[108]; /* padded with NULs */
};
struct weir_socket {
	weir_u32 number; /* of its tag */
	weir_u32 uid; /* whose a listener has to be that is found by its path */
	weir_u64 cgroup; /* in which it has to have been made, or below; 0: anywhere */
	weir_u32 cgroup_level; /* below the top of cgroup2 */
	weir_u32 by_path; /* enum weir_socket_way */
	char path[108]; /* where it is bound; "": not known */
	weir_u32 reserved;
};

/* An address, v4 as ::ffff:a.b.c.d; key of `locals`. */
struct weir_address {
	unsigned char bytes[16];
};

/* Key of `rules`: the longest prefix counts, and has what shorter ones say behind its own. */
struct weir_rules_key {
	weir_u32 prefix; /* in bits, the set and all */
	weir_u32 set;
	struct weir_address address;
};

#define WEIR_RULES_MAX 32 /* that can be about one address */
struct weir_rules {
	weir_u32 n;
	struct {
		weir_u32 low, high; /* ports; 0 to 65535: any */
		weir_u32 protocol; /* 0: any */
		weir_u32 allow;
	} list[WEIR_RULES_MAX]; /* the first that fits counts */
};

/* Which program of the fence it was. */
enum weir_hook {
	WEIR_HOOK_CREATE,
	WEIR_HOOK_CONNECT4,
	WEIR_HOOK_CONNECT6,
	WEIR_HOOK_SENDMSG4,
	WEIR_HOOK_SENDMSG6,
	WEIR_HOOK_BIND4,
	WEIR_HOOK_BIND6,
	WEIR_HOOK_EGRESS,
	WEIR_HOOK_INGRESS,
	WEIR_HOOK_FAMILY,
	WEIR_HOOK_CONNECT,
	WEIR_HOOK_SENDMSG,
	WEIR_HOOK_LISTEN,
	WEIR_HOOK_ACCEPT,
	WEIR_HOOK_UNIX_STREAM,
	WEIR_HOOK_UNIX_SEND,
	WEIR_HOOK_RECEIVE,
	WEIR_HOOK_CONNECT_UNIX,
	WEIR_HOOK_SENDMSG_UNIX,
	WEIR_HOOK_COUNT_,
};

/* What the ring tells of a denial. Names are bytes, not text: whoever is fenced chose them. */
#define WEIR_COMM_MAX 16
#define WEIR_PATH_MAX 108
struct weir_denied {
	weir_u64 at_ns; /* CLOCK_MONOTONIC */
	weir_u32 slot, generation;
	weir_u32 policy, denial;
	weir_u32 pid; /* in the initial pid namespace */
	weir_u32 family, type, protocol;
	weir_u32 port; /* where it was to; 0: not known, or none */
	weir_u32 path_len; /* of a unix socket's address; 0: it has none */
	struct weir_address address;
	char comm[WEIR_COMM_MAX];
	char path[WEIR_PATH_MAX]; /* an abstract one begins with a NUL */
	weir_u32 hook; /* enum weir_hook */
};

/* Key of `guarded`: what nobody but the daemon that lives may change. */
enum weir_guarded_kind {
	WEIR_GUARDED_MAP, /* by its id: nobody else may so much as read it */
	WEIR_GUARDED_METRICS, /* a map that others may open, and not write */
	WEIR_GUARDED_LINK, /* by its id */
	WEIR_GUARDED_INODE, /* by its number, on `guard_dev`: a pin, or a directory of pins */
};
struct weir_guarded {
	weir_u64 id;
	weir_u32 kind, reserved;
};

/* Between the daemon and weir_level: an open directory of its, */
struct weir_level_asked {
	weir_u32 fd;
	int level; /* how far below the top of cgroup2 it lies; -1: it is no cgroup */
	weir_u64 id; /* and the kernel's id of it */
};

#endif /* WEIR_ABI_FENCE_H */
