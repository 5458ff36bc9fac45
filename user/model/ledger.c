/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers in an array of pointers, sorted by id, and two running sums. The sums are integers:
 * they return to where they were however often containers come and go.
 */

#include "model/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"

#define HOLDERS_SHOWN	5
#define FIRST_ALLOCATED 16

struct weir_ledger {
	struct weir_capacity capacity;
	uint64_t requested_mcpu, requested_bytes;
	struct weir_container **list;
	size_t n, n_allocated, n_max;
};

/* One of the two resources, for the question "does it fit?". */
struct resource {
	const char *name;
	uint64_t (*request)(const struct weir_figures *figures);
	const char *(*format)(uint64_t amount, char buf[WEIR_QUANTITY_TEXT]);
};

static uint64_t cpu_request(const struct weir_figures *figures)
{
	return figures->cpu_request_mcpu;
}

static uint64_t mem_request(const struct weir_figures *figures)
{
	return figures->mem_request_bytes;
}

static const struct resource cpus = { "cpus", cpu_request, weir_format_cpu };
static const struct resource mem = { "mem", mem_request, weir_format_memory_exact };

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
	free(ledger);
	return NULL;
}

const struct weir_capacity *weir_ledger_capacity(const struct weir_ledger *ledger)
{
	return &ledger->capacity;
}

static bool counts(const struct weir_container *container)
{
	return container->state != WEIR_STATE_EXITED;
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

/* An error text in the making. It needs no memory, and what does not fit is cut. */
struct sentence {
	size_t len;
	char text[WEIR_ERROR_TEXT];
};

__attribute__((format(printf, 2, 3))) static void say(struct sentence *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, args);
	va_end(args);
	s->len += strlen(s->text + s->len);
}

/* The largest holders of @res beside @except, in order; equals in order of id. Returns how many hold any. */
static size_t largest_holders(const struct weir_ledger *ledger, const struct resource *res,
			      const struct weir_container *except,
			      const struct weir_container *top[HOLDERS_SHOWN])
{
	size_t n = 0;

	for (size_t i = 0; i < ledger->n; i++) {
		const struct weir_container *holder = ledger->list[i];
		uint64_t amount = res->request(&holder->figures);
		size_t at = n < HOLDERS_SHOWN ? n : HOLDERS_SHOWN;

		if (holder == except || !counts(holder) || !amount)
			continue;
		n++;

		for (; at > 0 && amount > res->request(&top[at - 1]->figures); at--) {
			if (at < HOLDERS_SHOWN)
				top[at] = top[at - 1];
		}
		if (at < HOLDERS_SHOWN)
			top[at] = holder;
	}
	return n;
}

static void say_holders(struct sentence *s, const struct weir_ledger *ledger,
			const struct resource *res, const struct weir_container *except)
{
	const struct weir_container *top[HOLDERS_SHOWN];
	size_t n = largest_holders(ledger, res, except, top);
	char amount[WEIR_QUANTITY_TEXT];

	for (size_t i = 0; i < n && i < HOLDERS_SHOWN; i++)
		say(s, "%s %s %s", i ? "," : "; held by:", top[i]->id,
		    res->format(res->request(&top[i]->figures), amount));
	if (n > HOLDERS_SHOWN)
		say(s, " and %zu more", n - HOLDERS_SHOWN);
}

/* What of one resource there is, and what is promised. */
struct pool {
	const struct resource *res;
	uint64_t total, reserve, requested;
};

/* Say so if @want, in place of @own, no longer fits the pool. */
static void check_pool(const struct weir_ledger *ledger, const struct pool *pool,
		       const struct weir_container *container, const struct weir_figures *own,
		       const struct weir_figures *want, struct sentence *s)
{
	const struct resource *res = pool->res;
	char wanted[WEIR_QUANTITY_TEXT], is_free[WEIR_QUANTITY_TEXT], total[WEIR_QUANTITY_TEXT],
		reserve[WEIR_QUANTITY_TEXT];
	uint64_t available = pool->total - pool->reserve;
	uint64_t others = pool->requested - res->request(own);
	uint64_t room = others < available ? available - others : 0;

	/* After weir_ledger_adopt() a node may be overfull: who asks for no more than before may. */
	if (res->request(want) <= room || res->request(want) <= res->request(own))
		return;

	say(s, "%swants %s %s, %s free of %s (%s reserved)", s->len ? "; " : "",
	    res->format(res->request(want), wanted), res->name, res->format(room, is_free),
	    res->format(pool->total, total), res->format(pool->reserve, reserve));
	say_holders(s, ledger, res, container);
}

