/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_KERN_BPF_INTERNAL_H
#define WEIR_KERN_BPF_INTERNAL_H

/* What kern/bpf*.c share among themselves; nobody else includes this. */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "kern/bpf.h"

enum weir_map {
	WEIR_MAP_NODE,
	WEIR_MAP_SLOTS,
	WEIR_MAP_CPUS,
	WEIR_MAP_INDEX,
	WEIR_MAP_SOURCES,
	WEIR_MAP_THREADS,
	WEIR_MAP_ASKED,
	WEIR_MAP_BLAME,
	WEIR_MAP_COUNT_,
};

enum weir_link {
	WEIR_LINK_SWITCH,
	WEIR_LINK_FORK,
	WEIR_LINK_ATTACH,
	WEIR_LINK_EXEC,
	WEIR_LINK_EXIT,
	WEIR_LINK_WAITING, /* the program itself: it is called, not attached */
	WEIR_LINK_TURN, /* likewise: timers call it, as long as the daemon has them */
	WEIR_LINK_FOLLOW,
	WEIR_LINK_TABLE, /* from here on: those that readers open */
	WEIR_LINK_REFRESH,
	WEIR_LINK_COUNT_,
};

struct weir_pinned_map {
	const char *pin, *map;
	mode_t mode;
};

struct weir_pinned_link {
	const char *program, *pin;
	bool is_program; /* the pin is the program itself, which has no link */
};

extern const struct weir_pinned_map weir_pinned_maps[WEIR_MAP_COUNT_];
extern const struct weir_pinned_link weir_pinned_links[WEIR_LINK_COUNT_];

/* Slots are mapped in chunks as they come into use, so that an idle daemon stays small. */
#define WEIR_SLOT_CHUNK	 1024u /* times the record size: whole pages, of 64 KiB too */
#define WEIR_SLOT_CHUNKS (WEIR_MAX_CONTAINERS / WEIR_SLOT_CHUNK)

struct weir_slot_use {
	uint64_t freed_ns; /* 0: never used */
	bool used, unclaimed;
};

struct weir_bpf {
	char dir[PATH_MAX]; /* with the version */
	int map_fds[WEIR_MAP_COUNT_];
	struct weir_node *node;
	struct weir_cpu *cpus;
	struct weir_asked *asked;
	int waiting_fd; /* of the program that is asked who waits */
	struct weir_slot *chunks[WEIR_SLOT_CHUNKS];
	struct weir_slot_use *slots; /* WEIR_MAX_CONTAINERS of them */
};

/* -ENAMETOOLONG. */
int weir_bpf_pin_path(const struct weir_bpf *bpf, const char *name, char path[PATH_MAX],
		      struct weir_error *err);
/* An fd of what is pinned as @name. -ENOENT. */
int weir_bpf_open_pin(const struct weir_bpf *bpf, const char *name, struct weir_error *err);
/* All links, and all maps by what weir_bpf_open_maps() found. */
bool weir_bpf_all_is_pinned(const struct weir_bpf *bpf);
int weir_bpf_make_dirs(const struct weir_bpf *bpf, const struct weir_bpf_options *options,
		       struct weir_error *err);
/* Take whatever maps are pinned into map_fds; a missing one stays -1. */
int weir_bpf_open_maps(struct weir_bpf *bpf, struct weir_error *err);
int weir_bpf_pin_map(const struct weir_bpf *bpf, size_t which, gid_t gid, struct weir_error *err);
/* Tell @fn of the program behind a pin, of its link or of itself. */
int weir_bpf_visit_pin(const struct weir_bpf *bpf, const char *pin, bool is_link,
		       weir_bpf_program_fn *fn, void *data, struct weir_error *err);
/* To read an iterator is to run it. Returns how many bytes it had to say. */
int weir_bpf_run_iterator(const struct weir_bpf *bpf, const char *pin, struct weir_error *err);
/* What is not there is fine. */
int weir_bpf_unpin(const struct weir_bpf *bpf, const char *name, struct weir_error *err);

/*
 * bpf_symbols.c: where a task group's queues are per-CPU data, the address of the kernel's table of offsets
 * to each CPU's; else 0. -ENOENT: it is needed, and the kernel does not tell it.
 */
int weir_bpf_per_cpu_offset(uint64_t *ret, struct weir_error *err);

/* Of a skeleton's ELF: what makes programs "the same". */
uint64_t weir_bpf_fingerprint(const void *elf, size_t size);

/* Fill map_fds from the pins, or by loading, attaching and pinning; says which. */
int weir_bpf_load(struct weir_bpf *bpf, const struct weir_bpf_options *options,
		  enum weir_bpf_start *ret_start, struct weir_error *err);

/* Map node and cpus, and learn which slots are in use. */
int weir_bpf_slots_init(struct weir_bpf *bpf, struct weir_error *err);
void weir_bpf_slots_done(struct weir_bpf *bpf);

#endif /* WEIR_KERN_BPF_INTERNAL_H */
