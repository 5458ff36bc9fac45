/* SPDX-License-Identifier: Apache-2.0 */
/* The knobs of the group that containers lie below, where there is one. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/error.h"
#include "base/file.h"
#include "kern/group.h"
#include "weir/abi.h"

#define ATTRIBUTE   "trusted.weir.weight"
#define NUMBER_TEXT 32

static const char *weight_file(const struct weir_hierarchy *home)
{
	return home->version == 2 ? "cpu.weight" : "cpu.shares";
}

/* So that whoever takes the group out of the idle class finds it, be it the next daemon. */
static int keep_weight(const struct weir_hierarchy *home, struct weir_error *err)
{
	char text[NUMBER_TEXT];
	ssize_t n = weir_file_read(home->root_fd, weight_file(home), text, sizeof(text), err);

	if (n < 0)
		return (int)n;
	if (fsetxattr(home->root_fd, ATTRIBUTE, text, (size_t)n, 0) < 0)
		return weir_fail(err, -errno, "keep the weight in %s: %s", ATTRIBUTE,
				 strerror(errno));
	return 0;
}

static int restore_weight(const struct weir_hierarchy *home, struct weir_error *err)
{
	char text[NUMBER_TEXT];
	ssize_t n = fgetxattr(home->root_fd, ATTRIBUTE, text, sizeof(text) - 1);
	int r;

	if (n < 0) /* it was put there by somebody else: the kernel's default is as good */
		return errno == ENODATA
			       ? 0
			       : weir_fail(err, -errno, "read %s: %s", ATTRIBUTE, strerror(errno));
	text[n] = '\0';
	r = weir_file_write(home->root_fd, weight_file(home), text, err);
	if (r == 0)
		fremovexattr(home->root_fd, ATTRIBUTE);
	return r;
}

/* NULL: there is none whose protection matters. */
static const struct weir_hierarchy *protecting(const struct weir_groups *groups)
{
	const struct weir_hierarchy *home = weir_group_home(groups, WEIR_SUBSYS_MEMORY);

	return groups->h.parent && home->version == 2 ? home : NULL;
}

int weir_cgroup_set_parent_low(const struct weir_groups *groups, uint64_t bytes,
			       struct weir_error *err)
{
	const struct weir_hierarchy *home = protecting(groups);
	char text[NUMBER_TEXT];

	if (!home)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	if (weir_file_write(home->root_fd, "memory.low", text, err) < 0)
		return weir_fail_in(err, "%s", home->path);
	return 0;
}

int weir_cgroup_parent_low(const struct weir_groups *groups, uint64_t *ret, struct weir_error *err)
{
	const struct weir_hierarchy *home = protecting(groups);
	char text[NUMBER_TEXT];

	*ret = WEIR_ABSENT;
	if (!home)
		return 0;
	if (weir_file_read(home->root_fd, "memory.low", text, sizeof(text), err) < 0)
		return weir_fail_in(err, "%s", home->path);
	*ret = strcmp(text, "max") == 0 ? WEIR_INFINITE : strtoull(text, NULL, 10);
	return 0;
}

int weir_cgroup_parent_idle(const struct weir_groups *groups, struct weir_error *err)
{
	const struct weir_hierarchy *home = weir_group_home(groups, WEIR_SUBSYS_CPU);
	char text[NUMBER_TEXT];
	ssize_t n;

	if (!groups->h.parent)
		return 0;
	n = weir_file_read(home->root_fd, "cpu.idle", text, sizeof(text), err);
	return n < 0 ? (int)n : strcmp(text, "1") == 0;
}

int weir_cgroup_set_parent_idle(const struct weir_groups *groups, bool on, struct weir_error *err)
{
	const struct weir_hierarchy *home = weir_group_home(groups, WEIR_SUBSYS_CPU);
	int idle = weir_cgroup_parent_idle(groups, err);
	int r = idle < 0 ? idle : 0;

	/* Once it is there, what the kernel shows as its weight is none of its own. */
	if (r == 0 && on && !idle)
		r = keep_weight(home, err);
	if (r == 0 && on != (bool)idle)
		r = weir_file_write(home->root_fd, "cpu.idle", on ? "1" : "0", err);
	if (r == 0 && !on)
		r = restore_weight(home, err);
	return r < 0 ? weir_fail_in(err, "%s", home->path) : 0;
}
