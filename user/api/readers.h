/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_READERS_H
#define WEIR_READERS_H

/*
 * A few threads that write long answers, so that those of the HTTP server are free for short ones. Requests that
 * ask for the same, of one principal, in one encoding, while it waits or is being written, get one body.
 *
 * Who has changed something and then asks does not get what was begun before: by then
 * weir_controller_changes() has risen.
 */

#include "base/cleanup.h"

struct weir_call;
struct weir_controller;
struct weir_error;
struct weir_http_request;
struct weir_readers;
struct weir_streams;

#define WEIR_READERS_MAX 256 /* answers that wait to be written */

/* @streams is borrowed: where subscribers go. */
int weir_readers_new(unsigned int threads, struct weir_streams *streams, struct weir_readers **ret,
		     struct weir_error *err);
/* What waits, and what comes yet, is answered with 503; what is being written is finished first. */
void weir_readers_stop(struct weir_readers *readers);
/* When nobody submits any more. NULL is fine. Returns NULL. */
struct weir_readers *weir_readers_free(struct weir_readers *readers);
WEIR_DEFINE_CLEANUP(struct weir_readers, weir_readers_free);

/* Have the suspended @request answered. Takes @call, and both it and @request whatever happens. On any thread. */
void weir_readers_submit(struct weir_readers *readers, struct weir_controller *controller,
			 struct weir_http_request *request, struct weir_call *call);

#endif /* WEIR_READERS_H */
