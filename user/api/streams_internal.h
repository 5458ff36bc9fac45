/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STREAMS_INTERNAL_H
#define WEIR_STREAMS_INTERNAL_H

/* What the files behind streams.h share. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "api/stream.h"
#include "api/streams.h"
#include "control/controller.h"

struct weir_streams {
	sd_event *event; /* borrowed */
	sd_event_source *heartbeat_source;
	sd_event_source *wake_source;
	int wake_fd; /* there is one to be told, and perhaps nobody waits for events yet */
	/* Of the event loop: it waits for events; and of on_events(), which may be called before a wait has begun. */
	bool waits, telling, told_again;

	pthread_mutex_t lock; /* all below, and all streams */
	struct weir_controller *controller; /* borrowed; NULL: not started */
	TAILQ_HEAD(weir_stream_list, weir_stream) list; /* the oldest first */
	unsigned int n;
	bool stop;
};

/* streams_tell.c; under the lock. */

/* Whatever has happened since. For who is so far behind that some of it is kept no more, that is the end. */
void weir_streams_deliver(struct weir_streams *streams);
void weir_streams_beat(struct weir_streams *streams);

#endif /* WEIR_STREAMS_INTERNAL_H */
