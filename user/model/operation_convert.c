/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation makes of what. */
#include "model/operation.h"

#include "base/error.h"

static int add_all(const struct weir_parcels *from, struct weir_parcels *to, struct weir_error *err)
{
	for (size_t i = 0; i < from->n; i++) {
		if (weir_parcels_add(to, &from->list[i], err) < 0)
			return err->code;
	}
	return 0;
}

/* The same, of one level less. */
static int add_popped(const struct weir_parcels *from, struct weir_parcels *to,
		      struct weir_error *err)
{
	for (size_t i = 0; i < from->n; i++) {
		struct weir_parcel parcel = from->list[i];
		int r;

		if (weir_stack_pop(from->list[i].stack, 1, &parcel.stack, err) < 0)
			return err->code;
		r = weir_parcels_add(to, &parcel, err);
		weir_stack_unref(parcel.stack);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The disk that they lie on. */
static int add_disk(const struct weir_parcels *from, struct weir_parcels *to,
		    struct weir_error *err)
{
	for (size_t i = 0; i < from->n; i++) {
		struct weir_parcel parcel = from->list[i];

		parcel.volume = NULL;
		if (weir_parcels_add(to, &parcel, err) < 0)
			return err->code;
	}
	return 0;
}

static int convert_resize(const struct weir_operation *operation, struct weir_parcels *from,
			  struct weir_parcels *to, struct weir_error *err)
{
	struct weir_parcel volume = operation->resources.list[0], rest = volume;

	if (add_all(&operation->resources, from, err) < 0)
		return err->code;
	if (operation->kind == WEIR_OPERATION_GROW) {
		volume.amount += operation->addition.list[0].amount;
		if (weir_parcels_add(to, &volume, err) < 0)
			return err->code;
		return add_all(&operation->addition, from, err);
	}
	volume.amount -= operation->subtract_bytes;
	rest.amount = operation->subtract_bytes;
	rest.volume = NULL;
	return weir_parcels_add(to, &volume, err) < 0 ? err->code
						      : weir_parcels_add(to, &rest, err);
}

int weir_operation_convert(const struct weir_operation *operation, struct weir_parcels *from,
			   struct weir_parcels *to, struct weir_error *err)
{
	const struct weir_parcels *resources = &operation->resources;
	int r;

	switch (operation->kind) {
	case WEIR_OPERATION_RESERVE:
		r = operation->source.n ? add_all(&operation->source, from, err)
					: add_popped(resources, from, err);
		return r < 0 ? r : add_all(resources, to, err);
	case WEIR_OPERATION_UNRESERVE:
		r = add_all(resources, from, err);
		return r < 0 ? r : add_popped(resources, to, err);
	case WEIR_OPERATION_CREATE:
		r = add_disk(resources, from, err);
		return r < 0 ? r : add_all(resources, to, err);
	case WEIR_OPERATION_DESTROY:
		r = add_all(resources, from, err);
		return r < 0 ? r : add_disk(resources, to, err);
	default:
		return convert_resize(operation, from, to, err);
	}
}
