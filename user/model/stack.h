/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STACK_H
#define WEIR_STACK_H

/*
 * To whom something is reserved: a stack of reservations, the outermost role first, each further one for a strict
 * subrole of the one before (Mesos 1.10: reservation refinement). Without any it is unreserved. Who may spend it is
 * the last one's role. Pure.
 *
 * Stacks are equal when all their levels are: role, type, principal and labels, whose order says nothing. Each has one
 * text for it all, its key, by which they are compared, sorted and kept.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "model/container.h"

struct weir_error;

#define WEIR_STACK_MAX	     16 /* levels */
#define WEIR_PRINCIPAL_MAX   256 /* bytes */
#define WEIR_UNRESERVED_ROLE "*"

struct weir_reservation {
	char *role;
	char *principal; /* NULL: it has none */
	struct weir_label *labels;
	size_t n_labels;
	bool is_static; /* made by the configuration: of the first level only */
};

/* Immutable; as many hold it as have a reference. */
struct weir_stack {
	unsigned int refs;
	size_t n;
	struct weir_reservation *levels;
	char *key;
};

/*
 * Of @levels, copied. -EINVAL: a role that is none or "*", a level that is no strict subrole of the one before, a static
 * one that is not the first, too many levels or labels, too long a principal; the text says which.
 */
int weir_stack_new(const struct weir_reservation *levels, size_t n, struct weir_stack **ret,
		   struct weir_error *err);
/* Of a key. -EINVAL: it is none. */
int weir_stack_parse(const char *key, struct weir_stack **ret, struct weir_error *err);
/* Without its last @levels. -ENOMEM. */
int weir_stack_pop(const struct weir_stack *stack, size_t levels, struct weir_stack **ret,
		   struct weir_error *err);

struct weir_stack *weir_stack_ref(struct weir_stack *stack);
/* NULL is fine. Returns NULL. */
struct weir_stack *weir_stack_unref(struct weir_stack *stack);
WEIR_DEFINE_CLEANUP(struct weir_stack, weir_stack_unref);

bool weir_stack_equal(const struct weir_stack *a, const struct weir_stack *b);
/* How many levels both have in common from the outermost on. */
size_t weir_stack_common(const struct weir_stack *a, const struct weir_stack *b);

/* Whose it is: the role of the last level; "*": it is unreserved. */
const char *weir_stack_role(const struct weir_stack *stack);
/* NULL: it is unreserved, or the last level has none. */
const char *weir_stack_principal(const struct weir_stack *stack);
/* For people: "unreserved", or "[eng, eng/ads]". Returns @buf. */
#define WEIR_STACK_TEXT 256
const char *weir_stack_text(const struct weir_stack *stack, char buf[WEIR_STACK_TEXT]);

/* Is @lower "eng/ads" where @above is "eng"? */
bool weir_role_is_below(const char *lower, const char *above);

#endif /* WEIR_STACK_H */
