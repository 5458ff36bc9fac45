// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What it costs to be called at all, at each hook of cgroups that the fence's programs are timed at: they allow. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define EMPTY(section, name)   \
	SEC(section)           \
	int name(void *unused) \
	{                      \
		return 1;      \
	}                      \
	struct empty_swallow_semicolon

EMPTY("cgroup/connect4", connect4);
EMPTY("cgroup/sendmsg4", sendmsg4);
EMPTY("cgroup/connect_unix", connect_unix);
EMPTY("cgroup/sendmsg_unix", sendmsg_unix);
EMPTY("cgroup_skb/egress", egress);
EMPTY("cgroup_skb/ingress", ingress);
