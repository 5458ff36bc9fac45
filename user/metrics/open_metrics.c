/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/open_metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "metrics/sample.h"

enum unit { UNIT_NONE, UNIT_SECONDS, UNIT_BYTES, UNIT_CPUS };

static const char *const unit_names[] = {
	[UNIT_NONE] = NULL,
	[UNIT_SECONDS] = "seconds",
	[UNIT_BYTES] = "bytes",
	[UNIT_CPUS] = "cpus",
};

/* One family: a u64 of the record, told in its unit. */
struct family {
	const char *name, *help;
	enum unit unit;
	bool counter;
	size_t offset;
};

#define SLOT(field) offsetof(struct weir_slot, field)
#define NODE(field) offsetof(struct weir_node, field)

static const struct family slot_families[] = {
	{ "weir_container_cpu_request_cpus", "CPUs promised.", UNIT_CPUS, false,
	  SLOT(cpu_request_mcpu) },
	{ "weir_container_cpu_limit_cpus", "CPUs at most.", UNIT_CPUS, false,
	  SLOT(cpu_limit_mcpu) },
	{ "weir_container_memory_request_bytes", "Memory promised.", UNIT_BYTES, false,
	  SLOT(mem_request_bytes) },
	{ "weir_container_memory_limit_bytes", "Memory at most.", UNIT_BYTES, false,
	  SLOT(mem_limit_bytes) },
	{ "weir_container_cpu_seconds", "CPU time used.", UNIT_SECONDS, true, SLOT(cpu_ns) },
	{ "weir_container_cpu_beyond_request_seconds", "CPU time used above the request.",
	  UNIT_SECONDS, true, SLOT(cpu_beyond_ns) },
	{ "weir_container_inflicted_seconds", "Waiting of other containers that it caused.",
	  UNIT_SECONDS, true, SLOT(inflicted_ns) },
	{ "weir_container_switches", "Times a thread left a CPU.", UNIT_NONE, true,
	  SLOT(switches) },
	{ "weir_container_forks", "Threads and processes started.", UNIT_NONE, true, SLOT(forks) },
	{ "weir_container_periods", "Quota periods.", UNIT_NONE, true, SLOT(nr_periods) },
	{ "weir_container_throttled_periods", "Quota periods that ran out.", UNIT_NONE, true,
	  SLOT(nr_throttled) },
	{ "weir_container_throttled_seconds", "Time held back by the CPU limit.", UNIT_SECONDS,
	  true, SLOT(throttled_ns) },
	{ "weir_container_memory_bytes", "Memory in use.", UNIT_BYTES, false,
	  SLOT(mem_current_bytes) },
	{ "weir_container_memory_peak_bytes", "Memory in use at most so far.", UNIT_BYTES, false,
	  SLOT(mem_peak_bytes) },
	{ "weir_container_memory_beyond_request_bytes", "Memory in use above the request.",
	  UNIT_BYTES, false, SLOT(mem_beyond_bytes) },
	{ "weir_container_oom_kills", "Processes killed for want of memory.", UNIT_NONE, true,
	  SLOT(oom_kills) },
};

static const struct family node_families[] = {
	{ "weir_node_capacity_cpus", "CPUs of the machine.", UNIT_CPUS, false,
	  NODE(capacity_mcpu) },
	{ "weir_node_reserve_cpus", "CPUs kept for the system.", UNIT_CPUS, false,
	  NODE(reserve_mcpu) },
	{ "weir_node_requested_cpus", "CPUs promised to containers.", UNIT_CPUS, false,
	  NODE(requested_mcpu) },
	{ "weir_node_capacity_bytes", "Memory of the machine.", UNIT_BYTES, false,
	  NODE(capacity_bytes) },
	{ "weir_node_reserve_bytes", "Memory kept for the system.", UNIT_BYTES, false,
	  NODE(reserve_bytes) },
	{ "weir_node_requested_bytes", "Memory promised to containers.", UNIT_BYTES, false,
	  NODE(requested_bytes) },
	{ "weir_node_refresh_failures", "Metric sources that could not be read.", UNIT_NONE, true,
	  NODE(refresh_failures) },
};

/* Ends of lines, in the order in which a sample has them. */
struct labels {
	const struct weir_sample *sample;
	struct weir_buffer
		text; /* of each container `{container="…",role="…"`, one behind the other */
	size_t *ends;
};

static void add_head(struct weir_buffer *to, const char *name, const char *type, enum unit unit,
		     const char *help)
{
	weir_buffer_printf(to, "# TYPE %s %s\n", name, type);
	if (unit != UNIT_NONE)
		weir_buffer_printf(to, "# UNIT %s %s\n", name, unit_names[unit]);
	weir_buffer_printf(to, "# HELP %s %s\n", name, help);
}