static int check_fit(const struct weir_ledger *ledger, const struct weir_container *container,
		     const struct weir_figures *own, const struct weir_figures *want,
		     struct weir_error *err)
{
	const struct weir_capacity *node = &ledger->capacity;
	const struct pool cpu_pool = { &cpus, node->total_mcpu, node->reserve_mcpu,
				       ledger->requested_mcpu };
	const struct pool mem_pool = { &mem, node->total_bytes, node->reserve_bytes,
				       ledger->requested_bytes };
	struct sentence s = { .len = 0 };

	check_pool(ledger, &cpu_pool, container, own, want, &s);
	check_pool(ledger, &mem_pool, container, own, want, &s);
	if (s.len)
		return weir_fail(err, -ENOSPC, "container '%s': %s", container->id, s.text);
	return 0;
}

static void count(struct weir_ledger *ledger, const struct weir_figures *figures)
{
	ledger->requested_mcpu += figures->cpu_request_mcpu;
	ledger->requested_bytes += figures->mem_request_bytes;
}

static void discount(struct weir_ledger *ledger, const struct weir_figures *figures)
{
	ledger->requested_mcpu -= figures->cpu_request_mcpu;
	ledger->requested_bytes -= figures->mem_request_bytes;
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

static int insert(struct weir_ledger *ledger, struct weir_container *container,
		  struct weir_error *err)
{
	size_t at = place_of(ledger, container->id);

	if (ledger->n == ledger->n_allocated) {
		size_t n = ledger->n_allocated ? ledger->n_allocated * 2 : FIRST_ALLOCATED;
		struct weir_container **list = reallocarray(ledger->list, n, sizeof(*list));

		if (!list)
			return weir_fail_memory(err);
		ledger->list = list;
		ledger->n_allocated = n;
	}

	memmove(ledger->list + at + 1, ledger->list + at, (ledger->n - at) * sizeof(*ledger->list));
	ledger->list[at] = container;
	ledger->n++;
	if (counts(container))
		count(ledger, &container->figures);
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

	r = check_fit(ledger, container, &nothing, &container->figures, err);
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
	if (!counts(container))
		return 0;
	return check_fit(ledger, container, &container->figures, figures, err);
}

void weir_ledger_change(struct weir_ledger *ledger, struct weir_container *container,
			const struct weir_figures *figures)
{
	if (counts(container)) {
		discount(ledger, &container->figures);
		count(ledger, figures);
	}
	container->figures = *figures;
}

void weir_ledger_release(struct weir_ledger *ledger, struct weir_container *container)
{
	if (!counts(container))
		return;

	discount(ledger, &container->figures);
	container->state = WEIR_STATE_EXITED;
}

void weir_ledger_remove(struct weir_ledger *ledger, struct weir_container *container)
{
	size_t at = place_of(ledger, container->id);

	assert(at < ledger->n && ledger->list[at] == container);

	if (counts(container))
		discount(ledger, &container->figures);
	ledger->n--;
	memmove(ledger->list + at, ledger->list + at + 1, (ledger->n - at) * sizeof(*ledger->list));
}

struct weir_container *const *weir_ledger_all(const struct weir_ledger *ledger, size_t *ret_n)
{
	*ret_n = ledger->n;
	return ledger->list;
}

void weir_ledger_requested(const struct weir_ledger *ledger, uint64_t *ret_mcpu,
			   uint64_t *ret_bytes)
{
	*ret_mcpu = ledger->requested_mcpu;
	*ret_bytes = ledger->requested_bytes;
}
