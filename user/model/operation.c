/* SPDX-License-Identifier: Apache-2.0 */
#include "model/operation.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "model/books.h"

static const char *const names[WEIR_OPERATION_COUNT_] = {
	[WEIR_OPERATION_RESERVE] = "RESERVE", [WEIR_OPERATION_UNRESERVE] = "UNRESERVE",
	[WEIR_OPERATION_CREATE] = "CREATE",   [WEIR_OPERATION_DESTROY] = "DESTROY",
	[WEIR_OPERATION_GROW] = "GROW",	      [WEIR_OPERATION_SHRINK] = "SHRINK",
};

const char *weir_operation_name(enum weir_operation_kind kind)
{
	return names[kind];
}

int weir_operation_from_name(const char *name, enum weir_operation_kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum weir_operation_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *weir_right_name(enum weir_right right)
{
	static const char *const rights[] = {
		[WEIR_RIGHT_RESERVE] = "reserve",
		[WEIR_RIGHT_UNRESERVE] = "unreserve",
		[WEIR_RIGHT_VOLUMES] = "volumes",
	};

	return rights[right];
}

void weir_operation_done(struct weir_operation *operation)
{
	weir_parcels_done(&operation->resources);
	weir_parcels_done(&operation->source);
	weir_parcels_done(&operation->addition);
}

/* ---- Is it sound? ------------------------------------------------------------------------ */

static int check_not_empty(const struct weir_parcels *parcels, const char *what,
			   struct weir_error *err)
{
	return parcels->n ? 0 : weir_fail(err, -EINVAL, "Resource cannot be empty: %s", what);
}

static int check_amounts(const struct weir_parcels *parcels, struct weir_error *err)
{
	char text[WEIR_PARCELS_TEXT];

	for (size_t i = 0; i < parcels->n; i++) {
		if (parcels->list[i].amount == 0)
			return weir_fail(err, -EINVAL, "%s: expected more than nothing",
					 weir_parcel_text(&parcels->list[i], text));
	}
	return 0;
}

static bool is_dynamic(const struct weir_stack *stack)
{
	return stack->n && !stack->levels[stack->n - 1].is_static;
}

static int fail_about(const struct weir_parcel *parcel, const char *what, struct weir_error *err)
{
	char text[WEIR_PARCELS_TEXT];

	return weir_fail(err, -EINVAL, "%s %s", weir_parcel_text(parcel, text), what);
}

/* The last level of @parcel is one that @principal makes. */
static int check_target(const struct weir_parcel *parcel, const char *principal,
			struct weir_error *err)
{
	const char *said = weir_stack_principal(parcel->stack);

	if (!is_dynamic(parcel->stack))
		return fail_about(parcel, "is not dynamically reserved", err);
	if (!said)
		return weir_fail(
			err, -EINVAL,
			"the reservation for role '%s' has no principal, expected '%s', who "
			"makes it",
			weir_stack_role(parcel->stack), principal);
	if (strcmp(said, principal) != 0)
		return weir_fail(err, -EINVAL,
				 "the principal '%.64s' of the reservation for role '%s' is not "
				 "'%s', who makes it",
				 said, weir_stack_role(parcel->stack), principal);
	if (parcel->volume && parcel->stack->n == 0)
		return fail_about(parcel, "is not reserved: a volume has to be", err);
	return 0;
}

static int check_replacement(const struct weir_operation *operation, struct weir_error *err)
{
	const struct weir_parcels *target = &operation->resources, *source = &operation->source;

	if (check_not_empty(target, "'resources'", err) < 0)
		return err->code;
	if (!weir_parcels_stack(target) || !weir_parcels_stack(source))
		return weir_fail(err, -EINVAL, "Mixed reservations are not supported in '%s'",
				 weir_parcels_stack(target) ? "source" : "resources");
	if (!weir_parcels_same_quantities(source, target))
		return weir_fail(err, -EINVAL,
				 "Source and target resources should refer to "
				 "identical resource quantities");
	return 0;
}

static int check_reserve(const struct weir_operation *operation, const char *principal,
			 struct weir_error *err)
{
	const struct weir_parcels *target = &operation->resources, *source = &operation->source;

	if (source->n ? check_replacement(operation, err) < 0
		      : check_not_empty(target, "'resources'", err) < 0)
		return err->code;
	for (size_t i = 0; i < target->n; i++) {
		const struct weir_parcel *parcel = &target->list[i];

		if (check_target(parcel, principal, err) < 0)
			return err->code;
		if (parcel->volume && !source->n && parcel->stack->n < 2)
			return fail_about(parcel, "can't have been unreserved before", err);
	}
	for (size_t i = 0; i < source->n; i++) {
		const struct weir_parcel *parcel = &source->list[i];

		if (parcel->volume && parcel->stack->n == 0)
			return fail_about(parcel, "is not reserved: a volume has to be", err);
	}
	if (source->n) {
		const struct weir_stack *a = weir_parcels_stack(source);
		const struct weir_stack *b = weir_parcels_stack(target);

		/* What the configuration has made goes by the configuration alone. */
		if (a->n && a->levels[0].is_static && weir_stack_common(a, b) == 0)
			return weir_fail(err, -EINVAL,
					 "what is statically reserved for role '%s' is changed in "
					 "the configuration only",
					 a->levels[0].role);
		if (b->levels[0].is_static && weir_stack_common(a, b) == 0)
			return weir_fail(err, -EINVAL,
					 "the static reservation for role '%s' is made "
					 "in the configuration only",
					 b->levels[0].role);
	}
	return 0;
}

static int check_unreserve(const struct weir_operation *operation, struct weir_error *err)
{
	const struct weir_parcels *parcels = &operation->resources;

	if (check_not_empty(parcels, "'resources'", err) < 0)
		return err->code;
	for (size_t i = 0; i < parcels->n; i++) {
		const struct weir_parcel *parcel = &parcels->list[i];

		if (!is_dynamic(parcel->stack))
			return fail_about(parcel, "is not dynamically reserved", err);
		if (parcel->volume)
			return fail_about(parcel,
					  "cannot be unreserved directly. Please destroy the "
					  "persistent volume first",
					  err);
	}
	return 0;
}

static int check_volume_id(const char *id, struct weir_error *err)
{
	size_t n = strlen(id);

	if (n == 0 || n > WEIR_VOLUME_ID_MAX)
		return weir_fail(err, -EINVAL, "a volume's id has %zu bytes, expected 1 to %d", n,
				 WEIR_VOLUME_ID_MAX);
	if (weir_text_is_dots(id))
		return weir_fail(err, -EINVAL, "'%s' can't be a volume's id", id);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)id[i];

		if (c <= 0x20 || c == '/' || c == 0x7f)
			return weir_fail(
				err, -EINVAL,
				"a volume's id has the byte 0x%02x at %zu: no blanks, slashes "
				"and control bytes",
				c, i);
	}
	return 0;
}

