/* SPDX-License-Identifier: Apache-2.0 */
#include "api/streams_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>

#include "api/answer_stream.h"
#include "api/decode.h"
#include "api/hold.h"
#include "api/http.h"
#include "api/stream.h"
#include "base/error.h"
#include "base/log.h"

#define POLL_MS 60000 /* how long one wait for events takes at most */

/* ---- On the HTTP threads ------------------------------------------------------------ */

static ssize_t on_read(void *data, char *room, size_t size)
{
	struct weir_stream *stream = data;
	struct weir_streams *streams = stream->streams;
	ssize_t n = 0;

	pthread_mutex_lock(&streams->lock);
	while ((size_t)n < size && !STAILQ_EMPTY(&stream->records))
		n += (ssize_t)weir_stream_take(stream, room + n, size - (size_t)n);
	if (stream->broken) {
		n = WEIR_HTTP_BROKEN;
	} else if (n == 0 && streams->stop) {
		n = WEIR_HTTP_END;
	} else if (n == 0) {
		stream->paused = true;
		weir_http_pause(stream->request);
	}
	pthread_mutex_unlock(&streams->lock);
	return n;
}

static void on_done(void *data)
{
	struct weir_stream *stream = data;
	struct weir_streams *streams = stream->streams;

	pthread_mutex_lock(&streams->lock);
	TAILQ_REMOVE(&streams->list, stream, link);
	streams->n--;
	pthread_mutex_unlock(&streams->lock);
	while (!STAILQ_EMPTY(&stream->records))
		weir_stream_drop_first(stream);
	free(stream);
}

/* ---- On the event loop ---------------------------------------------------------------- */

static void on_events(void *data);

/* Unless there is nobody to be told. */
static void wait_for_more(struct weir_streams *streams, bool anybody)
{
	struct weir_error err = {};
	uint64_t last, lost;

	streams->waits = anybody;
	if (!anybody)
		return;
	last = weir_controller_read_events(streams->controller, UINT64_MAX, NULL, NULL, NULL,
					   &lost);
	if (weir_controller_wait_events(streams->controller, last, NULL, POLL_MS, on_events,
					streams, &err) < 0) {
		weir_warn("subscribers are told at heartbeats only: %s", err.text);
		streams->waits = false;
	}
}

static void on_events(void *data)
{
	struct weir_streams *streams = data;
	bool anybody;

	streams->told_again = true;
	if (streams->telling)
		return;
	streams->telling = true;
	while (streams->told_again) {
		streams->told_again = false;
		pthread_mutex_lock(&streams->lock);
		anybody = streams->n > 0 && !streams->stop;
		if (anybody)
			weir_streams_deliver(streams);
		pthread_mutex_unlock(&streams->lock);
		wait_for_more(streams, anybody);
	}
	streams->telling = false;
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct weir_streams *streams = data;
	eventfd_t n;

	(void)source;
	(void)revents;

	eventfd_read(fd, &n);
	if (!streams->waits)
		on_events(streams);
	return 0;
}

