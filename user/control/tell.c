/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to containers, told as events: sentences and figures are made here. */
#include "control/controller_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/quantity.h"

/* "cpu 0.5:2, mem 64Mi:max" */
#define AMOUNTS_TEXT (4 * WEIR_QUANTITY_TEXT + 16)

static const char *amounts_text(const struct weir_figures *f, char buf[AMOUNTS_TEXT])
{
	char a[WEIR_QUANTITY_TEXT], b[WEIR_QUANTITY_TEXT], c[WEIR_QUANTITY_TEXT],
		d[WEIR_QUANTITY_TEXT];

	snprintf(buf, AMOUNTS_TEXT, "cpu %s:%s, mem %s:%s", weir_format_cpu(f->cpu_request_mcpu, a),
		 weir_format_cpu(f->cpu_limit_mcpu, b), weir_format_memory(f->mem_request_bytes, c),
		 weir_format_memory(f->mem_limit_bytes, d));
	return buf;
}

static void add_amounts(struct weir_event *event, const struct weir_figures *figures)
{
	weir_event_add(event, "cpu_request_mcpu", figures->cpu_request_mcpu);
	weir_event_add(event, "cpu_limit_mcpu", figures->cpu_limit_mcpu);
	weir_event_add(event, "mem_request_bytes", figures->mem_request_bytes);
	weir_event_add(event, "mem_limit_bytes", figures->mem_limit_bytes);
}

static void add_task(struct weir_event *event, const struct weir_container *container)
{
	snprintf(event->framework, sizeof(event->framework), "%s", weir_framework_of(container));
	event->is_executor = container->is_executor;
	event->pid = container->pid;
}

/* At real-time priority: nothing here allocates or waits. */
void weir_tell_band(struct weir_events *events, const char *id,
		    const struct weir_band_member *member, const char *cause, bool dry_run)
{
	bool burst = member->band == WEIR_BAND_BURST;
	uint64_t used_mcpu = weir_band_used_mcpu(member);
	char request[WEIR_QUANTITY_TEXT], used[WEIR_QUANTITY_TEXT];
	struct weir_event event;

	weir_format_cpu(member->request_mcpu, request);
	weir_format_cpu(used_mcpu, used);
	weir_event_init(&event, burst ? WEIR_EVENT_DEMOTED : WEIR_EVENT_PROMOTED, id, cause);
	weir_event_say(&event, "%s%s: used %s CPUs of late, requested %s",
		       dry_run ? "dry run: " : "",
		       burst ? "gives way to those within their requests" : "gives way no more",
		       used, request);
	weir_event_add(&event, "cpu_request_mcpu", member->request_mcpu);
	weir_event_add(&event, "cpu_used_mcpu", used_mcpu);
	if (dry_run)
		weir_event_add(&event, "dry_run", 1);
	weir_events_emit(events, &event);
}

void weir_tell_squeeze(struct weir_controller *controller, const struct weir_container *container,
		       uint64_t available_bytes)
{
	static const char *const done[] = {
		[WEIR_SQUEEZE_NONE] = "is let go",
		[WEIR_SQUEEZE_RECLAIM] = "memory is taken back",
		[WEIR_SQUEEZE_HOLD] = "grows no further",
		[WEIR_SQUEEZE_KILL] = "is killed",
	};
	const struct weir_live *live = container->live;
	const struct weir_squeeze_member *member = &live->squeeze;
	char used[WEIR_QUANTITY_TEXT], request[WEIR_QUANTITY_TEXT], left[WEIR_QUANTITY_TEXT];
	struct weir_event event;

	weir_format_memory(member->used_bytes, used);
	weir_format_memory(member->request_bytes, request);
	weir_format_memory(available_bytes, left);
	if (member->means == WEIR_SQUEEZE_NONE)
		weir_event_init(&event, WEIR_EVENT_RELEASED, container->id, "node-recovered");
	else
		weir_event_init(&event, WEIR_EVENT_SQUEEZED, container->id,
				member->means == WEIR_SQUEEZE_KILL ? "kill" : "node-pressure");
	weir_event_say(&event, "%s%s: uses %s, requested %s; the node has %s left",
		       controller->tunables.dry_run ? "dry run: " : "", done[member->means], used,
		       request, left);
	weir_event_add(&event, "used_bytes", member->used_bytes);
	weir_event_add(&event, "mem_request_bytes", member->request_bytes);
	weir_event_add(&event, "excess_bytes", weir_squeeze_excess(member));
	weir_event_add(&event, "available_bytes", available_bytes);
	if (member->high_bytes)
		weir_event_add(&event, "high_bytes", member->high_bytes);
	if (controller->tunables.dry_run)
		weir_event_add(&event, "dry_run", 1);
	weir_events_emit(controller->events, &event);
}

