/* SPDX-License-Identifier: Apache-2.0 */
/* Executors and tasks: their names, what may go with what, and what an executor is held to. */
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
#include "model/family.h"
#include "model/ledger.h"

#define MIB ((uint64_t)1 << 20)
#define INF WEIR_INFINITE

static void assert_name(const char *name, const char *complaint)
{
	struct weir_error err = {};

	if (!complaint) {
		assert_int_equal(weir_name_check(name, &err), 0);
		return;
	}
	assert_int_equal(weir_name_check(name, &err), -EINVAL);
	assert_string_equal(err.text, complaint);
}

static void names_have_two_levels_at_most(void **state)
{
	char longest[WEIR_NAME_MAX + 2];

	(void)state;
	assert_name("web", NULL);
	assert_name("exec/task", NULL);
	assert_name("self", NULL);
	assert_name("self/other", NULL);
	assert_name("exec/self", "a task can't be called 'self': that is where its executor's own "
				 "processes are");
	assert_name("a/b/c", "the container id has more than two levels: expected ID or "
			     "EXECUTOR/TASK");
	assert_name("/t", "the executor: the container id is empty");
	assert_name("e/", "the task: the container id is empty");
	assert_name("e/..", "the task: the container id '..' is the name of a directory");
	assert_name("e x/t", "the executor: the container id has 0x20 at byte 2, expected "
			     "A-Z a-z 0-9 _ . -");

	memset(longest, 'x', sizeof(longest));
	longest[WEIR_ID_MAX] = '/';
	longest[WEIR_NAME_MAX] = '\0';
	assert_name(longest, NULL);
	longest[WEIR_ID_MAX] = 'x';
	longest[WEIR_ID_MAX + 1] = '/';
	assert_name(longest, "the executor's id has 129 bytes, at most 128");
}

static void a_name_tells_whose_it_is(void **state)
{
	(void)state;
	assert_null(weir_name_task("exec"));
	assert_string_equal(weir_name_task("exec/t1"), "t1");
	assert_true(weir_name_is_in("exec/t1", "exec"));
	assert_false(weir_name_is_in("exec", "exec"));
	assert_false(weir_name_is_in("exec2/t1", "exec"));
	assert_false(weir_name_is_in("exe/t1", "exec"));
}

static void a_group_tells_whose_it_is(void **state)
{
	char buf[WEIR_NAME_MAX + 1];

	(void)state;
	assert_string_equal(weir_name_of_group("e", buf), "e");
	assert_string_equal(weir_name_of_group("e/t", buf), "e/t");
	assert_string_equal(weir_name_of_group("e/self", buf), "e/self");
	assert_string_equal(weir_name_of_group("e/self/task.t", buf), "e/t");
	assert_string_equal(weir_name_of_group("e/self/other", buf), "e/self/other");
}

/* One that is filled from what was asked: absent limits as by default_cpu_limit = request. */
static struct weir_container *make(const char *id, uint64_t mcpu, uint64_t cpu_limit, uint64_t mib,
				   uint64_t mem_limit)
{
	struct weir_container *container = weir_container_new(id);
	struct weir_notes notes = {};
	struct weir_error err = {};

	assert_non_null(container);
	container->ask = (struct weir_ask){
		mcpu,	     cpu_limit,
		mib * MIB,   mem_limit < WEIR_ABSENT ? mem_limit * MIB : mem_limit,
		WEIR_ABSENT, WEIR_ABSENT,
		WEIR_ABSENT
	};
	container->state = WEIR_STATE_RUNNING;
	assert_int_equal(weir_figures_resolve(&container->ask, WEIR_DEFAULT_CPU_LIMIT_REQUEST,
					      &container->figures, &notes, &err),
			 0);
	return container;
}

static void assert_task(struct weir_container *task, const struct weir_container *executor,
			const struct weir_container *sibling, int code, const char *word)
{
	struct weir_error err = {};

	assert_int_equal(weir_task_check(task, executor, sibling, &err), code);
	if (word && !strstr(err.text, word))
		fail_msg("'%s' is not in '%s'", word, err.text);
}

static void what_shares_a_cgroup_has_no_limits_of_its_own(void **state)
{
	scoped(weir_container_freep) struct weir_container *executor =
		make("e", 100, WEIR_ABSENT, 32, WEIR_ABSENT);
	scoped(weir_container_freep) struct weir_container *task =
		make("e/t", 100, 500, 32, WEIR_ABSENT);
	scoped(weir_container_freep) struct weir_container *plain =
		make("e/u", 100, WEIR_ABSENT, 32, WEIR_ABSENT);

	(void)state;
	assert_task(task, executor, NULL, -EINVAL, "'e' is no executor");
	executor->is_executor = true;
	assert_task(task, executor, NULL, 0, NULL);
	task->shares_cgroups = true;
	assert_task(task, executor, NULL, -EINVAL, "share_cgroups");
	task->ask.cpu_limit_mcpu = WEIR_ABSENT;
	assert_task(task, executor, NULL, 0, NULL);
	assert_task(task, executor, plain, -EINVAL, "share_cgroups is true, but false for 'e/u'");
	plain->shares_cgroups = true;
	assert_task(task, executor, plain, 0, NULL);
	task->ask.mem_limit_bytes = INF;
	assert_task(task, executor, plain, -EINVAL, "share_cgroups");
	task->ask.mem_limit_bytes = WEIR_ABSENT;
	executor->state = WEIR_STATE_EXITED;
	assert_task(task, executor, NULL, -ESRCH, "'e' is not running (exited)");
	executor->state = WEIR_STATE_LAUNCHING;
	assert_task(task, executor, NULL, -ESRCH, "'e' is not running (launching)");
}

