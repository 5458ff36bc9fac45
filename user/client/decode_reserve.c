/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as Mesos tells them: whose they are, how much, and what of a disk is a volume. */
#include "client/decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"
#include "client/request_internal.h"
#include "weir/reserve.h"

static const struct {
	const char *name;
	enum weir_resource_kind kind;
	double unit;
} kinds[] = {
	{ "cpus", WEIR_RESOURCE_CPUS, WEIR_MCPU_PER_CPU },
	{ "mem", WEIR_RESOURCE_MEM, WEIR_BYTES_PER_MIB },
	{ "disk", WEIR_RESOURCE_DISK, WEIR_BYTES_PER_MIB },
};

void weir_resource_list_free(struct weir_resource_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct weir_resource_info *resource = &list->list[i];

		for (size_t k = 0; k < resource->n_levels; k++)
			free((void *)(uintptr_t)resource->levels[k].labels);
		free((void *)(uintptr_t)resource->levels);
	}
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_resource_list){};
}

static int decode_level(const json_t *json, struct weir_level *level, struct weir_error *err)
{
	const json_t *labels = NULL;
	const char *type = "DYNAMIC";
	int r;

	r = weir_member_text(json, "role", &level->role, err);
	if (r == 0)
		r = weir_member_text(json, "principal", &level->principal, err);
	if (r == 0)
		r = weir_member_text(json, "type", &type, err);
	if (r == 0 && !level->role)
		r = weir_fail(err, -EIO, "the daemon's answer: a reservation without a role");
	level->is_static = strcmp(type, "STATIC") == 0;
	if (r == 0)
		r = weir_member_object(json, "labels", &labels, err);
	if (r == 0)
		r = weir_member_labels(labels, "labels", &level->labels, &level->n_labels, err);
	return r;
}

static int decode_levels(const json_t *json, struct weir_resource_info *resource,
			 struct weir_error *err)
{
	const json_t *array = NULL;
	struct weir_level *levels;
	int r;

	r = weir_member_array(json, "reservations", &array, err);
	if (r < 0 || json_array_size(array) == 0)
		return r;
	levels = calloc(json_array_size(array), sizeof(*levels));
	if (!levels)
		return weir_fail_memory(err);
	resource->levels = levels;
	while (r == 0 && resource->n_levels < json_array_size(array)) {
		const json_t *one = json_array_get(array, resource->n_levels);

		r = decode_level(one, &levels[resource->n_levels++], err);
	}
	return r;
}

/* "PATH:/a". Such a text has to lie somewhere: in the tree, which goes when the others go. */
static int decode_source(const json_t *disk, struct weir_resource_info *resource,
			 struct weir_error *err)
{
	const json_t *source = NULL, *place = NULL;
	const char *type = "", *root = "";
	json_t *name;
	int r;

	r = weir_member_object(disk, "source", &source, err);
	if (r < 0 || !source)
		return r;
	r = weir_member_text(source, "type", &type, err);
	if (r == 0 && !*type)
		r = weir_fail(err, -EIO, "the daemon's answer: 'source' has no type");
	if (r == 0)
		r = weir_member_object(source, strcmp(type, "MOUNT") == 0 ? "mount" : "path",
				       &place, err);
	if (r == 0)
		r = weir_member_text(place, "root", &root, err);
	if (r < 0)
		return r;
	name = json_sprintf("%s:%s", type, root);
	if (json_object_set_new((json_t *)(uintptr_t)source, "name", name) < 0)
		return weir_fail_memory(err);
	resource->disk = json_string_value(name);
	return 0;
}

static int decode_disk(const json_t *json, struct weir_resource_info *resource,
		       struct weir_error *err)
{
	const json_t *disk = NULL, *persistence = NULL, *volume = NULL;
	int r;

	resource->disk = "";
	r = weir_member_object(json, "disk", &disk, err);
	if (r == 0)
		r = weir_member_object(disk, "persistence", &persistence, err);
	if (r == 0)
		r = weir_member_text(persistence, "id", &resource->volume_id, err);
	if (r == 0)
		r = weir_member_text(persistence, "principal", &resource->volume_principal, err);
	if (r == 0 && persistence && !resource->volume_id)
		r = weir_fail(err, -EIO, "the daemon's answer: a volume without an id");
	if (r == 0)
		r = weir_member_object(disk, "volume", &volume, err);
	if (r == 0)
		r = weir_member_text(volume, "container_path", &resource->container_path, err);
	return r < 0 ? r : decode_source(disk, resource, err);
}

/* 1: it is in *@resource; 0: it is of a kind that we have no name for. */
static int decode_resource(const json_t *json, struct weir_resource_info *resource,
			   struct weir_error *err)
{
	const char *name = "";
	size_t i = 0;
	int r;

	r = weir_member_text(json, "name", &name, err);
	if (r == 0 && !*name)
		r = weir_fail(err, -EIO, "the daemon's answer: a resource without a name");
	if (r < 0)
		return r;
	while (i < ARRAY_SIZE(kinds) && strcmp(kinds[i].name, name) != 0)
		i++;
	if (i == ARRAY_SIZE(kinds))
		return 0;
	resource->kind = kinds[i].kind;
	r = weir_member_amount(json, "scalar", kinds[i].unit, &resource->amount, err);
	if (r == 0)
		r = decode_levels(json, resource, err);
	if (r == 0)
		r = decode_disk(json, resource, err);
	return r < 0 ? r : 1;
}

int weir_decode_resources(const char *text, size_t size, struct weir_resource_list *ret,
			  struct weir_error *err)
{
	scoped(weir_resource_list_free) struct weir_resource_list list = {};
	const json_t *object, *array = NULL;
	json_t *root = NULL;
	int r;

	r = weir_member_root(text, size, "get_reservations", &root, &object, err);
	if (r < 0)
		return r;
	list.owner = root;
	r = weir_member_u64(object, "version", &list.version, err);
	if (r == 0)
		r = weir_member_array(object, "resources", &array, err);
	if (r < 0)
		return r;

	list.list = calloc(json_array_size(array) + 1, sizeof(*list.list));
	if (!list.list)
		return weir_fail_memory(err);
	for (size_t i = 0; i < json_array_size(array); i++) {
		/* Counted at once: what a failure leaves of it is freed with the list. */
		struct weir_resource_info *resource = &list.list[list.n++];

		r = decode_resource(json_array_get(array, i), resource, err);
		if (r < 0)
			return r;
		list.n -= r == 0;
	}

	*ret = list;
	list = (struct weir_resource_list){};
	return 0;
}

int weir_decode_operated(const char *text, size_t size, const char *member,
			 struct weir_operated *ret, struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	struct weir_operated operated = {};
	const json_t *object;
	const char *id = "";
	int r;

	r = weir_member_root(text, size, member, &root, &object, err);
	if (r == 0)
		r = weir_member_text(object, "operation_id", &id, err);
	if (r == 0)
		r = weir_member_u64(object, "version", &operated.version, err);
	if (r < 0)
		return r;

	snprintf(operated.operation_id, sizeof(operated.operation_id), "%s", id);
	*ret = operated;
	return 0;
}
