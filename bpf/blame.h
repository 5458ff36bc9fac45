/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_BLAME_H
#define WEIR_BPF_BLAME_H

/*
 * Blame: who ran while a thread waited. A part of the meter, at the end of a stint.
 *
 * Each CPU keeps its last stints in a ring; behind a wait of WEIR_BLAME_NS or more the ring of the
 * CPU on which the thread waited is walked backwards. A thread that could have gone on when it
 * was switched off waited there; one that slept waited where it runs now: which queue it was
 * woken onto is not known, so of one that was pulled over meanwhile the wrong CPU is looked at.
 * A wait that began on a CPU where the container has not been of late shows no throttling.
 */

#include "kernel.h"
#include "maps.h"
#include "queues.h"

#define WEIR_STINTS 32 /* a power of two */

struct weir_stint {
	__u64 start_ns; /* it ends where the next one begins; 0: there was none */
	__u64 queue,
		throttled_ns; /* of who was here before: its run queue, held back for so long */
	__u32 slot, parent; /* 0: anybody outside weir, and nobody; parent: as of struct owner */
};

/* Not pinned: programs that come anew know of no stints. Neighbours are of different slots. */
struct weir_stints {
	__u32 n, reserved;
	struct weir_stint ring[WEIR_STINTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct weir_stints);
} weir_stints SEC(".maps");

/* Allocated when it is made, so that it can be added to under the run-queue lock. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WEIR_MAX_PAIRS);
	__type(key, struct weir_pair);
	__type(value, struct weir_blame);
} weir_blame SEC(".maps");

/*
 * How long @queue has been held back by a quota, its own or that of a group above. Before 6.6
 * there is only the load tracker's figure, which also counts while nothing was queued.
 */
static __always_inline __u64 throttled_ns_of(const struct cfs_rq *queue)
{
	__u64 ns = 0, at = (__u64)queue;

	if (bpf_core_field_exists(queue->throttled_clock_self_time))
		at += bpf_core_field_offset(queue->throttled_clock_self_time);
	else if (bpf_core_field_exists(queue->throttled_clock_pelt_time))
		at += bpf_core_field_offset(queue->throttled_clock_pelt_time);
	else
		return 0;
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)at);
	return ns;
}

/* From @now on @slot runs on CPU @key, and @prev of slot @old does not any more. */
static __always_inline void note_stint(__u32 key, __u64 now, struct task_struct *prev, __u32 old,
				       __u32 slot, __u32 parent)
{
	struct weir_stints *stints = bpf_map_lookup_elem(&weir_stints, &key);
	struct weir_stint *stint;

	if (!stints)
		return;
	stint = &stints->ring[stints->n++ % WEIR_STINTS];
	stint->start_ns = now;
	stint->slot = slot;
	stint->parent = parent;
	stint->queue = old ? (__u64)prev->se.cfs_rq : 0;
	stint->throttled_ns = old ? throttled_ns_of(prev->se.cfs_rq) : 0;
}

/* One wait, while its ring is walked. */
struct wait {
	__u64 from, to;
	__u64 end; /* of the next stint on the way back */
	__u64 seen, self; /* so far: in the ring at all, and the container's own */
	__u64 queue, throttled_ns; /* where it waited; when the container last left there */
	__u64 rest; /* still to be charged to others */
	__u64 neighbour, system;
	__u32 cpu, n; /* whose ring, and how many it had seen when the walk began */
	__u32 victim, generation;
	bool queue_seen;
};

/* The stint that is @i back, and how much of the wait it took. NULL: there is none. */
static __always_inline const struct weir_stint *look_back(struct wait *wait, __u32 i, __u64 *ret)
{
	struct weir_stints *stints = bpf_map_lookup_elem(&weir_stints, &wait->cpu);
	const struct weir_stint *stint;
	__u64 start;

	if (!stints)
		return NULL;
	stint = &stints->ring[(wait->n - 1 - i) % WEIR_STINTS];
	start = stint->start_ns;
	if (!start)
		return NULL;
	if (start < wait->from)
		start = wait->from;
	*ret = wait->end > start ? wait->end - start : 0;
	wait->end -= *ret;
	return stint;
}

/* What the victim's tasks ran, it ran itself. */
static __always_inline bool is_own(const struct wait *wait, const struct weir_stint *stint)
{
	return stint->slot == wait->victim || stint->parent == wait->victim;
}

