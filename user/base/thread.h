/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_THREAD_H
#define WEIR_THREAD_H

#include <pthread.h>

struct weir_error;

/*
 * A thread of ours, called @name (at most 15 bytes). Signals are the event loop's, which reads them
 * from a signalfd: no other thread may get one. Who starts it joins it.
 */
int weir_thread_start(const char *name, void *(*run)(void *data), void *data, pthread_t *ret,
		      struct weir_error *err);

/*
 * A lock that lends its holder the priority of those who wait for it, and a condition beside it that
 * goes by CLOCK_MONOTONIC: for a thread that must not queue behind what it watches.
 */
void weir_lock_init(pthread_mutex_t *ret_lock, pthread_cond_t *ret_wake);

/* Real-time priority for the calling thread, not for its children. -errno: refused. */
int weir_thread_take_priority(void);

#endif /* WEIR_THREAD_H */
