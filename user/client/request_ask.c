/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of containers that are there already, in requests. */
#include "client/request.h"

#include <errno.h>
#include <inttypes.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"
#include "client/request_internal.h"

int weir_request_containers(const char *id, char **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;
	json_t *call;
	bool ok = true;
	int r;

	r = weir_request_check_utf8("the container's id", id, err);
	if (r < 0)
		return r;
	call = json_pack("{s:b, s:b}", "show_nested", 1, "show_standalone", 1);
	body = json_pack("{s:s, s:o}", "type", "GET_CONTAINERS", "get_containers", call);
	if (id)
		ok = !json_object_set_new(call, "weir",
					  json_pack("{s:o}", "container_id", weir_request_id(id)));
	return weir_request_finish(body, body && ok, ret, err);
}

static int check_numbers(uint64_t since, uint64_t epoch_us, struct weir_error *err)
{
	if (since <= INT64_MAX && epoch_us <= INT64_MAX)
		return 0;
	return weir_fail(err, -EINVAL, "%" PRIu64 " is no number of an event",
			 since > INT64_MAX ? since : epoch_us);
}

int weir_request_events(const char *id, uint64_t since, uint64_t epoch_us, unsigned int wait_ms,
			char **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;
	json_t *call;
	bool ok = true;
	int r;

	r = weir_request_check_utf8("the container's id", id, err);
	if (r < 0)
		return r;
	if (check_numbers(since, epoch_us, err) < 0)
		return err->code;
	call = json_pack("{s:I, s:I, s:I}", "since", (json_int_t)since, "epoch_us",
			 (json_int_t)epoch_us, "wait_ms", (json_int_t)wait_ms);
	body = json_pack("{s:s, s:o}", "type", "GET_EVENTS", "get_events", call);
	if (id)
		ok = !json_object_set_new(call, "container_id", weir_request_id(id));
	return weir_request_finish(body, body && ok, ret, err);
}

int weir_request_subscribe(uint64_t since, uint64_t epoch_us, char **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;

	if (check_numbers(since, epoch_us, err) < 0)
		return err->code;
	/* Without a place there are no parameters: Mesos' SUBSCRIBE has none. */
	if (since || epoch_us)
		body = json_pack("{s:s, s:{s:I, s:I}}", "type", "SUBSCRIBE", "subscribe", "since",
				 (json_int_t)since, "epoch_us", (json_int_t)epoch_us);
	else
		body = json_pack("{s:s}", "type", "SUBSCRIBE");
	return weir_request_finish(body, body, ret, err);
}

int weir_request_on(const char *type, const char *member, const char *id, const char *number,
		    int value, char **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;
	json_t *call;
	bool ok = true;
	int r;

	r = weir_request_check_utf8("the container's id", id, err);
	if (r < 0)
		return r;
	call = json_pack("{s:o}", "container_id", weir_request_id(id));
	body = json_pack("{s:s, s:o}", "type", type, member, call);
	if (number)
		ok = !json_object_set_new(call, number, json_integer(value));
	return weir_request_finish(body, body && ok, ret, err);
}