void weir_tell_launched(struct weir_controller *controller, const struct weir_container *container)
{
	char amounts[AMOUNTS_TEXT];
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_LAUNCHED, container->id,
			container->adopted	? "adopted"
			: container->foreground ? "foreground"
						: "detached");
	add_task(&event, container);
	weir_event_say(&event, "%s", amounts_text(&container->figures, amounts));
	add_amounts(&event, &container->figures);
	weir_events_emit(controller->events, &event);
	controller->n_launched++;
}

void weir_tell_updated(struct weir_controller *controller, const struct weir_container *container,
		       const struct weir_figures *old)
{
	const struct weir_figures *new = &container->figures;
	char a[WEIR_QUANTITY_TEXT], b[WEIR_QUANTITY_TEXT], c[WEIR_QUANTITY_TEXT],
		d[WEIR_QUANTITY_TEXT], e[WEIR_QUANTITY_TEXT], f[WEIR_QUANTITY_TEXT],
		g[WEIR_QUANTITY_TEXT], h[WEIR_QUANTITY_TEXT];
	struct weir_event event;

	if (memcmp(old, new, sizeof(*old)) == 0)
		return;
	weir_event_init(&event, WEIR_EVENT_UPDATED, container->id, "asked");
	weir_event_say(
		&event, "cpu %s:%s -> %s:%s, mem %s:%s -> %s:%s",
		weir_format_cpu(old->cpu_request_mcpu, a), weir_format_cpu(old->cpu_limit_mcpu, b),
		weir_format_cpu(new->cpu_request_mcpu, c), weir_format_cpu(new->cpu_limit_mcpu, d),
		weir_format_memory(old->mem_request_bytes, e),
		weir_format_memory(old->mem_limit_bytes, f),
		weir_format_memory(new->mem_request_bytes, g),
		weir_format_memory(new->mem_limit_bytes, h));
	add_amounts(&event, new);
	weir_events_emit(controller->events, &event);
}

void weir_tell_pending(struct weir_controller *controller, const struct weir_container *container)
{
	struct weir_live *live = container->live;
	uint64_t limit = container->pending_mem_limit_bytes, before = live->told_pending_bytes,
		 used;
	char limit_text[WEIR_QUANTITY_TEXT], used_text[WEIR_QUANTITY_TEXT];
	bool fits = container->figures.mem_limit_bytes == before;
	struct weir_event event;

	if (limit == before)
		return;
	live->told_pending_bytes = limit;
	used = weir_controller_memory_in_use(controller, container);
	weir_format_memory(used, used_text);
	weir_format_memory(limit == WEIR_ABSENT ? before : limit, limit_text);
	if (limit != WEIR_ABSENT) {
		weir_event_init(&event, WEIR_EVENT_PENDING, container->id, "in-use");
		weir_event_say(&event, "the memory limit of %s waits: %s in use", limit_text,
			       used_text);
	} else {
		weir_event_init(&event, WEIR_EVENT_SETTLED, container->id,
				fits ? "fits" : "overtaken");
		weir_event_say(&event, "the memory limit of %s is %s: %s in use", limit_text,
			       fits ? "in force" : "wanted no more", used_text);
		limit = container->figures.mem_limit_bytes;
	}
	weir_event_add(&event, "limit_bytes", limit);
	weir_event_add(&event, "used_bytes", used);
	weir_events_emit(controller->events, &event);
}

void weir_tell_paused(struct weir_controller *controller, const struct weir_container *container)
{
	struct weir_event event;

	weir_event_init(&event, container->paused ? WEIR_EVENT_PAUSED : WEIR_EVENT_RESUMED,
			container->id, "asked");
	weir_event_say(&event, "%s",
		       container->paused ? "nothing of it runs until it is resumed"
					 : "it runs again");
	weir_events_emit(controller->events, &event);
}

static void count_end(struct weir_controller *controller, const struct weir_container *container)
{
	if (container->reason == WEIR_REASON_KILLED)
		controller->n_killed++;
	else if (container->status_known && container->status == 0)
		controller->n_finished++;
	else
		controller->n_failed++;
}

void weir_tell_ended(struct weir_controller *controller, const struct weir_container *container)
{
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_ENDED, container->id,
			weir_reason_name(container->reason));
	add_task(&event, container);
	weir_event_say(&event, "%s", container->message);
	if (container->status_known)
		weir_event_add(&event, "exit_status", (uint32_t)container->status);
	/* Of one that was lost nobody has read what it came to. */
	if (container->reason != WEIR_REASON_LOST) {
		weir_event_add(&event, "mem_peak_bytes", container->final.mem_peak_bytes);
		weir_event_add(&event, "cpu_ns", container->final.cpu_ns);
	}
	weir_event_add(&event, "mem_request_bytes", container->figures.mem_request_bytes);
	weir_event_add(&event, "mem_limit_bytes", container->figures.mem_limit_bytes);
	weir_events_emit(controller->events, &event);
	count_end(controller, container);
}
