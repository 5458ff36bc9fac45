/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

/* What `run` and `exec` have in common: a command, and as whom, where and with which variables. */

#include <stdbool.h>
#include <sys/types.h>

#include "cli/options.h"
#include "weir/weir.h"

struct weir_command_options {
	const char *user, *workdir;
	struct weir_text_list env;
	const char *env_file; /* NULL: none */
	struct weir_text_list groups, rlimits;
	const char *capabilities; /* NULL: not said */
	bool new_privileges;
};

/* For a table of options: those of the struct weir_command_options called @member in @type. */
#define WEIR_COMMAND_OPTIONS(type, member)                                            \
	{ "user",                                                                     \
	  'u',                                                                        \
	  "USER[:GROUP]",                                                             \
	  weir_option_text,                                                           \
	  offsetof(type, member.user),                                                \
	  "run as this user" },                                                       \
		{ "workdir",                                                          \
		  'w',                                                                \
		  "DIR",                                                              \
		  weir_option_text,                                                   \
		  offsetof(type, member.workdir),                                     \
		  "run in this directory" },                                          \
		{ "env",                                                              \
		  'e',                                                                \
		  "KEY[=VALUE]",                                                      \
		  weir_option_list,                                                   \
		  offsetof(type, member.env),                                         \
		  "set a variable, or pass on the caller's; may be repeated" },       \
		{ "env-file",                                                         \
		  0,                                                                  \
		  "FILE",                                                             \
		  weir_option_text,                                                   \
		  offsetof(type, member.env_file),                                    \
		  "the same from a file, a variable a line; before those of --env" }, \
		{ "group-add",                                                        \
		  0,                                                                  \
		  "GROUP",                                                            \
		  weir_option_list,                                                   \
		  offsetof(type, member.groups),                                      \
		  "be in this group, too; may be repeated" },                         \
		{ "ulimit",                                                           \
		  0,                                                                  \
		  "NAME=SOFT[:HARD]",                                                 \
		  weir_option_list,                                                   \
		  offsetof(type, member.rlimits),                                     \
		  "limit of a process: nofile=1024:4096; may be repeated" },          \
		{ "cap-keep",                                                         \
		  0,                                                                  \
		  "CAP[,CAP...]",                                                     \
		  weir_option_text,                                                   \
		  offsetof(type, member.capabilities),                                \
		  "the capabilities it has, as any user; none, all" },                \
		{ "allow-new-privileges",                                             \
		  0,                                                                  \
		  NULL,                                                               \
		  NULL,                                                               \
		  offsetof(type, member.new_privileges),                              \
		  "set-user-ID programs may give it more than it has" }

/* What had to be made for libweir. All zero: nothing yet. */
struct weir_command {
	char *workdir;
	char *env[WEIR_TEXT_LIST_MAX + 1];
	size_t n_env;
};

/* A list that an option took, as libweir takes it. NULL: there are none. */
const char *const *weir_command_texts(const struct weir_text_list *list);

/* Into @to, which borrows from @command and @argv. false, after having said why. */
bool weir_command_prepare(struct weir_command *command, const struct weir_command_options *chosen,
			  char **argv, struct weir_launch_options *to);
void weir_command_done(struct weir_command *command);

/* The exit code for a command that could not be executed, as shells have it. */
int weir_code_of_exec(int error);

/*
 * Run it as a child of ours: @start has libweir fork it, with weir_foreground_restore(@foreground) in the
 * child; @ended, unless it is NULL, comes before we let go of the terminal's signals. 0 and *@ret_code: it
 * was executed, or could not be for its own sake, which has been said. Else the failure of @start.
 */
struct weir_foreground;
typedef int weir_start_fn(struct weir_client *client, const struct weir_launch_options *to,
			  struct weir_foreground *foreground, pid_t *ret_pid, int *ret_exec_errno);
int weir_command_run(struct weir_client *client, const struct weir_launch_options *to,
		     weir_start_fn *start,
		     void (*ended)(struct weir_client *client,
				   const struct weir_launch_options *to),
		     int *ret_code);

#endif /* WEIR_CLI_COMMAND_H */
