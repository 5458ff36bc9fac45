/* SPDX-License-Identifier: Apache-2.0 */
#include "model/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int weir_mount_parse(const char *text, struct weir_mount *ret, struct weir_error *err)
{
	/* Neither has a colon before a slash, so that the first such pair is the end of them. */
	const char *end = strstr(text, ":/");
	size_t n = end ? (size_t)(end - text) : 0;
	const char *slash = memrchr(text, '/', n), *name = slash ? slash + 1 : text;
	size_t role_size = slash ? (size_t)(slash - text) : 0, size = n - (size_t)(name - text);

	if (size == 0 || size > WEIR_VOLUME_ID_MAX || role_size > WEIR_ROLE_MAX ||
	    (slash && role_size == 0))
		return weir_fail(err, -EINVAL,
				 "volume '%.128s': expected NAME:/DIR or ROLE/NAME:/DIR", text);
	*ret = (struct weir_mount){ .dir = end + 1 };
	memcpy(ret->role, text, role_size);
	memcpy(ret->name, name, size);
	return 0;
}

struct weir_volume *weir_mount_find(const struct weir_books *books, const char *role,
				    const struct weir_mount *mount)
{
	char path[WEIR_ROLE_MAX + 1], *slash = path;

	snprintf(path, sizeof(path), "%s", role);
	while (slash) {
		struct weir_volume *volume = NULL;

		if (!*mount->role || strcmp(mount->role, path) == 0)
			volume = weir_books_find_volume(books, path, mount->name);
		if (volume)
			return volume;
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	}
	return NULL;
}

void weir_mounts_count(const struct weir_books *books, const char *role, char *const *mounts,
		       bool ends)
{
	for (; mounts && *mounts; mounts++) {
		struct weir_error ignored = {};
		struct weir_volume *volume;
		struct weir_mount mount = {};

		if (weir_mount_parse(*mounts, &mount, &ignored) < 0)
			continue;
		volume = weir_mount_find(books, role, &mount);
		if (volume && ends)
			volume->users -= volume->users > 0;
		else if (volume)
			volume->users++;
	}
}

/* *@text becomes the one with a role. */
static int admit(const struct weir_books *books, const char *role, char **text,
		 struct weir_error *err)
{
	const struct weir_volume *volume;
	struct weir_mount mount = {};
	char *full;

	if (weir_mount_parse(*text, &mount, err) < 0)
		return err->code;
	volume = weir_mount_find(books, role, &mount);
	if (!volume && *mount.role)
		return weir_fail(err, -ENOENT,
				 "role '%s' has no volume '%s', or is not '%s' nor above it",
				 mount.role, mount.name, role);
	if (!volume)
		return weir_fail(err, -ENOENT,
				 "role '%s' has no volume '%s', nor have the roles above it", role,
				 mount.name);
	if (volume->users)
		return weir_fail(err, -EBUSY, "volume '%s' of role '%s' is in use", mount.name,
				 weir_stack_role(volume->stack));
	if (asprintf(&full, "%s/%s:%s", weir_stack_role(volume->stack), mount.name, mount.dir) < 0)
		return weir_fail_memory(err);
	free(*text);
	*text = full;
	return 0;
}

int weir_mounts_admit(const struct weir_books *books, const char *role, char **mounts,
		      struct weir_error *err)
{
	for (size_t i = 0; mounts && mounts[i]; i++) {
		if (i == WEIR_MOUNTS_MAX)
			return weir_fail(err, -EINVAL, "more than %d volumes", WEIR_MOUNTS_MAX);
		if (admit(books, role, &mounts[i], err) < 0)
			return err->code;
	}
	return 0;
}
