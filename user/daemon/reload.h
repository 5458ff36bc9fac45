/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_RELOAD_H
#define WEIR_RELOAD_H

/* Reading the configuration again, while the daemon serves. */

#include "control/controller.h"
#include "kern/node.h"

struct weir_error;
struct weir_options;

/* Borrowed, but for the machine, as long as the daemon serves. */
struct weir_reload {
	int argc; /* the command line still wins over the files */
	char **argv;
	struct weir_options *options; /* that it started with, and what was told last */
	struct weir_machine machine;
};

/*
 * A weir_reload_fn; @data is a struct weir_reload. A key that needs a restart is said in the log,
 * the rest takes effect. Errors are weir_options_read()'s, and change nothing.
 */
int weir_reload(void *data, struct weir_tunables *ret, struct weir_error *err);

/* A weir_flags_fn of the same. */
void weir_reload_flags(void *data, weir_flag_fn *fn, void *fn_data);

#endif /* WEIR_RELOAD_H */
