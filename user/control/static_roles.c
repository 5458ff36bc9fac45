/* SPDX-License-Identifier: Apache-2.0 */
#include "control/static_roles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/quantity.h"
#include "control/controller_internal.h"
#include "control/operations.h"

#define WHO "weir.conf" /* the principal of what the configuration does */

/* What one role is to have. */
struct entry {
	const char *role;
	uint64_t amounts[WEIR_KIND_COUNT_];
};

/* "cpus=2" */
static int read_amount(char *word, struct entry *entry, struct weir_error *err)
{
	char *value = strchr(word, '=');
	enum weir_kind kind;

	if (value)
		*value++ = '\0';
	if (!value || weir_kind_from_name(word, &kind) < 0)
		return weir_fail(err, -EINVAL,
				 "'%.64s' is no amount: expected cpus=N, mem=N or disk=N", word);
	return kind == WEIR_KIND_CPUS ? weir_parse_cpu(value, &entry->amounts[kind], err)
				      : weir_parse_memory(value, &entry->amounts[kind], err);
}

static int read_entry(char *text, struct entry *ret, struct weir_error *err)
{
	char *rest = text, *word;

	*ret = (struct entry){};
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (!ret->role) {
			ret->role = word;
			if (weir_role_check(word, err) < 0)
				return err->code;
		} else if (read_amount(word, ret, err) < 0) {
			return err->code;
		}
	}
	if (ret->role && strcmp(ret->role, WEIR_UNRESERVED_ROLE) == 0)
		return weir_fail(err, -EINVAL, "nothing can be reserved for '*': it is nobody's");
	return 0;
}

typedef int entry_fn(const struct entry *entry, void *data, struct weir_error *err);

static int each_entry(const char *text, entry_fn *fn, void *data, struct weir_error *err)
{
	scoped(freep) char *copy = strdup(text);
	char *rest = copy, *word;

	if (!copy)
		return weir_fail_memory(err);
	while ((word = strsep(&rest, ","))) {
		struct entry entry = {};

		if (read_entry(word, &entry, err) < 0 ||
		    (entry.role && fn && fn(&entry, data, err) < 0))
			return err->code;
	}
	return 0;
}

/* How often a role comes. */
struct tally {
	const char *role;
	size_t n;
};

static int count(const struct entry *entry, void *data, struct weir_error *err)
{
	struct tally *tally = data;

	(void)err;
	tally->n += strcmp(entry->role, tally->role) == 0;
	return 0;
}

static int check_once(const struct entry *entry, void *data, struct weir_error *err)
{
	struct tally tally = { .role = entry->role };

	if (each_entry(data, count, &tally, err) < 0)
		return err->code;
	return tally.n > 1 ? weir_fail(err, -EINVAL, "role '%.64s' comes twice", entry->role) : 0;
}

int weir_statics_check(const char *text, struct weir_error *err)
{
	return each_entry(text, check_once, (void *)(uintptr_t)text, err);
}

/* ---- Bringing them to it ------------------------------------------------------------- */

static bool is_of(const struct weir_stack *stack, const char *role)
{
	return stack->n && stack->levels[0].is_static && strcmp(stack->levels[0].role, role) == 0;
}

/* What is there of it, in whatever is made of it. Of disks the root one alone is the configuration's. */
static void sum_up(const struct weir_books *books, const char *role,
		   uint64_t sums[static WEIR_KIND_COUNT_])
{
	memset(sums, 0, WEIR_KIND_COUNT_ * sizeof(*sums));
	for (size_t i = 0; i < weir_books_holdings(books); i++) {
		const struct weir_holding holding = weir_books_holding(books, i);

		if (!is_of(holding.stack, role))
			continue;
		sums[WEIR_KIND_CPUS] += holding.mcpu;
		sums[WEIR_KIND_MEM] += holding.mem_bytes;
		sums[WEIR_KIND_DISK] += holding.disk_bytes[0];
	}
	for (size_t i = 0; i < weir_books_volumes(books); i++) {
		const struct weir_volume *volume = weir_books_volume(books, i);

		if (is_of(volume->stack, role) && volume->disk == 0)
			sums[WEIR_KIND_DISK] += volume->bytes;
	}
}

static void describe(const struct weir_parcel *parcel, bool more,
		     char text[static WEIR_PARCELS_TEXT + 32])
{
	char what[WEIR_PARCELS_TEXT];

	snprintf(text, WEIR_PARCELS_TEXT + 32, "%s, %s by the configuration",
		 weir_parcel_text(parcel, what), more ? "added" : "given back");
}

