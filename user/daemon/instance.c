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

/* The prefix that @file, of @lock_dir, is the lock of; NULL: none under our parent. */
static const char *prefix_of(char *file, const char *our_file)
{
	size_t length = strlen(file), common;

	common = (size_t)(strrchr(our_file, ':') + 1 - our_file);
	if (length < common + strlen(SUFFIX) || strncmp(file, our_file, common) != 0 ||
	    strcmp(file + length - strlen(SUFFIX), SUFFIX) != 0)
		return NULL;
	file[length - strlen(SUFFIX)] = '\0';
	return strchr(file + common, ':') ? NULL : file + common;
}

static bool overlap(const char *a, const char *b)
{
	size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return strcmp(a, b) != 0 && strncmp(a, b, n) == 0;
}

static int check_overlap(const char *lock_dir, const char *file, const char *theirs,
			 const char *ours, struct weir_error *err)
{
	char path[PATH_MAX + NAME_MAX + 2], what[256];

	snprintf(path, sizeof(path), "%s/%s", lock_dir, file);
	snprintf(what, sizeof(what), "cgroup prefix '%s' overlaps '%s', which", ours, theirs);
	return weir_lock_check(path, what, err);
}

/* After our own lock is taken: of two that start at once, at least one sees the other. */
static int check_neighbours(const char *lock_dir, const char *our_path, const char *our_prefix,
			    struct weir_error *err)
{
	scoped(closedirp) DIR *dir = opendir(lock_dir);
	const char *our_file = strrchr(our_path, '/') + 1;
	struct dirent *entry;

	if (!dir)
		return weir_fail(err, -errno, "open %s: %s", lock_dir, strerror(errno));
	while ((entry = readdir(dir))) {
		char file[NAME_MAX + 1];
		const char *theirs;

		memcpy(file, entry->d_name, strlen(entry->d_name) + 1);
		theirs = prefix_of(file, our_file);
		if (theirs && overlap(theirs, our_prefix) &&
		    check_overlap(lock_dir, entry->d_name, theirs, our_prefix, err) < 0)
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
	return check_neighbours(lock_dir, instance->groups_lock, options->cgroup_prefix, err);
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
