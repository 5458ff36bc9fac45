/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CALLS_H
#define WEIR_CALLS_H

/* What each call is: who may make it, on which thread it runs, what it does, and what its failures are in HTTP. */

#include "api/auth.h"
#include "api/decode.h"

struct weir_out;
struct weir_error;

/* Who may make it. */
enum weir_level weir_call_level(enum weir_call_type type);

/* Does it only read, so that it may run on any thread, unless it waits? */
bool weir_call_is_read(enum weir_call_type type);

/* Is it long what is answered, so that others than the HTTP threads should write it? */
bool weir_call_is_long(const struct weir_call *call);

/* What GET_EVENTS goes on from: from nothing, if the number that it has is of another daemon. */
uint64_t weir_call_since(const struct weir_call *call, const struct weir_controller *controller);

/* Is it for something that is not there yet? weir_waiters_add() then, on the event loop. */
bool weir_call_waits(const struct weir_call *call, struct weir_controller *controller);

/*
 * Every call that does not wait. On success the answer's body, if there is one, is in @answer.
 * Failures are the controller's; weir_call_status() knows what they are in HTTP.
 */
int weir_call_run(const struct weir_call *call, struct weir_controller *controller,
		  const struct weir_peer *peer, struct weir_out *answer, struct weir_error *err);

/* The status of a call that has succeeded: 200, or as Mesos has it 202. */
unsigned int weir_call_success(enum weir_call_type type);

/* The status for the negative errno @code of a call of type @type. */
unsigned int weir_call_status(enum weir_call_type type, int code);

#endif /* WEIR_CALLS_H */