/* In the books, and written down before. */
static int carry_out(struct weir_controller *controller, struct weir_change *change,
		     const struct weir_parcel *parcel, bool more, struct weir_error *err)
{
	struct weir_books *books = weir_ledger_books(controller->ledger);
	char text[WEIR_PARCELS_TEXT + 32];
	struct weir_operation_record record;

	describe(parcel, more, text);
	weir_operations_describe(controller->operations,
				 more ? WEIR_OPERATION_RESERVE : WEIR_OPERATION_UNRESERVE, WHO,
				 text, &record);
	if (weir_store_operate(controller->store, books, change, &record, 0, err) < 0) {
		weir_change_free(change);
		return err->code;
	}
	weir_books_commit(books, change);
	weir_info("%s", text);
	return weir_operations_record(controller->operations, &record, err);
}

/* So much more, or less, of one kind on @stack. */
static int change_by(struct weir_controller *controller, struct weir_stack *stack,
		     enum weir_kind kind, uint64_t amount, bool more, struct weir_error *err)
{
	struct weir_books *books = weir_ledger_books(controller->ledger);
	scoped(weir_parcels_done) struct weir_parcels from = {}, to = {};
	scoped(weir_stack_unrefp) struct weir_stack *unreserved = NULL;
	struct weir_change *change = NULL;
	char root[] = "";
	struct weir_parcel parcel = {
		.kind = kind,
		.amount = amount,
		.disk = kind == WEIR_KIND_DISK ? root : NULL,
	};

	if (weir_stack_new(NULL, 0, &unreserved, err) < 0)
		return err->code;
	parcel.stack = more ? unreserved : stack;
	if (weir_parcels_add(&from, &parcel, err) < 0)
		return err->code;
	parcel.stack = more ? stack : unreserved;
	if (weir_parcels_add(&to, &parcel, err) < 0)
		return err->code;
	if (weir_books_prepare(books, &from, &to, false, &change, err) < 0)
		return err->code;
	parcel.stack = stack;
	return carry_out(controller, change, &parcel, more, err);
}

/* What there is too little of, or with !@more too much. */
static int apply(const struct entry *entry, struct weir_controller *controller, bool more,
		 struct weir_error *err)
{
	struct weir_reservation level = { .role = (char *)(uintptr_t)entry->role,
					  .is_static = true };
	scoped(weir_stack_unrefp) struct weir_stack *stack = NULL;
	uint64_t now[WEIR_KIND_COUNT_];

	if (weir_stack_new(&level, 1, &stack, err) < 0)
		return err->code;
	sum_up(weir_ledger_books(controller->ledger), entry->role, now);
	for (int kind = 0; kind < WEIR_KIND_COUNT_; kind++) {
		uint64_t by =
			more ? entry->amounts[kind] - now[kind] : now[kind] - entry->amounts[kind];
		struct weir_error why = {};

		if (more != (entry->amounts[kind] > now[kind]) || by == 0 ||
		    change_by(controller, stack, (enum weir_kind)kind, by, more, &why) == 0)
			continue;
		if (why.code != -ENOSPC && why.code != -EBUSY && why.code != -EDQUOT)
			return weir_fail(err, why.code, "%s", why.text);
		weir_warn("the static reservation of %s for role '%s' stays as it was: %s",
			  weir_kind_name((enum weir_kind)kind), entry->role, why.text);
	}
	return 0;
}

static int give_back(const struct entry *entry, void *data, struct weir_error *err)
{
	return apply(entry, data, false, err);
}

static int take(const struct entry *entry, void *data, struct weir_error *err)
{
	return apply(entry, data, true, err);
}

/* Is @data, a stack's first role, one of the text? Then 1. */
static int is_named(const struct entry *entry, void *data, struct weir_error *err)
{
	const char **role = data;

	(void)err;
	if (*role && strcmp(entry->role, *role) == 0)
		*role = NULL;
	return 0;
}

/* Those that the configuration does not name any more come to nothing. */
static int drop_unnamed(struct weir_controller *controller, const char *text,
			struct weir_error *err)
{
	const struct weir_books *books = weir_ledger_books(controller->ledger);

	for (size_t i = weir_books_holdings(books); i-- > 1;) {
		const struct weir_holding holding = weir_books_holding(books, i);
		scoped(freep) char *role = NULL;
		const char *left;

		if (holding.stack->n != 1 || !holding.stack->levels[0].is_static)
			continue;
		role = strdup(holding.stack->levels[0].role);
		left = role;
		if (!role || each_entry(text, is_named, &left, err) < 0)
			return role ? err->code : weir_fail_memory(err);
		if (left && give_back(&(struct entry){ .role = role }, controller, err) < 0)
			return err->code;
	}
	return 0;
}

int weir_statics_apply(struct weir_controller *controller, const char *text, struct weir_error *err)
{
	/* First what is given back, so that there is something to be taken. */
	if (drop_unnamed(controller, text, err) < 0 ||
	    each_entry(text, give_back, controller, err) < 0)
		return err->code;
	return each_entry(text, take, controller, err);
}
