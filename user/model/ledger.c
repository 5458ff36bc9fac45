/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers in an array of pointers, sorted by id, and two running sums. The sums are integers:
 * they return to where they were however often containers come and go.
 */

#include "model/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"
#include "model/family.h"
#include "model/ledger_internal.h"
#include "model/mounts.h"

#define FIRST_ALLOCATED 16

int weir_ledger_new(const struct weir_capacity *capacity, size_t max_containers,
		    struct weir_ledger **ret, struct weir_error *err)
{
	char reserve[WEIR_QUANTITY_TEXT], total[WEIR_QUANTITY_TEXT];
	struct weir_ledger *ledger;

	if (capacity->reserve_mcpu > capacity->total_mcpu)
		return weir_fail(err, -EINVAL, "the reserve of %s cpus exceeds the node's %s",
				 weir_format_cpu(capacity->reserve_mcpu, reserve),
				 weir_format_cpu(capacity->total_mcpu, total));
	if (capacity->reserve_bytes > capacity->total_bytes)
		return weir_fail(err, -EINVAL, "the reserve of %s mem exceeds the node's %s",
				 weir_format_memory_exact(capacity->reserve_bytes, reserve),
				 weir_format_memory_exact(capacity->total_bytes, total));

	ledger = malloc(sizeof(*ledger));
	if (!ledger)
		return weir_fail_memory(err);

	*ledger = (struct weir_ledger){ .capacity = *capacity, .n_max = max_containers };
	ledger->capacity.disks = NULL;
	ledger->capacity.n_disks = 0;
	if (weir_books_new(capacity->total_mcpu - capacity->reserve_mcpu,
			   capacity->total_bytes - capacity->reserve_bytes, capacity->disks,
			   capacity->n_disks, !capacity->reserved_only, &ledger->books, err) < 0) {
		free(ledger);
		return err->code;
	}
	*ret = ledger;
	return 0;
}

struct weir_ledger *weir_ledger_free(struct weir_ledger *ledger)
{
	if (!ledger)
		return NULL;

	for (size_t i = 0; i < ledger->n; i++)
		weir_container_free(ledger->list[i]);
	free(ledger->list);
	weir_books_free(ledger->books);
	free(ledger);
	return NULL;
}

const struct weir_capacity *weir_ledger_capacity(const struct weir_ledger *ledger)
{
	return &ledger->capacity;
}

struct weir_books *weir_ledger_books(const struct weir_ledger *ledger)
{
	return ledger->books;
}

