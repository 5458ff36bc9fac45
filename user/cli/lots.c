/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/quantity.h"
#include "base/text.h"

bool weir_wants_nothing(const struct weir_wanted *wanted)
{
	return !wanted->mcpu && !wanted->mem_bytes && !wanted->disk_bytes && !wanted->volumes.n;
}

struct weir_level *weir_levels_with(const struct weir_held *base, const struct weir_level *last)
{
	struct weir_level *levels = calloc(base->n_levels + 1, sizeof(*levels));

	if (!levels)
		return NULL;
	for (size_t i = 0; i < base->n_levels; i++)
		levels[i] = base->levels[i];
	levels[base->n_levels] = *last;
	return levels;
}

static bool has_label(const struct weir_level *level, const struct weir_label_info *label)
{
	for (size_t i = 0; i < level->n_labels; i++)
		if (strcmp(level->labels[i].key, label->key) == 0 &&
		    weir_text_same(level->labels[i].value, label->value))
			return true;
	return false;
}

static bool has_labels(const struct weir_level *level, const struct weir_label_info *labels,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!has_label(level, &labels[i]))
			return false;
	return true;
}

bool weir_same_stack(const struct weir_resource_info *a, const struct weir_resource_info *b)
{
	if (a->n_levels != b->n_levels)
		return false;
	for (size_t i = 0; i < a->n_levels; i++) {
		const struct weir_level *x = &a->levels[i], *y = &b->levels[i];

		/* The order of labels says nothing. */
		if (strcmp(x->role, y->role) != 0 || !weir_text_same(x->principal, y->principal) ||
		    x->is_static != y->is_static || x->n_labels != y->n_labels ||
		    !has_labels(x, y->labels, y->n_labels))
			return false;
	}
	return true;
}

bool weir_role_lies_below(const char *role, const char *above)
{
	size_t n = strlen(above);

	return strncmp(role, above, n) == 0 && role[n] == '/';
}

static void add_part(struct weir_buffer *to, bool *first, const char *key, const char *value)
{
	weir_buffer_printf(to, "%s%s%s%s", *first ? " (" : ", ", key, value ? "=" : "",
			   value ? value : "");
	*first = false;
}

void weir_add_stack(struct weir_buffer *to, const struct weir_held *held)
{
	if (held->n_levels == 0)
		weir_buffer_add_text(to, "unreserved");
	for (size_t i = 0; i < held->n_levels; i++) {
		const struct weir_level *level = &held->levels[i];
		bool first = true;

		weir_buffer_printf(to, "%s%s", i > 0 ? " > " : "", level->role);
		if (level->is_static)
			add_part(to, &first, "static", NULL);
		if (level->principal)
			add_part(to, &first, level->principal, NULL);
		for (size_t k = 0; k < level->n_labels; k++)
			add_part(to, &first, level->labels[k].key, level->labels[k].value);
		if (!first)
			weir_buffer_add_byte(to, ')');
	}
}

static void add_one(struct weir_lot *lot, enum weir_resource_kind kind, uint64_t amount,
		    const char *disk, const struct weir_held *held)
{
	if (amount == 0)
		return;
	lot->list[lot->n++] = (struct weir_resource_info){
		.kind = kind,
		.amount = amount,
		.n_levels = held->n_levels,
		.levels = held->levels,
		.disk = disk,
	};
}

static bool is_wanted(const struct weir_wanted *wanted, const char *id)
{
	for (size_t i = 0; i < wanted->volumes.n; i++)
		if (strcmp(wanted->volumes.text[i], id) == 0)
			return true;
	return false;
}

void weir_lot_fill(struct weir_lot *lot, const struct weir_wanted *wanted,
		   const struct weir_held *held, const struct weir_resource_list *books)
{
	const struct weir_resource_info whose = { .levels = held->levels,
						  .n_levels = held->n_levels };

	lot->n = 0;
	add_one(lot, WEIR_RESOURCE_CPUS, wanted->mcpu, NULL, held);
	add_one(lot, WEIR_RESOURCE_MEM, wanted->mem_bytes, NULL, held);
	add_one(lot, WEIR_RESOURCE_DISK, wanted->disk_bytes, wanted->on, held);
	for (size_t i = 0; wanted->volumes.n > 0 && i < books->n && lot->n < WEIR_LOT_MAX; i++) {
		const struct weir_resource_info *resource = &books->list[i];

		if (resource->volume_id && is_wanted(wanted, resource->volume_id) &&
		    weir_same_stack(resource, &whose))
			lot->list[lot->n++] = *resource;
	}
}

