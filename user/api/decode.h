/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_DECODE_H
#define WEIR_DECODE_H

/*
 * Request bytes -> a typed call, with amounts exact and everything named that is refused.
 *
 * Decides nothing that needs to know what is there: whether an id is known, whether figures
 * go together or fit the node, is the controller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "api/media.h"
#include "control/controller.h"
#include "model/operation.h"

struct weir_error;

/* What a container has to be like to be shown. */
struct weir_filter {
	const char *role, *id_prefix; /* NULL: any; a role has those below it */
	bool over_request;
};

/* One that its caller has open, or that lies, or will, at a path. */
struct weir_socket_call {
	const char *name, *path;
	int fd; /* the caller's; -1: by the path */
	uid_t uid; /* whose it has to be, by the path */
};

struct weir_call {
	enum weir_call_type type;
	enum weir_dialect dialect; /* whose it is */
	/* Of the container; NULL: GET_CONTAINERS or GET_EVENTS of all, or a call without one. */
	const char *id;
	struct weir_launch launch; /* LAUNCH_CONTAINER; the peer is not filled in */
	struct weir_adoption adoption; /* ADOPT_CONTAINER */
	struct weir_ask change; /* UPDATE_CONTAINER */
	const struct weir_net *net; /* SET_POLICY */
	struct weir_socket_call socket; /* REGISTER_AGENT_SOCKET */
	int pid; /* START_CONTAINER, JOIN_CONTAINER; 0: not said */
	int signal; /* KILL_CONTAINER */
	uint64_t level, duration_ns; /* SET_LOGGING_LEVEL */
	bool show_standalone, show_nested; /* GET_CONTAINERS, and of those only */
	struct weir_filter filter;
	struct weir_operation
		operation; /* of calls about reservations and volumes, owned; else empty */
	const char *agent_id; /* of those; NULL: not said */
	bool dry_run, yield, has_version;
	uint64_t version;
	uint64_t since, epoch_us, wait_ms; /* GET_EVENTS, SUBSCRIBE; epoch_us 0: not said */
	struct weir_call_memory *memory; /* what the strings above lie in */
};

/*
 * -EINVAL, -ERANGE: it is no call, and the text says where; -ENOSYS: it is none of ours;
 * -E2BIG: the JSON takes more memory than a call has any use for. @media: of the body, @dialect: whose numbers
 * it has, if it is protobuf. On success weir_call_done() releases the call.
 */
int weir_call_decode(enum weir_media media, enum weir_dialect dialect, const char *body,
		     size_t size, struct weir_call *ret, struct weir_error *err);
void weir_call_done(struct weir_call *call);

#endif /* WEIR_DECODE_H */
