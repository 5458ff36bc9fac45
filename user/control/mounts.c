/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of containers that are launched: where they lie, and whose they become. */
#include "control/controller_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/user.h"
#include "control/mounts.h"
#include "control/operations.h"
#include "kern/volumes.h"
#include "model/mounts.h"

static int give(const struct weir_container *container, const char *path, struct weir_error *err)
{
	scoped(weir_user_done) struct weir_user user = WEIR_USER_INIT;

	if (!container->user)
		return 0;
	if (weir_user_lookup(container->user, &user, err) < 0)
		return err->code;
	return weir_volume_give(path, user.uid, user.gid, err);
}

static int add(struct weir_controller *controller, const struct weir_container *container,
	       const char *text, struct weir_mounts *to, struct weir_error *err)
{
	const struct weir_books *books = weir_ledger_books(controller->ledger);
	const struct weir_volume *volume;
	struct weir_mount mount = {};
	struct weir_bind *bind;
	char path[PATH_MAX];

	if (weir_mount_read(text, &mount, err) < 0)
		return err->code;
	volume = weir_mount_find(books, weir_ledger_role(controller->ledger, container), &mount);
	if (!volume)
		return weir_fail(err, -ENOENT, "there is no volume '%s'", text);
	if (weir_operations_path(controller->operations, weir_books_disk(books, volume->disk)->name,
				 volume->key, path, err) < 0 ||
	    give(container, path, err) < 0)
		return err->code;
	bind = &to->list[to->n++];
	*bind = (struct weir_bind){ strdup(path), strdup(mount.dir) };
	return bind->from && bind->to ? 0 : weir_fail_memory(err);
}

int weir_mounts_find(struct weir_controller *controller, const struct weir_container *container,
		     struct weir_mounts *ret, struct weir_error *err)
{
	for (char *const *text = container->mounts; text && *text; text++) {
		if (add(controller, container, *text, ret, err) < 0)
			return err->code;
	}
	return 0;
}

void weir_mounts_done(struct weir_mounts *mounts)
{
	for (size_t i = 0; i < mounts->n; i++) {
		free((void *)(uintptr_t)mounts->list[i].from);
		free((void *)(uintptr_t)mounts->list[i].to);
	}
	mounts->n = 0;
}
