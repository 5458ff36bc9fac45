/* SPDX-License-Identifier: Apache-2.0 */
/* What the event loop does to containers, told as events. The pacer and the squeezer tell their own. */
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

void weir_tell_launched(struct weir_controller *controller, const struct weir_container *container)
{
	char amounts[AMOUNTS_TEXT];
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_LAUNCHED, container->id,
			container->foreground ? "foreground" : "detached");
	weir_event_say(&event, "%s", amounts_text(&container->figures, amounts));
	add_amounts(&event, &container->figures);
	weir_events_emit(controller->events, &event);
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

void weir_tell_ended(struct weir_controller *controller, const struct weir_container *container)
{
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_ENDED, container->id,
			weir_reason_name(container->reason));
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
}
