/* SPDX-License-Identifier: Apache-2.0 */
#include "api/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/error.h"

struct weir_mailbox {
	weir_mail_fn *on_mail;
	void *data;
	size_t max;
	int fd; /* an eventfd: readable while there is mail */
	sd_event_source *source;

	pthread_mutex_t lock; /* guards what follows */
	struct weir_mail *first, **last;
	size_t n;
	bool closed;
};

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct weir_mailbox *mailbox = data;
	struct weir_mail *mail;
	eventfd_t ignored;

	(void)source;
	(void)revents;

	pthread_mutex_lock(&mailbox->lock);
	mail = mailbox->first;
	if (mail) {
		mailbox->first = mail->next;
		mailbox->n--;
	}
	if (!mailbox->first) {
		mailbox->last = &mailbox->first;
		eventfd_read(fd, &ignored);
	}
	pthread_mutex_unlock(&mailbox->lock);

	if (mail)
		mailbox->on_mail(mail, mailbox->data);
	return 0;
}

int weir_mailbox_new(sd_event *event, size_t max, weir_mail_fn *on_mail, void *data,
		     struct weir_mailbox **ret, struct weir_error *err)
{
	scoped(weir_mailbox_freep) struct weir_mailbox *mailbox = NULL;
	int r;

	mailbox = calloc(1, sizeof(*mailbox));
	if (!mailbox)
		return weir_fail_memory(err);
	mailbox->on_mail = on_mail;
	mailbox->data = data;
	mailbox->max = max;
	mailbox->last = &mailbox->first;
	pthread_mutex_init(&mailbox->lock, NULL);

	mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->fd < 0)
		return weir_fail(err, -errno, "eventfd: %s", strerror(errno));
	r = sd_event_add_io(event, &mailbox->source, mailbox->fd, EPOLLIN, on_readable, mailbox);
	if (r < 0)
		return weir_fail(err, r, "watch the mailbox: %s", strerror(-r));

	*ret = take_ptr(mailbox);
	return 0;
}

struct weir_mailbox *weir_mailbox_free(struct weir_mailbox *mailbox)
{
	if (!mailbox)
		return NULL;
	sd_event_source_disable_unref(mailbox->source);
	close_fd(mailbox->fd);
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
	return NULL;
}

int weir_mailbox_post(struct weir_mailbox *mailbox, struct weir_mail *mail)
{
	bool first = false;
	int r = 0;

	pthread_mutex_lock(&mailbox->lock);
	if (mailbox->closed) {
		r = -ESHUTDOWN;
	} else if (mailbox->n >= mailbox->max) {
		r = -ENOBUFS;
	} else {
		mail->next = NULL;
		*mailbox->last = mail;
		mailbox->last = &mail->next;
		first = mailbox->n++ == 0;
	}
	pthread_mutex_unlock(&mailbox->lock);
	/* Not before: the loop has priority, would wake at once, and wait for the lock. */
	if (first)
		eventfd_write(mailbox->fd, 1);
	return r;
}

struct weir_mail *weir_mailbox_close(struct weir_mailbox *mailbox)
{
	struct weir_mail *undelivered;

	pthread_mutex_lock(&mailbox->lock);
	mailbox->closed = true;
	undelivered = mailbox->first;
	mailbox->first = NULL;
	mailbox->last = &mailbox->first;
	mailbox->n = 0;
	pthread_mutex_unlock(&mailbox->lock);
	return undelivered;
}
