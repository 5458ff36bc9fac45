/* SPDX-License-Identifier: Apache-2.0 */
/* EXPLAIN_CONTAINER: why a container is as it is. */
#include <time.h>

#include "api/answer_internal.h"

static void add_waits(struct weir_json *json, const struct weir_explanation *e)
{
	weir_json_u64(json, "wait_ns", e->wait_ns);
	weir_json_u64(json, "wait_self_ns", e->wait_self_ns);
	weir_json_u64(json, "wait_neighbour_ns", e->wait_neighbour_ns);
	weir_json_u64(json, "wait_limit_ns", e->wait_limit_ns);
	weir_json_u64(json, "wait_system_ns", e->wait_system_ns);
	weir_json_u64(json, "wait_short_ns", e->wait_short_ns);
	weir_json_u64(json, "wait_unknown_ns", e->wait_unknown_ns);
	weir_json_u64(json, "inflicted_ns", e->inflicted_ns);
}

void weir_answer_explain(struct weir_buffer *buffer, const struct weir_explanation *e)
{
	struct weir_json json = WEIR_JSON_INIT(buffer);

	weir_answer_open(&json, "EXPLAIN_CONTAINER", "explain_container");
	weir_answer_id(&json, e->container->id);
	weir_answer_amounts(&json, e->container);
	weir_json_string(&json, "band", e->band == WEIR_BAND_BURST ? "burst" : "guaranteed");
	if (e->band_since_us)
		weir_json_u64(&json, "band_since_us", e->band_since_us);
	weir_json_u64(&json, "band_changes", e->band_changes);
	weir_json_u64(&json, "cpu_saved_ns", e->cpu_saved_ns);
	weir_json_bool(&json, "exempt", e->container->exempt);
	add_waits(&json, e);
	weir_json_open_array(&json, "culprits");
	for (size_t i = 0; i < e->n_culprits; i++) {
		weir_json_open_object(&json, NULL);
		weir_answer_id(&json, e->culprits[i].id);
		weir_json_u64(&json, "ns", e->culprits[i].ns);
		weir_json_u64(&json, "waits", e->culprits[i].waits);
		weir_json_close_object(&json);
	}
	weir_json_close_array(&json);
	weir_json_string(&json, "squeeze", weir_squeeze_means_name(e->squeeze));
	if (e->high_bytes)
		weir_json_u64(&json, "mem_high_bytes", e->high_bytes);
	weir_answer_close(&json);
}
