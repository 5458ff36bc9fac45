/* SPDX-License-Identifier: Apache-2.0 */
#include "api/hold.h"

#include <stdlib.h>

#define KEPT_BYTES ((size_t)16 << 10) /* of a buffer: most calls and answers are shorter */

void weir_hold_init(struct weir_hold *hold, struct weir_ceiling *ceiling, size_t max_body_bytes,
		    size_t max_answer_bytes)
{
	*hold = (struct weir_hold){
		.body = WEIR_BUFFER_INIT(max_body_bytes),
		.answer = WEIR_BUFFER_INIT(max_answer_bytes),
		.ceiling = ceiling,
	};
}

void weir_hold_done(struct weir_hold *hold)
{
	weir_buffer_done(&hold->body);
	weir_buffer_done(&hold->answer);
	weir_hold_count(hold);
}

/* *@held becomes @bytes of what all hold. false: that would be too much. */
static bool count(struct weir_ceiling *ceiling, size_t *held, size_t bytes)
{
	if (bytes > *held) {
		size_t more = bytes - *held;

		if (atomic_fetch_add(&ceiling->held_bytes, more) + more > ceiling->max_bytes) {
			atomic_fetch_sub(&ceiling->held_bytes, more);
			return false;
		}
	} else {
		atomic_fetch_sub(&ceiling->held_bytes, *held - bytes);
	}
	*held = bytes;
	return true;
}

bool weir_hold_count(struct weir_hold *hold)
{
	size_t bytes = hold->body.capacity + hold->answer.capacity;

	return count(hold->ceiling, &hold->held_bytes, bytes <= 2 * KEPT_BYTES ? 0 : bytes);
}

void weir_hold_drop(struct weir_hold *hold, struct weir_buffer *buffer)
{
	if (buffer->capacity > KEPT_BYTES)
		weir_buffer_done(buffer);
	else
		weir_buffer_reset(buffer);
	weir_hold_count(hold);
}

struct weir_body *weir_body_new(struct weir_ceiling *ceiling, size_t max_bytes)
{
	struct weir_body *body = calloc(1, sizeof(*body));

	if (!body)
		return NULL;
	body->buffer = (struct weir_buffer)WEIR_BUFFER_INIT(max_bytes);
	body->ceiling = ceiling;
	body->refs = 1;
	return body;
}

struct weir_body *weir_body_ref(struct weir_body *body)
{
	body->refs++;
	return body;
}

struct weir_body *weir_body_unref(struct weir_body *body)
{
	if (!body || --body->refs)
		return NULL;
	count(body->ceiling, &body->held_bytes, 0);
	weir_buffer_done(&body->buffer);
	free(body);
	return NULL;
}

bool weir_body_count(struct weir_body *body)
{
	return count(body->ceiling, &body->held_bytes, body->buffer.capacity);
}
