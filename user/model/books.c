/* SPDX-License-Identifier: Apache-2.0 */
#include "model/books.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/books_internal.h"

#define FIRST_ALLOCATED 16

int weir_books_grow(void *list, size_t n, size_t *max, size_t more, struct weir_error *err)
{
	void **pointers = list, *grown;
	size_t wanted = *max ? *max : FIRST_ALLOCATED;

	while (wanted < n + more)
		wanted *= 2;
	if (wanted == *max)
		return 0;
	grown = realloc(*pointers, wanted * sizeof(void *));
	if (!grown)
		return weir_fail_memory(err);
	*pointers = grown;
	*max = wanted;
	return 0;
}

/* ---- Holdings, in order of key ---- */

struct weir_holding *weir_holding_new(struct weir_stack *stack)
{
	struct weir_holding *holding = calloc(1, sizeof(*holding));

	if (holding)
		holding->stack = weir_stack_ref(stack);
	return holding;
}

struct weir_holding *weir_holding_free(struct weir_holding *holding)
{
	if (!holding)
		return NULL;
	weir_stack_unref(holding->stack);
	free(holding);
	return NULL;
}

bool weir_holding_is_empty(const struct weir_holding *holding)
{
	uint64_t any = holding->mcpu | holding->mem_bytes;

	for (size_t i = 0; i < WEIR_DISKS_MAX; i++)
		any |= holding->disk_bytes[i];
	return any == 0;
}

