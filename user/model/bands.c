/* SPDX-License-Identifier: Apache-2.0 */
/* The band planner: see bands.h. */

#include "model/bands.h"

#define NS_PER_S     1000000000ULL
#define NS_PER_HOUR  (3600 * NS_PER_S)
#define CALM_LOOK_NS NS_PER_S /* sleepers are looked at so seldom while all have room */

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What @mcpu is worth in @ns; exact for whole microseconds, and far from overflow below an hour. */
static uint64_t cpu_time(uint64_t mcpu, uint64_t ns)
{
	return ns / 1000 * mcpu + ns % 1000 * mcpu / 1000;
}

static uint64_t bucket_size(const struct weir_bands *bands, const struct weir_band_member *member)
{
	return cpu_time(member->request_mcpu, 2 * bands->params.window_ns);
}

/* Its quota holds it to its request, so there is nothing to take from it. */
static bool is_capped(const struct weir_band_member *member)
{
	return member->request_mcpu > 0 && member->limit_mcpu <= member->request_mcpu;
}

/*
 * What has to be saved to be within the request again: a third of a window. Who waits for a whole one in
 * the idle class has starved for most of it by then, and a second may lack as much.
 */
static uint64_t again_ns(const struct weir_bands *bands, const struct weir_band_member *member)
{
	return cpu_time(member->request_mcpu, bands->params.window_ns / 3);
}

/* Over from an empty bucket on until enough is saved. Without a request it is always over. */
static void judge(const struct weir_bands *bands, struct weir_band_member *member)
{
	if (is_capped(member) ||
	    (member->bucket_ns > 0 && member->bucket_ns >= again_ns(bands, member)))
		member->over = false;
	else if (member->bucket_ns == 0)
		member->over = true;
}

void weir_band_join(const struct weir_bands *bands, uint64_t request_mcpu, uint64_t limit_mcpu,
		    uint64_t cpu_ns, enum weir_band band, struct weir_band_member *ret)
{
	*ret = (struct weir_band_member){
		.request_mcpu = request_mcpu,
		.limit_mcpu = limit_mcpu,
		.cpu_ns = cpu_ns,
		.band = band,
	};
	ret->bucket_ns = band == WEIR_BAND_BURST ? 0 : bucket_size(bands, ret);
	ret->usual_mcpu = band == WEIR_BAND_BURST ? request_mcpu : 0;
	judge(bands, ret);
}

void weir_band_adopt(const struct weir_bands *bands, struct weir_band_member *member,
		     uint64_t saved_ns)
{
	member->bucket_ns = min_u64(saved_ns, bucket_size(bands, member));
	member->over = member->band == WEIR_BAND_BURST;
	judge(bands, member);
}

void weir_bands_presume(struct weir_bands *bands, uint64_t now_ns)
{
	bands->guaranteed_ns = bands->full_ns = now_ns;
}

void weir_band_change(const struct weir_bands *bands, struct weir_band_member *member,
		      uint64_t request_mcpu, uint64_t limit_mcpu)
{
	member->request_mcpu = request_mcpu;
	member->limit_mcpu = limit_mcpu;
	member->bucket_ns = min_u64(member->bucket_ns, bucket_size(bands, member));
	judge(bands, member);
}

/* Where an average that forgets within a second stands after @elapsed ns of @now. */
static uint64_t averaged(uint64_t before, uint64_t now, uint64_t elapsed)
{
	uint64_t part_ms = min_u64(elapsed, NS_PER_S) / 1000000;

	return (before * (1000 - part_ms) + now * part_ms) / 1000;
}

/* What it uses of late: by whole windows, as ticks are too short to tell. */
static void measure(const struct weir_bands *bands, struct weir_band_member *member,
		    uint64_t now_ns)
{
	uint64_t elapsed = now_ns - member->marked_ns,
		 used = member->cpu_ns - member->marked_cpu_ns;
	bool begun = member->marked_ns != 0, whole = elapsed >= bands->params.window_ns;

	if (begun && (whole || !member->measured) && elapsed >= 1000)
		member->used_mcpu = used / (elapsed / 1000);
	if (begun && !whole)
		return;
	if (begun) {
		member->measured = true;
		member->usual_mcpu = averaged(member->usual_mcpu, member->used_mcpu, elapsed);
	}
	member->marked_ns = now_ns;
	member->marked_cpu_ns = member->cpu_ns;
}

/* To wait at the end of one tick is nothing: who runs then may have been first. Of a whole one it is. */
static void note_starved(struct weir_bands *bands, struct weir_band_member *member, bool waits,
			 uint64_t now_ns)
{
	bool before = member->starved;

	member->starved = bands->parent == WEIR_BAND_BURST && waits && !member->over &&
			  member->bucket_ns >= bucket_size(bands, member);
	if (before && member->starved)
		bands->short_ns = now_ns;
}

/* Fill and drain. Asleep, one that usually uses less than its request saves up to one window of it. */
static void save(const struct weir_bands *bands, struct weir_band_member *member, uint64_t used,
		 uint64_t elapsed)
{
	/* All of it, as far as cpu_time() goes, however long ago: so much may have been used. */
	uint64_t filled =
		member->bucket_ns + cpu_time(member->request_mcpu, min_u64(elapsed, NS_PER_HOUR));
	uint64_t size = bucket_size(bands, member);

	if (member->active)
		member->bucket_ns = min_u64(filled - min_u64(filled, used), size);
	else if (member->usual_mcpu < member->request_mcpu && member->bucket_ns < size / 2)
		member->bucket_ns = min_u64(filled, size / 2);
}

