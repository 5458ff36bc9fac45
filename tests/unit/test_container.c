/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/container.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define NO  WEIR_ABSENT
#define INF WEIR_INFINITE

/* An ask, and what comes of it; the order is CPU request, limit, memory request, limit. */
static const struct {
	uint64_t ask[4];
	enum weir_default_cpu_limit cpu_default;
	uint64_t figures[4];
	const char *notes[WEIR_MAX_NOTES];
} resolve_cases[] = {
	/* Nothing said: nothing promised, nothing held back. */
	{ { NO, NO, NO, NO }, WEIR_DEFAULT_CPU_LIMIT_NONE, { 0, INF, 0, INF }, {} },
	{ { NO, NO, NO, NO }, WEIR_DEFAULT_CPU_LIMIT_REQUEST, { 0, INF, 0, INF }, {} },
	/* A request without a limit. */
	{ { 500, NO, 64 * MIB, NO }, 0, { 500, INF, 64 * MIB, 64 * MIB }, {} },
	{ { 500, NO, 64 * MIB, NO },
	  WEIR_DEFAULT_CPU_LIMIT_REQUEST,
	  { 500, 500, 64 * MIB, 64 * MIB },
	  {} },
	/* Both; the default has no say then. */
	{ { 500, 2000, 64 * MIB, GIB },
	  WEIR_DEFAULT_CPU_LIMIT_REQUEST,
	  { 500, 2000, 64 * MIB, GIB },
	  {} },
	{ { 500, 500, GIB, GIB }, 0, { 500, 500, GIB, GIB }, {} },
	{ { 500, INF, GIB, INF }, WEIR_DEFAULT_CPU_LIMIT_REQUEST, { 500, INF, GIB, INF }, {} },
	/* Floors. */
	{ { 10, 10, 32 * MIB, 32 * MIB }, 0, { 10, 10, 32 * MIB, 32 * MIB }, {} },
	{ { 1, NO, 8 * MIB, NO },
	  WEIR_DEFAULT_CPU_LIMIT_REQUEST,
	  { 10, 10, 32 * MIB, 32 * MIB },
	  { "cpus request 0.001 raised to the floor of 0.01",
	    "mem request 8Mi raised to the floor of 32Mi" } },
	{ { 0, 9, 0, 32 * MIB - 1 },
	  0,
	  { 10, 10, 32 * MIB, 32 * MIB },
	  { "cpus request 0 raised to the floor of 0.01",
	    "cpus limit 0.009 raised to the floor of 0.01",
	    "mem request 0 raised to the floor of 32Mi",
	    "mem limit 33554431 raised to the floor of 32Mi" } },
	/* Floors first: as asked, this limit was below its request, and in force both are equal. */
	{ { 5, 2, NO, NO },
	  0,
	  { 10, 10, 0, INF },
	  { "cpus request 0.005 raised to the floor of 0.01",
	    "cpus limit 0.002 raised to the floor of 0.01" } },
};

static struct weir_ask ask_of(const uint64_t figures[4])
{
	return (struct weir_ask){ figures[0], figures[1], figures[2], figures[3], NO, NO, NO };
}

static void what_was_asked_comes_to_figures_and_notes(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(resolve_cases); i++) {
		struct weir_ask ask = ask_of(resolve_cases[i].ask);
		struct weir_figures got = {};
		struct weir_notes notes = { .n = 3 };
		struct weir_error err = {};
		size_t n = 0;

		assert_int_equal(weir_figures_resolve(&ask, resolve_cases[i].cpu_default, &got,
						      &notes, &err),
				 0);
		assert_int_equal(got.cpu_request_mcpu, resolve_cases[i].figures[0]);
		assert_int_equal(got.cpu_limit_mcpu, resolve_cases[i].figures[1]);
		assert_int_equal(got.mem_request_bytes, resolve_cases[i].figures[2]);
		assert_int_equal(got.mem_limit_bytes, resolve_cases[i].figures[3]);

		for (; n < WEIR_MAX_NOTES && resolve_cases[i].notes[n]; n++)
			assert_string_equal(notes.text[n], resolve_cases[i].notes[n]);
		assert_int_equal(notes.n, n);
	}
}

