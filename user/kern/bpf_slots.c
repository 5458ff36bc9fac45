/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: which are in use, and the daemon's side of their records. */
#include "kern/bpf_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "weir/abi_fence.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static void *map_records(int fd, size_t offset, size_t bytes)
{
	size_t page = (size_t)getpagesize();
	void *mapped = mmap(NULL, (bytes + page - 1) & ~(page - 1), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, (off_t)offset);

	return mapped == MAP_FAILED ? NULL : mapped;
}

struct weir_slot *weir_bpf_slot(struct weir_bpf *bpf, uint32_t slot)
{
	uint32_t chunk = slot / WEIR_SLOT_CHUNK;
	size_t bytes = WEIR_SLOT_CHUNK * sizeof(struct weir_slot);

	if (slot == 0 || slot >= WEIR_MAX_CONTAINERS)
		return NULL;
	if (!bpf->chunks[chunk])
		bpf->chunks[chunk] =
			map_records(bpf->map_fds[WEIR_MAP_SLOTS], chunk * bytes, bytes);
	return bpf->chunks[chunk] ? &bpf->chunks[chunk][slot % WEIR_SLOT_CHUNK] : NULL;
}

struct weir_node *weir_bpf_node(struct weir_bpf *bpf)
{
	return bpf->node;
}

int weir_bpf_slots_init(struct weir_bpf *bpf, struct weir_error *err)
{
	bpf->node = map_records(bpf->map_fds[WEIR_MAP_NODE], 0, sizeof(*bpf->node));
	bpf->cpus = map_records(bpf->map_fds[WEIR_MAP_CPUS], 0, WEIR_MAX_CPUS * sizeof(*bpf->cpus));
	bpf->asked = map_records(bpf->map_fds[WEIR_MAP_ASKED], 0, sizeof(*bpf->asked));
	if (!bpf->node || !bpf->cpus || !bpf->asked)
		return weir_fail(err, -errno, "map '%s': %s", bpf->dir, strerror(errno));
	bpf->slots = calloc(WEIR_MAX_CONTAINERS, sizeof(*bpf->slots));
	if (!bpf->slots)
		return weir_fail_memory(err);
	if (bpf->node->n_slots == 0 || bpf->node->n_slots > WEIR_MAX_CONTAINERS)
		bpf->node->n_slots = 1;
	for (uint32_t i = 1; i < bpf->node->n_slots; i++) {
		const struct weir_slot *slot = weir_bpf_slot(bpf, i);

		if (!slot)
			return weir_fail(err, -errno, "map slots: %s", strerror(errno));
		bpf->slots[i].used = bpf->slots[i].unclaimed = slot->state != WEIR_SLOT_FREE;
	}
	return 0;
}

void weir_bpf_slots_done(struct weir_bpf *bpf)
{
	size_t bytes = WEIR_SLOT_CHUNK * sizeof(struct weir_slot);

	for (size_t i = 0; i < WEIR_SLOT_CHUNKS; i++) {
		if (bpf->chunks[i])
			munmap(bpf->chunks[i], bytes);
		bpf->chunks[i] = NULL;
	}
	if (bpf->cpus)
		munmap(bpf->cpus, WEIR_MAX_CPUS * sizeof(*bpf->cpus));
	if (bpf->node)
		munmap(bpf->node, sizeof(*bpf->node));
	if (bpf->asked)
		munmap(bpf->asked, sizeof(*bpf->asked));
	bpf->asked = NULL;
	bpf->cpus = NULL;
	bpf->node = NULL;
	free(take_ptr(bpf->slots));
}

/* CPUs remember what they looked up: behind each change, and before anybody relies on it. */
static void note_index_change(struct weir_bpf *bpf)
{
	__atomic_fetch_add(&bpf->node->index_changes, 1, __ATOMIC_RELEASE);
}

