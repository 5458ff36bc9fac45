// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fence for whatever socket, by hooks of the LSM (tier T2): what no hook of a cgroup sees, and unix
 * sockets by what they are, not by what they are called.
 *
 * Fail direction: closed. What another LSM has denied stays denied, and is not counted here. Sockets of
 * the kernel itself are none of a policy's business: without them no network namespace could be made.
 *
 * The agent's socket is known by a tag in its storage, which the daemon puts there: it goes by any
 * name, from any namespace, and dies with the socket.
 */
#include "address.h"
#include "peer.h"

#define AF_UNIX	   1 /* linux/socket.h */
#define AF_INET	   2
#define AF_INET6   10
#define AF_NETLINK 16
#define AF_ALG	   38

#define SOCK_STREAM 1 /* linux/net.h */
#define SOCK_DGRAM  2
#define SOCK_RAW    3

#define EPERM 1 /* asm-generic/errno-base.h */

#define TCP_LISTEN 10 /* net/tcp_states.h: of unix sockets, too */

#define S_IFMT	 00170000 /* linux/stat.h */
#define S_IFSOCK 0140000

static __always_inline int deny(const struct fenced *who, struct attempt *attempt, __u32 denial)
{
	attempt->denial = denial;
	note_denial(who, attempt);
	return -EPERM;
}

/* What is known of a socket, and where it is connected to, but for the address. */
static __always_inline struct attempt attempt_of(const struct sock *sk, enum weir_hook hook)
{
	struct attempt attempt = { .hook = hook };

	if (!sk)
		return attempt;
	attempt.family = sk->__sk_common.skc_family;
	attempt.type = sk->sk_type;
	attempt.protocol = sk->sk_protocol;
	attempt.port = bpf_ntohs(sk->__sk_common.skc_dport);
	return attempt;
}

static __always_inline bool is_inet(__u32 family)
{
	return family == AF_INET || family == AF_INET6;
}

/* ---- Families ---- */

/* With other policies than the agent's socket alone: those that lead to no other host, and to no agent. */
static __always_inline bool is_harmless(int family)
{
	return family == AF_UNIX || is_inet(family) || family == AF_NETLINK || family == AF_ALG;
}

SEC("lsm/socket_create")
int BPF_PROG(weir_family, int family, int type, int protocol, int kern, int ret)
{
	struct attempt attempt = {
		.family = family, .type = type & 0xf, .protocol = protocol, .hook = WEIR_HOOK_FAMILY
	};
	struct fenced who;

	if (ret || kern || family == AF_UNIX)
		return ret;
	who = fence_of_current();
	if (!who.word)
		return 0;
	/* Of INET it is told, and counted, where all kernels tell it. */
	if (is_inet(family) ||
	    (WEIR_FENCE_POLICY(who.word) != WEIR_POLICY_AGENT_SOCKET_ONLY && is_harmless(family)))
		return 0;
	return deny(&who, &attempt, WEIR_DENIAL_FAMILY);
}

/* ---- Sockets that are there ---- */

/*
 * A socket that came from elsewhere, or from before the policy: may it be used? What of INET names where
 * to is left to connect4 and the like, which are asked after this.
 */
static __always_inline int judge_use(struct sock *sk, enum weir_hook hook, bool names_target)
{
	struct attempt attempt = attempt_of(sk, hook);
	bool is_told = is_inet(attempt.family) && attempt.type != SOCK_RAW;
	struct fenced who;

	if (attempt.family == AF_UNIX)
		return 0;
	if (!is_inet(attempt.family) || names_target)
		attempt.port = 0;
	if (is_told && is_free(attempt.port))
		return 0;
	who = fence_of_current();
	if (!who.word)
		return 0;
	if (WEIR_FENCE_POLICY(who.word) == WEIR_POLICY_AGENT_SOCKET_ONLY)
		return deny(&who, &attempt,
			    is_inet(attempt.family) ? WEIR_DENIAL_ADDRESS : WEIR_DENIAL_FAMILY);
	if (!is_told && (is_inet(attempt.family) || !is_harmless(attempt.family)))
		return deny(&who, &attempt, WEIR_DENIAL_PROTOCOL);
	/* It is not connected, or it does not matter where to. */
	if (!attempt.port)
		return 0;
	if (attempt.family == AF_INET)
		attempt.address = address_of_v4(BPF_CORE_READ(sk, __sk_common.skc_daddr));
	else
		BPF_CORE_READ_INTO(&attempt.address, sk, __sk_common.skc_v6_daddr);
	if (may_reach(who.word, &attempt))
		return 0;
	return deny(&who, &attempt, attempt.denial);
}

