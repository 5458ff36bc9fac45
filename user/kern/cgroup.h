/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CGROUP_H
#define WEIR_CGROUP_H

/*
 * A container's cgroups: one directory "<prefix><id>" in each hierarchy, and its knobs.
 *
 *	<prefix>E              a container, or an executor and all that is in it
 *	├── self               of an executor: its own processes
 *	│   └── task.T         a task that shares its cgroup: on cgroup2 alone, and without knobs
 *	└── T                  a task with a cgroup of its own
 *
 * In each call below an id may be such a path: "E", "E/self", "E/T". In those that make and remove
 * nothing it may also be a place, of groups that somebody else made: see kern/foreign.h.
 *
 * Mechanism only. Groups are named, not held open: each call goes through the hierarchy's
 * directory fd, so ten thousand containers cost no fds. A group that is gone, or going,
 * yields -ENOENT, which callers treat as news.
 *
 * v1 and v2 differ here and nowhere above: weights, quotas and limits come in mcpu and bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kern/hierarchy.h"

struct weir_error;

struct weir_groups {
	struct weir_hierarchies h;
	char prefix[65]; /* e.g. "weir." */
};

/* -EINVAL: a prefix that is empty, longer than 64 bytes, or holds other than [A-Za-z0-9_.-]. */
int weir_groups_open(const char *prefix, const char *parent, const char *private_dir,
		     struct weir_groups *ret, struct weir_error *err);
void weir_groups_done(struct weir_groups *groups);

/* Make the directories in all hierarchies; what was made is removed again on failure. -EEXIST. */
int weir_cgroup_create(const struct weir_groups *groups, const char *id, struct weir_error *err);

/*
 * Have a container's group be one for the controller @subsys as well, which is not there for all of them:
 * on v1 in a hierarchy of its own, where it has to be before anybody joins; on v2 whenever it is asked for.
 * A container without one lies in its executor's there, or in none of weir's. -EOPNOTSUPP: no such
 * controller here.
 */
int weir_cgroup_equip(const struct weir_groups *groups, const char *id, enum weir_subsys subsys,
		      struct weir_error *err);

/*
 * Of a group that nobody is in yet: make room for tasks, with a group "self" for its own processes,
 * and on v2 the controllers for those inside. -EBUSY: somebody is in it.
 */
int weir_cgroup_divide(const struct weir_groups *groups, const char *id, struct weir_error *err);

/*
 * On cgroup2 alone, and without controllers: who is in it can be told apart and killed, and is held to
 * what is set above it. -EEXIST.
 */
int weir_cgroup_create_bare(const struct weir_groups *groups, const char *id,
			    struct weir_error *err);

/* Remove them, and empty groups inside them. Missing ones are fine. -EBUSY: processes are left. */
int weir_cgroup_remove(const struct weir_groups *groups, const char *id, struct weir_error *err);

/* SIGKILL to everything inside, sub-groups included: cgroup.kill, or signal by signal before 5.14. */
int weir_cgroup_kill(const struct weir_groups *groups, const char *id, struct weir_error *err);

/*
 * Stop everything in it and below, or let it go on, by cgroup2's freezer. It takes effect soon: see
 * weir_cgroup_frozen(). SIGKILL reaches what is frozen.
 */
int weir_cgroup_freeze(const struct weir_groups *groups, const char *id, bool on,
		       struct weir_error *err);
/* Has all of it stopped, for whatever group's sake? 1, 0. */
int weir_cgroup_frozen(const struct weir_groups *groups, const char *id, struct weir_error *err);

/* 1: a process is inside (sub-groups included), 0: none, -ENOENT: no such group. By cgroup2. */
int weir_cgroup_populated(const struct weir_groups *groups, const char *id, struct weir_error *err);

/*
 * Its absolute path in the hierarchy of @index, cut to @size. -ENODEV: it has none of its own there, as
 * a place may say.
 */
int weir_cgroup_path(const struct weir_groups *groups, size_t index, const char *id, char *buf,
		     size_t size, struct weir_error *err);

/* An fd of its directory on cgroup2. -ENODEV: it has none there; others: as open(2). */
int weir_cgroup_open(const struct weir_groups *groups, const char *id, struct weir_error *err);

/* Kernel's id of the group's directory on cgroup2 (@subsys < 0) or in the hierarchy of @subsys. */
int weir_cgroup_id(const struct weir_groups *groups, const char *id, int subsys, uint64_t *ret,
		   struct weir_error *err);

/*
 * Where processes of a container lie: the id of its group on cgroup2, and of the one in all other
 * hierarchies. They differ for a task that shares its executor's.
 */
