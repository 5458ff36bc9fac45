/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MEDIA_H
#define WEIR_MEDIA_H

/* Media types in request headers, as far as one has to know them to speak JSON alone. */

#include <stdbool.h>

/* Is this Content-Type application/json, whatever its parameters? */
bool weir_media_is_json(const char *content_type);

/* What all Accept headers of a request come to. Starts as {}: there was none. */
struct weir_accept {
	int specificity; /* of the best range that covers JSON so far; 0: none did */
	bool wanted; /* that range's quality is above 0 */
	bool given; /* there was a range at all */
};

/* Take in one Accept header's @value. */
void weir_accept_add(struct weir_accept *accept, const char *value);

/* May the answer be JSON? Also when nothing was said. */
bool weir_accept_is_json(const struct weir_accept *accept);

#endif /* WEIR_MEDIA_H */
