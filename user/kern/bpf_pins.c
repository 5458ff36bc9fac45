/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins: names and modes below the pin directory.
 *
 *	DIR/v1/node slots cpus index containers refresh	readers' group may read
 *	DIR/v1/private/…				maps that mean nothing to readers
 *	DIR/v1/links/…					what keeps the programs attached
 *	DIR/v1/fence/…					both, of the fence
 */
#include "kern/bpf_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

/* Programs and the pins of their links; the table's is what people read. */
const struct weir_pinned_link weir_pinned_links[WEIR_LINK_COUNT_] = {
	[WEIR_LINK_SWITCH] = { "weir_switch", "links/switch", false },
	[WEIR_LINK_FORK] = { "weir_fork", "links/fork", false },
	[WEIR_LINK_ATTACH] = { "weir_attach", "links/attach", false },
	[WEIR_LINK_EXEC] = { "weir_exec", "links/exec", false },
	[WEIR_LINK_EXIT] = { "weir_exit", "links/exit", false },
	[WEIR_LINK_WAITING] = { "weir_waiting", "private/waiting", true },
	[WEIR_LINK_TURN] = { "weir_turn", "private/turn", true },
	[WEIR_LINK_FOLLOW] = { "weir_follow", "private/follow", false },
	[WEIR_LINK_TABLE] = { "weir_table", "containers", false },
	[WEIR_LINK_REFRESH] = { "weir_refresh", "refresh", false },
};

const struct weir_pinned_map weir_pinned_maps[WEIR_MAP_COUNT_] = {
	[WEIR_MAP_NODE] = { "node", "weir_node", 0640 },
	[WEIR_MAP_SLOTS] = { "slots", "weir_slots", 0640 },
	[WEIR_MAP_CPUS] = { "cpus", "weir_cpus", 0640 },
	[WEIR_MAP_INDEX] = { "index", "weir_index", 0640 },
	[WEIR_MAP_SOURCES] = { "private/sources", "weir_sources", 0600 },
	[WEIR_MAP_THREADS] = { "private/threads", "weir_threads", 0600 },
	[WEIR_MAP_ASKED] = { "private/asked", "weir_asked", 0600 },
	[WEIR_MAP_BLAME] = { "private/blame", "weir_blame", 0600 },
};

int weir_bpf_pin_path(const struct weir_bpf *bpf, const char *name, char path[PATH_MAX],
		      struct weir_error *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", bpf->dir, name) >= PATH_MAX)
		return weir_fail(err, -ENAMETOOLONG, "pin directory '%s' is too long", bpf->dir);
	return 0;
}

int weir_bpf_open_pin(const struct weir_bpf *bpf, const char *name, struct weir_error *err)
{
	char path[PATH_MAX];
	int fd;

	if (weir_bpf_pin_path(bpf, name, path, err) < 0)
		return err->code;
	fd = bpf_obj_get(path);
	return fd < 0 ? weir_fail(err, -errno, "open pin '%s': %s", path, strerror(errno)) : fd;
}

bool weir_bpf_all_is_pinned(const struct weir_bpf *bpf)
{
	struct weir_error ignored = {};

	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++) {
		if (bpf->map_fds[i] < 0)
			return false;
	}
	for (size_t i = 0; i < WEIR_LINK_COUNT_; i++) {
		scoped(closep) int fd = weir_bpf_open_pin(bpf, weir_pinned_links[i].pin, &ignored);

		if (fd < 0)
			return false;
	}
	return true;
}

/* Is @path on a bpffs, or will it be once it is made? */
static bool is_on_bpffs(const char *path)
{
	char at[PATH_MAX];
	char *slash;
	int r;

	if (snprintf(at, sizeof(at), "%s", path) >= (int)sizeof(at))
		return false;
	while ((r = weir_is_on_fs(at, BPF_FS_MAGIC)) == -ENOENT && (slash = strrchr(at, '/')))
		*slash = '\0';
	return r == 1;
}

static int fail_fs(const char *pin_dir, struct weir_error *err)
{
	return weir_fail(err, -EMEDIUMTYPE,
			 "'%s' is not on a bpf file system: expected a path below /sys/fs/bpf, say",
			 pin_dir);
}

/* The version directory and those in it; root's, the readers' group may look. */
int weir_bpf_make_dirs(const struct weir_bpf *bpf, const struct weir_bpf_options *options,
		       struct weir_error *err)
{
	static const char *const private_dirs[] = { "private", "links", "fence" };
	char path[PATH_MAX];

