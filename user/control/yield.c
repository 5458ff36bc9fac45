/* SPDX-License-Identifier: Apache-2.0 */
#include "control/yield.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "control/controller_internal.h"

#define ROUNDS 8

enum { CPUS, MEM, N_SUMS };

struct weir_yielded {
	char *id;
	struct weir_ask before; /* what it had asked for */
};

/* What a role lacks. */
struct lack {
	const char *role;
	uint64_t amounts[N_SUMS];
};

static uint64_t reserved_of(const struct weir_role_view *role, int sum)
{
	return sum == CPUS ? role->reserved_mcpu : role->reserved_bytes;
}

static uint64_t demand_of(const struct weir_role_view *role, int sum)
{
	return sum == CPUS ? role->demand_mcpu : role->demand_bytes;
}

static uint64_t sum_of(const struct weir_parcels *parcels, const char *role, int sum)
{
	enum weir_kind kind = sum == CPUS ? WEIR_KIND_CPUS : WEIR_KIND_MEM;
	uint64_t total = 0;

	for (size_t i = 0; i < parcels->n; i++) {
		if (parcels->list[i].kind == kind &&
		    strcmp(weir_stack_role(parcels->list[i].stack), role) == 0)
			total += parcels->list[i].amount;
	}
	return total;
}

/* false: it lacks nothing. */
static bool find_lack(const struct weir_books *books, const struct weir_parcels *from,
		      const struct weir_parcels *to, struct lack *lack)
{
	struct weir_role_view view;
	bool any = false;

	weir_books_role(books, lack->role, &view);
	for (int sum = 0; sum < N_SUMS; sum++) {
		uint64_t takes = sum_of(from, lack->role, sum), gives = sum_of(to, lack->role, sum);
		uint64_t less = takes > gives ? takes - gives : 0;
		uint64_t reserved = reserved_of(&view, sum), demand = demand_of(&view, sum);
		uint64_t left = reserved > less ? reserved - less : 0;

		/* What is left has to bear all of their demand: none of it goes to what is unreserved. */
		lack->amounts[sum] = less && demand > left ? demand - left : 0;
		any |= lack->amounts[sum] > 0;
	}
	return any;
}

static uint64_t request_of(const struct weir_container *container, int sum)
{
	return sum == CPUS ? container->own.cpu_request_mcpu : container->own.mem_request_bytes;
}

