/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_REPLY_H
#define WEIR_REPLY_H

/*
 * One HTTP/1.1 reply, fed as the bytes come in.
 *
 * Opens no socket and knows no time. Only what the daemon may send is
 * understood: a status, Content-Length or chunks, Connection. What the peer
 * says is never trusted: lines, headers and the body have ceilings.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct weir_error;

#define WEIR_REPLY_MAX_LINE    4096 /* bytes of a header line */
#define WEIR_REPLY_MAX_HEADERS 64 /* lines, trailers included */

enum weir_reply_state {
	WEIR_REPLY_STATUS_LINE,
	WEIR_REPLY_HEADERS,
	WEIR_REPLY_BODY,
	WEIR_REPLY_BODY_TO_END, /* neither length nor chunks: the body ends with the connection */
	WEIR_REPLY_CHUNK_SIZE,
	WEIR_REPLY_CHUNK,
	WEIR_REPLY_CHUNK_END,
	WEIR_REPLY_TRAILERS,
	WEIR_REPLY_DONE,
};

struct weir_reply {
	int status; /* 0 until the status line was read */
	bool keep_alive; /* the connection can carry another call */
	int error; /* the errno behind a refusal; 0: it said none */
	struct weir_buffer body;

	/* The parser's own. */
	enum weir_reply_state state;
	bool has_length, chunked;
	uint64_t left; /* bytes of the body, or of the chunk, still to come */
	unsigned int n_headers;
	size_t line_size;
	char line[WEIR_REPLY_MAX_LINE];
};

#define WEIR_REPLY_INIT(max_body)                   \
	{                                           \
		.body = WEIR_BUFFER_INIT(max_body), \
		.keep_alive = true,                 \
	}

void weir_reply_done(struct weir_reply *reply);

/* 1: the answer is complete; 0: more is to come; -EIO: it is no answer we can take. */
int weir_reply_feed(struct weir_reply *reply, const char *data, size_t size,
		    struct weir_error *err);

/* The peer closed the connection. 0: the answer is complete; -EIO: it was cut. */
int weir_reply_finish(struct weir_reply *reply, struct weir_error *err);

#endif /* WEIR_REPLY_H */