static void add_family_head(struct weir_buffer *to, const struct family *family)
{
	add_head(to, family->name, family->counter ? "counter" : "gauge", family->unit,
		 family->help);
}

/* Exactly, without a double between: nanoseconds and millicores have fixed decimals. */
static void add_value(struct weir_buffer *to, enum unit unit, uint64_t value)
{
	if (value == WEIR_INFINITE)
		weir_buffer_add_text(to, "+Inf");
	else if (unit == UNIT_SECONDS)
		weir_buffer_add_fixed(to, value, 9);
	else if (unit == UNIT_CPUS)
		weir_buffer_add_fixed(to, value, 3);
	else
		weir_buffer_add_u64(to, value);
}

/* What comes between a name with its labels and the end of the line. */
static void add_last(struct weir_buffer *to, enum unit unit, uint64_t value)
{
	weir_buffer_add_text(to, "} ");
	add_value(to, unit, value);
	weir_buffer_add_byte(to, '\n');
}

static void add_start(struct weir_buffer *to, const char *name, const char *suffix,
		      const struct labels *labels, size_t i)
{
	size_t start = i ? labels->ends[i - 1] : 0;

	weir_buffer_add_text(to, name);
	weir_buffer_add_text(to, suffix);
	weir_buffer_add(to, labels->text.data + start, labels->ends[i] - start);
}

/* Ids are plain ASCII by rule, roles should be: bytes that could break the line don't pass. */
static void add_label(struct weir_buffer *to, const char *name, const char *value, size_t size)
{
	weir_buffer_printf(to, "%s=\"", name);
	for (size_t i = 0; i < size && value[i]; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '"' || c == '\\')
			weir_buffer_add_byte(to, '\\');
		if (c < 0x20 || c >= 0x7f)
			weir_buffer_printf(to, "\\\\x%02x", c);
		else
			weir_buffer_add_byte(to, value[i]);
	}
	weir_buffer_add_byte(to, '"');
}

static void labels_done(struct labels *labels)
{
	weir_buffer_done(&labels->text);
	free(labels->ends);
}

/* Once, since each container has them in some seventy lines. */
static int labels_make(const struct weir_sample *sample, struct labels *ret)
{
	ret->sample = sample;
	ret->text = (struct weir_buffer)WEIR_BUFFER_INIT(WEIR_OPEN_METRICS_MAX);
	ret->ends = calloc(sample->n ? sample->n : 1, sizeof(*ret->ends));
	if (!ret->ends)
		return -ENOMEM;
	for (size_t i = 0; i < sample->n; i++) {
		const struct weir_sampled *one = &sample->list[i];

		weir_buffer_add_byte(&ret->text, '{');
		add_label(&ret->text, "container", one->name, sizeof(one->name));
		weir_buffer_add_byte(&ret->text, ',');
		add_label(&ret->text, "role", one->slot.role, sizeof(one->slot.role));
		ret->ends[i] = ret->text.size;
	}
	return ret->text.failed;
}

static uint64_t u64_at(const void *record, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)record + offset);
}

static void add_slot_family(struct weir_buffer *to, const struct labels *labels,
			    const struct family *family)
{
	const char *suffix = family->counter ? "_total" : "";

	add_family_head(to, family);
	for (size_t i = 0; i < labels->sample->n; i++) {
		add_start(to, family->name, suffix, labels, i);
		add_last(to, family->unit, u64_at(&labels->sample->list[i].slot, family->offset));
	}
}

static void add_node_family(struct weir_buffer *to, const struct weir_node *node,
			    const struct family *family)
{
	add_family_head(to, family);
	weir_buffer_printf(to, "%s%s ", family->name, family->counter ? "_total" : "");
	add_value(to, family->unit, u64_at(node, family->offset));
	weir_buffer_add_byte(to, '\n');
}

/* One more label of one more container's line, and its value. */
static void add_labelled(struct weir_buffer *to, const char *label, const char *value,
			 enum unit unit, uint64_t figure)
{
	weir_buffer_add_byte(to, ',');
	weir_buffer_add_text(to, label);
	weir_buffer_add_text(to, "=\"");
	weir_buffer_add_text(to, value);
	weir_buffer_add_byte(to, '"');
	add_last(to, unit, figure);
}

static void add_state(struct weir_buffer *to, const struct labels *labels)
{
	static const char name[] = "weir_container_state";
	static const char *const states[] = { "launching", "running", "exited" };

	add_head(to, name, "stateset", UNIT_NONE, "Where the container is in its life.");
	for (size_t i = 0; i < labels->sample->n; i++) {
		const char *word = weir_slot_state_word(&labels->sample->list[i].slot);

		for (size_t state = 0; state < ARRAY_SIZE(states); state++) {
			add_start(to, name, "", labels, i);
			add_labelled(to, name, states[state], UNIT_NONE,
				     strcmp(word, states[state]) == 0);
		}
	}
}

