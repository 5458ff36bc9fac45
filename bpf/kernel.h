/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_KERNEL_H
#define WEIR_BPF_KERNEL_H

/*
 * The slices of kernel types that weir reads, and no more.
 *
 * Offsets are relocated at load from the running kernel's BTF (CO-RE), so a
 * slice lists only the fields in use. What differs between kernels has a flavour
 * of its own (three underscores) and a bpf_core_field_exists() where it is used.
 */

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

struct kernfs_node {
	__u64 id;
	void *priv; /* of a cgroup's directory: the cgroup */
};

struct super_block {
	__u32 s_dev;
};

struct inode {
	__u16 i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
	void *i_private; /* of kernfs: its node */
};

struct file {
	struct inode *f_inode;
	void *private_data; /* of a socket: itself */
};

struct fdtable {
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[1]; /* level + 1 of them */
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct in6_addr;

struct sock_common {
	unsigned short skc_family;
	unsigned char skc_state;
	__u32 skc_daddr; /* in network order */
	__u16 skc_dport;
	struct {
		__u32 words[4];
	} skc_v6_daddr;
};

struct sock {
	struct sock_common __sk_common;
	struct sock_cgroup_data sk_cgrp_data;
	__u16 sk_type, sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct msghdr {
	void *msg_name;
};

struct dentry {
	struct inode *d_inode;
};

struct vfsmount {
	struct super_block *mnt_sb;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct mount {
	struct mnt_namespace *mnt_ns;
	struct vfsmount mnt;
};

struct path {
	struct dentry *dentry;
};

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[108]; /* linux/un.h */
};

struct unix_address {
	int len; /* of the name, its family and all */
	struct sockaddr_un name[1];
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path;
};

struct bpf_sock_addr_kern {
	void *uaddr;
	__u32 uaddrlen; /* from 6.7 on */
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* indexed by enum cgroup_subsys_id */
	struct cgroup *dfl_cgrp;
};

/* Values are relocated: what stands here is never used. */
enum cgroup_subsys_id { memory_cgrp_id = 0x7fff };
enum memcg_memory_event { MEMCG_OOM_KILL = 0x7fff };

struct sched_info {
	unsigned long long run_delay;
};

struct cfs_rq {
	struct rq *rq;
	unsigned int h_nr_runnable, h_nr_idle; /* from 6.14 on */
	__u64 throttled_clock_self_time; /* from 6.6 on */
	__u64 throttled_clock_pelt_time;
};

struct cfs_rq___old { /* up to 6.13 */
	unsigned int h_nr_running, idle_h_nr_running;
};

struct rq {
	__u64 clock;
	struct cfs_rq cfs;
};

struct sched_entity {
	__u64 sum_exec_runtime;
	struct cfs_rq *cfs_rq;
};

struct cfs_bandwidth {
	int nr_periods;
	int nr_throttled;
	__u64 throttled_time;
};

struct task_group {
	struct cgroup_subsys_state css;
	struct task_group *parent;
	struct cfs_rq **cfs_rq; /* one a CPU; from 7.x on it is per-CPU data: see queue_of() */
	struct cfs_bandwidth cfs_bandwidth;
};

struct page_counter {
	atomic_long_t usage;
	unsigned long watermark;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
	atomic_long_t memory_events[1]; /* indexed by enum memcg_memory_event */
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
};

struct task_struct {
	unsigned int __state; /* 0: it can run */
	int pid;
	int tgid;
	int exit_code;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct files_struct *files;
	struct task_group *sched_task_group;
	struct sched_entity se;
	struct sched_info sched_info;
};

struct bpf_map {
	__u32 id;
};

struct bpf_link {
	__u32 id;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__unix {
	struct bpf_iter_meta *meta;
	struct unix_sock *unix_sk;
	__u32 uid; /* of the socket's inode */
};

struct bpf_iter__ksym {
	struct bpf_iter_meta *meta;
};

#pragma clang attribute pop

#endif /* WEIR_BPF_KERNEL_H */
