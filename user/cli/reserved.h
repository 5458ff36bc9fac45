/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_RESERVED_H
#define WEIR_CLI_RESERVED_H

/* What the verbs about reservations have in common: their options, what they begin with, how they end. */

#include <stdbool.h>

#include "cli/lots.h"
#include "cli/options.h"
#include "weir/reserve.h"

struct weir_client;

struct weir_reserved_options {
	const char *role;
	struct weir_wanted wanted;
	const char *principal; /* NULL: anybody's */
	struct weir_text_list labels; /* KEY=VALUE */
	struct weir_operate_options operate;
};

weir_option_fn weir_option_reserved_cpu; /* uint64_t */
weir_option_fn weir_option_reserved_bytes; /* uint64_t */
weir_option_fn weir_option_if_version; /* struct weir_operate_options */

/* Of the struct weir_reserved_options called `reserved` in @type. */
#define WEIR_RESERVED_ROLE(type, help) \
	{ "role", 0, "ROLE", weir_option_text, offsetof(type, reserved.role), help }
#define WEIR_RESERVED_SIZE(type)                      \
	{ "disk",                                     \
	  0,                                          \
	  "N",                                        \
	  weir_option_reserved_bytes,                 \
	  offsetof(type, reserved.wanted.disk_bytes), \
	  "how much disk: 10Gi" },                    \
		{ "on",                               \
		  0,                                  \
		  "DISK",                             \
		  weir_option_text,                   \
		  offsetof(type, reserved.wanted.on), \
		  "the disk it is of: PATH:/a, MOUNT:/a (the root disk)" }
#define WEIR_RESERVED_AMOUNTS(type)                          \
	{ "cpu",                                             \
	  0,                                                 \
	  "N",                                               \
	  weir_option_reserved_cpu,                          \
	  offsetof(type, reserved.wanted.mcpu),              \
	  "how many CPUs: 0.5, 500m" },                      \
		{ "mem",                                     \
		  0,                                         \
		  "N",                                       \
		  weir_option_reserved_bytes,                \
		  offsetof(type, reserved.wanted.mem_bytes), \
		  "how much memory: 4Gi" },                  \
		WEIR_RESERVED_SIZE(type)
#define WEIR_RESERVED_WHOSE(type, labels_help)                                              \
	{ "principal",                                                                      \
	  0,                                                                                \
	  "NAME",                                                                           \
	  weir_option_text,                                                                 \
	  offsetof(type, reserved.principal),                                               \
	  "of several reservations for the role the one that is its" },                     \
	{                                                                                   \
		"label", 0, "KEY=VALUE", weir_option_list, offsetof(type, reserved.labels), \
			labels_help                                                         \
	}
#define WEIR_RESERVED_OPERATE(type)                                                              \
	{ "dry-run",                                                                             \
	  0,                                                                                     \
	  NULL,                                                                                  \
	  NULL,                                                                                  \
	  offsetof(type, reserved.operate.dry_run),                                              \
	  "show what would change, and change nothing" },                                        \
		{ "yield",                                                                       \
		  0,                                                                             \
		  NULL,                                                                          \
		  NULL,                                                                          \
		  offsetof(type, reserved.operate.yield),                                        \
		  "containers that use it give up as much of what they requested, and run on" }, \
		{ "if-version",                                                                  \
		  0,                                                                             \
		  "N",                                                                           \
		  weir_option_if_version,                                                        \
		  offsetof(type, reserved.operate),                                              \
		  "only if nothing has changed since the reservations were of this version" }

/* --label, split. All zero: none. */
struct weir_labels {
	size_t n;
	struct weir_label_info list[WEIR_TEXT_LIST_MAX];
	char *texts;
};

/* false, after having said why. */
bool weir_labels_load(const struct weir_text_list *from, struct weir_labels *ret);
void weir_labels_done(struct weir_labels *labels);

/* Who calls, for the reservations that they make. NULL, after having said why; else to be freed. */
char *weir_own_name(void);

/*
 * Ask who has what, and for the stack that is meant and has it; @labels are its last level's. An exit code, after having
 * said why it is not 0.
 */
int weir_ask_held(struct weir_client *client, const struct weir_holder *holder,
		  const struct weir_wanted *wanted, struct weir_resource_list *ret_books,
		  struct weir_held *ret);
/* The same for a volume. */
int weir_ask_volume(struct weir_client *client, const char *role, const char *id,
		    struct weir_resource_list *ret_books, struct weir_resource_info *ret);

/* @r: how it went. Say why it failed, or of a dry run what it would have done. The exit code. */
int weir_tell_change(struct weir_client *client, int r, const struct weir_operate_options *operate,
		     const struct weir_lot *from, const struct weir_lot *to);

#endif /* WEIR_CLI_RESERVED_H */
