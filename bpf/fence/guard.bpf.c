// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fence's own guard, by hooks of the LSM (tier T3): nobody but the daemon that lives changes weir's maps,
 * detaches its programs, or takes their pins away; and who is fenced not even when none lives. Where
 * there is no daemon, root may: or none could follow.
 *
 * Fail direction: closed for who is fenced; open for others as to objects that nobody has named here.
 *
 * It guards against what leads to an object's file descriptor, and, as to links, against what is done with
 * it. It does not guard against root who loads programs or modules of his own.
 */
#include <stddef.h>

#include "fence.h"

#define EPERM 1 /* asm-generic/errno-base.h */

static __always_inline bool is_guarded(enum weir_guarded_kind kind, __u64 id)
{
	struct weir_guarded key = { .kind = kind, .id = id };

	return bpf_map_lookup_elem(&weir_guarded, &key) != NULL;
}

static __always_inline bool may_change(void)
{
	const struct weir_fence_node *fence = fence_settings();
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (!fence || fence_of_current().word)
		return false;
	return !fence->guard_tgid || fence->guard_tgid == tgid;
}

static __always_inline int judge(void)
{
	if (may_change())
		return 0;
	/* Or it is made of the bool by arithmetic, of which the verifier loses what it can be. */
	barrier();
	return -EPERM;
}

/* Of the fence's own: nobody so much as opens one. */
SEC("lsm/bpf_map")
int BPF_PROG(weir_guard_map, struct bpf_map *map, unsigned int fmode)
{
	return is_guarded(WEIR_GUARDED_MAP, map->id) ? judge() : 0;
}

#define NO_FD 0xffff

/* Where in its union a call that changes something has the fd of what it changes. */
static __always_inline __u32 place_of_fd(int cmd)
{
	switch (cmd) {
	case BPF_LINK_DETACH:
	case BPF_LINK_UPDATE:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
	case BPF_MAP_FREEZE:
		return 0;
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
		return offsetof(union bpf_attr, batch.map_fd);
	default:
		return NO_FD;
	}
}

/*
 * Links, and the maps that others may read: many open those for writing, too, who mean no more than to read, so
 * only what is done counts.
 */
SEC("lsm/bpf")
int BPF_PROG(weir_guard_bpf, int cmd, union bpf_attr *attr, unsigned int size)
{
	__u32 place = place_of_fd(cmd), fd = 0;
	void *object;

	if (place == NO_FD)
		return 0;
	if (bpf_probe_read_kernel(&fd, sizeof(fd), (void *)attr + place) < 0)
		return judge();
	object = BPF_CORE_READ(file_of_current(fd), private_data);
	if (cmd == BPF_LINK_DETACH || cmd == BPF_LINK_UPDATE) {
		struct bpf_link *link = object;

		return is_guarded(WEIR_GUARDED_LINK, BPF_CORE_READ(link, id)) ? judge() : 0;
	} else {
		struct bpf_map *map = object;

		return is_guarded(WEIR_GUARDED_METRICS, BPF_CORE_READ(map, id)) ? judge() : 0;
	}
}

static __always_inline bool is_pin(struct inode *inode)
{
	const struct weir_fence_node *fence = fence_settings();

	return inode && fence && fence->guard_dev &&
	       BPF_CORE_READ(inode, i_sb, s_dev) == fence->guard_dev &&
	       is_guarded(WEIR_GUARDED_INODE, BPF_CORE_READ(inode, i_ino));
}

SEC("lsm/inode_unlink")
int BPF_PROG(weir_guard_unlink, struct inode *dir, struct dentry *dentry)
{
	return is_pin(dir) ? judge() : 0;
}

SEC("lsm/inode_rmdir")
int BPF_PROG(weir_guard_rmdir, struct inode *dir, struct dentry *dentry)
{
	return is_pin(dir) || is_pin(BPF_CORE_READ(dentry, d_inode)) ? judge() : 0;
}

SEC("lsm/inode_rename")
int BPF_PROG(weir_guard_rename, struct inode *from, struct dentry *moved, struct inode *to,
	     struct dentry *replaced)
{
	return is_pin(from) || is_pin(to) || is_pin(BPF_CORE_READ(moved, d_inode)) ? judge() : 0;
}

/* Where the daemon sees it: other namespaces may do without the pins. */
SEC("lsm/sb_umount")
int BPF_PROG(weir_guard_umount, struct vfsmount *mnt, int flags)
{
	const struct weir_fence_node *fence = fence_settings();
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);

	if (!fence || !fence->guard_dev || BPF_CORE_READ(mnt, mnt_sb, s_dev) != fence->guard_dev ||
	    BPF_CORE_READ(mount, mnt_ns, ns.inum) != fence->guard_mount_ns)
		return 0;
	return judge();
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(weir_guard_exit, struct task_struct *task)
{
	__u32 zero = 0;
	struct weir_fence_node *fence = bpf_map_lookup_elem(&weir_fence, &zero);

	if (fence && fence->guard_tgid == (__u32)task->tgid && !task->signal->live.counter)
		fence->guard_tgid = 0;
	return 0;
}

/* Called by the daemon, which knows itself by another number if it has a pid namespace. */
SEC("syscall")
int weir_guard_arm(void *unused)
{
	__u32 zero = 0;
	struct weir_fence_node *fence = bpf_map_lookup_elem(&weir_fence, &zero);

	if (fence)
		fence->guard_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}
