/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_HOLD_H
#define WEIR_HOLD_H

/*
 * What a client makes us hold: the body it sends and the answer it gets; and a ceiling on what
 * all clients together do.
 *
 * A little stays with each connection from request to request and is not counted: connections
 * have a ceiling of their own. A hold is used by one thread at a time, a ceiling by all.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/cleanup.h"

struct weir_ceiling {
	atomic_size_t held_bytes; /* by all, less what each may keep */
	size_t max_bytes;
};

struct weir_hold {
	struct weir_buffer body, answer;
	struct weir_ceiling *ceiling; /* borrowed */
	size_t held_bytes; /* this one's part of those of all */
};

void weir_hold_init(struct weir_hold *hold, struct weir_ceiling *ceiling, size_t max_body_bytes,
		    size_t max_answer_bytes);
void weir_hold_done(struct weir_hold *hold);

/* To be said when a buffer has grown. false: all together hold too much, so drop it. */
bool weir_hold_count(struct weir_hold *hold);

/* Forget what is in @buffer, one of the two; memory beyond the little is given back. */
void weir_hold_drop(struct weir_hold *hold, struct weir_buffer *buffer);

/* An answer that several clients get. Counted once, for as long as one of them has it. */
struct weir_body {
	struct weir_buffer buffer; /* nobody writes any more when it is shared */
	struct weir_ceiling *ceiling; /* borrowed */
	size_t held_bytes;
	atomic_uint refs;
};

/* Empty, with one reference. NULL: no memory. */
struct weir_body *weir_body_new(struct weir_ceiling *ceiling, size_t max_bytes);
struct weir_body *weir_body_ref(struct weir_body *body);
/* NULL is fine. Returns NULL. */
struct weir_body *weir_body_unref(struct weir_body *body);
WEIR_DEFINE_CLEANUP(struct weir_body, weir_body_unref);

/* To be said when all is written. false: all together hold too much. */
bool weir_body_count(struct weir_body *body);

#endif /* WEIR_HOLD_H */
