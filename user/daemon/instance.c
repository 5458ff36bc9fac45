/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/instance.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "control/lock.h"
#include "daemon/options.h"

#define PINS_PREFIX   "pins"
#define GROUPS_PREFIX "groups:"
#define SUFFIX	      ".lock"

/* One name, one file: '/' becomes ':', which like all that is not plain is written %3a. */
static void add_escaped(struct weir_buffer *name, const char *text)
{
	for (; *text; text++) {
		if (*text == '/')
			weir_buffer_add_byte(name, ':');
		else if (isalnum((unsigned char)*text) || strchr("_.-", *text))
			weir_buffer_add_byte(name, *text);
		else
			weir_buffer_printf(name, "%%%02x", (unsigned char)*text);
	}
}

/* *@ret is owned by the caller. */
static int make_path(const char *lock_dir, const char *kind, const char *first, const char *second,
		     char **ret, struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer path = WEIR_BUFFER_INIT(PATH_MAX - 1);
	size_t start;

	weir_buffer_printf(&path, "%s/", lock_dir);
	start = path.size;
	weir_buffer_add_text(&path, kind);
	add_escaped(&path, first);
	if (second)
		weir_buffer_printf(&path, ":%s", second);
	weir_buffer_add_text(&path, SUFFIX);
	if (path.failed == -ENOMEM)
		return weir_fail_memory(err);
	if (path.failed < 0 || path.size - start > NAME_MAX)
		return weir_fail(err, -ENAMETOOLONG,
				 "'%s' is too long a name to lock: expected one of fewer unusual "
				 "characters",
				 first);

	*ret = weir_buffer_take_text(&path);
	return *ret ? 0 : weir_fail_memory(err);
}

/* What a lock on groups is about, by its file's name: all as add_escaped() wrote it. */
struct place {
	char file[NAME_MAX + 1];
	const char *parent, *prefix; /* in @file; "": the top */
};

/* false: @file is no such lock. */
static bool read_place(const char *file, struct place *ret)
{
	size_t length = strlen(file), start = strlen(GROUPS_PREFIX);
	char *colon;

	if (length < start + strlen(SUFFIX) || strncmp(file, GROUPS_PREFIX, start) != 0 ||
	    strcmp(file + length - strlen(SUFFIX), SUFFIX) != 0)
		return false;
	length -= strlen(SUFFIX);
	memcpy(ret->file, file, length);
	ret->file[length] = '\0';
	colon = strrchr(ret->file + start, ':');
	if (!colon)
		return false;
	*colon = '\0';
	ret->parent = ret->file + start;
	ret->prefix = colon + 1;
	return true;
}

static bool begins(const char *text, const char *with)
{
	size_t n = strlen(with);

	return strncmp(text, with, n) == 0 && text[n] != '\0';
}

/*
 * Would one take the other's groups for its own: containers', or the directory that they lie in?
 * Then @what says so, as the beginning of a sentence that ends with who holds it.
 */
static bool overlap(const struct place *ours, const struct place *theirs, char *what, size_t size)
{
	if (strcmp(ours->parent, theirs->parent) == 0) {
		snprintf(what, size, "cgroup prefix '%s' overlaps '%s', which", ours->prefix,
			 theirs->prefix);
		return begins(ours->prefix, theirs->prefix) || begins(theirs->prefix, ours->prefix);
	}
	if (ours->parent[0] == '\0') {
		snprintf(what, size, "cgroup prefix '%s' overlaps the parent '%s', which",
			 ours->prefix, theirs->parent);
		return begins(theirs->parent, ours->prefix);
	}
	snprintf(what, size, "cgroup parent '%s' overlaps the prefix '%s', which", ours->parent,
		 theirs->prefix);
	return theirs->parent[0] == '\0' && begins(ours->parent, theirs->prefix);
}

/* After our own lock is taken: of two that start at once, at least one sees the other. */
static int check_neighbours(const char *lock_dir, const char *our_path, struct weir_error *err)
{
	scoped(closedirp) DIR *dir = opendir(lock_dir);
	struct place ours, theirs;
	struct dirent *entry;

	if (!dir)
		return weir_fail(err, -errno, "open %s: %s", lock_dir, strerror(errno));
	if (!read_place(strrchr(our_path, '/') + 1, &ours))
		return weir_fail(err, -EINVAL, "'%s' is no lock on cgroups", our_path);
	while ((entry = readdir(dir))) {
		char path[PATH_MAX + NAME_MAX + 2], what[NAME_MAX + 64];

		snprintf(path, sizeof(path), "%s/%s", lock_dir, entry->d_name);
		if (read_place(entry->d_name, &theirs) &&
		    overlap(&ours, &theirs, what, sizeof(what)) &&
		    weir_lock_check(path, what, err) < 0)
			return err->code;
	}
	return 0;
}

static int claim_pins(const char *lock_dir, const struct weir_options *options,
		      struct weir_instance *instance, struct weir_error *err)
{
	char what[PATH_MAX + 32];

	if (make_path(lock_dir, PINS_PREFIX, options->pin_dir, NULL, &instance->pins_lock, err) < 0)
		return err->code;
	snprintf(what, sizeof(what), "pin directory '%s'", options->pin_dir);
	return weir_lock_take(instance->pins_lock, what, &instance->pins_fd, err);
}

static int claim_groups(const char *lock_dir, const struct weir_options *options,
			struct weir_instance *instance, struct weir_error *err)
{
	const char *parent = options->cgroup_parent ? options->cgroup_parent : "";
	char what[128];

	if (make_path(lock_dir, GROUPS_PREFIX, parent, options->cgroup_prefix,
		      &instance->groups_lock, err) < 0)
		return err->code;
	snprintf(what, sizeof(what), "cgroup prefix '%s'", options->cgroup_prefix);
	if (weir_lock_take(instance->groups_lock, what, &instance->groups_fd, err) < 0)
		return err->code;
	return check_neighbours(lock_dir, instance->groups_lock, err);
}

int weir_instance_claim(const char *lock_dir, const struct weir_options *options,
			struct weir_instance *ret, struct weir_error *err)
{
	struct weir_instance instance = WEIR_INSTANCE_INIT;

	if (weir_mkdir_p(lock_dir, 0755, err) < 0)
		return err->code;
	if (claim_pins(lock_dir, options, &instance, err) < 0 ||
	    claim_groups(lock_dir, options, &instance, err) < 0) {
		weir_instance_release(&instance);
		return err->code;
	}
	*ret = instance;
	return 0;
}

void weir_instance_release(struct weir_instance *instance)
{
	instance->groups_fd = weir_lock_drop(instance->groups_lock, instance->groups_fd);
	instance->pins_fd = weir_lock_drop(instance->pins_lock, instance->pins_fd);
	free(take_ptr(instance->groups_lock));
	free(take_ptr(instance->pins_lock));
}
