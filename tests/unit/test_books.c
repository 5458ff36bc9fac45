/* SPDX-License-Identifier: Apache-2.0 */
#include "books_fixture.h"

/* ---- Stacks ------------------------------------------------------------------------- */

static void a_key_is_read_back_as_the_same_stack(void **state)
{
	static const char *const texts[] = { "", "eng", "eng eng/ads",
					     "!eng eng/ads=x eng/ads/b@who" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct weir_stack *stack = stack_of(texts[i]), *again = NULL;
		struct weir_error err = {};

		assert_int_equal(weir_stack_parse(stack->key, &again, &err), 0);
		assert_string_equal(stack->key, again->key);
		assert_int_equal(weir_stack_common(stack, again), stack->n);
		for (size_t n = 0; n < strlen(stack->key); n++) {
			char *cut = strndup(stack->key, n);
			struct weir_stack *part = NULL;

			if (weir_stack_parse(cut, &part, &err) == 0)
				assert_true(part->n < stack->n);
			weir_stack_unref(part);
			free(cut);
		}
		weir_stack_unref(stack);
		weir_stack_unref(again);
	}
}

static void the_order_of_labels_says_nothing(void **state)
{
	char a[] = "a", b[] = "b", x[] = "x", role[] = "eng";
	struct weir_label one[] = { { a, x }, { b, x } }, other[] = { { b, x }, { a, x } };
	struct weir_reservation level = { .role = role, .labels = one, .n_labels = 2 };
	struct weir_stack *first = NULL, *second = NULL;
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_stack_new(&level, 1, &first, &err), 0);
	level.labels = other;
	assert_int_equal(weir_stack_new(&level, 1, &second, &err), 0);
	assert_true(weir_stack_equal(first, second));
	weir_stack_unref(first);
	weir_stack_unref(second);
}

static void only_strict_subroles_refine(void **state)
{
	static const char *const bad[][2] = { { "eng", "eng" },
					      { "eng/ads", "eng" },
					      { "eng", "engine" },
					      { "eng", "ops" },
					      { "*", "eng" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct weir_reservation levels[2] = { { .role = strdup(bad[i][0]) },
						      { .role = strdup(bad[i][1]) } };
		struct weir_stack *stack = NULL;
		struct weir_error err = {};

		assert_int_equal(weir_stack_new(levels, 2, &stack, &err), -EINVAL);
		free(levels[0].role);
		free(levels[1].role);
	}
}

/* ---- Conversions ----------------------------------------------------------------------- */

static void a_source_is_replaced_in_one_step(void **state)
{
	(void)state;
	assert_int_equal(reserve("role role/bar", "role role/foo", 1000), -ENOSPC);
	assert_int_equal(reserve("", "role role/foo", 1000), 0);
	assert_int_equal(reserve("role role/bar", "role role/foo", 1000), -ENOSPC);
	assert_int_equal(held("role role/foo"), 1000);
	assert_int_equal(reserve("role role/foo", "role role/bar", 1000), 0);
	assert_int_equal(held("role role/foo"), 0);
	assert_int_equal(held("role role/bar"), 1000);
	assert_int_equal(held(""), CPUS - 1000);
	assert_int_equal(reserve("role role/bar", "role role/bar", 1000), 0);
	assert_int_equal(held("role role/bar"), 1000);
}

static void without_a_source_it_goes_level_by_level(void **state)
{
	(void)state;
	assert_int_equal(reserve(NULL, "eng eng/ads", 1000), -ENOSPC);
	assert_int_equal(reserve(NULL, "eng", 3000), 0);
	assert_int_equal(reserve(NULL, "eng eng/ads", 1000), 0);
	assert_int_equal(held("eng"), 2000);
	assert_int_equal(unreserve("eng eng/ads", 400), 0);
	assert_int_equal(held("eng"), 2400);
	assert_int_equal(unreserve("eng", 2400), 0);
	assert_int_equal(unreserve("eng", 1), -ENOSPC);
	assert_int_equal(held(""), CPUS - 600);
}

static void labels_and_principals_are_kept_apart(void **state)
{
	(void)state;
	assert_int_equal(reserve("", "eng=a", 1000), 0);
	assert_int_equal(reserve("", "eng=b", 1000), 0);
	assert_int_equal(unreserve("eng=a", 1001), -ENOSPC);
	assert_int_equal(unreserve("eng", 1), -ENOSPC);
	assert_int_equal(reserve("", "eng@who", 1000), -EINVAL);
	assert_int_equal(held("eng=a"), 1000);
}

static void bad_replacements_are_refused(void **state)
{
	struct weir_operation mixed = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_operation uneven = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_operation empty = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	(void)state;
	add(&mixed.source, WEIR_KIND_CPUS, 1000, "", NULL, NULL);
	add(&mixed.resources, WEIR_KIND_CPUS, 500, "eng", NULL, NULL);
	add(&mixed.resources, WEIR_KIND_CPUS, 500, "ops", NULL, NULL);
	assert_int_equal(operate(&mixed, &err), -EINVAL);
	assert_non_null(strstr(err.text, "Mixed reservations are not supported"));
	add(&uneven.source, WEIR_KIND_CPUS, 1000, "", NULL, NULL);
	add(&uneven.resources, WEIR_KIND_CPUS, 999, "eng", NULL, NULL);
	assert_int_equal(operate(&uneven, &err), -EINVAL);
	assert_non_null(strstr(err.text, "identical resource quantities"));
	add(&empty.source, WEIR_KIND_CPUS, 1000, "", NULL, NULL);
	assert_int_equal(operate(&empty, &err), -EINVAL);
	assert_non_null(strstr(err.text, "Resource cannot be empty"));
	assert_int_equal(reserve("eng", "", 1000), -EINVAL);
}

static void what_is_static_stays(void **state)
{
	struct weir_holding kept = { .stack = stack_of("!eng"), .mcpu = 2000 };
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_books_restore_holding(books, &kept, &err), 0);
	weir_stack_unref(kept.stack);
	assert_int_equal(reserve("!eng", "ops", 1000), -EINVAL);
	assert_int_equal(reserve("", "!eng eng/ads", 1000), -EINVAL);
	assert_int_equal(unreserve("!eng", 1000), -EINVAL);
	assert_int_equal(reserve(NULL, "!eng eng/ads", 1000), 0);
	assert_int_equal(reserve("!eng eng/ads", "!eng eng/search", 1000), 0);
	assert_int_equal(held("!eng"), 1000);
	assert_int_equal(unreserve("!eng eng/search", 1000), 0);
	assert_int_equal(held("!eng"), 2000);
}

