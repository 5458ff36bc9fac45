/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PRIVILEGES_H
#define WEIR_PRIVILEGES_H

/*
 * What a command may do beyond what its user may, and how much of what the kernel counts by process:
 * resource limits, capabilities, and whether a program that it executes can give it more.
 *
 * Said in text, looked up before its process is there; then put into force in the child, which only
 * makes system calls, in this order:
 *
 *	limit, bound, <become the user>, keep
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

struct weir_error;

struct weir_privileges {
	struct {
		int resource; /* RLIMIT_… */
		struct rlimit limit;
	} limits[RLIM_NLIMITS];
	size_t n_limits;
	bool keeps; /* @capabilities was said; else it has what its user has */
	uint64_t capabilities; /* bit mask, by number */
	uint64_t denied; /* of those that its user has, and nobody asked to keep */
	bool gains; /* by set-user-ID programs and the like: no_new_privs is not set */
};

/*
 * @limits: "NAME=SOFT[:HARD]", NULL-terminated, or NULL: names of prlimit(1), as nofile; numbers in
 * the kernel's units, or "unlimited"; without HARD it is SOFT. @capabilities: names of capabilities(7)
 * with or without "CAP_", in any case, with commas between them; "none", "all"; NULL: not said.
 * What it keeps is all that it has, and can ever have, also if it is not root's.
 *
 * -EINVAL: the text names what is wrong, and what was expected.
 */
int weir_privileges_parse(const char *const *limits, const char *capabilities, bool gains,
			  struct weir_privileges *ret, struct weir_error *err);

/*
 * It is to be held by the fence: what leads past it goes, unless capabilities were said. Those are the ones
 * by which packets are made, other processes opened, and mounts, modules, programs and cgroups changed.
 */
void weir_privileges_hold(struct weir_privileges *privileges);

/* Each: 0, or -1 with errno. EPERM: the caller may not raise a hard limit, or has no such capability. */
int weir_privileges_limit(const struct weir_privileges *privileges);
int weir_privileges_bound(const struct weir_privileges *privileges);
int weir_privileges_keep(const struct weir_privileges *privileges);

#endif /* WEIR_PRIVILEGES_H */
