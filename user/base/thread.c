/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

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
