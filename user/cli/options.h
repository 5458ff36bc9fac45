/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

/*
 * Options as data: a verb lists its own, one parser fills the verb's struct.
 *
 * "--name VALUE", "--name=VALUE", "-x VALUE", "-xVALUE"; "--" ends them. Texts are borrowed
 * from argv.
 */

#include <stdbool.h>
#include <stddef.h>

struct weir_error;

/* Read @text into the field. NULL in the table: a flag, the field is a bool. */
typedef int weir_option_fn(const char *text, void *field, struct weir_error *err);

struct weir_option {
	const char *name; /* without the dashes; NULL: the end of the table */
	char letter; /* or 0 */
	const char *value; /* how help calls it; NULL for a flag */
	weir_option_fn *parse;
	size_t offset; /* of the field in the verb's struct */
	const char *help;
};

#define WEIR_OPTIONS_END { 0 }

/* For fields of these types. */
weir_option_fn weir_option_text; /* const char * */
weir_option_fn weir_option_list; /* struct weir_text_list */
weir_option_fn weir_option_cpu; /* struct weir_amounts: REQ[:LIMIT] */
weir_option_fn weir_option_memory; /* struct weir_amounts: REQ[:LIMIT] */
weir_option_fn weir_option_cpus; /* struct weir_amounts: N is both */
weir_option_fn weir_option_memory_both; /* struct weir_amounts: N is both */
weir_option_fn weir_option_swap; /* struct weir_amounts */
weir_option_fn weir_option_cpu_burst; /* struct weir_amounts */
weir_option_fn weir_option_pids; /* struct weir_amounts */
weir_option_fn weir_option_duration; /* uint64_t, milliseconds */
weir_option_fn weir_option_signal; /* int */
weir_option_fn weir_option_number; /* uint64_t, below 2^63 */

#define WEIR_TEXT_LIST_MAX 256

struct weir_text_list {
	size_t n;
	const char *text[WEIR_TEXT_LIST_MAX + 1]; /* NULL behind the last */
};

/* One table and the struct it fills. */
struct weir_option_set {
	const struct weir_option *options; /* may be NULL */
	void *target;
};

/*
 * Take the options out of @argv (argv[0] is skipped), leaving the operands at its front.
 * Sets are searched in order. @stop_at_operand: whatever follows the first operand is one, too.
 * Returns the number of operands. -EINVAL: unknown option, missing or bad value.
 */
int weir_options_parse(const struct weir_option_set *sets, size_t n_sets, bool stop_at_operand,
		       int argc, char **argv, struct weir_error *err);

#endif /* WEIR_CLI_OPTIONS_H */
