/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef METER_KERNEL_H
#define METER_KERNEL_H

/*
 * The slices of kernel structures that the meters read. Only names count: CO-RE finds the
 * offsets on the running kernel.
 */

#include <stdbool.h>

#include <linux/bpf.h>

#define CORE __attribute__((preserve_access_index))

struct kernfs_node {
	__u64 id;
} CORE;

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[];
} CORE;

struct css_set {
	struct cgroup *dfl_cgrp; /* on cgroup2 */
} CORE;

struct sched_info {
	unsigned long long run_delay;
} CORE;

struct rq {
	__u64 clock;
} CORE;

struct cfs_rq {
	struct rq *rq;
} CORE;

struct sched_entity {
	struct cfs_rq *cfs_rq;
	__u64 sum_exec_runtime;
} CORE;

struct task_struct {
	int pid;
	struct css_set *cgroups;
	struct sched_entity se;
	struct sched_info sched_info;
} CORE;

#endif /* METER_KERNEL_H */
