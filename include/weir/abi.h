/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

/*
 * What lies in weir's pinned maps: shared by the BPF programs, the daemon and
 * every reader. Not an API: there are no functions here (see metrics.h).
 *
 * Fields are never re-ordered, resized or given another meaning; new ones are
 * appended and WEIR_ABI_VERSION rises. A reader takes the record size from the
 * map itself, so an older reader reads a newer table and the other way round.
 */

#ifndef __bpf__
#include <assert.h>
#include <stdint.h>
typedef uint64_t weir_u64;
typedef uint32_t weir_u32;
#else
typedef __u64 weir_u64;
typedef __u32 weir_u32;
#endif

#define WEIR_ABI_VERSION 1

/* Below the pin directory: the version is in the path, so two can stand side by side. */
#define WEIR_PIN_DIR_DEFAULT "/sys/fs/bpf/weir"
#define WEIR_PIN_VERSION_DIR "v1"

/* Amounts: CPU in millicores (mcpu), memory in bytes, time in nanoseconds of CLOCK_MONOTONIC. */
#define WEIR_INFINITE  0xffffffffffffffffULL /* "no limit" */
#define WEIR_ABSENT    0xfffffffffffffffeULL /* "not said"; never in a map */
#define WEIR_MAX_MCPU  1000000000ULL /* a million CPUs */
#define WEIR_MAX_BYTES (1ULL << 60)

#define WEIR_MAX_CONTAINERS 16384 /* records of slots; slot 0 stands for "no container" */
#define WEIR_MAX_CPUS	    1024 /* records of cpus */
#define WEIR_CPU_KNOWN	    4 /* look-ups of the index that each CPU remembers */
#define WEIR_ID_MAX	    128 /* bytes of a container id, without a NUL */
#define WEIR_NAME_MAX	    (2 * WEIR_ID_MAX + 1) /* the same of "ID" or "EXECUTOR/TASK" */
#define WEIR_ROLE_MAX	    64 /* bytes of a role kept in a slot; longer ones are cut */
#define WEIR_WINDOW_NS	    100000000ULL /* 100 ms: how much of its request a container can save up */

/*
 * Wait histogram: bucket 0 counts waits below 1 us (1,024 ns, to be exact), bucket i those
 * below 2^i of these and not in a lower one, the last one everything longer (from 1.07 s on).
 */
#define WEIR_WAIT_BUCKETS    22
#define WEIR_WAIT_UNIT_SHIFT 10 /* 1,024 ns */

/* So often bursters on one CPU give way to each other: less than the kernel's slice. */
#define WEIR_TURN_NS 1000000ULL

/* Waits of a thread below this are not looked into: they are too many, and mostly one switch. */
#define WEIR_BLAME_NS 100000ULL

enum weir_slot_state {
	WEIR_SLOT_FREE = 0,
	WEIR_SLOT_LAUNCHING = 1, /* placed and limited, its command not yet executed */
	WEIR_SLOT_RUNNING = 2,
	WEIR_SLOT_EXITED = 3,
};

/* What of the network a container may reach. */
enum weir_policy {
	WEIR_POLICY_OPEN = 0, /* everything */
	WEIR_POLICY_DENY_AGENT_TCP =
		1, /* everything but the agent's ports at the node's addresses */
	WEIR_POLICY_AGENT_SOCKET_ONLY =
		2, /* the agent's unix socket and its own, and nothing else */
	WEIR_POLICY_CUSTOM = 3, /* as its rules say */
};

/* What the fence can hold back on this machine: see weir doctor. */
enum weir_tier {
	WEIR_TIER_NONE, /* nothing */
	WEIR_TIER_0, /* by address and port */
	WEIR_TIER_1, /* and unix sockets by path */
	WEIR_TIER_2, /* whatever socket, by what it is */
	WEIR_TIER_3, /* and nobody takes that away */
};

/* Why something was denied: what could not be had, or reached. */
enum weir_denial {
	WEIR_DENIAL_FAMILY = 0, /* a socket of a family */
	WEIR_DENIAL_PROTOCOL =
		1, /* a socket that builds packets itself, or that no hook sees connect */
	WEIR_DENIAL_AGENT = 2, /* the agent, by its address and port */
	WEIR_DENIAL_ADDRESS =
		3, /* an address, by the rules or since there is none that may be had */
	WEIR_DENIAL_PEER = 4, /* a unix socket that is neither the agent's nor its own */
	WEIR_DENIAL_LISTEN = 5, /* to be reached itself */
	WEIR_DENIAL_PACKET = 6, /* a packet, of a socket that no other hook has seen */
	WEIR_DENIAL_FILE = 7, /* a socket that somebody else has made */
	WEIR_DENIAL_COUNT_ = 8,
};

