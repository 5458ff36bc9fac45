// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fence for packets: what no hook before has seen. Sockets from before the policy came, and such as
 * build packets that say something else than they were told.
 *
 * Fail direction: closed, as inet.bpf.c. Attached at the top of cgroup2 too, but only while somebody is
 * fenced, since each packet of the machine passes. Goes by the group of whoever made the socket: who
 * runs when a packet leaves or comes is anybody.
 */
#include "address.h"

#define PROTOCOL_SCTP 132

#define ETH_IPV6 0x86dd

#define PASS 1
#define DROP 0

#define TCP_FLAGS 13 /* the byte of a TCP header */
#define TCP_SYN	  0x02
#define TCP_ACK	  0x10

/* What matters of either version's header. */
struct packet {
	struct weir_address from, to;
	__u32 protocol, header; /* where that of the protocol begins */
	__u32 from_port, to_port;
};

/* Read at one go: each call costs as much as all of this. */
struct header_v4 {
	__u8 version_length, before[8], protocol;
	__u16 checksum;
	__u32 source, target;
};
struct header_v6 {
	__u8 before[6], next, hops;
	__u32 source[4], target[4];
};

static __always_inline bool parse_v4(struct __sk_buff *skb, struct packet *packet)
{
	struct header_v4 header;

	if (bpf_skb_load_bytes(skb, 0, &header, sizeof(header)) < 0)
		return false;
	packet->from = address_of_v4(header.source);
	packet->to = address_of_v4(header.target);
	packet->protocol = header.protocol;
	packet->header = (header.version_length & 0xf) * 4;
	return true;
}

/* Of extension headers nothing is read: what is behind them has no port that any rule allows. */
static __always_inline bool parse_v6(struct __sk_buff *skb, struct packet *packet)
{
	struct header_v6 header;

	if (bpf_skb_load_bytes(skb, 0, &header, sizeof(header)) < 0)
		return false;
	packet->from = address_of_v6(header.source);
	packet->to = address_of_v6(header.target);
	packet->protocol = header.next;
	packet->header = sizeof(header);
	return true;
}

static __always_inline bool has_ports(__u32 protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP;
}

static __always_inline bool parse(struct __sk_buff *skb, struct packet *packet)
{
	__u16 ports[2] = {};

	if (!(skb->protocol == bpf_htons(ETH_IPV6) ? parse_v6(skb, packet) : parse_v4(skb, packet)))
		return false;
	if (has_ports(packet->protocol) &&
	    bpf_skb_load_bytes(skb, packet->header, ports, sizeof(ports)) < 0)
		return false;
	packet->from_port = bpf_ntohs(ports[0]);
	packet->to_port = bpf_ntohs(ports[1]);
	return true;
}

static __always_inline struct fenced fence_of_packet(struct __sk_buff *skb)
{
	const struct weir_fence_node *fence = fence_settings();
	struct fenced who = {};

	for (__u32 i = 0; fence && i < WEIR_FENCE_LEVELS && i < fence->n_levels; i++)
		pass_level(&who, bpf_skb_ancestor_cgroup_id(skb, fence->levels[i]));
	return who;
}

static __always_inline int drop(const struct fenced *who, struct attempt *attempt)
{
	attempt->denial = WEIR_DENIAL_PACKET;
	note_by(who, attempt, false);
	return DROP;
}

/* Most packets, where all policies are about the agent's ports alone. */
static __always_inline bool goes_elsewhere(struct __sk_buff *skb)
{
	struct packet packet = {};

	return is_ports_only() && parse(skb, &packet) && is_free(packet.to_port);
}

static __noinline int judge_egress(struct __sk_buff *skb)
{
	struct fenced who = fence_of_packet(skb);
	struct attempt to = { .hook = WEIR_HOOK_EGRESS };
	struct packet packet = {};

	if (!who.word)
		return PASS;
	if (!parse(skb, &packet))
		return drop(&who, &to);
	to.address = packet.to;
	to.protocol = packet.protocol;
	to.port = packet.to_port;
	return may_reach(who.word, &to) ? PASS : drop(&who, &to);
}

SEC("cgroup_skb/egress")
int weir_egress(struct __sk_buff *skb)
{
	return goes_elsewhere(skb) ? PASS : judge_egress(skb);
}

/* A connection that is begun by somebody else. */
static __always_inline bool is_call(struct __sk_buff *skb, const struct packet *packet)
{
	__u8 flags = 0;

	return packet->protocol == PROTOCOL_TCP &&
	       bpf_skb_load_bytes(skb, packet->header + TCP_FLAGS, &flags, sizeof(flags)) == 0 &&
	       (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Answers come from where may be reached. Nobody else is heard by whom only rules allow anything. */
static __noinline int judge_ingress(struct __sk_buff *skb)
{
	struct fenced who = fence_of_packet(skb);
	struct attempt from = { .hook = WEIR_HOOK_INGRESS };
	struct packet packet = {};

	switch (WEIR_FENCE_POLICY(who.word)) {
	case WEIR_POLICY_OPEN:
	case WEIR_POLICY_DENY_AGENT_TCP:
		return PASS;
	case WEIR_POLICY_CUSTOM:
		if (who.word & WEIR_FENCE_ALLOWS)
			return PASS;
		if (!parse(skb, &packet) || is_call(skb, &packet))
			break;
		from.address = packet.from;
		from.protocol = packet.protocol;
		from.port = packet.from_port;
		if (may_reach(who.word, &from))
			return PASS;
	}
	return drop(&who, &from);
}

SEC("cgroup_skb/ingress")
int weir_ingress(struct __sk_buff *skb)
{
	return is_ports_only() ? PASS : judge_ingress(skb);
}
