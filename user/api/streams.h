/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STREAMS_H
#define WEIR_STREAMS_H

/*
 * SUBSCRIBE: those who are told what happens, as it happens.
 *
 *	weir_events ──> deliver ──> a record an encoding ──> queue of each ──> HTTP thread
 *
 * The place in the events is noted before the snapshot is taken, and what comes later is told: so between the
 * two nothing is missing, and what both have says the same. A queue has a ceiling, and who does not read is cut
 * off; so are the oldest when there are too many. Nobody is ever waited for.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"

struct weir_call;
struct weir_controller;
struct weir_error;
struct weir_http_request;
struct weir_streams;

#define WEIR_STREAMS_MAX 256
#define WEIR_HEARTBEAT_S 15

int weir_streams_new(sd_event *event, struct weir_streams **ret, struct weir_error *err);
/* All of them end; what has been written still leaves. */
void weir_streams_stop(struct weir_streams *streams);
/* When no connection is left. NULL is fine. Returns NULL. */
struct weir_streams *weir_streams_free(struct weir_streams *streams);
WEIR_DEFINE_CLEANUP(struct weir_streams, weir_streams_free);

/* On the event loop: events are told from now on. */
int weir_streams_start(struct weir_streams *streams, struct weir_controller *controller,
		       struct weir_error *err);

/* Take the suspended @request in, on any thread. On failure it is still to be answered. */
int weir_streams_add(struct weir_streams *streams, struct weir_controller *controller,
		     struct weir_http_request *request, const struct weir_call *call,
		     struct weir_error *err);

#endif /* WEIR_STREAMS_H */
