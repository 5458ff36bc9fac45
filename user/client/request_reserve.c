/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked about reservations and volumes, in requests. */
#include "client/request.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/user.h"
#include "client/member.h"
#include "client/request_internal.h"
#include "weir/reserve.h"

static const char path_disk[] = "PATH:", mount_disk[] = "MOUNT:";

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_on_root(const struct weir_resource_info *resource)
{
	return !resource->disk || !*resource->disk;
}

static int check_level(const struct weir_level *level, struct weir_error *err)
{
	int r;

	if (!level->role)
		return weir_fail(err, -EINVAL, "a reservation without a role");
	r = weir_request_check_utf8("the role", level->role, err);
	if (r == 0)
		r = weir_request_check_utf8("the principal", level->principal, err);
	for (size_t i = 0; r == 0 && i < level->n_labels; i++) {
		if (!level->labels[i].key)
			return weir_fail(err, -EINVAL, "a label without a key");
		r = weir_request_check_utf8("the key of a label", level->labels[i].key, err);
		if (r == 0)
			r = weir_request_check_utf8("the value of a label", level->labels[i].value,
						    err);
	}
	return r;
}

static int check_disk(const struct weir_resource_info *resource, struct weir_error *err)
{
	int r;

	if (resource->kind != WEIR_RESOURCE_DISK)
		return resource->volume_id || !is_on_root(resource)
			       ? weir_fail(err, -EINVAL, "a volume or a disk has to be of disk")
			       : 0;
	if (!is_on_root(resource) && !begins(resource->disk, path_disk) &&
	    !begins(resource->disk, mount_disk))
		return weir_fail(err, -EINVAL, "'%s' is no disk: expected PATH:/a or MOUNT:/a",
				 resource->disk);
	r = weir_request_check_utf8("the disk", resource->disk, err);
	if (r == 0)
		r = weir_request_check_utf8("the volume's id", resource->volume_id, err);
	if (r == 0)
		r = weir_request_check_utf8("the principal", resource->volume_principal, err);
	if (r == 0)
		r = weir_request_check_utf8("the path in the container", resource->container_path,
					    err);
	return r;
}

static int check_amount(uint64_t amount, struct weir_error *err)
{
	return amount > INT64_MAX
		       ? weir_fail(err, -EINVAL, "%" PRIu64 " is no amount of a resource", amount)
		       : 0;
}

static int check_resource(const struct weir_resource_info *resource, struct weir_error *err)
{
	int r = check_amount(resource->amount, err);

	if (r == 0)
		r = check_disk(resource, err);
	for (size_t i = 0; r == 0 && i < resource->n_levels; i++)
		r = check_level(&resource->levels[i], err);
	return r;
}

static int check_options(const struct weir_operate_options *options, struct weir_error *err)
{
	if (!options || !options->has_version || options->version <= INT64_MAX)
		return 0;
	return weir_fail(err, -EINVAL, "%" PRIu64 " is no version of the books", options->version);
}

