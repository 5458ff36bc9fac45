/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STATE_H
#define WEIR_STATE_H

/*
 * What Mesos' operator calls tell, from C: the node, who runs on it, and the daemon itself. Conventions are
 * those of weir.h.
 */

#include "weir/weir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Tasks, executors, frameworks: GET_TASKS, GET_EXECUTORS, GET_FRAMEWORKS, GET_STATE ---- */

struct weir_task_info {
	const char *id; /* of its container: "ID", or "EXECUTOR/TASK" */
	const char *executor_id; /* NULL: it is of none */
	const char *framework_id;
	const char *role; /* of what is promised to it; NULL: nothing is */
	const char *user; /* NULL: not said */
	const char *
		state; /* "TASK_STARTING", "TASK_RUNNING"; completed: "TASK_FINISHED", "TASK_FAILED", "TASK_KILLED" */
	const char *message; /* how it ended, for people; NULL: it has not */
	bool completed;
	pid_t pid; /* of the first process; 0: none */
	uint64_t cpu_request_mcpu, mem_request_bytes; /* 0: none */
	uint64_t cpu_limit_mcpu, mem_limit_bytes; /* WEIR_INFINITE: none */
	size_t n_labels;
	const struct weir_label_info *labels;
};

struct weir_executor_info {
	const char *id; /* of its container */
	const char *framework_id;
	bool completed;
	uint64_t cpu_request_mcpu, mem_request_bytes; /* its own, less its tasks' */
	size_t n_labels;
	const struct weir_label_info *labels;
};

struct weir_framework_info {
	const char *id, *name;
	const char *user; /* NULL: not said */
	bool completed; /* none of its containers runs */
	const char *const *roles; /* NULL-terminated */
};

/* What runs comes before what is completed, each in the daemon's order. */
struct weir_state {
	size_t n_tasks, n_executors, n_frameworks;
	struct weir_task_info *tasks;
	struct weir_executor_info *executors;
	struct weir_framework_info *frameworks;
	void *owner; /* the library's */
};

enum weir_state_part {
	WEIR_STATE_ALL, /* of one moment */
	WEIR_STATE_TASKS, /* the rest stays empty, here and below */
	WEIR_STATE_EXECUTORS,
	WEIR_STATE_FRAMEWORKS,
};

int weir_client_state(struct weir_client *client, enum weir_state_part part,
		      struct weir_state *ret);
/* Leaves it empty; what is empty, all zero, is fine. So do those below. */
void weir_state_free(struct weir_state *state);

/* ---- The node: GET_AGENT ---- */

struct weir_agent_info {
	const char *id; /* made once, and kept */
	const char *hostname;
	/* What can be promised, reserved or not: the machine, less what is kept for the system. */
	uint64_t mcpu, mem_bytes, disk_bytes;
	void *owner; /* the library's */
};

int weir_client_agent(struct weir_client *client, struct weir_agent_info *ret);
void weir_agent_info_free(struct weir_agent_info *agent);

/* ---- The daemon: GET_FLAGS, GET_METRICS, GET_LOGGING_LEVEL, SET_LOGGING_LEVEL ---- */

/* A setting of weir.conf(5), as it was written. */
struct weir_flag_info {
	const char *name; /* section and key: "daemon.socket" */
	const char *value;
};

struct weir_flag_list {
	size_t n;
	struct weir_flag_info *list; /* in order of name */
	void *owner; /* the library's */
};

int weir_client_flags(struct weir_client *client, struct weir_flag_list *ret);
void weir_flag_list_free(struct weir_flag_list *list);

/* A figure of the daemon or of the node. What containers use is in weir/metrics.h, without a call. */
struct weir_metric_info {
	const char *name; /* "slave/cpus_used"; docs/api.md has all, with their units */
	double value;
};

struct weir_metric_list {
	size_t n;
	struct weir_metric_info *list; /* in order of name */
	void *owner; /* the library's */
};

int weir_client_metrics(struct weir_client *client, struct weir_metric_list *ret);
void weir_metric_list_free(struct weir_metric_list *list);

/* 0: what the configuration has; from 1 on everything is logged. */
int weir_client_logging_level(struct weir_client *client, unsigned int *ret);
/* For @duration_ns, above 0 and at most a year; then it is as before. -EINVAL: for another time. */
int weir_client_set_logging_level(struct weir_client *client, unsigned int level,
				  uint64_t duration_ns);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_STATE_H */
