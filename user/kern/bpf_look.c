/* SPDX-License-Identifier: Apache-2.0 */
/* A look at all CPUs, and at the run queues: for whoever decides many times a second. */
#include "kern/bpf_internal.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/error.h"

/*
 * No retry as in weir_bpf_cpu_ns(): a stint that ends meanwhile is missing from this look, and in
 * the counter at the next.
 */
void weir_bpf_foreach_stint(struct weir_bpf *bpf, uint64_t now_ns, weir_bpf_stint_fn *fn,
			    void *data)
{
	for (uint32_t i = 0; i < bpf->node->n_cpus; i++) {
		const struct weir_cpu *cpu = &bpf->cpus[i];
		uint32_t seq = __atomic_load_n(&cpu->seq, __ATOMIC_ACQUIRE);
		uint32_t slot = __atomic_load_n(&cpu->slot, __ATOMIC_ACQUIRE);
		uint32_t parent = __atomic_load_n(&cpu->parent, __ATOMIC_ACQUIRE);
		uint64_t since = __atomic_load_n(&cpu->since_ns, __ATOMIC_ACQUIRE);

		if (__atomic_load_n(&cpu->pid, __ATOMIC_ACQUIRE) != 0 && slot && !(seq & 1) &&
		    now_ns > since)
			fn(parent ? parent : slot, now_ns - since, data);
	}
}

void weir_bpf_glance(const struct weir_bpf *bpf, uint64_t now_ns, struct weir_bpf_glance *ret)
{
	*ret = (struct weir_bpf_glance){};
	for (uint32_t i = 0; i < bpf->node->n_cpus; i++) {
		const struct weir_cpu *cpu = &bpf->cpus[i];
		uint64_t since = __atomic_load_n(&cpu->idle_since_ns, __ATOMIC_ACQUIRE);

		ret->idle_ns += __atomic_load_n(&cpu->idle_ns, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&cpu->pid, __ATOMIC_ACQUIRE) == 0 && since && now_ns > since)
			ret->idle_ns += now_ns - since;
		ret->delay_ns += __atomic_load_n(&cpu->delay_ns, __ATOMIC_RELAXED);
	}
}

int weir_bpf_waiting(const struct weir_bpf *bpf, const uint32_t *slots, size_t n,
		     uint32_t *ret_waiting, struct weir_error *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	for (size_t done = 0; done < n; done += WEIR_ASK_MAX) {
		size_t part = n - done < WEIR_ASK_MAX ? n - done : WEIR_ASK_MAX;

		bpf->asked->n = (uint32_t)part;
		memcpy(bpf->asked->slots, slots + done, part * sizeof(*slots));
		if (bpf_prog_test_run_opts(bpf->waiting_fd, &opts) < 0)
			return weir_fail(err, -errno, "ask for who waits: %s", strerror(errno));
		memcpy(ret_waiting + done, bpf->asked->waiting, part * sizeof(*slots));
	}
	return 0;
}
