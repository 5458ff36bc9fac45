/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_METRICS_H
#define WEIR_METRICS_H

/*
 * Read weir's metrics: map the pinned tables once, then no system call at all.
 *
 * Header only, GNU C11 or C++; needs neither libbpf nor a running daemon, only read permission on
 * the pins. What the fields mean is in weir/abi.h. Names that end in _ are not for callers.
 *
 *	struct weir_metrics m;
 *	if (weir_metrics_open(&m, NULL) == 0) {
 *		struct weir_slot s;
 *		for (uint32_t i = 1; i < weir_metrics_slots(&m); i++)
 *			if (weir_metrics_read(&m, i, &s))
 *				printf("%.128s %llu\n", s.id, (unsigned long long)s.cpu_ns);
 *		weir_metrics_close(&m);
 *	}
 *
 * Mapping wants the right to write, which the kernel demands of shared mappings; root has it.
 * Members of the reader group may only read: for them each record is fetched by a system call,
 * behind the same functions, into memory of the struct's own; so one thread at a time may use
 * one struct weir_metrics.
 *
 * cpu_ns of what weir_metrics_read() yields contains the stints in flight: the meter counts a
 * thread when it leaves its CPU, so a reader adds the time of those that run right now.
 * Memory and throttle figures are as old as refreshed_ns says; weir_metrics_refresh() asks
 * the kernel to bring them up to date (it reads the pinned `refresh`).
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "weir/abi.h"

/* One pinned array of records. */
struct weir_metrics_table_ {
	const char *records;
	uint32_t size, entries; /* of a record; of them */
	size_t bytes;
	int fd; /* to fetch records with; -1: they are mapped */
};

struct weir_metrics {
	const struct weir_node *node; /* brought up to date by weir_metrics_slots() */
	struct weir_metrics_table_ nodes, slots, cpus;
	char pin_dir[256]; /* with the version */
};

static inline int weir_metrics_bpf_(int cmd, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

/* Bring record @i up to date, where that takes anything. */
static inline void weir_metrics_fetch_(const struct weir_metrics_table_ *table, uint32_t i)
{
	union bpf_attr attr;

	if (table->fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)table->fd;
	attr.key = (uint64_t)(uintptr_t)&i;
	attr.value = (uint64_t)(uintptr_t)(table->records + (size_t)i * table->size);
	weir_metrics_bpf_(BPF_MAP_LOOKUP_ELEM, &attr);
}

/* The fd of a pin; *@ret_writable: it may be mapped. */
static inline int weir_metrics_get_(const char *dir, const char *name, bool *ret_writable)
{
	union bpf_attr attr;
	char path[320];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uint64_t)(uintptr_t)path;
	fd = weir_metrics_bpf_(BPF_OBJ_GET, &attr);
	*ret_writable = fd >= 0;
	if (fd != -EACCES && fd != -EPERM)
		return fd;
	attr.file_flags = BPF_F_RDONLY;
	return weir_metrics_bpf_(BPF_OBJ_GET, &attr);
}

static inline int weir_metrics_map_(const char *dir, const char *name,
				    struct weir_metrics_table_ *ret)
{
	struct weir_metrics_table_ table;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_map_info info;
	union bpf_attr attr;
	bool writable;
	void *map;
	int fd, r;

