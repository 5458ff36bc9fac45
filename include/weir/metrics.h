/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_METRICS_H
#define WEIR_METRICS_H

/*
 * Read weir's metrics: map the pinned tables once, then no system call at all.
 *
 * Header only; needs neither libbpf nor a running daemon, only read permission on the pins.
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
 * cpu_ns of what weir_metrics_read() yields contains the stints in flight: the meter counts a
 * thread when it leaves its CPU, so a reader adds the time of those that run right now.
 * Memory and throttle figures are as old as refreshed_ns says; weir_metrics_refresh() asks
 * the kernel to bring them up to date (it reads the pinned `containers` table).
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "weir/abi.h"

struct weir_metrics {
	const char *slots; /* records of slot_size bytes */
	const char *cpus; /* records of cpu_size bytes */
	const struct weir_node *node;
	uint32_t slot_size, cpu_size, n_slots, n_cpus;
	size_t slots_bytes, cpus_bytes, node_bytes;
	char pin_dir[256]; /* with the version */
};

static inline int weir_metrics_map_(const char *dir, const char *name, const char **ret,
				    uint32_t *ret_value_size, uint32_t *ret_entries,
				    size_t *ret_bytes)
{
	struct bpf_map_info info;
	union bpf_attr attr;
	char path[320];
	size_t bytes, page = (size_t)sysconf(_SC_PAGESIZE);
	void *map;
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uint64_t)(uintptr_t)path;
	attr.file_flags = BPF_F_RDONLY;
	fd = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) < 0) {
		n = -errno;
		close(fd);
		return n;
	}

	/* The kernel lays array records out at multiples of eight bytes, whole pages in all. */
	*ret_value_size = (info.value_size + 7) & ~7U;
	bytes = (size_t)*ret_value_size * info.max_entries;
	bytes = (bytes + page - 1) & ~(page - 1);
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	n = map == MAP_FAILED ? -errno : 0;
	close(fd);
	if (n < 0)
		return n;

	*ret = (const char *)map;
	*ret_entries = info.max_entries;
	*ret_bytes = bytes;
	return 0;
}

static inline void weir_metrics_close(struct weir_metrics *m)
{
	if (m->slots)
		munmap((void *)(uintptr_t)m->slots, m->slots_bytes);
	if (m->cpus)
		munmap((void *)(uintptr_t)m->cpus, m->cpus_bytes);
	if (m->node)
		munmap((void *)(uintptr_t)m->node, m->node_bytes);
	memset(m, 0, sizeof(*m));
}

/*
 * Map the tables below @pin_dir (NULL: WEIR_PIN_DIR_DEFAULT). To be closed when it succeeded.
 * -ENOENT: no weir here; -EACCES: not in the reader group; -EPROTO: not an ABI we can read.
 */
static inline int weir_metrics_open(struct weir_metrics *m, const char *pin_dir)
{
	uint32_t size, entries;
	const char *node = NULL;
	int r;

	memset(m, 0, sizeof(*m));
	r = snprintf(m->pin_dir, sizeof(m->pin_dir), "%s/%s",
		     pin_dir ? pin_dir : WEIR_PIN_DIR_DEFAULT, WEIR_PIN_VERSION_DIR);
	if (r < 0 || (size_t)r >= sizeof(m->pin_dir))
		return -ENAMETOOLONG;

	r = weir_metrics_map_(m->pin_dir, "node", &node, &size, &entries, &m->node_bytes);
	if (r < 0)
		return r;
	m->node = (const struct weir_node *)(const void *)node;
	if (size < sizeof(struct weir_node) || m->node->abi_version < WEIR_ABI_VERSION) {
		weir_metrics_close(m);
		return -EPROTO;
	}

	r = weir_metrics_map_(m->pin_dir, "slots", &m->slots, &m->slot_size, &m->n_slots,
			      &m->slots_bytes);
	if (r == 0)
		r = weir_metrics_map_(m->pin_dir, "cpus", &m->cpus, &m->cpu_size, &m->n_cpus,
				      &m->cpus_bytes);
	if (r == 0 &&
	    (m->slot_size < sizeof(struct weir_slot) || m->cpu_size < sizeof(struct weir_cpu)))
		r = -EPROTO;
	if (r < 0)
		weir_metrics_close(m);
	return r;
}