static int check_create(const struct weir_parcel *parcel, const char *principal,
			struct weir_error *err)
{
	const char *said = parcel->volume->principal;

	if (check_volume_id(parcel->volume->id, err) < 0)
		return err->code;
	if (parcel->stack->n == 0)
		return fail_about(parcel, "is not reserved: a volume has to be", err);
	if (!said || strcmp(said, principal) != 0)
		return weir_fail(err, -EINVAL,
				 "the principal '%.64s' of volume '%s' is not '%s', who "
				 "creates it",
				 said ? said : "", parcel->volume->id, principal);
	return 0;
}

static int check_volumes(const struct weir_operation *operation, const char *principal,
			 struct weir_error *err)
{
	const struct weir_parcels *parcels = &operation->resources;

	if (check_not_empty(parcels, "'volumes'", err) < 0)
		return err->code;
	for (size_t i = 0; i < parcels->n; i++) {
		const struct weir_parcel *parcel = &parcels->list[i];

		if (!parcel->volume)
			return fail_about(parcel,
					  "is no persistent volume: expected disk with "
					  "'disk.persistence'",
					  err);
		if (operation->kind == WEIR_OPERATION_CREATE &&
		    check_create(parcel, principal, err) < 0)
			return err->code;
	}
	return 0;
}

