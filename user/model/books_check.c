/* SPDX-License-Identifier: Apache-2.0 */
/* Does a change fit: who has the id of a volume, what is in use, and is nothing made or lost? */
#include "model/books_internal.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"

/* May the role @volume is to be of have it under its id? */
static int check_collision(const struct weir_books *books, const struct weir_change *change,
			   const struct weir_fate *fate, struct weir_error *err)
{
	const struct weir_volume *volume = fate->volume;
	const char *role = weir_stack_role(fate->stack), *id = volume->info.id;
	const struct weir_volume *there = weir_books_find_volume(books, role, id);

	for (size_t i = 0; i < change->n_fates; i++) {
		const struct weir_fate *other = &change->fates[i];

		if (there && other->volume == there)
			there = NULL; /* it goes, or is this one */
		if (other != fate && other->stack && strcmp(other->volume->info.id, id) == 0 &&
		    strcmp(weir_stack_role(other->stack), role) == 0)
			return weir_fail(err, -EEXIST, "volume '%s' comes twice for role '%s'", id,
					 role);
	}
	if (there)
		return weir_fail(err, -EEXIST, "role '%s' has a volume '%s' already", role, id);
	return 0;
}

static int fail_in_use(const struct weir_role *role, int sum, uint64_t used, struct weir_error *err)
{
	char text[WEIR_QUANTITY_TEXT];

	if (sum == CPUS)
		weir_format_cpu(used, text);
	else
		weir_format_memory_exact(used, text);
	if (!role->parent)
		return weir_fail(err, -EBUSY,
				 "%s that would be needed is in use: containers use "
				 "%s of what is unreserved",
				 weir_kind_name((enum weir_kind)sum), text);
	return weir_fail(err, -EBUSY,
			 "%s of role '%s' is in use: its containers, and those of "
			 "roles below it, use %s of it",
			 weir_kind_name((enum weir_kind)sum), role->name, text);
}

/* What bears demand of its role stays, by whichever stack of the role. */
static int check_role(const struct weir_change *change, const struct weir_role *role, int sum,
		      struct weir_error *err)
{
	uint64_t used = weir_role_used(role, sum), reserved = role->reserved[sum];

	for (size_t i = 0; i < change->n_touched; i++) {
		const struct weir_touched *touched = &change->touched[i];

		if (touched->role == role && !weir_touched_is_unreserved(touched))
			reserved += touched->give[sum] - touched->take[sum];
	}
	return reserved < used ? fail_in_use(role, sum, used, err) : 0;
}

void weir_change_reserve(struct weir_books *books, const struct weir_change *change, bool undo)
{
	for (size_t i = 0; i < change->n_touched; i++) {
		const struct weir_touched *touched = &change->touched[i];

		for (int sum = 0; sum < N_SUMS && !weir_touched_is_unreserved(touched); sum++)
			weir_books_reserve(books, touched->role, sum,
					   undo ? touched->give[sum] : touched->take[sum],
					   undo ? touched->take[sum] : touched->give[sum]);
	}
}

/* What is unreserved then has to bear what is left. Who uses more than there is may not use more yet. */
static int check_unreserved(struct weir_books *books, const struct weir_change *change,
			    struct weir_error *err)
{
	const struct weir_role *all = books->roles[0];
	uint64_t before[N_SUMS], r = 0;

	for (int sum = 0; sum < N_SUMS; sum++)
		before[sum] = weir_books_unreserved(books, sum);
	weir_change_reserve(books, change, false);
	for (int sum = 0; sum < N_SUMS && !r; sum++) {
		uint64_t need = all->own[sum] + all->below[sum];
		uint64_t now = weir_books_unreserved(books, sum);

		if (now < before[sum] && need > now)
			r = (uint64_t)sum + 1;
	}
	weir_change_reserve(books, change, true);
	if (r)
		return fail_in_use(all, (int)r - 1, all->own[r - 1] + all->below[r - 1], err);
	return 0;
}

int weir_change_check(struct weir_books *books, const struct weir_change *change,
		      struct weir_error *err)
{
	for (size_t i = 0; i < change->n_fates; i++) {
		if (change->fates[i].stack &&
		    check_collision(books, change, &change->fates[i], err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < change->n_touched; i++) {
		for (int sum = 0; sum < N_SUMS && !weir_touched_is_unreserved(&change->touched[i]);
		     sum++) {
			if (check_role(change, change->touched[i].role, sum, err) < 0)
				return err->code;
		}
	}
	return check_unreserved(books, change, err);
}

/* How much there is of the kind of @like, and of its disk. */
static uint64_t sum_of(const struct weir_parcels *parcels, const struct weir_parcel *like)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < parcels->n; i++) {
		const struct weir_parcel *one = &parcels->list[i];

		if (one->kind != like->kind ||
		    (one->disk && like->disk && strcmp(one->disk, like->disk) != 0))
			continue;
		sum += one->amount;
	}
	return sum;
}

/* Nothing may come of nothing, nor be lost, volumes being parts of their disks. */
int weir_check_conserved(const struct weir_parcels *from, const struct weir_parcels *to,
			 struct weir_error *err)
{
	const struct weir_parcels *sides[] = { from, to };

	for (size_t side = 0; side < ARRAY_SIZE(sides); side++) {
		for (size_t i = 0; i < sides[side]->n; i++) {
			const struct weir_parcel *like = &sides[side]->list[i];

			if (sum_of(from, like) != sum_of(to, like))
				return weir_fail(err, -EINVAL,
						 "%s would come of nothing, or be lost",
						 weir_kind_name(like->kind));
		}
	}
	return 0;
}
