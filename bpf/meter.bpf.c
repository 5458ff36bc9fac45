// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * meter: CPU time, run-queue wait and the life of each container's first process.
 *
 * Attached once. A container is an entry in weir_index under its cgroup2 id, wherever it lies, and
 * whoever is in it or below belongs to it; if there are several, to the nearest. A task counts for its
 * executor, too. What it cannot see: time before the
 * programs were attached, and a thread that is moved in or out by somebody else while it runs
 * (charged to the old group until it next leaves its CPU).
 *
 * Fails open: without it containers run, and are limited, as before; only the figures stop.
 */
#include "kernel.h"
#include "maps.h"

const volatile __u64 weir_per_cpu_offset = 0; /* see queues.h */

struct weir_slots_map weir_slots SEC(".maps");
struct weir_cpus_map weir_cpus SEC(".maps");
struct weir_node_map weir_node SEC(".maps");
struct weir_index_map weir_index SEC(".maps");
struct weir_sources_map weir_sources SEC(".maps");

/* These are parts of it that use the maps above. */
#include "blame.h"
#include "owner.h"
#include "sources.h"

/*
 * How far a thread has been counted, in the scheduler's own figures. Made at fork and when a thread
 * is moved in: sched_switch must not allocate.
 */
struct weir_thread {
	__u64 exec_ns, delay_ns;
	__u32 slot; /* it was last known in; 0: none */
	__u32 left_cpu; /* it was on when it lost it and could have gone on, plus 1; 0: it slept */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct weir_thread);
} weir_threads SEC(".maps");

/*
 * CLOCK_MONOTONIC without reading the hardware, which costs more than all the rest on a virtual
 * machine: schedule() has just read the run queue's clock, and how far the two are apart is
 * looked at every 100 ms. They can't drift by more than some 50 us in that time.
 */
static __always_inline __u64 clock_of(struct weir_cpu *cpu, struct task_struct *next)
{
	__u64 clock = next->se.cfs_rq->rq->clock;

	if (clock - cpu->clock_ns > WEIR_WINDOW_NS) {
		cpu->clock_ns = clock;
		cpu->clock_offset_ns = bpf_ktime_get_ns() - clock;
	}
	return clock + cpu->clock_offset_ns;
}

/* Which power of two of WEIR_WAIT_UNIT a wait lies below; branch-free but for the clamp. */
static __always_inline __u32 wait_bucket(__u64 ns)
{
	__u64 units = ns >> WEIR_WAIT_UNIT_SHIFT;
	__u32 bucket = 0;

	if (units >> (WEIR_WAIT_BUCKETS - 2))
		return WEIR_WAIT_BUCKETS - 1;
#pragma unroll
	for (int shift = 16; shift; shift >>= 1) {
		if (units >> shift) {
			units >>= shift;
			bucket += shift;
		}
	}
	return bucket + (units != 0);
}

/*
 * A bucket that fills at the rate of the request and holds one window's worth, or the stint's
 * own length when that is more. What a stint takes beyond its content is beyond the request.
 * CPUs may race here: a lost update is a few microseconds of one figure, a lock would be paid
 * at each switch.
 */
static __always_inline void charge_bucket(struct weir_slot *slot, __u64 now, __u64 ran)
{
	__u64 request = slot->cpu_request_mcpu, since = slot->bucket_at_ns;
	__u64 span = ran > WEIR_WINDOW_NS ? ran : WEIR_WINDOW_NS;
	__u64 elapsed = now > since ? now - since : 0;
	__u64 content = slot->bucket_ns + (elapsed < span ? elapsed : span) * request / 1000;
	__u64 most = span * request / 1000;

	if (content > most)
		content = most;
	if (ran > content) {
		__sync_fetch_and_add(&slot->cpu_beyond_ns, ran - content);
		content = 0;
	} else {
		content -= ran;
	}
	slot->bucket_ns = content;
	slot->bucket_at_ns = now;
}

static __always_inline void charge_wait(struct weir_slot *slot, __u64 waited)
{
	__u32 bucket = wait_bucket(waited);

	__sync_fetch_and_add(&slot->wait_ns, waited);
	if (bucket < WEIR_WAIT_BUCKETS)
		__sync_fetch_and_add(&slot->wait_hist[bucket], 1);
}

/* What a task does, its executor does. */
int charge_parent(__u32 index, __u64 now, __u64 ran, __u64 waited)
{
	struct weir_slot *slot = bpf_map_lookup_elem(&weir_slots, &index);

	if (!slot)
		return 0;
	__sync_fetch_and_add(&slot->switches, 1);
	if (waited)
		charge_wait(slot, waited);
	if (ran) {
		__sync_fetch_and_add(&slot->cpu_ns, ran);
		charge_bucket(slot, now, ran);
	}
	return 0;
}