/* A new reference, or NULL if it was not @built. */
static json_t *whole(json_t *json, bool built)
{
	if (built)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *labels_of(const struct weir_level *level)
{
	json_t *list = json_array();
	bool ok = true;

	for (size_t i = 0; i < level->n_labels; i++)
		ok &= !json_array_append_new(list,
					     json_pack("{s:s, s:s*}", "key", level->labels[i].key,
						       "value", level->labels[i].value));
	list = whole(list, ok);
	return json_pack("{s:o}", "labels", list);
}

/* The configuration is nobody: its levels may have no principal. All others were made by somebody. */
static json_t *level_of(const struct weir_level *level, const char *caller)
{
	const char *maker = level->principal || level->is_static ? level->principal : caller;
	json_t *json =
		json_pack("{s:s, s:s, s:s*}", "type", level->is_static ? "STATIC" : "DYNAMIC",
			  "role", level->role, "principal", maker);

	return whole(json, level->n_labels == 0 ||
				   !json_object_set_new(json, "labels", labels_of(level)));
}

static json_t *levels_of(const struct weir_resource_info *resource, const char *caller)
{
	json_t *list = json_array();
	bool ok = true;

	for (size_t i = 0; i < resource->n_levels; i++)
		ok &= !json_array_append_new(list, level_of(&resource->levels[i], caller));
	return whole(list, ok);
}

static json_t *source_of(const char *disk)
{
	bool mount = begins(disk, mount_disk);

	return json_pack("{s:s, s:{s:s}}", "type", mount ? "MOUNT" : "PATH",
			 mount ? "mount" : "path", "root", strchr(disk, ':') + 1);
}

static json_t *disk_of(const struct weir_resource_info *resource, const char *caller)
{
	const char *maker = resource->volume_principal ? resource->volume_principal : caller;
	json_t *json = json_object();
	bool ok = true;

	if (resource->volume_id)
		ok &= !json_object_set_new(
			json, "persistence",
			json_pack("{s:s, s:s}", "id", resource->volume_id, "principal", maker));
	if (resource->volume_id && resource->container_path)
		ok &= !json_object_set_new(json, "volume",
					   json_pack("{s:s, s:s}", "container_path",
						     resource->container_path, "mode", "RW"));
	if (!is_on_root(resource))
		ok &= !json_object_set_new(json, "source", source_of(resource->disk));
	return whole(json, ok);
}

static json_t *resource_of(const struct weir_resource_info *resource, const char *caller)
{
	static const struct {
		const char *name;
		double unit;
	} kinds[] = {
		[WEIR_RESOURCE_CPUS] = { "cpus", WEIR_MCPU_PER_CPU },
		[WEIR_RESOURCE_MEM] = { "mem", WEIR_BYTES_PER_MIB },
		[WEIR_RESOURCE_DISK] = { "disk", WEIR_BYTES_PER_MIB },
	};
	json_t *json = weir_request_scalar(kinds[resource->kind].name, resource->amount,
					   kinds[resource->kind].unit);
	bool ok = true;

	if (resource->n_levels > 0)
		ok &= !json_object_set_new(json, "reservations", levels_of(resource, caller));
	if (resource->volume_id || !is_on_root(resource))
		ok &= !json_object_set_new(json, "disk", disk_of(resource, caller));
	return whole(json, ok);
}

static json_t *resources_of(const struct weir_request_list *resources, const char *caller)
{
	json_t *list = json_array();
	bool ok = true;

	for (size_t i = 0; i < resources->n; i++)
		ok &= !json_array_append_new(list, resource_of(&resources->list[i], caller));
	return whole(list, ok);
}

/* @call is taken. */
static int finish(const char *type, const char *member, json_t *call, bool built,
		  const struct weir_operate_options *options, char **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;
	json_t *weir = json_object();

	if (options && options->yield)
		built &= !json_object_set_new(weir, "yield", json_true());
	if (options && options->dry_run)
		built &= !json_object_set_new(weir, "dry_run", json_true());
	if (options && options->has_version)
		built &= !json_object_set_new(weir, "version",
					      json_integer((json_int_t)options->version));
	if (json_object_size(weir) > 0)
		built &= !json_object_set(call, "weir", weir);
	json_decref(weir);
	body = json_pack("{s:s, s:o}", "type", type, member, call);
	return weir_request_finish(body, body && built, ret, err);
}

int weir_request_operate(const char *type, const char *member,
			 const struct weir_request_list *lists, size_t n_lists,
			 const struct weir_operate_options *options, char **ret,
			 struct weir_error *err)
{
	scoped(freep) char *caller = NULL;
	json_t *call;
	bool ok = true;
	int r = check_options(options, err);

	for (size_t i = 0; i < n_lists; i++)
		for (size_t k = 0; r == 0 && k < lists[i].n; k++)
			r = check_resource(&lists[i].list[k], err);
	if (r == 0)
		r = weir_user_name(geteuid(), &caller, err);
	if (r < 0)
		return r;

	call = json_object();
	for (size_t i = 0; i < n_lists; i++)
		if (lists[i].n > 0)
			ok &= !json_object_set_new(call, lists[i].name,
						   resources_of(&lists[i], caller));
	return finish(type, member, call, ok, options, ret, err);
}

static int check_resize(const struct weir_resource_info *volume, uint64_t bytes,
			const struct weir_operate_options *options, struct weir_error *err)
{
	int r = check_options(options, err);

	if (r == 0)
		r = check_amount(bytes, err);
	if (r == 0)
		r = check_resource(volume, err);
	if (r == 0 && !volume->volume_id)
		r = weir_fail(err, -EINVAL, "what is to change its size is no volume");
	return r;
}

int weir_request_grow(const struct weir_resource_info *volume, uint64_t bytes,
		      const struct weir_operate_options *options, char **ret,
		      struct weir_error *err)
{
	scoped(freep) char *caller = NULL;
	struct weir_resource_info addition = *volume;
	json_t *call;
	int r;

	r = check_resize(volume, bytes, options, err);
	if (r == 0)
		r = weir_user_name(geteuid(), &caller, err);
	if (r < 0)
		return r;
	addition.amount = bytes;
	addition.volume_id = NULL;
	call = json_pack("{s:o, s:o}", "volume", resource_of(volume, caller), "addition",
			 resource_of(&addition, caller));
	return finish("GROW_VOLUME", "grow_volume", call, call, options, ret, err);
}

int weir_request_shrink(const struct weir_resource_info *volume, uint64_t bytes,
			const struct weir_operate_options *options, char **ret,
			struct weir_error *err)
{
	scoped(freep) char *caller = NULL;
	json_t *call;
	int r;

	r = check_resize(volume, bytes, options, err);
	if (r == 0)
		r = weir_user_name(geteuid(), &caller, err);
	if (r < 0)
		return r;
	call = json_pack("{s:o, s:{s:f}}", "volume", resource_of(volume, caller), "subtract",
			 "value", (double)bytes / WEIR_BYTES_PER_MIB);
	return finish("SHRINK_VOLUME", "shrink_volume", call, call, options, ret, err);
}
