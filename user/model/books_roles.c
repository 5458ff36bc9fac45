/* SPDX-License-Identifier: Apache-2.0 */
/* Demand by role, and what bears it. All sums are kept as they change: a change goes up one path of the tree. */
#include "model/books_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static size_t place_of(const struct weir_books *books, const char *name, bool *ret_found)
{
	size_t low = 0, high = books->n_roles;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(books->roles[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < books->n_roles && strcmp(books->roles[low]->name, name) == 0;
	return low;
}

static struct weir_role *find_role(const struct weir_books *books, const char *name)
{
	bool found;
	size_t at = place_of(books, name, &found);

	return found ? books->roles[at] : NULL;
}

static struct weir_role *add_role(struct weir_books *books, const char *name,
				  struct weir_role *parent)
{
	struct weir_role *role = calloc(1, sizeof(*role));
	struct weir_error ignored = {};
	bool found;
	size_t at;

	if (!role)
		return NULL;
	role->name = strdup(name);
	if (!role->name ||
	    weir_books_grow(&books->roles, books->n_roles, &books->max_roles, 1, &ignored) < 0) {
		free(role->name);
		free(role);
		return NULL;
	}
	role->parent = parent;
	at = place_of(books, name, &found);
	memmove(books->roles + at + 1, books->roles + at,
		(books->n_roles - at) * sizeof(*books->roles));
	books->roles[at] = role;
	books->n_roles++;
	return role;
}

int weir_books_init_roles(struct weir_books *books, struct weir_error *err)
{
	return add_role(books, WEIR_UNRESERVED_ROLE, NULL) ? 0 : weir_fail_memory(err);
}

struct weir_role *weir_books_need_role(struct weir_books *books, const char *name)
{
	struct weir_role *role = find_role(books, name), *above;
	char *slash, *copy;

	if (role)
		return role;
	copy = strdup(name);
	if (!copy)
		return NULL;
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	above = weir_books_need_role(books, slash ? copy : WEIR_UNRESERVED_ROLE);
	free(copy);
	return above ? add_role(books, name, above) : NULL;
}

static uint64_t need_of(const struct weir_role *role, int sum)
{
	return role->own[sum] + role->below[sum];
}

/* What the role above has to bear. */
static uint64_t rest_of(const struct weir_role *role, int sum)
{
	uint64_t need = need_of(role, sum);

	return need > role->reserved[sum] ? need - role->reserved[sum] : 0;
}

uint64_t weir_role_used(const struct weir_role *role, int sum)
{
	uint64_t need = need_of(role, sum);

	return need < role->reserved[sum] ? need : role->reserved[sum];
}

/* Its rest was @before: tell the roles above what it is now. */
static void climb(struct weir_role *role, int sum, uint64_t before)
{
	while (role->parent) {
		uint64_t now = rest_of(role, sum), above = rest_of(role->parent, sum);

		if (now == before)
			return;
		role->parent->below[sum] = role->parent->below[sum] - before + now;
		role = role->parent;
		before = above;
	}
}

void weir_books_reserve(struct weir_books *books, struct weir_role *role, int sum, uint64_t take,
			uint64_t give)
{
	uint64_t before = rest_of(role, sum);

	role->reserved[sum] = role->reserved[sum] - take + give;
	books->promised[sum] = books->promised[sum] - take + give;
	climb(role, sum, before);
}

void weir_books_reserve_disk(struct weir_books *books, const char *name, unsigned int disk,
			     uint64_t take, uint64_t give)
{
	struct weir_role *role = weir_books_need_role(books, name);

	books->promised_disk[disk] += give - take;
	if (role)
		role->disk_bytes += give - take;
}

int weir_books_demand(struct weir_books *books, const char *name, uint64_t mcpu, uint64_t mem_bytes,
		      bool less, struct weir_error *err)
{
	const uint64_t amounts[N_SUMS] = { [CPUS] = mcpu, [MEM] = mem_bytes };
	struct weir_role *role = weir_books_need_role(books, name);

	if (!role)
		return weir_fail_memory(err);
	for (int sum = 0; sum < N_SUMS; sum++) {
		uint64_t before = rest_of(role, sum);

		assert(!less || role->own[sum] >= amounts[sum]);
		role->own[sum] += less ? -amounts[sum] : amounts[sum];
		books->demanded[sum] += less ? -amounts[sum] : amounts[sum];
		climb(role, sum, before);
	}
	return 0;
}

uint64_t weir_books_unreserved(const struct weir_books *books, int sum)
{
	/* The node may have become smaller than what was promised on it. */
	return books->total[sum] > books->promised[sum] ? books->total[sum] - books->promised[sum]
							: 0;
}

/* What of it is free; below 0: more is needed than there is. */
static int64_t unreserved_free(const struct weir_books *books, int sum)
{
	return (int64_t)weir_books_unreserved(books, sum) - (int64_t)need_of(books->roles[0], sum);
}

/* What nobody has been promised, whoever it is reserved for. */
static int64_t left_of(const struct weir_books *books, int sum)
{
	return (int64_t)books->total[sum] - (int64_t)books->demanded[sum];
}

bool weir_books_fit(const struct weir_books *books, const char **ret_what)
{
	*ret_what = NULL;
	for (int sum = 0; sum < N_SUMS; sum++) {
		if (books->promised[sum] > books->total[sum])
			*ret_what = weir_kind_name(sum == CPUS ? WEIR_KIND_CPUS : WEIR_KIND_MEM);
	}
	for (size_t i = 0; i < books->n_disks; i++) {
		if (books->promised_disk[i] > books->disks[i].bytes)
			*ret_what = *books->disks[i].name ? books->disks[i].name
							  : weir_kind_name(WEIR_KIND_DISK);
	}
	return !*ret_what;
}

/* What is reserved for this very role and bears nothing. */
static uint64_t free_of(const struct weir_books *books, const char *name, int sum)
{
	const struct weir_role *role = find_role(books, name);

	return role ? role->reserved[sum] - weir_role_used(role, sum) : 0;
}

void weir_books_room(const struct weir_books *books, const char *name, int64_t *ret_mcpu,
		     int64_t *ret_bytes)
{
	bool is_nobody = strcmp(name, WEIR_UNRESERVED_ROLE) == 0;
	int64_t room[N_SUMS] = {};
	char path[WEIR_ROLE_MAX + 1];

	for (int sum = 0; sum < N_SUMS; sum++) {
		char *slash = path;

		snprintf(path, sizeof(path), "%s", name);
		while (!is_nobody && slash) {
			room[sum] += (int64_t)free_of(books, path, sum);
			slash = strrchr(path, '/');
			if (slash)
				*slash = '\0';
		}
		if (is_nobody || books->unreserved_too)
			room[sum] += unreserved_free(books, sum);
		/* More may be reserved than there is, if the node has become smaller. */
		if (room[sum] > left_of(books, sum))
			room[sum] = left_of(books, sum);
	}
	*ret_mcpu = room[CPUS];
	*ret_bytes = room[MEM];
}

static bool is_anything(const struct weir_role *role)
{
	for (int sum = 0; sum < N_SUMS; sum++) {
		if (role->reserved[sum] || need_of(role, sum))
			return true;
	}
	return role->disk_bytes > 0;
}

static struct weir_role_view view_of(const struct weir_role *role)
{
	return (struct weir_role_view){
		.name = role->name,
		.reserved_mcpu = role->reserved[CPUS],
		.reserved_bytes = role->reserved[MEM],
		.reserved_disk_bytes = role->disk_bytes,
		.demand_mcpu = need_of(role, CPUS),
		.demand_bytes = need_of(role, MEM),
		.used_mcpu = weir_role_used(role, CPUS),
		.used_bytes = weir_role_used(role, MEM),
	};
}

bool weir_books_role(const struct weir_books *books, const char *name, struct weir_role_view *ret)
{
	const struct weir_role *role = find_role(books, name);

	*ret = role ? view_of(role) : (struct weir_role_view){ .name = name };
	return role;
}

void weir_books_each_role(const struct weir_books *books, weir_role_fn *fn, void *data)
{
	for (size_t i = 0; i < books->n_roles; i++) {
		const struct weir_role *role = books->roles[i];
		const struct weir_role_view view = view_of(role);

		if (is_anything(role))
			fn(&view, data);
	}
}