static int enter(struct weir_bpf *bpf, uint32_t slot, uint32_t generation,
		 const struct weir_bpf_identity *identity, struct weir_error *err)
{
	struct weir_entry entry = { .slot = slot,
				    .generation = generation,
				    .parent = identity->parent,
				    .fence = identity->fence };
	/* struct weir_source of bpf/maps.h: ids, and no addresses yet. */
	const uint64_t source[4] = { identity->cpu_id, identity->memory_id };
	uint64_t old[4] = {};

	/* After a restart the addresses that were found still hold. */
	if (bpf_map_lookup_elem(bpf->map_fds[WEIR_MAP_SOURCES], &slot, old) < 0 ||
	    old[0] != source[0] || old[1] != source[1]) {
		if (bpf_map_update_elem(bpf->map_fds[WEIR_MAP_SOURCES], &slot, source, BPF_ANY) < 0)
			return weir_fail(err, -errno, "enter sources: %s", strerror(errno));
	}
	if (bpf_map_update_elem(bpf->map_fds[WEIR_MAP_INDEX], &identity->cgroup2_id, &entry,
				BPF_ANY) < 0)
		return weir_fail(err, -errno, "enter index: %s", strerror(errno));
	note_index_change(bpf);
	weir_bpf_slot(bpf, slot)->policy = WEIR_FENCE_POLICY(identity->fence);
	return 0;
}

int weir_bpf_fence(struct weir_bpf *bpf, uint32_t slot, uint32_t word, struct weir_error *err)
{
	struct weir_slot *record = weir_bpf_slot(bpf, slot);
	struct weir_entry entry = {};

	if (!record || !bpf->slots[slot].used ||
	    bpf_map_lookup_elem(bpf->map_fds[WEIR_MAP_INDEX], &record->cgroup_id, &entry) < 0 ||
	    entry.slot != slot)
		return weir_fail(err, -ENOENT, "slot %u is in nobody's use", slot);
	entry.fence = word;
	if (bpf_map_update_elem(bpf->map_fds[WEIR_MAP_INDEX], &record->cgroup_id, &entry,
				BPF_EXIST) < 0)
		return weir_fail(err, -errno, "enter index: %s", strerror(errno));
	__atomic_store_n(&record->policy, WEIR_FENCE_POLICY(word), __ATOMIC_RELEASE);
	return 0;
}

static uint32_t find_free(const struct weir_bpf *bpf)
{
	uint64_t now = now_ns();

	for (uint32_t i = 1; i < WEIR_MAX_CONTAINERS; i++) {
		if (!bpf->slots[i].used &&
		    (bpf->slots[i].freed_ns == 0 || now - bpf->slots[i].freed_ns > WEIR_WINDOW_NS))
			return i;
	}
	return 0;
}

int weir_bpf_claim(struct weir_bpf *bpf, const struct weir_bpf_identity *identity, const char *id,
		   const char *role, uint32_t *ret_slot, uint32_t *ret_generation,
		   struct weir_error *err)
{
	uint32_t index = find_free(bpf), generation;
	struct weir_slot *slot = weir_bpf_slot(bpf, index);

	if (!slot)
		return weir_fail(err, -ENOSPC, "all %u slots are in use: remove exited containers",
				 WEIR_MAX_CONTAINERS - 1);
	generation = slot->generation + 1;
	memset(slot, 0, sizeof(*slot));
	slot->generation = generation;
	slot->cgroup_id = identity->cgroup2_id;
	slot->parent = identity->parent;
	memcpy(slot->id, id, strnlen(id, WEIR_ID_MAX));
	memcpy(slot->role, role, strnlen(role, WEIR_ROLE_MAX));
	if (index >= bpf->node->n_slots)
		__atomic_store_n(&bpf->node->n_slots, index + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->state, WEIR_SLOT_LAUNCHING, __ATOMIC_RELEASE);
	if (enter(bpf, index, generation, identity, err) < 0) {
		slot->state = WEIR_SLOT_FREE;
		return err->code;
	}