enum weir_band {
	WEIR_BAND_GUARANTEED = 0, /* normal class, weight by request */
	WEIR_BAND_BURST =
		1, /* idle class: over its request while somebody within theirs is about */
};

/*
 * One container. The daemon writes identity and figures, BPF the counters, each field by one
 * writer or atomically. Each field is consistent by itself; no two are promised to agree.
 * Slots are reused: a reader that sees `generation` change between two reads starts over.
 */
struct weir_slot {
	/* Identity, written by the daemon; state last when a slot is opened. */
	weir_u64 cgroup_id; /* on cgroup2; 0: slot is free */
	weir_u32 generation; /* rises each time the slot is opened */
	weir_u32 state; /* enum weir_slot_state */
	weir_u64 started_ns; /* when the command was executed; 0: not yet */
	weir_u32 band; /* enum weir_band: the one that the kernel has it in */
	weir_u32 first_pid; /* in the initial pid namespace; 0: not known yet */

	/* The figures in force. A request of 0 is none; limits may be WEIR_INFINITE. */
	weir_u64 cpu_request_mcpu;
	weir_u64 cpu_limit_mcpu;
	weir_u64 mem_request_bytes;
	weir_u64 mem_limit_bytes;

	/* Hot: written by the meter at context switches. */
	weir_u64 cpu_ns __attribute__((
		aligned(64))); /* CPU time up to the last switch; add the stints in flight */
	weir_u64
		cpu_beyond_ns; /* of cpu_ns, what the request did not cover; one window is saved up */
	weir_u64 wait_ns; /* time runnable without a CPU */
	weir_u64 switches; /* times one of its threads left a CPU */
	weir_u64 bucket_at_ns; /* the meter's own, behind cpu_beyond_ns: when the bucket was */
	weir_u64 bucket_ns; /* last looked at, and what was left in it */
	weir_u64 forks; /* threads and processes started in it */
	weir_u64 band_changes; /* times it was moved from one band to the other */
	weir_u64 wait_hist[WEIR_WAIT_BUCKETS]; /* waits, by how long each was */

	/* How the first process ended. */
	weir_u64 exit_ns; /* 0: it has not */
	weir_u32 exit_status; /* as from wait(2); valid when exit_ns is not 0 */

	/* Of a task: its executor's slot, whose counters contain the task's, and which goes after it; else 0. */
	weir_u32 parent;

	/* Refreshed by the daemon's tick and by whoever reads the pinned `containers` table. */
	weir_u64 refreshed_ns __attribute__((aligned(64))); /* when that was last; 0: never */
	weir_u64 nr_periods; /* quota periods so far, */
	weir_u64 nr_throttled; /* how many of them ran out, */
	weir_u64 throttled_ns; /* and the time held back by that */
	weir_u64 mem_current_bytes;
	weir_u64 mem_peak_bytes;
	weir_u64 mem_beyond_bytes; /* of mem_current, what is above the request */
	weir_u64 oom_kills; /* processes the kernel killed for want of memory */

	char id[WEIR_ID_MAX]; /* NUL-padded; 128 bytes are used in full */
	char role[WEIR_ROLE_MAX]; /* NUL-padded */

	/*
	 * Of wait_ns, what each wait of WEIR_BLAME_NS or more was for; what is missing from the sum
	 * are the shorter ones. Written by the meter when the thread next leaves its CPU.
	 */
	weir_u64 wait_self_ns __attribute__((aligned(64))); /* its own other threads ran */
	weir_u64 wait_neighbour_ns; /* other containers ran: which, `weir why` tells */
	weir_u64 wait_limit_ns; /* its own CPU limit held it back */
	weir_u64 wait_system_ns; /* all else ran; or nobody, while the CPU was waking up */
	weir_u64 wait_unknown_ns; /* too long ago to tell */
	weir_u64 inflicted_ns; /* what it took part in of other containers' wait_neighbour_ns */

	weir_u64 band_since_ns; /* when `band` last changed; 0: it has not */
	weir_u64 band_saved_ns; /* of CPU time: what its request still covers, by the pacer */

	/* The fence. Counted each, and each once, whether or not an event tells of it. */
	weir_u64 denials[WEIR_DENIAL_COUNT_] __attribute__((aligned(64))); /* by enum weir_denial */
	weir_u64 denials_untold; /* of them, those that no event tells of: there were too many */
	weir_u64 denial_told_ns; /* the fence's own: when the last event was */
	weir_u32 policy; /* enum weir_policy: the one in force */
	weir_u32 reserved;
};

