/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "kern/probe_bpf.h"
#include "kern/probe_fence.h"
#include "kern/probe_internal.h"
#include "weir/abi.h"

/* The initial pid namespace has this inode on every kernel (PROC_PID_INIT_INO). */
#define INITIAL_PID_NS 4026531836UL

/* Text of a small file; NULL: it can't be read. */
static const char *text_of(const char *path, char *buf, size_t size)
{
	struct weir_error ignored;

	return weir_file_read(AT_FDCWD, path, buf, size, &ignored) >= 0 ? buf : NULL;
}

static enum weir_probe_state check_privileges(const struct weir_probed *machine, char *found,
					      size_t size)
{
	static const uint64_t needed = 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_DAC_OVERRIDE |
				       1ULL << CAP_KILL | 1ULL << CAP_SETUID | 1ULL << CAP_SETGID;
	char text[4096];
	const char *line = text_of("/proc/self/status", text, sizeof(text));
	uint64_t effective = 0;

	(void)machine;
	line = line ? strstr(line, "\nCapEff:") : NULL;
	if (!line || sscanf(line, "\nCapEff: %" SCNx64, &effective) != 1) {
		snprintf(found, size, "/proc/self/status does not tell our capabilities");
		return WEIR_PROBE_MISSING;
	}
	snprintf(found, size, "uid %u, capabilities %" PRIx64, (unsigned int)geteuid(), effective);
	return (effective & needed) == needed ? WEIR_PROBE_OK : WEIR_PROBE_MISSING;
}

static enum weir_probe_state check_kernel(const struct weir_probed *machine, char *found,
					  size_t size)
{
	struct utsname names = {};

	uname(&names);
	snprintf(found, size, "%s", names.release);
	return machine->release >= weir_probe_release(6, 1) ? WEIR_PROBE_OK : WEIR_PROBE_DEGRADED;
}

static enum weir_probe_state check_btf(const struct weir_probed *machine, char *found, size_t size)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";

	(void)machine;
	if (access(path, R_OK) < 0) {
		snprintf(found, size, "%s: %s", path, strerror(errno));
		return WEIR_PROBE_MISSING;
	}
	snprintf(found, size, "%s is there", path);
	return WEIR_PROBE_OK;
}

/* The pin directory is made later: its nearest ancestor that exists decides. */
static enum weir_probe_state check_bpffs(const struct weir_probed *machine, char *found,
					 size_t size)
{
	char path[PATH_MAX];
	char *slash;
	int r;

	snprintf(path, sizeof(path), "%s", machine->pin_dir);
	while ((r = weir_is_on_fs(path, BPF_FS_MAGIC)) == -ENOENT) {
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			break;
		*slash = '\0';
	}

	/* Only root may look behind a bpffs mount, so not being let in is no bad sign. */
	if (r == -EACCES) {
		snprintf(found, size, "only root can look at %s", machine->pin_dir);
		return WEIR_PROBE_OK;
	}
	snprintf(found, size, "%s %s a bpffs", machine->pin_dir, r == 1 ? "lies on" : "is not on");
	return r == 1 ? WEIR_PROBE_OK : WEIR_PROBE_MISSING;
}

static enum weir_probe_state check_cgroup2(const struct weir_probed *machine, char *found,
					   size_t size)
{
	const char *path = machine->mounts.cgroup2;

	snprintf(found, size, *path ? "mounted at %s" : "mounted nowhere", path);
	return *path ? WEIR_PROBE_OK : WEIR_PROBE_DEGRADED;
}

/* @lacking: what it is that a controller is nowhere. */
static enum weir_probe_state check_place(const struct weir_probed *machine, enum weir_subsys subsys,
					 enum weir_probe_state lacking, char *found, size_t size)
{
	const struct weir_place *place = weir_probe_place(machine, subsys);

	if (!place->version) {
		snprintf(found, size, "in no mounted hierarchy");
		return lacking;
	}
	snprintf(found, size, "v%d at %s", place->version, place->path);
	return WEIR_PROBE_OK;
}

static enum weir_probe_state check_cpu(const struct weir_probed *machine, char *found, size_t size)
{
	return check_place(machine, WEIR_SUBSYS_CPU, WEIR_PROBE_MISSING, found, size);
}

static enum weir_probe_state check_memory(const struct weir_probed *machine, char *found,
					  size_t size)
{
	return check_place(machine, WEIR_SUBSYS_MEMORY, WEIR_PROBE_MISSING, found, size);
}

