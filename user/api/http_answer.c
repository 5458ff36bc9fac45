/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as the floor above sees them, and their answers. */
#include "api/http_internal.h"

#include <errno.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/error.h"

#define TOO_LONG "the answer is longer than 64 MiB"
#define TOO_MANY "too many long answers are under way"

const struct weir_caller *weir_http_caller(const struct weir_http_request *request)
{
	return &request->caller;
}

const char *weir_http_body(const struct weir_http_request *request, size_t *ret_size)
{
	*ret_size = request->hold.body.size;
	return request->hold.body.data ? request->hold.body.data : "";
}

int weir_http_fd(const struct weir_http_request *request)
{
	return request->fd;
}

enum weir_media weir_http_media(const struct weir_http_request *request)
{
	return request->media;
}

enum weir_dialect weir_http_dialect(const struct weir_http_request *request)
{
	return request->dialect;
}

struct weir_out weir_http_out(struct weir_http_request *request, enum weir_dialect dialect)
{
	return (struct weir_out)WEIR_OUT_INIT(&request->hold.answer, request->answer_media,
					      dialect);
}

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	(void)kind;

	if (value && strcasecmp(key, MHD_HTTP_HEADER_ACCEPT) == 0)
		weir_accept_add(data, value);
	return MHD_YES;
}

bool weir_http_accept(struct weir_http_request *request)
{
	struct weir_accept accept = {};

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_header, &accept);
	request->answer_media = weir_accept_choose(&accept);
	return request->answer_media != WEIR_MEDIA_NONE;
}

void weir_http_suspend(struct weir_http_request *request)
{
	request->waits = true;
	request->was_suspended = true;
	weir_latch_up(&request->http->suspended);
	MHD_suspend_connection(request->connection);
}

/* The last touch of @request on this thread, if another one has to send the answer. */
static void complete(struct weir_http_request *request, unsigned int status, const char *type)
{
	const struct weir_server *server = request->server;

	request->type = type;
	request->status = status;
	if (!request->waits)
		return;
	MHD_resume_connection(request->connection);
	weir_server_wake(server);
}

void weir_http_answer(struct weir_http_request *request, unsigned int status)
{
	if (request->hold.answer.failed == -EFBIG)
		return weir_http_refuse(request, MHD_HTTP_INTERNAL_SERVER_ERROR, TOO_LONG);
	if (request->hold.answer.failed || !weir_hold_count(&request->hold))
		return weir_http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, TOO_MANY);
	complete(request, status, weir_media_type(request->answer_media));
}

struct weir_body *weir_http_body_new(struct weir_http_request *request)
{
	return weir_body_new(&request->http->ceiling, WEIR_HTTP_MAX_ANSWER);
}

struct weir_out weir_http_body_out(struct weir_body *body, const struct weir_http_request *request,
				   enum weir_dialect dialect)
{
	return (struct weir_out)WEIR_OUT_INIT(&body->buffer, request->answer_media, dialect);
}

int weir_http_body_check(struct weir_body *body, struct weir_error *err)
{
	if (body->buffer.failed == -EFBIG)
		return weir_fail(err, -EFBIG, TOO_LONG);
	if (body->buffer.failed || !weir_body_count(body))
		return weir_fail(err, -ENOBUFS, TOO_MANY);
	return 0;
}

void weir_http_answer_body(struct weir_http_request *request, struct weir_body *body)
{
	request->shared = weir_body_ref(body);
	complete(request, MHD_HTTP_OK, weir_media_type(request->answer_media));
}

void weir_http_answer_stream(struct weir_http_request *request,
			     const struct weir_http_stream *stream)
{
	request->stream = *stream;
	complete(request, MHD_HTTP_OK, weir_media_type(request->answer_media));
}

void weir_http_pause(struct weir_http_request *request)
{
	MHD_suspend_connection(request->connection);
}

void weir_http_resume(struct weir_http_request *request)
{
	MHD_resume_connection(request->connection);
	weir_server_wake(request->server);
}

void weir_http_cut(struct weir_http_request *request)
{
	shutdown(request->fd, SHUT_RDWR);
}

void weir_http_answer_as(struct weir_http_request *request, enum weir_media media)
{
	request->answer_media = media;
}

enum weir_media weir_http_answer_media(const struct weir_http_request *request)
{
	return request->answer_media;
}

void weir_http_refuse(struct weir_http_request *request, unsigned int status, const char *text)
{
	weir_http_refuse_as(request, status, 0, text);
}

void weir_http_refuse_as(struct weir_http_request *request, unsigned int status, int code,
			 const char *text)
{
	request->code = code;
	weir_hold_drop(&request->hold, &request->hold.answer);
	weir_buffer_add_text(&request->hold.answer, text);
	complete(request, status, "text/plain; charset=utf-8");
}