static const struct {
	uint64_t ask[4];
	const char *complaint;
} refused_cases[] = {
	{ { 1000, 500, NO, NO }, "cpus limit 0.5 is below the request 1" },
	{ { NO, NO, GIB, GIB - 1 }, "mem limit 1073741823 is below the request 1Gi" },
	{ { 1000, 2000, 64 * MIB, 48 * MIB }, "mem limit 48Mi is below the request 64Mi" },
	/* A limit that would be raised to the floor is told as it was asked for. */
	{ { NO, NO, 64 * MIB, MIB }, "mem limit 1Mi is below the request 64Mi" },
	{ { NO, 1, NO, NO }, "cpus limit 0.001 has no request to go with it" },
	{ { NO, 500, NO, NO }, "cpus limit 0.5 has no request to go with it" },
	{ { 500, NO, NO, 64 * MIB }, "mem limit 64Mi has no request to go with it" },
	{ { NO, INF, NO, NO }, "cpus limit max has no request to go with it" },
};

static void a_limit_below_or_without_its_request_is_refused(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(refused_cases); i++) {
		struct weir_ask ask = ask_of(refused_cases[i].ask);
		struct weir_figures figures = { .cpu_request_mcpu = 7 };
		struct weir_notes notes = { .n = 3 };
		struct weir_error err = {};

		assert_int_equal(weir_figures_resolve(&ask, WEIR_DEFAULT_CPU_LIMIT_NONE, &figures,
						      &notes, &err),
				 -EINVAL);
		assert_string_equal(err.text, refused_cases[i].complaint);
		/* Untouched on failure. */
		assert_int_equal(figures.cpu_request_mcpu, 7);
		assert_int_equal(notes.n, 3);
	}
}

static void what_a_change_does_not_name_stays(void **state)
{
	struct weir_ask ask = WEIR_ASK_NOTHING;

	(void)state;

	weir_ask_merge(&ask, &(struct weir_ask){ 500, NO, GIB, NO, NO, 100, NO });
	weir_ask_merge(&ask, &(struct weir_ask){ NO, INF, NO, 2 * GIB, GIB, NO, 64 });
	weir_ask_merge(&ask, &(struct weir_ask){ 250, NO, NO, NO, NO, NO, NO });
	assert_int_equal(ask.cpu_request_mcpu, 250);
	assert_int_equal(ask.cpu_limit_mcpu, INF);
	assert_int_equal(ask.swap_limit_bytes, GIB);
	assert_int_equal(ask.cpu_burst_mcpu, 100);
	assert_int_equal(ask.pids_limit, 64);
	assert_int_equal(ask.mem_request_bytes, GIB);
	assert_int_equal(ask.mem_limit_bytes, 2 * GIB);
}

#define ONLY ", expected A-Z a-z 0-9 _ . -"

static const struct {
	const char *id;
	const char *complaint; /* NULL: a good id */
} id_cases[] = {
	{ "a", NULL },
	{ "web-1.example_COM", NULL },
	{ "...", NULL },
	{ ".hidden", NULL },
	{ "-", NULL },
	{ "", "the container id is empty" },
	{ ".", "the container id '.' is the name of a directory" },
	{ "..", "the container id '..' is the name of a directory" },
	{ "a/b", "the container id has '/' at byte 2" ONLY },
	{ "/", "the container id has '/' at byte 1" ONLY },
	{ "a b", "the container id has 0x20 at byte 2" ONLY },
	{ "a\n", "the container id has 0x0a at byte 2" ONLY },
	{ "gr\xc3\xb6sse", "the container id has 0xc3 at byte 3" ONLY },
	{ "a%s", "the container id has '%' at byte 2" ONLY },
};

