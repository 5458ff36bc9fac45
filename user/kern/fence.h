/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FENCE_H
#define WEIR_FENCE_H

/*
 * The fence's programs (bpf/fence): attached once at the top of cgroup2, pinned beside the meter's, so
 * that they hold without the daemon.
 *
 * Whom they hold is in the index, which is the meter's too: one word an entry (kern/bpf.h,
 * weir_bpf_fence()). What they hold to, beyond that word, is here.
 *
 * Fail direction: closed. Programs that are replaced stay until all new ones are attached; of pins
 * that are not complete nothing is taken over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "kern/bpf.h"
#include "weir/abi_fence.h"

struct weir_error;
struct weir_fence;

struct weir_fence_options {
	struct weir_bpf *bpf; /* borrowed; the fence goes first */
	const char *cgroup2; /* where it is mounted */
	const char *cgroup_prefix; /* of a group in which hooks are tried */
	enum weir_tier at_most; /* that is to be in force */
	bool maps_are_new; /* of the meter: programs that are pinned use others, and are replaced */
};

/*
 * Take over what is pinned, if it is these programs; else load, attach, pin, and let go of the old ones.
 * -EPERM: not allowed to; others: what the kernel had against it. The meter does not need it: a caller
 * may go on without a fence, and then has to refuse whatever policy needs one.
 */
int weir_fence_open(const struct weir_fence_options *options, struct weir_fence **ret,
		    struct weir_error *err);
/* Lets go; what is attached stays so. NULL is fine. Returns NULL. */
struct weir_fence *weir_fence_close(struct weir_fence *fence);
WEIR_DEFINE_CLEANUP(struct weir_fence, weir_fence_close);

/* The tier that its programs come to. */
enum weir_tier weir_fence_tier(const struct weir_fence *fence);

/*
 * How far below the top of cgroup2 the directory @fd lies, and its id, by the kernel: paths do not tell
 * behind namespaces and mounts. -EINVAL: it is no cgroup.
 */
int weir_fence_level(const struct weir_fence *fence, int fd, unsigned int *ret_level,
		     uint64_t *ret_id, struct weir_error *err);

/*
 * Somebody will have @word: call it before that is entered, whether or not another was. Programs that let by what is
 * not about the agent's ports, whoever sends it, do so no longer if this word is about more.
 */
void weir_fence_expect(struct weir_fence *fence, uint32_t word);

/*
 * From now on somebody is fenced who lies @level below the top of cgroup2: call it before the word is
 * entered, once for each. -ENOSPC: fenced containers lie on WEIR_FENCE_LEVELS other levels already.
 * The first one has packets looked at, too.
 */
int weir_fence_enter(struct weir_fence *fence, unsigned int level, struct weir_error *err);
/* And no more: after the word is gone. */
void weir_fence_leave(struct weir_fence *fence, unsigned int level);

/* After a start: nobody else has been entered before it. */
void weir_fence_prune(struct weir_fence *fence);

/* -ENOTCONN: one of the programs is not attached any more; the text names it. */
int weir_fence_verify(const struct weir_fence *fence, struct weir_error *err);

/* As weir_bpf_foreach_program(). */
int weir_fence_foreach_program(const struct weir_fence *fence, weir_bpf_program_fn *fn, void *data,
			       struct weir_error *err);

/* The agent's ports at this node's addresses; at most WEIR_FENCE_PORTS. */
void weir_fence_set_ports(struct weir_fence *fence, const uint16_t *ports, size_t n);

/*
 * Unix sockets with a name (kern/fence_sockets.c). To give one, or change what is said of it; fills in its
 * number. -ENOSPC: as many have one as can.
 */
int weir_fence_name_socket(struct weir_fence *fence, const char *name, struct weir_socket *socket,
			   struct weir_error *err);
int weir_fence_socket(const struct weir_fence *fence, const char *name,
		      struct weir_socket *ret); /* -ENOENT */
typedef void weir_socket_fn(const char *name, const struct weir_socket *socket, void *data);
void weir_fence_foreach_socket(const struct weir_fence *fence, weir_socket_fn *fn, void *data);

/*
 * Find the listener that is bound to its path, and is whose it has to be, and make it known by a tag that lasts as
 * long as it does. 1: done; 0: there is no such listener, or it is of somebody who is fenced.
 * -EOPNOTSUPP: the tier in force knows no tags.
 */
int weir_fence_tag(struct weir_fence *fence, const struct weir_socket *socket,
		   struct weir_error *err);
/* Tier 1: what is at its path may be reached, since it is the one that was found there; or no more. */
int weir_fence_leave_path(struct weir_fence *fence, const struct weir_socket *socket, bool on,
			  struct weir_error *err);
/* As weir_fence_tag(), of one that is open here. Below tier 1 nothing is done. */
int weir_fence_tag_fd(struct weir_fence *fence, int fd, uint32_t number, struct weir_error *err);

/* -EINVAL: it is no unix socket that listens. */
int weir_fence_check_fd(int fd, struct weir_error *err);

/* What a set of policy "custom" is made of. */
int weir_fence_put_rule(struct weir_fence *fence, const struct weir_rules_key *key,
			const struct weir_rules *rules, struct weir_error *err);
void weir_fence_drop_rule(struct weir_fence *fence, const struct weir_rules_key *key);
int weir_fence_put_peer(struct weir_fence *fence, const struct weir_peer_key *key,
			struct weir_error *err);
void weir_fence_drop_peer(struct weir_fence *fence, const struct weir_peer_key *key);

/* An address of the node; v4 as ::ffff:a.b.c.d. Again is fine. */
int weir_fence_add_address(struct weir_fence *fence, const struct weir_address *address,
			   struct weir_error *err);
void weir_fence_remove_address(struct weir_fence *fence, const struct weir_address *address);

/*
 * Denials that are to be told, oldest first, as the programs noted them: at most ten a second of a container.
 * The fd is readable when there are some.
 */
typedef void weir_denied_fn(const struct weir_denied *denied, void *data);
int weir_fence_on_denied(struct weir_fence *fence, weir_denied_fn *fn, void *data,
			 struct weir_error *err);
int weir_fence_fd(const struct weir_fence *fence);
void weir_fence_read(struct weir_fence *fence);

#endif /* WEIR_FENCE_H */
