/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/head.h"
#include "api/hold.h"
#include "api/latch.h"
#include "api/media.h"
#include "api/server.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"

#define MAX_HEADER_BYTES (8u << 10) /* per connection: request line and headers */
#define MAX_HELD_BYTES	 (256u << 20) /* of all bodies and answers together */
#define STREAM_BLOCK	 (32u << 10)
#define LINGER_MS	 500 /* for the last answers to leave */

static struct weir_http_request *request_free(struct weir_http_request *request)
{
	if (!request)
		return NULL;
	weir_hold_done(&request->hold);
	free(request);
	return NULL;
}

/* ---- libmicrohttpd ---------------------------------------------------------------- */

static ssize_t on_read(void *data, uint64_t position, char *room, size_t size)
{
	struct weir_http_request *request = data;
	ssize_t n = request->stream.read(request->stream.data, room, size);

	(void)position;

	if (n == WEIR_HTTP_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n == WEIR_HTTP_BROKEN ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

static enum MHD_Result send_answer(struct weir_http_request *request)
{
	const struct weir_buffer *answer =
		request->shared ? &request->shared->buffer : &request->hold.answer;
	struct MHD_Response *response;
	char number[16];
	enum MHD_Result r;

	/* The buffer stays as it is until on_completed(). */
	if (request->stream.read)
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
							     on_read, request, NULL);
	else
		response = MHD_create_response_from_buffer(
			answer->size, answer->size ? answer->data : "", MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	if (answer->size || request->stream.read)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, request->type);
	if (request->allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
	if (request->code) {
		snprintf(number, sizeof(number), "%d", -request->code);
		MHD_add_response_header(response, "Weir-Errno", number);
	}
	r = MHD_queue_response(request->connection, request->status, response);
	MHD_destroy_response(response);
	return r;
}

/* What needs no body has its answer here. Returns: send it at once. */
static bool judge_head(struct weir_http_request *request, const char *path, const char *method)
{
	const struct weir_http_options *options = &request->http->options;
	struct MHD_Connection *connection = request->connection;
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);
	const struct weir_head head = {
		.level = request->caller.level,
		.ready = options->is_ready(options->data),
		.method = method,
		.path = path,
		.content_type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							    MHD_HTTP_HEADER_CONTENT_TYPE),
		.length = length ? strtoull(length, NULL, 10) : 0,
	};
	const struct weir_verdict verdict = weir_head_judge(&head, options->max_body);

	request->allow = verdict.allow;
	request->media = verdict.media;
	request->dialect = verdict.dialect;
	if (verdict.status)
		weir_http_refuse(request, verdict.status, verdict.text);
	return verdict.at_once;
}

/* false: the client goes on and on; close. */
static bool take_body(struct weir_http_request *request, const char *data, size_t size)
{
	struct weir_buffer *body = &request->hold.body;

	if (!request->status) {
		weir_buffer_add(body, data, size);
		if (body->failed == -EFBIG)
			weir_http_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, WEIR_HEAD_TOO_LONG);
		else if (body->failed || !weir_hold_count(&request->hold))
			weir_http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE,
					 "too many long requests are under way");
		else
			return true;
		weir_hold_drop(&request->hold, body);
	}

	/* The answer can't leave in the middle of a body: pass over some of the rest. */
	request->dropped_bytes += size;
	return request->dropped_bytes <= request->http->options.max_body;
}

/*
 * Called once with the head, then with each part of the body, then at its end; and, if the
 * request was suspended there, once more when it is resumed.
 */
static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **mark)
{
	struct weir_http_request *request = NULL;
	const struct weir_http_options *options = &((struct weir_http *)data)->options;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	(void)version;

	if (info)
		request = info->socket_context;
	if (!request)
		return MHD_NO;

	if (!*mark) {
		*mark = request;
		return judge_head(request, path, method) ? send_answer(request) : MHD_YES;
	}
	if (*upload_size) {
		bool more = take_body(request, upload, *upload_size);

		*upload_size = 0;
		return more ? MHD_YES : MHD_NO;
	}
	if (request->waits)
		request->waits = false;
	else if (!request->status)
		options->on_call(request, options->data);

	/* While it waits, its fields are the other thread's. */
	return request->waits ? MHD_YES : send_answer(request);
}

/* The answer has left, or can't. */
static void on_completed(void *data, struct MHD_Connection *connection, void **mark,
			 enum MHD_RequestTerminationCode code)
{
	struct weir_http_request *request = *mark;
	struct weir_http *http = data;

	(void)connection;
	(void)code;

	if (!request)
		return;
	if (request->was_suspended)
		weir_latch_down(&http->suspended);

	weir_hold_drop(&request->hold, &request->hold.body);
	weir_hold_drop(&request->hold, &request->hold.answer);
	request->shared = weir_body_unref(request->shared);
	if (request->stream.read)
		request->stream.done(request->stream.data);
	request->stream = (struct weir_http_stream){};
	request->dropped_bytes = 0;
	request->status = 0;
	request->code = 0;
	request->was_suspended = false;
	*mark = NULL;
}

static struct weir_http_request *request_new(struct weir_http *http,
					     struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct weir_http_request *request = calloc(1, sizeof(*request));
	struct weir_error err = {};

	if (!request)
		return NULL;
	request->http = http;
	request->server = weir_server_self();
	request->connection = connection;
	request->fd = info ? info->connect_fd : -1;
	weir_hold_init(&request->hold, &http->ceiling, http->options.max_body,
		       WEIR_HTTP_MAX_ANSWER);
	/* Not known who it is: level none, and each request says so. */
	if (weir_auth_caller(&http->options.auth, request->fd, &request->caller, &err) < 0)
		weir_debug("connection: %s, nothing is allowed on it", err.text);
	return request;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = request_new(data, connection);
	else
		*context = request_free(*context);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *data, const char *fmt, va_list args)
{
	char text[256];

	(void)data;

	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	weir_debug("http: %s", text);
}

static int start(struct weir_http *http, int listen_fd, struct weir_error *err)
{
	const struct weir_http_options *options = &http->options;
	unsigned int each = options->max_connections / options->threads;
	struct MHD_OptionItem items[] = {
		{ MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, (intptr_t)each, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)options->idle_s, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, MAX_HEADER_BYTES, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, http },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http },
		{ MHD_OPTION_END, 0, NULL },
	};

	return weir_servers_start(&http->servers, options->threads, listen_fd, on_request, http,
				  items, err);
}

int weir_http_new(int listen_fd, const struct weir_http_options *options, struct weir_http **ret,
		  struct weir_error *err)
{
	scoped(weir_http_freep) struct weir_http *http = NULL;

	http = calloc(1, sizeof(*http));
	if (!http)
		return weir_fail_memory(err);
	http->options = *options;
	http->ceiling.max_bytes = MAX_HELD_BYTES;
	weir_latch_init(&http->suspended);

	if (start(http, listen_fd, err) < 0)
		return err->code;

	close_fd(listen_fd);
	*ret = take_ptr(http);
	return 0;
}

struct weir_http *weir_http_free(struct weir_http *http)
{
	if (!http)
		return NULL;
	weir_latch_wait(&http->suspended, LINGER_MS);
	weir_servers_stop(&http->servers);
	weir_latch_done(&http->suspended);
	free(http);
	return NULL;
}
