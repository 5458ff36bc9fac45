/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_HTTP_INTERNAL_H
#define WEIR_HTTP_INTERNAL_H

/* What the files behind http.h share. */

#include <microhttpd.h>

#include "api/hold.h"
#include "api/http.h"
#include "api/latch.h"
#include "api/server.h"

#define WEIR_HTTP_MAX_ANSWER (64u << 20) /* bytes */

struct weir_http {
	struct weir_http_options options;
	struct weir_servers servers;
	struct weir_ceiling ceiling;

	struct weir_latch suspended; /* requests that were, and whose answer has not left */
};

/* One a connection: requests on it come one after the other, and use the same memory. */
struct weir_http_request {
	struct weir_http *http;
	const struct weir_server *server; /* whose connection it is */
	struct MHD_Connection *connection;
	struct weir_caller caller;
	int fd;

	struct weir_hold hold;
	struct weir_body
		*shared; /* what it is answered with in place of what it holds; NULL: nothing */
	enum weir_dialect dialect; /* of its path */
	enum weir_media media, answer_media; /* of the body, and of what it is answered with */
	struct weir_http_stream
		stream; /* what it is answered with in place of a body; .read NULL: nothing */
	size_t dropped_bytes; /* of a body that is not taken */
	unsigned int status; /* 0: not answered */
	const char *type; /* of the answer */
	const char *allow; /* the methods to name in a 405 */
	int code; /* negative errno behind a refusal; 0: none */
	bool waits; /* libmicrohttpd has it suspended */
	bool was_suspended;
};

#endif /* WEIR_HTTP_INTERNAL_H */
