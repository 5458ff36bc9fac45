/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"

int weir_thread_start(const char *name, void *(*run)(void *data), void *data, pthread_t *ret,
		      struct weir_error *err)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, NULL, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0)
		return weir_fail(err, -r, "start the thread %s: %s", name, strerror(r));
	pthread_setname_np(*ret, name);
	return 0;
}

void weir_lock_init(pthread_mutex_t *ret_lock, pthread_cond_t *ret_wake)
{
	pthread_mutexattr_t lock;
	pthread_condattr_t wake;

	pthread_mutexattr_init(&lock);
	pthread_mutexattr_setprotocol(&lock, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(ret_lock, &lock);
	pthread_mutexattr_destroy(&lock);
	pthread_condattr_init(&wake);
	pthread_condattr_setclock(&wake, CLOCK_MONOTONIC);
	pthread_cond_init(ret_wake, &wake);
	pthread_condattr_destroy(&wake);
}

int weir_thread_take_priority(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) < 0 ? -errno : 0;
}
