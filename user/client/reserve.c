/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of weir/reserve.h: request, exchange, decode. */
#include "weir/reserve.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/client.h"
#include "client/decode.h"
#include "client/request.h"

/* @r: how the making of @request went. */
static int operate(struct weir_client *client, int r, char *request, const char *member,
		   struct weir_operated *ret)
{
	const struct weir_call call = { .request = request,
					.timeout_ms = WEIR_CLIENT_PATIENCE_MS,
					.accepted_is_done = true };
	scoped(freep) char *body = NULL;
	size_t size = 0;

	if (r == 0)
		r = weir_client_call(client, &call, &body, &size);
	/* It is done by then: of an answer that nobody reads nothing can be wrong. */
	return r < 0 || !ret ? r : weir_decode_operated(body, size, member, ret, &client->err);
}

/* One that takes @n_lists lists of resources. */
static int operate_on(struct weir_client *client, const char *type, const char *member,
		      const struct weir_request_list *lists, size_t n_lists,
		      const struct weir_operate_options *options, struct weir_operated *ret)
{
	char *request = NULL;
	int r;

	weir_client_begin(client);
	r = weir_request_operate(type, member, lists, n_lists, options, &request, &client->err);
	return operate(client, r, request, member, ret);
}

int weir_client_reserve(struct weir_client *client, const struct weir_resource_info *source,
			size_t n_source, const struct weir_resource_info *target, size_t n_target,
			const struct weir_operate_options *options, struct weir_operated *ret)
{
	const struct weir_request_list lists[] = {
		{ "source", source, n_source },
		{ "resources", target, n_target },
	};

	return operate_on(client, "RESERVE_RESOURCES", "reserve_resources", lists,
			  ARRAY_SIZE(lists), options, ret);
}

int weir_client_unreserve(struct weir_client *client, const struct weir_resource_info *resources,
			  size_t n, const struct weir_operate_options *options,
			  struct weir_operated *ret)
{
	const struct weir_request_list list = { "resources", resources, n };

	return operate_on(client, "UNRESERVE_RESOURCES", "unreserve_resources", &list, 1, options,
			  ret);
}

int weir_client_create_volumes(struct weir_client *client, const struct weir_resource_info *volumes,
			       size_t n, const struct weir_operate_options *options,
			       struct weir_operated *ret)
{
	const struct weir_request_list list = { "volumes", volumes, n };

	return operate_on(client, "CREATE_VOLUMES", "create_volumes", &list, 1, options, ret);
}

int weir_client_destroy_volumes(struct weir_client *client,
				const struct weir_resource_info *volumes, size_t n,
				const struct weir_operate_options *options,
				struct weir_operated *ret)
{
	const struct weir_request_list list = { "volumes", volumes, n };

	return operate_on(client, "DESTROY_VOLUMES", "destroy_volumes", &list, 1, options, ret);
}

int weir_client_grow_volume(struct weir_client *client, const struct weir_resource_info *volume,
			    uint64_t bytes, const struct weir_operate_options *options,
			    struct weir_operated *ret)
{
	char *request = NULL;
	int r;

	weir_client_begin(client);
	r = weir_request_grow(volume, bytes, options, &request, &client->err);
	return operate(client, r, request, "grow_volume", ret);
}

int weir_client_shrink_volume(struct weir_client *client, const struct weir_resource_info *volume,
			      uint64_t bytes, const struct weir_operate_options *options,
			      struct weir_operated *ret)
{
	char *request = NULL;
	int r;

	weir_client_begin(client);
	r = weir_request_shrink(volume, bytes, options, &request, &client->err);
	return operate(client, r, request, "shrink_volume", ret);
}

/* One answer has it all, and each function takes its part. */
static const char ask_books[] = "{\"type\":\"GET_RESERVATIONS\"}";

int weir_client_resources(struct weir_client *client, struct weir_resource_list *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, ask_books, &body);

	return r < 0 ? r : weir_decode_resources(body, strlen(body), ret, &client->err);
}

int weir_client_roles(struct weir_client *client, struct weir_role_list *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, ask_books, &body);

	return r < 0 ? r : weir_decode_roles(body, strlen(body), ret, &client->err);
}

int weir_client_volumes(struct weir_client *client, struct weir_volume_list *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, ask_books, &body);

	return r < 0 ? r : weir_decode_volumes(body, strlen(body), ret, &client->err);
}

int weir_client_operations(struct weir_client *client, struct weir_operation_list *ret)
{
	scoped(freep) char *body = NULL;
	int r = weir_client_raw(client, "{\"type\":\"GET_OPERATIONS\"}", &body);

	return r < 0 ? r : weir_decode_operations(body, strlen(body), ret, &client->err);
}
