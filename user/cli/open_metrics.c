/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/open_metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/sample.h"

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

static void print_head(FILE *file, const char *name, const char *type, enum unit unit,
		       const char *help)
{
	fprintf(file, "# TYPE %s %s\n", name, type);
	if (unit != UNIT_NONE)
		fprintf(file, "# UNIT %s %s\n", name, unit_names[unit]);
	fprintf(file, "# HELP %s %s\n", name, help);
}

static void print_family_head(FILE *file, const struct family *family)
{
	print_head(file, family->name, family->counter ? "counter" : "gauge", family->unit,
		   family->help);
}

/* Exactly, without a double between: nanoseconds and millicores have fixed decimals. */
static void print_value(FILE *file, enum unit unit, uint64_t value)
{
	if (value == WEIR_INFINITE)
		fputs("+Inf", file);
	else if (unit == UNIT_SECONDS)
		fprintf(file, "%" PRIu64 ".%09" PRIu64, value / 1000000000, value % 1000000000);
	else if (unit == UNIT_CPUS)
		fprintf(file, "%" PRIu64 ".%03" PRIu64, value / 1000, value % 1000);
	else
		fprintf(file, "%" PRIu64, value);
}

/* Ids are plain ASCII by rule, roles should be: bytes that could break the line don't pass. */
static void print_label(FILE *file, const char *name, const char *value, size_t size)
{
	fprintf(file, "%s=\"", name);
	for (size_t i = 0; i < size && value[i]; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(file, "\\\\x%02x", c);
		else
			fputc(c, file);
	}
	fputc('"', file);
}

static void print_labels(FILE *file, const struct weir_sampled *one)
{
	print_label(file, "container", one->name, sizeof(one->name));
	fputc(',', file);
	print_label(file, "role", one->slot.role, sizeof(one->slot.role));
}

static uint64_t u64_at(const void *record, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)record + offset);
}

static void print_slot_family(FILE *file, const struct weir_sample *sample,
			      const struct family *family)
{
	print_family_head(file, family);
	for (size_t i = 0; i < sample->n; i++) {
		const struct weir_sampled *one = &sample->list[i];

		fprintf(file, "%s%s{", family->name, family->counter ? "_total" : "");
		print_labels(file, one);
		fputs("} ", file);
		print_value(file, family->unit, u64_at(&one->slot, family->offset));
		fputc('\n', file);
	}
}

static void print_node_family(FILE *file, const struct weir_node *node, const struct family *family)
{
	print_family_head(file, family);
	fprintf(file, "%s%s ", family->name, family->counter ? "_total" : "");
	print_value(file, family->unit, u64_at(node, family->offset));
	fputc('\n', file);
}

static void print_state(FILE *file, const struct weir_sample *sample)
{
	static const char name[] = "weir_container_state";
	static const char *const states[] = { "launching", "running", "exited" };

	print_head(file, name, "stateset", UNIT_NONE, "Where the container is in its life.");
	for (size_t i = 0; i < sample->n; i++) {
		const struct weir_sampled *one = &sample->list[i];

		for (size_t state = 0; state < ARRAY_SIZE(states); state++) {
			fprintf(file, "%s{", name);
			print_labels(file, one);
			fprintf(file, ",%s=\"%s\"} %d\n", name, states[state],
				strcmp(weir_slot_state_word(&one->slot), states[state]) == 0);
		}
	}
}

static void print_wait_of(FILE *file, const char *name, const struct weir_sampled *one)
{
	const struct weir_slot *slot = &one->slot;
	uint64_t count = 0;

	for (unsigned int i = 0; i < WEIR_WAIT_BUCKETS; i++) {
		count += slot->wait_hist[i];
		fprintf(file, "%s_bucket{", name);
		print_labels(file, one);
		fputs(",le=\"", file);
		if (i + 1 == WEIR_WAIT_BUCKETS)
			fputs("+Inf", file);
		else
			print_value(file, UNIT_SECONDS, (1ULL << WEIR_WAIT_UNIT_SHIFT) << i);
		fprintf(file, "\"} %" PRIu64 "\n", count);
	}
	fprintf(file, "%s_count{", name);
	print_labels(file, one);
	fprintf(file, "} %" PRIu64 "\n%s_sum{", count, name);
	print_labels(file, one);
	fputs("} ", file);
	print_value(file, UNIT_SECONDS, slot->wait_ns);
	fputc('\n', file);
}

static void print_wait(FILE *file, const struct weir_sample *sample)
{
	static const char name[] = "weir_container_wait_seconds";

	print_head(file, name, "histogram", UNIT_SECONDS, "Waits of runnable threads for a CPU.");
	for (size_t i = 0; i < sample->n; i++)
		print_wait_of(file, name, &sample->list[i]);
}

static void print_causes_of(FILE *file, const char *name, const struct weir_sampled *one)
{
	const struct weir_slot *slot = &one->slot;
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

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		fprintf(file, "%s_total{", name);
		print_labels(file, one);
		fprintf(file, ",cause=\"%s\"} ", causes[i].cause);
		print_value(file, UNIT_SECONDS, causes[i].ns);
		fputc('\n', file);
	}
}

static void print_causes(FILE *file, const struct weir_sample *sample)
{
	static const char name[] = "weir_container_wait_cause_seconds";

	print_head(file, name, "counter", UNIT_SECONDS,
		   "Waits for a CPU by who or what had it meanwhile.");
	for (size_t i = 0; i < sample->n; i++)
		print_causes_of(file, name, &sample->list[i]);
}

static void print_denials_of(FILE *file, const char *name, const struct weir_sampled *one)
{
	for (uint32_t i = 0; i < WEIR_DENIAL_COUNT_; i++) {
		fprintf(file, "%s_total{", name);
		print_labels(file, one);
		fprintf(file, ",reason=\"%s\"} %" PRIu64 "\n", weir_metrics_denial_name(i),
			one->slot.denials[i]);
	}
}

static void print_denials(FILE *file, const struct weir_sample *sample)
{
	static const char name[] = "weir_container_denials";

	print_head(file, name, "counter", UNIT_NONE, "What the fence denied, by what it was.");
	for (size_t i = 0; i < sample->n; i++)
		print_denials_of(file, name, &sample->list[i]);
}

static void print_tier(FILE *file, const struct weir_node *node)
{
	static const char name[] = "weir_node_fence_tier";

	print_head(file, name, "stateset", UNIT_NONE, "What the fence can hold back.");
	for (uint32_t tier = WEIR_TIER_NONE; tier <= WEIR_TIER_3; tier++)
		fprintf(file, "%s{%s=\"%s\"} %d\n", name, name, weir_metrics_tier_name(tier),
			node->fence_tier == tier);
}

void weir_open_metrics_print(const struct weir_sample *sample, FILE *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(node_families); i++)
		print_node_family(file, &sample->node, &node_families[i]);
	print_state(file, sample);
	for (size_t i = 0; i < ARRAY_SIZE(slot_families); i++)
		print_slot_family(file, sample, &slot_families[i]);
	print_tier(file, &sample->node);
	print_denials(file, sample);
	print_causes(file, sample);
	print_wait(file, sample);
	fputs("# EOF\n", file);
}
