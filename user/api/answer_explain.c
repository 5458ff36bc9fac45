/* SPDX-License-Identifier: Apache-2.0 */
/* EXPLAIN_CONTAINER: why a container is as it is. */
#include <time.h>

#include "api/answer_internal.h"

static void add_waits(struct weir_out *out, const struct weir_explanation *e)
{
	weir_out_u64(out, 15, "wait_ns", e->wait_ns);
	weir_out_u64(out, 16, "wait_self_ns", e->wait_self_ns);
	weir_out_u64(out, 17, "wait_neighbour_ns", e->wait_neighbour_ns);
	weir_out_u64(out, 18, "wait_limit_ns", e->wait_limit_ns);
	weir_out_u64(out, 19, "wait_system_ns", e->wait_system_ns);
	weir_out_u64(out, 20, "wait_short_ns", e->wait_short_ns);
	weir_out_u64(out, 21, "wait_unknown_ns", e->wait_unknown_ns);
	weir_out_u64(out, 22, "inflicted_ns", e->inflicted_ns);
}

void weir_answer_explain(struct weir_out *out, const struct weir_explanation *e)
{
	weir_answer_open(out, WEIR_CALL_EXPLAIN_CONTAINER);
	weir_answer_id(out, 1, e->container->id);
	weir_answer_amounts(out, 2, e->container);
	weir_out_string(out, 10, "band", e->band == WEIR_BAND_BURST ? "burst" : "guaranteed");
	if (e->band_since_us)
		weir_out_u64(out, 11, "band_since_us", e->band_since_us);
	weir_out_u64(out, 12, "band_changes", e->band_changes);
	weir_out_u64(out, 13, "cpu_saved_ns", e->cpu_saved_ns);
	weir_out_bool(out, 14, "exempt", e->container->exempt);
	add_waits(out, e);
	weir_out_list(out, "culprits");
	for (size_t i = 0; i < e->n_culprits; i++) {
		weir_out_open(out, 23, NULL);
		weir_answer_id(out, 1, e->culprits[i].id);
		weir_out_u64(out, 2, "ns", e->culprits[i].ns);
		weir_out_u64(out, 3, "waits", e->culprits[i].waits);
		weir_out_close(out);
	}
	weir_out_list_end(out);
	weir_out_string(out, 24, "squeeze", weir_squeeze_means_name(e->squeeze));
	if (e->high_bytes)
		weir_out_u64(out, 25, "mem_high_bytes", e->high_bytes);
	weir_answer_close(out);
}
