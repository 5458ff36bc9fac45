/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_BOOKS_FIXTURE_H
#define WEIR_BOOKS_FIXTURE_H

/* Books of a node with a root disk and one that goes whole, and operations on them that are short to write. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/books.h"
#include "model/operation.h"

#define GIB   (1ull << 30)
#define CPUS  8000
#define MEM   (16 * GIB)
#define DISK  (100 * GIB)
#define MOUNT (50 * GIB)
#define ROOT  "root"

static struct weir_books *books;

static inline int make_books(void **state)
{
	static char root[] = "", mount[] = "MOUNT:/srv/a";
	const struct weir_disk disks[] = { { root, DISK, false }, { mount, MOUNT, true } };
	struct weir_error err = {};

	(void)state;
	return weir_books_new(CPUS, MEM, disks, 2, true, &books, &err);
}

static inline int free_books(void **state)
{
	(void)state;
	books = weir_books_free(books);
	return 0;
}

/* "" is unreserved, "eng eng/ads" two levels; "eng=label" has a label, "eng@who" a principal that is not root. */
static inline struct weir_stack *stack_of(const char *text)
{
	struct weir_reservation levels[WEIR_STACK_MAX] = {};
	struct weir_label labels[WEIR_STACK_MAX];
	char copy[256], *rest = copy, *word, key[] = "k", root[] = ROOT;
	struct weir_stack *stack = NULL;
	struct weir_error err = {};
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")) && *word) {
		char *label = strchr(word, '='), *principal = strchr(word, '@');

		if (label) {
			*label = '\0';
			labels[n] = (struct weir_label){ key, label + 1 };
			levels[n].labels = &labels[n];
			levels[n].n_labels = 1;
		}
		if (principal)
			*principal = '\0';
		levels[n].principal = principal ? principal + 1 : root;
		levels[n].is_static = *word == '!';
		levels[n++].role = word + (*word == '!');
	}
	if (weir_stack_new(levels, n, &stack, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return stack;
}

static inline void add(struct weir_parcels *to, enum weir_kind kind, uint64_t amount,
		       const char *stack, const char *disk, const char *volume)
{
	char id[64] = "", principal[] = ROOT, name[64] = "";
	struct weir_volume_info info = { .id = id, .principal = principal };
	struct weir_parcel parcel = { .kind = kind, .amount = amount, .stack = stack_of(stack) };
	struct weir_error err = {};

	if (kind == WEIR_KIND_DISK) {
		snprintf(name, sizeof(name), "%s", disk ? disk : "");
		parcel.disk = name;
	}
	if (volume) {
		snprintf(id, sizeof(id), "%s", volume);
		parcel.volume = &info;
	}
	assert_int_equal(weir_parcels_add(to, &parcel, &err), 0);
	weir_stack_unref(parcel.stack);
}

/* Check, convert, prepare, commit. Ends @operation. */
static inline int operate(struct weir_operation *operation, struct weir_error *err)
{
	struct weir_parcels from = {}, to = {};
	struct weir_change *change = NULL;
	int r = weir_operation_check(operation, ROOT, err);

	if (r == 0)
		r = weir_operation_convert(operation, &from, &to, err);
	if (r == 0)
		r = weir_books_prepare(books, &from, &to, operation->kind == WEIR_OPERATION_GROW,
				       &change, err);
	if (r == 0)
		weir_books_commit(books, change);
	weir_parcels_done(&from);
	weir_parcels_done(&to);
	weir_operation_done(operation);
	return r;
}

/* RESERVE of cpus; @source NULL: without. */
static inline int reserve(const char *source, const char *target, uint64_t mcpu)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_CPUS, mcpu, target, NULL, NULL);
	if (source)
		add(&operation.source, WEIR_KIND_CPUS, mcpu, source, NULL, NULL);
	return operate(&operation, &err);
}

static inline int unreserve(const char *stack, uint64_t mcpu)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_UNRESERVE };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_CPUS, mcpu, stack, NULL, NULL);
	return operate(&operation, &err);
}

static inline int on_volume(enum weir_operation_kind kind, const char *stack, const char *disk,
			    const char *id, uint64_t bytes, uint64_t by)
{
	struct weir_operation operation = { .kind = kind, .subtract_bytes = by };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_DISK, bytes, stack, disk, id);
	if (kind == WEIR_OPERATION_GROW)
		add(&operation.addition, WEIR_KIND_DISK, by, stack, disk, NULL);
	return operate(&operation, &err);
}

static inline int reserve_disk(const char *stack, const char *disk, uint64_t bytes)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_DISK, bytes, stack, disk, NULL);
	return operate(&operation, &err);
}

static inline int move_volume(const char *source, const char *target, const char *id,
			      uint64_t bytes)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	add(&operation.source, WEIR_KIND_DISK, bytes, source, NULL, id);
	add(&operation.resources, WEIR_KIND_DISK, bytes, target, NULL, id);
	return operate(&operation, &err);
}

static inline uint64_t held(const char *text)
{
	struct weir_stack *stack = stack_of(text);
	uint64_t mcpu = 0;

	for (size_t i = 0; i < weir_books_holdings(books); i++) {
		struct weir_holding holding = weir_books_holding(books, i);

		if (weir_stack_equal(holding.stack, stack))
			mcpu = holding.mcpu;
	}
	weir_stack_unref(stack);
	return mcpu;
}

static inline void need(const char *role, uint64_t mcpu, bool less)
{
	struct weir_error err = {};

	assert_int_equal(weir_books_demand(books, role, mcpu, 0, less, &err), 0);
}

static inline uint64_t room(const char *role)
{
	int64_t mcpu, bytes;

	weir_books_room(books, role, &mcpu, &bytes);
	return mcpu > 0 ? (uint64_t)mcpu : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_books, free_books)

#endif /* WEIR_BOOKS_FIXTURE_H */
