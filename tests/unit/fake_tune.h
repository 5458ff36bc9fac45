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

#endif /* WEIR_FAKE_TUNE_H */