struct weir_seat {
	const char *cgroup2, *v1; /* borrowed */
};

/*
 * Let @uid and @gid make groups there, move their processes between those, and on v2 pass controllers
 * on; its own knobs stay root's.
 */
int weir_cgroup_delegate(const struct weir_groups *groups, const struct weir_seat *seat, uid_t uid,
			 gid_t gid, struct weir_error *err);

/* Is @pid there, or below, in every hierarchy? 1, 0; -ESRCH: no such process. */
int weir_cgroup_holds(const struct weir_groups *groups, const struct weir_seat *seat, int pid,
		      struct weir_error *err);

/* Would weir_cgroup_kill() kill @pid: is it inside on cgroup2? 1, 0; -ESRCH: no such process. */
int weir_cgroup_kills(const struct weir_groups *groups, const char *id, int pid,
		      struct weir_error *err);

/* Move a stopped process of somebody else's into all of them (slow: see facts on cgroup.procs). */
int weir_cgroup_move(const struct weir_groups *groups, const struct weir_seat *seat, int pid,
		     struct weir_error *err);

/* Knobs. One write each. v1 shares = 1024 x CPUs (at least 2), v2 weight = 100 x CPUs (1..10000). */
int weir_cgroup_set_cpu_weight(const struct weir_groups *groups, const char *id, uint64_t mcpu,
			       struct weir_error *err);
/*
 * Into the idle class or out of it, which leaves the weight at the kernel's default: write it
 * after. -ENOENT: gone, or a kernel before 5.15.
 */
int weir_cgroup_set_cpu_idle(const struct weir_groups *groups, const char *id, uint64_t on,
			     struct weir_error *err);
/* 1: it is in the idle class, 0: it is not. -ENOENT, as above. */
int weir_cgroup_cpu_idle(const struct weir_groups *groups, const char *id, struct weir_error *err);
/*
 * The same for the group that all of them lie below. Its weight is somebody else's: it is kept in the
 * group's extended attribute trusted.weir.weight while the kernel has none, and comes back.
 * -ENOENT: a kernel before 5.15.
 */
int weir_cgroup_set_parent_idle(const struct weir_groups *groups, bool on, struct weir_error *err);
/* 1, 0; 0 as well where there is no parent. */
int weir_cgroup_parent_idle(const struct weir_groups *groups, struct weir_error *err);
/*
 * What of its memory is protected: no container has more of that than the group they all lie below.
 * Where there is no parent, or it is on v1, whose soft limits know no levels, nothing is written and
 * *@ret is WEIR_ABSENT.
 */
int weir_cgroup_set_parent_low(const struct weir_groups *groups, uint64_t bytes,
			       struct weir_error *err);
int weir_cgroup_parent_low(const struct weir_groups *groups, uint64_t *ret, struct weir_error *err);
/* Quota over a period of 100 ms, at least 1 ms; WEIR_INFINITE: none. */
int weir_cgroup_set_cpu_max(const struct weir_groups *groups, const char *id, uint64_t mcpu,
			    struct weir_error *err);
/*
 * How much more than its quota it may use in a period, out of what it left of earlier ones; at most the
 * quota. A kernel that has no such knob takes 0 alone: -EOPNOTSUPP.
 */
int weir_cgroup_set_cpu_burst(const struct weir_groups *groups, const char *id, uint64_t mcpu,
			      struct weir_error *err);
/* 0 where the kernel has none. */
int weir_cgroup_cpu_burst(const struct weir_groups *groups, const char *id, uint64_t *ret_mcpu,
			  struct weir_error *err);
int weir_cgroup_set_mem_low(const struct weir_groups *groups, const char *id, uint64_t bytes,
			    struct weir_error *err);
/* v2 only; on v1 a no-op. May block. */
int weir_cgroup_set_mem_high(const struct weir_groups *groups, const char *id, uint64_t bytes,
			     struct weir_error *err);
/*
 * v1: memsw goes in step where swap accounting is on, so that as much swap is allowed as before
 * (raise memsw first, lower mem first). -EBUSY: v1, usage does not fit yet. May block while the
 * kernel reclaims.
 */
int weir_cgroup_set_mem_max(const struct weir_groups *groups, const char *id, uint64_t bytes,
			    struct weir_error *err);
/*
 * Have the kernel free memory of the group until it uses @down_to bytes. That there was less to be
 * had is no error: look at what it uses. v2 only; on v1 a no-op. May block.
 */
