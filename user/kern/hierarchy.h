/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_HIERARCHY_H
#define WEIR_HIERARCHY_H

/*
 * Where each cgroup controller is on this machine: v2, v1, or some on each.
 *
 * Found through libcgroup from the mount table, never assumed. BPF needs a
 * cgroup2 mount; where there is none, one is made on a private directory.
 * Root directories stay open: everything else goes through openat() below them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_error;

enum weir_subsys {
	WEIR_SUBSYS_CPU,
	WEIR_SUBSYS_CPUACCT, /* v1 only; on v2 the cpu controller's accounting */
	WEIR_SUBSYS_MEMORY,
	WEIR_SUBSYS_PIDS, /* these two for containers that ask for them */
	WEIR_SUBSYS_CPUSET,
	WEIR_SUBSYS_COUNT_,
};

#define WEIR_SUBSYS_BIT(subsys) (1U << (subsys))

/* What every container needs, and so has to be enabled for the children on v2. */
#define WEIR_SUBSYSTEMS_NEEDED \
	(WEIR_SUBSYS_BIT(WEIR_SUBSYS_CPU) | WEIR_SUBSYS_BIT(WEIR_SUBSYS_MEMORY))

/* What some ask for: on v2 enabled when the first does, on v1 with groups for them alone. */
#define WEIR_SUBSYSTEMS_ON_DEMAND \
	(WEIR_SUBSYS_BIT(WEIR_SUBSYS_PIDS) | WEIR_SUBSYS_BIT(WEIR_SUBSYS_CPUSET))

#define WEIR_MAX_HIERARCHIES 8

struct weir_hierarchy {
	int version; /* 1 or 2 */
	char *mount; /* where it is mounted */
	int top_fd; /* of the mount, */
	int root_fd; /* and of the directory under which containers lie */
	char *path; /* of the same, absolute; for people and for foreground joins */
	uint32_t subsystems; /* bit mask of enum weir_subsys it carries */
	bool on_demand; /* v1: it has nothing that all containers need, so only some have a group there */
};

struct weir_hierarchies {
	struct weir_hierarchy list[WEIR_MAX_HIERARCHIES]; /* [0] is cgroup2, always */
	size_t n;
	int where[WEIR_SUBSYS_COUNT_]; /* index into list; -1: nowhere */
	char *parent; /* path below each mount, without slashes around it; NULL: at the top */
	char *private_mount; /* set when the cgroup2 mount is our own */
};

#define WEIR_HIERARCHIES_INIT { .where = { -1, -1, -1, -1, -1 } }

/*
 * Discover and open. @parent: NULL or "" for flat at the top, else a directory that is made
 * in each hierarchy where it is missing. On v2 the controllers that are needed are enabled
 * for children of the root (and of the parent).
 *
 * -EINVAL: @parent is no path of plain names; -EPERM: not root;
 * -ENOENT: no cpu or no memory controller anywhere;
 * -EBUSY: controllers can't be enabled because the parent holds processes (text names it).
 */
int weir_hierarchies_open(const char *parent, const char *private_dir, struct weir_hierarchies *ret,
			  struct weir_error *err);
void weir_hierarchies_done(struct weir_hierarchies *h);

/*
 * On v2: give the children of @dir_fd, called @path for people, what they lack of @subsystems. -EBUSY:
 * it holds processes itself.
 */
int weir_hierarchy_enable(int dir_fd, const char *path, uint32_t subsystems,
			  struct weir_error *err);
/* The same from the top down to the directory under which containers lie. */
int weir_hierarchies_enable(const struct weir_hierarchies *h, uint32_t subsystems,
			    struct weir_error *err);
/* Which of @subsystems it gives them now. */
uint32_t weir_hierarchy_enabled(int dir_fd, uint32_t subsystems);

/*
 * Make a group called @name below @dir_fd. On v1 one of cpuset is born without CPUs and memory
 * nodes, and can't be joined before it has some: it gets those of the one above. What was made is
 * removed again on failure. -EEXIST.
 */
int weir_hierarchy_mkdir(const struct weir_hierarchy *h, int dir_fd, const char *name,
			 struct weir_error *err);

/* 1, 2; 0: it is nowhere. */
static inline int weir_hierarchies_version(const struct weir_hierarchies *h,
					   enum weir_subsys subsys)
{
	return h->where[subsys] < 0 ? 0 : h->list[h->where[subsys]].version;
}

const char *weir_subsys_name(enum weir_subsys subsys);

/* "cpu: v1 at /sys/fs/cgroup/cpu, memory: v2 at …": one line for logs and doctor. */
void weir_hierarchies_describe(const struct weir_hierarchies *h, char *buf, size_t size);

#endif /* WEIR_HIERARCHY_H */