	fd = weir_metrics_get_(dir, name, &writable);
	if (fd < 0)
		return fd;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	r = weir_metrics_bpf_(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (r < 0) {
		close(fd);
		return r;
	}

	/* The kernel lays array records out at multiples of eight bytes, whole pages in all. */
	table.size = (info.value_size + 7) & ~7U;
	table.entries = info.max_entries;
	table.bytes = (((size_t)table.size * table.entries) + page - 1) & ~(page - 1);
	map = writable ? mmap(NULL, table.bytes, PROT_READ, MAP_SHARED, fd, 0)
		       : mmap(NULL, table.bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	r = map == MAP_FAILED ? -errno : 0;
	if (r < 0 || writable) {
		close(fd);
		fd = -1;
	}
	if (r < 0)
		return r;
	table.records = (const char *)map;
	table.fd = fd;
	*ret = table;
	return 0;
}

static inline void weir_metrics_unmap_(struct weir_metrics_table_ *table)
{
	if (!table->records)
		return;
	munmap((void *)(uintptr_t)table->records, table->bytes);
	if (table->fd >= 0)
		close(table->fd);
}

/* What is closed or failed to open, all zero, is fine. */
static inline void weir_metrics_close(struct weir_metrics *m)
{
	weir_metrics_unmap_(&m->nodes);
	weir_metrics_unmap_(&m->slots);
	weir_metrics_unmap_(&m->cpus);
	memset(m, 0, sizeof(*m));
}

/*
 * Map the tables below @pin_dir, without the version (NULL: WEIR_PIN_DIR_DEFAULT). To be closed
 * when it succeeded. -ENOENT: no weir here; -EACCES: not in the reader group; -EPROTO: not an
 * ABI we can read; -ENAMETOOLONG.
 */
static inline int weir_metrics_open(struct weir_metrics *m, const char *pin_dir)
{
	int r;

	memset(m, 0, sizeof(*m));
	r = snprintf(m->pin_dir, sizeof(m->pin_dir), "%s/%s",
		     pin_dir ? pin_dir : WEIR_PIN_DIR_DEFAULT, WEIR_PIN_VERSION_DIR);
	if (r < 0 || (size_t)r >= sizeof(m->pin_dir))
		return -ENAMETOOLONG;

	r = weir_metrics_map_(m->pin_dir, "node", &m->nodes);
	if (r == 0)
		r = weir_metrics_map_(m->pin_dir, "slots", &m->slots);
	if (r == 0)
		r = weir_metrics_map_(m->pin_dir, "cpus", &m->cpus);
	if (r == 0 &&
	    (m->nodes.size < sizeof(struct weir_node) ||
	     m->slots.size < offsetof(struct weir_slot, wait_self_ns) || /* of the first weir */
	     m->cpus.size < sizeof(struct weir_cpu)))
		r = -EPROTO;
	if (r == 0) {
		m->node = (const struct weir_node *)(const void *)m->nodes.records;
		weir_metrics_fetch_(&m->nodes, 0);
		if (m->node->abi_version < WEIR_ABI_VERSION)
			r = -EPROTO;
	}
	if (r < 0)
		weir_metrics_close(m);
	return r;
}

/* Slots 1 .. this - 1 may be in use; the rest never was. At least 1, once a daemon has been here. */
static inline uint32_t weir_metrics_slots(const struct weir_metrics *m)
{
	uint32_t n;

	weir_metrics_fetch_(&m->nodes, 0);
	n = __atomic_load_n(&m->node->n_slots, __ATOMIC_ACQUIRE);
	return n < m->slots.entries ? n : m->slots.entries;
}

/* CLOCK_MONOTONIC, the clock of all times in the tables. */
static inline uint64_t weir_metrics_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts); /* from the vDSO: no system call */
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static inline const struct weir_cpu *weir_metrics_cpu_(const struct weir_metrics *m, uint32_t cpu)
{
	weir_metrics_fetch_(&m->cpus, cpu);
	return (const struct weir_cpu *)(const void *)(m->cpus.records +
						       (size_t)cpu * m->cpus.size);
}

static inline const struct weir_slot *weir_metrics_slot_(const struct weir_metrics *m,
							 uint32_t slot)
{
	weir_metrics_fetch_(&m->slots, slot);
	return (const struct weir_slot *)(const void *)(m->slots.records +
							(size_t)slot * m->slots.size);
}

/*
 * CPU time of @slot in ns with its stints in flight. The records of the CPUs are read before and
 * after: if one of ours moved meanwhile, its stint may have been counted twice or not at all,
 * so it is read again. A container whose threads switch faster than this loop is read at most
 * eight times; the figure is then good to one stint.
 */
static inline uint64_t weir_metrics_cpu_ns(const struct weir_metrics *m, uint32_t slot)
{
	uint32_t n_cpus = m->node->n_cpus < m->cpus.entries ? m->node->n_cpus : m->cpus.entries;
	uint64_t total = 0;

	for (int attempt = 0; attempt < 8; attempt++) {
		uint64_t now = weir_metrics_now_ns(), sum_before = 0, sum_after = 0;
		bool still = true;

		total = 0;
		for (uint32_t i = 0; i < n_cpus; i++) {
			const struct weir_cpu *cpu = weir_metrics_cpu_(m, i);
			uint32_t seq = __atomic_load_n(&cpu->seq, __ATOMIC_ACQUIRE);

			if (__atomic_load_n(&cpu->slot, __ATOMIC_ACQUIRE) == slot ||
			    __atomic_load_n(&cpu->parent, __ATOMIC_ACQUIRE) == slot) {
				uint64_t since = __atomic_load_n(&cpu->since_ns, __ATOMIC_ACQUIRE);

				if (now > since)
					total += now - since;
			}
			sum_before += seq;
			still &= !(seq & 1); /* odd: being written */
		}
		total += __atomic_load_n(&weir_metrics_slot_(m, slot)->cpu_ns, __ATOMIC_ACQUIRE);
		for (uint32_t i = 0; i < n_cpus; i++)
			sum_after +=
				__atomic_load_n(&weir_metrics_cpu_(m, i)->seq, __ATOMIC_ACQUIRE);
		if (still && sum_before == sum_after)
			break;
	}
	return total;
}

/* One record, with stints in flight. false: the slot is free, or changed hands meanwhile. */
static inline bool weir_metrics_read(const struct weir_metrics *m, uint32_t slot,
				     struct weir_slot *ret)
{
	const struct weir_slot *s;

