/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MAILBOX_H
#define WEIR_MAILBOX_H

/*
 * A bounded queue from any thread to the event loop's.
 *
 * One letter is delivered per turn of the loop, so that a burst of them can't keep timers and
 * signals waiting.
 */

#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

struct weir_error;
struct weir_mailbox;

/* Embedded in what is sent. The box never owns a letter. */
struct weir_mail {
	struct weir_mail *next;
};

typedef void weir_mail_fn(struct weir_mail *mail, void *data);

/* @on_mail is called on the loop's thread. At most @max letters wait. */
int weir_mailbox_new(sd_event *event, size_t max, weir_mail_fn *on_mail, void *data,
		     struct weir_mailbox **ret, struct weir_error *err);
/* NULL is fine. Returns NULL. Undelivered letters are the caller's: see _close(). */
struct weir_mailbox *weir_mailbox_free(struct weir_mailbox *mailbox);
WEIR_DEFINE_CLEANUP(struct weir_mailbox, weir_mailbox_free);

/* On any thread. -ENOBUFS: full; -ESHUTDOWN: closed. The letter is still the caller's then. */
int weir_mailbox_post(struct weir_mailbox *mailbox, struct weir_mail *mail);

/* Take no more. Returns what was not delivered, oldest first, NULL: nothing. */
struct weir_mail *weir_mailbox_close(struct weir_mailbox *mailbox);

#endif /* WEIR_MAILBOX_H */