/* Does a role from @lower up to below @above have all that it and those below it need? */
static bool is_borne(const struct weir_books *books, const char *lower, const char *above, int sum)
{
	char path[WEIR_ROLE_MAX + 1], *slash;

	snprintf(path, sizeof(path), "%s", lower);
	while (strcmp(path, above) != 0) {
		struct weir_role_view view;

		weir_books_role(books, path, &view);
		if (demand_of(&view, sum) <= reserved_of(&view, sum))
			return true;
		slash = strrchr(path, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
	return false;
}

/* Who spends what is reserved for @role, and is weir's to change. */
static bool spends(const struct weir_controller *controller, const struct weir_container *container,
		   const char *role, int sum)
{
	const struct weir_books *books = weir_ledger_books(controller->ledger);
	const char *theirs = weir_ledger_role(controller->ledger, container);

	if (container->state != WEIR_STATE_RUNNING || container->adopted)
		return false;
	return strcmp(theirs, role) == 0 ||
	       (weir_role_is_below(theirs, role) && !is_borne(books, theirs, role, sum));
}

static uint64_t total_of(const struct weir_controller *controller, const char *role, int sum)
{
	struct weir_container *const *all;
	uint64_t total = 0;
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		if (spends(controller, all[i], role, sum))
			total += request_of(all[i], sum);
	}
	return total;
}

/* Its part of what is lacking, rounded up, down to the floor that every request has. */
static uint64_t yielded_to(uint64_t request, uint64_t lack, uint64_t total, uint64_t floor)
{
	uint64_t part;

	if (request <= floor || total == 0)
		return request;
	part = (uint64_t)(((unsigned __int128)request * lack + total - 1) / total);
	return part > request - floor ? floor : request - part;
}

/*
 * One gives up its part. Its limits are said, too: what is not said would follow the request. Whoever shares its
 * executor's cgroup has none.
 */
static int yield_one(struct weir_controller *controller, const struct weir_container *container,
		     const struct lack *lack, const uint64_t totals[N_SUMS], struct weir_yield *to,
		     struct weir_error *err)
{
	const struct weir_figures *own = &container->own;
	struct weir_yielded *kept = &to->list[to->n];
	struct weir_ask ask = WEIR_ASK_NOTHING;
	struct weir_notes notes = {};
	bool pending = false;

	if (totals[CPUS] && own->cpu_request_mcpu &&
	    spends(controller, container, lack->role, CPUS))
		ask.cpu_request_mcpu = yielded_to(own->cpu_request_mcpu, lack->amounts[CPUS],
						  totals[CPUS], WEIR_CPU_FLOOR_MCPU);
	if (totals[MEM] && own->mem_request_bytes && spends(controller, container, lack->role, MEM))
		ask.mem_request_bytes = yielded_to(own->mem_request_bytes, lack->amounts[MEM],
						   totals[MEM], WEIR_MEM_FLOOR_BYTES);
	if (ask.cpu_request_mcpu == WEIR_ABSENT && ask.mem_request_bytes == WEIR_ABSENT)
		return 0;
	if (ask.cpu_request_mcpu != WEIR_ABSENT && !container->shares_cgroups)
		ask.cpu_limit_mcpu = own->cpu_limit_mcpu;
	if (ask.mem_request_bytes != WEIR_ABSENT && !container->shares_cgroups)
		ask.mem_limit_bytes = own->mem_limit_bytes;
	kept->before = container->ask;
	kept->id = strdup(container->id);
	if (!kept->id)
		return weir_fail_memory(err);
	to->n++;
	return weir_controller_update(controller, kept->id, &ask, &notes, &pending, err);
}

static int yield_for(struct weir_controller *controller, const struct lack *lack,
		     struct weir_yield *to, struct weir_error *err)
{
	/* Of what is lacking; 0: it is not, or nobody has any. */
	const uint64_t totals[N_SUMS] = {
		lack->amounts[CPUS] ? total_of(controller, lack->role, CPUS) : 0,
		lack->amounts[MEM] ? total_of(controller, lack->role, MEM) : 0,
	};
	struct weir_container *const *all;
	struct weir_yielded *list;
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	list = reallocarray(to->list, to->n + n + 1, sizeof(*list));
	if (!list)
		return weir_fail_memory(err);
	to->list = list;
	for (size_t i = 0; i < n; i++) {
		if (yield_one(controller, all[i], lack, totals, to, err) < 0)
			return err->code;
	}
	return 0;
}

int weir_yield_requests(struct weir_controller *controller, const struct weir_parcels *from,
			const struct weir_parcels *to, struct weir_yield *ret,
			struct weir_error *err)
{
	const struct weir_books *books = weir_ledger_books(controller->ledger);

	for (size_t i = 0; i < from->n; i++) {
		struct lack lack = { .role = weir_stack_role(from->list[i].stack) };

		/* Again, as long as some are at their floors and others have to give up more. */
		for (int round = 0;
		     round < ROUNDS && from->list[i].stack->n && find_lack(books, from, to, &lack);
		     round++) {
			if (yield_for(controller, &lack, ret, err) < 0)
				return err->code;
		}
	}
	return 0;
}

void weir_yield_undo(struct weir_controller *controller, struct weir_yield *yield)
{
	while (yield->n > 0) {
		struct weir_yielded *one = &yield->list[--yield->n];
		struct weir_notes notes = {};
		struct weir_error err = {};
		bool pending = false;

		if (weir_controller_ask_anew(controller, one->id, &one->before, &notes, &pending,
					     &err) < 0)
			weir_warn("container '%s' has not got its request back: %s", one->id,
				  err.text);
		free(one->id);
	}
	weir_yield_done(yield);
}

void weir_yield_done(struct weir_yield *yield)
{
	for (size_t i = 0; i < yield->n; i++)
		free(yield->list[i].id);
	free(yield->list);
	*yield = (struct weir_yield){};
}
