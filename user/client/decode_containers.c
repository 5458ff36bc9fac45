/* SPDX-License-Identifier: Apache-2.0 */
#include "client/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"

#define FIELD(name) offsetof(struct weir_container_info, name)

/* Texts without a default may be absent and are NULL then. */
static const struct {
	const char *key;
	size_t offset;
	const char *absent;
} texts[] = {
	{ "role", FIELD(role), "*" },
	{ "state", FIELD(state), "" },
	{ "reason", FIELD(reason), "" },
	{ "message", FIELD(message), "" },
	{ "user", FIELD(user), NULL },
	{ "stdout_path", FIELD(stdout_path), NULL },
	{ "stderr_path", FIELD(stderr_path), NULL },
};

/* What the daemon could not read it leaves out, and a counter that is not known is not 0. */
static const struct {
	const char *key;
	size_t offset;
	uint64_t absent;
} numbers[] = {
	{ "cpu_request_mcpu", FIELD(amounts.cpu_request_mcpu), 0 },
	{ "cpu_limit_mcpu", FIELD(amounts.cpu_limit_mcpu), WEIR_INFINITE },
	{ "mem_request_bytes", FIELD(amounts.mem_request_bytes), 0 },
	{ "mem_limit_bytes", FIELD(amounts.mem_limit_bytes), WEIR_INFINITE },
	{ "swap_limit_bytes", FIELD(amounts.swap_limit_bytes), 0 },
	{ "cpu_burst_mcpu", FIELD(amounts.cpu_burst_mcpu), 0 },
	{ "pids_limit", FIELD(amounts.pids_limit), WEIR_INFINITE },
	{ "pending_mem_limit_bytes", FIELD(pending_mem_limit_bytes), WEIR_ABSENT },
	{ "created_us", FIELD(created_us), 0 },
	{ "started_us", FIELD(started_us), 0 },
	{ "ended_us", FIELD(ended_us), 0 },
	{ "cpu_ns", FIELD(cpu_ns), WEIR_ABSENT },
	{ "cpu_beyond_ns", FIELD(cpu_beyond_ns), WEIR_ABSENT },
	{ "wait_ns", FIELD(wait_ns), WEIR_ABSENT },
	{ "nr_periods", FIELD(nr_periods), WEIR_ABSENT },
	{ "nr_throttled", FIELD(nr_throttled), WEIR_ABSENT },
	{ "throttled_ns", FIELD(throttled_ns), WEIR_ABSENT },
	{ "mem_current_bytes", FIELD(mem_current_bytes), WEIR_ABSENT },
	{ "mem_peak_bytes", FIELD(mem_peak_bytes), WEIR_ABSENT },
	{ "mem_beyond_bytes", FIELD(mem_beyond_bytes), WEIR_ABSENT },
	{ "oom_kills", FIELD(oom_kills), WEIR_ABSENT },
};

static void container_done(void *item)
{
	const struct weir_container_info *info = item;

	free((void *)(uintptr_t)info->argv);
	free((void *)(uintptr_t)info->net.rules);
	free((void *)(uintptr_t)info->net.sockets);
	free((void *)(uintptr_t)info->labels);
}

void weir_container_list_free(struct weir_container_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		container_done(&list->list[i]);
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_container_list){};
}

static int decode_net(const json_t *weir, struct weir_net_options *ret, struct weir_error *err)
{
	const json_t *net = NULL;
	const char *verdict = "deny";
	int r;

	ret->policy = "open"; /* a daemon that says nothing of it has no fence */
	r = weir_member_object(weir, "net", &net, err);
	if (r < 0 || !net)
		return r;
	r = weir_member_text(net, "policy", &ret->policy, err);
	if (r == 0)
		r = weir_member_bool(net, "accept_degraded", &ret->accept_degraded, err);
	if (r == 0)
		r = weir_member_text(net, "left_open", &ret->left_open, err);
	if (r == 0)
		r = weir_member_text(net, "default", &verdict, err);
	ret->default_allow = strcmp(verdict, "allow") == 0;
	if (r == 0)
		r = weir_member_texts(net, "rules", &ret->rules, err);
	if (r == 0)
		r = weir_member_texts(net, "sockets", &ret->sockets, err);
	return r;
}

static int decode_tables(const json_t *weir, struct weir_container_info *info,
			 struct weir_error *err)
{
	char *base = (char *)info;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++) {
		const char **field = (const char **)(void *)(base + texts[i].offset);

		*field = texts[i].absent;
		r = weir_member_text(weir, texts[i].key, field, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers) && r == 0; i++) {
		uint64_t *field = (uint64_t *)(void *)(base + numbers[i].offset);

		*field = numbers[i].absent;
		r = weir_member_u64(weir, numbers[i].key, field, err);
	}
	return r;
}

static int decode_container(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_container_info *info = item;
	const json_t *status = NULL, *weir = NULL;
	uint64_t slot = 0;
	int pid = 0, r;

	r = weir_member_name(json, "container_id", &info->id, err);
	if (r == 0)
		r = weir_member_object(json, "weir", &weir, err);
	if (r == 0 && (!info->id || !weir))
		r = weir_fail(err, -EIO, "the daemon's answer: a container without an id");
	if (r == 0)
		r = weir_member_object(json, "container_status", &status, err);
	if (r == 0)
		r = weir_member_int(status, "executor_pid", &pid, err);
	if (r == 0)
		r = decode_tables(weir, info, err);
	if (r == 0)
		r = weir_member_texts(weir, "argv", &info->argv, err);
	if (r == 0)
		r = decode_net(weir, &info->net, err);
	if (r == 0)
		r = weir_member_labels(weir, "labels", &info->labels, &info->n_labels, err);
	if (r == 0)
		r = weir_member_bool(weir, "foreground", &info->foreground, err);
	if (r == 0)
		r = weir_member_bool(weir, "paused", &info->paused, err);
	if (r == 0)
		r = weir_member_bool(weir, "adopted", &info->adopted, err);
	if (r == 0)
		r = weir_member_int(weir, "status", &info->status, err);
	if (r == 0)
		r = weir_member_u64(weir, "slot", &slot, err);
	if (r < 0)
		return r;

	info->status_known = json_object_get(weir, "status") != NULL;
	info->slot = (uint32_t)slot;
	info->pid = pid;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct weir_container_info *x = a, *y = b;

	return strcmp(x->id, y->id);
}

int weir_decode_containers(const char *text, size_t size, struct weir_container_list *ret,
			   struct weir_error *err)
{
	static const struct weir_item_kind kind = {
		.size = sizeof(*ret->list),
		.decode = decode_container,
		.done = container_done,
		.compare = by_id,
	};
	void *list = NULL, *owner = NULL;
	int r = weir_decode_list(text, size, "get_containers", "containers", &kind, &list, &ret->n,
				 &owner, err);

	if (r == 0) {
		ret->list = list;
		ret->owner = owner;
	}
	return r;
}

int weir_decode_record(const char *text, size_t size, char **ret_json, struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object, *array = NULL;
	char *json;
	int r;

	r = weir_member_root(text, size, "get_containers", &root, &object, err);
	if (r == 0)
		r = weir_member_array(object, "containers", &array, err);
	if (r < 0)
		return r;
	if (json_array_size(array) == 0)
		return weir_fail(err, -ENOENT, "no such container");

	/* Fifteen digits: a timestamp to the microsecond, without the noise of binary fractions. */
	json = json_dumps(json_array_get(array, 0),
			  JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
	if (!json)
		return weir_fail_memory(err);
	*ret_json = json;
	return 0;
}