static int on_heartbeat(sd_event_source *source, uint64_t now_us, void *data)
{
	struct weir_streams *streams = data;

	pthread_mutex_lock(&streams->lock);
	if (!streams->stop) {
		weir_streams_deliver(streams);
		weir_streams_beat(streams);
	}
	pthread_mutex_unlock(&streams->lock);
	sd_event_source_set_time(source, now_us + WEIR_HEARTBEAT_S * 1000000ull);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int weir_streams_start(struct weir_streams *streams, struct weir_controller *controller,
		       struct weir_error *err)
{
	int r;

	pthread_mutex_lock(&streams->lock);
	streams->controller = controller;
	pthread_mutex_unlock(&streams->lock);
	r = sd_event_add_time_relative(streams->event, &streams->heartbeat_source, CLOCK_MONOTONIC,
				       WEIR_HEARTBEAT_S * 1000000ull, 0, on_heartbeat, streams);
	if (r >= 0)
		r = sd_event_add_io(streams->event, &streams->wake_source, streams->wake_fd,
				    EPOLLIN, on_wake, streams);
	return r < 0 ? weir_fail(err, r, "watch for subscribers: %s", strerror(-r)) : 0;
}

/* ---- On any thread --------------------------------------------------------------------- */

static struct weir_stream *stream_new(struct weir_streams *streams,
				      struct weir_http_request *request)
{
	struct weir_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->streams = streams;
	stream->request = request;
	stream->media = weir_http_answer_media(request);
	STAILQ_INIT(&stream->records);
	return stream;
}

/* Does all that came after the event that the call has seen last come from here, and is it kept? */
static bool can_resume(struct weir_controller *controller, const struct weir_call *call)
{
	uint64_t lost = 0, last;

	if (!call->since || call->epoch_us != weir_controller_events_epoch_us(controller))
		return false;
	last = weir_controller_read_events(controller, UINT64_MAX, NULL, NULL, NULL, &lost);
	return call->since <= last && !weir_controller_lost_events(controller, call->since);
}

/* The first record. Its place in the events is older than what it shows. */
static struct weir_body *write_first(struct weir_stream *stream, struct weir_controller *controller,
				     const struct weir_call *call, struct weir_error *err)
{
	struct weir_body *body = weir_http_body_new(stream->request);
	bool resumes = can_resume(controller, call);
	struct weir_out out;
	uint64_t lost;

	if (!body) {
		weir_fail_memory(err);
		return NULL;
	}
	stream->since = resumes ? call->since
				: weir_controller_read_events(controller, UINT64_MAX, NULL, NULL,
							      NULL, &lost);
	out = weir_http_body_out(body, stream->request, WEIR_DIALECT_MASTER);
	weir_answer_subscribed(&out, controller, stream->since, resumes, WEIR_HEARTBEAT_S);
	return weir_http_body_check(body, err) < 0 ? weir_body_unref(body) : body;
}

static void make_room(struct weir_streams *streams)
{
	struct weir_stream *stream;

	if (streams->n < WEIR_STREAMS_MAX)
		return;
	TAILQ_FOREACH (stream, &streams->list, link) {
		if (!stream->broken) {
			weir_stream_break(stream);
			return;
		}
	}
}

int weir_streams_add(struct weir_streams *streams, struct weir_controller *controller,
		     struct weir_http_request *request, const struct weir_call *call,
		     struct weir_error *err)
{
	struct weir_stream *stream = stream_new(streams, request);
	const struct weir_http_stream http = { on_read, on_done, stream };
	struct weir_body *body;

	if (!stream)
		return weir_fail_memory(err);
	body = write_first(stream, controller, call, err);
	if (!body) {
		free(stream);
		return err->code;
	}

	pthread_mutex_lock(&streams->lock);
	make_room(streams);
	TAILQ_INSERT_TAIL(&streams->list, stream, link);
	streams->n++;
	weir_stream_push(stream, body, false);
	if (streams->controller && !streams->stop)
		weir_streams_deliver(streams);
	weir_http_answer_stream(request, &http);
	pthread_mutex_unlock(&streams->lock);
	eventfd_write(streams->wake_fd, 1);
	weir_body_unref(body);
	return 0;
}

int weir_streams_new(sd_event *event, struct weir_streams **ret, struct weir_error *err)
{
	scoped(freep) struct weir_streams *streams = calloc(1, sizeof(*streams));

	if (!streams)
		return weir_fail_memory(err);
	streams->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (streams->wake_fd < 0)
		return weir_fail(err, -errno, "eventfd: %s", strerror(errno));
	streams->event = event;
	TAILQ_INIT(&streams->list);
	pthread_mutex_init(&streams->lock, NULL);
	*ret = take_ptr(streams);
	return 0;
}

void weir_streams_stop(struct weir_streams *streams)
{
	struct weir_stream *stream;

	streams->heartbeat_source = sd_event_source_disable_unref(streams->heartbeat_source);
	streams->wake_source = sd_event_source_disable_unref(streams->wake_source);
	pthread_mutex_lock(&streams->lock);
	streams->stop = true;
	TAILQ_FOREACH (stream, &streams->list, link)
		weir_stream_resume(stream);
	pthread_mutex_unlock(&streams->lock);
	if (streams->waits)
		weir_controller_unwait_events(streams->controller, on_events, streams);
}

struct weir_streams *weir_streams_free(struct weir_streams *streams)
{
	if (!streams)
		return NULL;
	close_fd(streams->wake_fd);
	pthread_mutex_destroy(&streams->lock);
	free(streams);
	return NULL;
}
