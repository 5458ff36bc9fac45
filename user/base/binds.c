/* SPDX-License-Identifier: Apache-2.0 */
#include "base/binds.h"

#include <sched.h>
#include <sys/mount.h>

int weir_binds_enter(const struct weir_bind *binds, size_t n)
{
	if (n == 0)
		return 0;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (mount(binds[i].from, binds[i].to, NULL, MS_BIND, NULL) < 0)
			return -1;
	}
	return 0;
}
