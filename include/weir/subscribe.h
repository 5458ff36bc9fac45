/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SUBSCRIBE_H
#define WEIR_SUBSCRIBE_H

/*
 * What happens, as it happens: SUBSCRIBE on a connection of its own, for loops that wait for more than this.
 *
 *	weir_client_subscribe(client, 0, 0, &subscription);
 *	poll() weir_subscription_fd(subscription) for POLLIN, and then
 *	while (weir_subscription_next(subscription, 0, &told) > 0) …
 *
 * Conventions are those of weir.h.
 */

#include "weir/weir.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_subscription;

/* Valid until the next call about the same subscription. */
struct weir_told {
	/*
	 * "SUBSCRIBED" comes first; then what happens, "TASK_ADDED" and "TASK_UPDATED" as Mesos tells it and "WEIR" as
	 * weir does; in between "HEARTBEAT". Of a newer daemon others may come.
	 */
	const char *type;
	const char *json; /* all of it, as docs/api.md has it */
	const struct weir_event_info *event; /* of "WEIR"; else NULL */
};

/*
 * Returns when the daemon has begun to answer. @since and @epoch_us: 0, and it begins with a snapshot of the state; or
 * where an earlier subscription ended, the seq of its last event and the epoch_us of its "SUBSCRIBED", and it begins with
 * the event after that; with a snapshot all the same, if that is not kept any more. @client serves to connect and to
 * say what failed; it can be freed before the subscription is.
 */
int weir_client_subscribe(struct weir_client *client, uint64_t since, uint64_t epoch_us,
			  struct weir_subscription **ret);
/* NULL is fine. */
void weir_subscription_free(struct weir_subscription *subscription);

/* To wait for, and for nothing else. What has been read of it already is waited for by nobody: call _next() until it is 0. */
int weir_subscription_fd(const struct weir_subscription *subscription);

/*
 * 1: *@ret is what came next. 0: nothing has, within @timeout_ms (0: look and do not wait; -1: for ever). A daemon that
 * lives sends a heartbeat every 15 seconds. Failures end it: -ESHUTDOWN: the daemon has ended; -ECONNRESET: cut off,
 * since it did not read for long or was the oldest of too many; -ENOMEM; -EIO: what came is no record.
 */
int weir_subscription_next(struct weir_subscription *subscription, int timeout_ms,
			   struct weir_told *ret);

/* Why _next() failed, in one sentence. Never NULL. */
const char *weir_subscription_error(const struct weir_subscription *subscription);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_SUBSCRIBE_H */