void weir_lot_copy(struct weir_lot *to, const struct weir_lot *from, const struct weir_held *held)
{
	*to = *from;
	for (size_t i = 0; i < to->n; i++) {
		to->list[i].levels = held->levels;
		to->list[i].n_levels = held->n_levels;
	}
}

/* ---- Who has it ---- */

/* A stack that may be meant, and what it has of what is wanted. */
struct candidate {
	const struct weir_resource_info *first;
	struct weir_wanted has;
};

struct search {
	const struct weir_holder *holder;
	const struct weir_wanted *wanted;
	struct candidate *list;
	size_t n;
};

static const struct weir_level *last_level(const struct weir_resource_info *resource)
{
	return resource->n_levels ? &resource->levels[resource->n_levels - 1] : NULL;
}

static bool is_meant(const struct weir_resource_info *resource, const struct weir_holder *holder)
{
	const struct weir_level *last = last_level(resource);

	if (!last || (holder->principal && !weir_text_same(last->principal, holder->principal)))
		return false;
	if (holder->above ? !weir_role_lies_below(holder->role, last->role)
			  : strcmp(last->role, holder->role) != 0)
		return false;
	return has_labels(last, holder->labels, holder->n_labels);
}

/* NULL: no memory. */
static struct candidate *candidate_for(struct search *search,
				       const struct weir_resource_info *resource)
{
	struct candidate *list;

	for (size_t i = 0; i < search->n; i++)
		if (weir_same_stack(search->list[i].first, resource))
			return &search->list[i];
	list = reallocarray(search->list, search->n + 1, sizeof(*list));
	if (!list)
		return NULL;
	search->list = list;
	list[search->n] = (struct candidate){ .first = resource };
	return &list[search->n++];
}

