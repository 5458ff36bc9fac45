/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONTAINER_H
#define WEIR_CONTAINER_H

/*
 * What a container is to weir: an id, what it was promised, how far it may go,
 * and how it ended. Pure data and arithmetic: no system call, no clock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "model/policy.h"
#include "weir/abi.h"

struct weir_error;

#define WEIR_CPU_FLOOR_MCPU  10ULL
#define WEIR_MEM_FLOOR_BYTES (32ULL << 20)
#define WEIR_NOTE_TEXT	     160
#define WEIR_MAX_NOTES	     4
#define WEIR_MAX_LABELS	     64
#define WEIR_MESSAGE_TEXT    256

/* What was asked for; each may be WEIR_ABSENT, the limits also WEIR_INFINITE. */
struct weir_ask {
	uint64_t cpu_request_mcpu, cpu_limit_mcpu;
	uint64_t mem_request_bytes, mem_limit_bytes;
	uint64_t swap_limit_bytes; /* absent: none may be used */
	uint64_t cpu_burst_mcpu; /* absent: 0 */
	uint64_t pids_limit; /* absent: none */
};

#define WEIR_ASK_NOTHING                          \
	{                                         \
		.cpu_request_mcpu = WEIR_ABSENT,  \
		.cpu_limit_mcpu = WEIR_ABSENT,    \
		.mem_request_bytes = WEIR_ABSENT, \
		.mem_limit_bytes = WEIR_ABSENT,   \
		.swap_limit_bytes = WEIR_ABSENT,  \
		.cpu_burst_mcpu = WEIR_ABSENT,    \
		.pids_limit = WEIR_ABSENT,        \
	}

/* What is in force: nothing absent any more; a request of 0 means none, limits may be WEIR_INFINITE. */
struct weir_figures {
	uint64_t cpu_request_mcpu, cpu_limit_mcpu;
	uint64_t mem_request_bytes, mem_limit_bytes;
	uint64_t swap_limit_bytes; /* beside the memory, not in it */
	uint64_t
		cpu_burst_mcpu; /* beyond the limit, out of what it left unused of earlier periods */
	uint64_t pids_limit; /* processes and threads; of an executor of all in it, and no sum */
};

/* What the answer has to say beside "done": amounts that were raised to a floor. */
struct weir_notes {
	size_t n;
	char text[WEIR_MAX_NOTES][WEIR_NOTE_TEXT];
};

enum weir_default_cpu_limit {
	WEIR_DEFAULT_CPU_LIMIT_NONE, /* no limit given: none */
	WEIR_DEFAULT_CPU_LIMIT_REQUEST, /* no limit given: the request, as Mesos' CFS flag */
};

/*
 * What an ask comes to (design: section 3). Limits need their request and may not lie
 * below it; absent: memory limit = request (infinite without one), CPU limit as @cpu_default.
 * Requests and limits below the floors are raised, and each raise leaves a note that names
 * the resource, what was asked and what it became. Floors apply before limit >= request is judged.
 *
 * A burst may be no more than the CPU limit (the kernel's rule), and needs one. Of pids at least one has
 * to be allowed.
 *
 * -EINVAL: limit below request, limit without request; the text names cpus or mem and both figures;
 * a burst that is too large; no pids at all.
 */
int weir_figures_resolve(const struct weir_ask *ask, enum weir_default_cpu_limit cpu_default,
			 struct weir_figures *ret, struct weir_notes *notes,
			 struct weir_error *err);

/* @change over @ask: what is absent in @change stays as it was. */
void weir_ask_merge(struct weir_ask *ask, const struct weir_ask *change);

/*
 * A container id: [A-Za-z0-9_.-]{1,128}, not "." or "..".
 * -EINVAL: the text says which rule it breaks (empty, too long with its length, the character and where).
 */
int weir_id_check(const char *id, struct weir_error *err);

/*
 * A role: "*", or components between single slashes, as eng/ads/search. A component is not ".",
 * ".." or "*", does not begin with "-", and has no blanks and no control bytes (Mesos 1.10).
 * At most WEIR_ROLE_MAX bytes. -EINVAL: the text says which rule it breaks.
 */
int weir_role_check(const char *role, struct weir_error *err);

/*
 * Mesos' scalar (a double; cpus in CPUs, to three decimals; mem in MiB, to the byte) -> amounts.
 * +inf -> WEIR_INFINITE where @infinite_ok. -EINVAL: NaN, negative, -inf, or infinite where it
 * may not be; -ERANGE: too large. @what names the field in the text.
 */
int weir_scalar_to_mcpu(double value, bool infinite_ok, const char *what, uint64_t *ret,
			struct weir_error *err);
int weir_scalar_to_bytes(double mib, bool infinite_ok, const char *what, uint64_t *ret,
			 struct weir_error *err);
/* The same of things that are counted, of which there are no parts; +inf -> WEIR_INFINITE. */
int weir_scalar_to_count(double value, const char *what, uint64_t *ret, struct weir_error *err);

/*
 * oom_score_adj of the first process: 1000 - 1000 * request / node memory when request < limit,
 * else 0 (Mesos 1.10, section A.5). Within 0..1000.
 */
int weir_oom_score_adj(const struct weir_figures *figures, uint64_t node_bytes);

