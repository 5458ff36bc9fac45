/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PROBE_H
#define WEIR_PROBE_H

/*
 * What this machine offers weir, what it lacks, and what that costs.
 *
 * Looks at files and asks system calls. Whether the BPF programs load, and what a fence could
 * attach to, is not told by files: programs are loaded, attached and taken away again, for which
 * one has to be root; all else needs no root. Signals wait until that is done.
 */

#include <stddef.h>

#include "weir/abi.h"

enum weir_probe_state {
	WEIR_PROBE_OK,
	WEIR_PROBE_DEGRADED, /* weir works, with something less */
	WEIR_PROBE_MISSING, /* weir can't work */
};

struct weir_probe {
	const char *name; /* "bpffs" */
	enum weir_probe_state state;
	char found[256]; /* "/sys/fs/bpf/weir lies on a bpffs" */
	const char *cost; /* what one goes without; NULL when state is OK */
	const char *remedy; /* what to do about it; NULL when state is OK */
};

struct weir_probe_options {
	const char *pin_dir; /* NULL: WEIR_PIN_DIR_DEFAULT */
	const char *cgroup_parent; /* that containers are to lie below; NULL or "": none */
	const char *cgroup_prefix; /* of an empty group that lives for an instant; NULL: "weir." */
	enum weir_tier fence_at_most; /* WEIR_TIER_NONE: as high as it goes */
};

/* Borrowed during the call. */
typedef void weir_probe_fn(const struct weir_probe *probe, void *data);

/* Call @fn with each probe, in a fixed order. Returns the worst state: the verdict. */
enum weir_probe_state weir_probe_run(const struct weir_probe_options *options, weir_probe_fn *fn,
				     void *data);

/* "ok", "degraded", "missing" */
const char *weir_probe_state_name(enum weir_probe_state state);

#endif /* WEIR_PROBE_H */