	if (slot == 0 || slot >= m->slots.entries)
		return false;
	s = weir_metrics_slot_(m, slot);
	if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == WEIR_SLOT_FREE)
		return false;
	memset(ret, 0, sizeof(*ret)); /* a field that an older table does not have reads as 0 */
	memcpy(ret, s, m->slots.size < sizeof(*ret) ? m->slots.size : sizeof(*ret));
	ret->cpu_ns = weir_metrics_cpu_ns(m, slot);
	return ret->state != WEIR_SLOT_FREE &&
	       __atomic_load_n(&s->generation, __ATOMIC_ACQUIRE) == ret->generation;
}

/*
 * Whose record it is, as `weir ps` has it: a task's id comes behind its executor's. Returns @buf. Of
 * an executor that is gone meanwhile the task's id alone.
 */
static inline const char *weir_metrics_name(const struct weir_metrics *m,
					    const struct weir_slot *slot,
					    char buf[WEIR_NAME_MAX + 1])
{
	const struct weir_slot *parent = NULL;

	if (slot->parent && slot->parent < m->slots.entries)
		parent = weir_metrics_slot_(m, slot->parent);
	if (parent && __atomic_load_n(&parent->state, __ATOMIC_ACQUIRE) != WEIR_SLOT_FREE)
		snprintf(buf, WEIR_NAME_MAX + 1, "%.128s/%.128s", parent->id, slot->id);
	else
		snprintf(buf, WEIR_NAME_MAX + 1, "%.128s", slot->id);
	return buf;
}

/* Of wait_ns, the waits that nobody was blamed for since they were short: see WEIR_BLAME_NS. */
static inline uint64_t weir_metrics_wait_short_ns(const struct weir_slot *slot)
{
	uint64_t blamed = slot->wait_self_ns + slot->wait_neighbour_ns + slot->wait_limit_ns +
			  slot->wait_system_ns + slot->wait_unknown_ns;

	/* Fields move while the record is copied. */
	return slot->wait_ns > blamed ? slot->wait_ns - blamed : 0;
}

/* "open", "deny-agent-tcp" …, of the `policy` of a slot. */
static inline const char *weir_metrics_policy_name(uint32_t policy)
{
	static const char *const names[] = {
		[WEIR_POLICY_OPEN] = "open",
		[WEIR_POLICY_DENY_AGENT_TCP] = "deny-agent-tcp",
		[WEIR_POLICY_AGENT_SOCKET_ONLY] = "agent-socket-only",
		[WEIR_POLICY_CUSTOM] = "custom",
	};

	return policy < sizeof(names) / sizeof(names[0]) ? names[policy] : "unknown";
}

/* "family", "agent" …, of the `denials` of a slot: what could not be had, or reached. */
static inline const char *weir_metrics_denial_name(uint32_t denial)
{
	static const char *const names[WEIR_DENIAL_COUNT_] = {
		[WEIR_DENIAL_FAMILY] = "family", [WEIR_DENIAL_PROTOCOL] = "protocol",
		[WEIR_DENIAL_AGENT] = "agent",	 [WEIR_DENIAL_ADDRESS] = "address",
		[WEIR_DENIAL_PEER] = "peer",	 [WEIR_DENIAL_LISTEN] = "listen",
		[WEIR_DENIAL_PACKET] = "packet", [WEIR_DENIAL_FILE] = "file",
	};

	return denial < WEIR_DENIAL_COUNT_ ? names[denial] : "unknown";
}

/* "none", "T0" …, of the `fence_tier` of the node. */
static inline const char *weir_metrics_tier_name(uint32_t tier)
{
	static const char *const names[] = {
		[WEIR_TIER_NONE] = "none", [WEIR_TIER_0] = "T0", [WEIR_TIER_1] = "T1",
		[WEIR_TIER_2] = "T2",	   [WEIR_TIER_3] = "T3",
	};

	return tier < sizeof(names) / sizeof(names[0]) ? names[tier] : "unknown";
}

/* Bring memory and throttle figures up to date. -errno: the pin can't be read. */
static inline int weir_metrics_refresh(const struct weir_metrics *m)
{
	char path[320], nothing[1];
	int fd, r;

	r = snprintf(path, sizeof(path), "%s/refresh", m->pin_dir);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read(fd, nothing, sizeof(nothing)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

#endif /* WEIR_METRICS_H */
