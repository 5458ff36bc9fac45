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

#define VOLUMES_A_CHANGE 1024 /* keys of its volumes: the version they came with, and which of it */

/* A stack of which something is taken, or that is given something. */
struct touched {
	struct weir_holding *holding; /* as it is; of the unreserved, or new: a copy, or empty */
	bool is_new;
	struct weir_role *role;
	uint64_t take[N_SUMS], give[N_SUMS];
	uint64_t take_disk[WEIR_DISKS_MAX], give_disk[WEIR_DISKS_MAX];
};

struct fate {
	enum weir_volume_fate fate;
	struct weir_volume *volume; /* as it is; one that begins: ours until then */
	struct weir_stack *stack; /* what it will be on, a reference */
	uint64_t bytes;
};

struct weir_change {
	struct touched *touched;
	size_t n_touched;
	struct fate *fates;
	size_t n_fates;
};

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

static bool is_unreserved(const struct touched *touched)
{
	return touched->holding->stack->n == 0;
}

/* ---- What is taken, and what is given ------------------------------------------------ */

/* NULL: no memory. */
static struct touched *touch(struct weir_books *books, struct weir_change *change,
			     struct weir_stack *stack)
{
	struct touched *one;
	bool found;
	size_t at;

	for (size_t i = 0; i < change->n_touched; i++) {
		if (weir_stack_equal(change->touched[i].holding->stack, stack))
			return &change->touched[i];
	}
	one = &change->touched[change->n_touched];
	at = weir_books_holding_place(books, stack->key, &found);
	*one = (struct touched){
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

static int take_sum(struct touched *from, const struct weir_parcel *parcel, struct weir_error *err)
{
	int sum = parcel->kind == WEIR_KIND_CPUS ? CPUS : MEM;
	uint64_t held = sum == CPUS ? from->holding->mcpu : from->holding->mem_bytes;

	held -= from->take[sum];
	if (parcel->amount > held)
		return fail_not_held(parcel, held, err);
	from->take[sum] += parcel->amount;
	return 0;
}

static int take_disk(const struct weir_books *books, struct touched *from,
		     const struct weir_parcel *parcel, struct weir_error *err)
{
	unsigned int disk = 0;
	uint64_t held;

	if (weir_books_disk_named(books, parcel->disk, &disk, err) < 0)
		return err->code;
	if (books->disks[disk].whole && parcel->amount != books->disks[disk].bytes)
		return weir_fail(err, -EINVAL, "disk '%s' goes whole or not at all", parcel->disk);
	held = from->holding->disk_bytes[disk] - from->take_disk[disk];
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
	change->fates[change->n_fates++] =
		(struct fate){ .fate = WEIR_VOLUME_ENDS, .volume = volume, .bytes = volume->bytes };
	return 0;
}

static int take(struct weir_books *books, struct weir_change *change,
		const struct weir_parcel *parcel, bool in_use_too, struct weir_error *err)
{
	struct touched *from;

	if (parcel->volume)
		return take_volume(books, change, parcel, in_use_too, err);
	from = touch(books, change, parcel->stack);
	if (!from)
		return weir_fail_memory(err);
	return parcel->kind == WEIR_KIND_DISK ? take_disk(books, from, parcel, err)
					      : take_sum(from, parcel, err);
}

/* The one of that id that was taken, and is not given yet. */
static struct fate *taken_volume(struct weir_change *change, const char *id, unsigned int disk)
{
	for (size_t i = 0; i < change->n_fates; i++) {
		struct fate *fate = &change->fates[i];

		if (fate->fate == WEIR_VOLUME_ENDS && fate->volume->disk == disk &&
		    strcmp(fate->volume->info.id, id) == 0)
			return fate;
	}
	return NULL;
}

static int begin_volume(struct weir_books *books, struct weir_change *change,
			const struct weir_parcel *parcel, unsigned int disk, struct weir_error *err)
{
	struct fate *fate = &change->fates[change->n_fates];

	if (change->n_fates >= VOLUMES_A_CHANGE)
		return weir_fail(err, -EDQUOT, "more than %d volumes at once", VOLUMES_A_CHANGE);
	if (books->n_volumes + change->n_fates >= WEIR_VOLUMES_MAX)
		return weir_fail(err, -EDQUOT, "there are %zu volumes: destroy some",
				 books->n_volumes);
	*fate = (struct fate){
		.fate = WEIR_VOLUME_BEGINS,
		.volume = weir_volume_new(parcel->volume),
		.stack = weir_stack_ref(parcel->stack),
		.bytes = parcel->amount,
	};
	change->n_fates++;
	if (!fate->volume)
		return weir_fail_memory(err);
	fate->volume->key = (books->version + 1) * VOLUMES_A_CHANGE + change->n_fates - 1;
	fate->volume->disk = disk;
	fate->volume->bytes = parcel->amount;
	fate->volume->stack = weir_stack_ref(parcel->stack);
	return 0;
}

static int give_volume(struct weir_books *books, struct weir_change *change,
		       const struct weir_parcel *parcel, struct weir_error *err)
{
	unsigned int disk = 0;
	struct fate *fate;

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
	struct touched *to;
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

/* ---- Does it fit? ----------------------------------------------------------------------- */

/* May the role @volume is to be of have it under its id? */
static int check_collision(const struct weir_books *books, const struct weir_change *change,
			   const struct fate *fate, struct weir_error *err)
{
	const char *role = weir_stack_role(fate->stack), *id = fate->volume->info.id;
	const struct weir_volume *there = weir_books_find_volume(books, role, id);

	for (size_t i = 0; i < change->n_fates; i++) {
		const struct fate *other = &change->fates[i];

		if (other->volume == there)
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
		const struct touched *touched = &change->touched[i];

		if (touched->role == role && !is_unreserved(touched))
			reserved += touched->give[sum] - touched->take[sum];
	}
	return reserved < used ? fail_in_use(role, sum, used, err) : 0;
}

static void reserve_all(struct weir_books *books, const struct weir_change *change, bool undo)
{
	for (size_t i = 0; i < change->n_touched; i++) {
		const struct touched *touched = &change->touched[i];

		for (int sum = 0; sum < N_SUMS && !is_unreserved(touched); sum++)
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
	reserve_all(books, change, false);
	for (int sum = 0; sum < N_SUMS && !r; sum++) {
		uint64_t need = all->own[sum] + all->below[sum];
		uint64_t now = weir_books_unreserved(books, sum);

		if (now < before[sum] && need > now)
			r = (uint64_t)sum + 1;
	}
	reserve_all(books, change, true);
	if (r)
		return fail_in_use(all, (int)r - 1, all->own[r - 1] + all->below[r - 1], err);
	return 0;
}

static int check(struct weir_books *books, const struct weir_change *change, struct weir_error *err)
{
	for (size_t i = 0; i < change->n_fates; i++) {
		if (change->fates[i].stack &&
		    check_collision(books, change, &change->fates[i], err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < change->n_touched; i++) {
		for (int sum = 0; sum < N_SUMS && !is_unreserved(&change->touched[i]); sum++) {
			if (check_role(change, change->touched[i].role, sum, err) < 0)
				return err->code;
		}
	}
	return check_unreserved(books, change, err);
}

/* Nothing may come of nothing, nor be lost, volumes being parts of their disks. */
static int check_conserved(const struct weir_parcels *from, const struct weir_parcels *to,
			   struct weir_error *err)
{
	const struct weir_parcels *sides[] = { from, to };

	for (size_t side = 0; side < ARRAY_SIZE(sides); side++) {
		for (size_t i = 0; i < sides[side]->n; i++) {
			const struct weir_parcel *like = &sides[side]->list[i];
			uint64_t sums[2] = {};

			for (size_t s = 0; s < ARRAY_SIZE(sides); s++) {
				for (size_t j = 0; j < sides[s]->n; j++) {
					const struct weir_parcel *one = &sides[s]->list[j];

					if (one->kind == like->kind &&
					    (!one->disk || strcmp(one->disk, like->disk) == 0))
						sums[s] += one->amount;
				}
			}
			if (sums[0] != sums[1])
				return weir_fail(err, -EINVAL,
						 "%s would come of nothing, or be lost",
						 weir_kind_name(like->kind));
		}
	}
	return 0;
}

static int reserve_room(struct weir_books *books, const struct weir_change *change,
			struct weir_error *err)
{
	if (books->n_holdings + change->n_touched > WEIR_RESERVATIONS_MAX)
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

	if (check_conserved(from, to, err) < 0)
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
	if (check(books, change, err) < 0 || reserve_room(books, change, err) < 0)
		return err->code;
	*ret = take_ptr(change);
	return 0;
}

/* ---- Making it so ------------------------------------------------------------------------- */

static struct weir_holding after(const struct touched *touched)
{
	struct weir_holding holding = *touched->holding;

	holding.mcpu += touched->give[CPUS] - touched->take[CPUS];
	holding.mem_bytes += touched->give[MEM] - touched->take[MEM];
	for (size_t i = 0; i < WEIR_DISKS_MAX; i++)
		holding.disk_bytes[i] += touched->give_disk[i] - touched->take_disk[i];
	return holding;
}

static void commit_touched(struct weir_books *books, struct touched *touched)
{
	bool found;
	size_t at;

	if (is_unreserved(touched))
		return;
	for (size_t i = 0; i < books->n_disks; i++)
		books->promised_disk[i] += touched->give_disk[i] - touched->take_disk[i];
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
		struct fate *fate = &change->fates[i];

		if (fate->fate != WEIR_VOLUME_BEGINS) {
			weir_books_remove_volume(books, fate->volume);
			books->promised_disk[fate->volume->disk] -= fate->volume->bytes;
		}
	}
	for (size_t i = 0; i < change->n_fates; i++) {
		struct fate *fate = &change->fates[i];

		if (fate->fate == WEIR_VOLUME_ENDS) {
			fate->fate = WEIR_VOLUME_BEGINS; /* it goes with the change */
			continue;
		}
		weir_stack_unref(fate->volume->stack);
		fate->volume->stack = weir_stack_ref(fate->stack);
		fate->volume->bytes = fate->bytes;
		weir_books_insert_volume(books, fate->volume);
		books->promised_disk[fate->volume->disk] += fate->bytes;
		fate->fate = WEIR_VOLUME_STAYS;
	}
}

void weir_books_commit(struct weir_books *books, struct weir_change *change)
{
	reserve_all(books, change, false);
	for (size_t i = 0; i < change->n_touched; i++)
		commit_touched(books, &change->touched[i]);
	commit_volumes(books, change);
	books->version++;
	weir_change_free(change);
}

/* ---- What it comes to ---------------------------------------------------------------------- */

static const struct touched *reserved_at(const struct weir_change *change, size_t i)
{
	for (size_t at = 0; at < change->n_touched; at++) {
		if (!is_unreserved(&change->touched[at]) && i-- == 0)
			return &change->touched[at];
	}
	return NULL;
}

size_t weir_change_holdings(const struct weir_change *change)
{
	size_t n = 0;

	for (size_t i = 0; i < change->n_touched; i++)
		n += !is_unreserved(&change->touched[i]);
	return n;
}

struct weir_holding weir_change_holding(const struct weir_change *change, size_t i)
{
	return after(reserved_at(change, i));
}

size_t weir_change_volumes(const struct weir_change *change)
{
	return change->n_fates;
}

struct weir_volume weir_change_volume(const struct weir_change *change, size_t i,
				      enum weir_volume_fate *ret_fate)
{
	const struct fate *fate = &change->fates[i];
	struct weir_volume volume = *fate->volume;

	*ret_fate = fate->fate;
	if (fate->stack)
		volume.stack = fate->stack;
	volume.bytes = fate->bytes;
	return volume;
}