static int check_resize(const struct weir_operation *operation, struct weir_error *err)
{
	const struct weir_parcel *volume = operation->resources.list, *more;

	if (operation->resources.n != 1 || !volume->volume)
		return weir_fail(err, -EINVAL, "expected one persistent volume in 'volume'");
	if (strncmp(volume->disk, "MOUNT:", strlen("MOUNT:")) == 0)
		return fail_about(volume, "lies on a disk that goes whole: it can't be resized",
				  err);
	if (operation->kind == WEIR_OPERATION_SHRINK) {
		if (operation->subtract_bytes == 0 || operation->subtract_bytes >= volume->amount)
			return fail_about(volume,
					  "can be shrunk by less than it has, and by more than "
					  "nothing: 'subtract'",
					  err);
		return 0;
	}
	more = operation->addition.list;
	if (operation->addition.n != 1 || more->kind != WEIR_KIND_DISK || more->volume)
		return weir_fail(err, -EINVAL, "expected one amount of disk in 'addition'");
	if (more->amount == 0)
		return weir_fail(err, -EINVAL, "'addition' is nothing: expected some disk");
	if (strcmp(more->disk, volume->disk) != 0 || !weir_stack_equal(more->stack, volume->stack))
		return weir_fail(err, -EINVAL,
				 "'addition' is of another disk or reservation than "
				 "volume '%s'",
				 volume->volume->id);
	return 0;
}

int weir_operation_check(const struct weir_operation *operation, const char *principal,
			 struct weir_error *err)
{
	if (check_amounts(&operation->resources, err) < 0 ||
	    check_amounts(&operation->source, err) < 0)
		return err->code;
	switch (operation->kind) {
	case WEIR_OPERATION_RESERVE:
		return check_reserve(operation, principal, err);
	case WEIR_OPERATION_UNRESERVE:
		return check_unreserve(operation, err);
	case WEIR_OPERATION_CREATE:
	case WEIR_OPERATION_DESTROY:
		return check_volumes(operation, principal, err);
	default:
		return check_resize(operation, err);
	}
}

bool weir_operation_changes_nothing(const struct weir_operation *operation)
{
	return operation->kind == WEIR_OPERATION_RESERVE && operation->source.n &&
	       weir_stack_equal(weir_parcels_stack(&operation->source),
				weir_parcels_stack(&operation->resources));
}

/* ---- Who has to be allowed what ----------------------------------------------------------------- */

static int rights_between(const struct weir_stack *source, const struct weir_stack *target,
			  weir_right_fn *fn, void *data, struct weir_error *err)
{
	size_t common = weir_stack_common(source, target);
	int r = 0;

	for (size_t i = source->n; r >= 0 && i > common; i--)
		r = fn(WEIR_RIGHT_UNRESERVE, source->levels[i - 1].role, data, err);
	for (size_t i = common; r >= 0 && i < target->n; i++)
		r = fn(WEIR_RIGHT_RESERVE, target->levels[i].role, data, err);
	return r;
}

int weir_operation_rights(const struct weir_operation *operation, weir_right_fn *fn, void *data,
			  struct weir_error *err)
{
	const struct weir_parcels *resources = &operation->resources;
	enum weir_right right = WEIR_RIGHT_VOLUMES;
	int r = 0;

	if (operation->kind == WEIR_OPERATION_RESERVE && operation->source.n)
		return rights_between(weir_parcels_stack(&operation->source),
				      weir_parcels_stack(resources), fn, data, err);
	if (operation->kind == WEIR_OPERATION_RESERVE)
		right = WEIR_RIGHT_RESERVE;
	else if (operation->kind == WEIR_OPERATION_UNRESERVE)
		right = WEIR_RIGHT_UNRESERVE;
	for (size_t i = 0; r >= 0 && i < resources->n; i++)
		r = fn(right, weir_stack_role(resources->list[i].stack), data, err);
	return r;
}
