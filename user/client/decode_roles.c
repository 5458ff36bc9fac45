/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and volumes, as they stand beside the resources. */
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

/* The list @key of the answer. *@ret_root owns it. */
static int find_list(const char *text, size_t size, const char *key, json_t **ret_root,
		     const json_t **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	int r;

	r = weir_member_root(text, size, "get_reservations", &root, &object, err);
	if (r == 0)
		r = weir_member_array(object, key, ret, err);
	if (r == 0)
		*ret_root = take_ptr(root);
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

static int decode_role(const json_t *json, struct weir_role_info *role, struct weir_error *err)
{
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
	scoped(weir_role_list_free) struct weir_role_list list = {};
	const json_t *array = NULL;
	json_t *root = NULL;
	int r;

	r = find_list(text, size, "roles", &root, &array, err);
	if (r < 0)
		return r;
	list.owner = root;
	list.list = calloc(json_array_size(array) + 1, sizeof(*list.list));
	if (!list.list)
		return weir_fail_memory(err);
	for (; list.n < json_array_size(array); list.n++) {
		r = decode_role(json_array_get(array, list.n), &list.list[list.n], err);
		if (r < 0)
			return r;
	}
	qsort(list.list, list.n, sizeof(*list.list), by_name);

	*ret = list;
	list = (struct weir_role_list){};
	return 0;
}

#define VOLUME(name) { #name, offsetof(struct weir_volume_place, name) }

static int decode_volume(const json_t *json, struct weir_volume_place *volume,
			 struct weir_error *err)
{
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
	scoped(weir_volume_list_free) struct weir_volume_list list = {};
	const json_t *array = NULL;
	json_t *root = NULL;
	int r;

	r = find_list(text, size, "volumes", &root, &array, err);
	if (r < 0)
		return r;
	list.owner = root;
	list.list = calloc(json_array_size(array) + 1, sizeof(*list.list));
	if (!list.list)
		return weir_fail_memory(err);
	for (; list.n < json_array_size(array); list.n++) {
		r = decode_volume(json_array_get(array, list.n), &list.list[list.n], err);
		if (r < 0)
			return r;
	}
	qsort(list.list, list.n, sizeof(*list.list), by_role_and_id);

	*ret = list;
	list = (struct weir_volume_list){};
	return 0;
}
