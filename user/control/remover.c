/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes volumes whose time has come: a timer on the event loop hands one after the other to a thread, which says when it
 * is done. The store forgets a volume when its directory is gone, so that a daemon that ends in between begins it again.
 */
#include "control/operations.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"
#include "control/controller_internal.h"
#include "kern/volumes.h"

#define RETRY_US 60000000 /* after one that could not be removed */

struct weir_remover {
	struct weir_controller *controller;
	sd_event_source *timer, *done_source;
	pthread_t thread;
	bool running;
	int done_fd;
	/* Of the one under way; the thread's until it has said that it is done. */
	char *dir;
	uint64_t key;
	struct weir_error err;
};

static void *remove_one(void *data)
{
	struct weir_remover *remover = data;

	weir_volume_remove(remover->dir, remover->key, &remover->err);
	eventfd_write(remover->done_fd, 1);
	return NULL;
}

static void sleep_until(struct weir_remover *remover, uint64_t at_us)
{
	sd_event_source_set_time(remover->timer, at_us);
	sd_event_source_set_enabled(remover->timer, SD_EVENT_ONESHOT);
}

void weir_remover_wake(struct weir_remover *remover)
{
	const struct weir_operations *operations = remover->controller->operations;

	if (!remover->running && operations->n_doomed)
		sleep_until(remover, operations->doomed[0].removed_us);
}

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
	struct weir_remover *remover = data;
	const struct weir_operations *operations = remover->controller->operations;
	struct weir_error err = {};
	const char *dir;

	(void)source;

	if (remover->running || !operations->n_doomed || operations->doomed[0].removed_us > usec)
		return 0;
	dir = weir_operations_dir(operations, operations->doomed[0].disk);
	if (!dir) {
		weir_warn("volume '%s' can't be removed: the disk '%s' is not in the configuration",
			  operations->doomed[0].id, operations->doomed[0].disk);
		return 0;
	}
	free(remover->dir);
	remover->dir = strdup(dir);
	remover->key = operations->doomed[0].key;
	remover->err = (struct weir_error){};
	if (!remover->dir ||
	    weir_thread_start("weir-remover", remove_one, remover, &remover->thread, &err) < 0)
		sleep_until(remover, weir_now_us(CLOCK_REALTIME) + RETRY_US);
	else
		remover->running = true;
	return 0;
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct weir_remover *remover = data;
	struct weir_controller *controller = remover->controller;
	struct weir_error err = {};
	eventfd_t n;

	(void)source;
	(void)revents;

	eventfd_read(fd, &n);
	pthread_join(remover->thread, NULL);
	remover->running = false;
	if (remover->err.code < 0) {
		weir_warn("a destroyed volume stays for now: %s", remover->err.text);
		sleep_until(remover, weir_now_us(CLOCK_REALTIME) + RETRY_US);
		return 0;
	}
	if (weir_store_forget_volume(controller->store, remover->key, &err) < 0)
		weir_warn("a volume that is gone is not forgotten: %s", err.text);
	weir_controller_change(controller);
	weir_operations_forget(controller->operations, remover->key);
	pthread_rwlock_unlock(&controller->lock);
	weir_remover_wake(remover);
	return 0;
}

int weir_remover_new(struct weir_controller *controller, struct weir_remover **ret,
		     struct weir_error *err)
{
	struct weir_remover *remover = calloc(1, sizeof(*remover));
	int r;

	if (!remover)
		return weir_fail_memory(err);
	*ret = remover; /* its end is the controller's, whatever happens */
	remover->controller = controller;
	remover->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (remover->done_fd < 0)
		return weir_fail(err, -errno, "eventfd: %s", strerror(errno));
	r = sd_event_add_time(controller->event, &remover->timer, CLOCK_REALTIME, 0, 0, on_time,
			      remover);
	if (r >= 0)
		r = sd_event_source_set_enabled(remover->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_io(controller->event, &remover->done_source, remover->done_fd,
				    EPOLLIN, on_done, remover);
	if (r < 0)
		return weir_fail(err, r, "watch what is to be removed: %s", strerror(-r));
	weir_remover_wake(remover);
	return 0;
}

struct weir_remover *weir_remover_free(struct weir_remover *remover)
{
	if (!remover)
		return NULL;
	if (remover->running)
		pthread_join(remover->thread, NULL);
	sd_event_source_disable_unref(remover->timer);
	sd_event_source_disable_unref(remover->done_source);
	close_fd(remover->done_fd);
	free(remover->dir);
	free(remover);
	return NULL;
}
