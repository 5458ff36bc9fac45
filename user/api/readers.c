/* SPDX-License-Identifier: Apache-2.0 */
#include "api/readers.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "api/calls.h"
#include "api/hold.h"
#include "api/http.h"
#include "api/streams.h"
#include "base/error.h"
#include "base/text.h"
#include "base/thread.h"

#define MAX_THREADS 16
#define ENDING	    "weir-daemon is ending"

/* One that gets the answer. */
struct asker {
	SLIST_ENTRY(asker) link;
	struct weir_http_request *request;
};

/* An answer to be written, and who gets it. */
struct job {
	TAILQ_ENTRY(job) link;
	struct weir_call call; /* owned */
	struct weir_controller *controller;
	struct weir_peer peer; /* of the first */
	enum weir_media media;
	uint64_t changes; /* of the controller, before it was begun */
	SLIST_HEAD(askers, asker) askers;
};

TAILQ_HEAD(jobs, job);

struct weir_readers {
	struct weir_streams *streams;
	pthread_t threads[MAX_THREADS];
	unsigned int n_threads;

	pthread_mutex_t lock; /* all below, and the askers of jobs */
	pthread_cond_t wake; /* something waits, or it is time to stop */
	struct jobs waiting, running;
	unsigned int n_waiting;
	bool stop;
};

static struct job *job_free(struct job *job)
{
	struct asker *asker;

	while ((asker = SLIST_FIRST(&job->askers))) {
		SLIST_REMOVE_HEAD(&job->askers, link);
		free(asker);
	}
	weir_call_done(&job->call);
	free(job);
	return NULL;
}

static void refuse_all(struct job *job, const struct weir_error *err)
{
	struct asker *asker;

	SLIST_FOREACH (asker, &job->askers, link)
		weir_http_refuse_as(asker->request, weir_call_status(job->call.type, err->code),
				    err->code, err->text);
}

/* ---- On the readers' threads ----------------------------------------------------- */

/* The next one, which is running then. NULL: stop. */
static struct job *next_job(struct weir_readers *readers)
{
	struct job *job = NULL;

	pthread_mutex_lock(&readers->lock);
	while (!readers->stop && TAILQ_EMPTY(&readers->waiting))
		pthread_cond_wait(&readers->wake, &readers->lock);
	if (!readers->stop) {
		job = TAILQ_FIRST(&readers->waiting);
		TAILQ_REMOVE(&readers->waiting, job, link);
		TAILQ_INSERT_TAIL(&readers->running, job, link);
		readers->n_waiting--;
		/* Before anything is read: from here on a change tells later askers apart. */
		job->changes = weir_controller_changes(job->controller);
	}
	pthread_mutex_unlock(&readers->lock);
	return job;
}

/* Nobody is added to it any more. */
static void end_job(struct weir_readers *readers, struct job *job)
{
	pthread_mutex_lock(&readers->lock);
	TAILQ_REMOVE(&readers->running, job, link);
	pthread_mutex_unlock(&readers->lock);
}

static int write_body(const struct job *job, struct weir_body *body, struct weir_error *err)
{
	const struct asker *first = SLIST_FIRST(&job->askers);
	struct weir_out out = weir_http_body_out(body, first->request, job->call.dialect);
	int r = weir_call_run(&job->call, job->controller, &job->peer, &out, err);

	if (r < 0)
		return r;
	return weir_http_body_check(body, err);
}

/* It has one asker, and goes on after its first answer. */
static void begin_stream(struct weir_readers *readers, struct job *job)
{
	struct weir_error err = {};

	end_job(readers, job);
	if (weir_streams_add(readers->streams, job->controller, SLIST_FIRST(&job->askers)->request,
			     &job->call, &err) < 0)
		refuse_all(job, &err);
	job_free(job);
}

static void run_job(struct weir_readers *readers, struct job *job)
{
	scoped(weir_body_unrefp) struct weir_body *body = NULL;
	struct weir_error err = {};
	struct asker *asker;
	int r;

	/* The first asker stays the first: others come behind it, and none goes. */
	body = weir_http_body_new(SLIST_FIRST(&job->askers)->request);
	r = body ? write_body(job, body, &err) : weir_fail_memory(&err);
	end_job(readers, job);
	if (r < 0) {
		refuse_all(job, &err);
	} else {
		SLIST_FOREACH (asker, &job->askers, link)
			weir_http_answer_body(asker->request, body);
	}
	job_free(job);
}

static void *serve(void *data)
{
	struct job *job;

	while ((job = next_job(data))) {
		if (job->call.type == WEIR_CALL_SUBSCRIBE)
			begin_stream(data, job);
		else
			run_job(data, job);
	}
	return NULL;
}

/* ---- On any thread ---------------------------------------------------------------- */

/* Would the answer to @call, of @peer in @media, be the one of @job? */
static bool is_same(const struct job *job, const struct weir_call *call,
		    const struct weir_peer *peer, enum weir_media media)
{
	const struct weir_filter *a = &job->call.filter, *b = &call->filter;

	return call->type != WEIR_CALL_SUBSCRIBE && job->call.type == call->type &&
	       job->call.dialect == call->dialect && job->media == media &&
	       job->peer.uid == peer->uid && job->peer.gid == peer->gid &&
	       job->call.show_nested == call->show_nested &&
	       job->call.show_standalone == call->show_standalone &&
	       weir_text_same(job->call.id, call->id) && weir_text_same(a->role, b->role) &&
	       weir_text_same(a->id_prefix, b->id_prefix) && a->over_request == b->over_request;
}