/*
 * What a CPU is doing, record i of `cpus` for CPU i: the stint in flight, so that a thread that
 * never leaves its CPU is counted. `seq` is odd while the record is being written; take it
 * before and after. Whole cache lines, so that no CPU writes to another's.
 */
struct weir_cpu {
	weir_u32 seq;
	weir_u32 slot; /* whose thread runs: a slot, or 0 for anybody else */
	weir_u32 parent; /* of `slot`, if that is a task's: its executor's slot; else 0 */
	weir_u32 pid; /* the meter's own: which thread it is, */
	weir_u64 since_ns; /* when it was switched in */
	weir_u64 switches; /* all switches of this CPU since metering began */
	/* The rest is the meter's own. */
	weir_u64 base_exec_ns; /* the thread's run time then, by the scheduler's count */
	weir_u64 clock_ns; /* the run queue's clock when it was last compared */
	weir_u64 clock_offset_ns; /* with CLOCK_MONOTONIC, and how far they were apart */
	weir_u64 idle_since_ns; /* when the idle time in flight began, if pid is 0 */

	/* Cgroups last looked up, and what was found. */
	struct {
		weir_u64 id;
		weir_u32 slot, parent;
	} known[WEIR_CPU_KNOWN] __attribute__((aligned(64)));

	weir_u64 known_changes __attribute__((aligned(64))); /* of weir_node, at these look-ups */
	weir_u64 idle_ns; /* without a thread to run, up to the last time it had one again */
	weir_u32
		delay_ns; /* in waits of WEIR_BLAME_NS or more, for other containers; wraps around */
	weir_u32 reserved;
};

/* The node, record 0 of `node`. Written by the daemon. */
struct weir_node {
	weir_u32 abi_version; /* WEIR_ABI_VERSION */
	weir_u32 slot_size; /* sizeof(struct weir_slot) of the writer */
	weir_u32 n_slots; /* slots 1 .. n_slots - 1 may be in use; what lies above never was */
	weir_u32 n_cpus; /* records of cpus in use */
	weir_u64 capacity_mcpu, capacity_bytes; /* of the machine */
	weir_u64 reserve_mcpu, reserve_bytes; /* kept for the system */
	weir_u64 requested_mcpu, requested_bytes; /* sum of requests in force */
	weir_u64 tick_ns; /* the daemon's last tick; old: no daemon */
	weir_u32 daemon_pid;
	weir_u32 hz; /* the scheduler's ticks per second; 0: not known */
	weir_u64 refresh_failures; /* metric sources that could not be read */
	weir_u64 boot_id[2]; /* of /proc/sys/kernel/random/boot_id */
	weir_u64 index_changes; /* rises after each change of the index */
	weir_u64 programs; /* fingerprint of the programs attached; another: they get replaced */
	weir_u32 fence_tier; /* enum weir_tier: of the fence that stands */
	weir_u32 reserved;
};

/* What `index` says of a cgroup2 id, which is its key. */
struct weir_entry {
	weir_u32 slot;
	weir_u32 generation;
	weir_u32 parent; /* the slot of the executor of which this is a task; 0: it is none */
	weir_u32 fence; /* what holds there, in one word that is swapped as a whole; 0: no fence */
};

/* Who made whom wait: for the daemon alone, as what follows. Slots may have changed hands since. */
#define WEIR_MAX_PAIRS 16384 /* the longest unchanged goes first */
struct weir_pair {
	weir_u32 victim, culprit; /* slots */
};
struct weir_blame {
	weir_u32 victim_generation, culprit_generation;
	weir_u64 ns, waits; /* in all, and in how many waits */
	weir_u64 last_ns; /* when the last of them ended */
};

/* Between the daemon and weir_waiting, which no reader sees: so many of these slots, */
#define WEIR_ASK_MAX 256
struct weir_asked {
	weir_u32 n;
	weir_u32 slots[WEIR_ASK_MAX];
	weir_u32 waiting[WEIR_ASK_MAX]; /* and how many of their threads are on a run queue */
};

#ifndef __bpf__
static_assert(sizeof(struct weir_slot) == 768, "the slot's layout is ABI");
static_assert(sizeof(struct weir_cpu) == 192, "the CPU record's layout is ABI");
static_assert(sizeof(struct weir_node) == 128, "the node record's layout is ABI");
#endif

#endif /* WEIR_ABI_H */
