/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pacer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"
#include "control/controller_internal.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "model/bands.h"
#include "model/container.h"

#define FULL_TICK_NS 4000000ULL /* the scheduler's own at 250 Hz: nothing shows any sooner */
#define CALM_TICK_NS WEIR_WINDOW_NS
#define NS_PER_S     1000000000ULL
#define NOBODY	     UINT32_MAX

struct paced {
	struct weir_band_member member;
	const struct weir_container *container; /* its id stays; the rest is the loop's */
	struct weir_slot *slot;
	uint32_t slot_index, generation;
	uint64_t weight_mcpu; /* to be written when it comes out of the idle class */
	uint64_t cpu_ns; /* of this look */
	uint32_t waiting;
	bool lost; /* its group can't be written: let be */
};

struct weir_pacer {
	struct weir_pacer_options options;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* all below, and the knobs cpu.idle and weight */
	pthread_cond_t wake; /* the first is there, or it is time to stop */
	bool stop, blind;
	struct weir_bands bands;
	struct paced *all;
	size_t n, size;
	uint32_t by_slot[WEIR_MAX_CONTAINERS]; /* index into all; NOBODY */
	uint32_t asked[WEIR_MAX_CONTAINERS], answers[WEIR_MAX_CONTAINERS]; /* of one look */
	uint64_t idle_ns; /* as of the last look */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* ---- Writing ---- */

static int move(struct weir_pacer *pacer, const struct paced *paced, enum weir_band band,
		struct weir_error *err)
{
	const struct weir_groups *groups = pacer->options.groups;
	const char *id = paced->container->id;

	if (weir_cgroup_set_cpu_idle(groups, id, band == WEIR_BAND_BURST, err) < 0)
		return err->code;
	/* Coming out of the idle class set it to the kernel's default. */
	return band == WEIR_BAND_BURST
		       ? 0
		       : weir_cgroup_set_cpu_weight(groups, id, paced->weight_mcpu, err);
}

static void shift(struct weir_pacer *pacer, struct paced *paced, enum weir_band band,
		  const char *cause, bool dry)
{
	struct weir_error err = {};

	if (paced->lost || paced->member.band == band)
		return;
	if (!dry && move(pacer, paced, band, &err) < 0) {
		paced->lost = true;
		if (err.code != -ENOENT) /* which says that it has just ended */
			weir_warn("container '%s': left in its band: %s", paced->container->id,
				  err.text);
		return;
	}
	weir_band_note(&pacer->bands, &paced->member, band);
	if (!dry && paced->slot && paced->slot->generation == paced->generation) {
		paced->slot->band = band;
		paced->slot->band_since_ns = now_ns();
		paced->slot->band_changes++;
	}
	weir_tell_band(pacer->options.events, paced->container->id, &paced->member, cause, dry);
}

static void move_or_let_be(struct weir_pacer *pacer, struct paced *paced, enum weir_band band,
			   const char *cause)
{
	shift(pacer, paced, band, cause, pacer->options.dry_run);
}

/* ---- Looking ---- */

static void add_stint(uint32_t slot, uint64_t ns, void *data)
{
	struct weir_pacer *pacer = data;

	if (slot < WEIR_MAX_CONTAINERS && pacer->by_slot[slot] != NOBODY)
		pacer->all[pacer->by_slot[slot]].cpu_ns += ns;
}

/* Of those that did not run: whether they starve, and so get their buckets filled. */
static void ask_who_waits(struct weir_pacer *pacer)
{
	struct weir_error err = {};
	size_t n = 0;

	for (size_t i = 0; i < pacer->n; i++) {
		struct paced *paced = &pacer->all[i];

		paced->waiting = 0;
		if (paced->cpu_ns <= paced->member.cpu_ns &&
		    weir_band_must_ask(&pacer->bands, &paced->member))
			pacer->asked[n++] = paced->slot_index;
	}
	if (n == 0)
		return;
	if (weir_bpf_waiting(pacer->options.bpf, pacer->asked, n, pacer->answers, &err) < 0) {
		if (!pacer->blind)
			weir_warn("who waits for a CPU is not known, bands go by use alone: %s",
				  err.text);
		pacer->blind = true;
		return;
	}
	pacer->blind = false;
	for (size_t i = 0; i < n; i++)
		pacer->all[pacer->by_slot[pacer->asked[i]]].waiting = pacer->answers[i];
}

static void tick(struct weir_pacer *pacer)
{
	uint64_t now, idle_ns;

	for (size_t i = 0; i < pacer->n; i++)
		pacer->all[i].cpu_ns =
			__atomic_load_n(&pacer->all[i].slot->cpu_ns, __ATOMIC_ACQUIRE);
	now = now_ns();
	idle_ns = weir_bpf_foreach_stint(pacer->options.bpf, now, add_stint, pacer);
	ask_who_waits(pacer);

	for (size_t i = 0; i < pacer->n; i++) {
		const struct weir_band_sample sample = {
			.cpu_ns = pacer->all[i].cpu_ns,
			.waiting = pacer->all[i].waiting > 0,
		};

		weir_band_sample(&pacer->bands, &pacer->all[i].member, &sample, now);
	}
	weir_bands_tick(&pacer->bands, idle_ns - pacer->idle_ns, pacer->options.n_cpus, now);
	pacer->idle_ns = idle_ns;
	for (size_t i = 0; i < pacer->n; i++) {
		struct paced *paced = &pacer->all[i];
		enum weir_band band = weir_band_wanted(&pacer->bands, &paced->member);

		move_or_let_be(pacer, paced, band, weir_band_cause(&pacer->bands, band));
	}
}

/* false: it is time to stop. */
static bool wait_for_tick(struct weir_pacer *pacer)
{
	uint64_t at = now_ns() + (weir_bands_calm(&pacer->bands) ? CALM_TICK_NS : FULL_TICK_NS);
	struct timespec ts = { .tv_sec = (time_t)(at / NS_PER_S),
			       .tv_nsec = (long)(at % NS_PER_S) };

	while (!pacer->stop && (pacer->n == 0 || !pacer->options.enabled))
		pthread_cond_wait(&pacer->wake, &pacer->lock);
	while (!pacer->stop && pthread_cond_timedwait(&pacer->wake, &pacer->lock, &ts) != ETIMEDOUT)
		;
	return !pacer->stop;
}

/* Children never come of this thread, but a priority that can't be inherited is one worry less. */
static void take_priority(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) < 0)
		weir_info("no real-time priority (%s): under load bands may change late",
			  strerror(errno));
}

