/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SAMPLE_H
#define WEIR_SAMPLE_H

/*
 * The pinned maps as those want them who show them: all containers at one moment, in order of
 * id, and what happened between two such moments. Needs no daemon.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/metrics.h"

struct weir_sampled {
	char name[WEIR_NAME_MAX + 1]; /* "ID", or "EXECUTOR/TASK" */
	struct weir_slot slot;
};

struct weir_sample {
	uint64_t taken_ns; /* CLOCK_MONOTONIC */
	struct weir_node node;
	size_t n;
	struct weir_sampled *list; /* in order of name */
};

/* What the maps hold. Frees what @ret held. -ENOMEM. */
int weir_sample_read(const struct weir_metrics *metrics, struct weir_sample *ret);
/* The same, memory and throttle figures brought up to date first, if this process may. */
int weir_sample_take(const struct weir_metrics *metrics, struct weir_sample *ret);
void weir_sample_done(struct weir_sample *sample);

/* NULL: none of that name. */
const struct weir_sampled *weir_sample_find(const struct weir_sample *sample, const char *name);

const char *weir_slot_state_word(const struct weir_slot *slot);

/* What one container did between two samples. */
struct weir_load {
	uint64_t cpu_mcpu;
	unsigned int wait_percent; /* of the time, summed over its threads */
	unsigned int throttled_percent; /* of its quota periods */
};

/* @one_before: NULL, or its sample before; counters that went back count as none. */
struct weir_load weir_load_of(const struct weir_sampled *one_before, const struct weir_sampled *one,
			      uint64_t elapsed_ns);

#endif /* WEIR_SAMPLE_H */
