/* SPDX-License-Identifier: Apache-2.0 */
/* What subscribers are told: events, and that there were none. */
#include "api/streams_internal.h"

#include "api/answer_stream.h"
#include "api/hold.h"
#include "api/http.h"
#include "base/error.h"

/* One event on its way: its records are written when the first stream wants one in that encoding. */
struct telling {
	struct weir_streams *streams;
	const struct weir_state_view *state;
	const struct weir_event *event; /* NULL: it is time for a heartbeat */
};

typedef void write_fn(struct weir_out *out, const struct telling *telling);

static void write_happening(struct weir_out *out, const struct telling *telling)
{
	weir_answer_happening(out, telling->event);
}

static void write_task(struct weir_out *out, const struct telling *telling)
{
	weir_answer_task_event(out, telling->event, telling->state);
}

static void write_heartbeat(struct weir_out *out, const struct telling *telling)
{
	(void)telling;

	weir_answer_heartbeat(out);
}

static struct weir_body *write_body(const struct weir_stream *stream, write_fn *write,
				    const struct telling *telling)
{
	struct weir_body *body = weir_http_body_new(stream->request);
	struct weir_error err = {};
	struct weir_out out;

	if (!body)
		return NULL;
	out = weir_http_body_out(body, stream->request, WEIR_DIALECT_MASTER);
	write(&out, telling);
	return weir_http_body_check(body, &err) < 0 ? weir_body_unref(body) : body;
}

/* To all who have not been told the event. A heartbeat is for all. */
static void tell(const struct telling *telling, write_fn *write)
{
	struct weir_body *bodies[WEIR_MEDIA_COUNT_] = {};
	struct weir_stream *stream;

	TAILQ_FOREACH (stream, &telling->streams->list, link) {
		struct weir_body **body = &bodies[stream->media];

		if (stream->broken || (telling->event && telling->event->seq <= stream->since))
			continue;
		if (!*body)
			*body = write_body(stream, write, telling);
		if (*body)
			weir_stream_push(stream, *body, true);
		else
			weir_stream_break(stream); /* a gap would not be seen */
	}
	for (size_t i = 0; i < WEIR_MEDIA_COUNT_; i++)
		weir_body_unref(bodies[i]);
}

static void on_event(const struct weir_event *event, void *data)
{
	struct telling telling = *(const struct telling *)data;
	struct weir_stream *stream;

	telling.event = event;
	if (weir_answer_is_of_task(event, telling.state))
		tell(&telling, write_task);
	tell(&telling, write_happening);
	TAILQ_FOREACH (stream, &telling.streams->list, link) {
		if (stream->since < event->seq)
			stream->since = event->seq;
	}
}

static uint64_t first_since(const struct weir_streams *streams)
{
	const struct weir_stream *stream;
	uint64_t since = UINT64_MAX;

	TAILQ_FOREACH (stream, &streams->list, link) {
		if (!stream->broken && stream->since < since)
			since = stream->since;
	}
	return since;
}

/* Some of what they have not been told is kept no more: they would not see the gap. */
static void break_those_behind(struct weir_streams *streams)
{
	struct weir_stream *stream;

	TAILQ_FOREACH (stream, &streams->list, link) {
		if (!stream->broken &&
		    weir_controller_lost_events(streams->controller, stream->since))
			weir_stream_break(stream);
	}
}

struct delivery {
	struct telling telling;
	uint64_t since;
};

/* The state does not change meanwhile, so that what is said of a task is of one moment. */
static void on_state(const struct weir_state_view *state, void *data)
{
	struct delivery *delivery = data;
	uint64_t lost;

	delivery->telling.state = state;
	weir_controller_read_events(delivery->telling.streams->controller, delivery->since, NULL,
				    on_event, &delivery->telling, &lost);
}

void weir_streams_deliver(struct weir_streams *streams)
{
	struct delivery delivery = { .telling = { .streams = streams } };

	break_those_behind(streams);
	delivery.since = first_since(streams);
	if (delivery.since != UINT64_MAX &&
	    weir_controller_has_events(streams->controller, delivery.since, NULL))
		weir_controller_read_state(streams->controller, on_state, &delivery);
}

void weir_streams_beat(struct weir_streams *streams)
{
	const struct telling telling = { .streams = streams };

	tell(&telling, write_heartbeat);
}
