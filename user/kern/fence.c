/* SPDX-License-Identifier: Apache-2.0 */
/* The fence while the daemon runs: whom it holds, to what, and what it tells. */
#include "kern/fence_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "weir/metrics.h"

int weir_fence_open(const struct weir_fence_options *options, struct weir_fence **ret,
		    struct weir_error *err)
{
	scoped(weir_fence_closep) struct weir_fence *fence = calloc(1, sizeof(*fence));
	void *mapped;

	if (!fence)
		return weir_fail_memory(err);
	for (size_t i = 0; i < WEIR_FENCE_MAPS_; i++)
		fence->map_fds[i] = -1;
	fence->bpf = options->bpf;
	fence->top_fd = open(options->cgroup2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fence->top_fd < 0)
		return weir_fail(err, -errno, "open '%s': %s", options->cgroup2, strerror(errno));
	if (weir_fence_load(fence, options, err) < 0)
		return err->code;
	mapped = mmap(NULL, sizeof(*fence->settings), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fence->map_fds[WEIR_FENCE_SETTINGS], 0);
	if (mapped == MAP_FAILED)
		return weir_fail(err, -errno, "map the fence's settings: %s", strerror(errno));
	fence->settings = mapped;
	if (weir_fence_arm(fence, err) < 0)
		return err->code;
	*ret = take_ptr(fence);
	return 0;
}

struct weir_fence *weir_fence_close(struct weir_fence *fence)
{
	if (!fence)
		return NULL;
	ring_buffer__free(fence->ring);
	if (fence->settings)
		munmap(fence->settings, sizeof(*fence->settings));
	for (size_t i = 0; i < WEIR_FENCE_MAPS_; i++)
		close_fd(fence->map_fds[i]);
	close_fd(fence->top_fd);
	free(fence);
	return NULL;
}

enum weir_tier weir_fence_tier(const struct weir_fence *fence)
{
	return fence->tier;
}

int weir_fence_level(const struct weir_fence *fence, int fd, unsigned int *ret_level,
		     uint64_t *ret_id, struct weir_error *err)
{
	struct weir_level_asked asked = { .fd = (uint32_t)fd };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &asked, .ctx_size_in = sizeof(asked));
	scoped(closep) int program_fd = weir_bpf_open_pin(fence->bpf, WEIR_FENCE_LEVEL_PIN, err);

	if (program_fd < 0)
		return program_fd;
	if (bpf_prog_test_run_opts(program_fd, &opts) < 0)
		return weir_fail(err, -errno, "ask for the level of a cgroup: %s", strerror(errno));
	if (asked.level < 0)
		return weir_fail(err, -EINVAL, "what is to be fenced is no cgroup");
	*ret_level = (unsigned int)asked.level;
	*ret_id = asked.id;
	return 0;
}

/* Levels are there for as long as anybody is held, those included that an earlier daemon has fenced. */
void weir_fence_expect(struct weir_fence *fence, uint32_t word)
{
	struct weir_fence_node *settings = fence->settings;
	bool only = WEIR_FENCE_POLICY(word) == WEIR_POLICY_DENY_AGENT_TCP &&
		    (settings->n_levels == 0 || settings->ports_only);

	__atomic_store_n(&settings->ports_only, only, __ATOMIC_SEQ_CST);
}

/* From behind, so that whoever looks meanwhile misses none that was there. */
static int add_level(struct weir_fence_node *settings, uint32_t level, struct weir_error *err)
{
	uint32_t n = settings->n_levels, at = n;

	for (uint32_t i = 0; i < n; i++)
		if (settings->levels[i] == level)
			return 0;
	if (n == WEIR_FENCE_LEVELS)
		return weir_fail(err, -ENOSPC,
				 "containers that are fenced lie on %d levels of cgroup2 already, "
				 "which is as many as can be",
				 WEIR_FENCE_LEVELS);
	while (at > 0 && settings->levels[at - 1] > level)
		at--;
	if (at < n)
		__atomic_store_n(&settings->levels[n], settings->levels[n - 1], __ATOMIC_RELEASE);
	else
		__atomic_store_n(&settings->levels[n], level, __ATOMIC_RELEASE);
	__atomic_store_n(&settings->n_levels, n + 1, __ATOMIC_RELEASE);
	for (uint32_t i = n; i-- > at + 1;)
		__atomic_store_n(&settings->levels[i], settings->levels[i - 1], __ATOMIC_RELEASE);
	if (at < n)
		__atomic_store_n(&settings->levels[at], level, __ATOMIC_RELEASE);
	return 0;
}

int weir_fence_enter(struct weir_fence *fence, unsigned int level, struct weir_error *err)
{
	if (level >= WEIR_FENCE_DEEPEST)
		return weir_fail(err, -ENOSPC,
				 "it lies %u levels below the top, %d at most can be fenced", level,
				 WEIR_FENCE_DEEPEST - 1);
	if (add_level(fence->settings, level, err) < 0)
		return err->code;
	if (fence->n_held == 0 &&
	    (weir_fence_watch_packets(fence, true, err) < 0 || weir_fence_arm(fence, err) < 0))
		return err->code;
	fence->held[level]++;
	fence->n_held++;
	return 0;
}

