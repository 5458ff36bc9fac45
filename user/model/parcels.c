/* SPDX-License-Identifier: Apache-2.0 */
#include "model/parcels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"
#include "base/strv.h"
#include "base/text.h"

const char *weir_kind_name(enum weir_kind kind)
{
	static const char *const names[] = {
		[WEIR_KIND_CPUS] = "cpus",
		[WEIR_KIND_MEM] = "mem",
		[WEIR_KIND_DISK] = "disk",
	};

	return names[kind];
}

int weir_kind_from_name(const char *name, enum weir_kind *ret)
{
	for (int kind = 0; kind < WEIR_KIND_COUNT_; kind++) {
		if (strcmp(weir_kind_name((enum weir_kind)kind), name) == 0) {
			*ret = (enum weir_kind)kind;
			return 0;
		}
	}
	return -EINVAL;
}

bool weir_volume_info_copy(const struct weir_volume_info *info, struct weir_volume_info *ret)
{
	*ret = (struct weir_volume_info){};
	return weir_text_copy(info->id, &ret->id) &&
	       weir_text_copy(info->principal, &ret->principal) &&
	       weir_text_copy(info->container_path, &ret->container_path);
}

void weir_volume_info_done(struct weir_volume_info *info)
{
	free(info->id);
	free(info->principal);
	free(info->container_path);
	*info = (struct weir_volume_info){};
}

static bool copy_volume(const struct weir_volume_info *from, struct weir_volume_info **to)
{
	*to = from ? calloc(1, sizeof(**to)) : NULL;
	return !from || (*to && weir_volume_info_copy(from, *to));
}

static void parcel_done(struct weir_parcel *parcel)
{
	weir_stack_unref(parcel->stack);
	free(parcel->disk);
	if (parcel->volume)
		weir_volume_info_done(parcel->volume);
	free(parcel->volume);
}

int weir_parcels_add(struct weir_parcels *parcels, const struct weir_parcel *parcel,
		     struct weir_error *err)
{
	struct weir_parcel copy = { .kind = parcel->kind, .amount = parcel->amount };
	struct weir_parcel *list = realloc(parcels->list, (parcels->n + 1) * sizeof(*list));

	if (!list)
		return weir_fail_memory(err);
	parcels->list = list;
	if (!weir_text_copy(parcel->disk, &copy.disk) ||
	    !copy_volume(parcel->volume, &copy.volume)) {
		parcel_done(&copy);
		return weir_fail_memory(err);
	}
	copy.stack = weir_stack_ref(parcel->stack);
	list[parcels->n++] = copy;
	return 0;
}

void weir_parcels_done(struct weir_parcels *parcels)
{
	for (size_t i = 0; i < parcels->n; i++)
		parcel_done(&parcels->list[i]);
	free(parcels->list);
	*parcels = (struct weir_parcels){};
}

const char *weir_parcel_text(const struct weir_parcel *parcel, char buf[WEIR_PARCELS_TEXT])
{
	char amount[WEIR_QUANTITY_TEXT], stack[WEIR_STACK_TEXT];

	if (parcel->kind == WEIR_KIND_CPUS)
		weir_format_cpu(parcel->amount, amount);
	else
		weir_format_memory_exact(parcel->amount, amount);
	weir_stack_text(parcel->stack, stack);
	if (parcel->volume)
		snprintf(buf, WEIR_PARCELS_TEXT, "volume '%s' of %s (%.150s)", parcel->volume->id,
			 amount, stack);
	else
		snprintf(buf, WEIR_PARCELS_TEXT, "%s %s (%.200s)", weir_kind_name(parcel->kind),
			 amount, stack);
	return buf;
}

/* Are they parts of the same thing, whoever has them? */
static bool same_thing(const struct weir_parcel *a, const struct weir_parcel *b)
{
	if (a->kind != b->kind || !a->volume != !b->volume)
		return false;
	if (a->kind == WEIR_KIND_DISK && strcmp(a->disk, b->disk) != 0)
		return false;
	return !a->volume || strcmp(a->volume->id, b->volume->id) == 0;
}

/* How much of the thing of @like there is. */
static uint64_t total_of(const struct weir_parcels *parcels, const struct weir_parcel *like)
{
	uint64_t total = 0;

	for (size_t i = 0; i < parcels->n; i++) {
		if (same_thing(&parcels->list[i], like))
			total += parcels->list[i].amount;
	}
	return total;
}

static size_t volumes_of(const struct weir_parcels *parcels, const struct weir_parcel *like)
{
	size_t n = 0;

	for (size_t i = 0; i < parcels->n; i++)
		n += parcels->list[i].volume && same_thing(&parcels->list[i], like);
	return n;
}

bool weir_parcels_same_quantities(const struct weir_parcels *a, const struct weir_parcels *b)
{
	const struct weir_parcels *both[] = { a, b };

	for (size_t side = 0; side < ARRAY_SIZE(both); side++) {
		for (size_t i = 0; i < both[side]->n; i++) {
			const struct weir_parcel *like = &both[side]->list[i];

			if (total_of(a, like) != total_of(b, like) ||
			    volumes_of(a, like) != volumes_of(b, like))
				return false;
		}
	}
	return true;
}

struct weir_stack *weir_parcels_stack(const struct weir_parcels *parcels)
{
	for (size_t i = 1; i < parcels->n; i++) {
		if (!weir_stack_equal(parcels->list[0].stack, parcels->list[i].stack))
			return NULL;
	}
	return parcels->n ? parcels->list[0].stack : NULL;
}
