/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

/*
 * libweir: the control socket for agents in C.
 *
 * Blocking calls on one connection, which is made again when it is lost. A client is used by
 * one thread at a time. Amounts are in millicores and bytes; what WEIR_ABSENT and WEIR_INFINITE
 * stand for is said where they may occur (both are in weir/abi.h). Arguments are borrowed for
 * the call. A result is the caller's, and given back with the _free() of its type, or free()
 * for a bare char *; the strings in it live as long. On failure results are untouched. None
 * of the pointers may be NULL but where it is said.
 *
 * Calls return 0 or a negative errno; weir_client_error() then has the sentence. Of every call:
 *
 *	-EINVAL		a value is refused (400)
 *	-EPERM		not for this user (403), or the socket may not be opened
 *	-ENOENT		no such container, or one that has ended where a running one is meant (404)
 *	-ENOSPC		the node is full: what is wanted, what is free, who holds the rest (409)
 *	-EAGAIN		the daemon is starting, or too many wait (503)
 *	-ECONNREFUSED	no daemon
 *	-ETIMEDOUT	no answer within a minute; what was asked may yet be done
 *	-ENOMEM
 *	-EIO		all else: the kernel would not have it (500), the connection was cut
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "weir/abi.h"
#include "weir/net.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_SOCKET_DEFAULT "/run/weir/weir.sock"

struct weir_client;

/*
 * @socket_path: NULL for $WEIR_SOCKET, else WEIR_SOCKET_DEFAULT. Connects at the first call, so
 * there may be no daemon yet. -ENAMETOOLONG: more than 107 bytes; -ENOMEM.
 */
int weir_client_new(const char *socket_path, struct weir_client **ret);
/* NULL is fine. */
void weir_client_free(struct weir_client *client);

/* Why the last call failed, in one sentence; until the next call. Never NULL. */
const char *weir_client_error(const struct weir_client *client);
/* The HTTP status of the last answer; 0: there was none. */
int weir_client_status(const struct weir_client *client);
/* The path that it connects to. */
const char *weir_client_socket(const struct weir_client *client);

/*
 * What is promised, and how far it may go. As an argument: WEIR_ABSENT for what is not said,
 * WEIR_INFINITE for a limit that is none. A limit needs a request and may not lie below it;
 * at most WEIR_MAX_MCPU and WEIR_MAX_BYTES.
 */
struct weir_amounts {
	uint64_t cpu_request_mcpu, cpu_limit_mcpu;
	uint64_t mem_request_bytes, mem_limit_bytes;
	uint64_t swap_limit_bytes; /* beside memory, at most; absent at launch: none */
	uint64_t
		cpu_burst_mcpu; /* beyond the limit, out of what earlier periods left of it; absent: 0 */
	/*
	 * Processes and threads; absent or 0 at launch: no limit, which cgroup v1 can't take up later. Of an
	 * executor, of all in it.
	 */
	uint64_t pids_limit;
};

#define WEIR_AMOUNTS_ABSENT                                         \
	{                                                           \
		WEIR_ABSENT, WEIR_ABSENT, WEIR_ABSENT, WEIR_ABSENT, \
		WEIR_ABSENT, WEIR_ABSENT, WEIR_ABSENT               \
	}

struct weir_label_info {
	const char *key, *value; /* the latter "" if it has none */
};

/* All but @id and @argv may be left out: NULL, false, WEIR_AMOUNTS_ABSENT. */
struct weir_launch_options {
	/* [A-Za-z0-9_.-], 1 to 128 of them, not "." or ".."; of a task "EXECUTOR/TASK". */
	const char *id;
	const char *role; /* NULL: "*" */
	struct weir_amounts amounts;
	const char *const
		*argv; /* NULL-terminated, at least one; argv[0] is looked up in its PATH */
	/* NULL-terminated "KEY=VALUE": over the caller's in the foreground, else over weir's own. */
	const char *const *env;
	const char *user; /* "USER" or "USER:GROUP"; NULL: root, foreground the caller's own */
	const char *workdir; /* NULL: "/", foreground the caller's own */
	/* Names or gids, NULL-terminated: groups that it is in beside its user's. NULL: none. */
	const char *const *supplementary_groups;
	/* NULL-terminated "NAME=SOFT[:HARD]", as "nofile=1024:4096", "core=unlimited"; see prlimit(1). */
	const char *const *rlimits;
	/* NULL-terminated "KEY=VALUE": what its owner says of it. "framework_id" is whose it is in GET_STATE. NULL: none. */
	const char *const *labels;
	/* NULL-terminated "NAME:/DIR": volumes of its role, or of the nearest above it, or "ROLE/NAME:/DIR", each at that directory. In the foreground only root can have them. */
	const char *const *volumes;
	/*
	 * "NET_BIND_SERVICE,CHOWN", "none", "all": what it has, and can ever have, as whoever it runs.
	 * NULL: what its user has, in the foreground what the caller has.
	 */
	const char *capabilities;
	const char *cpus_set; /* "0-3,6": the CPUs it may use; NULL: all */
	struct weir_net_options net; /* what of the network it may reach */
	bool new_privileges; /* set-user-ID programs give it theirs; else no_new_privs is set */
	bool keep; /* a foreground record stays after the end */
	bool exempt; /* never made to give way or to give memory back, however far over its requests */
	bool autoremove; /* a detached record goes when it has ended */
	bool delegate; /* whom it runs as may make cgroups in its own, and can't change its limits */
	bool executor; /* it may have tasks, and is held to the sum of its and their figures */
	/* Of a task: it lies in its executor's cgroup, and has no limits of its own. */
	bool share_cgroups;
};

