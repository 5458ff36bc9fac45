/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "model/squeeze.h"

#define MIB	(1ULL << 20)
#define NODE	(1024 * MIB)
#define TICK_NS 100000000ULL
#define SECOND	10 /* in ticks */
#define MAX	6

/*
 * A node whose kernel frees cache when asked, lets nobody grow beyond memory.high by more than a
 * trickle, and gives the memory of the killed back three ticks later.
 */
struct node {
	struct weir_squeeze squeeze;
	struct weir_squeeze_plan plan;
	uint64_t now_ns, others_bytes; /* used by the rest of the machine */
	size_t n;
	struct weir_squeeze_member members[MAX];
	uint64_t anon[MAX], cache[MAX], growth[MAX]; /* growth: of anon, in a tick */
	unsigned int dying[MAX], kills[MAX], acted[MAX];
	unsigned int all_kills;
	uint64_t lowest; /* available, so far */
};

static void node_init(struct node *node)
{
	*node = (struct node){ .now_ns = TICK_NS, .others_bytes = 200 * MIB, .lowest = NODE };
	weir_squeeze_params_for(NODE,
				&(struct weir_squeeze_marks){ .min = 25, .low = 50, .ok = 75 },
				&node->squeeze.params);
}

static size_t node_add(struct node *node, uint64_t request, uint64_t anon, uint64_t cache,
		       uint64_t growth)
{
	size_t i = node->n++;

	assert_true(i < MAX);
	node->members[i].request_bytes = request;
	node->anon[i] = anon;
	node->cache[i] = cache;
	node->growth[i] = growth;
	return i;
}

/* Cache counts as used: the stock of a node that can't tell what could be had back. */
static uint64_t available(const struct node *node)
{
	uint64_t used = node->others_bytes;

	for (size_t i = 0; i < node->n; i++)
		used += node->anon[i] + node->cache[i];
	return used < NODE ? NODE - used : 0;
}

static void come_down(struct node *node, size_t i, uint64_t bytes)
{
	uint64_t used = node->anon[i] + node->cache[i];
	uint64_t freed = used > bytes ? used - bytes : 0;

	node->cache[i] -= freed < node->cache[i] ? freed : node->cache[i];
}

static void kernel_act(struct node *node, const struct weir_squeeze_action *action)
{
	size_t i = action->member;

	node->acted[i]++;
	switch (action->means) {
	case WEIR_SQUEEZE_RECLAIM:
	case WEIR_SQUEEZE_HOLD:
		come_down(node, i, action->bytes);
		break;
	case WEIR_SQUEEZE_KILL:
		node->dying[i] = node->dying[i] ? node->dying[i] : 3;
		node->kills[i]++;
		node->all_kills++;
		break;
	case WEIR_SQUEEZE_NONE:
		assert_true(action->bytes == WEIR_INFINITE);
	}
}

static void node_tick(struct node *node)
{
	for (size_t i = 0; i < node->n; i++) {
		struct weir_squeeze_member *member = &node->members[i];
		uint64_t used = node->anon[i] + node->cache[i];
		bool held = member->high_bytes && used >= member->high_bytes;

		node->anon[i] += held ? node->growth[i] / 100 : node->growth[i];
		if (node->dying[i] == 1)
			node->anon[i] = node->cache[i] = node->growth[i] = 0;
		node->dying[i] -= node->dying[i] > 0;
		member->used_bytes = node->anon[i] + node->cache[i];
	}
	if (available(node) < node->lowest)
		node->lowest = available(node);
	node->now_ns += TICK_NS;
	weir_squeeze_tick(&node->squeeze, available(node), node->now_ns, node->members, node->n,
			  &node->plan);
	for (size_t i = 0; i < node->plan.n; i++)
		kernel_act(node, &node->plan.actions[i]);
}

static void node_run(struct node *node, unsigned int ticks)
{
	while (ticks--)
		node_tick(node);
}

static bool is_let_go(const struct node *node, size_t i)
{
	return node->members[i].means == WEIR_SQUEEZE_NONE && node->members[i].high_bytes == 0;
}

static void test_enough_is_left(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 100 * MIB, 500 * MIB, 0, 0);
	node_run(&node, 10 * SECOND);
	assert_int_equal(node.acted[0], 0);
	assert_false(weir_squeeze_at_work(&node.squeeze, node.members, node.n));
}

