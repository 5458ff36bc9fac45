/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONTROLLER_H
#define WEIR_CONTROLLER_H

/*
 * The controller: the one room where what is wanted (model) meets what is there (kern).
 *
 *	weir_controller
 *	├── weir_groups      hierarchies and prefix           (kern/cgroup.h)
 *	├── weir_bpf         programs, maps, pins             (kern/bpf.h)
 *	├── weir_store       containers on disk               (control/store.h)
 *	├── weir_ledger      containers in memory, admission  (model/ledger.h)
 *	│   └── weir_container … each with its `live` part: pidfd, waiters, applied knobs
 *	├── weir_events      what happened to them, and why   (control/events.h)
 *	└── weir_worker      kernel writes that can block     (control/worker.h)
 *
 * Everything below is called on the event loop's thread, except what stands under "For readers",
 * which any thread may call. Nothing is written to the kernel before it has been admitted,
 * and an operation that fails leaves no trace.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/binds.h"
#include "base/cleanup.h"
#include "base/confine.h"
#include "control/events.h"
#include "model/bands.h"
#include "model/container.h"
#include "model/ledger.h"
#include "model/mounts.h"
#include "model/rights.h"
#include "model/squeeze.h"

struct weir_controller;
struct weir_error;

struct weir_ports {
	size_t n;
	uint16_t list[WEIR_FENCE_PORTS];
};

/* What can be changed while it runs. */
struct weir_tunables {
	bool bands; /* demote who is over its request while others need theirs */
	bool turns; /* those who are take turns of a millisecond, not of a tick */
	bool squeeze; /* take memory back from who is over its request while the node is short */
	bool dry_run; /* of both: tell what would be done, and do not do it */
	struct weir_band_params band_params;
	struct weir_squeeze_marks squeeze_marks;
	enum weir_default_cpu_limit default_cpu_limit; /* of containers to come */
	char agent_socket
		[WEIR_PATH_MAX]; /* of the agent; "": there is none that is known by its path */
	uid_t agent_uid; /* whose it has to be, */
	char agent_cgroup[512]; /* and where on cgroup2 it has to have been made; "": anywhere */
	struct weir_ports agent_ports; /* of the agent, at any address of this node */
	enum weir_tier fence_at_most; /* taken up at the next start */
	enum weir_policy default_net; /* of containers to come that say nothing */
	uint64_t log_max_bytes; /* per stream of a detached container */
	char rights
		[3]
		[WEIR_RIGHTS_TEXT]; /* to reserve, to unreserve, to change volumes: enum weir_right */
};

/* Find the tunables anew. On failure, with a text for the operator, the old ones stay in force. */
typedef int weir_reload_fn(void *data, struct weir_tunables *ret, struct weir_error *err);

/* Call @fn for each setting that there is, with the value that it has. */
typedef void weir_flag_fn(const char *name, const char *value, void *data);
typedef void weir_flags_fn(void *data, weir_flag_fn *fn, void *fn_data);

struct weir_controller_options {
	const char *state_dir; /* store, logs */
	const char *pin_dir;
	const char *cgroup_prefix;
	const char *cgroup_parent; /* NULL: flat at the top */
	const char *run_dir; /* for a private cgroup2 mount */
	uint64_t reserve_mcpu, reserve_bytes;
	struct weir_tunables tunables;
	weir_reload_fn *reload; /* NULL: they are never found anew */
	weir_flags_fn *flags; /* NULL: there are none */
	void *reload_data; /* of both */
	gid_t reader_gid; /* (gid_t)-1: none */
	const char *disks; /* beside the root disk: see control/disks.h; "" or NULL: none */
	const char *static_roles; /* static reservations: see control/static_roles.h; NULL: none */
	uint64_t disk_bytes; /* of the root disk; WEIR_ABSENT: as large as its file system */
	uint64_t volume_grace_us; /* how long a destroyed volume is kept */
	bool reserved_only; /* containers of roles get nothing of what is reserved for nobody */
	bool keep_controllers; /* somebody about would take them away: see kern/keep.h */
};

int weir_controller_new(sd_event *event, const struct weir_controller_options *options,
			struct weir_controller **ret, struct weir_error *err);
/* Containers keep running. NULL is fine. Returns NULL. */
struct weir_controller *weir_controller_free(struct weir_controller *controller);
WEIR_DEFINE_CLEANUP(struct weir_controller, weir_controller_free);