	bpf->slots[index].used = true;
	*ret_slot = index;
	*ret_generation = generation;
	return 0;
}

int weir_bpf_reclaim(struct weir_bpf *bpf, uint32_t slot, uint32_t generation,
		     const struct weir_bpf_identity *identity, struct weir_error *err)
{
	const struct weir_slot *record = weir_bpf_slot(bpf, slot);

	if (!record || !bpf->slots[slot].used || record->generation != generation ||
	    (identity && record->cgroup_id != identity->cgroup2_id))
		return weir_fail(err, -ESTALE, "slot %u is not this container's any more", slot);
	if (identity && enter(bpf, slot, generation, identity, err) < 0)
		return err->code;
	bpf->slots[slot].unclaimed = false;
	return 0;
}

void weir_bpf_drop(struct weir_bpf *bpf, uint32_t slot)
{
	struct weir_slot *record = weir_bpf_slot(bpf, slot);
	struct weir_entry entry = {};
	uint64_t id;

	if (!record || !bpf->slots[slot].used)
		return;
	/* A container that lost this slot has been entered with another one since. */
	id = record->cgroup_id;
	if (bpf_map_lookup_elem(bpf->map_fds[WEIR_MAP_INDEX], &id, &entry) == 0 &&
	    entry.slot == slot)
		bpf_map_delete_elem(bpf->map_fds[WEIR_MAP_INDEX], &id);
	note_index_change(bpf);
	__atomic_store_n(&record->state, WEIR_SLOT_FREE, __ATOMIC_RELEASE);
	bpf->slots[slot] = (struct weir_slot_use){ .freed_ns = now_ns() };
}

unsigned int weir_bpf_drop_unclaimed(struct weir_bpf *bpf)
{
	unsigned int n = 0;

	for (uint32_t i = 1; i < bpf->node->n_slots; i++) {
		if (!bpf->slots[i].unclaimed)
			continue;
		weir_bpf_drop(bpf, i);
		n++;
	}
	return n;
}

/*
 * What runs of @slot right now, and how often the CPUs' records have moved so far. false: one
 * was being written, so it may have been read half old and half new.
 */
static bool in_flight(const struct weir_bpf *bpf, uint32_t slot, uint64_t now, uint64_t *ret_ns,
		      uint64_t *ret_moves)
{
	uint64_t sum = 0, moves = 0;
	bool still = true;

	for (uint32_t i = 0; i < bpf->node->n_cpus; i++) {
		const struct weir_cpu *cpu = &bpf->cpus[i];
		uint32_t seq = __atomic_load_n(&cpu->seq, __ATOMIC_ACQUIRE);

		moves += seq;
		still &= !(seq & 1);
		if (__atomic_load_n(&cpu->slot, __ATOMIC_ACQUIRE) == slot ||
		    __atomic_load_n(&cpu->parent, __ATOMIC_ACQUIRE) == slot) {
			uint64_t since = __atomic_load_n(&cpu->since_ns, __ATOMIC_ACQUIRE);

			sum += now > since ? now - since : 0;
		}
	}
	*ret_ns = sum;
	*ret_moves = moves;
	return still;
}

/* The protocol of weir/metrics.h, over the daemon's own mapping. */
uint64_t weir_bpf_cpu_ns(struct weir_bpf *bpf, uint32_t slot)
{
	const struct weir_slot *record = weir_bpf_slot(bpf, slot);
	uint64_t total = 0, ns, before, after;

	for (int attempt = 0; record && attempt < 8; attempt++) {
		bool still = in_flight(bpf, slot, now_ns(), &ns, &before);

		total = ns + __atomic_load_n(&record->cpu_ns, __ATOMIC_ACQUIRE);
		still &= in_flight(bpf, slot, 0, &ns, &after);
		if (still && before == after)
			break;
	}
	return total;
}