/* These are for containers that ask for them. */
static enum weir_probe_state check_pids(const struct weir_probed *machine, char *found, size_t size)
{
	return check_place(machine, WEIR_SUBSYS_PIDS, WEIR_PROBE_DEGRADED, found, size);
}

static enum weir_probe_state check_cpuset(const struct weir_probed *machine, char *found,
					  size_t size)
{
	return check_place(machine, WEIR_SUBSYS_CPUSET, WEIR_PROBE_DEGRADED, found, size);
}

static enum weir_probe_state check_memory_version(const struct weir_probed *machine, char *found,
						  size_t size)
{
	bool v2 = weir_probe_place(machine, WEIR_SUBSYS_MEMORY)->version == 2;

	snprintf(found, size, v2 ? "memory is on v2" : "memory is not on v2");
	return v2 ? WEIR_PROBE_OK : WEIR_PROBE_DEGRADED;
}

/* By having it for an instant: a v1 cpu group may have no real-time budget, a sandbox no right. */
static enum weir_probe_state check_priority(const struct weir_probed *machine, char *found,
					    size_t size)
{
	static const struct sched_param ordinary;
	int r = weir_thread_take_priority();

	(void)machine;
	if (r == 0)
		sched_setscheduler(0, SCHED_OTHER, &ordinary);
	snprintf(found, size, "a real-time priority %s%s",
		 r == 0 ? "can be had" : "can't be had: ", r == 0 ? "" : strerror(-r));
	return r == 0 ? WEIR_PROBE_OK : WEIR_PROBE_DEGRADED;
}

static enum weir_probe_state check_siblings(const struct weir_probed *machine, char *found,
					    size_t size)
{
	if (!*machine->cgroup_parent) {
		snprintf(found, size, "containers lie at the top, beside all others");
		return WEIR_PROBE_OK;
	}
	snprintf(found, size, "containers lie below '%s'", machine->cgroup_parent);
	return WEIR_PROBE_DEGRADED;
}

static enum weir_probe_state check_psi(const struct weir_probed *machine, char *found, size_t size)
{
	static const char path[] = "/proc/pressure/memory";
	struct weir_error err;
	char text[512];

	(void)machine;
	/* Compiled in but off, it is there and refuses to be opened. */
	if (weir_file_read(AT_FDCWD, path, text, sizeof(text), &err) < 0) {
		snprintf(found, size, "%s", err.text);
		return WEIR_PROBE_DEGRADED;
	}
	snprintf(found, size, "%s can be read", path);
	return WEIR_PROBE_OK;
}

static enum weir_probe_state check_pid_namespace(const struct weir_probed *machine, char *found,
						 size_t size)
{
	struct stat st = {};
	bool initial = stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == INITIAL_PID_NS;

	(void)machine;
	snprintf(found, size, initial ? "the initial one" : "not the initial one");
	return initial ? WEIR_PROBE_OK : WEIR_PROBE_DEGRADED;
}

static enum weir_probe_state check_programs(const struct weir_probed *machine, char *found,
					    size_t size)
{
	return weir_probe_bpf(machine->pin_dir, found, size);
}

