/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STREAM_H
#define WEIR_STREAM_H

/*
 * What waits to be read by one subscriber. Records are RecordIO's: the length in decimal, LF, the bytes, which all
 * who get the same share. Under the lock of whoever has the streams.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "api/media.h"

struct weir_body;
struct weir_http_request;
struct weir_streams;

#define WEIR_STREAM_MAX_BYTES (512u << 10) /* that wait, of records that count */

struct weir_record {
	STAILQ_ENTRY(weir_record) link;
	char head[24];
	size_t head_size;
	struct weir_body *body; /* a reference */
	bool counts; /* of what may wait */
};

struct weir_stream {
	TAILQ_ENTRY(weir_stream) link;
	struct weir_streams *streams;
	struct weir_http_request *request;
	enum weir_media media;
	uint64_t since; /* the last event that it was told */
	STAILQ_HEAD(weir_records, weir_record) records;
	size_t offset; /* into the first of them */
	size_t waiting_bytes; /* of those that count */
	bool paused; /* it has been read to its end */
	bool broken;
};

/* Takes a reference. One for whom there is no room, or no memory, is broken off. */
void weir_stream_push(struct weir_stream *stream, struct weir_body *body, bool counts);
/* At most @size bytes of the first record, which there has to be; it goes when that was all of it. */
size_t weir_stream_take(struct weir_stream *stream, char *room, size_t size);
void weir_stream_drop_first(struct weir_stream *stream);
/* Have it read again, if it was paused. */
void weir_stream_resume(struct weir_stream *stream);
/*
 * Its client does not keep up, or has to make room: it is cut off. What waits is forgotten at once, whenever the
 * connection goes.
 */
void weir_stream_break(struct weir_stream *stream);

#endif /* WEIR_STREAM_H */
