/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONFINE_H
#define WEIR_CONFINE_H

/*
 * What the fence relies on of a process that it holds: that it does not leave its cgroups, and, where the
 * fence itself can't see them, that it makes no socket of other families.
 *
 * Made ready before its process is there, and put into force in the child, which only makes system calls.
 * Fail direction: closed. What can't be put into force is an error, and nothing is executed.
 */

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

struct weir_error;

/* Families of sockets that may be made, by a filter of system calls. */
enum weir_families {
	WEIR_FAMILIES_ALL, /* no filter: the fence sees to them */
	WEIR_FAMILIES_HARMLESS, /* unix, IP, netlink, the kernel's ciphers: see bpf/fence/lsm.bpf.c */
	WEIR_FAMILIES_UNIX, /* and those of IP, which the fence sees to, and counts */
	WEIR_FAMILIES_COUNT_,
};

struct weir_confine {
	bool on; /* else all of it is nothing */
	struct sock_fprog filter; /* owned; len 0: none */
	char **mounts; /* of cgroups on v1: they become read-only */
	char **mounts2; /* of cgroup2: the same, and only its own group is seen there */
	char **writable; /* groups of its own, that stay as they are; NULL: none */
};

/*
 * @writable: paths of groups that it may write to, NULL-terminated, or NULL. -EINVAL: libseccomp can't
 * make the filter; -errno: the mounts can't be read.
 */
int weir_confine_prepare(struct weir_confine *confine, enum weir_families families,
			 const char *const *writable, struct weir_error *err);
void weir_confine_done(struct weir_confine *confine);

/* "all", "harmless", "unix". */
const char *weir_families_name(enum weir_families families);
int weir_families_from_name(const char *name, enum weir_families *ret); /* -EINVAL */

/*
 * In the child, once it is in its cgroups and while it is who may. 0, or -1 with errno; ENOTSOCK: one of
 * its three standard files is a socket that the fence would not see used.
 */
int weir_confine_enter(const struct weir_confine *confine);
/* Last before it executes, or becomes another user with @gains (base/privileges.h). 0, or -1 with errno. */
int weir_confine_filter(const struct weir_confine *confine, bool gains);

#endif /* WEIR_CONFINE_H */
