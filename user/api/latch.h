/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_LATCH_H
#define WEIR_LATCH_H

/* A count of what is under way, on any thread, and a way to wait until nothing is. */

#include <pthread.h>

struct weir_latch {
	pthread_mutex_t lock;
	pthread_cond_t none;
	unsigned int n;
};

void weir_latch_init(struct weir_latch *latch);
void weir_latch_done(struct weir_latch *latch);

void weir_latch_up(struct weir_latch *latch);
void weir_latch_down(struct weir_latch *latch);

/* Until the count is 0, or for @timeout_ms. */
void weir_latch_wait(struct weir_latch *latch, unsigned int timeout_ms);

#endif /* WEIR_LATCH_H */
