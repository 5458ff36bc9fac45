/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_EVENTS_LOG_H
#define WEIR_EVENTS_LOG_H

/*
 * Events in the log: a record with fields where stderr is the journal, else one line.
 *
 *	journalctl -u weir-daemon WEIR_CONTAINER=web WEIR_EVENT=ended -o verbose
 */

#include <stdbool.h>
#include <sys/uio.h>

#include "base/log.h"
#include "model/event.h"

/* Is the journal at the other end of @fd? It says which file that is in $JOURNAL_STREAM. */
bool weir_events_to_journal(int fd, const char *journal_stream);

#define WEIR_EVENT_FIELDS     (5 + WEIR_EVENT_MAX_FIGURES)
#define WEIR_EVENT_FIELD_TEXT (2 * WEIR_EVENT_TEXT + WEIR_NAME_MAX)

/* For sd_journal_sendv(). */
struct weir_event_record {
	int n;
	struct iovec list[WEIR_EVENT_FIELDS];
	char text[WEIR_EVENT_FIELDS][WEIR_EVENT_FIELD_TEXT];
};

/* MESSAGE, PRIORITY, WEIR_CONTAINER, WEIR_EVENT, WEIR_CAUSE, and WEIR_<NAME> for each figure. */
void weir_event_to_record(const struct weir_event *event, struct weir_event_record *ret);

/* How much it matters. */
enum weir_log_level weir_event_level(const struct weir_event *event);

void weir_event_log(const struct weir_event *event, bool to_journal);

#endif /* WEIR_EVENTS_LOG_H */
