/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_BANDS_H
#define WEIR_BANDS_H

/*
 * The band planner: who gives way to whom, from what each container used.
 *
 * A container within its request runs in the normal class. One that is over it is moved to the
 * idle class, but only while the node is armed: somebody within theirs is about, and no CPU has
 * been idle for a tick, or they had to wait for others all the same. Otherwise weights rule, and
 * nothing is written.
 *
 *	sample of each ──> bucket ──> within or over ──────┐
 *	                                                   ├──> the band it should be in
 *	idle time, who is about, who waited ──> armed ─────┘
 *
 * Containers that lie below one group can't do that by themselves: an idle group inside one that is
 * not takes CPUs from others at the level above as if it were a normal one. So their parent is in the
 * idle class while any of them is, and it comes back, and all of them with it, when somebody inside
 * is short: it has saved two windows, and now waits without running.
 *
 * Pure: time is an argument, samples come from whoever has them, and what is wanted is returned,
 * not written. One thread at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "weir/abi.h"

struct weir_band_params {
	uint64_t window_ns; /* a bucket holds two of these, at the rate of the request */
	uint64_t linger_ns; /* armed for so long after the last tick that called for it */
	uint64_t max_changes; /* of bands on the node, a second; back to normal is never held up */
};

/* As the configuration has them, unless it says otherwise. */
#define WEIR_BAND_PARAMS_DEFAULT             \
	{                                    \
		.window_ns = WEIR_WINDOW_NS, \
		.linger_ns = 1000000000,     \
		.max_changes = 100,          \
	}

/* One container. Made by weir_band_join(); its fields are for reading. */
struct weir_band_member {
	uint64_t request_mcpu; /* 0: none, so it is always over */
	uint64_t limit_mcpu; /* at its request: it is capped before it can be over */
	uint64_t cpu_ns; /* as last sampled */
	uint64_t bucket_ns; /* CPU time that its request still covers */
	uint64_t
		used_mcpu; /* of late: in the last whole window, the first one as far as it has come */
	uint64_t usual_mcpu; /* the same, averaged over a second or so */
	uint64_t marked_ns, marked_cpu_ns; /* where the present window began */
	bool measured; /* there has been a whole one */
	bool exempt; /* for its owner to set: never wanted in the idle class */
	bool over;
	bool active; /* it ran or waited in the last tick */
	bool starved; /* it was seen to wait beside a full bucket, in a parent that gives way */
	enum weir_band band; /* the kernel's, as told by weir_band_note() */
};

/*
 * What it uses, for whoever asks why: in the last window or of late, whichever is more. One that went
 * over its request may have been kept from the CPU by others in the very last window.
 */
static inline uint64_t weir_band_used_mcpu(const struct weir_band_member *member)
{
	return member->used_mcpu > member->usual_mcpu ? member->used_mcpu : member->usual_mcpu;
}

struct weir_band_sample {
	uint64_t cpu_ns; /* CPU time of the container so far, stints in flight included */
	bool waiting; /* a thread of it is runnable without a CPU */
	bool delayed; /* since the last sample, one of them waited while other containers ran */
};

/* The node. Zeroed but for the parameters, it is one that has not ticked yet. */
struct weir_bands {
	struct weir_band_params params;
	uint64_t ticked_ns, glanced_ns; /* 0: never */
	uint64_t guaranteed_ns; /* when somebody within their request was last about; 0: never */
	uint64_t full_ns; /* the last glance that found no idle CPU; 0: never */
	uint64_t
		delayed_ns; /* when somebody within their request last waited for others; 0: never */
	uint64_t
		busy_ns; /* the last window in which a quarter of the CPU time was used; 0: never */
	uint64_t marked_ns, marked_idle_ns; /* where the present window began; idle in it */
	uint64_t credit_ns; /* each change of a band costs a share of a second */
	bool armed;
	enum weir_band parent; /* of the group they all lie below; GUARANTEED where there is none */
	uint64_t short_ns; /* when somebody in it was last short; 0: never */
};

/*
 * With a full bucket: what is new may begin at its request at once. One that is found in the idle
 * class has nothing saved.
 */
void weir_band_join(const struct weir_bands *bands, uint64_t request_mcpu, uint64_t limit_mcpu,
		    uint64_t cpu_ns, enum weir_band band, struct weir_band_member *ret);

/* After a restart: goes on with what it had saved. What it did while nobody looked is not counted. */
void weir_band_adopt(const struct weir_bands *bands, struct weir_band_member *member,
		     uint64_t saved_ns);

/* After a restart that found somebody in the idle class: as if armed until now. */
void weir_bands_presume(struct weir_bands *bands, uint64_t now_ns);

/* Other figures; what it has saved is cut to what the new request allows. */
void weir_band_change(const struct weir_bands *bands, struct weir_band_member *member,
		      uint64_t request_mcpu, uint64_t limit_mcpu);

/*
 * What the CPUs did since the glance before: @idle_ns of the time of all @n_cpus was idle. true: all
 * had room, so the tick that would follow may be left out, for a window on a node in use and for a
 * second on a calm one. Not if somebody waited for others: that is for samples to tell.
 */
bool weir_bands_glance(struct weir_bands *bands, uint64_t idle_ns, unsigned int n_cpus,
		       uint64_t now_ns);

/*
 * A tick: a glance, then weir_band_sample() of each member, then weir_bands_tick() once, then
 * weir_band_wanted() of each, all at one @now_ns, which only ever rises. The first tick only looks.
 *
 * Bucket: fills at the request's rate while the container runs or waits, drains by what it
 * used, holds two windows. Empty: over. A third of a window saved: within again. So a stretch in
 * which it was starved is paid back, and its band changes some ten times a second at most.
 *
 * While it sleeps it fills, too, up to one window, as long as less than the request is what it usually
 * uses: a service that works a tenth of the time is within its request however fast it works then, and
 * a burster that sleeps half of it saves nothing by that. The second window is for those who starve.
 */
void weir_band_sample(struct weir_bands *bands, struct weir_band_member *member,
		      const struct weir_band_sample *sample, uint64_t now_ns);

/*
 * Of one that did not run since the last sample: does it matter whether it waits? With a full bucket
 * there is nothing to add, and without a request nothing to wait for; but in a parent that gives way
 * it may be short.
 */
bool weir_band_must_ask(const struct weir_bands *bands, const struct weir_band_member *member);

/* Did everybody find a CPU, by this glance and those before it? Then nobody needs to be asked. */
bool weir_bands_has_room(const struct weir_bands *bands);

void weir_bands_tick(struct weir_bands *bands, uint64_t now_ns);

/* The band @member should be in. One that does nothing is left where it is while armed. */
enum weir_band weir_band_wanted(const struct weir_bands *bands,
				const struct weir_band_member *member);

/* Why it should be there, in a word: "over-request", "within-request", "disarmed", "short-inside". */
const char *weir_band_cause(const struct weir_bands *bands, enum weir_band wanted);

/* Is there anything that a tick might change? If not, a glance in each window is enough. */
bool weir_bands_calm(const struct weir_bands *bands);

/* The kernel has it in @band now. */
void weir_band_note(struct weir_bands *bands, struct weir_band_member *member, enum weir_band band);

#endif /* WEIR_BANDS_H */
