/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MEDIA_H
#define WEIR_MEDIA_H

/* Media types in request headers: those that a body can be in, and which of them a client would take. */

#include <stdbool.h>

enum weir_media {
	WEIR_MEDIA_NONE,
	WEIR_MEDIA_JSON,
	WEIR_MEDIA_PROTOBUF,
	WEIR_MEDIA_COUNT_,
	WEIR_MEDIA_OPEN_METRICS, /* of an answer to GET /metrics, which is no call */
};

/* "application/json"; of NONE NULL. */
const char *weir_media_type(enum weir_media media);

/* What this Content-Type says, whatever its parameters. NONE: another one. */
enum weir_media weir_media_of(const char *content_type);

/* What all Accept headers of a request come to. Starts as {}: there was none. */
struct weir_accept {
	bool given; /* there was a range at all */
	struct {
		int specificity; /* of the best range that covers it so far; 0: none did */
		int quality; /* that range's, in thousandths */
	} of[WEIR_MEDIA_COUNT_];
};

/* Take in one Accept header's @value. */
void weir_accept_add(struct weir_accept *accept, const char *value);

/* What the answer is to be in: what is wanted most, JSON if that leaves a choice. NONE: nothing that we have. */
enum weir_media weir_accept_choose(const struct weir_accept *accept);

#endif /* WEIR_MEDIA_H */
