/* SPDX-License-Identifier: Apache-2.0 */
#include "model/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A role of so many bytes, and behind it a name, which ends at the next ":/", for it has no slash. */
static int split(const char *text, size_t role_size, const char *name, struct weir_mount *ret,
		 struct weir_error *err)
{
	const char *end = strstr(name, ":/");
	size_t size = end ? (size_t)(end - name) : 0;

	if (size == 0 || size > WEIR_VOLUME_ID_MAX || role_size > WEIR_ROLE_MAX ||
	    memchr(name, '/', size))
		return weir_fail(err, -EINVAL,
				 "volume '%.128s': expected NAME:/DIR or ROLE/NAME:/DIR", text);
	if (end[1 + strspn(end + 1, "/")] == '\0')
		return weir_fail(err, -EINVAL, "volume '%.128s': nothing can be mounted at '/'",
				 text);
	*ret = (struct weir_mount){ .dir = end + 1 };
	memcpy(ret->role, text, role_size);
	memcpy(ret->name, name, size);
	return 0;
}

int weir_mount_parse(const char *text, struct weir_mount *ret, struct weir_error *err)
{
	const char *end = strstr(text, ":/");
	const char *slash = end ? memrchr(text, '/', (size_t)(end - text)) : NULL;

	/* No role is empty, and no name begins with a slash. */
	return slash && slash != text ? split(text, (size_t)(slash - text), slash + 1, ret, err)
				      : split(text, 0, text, ret, err);
}

int weir_mount_read(const char *text, struct weir_mount *ret, struct weir_error *err)
{
	size_t n = strcspn(text, " ");

	return split(text, n, text + n + (text[n] != '\0'), ret, err);
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

		if (weir_mount_read(*mounts, &mount, &ignored) < 0)
			continue;
		volume = weir_mount_find(books, role, &mount);
		if (volume && ends)
			volume->users -= volume->users > 0;
		else if (volume)
			volume->users++;
	}
}

/* *@text becomes the one that is admitted. */
static int admit(const struct weir_books *books, const char *role, char **text,
		 const struct weir_volume **ret, struct weir_error *err)
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
	if (asprintf(&full, "%s %s:%s", weir_stack_role(volume->stack), mount.name, mount.dir) < 0)
		return weir_fail_memory(err);
	free(*text);
	*text = full;
	*ret = volume;
	return 0;
}

int weir_mounts_admit(const struct weir_books *books, const char *role, char **mounts,
		      struct weir_error *err)
{
	const struct weir_volume *volumes[WEIR_MOUNTS_MAX] = {};

	for (size_t i = 0; mounts && mounts[i]; i++) {
		if (i == WEIR_MOUNTS_MAX)
			return weir_fail(err, -EINVAL, "more than %d volumes", WEIR_MOUNTS_MAX);
		if (admit(books, role, &mounts[i], &volumes[i], err) < 0)
			return err->code;
		for (size_t k = 0; k < i; k++) {
			if (volumes[i] && volumes[k] == volumes[i])
				return weir_fail(err, -EINVAL, "volume '%s' comes twice",
						 volumes[i]->info.id);
			if (strcmp(strstr(mounts[k], ":/"), strstr(mounts[i], ":/")) == 0)
				return weir_fail(err, -EINVAL, "two volumes at '%.128s'",
						 strstr(mounts[i], ":/") + 1);
		}
	}
	return 0;
}
