/* SPDX-License-Identifier: Apache-2.0 */
#include "control/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/quantity.h"

#define PATH_DISK  "PATH:"
#define MOUNT_DISK "MOUNT:"
#define MIB	   (1ull << 20)

/* One of the text, cut at its parts. */
struct entry {
	char name[PATH_MAX + sizeof(MOUNT_DISK)]; /* "PATH:/srv/a" */
	const char *root; /* "/srv/a", in the name */
	uint64_t bytes; /* WEIR_ABSENT: not said */
	bool whole;
};

static int read_entry(char *word, struct entry *ret, struct weir_error *err)
{
	bool is_path = strncmp(word, PATH_DISK, strlen(PATH_DISK)) == 0;
	bool is_mount = strncmp(word, MOUNT_DISK, strlen(MOUNT_DISK)) == 0;
	size_t kind = is_path ? strlen(PATH_DISK) : strlen(MOUNT_DISK);
	char *size;

	*ret = (struct entry){ .bytes = WEIR_ABSENT, .whole = is_mount };
	ret->root = ret->name + kind;
	if (!is_path && !is_mount)
		return weir_fail(err, -EINVAL,
				 "'%.64s' is no disk: expected PATH:/DIR:SIZE or "
				 "MOUNT:/DIR",
				 word);
	size = strchr(word + kind, ':');
	if (size)
		*size++ = '\0';
	if (word[kind] != '/' || !word[kind + 1] || strstr(word, "/../"))
		return weir_fail(err, -EINVAL, "'%.64s': expected an absolute directory behind it",
				 word);
	if (size && weir_parse_memory(size, &ret->bytes, err) < 0)
		return err->code;
	if (!size && is_path)
		return weir_fail(err, -EINVAL, "'%.64s' has no size: expected PATH:/DIR:SIZE",
				 word);
	if (snprintf(ret->name, sizeof(ret->name), "%s", word) >= (int)sizeof(ret->name))
		return weir_fail(err, -EINVAL, "'%.64s' is too long", word);
	return 0;
}

typedef int entry_fn(const struct entry *entry, void *data, struct weir_error *err);

static int each_entry(const char *text, entry_fn *fn, void *data, struct weir_error *err)
{
	scoped(freep) char *copy = strdup(text);
	char *rest = copy, *word;
	size_t n = 1;

	if (!copy)
		return weir_fail_memory(err);
	while ((word = strsep(&rest, ", \t"))) {
		struct entry entry = {};

		if (!*word)
			continue;
		if (++n > WEIR_DISKS_MAX)
			return weir_fail(err, -EINVAL, "more than %d disks", WEIR_DISKS_MAX - 1);
		if (read_entry(word, &entry, err) < 0 || (fn && fn(&entry, data, err) < 0))
			return err->code;
	}
	return 0;
}

int weir_disks_check(const char *text, struct weir_error *err)
{
	return each_entry(text, NULL, NULL, err);
}

/* In whole MiB: what Mesos counts disk in. */
static int size_of(const char *dir, uint64_t *ret, struct weir_error *err)
{
	struct statvfs fs;

	if (statvfs(dir, &fs) < 0)
		return weir_fail(err, -errno, "disk '%s': %s", dir, strerror(errno));
	*ret = (uint64_t)fs.f_blocks * fs.f_frsize / MIB * MIB;
	return 0;
}

/* @lock is taken. */
static int add(struct weir_disks *disks, const char *name, char *dir, uint64_t bytes, bool whole,
	       int lock, struct weir_error *err)
{
	char *copy = strdup(name);

	if (!copy || !dir) {
		free(copy);
		free(dir);
		close_fd(lock);
		return weir_fail_memory(err);
	}
	disks->locks[disks->n] = lock;
	disks->dirs[disks->n] = dir;
	disks->list[disks->n++] =
		(struct weir_disk){ .name = copy, .bytes = bytes, .whole = whole };
	return 0;
}

static char *dir_below(const char *root, const char *name)
{
	char *dir = NULL;

	return asprintf(&dir, "%s/%s", root, name) < 0 ? NULL : dir;
}

static int lock_root(const char *root, int *ret, struct weir_error *err)
{
	scoped(closep) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return weir_fail(err, -errno, "disk '%s': %s", root, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return weir_fail(err, -errno, "disk '%s': %s", root,
				 errno == EWOULDBLOCK ? "it is another daemon's, or named twice"
						      : strerror(errno));
	*ret = take_fd(fd);
	return 0;
}

static int add_entry(const struct entry *entry, void *data, struct weir_error *err)
{
	uint64_t bytes = entry->bytes, there = 0;
	int lock = -1;

	if (size_of(entry->root, &there, err) < 0 || lock_root(entry->root, &lock, err) < 0)
		return err->code;
	return add(data, entry->name, dir_below(entry->root, "weir-volumes"),
		   bytes == WEIR_ABSENT ? there : bytes, entry->whole, lock, err);
}

int weir_disks_find(const char *state_dir, uint64_t root_bytes, const char *text,
		    struct weir_disks *ret, struct weir_error *err)
{
	scoped(weir_disks_done) struct weir_disks disks = {};

	if (root_bytes == WEIR_ABSENT && size_of(state_dir, &root_bytes, err) < 0)
		return err->code;
	if (add(&disks, "", dir_below(state_dir, "volumes"), root_bytes, false, -1, err) < 0 ||
	    each_entry(text, add_entry, &disks, err) < 0)
		return err->code;
	*ret = disks;
	disks = (struct weir_disks){};
	return 0;
}

void weir_disks_done(struct weir_disks *disks)
{
	for (size_t i = 0; i < disks->n; i++) {
		free(disks->list[i].name);
		free(disks->dirs[i]);
		close_fd(disks->locks[i]);
	}
	*disks = (struct weir_disks){};
}