/* The place of @id in the list: of the container, or where it would go. */
static size_t place_of(const struct weir_ledger *ledger, const char *id)
{
	size_t low = 0, high = ledger->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(ledger->list[middle]->id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct weir_container *weir_ledger_find(const struct weir_ledger *ledger, const char *id)
{
	size_t at = place_of(ledger, id);

	if (at == ledger->n || strcmp(ledger->list[at]->id, id) != 0)
		return NULL;
	return ledger->list[at];
}

static int count(struct weir_ledger *ledger, const struct weir_container *container,
		 const struct weir_figures *figures, struct weir_error *err)
{
	if (weir_books_demand(ledger->books, weir_ledger_role(ledger, container),
			      figures->cpu_request_mcpu, figures->mem_request_bytes, false,
			      err) < 0)
		return err->code;
	ledger->requested_mcpu += figures->cpu_request_mcpu;
	ledger->requested_bytes += figures->mem_request_bytes;
	return 0;
}

/* What was counted before: its role is in the books, so that it can't fail. */
static void discount(struct weir_ledger *ledger, const struct weir_container *container,
		     const struct weir_figures *figures)
{
	struct weir_error ignored = {};

	weir_books_demand(ledger->books, weir_ledger_role(ledger, container),
			  figures->cpu_request_mcpu, figures->mem_request_bytes, true, &ignored);
	ledger->requested_mcpu -= figures->cpu_request_mcpu;
	ledger->requested_bytes -= figures->mem_request_bytes;
}

/* The same container's, so that nothing can fail. */
static void recount(struct weir_ledger *ledger, const struct weir_container *container,
		    const struct weir_figures *figures)
{
	struct weir_error ignored = {};

	discount(ledger, container, &container->own);
	count(ledger, container, figures, &ignored);
}

const char *weir_ledger_role(const struct weir_ledger *ledger,
			     const struct weir_container *container)
{
	const struct weir_container *top = container->parent;
	char executor[WEIR_NAME_MAX + 1];

	if (!top && weir_name_task(container->id))
		top = weir_ledger_find(ledger, weir_name_executor(container->id, executor));
	if (!top)
		top = container;
	return top->role ? top->role : WEIR_UNRESERVED_ROLE;
}

struct weir_container *const *weir_ledger_tasks(const struct weir_ledger *ledger,
						const struct weir_container *executor,
						size_t *ret_n)
{
	char first[WEIR_NAME_MAX + 1];
	size_t at, n = 0;

	/* Nothing sorts between this and a task's own name. */
	snprintf(first, sizeof(first), "%s/", executor->id);
	at = place_of(ledger, first);
	while (at + n < ledger->n && weir_name_is_in(ledger->list[at + n]->id, executor->id))
		n++;
	*ret_n = n;
	return ledger->list + at;
}

struct weir_container *weir_ledger_any_task(const struct weir_ledger *ledger,
					    const struct weir_container *executor)
{
	struct weir_container *const *tasks;
	size_t n;

	tasks = weir_ledger_tasks(ledger, executor, &n);
	for (size_t i = 0; i < n; i++)
		if (weir_counts(tasks[i]))
			return tasks[i];
	return NULL;
}

struct weir_figures weir_ledger_sum(const struct weir_ledger *ledger,
				    const struct weir_container *executor,
				    const struct weir_container *task,
				    const struct weir_figures *own)
{
	struct weir_figures sum = executor->own;
	struct weir_container *const *tasks;
	size_t n;

	tasks = weir_ledger_tasks(ledger, executor, &n);
	for (size_t i = 0; i < n; i++)
		if (tasks[i] != task && weir_counts(tasks[i]))
			weir_figures_add(&sum, &tasks[i]->own);
	if (own)
		weir_figures_add(&sum, own);
	return sum;
}

/* After a change of its own figures, or its state: what it is held to, or its executor is. */
static void add_up(struct weir_ledger *ledger, struct weir_container *container)
{
	struct weir_container *top = container->parent ? container->parent : container;

	container->figures = container->own;
	if (top->is_executor && weir_counts(top))
		top->figures = weir_ledger_sum(ledger, top, NULL, NULL);
}

static int check_id_is_free(const struct weir_ledger *ledger, const char *id,
			    struct weir_error *err)
{
	const struct weir_container *holder = weir_ledger_find(ledger, id);

	if (holder)
		return weir_fail(err, -EEXIST, "container '%s': the id is taken (%s)", id,
				 weir_state_name(holder->state));
	return 0;
}

/* NULL in *@ret: it is no task. */
static int find_parent(const struct weir_ledger *ledger, const struct weir_container *container,
		       struct weir_container **ret, struct weir_error *err)
{
	const char *task = weir_name_task(container->id);
	char executor[WEIR_NAME_MAX + 1] = "";

	*ret = NULL;
	if (!task)
		return 0;
	*ret = weir_ledger_find(ledger, weir_name_executor(container->id, executor));
	return *ret ? 0
		    : weir_fail(err, -ENOENT, "container '%s': there is no executor '%s'",
				container->id, executor);
}

static int insert(struct weir_ledger *ledger, struct weir_container *container,
		  struct weir_error *err)
{
	size_t at = place_of(ledger, container->id);
	struct weir_container *parent;

	if (find_parent(ledger, container, &parent, err) < 0)
		return err->code;

	if (ledger->n == ledger->n_allocated) {
		size_t n = ledger->n_allocated ? ledger->n_allocated * 2 : FIRST_ALLOCATED;
		struct weir_container **list = reallocarray(ledger->list, n, sizeof(*list));

		if (!list)
			return weir_fail_memory(err);
		ledger->list = list;
		ledger->n_allocated = n;
	}

	if (weir_counts(container) && count(ledger, container, &container->figures, err) < 0)
		return err->code;
	memmove(ledger->list + at + 1, ledger->list + at, (ledger->n - at) * sizeof(*ledger->list));
	ledger->list[at] = container;
	ledger->n++;
	container->parent = parent;
	container->own = container->figures;
	if (weir_counts(container))
		weir_mounts_count(ledger->books, weir_ledger_role(ledger, container),
				  container->mounts, false);
	add_up(ledger, container);
	return 0;
}

int weir_ledger_admit(struct weir_ledger *ledger, struct weir_container *container,
		      struct weir_error *err)
{
	static const struct weir_figures nothing;
	int r;

	r = check_id_is_free(ledger, container->id, err);
	if (r < 0)
		return r;
	if (ledger->n >= ledger->n_max)
		return weir_fail(err, -EDQUOT,
				 "container '%s': %zu containers are on record, which is the most; "
				 "remove some that have exited",
				 container->id, ledger->n);

	r = weir_ledger_fits(ledger, container, &nothing, &container->figures, err);
	if (r == 0 && weir_mounts_admit(ledger->books, weir_ledger_role(ledger, container),
					container->mounts, err) < 0)
		r = weir_fail_in(err, "container '%s'", container->id);
	if (r < 0)
		return r;
	return insert(ledger, container, err);
}

int weir_ledger_adopt(struct weir_ledger *ledger, struct weir_container *container,
		      struct weir_error *err)
{
	int r;

	r = check_id_is_free(ledger, container->id, err);
	if (r < 0)
		return r;
	return insert(ledger, container, err);
}

int weir_ledger_check_change(const struct weir_ledger *ledger,
			     const struct weir_container *container,
			     const struct weir_figures *figures, struct weir_error *err)
{
	if (!weir_counts(container))
		return 0;
	return weir_ledger_fits(ledger, container, &container->own, figures, err);
}

void weir_ledger_change(struct weir_ledger *ledger, struct weir_container *container,
			const struct weir_figures *figures)
{
	if (weir_counts(container))
		recount(ledger, container, figures);
	container->own = *figures;
	add_up(ledger, container);
}

void weir_ledger_release(struct weir_ledger *ledger, struct weir_container *container)
{
	if (!weir_counts(container))
		return;

	assert(!weir_ledger_any_task(ledger, container));
	discount(ledger, container, &container->own);
	weir_mounts_count(ledger->books, weir_ledger_role(ledger, container), container->mounts,
			  true);
	container->state = WEIR_STATE_EXITED;
	if (container->parent)
		add_up(ledger, container);
}

void weir_ledger_remove(struct weir_ledger *ledger, struct weir_container *container)
{
	size_t at = place_of(ledger, container->id), n_tasks;

	assert(at < ledger->n && ledger->list[at] == container);
	weir_ledger_tasks(ledger, container, &n_tasks);
	assert(n_tasks == 0);

	weir_ledger_release(ledger, container);
	container->parent = NULL;
	ledger->n--;
	memmove(ledger->list + at, ledger->list + at + 1, (ledger->n - at) * sizeof(*ledger->list));
}

struct weir_container *const *weir_ledger_all(const struct weir_ledger *ledger, size_t *ret_n)
{
	*ret_n = ledger->n;
	return ledger->list;
}

uint64_t weir_ledger_placed_bytes(const struct weir_ledger *ledger)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ledger->n; i++) {
		const struct weir_container *one = ledger->list[i];

		if (weir_counts(one) && !one->parent && !one->adopted)
			sum += one->figures.mem_request_bytes;
	}
	return sum;
}

void weir_ledger_requested(const struct weir_ledger *ledger, uint64_t *ret_mcpu,
			   uint64_t *ret_bytes)
{
	*ret_mcpu = ledger->requested_mcpu;
	*ret_bytes = ledger->requested_bytes;
}