static void add_wait_of(struct weir_buffer *to, const char *name, const struct labels *labels,
			size_t i)
{
	const struct weir_slot *slot = &labels->sample->list[i].slot;
	uint64_t count = 0;

	for (unsigned int bucket = 0; bucket < WEIR_WAIT_BUCKETS; bucket++) {
		count += slot->wait_hist[bucket];
		add_start(to, name, "_bucket", labels, i);
		weir_buffer_add_text(to, ",le=\"");
		add_value(to, UNIT_SECONDS,
			  bucket + 1 == WEIR_WAIT_BUCKETS
				  ? WEIR_INFINITE
				  : (1ULL << WEIR_WAIT_UNIT_SHIFT) << bucket);
		weir_buffer_add_byte(to, '"');
		add_last(to, UNIT_NONE, count);
	}
	add_start(to, name, "_count", labels, i);
	add_last(to, UNIT_NONE, count);
	add_start(to, name, "_sum", labels, i);
	add_last(to, UNIT_SECONDS, slot->wait_ns);
}

static void add_wait(struct weir_buffer *to, const struct labels *labels)
{
	static const char name[] = "weir_container_wait_seconds";

	add_head(to, name, "histogram", UNIT_SECONDS, "Waits of runnable threads for a CPU.");
	for (size_t i = 0; i < labels->sample->n; i++)
		add_wait_of(to, name, labels, i);
}

static void add_causes_of(struct weir_buffer *to, const char *name, const struct labels *labels,
			  size_t i)
{
	const struct weir_slot *slot = &labels->sample->list[i].slot;
	const struct {
		const char *cause;
		uint64_t ns;
	} causes[] = {
		{ "self", slot->wait_self_ns },
		{ "neighbour", slot->wait_neighbour_ns },
		{ "limit", slot->wait_limit_ns },
		{ "system", slot->wait_system_ns },
		{ "short", weir_metrics_wait_short_ns(slot) },
		{ "unknown", slot->wait_unknown_ns },
	};

	for (size_t cause = 0; cause < ARRAY_SIZE(causes); cause++) {
		add_start(to, name, "_total", labels, i);
		add_labelled(to, "cause", causes[cause].cause, UNIT_SECONDS, causes[cause].ns);
	}
}

static void add_causes(struct weir_buffer *to, const struct labels *labels)
{
	static const char name[] = "weir_container_wait_cause_seconds";

	add_head(to, name, "counter", UNIT_SECONDS,
		 "Waits for a CPU by who or what had it meanwhile.");
	for (size_t i = 0; i < labels->sample->n; i++)
		add_causes_of(to, name, labels, i);
}

static void add_denials(struct weir_buffer *to, const struct labels *labels)
{
	static const char name[] = "weir_container_denials";

	add_head(to, name, "counter", UNIT_NONE, "What the fence denied, by what it was.");
	for (size_t i = 0; i < labels->sample->n; i++) {
		for (uint32_t denial = 0; denial < WEIR_DENIAL_COUNT_; denial++) {
			add_start(to, name, "_total", labels, i);
			add_labelled(to, "reason", weir_metrics_denial_name(denial), UNIT_NONE,
				     labels->sample->list[i].slot.denials[denial]);
		}
	}
}

static void add_tier(struct weir_buffer *to, const struct weir_node *node)
{
	static const char name[] = "weir_node_fence_tier";

	add_head(to, name, "stateset", UNIT_NONE, "What the fence can hold back.");
	for (uint32_t tier = WEIR_TIER_NONE; tier <= WEIR_TIER_3; tier++)
		weir_buffer_printf(to, "%s{%s=\"%s\"} %d\n", name, name,
				   weir_metrics_tier_name(tier), node->fence_tier == tier);
}

int weir_open_metrics_write(const struct weir_sample *sample, struct weir_buffer *to)
{
	scoped(labels_done) struct labels labels = {};
	int r = labels_make(sample, &labels);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(node_families); i++)
		add_node_family(to, &sample->node, &node_families[i]);
	add_state(to, &labels);
	for (size_t i = 0; i < ARRAY_SIZE(slot_families); i++)
		add_slot_family(to, &labels, &slot_families[i]);
	add_tier(to, &sample->node);
	add_denials(to, &labels);
	add_causes(to, &labels);
	add_wait(to, &labels);
	weir_buffer_add_text(to, "# EOF\n");
	return to->failed;
}