/* Who asks: the peer of the connection. */
struct weir_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct weir_launch {
	const char *id;
	const char *role; /* NULL: "*" */
	struct weir_ask ask;
	const char *program; /* what to execute, looked up in its PATH; NULL: argv[0] */
	char *const *argv; /* NULL-terminated, at least one */
	char *const *env; /* NULL-terminated "KEY=VALUE", over weir's; NULL: none */
	const char *user, *workdir; /* NULL: root, "/" */
	/* NULL-terminated, or NULL; see struct weir_container. */
	const char *const *supplementary_groups, *const *rlimits, *const *mounts;
	const char *capabilities, *cpus_set; /* NULL: as its user has them; all CPUs */
	bool new_privileges;
	const struct weir_label *labels;
	size_t n_labels;
	bool foreground; /* only place and limit: the caller forks, then says weir_controller_start() */
	bool keep, exempt, autoremove, delegate;
	const struct weir_net
		*net; /* NULL: as the configuration has it; of a task: its executor's holds */
	bool is_executor,
		shares_cgroups; /* see model/family.h; the id of a task is "EXECUTOR/TASK" */
	struct weir_peer peer;
};

/* Directories that a command has in place of its own. The texts are owned. */
struct weir_mounts {
	size_t n;
	struct weir_bind list[WEIR_MOUNTS_MAX];
};

#define WEIR_MAX_JOIN_PATHS 8

/* Where a foreground command has to join: absolute directories, cgroup2 first. */
struct weir_join_paths {
	size_t n;
	struct weir_mounts volumes; /* that it has to mount */
	/* What is to be executed there tries the fence first (base/canary.h), and is confined (base/confine.h). */
	bool fenced;
	enum weir_families families;
	bool delegated; /* it may write to these groups */
	char agent_socket[sizeof(
		struct weir_socket_name)]; /* for its environment; "": it has none */
	struct {
		int version;
		char path[1280];
	} list[WEIR_MAX_JOIN_PATHS];
};
/* Of what was filled, even by a call that failed, or is empty, all zero. */
void weir_join_paths_done(struct weir_join_paths *join);

/*
 * Admit, place, limit, and (unless foreground) execute. All strings are copied.
 *
 * -EEXIST: the id is taken (API: 202, as Mesos); -EINVAL: bad id, figures, user, directory;
 * -ENOENT: no such command; -EACCES: it can't be executed (API: 400); -ENOSPC: the node is full; -EDQUOT: too many records.
 */
int weir_controller_launch(struct weir_controller *controller, const struct weir_launch *launch,
			   struct weir_notes *notes, struct weir_join_paths *join,
			   struct weir_error *err);

/*
 * The foreground command @pid is stopped before its exec: see that it lies in its cgroups (move
 * it there if the caller could not), set its oom score, and watch it.
 * -ENOENT; -EALREADY: it was started; -EPERM: @pid is no child of @peer.
 */
int weir_controller_start(struct weir_controller *controller, const char *id, pid_t pid,
			  const struct weir_peer *peer, struct weir_error *err);

/* Change figures while it runs. *@ret_pending: a memory limit waits for usage to fall. -ENOENT, -EINVAL, -ENOSPC. */
int weir_controller_update(struct weir_controller *controller, const char *id,
			   const struct weir_ask *change, struct weir_notes *notes,
			   bool *ret_pending, struct weir_error *err);

/* Find the tunables anew and put them into force. Failures are the reload_fn's; -ENOTSUP: there is none. */
int weir_controller_reload(struct weir_controller *controller, struct weir_error *err);

/*
 * Every knob of every container back to what its figures say, and bands and squeeze off until the
 * next reload. One that can't be written does not keep the others; the text names the first.
 */
int weir_controller_reset_knobs(struct weir_controller *controller, struct weir_error *err);

/* What the daemon was told, as a weir_flags_fn tells it. */
void weir_controller_read_flags(struct weir_controller *controller, weir_flag_fn *fn, void *data);

/*
 * Say more in the log for so long, then as before; a reload ends it, too. @verbosity is Mesos': 0 is what is said
 * anyway, from 1 on everything. -EINVAL: no time at all, or more than a year.
 */
int weir_controller_set_verbosity(struct weir_controller *controller, unsigned int verbosity,
				  uint64_t duration_ns, struct weir_error *err);
unsigned int weir_controller_verbosity(void); /* on any thread */

/* SIGKILL: everything inside; any other signal: the first process. -ENOENT: unknown or exited; -EINVAL: no such signal. */
int weir_controller_kill(struct weir_controller *controller, const char *id, int signal,
			 struct weir_error *err);

