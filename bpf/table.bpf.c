// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * table: the pinned `containers` file, printed by the kernel itself.
 *
 * Whoever reads it also brings the memory and throttle figures of the records up to date, so that
 * they are fresh with no daemon. Cannot see a container whose command was never executed (its
 * figures stay as they were).
 *
 * The iterator that is meant for this, over the elements of a map, may write to them through its
 * context, and there are hardened kernels that refuse it for that. Any other will do as a counter:
 * one step of `refresh` is enough for all slots; text has to come in pieces of less than 32 KiB, so
 * `containers` takes a slot a step, and no kernel has fewer symbols than we have slots.
 *
 * Fails open: it only reads the kernel and writes figures.
 */
#include "kernel.h"
#include "maps.h"

extern struct weir_slots_map weir_slots SEC(".maps");
extern struct weir_cpus_map weir_cpus SEC(".maps");
extern struct weir_node_map weir_node SEC(".maps");
extern struct weir_sources_map weir_sources SEC(".maps");

const volatile __u32 weir_page_shift = 12;

struct in_flight {
	__u64 now, ns;
	__u32 slot;
};

static long add_in_flight(__u32 key, void *data)
{
	struct weir_cpu *cpu = bpf_map_lookup_elem(&weir_cpus, &key);
	struct in_flight *sum = data;

	if (cpu && (cpu->slot == sum->slot || cpu->parent == sum->slot) && sum->now > cpu->since_ns)
		sum->ns += sum->now - cpu->since_ns;
	return 0;
}

static void refresh_throttling(struct weir_slot *slot, const struct weir_source *source)
{
	struct task_group *tg = (struct task_group *)source->task_group;

	if (!tg || BPF_CORE_READ(tg, css.cgroup, kn, id) != source->cpu_id)
		return;
	if (!bpf_core_field_exists(tg->cfs_bandwidth))
		return;
	slot->nr_periods = BPF_CORE_READ(tg, cfs_bandwidth.nr_periods);
	slot->nr_throttled = BPF_CORE_READ(tg, cfs_bandwidth.nr_throttled);
	slot->throttled_ns = BPF_CORE_READ(tg, cfs_bandwidth.throttled_time);
}

static void refresh_memory(struct weir_slot *slot, const struct weir_source *source)
{
	struct mem_cgroup *memcg = (struct mem_cgroup *)source->mem_cgroup;
	atomic_long_t kills = {};
	__u64 current, at;

	if (!memcg || BPF_CORE_READ(memcg, css.cgroup, kn, id) != source->memory_id)
		return;
	current = (__u64)BPF_CORE_READ(memcg, memory.usage.counter) << weir_page_shift;
	slot->mem_current_bytes = current;
	slot->mem_peak_bytes = (__u64)BPF_CORE_READ(memcg, memory.watermark) << weir_page_shift;
	slot->mem_beyond_bytes =
		current > slot->mem_request_bytes ? current - slot->mem_request_bytes : 0;

	at = (__u64)memcg + bpf_core_field_offset(struct mem_cgroup, memory_events) +
	     bpf_core_enum_value(enum memcg_memory_event, MEMCG_OOM_KILL) * sizeof(kills);
	if (!bpf_probe_read_kernel(&kills, sizeof(kills), (void *)at))
		slot->oom_kills = kills.counter;
}

static void print_head(struct seq_file *seq)
{
	BPF_SEQ_PRINTF(seq, "ID                       STATE     REQ_mCPU LIM_mCPU       CPU_us"
			    "    BEYOND_us      WAIT_us");
	BPF_SEQ_PRINTF(seq, " THROTTLED_us    REQ_KiB    LIM_KiB    MEM_KiB   PEAK_KiB"
			    " BEYOND_KiB  OOM\n");
}

static const char *state_name(__u32 state)
{
	if (state == WEIR_SLOT_RUNNING)
		return "running";
	return state == WEIR_SLOT_EXITED ? "exited" : "launching";
}