static void an_id_is_a_plain_file_name(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(id_cases); i++) {
		struct weir_error err = {};
		int code = id_cases[i].complaint ? -EINVAL : 0;

		assert_int_equal(weir_id_check(id_cases[i].id, &err), code);
		if (code)
			assert_string_equal(err.text, id_cases[i].complaint);
	}
}

static void an_id_has_128_bytes_at_most(void **state)
{
	struct weir_error err = {};
	char id[WEIR_ID_MAX + 2];

	(void)state;

	memset(id, 'i', sizeof(id));
	id[WEIR_ID_MAX + 1] = '\0';
	assert_int_equal(weir_id_check(id, &err), -EINVAL);
	assert_string_equal(err.text, "the container id has 129 bytes, at most 128");
	id[WEIR_ID_MAX] = '\0';
	assert_int_equal(weir_id_check(id, &err), 0);
}

static const struct {
	uint64_t request, limit, node;
	int score;
} oom_cases[] = {
	{ 64 * MIB, 64 * MIB, GIB, 0 }, /* not burstable */
	{ 64 * MIB, 128 * MIB, GIB, 938 }, /* 1000 - 62.5, rounded as Mesos does */
	{ 512 * MIB, INF, GIB, 500 },
	{ 0, INF, GIB, 1000 },
	{ GIB - 1, INF, GIB, 1 },
	{ GIB, INF, GIB, 0 },
	{ 2 * GIB, INF, GIB, 0 }, /* the machine has shrunk */
	{ 0, INF, 0, 0 },
	{ WEIR_MAX_BYTES / 4, INF, WEIR_MAX_BYTES, 750 },
};

static void bursters_are_killed_before_everybody_else(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(oom_cases); i++) {
		struct weir_figures figures = {
			.mem_request_bytes = oom_cases[i].request,
			.mem_limit_bytes = oom_cases[i].limit,
		};

		assert_int_equal(weir_oom_score_adj(&figures, oom_cases[i].node),
				 oom_cases[i].score);
	}
}

static void states_and_reasons_have_names(void **state)
{
	static const char *const states[] = { "launching", "running", "exited" };
	static const char *const reasons[] = { "none",		"self",	    "killed", "limit",
					       "node-pressure", "released", "lost" };
	enum weir_state got_state = WEIR_STATE_LAUNCHING;
	enum weir_reason got_reason = WEIR_REASON_NONE;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		assert_string_equal(weir_state_name((enum weir_state)i), states[i]);
		assert_int_equal(weir_state_from_name(states[i], &got_state), 0);
		assert_int_equal(got_state, i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		assert_string_equal(weir_reason_name((enum weir_reason)i), reasons[i]);
		assert_int_equal(weir_reason_from_name(reasons[i], &got_reason), 0);
		assert_int_equal(got_reason, i);
	}

	assert_int_equal(weir_state_from_name("zombie", &got_state), -EINVAL);
	assert_int_equal(got_state, WEIR_STATE_EXITED);
	assert_int_equal(weir_reason_from_name("", &got_reason), -EINVAL);
	assert_int_equal(got_reason, WEIR_REASON_LOST);
}

static void a_new_container_has_promised_nothing(void **state)
{
	scoped(weir_container_freep) struct weir_container *container = weir_container_new("web");

	(void)state;

	assert_string_equal(container->id, "web");
	assert_string_equal(container->role, "*");
	assert_int_equal(container->state, WEIR_STATE_LAUNCHING);
	assert_int_equal(container->ask.cpu_request_mcpu, WEIR_ABSENT);
	assert_int_equal(container->ask.mem_limit_bytes, WEIR_ABSENT);
	assert_int_equal(container->figures.cpu_request_mcpu, 0);
	assert_int_equal(container->figures.cpu_limit_mcpu, WEIR_INFINITE);
	assert_int_equal(container->figures.mem_limit_bytes, WEIR_INFINITE);
	assert_int_equal(container->pending_mem_limit_bytes, WEIR_ABSENT);
}