/*
 * What it may reach from now on, what is in it with it; connections that it has and may not have any more are
 * held, too. -ENOENT: unknown or exited; -EINVAL: a task, which has what its executor has; -EOPNOTSUPP:
 * this machine can't keep it; -ENOTCONN: the fence is broken. After a failure all is as before.
 */
int weir_controller_set_policy(struct weir_controller *controller, const char *id,
			       const struct weir_net *net, struct weir_error *err);

/*
 * A unix socket that policies may leave to containers, by a name: looked for at a path from now on, where it has
 * to be @uid's; or open in the process of @peer, which waits for the answer, as @fd. -EINVAL: the path, or the socket,
 * is none that can be; -EBADF: there is no such fd; -EEXIST: it has another name; -ENOSPC: as many have names as
 * can; -EOPNOTSUPP: there is no fence.
 */
int weir_controller_name_path(struct weir_controller *controller, const char *name,
			      const char *path, uid_t uid, struct weir_error *err);
int weir_controller_name_fd(struct weir_controller *controller, const char *name, int fd,
			    const struct weir_peer *peer, struct weir_error *err);

/*
 * Stop all of it, its tasks too, or let it go on. That it is so already is fine. A signal other than
 * SIGKILL waits until it is resumed. -ENOENT: unknown or exited; -EINVAL: not started yet.
 */
int weir_controller_pause(struct weir_controller *controller, const char *id, bool on,
			  struct weir_error *err);

/*
 * What it takes to join a container's processes: *@join; then @pid, a stopped child of @peer's, is
 * seen in there, or moved, and gets the same place in the kernel's order of whom to kill for memory.
 * With @pid 0 the first part alone. It ends with the container. -ENOENT, -EINVAL as above;
 * -ESRCH, -EPERM: no such process, no child of the peer's.
 */
int weir_controller_join(struct weir_controller *controller, const char *id, pid_t pid,
			 const struct weir_peer *peer, struct weir_join_paths *join,
			 struct weir_error *err);

/* Forget an exited container, its log files too. -ENOENT; -EBUSY: it runs. */
int weir_controller_remove(struct weir_controller *controller, const char *id,
			   struct weir_error *err);

/* A group that somebody else made, to be looked after as a container. */
struct weir_adoption {
	const char *id; /* it can be no task */
	const char *role; /* NULL: "*" */
	pid_t pid; /* the group that this process is in; 0: by @path */
	const char
		*path; /* of the group, below cgroup2's root or as it is mounted; NULL: by @pid */
	struct weir_ask ask;
	bool enforce; /* write its figures there; else nothing is written, ever */
	const struct weir_net
		*net; /* NULL: it may reach what it may, whatever the configuration has */
};

/*
 * -EEXIST, -ENOSPC, -EDQUOT as of a launch; -EINVAL: bad figures, no group of its own on cgroup2, one of
 * weir's or of another container's; -ESRCH, -ENOENT: no such process, no such group; -ENODEV: to be
 * enforced, but without controllers.
 */
int weir_controller_adopt(struct weir_controller *controller, const struct weir_adoption *what,
			  struct weir_notes *notes, struct weir_error *err);

/*
 * Put back what was written, and forget it: it runs on. -ENOENT; -EINVAL: it was launched; -EBUSY: it uses
 * more memory than its limit was before, and nothing has changed.
 */
int weir_controller_release(struct weir_controller *controller, const char *id,
			    struct weir_error *err);

struct weir_end {
	bool status_known;
	int status; /* as from wait(2) */
	enum weir_reason reason;
	char message[WEIR_MESSAGE_TEXT];
};

/*
 * Be told once when @id has ended; called at once if it has. -ENOENT: unknown. -EDQUOT: too
 * many wait. @fn gets NULL when the container is removed or the controller goes without an end.
 */
typedef void weir_end_fn(const struct weir_end *end, void *data);
int weir_controller_wait(struct weir_controller *controller, const char *id, weir_end_fn *fn,
			 void *data, struct weir_error *err);
/* The waiter went away. */
void weir_controller_unwait(struct weir_controller *controller, weir_end_fn *fn, void *data);

#define WEIR_MAX_CULPRITS 16