/* As wide as the others as long as it fits; the kernel pads one text, not two. */
static void print_task(struct seq_file *seq, const struct weir_slot *executor, const char *task)
{
	char id[WEIR_ID_MAX + 1];

	bpf_probe_read_kernel_str(id, sizeof(id), executor->id);
	BPF_SEQ_PRINTF(seq, "%s/%-12s", id, task);
}

static void print_slot(struct seq_file *seq, const struct weir_slot *slot, __u64 cpu_ns)
{
	char id[WEIR_ID_MAX + 1]; /* the record's own is not terminated when it is full */
	__u32 index = slot->parent;
	struct weir_slot *parent = index ? bpf_map_lookup_elem(&weir_slots, &index) : NULL;

	bpf_probe_read_kernel_str(id, sizeof(id), slot->id);
	if (parent)
		print_task(seq, parent, id);
	else
		BPF_SEQ_PRINTF(seq, "%-24s", id);
	BPF_SEQ_PRINTF(seq, " %-9s %8llu", state_name(slot->state), slot->cpu_request_mcpu);
	if (slot->cpu_limit_mcpu == WEIR_INFINITE)
		BPF_SEQ_PRINTF(seq, " %8s", "max");
	else
		BPF_SEQ_PRINTF(seq, " %8llu", slot->cpu_limit_mcpu);
	BPF_SEQ_PRINTF(seq, " %12llu %12llu %12llu %12llu %10llu", cpu_ns / 1000,
		       slot->cpu_beyond_ns / 1000, slot->wait_ns / 1000, slot->throttled_ns / 1000,
		       slot->mem_request_bytes >> 10);
	if (slot->mem_limit_bytes == WEIR_INFINITE)
		BPF_SEQ_PRINTF(seq, " %10s", "max");
	else
		BPF_SEQ_PRINTF(seq, " %10llu", slot->mem_limit_bytes >> 10);
	BPF_SEQ_PRINTF(seq, " %10llu %10llu %10llu %4llu\n", slot->mem_current_bytes >> 10,
		       slot->mem_peak_bytes >> 10, slot->mem_beyond_bytes >> 10, slot->oom_kills);
}

static void refresh(__u32 index, struct weir_slot *slot)
{
	struct weir_source *source = bpf_map_lookup_elem(&weir_sources, &index);

	/* Of one that has ended the last figures stand. */
	if (!source || slot->state == WEIR_SLOT_EXITED)
		return;
	refresh_throttling(slot, source);
	refresh_memory(slot, source);
	slot->refreshed_ns = bpf_ktime_get_ns();
}

static long refresh_used(__u32 index, void *data)
{
	struct weir_slot *slot = bpf_map_lookup_elem(&weir_slots, &index);

	if (slot && slot->state != WEIR_SLOT_FREE)
		refresh(index, slot);
	return 0;
}

/* Reading its pin brings the records up to date, and yields no text: what a program wants. */
SEC("iter/bpf_map")
int weir_refresh(struct bpf_iter__bpf_map *ctx)
{
	__u32 zero = 0;
	struct weir_node *node = bpf_map_lookup_elem(&weir_node, &zero);

	/* What lies above was never used: to look there costs more than all that is. */
	if (ctx->meta->seq_num == 0 && node)
		bpf_loop(node->n_slots, refresh_used, NULL, 0);
	return 0;
}

SEC("iter/ksym")
int weir_table(struct bpf_iter__ksym *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u64 step = ctx->meta->seq_num;
	__u32 zero = 0, index = (__u32)step;
	struct in_flight sum = { .slot = index };
	struct weir_slot *slot;
	struct weir_node *node;

	if (step == 0)
		print_head(seq);
	if (step >= WEIR_MAX_CONTAINERS)
		return 0;
	slot = bpf_map_lookup_elem(&weir_slots, &index);
	node = bpf_map_lookup_elem(&weir_node, &zero);
	if (!slot || slot->state == WEIR_SLOT_FREE || !node)
		return 0;

	refresh(index, slot);
	sum.now = bpf_ktime_get_ns();
	bpf_loop(node->n_cpus, add_in_flight, &sum, 0);
	print_slot(seq, slot, slot->cpu_ns + sum.ns);
	return 0;
}
