/* SPDX-License-Identifier: Apache-2.0 */
#include "api/latch.h"

#include <assert.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000L

void weir_latch_init(struct weir_latch *latch)
{
	pthread_mutex_init(&latch->lock, NULL);
	pthread_cond_init(&latch->none, NULL);
	latch->n = 0;
}

void weir_latch_done(struct weir_latch *latch)
{
	pthread_cond_destroy(&latch->none);
	pthread_mutex_destroy(&latch->lock);
}

void weir_latch_up(struct weir_latch *latch)
{
	pthread_mutex_lock(&latch->lock);
	latch->n++;
	pthread_mutex_unlock(&latch->lock);
}

void weir_latch_down(struct weir_latch *latch)
{
	pthread_mutex_lock(&latch->lock);
	assert(latch->n);
	if (--latch->n == 0)
		pthread_cond_signal(&latch->none);
	pthread_mutex_unlock(&latch->lock);
}

void weir_latch_wait(struct weir_latch *latch, unsigned int timeout_ms)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (until.tv_nsec >= NSEC_PER_SEC) {
		until.tv_sec++;
		until.tv_nsec -= NSEC_PER_SEC;
	}

	pthread_mutex_lock(&latch->lock);
	while (latch->n && r == 0)
		r = pthread_cond_clockwait(&latch->none, &latch->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&latch->lock);
}