/* What the daemon had to say beside "done", one line each: amounts that it raised to a floor. */
struct weir_answer_notes {
	size_t n;
	char **text; /* NULL when there are none */
};
/* Leaves it empty; what is empty, all zero, is fine. */
void weir_answer_notes_free(struct weir_answer_notes *notes);

/*
 * Launch detached: returns once the command is executed. @notes may be NULL.
 *
 * -EEXIST: the id is taken; -ENOEXEC with ENOENT or EACCES in *@ret_exec_errno: the command was
 * not found, or can't be executed, and nothing of the container is left.
 */
int weir_client_launch(struct weir_client *client, const struct weir_launch_options *options,
		       struct weir_answer_notes *notes, int *ret_exec_errno);

/*
 * Launch in the foreground: the command is a child of the caller, in its session, terminal and
 * process group, but in the container's cgroups. *@ret_pid is to be waited for by the caller.
 * The record goes when both the command and the caller have ended, unless @keep is set, or by
 * weir_client_remove(). @notes may be NULL.
 *
 * Before exec the child calls @in_child(@data), if it is not NULL; only what is
 * async-signal-safe may be done there. Descriptors from 3 on are closed at exec.
 *
 * -EEXIST: the id is taken; -ENOEXEC with the errno in *@ret_exec_errno: the command could not
 * be executed. After any failure nothing of the container is left.
 */
int weir_client_run(struct weir_client *client, const struct weir_launch_options *options,
		    void (*in_child)(void *data), void *data, struct weir_answer_notes *notes,
		    pid_t *ret_pid, int *ret_exec_errno);

/*
 * Change what is promised and how far it may go, while it runs; WEIR_ABSENT: leave as it is.
 * All of it or nothing. *@ret_pending: a memory limit below what is in use waits for usage to
 * fall, and nothing is killed. @notes and @ret_pending may be NULL.
 */
int weir_client_update(struct weir_client *client, const char *id,
		       const struct weir_amounts *change, struct weir_answer_notes *notes,
		       bool *ret_pending);

/*
 * SIGKILL goes to everything in the container, another signal to its first process. Returns
 * before it has ended. -ENOENT: no such container, or it has ended.
 */
int weir_client_kill(struct weir_client *client, const char *id, int signal);
/*
 * Stop all of it, its tasks too, or let it go on. That it is so already is fine. While it is paused a
 * signal other than SIGKILL waits. -ENOENT: no such container, or it has ended.
 */
int weir_client_pause(struct weir_client *client, const char *id);
int weir_client_resume(struct weir_client *client, const char *id);

/*
 * As weir_client_run(), but another command in a container that runs, of which @options has @id, @argv,
 * @env, @user, @supplementary_groups, @rlimits, @capabilities, @new_privileges and @workdir. It is
 * limited and metered with the others there, and killed with them when the container ends; nothing is
 * written down of it.
 *
 * -ENOENT: no such container, or it has ended; -ENOEXEC with the errno in *@ret_exec_errno.
 */
int weir_client_exec(struct weir_client *client, const struct weir_launch_options *options,
		     void (*in_child)(void *data), void *data, pid_t *ret_pid, int *ret_exec_errno);

