/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/probe_bpf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/bpf.h"

static int load(const char *pin_dir, struct weir_error *err)
{
	const struct weir_bpf_options options = {
		.pin_dir = pin_dir,
		.reader_gid = (gid_t)-1,
	};
	scoped(weir_bpf_closep) struct weir_bpf *bpf = NULL;
	enum weir_bpf_start start;

	return weir_bpf_open(&options, &bpf, &start, err);
}

enum weir_probe_state weir_probe_bpf(const char *pin_dir, char *found, size_t size)
{
	struct weir_error err = {}, purge_err = {};
	char beside[PATH_MAX];
	int r;

	if (geteuid() != 0) {
		snprintf(found, size, "not tried: only root may load them");
		return WEIR_PROBE_DEGRADED;
	}
	snprintf(beside, sizeof(beside), "%s-probe-%d", pin_dir, (int)getpid());
	r = load(beside, &err);
	if (weir_bpf_purge(beside, &purge_err) < 0 && r == 0) {
		snprintf(found, size, "%s", purge_err.text);
		return WEIR_PROBE_DEGRADED;
	}
	if (r == -EMEDIUMTYPE) {
		snprintf(found, size, "not tried: %s does not lie on a bpffs yet", pin_dir);
		return WEIR_PROBE_DEGRADED;
	}
	snprintf(found, size, "%s", r == 0 ? "loaded and attached" : err.text);
	return r == 0 ? WEIR_PROBE_OK : WEIR_PROBE_MISSING;
}
