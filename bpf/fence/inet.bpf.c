// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fence for IP, by hooks of cgroups: every kernel has them (tier T0).
 *
 * Fail direction: closed. A program that allows returns 1; what it can't find out it denies, but for
 * whether somebody is fenced at all: who is in no fenced container is none of its business.
 *
 * Attached at the top of cgroup2, so that they see every socket, whoever has made it: both its maker's
 * fence holds and that of whoever uses it. That is not so of programs attached to a group, which
 * follow the maker alone.
 */
#include "address.h"

#define SOCK_RAW 3 /* linux/net.h */

#define ALLOW 1
#define DENY  0

/* A socket that is to be made knows its protocol, but "connect" of these is told to no hook. */
static __always_inline bool is_followed(__u32 type, __u32 protocol)
{
	if (type == SOCK_RAW)
		return false;
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_MPTCP ||
	       protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6;
}

static __noinline int judge_create(struct bpf_sock *sk)
{
	struct fenced who = fence_of_current();
	struct attempt attempt = { .family = sk->family,
				   .type = sk->type,
				   .protocol = sk->protocol,
				   .denial = WEIR_DENIAL_PROTOCOL,
				   .hook = WEIR_HOOK_CREATE };

	if (!who.word)
		return ALLOW;
	if (WEIR_FENCE_POLICY(who.word) == WEIR_POLICY_AGENT_SOCKET_ONLY)
		attempt.denial = WEIR_DENIAL_FAMILY;
	else if (is_followed(attempt.type, attempt.protocol))
		return ALLOW;
	note_denial(&who, &attempt);
	return DENY;
}

SEC("cgroup/sock_create")
int weir_create(struct bpf_sock *sk)
{
	return is_ports_only() && is_followed(sk->type, sk->protocol) ? ALLOW : judge_create(sk);
}

/* The group of whoever has made the socket. The verifier knows a socket here, not its kernel's fields. */
static __always_inline __u64 group_of(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *known = ctx->sk;
	struct sock *sk = NULL;

	bpf_probe_read_kernel(&sk, sizeof(sk), &known);
	return (__u64)BPF_CORE_READ(sk, sk_cgrp_data.cgroup);
}

static __always_inline int judge(struct fenced *who, struct attempt *to)
{
	if (!who->word || may_reach(who->word, to))
		return ALLOW;
	note_denial(who, to);
	return DENY;
}

static __always_inline int judge_both(struct bpf_sock_addr *ctx, struct attempt *to)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fenced user = fence_of_current(), maker;
	__u64 group;

	if (judge(&user, to) == DENY)
		return DENY;
	group = group_of(ctx);
	/* Most are used where they were made. */
	if (group == (__u64)task->cgroups->dfl_cgrp)
		return ALLOW;
	maker = fence_of_group(group);
	return maker.slot == user.slot ? ALLOW : judge(&maker, to);
}

static __always_inline __u32 port_of(const struct bpf_sock_addr *ctx)
{
	return bpf_ntohs((__u16)ctx->user_port);
}

static __always_inline struct attempt attempt_of(struct bpf_sock_addr *ctx, enum weir_hook hook)
{
	return (struct attempt){ .family = ctx->family,
				 .type = ctx->type,
				 .protocol = ctx->protocol,
				 .port = port_of(ctx),
				 .hook = hook };
}

static __noinline int judge_v4(struct bpf_sock_addr *ctx, enum weir_hook hook)
{
	struct attempt to = attempt_of(ctx, hook);

	to.address = address_of_v4(ctx->user_ip4);
	return judge_both(ctx, &to);
}

static __noinline int judge_v6(struct bpf_sock_addr *ctx, enum weir_hook hook)
{
	struct attempt to = attempt_of(ctx, hook);
	const __u32 words[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2],
				 ctx->user_ip6[3] };

	to.address = address_of_v6(words);
	return judge_both(ctx, &to);
}

SEC("cgroup/connect4")
int weir_connect4(struct bpf_sock_addr *ctx)
{
	return is_free(port_of(ctx)) ? ALLOW : judge_v4(ctx, WEIR_HOOK_CONNECT4);
}

SEC("cgroup/connect6")
int weir_connect6(struct bpf_sock_addr *ctx)
{
	return is_free(port_of(ctx)) ? ALLOW : judge_v6(ctx, WEIR_HOOK_CONNECT6);
}

SEC("cgroup/sendmsg4")
int weir_sendmsg4(struct bpf_sock_addr *ctx)
{
	return is_free(port_of(ctx)) ? ALLOW : judge_v4(ctx, WEIR_HOOK_SENDMSG4);
}

SEC("cgroup/sendmsg6")
int weir_sendmsg6(struct bpf_sock_addr *ctx)
{
	return is_free(port_of(ctx)) ? ALLOW : judge_v6(ctx, WEIR_HOOK_SENDMSG6);
}

/* To be reached is for those who may reach all that no rule is about. A port of the kernel's choice does no harm. */
static __noinline int judge_bind(struct bpf_sock_addr *ctx, enum weir_hook hook)
{
	struct fenced who = fence_of_current();
	struct attempt attempt = attempt_of(ctx, hook);

	attempt.denial = WEIR_DENIAL_LISTEN;
	switch (WEIR_FENCE_POLICY(who.word)) {
	case WEIR_POLICY_OPEN:
	case WEIR_POLICY_DENY_AGENT_TCP:
		return ALLOW;
	case WEIR_POLICY_CUSTOM:
		if (who.word & WEIR_FENCE_ALLOWS || attempt.port == 0)
			return ALLOW;
	}
	note_denial(&who, &attempt);
	return DENY;
}

SEC("cgroup/bind4")
int weir_bind4(struct bpf_sock_addr *ctx)
{
	return is_ports_only() ? ALLOW : judge_bind(ctx, WEIR_HOOK_BIND4);
}

SEC("cgroup/bind6")
int weir_bind6(struct bpf_sock_addr *ctx)
{
	return is_ports_only() ? ALLOW : judge_bind(ctx, WEIR_HOOK_BIND6);
}
