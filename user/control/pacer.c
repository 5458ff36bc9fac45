/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pacer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"
#include "control/pacer_internal.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "kern/turns.h"
#include "model/bands.h"
#include "model/container.h"
#include "weir/metrics.h"

#define NS_PER_S     1000000000ULL
#define FULL_TICK_NS 4000000ULL /* the scheduler's own at 250 Hz: nothing shows any sooner */
#define CALM_TICK_NS WEIR_WINDOW_NS

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
	bool has_room = weir_bands_has_room(&pacer->bands);
	struct weir_error err = {};
	size_t n = 0;

	for (size_t i = 0; i < pacer->n; i++) {
		struct paced *paced = &pacer->all[i];

		paced->waiting = 0;
		if (!has_room && paced->cpu_ns <= paced->member.cpu_ns &&
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

/* For 100 us or more at a time: what is shorter is not put down to anybody. */
static bool was_delayed(struct paced *paced)
{
	uint64_t before = paced->neighbour_ns;

	/* A wait is told when the stint behind it has ended. A thousand sleepers are a thousand cache misses. */
	if (paced->cpu_ns <= paced->member.cpu_ns)
		return false;
	paced->neighbour_ns = __atomic_load_n(&paced->slot->wait_neighbour_ns, __ATOMIC_RELAXED);
	return paced->neighbour_ns > before;
}

/* What it has saved outlives the daemon. Mostly it is what it was, and the slot is let be. */
static void write_down(struct paced *paced)
{
	if (paced->written_ns == paced->member.bucket_ns)
		return;
	paced->written_ns = paced->member.bucket_ns;
	if (paced->slot->generation == paced->generation)
		paced->slot->band_saved_ns = paced->written_ns;
}

static void carry_out(struct weir_pacer *pacer)
{
	for (size_t i = 0; i < pacer->n; i++) {
		struct paced *paced = &pacer->all[i];
		enum weir_band band = weir_band_wanted(&pacer->bands, &paced->member);

		if (band == WEIR_BAND_BURST && !paced->lost)
			weir_pacer_shift_parent(pacer, band, pacer->options.rules.dry_run);
		if (weir_pacer_may_be(pacer, band))
			weir_pacer_move(pacer, paced, band, weir_band_cause(&pacer->bands, band));
	}
	weir_pacer_settle(pacer);
}

/* false: nothing is to be done, and those who sleep are let be. */
static bool glance(struct weir_pacer *pacer, uint64_t now)
{
	struct weir_bpf_glance before = pacer->glance;

	weir_bpf_glance(pacer->options.bpf, now, &pacer->glance);
	return !weir_bands_glance(&pacer->bands, pacer->glance.idle_ns - before.idle_ns,
				  pacer->options.n_cpus, now) ||
	       pacer->glance.delay_ns != before.delay_ns;
}

static void tick(struct weir_pacer *pacer)
{
	uint64_t now = weir_metrics_now_ns();

	if (now - pacer->guarded_ns >= CALM_TICK_NS) {
		pacer->guarded_ns = now;
		weir_pacer_guard_parent(pacer);
	}
	if (!glance(pacer, now))
		return;
	for (size_t i = 0; i < pacer->n; i++)
		pacer->all[i].cpu_ns =
			__atomic_load_n(&pacer->all[i].slot->cpu_ns, __ATOMIC_ACQUIRE);
	weir_bpf_foreach_stint(pacer->options.bpf, now, add_stint, pacer);
	ask_who_waits(pacer);

	for (size_t i = 0; i < pacer->n; i++) {
		const struct weir_band_sample sample = {
			.cpu_ns = pacer->all[i].cpu_ns,
			.waiting = pacer->all[i].waiting > 0,
			.delayed = was_delayed(&pacer->all[i]),
		};

		weir_band_sample(&pacer->bands, &pacer->all[i].member, &sample, now);
		write_down(&pacer->all[i]);
	}
	weir_bands_tick(&pacer->bands, now);
	carry_out(pacer);
}

/* Also with nobody left in a parent that gives way, or when the last burster has ended. */
static bool has_work(const struct weir_pacer *pacer)
{
	return pacer->options.rules.enabled &&
	       (pacer->n > 0 || pacer->bands.parent == WEIR_BAND_BURST || pacer->bursting);
}

/* false: it is time to stop. */
static bool wait_for_tick(struct weir_pacer *pacer)
{
	uint64_t at = weir_metrics_now_ns() +
		      (weir_bands_calm(&pacer->bands) ? CALM_TICK_NS : FULL_TICK_NS);
	struct timespec ts = { .tv_sec = (time_t)(at / NS_PER_S),
			       .tv_nsec = (long)(at % NS_PER_S) };

	while (!pacer->stop && !has_work(pacer))
		pthread_cond_wait(&pacer->wake, &pacer->lock);
	while (!pacer->stop && pthread_cond_timedwait(&pacer->wake, &pacer->lock, &ts) != ETIMEDOUT)
		;
	return !pacer->stop;
}

static void *pacer_main(void *data)
{
	struct weir_pacer *pacer = data;
	int r = weir_thread_take_priority();

	if (r < 0)
		weir_info("no real-time priority (%s): under load bands may change late",
			  strerror(-r));
	pthread_mutex_lock(&pacer->lock);
	while (wait_for_tick(pacer)) {
		if (pacer->options.rules.enabled) /* still: it may have been waiting for long */
			tick(pacer);
	}
	pthread_mutex_unlock(&pacer->lock);
	return NULL;
}

/* ---- Life ---- */

int weir_pacer_new(const struct weir_pacer_options *options, struct weir_pacer **ret,
		   struct weir_error *err)
{
	scoped(weir_pacer_freep) struct weir_pacer *pacer = calloc(1, sizeof(*pacer));

	if (!pacer)
		return weir_fail_memory(err);
	pacer->options = *options;
	pacer->bands.params = options->rules.params;
	if (weir_cgroup_parent_idle(options->groups, err) == 1)
		pacer->bands.parent = WEIR_BAND_BURST;
	weir_lock_init(&pacer->lock, &pacer->wake);
	memset(pacer->by_slot, 0xff, sizeof(pacer->by_slot));
	*ret = take_ptr(pacer);
	return 0;
}

int weir_pacer_start(struct weir_pacer *pacer, struct weir_error *err)
{
	struct weir_error no_turns = {};

	/* What an earlier daemon left there is real, whatever this one may do. */
	if (!pacer->options.rules.enabled || pacer->options.rules.dry_run)
		weir_pacer_shift_parent(pacer, WEIR_BAND_GUARANTEED, false);
	if (weir_turns_new(pacer->options.bpf, &pacer->turns, &no_turns) < 0)
		weir_info("bursters take turns by the kernel's tick, services may wait for it: %s",
			  no_turns.text);
	if (weir_thread_start("weir-pacer", pacer_main, pacer, &pacer->thread, err) < 0)
		return err->code;
	pacer->started = true;
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
	weir_pacer_bring_all_back(pacer); /* nobody would, later */
	weir_turns_free(pacer->turns);
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
	bool idle = weir_cgroup_cpu_idle(pacer->options.groups, container->group, err) == 1;
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
		.neighbour_ns = slot->wait_neighbour_ns,
		.written_ns = UINT64_MAX,
	};
	weir_band_join(&pacer->bands, container->figures.cpu_request_mcpu,
		       container->figures.cpu_limit_mcpu, slot->cpu_ns,
		       idle ? WEIR_BAND_BURST : WEIR_BAND_GUARANTEED, &paced->member);
	paced->member.exempt = container->exempt;
	if (!pacer->started) /* so it was there before this daemon */
		weir_band_adopt(&pacer->bands, &paced->member, slot->band_saved_ns);
	write_down(paced);
	slot->band = paced->member.band;
	if (idle)
		weir_bands_presume(&pacer->bands, weir_metrics_now_ns());
	pacer->by_slot[container->slot] = (uint32_t)pacer->n++;
	/* What an earlier daemon left there is real, whatever this one may do. */
	if (!pacer->options.rules.enabled || pacer->options.rules.dry_run)
		weir_pacer_shift(pacer, paced, WEIR_BAND_GUARANTEED, "stopped", false);
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
	if (paced) {
		weir_band_change(&pacer->bands, &paced->member, container->figures.cpu_request_mcpu,
				 container->figures.cpu_limit_mcpu);
		write_down(paced);
	}
	pthread_mutex_unlock(&pacer->lock);
}

void weir_pacer_remove(struct weir_pacer *pacer, const struct weir_container *container)
{
	struct paced *paced, *last;
	bool gave_way;

	pthread_mutex_lock(&pacer->lock);
	paced = find(pacer, container);
	if (paced) {
		gave_way = paced->member.band == WEIR_BAND_BURST;
		last = &pacer->all[--pacer->n];
		pacer->by_slot[last->slot_index] = (uint32_t)(paced - pacer->all);
		pacer->by_slot[container->slot] = NOBODY;
		*paced = *last;
		/* The next look may be a second away: no turns for nobody, no parent that gives way for him. */
		if (gave_way)
			weir_pacer_settle(pacer);
	}
	pthread_mutex_unlock(&pacer->lock);
}

void weir_pacer_tune(struct weir_pacer *pacer, const struct weir_pacer_rules *rules)
{
	pthread_mutex_lock(&pacer->lock);
	if (!rules->enabled || rules->dry_run != pacer->options.rules.dry_run)
		weir_pacer_bring_all_back(pacer);
	pacer->options.rules = *rules;
	pacer->bands.params = rules->params;
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
	/* In a dry run nobody is where the planner has put him. */
	if (!paced || paced->member.band != WEIR_BAND_BURST || pacer->options.rules.dry_run)
		r = weir_cgroup_set_cpu_weight(pacer->options.groups, container->group, mcpu, err);
	pthread_mutex_unlock(&pacer->lock);
	return r;
}

int weir_pacer_check(struct weir_pacer *pacer, const struct weir_container *container,
		     struct weir_cgroup_knobs *ret, bool *ret_idle, struct weir_error *err)
{
	struct paced *paced;
	int r;

	pthread_mutex_lock(&pacer->lock);
	r = weir_cgroup_read_knobs(pacer->options.groups, container->group, ret, err);
	paced = r == 0 ? find(pacer, container) : NULL;
	/* What was lost for want of a controller is not, once that is back. */
	if (paced) {
		paced->lost &= ret->cpu_missing;
		r = WEIR_PACER_NOTHING;
	}
	if (paced && !paced->lost)
		r = weir_pacer_set_right(pacer, paced, ret, ret_idle, err);
	pthread_mutex_unlock(&pacer->lock);
	return r;
}
