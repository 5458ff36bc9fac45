/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_H
#define WEIR_CLI_H

/*
 * `weir`, the command line: a table of verbs, each in a file of its own.
 *
 * Verbs stand on libweir and on the pinned maps; none speaks HTTP or JSON-parses anything.
 * Results go to stdout, everything about them to stderr as one line "weir: …".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/options.h"

struct weir_client;

enum weir_exit {
	WEIR_EXIT_OK = 0,
	WEIR_EXIT_FAILED = 1,
	WEIR_EXIT_USAGE = 2,
	WEIR_EXIT_NO_CONTAINER = 3,
	WEIR_EXIT_REFUSED = 4, /* by the daemon: a bad value, no right, no room */
	WEIR_EXIT_NO_DAEMON = 5,

	/* `run` alone, beside the command's own: as in docker and the shells. */
	WEIR_EXIT_RUN_FAILED = 125,
	WEIR_EXIT_CANNOT_EXECUTE = 126,
	WEIR_EXIT_NOT_FOUND = 127,
	WEIR_EXIT_SIGNAL = 128, /* plus the signal's number */
};

/* What may stand before or after any verb. */
struct weir_globals {
	const char *socket; /* NULL: libweir decides */
	const char *pin_dir; /* NULL: WEIR_PIN_DIR_DEFAULT */
	bool help;
};

struct weir_verb {
	const char *name, *operands, *summary;
	const char *details; /* more for `weir help VERB`; NULL: nothing */
	const struct weir_option *options; /* ends with a nameless one; NULL: none */
	const void *defaults; /* what the options start from */
	size_t options_size; /* of the struct that they fill */
	int min_operands, max_operands; /* max -1: any number */
	bool takes_command; /* the first operand ends the options */
	int usage_exit; /* 0: WEIR_EXIT_USAGE */
	int (*run)(const struct weir_globals *globals, const void *options, int n_operands,
		   char **operands);
};

extern const struct weir_verb weir_verb_run, weir_verb_ps, weir_verb_inspect, weir_verb_update,
	weir_verb_exec, weir_verb_adopt, weir_verb_release, weir_verb_pause, weir_verb_resume,
	weir_verb_stats, weir_verb_top, weir_verb_kill, weir_verb_stop, weir_verb_wait,
	weir_verb_policy, weir_verb_agent, weir_verb_logs, weir_verb_events, weir_verb_why,
	weir_verb_rm, weir_verb_doctor, weir_verb_metrics, weir_verb_reload, weir_verb_reset_knobs,
	weir_verb_purge, weir_verb_version, weir_verb_help, weir_verb_api, weir_verb_reserve,
	weir_verb_unreserve, weir_verb_volume, weir_verb_roles;

/* verbs.c */
extern const struct weir_option weir_global_options[];
extern const struct weir_option weir_leading_options[]; /* before any verb, and instead of one */
const struct weir_verb *weir_verb_at(size_t i); /* NULL: past the last */
const struct weir_verb *weir_verb_find(const char *name); /* NULL: none */

/* help.c */
void weir_help_overview(FILE *file);
void weir_help_verb(const struct weir_verb *verb);

/* The whole program: find the verb, fill its options, run it. Returns the exit code. */
int weir_cli(int argc, char **argv);

/* connect.c: what verbs that ask the daemon begin and end with. */

/* A client, or NULL after having said why. */
struct weir_client *weir_connect(const struct weir_globals *globals);
void weir_disconnectp(struct weir_client **client);

/* Say why the last call failed; the exit code for @r (a negative errno of libweir). */
int weir_failed(const struct weir_client *client, int r);
int weir_exit_of_errno(int r);

/* A status of wait(2) as shells tell it: the code, or 128 and the signal's number. */
int weir_code_of_status(int status);

/* resolve.c: ids as people type them. */

/* Is @given the beginning of @id? One that has no '/' is of no task's. */
bool weir_id_begins(const char *id, const char *given);

/*
 * The container that @given means: the one of that id, else the only one whose id begins so, else
 * @given as it is. *@ret is for the caller to free. An exit code, after having said why it is not 0.
 */
int weir_resolve(struct weir_client *client, const char *given, char **ret);
/* The same on a new connection; *@ret and *@ret_id are the caller's, whatever is returned. */
int weir_connect_for(const struct weir_globals *globals, const char *given,
		     struct weir_client **ret, char **ret_id);

/* Call @fn for each operand, resolved. The first exit code that was not 0, or 0. */
int weir_each(struct weir_client *client, int n_operands, char **operands,
	      int (*fn)(struct weir_client *client, const char *id, const void *options),
	      const void *options);

#endif /* WEIR_CLI_H */
