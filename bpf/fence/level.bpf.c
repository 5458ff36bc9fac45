// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How far below the top of cgroup2 a group lies. Paths do not tell: with a namespace or a mount of its own a
 * daemon sees only what is below some group. Called by the daemon with an open directory.
 *
 * Fail direction: closed. What is not known is -1, and nobody is fenced, so nobody is launched, by that.
 */
#include "fence.h"

SEC("syscall")
int weir_level(struct weir_level_asked *asked)
{
	struct file *file = file_of_current(asked->fd);
	struct kernfs_node *node;
	struct cgroup *cgrp;

	asked->level = -1;
	if (!file)
		return 0;
	node = BPF_CORE_READ(file, f_inode, i_private);
	asked->id = BPF_CORE_READ(node, id);
	cgrp = BPF_CORE_READ(node, priv);
	/* Not of another kernfs, say sysfs. */
	if (BPF_CORE_READ(cgrp, kn) == node)
		asked->level = BPF_CORE_READ(cgrp, level);
	return 0;
}
