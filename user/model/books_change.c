/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may become what. A change is worked out in full, with all memory that it takes, before anything is changed: so it
 * can be written down in between, and then can't fail.
 */
#include "model/books_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"

struct weir_change *weir_change_free(struct weir_change *change)
{
	if (!change)
		return NULL;
	for (size_t i = 0; i < change->n_touched; i++) {
		if (change->touched[i].is_new)
			weir_holding_free(change->touched[i].holding);
	}
	for (size_t i = 0; i < change->n_fates; i++) {
		if (change->fates[i].fate == WEIR_VOLUME_BEGINS)
			weir_volume_free(change->fates[i].volume);
		weir_stack_unref(change->fates[i].stack);
	}
	free(change->touched);
	free(change->fates);
	free(change);
	return NULL;
}

/* ---- What is taken, and what is given ------------------------------------------------ */

/* NULL: no memory. */
static struct weir_touched *touch(struct weir_books *books, struct weir_change *change,
				  struct weir_stack *stack)
{
	struct weir_touched *one;
	bool found;
	size_t at;

	for (size_t i = 0; i < change->n_touched; i++) {
		if (weir_stack_equal(change->touched[i].holding->stack, stack))
			return &change->touched[i];
	}
	one = &change->touched[change->n_touched];
	at = weir_books_holding_place(books, stack->key, &found);
	*one = (struct weir_touched){
		.holding = found ? books->holdings[at] : weir_holding_new(stack),
		.is_new = !found,
		.role = weir_books_need_role(books, weir_stack_role(stack)),
	};
	if (one->holding && one->is_new && stack->n == 0)
		*one->holding =
			(struct weir_holding){ .stack = one->holding->stack,
					       .mcpu = weir_books_unreserved(books, CPUS),
					       .mem_bytes = weir_books_unreserved(books, MEM) };
	for (size_t i = 0; one->holding && stack->n == 0 && i < books->n_disks; i++)
		one->holding->disk_bytes[i] = weir_books_holding(books, 0).disk_bytes[i];
	change->n_touched += one->holding != NULL;
	return one->holding && one->role ? one : NULL;
}

static int fail_not_held(const struct weir_parcel *parcel, uint64_t held, struct weir_error *err)
{
	char wanted[WEIR_PARCELS_TEXT], there[WEIR_QUANTITY_TEXT];

	if (parcel->kind == WEIR_KIND_CPUS)
		weir_format_cpu(held, there);
	else
		weir_format_memory_exact(held, there);
	return weir_fail(err, -ENOSPC, "%s is not held so: there is %s",
			 weir_parcel_text(parcel, wanted), there);
}

static int take_sum(struct weir_touched *from, const struct weir_parcel *parcel,
		    struct weir_error *err)
{
	int sum = parcel->kind == WEIR_KIND_CPUS ? CPUS : MEM;
	uint64_t held = sum == CPUS ? from->holding->mcpu : from->holding->mem_bytes;

	held -= from->take[sum];
	if (parcel->amount > held)
		return fail_not_held(parcel, held, err);
	from->take[sum] += parcel->amount;
	return 0;
}

static int take_disk(const struct weir_books *books, struct weir_touched *from,
		     const struct weir_parcel *parcel, struct weir_error *err)
{
	unsigned int disk = 0;
	uint64_t held;

	if (weir_books_disk_named(books, parcel->disk, &disk, err) < 0)
		return err->code;
	held = from->holding->disk_bytes[disk] - from->take_disk[disk];
	/* As much as is held: the file system may have another size by now. */
	if (books->disks[disk].whole && held && parcel->amount != held)
		return weir_fail(err, -EINVAL, "disk '%s' goes whole or not at all", parcel->disk);
	if (parcel->amount > held)
		return fail_not_held(parcel, held, err);
	from->take_disk[disk] += parcel->amount;
	return 0;
}

/* A volume that is held so, for better or worse. */
static int take_volume(struct weir_books *books, struct weir_change *change,
		       const struct weir_parcel *parcel, bool in_use_too, struct weir_error *err)
{
	const char *role = weir_stack_role(parcel->stack), *id = parcel->volume->id;
	struct weir_volume *volume = weir_books_find_volume(books, role, id);
	unsigned int disk = 0;

	if (weir_books_disk_named(books, parcel->disk, &disk, err) < 0)
		return err->code;
	if (!volume || !weir_stack_equal(volume->stack, parcel->stack) || volume->disk != disk)
		return weir_fail(err, -ENOSPC,
				 "volume '%s' is not held so: role '%s' has none of "
				 "that id on this reservation and disk",
				 id, role);
	if (volume->bytes != parcel->amount)
		return fail_not_held(parcel, volume->bytes, err);
	if (volume->users && !in_use_too)
		return weir_fail(err, -EBUSY, "volume '%s' is in use by %u container%s", id,
				 volume->users, volume->users == 1 ? "" : "s");
	for (size_t i = 0; i < change->n_fates; i++) {
		if (change->fates[i].volume == volume)
			return weir_fail(err, -EINVAL, "volume '%s' comes twice", id);
	}
	change->fates[change->n_fates++] = (struct weir_fate){ .fate = WEIR_VOLUME_ENDS,
							       .volume = volume,
							       .bytes = volume->bytes };
	return 0;
}