int weir_cgroup_reclaim(const struct weir_groups *groups, const char *id, uint64_t down_to,
			struct weir_error *err);
int weir_cgroup_set_oom_group(const struct weir_groups *groups, const char *id, uint64_t on,
			      struct weir_error *err);
/*
 * Swap that may be used beside memory; WEIR_INFINITE: all there is. Where the kernel does not account
 * for swap nothing is written. v1: without a limit of memory only "none" can be said, by swappiness.
 * -EBUSY: v1, more is in use.
 */
int weir_cgroup_set_swap_max(const struct weir_groups *groups, const char *id, uint64_t bytes,
			     struct weir_error *err);

/*
 * Processes and threads that may be in it and below; WEIR_INFINITE: as many as above. -EOPNOTSUPP: v1, it
 * has no group for it; see weir_cgroup_equip().
 */
int weir_cgroup_set_pids_max(const struct weir_groups *groups, const char *id, uint64_t n,
			     struct weir_error *err);
/*
 * The CPUs that it may use, "0-3,6"; it is equipped with cpuset. -EINVAL: not all of them can be had, or
 * it is no such list; the text says which there are.
 */
int weir_cgroup_set_cpus(const struct weir_groups *groups, const char *id, const char *list,
			 struct weir_error *err);

/* What the kernel's files say. A source that can't be read leaves UINT64_MAX and counts in failures. */
struct weir_cgroup_stats {
	uint64_t cpu_ns; /* v1 cpuacct.usage, v2 cpu.stat usage_usec */
	uint64_t user_ns, system_ns; /* cgroup2's cpu.stat, which is there without a controller */
	uint64_t nr_periods, nr_throttled, throttled_ns;
	uint64_t mem_current_bytes, mem_peak_bytes;
	uint64_t oom_kills;
	/*
	 * How often its own limit, or one below it, stood in the way, on v1 whether usage ever met
	 * it: 0 with processes killed says that memory ran out above.
	 */
	uint64_t limit_hits;
	uint64_t own_limit_hits; /* the same without those below it */
	uint64_t cpu_quota_mcpu; /* as the kernel has it; WEIR_INFINITE: none */
	uint64_t mem_max_bytes;
	unsigned int failures;
};
void weir_cgroup_read_stats(const struct weir_groups *groups, const char *id,
			    struct weir_cgroup_stats *ret);
/* The same of one that weir_cgroup_create_bare() made: the times are all there is. */
void weir_cgroup_read_times(const struct weir_groups *groups, const char *id,
			    struct weir_cgroup_stats *ret);

/*
 * The knobs that the calls above have written, as they are. WEIR_INFINITE: none; WEIR_ABSENT: there is no
 * such knob on this version or kernel, or its controller was taken away, which is missing then.
 */
struct weir_cgroup_knobs {
	uint64_t cpu_weight; /* in the kernel's units: see weir_cgroup_weight() */
	uint64_t cpu_max_mcpu;
	uint64_t mem_low_bytes, mem_max_bytes, swap_max_bytes;
	uint64_t oom_group;
	bool cpu_missing, memory_missing;
};
/* -ENOENT: the group is gone. */
int weir_cgroup_read_knobs(const struct weir_groups *groups, const char *id,
			   struct weir_cgroup_knobs *ret, struct weir_error *err);
/* What weir_cgroup_set_cpu_weight() writes for @mcpu. */
uint64_t weir_cgroup_weight(const struct weir_groups *groups, uint64_t mcpu);

/*
 * Call @fn with the id of each group that carries our prefix, in any hierarchy, once each; or with
 * those of the groups in the one called @inside, whatever their names; there may be no such group.
 * A negative return of @fn stops the walk and is returned, @err untouched.
 */
typedef int weir_cgroup_fn(const char *id, void *data);
int weir_cgroup_foreach(const struct weir_groups *groups, const char *inside, weir_cgroup_fn *fn,
			void *data, struct weir_error *err);

/*
 * What a first process needs to join: an fd of the cgroup2 directory for clone3(), and fds of
 * the v1 `tasks` files for the child to write "0" to. Owned by the caller.
 */
struct weir_join {
	int cgroup2_fd;
	int v1_tasks_fd[WEIR_MAX_HIERARCHIES];
	size_t n_v1;
};
#define WEIR_JOIN_INIT { .cgroup2_fd = -1 }
int weir_join_open(const struct weir_groups *groups, const struct weir_seat *seat,
		   struct weir_join *ret, struct weir_error *err);
void weir_join_done(struct weir_join *join);

#endif /* WEIR_CGROUP_H */
