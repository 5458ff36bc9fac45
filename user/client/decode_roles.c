/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and volumes, as they stand beside the resources; and operations. */
#include "client/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"
#include "weir/reserve.h"

/* A field of a struct, by the name of its member. */
struct number {
	const char *key;
	size_t offset;
};

static int decode_numbers(const json_t *json, const struct number *numbers, size_t n, void *to,
			  struct weir_error *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = weir_member_u64(json, numbers[i].key,
				    (uint64_t *)(void *)((char *)to + numbers[i].offset), err);
	return r;
}

void weir_role_list_free(struct weir_role_list *list)
{
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_role_list){};
}

void weir_volume_list_free(struct weir_volume_list *list)
{
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_volume_list){};
}

#define ROLE(name) { #name, offsetof(struct weir_role_info, name) }

static int decode_role(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_role_info *role = item;
	static const struct number numbers[] = {
		ROLE(reserved_mcpu),
		ROLE(reserved_bytes),
		ROLE(demand_mcpu),
		ROLE(demand_bytes),
	};
	int r;

	r = weir_member_text(json, "name", &role->name, err);
	if (r == 0 && !role->name)
		r = weir_fail(err, -EIO, "the daemon's answer: a role without a name");
	return r < 0 ? r : decode_numbers(json, numbers, ARRAY_SIZE(numbers), role, err);
}

static int by_name(const void *a, const void *b)
{
	const struct weir_role_info *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int weir_decode_roles(const char *text, size_t size, struct weir_role_list *ret,
		      struct weir_error *err)
{
	static const struct weir_item_kind kind = {
		.size = sizeof(*ret->list),
		.decode = decode_role,
		.compare = by_name,
	};
	void *list = NULL, *owner = NULL;
	int r;

	r = weir_decode_list(text, size, "get_reservations", "roles", &kind, &list, &ret->n, &owner,
			     err);
	if (r == 0) {
		ret->list = list;
		ret->owner = owner;
	}
	return r;
}

#define VOLUME(name) { #name, offsetof(struct weir_volume_place, name) }

static int decode_volume(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_volume_place *volume = item;
	static const struct number numbers[] = {
		VOLUME(bytes),
		VOLUME(users),
		VOLUME(destroyed_us),
		VOLUME(removed_us),
	};
	int r;

	volume->role = volume->path = volume->disk = "";
	r = weir_member_text(json, "id", &volume->id, err);
	if (r == 0)
		r = weir_member_text(json, "role", &volume->role, err);
	if (r == 0)
		r = weir_member_text(json, "path", &volume->path, err);
	if (r == 0)
		r = weir_member_text(json, "disk", &volume->disk, err);
	if (r == 0 && !volume->id)
		r = weir_fail(err, -EIO, "the daemon's answer: a volume without an id");
	return r < 0 ? r : decode_numbers(json, numbers, ARRAY_SIZE(numbers), volume, err);
}

static int by_role_and_id(const void *a, const void *b)
{
	const struct weir_volume_place *x = a, *y = b;
	int order = (x->destroyed_us != 0) - (y->destroyed_us != 0);

	if (order == 0)
		order = strcmp(x->role, y->role);
	return order ? order : strcmp(x->id, y->id);
}

int weir_decode_volumes(const char *text, size_t size, struct weir_volume_list *ret,
			struct weir_error *err)
{
	static const struct weir_item_kind kind = {
		.size = sizeof(*ret->list),
		.decode = decode_volume,
		.compare = by_role_and_id,
	};
	void *list = NULL, *owner = NULL;
	int r;

	r = weir_decode_list(text, size, "get_reservations", "volumes", &kind, &list, &ret->n,
			     &owner, err);
	if (r == 0) {
		ret->list = list;
		ret->owner = owner;
	}
	return r;
}

static int decode_operation(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_operation_info *operation = item;
	const json_t *info = NULL, *status = NULL, *id = NULL;
	int r;

	operation->kind = operation->principal = operation->state = operation->message = "";
	r = weir_member_object(json, "info", &info, err);
	if (r == 0)
		r = weir_member_text(info, "kind", &operation->kind, err);
	if (r == 0)
		r = weir_member_text(info, "principal", &operation->principal, err);
	if (r == 0)
		r = weir_member_u64(info, "time_us", &operation->time_us, err);
	if (r == 0)
		r = weir_member_object(json, "latest_status", &status, err);
	if (r == 0)
		r = weir_member_object(status, "operation_id", &id, err);
	if (r == 0)
		r = weir_member_text(id, "value", &operation->id, err);
	if (r == 0)
		r = weir_member_text(status, "state", &operation->state, err);
	if (r == 0)
		r = weir_member_text(status, "message", &operation->message, err);
	if (r == 0 && !operation->id)
		r = weir_fail(err, -EIO, "the daemon's answer: an operation without an id");
	return r;
}

int weir_decode_operations(const char *text, size_t size, struct weir_operation_list *ret,
			   struct weir_error *err)
{
	static const struct weir_item_kind kind = {
		.size = sizeof(*ret->list),
		.decode = decode_operation,
	};
	void *list = NULL, *owner = NULL;
	int r = weir_decode_list(text, size, "get_operations", "operations", &kind, &list, &ret->n,
				 &owner, err);

	if (r == 0) {
		ret->list = list;
		ret->owner = owner;
	}
	return r;
}

void weir_operation_list_free(struct weir_operation_list *list)
{
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_operation_list){};
}