/* ---- Demand --------------------------------------------------------------------------------- */

static void containers_spend_their_roles_first(void **state)
{
	(void)state;
	assert_int_equal(reserve("", "eng", 3000), 0);
	assert_int_equal(reserve("eng", "eng eng/ads", 1000), 0);
	assert_int_equal(room("eng/ads"), CPUS);
	assert_int_equal(room("eng"), CPUS - 1000);
	assert_int_equal(room("*"), CPUS - 3000);
	need("eng/ads", 1500, false);
	assert_int_equal(room("eng"), CPUS - 1000 - 500);
	assert_int_equal(room("*"), CPUS - 3000);
	need("eng/ads", 2000, false);
	assert_int_equal(room("*"), CPUS - 3000 - 500);
	need("eng/ads", 3500, true);
	assert_int_equal(room("*"), CPUS - 3000);
}

static void what_bears_demand_stays(void **state)
{
	(void)state;
	assert_int_equal(reserve("", "eng", 3000), 0);
	need("eng", 2000, false);
	assert_int_equal(unreserve("eng", 1001), -EBUSY);
	assert_int_equal(unreserve("eng", 1000), 0);
	assert_int_equal(reserve("eng", "ops", 1), -EBUSY);
	assert_int_equal(reserve("eng", "eng=label", 2000), 0); /* it is the role's still */
	need("*", 6000, false);
	assert_int_equal(reserve("", "ops", 1), -EBUSY);
	need("*", 1000, true);
	need("ops", 1000, false);
	assert_int_equal(reserve("", "ops", 1000), 0); /* its own use of what is unreserved */
	assert_int_equal(room("*"), 0);
	assert_int_equal(reserve("", "ops", 1), -EBUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_is_read_back_as_the_same_stack),
		TEST(the_order_of_labels_says_nothing),
		TEST(only_strict_subroles_refine),
		TEST(a_source_is_replaced_in_one_step),
		TEST(without_a_source_it_goes_level_by_level),
		TEST(labels_and_principals_are_kept_apart),
		TEST(bad_replacements_are_refused),
		TEST(what_is_static_stays),
		TEST(containers_spend_their_roles_first),
		TEST(what_bears_demand_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
