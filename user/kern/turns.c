/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/turns.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <linux/perf_event.h>

#include "base/error.h"
#include "base/thread.h"
#include "kern/bpf_internal.h"

struct turn {
	int cpu;
	int timer_fd, stop_fd; /* the latter is that of all */
	void *ring;
	pthread_t thread;
	bool started;
};

struct weir_turns {
	int stop_fd;
	bool on;
	size_t n;
	struct turn all[];
};

/* A page for the kernel and one for the records, in which nobody is interested. */
static size_t ring_size(void)
{
	return 2 * (size_t)sysconf(_SC_PAGESIZE);
}

/* Whoever was on this CPU has been put aside by the time poll() returns. */
static void *take_turns(void *data)
{
	const struct turn *turn = data;
	struct pollfd fds[] = {
		{ .fd = turn->timer_fd, .events = POLLIN },
		{ .fd = turn->stop_fd, .events = POLLIN },
	};
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET((size_t)turn->cpu, &here);
	/* Anywhere else it would only be in the way. Without priority it still goes before the idle class. */
	if (sched_setaffinity(0, sizeof(here), &here) < 0)
		return NULL;
	weir_thread_take_priority();
	do {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			break;
	} while (!fds[1].revents && !(fds[0].revents & ~POLLIN));
	return NULL;
}

/* By the clock, since virtual machines have no counters; the program says which expiries count. */
static int open_timer(int cpu, int program_fd)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = WEIR_TURN_NS,
		.wakeup_events = 1,
		.disabled = 1,
		.exclude_idle = 1,
	};
	scoped(closep) int fd =
		(int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) < 0)
		return -errno;
	return take_fd(fd);
}

static int start(struct turn *turn, int cpu, int program_fd, int stop_fd, struct weir_error *err)
{
	*turn = (struct turn){ .cpu = cpu, .stop_fd = stop_fd, .ring = MAP_FAILED };
	turn->timer_fd = open_timer(cpu, program_fd);
	if (turn->timer_fd < 0)
		return weir_fail(err, turn->timer_fd, "a timer of CPU %d: %s", cpu,
				 strerror(-turn->timer_fd));
	/* An event wakes nobody without one. Mapped for reading only it is never full. */
	turn->ring = mmap(NULL, ring_size(), PROT_READ, MAP_SHARED, turn->timer_fd, 0);
	if (turn->ring == MAP_FAILED)
		return weir_fail(err, -errno, "map the timer of CPU %d: %s", cpu, strerror(errno));
	if (weir_thread_start("weir-turn", take_turns, turn, &turn->thread, err) < 0)
		return err->code;
	turn->started = true;
	return 0;
}

int weir_turns_new(const struct weir_bpf *bpf, struct weir_turns **ret, struct weir_error *err)
{
	scoped(closep) int program_fd =
		weir_bpf_open_pin(bpf, weir_pinned_links[WEIR_LINK_TURN].pin, err);
	size_t n_cpus = bpf->node->n_cpus;
	scoped(weir_turns_freep) struct weir_turns *turns =
		calloc(1, sizeof(*turns) + n_cpus * sizeof(turns->all[0]));

	if (!turns)
		return weir_fail_memory(err);
	turns->stop_fd = -1;
	if (program_fd < 0)
		return err->code;
	turns->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (turns->stop_fd < 0)
		return weir_fail(err, -errno, "eventfd: %s", strerror(errno));
	for (size_t i = 0; i < n_cpus; i++) {
		int r = start(&turns->all[turns->n++], (int)i, program_fd, turns->stop_fd, err);

		if (r == -ENODEV) /* offline */
			turns->n--;
		else if (r < 0)
			return r;
	}
	*ret = take_ptr(turns);
	return 0;
}

struct weir_turns *weir_turns_free(struct weir_turns *turns)
{
	if (!turns)
		return NULL;
	if (turns->stop_fd >= 0)
		eventfd_write(turns->stop_fd, 1);
	for (size_t i = 0; i < turns->n; i++) {
		struct turn *turn = &turns->all[i];

		if (turn->started)
			pthread_join(turn->thread, NULL);
		if (turn->ring != MAP_FAILED)
			munmap(turn->ring, ring_size());
		close_fd(turn->timer_fd);
	}
	close_fd(turns->stop_fd);
	free(turns);
	return NULL;
}

void weir_turns_set(struct weir_turns *turns, bool on)
{
	if (!turns || turns->on == on)
		return;
	for (size_t i = 0; i < turns->n; i++)
		ioctl(turns->all[i].timer_fd, on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE,
		      0);
	turns->on = on;
}