void weir_fence_leave(struct weir_fence *fence, unsigned int level)
{
	if (level >= WEIR_FENCE_DEEPEST || fence->held[level] == 0)
		return;
	fence->held[level]--;
	fence->n_held--;
	weir_fence_prune(fence);
}

/* A level without a container costs a look-up; what matters is that nobody pays where nobody is fenced. */
void weir_fence_prune(struct weir_fence *fence)
{
	struct weir_error ignored = {};

	if (fence->n_held > 0)
		return;
	__atomic_store_n(&fence->settings->n_levels, 0, __ATOMIC_RELEASE);
	weir_fence_watch_packets(fence, false, &ignored);
}

static int verify_link(const struct weir_fence *fence, const struct weir_fence_program *program,
		       struct weir_error *err)
{
	scoped(closep) int fd = weir_bpf_open_pin(fence->bpf, program->pin, err);
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);

	if (fd < 0)
		return weir_fail(err, -ENOTCONN, "the fence is broken: %s", err->text);
	if (bpf_link_get_info_by_fd(fd, &info, &len) < 0)
		return weir_fail(err, -ENOTCONN, "the fence is broken: ask the link of %s: %s",
				 program->name, strerror(errno));
	/* Of others none can be detached. Whoever detaches one of a cgroup's leaves the pin. */
	if (!weir_fence_of_cgroup(program))
		return 0;
	if (info.type != BPF_LINK_TYPE_CGROUP || info.cgroup.cgroup_id == 0)
		return weir_fail(err, -ENOTCONN, "the fence is broken: %s is not attached",
				 program->name);
	return 0;
}

int weir_fence_verify(const struct weir_fence *fence, struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_PROGRAMS; i++)
		if (weir_fence_has(fence, &weir_fence_table[i]) &&
		    verify_link(fence, &weir_fence_table[i], err) < 0)
			return err->code;
	return 0;
}

int weir_fence_foreach_program(const struct weir_fence *fence, weir_bpf_program_fn *fn, void *data,
			       struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_PROGRAMS; i++) {
		const struct weir_fence_program *program = &weir_fence_table[i];
		bool is_link = !program->program_pin;

		if (!weir_fence_has(fence, program))
			continue;
		if (weir_bpf_visit_pin(fence->bpf, is_link ? program->pin : program->program_pin,
				       is_link, fn, data, err) < 0)
			return err->code;
	}
	if (fence->tier >= WEIR_TIER_3 &&
	    weir_bpf_visit_pin(fence->bpf, WEIR_FENCE_ARM_PIN, false, fn, data, err) < 0)
		return err->code;
	return weir_bpf_visit_pin(fence->bpf, WEIR_FENCE_LEVEL_PIN, false, fn, data, err);
}

void weir_fence_set_ports(struct weir_fence *fence, const uint16_t *ports, size_t n)
{
	if (n > WEIR_FENCE_PORTS)
		n = WEIR_FENCE_PORTS;
	for (size_t i = 0; i < n; i++)
		__atomic_store_n(&fence->settings->ports[i], ports[i], __ATOMIC_RELEASE);
	__atomic_store_n(&fence->settings->n_ports, (uint32_t)n, __ATOMIC_RELEASE);
}

int weir_fence_add_address(struct weir_fence *fence, const struct weir_address *address,
			   struct weir_error *err)
{
	const uint32_t there = 1;

	if (bpf_map_update_elem(fence->map_fds[WEIR_FENCE_LOCALS], address, &there, BPF_ANY) < 0)
		return weir_fail(err, -errno, "enter an address of the node: %s", strerror(errno));
	return 0;
}

void weir_fence_remove_address(struct weir_fence *fence, const struct weir_address *address)
{
	bpf_map_delete_elem(fence->map_fds[WEIR_FENCE_LOCALS], address);
}

static int on_record(void *data, void *record, size_t size)
{
	struct weir_fence *fence = data;

	if (size >= sizeof(struct weir_denied) && fence->on_denied)
		fence->on_denied(record, fence->data);
	return 0;
}

int weir_fence_on_denied(struct weir_fence *fence, weir_denied_fn *fn, void *data,
			 struct weir_error *err)
{
	fence->on_denied = fn;
	fence->data = data;
	fence->ring = ring_buffer__new(fence->map_fds[WEIR_FENCE_DENIALS], on_record, fence, NULL);
	return fence->ring ? 0
			   : weir_fail(err, -errno, "map the fence's ring: %s", strerror(errno));
}

int weir_fence_fd(const struct weir_fence *fence)
{
	return ring_buffer__epoll_fd(fence->ring);
}

void weir_fence_read(struct weir_fence *fence)
{
	ring_buffer__consume(fence->ring);
}
