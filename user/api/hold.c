/* SPDX-License-Identifier: Apache-2.0 */
#include "api/hold.h"

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

bool weir_hold_count(struct weir_hold *hold)
{
	struct weir_ceiling *ceiling = hold->ceiling;
	size_t bytes = hold->body.capacity + hold->answer.capacity;

	if (bytes <= 2 * KEPT_BYTES)
		bytes = 0;
	if (bytes > hold->held_bytes) {
		size_t more = bytes - hold->held_bytes;

		if (atomic_fetch_add(&ceiling->held_bytes, more) + more > ceiling->max_bytes) {
			atomic_fetch_sub(&ceiling->held_bytes, more);
			return false;
		}
	} else {
		atomic_fetch_sub(&ceiling->held_bytes, hold->held_bytes - bytes);
	}
	hold->held_bytes = bytes;
	return true;
}

void weir_hold_drop(struct weir_hold *hold, struct weir_buffer *buffer)
{
	if (buffer->capacity > KEPT_BYTES)
		weir_buffer_done(buffer);
	else
		weir_buffer_reset(buffer);
	weir_hold_count(hold);
}
