/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_PEER_H
#define WEIR_BPF_PEER_H

/* What a policy says of unix sockets that have a name. For lsm.bpf.c and unix.bpf.c. */

#include "fence.h"

/* Are unix sockets none of its business? */
static __always_inline bool reaches_all_peers(__u32 word)
{
	switch (WEIR_FENCE_POLICY(word)) {
	case WEIR_POLICY_OPEN:
	case WEIR_POLICY_DENY_AGENT_TCP:
		return true;
	case WEIR_POLICY_CUSTOM:
		return word & WEIR_FENCE_ALLOWS;
	default:
		return false;
	}
}

static __always_inline bool may_reach_peer(__u32 word, __u32 socket)
{
	struct weir_peer_key key = { .set = WEIR_FENCE_SET(word), .socket = socket };

	if (!socket)
		return false;
	if (WEIR_FENCE_POLICY(word) == WEIR_POLICY_AGENT_SOCKET_ONLY)
		return socket == key.set;
	return WEIR_FENCE_POLICY(word) == WEIR_POLICY_CUSTOM &&
	       bpf_map_lookup_elem(&weir_peers, &key);
}

#endif /* WEIR_BPF_PEER_H */
