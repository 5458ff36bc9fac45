/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/volumes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/text.h"

/* Passable: who may do what inside, the volume's own directory says. */
#define DIR_MODE    0711
#define VOLUME_MODE 0755

int weir_volume_path(const char *dir, uint64_t key, char path[static PATH_MAX],
		     struct weir_error *err)
{
	int n = snprintf(path, PATH_MAX, "%s/%llu", dir, (unsigned long long)key);

	if (n < 0 || n >= PATH_MAX)
		return weir_fail(err, -ENAMETOOLONG,
				 "the volumes' directory '%s' has too long a name", dir);
	return 0;
}

static int sync_dir(const char *dir, struct weir_error *err)
{
	scoped(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return weir_fail(err, -errno, "sync %s: %s", dir, strerror(errno));
	return 0;
}

int weir_volume_make(const char *dir, uint64_t key, struct weir_error *err)
{
	char path[PATH_MAX];
	int r;

	if (weir_mkdir_p(dir, DIR_MODE, err) < 0 || weir_volume_path(dir, key, path, err) < 0)
		return err->code;
	r = weir_fault("volume.make");
	/* An empty one is what a daemon that was killed here has left. */
	if (r == 0 && mkdir(path, VOLUME_MODE) < 0)
		r = errno == EEXIST && rmdir(path) == 0 && mkdir(path, VOLUME_MODE) == 0 ? 0
											 : -errno;
	if (r == 0 && chmod(path, VOLUME_MODE) < 0) /* whatever the umask */
		r = -errno;
	if (r < 0)
		return weir_fail(err, r == -ENOTEMPTY ? -EEXIST : r, "make %s: %s", path,
				 strerror(-r));
	r = weir_fault("volume.sync");
	if (r < 0)
		return weir_fail(err, r, "sync %s: %s", path, strerror(-r));
	return sync_dir(path, err) < 0 ? err->code : sync_dir(dir, err);
}

static bool is_empty(int fd)
{
	scoped(closedirp) DIR *dir = weir_opendir_at(fd, ".");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!weir_text_is_dots(entry->d_name))
			return false;
	}
	return dir;
}

int weir_volume_give(const char *path, uint32_t uid, uint32_t gid, struct weir_error *err)
{
	scoped(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat found;

	if (fd < 0 || fstat(fd, &found) < 0)
		return weir_fail(err, -errno, "open %s: %s", path, strerror(errno));
	if (found.st_uid != 0 || uid == 0 || !is_empty(fd))
		return 0;
	return fchown(fd, uid, gid) < 0
		       ? weir_fail(err, -errno, "give %s to its user: %s", path, strerror(errno))
		       : 0;
}

int weir_volume_unmake(const char *dir, uint64_t key, struct weir_error *err)
{
	char path[PATH_MAX];

	if (weir_volume_path(dir, key, path, err) < 0)
		return err->code;
	if (rmdir(path) < 0 && errno != ENOENT)
		return weir_fail(err, -errno, "remove %s: %s", path, strerror(errno));
	return 0;
}

/* ---- Removing a tree: no deeper than two directories, however deep it is ---- */

/* A name in @top that nothing there has. */
static void fresh_name(char name[static 32])
{
	static unsigned long n;

	snprintf(name, 32, ".weir-%d-%lu", (int)getpid(), ++n);
}

/* What is in the directory @name of @top: files go; directories come up into @top, to have their turn. */
static int empty_into(int top, const char *name)
{
	scoped(closedirp) DIR *dir = weir_opendir_at(top, name);
	const struct dirent *entry;
	char fresh[32];
	int fd, r;

	if (!dir)
		return -errno;
	fd = dirfd(dir);
	while ((entry = readdir(dir))) {
		if (weir_text_is_dots(entry->d_name))
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return -errno;
		if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -errno;
		do {
			fresh_name(fresh);
			r = renameat2(fd, entry->d_name, top, fresh, RENAME_NOREPLACE) < 0 ? -errno
											   : 0;
		} while (r == -EEXIST);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One round over @top. 1: there was something; 0: it is empty. */
static int empty_once(int top)
{
	scoped(closedirp) DIR *dir = weir_opendir_at(top, ".");
	const struct dirent *entry;
	int any = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int r;

		if (weir_text_is_dots(entry->d_name))
			continue;
		any = 1;
		if (unlinkat(top, entry->d_name, 0) == 0 ||
		    unlinkat(top, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -errno;
		r = empty_into(top, entry->d_name);
		if (r < 0)
			return r;
		if (unlinkat(top, entry->d_name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY)
			return -errno;
	}
	return any;
}

int weir_volume_remove(const char *dir, uint64_t key, struct weir_error *err)
{
	scoped(closep) int top = -1;
	char path[PATH_MAX];
	int r;

	if (weir_volume_path(dir, key, path, err) < 0)
		return err->code;
	top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT
			       ? 0
			       : weir_fail(err, -errno, "open %s: %s", path, strerror(errno));
	do {
		r = weir_fault("volume.remove");
		if (r == 0)
			r = empty_once(top);
	} while (r > 0);
	if (r == 0 && rmdir(path) < 0)
		r = -errno;
	if (r < 0)
		return weir_fail(err, r, "remove what is in %s: %s", path, strerror(-r));
	return sync_dir(dir, err);
}

int weir_volumes_each(const char *dir, weir_volume_fn *fn, void *data, struct weir_error *err)
{
	scoped(closedirp) DIR *all = opendir(dir);
	const struct dirent *entry;
	char *end;

	if (!all)
		return errno == ENOENT
			       ? 0
			       : weir_fail(err, -errno, "open %s: %s", dir, strerror(errno));
	while ((entry = readdir(all))) {
		unsigned long long key = strtoull(entry->d_name, &end, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && !*end)
			fn(key, data);
	}
	return 0;
}