/* Who kept a thread of @owner waiting? To an executor what its other tasks took is its own doing. */
static __always_inline void blame(struct owner owner, struct task_struct *task, __u32 cpu, __u64 to,
				  __u64 waited)
{
	__u64 queue = (__u64)queue_of(BPF_CORE_READ(task, sched_task_group), cpu);

	blame_wait(owner.slot, queue, cpu, to, waited);
	if (owner.parent)
		blame_wait(owner.parent, queue, cpu, to, waited);
}

/*
 * @task leaves its CPU. The scheduler has added its run time up to now before sched_switch fires,
 * so differences are the kernel's own figures. Run-queue delay is added when a thread is switched
 * in, after that tracepoint: here the wait before the stint is complete, migrations included. Up
 * to 6.17 it contains the time a quota held the thread back.
 *
 * Differences go by what is kept for the thread, so that a switch which no tracepoint told us of is
 * made good by the next one; without storage, by what the CPU's record has of this very thread.
 */
static __always_inline void settle(const struct weir_cpu *cpu, __u32 key, struct owner owner,
				   struct task_struct *task, bool slept, __u64 now)
{
	struct weir_slot *slot = bpf_map_lookup_elem(&weir_slots, &owner.slot);
	__u64 exec = task->se.sum_exec_runtime, delay = task->sched_info.run_delay, base = exec;
	struct weir_thread *thread;
	__u64 waited = 0;

	if (!slot)
		return;
	__sync_fetch_and_add(&slot->switches, 1);
	thread = bpf_task_storage_get(&weir_threads, task, NULL, 0);
	if (thread) {
		base = thread->exec_ns;
		thread->exec_ns = exec;
		if (delay > thread->delay_ns) {
			waited = delay - thread->delay_ns;
			charge_wait(slot, waited);
			if (waited >= WEIR_BLAME_NS)
				blame(owner, task, thread->left_cpu ? thread->left_cpu - 1 : key,
				      cpu->since_ns, waited);
		}
		thread->delay_ns = delay;
		thread->left_cpu = slept ? 0 : key + 1;
	} else if (cpu->pid == (__u32)task->pid) {
		base = cpu->base_exec_ns;
	}
	if (exec > base) {
		__sync_fetch_and_add(&slot->cpu_ns, exec - base);
		charge_bucket(slot, now, exec - base);
	}
	if (owner.parent)
		charge_parent(owner.parent, now, exec - base, waited);
}

/* Close the stint on this CPU and open the next one, in one step for readers. */
static __always_inline void turn(struct weir_cpu *cpu, __u32 key, __u64 now,
				 struct task_struct *prev, struct owner old, bool slept,
				 struct task_struct *next, struct owner new)
{
	__sync_fetch_and_add(&cpu->seq, 1); /* odd: being written; orders what follows */
	if (old.slot)
		settle(cpu, key, old, prev, slept, now);
	if (cpu->slot != new.slot)
		note_stint(key, now, prev, old.slot, new.slot, new.parent);
	cpu->slot = new.slot;
	cpu->parent = new.parent;
	cpu->since_ns = now;
	cpu->base_exec_ns = next->se.sum_exec_runtime;
	cpu->pid = next->pid;
	__sync_fetch_and_add(&cpu->seq, 1);
}

/* Whose stint ends: as noted at its start, unless that went untold. */
static __always_inline struct owner owner_of_stint(const struct weir_cpu *cpu,
						   struct task_struct *prev)
{
	if (cpu->pid == (__u32)prev->pid)
		return (struct owner){ cpu->slot, cpu->parent };
	return owner_of(prev);
}