/* A group that an engine, systemd or hands made. All but @id and one of @pid and @cgroup may be left out. */
struct weir_adopt_options {
	const char *id; /* as of a launch, but no task's */
	const char *role; /* NULL: "*" */
	pid_t pid; /* the group that this process is in; 0: by @cgroup */
	const char *cgroup; /* below cgroup2's root, or as it is mounted; NULL: by @pid */
	struct weir_amounts amounts;
	bool enforce; /* hold it to them; else it is metered, and nothing is written there */
	struct weir_net_options net; /* without a policy it may reach what it may */
};

/*
 * Look after it as a container until weir_client_release(), or until the group is removed. @notes may be
 * NULL. -ENOSPC (409): the id is taken, the node is full, or it can't be limited; -EINVAL: the group is no
 * group of its own, weir's, or another container's; -ENOENT: no such process or group.
 */
int weir_client_adopt(struct weir_client *client, const struct weir_adopt_options *options,
		      struct weir_answer_notes *notes);
/*
 * Every knob there as it was before, and the record forgotten; it runs on. -EINVAL: it was launched;
 * -ENOSPC (409): it uses more memory than its limit was, and nothing has changed.
 */
int weir_client_release(struct weir_client *client, const char *id);

/* Forget one that has ended, with its output. -EIO (500) while it runs, or if there is none. */
int weir_client_remove(struct weir_client *client, const char *id);

/*
 * Have the daemon read its configuration again. -ENOSPC (409): a file is wrong, all stays as it was,
 * and the text says which line.
 */
int weir_client_reload(struct weir_client *client);
/*
 * Every knob of every container back to its static value, at once; bands and squeeze stay off
 * until the configuration is read again.
 */
int weir_client_reset_knobs(struct weir_client *client);

struct weir_wait_result {
	bool status_known; /* false: nobody saw it end */
	int status; /* as from wait(2), of the first process */
	/*
	 * "self": it exited, or a signal from elsewhere ended it; "killed": weir was asked to;
	 * "limit": it reached its memory limit; "node-pressure": the node was short of memory;
	 * "released": it was adopted, and let go; "lost": it was gone when the daemon came back.
	 */
	char reason[16];
	char message[256]; /* the same for people: "exited with 1" */
};

/*
 * Blocks until it has ended, at most @timeout_ms (-1: for ever); at once if it has.
 * -ETIMEDOUT: it has not; -ENOENT: no such container, or it was removed meanwhile.
 */
int weir_client_wait(struct weir_client *client, const char *id, int timeout_ms,
		     struct weir_wait_result *ret);

struct weir_container_info {
	const char *id, *role;
	const char *state; /* "launching", "running", "exited" */
	const char *reason, *message; /* as above; "none" and "" before the end */
	const char *user;
	struct weir_net_options net; /* what it may reach; of a task its executor's holds */
	const char *const *argv; /* NULL-terminated */
	struct weir_amounts amounts; /* in force: a request of 0 is none, nothing is absent */
	uint64_t pending_mem_limit_bytes; /* waits for usage to fall; WEIR_ABSENT: none does */
	bool foreground, paused, adopted, status_known;
	int status; /* as from wait(2); valid when status_known */
	pid_t pid; /* of the first process; 0: none yet */
	uint32_t slot; /* its record in the pinned maps: see weir/metrics.h */
	uint64_t created_us, started_us, ended_us; /* CLOCK_REALTIME; 0: not yet */
	/* As in struct weir_slot of weir/abi.h. WEIR_ABSENT: the daemon could not read it. */
	uint64_t cpu_ns, cpu_beyond_ns, wait_ns, nr_periods, nr_throttled, throttled_ns;
	uint64_t mem_current_bytes, mem_peak_bytes, mem_beyond_bytes, oom_kills;
	const char *stdout_path, *stderr_path; /* NULL: foreground */
	size_t n_labels;
	const struct weir_label_info *labels;
};

struct weir_container_list {
	size_t n;
	struct weir_container_info *list; /* in order of id */
	void *owner; /* the library's */
};

/* @id: one container, or NULL for all. */
int weir_client_containers(struct weir_client *client, const char *id,
			   struct weir_container_list *ret);
/* Leaves it empty; what is empty, all zero, is fine. */
void weir_container_list_free(struct weir_container_list *list);

/* One figure that made it so. The unit is in the name: "mem_limit_bytes", "cpu_ns". */
struct weir_figure_info {
	const char *name;
	uint64_t value; /* WEIR_INFINITE: a limit that is none */
};

