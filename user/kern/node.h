/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_KERN_NODE_H
#define WEIR_KERN_NODE_H

/* What machine this is: its CPUs, memory, boot, kernel. Read once at start, but for what has a call of its own. */

#include <stdint.h>

struct weir_error;

struct weir_machine {
	uint64_t cpus; /* that this process may run on, capped by those online */
	uint64_t mem_bytes; /* MemTotal */
	uint64_t boot_id[2];
	char boot_id_text[37];
	char hostname[65];
	char kernel[65]; /* release */
};

int weir_machine_read(struct weir_machine *ret, struct weir_error *err);

/* How many processes the kernel has killed for memory since boot, for whatever limit. */
int weir_node_oom_kills(uint64_t *ret, struct weir_error *err);

#endif /* WEIR_KERN_NODE_H */
