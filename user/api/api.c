/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the threads meet: calls come in on HTTP threads; what only reads is answered there,
 * all else goes through the mailbox to the event loop.
 */

#include "api/api.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "api/calls.h"
#include "api/http.h"
#include "api/mailbox.h"
#include "api/readers.h"
#include "api/streams.h"
#include "api/wait.h"
#include "base/error.h"
#include "base/log.h"

#define MAX_UNDELIVERED 256 /* calls that wait for the event loop */

struct weir_api {
	struct weir_http *http;
	struct weir_mailbox *mailbox;
	struct weir_readers *readers;
	struct weir_streams *streams;
	struct weir_waiters waiters;
	struct weir_controller *_Atomic controller; /* NULL: not ready */
};

/* A call on its way to the event loop. Owns the call, not the request. */
struct delivery {
	struct weir_mail mail; /* first: a letter is the delivery that it stands in */
	struct weir_http_request *request;
	struct weir_call call;
};

static struct delivery *delivery_free(struct delivery *delivery)
{
	weir_call_done(&delivery->call);
	free(delivery);
	return NULL;
}

static void refuse(struct weir_http_request *request, enum weir_call_type type,
		   const struct weir_error *err)
{
	weir_http_refuse_as(request, weir_call_status(type, err->code), err->code, err->text);
}

static void run(struct weir_api *api, struct weir_http_request *request,
		const struct weir_call *call)
{
	struct weir_out out = weir_http_out(request, call->dialect);
	struct weir_error err = {};
	int r;

	r = weir_call_run(call, api->controller, &weir_http_caller(request)->peer, &out, &err);
	if (r < 0)
		refuse(request, call->type, &err);
	else
		weir_http_answer(request, weir_call_success(call->type));
}

/* On the event loop. */
static void on_mail(struct weir_mail *mail, void *data)
{
	struct delivery *delivery = (struct delivery *)mail;
	const struct weir_call *call = &delivery->call;
	struct weir_api *api = data;
	struct weir_error err = {};

	if (!weir_call_waits(call, api->controller))
		run(api, delivery->request, call);
	else if (weir_waiters_add(&api->waiters, api->controller, delivery->request, call, &err) <
		 0)
		refuse(delivery->request, call->type, &err);
	delivery_free(delivery);
}

/* Takes @call. */
static void deliver(struct weir_api *api, struct weir_http_request *request, struct weir_call *call)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	struct weir_error err = {};
	int r;

	if (!delivery) {
		weir_fail_memory(&err);
		refuse(request, call->type, &err);
		weir_call_done(call);
		return;
	}
	delivery->request = request;
	delivery->call = *call;

	/* The event loop may answer before weir_mailbox_post() has returned. */
	weir_http_suspend(request);
	r = weir_mailbox_post(api->mailbox, &delivery->mail);
	if (r < 0) {
		weir_fail(&err, r, r == -ENOBUFS ? "too many calls wait" : "weir-daemon is ending");
		refuse(request, delivery->call.type, &err);
		delivery_free(delivery);
	}
}

/* Takes @call. */
static void read_long(struct weir_api *api, struct weir_http_request *request,
		      struct weir_call *call)
{
	/* It may be answered before weir_readers_submit() has returned. */
	weir_http_suspend(request);
	weir_readers_submit(api->readers, api->controller, request, call);
}

static void scrape(struct weir_api *api, struct weir_http_request *request)
{
	struct weir_call call = { .type = WEIR_CALL_SCRAPE };

	weir_http_answer_as(request, WEIR_MEDIA_OPEN_METRICS);
	read_long(api, request, &call);
}

/* On an HTTP thread. That a body is no call weighs more than that its answer would not be read. */
static void on_call(struct weir_http_request *request, void *data)
{
	struct weir_api *api = data;
	struct weir_error err = {};
	struct weir_call call = {};
	const char *body;
	size_t size;
	int r;

	if (weir_http_media(request) == WEIR_MEDIA_OPEN_METRICS)
		return scrape(api, request);
	body = weir_http_body(request, &size);
	r = weir_call_decode(weir_http_media(request), weir_http_dialect(request), body, size,
			     &call, &err);
	if (r < 0 && r != -ENOSYS)
		return refuse(request, WEIR_CALL_COUNT_, &err);

	if (!weir_http_accept(request))
		weir_http_refuse(request, 406,
				 "expected an Accept that application/json or "
				 "application/x-protobuf satisfies");
	else if (r < 0)
		refuse(request, WEIR_CALL_COUNT_, &err);
	else if (weir_http_caller(request)->level < weir_call_level(call.type))
		weir_http_refuse(request, 403,
				 "only root and members of the admin group may change anything");
	else if (weir_call_is_long(&call))
		return read_long(api, request, &call);
	else if (weir_call_is_read(call.type) && !weir_call_waits(&call, api->controller))
		run(api, request, &call);
	else
		return deliver(api, request, &call);
	weir_call_done(&call);
}

static bool is_ready(void *data)
{
	struct weir_api *api = data;

	return api->controller;
}

int weir_api_new(sd_event *event, int listen_fd, const struct weir_api_options *options,
		 struct weir_api **ret, struct weir_error *err)
{
	scoped(weir_api_freep) struct weir_api *api = NULL;
	struct weir_http_options http = {
		.threads = options->threads,
		.max_connections = WEIR_API_MAX_CONNECTIONS,
		.idle_s = WEIR_API_IDLE_S,
		.max_body = WEIR_API_MAX_BODY,
		.auth = { .admin_gid = options->admin_gid, .reader_gid = options->reader_gid },
		.is_ready = is_ready,
		.on_call = on_call,
	};

	if (options->threads < 1 || options->threads > 16)
		return weir_fail(err, -EINVAL, "%u HTTP threads: expected 1 to 16",
				 options->threads);

	api = calloc(1, sizeof(*api));
	if (!api)
		return weir_fail_memory(err);
	api->waiters.event = event;
	if (weir_mailbox_new(event, MAX_UNDELIVERED, on_mail, api, &api->mailbox, err) < 0 ||
	    weir_streams_new(event, &api->streams, err) < 0 ||
	    weir_readers_new(options->threads, api->streams, &api->readers, err) < 0)
		return err->code;
	http.data = api;
	if (weir_http_new(listen_fd, &http, &api->http, err) < 0)
		return err->code;

	*ret = take_ptr(api);
	return 0;
}

void weir_api_ready(struct weir_api *api, struct weir_controller *controller)
{
	struct weir_error err = {};

	if (weir_streams_start(api->streams, controller, &err) < 0)
		weir_warn("subscribers are told nothing: %s", err.text);
	api->controller = controller;
}

/* libmicrohttpd does not stop over suspended connections, so each gets an answer first. */
static void answer_all(struct weir_api *api)
{
	struct weir_mail *mail = weir_mailbox_close(api->mailbox);

	while (mail) {
		struct delivery *delivery = (struct delivery *)mail;

		mail = mail->next;
		weir_http_refuse(delivery->request, 503, "weir-daemon is ending");
		delivery_free(delivery);
	}
	weir_waiters_done(&api->waiters);
}

struct weir_api *weir_api_free(struct weir_api *api)
{
	if (!api)
		return NULL;
	if (api->mailbox)
		answer_all(api);
	if (api->readers)
		weir_readers_stop(api->readers);
	if (api->streams)
		weir_streams_stop(api->streams);
	weir_http_free(api->http);
	weir_readers_free(api->readers);
	weir_streams_free(api->streams);
	weir_mailbox_free(api->mailbox);
	free(api);
	return NULL;
}
