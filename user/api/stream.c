/* SPDX-License-Identifier: Apache-2.0 */
#include "api/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/hold.h"
#include "api/http.h"

void weir_stream_drop_first(struct weir_stream *stream)
{
	struct weir_record *record = STAILQ_FIRST(&stream->records);

	STAILQ_REMOVE_HEAD(&stream->records, link);
	if (record->counts)
		stream->waiting_bytes -= record->body->buffer.size;
	stream->offset = 0;
	weir_body_unref(record->body);
	free(record);
}

void weir_stream_resume(struct weir_stream *stream)
{
	if (!stream->paused)
		return;
	stream->paused = false;
	weir_http_resume(stream->request);
}

void weir_stream_break(struct weir_stream *stream)
{
	stream->broken = true;
	while (!STAILQ_EMPTY(&stream->records))
		weir_stream_drop_first(stream);
	weir_http_cut(stream->request);
	weir_stream_resume(stream);
}

void weir_stream_push(struct weir_stream *stream, struct weir_body *body, bool counts)
{
	struct weir_record *record;

	if (stream->broken)
		return;
	record = malloc(sizeof(*record));
	if (!record ||
	    (counts && stream->waiting_bytes + body->buffer.size > WEIR_STREAM_MAX_BYTES)) {
		free(record);
		weir_stream_break(stream);
		return;
	}
	record->head_size =
		(size_t)snprintf(record->head, sizeof(record->head), "%zu\n", body->buffer.size);
	record->body = weir_body_ref(body);
	record->counts = counts;
	if (counts)
		stream->waiting_bytes += body->buffer.size;
	STAILQ_INSERT_TAIL(&stream->records, record, link);
	weir_stream_resume(stream);
}

size_t weir_stream_take(struct weir_stream *stream, char *room, size_t size)
{
	const struct weir_record *record = STAILQ_FIRST(&stream->records);
	const struct weir_buffer *body = &record->body->buffer;
	size_t from = stream->offset, n;
	const char *part;

	if (from < record->head_size) {
		part = record->head + from;
		n = record->head_size - from;
	} else {
		part = body->data + (from - record->head_size);
		n = record->head_size + body->size - from;
	}
	n = n < size ? n : size;
	memcpy(room, part, n);
	stream->offset += n;
	if (stream->offset == record->head_size + body->size)
		weir_stream_drop_first(stream);
	return n;
}