/* Something that happened to a container, and why. */
struct weir_event_info {
	uint64_t seq; /* from 1 on */
	uint64_t time_us; /* CLOCK_REALTIME */
	/*
	 * "launched", "updated"; "pending", "settled": a memory limit waits for usage to fall, or no
	 * longer; "demoted", "promoted": into the idle class, and back; "squeezed", "released":
	 * memory is taken back from it, or no longer; "paused", "resumed"; "contested": somebody else
	 * has written what is weir's; "ended": once for each, and the last.
	 */
	const char *kind;
	const char *id; /* of the container; "": it is about all of them */
	const char *cause; /* one word; of an end the reason, as in weir_wait_result */
	const char *text; /* a sentence for people */
	size_t n_figures;
	const struct weir_figure_info *figures;
};

struct weir_event_list {
	size_t n;
	struct weir_event_info *list; /* in order of seq */
	uint64_t next, epoch_us; /* what to say as @since and @epoch_us to go on from here */
	uint64_t lost; /* events above @since, of whatever container, that are kept no more */
	void *owner; /* the library's */
};

/* Who made it wait for a CPU. */
struct weir_culprit_info {
	const char *id; /* "": a container that is gone */
	uint64_t ns, waits; /* how long in all, and in how many waits it had a part */
};

/* Why a container is as it is. Times add up from its launch on. */
struct weir_explanation_info {
	const char *id;
	struct weir_amounts amounts; /* in force */
	uint64_t pending_mem_limit_bytes; /* WEIR_ABSENT: none waits */
	const char *band; /* "guaranteed", or "burst": it gives way to those that are */
	uint64_t band_since_us; /* CLOCK_REALTIME; 0: it was never moved */
	uint64_t band_changes;
	uint64_t cpu_saved_ns; /* CPU time that its request still covers */
	bool exempt; /* it never gives way, nor gives memory back */
	/* What it waited for a CPU; of it, by cause: see weir/abi.h. */
	uint64_t wait_ns, wait_self_ns, wait_neighbour_ns, wait_limit_ns, wait_system_ns,
		wait_short_ns, wait_unknown_ns;
	uint64_t inflicted_ns; /* what others waited for it */
	size_t n_culprits;
	struct weir_culprit_info *culprits; /* the heaviest first, some at most */
	const char
		*squeeze; /* "none"; "reclaim", "hold", "kill": how memory is taken back from it */
	uint64_t mem_high_bytes; /* it is held at this; 0: it is not */
	void *owner; /* the library's */
};

/* -ENOENT: no such container, or it has ended: its events tell why. */
int weir_client_explain(struct weir_client *client, const char *id,
			struct weir_explanation_info *ret);
/* Leaves it empty; what is empty, all zero, is fine. */
void weir_explanation_free(struct weir_explanation_info *explanation);

#define WEIR_EVENTS_WAIT_MAX_MS 60000

/*
 * Events with a number above @since (0: all that are kept, of which there are some thousand), of
 * container @id or, with NULL, of all; one that is unknown has none. If there are none, wait up
 * to @wait_ms (0: not at all) for the first; an empty list is no failure.
 *
 * A daemon that is started anew numbers anew. With @epoch_us, of the answer that @since is from
 * (0: not said), numbers of an earlier daemon count as 0, so that nothing is missed; the answer
 * has another epoch_us then. -EAGAIN: too many wait.
 */
int weir_client_events(struct weir_client *client, const char *id, uint64_t since,
		       uint64_t epoch_us, unsigned int wait_ms, struct weir_event_list *ret);
/* Leaves it empty; what is empty, all zero, is fine. */
void weir_event_list_free(struct weir_event_list *list);

/* Is it in service? -EAGAIN, as from every call, while it recovers what was there before it. */
int weir_client_health(struct weir_client *client, bool *ret_healthy);
/* The daemon's version, such as "0.1.0", cut to @size with its NUL. */
int weir_client_version(struct weir_client *client, char *buf, size_t size);

/* One container as the daemon tells it: an element of GET_CONTAINERS, indented JSON. */
int weir_client_record(struct weir_client *client, const char *id, char **ret_json);

/*
 * Any call that only reads, as JSON both ways: docs/api.md has them. It may be sent twice, when
 * the connection is lost meanwhile.
 */
int weir_client_raw(struct weir_client *client, const char *request_json, char **ret_json);

/*
 * Any call by its name, such as "GET_STATE", in whatever case, with its parameters as a JSON object; NULL: none. It
 * is sent once. *@ret_json is the whole answer, indented, in ASCII; "": it has no body. Free it. -EINVAL: no name, no JSON
 * object, or SUBSCRIBE, which does not end; else the call's own errors.
 */
int weir_client_ask(struct weir_client *client, const char *call, const char *parameters_json,
		    char **ret_json);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_WEIR_H */