static bool same_disk(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static void count(struct candidate *candidate, const struct weir_wanted *wanted,
		  const struct weir_resource_info *resource)
{
	struct weir_wanted *has = &candidate->has;

	if (resource->kind == WEIR_RESOURCE_CPUS)
		has->mcpu += resource->amount;
	else if (resource->kind == WEIR_RESOURCE_MEM)
		has->mem_bytes += resource->amount;
	else if (!resource->volume_id && same_disk(resource->disk, wanted->on))
		has->disk_bytes += resource->amount;
	else if (resource->volume_id && is_wanted(wanted, resource->volume_id) &&
		 has->volumes.n < WEIR_TEXT_LIST_MAX)
		has->volumes.text[has->volumes.n++] = resource->volume_id;
}

static bool has_enough(const struct candidate *candidate, const struct weir_wanted *wanted)
{
	const struct weir_wanted *has = &candidate->has;

	for (size_t i = 0; i < wanted->volumes.n; i++)
		if (!is_wanted(has, wanted->volumes.text[i]))
			return false;
	return has->mcpu >= wanted->mcpu && has->mem_bytes >= wanted->mem_bytes &&
	       has->disk_bytes >= wanted->disk_bytes;
}

static void add_wanted(struct weir_buffer *to, const struct weir_wanted *what, const char *on)
{
	char figure[WEIR_QUANTITY_TEXT];
	const char *comma = "";

	if (what->mcpu) {
		weir_buffer_printf(to, "cpus %s", weir_format_cpu(what->mcpu, figure));
		comma = ", ";
	}
	if (what->mem_bytes) {
		weir_buffer_printf(to, "%smem %s", comma,
				   weir_format_memory_exact(what->mem_bytes, figure));
		comma = ", ";
	}
	if (what->disk_bytes) {
		weir_buffer_printf(to, "%sdisk %s%s%s", comma,
				   weir_format_memory_exact(what->disk_bytes, figure),
				   on ? " on " : "", on ? on : "");
		comma = ", ";
	}
	for (size_t i = 0; i < what->volumes.n; i++) {
		weir_buffer_printf(to, "%svolume %s", comma, what->volumes.text[i]);
		comma = ", ";
	}
	if (weir_wants_nothing(what))
		weir_buffer_add_text(to, "nothing of it");
}

/* Candidates, all or those that have enough; with what they have or without. */
static void add_candidates(struct weir_buffer *to, const struct search *search, bool enough)
{
	const char *semicolon = "";

	for (size_t i = 0; i < search->n; i++) {
		const struct candidate *one = &search->list[i];

		if (enough && !has_enough(one, search->wanted))
			continue;
		weir_buffer_add_text(to, semicolon);
		weir_add_stack(to, &(struct weir_held){ one->first->levels, one->first->n_levels });
		if (!enough) {
			weir_buffer_add_text(to, " with ");
			add_wanted(to, &one->has, search->wanted->on);
		}
		semicolon = "; ";
	}
}

static int fail_search(const struct search *search, size_t n_enough, struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(1 << 20);
	const struct weir_holder *holder = search->holder;
	scoped(freep) char *said = NULL;
	const char *above = holder->above ? "a role above " : "";

	if (search->n == 0)
		return weir_fail(err, -ENOENT, "nothing is reserved for %s'%s'%s", above,
				 holder->role,
				 holder->principal || holder->n_labels
					 ? " by that principal and with those labels"
					 : "");
	if (n_enough == 0) {
		weir_buffer_printf(&text, "no reservation for %s'%s' has ", above, holder->role);
		add_wanted(&text, search->wanted, search->wanted->on);
		weir_buffer_add_text(&text, ": there is ");
	} else {
		weir_buffer_add_text(&text, "--principal and --label tell apart who has it: ");
	}
	add_candidates(&text, search, n_enough > 0);
	said = weir_buffer_take_text(&text);
	if (!said)
		return weir_fail_memory(err);
	return weir_fail(err, n_enough ? -ENOTUNIQ : -ENOENT, "%s", said);
}

static int search_books(struct search *search, const struct weir_resource_list *books,
			struct weir_held *ret, struct weir_error *err)
{
	const struct weir_resource_info *best = NULL;
	size_t n_best = 0;

	for (size_t i = 0; i < books->n; i++) {
		struct candidate *candidate;

		if (!is_meant(&books->list[i], search->holder))
			continue;
		candidate = candidate_for(search, &books->list[i]);
		if (!candidate)
			return weir_fail_memory(err);
		count(candidate, search->wanted, &books->list[i]);
	}
	for (size_t i = 0; i < search->n; i++) {
		const struct weir_resource_info *one = search->list[i].first;
		size_t length = strlen(last_level(one)->role),
		       least = best ? strlen(last_level(best)->role) : 0;

		/* All lie above the same role, so the longest name is the nearest. */
		if (length < least || !has_enough(&search->list[i], search->wanted))
			continue;
		n_best = length > least ? 1 : n_best + 1;
		best = one;
	}
	if (n_best != 1)
		return fail_search(search, n_best, err);
	*ret = (struct weir_held){ best->levels, best->n_levels };
	return 0;
}

int weir_find_held(const struct weir_resource_list *books, const struct weir_holder *holder,
		   const struct weir_wanted *wanted, struct weir_held *ret, struct weir_error *err)
{
	struct search search = { .holder = holder, .wanted = wanted };
	int r = search_books(&search, books, ret, err);

	free(search.list);
	return r;
}

int weir_find_volume(const struct weir_resource_list *books, const char *role, const char *id,
		     struct weir_resource_info *ret, struct weir_error *err)
{
	for (size_t i = 0; i < books->n; i++) {
		const struct weir_level *last = last_level(&books->list[i]);

		if (!last || strcmp(last->role, role) != 0 ||
		    !weir_text_same(books->list[i].volume_id, id))
			continue;
		*ret = books->list[i];
		return 0;
	}
	return weir_fail(err, -ENOENT, "role '%s' has no volume '%s'", role, id);
}
