/* SPDX-License-Identifier: Apache-2.0 */
#include "control/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/thread.h"
#include "kern/cgroup.h"

struct entry {
	STAILQ_ENTRY(entry) link;
	struct weir_job job;
};

STAILQ_HEAD(entries, entry);

struct weir_worker {
	const struct weir_groups *groups;
	weir_job_done_fn *done;
	void *data;
	sd_event_source *source;
	int results_fd; /* eventfd: there is something in results */
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* all below */
	pthread_cond_t wake; /* something waits, or it is time to stop */
	struct entries waiting, results;
	bool stop;
};

static void entries_free(struct entries *list)
{
	struct entry *entry;

	while ((entry = STAILQ_FIRST(list))) {
		STAILQ_REMOVE_HEAD(list, link);
		free(entry);
	}
}

/* The next job; NULL: stop. */
static struct entry *worker_next(struct weir_worker *worker)
{
	struct entry *entry = NULL;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stop && STAILQ_EMPTY(&worker->waiting))
		pthread_cond_wait(&worker->wake, &worker->lock);
	if (!worker->stop) {
		entry = STAILQ_FIRST(&worker->waiting);
		STAILQ_REMOVE_HEAD(&worker->waiting, link);
	}
	pthread_mutex_unlock(&worker->lock);
	return entry;
}

static void worker_deliver(struct weir_worker *worker, struct entry *entry)
{
	pthread_mutex_lock(&worker->lock);
	STAILQ_INSERT_TAIL(&worker->results, entry, link);
	pthread_mutex_unlock(&worker->lock);

	/* Can't fail: the counter would have to overflow first. */
	(void)eventfd_write(worker->results_fd, 1);
}

static void carry_out(const struct weir_groups *groups, struct weir_job *job)
{
	job->error = (struct weir_error){};
	switch (job->kind) {
	case WEIR_JOB_MEM_HIGH:
		weir_cgroup_set_mem_high(groups, job->group, job->value, &job->error);
		break;
	case WEIR_JOB_MEM_MAX:
		weir_cgroup_set_mem_max(groups, job->group, job->value, &job->error);
		break;
	case WEIR_JOB_RECLAIM:
		weir_cgroup_reclaim(groups, job->group, job->value, &job->error);
	}
}

static void *worker_main(void *data)
{
	struct weir_worker *worker = data;
	struct entry *entry;

	while ((entry = worker_next(worker))) {
		carry_out(worker->groups, &entry->job);
		worker_deliver(worker, entry);
	}
	return NULL;
}

/* @fn may submit further jobs, so it is not called under the lock. */
static int on_results(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct entries results = STAILQ_HEAD_INITIALIZER(results);
	struct weir_worker *worker = data;
	struct entry *entry;
	eventfd_t count;

	(void)source;
	(void)events;

	(void)eventfd_read(fd, &count);
	pthread_mutex_lock(&worker->lock);
	STAILQ_CONCAT(&results, &worker->results);
	pthread_mutex_unlock(&worker->lock);

	STAILQ_FOREACH (entry, &results, link)
		worker->done(&entry->job, worker->data);
	entries_free(&results);
	return 0;
}

static int start_thread(struct weir_worker *worker, struct weir_error *err)
{
	if (weir_thread_start("weir-worker", worker_main, worker, &worker->thread, err) < 0)
		return err->code;
	worker->started = true;
	return 0;
}

int weir_worker_new(sd_event *event, const struct weir_groups *groups, weir_job_done_fn *done,
		    void *data, struct weir_worker **ret, struct weir_error *err)
{
	scoped(weir_worker_freep) struct weir_worker *worker = NULL;
	int r;

	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return weir_fail_memory(err);
	worker->groups = groups;
	worker->done = done;
	worker->data = data;
	worker->results_fd = -1;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	STAILQ_INIT(&worker->waiting);
	STAILQ_INIT(&worker->results);

	worker->results_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->results_fd < 0)
		return weir_fail(err, -errno, "eventfd of the worker: %s", strerror(errno));
	r = sd_event_add_io(event, &worker->source, worker->results_fd, EPOLLIN, on_results,
			    worker);
	if (r < 0)
		return weir_fail(err, r, "watch the worker's results: %s", strerror(-r));
	if (start_thread(worker, err) < 0)
		return err->code;

	*ret = take_ptr(worker);
	return 0;
}

struct weir_worker *weir_worker_free(struct weir_worker *worker)
{
	if (!worker)
		return NULL;

	if (worker->started) {
		pthread_mutex_lock(&worker->lock);
		worker->stop = true;
		pthread_cond_signal(&worker->wake);
		pthread_mutex_unlock(&worker->lock);
		pthread_join(worker->thread, NULL);
	}
	sd_event_source_disable_unref(worker->source);
	close_fd(worker->results_fd);
	entries_free(&worker->waiting);
	entries_free(&worker->results);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	return NULL;
}

/* Under the lock. NULL: no such job waits. */
static struct entry *find_waiting(const struct weir_worker *worker, const struct weir_job *job)
{
	struct entry *entry;

	STAILQ_FOREACH (entry, &worker->waiting, link) {
		if (entry->job.kind == job->kind && strcmp(entry->job.id, job->id) == 0)
			return entry;
	}
	return NULL;
}

int weir_worker_submit(struct weir_worker *worker, const struct weir_job *job,
		       struct weir_error *err)
{
	struct entry *entry, *fresh;

	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return weir_fail_memory(err);
	fresh->job = *job;

	pthread_mutex_lock(&worker->lock);
	entry = find_waiting(worker, job);
	if (entry)
		entry->job = *job;
	else
		STAILQ_INSERT_TAIL(&worker->waiting, fresh, link);
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);

	if (entry)
		free(fresh);
	return 0;
}

void weir_worker_cancel(struct weir_worker *worker, const char *id)
{
	struct entries kept = STAILQ_HEAD_INITIALIZER(kept),
		       cancelled = STAILQ_HEAD_INITIALIZER(cancelled);
	struct entry *entry;

	pthread_mutex_lock(&worker->lock);
	while ((entry = STAILQ_FIRST(&worker->waiting))) {
		STAILQ_REMOVE_HEAD(&worker->waiting, link);
		if (strcmp(entry->job.id, id) == 0)
			STAILQ_INSERT_TAIL(&cancelled, entry, link);
		else
			STAILQ_INSERT_TAIL(&kept, entry, link);
	}
	STAILQ_CONCAT(&worker->waiting, &kept);
	pthread_mutex_unlock(&worker->lock);

	entries_free(&cancelled);
}
