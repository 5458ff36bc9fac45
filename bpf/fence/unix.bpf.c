// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fence for unix sockets where the LSM can't be had: by what they are called (tier T1, since 6.7).
 *
 * A name is no identity: whoever has a mount namespace of its own may put another socket there. So it
 * has to be the very name that the socket is registered by, from the root on, and everything else is denied,
 * one's own sockets with a name too, since nothing tells them from others. Socket pairs ask nobody.
 *
 * Fail direction: closed, as inet.bpf.c.
 */
#include "peer.h"

#define AF_UNIX 1 /* linux/socket.h */

#define ALLOW 1
#define DENY  0

/* Since 6.2, which only this needs. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;

/* What stands there up to its length, as it was given. */
static __always_inline void name_of(struct bpf_sock_addr *ctx, struct attempt *attempt)
{
	struct bpf_sock_addr_kern *kern = bpf_cast_to_kern_ctx(ctx);
	const struct sockaddr_un *address = kern->uaddr;
	__u32 size = kern->uaddrlen;

	if (size <= sizeof(address->sun_family))
		return;
	attempt->path = address->sun_path;
	attempt->path_len = size - sizeof(address->sun_family);
}

/* As the kernel reads it: up to the first NUL, so an abstract one is empty. */
struct key {
	struct weir_socket_name name;
	char end[4]; /* what is read is terminated */
};

static __always_inline void key_of(const struct attempt *attempt, struct key *key)
{
	__u32 size = attempt->path_len;

	__builtin_memset(key, 0, sizeof(*key));
	if (size > sizeof(key->name))
		size = sizeof(key->name);
	if (attempt->path)
		bpf_probe_read_kernel_str(key, size + 1, attempt->path);
	key->end[0] = 0;
}

static __noinline int judge(struct bpf_sock_addr *ctx, enum weir_hook hook)
{
	struct attempt attempt = {
		.family = AF_UNIX, .type = ctx->type, .denial = WEIR_DENIAL_PEER, .hook = hook
	};
	struct key key;
	struct fenced who = fence_of_current();
	const __u32 *number;

	if (reaches_all_peers(who.word))
		return ALLOW;
	name_of(ctx, &attempt);
	key_of(&attempt, &key);
	number = bpf_map_lookup_elem(&weir_paths, &key.name);
	if (number && may_reach_peer(who.word, *number))
		return ALLOW;
	note_denial(&who, &attempt);
	return DENY;
}

SEC("cgroup/connect_unix")
int weir_connect_unix(struct bpf_sock_addr *ctx)
{
	return is_ports_only() ? ALLOW : judge(ctx, WEIR_HOOK_CONNECT_UNIX);
}

SEC("cgroup/sendmsg_unix")
int weir_sendmsg_unix(struct bpf_sock_addr *ctx)
{
	return is_ports_only() ? ALLOW : judge(ctx, WEIR_HOOK_SENDMSG_UNIX);
}
