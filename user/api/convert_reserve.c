/* SPDX-License-Identifier: Apache-2.0 */
/* From Mesos' resources to parcels: amounts exact, reservations as stacks. */
#include "api/convert.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "api/decode.h"
#include "api/field.h"
#include "api/message.h"
#include "base/error.h"

/* What is borrowed of the request is copied where it is kept. */
static char *borrow(const char *text)
{
	return (char *)(uintptr_t)text;
}

static int convert_stack(const struct weir_items *items, struct weir_stack **ret,
			 struct weir_error *err)
{
	const struct weir_level_info *info = items->list;
	struct weir_reservation levels[WEIR_STACK_MAX] = {};

	for (size_t i = 0; i < items->n; i++) {
		bool is_static = strcmp(info[i].type, "STATIC") == 0;

		if (!is_static && strcmp(info[i].type, "DYNAMIC") != 0)
			return weir_fail(
				err, -EINVAL,
				"reservations[%zu].type: expected STATIC or DYNAMIC, got '%.64s'",
				i, info[i].type);
		levels[i] = (struct weir_reservation){
			.role = borrow(info[i].role),
			.principal = borrow(info[i].principal),
			.labels = info[i].labels.list,
			.n_labels = info[i].labels.n,
			.is_static = is_static,
		};
	}
	return weir_stack_new(levels, items->n, ret, err);
}

/* "", "PATH:/a", "MOUNT:/a". */
static int convert_disk(const struct weir_disk_info *disk, char name[static PATH_MAX],
			struct weir_error *err)
{
	const char *type = disk->source.type, *root = NULL;

	name[0] = '\0';
	if (!type)
		return 0;
	if (strcmp(type, "PATH") == 0)
		root = disk->source.path;
	else if (strcmp(type, "MOUNT") == 0)
		root = disk->source.mount;
	else
		return weir_fail(err, -EINVAL,
				 "disk.source.type: expected PATH or MOUNT, got '%.64s'", type);
	if (!root)
		return weir_fail(err, -EINVAL, "disk.source: expected the root of a %s disk", type);
	if (snprintf(name, PATH_MAX, "%s:%s", type, root) >= PATH_MAX)
		return weir_fail(err, -EINVAL, "disk.source: the root is too long");
	return 0;
}

static int check_volume(const struct weir_disk_info *disk, struct weir_error *err)
{
	if (disk->volume.host_path)
		return weir_fail(err, -EINVAL,
				 "disk.volume.host_path: where a volume lies is weir's to say");
	if (disk->volume.mode && strcmp(disk->volume.mode, "RW") != 0)
		return weir_fail(err, -EINVAL, "disk.volume.mode: expected RW, got '%.64s'",
				 disk->volume.mode);
	if (disk->volume.container_path && !disk->persistence.id)
		return weir_fail(err, -EINVAL,
				 "disk.volume: it is no persistent volume: expected "
				 "disk.persistence");
	return 0;
}

static int convert_amount(const struct weir_held_resource *from, struct weir_parcel *to,
			  struct weir_error *err)
{
	if (weir_kind_from_name(from->name, &to->kind) < 0)
		return weir_fail(err, -EINVAL, "name: expected cpus, mem or disk, got '%.64s'",
				 from->name);
	if (from->type && strcmp(from->type, "SCALAR") != 0)
		return weir_fail(err, -EINVAL, "type: expected SCALAR, got '%.64s'", from->type);
	if (from->role && strcmp(from->role, "*") != 0)
		return weir_fail(err, -EINVAL, "role: expected '*' and reservations, got '%.64s'",
				 from->role);
	if (to->kind == WEIR_KIND_CPUS)
		return weir_scalar_to_mcpu(from->amount.value, false, "scalar.value", &to->amount,
					   err);
	return weir_scalar_to_bytes(from->amount.value, false, "scalar.value", &to->amount, err);
}

