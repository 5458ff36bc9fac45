/* SPDX-License-Identifier: Apache-2.0 */
/* The squeeze: see squeeze.h. */

#include "model/squeeze.h"

#define NS_PER_S 1000000000ULL

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void weir_squeeze_params_for(uint64_t node_bytes, const struct weir_squeeze_marks *marks,
			     struct weir_squeeze_params *ret)
{
	*ret = (struct weir_squeeze_params){
		.min_bytes = node_bytes / 1000 * marks->min,
		.low_bytes = node_bytes / 1000 * marks->low,
		.ok_bytes = node_bytes / 1000 * marks->ok,
		.step_bytes = node_bytes / 256,
		.calm_ns = 5 * NS_PER_S,
		.relax_ns = NS_PER_S,
		.settle_ns = NS_PER_S,
		.patience = 3,
	};
}

const char *weir_squeeze_means_name(enum weir_squeeze_means means)
{
	static const char *const names[] = {
		[WEIR_SQUEEZE_NONE] = "none",
		[WEIR_SQUEEZE_RECLAIM] = "reclaim",
		[WEIR_SQUEEZE_HOLD] = "hold",
		[WEIR_SQUEEZE_KILL] = "kill",
	};

	return names[means];
}

uint64_t weir_squeeze_excess(const struct weir_squeeze_member *member)
{
	if (member->exempt || member->used_bytes <= member->request_bytes)
		return 0;
	return member->used_bytes - member->request_bytes;
}

static void act(struct weir_squeeze_plan *plan, size_t member, enum weir_squeeze_means means,
		uint64_t bytes)
{
	plan->actions[plan->n++] = (struct weir_squeeze_action){ means, member, bytes };
}

/* Whose turn it has been in this tick, with or without an action. */
struct turns {
	size_t n;
	size_t list[WEIR_SQUEEZE_MAX_ACTIONS];
};

static bool had_turn(const struct turns *turns, size_t member)
{
	for (size_t i = 0; i < turns->n; i++) {
		if (turns->list[i] == member)
			return true;
	}
	return false;
}

/* Whose excess is the largest of those whose turn is to come; @n if there is none. */
static size_t find_largest(const struct weir_squeeze_member *members, size_t n,
			   const struct turns *turns)
{
	uint64_t most = 0;
	size_t found = n;

	for (size_t i = 0; i < n; i++) {
		uint64_t excess = weir_squeeze_excess(&members[i]);

		if (excess > most && !had_turn(turns, i)) {
			most = excess;
			found = i;
		}
	}
	return found;
}

/* What came of the step before. */
static void judge(struct weir_squeeze_member *member)
{
	uint64_t wanted, got;

	if (member->asked_bytes == 0)
		return;
	wanted = member->before_bytes - member->asked_bytes;
	got = member->before_bytes - min_u64(member->before_bytes, member->used_bytes);
	member->fruitless = got < wanted / 2 ? member->fruitless + 1 : 0;
	member->asked_bytes = 0;
}

static void ask(struct weir_squeeze_member *member, uint64_t bytes)
{
	member->asked_bytes = max_u64(bytes, 1); /* 0 says that nothing was asked */
	member->before_bytes = member->used_bytes;
}

/* The softest means that has not failed on it yet; below the minimum there is no time to try. */
static enum weir_squeeze_means choose(const struct weir_squeeze *squeeze,
				      const struct weir_squeeze_member *member, bool urgent)
{
	bool failed = urgent || member->fruitless >= squeeze->params.patience;

	switch (member->means) {
	case WEIR_SQUEEZE_NONE:
		return WEIR_SQUEEZE_RECLAIM;
	case WEIR_SQUEEZE_RECLAIM:
		return failed ? WEIR_SQUEEZE_HOLD : WEIR_SQUEEZE_RECLAIM;
	default:
		return WEIR_SQUEEZE_HOLD;
	}
}

/* Never under the request; and one without a request is left a step, to go on at all. */
static uint64_t lowest_hold(const struct weir_squeeze *squeeze,
			    const struct weir_squeeze_member *member)
{
	return max_u64(member->request_bytes, squeeze->params.step_bytes);
}

static void hold(const struct weir_squeeze *squeeze, struct weir_squeeze_member *member,
		 size_t index, uint64_t take, struct weir_squeeze_plan *plan)
{
	uint64_t high = member->high_bytes;

	if (high != 0 && member->fruitless >= squeeze->params.patience)
		return; /* pressing it harder only stalls it: what holds, holds */
	if (high == 0) {
		high = member->used_bytes; /* first of all it grows no further */
	} else {
		high = min_u64(high, member->used_bytes);
		high -= min_u64(high, take);
	}
	high = max_u64(high, lowest_hold(squeeze, member));
	if (high == member->high_bytes)
		return;
	if (high < member->used_bytes)
		ask(member, high);
	member->high_bytes = high;
	act(plan, index, WEIR_SQUEEZE_HOLD, high);
}

static void let_go(struct weir_squeeze_member *member, size_t index, struct weir_squeeze_plan *plan)
{
	member->high_bytes = 0;
	member->means = WEIR_SQUEEZE_NONE;
	member->fruitless = 0;
	act(plan, index, WEIR_SQUEEZE_NONE, WEIR_INFINITE);
}