/* Slots 1 .. this - 1 may be in use; the rest never was. */
static inline uint32_t weir_metrics_slots(const struct weir_metrics *m)
{
	uint32_t n = __atomic_load_n(&m->node->n_slots, __ATOMIC_ACQUIRE);

	return n < m->n_slots ? n : m->n_slots;
}

static inline uint64_t weir_metrics_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts); /* from the vDSO: no system call */
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static inline const struct weir_cpu *weir_metrics_cpu_(const struct weir_metrics *m, uint32_t cpu)
{
	return (const struct weir_cpu *)(const void *)(m->cpus + (size_t)cpu * m->cpu_size);
}

/*
 * CPU time of @slot with its stints in flight. The records of the CPUs are read before and
 * after: if one of ours moved meanwhile, its stint may have been counted twice or not at all,
 * so it is read again. A container whose threads switch faster than this loop is read at most
 * eight times; the figure is then good to one stint.
 */
static inline uint64_t weir_metrics_cpu_ns(const struct weir_metrics *m, uint32_t slot)
{
	const struct weir_slot *s =
		(const struct weir_slot *)(const void *)(m->slots + (size_t)slot * m->slot_size);
	uint32_t n_cpus = m->node->n_cpus < m->n_cpus ? m->node->n_cpus : m->n_cpus;
	uint64_t total = 0;

	for (int attempt = 0; attempt < 8; attempt++) {
		uint64_t now = weir_metrics_now_ns(), sum_before = 0, sum_after = 0;

		total = 0;
		for (uint32_t i = 0; i < n_cpus; i++) {
			const struct weir_cpu *cpu = weir_metrics_cpu_(m, i);
			uint32_t seq = __atomic_load_n(&cpu->seq, __ATOMIC_ACQUIRE);

			if (__atomic_load_n(&cpu->slot, __ATOMIC_ACQUIRE) == slot) {
				uint64_t since = __atomic_load_n(&cpu->since_ns, __ATOMIC_ACQUIRE);

				if (now > since)
					total += now - since;
			}
			sum_before += seq + (seq & 1); /* odd: being written, so must differ */
		}
		total += __atomic_load_n(&s->cpu_ns, __ATOMIC_ACQUIRE);
		for (uint32_t i = 0; i < n_cpus; i++)
			sum_after +=
				__atomic_load_n(&weir_metrics_cpu_(m, i)->seq, __ATOMIC_ACQUIRE);
		if (sum_before == sum_after)
			break;
	}
	return total;
}

/* One record, with stints in flight. false: the slot is free, or changed hands while read. */
static inline bool weir_metrics_read(const struct weir_metrics *m, uint32_t slot,
				     struct weir_slot *ret)
{
	const struct weir_slot *s =
		(const struct weir_slot *)(const void *)(m->slots + (size_t)slot * m->slot_size);

	if (slot == 0 || slot >= m->n_slots ||
	    __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == WEIR_SLOT_FREE)
		return false;
	memcpy(ret, s, sizeof(*ret));
	ret->cpu_ns = weir_metrics_cpu_ns(m, slot);
	return ret->state != WEIR_SLOT_FREE &&
	       __atomic_load_n(&s->generation, __ATOMIC_ACQUIRE) == ret->generation;
}

/* Bring memory and throttle figures up to date. -errno: the table can't be read. */
static inline int weir_metrics_refresh(const struct weir_metrics *m)
{
	char path[320], sink[16384];
	ssize_t n;
	int fd, r;

	r = snprintf(path, sizeof(path), "%s/containers", m->pin_dir);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, sink, sizeof(sink));
	} while (n > 0);
	r = n < 0 ? -errno : 0;
	close(fd);
	return r;
}

#endif /* WEIR_METRICS_H */
