/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_HEAD_H
#define WEIR_HEAD_H

/* What can be said of a request before its body is read. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "api/auth.h"
#include "api/kinds.h"
#include "api/media.h"

#define WEIR_HEAD_TOO_LONG "the body is longer than 1 MiB"

struct weir_head {
	enum weir_level level; /* of the peer */
	bool ready; /* is the daemon? */
	const char *method, *path;
	const char *content_type; /* NULL: none */
	unsigned long long length; /* as announced; 0: it was not */
};

struct weir_verdict {
	enum weir_media media; /* of the body, if it is to be read; OPEN_METRICS: it is a scrape */
	enum weir_dialect dialect; /* whose calls the path is for */
	unsigned int status; /* 0: go on and read the body */
	const char *text; /* the answer's body */
	const char *allow; /* of a 405 */
	bool at_once; /* do not read the body, even if that costs the connection */
};

/*
 * In this order: a peer without any right 403, an unknown path 404, a daemon that is not ready
 * 503, another method 405, a missing Content-Type 400, a wrong one 415, a body that is too
 * long 413. GET /healthz has its answer here.
 */
struct weir_verdict weir_head_judge(const struct weir_head *head, size_t max_body);

#endif /* WEIR_HEAD_H */