/* Take up to @take back from it; whether there is hope that it comes. */
static bool press(const struct weir_squeeze *squeeze, struct weir_squeeze_member *member,
		  size_t index, uint64_t take, bool urgent, struct weir_squeeze_plan *plan)
{
	enum weir_squeeze_means means = choose(squeeze, member, urgent);

	if (means != member->means)
		member->fruitless = 0;
	member->means = means;
	if (means == WEIR_SQUEEZE_HOLD) {
		hold(squeeze, member, index, take, plan);
	} else {
		ask(member, member->used_bytes - take);
		act(plan, index, WEIR_SQUEEZE_RECLAIM, member->asked_bytes);
	}
	return member->asked_bytes != 0;
}

static bool may_kill(const struct weir_squeeze *squeeze, uint64_t now_ns)
{
	return squeeze->killed_ns == 0 || now_ns - squeeze->killed_ns >= squeeze->params.settle_ns;
}

static void take_back(struct weir_squeeze *squeeze, uint64_t available_bytes, uint64_t now_ns,
		      struct weir_squeeze_member *members, size_t n, struct weir_squeeze_plan *plan)
{
	bool urgent = available_bytes < squeeze->params.min_bytes;
	uint64_t need = squeeze->params.ok_bytes - available_bytes;
	struct turns turns = {};

	while (need > 0 && turns.n < WEIR_SQUEEZE_MAX_ACTIONS) {
		size_t i = find_largest(members, n, &turns);
		struct weir_squeeze_member *member = &members[i];
		uint64_t excess, take;

		if (i == n)
			return;
		excess = weir_squeeze_excess(member);
		take = min_u64(min_u64(need, squeeze->params.step_bytes), excess);
		/* The largest only, and only if holding it was not enough. */
		if (urgent && turns.n == 0 && member->means >= WEIR_SQUEEZE_HOLD &&
		    may_kill(squeeze, now_ns)) {
			member->means = WEIR_SQUEEZE_KILL;
			squeeze->killed_ns = now_ns;
			act(plan, i, WEIR_SQUEEZE_KILL, excess);
		}
		if (member->means == WEIR_SQUEEZE_KILL)
			need -= min_u64(need, excess); /* on its way */
		else if (press(squeeze, member, i, take, urgent, plan))
			need -= take;
		turns.list[turns.n++] = i;
	}
}

/* Nothing is held any more, or less: a step now and then, and all of it once it is not in the way. */
static void give_back(const struct weir_squeeze *squeeze, struct weir_squeeze_member *member,
		      size_t index, uint64_t now_ns, struct weir_squeeze_plan *plan)
{
	uint64_t step = squeeze->params.step_bytes;

	if (member->high_bytes == 0) {
		member->means = WEIR_SQUEEZE_NONE;
		member->fruitless = 0;
		return;
	}
	if (now_ns - member->relaxed_ns < squeeze->params.relax_ns)
		return;
	member->relaxed_ns = now_ns;
	if (member->high_bytes >= member->used_bytes + 2 * step) {
		let_go(member, index, plan);
		return;
	}
	member->high_bytes += step;
	act(plan, index, WEIR_SQUEEZE_HOLD, member->high_bytes);
}

/* What does not wait for calm: a hold on one that is exempt, or that its request has outgrown. */
static bool put_right(struct weir_squeeze_member *member, size_t index,
		      struct weir_squeeze_plan *plan)
{
	if (member->high_bytes == 0)
		return false;
	if (member->exempt) {
		let_go(member, index, plan);
		return true;
	}
	if (member->high_bytes >= member->request_bytes)
		return false;
	member->high_bytes = member->request_bytes;
	act(plan, index, WEIR_SQUEEZE_HOLD, member->high_bytes);
	return true;
}

void weir_squeeze_tick(struct weir_squeeze *squeeze, uint64_t available_bytes, uint64_t now_ns,
		       struct weir_squeeze_member *members, size_t n_members,
		       struct weir_squeeze_plan *ret)
{
	const struct weir_squeeze_params *params = &squeeze->params;
	bool calm;

	ret->n = 0;
	squeeze->is_short = available_bytes < params->low_bytes ||
			    (squeeze->is_short && available_bytes < params->ok_bytes);
	if (available_bytes < params->ok_bytes)
		squeeze->calm_since_ns = 0;
	else if (squeeze->calm_since_ns == 0)
		squeeze->calm_since_ns = now_ns;

	for (size_t i = 0; i < n_members; i++)
		judge(&members[i]);
	if (squeeze->is_short)
		take_back(squeeze, available_bytes, now_ns, members, n_members, ret);
	calm = squeeze->calm_since_ns != 0 && now_ns - squeeze->calm_since_ns >= params->calm_ns;
	for (size_t i = 0; i < n_members && ret->n < WEIR_SQUEEZE_MAX_ACTIONS; i++) {
		if (!put_right(&members[i], i, ret) && calm)
			give_back(squeeze, &members[i], i, now_ns, ret);
	}
}

bool weir_squeeze_at_work(const struct weir_squeeze *squeeze,
			  const struct weir_squeeze_member *members, size_t n_members)
{
	for (size_t i = 0; i < n_members; i++) {
		if (members[i].means != WEIR_SQUEEZE_NONE)
			return true;
	}
	return squeeze->is_short;
}