static void *pacer_main(void *data)
{
	struct weir_pacer *pacer = data;

	take_priority();
	pthread_mutex_lock(&pacer->lock);
	while (wait_for_tick(pacer)) {
		if (pacer->options.enabled) /* still: it may have been waiting for long */
			tick(pacer);
	}
	pthread_mutex_unlock(&pacer->lock);
	return NULL;
}

/* ---- Life ---- */

/* Whoever holds the lock must not be kept from running by those that are waited for. */
static void init_lock(struct weir_pacer *pacer)
{
	pthread_mutexattr_t lock;
	pthread_condattr_t wake;

	pthread_mutexattr_init(&lock);
	pthread_mutexattr_setprotocol(&lock, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&pacer->lock, &lock);
	pthread_mutexattr_destroy(&lock);
	pthread_condattr_init(&wake);
	pthread_condattr_setclock(&wake, CLOCK_MONOTONIC);
	pthread_cond_init(&pacer->wake, &wake);
	pthread_condattr_destroy(&wake);
}

int weir_pacer_new(const struct weir_pacer_options *options, struct weir_pacer **ret,
		   struct weir_error *err)
{
	scoped(weir_pacer_freep) struct weir_pacer *pacer = calloc(1, sizeof(*pacer));

	if (!pacer)
		return weir_fail_memory(err);
	pacer->options = *options;
	pacer->bands.params = (struct weir_band_params)WEIR_BAND_PARAMS_DEFAULT;
	init_lock(pacer);
	memset(pacer->by_slot, 0xff, sizeof(pacer->by_slot));
	if (weir_thread_start("weir-pacer", pacer_main, pacer, &pacer->thread, err) < 0)
		return err->code;
	pacer->started = true;
	*ret = take_ptr(pacer);
	return 0;
}

struct weir_pacer *weir_pacer_free(struct weir_pacer *pacer)
{
	if (!pacer)
		return NULL;
	if (pacer->started) {
		pthread_mutex_lock(&pacer->lock);
		pacer->stop = true;
		pthread_cond_signal(&pacer->wake);
		pthread_mutex_unlock(&pacer->lock);
		pthread_join(pacer->thread, NULL);
	}
	/* Nobody would bring them back. */
	for (size_t i = 0; i < pacer->n; i++)
		move_or_let_be(pacer, &pacer->all[i], WEIR_BAND_GUARANTEED, "stopped");
	pthread_cond_destroy(&pacer->wake);
	pthread_mutex_destroy(&pacer->lock);
	free(pacer->all);
	free(pacer);
	return NULL;
}

