/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MADEUP_H
#define WEIR_MADEUP_H

/* A container as it might be, without any process. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/container.h"

/* The @i-th of them. NULL: no memory. */
static inline struct weir_container *make_up(size_t i)
{
	static char program[] = "/usr/bin/server", option[] = "--port", port[] = "8080";
	static char *argv[] = { program, option, port, NULL };
	struct weir_container *c;
	char id[32];

	snprintf(id, sizeof(id), "web-%06zu", i);
	c = weir_container_new(id);
	if (!c)
		return NULL;
	c->role = strdup("eng/ads");
	c->user = strdup("nobody");
	c->argv = argv;
	c->state = WEIR_STATE_RUNNING;
	c->pid = (int32_t)(1000 + i);
	c->slot = (uint32_t)(i + 1);
	c->created_us = c->started_us = 1764000000000000 + i;
	c->figures = c->own = (struct weir_figures){
		.cpu_request_mcpu = 250,
		.cpu_limit_mcpu = WEIR_INFINITE,
		.mem_request_bytes = 128ull << 20,
		.mem_limit_bytes = 512ull << 20,
		.pids_limit = WEIR_INFINITE,
	};
	c->pending_mem_limit_bytes = WEIR_ABSENT;
	return c;
}

#endif /* WEIR_MADEUP_H */