static void test_cache_is_reclaimed(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 100 * MIB, 50 * MIB, 740 * MIB, 0);
	node_run(&node, 3 * SECOND);
	assert_true(available(&node) >= node.squeeze.params.ok_bytes);
	assert_int_equal(node.all_kills, 0);
	assert_int_equal(node.members[0].high_bytes, 0);
	node_run(&node, 6 * SECOND);
	assert_true(is_let_go(&node, 0));
}

/* Five containers, one far over its request and growing at 20 MB/s: that one, and no other. */
static void test_grower_is_held(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	for (int i = 0; i < 4; i++)
		node_add(&node, 120 * MIB, 100 * MIB, 0, 0);
	node_add(&node, 50 * MIB, 60 * MIB, 0, 2 * MIB);
	node_run(&node, 30 * SECOND);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(node.acted[i], 0);
	assert_true(node.members[4].means >= WEIR_SQUEEZE_HOLD);
	assert_true(node.members[4].high_bytes >= 50 * MIB);
	assert_true(node.lowest > node.squeeze.params.min_bytes);
	assert_int_equal(node.all_kills, 0);
}

/* First it may keep what it has; then it is pressed, but no harder than it makes sense. */
static void test_hold_that_brings_nothing(void **state)
{
	struct node node;
	uint64_t first, step;

	(void)state;
	node_init(&node);
	step = node.squeeze.params.step_bytes;
	node_add(&node, 10 * MIB, 775 * MIB, 0, 0);
	while (node.members[0].high_bytes == 0)
		node_tick(&node);
	first = node.members[0].high_bytes;
	assert_true(first == 775 * MIB);
	node_run(&node, 20 * SECOND);
	assert_true(node.members[0].high_bytes < first);
	assert_true(node.members[0].high_bytes >= first - node.squeeze.params.patience * step);
}

static void test_below_minimum_the_largest_excess_dies(void **state)
{
	struct node node;
	size_t small, large;

	(void)state;
	node_init(&node);
	node_add(&node, 300 * MIB, 290 * MIB, 0, 0); /* uses most, and is within its request */
	small = node_add(&node, 50 * MIB, 100 * MIB, 0, 0);
	large = node_add(&node, 50 * MIB, 350 * MIB, 0, 0);
	node.others_bytes += 70 * MIB;
	node_run(&node, 2 * SECOND);
	assert_int_equal(node.kills[large], 1);
	assert_int_equal(node.kills[small], 0);
	assert_int_equal(node.acted[0], 0);
	node_run(&node, 10 * SECOND);
	assert_int_equal(node.all_kills, 1);
	assert_true(is_let_go(&node, small));
}

/* What one kill sets free may take a while to show: nobody else dies meanwhile. */
static void test_one_kill_at_a_time(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 10 * MIB, 400 * MIB, 0, 0);
	node_add(&node, 10 * MIB, 399 * MIB, 0, 0);
	for (int i = 0; i < 9; i++) {
		node_tick(&node);
		node.dying[0] = node.dying[0] ? 3 : 0; /* it takes its time */
		assert_true(node.all_kills <= 1);
	}
	assert_int_equal(node.kills[0], 1);
}

/* With nobody over their request there is nothing to take, however short the node is. */
static void test_nobody_over(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 500 * MIB, 500 * MIB, 0, 0);
	node.others_bytes = 520 * MIB;
	node_run(&node, 5 * SECOND);
	assert_int_equal(node.acted[0], 0);
	assert_true(node.squeeze.is_short);
}

static void test_exempt(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 10 * MIB, 760 * MIB, 0, 1 * MIB);
	node_run(&node, 2 * SECOND);
	assert_true(node.members[0].high_bytes > 0);
	node.members[0].exempt = true;
	node_tick(&node);
	assert_true(is_let_go(&node, 0));
	node_run(&node, 2 * SECOND);
	assert_true(is_let_go(&node, 0));
	assert_int_equal(node.kills[0], 0);
}

/* A request that is raised above what holds it: at once, calm or not. */
static void test_request_outgrows_hold(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 10 * MIB, 760 * MIB, 0, MIB);
	node_run(&node, 2 * SECOND);
	assert_true(node.members[0].high_bytes > 0);
	node.members[0].request_bytes = 900 * MIB;
	node_tick(&node);
	assert_true(node.members[0].high_bytes >= 900 * MIB);
}