size_t weir_books_holding_place(const struct weir_books *books, const char *key, bool *ret_found)
{
	size_t low = 0, high = books->n_holdings;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(books->holdings[middle]->stack->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < books->n_holdings && strcmp(books->holdings[low]->stack->key, key) == 0;
	return low;
}

void weir_books_insert_holding(struct weir_books *books, struct weir_holding *holding)
{
	bool found;
	size_t at = weir_books_holding_place(books, holding->stack->key, &found);

	memmove(books->holdings + at + 1, books->holdings + at,
		(books->n_holdings - at) * sizeof(*books->holdings));
	books->holdings[at] = holding;
	books->n_holdings++;
}

/* ---- Volumes, in order of role and id ---- */

struct weir_volume *weir_volume_new(const struct weir_volume_info *info)
{
	struct weir_volume *volume = calloc(1, sizeof(*volume));

	if (!volume)
		return NULL;
	return weir_volume_info_copy(info, &volume->info) ? volume : weir_volume_free(volume);
}

struct weir_volume *weir_volume_free(struct weir_volume *volume)
{
	if (!volume)
		return NULL;
	weir_stack_unref(volume->stack);
	weir_volume_info_done(&volume->info);
	free(volume);
	return NULL;
}

size_t weir_books_volume_place(const struct weir_books *books, const char *role, const char *id,
			       bool *ret_found)
{
	size_t low = 0, high = books->n_volumes;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct weir_volume *volume = books->volumes[middle];
		int order = strcmp(weir_stack_role(volume->stack), role);

		if (order == 0)
			order = strcmp(volume->info.id, id);
		*ret_found |= order == 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void weir_books_insert_volume(struct weir_books *books, struct weir_volume *volume)
{
	bool found;
	size_t at = weir_books_volume_place(books, weir_stack_role(volume->stack), volume->info.id,
					    &found);

	memmove(books->volumes + at + 1, books->volumes + at,
		(books->n_volumes - at) * sizeof(*books->volumes));
	books->volumes[at] = volume;
	books->n_volumes++;
}

void weir_books_remove_volume(struct weir_books *books, const struct weir_volume *volume)
{
	bool found;
	size_t at = weir_books_volume_place(books, weir_stack_role(volume->stack), volume->info.id,
					    &found);

	books->n_volumes--;
	memmove(books->volumes + at, books->volumes + at + 1,
		(books->n_volumes - at) * sizeof(*books->volumes));
}

int weir_books_disk_named(const struct weir_books *books, const char *name, unsigned int *ret,
			  struct weir_error *err)
{
	for (unsigned int i = 0; i < books->n_disks; i++) {
		if (strcmp(books->disks[i].name, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	return weir_fail(err, -ENODEV, *name ? "there is no disk '%s'" : "there is no root disk%s",
			 name);
}

/* ---- The whole ---- */

int weir_books_new(uint64_t mcpu, uint64_t mem_bytes, const struct weir_disk *disks, size_t n_disks,
		   bool unreserved_too, struct weir_books **ret, struct weir_error *err)
{
	scoped(weir_books_freep) struct weir_books *books = calloc(1, sizeof(*books));

	if (!books)
		return weir_fail_memory(err);
	books->total[CPUS] = mcpu;
	books->total[MEM] = mem_bytes;
	books->unreserved_too = unreserved_too;
	for (; books->n_disks < n_disks && books->n_disks < WEIR_DISKS_MAX; books->n_disks++) {
		struct weir_disk *disk = &books->disks[books->n_disks];

		*disk = disks[books->n_disks];
		disk->name = strdup(disk->name);
		if (!disk->name)
			return weir_fail_memory(err);
	}
	if (weir_stack_new(NULL, 0, &books->unreserved, err) < 0 ||
	    weir_books_init_roles(books, err) < 0)
		return err->code;
	*ret = take_ptr(books);
	return 0;
}

struct weir_books *weir_books_free(struct weir_books *books)
{
	if (!books)
		return NULL;
	for (size_t i = 0; i < books->n_holdings; i++)
		weir_holding_free(books->holdings[i]);
	for (size_t i = 0; i < books->n_volumes; i++)
		weir_volume_free(books->volumes[i]);
	for (size_t i = 0; i < books->n_roles; i++) {
		free(books->roles[i]->name);
		free(books->roles[i]);
	}
	for (size_t i = 0; i < books->n_disks; i++)
		free(books->disks[i].name);
	free(books->holdings);
	free(books->volumes);
	free(books->roles);
	weir_stack_unref(books->unreserved);
	free(books);
	return NULL;
}

uint64_t weir_books_version(const struct weir_books *books)
{
	return books->version;
}

/* ---- Taking up what was kept ---- */

void weir_books_pass_key(struct weir_books *books, uint64_t key)
{
	if ((books->version + 1) * WEIR_VOLUMES_A_CHANGE <= key)
		books->version = key / WEIR_VOLUMES_A_CHANGE;
}

void weir_books_restore_version(struct weir_books *books, uint64_t version)
{
	books->version = version;
}

int weir_books_restore_holding(struct weir_books *books, const struct weir_holding *holding,
			       struct weir_error *err)
{
	struct weir_role *role = weir_books_need_role(books, weir_stack_role(holding->stack));
	struct weir_holding *copy;
	bool found;

	weir_books_holding_place(books, holding->stack->key, &found);
	if (found)
		return weir_fail(err, -EEXIST, "a reservation is kept twice");
	if (!role ||
	    weir_books_grow(&books->holdings, books->n_holdings, &books->max_holdings, 1, err) < 0)
		return weir_fail_memory(err);
	copy = weir_holding_new(holding->stack);
	if (!copy)
		return weir_fail_memory(err);
	*copy = *holding;
	weir_books_insert_holding(books, copy);
	weir_books_reserve(books, role, CPUS, 0, holding->mcpu);
	weir_books_reserve(books, role, MEM, 0, holding->mem_bytes);
	for (unsigned int i = 0; i < books->n_disks; i++)
		weir_books_reserve_disk(books, role->name, i, 0, holding->disk_bytes[i]);
	return 0;
}

int weir_books_restore_volume(struct weir_books *books, const struct weir_volume *volume,
			      struct weir_error *err)
{
	struct weir_volume *copy;
	bool found;

	if (volume->disk >= books->n_disks)
		return weir_fail(err, -ENODEV, "volume '%s': its disk is not there",
				 volume->info.id);
	weir_books_volume_place(books, weir_stack_role(volume->stack), volume->info.id, &found);
	if (found)
		return weir_fail(err, -EEXIST, "volume '%s' is kept twice", volume->info.id);
	copy = weir_volume_new(&volume->info);
	if (!copy ||
	    weir_books_grow(&books->volumes, books->n_volumes, &books->max_volumes, 1, err) < 0) {
		weir_volume_free(copy);
		return weir_fail_memory(err);
	}
	copy->key = volume->key;
	copy->stack = weir_stack_ref(volume->stack);
	copy->disk = volume->disk;
	copy->bytes = volume->bytes;
	weir_books_insert_volume(books, copy);
	weir_books_reserve_disk(books, weir_stack_role(volume->stack), volume->disk, 0,
				volume->bytes);
	return 0;
}

/* ---- Looking ---- */

size_t weir_books_holdings(const struct weir_books *books)
{
	return books->n_holdings + 1;
}

struct weir_holding weir_books_holding(const struct weir_books *books, size_t i)
{
	struct weir_holding unreserved = { .stack = books->unreserved };

	if (i > 0)
		return *books->holdings[i - 1];
	unreserved.mcpu = weir_books_unreserved(books, CPUS);
	unreserved.mem_bytes = weir_books_unreserved(books, MEM);
	for (size_t disk = 0; disk < books->n_disks; disk++) {
		uint64_t all = books->disks[disk].bytes, promised = books->promised_disk[disk];

		unreserved.disk_bytes[disk] = all > promised ? all - promised : 0;
	}
	return unreserved;
}

size_t weir_books_disks(const struct weir_books *books)
{
	return books->n_disks;
}

const struct weir_disk *weir_books_disk(const struct weir_books *books, size_t i)
{
	return &books->disks[i];
}

size_t weir_books_volumes(const struct weir_books *books)
{
	return books->n_volumes;
}

const struct weir_volume *weir_books_volume(const struct weir_books *books, size_t i)
{
	return books->volumes[i];
}

struct weir_volume *weir_books_find_volume(const struct weir_books *books, const char *role,
					   const char *id)
{
	bool found;
	size_t at = weir_books_volume_place(books, role, id, &found);

	return found ? books->volumes[at] : NULL;
}
