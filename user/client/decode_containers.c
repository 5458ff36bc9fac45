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

void weir_container_list_free(struct weir_container_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free((void *)(uintptr_t)list->list[i].argv);
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_container_list){};
}

static int decode_argv(const json_t *weir, struct weir_container_info *info, struct weir_error *err)
{
	const json_t *list = NULL;
	const char **argv;
	size_t n;
	int r;

	r = weir_member_array(weir, "argv", &list, err);
	if (r < 0)
		return r;
	n = json_array_size(list);
	argv = calloc(n + 1, sizeof(*argv));
	if (!argv)
		return weir_fail_memory(err);
	info->argv = argv;
	for (size_t i = 0; i < n; i++) {
		argv[i] = json_string_value(json_array_get(list, i));
		if (!argv[i])
			return weir_fail(err, -EIO,
					 "the daemon's answer: 'argv' has no text at %zu", i);
	}
	return 0;
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

static int decode_container(const json_t *json, struct weir_container_info *info,
			    struct weir_error *err)
{
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
		r = decode_argv(weir, info, err);
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
	scoped(weir_container_list_free) struct weir_container_list list = {};
	const json_t *object, *array = NULL;
	json_t *root = NULL;
	int r;

	r = weir_member_root(text, size, "get_containers", &root, &object, err);
	if (r < 0)
		return r;
	list.owner = root;
	r = weir_member_array(object, "containers", &array, err);
	if (r < 0)
		return r;

	list.list = calloc(json_array_size(array) + 1, sizeof(*list.list));
	if (!list.list)
		return weir_fail_memory(err);
	while (list.n < json_array_size(array)) {
		const json_t *json = json_array_get(array, list.n);

		r = decode_container(json, &list.list[list.n++], err);
		if (r < 0)
			return r;
	}
	qsort(list.list, list.n, sizeof(*list.list), by_id);

	*ret = list;
	list = (struct weir_container_list){};
	return 0;
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