/* Why a container is as it is: who delayed it, and what was done to it. */
struct weir_explanation {
	const struct weir_container *container; /* the loop's */
	enum weir_band band;
	uint64_t band_since_us; /* CLOCK_REALTIME; 0: it was never moved */
	uint64_t band_changes;
	uint64_t cpu_saved_ns; /* CPU time that its request still covers */
	uint64_t wait_ns, wait_self_ns, wait_neighbour_ns, wait_limit_ns, wait_system_ns,
		wait_short_ns, wait_unknown_ns;
	uint64_t inflicted_ns; /* what others waited for it */
	enum weir_squeeze_means squeeze;
	uint64_t high_bytes; /* it is held at this; 0: it is not */
	size_t n_culprits;
	struct {
		char id[WEIR_NAME_MAX + 1]; /* "": of a container that is gone */
		uint64_t ns, waits;
	} culprits[WEIR_MAX_CULPRITS]; /* the heaviest first */
};

/* On the loop's thread. -ENOENT: unknown, or it has ended, and its record with it. */
int weir_controller_explain(struct weir_controller *controller, const char *id,
			    struct weir_explanation *ret, struct weir_error *err);

/* Be told once when it pays to read events, or after @wait_ms: as weir_events_wait(). */
int weir_controller_wait_events(struct weir_controller *controller, uint64_t since, const char *id,
				uint64_t wait_ms, weir_events_fn *fn, void *data,
				struct weir_error *err);
void weir_controller_unwait_events(struct weir_controller *controller, weir_events_fn *fn,
				   void *data);

/* ---- For readers, on any thread ---- */

/* What a reader may see of one container, filled from the record and its slot. Borrowed. */
struct weir_view {
	const struct weir_container *container;
	uint64_t cpu_ns, cpu_beyond_ns, wait_ns;
	uint64_t user_ns, system_ns; /* of one that is named and runs; else UINT64_MAX */
	uint64_t nr_periods, nr_throttled, throttled_ns;
	uint64_t mem_current_bytes, mem_peak_bytes, mem_beyond_bytes, oom_kills;
	bool over_request; /* of CPU, as its band has it, or of memory, by what it uses */
	const char *stdout_path, *stderr_path; /* NULL: foreground */
};

/*
 * Call @fn for each container (or the one named @id) in order of id, under the read lock. User
 * and system time are there for a single one only.
 * @fn must not call back into the controller. -ENOENT: @id is given and unknown. A negative
 * return of @fn stops the walk and is returned.
 */
typedef int weir_view_fn(const struct weir_view *view, void *data);
int weir_controller_read_containers(struct weir_controller *controller, const char *id,
				    weir_view_fn *fn, void *data, struct weir_error *err);

struct weir_node_view {
	struct weir_capacity capacity;
	uint64_t requested_mcpu, requested_bytes;
	size_t n_containers;
	uint64_t cpus, mem_bytes; /* of the machine: what an infinite limit is reported as */
	const char *hostname;
	const char *
		agent_id; /* Mesos' AgentID of this node: the same as long as the state directory is */
	uint64_t started_us; /* the daemon, CLOCK_REALTIME */
	bool recovering;
	enum weir_tier fence_tier; /* in force */
	/* Since the daemon was started. */
	uint64_t n_launched, n_finished, n_failed, n_killed;
	uint64_t refresh_failures; /* sources of metrics that could not be read */
};
void weir_controller_read_node(struct weir_controller *controller, struct weir_node_view *ret);

struct weir_sample;
/* The pinned maps as any reader of theirs has them: see metrics/sample.h. -ENOMEM. */
int weir_controller_sample(struct weir_controller *controller, struct weir_sample *ret,
			   struct weir_error *err);

/*
 * How often what readers see has been changed. While that stays the same, what one has read that began after it
 * was asked for is what another would read, but for counters that run on.
 */
uint64_t weir_controller_changes(const struct weir_controller *controller);

/* All that there is at one moment. Borrowed. */
struct weir_state_view {
	struct weir_node_view node;
	struct weir_container *const *all; /* in order of id */
	size_t n;
	const struct weir_books *books; /* who holds what */
	const struct weir_operations
		*operations; /* what was done with it: see control/operations.h */
};

/* Call @fn once, under the read lock; it must not call back into the controller. */
typedef void weir_state_fn(const struct weir_state_view *state, void *data);
void weir_controller_read_state(struct weir_controller *controller, weir_state_fn *fn, void *data);

/* As weir_events_read(). A container that is unknown has no events. */
uint64_t weir_controller_read_events(struct weir_controller *controller, uint64_t since,
				     const char *id, weir_event_fn *fn, void *data, uint64_t *lost);
uint64_t weir_controller_lost_events(struct weir_controller *controller, uint64_t since);
/* Does it pay to read them? */
bool weir_controller_has_events(struct weir_controller *controller, uint64_t since, const char *id);
uint64_t weir_controller_events_epoch_us(const struct weir_controller *controller);

#endif /* WEIR_CONTROLLER_H */
