// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A service manager's firewall at its strictest: no packet of IP leaves a group, none comes in. For
 * test_fence_peers.sh.
 *
 * Attached to that group, as such firewalls are, and so told of packets of sockets that were made there,
 * whoever uses them; of other sockets, and of what is no packet of IP, it is not told.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define DROP 0

SEC("cgroup_skb/egress")
int drop_egress(struct __sk_buff *skb)
{
	return DROP;
}

SEC("cgroup_skb/ingress")
int drop_ingress(struct __sk_buff *skb)
{
	return DROP;
}
