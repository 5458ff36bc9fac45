/* SPDX-License-Identifier: Apache-2.0 */
#include "client/decode.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"

void weir_explanation_free(struct weir_explanation_info *explanation)
{
	free(explanation->culprits);
	json_decref(explanation->owner);
	*explanation = (struct weir_explanation_info){};
}

#define NUMBER(name)	  { #name, offsetof(struct weir_explanation_info, name) }
#define AMOUNT(key, name) { key, offsetof(struct weir_explanation_info, amounts.name) }

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	AMOUNT("cpu_request_mcpu", cpu_request_mcpu),
	AMOUNT("cpu_limit_mcpu", cpu_limit_mcpu),
	AMOUNT("mem_request_bytes", mem_request_bytes),
	AMOUNT("mem_limit_bytes", mem_limit_bytes),
	NUMBER(pending_mem_limit_bytes),
	NUMBER(band_since_us),
	NUMBER(band_changes),
	NUMBER(cpu_saved_ns),
	NUMBER(wait_ns),
	NUMBER(wait_self_ns),
	NUMBER(wait_neighbour_ns),
	NUMBER(wait_limit_ns),
	NUMBER(wait_system_ns),
	NUMBER(wait_short_ns),
	NUMBER(wait_unknown_ns),
	NUMBER(inflicted_ns),
	NUMBER(mem_high_bytes),
};

static int decode_culprits(const json_t *object, struct weir_explanation_info *ret,
			   struct weir_error *err)
{
	const json_t *array = NULL;
	int r = weir_member_array(object, "culprits", &array, err);

	if (r < 0)
		return r;
	ret->culprits = calloc(json_array_size(array) + 1, sizeof(*ret->culprits));
	if (!ret->culprits)
		return weir_fail_memory(err);
	while (r == 0 && ret->n_culprits < json_array_size(array)) {
		const json_t *one = json_array_get(array, ret->n_culprits);
		struct weir_culprit_info *culprit = &ret->culprits[ret->n_culprits++];

		culprit->id = "";
		r = weir_member_name(one, "container_id", &culprit->id, err);
		if (r == 0)
			r = weir_member_u64(one, "ns", &culprit->ns, err);
		if (r == 0)
			r = weir_member_u64(one, "waits", &culprit->waits, err);
	}
	return r;
}

int weir_decode_explain(const char *text, size_t size, struct weir_explanation_info *ret,
			struct weir_error *err)
{
	scoped(weir_explanation_free) struct weir_explanation_info explanation = {
		.pending_mem_limit_bytes = WEIR_ABSENT,
		.band = "guaranteed",
		.squeeze = "none",
	};
	const json_t *object;
	json_t *root = NULL;
	int r;

	r = weir_member_root(text, size, "explain_container", &root, &object, err);
	if (r < 0)
		return r;
	explanation.owner = root;
	r = weir_member_name(object, "container_id", &explanation.id, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
		r = weir_member_u64(object, numbers[i].key,
				    (uint64_t *)((char *)&explanation + numbers[i].offset), err);
	if (r == 0)
		r = weir_member_text(object, "band", &explanation.band, err);
	if (r == 0)
		r = weir_member_bool(object, "exempt", &explanation.exempt, err);
	if (r == 0)
		r = weir_member_text(object, "squeeze", &explanation.squeeze, err);
	if (r == 0)
		r = decode_culprits(object, &explanation, err);
	if (r == 0 && !explanation.id)
		r = weir_fail(err, -EIO, "the daemon's answer: 'container_id' is not there");
	if (r < 0)
		return r;

	*ret = explanation;
	explanation = (struct weir_explanation_info){};
	return 0;
}
