/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLIENT_H
#define WEIR_CLIENT_H

/* What the files of libweir share. Agents see weir/weir.h alone. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "client/transport.h"
#include "weir/weir.h"

#define WEIR_CLIENT_PATIENCE_MS 60000 /* for calls that are not meant to block */

struct weir_client {
	struct weir_transport transport;
	int status; /* of the last answer; 0: none came */
	int refused_errno; /* what it said beside the status; 0: nothing */
	struct weir_error err; /* why the last call failed */
};

struct weir_call {
	char *request; /* taken: freed by weir_client_call() */
	bool repeatable; /* only reads */
	int timeout_ms;
	bool accepted_is_done; /* 202 is success, as Mesos has it of operations */
};

/*
 * Make a call. On success *@ret_body (if not NULL) is the answer's body, with a NUL behind
 * it, for the caller to free. Refusals come back as weir.h says, the daemon's text in err.
 */
int weir_client_call(struct weir_client *client, const struct weir_call *call, char **ret_body,
		     size_t *ret_size);

/* What the daemon's refusal comes to, of client->status and the sentence @text. Never 0. */
int weir_client_fail_refused(struct weir_client *client, const char *text);

/* Every public function starts here: nothing has failed yet. */
void weir_client_begin(struct weir_client *client);

#endif /* WEIR_CLIENT_H */
