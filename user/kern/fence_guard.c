/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tier 3: what is pinned is told to the programs that guard it, and that this process may change it.
 *
 * What is gone stays in the list: ids and numbers of inodes do not come again while the machine runs.
 */
#define _XOPEN_SOURCE 700 /* nftw() */

#include "kern/fence_internal.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/error.h"

#define WALK_FDS 8
#define OTHERS	 0044

/* nftw() has no argument for its caller. One daemon has one fence, and one thread that opens it. */
static struct walk {
	struct weir_fence *fence;
	struct weir_error *err;
} walk;

static int add(enum weir_guarded_kind kind, uint64_t id)
{
	const struct weir_guarded key = { .kind = kind, .id = id };
	const uint32_t there = 1;

	if (bpf_map_update_elem(walk.fence->map_fds[WEIR_FENCE_GUARDED], &key, &there, BPF_ANY) ==
	    0)
		return 0;
	return weir_fail(walk.err, -errno, "guard what is pinned: %s", strerror(errno));
}

/* Is it a link, say? As the kernel calls the file. */
static bool is_a(int fd, const char *kind)
{
	char path[32], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strstr(target, kind) != NULL;
}

static int add_object(const char *path, mode_t mode)
{
	scoped(closep) int fd = bpf_obj_get(path);
	struct bpf_map_info map = {};
	struct bpf_link_info link = {};
	uint32_t map_len = sizeof(map), link_len = sizeof(link);

	/* It has gone meanwhile, or is an iterator's. */
	if (fd < 0)
		return 0;
	if (is_a(fd, "bpf-map") && bpf_map_get_info_by_fd(fd, &map, &map_len) == 0)
		return add(mode & OTHERS ? WEIR_GUARDED_METRICS : WEIR_GUARDED_MAP, map.id);
	/* One that is new is "bpf_link", one that was pinned "bpf-link". */
	if (is_a(fd, "link") && bpf_link_get_info_by_fd(fd, &link, &link_len) == 0)
		return add(WEIR_GUARDED_LINK, link.id);
	return 0;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (add(WEIR_GUARDED_INODE, st->st_ino) < 0)
		return -1;
	return type == FTW_F ? add_object(path, st->st_mode) : 0;
}

int weir_fence_arm(struct weir_fence *fence, struct weir_error *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	scoped(closep) int program_fd = -1;
	struct stat pins, mounts;

	if (fence->tier < WEIR_TIER_3)
		return 0;
	program_fd = weir_bpf_open_pin(fence->bpf, WEIR_FENCE_ARM_PIN, err);
	if (program_fd < 0)
		return program_fd;
	/* First, or what is added now is kept from us, too. */
	if (bpf_prog_test_run_opts(program_fd, &opts) < 0)
		return weir_fail(err, -errno, "arm the fence's guard: %s", strerror(errno));
	if (stat(fence->bpf->dir, &pins) < 0 || stat("/proc/self/ns/mnt", &mounts) < 0)
		return weir_fail(err, -errno, "arm the fence's guard: '%s': %s", fence->bpf->dir,
				 strerror(errno));
	fence->settings->guard_dev = weir_fence_kernel_dev(pins.st_dev);
	fence->settings->guard_mount_ns = (uint32_t)mounts.st_ino;
	walk = (struct walk){ .fence = fence, .err = err };
	if (nftw(fence->bpf->dir, visit, WALK_FDS, FTW_PHYS | FTW_MOUNT) != 0)
		return err->code < 0 ? err->code
				     : weir_fail(err, -EIO, "arm the fence's guard: '%s': %s",
						 fence->bpf->dir, strerror(errno));
	return 0;
}
