/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void weir_sample_done(struct weir_sample *sample)
{
	free(sample->list);
	*sample = (struct weir_sample){};
}

static int by_name(const void *a, const void *b)
{
	const struct weir_sampled *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int name_is(const void *name, const void *b)
{
	const struct weir_sampled *sampled = b;

	return strcmp(name, sampled->name);
}

int weir_sample_read(const struct weir_metrics *metrics, struct weir_sample *ret)
{
	uint32_t n_slots = weir_metrics_slots(metrics);
	struct weir_sample sample = {};

	sample.list = calloc(n_slots ? n_slots : 1, sizeof(*sample.list));
	if (!sample.list)
		return -ENOMEM;
	for (uint32_t i = 1; i < n_slots; i++) {
		struct weir_sampled *one = &sample.list[sample.n];

		if (!weir_metrics_read(metrics, i, &one->slot))
			continue;
		weir_metrics_name(metrics, &one->slot, one->name);
		sample.n++;
	}
	sample.taken_ns = weir_metrics_now_ns();
	memcpy(&sample.node, metrics->node, sizeof(sample.node));
	qsort(sample.list, sample.n, sizeof(*sample.list), by_name);

	weir_sample_done(ret);
	*ret = sample;
	return 0;
}

int weir_sample_take(const struct weir_metrics *metrics, struct weir_sample *ret)
{
	/* Without the right to refresh, figures are as old as the daemon's last tick. */
	weir_metrics_refresh(metrics);
	return weir_sample_read(metrics, ret);
}

const struct weir_sampled *weir_sample_find(const struct weir_sample *sample, const char *name)
{
	if (sample->n == 0)
		return NULL;
	return bsearch(name, sample->list, sample->n, sizeof(*sample->list), name_is);
}

const char *weir_slot_state_word(const struct weir_slot *slot)
{
	static const char *const words[] = {
		[WEIR_SLOT_FREE] = "free",
		[WEIR_SLOT_LAUNCHING] = "launching",
		[WEIR_SLOT_RUNNING] = "running",
		[WEIR_SLOT_EXITED] = "exited",
	};

	return slot->state < ARRAY_SIZE(words) ? words[slot->state] : "unknown";
}

static uint64_t risen(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

static unsigned int percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned int)((double)part * 100 / (double)whole + 0.5) : 0;
}

struct weir_load weir_load_of(const struct weir_sampled *one_before, const struct weir_sampled *one,
			      uint64_t elapsed_ns)
{
	static const struct weir_slot nothing;
	const struct weir_slot *before = one_before ? &one_before->slot : &nothing,
			       *now = &one->slot;

	/* The same id in a slot opened anew is another container. */
	if (before->generation != now->generation || before->cgroup_id != now->cgroup_id)
		before = &nothing;
	if (elapsed_ns == 0)
		return (struct weir_load){};

	return (struct weir_load){
		.cpu_mcpu = (uint64_t)((double)risen(before->cpu_ns, now->cpu_ns) * 1000 /
					       (double)elapsed_ns +
				       0.5),
		.wait_percent = percent(risen(before->wait_ns, now->wait_ns), elapsed_ns),
		.throttled_percent = percent(risen(before->nr_throttled, now->nr_throttled),
					     risen(before->nr_periods, now->nr_periods)),
	};
}