static struct weir_ledger *new_ledger(void)
{
	static const struct weir_capacity capacity = { .total_mcpu = 64000,
						       .total_bytes = 65536 * MIB };
	struct weir_ledger *ledger = NULL;
	struct weir_error err = {};

	assert_int_equal(weir_ledger_new(&capacity, 1000, &ledger, &err), 0);
	return ledger;
}

static struct weir_container *admit(struct weir_ledger *ledger, struct weir_container *container)
{
	struct weir_error err = {};

	assert_int_equal(weir_ledger_admit(ledger, container, &err), 0);
	return container;
}

static void assert_figures(const struct weir_container *container, uint64_t cpu_request,
			   uint64_t cpu_limit, uint64_t mem_request, uint64_t mem_limit)
{
	const struct weir_figures *figures = &container->figures;

	assert_int_equal(figures->cpu_request_mcpu, cpu_request);
	assert_int_equal(figures->cpu_limit_mcpu, cpu_limit);
	assert_int_equal(figures->mem_request_bytes, mem_request * MIB);
	assert_int_equal(figures->mem_limit_bytes, mem_limit == INF ? INF : mem_limit * MIB);
}

static void an_executor_is_held_to_the_sum_of_its_parts(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger();
	struct weir_container *e, *t1, *t2, *t3;
	struct weir_figures own;
	uint64_t mcpu, bytes;

	(void)state;
	e = make("e", 100, WEIR_ABSENT, 32, WEIR_ABSENT);
	e->is_executor = true;
	admit(ledger, e);
	t1 = admit(ledger, make("e/t1", 100, WEIR_ABSENT, 32, WEIR_ABSENT));
	t2 = admit(ledger, make("e/t2", 100, 500, 32, 64));
	/* Sorted between the executor and its tasks, and none of them. */
	admit(ledger, make("e-x", 100, WEIR_ABSENT, 32, WEIR_ABSENT));
	assert_ptr_equal(t1->parent, e);
	assert_figures(e, 300, 700, 96, 128);
	assert_figures(t1, 100, 100, 32, 32);
	assert_figures(t2, 100, 500, 32, 64);

	t3 = admit(ledger, make("e/t3", 100, WEIR_ABSENT, 32, WEIR_ABSENT));
	assert_figures(e, 400, 800, 128, 160);
	weir_ledger_requested(ledger, &mcpu, &bytes);
	assert_int_equal(mcpu, 500);
	assert_int_equal(bytes, 160 * MIB);

	weir_ledger_release(ledger, t1);
	weir_ledger_release(ledger, t2);
	assert_figures(e, 200, 200, 64, 64);
	assert_ptr_equal(weir_ledger_any_task(ledger, e), t3);

	/* One part without a limit, and the sum has none. */
	own = t3->own;
	own.cpu_limit_mcpu = INF;
	weir_ledger_change(ledger, t3, &own);
	assert_figures(e, 200, INF, 64, 64);
	own = e->own;
	own.mem_limit_bytes = INF;
	weir_ledger_change(ledger, e, &own);
	assert_figures(e, 200, INF, 64, INF);
	weir_ledger_release(ledger, t3);
	assert_figures(e, 100, 100, 32, INF);
	assert_null(weir_ledger_any_task(ledger, e));
	assert_figures(t3, 100, INF, 32, 32); /* of one that has ended, what it had */
}

static void a_task_is_admitted_by_what_it_adds(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger();
	scoped(weir_container_freep) struct weir_container *large =
		make("e/large", 40000, WEIR_ABSENT, 32, WEIR_ABSENT);
	scoped(weir_container_freep) struct weir_container *orphan =
		make("f/t", 100, WEIR_ABSENT, 32, WEIR_ABSENT);
	struct weir_container *e;
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_ledger_admit(ledger, orphan, &err), -ENOENT);
	assert_string_equal(err.text, "container 'f/t': there is no executor 'f'");
	e = make("e", 20000, WEIR_ABSENT, 32, WEIR_ABSENT);
	e->is_executor = true;
	admit(ledger, e);
	admit(ledger, make("e/t", 10000, WEIR_ABSENT, 32, WEIR_ABSENT));
	assert_int_equal(weir_ledger_admit(ledger, large, &err), -ENOSPC);
	/* Its executor is named with all that it holds, and no task beside it. */
	assert_string_equal(err.text, "container 'e/large': wants 40 cpus, 34 free of 64 (0 "
				      "reserved); held by: e 30");
	assert_figures(e, 30000, 30000, 64, 64);
}