/* One whose body will do, under the lock. NULL: there is none. */
static struct job *find_job(struct weir_readers *readers, struct weir_controller *controller,
			    const struct weir_call *call, const struct weir_peer *peer,
			    enum weir_media media)
{
	uint64_t changes = weir_controller_changes(controller);
	struct job *job;

	TAILQ_FOREACH (job, &readers->running, link) {
		if (job->changes == changes && is_same(job, call, peer, media))
			return job;
	}
	TAILQ_FOREACH (job, &readers->waiting, link) {
		if (is_same(job, call, peer, media))
			return job;
	}
	return NULL;
}

/* Takes @call on success. NULL: no memory. */
static struct job *job_new(struct weir_controller *controller, struct weir_call *call,
			   const struct weir_peer *peer, enum weir_media media)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->controller = controller;
	job->peer = *peer;
	job->media = media;
	job->call = *call;
	*call = (struct weir_call){};
	SLIST_INIT(&job->askers);
	return job;
}

/* A job that is the asker's alone would be its first; behind that one the order does not matter. */
static void add_asker(struct job *job, struct asker *asker)
{
	if (SLIST_EMPTY(&job->askers))
		SLIST_INSERT_HEAD(&job->askers, asker, link);
	else
		SLIST_INSERT_AFTER(SLIST_FIRST(&job->askers), asker, link);
}

/* Under the lock. */
static int enqueue(struct weir_readers *readers, struct weir_controller *controller,
		   struct asker *asker, struct weir_call *call, struct weir_error *err)
{
	const struct weir_peer *peer = &weir_http_caller(asker->request)->peer;
	enum weir_media media = weir_http_answer_media(asker->request);
	struct job *job = find_job(readers, controller, call, peer, media);

	if (readers->stop)
		return weir_fail(err, -ESHUTDOWN, ENDING);
	if (job) {
		add_asker(job, asker);
		return 0;
	}
	if (readers->n_waiting >= WEIR_READERS_MAX)
		return weir_fail(err, -ENOBUFS, "too many calls wait");
	job = job_new(controller, call, peer, media);
	if (!job)
		return weir_fail_memory(err);
	add_asker(job, asker);
	TAILQ_INSERT_TAIL(&readers->waiting, job, link);
	readers->n_waiting++;
	pthread_cond_signal(&readers->wake);
	return 0;
}

void weir_readers_submit(struct weir_readers *readers, struct weir_controller *controller,
			 struct weir_http_request *request, struct weir_call *call)
{
	struct asker *asker = malloc(sizeof(*asker));
	enum weir_call_type type = call->type;
	struct weir_error err = {};
	int r;

	if (!asker) {
		r = weir_fail_memory(&err);
	} else {
		asker->request = request;
		pthread_mutex_lock(&readers->lock);
		r = enqueue(readers, controller, asker, call, &err);
		pthread_mutex_unlock(&readers->lock);
	}
	weir_call_done(call); /* nothing, if a job has taken it */
	if (r == 0)
		return;
	free(asker);
	weir_http_refuse_as(request, weir_call_status(type, r), r, err.text);
}

int weir_readers_new(unsigned int threads, struct weir_streams *streams, struct weir_readers **ret,
		     struct weir_error *err)
{
	scoped(weir_readers_freep) struct weir_readers *readers = NULL;

	readers = calloc(1, sizeof(*readers));
	if (!readers)
		return weir_fail_memory(err);
	readers->streams = streams;
	TAILQ_INIT(&readers->waiting);
	TAILQ_INIT(&readers->running);
	pthread_mutex_init(&readers->lock, NULL);
	pthread_cond_init(&readers->wake, NULL);
	while (readers->n_threads < threads && readers->n_threads < MAX_THREADS) {
		if (weir_thread_start("weir-reader", serve, readers,
				      &readers->threads[readers->n_threads], err) < 0)
			return err->code;
		readers->n_threads++;
	}
	*ret = take_ptr(readers);
	return 0;
}

void weir_readers_stop(struct weir_readers *readers)
{
	const struct weir_error ending = { -ESHUTDOWN, ENDING };
	struct job *job;

	pthread_mutex_lock(&readers->lock);
	readers->stop = true;
	pthread_cond_broadcast(&readers->wake);
	pthread_mutex_unlock(&readers->lock);
	for (unsigned int i = 0; i < readers->n_threads; i++)
		pthread_join(readers->threads[i], NULL);
	readers->n_threads = 0;
	while ((job = TAILQ_FIRST(&readers->waiting))) {
		TAILQ_REMOVE(&readers->waiting, job, link);
		refuse_all(job, &ending);
		job_free(job);
	}
}

struct weir_readers *weir_readers_free(struct weir_readers *readers)
{
	if (!readers)
		return NULL;
	weir_readers_stop(readers);
	pthread_cond_destroy(&readers->wake);
	pthread_mutex_destroy(&readers->lock);
	free(readers);
	return NULL;
}
