/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

/*
 * The one thread for kernel writes that can block: memory.high, memory.max, memory.reclaim.
 *
 * Jobs run in order. One job per (container, kind) waits at a time: a newer one replaces it,
 * because a job states the wanted value. Results come back on the event loop.
 */

#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/foreign.h"
#include "weir/abi.h"

struct weir_worker;
struct weir_groups;

enum weir_job_kind {
	WEIR_JOB_MEM_HIGH,
	WEIR_JOB_MEM_MAX,
	WEIR_JOB_RECLAIM, /* value: usage to come down to */
};

struct weir_job {
	char id[WEIR_NAME_MAX + 1]; /* the container's, */
	char group[WEIR_PLACE_TEXT]; /* and that of its groups: see kern/cgroup.h */
	enum weir_job_kind kind;
	uint64_t value;
	uint32_t generation; /* of the container's slot, so that a late result is not another's */
	struct weir_error error; /* filled by the worker; code 0: done */
};

typedef void weir_job_done_fn(const struct weir_job *job, void *data);

/* @groups is borrowed and must outlive the worker. */
int weir_worker_new(sd_event *event, const struct weir_groups *groups, weir_job_done_fn *done,
		    void *data, struct weir_worker **ret, struct weir_error *err);
/* Waits for the job under way. NULL is fine. Returns NULL. */
struct weir_worker *weir_worker_free(struct weir_worker *worker);
WEIR_DEFINE_CLEANUP(struct weir_worker, weir_worker_free);

/* Copies @job. -ENOMEM. */
int weir_worker_submit(struct weir_worker *worker, const struct weir_job *job,
		       struct weir_error *err);
/* Forget what waits for @id; a job under way goes on, and its result comes. */
void weir_worker_cancel(struct weir_worker *worker, const char *id);

#endif /* WEIR_WORKER_H */