static int take(struct weir_books *books, struct weir_change *change,
		const struct weir_parcel *parcel, bool in_use_too, struct weir_error *err)
{
	struct weir_touched *from;

	if (parcel->volume)
		return take_volume(books, change, parcel, in_use_too, err);
	from = touch(books, change, parcel->stack);
	if (!from)
		return weir_fail_memory(err);
	return parcel->kind == WEIR_KIND_DISK ? take_disk(books, from, parcel, err)
					      : take_sum(from, parcel, err);
}

/* The one of that id that was taken, and is not given yet. */
static struct weir_fate *taken_volume(struct weir_change *change, const char *id, unsigned int disk)
{
	for (size_t i = 0; i < change->n_fates; i++) {
		struct weir_fate *fate = &change->fates[i];

		if (fate->fate == WEIR_VOLUME_ENDS && fate->volume->disk == disk &&
		    strcmp(fate->volume->info.id, id) == 0)
			return fate;
	}
	return NULL;
}

static int begin_volume(struct weir_books *books, struct weir_change *change,
			const struct weir_parcel *parcel, unsigned int disk, struct weir_error *err)
{
	struct weir_fate *fate = &change->fates[change->n_fates];

	if (change->n_fates >= WEIR_VOLUMES_A_CHANGE)
		return weir_fail(err, -EDQUOT, "more than %d volumes at once",
				 WEIR_VOLUMES_A_CHANGE);
	if (books->n_volumes + change->n_fates >= WEIR_VOLUMES_MAX)
		return weir_fail(err, -EDQUOT, "there are %zu volumes: destroy some",
				 books->n_volumes);
	*fate = (struct weir_fate){
		.fate = WEIR_VOLUME_BEGINS,
		.volume = weir_volume_new(parcel->volume),
		.stack = weir_stack_ref(parcel->stack),
		.bytes = parcel->amount,
	};
	change->n_fates++;
	if (!fate->volume)
		return weir_fail_memory(err);
	fate->volume->key = (books->version + 1) * WEIR_VOLUMES_A_CHANGE + change->n_fates - 1;
	fate->volume->disk = disk;
	fate->volume->bytes = parcel->amount;
	fate->volume->stack = weir_stack_ref(parcel->stack);
	return 0;
}

static int give_volume(struct weir_books *books, struct weir_change *change,
		       const struct weir_parcel *parcel, struct weir_error *err)
{
	unsigned int disk = 0;
	struct weir_fate *fate;

	if (weir_books_disk_named(books, parcel->disk, &disk, err) < 0)
		return err->code;
	fate = taken_volume(change, parcel->volume->id, disk);
	if (!fate)
		return begin_volume(books, change, parcel, disk, err);
	fate->fate = WEIR_VOLUME_STAYS;
	fate->stack = weir_stack_ref(parcel->stack);
	fate->bytes = parcel->amount;
	return 0;
}

static int give(struct weir_books *books, struct weir_change *change,
		const struct weir_parcel *parcel, struct weir_error *err)
{
	struct weir_touched *to;
	unsigned int disk = 0;

	if (parcel->volume)
		return give_volume(books, change, parcel, err);
	to = touch(books, change, parcel->stack);
	if (!to)
		return weir_fail_memory(err);
	if (parcel->kind == WEIR_KIND_CPUS) {
		to->give[CPUS] += parcel->amount;
	} else if (parcel->kind == WEIR_KIND_MEM) {
		to->give[MEM] += parcel->amount;
	} else {
		if (weir_books_disk_named(books, parcel->disk, &disk, err) < 0)
			return err->code;
		to->give_disk[disk] += parcel->amount;
	}
	return 0;
}

/* ---- Working it out ---------------------------------------------------------------- */

static int reserve_room(struct weir_books *books, const struct weir_change *change,
			struct weir_error *err)
{
	size_t n_new = 0;

	for (size_t i = 0; i < change->n_touched; i++)
		n_new += change->touched[i].is_new &&
			 !weir_touched_is_unreserved(&change->touched[i]);
	if (n_new && books->n_holdings + n_new > WEIR_RESERVATIONS_MAX)
		return weir_fail(err, -EDQUOT, "there are %zu reservations: give some back",
				 books->n_holdings);
	if (weir_books_grow(&books->holdings, books->n_holdings, &books->max_holdings,
			    change->n_touched, err) < 0)
		return err->code;
	return weir_books_grow(&books->volumes, books->n_volumes, &books->max_volumes,
			       change->n_fates, err);
}

int weir_books_prepare(struct weir_books *books, const struct weir_parcels *from,
		       const struct weir_parcels *to, bool in_use_too, struct weir_change **ret,
		       struct weir_error *err)
{
	scoped(weir_change_freep) struct weir_change *change = calloc(1, sizeof(*change));