void weir_band_sample(struct weir_bands *bands, struct weir_band_member *member,
		      const struct weir_band_sample *sample, uint64_t now_ns)
{
	/* A counter that was started anew is no use of a whole history. */
	uint64_t used = sample->cpu_ns > member->cpu_ns ? sample->cpu_ns - member->cpu_ns : 0;

	member->cpu_ns = sample->cpu_ns;
	measure(bands, member, now_ns);
	if (bands->ticked_ns == 0)
		return;
	member->active = used > 0 || sample->waiting;
	save(bands, member, used, now_ns - bands->ticked_ns);
	judge(bands, member);
	if (member->active && !member->over)
		bands->guaranteed_ns = now_ns;
	if (sample->delayed && !member->over)
		bands->delayed_ns = now_ns;
	note_starved(bands, member, sample->waiting && used == 0, now_ns);
}

bool weir_band_must_ask(const struct weir_bands *bands, const struct weir_band_member *member)
{
	return member->bucket_ns < bucket_size(bands, member) ||
	       (bands->parent == WEIR_BAND_BURST && member->request_mcpu > 0);
}

/* Of the node's CPU time, so much may go idle in a tick that still counts as full: a percent. */
static bool is_full(uint64_t idle_ns, unsigned int n_cpus, uint64_t elapsed_ns)
{
	return idle_ns <= elapsed_ns * n_cpus / 100;
}

/*
 * Bursters that sleep and wake fill the node for a few ms at a time: looks have to be as close then.
 * By whole windows, as what our own daemon does once a second is half of a tick.
 */
static void note_busy(struct weir_bands *bands, uint64_t idle_ns, unsigned int n_cpus,
		      uint64_t now_ns)
{
	uint64_t elapsed = now_ns - bands->marked_ns;

	bands->marked_idle_ns += idle_ns;
	if (bands->marked_ns != 0 && elapsed < bands->params.window_ns)
		return;
	if (bands->marked_ns != 0 && bands->marked_idle_ns <= elapsed * n_cpus / 4 * 3)
		bands->busy_ns = now_ns;
	bands->marked_ns = now_ns;
	bands->marked_idle_ns = 0;
}

static bool is_recent(const struct weir_bands *bands, uint64_t event_ns)
{
	return event_ns != 0 && bands->glanced_ns - event_ns < bands->params.linger_ns;
}

/* CPUs are what somebody lacks: there is none left, or one is not where it is needed. */
static bool is_scarce(const struct weir_bands *bands)
{
	return is_recent(bands, bands->full_ns) || is_recent(bands, bands->delayed_ns);
}

bool weir_bands_glance(struct weir_bands *bands, uint64_t idle_ns, unsigned int n_cpus,
		       uint64_t now_ns)
{
	uint64_t elapsed = bands->glanced_ns == 0 ? 0 : now_ns - bands->glanced_ns;

	bands->glanced_ns = now_ns;
	if (elapsed > 0 && is_full(idle_ns, n_cpus, elapsed))
		bands->full_ns = now_ns;
	note_busy(bands, idle_ns, n_cpus, now_ns);
	return !is_scarce(bands) && bands->ticked_ns != 0 &&
	       now_ns - bands->ticked_ns <
		       (weir_bands_calm(bands) ? CALM_LOOK_NS : bands->params.window_ns);
}

void weir_bands_tick(struct weir_bands *bands, uint64_t now_ns)
{
	bool first = bands->ticked_ns == 0;
	uint64_t elapsed = first ? 0 : now_ns - bands->ticked_ns;

	bands->ticked_ns = now_ns;
	bands->credit_ns = first ? NS_PER_S : min_u64(bands->credit_ns + elapsed, NS_PER_S);
	/* All linger: to disarm at each pause would flip everybody with each of them. */
	bands->armed = is_recent(bands, bands->guaranteed_ns) && is_scarce(bands);
}

static uint64_t cost_of_change(const struct weir_bands *bands)
{
	return NS_PER_S / bands->params.max_changes;
}

/* For a window, so that those in it change their band a few times a second at most. */
static bool is_short(const struct weir_bands *bands)
{
	return bands->short_ns != 0 && bands->ticked_ns - bands->short_ns < bands->params.window_ns;
}

enum weir_band weir_band_wanted(const struct weir_bands *bands,
				const struct weir_band_member *member)
{
	if (!bands->armed || !member->over || member->exempt || is_short(bands))
		return WEIR_BAND_GUARANTEED;
	if (!member->active || bands->credit_ns < cost_of_change(bands))
		return member->band;
	return WEIR_BAND_BURST;
}

const char *weir_band_cause(const struct weir_bands *bands, enum weir_band wanted)
{
	if (wanted == WEIR_BAND_BURST)
		return "over-request";
	if (!bands->armed)
		return "disarmed";
	return is_short(bands) ? "short-inside" : "within-request";
}

bool weir_bands_calm(const struct weir_bands *bands)
{
	return !is_scarce(bands) && !is_recent(bands, bands->busy_ns);
}

bool weir_bands_has_room(const struct weir_bands *bands)
{
	return !is_scarce(bands);
}

void weir_band_note(struct weir_bands *bands, struct weir_band_member *member, enum weir_band band)
{
	if (member->band == band)
		return;
	member->band = band;
	bands->credit_ns -= min_u64(bands->credit_ns, cost_of_change(bands));
}
