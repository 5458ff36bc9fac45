/* SPDX-License-Identifier: Apache-2.0 */
#include "model/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

int weir_mount_parse(const char *text, char name[static WEIR_VOLUME_ID_MAX + 1],
		     const char **ret_dir, struct weir_error *err)
{
	/* A name has no slash, so that the first such pair is the end of it. */
	const char *end = strstr(text, ":/");
	size_t n = end ? (size_t)(end - text) : 0;

	if (n == 0 || n > WEIR_VOLUME_ID_MAX || memchr(text, '/', n))
		return weir_fail(err, -EINVAL, "volume '%.128s': expected NAME:/DIR", text);
	memcpy(name, text, n);
	name[n] = '\0';
	*ret_dir = end + 1;
	return 0;
}

struct weir_volume *weir_mount_find(const struct weir_books *books, const char *role,
				    const char *name)
{
	char path[WEIR_ROLE_MAX + 1], *slash = path;

	snprintf(path, sizeof(path), "%s", role);
	while (slash) {
		struct weir_volume *volume = weir_books_find_volume(books, path, name);

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
		char name[WEIR_VOLUME_ID_MAX + 1];
		struct weir_error ignored = {};
		struct weir_volume *volume;
		const char *dir;

		if (weir_mount_parse(*mounts, name, &dir, &ignored) < 0)
			continue;
		volume = weir_mount_find(books, role, name);
		if (volume && ends)
			volume->users -= volume->users > 0;
		else if (volume)
			volume->users++;
	}
}

int weir_mounts_check(const struct weir_books *books, const char *role, char *const *mounts,
		      struct weir_error *err)
{
	size_t n = 0;

	for (; mounts && *mounts; mounts++) {
		char name[WEIR_VOLUME_ID_MAX + 1];
		const struct weir_volume *volume;
		const char *dir;

		if (++n > WEIR_MOUNTS_MAX)
			return weir_fail(err, -EINVAL, "more than %d volumes", WEIR_MOUNTS_MAX);
		if (weir_mount_parse(*mounts, name, &dir, err) < 0)
			return err->code;
		volume = weir_mount_find(books, role, name);
		if (!volume)
			return weir_fail(err, -ENOENT,
					 "role '%s' has no volume '%s', nor have the roles "
					 "above it",
					 role, name);
		if (volume->users)
			return weir_fail(err, -EBUSY, "volume '%s' of role '%s' is in use", name,
					 weir_stack_role(volume->stack));
	}
	return 0;
}
