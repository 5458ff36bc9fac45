/* SPDX-License-Identifier: Apache-2.0 */
#include "control/events_log.h"

/* A record is made of events here, and nobody looks for the line of C that sends them all. */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

bool weir_events_to_journal(int fd, const char *journal_stream)
{
	unsigned long long device, inode;
	struct stat st;
	char rest;

	return journal_stream &&
	       sscanf(journal_stream, "%llu:%llu%c", &device, &inode, &rest) == 2 &&
	       fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

enum weir_log_level weir_event_level(const struct weir_event *event)
{
	switch (event->kind) {
	case WEIR_EVENT_DEMOTED:
	case WEIR_EVENT_PROMOTED:
		return WEIR_LOG_DEBUG; /* some a second, on a busy node */
	case WEIR_EVENT_SQUEEZED:
		return strcmp(event->cause, "kill") == 0 ? WEIR_LOG_WARNING : WEIR_LOG_INFO;
	default:
		return WEIR_LOG_INFO;
	}
}

static void add(struct weir_event_record *record, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct weir_event_record *record, const char *fmt, ...)
{
	char *text = record->text[record->n];
	va_list args;

	assert(record->n < WEIR_EVENT_FIELDS);
	va_start(args, fmt);
	vsnprintf(text, WEIR_EVENT_FIELD_TEXT, fmt, args);
	va_end(args);
	record->list[record->n++] = (struct iovec){ text, strlen(text) };
}

static void add_figure(struct weir_event_record *record, const struct weir_event_figure *figure)
{
	char name[64];
	size_t i = 0;

	for (; i < sizeof(name) - 1 && figure->name[i]; i++)
		name[i] = (char)toupper((unsigned char)figure->name[i]);
	name[i] = '\0';
	if (figure->value == WEIR_INFINITE)
		add(record, "WEIR_%s=Infinity", name);
	else
		add(record, "WEIR_%s=%" PRIu64, name, figure->value);
}

#define LINE "%s%s%s: %s (%s): %s"
#define LINE_OF(ev)                                                                       \
	(ev)->id[0] ? "container '" : "all containers", (ev)->id, (ev)->id[0] ? "'" : "", \
		weir_event_name((ev)->kind), (ev)->cause, (ev)->text

void weir_event_to_record(const struct weir_event *event, struct weir_event_record *ret)
{
	ret->n = 0;
	add(ret, "MESSAGE=" LINE, LINE_OF(event));
	add(ret, "PRIORITY=%d", weir_event_level(event));
	if (event->id[0])
		add(ret, "WEIR_CONTAINER=%s", event->id);
	add(ret, "WEIR_EVENT=%s", weir_event_name(event->kind));
	add(ret, "WEIR_CAUSE=%s", event->cause);
	for (size_t i = 0; i < event->n_figures; i++)
		add_figure(ret, &event->figures[i]);
}

void weir_event_log(const struct weir_event *event, bool to_journal)
{
	struct weir_event_record record;

	if (weir_event_level(event) > weir_log_level())
		return;
	if (to_journal) {
		weir_event_to_record(event, &record);
		if (sd_journal_sendv(record.list, record.n) == 0)
			return;
	}
	weir_log(weir_event_level(event), LINE, LINE_OF(event));
}