static long find_own(__u32 i, void *data)
{
	struct wait *wait = data;
	__u64 ns = 0;
	const struct weir_stint *stint = look_back(wait, i, &ns);

	if (!stint)
		return 1;
	wait->seen += ns;
	if (is_own(wait, stint))
		wait->self += ns;
	if (stint->queue == wait->queue) {
		wait->throttled_ns = stint->throttled_ns;
		wait->queue_seen = true;
	}
	return wait->queue_seen && wait->end <= wait->from;
}

/* Slots rest before they are used again, so this is who ran, but for waits of over 100 ms. */
static __always_inline void charge_pair(const struct wait *wait, __u32 culprit, __u64 ns)
{
	struct weir_pair key = { .victim = wait->victim, .culprit = culprit };
	struct weir_slot *slot = bpf_map_lookup_elem(&weir_slots, &culprit);
	struct weir_blame *pair, fresh = {};

	if (!slot)
		return;
	__sync_fetch_and_add(&slot->inflicted_ns, ns);
	pair = bpf_map_lookup_elem(&weir_blame, &key);
	if (!pair || pair->victim_generation != wait->generation ||
	    pair->culprit_generation != slot->generation) {
		fresh.victim_generation = wait->generation;
		fresh.culprit_generation = slot->generation;
		fresh.ns = ns;
		fresh.waits = 1;
		fresh.last_ns = wait->to;
		bpf_map_update_elem(&weir_blame, &key, &fresh, BPF_ANY);
		return;
	}
	__sync_fetch_and_add(&pair->ns, ns);
	if (pair->last_ns != wait->to) /* else another stint in the same wait */
		__sync_fetch_and_add(&pair->waits, 1);
	pair->last_ns = wait->to;
}

static long charge_others(__u32 i, void *data)
{
	struct wait *wait = data;
	__u64 ns = 0;
	const struct weir_stint *stint = look_back(wait, i, &ns);

	if (!stint)
		return 1;
	if (ns > wait->rest)
		ns = wait->rest;
	if (is_own(wait, stint) || !ns)
		return wait->end <= wait->from;
	wait->rest -= ns;
	if (stint->slot) {
		wait->neighbour += ns;
		charge_pair(wait, stint->slot, ns);
	} else {
		wait->system += ns;
	}
	return !wait->rest;
}

/*
 * A thread of container @index waited @waited ns up to @to, on @cpu, where its group has @queue. Its
 * own come first: they kept the queue running, so it can't have been throttled. A quota holds a queue
 * back from where its last thread left, so others come from the end: what they took after that. The
 * ring has no more than it has, and the rest is unknown.
 *
 * Global, so that the verifier walks it once, for any arguments, and not for each way to it.
 */
int blame_wait(__u32 index, __u64 queue, __u32 cpu, __u64 to, __u64 waited)
{
	struct weir_slot *slot = bpf_map_lookup_elem(&weir_slots, &index);
	struct weir_stints *stints = bpf_map_lookup_elem(&weir_stints, &cpu);
	struct weir_cpu *record = bpf_map_lookup_elem(&weir_cpus, &cpu);
	struct wait wait = { .from = to - waited,
			     .to = to,
			     .end = to,
			     .cpu = cpu,
			     .victim = index,
			     .queue = queue };
	__u64 limit = 0, others;

	if (!slot || !stints || !record)
		return 0;
	wait.n = stints->n;
	wait.generation = slot->generation;
	bpf_loop(WEIR_STINTS, find_own, &wait, 0);

	if (wait.queue_seen)
		limit = throttled_ns_of((const struct cfs_rq *)queue) - wait.throttled_ns;
	if (limit > waited - wait.self)
		limit = waited - wait.self;
	others = waited - wait.self - limit;
	if (others > wait.seen - wait.self)
		others = wait.seen - wait.self;
	wait.rest = others;
	wait.end = to;
	if (others)
		bpf_loop(WEIR_STINTS, charge_others, &wait, 0);
	record->delay_ns += (__u32)wait.neighbour; /* no branch: it would double what is verified */

	__sync_fetch_and_add(&slot->wait_self_ns, wait.self);
	__sync_fetch_and_add(&slot->wait_limit_ns, limit);
	__sync_fetch_and_add(&slot->wait_neighbour_ns, wait.neighbour);
	__sync_fetch_and_add(&slot->wait_system_ns, wait.system);
	__sync_fetch_and_add(&slot->wait_unknown_ns,
			     waited - wait.self - limit - wait.neighbour - wait.system);
	return 0;
}

#endif /* WEIR_BPF_BLAME_H */
