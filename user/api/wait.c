/* SPDX-License-Identifier: Apache-2.0 */
#include "api/wait.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "api/answer.h"
#include "api/calls.h"
#include "api/decode.h"
#include "api/http.h"
#include "base/error.h"

struct weir_waiter {
	struct weir_waiter *next, **slot; /* *slot is what points here */
	struct weir_controller *controller;
	struct weir_http_request *request;
	sd_event_source *hangup;
	/* What it waits for: events of a container or, with "", of all; or else its end. */
	bool for_events;
	uint64_t since;
	char id[WEIR_NAME_MAX + 1];
};

static struct weir_waiter *waiter_free(struct weir_waiter *waiter)
{
	sd_event_source_disable_unref(waiter->hangup);
	*waiter->slot = waiter->next;
	if (waiter->next)
		waiter->next->slot = waiter->slot;
	free(waiter);
	return NULL;
}
WEIR_DEFINE_CLEANUP(struct weir_waiter, waiter_free);

static void on_end(const struct weir_end *end, void *data)
{
	struct weir_waiter *waiter = data;
	struct weir_http_request *request = waiter->request;
	struct weir_out out = weir_http_out(request, WEIR_DIALECT_AGENT);

	/* First: once answered, the socket is the HTTP server's again. */
	waiter_free(waiter);
	if (!end) {
		weir_http_refuse(request, 404, "the container was removed before it had ended");
		return;
	}
	weir_answer_end(&out, end);
	weir_http_answer(request, 200);
}

static void on_events(void *data)
{
	struct weir_waiter *waiter = data;
	struct weir_http_request *request = waiter->request;
	struct weir_out out = weir_http_out(request, WEIR_DIALECT_AGENT);

	weir_answer_events(&out, waiter->controller, waiter->since,
			   *waiter->id ? waiter->id : NULL);
	waiter_free(waiter);
	weir_http_answer(request, 200);
}

/* Nobody is told any more. */
static void refuse(struct weir_waiter *waiter, const char *why)
{
	struct weir_http_request *request = waiter->request;

	if (waiter->for_events)
		weir_controller_unwait_events(waiter->controller, on_events, waiter);
	else
		weir_controller_unwait(waiter->controller, on_end, waiter);
	waiter_free(waiter);
	weir_http_refuse(request, 503, why);
}

/* Nobody reads the answer; it lets the HTTP server see for itself and clean up. */
static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)source;
	(void)fd;
	(void)revents;

	refuse(data, "the client has hung up");
	return 0;
}

/* It may be told, and freed, before this returns. */
static int begin(struct weir_waiter *waiter, const struct weir_call *call, struct weir_error *err)
{
	struct weir_controller *controller = waiter->controller;

	if (call->type != WEIR_CALL_GET_EVENTS)
		return weir_controller_wait(controller, call->id, on_end, waiter, err);
	waiter->for_events = true;
	waiter->since = weir_call_since(call, controller);
	if (call->id)
		strncpy(waiter->id, call->id, sizeof(waiter->id) - 1);
	return weir_controller_wait_events(controller, waiter->since, call->id, call->wait_ms,
					   on_events, waiter, err);
}

int weir_waiters_add(struct weir_waiters *waiters, struct weir_controller *controller,
		     struct weir_http_request *request, const struct weir_call *call,
		     struct weir_error *err)
{
	scoped(waiter_freep) struct weir_waiter *waiter = NULL;
	int r;

	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return weir_fail_memory(err);
	waiter->controller = controller;
	waiter->request = request;
	waiter->next = waiters->first;
	waiter->slot = &waiters->first;
	if (waiter->next)
		waiter->next->slot = &waiter->next;
	waiters->first = waiter;

	/* Hanging up is told for a closed peer; one that only will not send any more still waits. */
	r = sd_event_add_io(waiters->event, &waiter->hangup, weir_http_fd(request), EPOLLHUP,
			    on_hangup, waiter);
	if (r < 0)
		return weir_fail(err, r, "watch the client: %s", strerror(-r));

	r = begin(waiter, call, err);
	if (r == 0)
		waiter = NULL;
	return r;
}

void weir_waiters_done(struct weir_waiters *waiters)
{
	while (waiters->first)
		refuse(waiters->first, "weir-daemon is ending");
}
