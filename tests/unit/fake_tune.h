/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FAKE_TUNE_H
#define WEIR_FAKE_TUNE_H

/* The part of the fake controller that is for operators. fake_controller.h includes it. */

int weir_controller_explain(struct weir_controller *controller, const char *id,
			    struct weir_explanation *ret, struct weir_error *err)
{
	struct weir_container **slot = fake_find(id);

	(void)controller;
	if (!slot)
		return fake_unknown(id, err);
	*ret = (struct weir_explanation){
		.container = *slot,
		.band = WEIR_BAND_BURST,
		.band_changes = 3,
		.wait_ns = 100,
		.wait_neighbour_ns = 100,
		.n_culprits = 1,
		.culprits = { { "noisy", 100, 2 } },
	};
	return 0;
}

int weir_controller_reload(struct weir_controller *controller, struct weir_error *err)
{
	(void)controller;
	return weir_fail(err, -EBADMSG, "weir.conf:7: no such thing");
}

int weir_controller_reset_knobs(struct weir_controller *controller, struct weir_error *err)
{
	(void)controller;
	(void)err;
	return 0;
}

void weir_controller_read_flags(struct weir_controller *controller, weir_flag_fn *fn, void *data)
{
	(void)controller;
	fn("daemon.socket", "/run/weir/weir.sock", data);
}

unsigned int weir_controller_verbosity(void)
{
	return 1;
}

int weir_controller_set_verbosity(struct weir_controller *controller, unsigned int verbosity,
				  uint64_t duration_ns, struct weir_error *err)
{
	(void)controller;
	(void)verbosity;
	return duration_ns ? 0 : weir_fail(err, -EINVAL, "no time at all");
}

#endif /* WEIR_FAKE_TUNE_H */