/* ---- What the event loop tells it ---- */

static struct paced *find(struct weir_pacer *pacer, const struct weir_container *container)
{
	uint32_t i =
		container->slot < WEIR_MAX_CONTAINERS ? pacer->by_slot[container->slot] : NOBODY;

	return i == NOBODY || pacer->all[i].container != container ? NULL : &pacer->all[i];
}

static int grow(struct weir_pacer *pacer, struct weir_error *err)
{
	size_t size = pacer->size ? 2 * pacer->size : 16;
	struct paced *all = realloc(pacer->all, size * sizeof(*all));

	if (!all)
		return weir_fail_memory(err);
	pacer->all = all;
	pacer->size = size;
	return 0;
}

static int add(struct weir_pacer *pacer, const struct weir_container *container,
	       struct weir_error *err)
{
	bool idle = weir_cgroup_cpu_idle(pacer->options.groups, container->id, err) == 1;
	struct weir_slot *slot = weir_bpf_slot(pacer->options.bpf, container->slot);
	struct paced *paced;

	if (!slot || find(pacer, container))
		return 0;
	if (pacer->n == pacer->size && grow(pacer, err) < 0)
		return err->code;
	paced = &pacer->all[pacer->n];
	*paced = (struct paced){
		.container = container,
		.slot = slot,
		.slot_index = container->slot,
		.generation = container->generation,
		.weight_mcpu = container->figures.cpu_request_mcpu,
	};
	weir_band_join(&pacer->bands, container->figures.cpu_request_mcpu,
		       container->figures.cpu_limit_mcpu, slot->cpu_ns,
		       idle ? WEIR_BAND_BURST : WEIR_BAND_GUARANTEED, &paced->member);
	slot->band = paced->member.band;
	if (idle)
		weir_bands_presume(&pacer->bands, now_ns());
	pacer->by_slot[container->slot] = (uint32_t)pacer->n++;
	/* What an earlier daemon left there is real, whatever this one may do. */
	if (!pacer->options.enabled || pacer->options.dry_run)
		shift(pacer, paced, WEIR_BAND_GUARANTEED, "stopped", false);
	pthread_cond_signal(&pacer->wake);
	return 0;
}

int weir_pacer_add(struct weir_pacer *pacer, const struct weir_container *container,
		   struct weir_error *err)
{
	int r;

	pthread_mutex_lock(&pacer->lock);
	r = add(pacer, container, err);
	pthread_mutex_unlock(&pacer->lock);
	return r;
}

void weir_pacer_change(struct weir_pacer *pacer, const struct weir_container *container)
{
	struct paced *paced;

	pthread_mutex_lock(&pacer->lock);
	paced = find(pacer, container);
	if (paced)
		weir_band_change(&pacer->bands, &paced->member, container->figures.cpu_request_mcpu,
				 container->figures.cpu_limit_mcpu);
	pthread_mutex_unlock(&pacer->lock);
}

void weir_pacer_remove(struct weir_pacer *pacer, const struct weir_container *container)
{
	struct paced *paced, *last;

	pthread_mutex_lock(&pacer->lock);
	paced = find(pacer, container);
	if (paced) {
		last = &pacer->all[--pacer->n];
		pacer->by_slot[last->slot_index] = (uint32_t)(paced - pacer->all);
		pacer->by_slot[container->slot] = NOBODY;
		*paced = *last;
	}
	pthread_mutex_unlock(&pacer->lock);
}

void weir_pacer_enable(struct weir_pacer *pacer, bool on, bool dry_run)
{
	pthread_mutex_lock(&pacer->lock);
	for (size_t i = 0; (!on || dry_run != pacer->options.dry_run) && i < pacer->n; i++)
		move_or_let_be(pacer, &pacer->all[i], WEIR_BAND_GUARANTEED, "stopped");
	pacer->options.enabled = on;
	pacer->options.dry_run = dry_run;
	pthread_cond_signal(&pacer->wake);
	pthread_mutex_unlock(&pacer->lock);
}

int weir_pacer_set_weight(struct weir_pacer *pacer, const struct weir_container *container,
			  uint64_t mcpu, struct weir_error *err)
{
	struct paced *paced;
	int r = 0;

	pthread_mutex_lock(&pacer->lock);
	paced = find(pacer, container);
	if (paced)
		paced->weight_mcpu = mcpu;
	if (!paced || paced->member.band != WEIR_BAND_BURST)
		r = weir_cgroup_set_cpu_weight(pacer->options.groups, container->id, mcpu, err);
	pthread_mutex_unlock(&pacer->lock);
	return r;
}