/* The address sanitizer is the judge. */
static void a_container_frees_all_that_it_owns(void **state)
{
	char a[] = "a", b[] = "b", *const words[] = { a, b, NULL };
	struct weir_container *container = weir_container_new("web");

	(void)state;

	container->argv = weir_strv_copy(words);
	container->env = weir_strv_copy(words);
	container->user = strdup("nobody");
	container->workdir = strdup("/tmp");
	container->labels = calloc(2, sizeof(*container->labels));
	container->n_labels = 2;
	container->labels[0].key = strdup("tier");
	container->labels[0].value = strdup("gold");
	container->labels[1].key = strdup("half-made");
	assert_null(weir_container_free(container));
	assert_null(weir_container_free(NULL));
}

static void a_copied_vector_is_another_one(void **state)
{
	char first[] = "first", second[] = "";
	char *const words[] = { first, second, NULL };
	char **copy = weir_strv_copy(words), **empty = weir_strv_copy(NULL);

	(void)state;

	first[0] = 'F';
	assert_string_equal(copy[0], "first");
	assert_string_equal(copy[1], "");
	assert_null(copy[2]);
	assert_non_null(empty);
	assert_null(empty[0]);
	assert_null(weir_strv_free(copy));
	assert_null(weir_strv_free(empty));
	assert_null(weir_strv_free(NULL));
}

static const struct {
	const char *role;
	const char *complaint; /* NULL: it is one */
} role_cases[] = {
	{ "*", NULL },
	{ "eng", NULL },
	{ "eng/ads/search", NULL },
	{ "a.b-c", NULL },
	{ "", "the role has an empty part: expected a/b" },
	{ "/eng", "the role has an empty part: expected a/b" },
	{ "eng/", "the role has an empty part: expected a/b" },
	{ "eng//ads", "the role has an empty part: expected a/b" },
	{ "eng/*", "a part of the role is '*'" },
	{ "eng/..", "a part of the role is '..'" },
	{ ".", "a part of the role is '.'" },
	{ "eng/-ads", "a part of the role begins with '-'" },
	{ "eng ads", "the role has byte 0x20: expected no blanks and no control bytes" },
	{ "\x1b[31m", "the role has byte 0x1b: expected no blanks and no control bytes" },
};

static void a_role_is_components_between_slashes(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(role_cases); i++) {
		struct weir_error err = {};
		const char *complaint = role_cases[i].complaint;

		assert_int_equal(weir_role_check(role_cases[i].role, &err),
				 complaint ? -EINVAL : 0);
		assert_string_equal(err.text, complaint ? complaint : "");
	}
}

static void a_role_of_65_bytes_is_too_long(void **state)
{
	struct weir_error err = {};
	char role[WEIR_ROLE_MAX + 2];

	(void)state;

	memset(role, 'r', sizeof(role));
	role[WEIR_ROLE_MAX + 1] = '\0';
	assert_int_equal(weir_role_check(role, &err), -EINVAL);
	assert_string_equal(err.text, "the role has 65 bytes, at most 64");
	role[WEIR_ROLE_MAX] = '\0';
	assert_int_equal(weir_role_check(role, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_role_is_components_between_slashes),
		cmocka_unit_test(a_role_of_65_bytes_is_too_long),
		cmocka_unit_test(what_was_asked_comes_to_figures_and_notes),
		cmocka_unit_test(a_limit_below_or_without_its_request_is_refused),
		cmocka_unit_test(what_a_change_does_not_name_stays),
		cmocka_unit_test(an_id_is_a_plain_file_name),
		cmocka_unit_test(an_id_has_128_bytes_at_most),
		cmocka_unit_test(bursters_are_killed_before_everybody_else),
		cmocka_unit_test(states_and_reasons_have_names),
		cmocka_unit_test(a_new_container_has_promised_nothing),
		cmocka_unit_test(a_container_frees_all_that_it_owns),
		cmocka_unit_test(a_copied_vector_is_another_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
