/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_API_H
#define WEIR_API_H

/*
 * The control socket: HTTP/1.1 on a unix listener, Mesos' V1 calls in JSON.
 *
 * Reads are answered on the HTTP threads under the controller's read lock. Calls that
 * change something travel to the event loop's thread and back; the connection is suspended
 * meanwhile. Who asks is known from the peer's credentials.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

struct weir_api;
struct weir_controller;
struct weir_error;

#define WEIR_API_MAX_BODY	 (1u << 20) /* bytes of a request */
#define WEIR_API_MAX_CONNECTIONS 1024
#define WEIR_API_IDLE_S		 60 /* a connection that says nothing for so long is closed */

struct weir_api_options {
	gid_t admin_gid, reader_gid; /* (gid_t)-1: root alone */
	unsigned int threads; /* HTTP threads, 1..16 */
};

/*
 * Serve on @listen_fd (taken on success). @controller is borrowed; NULL until
 * weir_api_ready(): until then calls are answered with 503.
 */
int weir_api_new(sd_event *event, int listen_fd, const struct weir_api_options *options,
		 struct weir_api **ret, struct weir_error *err);
void weir_api_ready(struct weir_api *api, struct weir_controller *controller);
/* Ends all connections. Before the controller goes. NULL is fine. Returns NULL. */
struct weir_api *weir_api_free(struct weir_api *api);
WEIR_DEFINE_CLEANUP(struct weir_api, weir_api_free);

#endif /* WEIR_API_H */