enum weir_state {
	WEIR_STATE_LAUNCHING, /* admitted, placed, not yet executed */
	WEIR_STATE_RUNNING,
	WEIR_STATE_EXITED,
	WEIR_STATE_COUNT_,
};

/* Why it ended. */
enum weir_reason {
	WEIR_REASON_NONE, /* it has not */
	WEIR_REASON_SELF, /* its first process exited by itself */
	WEIR_REASON_KILLED, /* on request, through the control socket */
	WEIR_REASON_LIMIT, /* it breached its own memory limit */
	WEIR_REASON_NODE_PRESSURE, /* over its request while the node was short of memory */
	WEIR_REASON_RELEASED, /* it was adopted, and let go: it may run on */
	WEIR_REASON_LOST, /* its cgroup or process was gone when the daemon came back */
	WEIR_REASON_COUNT_,
};

const char *weir_state_name(enum weir_state state); /* "launching" … */
const char *weir_reason_name(enum weir_reason reason); /* "none", "self" … */
int weir_state_from_name(const char *name, enum weir_state *ret); /* -EINVAL */
int weir_reason_from_name(const char *name, enum weir_reason *ret); /* -EINVAL */

struct weir_label {
	char *key, *value;
};

/* One container, owned by the ledger. Strings are owned by it; NULL where not given. */
struct weir_container {
	char *id; /* "ID", or "EXECUTOR/TASK": see model/family.h */
	char *role; /* "*" unless given */
	struct weir_ask ask; /* merged over its life */
	struct weir_figures own; /* what its ask comes to; the ledger's to write */
	struct weir_figures figures; /* in force: of an executor, with those of its tasks */
	enum weir_default_cpu_limit cpu_default; /* in force when it was launched */

	char **argv; /* NULL-terminated */
	char *user; /* NULL: root */
	char **supplementary_groups; /* beside those of the user; may be NULL */
	char **rlimits; /* "NAME=SOFT:HARD"; may be NULL */
	char **mounts; /* volumes of its role, "NAME:/DIR" (model/mounts.h); may be NULL */
	char *capabilities; /* those it keeps; NULL: as its user has them */
	bool new_privileges; /* a program that it executes may give it more than it has */
	char *cpus_set; /* the CPUs that it may use; NULL: all */
	struct weir_net net; /* what of the network it may reach; of a task its executor's holds */
	char *workdir;
	char **env; /* "KEY=VALUE", NULL-terminated, may be NULL */
	struct weir_label *labels;
	size_t n_labels;
	bool foreground; /* the command is a child of the caller */
	bool keep; /* a foreground record stays after the end */
	bool exempt; /* neither demoted nor squeezed, whatever it uses */
	bool autoremove; /* its record goes when it has ended; in the foreground that is the rule */
	bool delegated; /* its user may make groups in its own */
	bool paused; /* none of it runs until it is resumed */
	bool is_executor; /* it may have tasks */
	bool shares_cgroups; /* a task that lies in its executor's cgroup, and has none of its own */
	struct weir_container *parent; /* of a task: its executor, while in the ledger; borrowed */
	bool adopted; /* somebody else made its cgroups, */
	bool enforced; /* and asked for them to be held to its figures; else nothing is written there */
	char *place; /* of one that is adopted: where they are (kern/foreign.h) */
	char *kept; /* of one that is enforced: its knobs as they were */
	uint64_t
		cgroup2_id; /* of one that is adopted: the kernel's, so that another of its name is told */
	char *group; /* the id of its cgroups (kern/cgroup.h): see weir_container_locate() */

	enum weir_state state;
	enum weir_reason reason;
	int status; /* as from wait(2); valid when exited and status_known */
	bool status_known;
	char message[WEIR_MESSAGE_TEXT]; /* what a person wants to know about the end */

	uint32_t slot, generation;
	int32_t pid; /* first process; 0: none yet */
	uint64_t pid_start_ticks; /* field 22 of /proc/PID/stat: tells a recycled pid */
	uint64_t created_us, started_us, ended_us; /* CLOCK_REALTIME; 0: not yet */

	/* A memory limit that waits for usage to fall below it; WEIR_ABSENT: none. */
	uint64_t pending_mem_limit_bytes;

	/* The last figures of an exited container, when its slot's counters are no longer live. */
	struct weir_final {
		uint64_t cpu_ns, wait_ns, mem_peak_bytes;
		uint64_t nr_periods, nr_throttled, throttled_ns, oom_kills;
	} final;

	void *live; /* the controller's: pidfd, watchers. NULL outside control/ */
};

/* An empty container with @id (copied). NULL: no memory. */
struct weir_container *weir_container_new(const char *id);
/*
 * Where its cgroups are, once it is said whether it shares its executor's: `group` is the id as it is,
 * or "EXECUTOR/self/task.TASK"; or its place. -ENOMEM.
 */
int weir_container_locate(struct weir_container *container, struct weir_error *err);

/* Does a policy hold it, its own or its executor's? */
bool weir_container_is_fenced(const struct weir_container *container);
/* NULL is fine. @live must be NULL by then. Always returns NULL. */
struct weir_container *weir_container_free(struct weir_container *container);
WEIR_DEFINE_CLEANUP(struct weir_container, weir_container_free);

#endif /* WEIR_CONTAINER_H */
