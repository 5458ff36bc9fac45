/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_FENCE_H
#define WEIR_BPF_FENCE_H

/*
 * Whom a policy holds, and what is noted when it denies something. For the sources of the fence.
 *
 * Attached once, for the whole machine, and called for everybody: whoever lies in no fenced container
 * falls through after one look at the settings and one look-up for each level on which such containers
 * lie, which is one as a rule. Where all policies are about the agent's ports alone, other ports need no look-up.
 */

#include "fence_maps.h"
#include "kernel.h"

#define TELL_EVERY_NS 100000000ULL /* of one container so often at most; all are counted */

/* What it has open as @fd; NULL: nothing. */
static __always_inline struct file *file_of_current(__u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd), *file = NULL;

	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

/* Somebody's fence. word 0: none. */
struct fenced {
	__u32 word; /* of the outermost container: what lies in it is held by it, too */
	__u32 slot; /* of the innermost, to which it is counted, */
	__u32 outer; /* and of the outermost */
};

static __always_inline const struct weir_fence_node *fence_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&weir_fence, &zero);
}

static __always_inline bool is_agents_port(const struct weir_fence_node *fence, __u32 port)
{
	for (__u32 i = 0; i < WEIR_FENCE_PORTS && i < fence->n_ports; i++)
		if (fence->ports[i] == port)
			return true;
	return false;
}

/*
 * Two questions that come first in a program, so that most calls are decided by a few lines of cache; what is
 * asked else is in functions that are called, out of their way.
 *
 * Is no policy in force about anything but the agent's ports, if there is any?
 */
static __always_inline bool is_ports_only(void)
{
	const struct weir_fence_node *fence = fence_settings();

	return fence && (fence->ports_only || !fence->n_levels);
}

/* Whoever it is that sends there, it is let through: so it need not be found out. */
static __always_inline bool is_free(__u32 port)
{
	const struct weir_fence_node *fence = fence_settings();

	if (!fence || !fence->n_levels)
		return true;
	return fence->ports_only && port != WEIR_CANARY_PORT && !is_agents_port(fence, port);
}

static __always_inline void pass_level(struct fenced *who, __u64 id)
{
	const struct weir_entry *entry = id ? bpf_map_lookup_elem(&weir_index, &id) : NULL;

	if (!entry)
		return;
	who->slot = entry->slot;
	if (!who->word && entry->fence) {
		who->word = entry->fence;
		who->outer = entry->slot;
	}
}

static __always_inline struct fenced fence_of_current(void)
{
	const struct weir_fence_node *fence = fence_settings();
	struct fenced who = {};

	for (__u32 i = 0; fence && i < WEIR_FENCE_LEVELS && i < fence->n_levels; i++)
		pass_level(&who, bpf_get_current_ancestor_cgroup_id(fence->levels[i]));
	return who;
}

/* The id of the group so far below the top in which @of lies; 0: it lies above that. */
static __always_inline __u64 ancestor_of(struct cgroup *of, __u32 level)
{
	struct cgroup **above = (void *)of + bpf_core_field_offset(of->ancestors);
	struct cgroup *at = NULL;

	if ((int)level > BPF_CORE_READ(of, level) ||
	    bpf_probe_read_kernel(&at, sizeof(at), above + level) < 0)
		return 0;
	return BPF_CORE_READ(at, kn, id);
}

/* Of a socket: of whoever has made it. @cgrp is an address. */
static __always_inline struct fenced fence_of_group(__u64 cgrp)
{
	const struct weir_fence_node *fence = fence_settings();
	struct fenced who = {};

	for (__u32 i = 0; fence && i < WEIR_FENCE_LEVELS && i < fence->n_levels; i++)
		pass_level(&who, ancestor_of((struct cgroup *)cgrp, fence->levels[i]));
	return who;
}

/* What is to be told of a denial beside whose it is. */
struct attempt {
	__u32 denial; /* enum weir_denial */
	__u32 family, type, protocol, port;
	struct weir_address address;
	enum weir_hook hook;
	const void *path; /* of a unix socket's address; NULL: it has none */
	__u32 path_len;
};

static __always_inline void tell_path(struct weir_denied *record, const struct attempt *attempt)
{
	__u32 len = attempt->path_len;

	if (!attempt->path || !len)
		return;
	if (len > sizeof(record->path))
		len = sizeof(record->path);
	if (bpf_probe_read_kernel(record->path, len, attempt->path) == 0)
		record->path_len = len;
}

static __always_inline void tell(struct weir_slot *slot, const struct fenced *who,
				 const struct attempt *attempt, bool by_current)
{
	__u64 now = bpf_ktime_get_ns();
	struct weir_denied *record = NULL;

	/* Two that come at once may both be told: it is a limit, not a count. */
	if (now - slot->denial_told_ns >= TELL_EVERY_NS)
		record = bpf_ringbuf_reserve(&weir_denials, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&slot->denials_untold, 1);
		return;
	}
	slot->denial_told_ns = now;
	__builtin_memset(record, 0, sizeof(*record));
	record->at_ns = now;
	record->slot = who->slot;
	record->generation = slot->generation;
	record->policy = WEIR_FENCE_POLICY(who->word);
	record->denial = attempt->denial;
	if (by_current) {
		record->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(record->comm, sizeof(record->comm));
	}
	record->family = attempt->family;
	record->type = attempt->type;
	record->protocol = attempt->protocol;
	record->port = attempt->port;
	record->address = attempt->address;
	record->hook = attempt->hook;
	tell_path(record, attempt);
	bpf_ringbuf_submit(record, 0);
}

/*
 * Counted, and told unless there are too many. Fail direction: closed. The denial needs no record.
 * @by_current: the thread that runs has tried it; a packet leaves or comes while anybody does.
 */
static __noinline int note_by(const struct fenced *who, const struct attempt *attempt,
			      bool by_current)
{
	__u32 key = who->slot;
	struct weir_slot *slot = bpf_map_lookup_elem(&weir_slots, &key);

	/* Before its command is executed nothing but the canary of a launch can be denied. */
	if (!slot || slot->state == WEIR_SLOT_LAUNCHING || attempt->denial >= WEIR_DENIAL_COUNT_)
		return 0;
	__sync_fetch_and_add(&slot->denials[attempt->denial], 1);
	tell(slot, who, attempt, by_current);
	return 0;
}

static __always_inline void note_denial(const struct fenced *who, const struct attempt *attempt)
{
	note_by(who, attempt, true);
}

#endif /* WEIR_BPF_FENCE_H */