/* What the executor would come to is told before anything is changed. */
static void a_sum_can_be_asked_for(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger();
	struct weir_container *e = make("e", 100, WEIR_ABSENT, 32, WEIR_ABSENT), *t;
	struct weir_figures own = { 300, 300, 64 * MIB, 64 * MIB, 0, 0, INF }, sum, widest;

	(void)state;
	e->is_executor = true;
	admit(ledger, e);
	t = admit(ledger, make("e/t", 200, INF, 32, WEIR_ABSENT));
	sum = weir_ledger_sum(ledger, e, t, &own);
	assert_int_equal(sum.cpu_request_mcpu, 400);
	assert_int_equal(sum.cpu_limit_mcpu, 400);
	widest = weir_figures_widest(&sum, &e->figures);
	assert_int_equal(widest.cpu_request_mcpu, 400);
	assert_int_equal(widest.cpu_limit_mcpu, INF);
	assert_int_equal(widest.mem_limit_bytes, 96 * MIB);
	sum = weir_ledger_sum(ledger, e, t, NULL);
	assert_int_equal(sum.cpu_request_mcpu, 100);
	assert_figures(e, 300, INF, 64, 64);
}

#define TASKS 12

/* The same, kept by somebody who can't count but by hand. */
struct reference {
	bool there[TASKS];
	struct weir_figures own[TASKS];
};

static void assert_sum(const struct weir_container *e, const struct reference *reference)
{
	uint64_t mcpu = 100, limit = 100, bytes = 32 * MIB, most = 32 * MIB;

	for (size_t i = 0; i < TASKS; i++) {
		if (!reference->there[i])
			continue;
		mcpu += reference->own[i].cpu_request_mcpu;
		bytes += reference->own[i].mem_request_bytes;
		limit = limit == INF || reference->own[i].cpu_limit_mcpu == INF
				? INF
				: limit + reference->own[i].cpu_limit_mcpu;
		most = most == INF || reference->own[i].mem_limit_bytes == INF
			       ? INF
			       : most + reference->own[i].mem_limit_bytes;
	}
	assert_int_equal(e->figures.cpu_request_mcpu, mcpu);
	assert_int_equal(e->figures.cpu_limit_mcpu, limit);
	assert_int_equal(e->figures.mem_request_bytes, bytes);
	assert_int_equal(e->figures.mem_limit_bytes, most);
}

static struct weir_figures random_figures(unsigned int *seed)
{
	uint64_t mcpu = 10 + (uint64_t)rand_r(seed) % 100, bytes = rand_r(seed) % (64 * MIB);

	return (struct weir_figures){
		.cpu_request_mcpu = mcpu,
		.cpu_limit_mcpu = rand_r(seed) % 8 ? mcpu * 2 : INF,
		.mem_request_bytes = bytes,
		.mem_limit_bytes = rand_r(seed) % 8 ? bytes + MIB : INF,
	};
}

static void random_step(struct weir_ledger *ledger, struct reference *reference, unsigned int *seed)
{
	size_t i = (size_t)rand_r(seed) % TASKS;
	struct weir_container *task;
	char id[16];

	snprintf(id, sizeof(id), "e/t%zu", i);
	task = weir_ledger_find(ledger, id);
	if (!reference->there[i]) {
		if (task) {
			weir_ledger_remove(ledger, task);
			weir_container_free(task);
		}
		task = make(id, 100, WEIR_ABSENT, 32, WEIR_ABSENT);
		reference->own[i] = task->figures = random_figures(seed);
		admit(ledger, task);
		reference->there[i] = true;
	} else if (rand_r(seed) % 2) {
		reference->own[i] = random_figures(seed);
		weir_ledger_change(ledger, task, &reference->own[i]);
	} else {
		weir_ledger_release(ledger, task);
		reference->there[i] = false;
	}
}

static void a_thousand_random_histories_add_up(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 1000; seed++) {
		scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger();
		struct reference reference = {};
		struct weir_container *e = make("e", 100, WEIR_ABSENT, 32, WEIR_ABSENT);
		unsigned int random = seed;
		uint64_t mcpu, bytes;

		e->is_executor = true;
		admit(ledger, e);
		for (int step = 0; step < 50; step++) {
			random_step(ledger, &reference, &random);
			assert_sum(e, &reference);
			weir_ledger_requested(ledger, &mcpu, &bytes);
			assert_int_equal(mcpu, e->figures.cpu_request_mcpu);
			assert_int_equal(bytes, e->figures.mem_request_bytes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_two_levels_at_most),
		cmocka_unit_test(a_name_tells_whose_it_is),
		cmocka_unit_test(a_group_tells_whose_it_is),
		cmocka_unit_test(what_shares_a_cgroup_has_no_limits_of_its_own),
		cmocka_unit_test(an_executor_is_held_to_the_sum_of_its_parts),
		cmocka_unit_test(a_task_is_admitted_by_what_it_adds),
		cmocka_unit_test(a_sum_can_be_asked_for),
		cmocka_unit_test(a_thousand_random_histories_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