SEC("lsm/socket_connect")
int BPF_PROG(weir_connect, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	return ret ? ret : judge_use(sock->sk, WEIR_HOOK_CONNECT, true);
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(weir_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	return ret ? ret : judge_use(sock->sk, WEIR_HOOK_SENDMSG, msg->msg_name != NULL);
}

/* To be reached by IP is for those who may reach all that no rule is about. */
static __always_inline int judge_listen(struct socket *sock, enum weir_hook hook)
{
	struct attempt attempt = attempt_of(sock->sk, hook);
	struct fenced who;

	if (attempt.family == AF_UNIX || is_ports_only())
		return 0;
	who = fence_of_current();
	switch (WEIR_FENCE_POLICY(who.word)) {
	case WEIR_POLICY_OPEN:
	case WEIR_POLICY_DENY_AGENT_TCP:
		return 0;
	case WEIR_POLICY_CUSTOM:
		if (who.word & WEIR_FENCE_ALLOWS)
			return 0;
	}
	return deny(&who, &attempt, WEIR_DENIAL_LISTEN);
}

SEC("lsm/socket_listen")
int BPF_PROG(weir_listen, struct socket *sock, int backlog, int ret)
{
	return ret ? ret : judge_listen(sock, WEIR_HOOK_LISTEN);
}

SEC("lsm/socket_accept")
int BPF_PROG(weir_accept, struct socket *sock, struct socket *newsock, int ret)
{
	return ret ? ret : judge_listen(sock, WEIR_HOOK_ACCEPT);
}

/* ---- Unix sockets ---- */

/* Where whoever has made @sk is fenced; its outermost container, or 0. */
static __always_inline __u32 maker_of(const struct sock *sk)
{
	return fence_of_group((__u64)BPF_CORE_READ(sk, sk_cgrp_data.cgroup)).outer;
}

static __always_inline bool may_reach_socket(__u32 word, struct sock *sk)
{
	const struct weir_tag *tag = bpf_sk_storage_get(&weir_agents, sk, NULL, 0);

	return tag && may_reach_peer(word, tag->socket);
}

static __always_inline void name_peer(struct attempt *attempt, struct sock *other)
{
	struct unix_address *address = BPF_CORE_READ((struct unix_sock *)other, addr);
	int len = address ? BPF_CORE_READ(address, len) : 0;

	if (len <= (int)sizeof(address->name[0].sun_family))
		return;
	attempt->path = (void *)address + bpf_core_field_offset(address->name) +
			bpf_core_field_offset(struct sockaddr_un, sun_path);
	attempt->path_len = len - sizeof(address->name[0].sun_family);
}

static __always_inline int judge_peer(struct sock *sk, struct sock *other, enum weir_hook hook)
{
	struct attempt attempt = { .family = AF_UNIX, .type = sk->sk_type, .hook = hook };
	struct fenced who;

	if (is_ports_only())
		return 0;
	who = fence_of_current();
	/* What costs most comes last. */
	if (reaches_all_peers(who.word) || may_reach_socket(who.word, other) ||
	    maker_of(other) == who.outer)
		return 0;
	name_peer(&attempt, other);
	return deny(&who, &attempt, WEIR_DENIAL_PEER);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(weir_unix_reach, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
	return ret ? ret : judge_peer(sock, other, WEIR_HOOK_UNIX_STREAM);
}

SEC("lsm/unix_may_send")
int BPF_PROG(weir_unix_send, struct socket *sock, struct socket *other, int ret)
{
	struct sock *from = sock->sk, *to = other->sk;

	return ret || !from || !to ? ret : judge_peer(from, to, WEIR_HOOK_UNIX_SEND);
}

/* ---- Files from others ---- */

/* By a message, or taken out of another process. What is no socket leads to no network by itself. */
SEC("lsm/file_receive")
int BPF_PROG(weir_receive, struct file *file, int ret)
{
	struct attempt attempt = { .hook = WEIR_HOOK_RECEIVE };
	struct fenced who;
	struct socket *sock;
	struct sock *sk;

	if (ret || is_ports_only() || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return ret;
	who = fence_of_current();
	switch (WEIR_FENCE_POLICY(who.word)) {
	case WEIR_POLICY_OPEN:
	case WEIR_POLICY_DENY_AGENT_TCP:
		return 0;
	case WEIR_POLICY_CUSTOM:
		if (who.word & WEIR_FENCE_ALLOWS)
			return 0;
	}
	sock = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(sock, sk);
	if (sk && maker_of(sk) == who.outer)
		return 0;
	attempt.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	attempt.type = BPF_CORE_READ(sk, sk_type);
	return deny(&who, &attempt, WEIR_DENIAL_FILE);
}

/* ---- Processes of others ---- */

/*
 * Through another process's /proc/PID/root lies a cgroup file system that nobody made read-only, and in its memory
 * all that it may do. Not counted: whoever lists processes looks at all of them.
 */
SEC("lsm/ptrace_access_check")
int BPF_PROG(weir_look, struct task_struct *child, unsigned int mode, int ret)
{
	struct fenced who;

	if (ret)
		return ret;
	who = fence_of_current();
	if (!who.word ||
	    fence_of_group((__u64)BPF_CORE_READ(child, cgroups, dfl_cgrp)).outer == who.outer)
		return 0;
	return -EPERM;
}

/* ---- The agent's socket ---- */

static __always_inline bool is_made_in(const struct sock *sk, __u64 group, __u32 level)
{
	return !group || ancestor_of(BPF_CORE_READ(sk, sk_cgrp_data.cgroup), level) == group;
}

/*
 * Read by the daemon: tags the listener that it has named by its inode, if it is one, and is its who it has to
 * be, and nobody's who is fenced. In the daemon's network namespace; what has no name on disk is none.
 */
SEC("iter/unix")
int weir_tag(struct bpf_iter__unix *ctx)
{
	struct unix_sock *unix_sk = ctx->unix_sk;
	const struct weir_fence_node *fence = fence_settings();
	struct weir_tag *tag;
	struct inode *inode;

	if (!unix_sk || !fence)
		return 0;
	inode = BPF_CORE_READ(unix_sk, path.dentry, d_inode);
	if (!inode || BPF_CORE_READ(inode, i_ino) != fence->wanted_ino ||
	    BPF_CORE_READ(inode, i_sb, s_dev) != fence->wanted_dev ||
	    BPF_CORE_READ(unix_sk, sk.__sk_common.skc_state) != TCP_LISTEN ||
	    ctx->uid != fence->wanted_uid || maker_of((struct sock *)unix_sk) ||
	    !is_made_in((struct sock *)unix_sk, fence->wanted_cgroup, fence->wanted_level))
		return 0;
	tag = bpf_sk_storage_get(&weir_agents, (struct sock *)unix_sk, NULL,
				 BPF_SK_STORAGE_GET_F_CREATE);
	if (!tag)
		return 0;
	tag->socket = fence->wanted_socket;
	bpf_seq_write(ctx->meta->seq, "+", 1); /* how many were tagged is how much can be read */
	return 0;
}