	if (weir_check_conserved(from, to, err) < 0)
		return err->code;
	if (!change)
		return weir_fail_memory(err);
	change->touched = calloc(from->n + to->n + 1, sizeof(*change->touched));
	change->fates = calloc(from->n + to->n + 1, sizeof(*change->fates));
	if (!change->touched || !change->fates)
		return weir_fail_memory(err);
	for (size_t i = 0; i < from->n; i++) {
		if (take(books, change, &from->list[i], in_use_too, err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < to->n; i++) {
		if (give(books, change, &to->list[i], err) < 0)
			return err->code;
	}
	if (weir_change_check(books, change, err) < 0 || reserve_room(books, change, err) < 0)
		return err->code;
	*ret = take_ptr(change);
	return 0;
}

/* ---- Making it so ------------------------------------------------------------------------- */

static struct weir_holding after(const struct weir_touched *touched)
{
	struct weir_holding holding = *touched->holding;

	holding.mcpu += touched->give[CPUS] - touched->take[CPUS];
	holding.mem_bytes += touched->give[MEM] - touched->take[MEM];
	for (size_t i = 0; i < WEIR_DISKS_MAX; i++)
		holding.disk_bytes[i] += touched->give_disk[i] - touched->take_disk[i];
	return holding;
}

static void commit_touched(struct weir_books *books, struct weir_touched *touched)
{
	bool found;
	size_t at;

	if (weir_touched_is_unreserved(touched))
		return;
	for (unsigned int i = 0; i < books->n_disks; i++)
		weir_books_reserve_disk(books, touched->role->name, i, touched->take_disk[i],
					touched->give_disk[i]);
	*touched->holding = after(touched);
	if (touched->is_new && !weir_holding_is_empty(touched->holding)) {
		weir_books_insert_holding(books, touched->holding);
		touched->is_new = false;
	} else if (!touched->is_new && weir_holding_is_empty(touched->holding)) {
		at = weir_books_holding_place(books, touched->holding->stack->key, &found);
		books->n_holdings--;
		memmove(books->holdings + at, books->holdings + at + 1,
			(books->n_holdings - at) * sizeof(*books->holdings));
		touched->is_new = true; /* it goes with the change */
	}
}

/* All that go first, so that one can come where another was. */
static void commit_volumes(struct weir_books *books, struct weir_change *change)
{
	for (size_t i = 0; i < change->n_fates; i++) {
		struct weir_fate *fate = &change->fates[i];

		if (fate->fate != WEIR_VOLUME_BEGINS) {
			weir_books_remove_volume(books, fate->volume);
			weir_books_reserve_disk(books, weir_stack_role(fate->volume->stack),
						fate->volume->disk, fate->volume->bytes, 0);
		}
	}
	for (size_t i = 0; i < change->n_fates; i++) {
		struct weir_fate *fate = &change->fates[i];

		if (fate->fate == WEIR_VOLUME_ENDS) {
			fate->fate = WEIR_VOLUME_BEGINS; /* it goes with the change */
			continue;
		}
		weir_stack_unref(fate->volume->stack);
		fate->volume->stack = weir_stack_ref(fate->stack);
		fate->volume->bytes = fate->bytes;
		weir_books_insert_volume(books, fate->volume);
		weir_books_reserve_disk(books, weir_stack_role(fate->stack), fate->volume->disk, 0,
					fate->bytes);
		fate->fate = WEIR_VOLUME_STAYS;
	}
}

void weir_books_commit(struct weir_books *books, struct weir_change *change)
{
	weir_change_reserve(books, change, false);
	for (size_t i = 0; i < change->n_touched; i++)
		commit_touched(books, &change->touched[i]);
	commit_volumes(books, change);
	books->version++;
	weir_change_free(change);
}

/* ---- What it comes to ---------------------------------------------------------------------- */

static const struct weir_touched *reserved_at(const struct weir_change *change, size_t i)
{
	for (size_t at = 0; at < change->n_touched; at++) {
		if (!weir_touched_is_unreserved(&change->touched[at]) && i-- == 0)
			return &change->touched[at];
	}
	return NULL;
}

size_t weir_change_holdings(const struct weir_change *change)
{
	size_t n = 0;

	for (size_t i = 0; i < change->n_touched; i++)
		n += !weir_touched_is_unreserved(&change->touched[i]);
	return n;
}

struct weir_holding weir_change_holding(const struct weir_change *change, size_t i)
{
	return after(reserved_at(change, i));
}

size_t weir_change_volumes(const struct weir_change *change)
{
	return change ? change->n_fates : 0;
}

struct weir_volume weir_change_volume(const struct weir_change *change, size_t i,
				      enum weir_volume_fate *ret_fate)
{
	const struct weir_fate *fate = &change->fates[i];
	struct weir_volume volume = *fate->volume;

	*ret_fate = fate->fate;
	if (fate->stack)
		volume.stack = fate->stack;
	volume.bytes = fate->bytes;
	return volume;
}
