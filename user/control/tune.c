/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator changes while containers run: the tunables, and every knob at once. */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

#define MAX_VERBOSE_NS (365ull * 24 * 3600 * 1000000000)

/* Nobody is held any more. What fails is tried again at the next tick. */
static void let_go_of_all(struct weir_controller *controller)
{
	struct weir_container *const *all;
	struct weir_error err = {};
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		struct weir_live *live = all[i]->live;

		if (!live || live->squeeze.means == WEIR_SQUEEZE_NONE)
			continue;
		live->squeeze = (struct weir_squeeze_member){};
		if (weir_controller_actuate(controller, all[i], &err) < 0)
			weir_warn("container '%s': %s, retrying at next tick", all[i]->id,
				  err.text);
	}
}

struct weir_pacer_rules weir_controller_pacer_rules(const struct weir_tunables *tunables)
{
	return (struct weir_pacer_rules){
		.enabled = tunables->bands,
		.dry_run = tunables->dry_run,
		.turns = tunables->turns,
		.params = tunables->band_params,
	};
}

int weir_controller_tune(struct weir_controller *controller, const struct weir_tunables *tunables,
			 struct weir_error *err)
{
	const struct weir_pacer_rules rules = weir_controller_pacer_rules(tunables);
	const struct weir_tunables *before = &controller->tunables;
	bool begin_anew = tunables->dry_run != before->dry_run ||
			  memcmp(&tunables->squeeze_marks, &before->squeeze_marks,
				 sizeof(before->squeeze_marks)) != 0;

	controller->tunables = *tunables;
	weir_controller_tune_fence(controller);
	weir_pacer_tune(controller->pacer, &rules);
	if (tunables->squeeze == (controller->squeezer != NULL) && !begin_anew)
		return 0;
	controller->squeezer = weir_squeezer_free(controller->squeezer);
	let_go_of_all(controller);
	return tunables->squeeze ? weir_squeezer_new(controller, &controller->squeezer, err) : 0;
}

void weir_controller_read_flags(struct weir_controller *controller, weir_flag_fn *fn, void *data)
{
	if (controller->flags)
		controller->flags(controller->reload_data, fn, data);
}

unsigned int weir_controller_verbosity(void)
{
	return weir_log_level() > WEIR_LOG_INFO ? (unsigned int)(weir_log_level() - WEIR_LOG_INFO)
						: 0;
}

static void end_verbosity(struct weir_controller *controller)
{
	if (!controller->verbose_source)
		return;
	controller->verbose_source = sd_event_source_disable_unref(controller->verbose_source);
	weir_log_set_level(controller->quiet_level);
}

static int on_quiet(sd_event_source *source, uint64_t now_us, void *data)
{
	(void)source;
	(void)now_us;

	end_verbosity(data);
	return 0;
}

int weir_controller_set_verbosity(struct weir_controller *controller, unsigned int verbosity,
				  uint64_t duration_ns, struct weir_error *err)
{
	int r;

	if (duration_ns == 0 || duration_ns > MAX_VERBOSE_NS)
		return weir_fail(err, -EINVAL,
				 "%llu ns is no time to say more for: expected up to a year",
				 (unsigned long long)duration_ns);
	end_verbosity(controller);
	controller->quiet_level = weir_log_level();
	r = sd_event_add_time_relative(controller->event, &controller->verbose_source,
				       CLOCK_MONOTONIC, duration_ns / 1000, 0, on_quiet,
				       controller);
	if (r < 0)
		return weir_fail(err, r, "set a timer: %s", strerror(-r));
	if (verbosity > 0)
		weir_log_set_level(WEIR_LOG_DEBUG);
	return 0;
}

int weir_controller_reload(struct weir_controller *controller, struct weir_error *err)
{
	struct weir_tunables tunables;

	if (!controller->reload)
		return weir_fail(err, -ENOTSUP, "this daemon has no configuration to read again");
	end_verbosity(controller);
	if (controller->reload(controller->reload_data, &tunables, err) < 0) {
		weir_err("reload: %s; all stays as it was", err->text);
		return weir_fail_in(err, "reload");
	}
	if (weir_controller_tune(controller, &tunables, err) < 0) {
		weir_err("reload: all is in force but the squeeze: %s", err->text);
		return weir_fail_in(err, "reload, the squeeze");
	}
	weir_info("the configuration is read again: bands %s, squeeze %s%s",
		  tunables.bands ? "yes" : "no", tunables.squeeze ? "yes" : "no",
		  tunables.dry_run ? ", as a dry run" : "");
	return 0;
}

/* As if the daemon had just come: what the kernel has is looked up, since a quota is not to be refilled. */
static int write_all(struct weir_controller *controller, struct weir_container *container,
		     struct weir_error *err)
{
	struct weir_live *live = container->live;

	live->squeeze = (struct weir_squeeze_member){};
	live->applied = (struct weir_applied)WEIR_APPLIED_NOTHING;
	weir_controller_learn_applied(controller, container);
	return weir_controller_actuate(controller, container, err);
}

int weir_controller_reset_knobs(struct weir_controller *controller, struct weir_error *err)
{
	struct weir_container *const *all;
	struct weir_pacer_rules rules = weir_controller_pacer_rules(&controller->tunables);
	struct weir_error first = {}, one = {};
	size_t n, n_failed = 0;

	rules.enabled = false;
	controller->squeezer = weir_squeezer_free(controller->squeezer);
	weir_pacer_tune(controller->pacer, &rules);
	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++) {
		if (all[i]->state != WEIR_STATE_RUNNING || !all[i]->live)
			continue;
		if (write_all(controller, all[i], &one) < 0 && n_failed++ == 0)
			weir_fail(&first, one.code, "container '%s': %s", all[i]->id, one.text);
	}
	weir_warn("all knobs are at their static values on request; bands and squeeze rest until "
		  "the configuration is read again");
	if (n_failed == 0)
		return 0;
	return weir_fail(err, first.code, "%zu containers could not be reset, the first: %s",
			 n_failed, first.text);
}
