/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SETUP_H
#define WEIR_SETUP_H

/* What the daemon arranges around itself before it does anything: its process, and bpffs. */

#include <sys/types.h>

struct weir_error;

/*
 * Signals, umask, fd limit, priority, own OOM score. Best effort: what the kernel will not give
 * is a debug line. Signals that end the daemon are blocked, for the event loop to take.
 */
void weir_setup_process(void);

/* Mount a bpffs on /sys/fs/bpf if @pin_dir is to lie below it and there is none. */
int weir_setup_bpffs(const char *pin_dir, struct weir_error *err);

/*
 * Warn if members of @reader_gid can't get to @pin_dir because a directory above it is closed
 * to them: systemd mounts /sys/fs/bpf with mode 0700. (gid_t)-1: nobody is meant to.
 */
void weir_setup_warn_closed(const char *pin_dir, gid_t reader_gid);

#endif /* WEIR_SETUP_H */
