/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PROBE_BPF_H
#define WEIR_PROBE_BPF_H

/* The one probe that no file answers: does this kernel take the BPF programs? */

#include <stddef.h>

#include "kern/probe.h"

/*
 * Load, attach and pin them all below a directory of their own beside @pin_dir, and take them
 * away again. What came of it is told in @found.
 */
enum weir_probe_state weir_probe_bpf(const char *pin_dir, char *found, size_t size);

#endif /* WEIR_PROBE_BPF_H */
