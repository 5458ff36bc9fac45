/* SPDX-License-Identifier: Apache-2.0 */
/* Admission: does it fit, and if not, what was wanted, what is free, and who holds the rest. */
#include "model/ledger_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"

#define HOLDERS_SHOWN 5

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

		if (holder == except || holder->parent || !weir_counts(holder) || !amount)
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

/* What of one resource there is, and how much more of it the container's role could need. */
struct pool {
	const struct resource *res;
	uint64_t total, reserve;
	int64_t room; /* below 0: more is needed than there is */
	uint64_t (*reserved)(const struct weir_role_view *role);
};

static uint64_t reserved_cpus(const struct weir_role_view *role)
{
	return role->reserved_mcpu;
}

static uint64_t reserved_mem(const struct weir_role_view *role)
{
	return role->reserved_bytes;
}

struct reserved_others {
	struct sentence *s;
	const struct pool *pool;
	const char *role; /* who asks */
	size_t n;
};

/* One whose reservations the asker does not spend. */
static void say_reserved(const struct weir_role_view *role, void *data)
{
	struct reserved_others *others = data;
	uint64_t amount = others->pool->reserved(role);
	char text[WEIR_QUANTITY_TEXT];

	if (!amount || strcmp(role->name, others->role) == 0 ||
	    weir_role_is_below(others->role, role->name))
		return;
	if (++others->n <= HOLDERS_SHOWN)
		say(others->s, "%s %s %s", others->n > 1 ? "," : "; reserved:", role->name,
		    others->pool->res->format(amount, text));
}

/* Say so if @want, in place of @own, no longer fits the pool. */
static void check_pool(const struct weir_ledger *ledger, const struct pool *pool,
		       const struct weir_container *container, const struct weir_figures *own,
		       const struct weir_figures *want, struct sentence *s)
{
	const struct resource *res = pool->res;
	char wanted[WEIR_QUANTITY_TEXT], is_free[WEIR_QUANTITY_TEXT], total[WEIR_QUANTITY_TEXT],
		reserve[WEIR_QUANTITY_TEXT];
	int64_t left = pool->room + (int64_t)res->request(own);
	uint64_t room = left > 0 ? (uint64_t)left : 0;
	struct reserved_others others = { s, pool, weir_ledger_role(ledger, container), 0 };

	/* After weir_ledger_adopt() a node may be overfull: who asks for no more than before may. */
	if (res->request(want) <= room || res->request(want) <= res->request(own))
		return;

	say(s, "%swants %s %s, %s free of %s (%s reserved)", s->len ? "; " : "",
	    res->format(res->request(want), wanted), res->name, res->format(room, is_free),
	    res->format(pool->total, total), res->format(pool->reserve, reserve));
	say_holders(s, ledger, res, container);
	weir_books_each_role(ledger->books, say_reserved, &others);
	if (others.n > HOLDERS_SHOWN)
		say(s, " and %zu more", others.n - HOLDERS_SHOWN);
}

int weir_ledger_fits(const struct weir_ledger *ledger, const struct weir_container *container,
		     const struct weir_figures *own, const struct weir_figures *want,
		     struct weir_error *err)
{
	const struct weir_capacity *node = &ledger->capacity;
	struct pool cpu_pool = { &cpus, node->total_mcpu, node->reserve_mcpu, 0, reserved_cpus };
	struct pool mem_pool = { &mem, node->total_bytes, node->reserve_bytes, 0, reserved_mem };
	struct sentence s = { .len = 0 };

	weir_books_room(ledger->books, weir_ledger_role(ledger, container), &cpu_pool.room,
			&mem_pool.room);
	check_pool(ledger, &cpu_pool, container, own, want, &s);
	check_pool(ledger, &mem_pool, container, own, want, &s);
	if (s.len)
		return weir_fail(err, -ENOSPC, "container '%s': %s", container->id, s.text);
	return 0;
}