/* Given back slowly: not before it has been calm for a while, and then in steps. */
static void test_relaxes_slowly(void **state)
{
	struct node node;
	uint64_t high;

	(void)state;
	node_init(&node);
	node_add(&node, 10 * MIB, 760 * MIB, 0, MIB);
	node_run(&node, 2 * SECOND);
	high = node.members[0].high_bytes;
	assert_true(high > 0);
	node.others_bytes = 0;
	node_run(&node, 4 * SECOND);
	assert_true(node.members[0].high_bytes == high);
	node_run(&node, 3 * SECOND);
	assert_true(node.members[0].high_bytes > high);
	assert_true(node.members[0].high_bytes <= high + 4 * node.squeeze.params.step_bytes);
	node.growth[0] = 0;
	node_run(&node, 20 * SECOND);
	assert_true(is_let_go(&node, 0));
	assert_false(weir_squeeze_at_work(&node.squeeze, node.members, node.n));
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* What has to hold of each action, whatever came before. */
static void check_plan(const struct node *node, const uint64_t used[MAX], uint64_t left,
		       uint64_t *killed_ns)
{
	const struct weir_squeeze_params *params = &node->squeeze.params;

	for (size_t i = 0; i < node->plan.n; i++) {
		const struct weir_squeeze_action *action = &node->plan.actions[i];
		const struct weir_squeeze_member *member = &node->members[action->member];

		if (action->means == WEIR_SQUEEZE_NONE)
			continue;
		assert_false(member->exempt);
		assert_true(action->means == WEIR_SQUEEZE_KILL ||
			    action->bytes >= member->request_bytes);
		if (action->means == WEIR_SQUEEZE_HOLD)
			continue; /* also one that is on its way up */
		assert_true(used[action->member] > member->request_bytes);
		assert_true(left < params->ok_bytes);
		if (action->means != WEIR_SQUEEZE_KILL)
			continue;
		assert_true(left < params->min_bytes);
		assert_true(*killed_ns == 0 || node->now_ns - *killed_ns >= params->settle_ns);
		*killed_ns = node->now_ns;
		for (size_t j = 0; j < node->n; j++)
			assert_true(weir_squeeze_excess(&node->members[j]) <= action->bytes);
	}
}

static void run_history(uint64_t seed)
{
	uint64_t random = seed, killed_ns = 0;
	struct node node;

	node_init(&node);
	for (size_t i = 0; i < MAX; i++)
		node_add(&node, next_random(&random) % 200 * MIB, next_random(&random) % 150 * MIB,
			 next_random(&random) % 150 * MIB, 0);
	for (int tick = 0; tick < 60 * SECOND; tick++) {
		size_t i = next_random(&random) % MAX;
		uint64_t used[MAX];

		if (tick % 7 == 0)
			node.growth[i] = next_random(&random) % 4 * MIB;
		if (tick % 31 == 0)
			node.members[i].exempt = !node.members[i].exempt;
		if (tick % 43 == 0)
			node.members[i].request_bytes = next_random(&random) % 300 * MIB;
		if (tick % 53 == 0)
			node.anon[i] = 0;
		node_tick(&node);
		for (size_t j = 0; j < MAX; j++)
			used[j] = node.members[j].used_bytes;
		check_plan(&node, used, node.lowest, &killed_ns);
		node.lowest = NODE; /* so that it is this tick's, before the kernel acted */
	}
	/* All calm: nothing stays behind. */
	node.others_bytes = 0;
	for (size_t j = 0; j < MAX; j++)
		node.anon[j] = node.cache[j] = node.growth[j] = 0;
	node_run(&node, 10 * SECOND);
	for (size_t j = 0; j < MAX; j++)
		assert_true(is_let_go(&node, j));
}

static void test_random_histories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++)
		run_history(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enough_is_left),
		cmocka_unit_test(test_cache_is_reclaimed),
		cmocka_unit_test(test_grower_is_held),
		cmocka_unit_test(test_hold_that_brings_nothing),
		cmocka_unit_test(test_below_minimum_the_largest_excess_dies),
		cmocka_unit_test(test_one_kill_at_a_time),
		cmocka_unit_test(test_nobody_over),
		cmocka_unit_test(test_exempt),
		cmocka_unit_test(test_request_outgrows_hold),
		cmocka_unit_test(test_relaxes_slowly),
		cmocka_unit_test(test_random_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