/* Idle time begins when the idle thread, whose pid is 0 on every CPU, is switched in. */
static __always_inline void note_idle(struct weir_cpu *cpu, __u64 now, bool begins)
{
	if (begins)
		cpu->idle_since_ns = now;
	else if (cpu->idle_since_ns && now > cpu->idle_since_ns)
		cpu->idle_ns += now - cpu->idle_since_ns;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(weir_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 key = bpf_get_smp_processor_id();
	struct weir_cpu *cpu = bpf_map_lookup_elem(&weir_cpus, &key);
	struct owner old, new;

	if (!cpu)
		return 0;
	cpu->switches++;
	old = owner_of_stint(cpu, prev);
	new = owner_of_next(cpu, next);
	if (!prev->pid || !next->pid)
		note_idle(cpu, clock_of(cpu, next), !next->pid);
	if (old.slot || new.slot || cpu->slot)
		turn(cpu, key, clock_of(cpu, next), prev, old, !preempt && prev->__state, next,
		     new);
	else
		cpu->pid = next->pid;
	return 0;
}

/* Count @task from here on: what it ran and waited before is not this container's. */
static __always_inline void follow(struct task_struct *task, __u32 index)
{
	struct weir_thread *thread;

	thread = bpf_task_storage_get(&weir_threads, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	thread->exec_ns = task->se.sum_exec_runtime;
	thread->delay_ns = task->sched_info.run_delay;
	thread->slot = index;
}

/* The first to come into a container that is being launched is its first process. */
static __always_inline void note_first(struct weir_slot *slot, struct task_struct *task)
{
	if (slot->state == WEIR_SLOT_LAUNCHING && !slot->first_pid)
		__sync_val_compare_and_swap(&slot->first_pid, 0, task->tgid);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(weir_fork, struct task_struct *parent, struct task_struct *child)
{
	struct owner owner = owner_of(child);
	struct weir_slot *slot;

	if (!owner.slot)
		return 0;
	slot = bpf_map_lookup_elem(&weir_slots, &owner.slot);
	if (!slot)
		return 0;
	__sync_fetch_and_add(&slot->forks, 1);
	note_first(slot, child);
	follow(child, owner.slot);
	slot = owner.parent ? bpf_map_lookup_elem(&weir_slots, &owner.parent) : NULL;
	if (slot)
		__sync_fetch_and_add(&slot->forks, 1);
	return 0;
}

/*
 * Somebody is moved to another group, in any hierarchy. Fires with interrupts off, so the
 * record of this CPU is ours: a thread that moves itself is charged to each side exactly. Of a
 * process that is moved by another only the leader is told of; its other threads are counted by
 * the CPU's record, without their waits.
 */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(weir_attach, struct cgroup *to, const char *path, struct task_struct *task,
	     bool threadgroup)
{
	__u32 key = bpf_get_smp_processor_id(), index;
	struct owner owner = owner_of(task);
	struct task_struct *current = bpf_get_current_task_btf();
	struct weir_thread *thread;
	struct weir_cpu *cpu;
	struct weir_slot *slot;

	index = owner.slot;
	cpu = bpf_map_lookup_elem(&weir_cpus, &key);
	if (cpu && task == current && cpu->slot != index)
		turn(cpu, key, bpf_ktime_get_ns(), current, owner_of_stint(cpu, current), false,
		     current, owner);
	thread = bpf_task_storage_get(&weir_threads, task, NULL, 0);
	if (thread && !index)
		thread->slot = 0;
	slot = index ? bpf_map_lookup_elem(&weir_slots, &index) : NULL;
	if (!slot)
		return 0;
	note_first(slot, task);
	if (thread && thread->slot)
		thread->slot = index; /* from one of ours to another: the count goes on */
	else
		follow(task, index);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(weir_exec, struct task_struct *task)
{
	__u32 index = slot_of(task);
	struct weir_source *source;
	struct weir_slot *slot;

	slot = index ? bpf_map_lookup_elem(&weir_slots, &index) : NULL;
	if (!slot)
		return 0;
	if (slot->state == WEIR_SLOT_LAUNCHING && slot->first_pid == (__u32)task->tgid) {
		slot->started_ns = bpf_ktime_get_ns();
		__sync_val_compare_and_swap(&slot->state, WEIR_SLOT_LAUNCHING, WEIR_SLOT_RUNNING);
	}
	source = bpf_map_lookup_elem(&weir_sources, &index);
	if (source && (!source->task_group || !source->mem_cgroup))
		find_sources(index, task);
	return 0;
}

/*
 * Fires for each thread; the last one out (live is zero by then) ends the process. What wait(2)
 * would say is the group's code, or the leader's own where no exit_group or signal ended it.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(weir_exit, struct task_struct *task)
{
	__u32 index = slot_of(task);
	struct weir_slot *slot;

	if (!index || task->signal->live.counter)
		return 0;
	slot = bpf_map_lookup_elem(&weir_slots, &index);
	if (!slot || slot->first_pid != (__u32)task->tgid || slot->exit_ns)
		return 0;

	slot->exit_status = task->signal->flags & SIGNAL_GROUP_EXIT ? task->signal->group_exit_code
								    : task->group_leader->exit_code;
	/* An exchange orders the status before the time, which says that it is valid. */
	__sync_lock_test_and_set(&slot->exit_ns, bpf_ktime_get_ns());
	/* Of a slot that the daemon has given back meanwhile nothing is said any more. */
	if (__sync_val_compare_and_swap(&slot->state, WEIR_SLOT_RUNNING, WEIR_SLOT_EXITED) ==
	    WEIR_SLOT_LAUNCHING)
		__sync_val_compare_and_swap(&slot->state, WEIR_SLOT_LAUNCHING, WEIR_SLOT_EXITED);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

/*
 * For a container that was there before its record: its threads were forked, and its command
 * executed, when nobody looked. Reading the pin walks all threads; those that are known already are
 * passed over. A stint in flight is counted from here on, once its thread leaves the CPU.
 */
SEC("iter/task")
int weir_follow(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct weir_source *source;
	__u32 index;

	if (!task)
		return 0;
	index = slot_of(task);
	source = index ? bpf_map_lookup_elem(&weir_sources, &index) : NULL;
	if (!source)
		return 0;
	if (!bpf_task_storage_get(&weir_threads, task, NULL, 0))
		follow(task, index);
	if (!source->task_group || !source->mem_cgroup)
		find_sources(index, task);
	return 0;
}
