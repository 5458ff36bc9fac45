/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_OPTIONS_H
#define WEIR_OPTIONS_H

/*
 * What the daemon was told: built-in defaults, then configuration files, then the command
 * line; the later wins. Reading them changes nothing but this struct.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"
#include "control/controller.h"

struct weir_error;
struct weir_machine;

#define WEIR_CONFIG_DEFAULT	"/etc/weir/weir.conf"
#define WEIR_MAX_THREADS	16
#define WEIR_MIN_LOG_BYTES	(4ULL << 10)
#define WEIR_MAX_LOG_BYTES	(1ULL << 40)
#define WEIR_MAX_PIN_DIR_LENGTH 200 /* its escaped form has to fit a file name */

#define WEIR_NO_GID ((gid_t)UINT32_MAX)

enum weir_mode {
	WEIR_MODE_SERVE,
	WEIR_MODE_CHECK_CONFIG,
	WEIR_MODE_DOCTOR,
	WEIR_MODE_PURGE,
	WEIR_MODE_VERSION,
	WEIR_MODE_HELP,
};

/* Strings are owned; paths are absolute, without doubled or trailing slashes. */
struct weir_options {
	enum weir_mode mode;
	bool json; /* with WEIR_MODE_DOCTOR */
	bool force; /* with WEIR_MODE_PURGE */

	char *socket, *state_dir, *pin_dir, *run_dir;
	char *cgroup_prefix;
	char *cgroup_parent; /* NULL: flat at the top */
	enum weir_log_level log_level;
	unsigned int threads; /* 0: as many as CPUs, at most four */

	gid_t admin_gid, reader_gid; /* WEIR_NO_GID: none */

	uint64_t reserve_mcpu, reserve_bytes; /* WEIR_ABSENT: by the size of the machine */
	uint64_t disk_bytes; /* of the root disk; WEIR_ABSENT: as large as its file system */
	char *disks; /* see control/disks.h */
	uint64_t volume_grace_us;
	char *static_roles; /* see control/static_roles.h */
	bool unreserved; /* containers of roles may use what is reserved for nobody */
	struct weir_tunables tunables;
	char **told; /* what each of weir_settings was given as, by its index */
};

#define WEIR_OPTIONS_INIT { .admin_gid = WEIR_NO_GID, .reader_gid = WEIR_NO_GID }

/*
 * All three sources. -EINVAL: the command line is wrong; -EBADMSG: a configuration file is
 * (the text has file and line); else a file could not be read.
 */
int weir_options_read(int argc, char **argv, struct weir_options *options, struct weir_error *err);
void weir_options_done(struct weir_options *options);

/* The defaults alone. */
int weir_options_default(struct weir_options *options, struct weir_error *err);

/* Where a cgroup2 is mounted if the machine has none: below run_dir, never on it. -ENAMETOOLONG. */
int weir_options_cgroup_mount(const struct weir_options *options, char path[static PATH_MAX],
			      struct weir_error *err);

/*
 * Of what takes effect at a start only: the key of the first that is not the same in both, both
 * fitted to the machine; NULL: none.
 */
const char *weir_options_first_fixed(const struct weir_options *a, const struct weir_options *b);

/* What a reload puts into force of what @fresh was told is told of @options from now on; they swap. */
void weir_options_retell(struct weir_options *options, struct weir_options *fresh);

/* A weir_flags_fn; @options is a struct weir_options. */
void weir_options_tell(const struct weir_options *options, weir_flag_fn *fn, void *data);

/* Put figures where the machine's size decides: reserves and threads. */
void weir_options_fit(struct weir_options *options, const struct weir_machine *machine);

#endif /* WEIR_OPTIONS_H */
