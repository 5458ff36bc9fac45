/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of weir/state.h: request, exchange, decode. */
#include "weir/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/client.h"
#include "client/decode.h"

int weir_client_state(struct weir_client *client, enum weir_state_part part, struct weir_state *ret)
{
	static const char *const requests[] = {
		[WEIR_STATE_ALL] = "{\"type\":\"GET_STATE\"}",
		[WEIR_STATE_TASKS] = "{\"type\":\"GET_TASKS\"}",
		[WEIR_STATE_EXECUTORS] = "{\"type\":\"GET_EXECUTORS\"}",
		[WEIR_STATE_FRAMEWORKS] = "{\"type\":\"GET_FRAMEWORKS\"}",
	};
	scoped(freep) char *body = NULL;
	int r;

	if ((size_t)part >= ARRAY_SIZE(requests)) {
		weir_client_begin(client);
		return weir_fail(&client->err, -EINVAL, "%u is no part of the state", part);
	}
	r = weir_client_raw(client, requests[part], &body);
	return r < 0 ? r : weir_decode_state(body, strlen(body), part, ret, &client->err);
}

int weir_client_agent(struct weir_client *client, struct weir_agent_info *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, "{\"type\":\"GET_AGENT\"}", &body);

	return r < 0 ? r : weir_decode_agent(body, strlen(body), ret, &client->err);
}

int weir_client_flags(struct weir_client *client, struct weir_flag_list *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, "{\"type\":\"GET_FLAGS\"}", &body);

	return r < 0 ? r : weir_decode_flags(body, strlen(body), ret, &client->err);
}

int weir_client_metrics(struct weir_client *client, struct weir_metric_list *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, "{\"type\":\"GET_METRICS\",\"get_metrics\":{}}", &body);

	return r < 0 ? r : weir_decode_metrics(body, strlen(body), ret, &client->err);
}

int weir_client_logging_level(struct weir_client *client, unsigned int *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, "{\"type\":\"GET_LOGGING_LEVEL\"}", &body);

	return r < 0 ? r : weir_decode_logging_level(body, strlen(body), ret, &client->err);
}

int weir_client_set_logging_level(struct weir_client *client, unsigned int level,
				  uint64_t duration_ns)
{
	struct weir_call call = { .timeout_ms = WEIR_CLIENT_PATIENCE_MS };

	weir_client_begin(client);
	if (asprintf(&call.request,
		     "{\"type\":\"SET_LOGGING_LEVEL\",\"set_logging_level\":{\"level\":%u,"
		     "\"duration\":{\"nanoseconds\":%" PRIu64 "}}}",
		     level, duration_ns) < 0)
		return weir_fail_memory(&client->err);
	return weir_client_call(client, &call, NULL, NULL);
}
