/* SPDX-License-Identifier: Apache-2.0 */
#include "base/binds.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <unistd.h>

int weir_binds_enter(const struct weir_bind *binds, size_t n)
{
	char here[PATH_MAX];
	bool is_somewhere;

	if (n == 0)
		return 0;
	is_somewhere = getcwd(here, sizeof(here));
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (mount(binds[i].from, binds[i].to, NULL, MS_BIND, NULL) < 0)
			return -1;
	}
	/* What it stands in may be below one of them now. Where it may not go again it stays. */
	return is_somewhere && chdir(here) < 0 && errno != EACCES && errno != ENOENT ? -1 : 0;
}