	if (!is_on_bpffs(bpf->dir))
		return fail_fs(options->pin_dir, err);
	if (weir_mkdir_p(bpf->dir, 0750, err) < 0)
		return err->code;
	if (chown(options->pin_dir, 0, options->reader_gid) < 0 ||
	    chown(bpf->dir, 0, options->reader_gid) < 0)
		return weir_fail(err, -errno, "chown '%s': %s", bpf->dir, strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(private_dirs); i++) {
		if (weir_bpf_pin_path(bpf, private_dirs[i], path, err) < 0)
			return err->code;
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return weir_fail(err, -errno, "mkdir '%s': %s", path, strerror(errno));
	}
	return 0;
}

/* Take whatever maps are pinned; a missing one stays -1. */
int weir_bpf_open_maps(struct weir_bpf *bpf, struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++) {
		int fd = weir_bpf_open_pin(bpf, weir_pinned_maps[i].pin, err);

		if (fd < 0 && fd != -ENOENT)
			return fd;
		bpf->map_fds[i] = fd < 0 ? -1 : fd;
	}
	return 0;
}

/* Remove a pin; what is not there is fine. */
int weir_bpf_unpin(const struct weir_bpf *bpf, const char *name, struct weir_error *err)
{
	char path[PATH_MAX];

	if (weir_bpf_pin_path(bpf, name, path, err) < 0)
		return err->code;
	if (unlink(path) < 0 && errno != ENOENT)
		return weir_fail(err, -errno, "unlink '%s': %s", path, strerror(errno));
	return 0;
}

/* Pin @map under its name in one step, so that nobody finds a table missing meanwhile. */
int weir_bpf_pin_map(const struct weir_bpf *bpf, size_t which, gid_t gid, struct weir_error *err)
{
	char path[PATH_MAX], fresh[PATH_MAX];

	/* bpffs refuses names with a dot. */
	if (weir_bpf_pin_path(bpf, weir_pinned_maps[which].pin, path, err) < 0 ||
	    weir_bpf_pin_path(bpf, "private/fresh", fresh, err) < 0 ||
	    weir_bpf_unpin(bpf, "private/fresh", err) < 0)
		return err->code;
	if (bpf_obj_pin(bpf->map_fds[which], fresh) < 0)
		return weir_fail(err, -errno, "pin '%s': %s", fresh, strerror(errno));
	if (chown(fresh, 0, gid) < 0 || chmod(fresh, weir_pinned_maps[which].mode) < 0 ||
	    rename(fresh, path) < 0)
		return weir_fail(err, -errno, "pin '%s': %s", path, strerror(errno));
	return 0;
}

/* Everything below @dir_fd and the directories themselves; only our version directory is given. */
static int remove_below(int dir_fd, const char *name, struct weir_error *err)
{
	scoped(closedirp) DIR *dir = weir_opendir_at(dir_fd, name);
	struct dirent *entry;

	if (!dir)
		return errno == ENOENT
			       ? 0
			       : weir_fail(err, -errno, "open '%s': %s", name, strerror(errno));
	while ((entry = readdir(dir))) {
		if (weir_text_is_dots(entry->d_name))
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return weir_fail(err, -errno, "unlink '%s': %s", entry->d_name,
					 strerror(errno));
		if (remove_below(dirfd(dir), entry->d_name, err) < 0)
			return err->code;
	}
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return weir_fail(err, -errno, "rmdir '%s': %s", name, strerror(errno));
	return 0;
}

int weir_bpf_purge(const char *pin_dir, struct weir_error *err)
{
	scoped(closep) int fd = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT
			       ? 0
			       : weir_fail(err, -errno, "open '%s': %s", pin_dir, strerror(errno));
	/* A directory of that name anywhere else is not ours to empty. */
	if (!is_on_bpffs(pin_dir))
		return fail_fs(pin_dir, err);
	if (remove_below(fd, WEIR_PIN_VERSION_DIR, err) < 0)
		return weir_fail_in(err, "pin directory '%s'", pin_dir);
	/* Another version may still live here; then it stays. */
	if (rmdir(pin_dir) < 0 && errno != ENOTEMPTY && errno != EBUSY && errno != ENOENT)
		return weir_fail(err, -errno, "rmdir '%s': %s", pin_dir, strerror(errno));
	return 0;
}