static const struct {
	const char *name;
	weir_check_fn *check; /* NULL: of the fence, what it costs depends on what is found */
	const char *cost, *remedy;
} checks[] = {
	{ "privileges", check_privileges, "weir-daemon can neither limit nor start containers",
	  "run weir-daemon as root" },
	{ "kernel", check_kernel, "weir is tried on 6.1 and later only", "run a kernel >= 6.1" },
	{ "BTF", check_btf, "the BPF programs can't be fitted to this kernel",
	  "run a kernel built with CONFIG_DEBUG_INFO_BTF=y" },
	{ "bpffs", check_bpffs, "programs and maps can't be pinned",
	  "mount -t bpf bpf /sys/fs/bpf, and put the pin directory below it" },
	{ "BPF programs", check_programs, "nothing is metered, and weir-daemon does not start",
	  "what is wrong stands beside it; the verifier's words are on stderr" },
	{ "cgroup2", check_cgroup2,
	  "weir-daemon mounts one for itself, which others don't see used",
	  "mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified" },
	{ "cpu controller", check_cpu, "CPU can be neither shared nor limited",
	  "mount the controller; boot without cgroup_disable=cpu" },
	{ "memory controller", check_memory, "memory can be neither protected nor limited",
	  "mount the controller; boot without cgroup_disable=memory" },
	{ "pids controller", check_pids, "--pids is refused",
	  "mount the controller; boot without cgroup_disable=pids" },
	{ "cpuset controller", check_cpuset, "--cpus-set is refused",
	  "mount the controller, on v2 where the kernel lacks CONFIG_CPUSETS_V1" },
	{ "memory on v2", check_memory_version,
	  "memory requests are soft limits; out of memory kills one process, weir then the rest",
	  "boot with cgroup_no_v1=memory, or with the unified hierarchy" },
	{ "cgroup.kill", weir_probe_kill, "containers are killed process by process",
	  "run a kernel >= 5.14" },
	{ "cpu.idle", weir_probe_idle, "bursting can't yield to guaranteed containers at once",
	  "run a kernel >= 5.15 built with CONFIG_FAIR_GROUP_SCHED=y" },
	{ "siblings", check_siblings,
	  "only siblings give way to each other: with a burster the whole parent does, and "
	  "services "
	  "in it are protected later",
	  "leave cgroup_parent empty in weir.conf, if the top may be used" },
	{ "priority", check_priority, "under load bands change late: the daemon waits like others",
	  "run weir-daemon with CAP_SYS_NICE, in a group that may have real-time threads" },
	{ "cpu burst", weir_probe_burst, "--cpu-burst is refused", "run a kernel >= 5.14" },
	{ "freezer", weir_probe_freezer, "containers can't be paused", "run a kernel >= 5.2" },
	{ "memory peak", weir_probe_peak, "peaks are only as fine as the samples",
	  "run a kernel >= 5.19" },
	{ "memory.reclaim", weir_probe_reclaim, "memory can't be taken back in small steps",
	  "run a kernel >= 5.19 with the memory controller on v2" },
	{ "PSI", check_psi, "shortage is noticed by watermarks alone",
	  "boot with psi=1, on a kernel built with CONFIG_PSI=y" },
	{ "pid namespace", check_pid_namespace,
	  "the kernel's programs see other pids than weir-daemon, which can lose exit statuses",
	  "run weir-daemon outside of any container" },
	{ "fence tier", NULL, NULL, NULL },
	{ "swap accounting", weir_probe_swap, "containers can swap beyond their memory limit",
	  "boot with swapaccount=1, or without swap" },
};

static void run_check(const struct weir_probed *machine, size_t i, struct weir_probe *probe)
{
	probe->name = checks[i].name;
	if (!checks[i].check) {
		weir_probe_fence(machine->mounts.cgroup2, machine->cgroup_prefix,
				 machine->fence_at_most, probe);
		return;
	}
	probe->state = checks[i].check(machine, probe->found, sizeof(probe->found));
	if (probe->state != WEIR_PROBE_OK) {
		probe->cost = checks[i].cost;
		probe->remedy = checks[i].remedy;
	}
}

enum weir_probe_state weir_probe_run(const struct weir_probe_options *options, weir_probe_fn *fn,
				     void *data)
{
	enum weir_probe_state worst = WEIR_PROBE_OK;
	struct weir_probed machine = {
		.pin_dir = options->pin_dir ? options->pin_dir : WEIR_PIN_DIR_DEFAULT,
		.cgroup_prefix = options->cgroup_prefix ? options->cgroup_prefix : "weir.",
		.cgroup_parent = options->cgroup_parent ? options->cgroup_parent : "",
		.fence_at_most = options->fence_at_most ? options->fence_at_most : WEIR_TIER_3,
	};
	unsigned int major = 0, minor = 0;
	struct weir_error ignored; /* what was not discovered is missing, and shown as that */
	struct utsname names;
	sigset_t all, before;

	if (uname(&names) == 0 && sscanf(names.release, "%u.%u", &major, &minor) == 2)
		machine.release = weir_probe_release(major, minor);
	weir_discover(&machine.mounts, &ignored);

	/* A group and pins are made and removed on the way: no signal ends us in between. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct weir_probe probe = {};

		run_check(&machine, i, &probe);
		if (probe.state > worst)
			worst = probe.state;
		fn(&probe, data);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return worst;
}

const char *weir_probe_state_name(enum weir_probe_state state)
{
	static const char *const names[] = {
		[WEIR_PROBE_OK] = "ok",
		[WEIR_PROBE_DEGRADED] = "degraded",
		[WEIR_PROBE_MISSING] = "missing",
	};

	return names[state];
}
