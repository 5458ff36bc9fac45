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

#endif /* WEIR_THREAD_H */
