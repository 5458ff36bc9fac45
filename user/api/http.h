/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_HTTP_H
#define WEIR_HTTP_H

/*
 * HTTP/1.1 on a unix listener. Knows peers, bytes, statuses and requests that wait for their
 * answer; knows no calls.
 *
 * What head.h can judge is answered here, as are bodies that are too long (413) or one too
 * many (503). What is left is a whole body, and goes to on_call().
 */

#include <stdbool.h>
#include <stddef.h>

#include "api/auth.h"
#include "api/media.h"
#include "api/out.h"
#include "base/cleanup.h"

struct weir_error;
struct weir_http;
struct weir_http_request;
struct weir_body;

struct weir_http_options {
	unsigned int threads, max_connections, idle_s;
	size_t max_body; /* bytes */
	struct weir_auth auth;

	/* On the HTTP threads. */
	bool (*is_ready)(void *data);
	/* Has to end in weir_http_answer(), weir_http_refuse(), or weir_http_suspend(). */
	void (*on_call)(struct weir_http_request *request, void *data);
	void *data;
};

/* Starts to serve. @listen_fd is taken on success. */
int weir_http_new(int listen_fd, const struct weir_http_options *options, struct weir_http **ret,
		  struct weir_error *err);

/*
 * Ends all connections; answers under way get a moment to leave. Every suspended request must
 * have been answered. NULL is fine. Returns NULL.
 */
struct weir_http *weir_http_free(struct weir_http *http);
WEIR_DEFINE_CLEANUP(struct weir_http, weir_http_free);

/* A request is valid until it is answered. */
const struct weir_caller *weir_http_caller(const struct weir_http_request *request);
const char *weir_http_body(const struct weir_http_request *request, size_t *ret_size);
/* The connection's socket, to watch and not to read. */
int weir_http_fd(const struct weir_http_request *request);
/* What the body is in, and whose calls its path is for. */
enum weir_media weir_http_media(const struct weir_http_request *request);
enum weir_dialect weir_http_dialect(const struct weir_http_request *request);
/* In on_call(), before weir_http_out(): false: the client would take nothing that we have. */
bool weir_http_accept(struct weir_http_request *request);

/* In on_call(): the answer comes later, perhaps from another thread, perhaps before this returns. */
void weir_http_suspend(struct weir_http_request *request);

/* Where the body of the answer is written, in what the client takes, by the numbers of @dialect. */
struct weir_out weir_http_out(struct weir_http_request *request, enum weir_dialect dialect);
/* @status, 200 or another that is no refusal, with what was written, if anything. */
void weir_http_answer(struct weir_http_request *request, unsigned int status);
/*
 * One body for several: written to, by the numbers of @dialect in what @request takes; then answered with, as
 * often as one likes. NULL: no memory. weir_body_unref() when no more are to get it.
 */
struct weir_body *weir_http_body_new(struct weir_http_request *request);
struct weir_out weir_http_body_out(struct weir_body *body, const struct weir_http_request *request,
				   enum weir_dialect dialect);
/* When all is written: -EFBIG, -ENOBUFS, -ENOMEM: it can't be answered with. */
int weir_http_body_check(struct weir_body *body, struct weir_error *err);
void weir_http_answer_body(struct weir_http_request *request, struct weir_body *body);
/* What the answer is to be in, whatever the client would take. */
void weir_http_answer_as(struct weir_http_request *request, enum weir_media media);
/* What the answer is to be in. */
enum weir_media weir_http_answer_media(const struct weir_http_request *request);

/*
 * 200 with what @read yields, as it comes. It is called on the HTTP threads, and puts at most @size bytes into @room;
 * 0: there is nothing now, and it has said weir_http_pause(); WEIR_HTTP_END: that was all; WEIR_HTTP_BROKEN: it is
 * to be broken off. @done is called once, when nothing will be read any more.
 */
#define WEIR_HTTP_END	 (-1)
#define WEIR_HTTP_BROKEN (-2)
struct weir_http_stream {
	ssize_t (*read)(void *data, char *room, size_t size);
	void (*done)(void *data);
	void *data;
};
void weir_http_answer_stream(struct weir_http_request *request,
			     const struct weir_http_stream *stream);
void weir_http_pause(struct weir_http_request *request);
/* On any thread, before @done: after a pause, have it read again; or cut the client off. */
void weir_http_resume(struct weir_http_request *request);
void weir_http_cut(struct weir_http_request *request);

/* Another status, with a sentence as its body; what is in the buffer is dropped. */
void weir_http_refuse(struct weir_http_request *request, unsigned int status, const char *text);
/* The same, with what statuses are too few for: the errno (negative) in a header. */
void weir_http_refuse_as(struct weir_http_request *request, unsigned int status, int code,
			 const char *text);

#endif /* WEIR_HTTP_H */
