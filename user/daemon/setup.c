/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/setup.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "kern/process.h"
#include "weir/abi.h"

#define BPFFS_ROOT	"/sys/fs/bpf"
#define OWN_OOM_SCORE	-900 /* not -1000: something on the machine has to be killable */
#define NICE_FALLBACK	-10
#define FDS_BESIDE_PIDS 4096 /* connections, pipes, maps */
#define MMAP_THRESHOLD	(128 << 10) /* glibc's own, to begin with */

/*
 * While the node is short of memory the kernel takes pages of programs back, and whoever is to relieve
 * it must not wait for a disk. Only what has been touched: stacks and maps are mostly never used.
 */
static void keep_in_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		weir_info("not locked in memory (%s): under pressure the squeeze may come late",
			  strerror(errno));
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* A pidfd per container, and what is left for the rest; else as many as we may have. */
static void raise_fd_limit(void)
{
	const rlim_t wanted = WEIR_MAX_CONTAINERS + FDS_BESIDE_PIDS;
	struct rlimit limit, higher;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	higher.rlim_cur = wanted;
	higher.rlim_max = limit.rlim_max > wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	weir_debug("at most %ju open files, %ju are wanted", (uintmax_t)limit.rlim_max,
		   (uintmax_t)wanted);
}

/*
 * The daemon must not queue behind those whom it is to hold back. Real time where the kernel
 * allows it, and reset on fork either way, so that neither threads nor containers inherit it.
 */
static void raise_priority(void)
{
	const struct sched_param real_time = { .sched_priority = 1 }, normal = {};

	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &real_time) == 0)
		return;
	weir_debug("no real-time priority: %s, going on at nice %d", strerror(errno),
		   NICE_FALLBACK);
	if (setpriority(PRIO_PROCESS, 0, NICE_FALLBACK) < 0 ||
	    sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &normal) < 0)
		weir_debug("no priority over others: %s", strerror(errno));
}

/*
 * Long bodies and answers are given back to the system when they are done. By itself glibc raises
 * the threshold with the first of them, and keeps all later ones, in pieces.
 */
static void give_memory_back(void)
{
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
}

void weir_setup_process(void)
{
	struct weir_error err = {};

	keep_in_memory();
	block_signals();
	give_memory_back();
	umask(022);
	raise_fd_limit();
	if (weir_process_set_oom_score_adj(getpid(), OWN_OOM_SCORE, &err) < 0)
		weir_debug("own OOM score stays as it is: %s", err.text);
	raise_priority();
}

int weir_setup_bpffs(const char *pin_dir, struct weir_error *err)
{
	int r;

	if (strncmp(pin_dir, BPFFS_ROOT "/", strlen(BPFFS_ROOT "/")) != 0)
		return 0;
	r = weir_is_on_fs(BPFFS_ROOT, BPF_FS_MAGIC);
	if (r == 1)
		return 0;
	if (r < 0)
		return weir_fail(err, r, "look at " BPFFS_ROOT ": %s; is sysfs mounted?",
				 strerror(-r));

	if (mount("bpf", BPFFS_ROOT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") < 0)
		return weir_fail(err, -errno, "mount a bpffs on " BPFFS_ROOT ": %s",
				 strerror(errno));
	weir_info("mounted a bpffs on " BPFFS_ROOT ", there was none");
	return 0;
}

void weir_setup_warn_closed(const char *pin_dir, gid_t reader_gid)
{
	char path[PATH_MAX];
	struct stat st;

	if (reader_gid == (gid_t)-1 || strlen(pin_dir) >= sizeof(path))
		return;
	for (const char *slash = strchr(pin_dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		mode_t needed;

		memcpy(path, pin_dir, (size_t)(slash - pin_dir));
		path[slash - pin_dir] = '\0';
		if (stat(path, &st) < 0)
			return;
		needed = st.st_gid == reader_gid ? S_IXGRP : S_IXOTH;
		if (!(st.st_mode & needed))
			weir_warn("%s has mode %04o: group %u can't get to the pins below it "
				  "(chmod o+x, or another pin_dir)",
				  path, st.st_mode & 07777, (unsigned int)reader_gid);
	}
}
