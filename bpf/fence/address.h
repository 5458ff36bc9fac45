/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_ADDRESS_H
#define WEIR_BPF_ADDRESS_H

/* What a policy says of an address. v4 is ::ffff:a.b.c.d here, however it came. For inet.bpf.c. */

#include <bpf/bpf_endian.h>

#include "fence.h"

#define PROTOCOL_TCP	6
#define PROTOCOL_UDP	17
#define PROTOCOL_ICMP	1
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_MPTCP	262

/* Words in network order, as the kernel has them. */
static __always_inline struct weir_address address_of_v6(const __u32 word[4])
{
	struct weir_address address;

	__builtin_memcpy(&address, word, sizeof(address));
	return address;
}

static __always_inline struct weir_address address_of_v4(__u32 word)
{
	const __u32 mapped[4] = { 0, 0, bpf_htonl(0xffff), word };

	return address_of_v6(mapped);
}

static __always_inline __u32 word_of(const struct weir_address *address, int i)
{
	__u32 word;

	__builtin_memcpy(&word, address->bytes + 4 * i, sizeof(word));
	return word;
}

/*
 * Does it lead to this node? What is unspecified leads to the loopback, and comes here as it was given.
 * The rest is in `locals`, which the daemon keeps.
 */
static __always_inline bool is_local(const struct weir_address *address)
{
	bool high = word_of(address, 0) || word_of(address, 1);
	__u32 third = word_of(address, 2), last = bpf_ntohl(word_of(address, 3));

	if (!high && third == bpf_htonl(0xffff) && (last >> 24 == 127 || last == 0))
		return true;
	if (!high && !third && last <= 1)
		return true;
	return bpf_map_lookup_elem(&weir_locals, address) != NULL;
}

struct match {
	const struct weir_rules *rules;
	__u32 protocol, port;
	bool found, allow;
};

static long match_rule(__u32 i, void *data)
{
	struct match *match = data;

	if (i >= WEIR_RULES_MAX || i >= match->rules->n)
		return 1;
	if ((match->rules->list[i].protocol && match->rules->list[i].protocol != match->protocol) ||
	    match->port < match->rules->list[i].low || match->port > match->rules->list[i].high)
		return 0;
	match->allow = match->rules->list[i].allow;
	match->found = true;
	return 1;
}

/* As rules name it: ICMP is one for either version, and what is carried by TCP is TCP. */
static __always_inline __u32 protocol_in_rules(__u32 protocol)
{
	switch (protocol) {
	case PROTOCOL_ICMPV6:
		return PROTOCOL_ICMP;
	case PROTOCOL_MPTCP:
		return PROTOCOL_TCP;
	default:
		return protocol;
	}
}

/* What is unspecified leads to the loopback: rules about that are rules about this. */
static __always_inline struct weir_address address_in_rules(const struct weir_address *address)
{
	__u32 words[4] = { word_of(address, 0), word_of(address, 1), word_of(address, 2),
			   word_of(address, 3) };

	if (!words[0] && !words[1] && !words[3] && words[2] == bpf_htonl(0xffff))
		words[3] = bpf_htonl(0x7f000001);
	else if (!words[0] && !words[1] && !words[2] && !words[3])
		words[3] = bpf_htonl(1);
	return address_of_v6(words);
}

static __always_inline bool rules_allow(__u32 word, const struct attempt *to)
{
	struct weir_rules_key key = { .prefix = 160,
				      .set = WEIR_FENCE_SET(word),
				      .address = address_in_rules(&to->address) };
	struct match match = { .protocol = protocol_in_rules(to->protocol), .port = to->port };

	match.rules = bpf_map_lookup_elem(&weir_rules, &key);
	if (match.rules)
		bpf_loop(WEIR_RULES_MAX, match_rule, &match, 0);
	return match.found ? match.allow : word & WEIR_FENCE_ALLOWS;
}

static __always_inline bool is_canary(const struct attempt *to)
{
	return to->port == WEIR_CANARY_PORT && !word_of(&to->address, 0) &&
	       !word_of(&to->address, 1) && word_of(&to->address, 2) == bpf_htonl(0xffff) &&
	       word_of(&to->address, 3) == bpf_htonl(WEIR_CANARY_ADDRESS);
}

static __always_inline bool is_agents(const struct attempt *to)
{
	const struct weir_fence_node *fence = fence_settings();

	return fence && is_agents_port(fence, to->port) && is_local(&to->address);
}

/* May whoever has the fence @word send there? Sets the reason why not. */
static __always_inline bool may_reach(__u32 word, struct attempt *to)
{
	to->denial = WEIR_DENIAL_ADDRESS;
	if (is_canary(to))
		return false;
	switch (WEIR_FENCE_POLICY(word)) {
	case WEIR_POLICY_DENY_AGENT_TCP:
		to->denial = WEIR_DENIAL_AGENT;
		return !is_agents(to);
	case WEIR_POLICY_CUSTOM:
		return rules_allow(word, to);
	default:
		return false;
	}
}

#endif /* WEIR_BPF_ADDRESS_H */