static int add_held(const struct weir_held_resource *from, struct weir_parcels *to,
		    struct weir_error *err)
{
	scoped(weir_stack_unrefp) struct weir_stack *stack = NULL;
	struct weir_volume_info volume = { borrow(from->disk.persistence.id),
					   borrow(from->disk.persistence.principal),
					   borrow(from->disk.volume.container_path) };
	struct weir_parcel parcel = {};
	char disk[PATH_MAX];

	if (convert_amount(from, &parcel, err) < 0 ||
	    convert_stack(&from->reservations, &stack, err) < 0 ||
	    convert_disk(&from->disk, disk, err) < 0 || check_volume(&from->disk, err) < 0)
		return err->code;
	if (parcel.kind == WEIR_KIND_DISK) {
		parcel.disk = disk;
		parcel.volume = volume.id ? &volume : NULL;
	} else if (volume.id || disk[0]) {
		return weir_fail(err, -EINVAL, "disk: %s is no disk", from->name);
	}
	parcel.stack = stack;
	return weir_parcels_add(to, &parcel, err);
}

static int add_all(const struct weir_items *items, const char *name, struct weir_parcels *to,
		   struct weir_error *err)
{
	const struct weir_held_resource *held = items->list;

	for (size_t i = 0; i < items->n; i++) {
		if (add_held(&held[i], to, err) < 0)
			return weir_fail_in(err, "Invalid %s: %s[%zu]", name, name, i);
	}
	return 0;
}

/* GROW, SHRINK: a volume, and by how much. */
static int add_resize(const struct weir_conversion *c, struct weir_operation *to,
		      struct weir_error *err)
{
	const struct weir_operate_info *from = &c->from->operate;

	if (add_held(&from->volume, &to->resources, err) < 0)
		return weir_fail_in(err, "Invalid volume");
	if (to->kind == WEIR_OPERATION_GROW) {
		if (add_held(&from->addition, &to->addition, err) < 0)
			return weir_fail_in(err, "Invalid addition");
		return 0;
	}
	return weir_scalar_to_bytes(from->subtract.value, false, "shrink_volume.subtract.value",
				    &to->subtract_bytes, err);
}

static enum weir_operation_kind kind_of(enum weir_call_type type)
{
	switch (type) {
	case WEIR_CALL_RESERVE_RESOURCES:
		return WEIR_OPERATION_RESERVE;
	case WEIR_CALL_UNRESERVE_RESOURCES:
		return WEIR_OPERATION_UNRESERVE;
	case WEIR_CALL_CREATE_VOLUMES:
		return WEIR_OPERATION_CREATE;
	case WEIR_CALL_DESTROY_VOLUMES:
		return WEIR_OPERATION_DESTROY;
	case WEIR_CALL_GROW_VOLUME:
		return WEIR_OPERATION_GROW;
	default:
		return WEIR_OPERATION_SHRINK;
	}
}

int weir_convert_operation(const struct weir_conversion *c, struct weir_error *err)
{
	const struct weir_operate_info *from = &c->from->operate;
	struct weir_operation *to = &c->to->operation;
	int r;

	to->kind = kind_of(c->to->type);
	c->to->agent_id = from->agent_id;
	c->to->dry_run = from->options.dry_run;
	c->to->yield = from->options.yield;
	c->to->has_version = from->options.version != UINT64_MAX;
	c->to->version = from->options.version;
	if (to->kind == WEIR_OPERATION_GROW || to->kind == WEIR_OPERATION_SHRINK) {
		r = add_resize(c, to, err);
	} else {
		/* In Mesos' order: first what it is to be, then what it is. */
		r = add_all(&from->resources,
			    to->kind == WEIR_OPERATION_RESERVE ||
					    to->kind == WEIR_OPERATION_UNRESERVE
				    ? "resources"
				    : "volumes",
			    &to->resources, err);
		if (r == 0)
			r = add_all(&from->source, "source", &to->source, err);
	}
	if (r < 0)
		weir_operation_done(to);
	return r;
}
